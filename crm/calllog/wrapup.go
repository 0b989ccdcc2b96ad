package calllog

import (
	"context"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	"ringcard/crm"
)

// Result is an entry of the catalogue of what a call may have come to
// (PU-08). Administrators keep the catalogue.
type Result struct {
	ID           int64  `json:"id"`
	Version      int64  `json:"version"`
	NameRU       string `json:"name_ru"`
	NameEN       string `json:"name_en"`
	Color        string `json:"color" doc:"as #2e7d32"`
	Position     int    `json:"position" doc:"order in choices, ascending"`
	RequiresNote bool   `json:"requires_note"`
	// NextContactDays suggests when to talk again.
	NextContactDays *int `json:"next_contact_days" doc:"days until the next contact that is suggested; null: none"`
	Active          bool `json:"active" doc:"false: no longer offered"`
}

// ResultPatch changes the fields that are set.
type ResultPatch struct {
	NameRU          *string
	NameEN          *string
	Color           *string
	Position        *int
	RequiresNote    *bool
	NextContactDays crm.Optional[int]
	Active          *bool
}

// WrapUp is what a user says of a call after it.
type WrapUp struct {
	ResultID int64
	Note     *string // nil: as it is
	// NextContactAt plans the next contact with the client (NC-03); nil: none,
	// and one planned after this call before is cancelled.
	NextContactAt *time.Time
}

// WrapUpDone is what is kept of a wrap-up with the call.
type WrapUpDone struct {
	ResultID      int64      `json:"result_id"`
	NameRU        string     `json:"name_ru"`
	NameEN        string     `json:"name_en"`
	Color         string     `json:"color"`
	ByID          int64      `json:"by_id,omitempty"`
	ByName        string     `json:"by_name,omitempty"`
	At            time.Time  `json:"at"`
	NextContactAt *time.Time `json:"next_contact_at"`
}

// Talked is the end of a user's talk, after which he may be in wrap-up.
type Talked struct {
	UserID  int64
	CallID  string
	Queue   string
	EndedAt time.Time
}

// WrapUpRules say how long users have for wrap-up after a talk. A user's own
// time counts before that of the queue, and that before the general one.
type WrapUpRules struct {
	Seconds int            `json:"seconds" minimum:"0" maximum:"3600" doc:"0: no wrap-up"`
	Queues  []QueueSeconds `json:"queues" maxItems:"500"`
	Users   []UserSeconds  `json:"users" maxItems:"5000"`
}

// QueueSeconds is the time for wrap-up after calls of a queue.
type QueueSeconds struct {
	Queue   string `json:"queue" minLength:"1" maxLength:"100"`
	Seconds int    `json:"seconds" minimum:"0" maximum:"3600"`
}

// UserSeconds is the time for wrap-up of a user.
type UserSeconds struct {
	UserID  int64 `json:"user_id" minimum:"1"`
	Seconds int   `json:"seconds" minimum:"0" maximum:"3600"`
}

// Of returns how long the user has after a call of the queue.
func (r WrapUpRules) Of(userID int64, queue string) time.Duration {
	seconds := r.Seconds
	for _, q := range r.Queues {
		if q.Queue == queue {
			seconds = q.Seconds
		}
	}
	for _, u := range r.Users {
		if u.UserID == userID {
			seconds = u.Seconds
		}
	}
	return time.Duration(seconds) * time.Second
}

const (
	maxWrapUpSeconds = 3600
	maxAhead         = 5 * 366 * 24 * time.Hour // of a next contact
)

var colorForm = regexp.MustCompile(`^#[0-9a-f]{6}$`)

// Results lists the catalogue in its order; all also what is no longer
// offered.
func (s *Service) Results(ctx context.Context, actor crm.Actor, all bool) ([]Result, error) {
	if err := actor.Require(crm.CallsRead); err != nil {
		return nil, err
	}
	return s.stores.Results.Results(ctx, all)
}

// AddResult adds an entry to the catalogue.
func (s *Service) AddResult(ctx context.Context, actor crm.Actor, r Result) (Result, error) {
	if err := actor.Require(crm.SettingsManage); err != nil {
		return Result{}, err
	}
	r.NameRU, r.NameEN, r.Color = strings.TrimSpace(r.NameRU), strings.TrimSpace(r.NameEN), strings.ToLower(r.Color)
	if err := checkResult(r); err != nil {
		return Result{}, err
	}
	return s.stores.Results.AddResult(ctx, actor, r)
}

// ChangeResult changes an entry. version is the one the change is based on.
func (s *Service) ChangeResult(ctx context.Context, actor crm.Actor, id, version int64, p ResultPatch) (Result, error) {
	if err := actor.Require(crm.SettingsManage); err != nil {
		return Result{}, err
	}
	r, err := s.stores.Results.Result(ctx, id)
	if err != nil {
		return Result{}, err
	}
	if r.Version != version {
		return Result{}, &crm.Error{Code: crm.CodeConflict, Message: "somebody changed this result since; look again", Detail: r}
	}
	set(&r.NameRU, p.NameRU)
	set(&r.NameEN, p.NameEN)
	set(&r.Color, p.Color)
	set(&r.Position, p.Position)
	set(&r.RequiresNote, p.RequiresNote)
	set(&r.Active, p.Active)
	if p.NextContactDays.Set {
		r.NextContactDays = p.NextContactDays.Value
	}
	r.NameRU, r.NameEN, r.Color = strings.TrimSpace(r.NameRU), strings.TrimSpace(r.NameEN), strings.ToLower(r.Color)
	if err := checkResult(r); err != nil {
		return Result{}, err
	}
	return s.stores.Results.ChangeResult(ctx, actor, r)
}

func set[T any](field *T, value *T) {
	if value != nil {
		*field = *value
	}
}

// RemoveResult takes an entry out of the catalogue; past calls keep it.
func (s *Service) RemoveResult(ctx context.Context, actor crm.Actor, id int64) error {
	if err := actor.Require(crm.SettingsManage); err != nil {
		return err
	}
	return s.stores.Results.RemoveResult(ctx, actor, id)
}

func checkResult(r Result) error {
	for _, f := range []struct{ field, text string }{{"name_ru", r.NameRU}, {"name_en", r.NameEN}} {
		if n := utf8.RuneCountInString(f.text); n == 0 || n > 100 || !utf8.ValidString(f.text) || strings.ContainsRune(f.text, 0) {
			return crm.Invalid(f.field, "a name has 1 to 100 characters")
		}
	}
	if !colorForm.MatchString(r.Color) {
		return crm.Invalid("color", "%q is no colour, as #2e7d32", r.Color)
	}
	if d := r.NextContactDays; d != nil && (*d < 0 || *d > 365) {
		return crm.Invalid("next_contact_days", "it is 0 to 365 days, or null")
	}
	if r.Position < 0 || r.Position > 1_000_000 {
		return crm.Invalid("position", "it is 0 to 1000000")
	}
	return nil
}

// WrapUp keeps what a user says of a call: its result, note and next contact,
// with the call, its interaction and the plan, in one transaction. What
// another has said may be changed by those with calls.control_all. It may be
// given while the call goes on, too.
func (s *Service) WrapUp(ctx context.Context, actor crm.Actor, id string, w WrapUp) (Record, error) {
	if err := actor.Require(crm.CallsRead); err != nil {
		return Record{}, err
	}
	call, err := s.stores.Journal.Get(ctx, actor, id)
	if err != nil {
		return Record{}, err
	}
	if done := call.WrapUp; done != nil && done.ByID != actor.UserID && !actor.Can(crm.CallsControlAll) {
		return Record{}, crm.Errorf(crm.CodeForbidden, "%s has said what this call came to; changing it needs calls.control_all", done.ByName)
	}
	result, err := s.stores.Results.Result(ctx, w.ResultID)
	if crm.CodeOf(err) == crm.CodeNotFound || err == nil && !result.Active && (call.WrapUp == nil || call.WrapUp.ResultID != result.ID) {
		return Record{}, crm.Invalid("result_id", "this result is no longer offered; choose another")
	}
	if err != nil {
		return Record{}, err
	}
	note := call.Note
	if w.Note != nil {
		if note, err = checkNote("note", *w.Note); err != nil {
			return Record{}, err
		}
	}
	if result.RequiresNote && note == "" {
		return Record{}, crm.Invalid("note", "this result needs a note: say in a few words what happened")
	}
	if at := w.NextContactAt; at != nil {
		planned := call.WrapUp != nil && call.WrapUp.NextContactAt != nil && call.WrapUp.NextContactAt.Equal(*at)
		now := s.opts.Clock()
		switch {
		case !planned && at.Before(now):
			return Record{}, crm.Invalid("next_contact_at", "this time has passed")
		case at.Sub(now) > maxAhead:
			return Record{}, crm.Invalid("next_contact_at", "at most five years ahead")
		}
	}
	subject := nextContactEN
	if s.opts.Locale == "ru" {
		subject = nextContactRU
	}
	if err := s.stores.Results.WrapUp(ctx, actor, id, w.ResultID, note, w.NextContactAt, subject, s.opts.Clock()); err != nil {
		return Record{}, err
	}
	return s.Get(ctx, actor, id)
}

// Lines of a planned next contact in the client's history.
const (
	nextContactRU = "Связаться с клиентом"
	nextContactEN = "Contact the client"
)

// Talked returns the talks whose wrap-up may not be over, to go on with after
// a restart. It is for the call engine.
func (s *Service) Talked(ctx context.Context) ([]Talked, error) {
	return s.stores.Results.Talked(ctx, s.opts.Clock().Add(-maxWrapUpSeconds*time.Second))
}

// WrapUpRules returns how long users have for wrap-up.
func (s *Service) WrapUpRules(ctx context.Context, actor crm.Actor) (WrapUpRules, error) {
	if err := actor.Require(crm.CallsRead); err != nil {
		return WrapUpRules{}, err
	}
	return s.stores.Results.WrapUpRules(ctx)
}

// SetWrapUpRules changes how long users have for wrap-up.
func (s *Service) SetWrapUpRules(ctx context.Context, actor crm.Actor, r WrapUpRules) (WrapUpRules, error) {
	if err := actor.Require(crm.SettingsManage); err != nil {
		return WrapUpRules{}, err
	}
	if r.Queues == nil {
		r.Queues = []QueueSeconds{}
	}
	if r.Users == nil {
		r.Users = []UserSeconds{}
	}
	seconds := []int{r.Seconds}
	queues, users := map[string]bool{}, map[int64]bool{}
	for i, q := range r.Queues {
		if q.Queue == "" || queues[q.Queue] {
			return WrapUpRules{}, crm.Invalid("queues", "entry %d: each queue once, by its name", i)
		}
		queues[q.Queue] = true
		seconds = append(seconds, q.Seconds)
	}
	for i, u := range r.Users {
		if u.UserID <= 0 || users[u.UserID] {
			return WrapUpRules{}, crm.Invalid("users", "entry %d: each user once, by his id", i)
		}
		users[u.UserID] = true
		seconds = append(seconds, u.Seconds)
	}
	for _, n := range seconds {
		if n < 0 || n > maxWrapUpSeconds {
			return WrapUpRules{}, crm.Invalid("seconds", "wrap-up takes 0 to %d seconds", maxWrapUpSeconds)
		}
	}
	return r, s.stores.Results.SetWrapUpRules(ctx, actor, r)
}
