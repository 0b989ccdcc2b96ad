package calllog

import (
	"context"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"ringcard/crm"
)

const maxNote = 20000 // characters

// Stores are what a Service works on; one value may implement them all.
type Stores struct {
	Writer  Writer
	Journal Journal
	Clerk   Clerk
	Traces  Traces
	Results Results
}

// Options of a Service.
type Options struct {
	Locale string         // of the lines in the history
	Zone   *time.Location // of the office; nil is UTC
	Clock  crm.Clock      // nil is time.Now
	Rules  crm.PhoneRules // to read numbers in searches
}

// Service is the use cases of call records.
type Service struct {
	stores Stores
	opts   Options
}

// NewService makes a Service.
func NewService(stores Stores, opts Options) *Service {
	if opts.Zone == nil {
		opts.Zone = time.UTC
	}
	if opts.Clock == nil {
		opts.Clock = time.Now
	}
	return &Service{stores: stores, opts: opts}
}

// Save keeps records; see Writer.Save. It is for the call engine.
func (s *Service) Save(ctx context.Context, records ...Record) error {
	out := make([]Record, len(records))
	for i, r := range records {
		r, err := cleaned(r)
		if err != nil {
			return err
		}
		if r.State == Ended {
			r.Subject = Subject(r, s.opts.Locale)
		}
		out[i] = r
	}
	return s.stores.Writer.Save(ctx, out...)
}

// Discard removes an unfinished record; see Writer.Discard. It is for the call
// engine.
func (s *Service) Discard(ctx context.Context, id string) error {
	return s.stores.Writer.Discard(ctx, id)
}

// Unfinished returns the records of a PBX without an end, to go on with after
// a restart. It is for the call engine.
func (s *Service) Unfinished(ctx context.Context, pbx string) ([]Record, error) {
	return s.stores.Writer.Unfinished(ctx, pbx)
}

// List returns one page of the journal, newest first.
func (s *Service) List(ctx context.Context, actor crm.Actor, q Query) (crm.Page[Record], error) {
	if err := actor.Require(crm.CallsRead); err != nil {
		return crm.Page[Record]{}, err
	}
	if err := s.check(&q); err != nil {
		return crm.Page[Record]{}, err
	}
	return s.stores.Journal.List(ctx, actor, q, crm.SearchFor(actor, q.Q, s.opts.Rules))
}

// Export gives every record of the query to row, in its order; Limit and
// Cursor do not count. An error of row ends it. Records come as they are read:
// an error may follow after many.
func (s *Service) Export(ctx context.Context, actor crm.Actor, q Query, row func(Record) error) error {
	if err := actor.Require(crm.CallsRead); err != nil {
		return err
	}
	if err := s.check(&q); err != nil {
		return err
	}
	q.Limit, q.Cursor = 0, ""
	return s.stores.Journal.Export(ctx, actor, q, crm.SearchFor(actor, q.Q, s.opts.Rules), row)
}

// check reads the number of a query and refuses what is no query.
func (s *Service) check(q *Query) error {
	for _, d := range q.Directions {
		if d != In && d != Out && d != Internal {
			return crm.Invalid("direction", "unknown direction %q", d)
		}
	}
	for _, d := range q.Dispositions {
		switch d {
		case Answered, Missed, Abandoned, Busy, Failed, Voicemail:
		default:
			return crm.Invalid("disposition", "unknown result %q", d)
		}
	}
	if q.Sort == "" {
		q.Sort = SortNewest
	}
	if !slices.Contains(Sorts(), q.Sort) {
		return crm.Invalid("sort", "it is one of %s", strings.Join(Sorts(), ", "))
	}
	q.E164 = 0
	if q.Number != "" {
		p := crm.ParsePhone(q.Number, s.opts.Rules)
		if p.Kind != crm.PhoneExternal {
			return crm.Invalid("number", "%q is no outside number; search parts of numbers with q", q.Number)
		}
		q.E164 = p.E164
	}
	return nil
}

// Get returns one record with its legs.
func (s *Service) Get(ctx context.Context, actor crm.Actor, id string) (Record, error) {
	if err := actor.Require(crm.CallsRead); err != nil {
		return Record{}, err
	}
	return s.stores.Journal.Get(ctx, actor, id)
}

// Summary of today. Everybody's calls need calls.read_all.
func (s *Service) Summary(ctx context.Context, actor crm.Actor, all bool) (Summary, error) {
	if err := actor.Require(crm.CallsRead); err != nil {
		return Summary{}, err
	}
	if all {
		if err := actor.Require(crm.CallsReadAll); err != nil {
			return Summary{}, err
		}
	}
	now := s.opts.Clock().In(s.opts.Zone)
	midnight := time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, s.opts.Zone)
	return s.stores.Journal.Summary(ctx, actor, all, midnight)
}

// SetNote writes the note on a call, also during it, and returns it as kept.
func (s *Service) SetNote(ctx context.Context, actor crm.Actor, id, text string) (string, error) {
	if err := actor.Require(crm.CallsRead); err != nil {
		return "", err
	}
	text, err := checkNote("text", text)
	if err != nil {
		return "", err
	}
	return text, s.stores.Clerk.SetNote(ctx, actor, id, text)
}

func checkNote(field, text string) (string, error) {
	text = strings.TrimSpace(text)
	if !utf8.ValidString(text) || strings.ContainsRune(text, 0) || utf8.RuneCountInString(text) > maxNote {
		return "", crm.Invalid(field, "a note is a text of at most %d characters", maxNote)
	}
	return text, nil
}

// SetClient chooses among the clients that match the number of a call.
func (s *Service) SetClient(ctx context.Context, actor crm.Actor, id string, clientID, personID int64) error {
	if err := actor.Require(crm.CallsRead); err != nil {
		return err
	}
	return s.stores.Clerk.SetClient(ctx, actor, id, clientID, personID)
}

// Link attaches the calls of an unknown number to a client; see Clerk.Link.
func (s *Service) Link(ctx context.Context, actor crm.Actor, id string, clientID, personID int64) error {
	if err := actor.Require(crm.ClientsWrite); err != nil {
		return err
	}
	return s.stores.Clerk.Link(ctx, actor, id, clientID, personID)
}
