package obligation

import (
	"testing"
	"time"
	_ "time/tzdata" // the zones of the tests, wherever they run

	"pgregory.net/rapid"

	"ringcard/crm"
)

func zone(t *testing.T, name string) *time.Location {
	t.Helper()
	z, err := time.LoadLocation(name)
	if err != nil {
		t.Fatal(err)
	}
	return z
}

func TestDueCountsWorkingTime_AF_02(t *testing.T) {
	t.Parallel()
	moscow, berlin := zone(t, "Europe/Moscow"), zone(t, "Europe/Berlin")
	rules := DefaultRules()
	rules.Holidays = []crm.Date{{Year: 2026, Month: 11, Day: 4}}
	night := Rules{Minutes: 120, Hours: []Interval{{Weekday: 6, From: "22:00", To: "24:00"}, {Weekday: 7, From: "00:00", To: "06:00"}}}
	for _, tt := range []struct {
		name    string
		rules   Rules
		zone    *time.Location
		at, due string
	}{
		{"within the day", rules, moscow, "2026-11-20 10:00", "2026-11-20 10:30"},
		{"before work", rules, moscow, "2026-11-20 03:00", "2026-11-20 09:30"},
		{"goes on in the morning", rules, moscow, "2026-11-19 17:50", "2026-11-20 09:20"},
		{"to the last minute", rules, moscow, "2026-11-20 17:30", "2026-11-20 18:00"},
		{"over the weekend", rules, moscow, "2026-11-20 17:50", "2026-11-23 09:20"},
		{"over a holiday", rules, moscow, "2026-11-03 18:30", "2026-11-05 09:30"},
		{"around the clock", Rules{Minutes: 90}, moscow, "2026-11-21 23:00", "2026-11-22 00:30"},
		// On 25 October the clocks go back at 03:00: the night has an hour more.
		{"the hour that comes twice", night, berlin, "2026-10-25 01:30", "2026-10-25 02:30"},
		// On 29 March 02:00 becomes 03:00.
		{"the hour that does not come", night, berlin, "2026-03-29 01:30", "2026-03-29 04:30"},
	} {
		parse := func(text string) time.Time {
			at, err := time.ParseInLocation("2006-01-02 15:04", text, tt.zone)
			if err != nil {
				t.Fatal(err)
			}
			return at
		}
		got := tt.rules.Due(parse(tt.at), tt.zone)
		want := parse(tt.due)
		if tt.name == "the hour that comes twice" {
			want = parse(tt.at).Add(2 * time.Hour)
		}
		if !got.Equal(want) {
			t.Errorf("%s: due %s, want %s", tt.name, got.In(tt.zone), want)
		}
	}
}

// TestOverdueIsTheInverseOfDue: a list filtered by OverdueUpTo holds exactly
// what Due says, and Due never decreases, so it may be sorted by it.
func TestOverdueIsTheInverseOfDue_AF_02(t *testing.T) {
	t.Parallel()
	zones := []*time.Location{time.UTC, zone(t, "Europe/Moscow"), zone(t, "Europe/Berlin"), zone(t, "America/New_York")}
	clock := func(minute int) string {
		if minute == 24*60 {
			return "24:00"
		}
		return time.Date(2026, 1, 1, 0, minute, 0, 0, time.UTC).Format("15:04")
	}
	rapid.Check(t, func(rt *rapid.T) {
		rules := Rules{Minutes: rapid.IntRange(1, 2000).Draw(rt, "minutes")}
		for day := 1; day <= 7; day++ {
			if !rapid.Bool().Draw(rt, "works") {
				continue
			}
			from := rapid.IntRange(0, 24*60-2).Draw(rt, "from")
			to := rapid.IntRange(from+1, 24*60).Draw(rt, "to")
			rules.Hours = append(rules.Hours, Interval{day, clock(from), clock(to)})
		}
		if err := rules.Check(); err != nil {
			rt.Fatal(err)
		}
		z := rapid.SampledFrom(zones).Draw(rt, "zone")
		start := time.Date(2026, 3, 20, 0, 0, 0, 0, time.UTC)
		moment := rapid.Custom(func(rt *rapid.T) time.Time {
			return start.Add(time.Duration(rapid.IntRange(0, 20*24*60).Draw(rt, "minute")) * time.Minute)
		})
		a, b, now := moment.Draw(rt, "a"), moment.Draw(rt, "b"), moment.Draw(rt, "now")
		if b.Before(a) {
			a, b = b, a
		}
		if rules.Due(b, z).Before(rules.Due(a, z)) {
			rt.Fatalf("due of %s is %s, of %s %s", a, rules.Due(a, z), b, rules.Due(b, z))
		}
		if rules.Due(a, z).Before(a.Add(time.Duration(rules.Minutes) * time.Minute)) {
			rt.Fatalf("due of %s is %s: sooner than by the clock", a, rules.Due(a, z))
		}
		upTo := rules.OverdueUpTo(now, z)
		if overdue := !rules.Due(a, z).After(now); overdue != !a.After(upTo) {
			rt.Fatalf("at %s what was missed at %s (due %s): overdue %v, but the list goes up to %s", now, a, rules.Due(a, z), overdue, upTo)
		}
	})
}

func TestRulesAreChecked_AF_02(t *testing.T) {
	t.Parallel()
	ok := Interval{Weekday: 1, From: "09:00", To: "18:00"}
	for field, r := range map[string]Rules{
		"minutes":          {Minutes: 0},
		"hours[0].weekday": {Minutes: 1, Hours: []Interval{{Weekday: 8, From: "09:00", To: "18:00"}}},
		"hours[0]":         {Minutes: 1, Hours: []Interval{{Weekday: 1, From: "9", To: "18:00"}}},
		"hours[0].to":      {Minutes: 1, Hours: []Interval{{Weekday: 1, From: "18:00", To: "09:00"}}},
		"hours[1]":         {Minutes: 1, Hours: []Interval{ok, {Weekday: 1, From: "17:00", To: "19:00"}}},
		"holidays":         {Minutes: 1, Holidays: make([]crm.Date, maxHolidays+1)},
		"hours":            {Minutes: 1, Hours: make([]Interval, maxIntervals+1)},
	} {
		var e *crm.Error
		err := r.Check()
		if crm.CodeOf(err) != crm.CodeInvalid {
			t.Errorf("%s: %v", field, err)
			continue
		}
		if e, _ = err.(*crm.Error); e.Field != field { //nolint:errorlint // it is returned bare
			t.Errorf("field %q, want %q", e.Field, field)
		}
	}
	if err := DefaultRules().Check(); err != nil {
		t.Error(err)
	}
}
