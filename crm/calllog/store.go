package calllog

import (
	"context"
	"time"

	"ringcard/crm"
)

// Writer keeps records.
type Writer interface {
	// Save writes records of different calls, all or none of them, each unless
	// a version as new is there; with its end, in the same transaction, exactly
	// one interaction of the client with the record's subject, the time of his
	// last contact, and an outbox row (call.ended or call.missed). A record
	// without a client gets the best match of its number then. Employees,
	// clients or persons that do not exist are left out rather than lose the
	// record.
	Save(ctx context.Context, records ...Record) error
	// Discard removes the record of a call that turned out to be a part of
	// another, unless it has ended. There may be none.
	Discard(ctx context.Context, id string) error
	// Unfinished returns the records of a PBX that have no end, oldest first.
	Unfinished(ctx context.Context, pbx string) ([]Record, error)
}

// Recovery is for what reads the PBX's own records of calls (PB-04). A source
// of a PBX has one reader.
type Recovery interface {
	// Known finds the records of a PBX by id or by the ids of their channels.
	Known(ctx context.Context, pbx string, ids, channels []string) ([]Known, error)
	// Position is how far a source was read, empty at first.
	Position(ctx context.Context, pbx, source string) (string, error)
	SetPosition(ctx context.Context, pbx, source, position string) error
}

// Journal reads records; an actor without calls.read_all sees his own.
type Journal interface {
	List(ctx context.Context, actor crm.Actor, q Query, s crm.Search) (crm.Page[Record], error)
	// Export gives row every record of the query, without legs.
	Export(ctx context.Context, actor crm.Actor, q Query, s crm.Search, row func(Record) error) error
	Get(ctx context.Context, actor crm.Actor, id string) (Record, error)
	// Summary counts since midnight of the zone; all tells whether to count
	// everybody's calls or the actor's.
	Summary(ctx context.Context, actor crm.Actor, all bool, midnight time.Time) (Summary, error)
}

// Clerk changes what users may change of a record.
type Clerk interface {
	// SetNote keeps the note on the call and, once it has one, as the body of
	// its interaction.
	SetNote(ctx context.Context, actor crm.Actor, id, text string) error
	// SetClient chooses among the matches of one call.
	SetClient(ctx context.Context, actor crm.Actor, id string, clientID, personID int64) error
	// Link gives the call and all other calls of its number without a client
	// to the client, and adds the number as the client's phone (LU-05).
	Link(ctx context.Context, actor crm.Actor, id string, clientID, personID int64) error
}

// Results keeps the catalogue of results, what users say of calls, and how
// long they have for it.
type Results interface {
	// Results in their order; all also those no longer offered, not removed ones.
	Results(ctx context.Context, all bool) ([]Result, error)
	Result(ctx context.Context, id int64) (Result, error)
	AddResult(ctx context.Context, actor crm.Actor, r Result) (Result, error)
	// ChangeResult writes all fields unless its version has changed (CodeConflict).
	ChangeResult(ctx context.Context, actor crm.Actor, r Result) (Result, error)
	RemoveResult(ctx context.Context, actor crm.Actor, id int64) error
	WrapUps
}

// WrapUps is the part of Results about calls.
type WrapUps interface {
	// WrapUp writes result, note and next contact of a call the actor sees, the
	// body of its interaction, and one planned interaction of the client with
	// the subject, moved or cancelled when the next contact changes. A next
	// contact with a caller who is nobody's is CodeInvalid.
	WrapUp(ctx context.Context, actor crm.Actor, id string, resultID int64, note string, next *time.Time, subject string, at time.Time) error
	// Talked returns, for each user whose last talk with the outside ended at
	// since or later, that talk, unless he has said since what it came to, or
	// has set his status. Talks recovered after an outage do not count.
	Talked(ctx context.Context, since time.Time) ([]Talked, error)
	// WrapUpRules returns the zero value when none have been set.
	WrapUpRules(ctx context.Context) (WrapUpRules, error)
	SetWrapUpRules(ctx context.Context, actor crm.Actor, r WrapUpRules) error
}
