package routing

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"ringcard/crm"
)

const (
	maxIntervals = 70 // ten a day
	maxNote      = 1000
	// longestAbsence keeps a slip of the year from sending a manager away for
	// good.
	longestAbsence = 3 * 366 * 24 * time.Hour
	absenceKept    = 30 * 24 * time.Hour // past absences that lists still show
)

// Options of a Service.
type Options struct {
	Zone  *time.Location // of the office; nil is UTC
	Clock crm.Clock      // nil is time.Now
	Rules crm.PhoneRules
}

// Service is the use cases of routing.
type Service struct {
	store    Store
	absences Absences
	presence Presence
	opts     Options
}

// NewService makes a Service.
func NewService(store Store, absences Absences, presence Presence, opts Options) *Service {
	if opts.Zone == nil {
		opts.Zone = time.UTC
	}
	if opts.Clock == nil {
		opts.Clock = time.Now
	}
	return &Service{store: store, absences: absences, presence: presence, opts: opts}
}

// Responsible tells where the call of a number should go (LU-07); pbx is where
// it came in, empty for any. It needs the permission hooks.
func (s *Service) Responsible(ctx context.Context, actor crm.Actor, number, pbx string) (Answer, error) {
	if err := actor.Require(crm.Hooks); err != nil {
		return Answer{}, err
	}
	now := s.opts.Clock().In(s.opts.Zone)
	var plan Plan
	if p := crm.ParsePhone(number, s.opts.Rules); p.Kind == crm.PhoneExternal {
		var err error
		if plan, err = s.store.Plan(ctx, p.E164, now); err != nil {
			return Answer{}, err
		}
	}
	return decide(plan, pbx, now, s.presence.Presence), nil
}

// OfficeHours are everybody's who has none of his own; anybody may read them.
func (s *Service) OfficeHours(ctx context.Context, _ crm.Actor) ([]Interval, error) {
	return s.store.OfficeHours(ctx)
}

// SetOfficeHours replaces them; none: the office always works.
func (s *Service) SetOfficeHours(ctx context.Context, actor crm.Actor, hours []Interval) error {
	if err := actor.Require(crm.SettingsManage); err != nil {
		return err
	}
	if err := checkHours(hours); err != nil {
		return err
	}
	return s.store.SetOfficeHours(ctx, actor, hours)
}

// Schedule of an employee: one's own, or any with users.manage.
func (s *Service) Schedule(ctx context.Context, actor crm.Actor, userID int64) (Schedule, error) {
	if err := own(actor, userID); err != nil {
		return Schedule{}, err
	}
	return s.store.Schedule(ctx, userID)
}

// SetSchedule replaces it and returns it as kept.
func (s *Service) SetSchedule(ctx context.Context, actor crm.Actor, userID int64, sch Schedule) (Schedule, error) {
	if err := own(actor, userID); err != nil {
		return Schedule{}, err
	}
	if err := checkHours(sch.Hours); err != nil {
		return Schedule{}, err
	}
	if len(sch.Hours) > 0 && !sch.OwnHours {
		return Schedule{}, crm.Invalid("hours", "hours of his own need own_hours")
	}
	if sch.DeputyID == userID {
		return Schedule{}, crm.Invalid("deputy_id", "nobody is his own deputy")
	}
	if err := s.store.SetSchedule(ctx, actor, userID, sch); err != nil {
		return Schedule{}, err
	}
	return s.store.Schedule(ctx, userID)
}

// Absences of an employee, from a month ago on.
func (s *Service) Absences(ctx context.Context, actor crm.Actor, userID int64) ([]Absence, error) {
	if err := own(actor, userID); err != nil {
		return nil, err
	}
	return s.absences.Absences(ctx, userID, s.opts.Clock().Add(-absenceKept))
}

// AddAbsence notes that an employee will be away and returns its id.
func (s *Service) AddAbsence(ctx context.Context, actor crm.Actor, userID int64, a Absence) (int64, error) {
	if err := own(actor, userID); err != nil {
		return 0, err
	}
	switch a.Kind {
	case Vacation, Illness, Trip, Other:
	default:
		return 0, crm.Invalid("kind", "unknown kind %q", a.Kind)
	}
	a.Note = strings.TrimSpace(a.Note)
	switch {
	case !a.FromAt.Before(a.ToAt):
		return 0, crm.Invalid("to_at", "an absence ends after it begins")
	case a.ToAt.Sub(a.FromAt) > longestAbsence:
		return 0, crm.Invalid("to_at", "an absence lasts three years at most")
	case a.DeputyID == userID:
		return 0, crm.Invalid("deputy_id", "nobody is his own deputy")
	case !utf8.ValidString(a.Note) || strings.ContainsRune(a.Note, 0) || utf8.RuneCountInString(a.Note) > maxNote:
		return 0, crm.Invalid("note", "a note is a text of at most %d characters", maxNote)
	}
	return s.absences.AddAbsence(ctx, actor, userID, a)
}

// DeleteAbsence takes one back.
func (s *Service) DeleteAbsence(ctx context.Context, actor crm.Actor, userID, id int64) error {
	if err := own(actor, userID); err != nil {
		return err
	}
	return s.absences.DeleteAbsence(ctx, actor, userID, id)
}

func own(actor crm.Actor, userID int64) error {
	if actor.UserID != 0 && actor.UserID == userID {
		return nil
	}
	return actor.Require(crm.UsersManage)
}

// checkHours refuses intervals that are none or overlap: an overlap is a slip.
func checkHours(hours []Interval) error {
	if len(hours) > maxIntervals {
		return crm.Invalid("hours", "at most %d intervals", maxIntervals)
	}
	type span struct{ from, to int } // minutes of the week
	var spans []span
	for _, i := range hours {
		from, ok := minuteOf(i.From)
		to, okTo := minuteOf(i.To)
		switch {
		case i.Day < 1 || i.Day > 7:
			return crm.Invalid("hours", "day %d is no weekday; 1 is Monday, 7 Sunday", i.Day)
		case !ok || !okTo || from == 24*60:
			return crm.Invalid("hours", "%s–%s is no time; write it as 09:00 and 18:00", i.From, i.To)
		case from == to:
			return crm.Invalid("hours", "%s–%s is empty; for a whole day write 00:00 and 24:00", i.From, i.To)
		}
		start := (i.Day - 1) * 24 * 60
		if to < from {
			to += 24 * 60
		}
		spans = append(spans, span{start + from, start + to})
	}
	slices.SortFunc(spans, func(a, b span) int { return a.from - b.from })
	for i := 1; i < len(spans); i++ {
		if spans[i].from < spans[i-1].to {
			return crm.Invalid("hours", "two intervals overlap")
		}
	}
	const week = 7 * 24 * 60
	if n := len(spans); n > 0 && spans[n-1].to > spans[0].from+week {
		return crm.Invalid("hours", "two intervals overlap")
	}
	return nil
}
