package crm

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestParsePhone_LU_01(t *testing.T) {
	t.Parallel()
	office := PhoneRules{Region: "RU", AreaCode: "8152"}
	tests := []struct {
		raw     string
		rules   PhoneRules
		e164    int64
		ext     string
		kind    PhoneKind
		display string
	}{
		{"8 (921) 123-45-67", office, 79211234567, "", PhoneExternal, "+7 (921) 123-45-67"},
		{"+7 921 123 45 67", office, 79211234567, "", PhoneExternal, "+7 (921) 123-45-67"},
		{"79211234567", office, 79211234567, "", PhoneExternal, "+7 (921) 123-45-67"},
		{"9211234567", office, 79211234567, "", PhoneExternal, "+7 (921) 123-45-67"},
		{"8 (921) 123-45-67 доб. 15", office, 79211234567, "15", PhoneExternal, "+7 (921) 123-45-67, 15"},
		{"8 (921) 123-45-67 (доб. 15)", office, 79211234567, "15", PhoneExternal, "+7 (921) 123-45-67, 15"},
		{"8-921-123-45-67, вн. 204", office, 79211234567, "204", PhoneExternal, "+7 (921) 123-45-67, 204"},
		{"+79211234567 ext 7", office, 79211234567, "7", PhoneExternal, "+7 (921) 123-45-67, 7"},
		{"+79211234567#7", office, 79211234567, "7", PhoneExternal, "+7 (921) 123-45-67, 7"},
		{"tel:+7-921-123-45-67;ext=7", office, 79211234567, "7", PhoneExternal, "+7 (921) 123-45-67, 7"},
		{"sip:+79211234567@pbx.example", office, 79211234567, "", PhoneExternal, "+7 (921) 123-45-67"},
		{"45-67-89", office, 78152456789, "", PhoneExternal, "+7 (815) 245-67-89"},
		{"45-67-89", PhoneRules{Region: "RU"}, 0, "", PhoneInvalid, "45-67-89"},
		{"8 10 375 17 123-45-67", office, 375171234567, "", PhoneExternal, "+375 17 123-45-67"},
		{"8~10 49 30 901820", office, 0, "", PhoneInvalid, "8~10 49 30 901820"},
		{"0049 30 901820", office, 4930901820, "", PhoneExternal, "+49 30 901820"},
		{"+49 30 901820", office, 4930901820, "", PhoneExternal, "+49 30 901820"},
		{"8 800 555-35-35", office, 78005553535, "", PhoneExternal, "+7 (800) 555-35-35"},
		{"101", office, 0, "", PhoneExtension, "101"},
		{"00101", office, 0, "", PhoneExtension, "00101"},
		{"anonymous", office, 0, "", PhoneAnonymous, ""},
		{"Anonymous <anonymous>", office, 0, "", PhoneInvalid, "Anonymous <anonymous>"},
		{"", office, 0, "", PhoneAnonymous, ""},
		{"Скрытый номер", office, 0, "", PhoneAnonymous, ""},
		{"s", office, 0, "", PhoneInvalid, "s"},
		{"+7921", office, 0, "", PhoneInvalid, "+7921"},
		{"+7 921 123 45 67 8", office, 0, "", PhoneInvalid, "+7 921 123 45 67 8"},
		{"7921123456700000", office, 0, "", PhoneInvalid, "7921123456700000"},
		{"+7 921 12+3 45 67", office, 0, "", PhoneInvalid, "+7 921 12+3 45 67"},
		{"020 7946 0018", PhoneRules{Region: "GB"}, 442079460018, "", PhoneExternal, "+44 20 7946 0018"},
		{"7946 0018", PhoneRules{Region: "GB", AreaCode: "020"}, 442079460018, "", PhoneExternal, "+44 20 7946 0018"},
	}
	for _, tt := range tests {
		t.Run("LU-01 "+tt.raw, func(t *testing.T) {
			t.Parallel()
			got := ParsePhone(tt.raw, tt.rules)
			if got.E164 != tt.e164 || got.Ext != tt.ext || got.Kind != tt.kind || got.Display != tt.display {
				t.Errorf("ParsePhone(%q) = %d ext %q %s %q, want %d ext %q %s %q",
					tt.raw, got.E164, got.Ext, got.Kind, got.Display, tt.e164, tt.ext, tt.kind, tt.display)
			}
		})
	}
}

func TestReadPhone_LU_08(t *testing.T) {
	t.Parallel()
	office := PhoneRules{Region: "RU", AreaCode: "8152"}
	for _, tt := range []struct {
		raw           string
		rules         PhoneRules
		rule          PhoneRule
		country, kind string
		area          string
		valid         bool
	}{
		{"8 (921) 123-45-67", office, RuleTrunk8, "RU", "mobile", "", true},
		{"+7 921 123 45 67", office, RulePlus, "RU", "mobile", "", true},
		{"9211234567", office, RuleNational, "RU", "mobile", "", true},
		{"79211234567", office, RuleAsDialled, "RU", "mobile", "", true},
		{"45-67-89", office, RuleOfficeArea, "RU", "fixed", "815", true}, // as the tables cut it
		{"8 800 555-35-35", office, RuleTrunk8, "RU", "toll_free", "", true},
		{"8 10 375 17 123-45-67", office, RuleAbroad810, "BY", "fixed", "17", true},
		{"0049 30 901820", office, RuleAbroad00, "DE", "fixed", "30", true},
		{"020 7946 0018", PhoneRules{Region: "GB"}, RuleRegion, "GB", "fixed", "20", true},
		{"7946 0018", PhoneRules{Region: "GB", AreaCode: "020"}, RuleOfficeArea, "GB", "fixed", "20", true},
		{"+7 000 123-45-67", office, RulePlus, "", "other", "", false},
		{"101", office, RuleExtension, "", "", "", false},
		{"anonymous", office, RuleWithheld, "", "", "", false},
		{"45-67-89", PhoneRules{Region: "RU"}, RuleNone, "", "", "", false},
		{"пожалуйста", office, RuleNone, "", "", "", false},
	} {
		r := ReadPhone(tt.raw, tt.rules)
		if r.Rule != tt.rule || r.Country != tt.country || r.Type != tt.kind || r.Area != tt.area || r.Valid != tt.valid {
			t.Errorf("%q: %+v, want %+v", tt.raw, r, tt)
		}
		if r.Phone != ParsePhone(tt.raw, tt.rules) {
			t.Errorf("%q is read and parsed in two ways", tt.raw)
		}
	}
}

func FuzzParsePhone(f *testing.F) {
	for _, s := range []string{"8 (921) 123-45-67 доб. 15", "+7921", "0049301", "anonymous", "tel:+7;ext=1", "８９２１", "\xff", "İ ext 5"} {
		f.Add(s, "8152")
	}
	f.Fuzz(func(t *testing.T, raw, area string) {
		if len(area) > 6 || strings.Trim(area, "0123456789") != "" {
			area = ""
		}
		p := ParsePhone(raw, PhoneRules{Region: "RU", AreaCode: area})
		switch p.Kind {
		case PhoneExternal:
			back, ok := ParseE164(p.E164Text())
			if !ok || back != p.E164 {
				t.Errorf("E164 %d of %q does not survive its own text", p.E164, raw)
			}
			again := ParsePhone(p.E164Text(), PhoneRules{Region: "RU"})
			if again.E164 != p.E164 || again.Kind != PhoneExternal {
				t.Errorf("%q parsed to %d, which parses to %+v", raw, p.E164, again)
			}
		case PhoneExtension, PhoneAnonymous, PhoneInvalid:
			if p.E164 != 0 {
				t.Errorf("%s number %q has E164 %d", p.Kind, raw, p.E164)
			}
		default:
			t.Errorf("kind %q", p.Kind)
		}
		if !utf8.ValidString(p.Raw) || utf8.RuneCountInString(p.Raw) > maxRaw {
			t.Errorf("raw %q", p.Raw)
		}
	})
}
