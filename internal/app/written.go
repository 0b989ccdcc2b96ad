package app

import (
	"context"
	"strings"
	"time"

	"ringcard/crm"
	"ringcard/crm/calllog"
	"ringcard/crm/client"
	"ringcard/internal/postgres"
)

// Calls are shown before they are written (docs/adr/0024). Whoever acts on one
// that is on its way to the database waits for it here.

// awaitWritten is cti.Recorder.Await.
type awaitWritten func(ctx context.Context, callID string)

func (wait awaitWritten) call(ctx context.Context, id string) {
	if wait != nil && id != "" {
		wait(ctx, strings.ToLower(id))
	}
}

// written is awaitWritten of the server's own recorder.
func (a *App) written(ctx context.Context, callID string) {
	if t := a.telephony; t != nil && t.recorder != nil {
		t.recorder.Await(ctx, callID)
	}
}

// callStore is where what is done to a call finds its record.
type callStore struct {
	*postgres.CallStore
	written awaitWritten
}

func (s callStore) Get(ctx context.Context, actor crm.Actor, id string) (calllog.Record, error) {
	s.written.call(ctx, id)
	return s.CallStore.Get(ctx, actor, id)
}

func (s callStore) SetNote(ctx context.Context, actor crm.Actor, id, text string) error {
	s.written.call(ctx, id)
	return s.CallStore.SetNote(ctx, actor, id, text)
}

func (s callStore) SetClient(ctx context.Context, actor crm.Actor, id string, clientID, personID int64) error {
	s.written.call(ctx, id)
	return s.CallStore.SetClient(ctx, actor, id, clientID, personID)
}

func (s callStore) Link(ctx context.Context, actor crm.Actor, id string, clientID, personID int64) error {
	s.written.call(ctx, id)
	return s.CallStore.Link(ctx, actor, id, clientID, personID)
}

func (s callStore) WrapUp(ctx context.Context, actor crm.Actor, id string, resultID int64, note string, next *time.Time, subject string, at time.Time) error {
	s.written.call(ctx, id)
	return s.CallStore.WrapUp(ctx, actor, id, resultID, note, next, subject, at)
}

// clientStore is where a client made of a call, and a number named by one, find
// its record.
type clientStore struct {
	*postgres.ClientStore
	written awaitWritten
}

func (s clientStore) Create(ctx context.Context, actor crm.Actor, in client.NewClient) (int64, error) {
	s.written.call(ctx, in.FromCallID)
	return s.ClientStore.Create(ctx, actor, in)
}

func (s clientStore) NumberOfCall(ctx context.Context, actor crm.Actor, callID string) (int64, error) {
	s.written.call(ctx, callID)
	return s.ClientStore.NumberOfCall(ctx, actor, callID)
}
