package ari

import (
	"slices"
	"testing"
)

func TestDevicesOfAHint_PB_10(t *testing.T) {
	for hint, want := range map[string][]string{
		"PJSIP/101":                {"PJSIP/101"},
		"PJSIP/101&PJSIP/101-home": {"PJSIP/101", "PJSIP/101-home"},
		"PJSIP/101&Custom:dnd101,CustomPresence:101": {"PJSIP/101"},
		"park:701@parkedcalls":                       nil,
		",CustomPresence:a/b":                        nil,
		"":                                           nil,
		" SIP/5 & Local/6@x ":                        {"SIP/5", "Local/6@x"},
	} {
		if got := hintDevices(hint); !slices.Equal(got, want) {
			t.Errorf("%q: %q, want %q", hint, got, want)
		}
	}
}

// Names come from callers and from files; what could end an argument of a
// function and begin another is not asked for.
func TestOnlyPlainNamesAreAsked_PB_10(t *testing.T) {
	got := plain([]string{"sales", "101", "x)&SHELL(id", "a,b", "${EXTEN}", "", "101", "+7495", "from-internal", "Отдел продаж", "a\nb", "a;b"})
	if want := []string{"+7495", "101", "from-internal", "sales", "Отдел продаж"}; !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
}
