package client

import (
	"strings"
	"testing"
	"unicode/utf8"
)

func TestDisplayName_LU_06(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name, organisation string
		style              NameStyle
		want               string
	}{
		{"Иванова Марина", "ООО «Северный ветер»", NameStyle{}, "Иванова Марина, ООО «Северный ветер»"},
		{"Иванова Марина", "ООО «Северный ветер»", NameStyle{Max: 20}, "Иванова Марина"},
		{"Иванова Марина", "", NameStyle{Max: 8}, "Иванова"},
		{"Иванова Марина", "ООО «Северный ветер»", NameStyle{ASCII: true}, "Ivanova Marina, OOO Severnyj veter"},
		{"Щукин Цыц Ёж", "", NameStyle{ASCII: true}, "Shhukin Cycz Yozh"},
		{"ЩУКА, Объезд № 5", "", NameStyle{ASCII: true}, "SHHUKA, Obezd No 5"},
		{"Ющенко Їжак", "", NameStyle{ASCII: true}, "Yushhenko Yizhak"},
		{"Müller & Söhne", "", NameStyle{ASCII: true}, "Muller & Sohne"},
		{"Кафе \"Уют\"\r\nX-Evil: 1 <sip:a@b>; ${SHELL(id)}", "", NameStyle{Max: 100}, "Кафе Уют X-Evil: 1 sip:a@b SHELL(id)"},
		{"", "", NameStyle{}, ""},
	} {
		if got := DisplayName(Match{Name: tt.name, Organisation: tt.organisation}, tt.style); got != tt.want {
			t.Errorf("%q of %q: %q, want %q", tt.name, tt.organisation, got, tt.want)
		}
	}
}

func FuzzDisplayName(f *testing.F) {
	for _, s := range []string{"Иванова Марина", "Щ", "\xff\"", "ц\u202eи", "漢字"} {
		f.Add(s, "ООО", true, 10)
	}
	f.Fuzz(func(t *testing.T, name, organisation string, ascii bool, limit int) {
		limit = max(1, min(limit, 300))
		got := DisplayName(Match{Name: name, Organisation: organisation}, NameStyle{ASCII: ascii, Max: limit})
		if !utf8.ValidString(got) || utf8.RuneCountInString(got) > limit || strings.ContainsAny(got, "\"\\<>\r\n\x00${}[];") {
			t.Errorf("%q", got)
		}
		if ascii {
			for _, r := range got {
				if r >= utf8.RuneSelf {
					t.Errorf("%q is not ASCII", got)
				}
			}
		}
	})
}
