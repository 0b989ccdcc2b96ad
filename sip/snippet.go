package sip

import (
	"fmt"
	"slices"
	"strings"
)

// SnippetOptions say what configuration an Asterisk needs.
type SnippetOptions struct {
	User, Password string
	Context        string   // of the telephones: there the extensions and outside numbers are dialled
	Extensions     []string // to be watched
	Technology     string   // of their devices; empty: PJSIP
}

// Snippet returns the lines for Asterisk's pjsip.conf and extensions.conf that
// let us watch the extensions and place calls, by file name.
func Snippet(o SnippetOptions) map[string]string {
	if o.Technology == "" {
		o.Technology = "PJSIP"
	}
	pjsip := fmt.Sprintf(`; Technical user of Ringcard
[%[1]s]
type = endpoint
context = %[3]s
disallow = all
allow = alaw,ulaw
auth = %[1]s
; may watch the hints of this context
allow_subscribe = yes
subscribe_context = %[3]s
; a second call to a busy telephone is told, too
notify_early_inuse_ringing = yes
; telephones show the client's number while they ring
trust_id_inbound = yes
direct_media = no

[%[1]s]
type = auth
auth_type = userpass
username = %[1]s
password = %[2]s
`, o.User, o.Password, o.Context)
	var hints strings.Builder
	fmt.Fprintf(&hints, "; in the context [%s], where they are missing\n", o.Context)
	for _, e := range slices.Compact(slices.Sorted(slices.Values(o.Extensions))) {
		fmt.Fprintf(&hints, "exten => %s,hint,%s/%s\n", e, o.Technology, e)
	}
	return map[string]string{"pjsip.conf": pjsip, "extensions.conf": hints.String()}
}
