package doctor

import (
	"crypto/rand"
	"fmt"
	"strings"

	"ringcard/configs"
)

// Snippets are the lines to put into the files of a PBX and of ringcard
// (PB-09). They hold a fresh password and are printed once.
type Snippets struct {
	User, App, Password string
}

// NewSnippets makes a random password of 130 bits.
func NewSnippets(ari configs.ARI) Snippets {
	s := Snippets{User: ari.User, App: ari.App, Password: rand.Text()}
	if s.User == "" {
		s.User = configs.DefaultARIUser
	}
	if s.App == "" {
		s.App = configs.DefaultARIApp
	}
	return s
}

// String returns all files with their names.
func (s Snippets) String() string {
	var b strings.Builder
	b.WriteString("; --- /etc/asterisk/http.conf ---\n" + s.HTTPConf())
	b.WriteString("\n; --- /etc/asterisk/ari.conf ---\n" + s.ARIConf())
	b.WriteString("\n; then, on the Asterisk console:\n;   module reload http\n;   module reload res_ari\n")
	b.WriteString("\n# --- ringcard.yaml ---\n" + s.RingcardYAML())
	return b.String()
}

// HTTPConf are the lines of http.conf.
func (s Snippets) HTTPConf() string {
	return `[general]
enabled = yes
; The address ringcard connects to. Keep the port closed to all others: ARI
; can place calls. On the same machine use 127.0.0.1.
bindaddr = 0.0.0.0
bindport = 8088
`
}

// ARIConf are the lines of ari.conf.
func (s Snippets) ARIConf() string {
	return fmt.Sprintf(`[general]
enabled = yes
; Lets ringcard group the channels of a call without asking for each.
; Never add CHANNEL(pjsip,...) here: it can deadlock Asterisk.
channelvars = CHANNEL(linkedid)

[%s]
type = user
read_only = no
password = %s
`, s.User, s.Password)
}

// RingcardYAML is the matching part of the configuration.
func (s Snippets) RingcardYAML() string {
	return fmt.Sprintf(`pbx:
  - name: office
    ari:
      url: http://ADDRESS-OF-ASTERISK:8088/ari
      app: %s
      user: %s
      password: %s
`, s.App, s.User, s.Password)
}
