package pbxconfig

import (
	"fmt"

	"ringcard/configs"
	"ringcard/sip"
)

// overSIP makes the lines for a PBX without ARI (PB-07). Hints are written for
// the extensions that the configuration names; those of users are added alike.
func (s *Snippets) overSIP(opt Options) {
	p := opt.PBX
	s.User = p.SIP.User
	extensions := p.SIP.Extensions
	if len(extensions) == 0 {
		extensions = []string{"101"}
	}
	lines := sip.Snippet(sip.SnippetOptions{User: s.User, Password: s.Password, Context: opt.Context, Extensions: extensions})
	s.Files = []File{
		{ID: "sip", Path: "/etc/asterisk/pjsip.conf", Purpose: "the technical user of ringcard, who watches the telephones and calls them",
			Text: lines["pjsip.conf"], Reload: "module reload res_pjsip.so"},
		{ID: "hints", Path: "/etc/asterisk/extensions.conf", Purpose: "a hint for each telephone, without which its state is not told",
			Text: lines["extensions.conf"], Reload: "dialplan reload"},
		{ID: "ringcard", Path: "ringcard.yaml", Purpose: "the same PBX on the side of ringcard", Text: sipYAML(p, s.Password, opt.Context)},
	}
}

func sipYAML(p configs.PBX, password, dialplan string) string {
	return fmt.Sprintf(`pbx:
  - name: %s
    sip:
      address: %s
      transport: %s
      user: %s
      password: %s
    context: %s
`, p.Name, p.SIP.Address, p.SIP.Transport, p.SIP.User, password, dialplan)
}
