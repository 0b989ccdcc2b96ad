package httpapi

import (
	"context"
	"net/http"

	"ringcard/crm"
	"ringcard/cti"
)

// Queues are the call queues; *cti.Queues is it. Errors are *cti.Error.
type Queues interface {
	List() []cti.Queue
	Change(context.Context, cti.QueueRequest) error
}

var _ Queues = (*cti.Queues)(nil)

const tagQueues = "Queues"

func (s *server) registerQueues() {
	handle(s, operation{
		id: "listQueues", method: http.MethodGet, path: "/queues", tag: tagQueues, needs: crm.CallsRead,
		summary: "Call queues: members, who waits, calls of today",
		detail:  "Changes come as `queue` messages of the stream, without `callers`. `callers` needs `calls.read_all`.",
	}, s.listQueues)
	for _, c := range []struct {
		change      cti.QueueChange
		id, summary string
	}{
		{cti.QueueLogin, "queueLogin", "Take calls of a queue"},
		{cti.QueueLogout, "queueLogout", "Take no more calls of a queue"},
		{cti.QueuePause, "queuePause", "Take none for a while, with the reason"},
		{cti.QueueUnpause, "queueUnpause", "End the pause"},
	} {
		handle(s, operation{
			id: c.id, method: http.MethodPost, path: "/queues/{name}/" + string(c.change), tag: tagQueues, needs: crm.CallsDial, status: http.StatusNoContent,
			summary: c.summary,
			detail:  "For another user `queues.manage` is needed. 502 `no_effect` when the PBX confirmed it and nothing changed.",
		}, func(ctx context.Context, who *caller, in *struct {
			Name string `path:"name" maxLength:"80"`
			Body QueueInput
		}) (*none, error) {
			return nil, s.changeQueue(ctx, who, cti.QueueRequest{
				UserID: in.Body.UserID, PBX: in.Body.PBX, Queue: in.Name, Change: c.change, Reason: in.Body.Reason,
			})
		})
	}
}

// QueueInput is a change of a membership.
type QueueInput struct {
	UserID int64  `json:"user_id,omitempty" minimum:"1" doc:"default: the caller"`
	PBX    string `json:"pbx,omitempty" maxLength:"32" doc:"where two PBXs have a queue of this name"`
	Reason string `json:"reason,omitempty" maxLength:"80" doc:"of a pause; one of the configured reasons where there are any"`
}

func (s *server) listQueues(_ context.Context, c *caller, _ *none) (*bodyOf[items[cti.Queue]], error) {
	list := s.deps.Queues.List()
	if !c.actor.Can(crm.CallsReadAll) {
		for i := range list {
			list[i].Callers = nil
		}
	}
	return listOf(list), nil
}

func (s *server) changeQueue(ctx context.Context, c *caller, r cti.QueueRequest) error {
	if r.UserID == 0 {
		r.UserID = c.actor.UserID
	}
	if r.UserID != c.actor.UserID {
		if err := c.actor.Require(crm.QueuesManage); err != nil {
			return err
		}
	}
	return s.deps.Queues.Change(ctx, r)
}
