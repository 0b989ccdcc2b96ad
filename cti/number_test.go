package cti_test

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"ringcard/cti"
)

// The dial rule that applies is named, with what it makes of the number.
func TestDiallings_LU_08_CO_04(t *testing.T) {
	d := newDesk(t, func(o *cti.EngineOptions) {
		o.Office.DialRules = []cti.DialRule{{Match: `^\+49`, Dial: "8~10"}, {Match: `^\+7(\d{10})$`, Dial: "98$1"}}
	})
	for number, want := range map[string]cti.Dialling{
		"89161234567":    {Dial: "989161234567", Rule: 2, Match: `^\+7(\d{10})$`},
		"+375171234567":  {Dial: "375171234567"},
		"101":            {Dial: "101"},
		"anonymous":      {},
		"не номер вовсе": {},
	} {
		want.PBX = "office"
		if diff := cmp.Diff([]cti.Dialling{want}, d.service.Diallings(number)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", number, diff)
		}
	}
}
