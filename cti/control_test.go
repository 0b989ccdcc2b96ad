package cti

import (
	"context"
	"errors"
	"log/slog"
	"testing"
	"time"
)

type fakeMarks map[string]bool

func (m fakeMarks) DoNotCall(_ context.Context, e164 string) (bool, error) {
	if m == nil {
		return false, errors.New("no database")
	}
	return m[e164], nil
}

// Each refusal before dialling, and that an emergency number knows none.
func TestPreflightRefusals_CO_02(t *testing.T) {
	office, err := NewOffice(OfficeConfig{
		PBX: "office",
		DialRights: []DialRight{{Match: `^112$`, Emergency: true}, {Match: `^\+7`, Roles: []string{"operator"}},
			{Match: `^\+`, Roles: []string{"admin"}}},
		Hours: Hours{From: 8 * time.Hour, To: 22 * time.Hour, Location: time.UTC},
	})
	if err != nil {
		t.Fatal(err)
	}
	e := &Engine{office: office}
	outside := func(e164 string) Number { return Number{Raw: e164, E164: e164, Display: e164, Kind: External} }
	for _, c := range []struct {
		name   string
		number Number
		role   string
		hour   int
		marks  Marks
		want   Code
	}{
		{"allowed", outside("+79160000001"), "operator", 12, fakeMarks{"+7": true}, ""},
		{"abroad by an operator", outside("+4930123456"), "operator", 12, nil, CodeNotAllowed},
		{"abroad by an admin", outside("+4930123456"), "admin", 12, nil, ""},
		{"before hours", outside("+79160000001"), "operator", 7, nil, CodeOutsideHours},
		{"after hours", outside("+79160000001"), "operator", 22, nil, CodeOutsideHours},
		{"marked", outside("+79160000002"), "operator", 12, fakeMarks{"+79160000002": true}, CodeDoNotCall},
		{"marks out of reach", outside("+79160000002"), "operator", 12, fakeMarks(nil), ""},
		{"emergency at night", Number{Raw: "112", Display: "112", Kind: Extension}, "agent", 3, nil, ""},
		{"a colleague at night", Number{Raw: "101", Display: "101", Kind: Extension}, "agent", 3, nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := &Service{opt: ServiceOptions{Marks: c.marks, Log: slog.New(slog.DiscardHandler),
				Now: func() time.Time { return time.Date(2026, 11, 22, c.hour, 0, 0, 0, time.UTC) }}}
			err := s.allowed(t.Context(), e, c.number, c.role)
			var refused *Error
			if errors.As(err, &refused); (refused == nil) != (c.want == "") || refused != nil && refused.Code != c.want {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
