package obligation

import (
	"context"
	"time"

	"ringcard/crm"
)

// Store reads obligations and keeps what users decide about them. What follows
// from calls is written where calls are, in the transaction of the call
// record. Without calls.read_all an actor sees his own and those of nobody.
type Store interface {
	// List returns open ones first missed first, others last closed first.
	// Overdue in q means missed up to the given moment.
	List(ctx context.Context, actor crm.Actor, q Query, overdueUpTo time.Time) (crm.Page[Obligation], error)
	Get(ctx context.Context, actor crm.Actor, id int64) (Obligation, error)
	// Count counts the open ones, and those of them missed up to the moment;
	// mine leaves out what others own, whatever the actor may see.
	Count(ctx context.Context, actor crm.Actor, mine bool, overdueUpTo time.Time) (Counts, error)
	// Close closes an open one by hand; CodeConflict when it is closed.
	Close(ctx context.Context, actor crm.Actor, id int64, reason string, at time.Time) error
	// Reopen undoes Close: missed calls since then join it, and a talk since
	// then closes it again. CodeConflict when it was not closed by hand.
	Reopen(ctx context.Context, actor crm.Actor, id int64) error
	// Assign gives it to an employee, 0: back to the client's responsible.
	Assign(ctx context.Context, actor crm.Actor, id, userID int64) error
}

// Settings keeps the office's rules.
type Settings interface {
	// MissedCallRules returns false when none have been set.
	MissedCallRules(ctx context.Context) (Rules, bool, error)
	SetMissedCallRules(ctx context.Context, actor crm.Actor, r Rules) error
}
