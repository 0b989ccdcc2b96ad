package pbxconfig

import (
	"strings"
	"testing"

	"ringcard/configs"
)

// The lines of both sides belong together: what ringcard is told is valid and
// has the password of the endpoint.
func TestLinesForAPBXWithoutARI_PB_07_PB_09(t *testing.T) {
	pbx := configs.PBX{Name: "branch", Context: "office",
		SIP: configs.SIP{Address: "192.0.2.20:5060", Transport: "udp", User: "watcher", Extensions: []string{"201", "202", "201"}}}
	s := New(Options{PBX: pbx})
	if s.File("ari") != "" || s.File("http") != "" {
		t.Error("lines for ARI")
	}
	cfg, err := configs.Parse([]byte(s.File("ringcard")), nil)
	if err != nil {
		t.Fatalf("%v in\n%s", err, s.File("ringcard"))
	}
	got := cfg.PBX[0]
	if !got.OverSIP() || got.SIP.User != "watcher" || got.SIP.Password.Reveal() != s.Password || got.Context != "office" {
		t.Errorf("ringcard is told %+v", got)
	}
	for file, wants := range map[string][]string{
		"sip":   {"[watcher]", "password = " + s.Password, "subscribe_context = office", "allow_subscribe = yes"},
		"hints": {"exten => 201,hint,PJSIP/201\nexten => 202,hint,PJSIP/202\n"},
	} {
		for _, want := range wants {
			if !strings.Contains(s.File(file), want) {
				t.Errorf("%s has no %q:\n%s", file, want, s.File(file))
			}
		}
	}
}
