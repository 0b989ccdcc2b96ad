package obligation

import (
	"fmt"
	"slices"
	"time"

	"ringcard/crm"
)

const (
	maxMinutes   = 30 * 24 * 60 // of a term
	maxHolidays  = 400
	maxIntervals = 50
)

// Rules say by when a missed caller is to be called back. Times are of the
// office's zone.
type Rules struct {
	Minutes  int        `json:"minutes" minimum:"1" maximum:"43200" doc:"term in minutes, counted within the working hours"`
	Hours    []Interval `json:"hours" maxItems:"50" doc:"working hours; none: around the clock"`
	Holidays []crm.Date `json:"holidays" maxItems:"400" doc:"days without work"`
}

// Interval is a stretch of a working day.
type Interval struct {
	Weekday int    `json:"weekday" minimum:"1" maximum:"7" doc:"1 Monday … 7 Sunday (ISO 8601)"`
	From    string `json:"from" pattern:"^([01][0-9]|2[0-3]):[0-5][0-9]$" doc:"as 09:00"`
	To      string `json:"to" pattern:"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$" doc:"as 18:00; 24:00 is the end of the day"`
}

// DefaultRules are those of an office that has set none: half an hour, from
// Monday to Friday, nine to six.
func DefaultRules() Rules {
	r := Rules{Minutes: 30, Holidays: []crm.Date{}}
	for day := 1; day <= 5; day++ {
		r.Hours = append(r.Hours, Interval{Weekday: day, From: "09:00", To: "18:00"})
	}
	return r
}

// Check returns a CodeInvalid error naming the field at fault.
func (r Rules) Check() error {
	if r.Minutes < 1 || r.Minutes > maxMinutes {
		return crm.Invalid("minutes", "a term is 1 to %d minutes", maxMinutes)
	}
	if len(r.Hours) > maxIntervals {
		return crm.Invalid("hours", "at most %d intervals", maxIntervals)
	}
	if len(r.Holidays) > maxHolidays {
		return crm.Invalid("holidays", "at most %d days", maxHolidays)
	}
	for i, h := range r.Hours {
		field := fmt.Sprintf("hours[%d]", i)
		from, to, err := h.minutes()
		switch {
		case h.Weekday < 1 || h.Weekday > 7:
			return crm.Invalid(field+".weekday", "weekdays are 1 (Monday) to 7 (Sunday)")
		case err != nil:
			return crm.Invalid(field, "times are HH:MM, as 09:00 and 18:00")
		case from >= to:
			return crm.Invalid(field+".to", "it ends before it begins; split what goes past midnight in two")
		}
		for j, other := range r.Hours[:i] {
			f, t, _ := other.minutes() // checked before
			if other.Weekday == h.Weekday && from < t && f < to {
				return crm.Invalid(field, "it overlaps hours[%d]", j)
			}
		}
	}
	return nil
}

// minutes of the day of both ends.
func (h Interval) minutes() (from, to int, err error) {
	if from, err = minuteOf(h.From); err == nil {
		to, err = minuteOf(h.To)
	}
	return from, to, err
}

func minuteOf(text string) (int, error) {
	if text == "24:00" {
		return 24 * 60, nil
	}
	t, err := time.Parse("15:04", text)
	return t.Hour()*60 + t.Minute(), err
}

// maxDays bounds the walk over days: rules whose every working day is a
// holiday have no working time at all.
const maxDays = 3 * 366

// Due is when the term of a call missed at that moment ends. Where the rules
// leave no working time at all the term runs around the clock.
func (r Rules) Due(at time.Time, zone *time.Location) time.Time {
	left := time.Duration(r.Minutes) * time.Minute
	if len(r.Hours) == 0 {
		return at.Add(left)
	}
	day := at.In(zone)
	for range maxDays {
		for _, span := range r.spans(day) {
			if !span.to.After(at) {
				continue
			}
			from := span.from
			if from.Before(at) {
				from = at
			}
			work := span.to.Sub(from)
			if work >= left {
				return from.Add(left).UTC()
			}
			left -= work
		}
		day = time.Date(day.Year(), day.Month(), day.Day()+1, 0, 0, 0, 0, zone)
	}
	return at.Add(time.Duration(r.Minutes) * time.Minute)
}

// OverdueUpTo is the moment such that exactly what was missed up to it is
// overdue now: Due(at) <= now for at <= it. Due never decreases with at, so
// lists can be filtered and sorted by the time of the missed call.
func (r Rules) OverdueUpTo(now time.Time, zone *time.Location) time.Time {
	left := time.Duration(r.Minutes) * time.Minute
	if len(r.Hours) == 0 {
		return now.Add(-left)
	}
	day := now.In(zone)
	for range maxDays {
		spans := r.spans(day)
		for i := len(spans) - 1; i >= 0; i-- {
			span := spans[i]
			if !span.from.Before(now) {
				continue
			}
			to := span.to
			if to.After(now) {
				to = now
			}
			work := to.Sub(span.from)
			if work >= left {
				return to.Add(-left).UTC()
			}
			left -= work
		}
		day = time.Date(day.Year(), day.Month(), day.Day()-1, 0, 0, 0, 0, zone)
	}
	return now.Add(-time.Duration(r.Minutes) * time.Minute)
}

type span struct{ from, to time.Time }

// spans are the working hours of the day of a moment, in order. A time that
// the clocks skip or repeat is what time.Date makes of it.
func (r Rules) spans(day time.Time) []span {
	date := crm.DateOf(day)
	for _, h := range r.Holidays {
		if h == date {
			return nil
		}
	}
	weekday := (int(day.Weekday())+6)%7 + 1
	var out []span
	for _, h := range r.Hours {
		if h.Weekday != weekday {
			continue
		}
		from, to, err := h.minutes()
		if err != nil {
			continue
		}
		s := span{
			time.Date(date.Year, date.Month, date.Day, 0, from, 0, 0, day.Location()),
			time.Date(date.Year, date.Month, date.Day, 0, to, 0, 0, day.Location()),
		}
		if s.from.Before(s.to) {
			out = append(out, s)
		}
	}
	slices.SortFunc(out, func(a, b span) int { return a.from.Compare(b.from) })
	return out
}
