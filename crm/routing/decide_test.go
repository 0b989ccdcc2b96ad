package routing

import (
	"strings"
	"testing"
	"time"
)

// monday is 10:00 of a Monday in the office.
var monday = time.Date(2026, 11, 23, 10, 0, 0, 0, time.FixedZone("office", 3*3600))

func workweek() []Interval {
	var out []Interval
	for day := 1; day <= 5; day++ {
		out = append(out, Interval{Day: day, From: "09:00", To: "18:00"})
	}
	return out
}

func employees() []Employee {
	device := func(ext string) []Device { return []Device{{PBX: "office", Endpoint: "PJSIP/" + ext}} }
	return []Employee{
		{UserID: 1, Name: "Anna", Active: true, Extension: "101", Devices: device("101"), Hours: workweek(), DeputyID: 2},
		{UserID: 2, Name: "Boris", Active: true, Extension: "102", Devices: device("102"), Hours: workweek(), DeputyID: 3},
		{UserID: 3, Name: "Dina", Active: true, Extension: "103", Devices: device("soft-103"), Hours: workweek(), DeputyID: 1},
	}
}

// codes is the way of a decision as "1:absent 2:takes".
func codes(a Answer) string {
	var out []string
	for _, s := range a.Why {
		out = append(out, s.Name+":"+string(s.Code))
	}
	return strings.Join(out, " ")
}

func TestWhoTakesTheCall_LU_07(t *testing.T) {
	t.Parallel()
	away := &Absence{Kind: Vacation, ToAt: monday.Add(time.Hour)}
	for _, tt := range []struct {
		name      string
		change    func(p *Plan)
		presence  map[int64]string
		pbx       string
		at        time.Time
		extension string
		reason    Code
		way       string
	}{
		{name: "the personal manager", extension: "101", reason: ReasonResponsible, way: "Anna:takes"},
		{name: "he talks: the dialplan may wait", presence: map[int64]string{1: "talking"}, extension: "101", reason: ReasonResponsible, way: "Anna:takes"},
		{name: "the PBX is out of reach for us", presence: map[int64]string{1: "unknown"}, extension: "101", reason: ReasonResponsible, way: "Anna:takes"},
		{name: "on a break", presence: map[int64]string{1: "break"}, extension: "102", reason: ReasonDeputy, way: "Anna:break Boris:takes"},
		{name: "his telephone is off", presence: map[int64]string{1: "offline"}, extension: "102", reason: ReasonDeputy, way: "Anna:offline Boris:takes"},
		{name: "absent", change: func(p *Plan) { p.Employees[0].Absence = away }, extension: "102", reason: ReasonDeputy, way: "Anna:absent Boris:takes"},
		{name: "the absence names a deputy of its own", change: func(p *Plan) {
			a := *away
			a.DeputyID = 3
			p.Employees[0].Absence = &a
		}, extension: "103", reason: ReasonDeputy, way: "Anna:absent Dina:takes"},
		{name: "dismissed", change: func(p *Plan) { p.Employees[0].Active = false }, extension: "102", reason: ReasonDeputy, way: "Anna:dismissed Boris:takes"},
		{name: "the deputy's deputy", change: func(p *Plan) { p.Employees[0].Absence = away }, presence: map[int64]string{2: "offline"},
			extension: "103", reason: ReasonDeputy, way: "Anna:absent Boris:offline Dina:takes"},
		{name: "deputies in a circle", presence: map[int64]string{1: "offline", 2: "offline", 3: "break"}, reason: ReasonNobody, way: "Anna:offline Boris:offline Dina:break"},
		{name: "at night", at: monday.Add(12 * time.Hour), reason: ReasonNobody, way: "Anna:off_hours Boris:off_hours Dina:off_hours"},
		{name: "on Sunday", at: monday.Add(-24 * time.Hour), reason: ReasonNobody, way: "Anna:off_hours Boris:off_hours Dina:off_hours"},
		{name: "hours of his own", change: func(p *Plan) {
			p.Employees[0].OwnHours, p.Employees[0].Hours = true, []Interval{{Day: 1, From: "12:00", To: "20:00"}}
		}, extension: "102", reason: ReasonDeputy, way: "Anna:off_hours Boris:takes"},
		{name: "own hours and none: he never works", change: func(p *Plan) { p.Employees[0].OwnHours, p.Employees[0].Hours = true, nil },
			extension: "102", reason: ReasonDeputy, way: "Anna:off_hours Boris:takes"},
		{name: "an office without hours always works", at: monday.Add(12 * time.Hour), change: func(p *Plan) { p.Employees[0].Hours = nil },
			extension: "101", reason: ReasonResponsible, way: "Anna:takes"},
		{name: "a night shift reaches into the morning", at: monday.Add(-5 * time.Hour), change: func(p *Plan) {
			p.Employees[0].Hours = []Interval{{Day: 7, From: "22:00", To: "06:00"}}
		}, extension: "101", reason: ReasonResponsible, way: "Anna:takes"},
		{name: "and ends there", at: monday.Add(-4 * time.Hour), change: func(p *Plan) {
			p.Employees[0].Hours, p.Employees[0].DeputyID = []Interval{{Day: 7, From: "22:00", To: "06:00"}}, 0
		}, reason: ReasonNobody, way: "Anna:off_hours"},
		{name: "no telephone at that PBX", pbx: "branch", change: func(p *Plan) { p.Employees[1].Devices[0].PBX = "branch" },
			extension: "102", reason: ReasonDeputy, way: "Anna:no_device Boris:takes"},
		{name: "nobody has the number", change: func(p *Plan) { *p = Plan{} }, reason: ReasonUnknown},
		{name: "a client of nobody", change: func(p *Plan) { p.ResponsibleID = 0 }, reason: ReasonNoResponsible},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			plan := Plan{ClientID: 5, ClientName: "Ромашка", ResponsibleID: 1, Employees: employees()}
			if tt.change != nil {
				tt.change(&plan)
			}
			at := tt.at
			if at.IsZero() {
				at = monday
			}
			a := decide(plan, tt.pbx, at, func(id int64) string {
				if s := tt.presence[id]; s != "" {
					return s
				}
				return "free"
			})
			if a.Extension != tt.extension || a.Reason != tt.reason || codes(a) != tt.way {
				t.Errorf("extension %q, %s, way %q; want %q, %s, %q", a.Extension, a.Reason, codes(a), tt.extension, tt.reason, tt.way)
			}
			for _, s := range a.Why {
				if s.Text == "" {
					t.Errorf("step without words: %+v", s)
				}
			}
		})
	}
}

func TestCheckHours_LU_07(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		hours []Interval
		ok    bool
	}{
		{nil, true},
		{workweek(), true},
		{[]Interval{{1, "09:00", "13:00"}, {1, "13:00", "18:00"}}, true},
		{[]Interval{{1, "00:00", "24:00"}}, true},
		{[]Interval{{7, "22:00", "06:00"}, {1, "06:00", "09:00"}}, true},
		{[]Interval{{1, "09:00", "13:00"}, {1, "12:00", "18:00"}}, false},
		{[]Interval{{7, "22:00", "06:00"}, {1, "05:00", "09:00"}}, false},
		{[]Interval{{0, "09:00", "13:00"}}, false},
		{[]Interval{{8, "09:00", "13:00"}}, false},
		{[]Interval{{1, "9:00", "13:00"}}, false},
		{[]Interval{{1, "09:00", "25:00"}}, false},
		{[]Interval{{1, "24:00", "13:00"}}, false},
		{[]Interval{{1, "09:00", "09:00"}}, false},
	} {
		if err := checkHours(tt.hours); (err == nil) != tt.ok {
			t.Errorf("%v: %v", tt.hours, err)
		}
	}
}

// Whatever is written as a time is read as it was written, or refused.
func FuzzMinute(f *testing.F) {
	for _, s := range []string{"09:30", "24:00", "24:01", "-1:00", "1:000", "ab:cd"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if m, ok := Minute(text); ok && Clock(m) != text {
			t.Errorf("Minute(%q) = %d, which is %q", text, m, Clock(m))
		}
	})
}
