package report

import (
	"context"
	"slices"
	"strings"
	"time"

	"ringcard/crm"
)

const (
	defaultSLA = 20 // seconds
	maxSLA     = 3600
	maxSpan    = 5 * 366 * 24 * time.Hour
)

// Store counts. Every value is computed over the calls of the query that the
// actor may see, days and hours in the named zone.
type Store interface {
	// Calls returns the rows by key, and the row of all calls with the key "".
	// own counts only what is the actor's, and of users only himself.
	Calls(ctx context.Context, actor crm.Actor, q Query, zone string, own bool) (rows []Row, total Row, err error)
}

// Service is the use cases of reports.
type Service struct {
	store Store
	zone  string
}

// NewService makes a Service; zone is the office's, nil is UTC.
func NewService(store Store, zone *time.Location) *Service {
	if zone == nil {
		zone = time.UTC
	}
	return &Service{store: store, zone: zone.String()}
}

// Calls makes a report of calls. Without calls.read_all it is of the actor's
// own.
func (s *Service) Calls(ctx context.Context, actor crm.Actor, q Query) (Report, error) {
	if err := actor.Require(crm.ReportsRead); err != nil {
		return Report{}, err
	}
	if err := actor.Require(crm.CallsRead); err != nil {
		return Report{}, err
	}
	if q.SLA == 0 {
		q.SLA = defaultSLA
	}
	switch {
	case !slices.Contains(Groups(), q.GroupBy):
		return Report{}, crm.Invalid("group_by", "it is one of %s", strings.Join(Groups(), ", "))
	case q.From.IsZero():
		return Report{}, crm.Invalid("from", "say from when calls are counted")
	case !q.To.After(q.From):
		return Report{}, crm.Invalid("to", "it must be later than from")
	case q.To.Sub(q.From) > maxSpan:
		return Report{}, crm.Invalid("to", "a report spans at most five years")
	case q.SLA < 0 || q.SLA > maxSLA:
		return Report{}, crm.Invalid("sla_s", "it is 1 to %d seconds", maxSLA)
	case q.Direction != "" && q.Direction != "in" && q.Direction != "out":
		return Report{}, crm.Invalid("direction", "reports count calls with the outside: in or out")
	}
	own := !actor.Can(crm.CallsReadAll)
	rows, total, err := s.store.Calls(ctx, actor, q, s.zone, own)
	if err != nil {
		return Report{}, err
	}
	for i := range rows {
		rows[i].Shares()
	}
	total.Shares()
	if rows == nil {
		rows = []Row{}
	}
	return Report{GroupBy: q.GroupBy, From: q.From, To: q.To, TimeZone: s.zone, SLA: q.SLA, Own: own, Rows: rows, Total: total}, nil
}
