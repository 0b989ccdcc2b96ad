package pbxconfig

import (
	"strings"
	"testing"

	"ringcard/configs"
)

func TestSnippetsFitTheConfiguration_PB_09(t *testing.T) {
	s := New(Options{})
	other := New(Options{PBX: configs.PBX{Name: "second", ARI: configs.ARI{User: "crm", App: "crm2", URL: "http://127.0.0.1:9088/ari"}}})
	if s.Password == other.Password || len(s.Password) < 20 {
		t.Errorf("passwords %q and %q", s.Password, other.Password)
	}
	if other.User != "crm" || !strings.Contains(other.File("ari"), "[crm]") || !strings.Contains(other.File("http"), "bindport = 9088") ||
		!strings.Contains(other.File("http"), "bindaddr = 127.0.0.1") {
		t.Errorf("%s", other)
	}
	for _, opt := range []Options{{}, {Trunks: []string{"PJSIP/provider", "PJSIP/trunk-*", "PJSIP/a#b"}, Context: "from-internal-2"}} {
		s := New(opt)
		yaml := strings.Replace(s.File("ringcard"), "ADDRESS-OF-ASTERISK", "192.0.2.1", 1)
		cfg, err := configs.Parse([]byte(yaml), nil)
		if err != nil {
			t.Fatalf("%v in\n%s", err, yaml)
		}
		if cfg.PBX[0].ARI.Password.Reveal() != s.Password || !strings.Contains(s.File("ari"), s.Password) {
			t.Error("the two sides have different passwords")
		}
		if strings.Join(cfg.PBX[0].Trunks, " ") != strings.Join(opt.Trunks, " ") || opt.Context != "" && cfg.PBX[0].Context != opt.Context {
			t.Errorf("%+v", cfg.PBX[0])
		}
	}
	for _, f := range s.Files {
		if f.ID == "" || f.Purpose == "" || !strings.Contains(s.String(), f.Path) {
			t.Errorf("%+v", f)
		}
	}
}
