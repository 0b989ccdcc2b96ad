// Package pbxconfig writes the lines that an Asterisk needs to work with
// ringcard, and those of ringcard to work with it (PB-09). It changes nothing
// anywhere: the administrator reads and copies them.
package pbxconfig

import (
	"cmp"
	"crypto/rand"
	"fmt"
	"net"
	"net/url"
	"strings"

	"ringcard/ari"
	"ringcard/configs"
)

// Options say what the lines are for.
type Options struct {
	// PBX is the entry of ringcard.yaml, or the zero value before there is one.
	PBX configs.PBX
	// Trunks and Context replace those of PBX where they have been found out.
	Trunks  []string
	Context string
	// PublicURL is where the PBX reaches ringcard; empty: not known.
	PublicURL string
}

// File is what to put into one file.
type File struct {
	ID       string // stable
	Path     string
	Purpose  string
	Optional bool
	Text     string
	Reload   string // console command that makes it work; empty: none
}

// Snippets are the lines for both sides. They hold a fresh password and are
// shown once.
type Snippets struct {
	Name, User, App, Password string
	AMIPassword               string
	Files                     []File
}

// New makes the lines with a random password of 130 bits.
func New(opt Options) Snippets {
	p := opt.PBX
	s := Snippets{
		Name: cmp.Or(p.Name, "office"), User: cmp.Or(p.ARI.User, configs.DefaultARIUser),
		App: cmp.Or(p.ARI.App, configs.DefaultARIApp), Password: rand.Text(), AMIPassword: rand.Text(),
	}
	if len(opt.Trunks) == 0 {
		opt.Trunks = p.Trunks
	}
	opt.Context = cmp.Or(opt.Context, p.Context, configs.DefaultContext)
	if p.OverSIP() {
		s.overSIP(opt)
		return s
	}
	s.Files = []File{
		{ID: "http", Path: "/etc/asterisk/http.conf", Purpose: "the web server inside Asterisk, which ARI needs",
			Text: httpConf(p.ARI.URL), Reload: "module reload http"},
		{ID: "ari", Path: "/etc/asterisk/ari.conf", Purpose: "the user of ringcard",
			Text: s.ariConf(), Reload: "module reload res_ari"},
		{ID: "pjsip", Path: "/etc/asterisk/pjsip.conf", Purpose: "events that wait inside Asterisk hold up no calls; into the section of type global, if there is one",
			Text: pjsipConf, Reload: "module reload res_pjsip.so"},
		{ID: "cdr", Path: "/etc/asterisk/cdr.conf", Purpose: "calls that end while ringcard is away are corrected from the PBX's own records",
			Optional: true, Text: cdrConf, Reload: "module reload cdr_csv"},
		{ID: "control", Path: "/etc/asterisk/extensions.conf", Purpose: "transfer, pickup, park and tones from the page, without AMI",
			Optional: true, Text: ari.CommandDialplan(), Reload: "dialplan reload"},
		{ID: "ami", Path: "/etc/asterisk/manager.conf", Purpose: "the same and more by AMI: leave it out where the context above is enough",
			Optional: true, Text: s.managerConf(), Reload: "manager reload"},
		{ID: "hooks", Path: "/etc/asterisk/extensions.conf", Purpose: "the caller's name on the telephones, and calls to the manager in charge; " +
			"make the token with: ringcard token create --user LOGIN --scope hooks", Optional: true, Text: hookDialplan(opt), Reload: "dialplan reload"},
		{ID: "ringcard", Path: "ringcard.yaml", Purpose: "the same PBX on the side of ringcard", Text: s.yaml(opt)},
	}
	return s
}

// String returns all files with their names.
func (s Snippets) String() string {
	var b strings.Builder
	for i, f := range s.Files {
		mark := ";"
		if f.ID == "ringcard" {
			mark = "#"
		}
		if i > 0 {
			b.WriteString("\n")
		}
		optional := ""
		if f.Optional {
			optional = " (optional)"
		}
		fmt.Fprintf(&b, "%s --- %s%s ---\n%s %s\n%s", mark, f.Path, optional, mark, f.Purpose, f.Text)
		if f.Reload != "" {
			fmt.Fprintf(&b, "%s then, on the Asterisk console: %s\n", mark, f.Reload)
		}
	}
	return b.String()
}

// File returns the text of a file by its id, empty if there is none.
func (s Snippets) File(id string) string {
	for _, f := range s.Files {
		if f.ID == id {
			return f.Text
		}
	}
	return ""
}

const standardPort = "8088"

// httpConf opens the port of the configured address; on loopback only, where
// that is one.
func httpConf(ariURL string) string {
	port, bind := standardPort, "0.0.0.0"
	if u, err := url.Parse(ariURL); err == nil && u.Host != "" {
		port = cmp.Or(u.Port(), standardPort)
		if ip := net.ParseIP(u.Hostname()); ip != nil && ip.IsLoopback() {
			bind = ip.String()
		}
	}
	return fmt.Sprintf(`[general]
enabled = yes
; The address ringcard connects to. Keep the port closed to all others: ARI
; can place calls. On the same machine use 127.0.0.1.
bindaddr = %s
bindport = %s
`, bind, port)
}

func (s Snippets) ariConf() string {
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

// pjsipConf: by default PJSIP ignores new calls while more than 500 events wait
// for any ARI application (ADR 21).
const pjsipConf = `[global]
type = global
taskprocessor_overload_trigger = pjsip_only
`

func (s Snippets) managerConf() string {
	return fmt.Sprintf(`[general]
enabled = yes
port = 5038
; The address ringcard connects to; 127.0.0.1 on the same machine.
bindaddr = 0.0.0.0

[%s]
secret = %s
; Only the server of ringcard may sign in:
deny = 0.0.0.0/0.0.0.0
permit = 127.0.0.1/255.255.255.255
;permit = ADDRESS-OF-RINGCARD/255.255.255.255
%s`, s.User, s.AMIPassword, ari.ManagerRights)
}

// hookDialplan asks ringcard within a second and goes on without it (LU-06,
// LU-07). The caller chooses his number, and others the client's name: the
// former only ever appears percent-encoded, the latter never within an
// expression or the arguments of ExecIf, which a colon in it would end.
func hookDialplan(opt Options) string {
	url := cmp.Or(opt.PublicURL, "http://ADDRESS-OF-RINGCARD:8080")
	return fmt.Sprintf(`[globals]
RINGCARD = %[1]s/api/v1
RINGCARD_TOKEN = PUT-THE-TOKEN-HERE

[ringcard-who]
; Gosub(ringcard-who,s,1) before the Dial or Queue of an incoming call sets the
; caller's name, and MANAGER to the extension of the one in charge, or to nothing.
exten => s,1,Set(CURLOPT(httpheader)=X-Ringcard-Token: ${RINGCARD_TOKEN})
 same => n,Set(CURLOPT(conntimeout)=1)
 same => n,Set(CURLOPT(httptimeout)=1)
 same => n,Set(NAME=${CURL(${RINGCARD}/hooks/callerid?pbx=%[2]s&number=${URIENCODE(${CALLERID(num)})})})
 same => n,GotoIf($[${LEN(${NAME})} = 0]?manager)
 same => n,Set(CALLERID(name)=${NAME})
 same => n(manager),Set(MANAGER=${CURL(${RINGCARD}/hooks/responsible?pbx=%[2]s&number=${URIENCODE(${CALLERID(num)})})})
 same => n,Return()
`, strings.TrimSuffix(url, "/"), cmp.Or(opt.PBX.Name, "office"))
}

const cdrConf = `[general]
enable = yes

[csv]
usegmtime = yes
; ties each record to its call
loguniqueid = yes
newcdrcolumns = yes
`

// yaml is the matching part of ringcard's configuration.
func (s Snippets) yaml(opt Options) string {
	var b strings.Builder
	fmt.Fprintf(&b, `pbx:
  - name: %s
    ari:
      url: %s
      app: %s
      user: %s
      password: %s
    context: %s
`, s.Name, cmp.Or(opt.PBX.ARI.URL, "http://ADDRESS-OF-ASTERISK:"+standardPort+"/ari"), s.App, s.User, s.Password, opt.Context)
	fmt.Fprintf(&b, "    # with AMI:\n    # ami: {address: ADDRESS-OF-ASTERISK:5038, user: %s, password: %s}\n", s.User, s.AMIPassword)
	if len(opt.Trunks) > 0 {
		b.WriteString("    " + TrunkLine(opt.Trunks) + "\n")
	} else {
		b.WriteString("    # endpoints that lead out of the office, as trunks: [PJSIP/provider]\n")
	}
	return b.String()
}

// TrunkLine is the line of ringcard.yaml that names the trunks.
func TrunkLine(trunks []string) string {
	quoted := make([]string, len(trunks))
	for i, t := range trunks {
		quoted[i] = t
		if strings.ContainsAny(t, ",[]{}#&*!|>'\"%@`: ") {
			quoted[i] = `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(t) + `"`
		}
	}
	return "trunks: [" + strings.Join(quoted, ", ") + "]"
}
