package obligation

import (
	"context"
	"strings"
	"time"
	"unicode/utf8"

	"ringcard/crm"
)

const maxReason = 1000 // characters

// Counts are the open obligations in numbers.
type Counts struct {
	Open    int64 `json:"open"`
	Overdue int64 `json:"overdue"`
}

// Options of a Service.
type Options struct {
	Zone  *time.Location // of the office; nil is UTC
	Clock crm.Clock      // nil is time.Now
}

// Service is the use cases of obligations.
type Service struct {
	store    Store
	settings Settings
	opts     Options
}

// NewService makes a Service.
func NewService(store Store, settings Settings, opts Options) *Service {
	if opts.Zone == nil {
		opts.Zone = time.UTC
	}
	if opts.Clock == nil {
		opts.Clock = time.Now
	}
	return &Service{store: store, settings: settings, opts: opts}
}

// List returns one page: open ones by urgency, else the last closed first.
func (s *Service) List(ctx context.Context, actor crm.Actor, q Query) (crm.Page[Obligation], error) {
	var none crm.Page[Obligation]
	if err := actor.Require(crm.CallsRead); err != nil {
		return none, err
	}
	switch {
	case q.State != "" && q.State != Open && q.State != Closed:
		return none, crm.Invalid("state", "it is open or closed")
	case q.Overdue && q.State != Open:
		return none, crm.Invalid("overdue", "only open ones can be overdue: add state=open")
	case q.Unowned && q.OwnerID != 0:
		return none, crm.Invalid("owner", "an owner and nobody exclude each other")
	}
	rules, err := s.rules(ctx)
	if err != nil {
		return none, err
	}
	page, err := s.store.List(ctx, actor, q, rules.OverdueUpTo(s.opts.Clock(), s.opts.Zone))
	for i := range page.Items {
		s.due(&page.Items[i], rules)
	}
	return page, err
}

// Get returns one.
func (s *Service) Get(ctx context.Context, actor crm.Actor, id int64) (Obligation, error) {
	if err := actor.Require(crm.CallsRead); err != nil {
		return Obligation{}, err
	}
	rules, err := s.rules(ctx)
	if err != nil {
		return Obligation{}, err
	}
	o, err := s.store.Get(ctx, actor, id)
	if err != nil {
		return Obligation{}, err
	}
	s.due(&o, rules)
	return o, nil
}

// due fills in what follows from the rules.
func (s *Service) due(o *Obligation, rules Rules) {
	o.DueAt = rules.Due(o.FirstAt, s.opts.Zone)
	if o.ClosedAt != nil {
		o.Overdue = o.DueAt.Before(*o.ClosedAt)
	} else {
		o.Overdue = !o.DueAt.After(s.opts.Clock())
	}
}

// Count counts the open ones the actor sees; mine: his own and nobody's.
func (s *Service) Count(ctx context.Context, actor crm.Actor, mine bool) (Counts, error) {
	if err := actor.Require(crm.CallsRead); err != nil {
		return Counts{}, err
	}
	rules, err := s.rules(ctx)
	if err != nil {
		return Counts{}, err
	}
	return s.store.Count(ctx, actor, mine, rules.OverdueUpTo(s.opts.Clock(), s.opts.Zone))
}

// Close closes an open one by hand, with a reason.
func (s *Service) Close(ctx context.Context, actor crm.Actor, id int64, reason string) (Obligation, error) {
	if err := actor.Require(crm.CallsRead); err != nil {
		return Obligation{}, err
	}
	reason = strings.TrimSpace(reason)
	if n := utf8.RuneCountInString(reason); n == 0 || n > maxReason || !utf8.ValidString(reason) || strings.ContainsRune(reason, 0) {
		return Obligation{}, crm.Invalid("reason", "say in 1 to %d characters why nobody calls back", maxReason)
	}
	if err := s.store.Close(ctx, actor, id, reason, s.opts.Clock()); err != nil {
		return Obligation{}, err
	}
	return s.Get(ctx, actor, id)
}

// Reopen undoes Close.
func (s *Service) Reopen(ctx context.Context, actor crm.Actor, id int64) (Obligation, error) {
	if err := actor.Require(crm.CallsRead); err != nil {
		return Obligation{}, err
	}
	if err := s.store.Reopen(ctx, actor, id); err != nil {
		return Obligation{}, err
	}
	return s.Get(ctx, actor, id)
}

// Assign gives it to an employee. Anybody who sees it may take it himself;
// giving it to others needs calls.read_all. 0 gives it back to the client's
// responsible.
func (s *Service) Assign(ctx context.Context, actor crm.Actor, id, userID int64) (Obligation, error) {
	if err := actor.Require(crm.CallsRead); err != nil {
		return Obligation{}, err
	}
	if userID != actor.UserID && !actor.Can(crm.CallsReadAll) {
		return Obligation{}, crm.Errorf(crm.CodeForbidden, "you may take it yourself; giving it to others needs calls.read_all")
	}
	if err := s.store.Assign(ctx, actor, id, userID); err != nil {
		return Obligation{}, err
	}
	return s.Get(ctx, actor, id)
}

// Rules returns the office's rules, or the default ones.
func (s *Service) Rules(ctx context.Context, actor crm.Actor) (Rules, error) {
	if err := actor.Require(crm.CallsRead); err != nil {
		return Rules{}, err
	}
	return s.rules(ctx)
}

// SetRules changes the rules; they hold for what is open already, too.
func (s *Service) SetRules(ctx context.Context, actor crm.Actor, r Rules) (Rules, error) {
	if err := actor.Require(crm.SettingsManage); err != nil {
		return Rules{}, err
	}
	if r.Hours == nil {
		r.Hours = []Interval{}
	}
	if r.Holidays == nil {
		r.Holidays = []crm.Date{}
	}
	if err := r.Check(); err != nil {
		return Rules{}, err
	}
	return r, s.settings.SetMissedCallRules(ctx, actor, r)
}

func (s *Service) rules(ctx context.Context) (Rules, error) {
	r, ok, err := s.settings.MissedCallRules(ctx)
	if err == nil && !ok {
		r = DefaultRules()
	}
	return r, err
}
