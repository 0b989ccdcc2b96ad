package routing

import (
	"context"
	"time"

	"ringcard/crm"
)

// Store keeps schedules and absences. Every writing method is one transaction
// together with its audit row; an employee that does not exist is
// crm.NotFound.
type Store interface {
	// Plan finds the first match of a number, its responsible, the deputies
	// that follow from him within four steps, and the absences of now. It is
	// one round trip of index probes. A number nobody has gives a zero Plan.
	Plan(ctx context.Context, e164 int64, now time.Time) (Plan, error)

	// OfficeHours are those of everybody without his own.
	OfficeHours(ctx context.Context) ([]Interval, error)
	SetOfficeHours(ctx context.Context, actor crm.Actor, hours []Interval) error
	Schedule(ctx context.Context, userID int64) (Schedule, error)
	SetSchedule(ctx context.Context, actor crm.Actor, userID int64, s Schedule) error
}

// Absences keeps when employees are away.
type Absences interface {
	// Absences lists those that end after a moment, the first to begin first.
	Absences(ctx context.Context, userID int64, after time.Time) ([]Absence, error)
	AddAbsence(ctx context.Context, actor crm.Actor, userID int64, a Absence) (int64, error)
	DeleteAbsence(ctx context.Context, actor crm.Actor, userID, id int64) error
}

// Presence tells what an employee's telephone does now, in the words of the
// team panel: talking, ringing, break, wrap_up, free, offline, unknown. It
// answers from memory.
type Presence interface {
	Presence(userID int64) string
}
