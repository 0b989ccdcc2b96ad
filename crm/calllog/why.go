package calllog

import (
	"context"
	"encoding/json"
	"time"

	"ringcard/crm"
)

// Traces reads what records tell of the decisions about them (PB-13). Writer
// keeps them: Record.Why of an ended call.
type Traces interface {
	// Why of a call, crm.NotFound when it is not kept.
	Why(ctx context.Context, id string) (json.RawMessage, error)
	// Around returns the calls that began from from to to, newest first, each
	// with its trace if it is kept, at most limit.
	Around(ctx context.Context, actor crm.Actor, from, to time.Time, limit int) ([]Traced, error)
	// Forget removes traces of calls that ended before, and returns how many.
	Forget(ctx context.Context, before time.Time) (int64, error)
	// Queues of a PBX that calls have been in, by name.
	Queues(ctx context.Context, pbx string) ([]string, error)
}

// Traced is a record with the trace of its decisions, in the form of the call
// engine; nil when it is not kept.
type Traced struct {
	Record
	Trace json.RawMessage
}

const (
	// traceLife is how long traces are kept.
	traceLife = 30 * 24 * time.Hour
	// aroundBefore and aroundAfter are the calls meant by "the call at about".
	aroundBefore = 10 * time.Minute
	aroundAfter  = 2 * time.Minute
	aroundAtMost = 100
)

// Why returns the trace of a call the actor may see.
func (s *Service) Why(ctx context.Context, actor crm.Actor, id string) (json.RawMessage, error) {
	if _, err := s.Get(ctx, actor, id); err != nil {
		return nil, err
	}
	return s.stores.Traces.Why(ctx, id)
}

// Around returns the calls that began shortly before at, with their traces.
// It needs calls.read_all: it shows whose calls others got.
func (s *Service) Around(ctx context.Context, actor crm.Actor, at time.Time) ([]Traced, error) {
	if err := actor.Require(crm.CallsReadAll); err != nil {
		return nil, err
	}
	return s.stores.Traces.Around(ctx, actor, at.Add(-aroundBefore), at.Add(aroundAfter), aroundAtMost)
}

// ForgetTraces removes what is older than 30 days.
func (s *Service) ForgetTraces(ctx context.Context) (int64, error) {
	return s.stores.Traces.Forget(ctx, s.opts.Clock().Add(-traceLife))
}

// Queues of a PBX that calls have been in. It is for the page of the PBX.
func (s *Service) Queues(ctx context.Context, pbx string) ([]string, error) {
	return s.stores.Traces.Queues(ctx, pbx)
}
