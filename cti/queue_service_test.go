package cti_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"ringcard/cti"
)

// queued is a desk at a PBX with one queue: 102 is logged in, 103 belongs to
// it by the configuration and pauses.
func queued(t *testing.T, f func(t *testing.T, q *cti.Queues, p *controller)) {
	controlled(t, func(t *testing.T, d *desk, p *controller) {
		p.queues = []cti.QueueState{{Name: "sales", Members: []cti.QueueMember{
			{Device: "PJSIP/102", Name: "User 102", Dynamic: true}, {Device: "PJSIP/103", Name: "User 103", Paused: true, Reason: "lunch"},
		}}}
		q := cti.NewQueues(cti.QueueOptions{Service: d.service, Reasons: map[string][]string{"office": {"lunch"}},
			Midnight: func() time.Time { return time.Time{} }})
		q.Start()
		synctest.Wait()
		f(t, q, p)
		if err := q.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// A change that the PBX confirms and does not make is told, and the panel goes
// on to show what is.
func TestQueueConfirmedWithoutEffect_CO_10(t *testing.T) {
	for _, r := range []cti.QueueRequest{
		{UserID: 101, Change: cti.QueueLogin}, {UserID: 102, Change: cti.QueueLogout},
		{UserID: 102, Change: cti.QueuePause, Reason: "lunch"}, {UserID: 103, Change: cti.QueueUnpause},
	} {
		t.Run(string(r.Change), func(t *testing.T) {
			queued(t, func(t *testing.T, q *cti.Queues, _ *controller) {
				before := q.List()
				r.Queue = "sales"
				if err := q.Change(t.Context(), r); code(t, err) != cti.CodeNoEffect {
					t.Errorf("%v, want %s", err, cti.CodeNoEffect)
				}
				if after := q.List(); !slices.EqualFunc(after[0].Members, before[0].Members, func(a, b cti.QueueMember) bool {
					return a.Device == b.Device && a.Paused == b.Paused && a.Reason == b.Reason
				}) {
					t.Errorf("the panel shows %+v", after)
				}
			})
		})
	}
}

// Each refusal of a change, with its code.
func TestQueueRefusals_CO_10(t *testing.T) {
	queued(t, func(t *testing.T, q *cti.Queues, p *controller) {
		for name, c := range map[string]struct {
			r    cti.QueueRequest
			want cti.Code
		}{
			"no such queue":       {cti.QueueRequest{UserID: 102, Queue: "none", Change: cti.QueueLogin}, cti.CodeNoQueue},
			"no such PBX":         {cti.QueueRequest{UserID: 102, PBX: "x", Queue: "sales", Change: cti.QueueLogin}, cti.CodeNoQueue},
			"no telephone":        {cti.QueueRequest{UserID: 999, Queue: "sales", Change: cti.QueueLogin}, cti.CodeNoDevice},
			"not in it":           {cti.QueueRequest{UserID: 101, Queue: "sales", Change: cti.QueuePause, Reason: "lunch"}, cti.CodeNotMember},
			"by configuration":    {cti.QueueRequest{UserID: 103, Queue: "sales", Change: cti.QueueLogout}, cti.CodeStaticMember},
			"a reason of his own": {cti.QueueRequest{UserID: 102, Queue: "sales", Change: cti.QueuePause, Reason: "football"}, cti.CodeInvalid},
		} {
			if err := q.Change(t.Context(), c.r); code(t, err) != c.want {
				t.Errorf("%s: %v, want %s", name, err, c.want)
			}
		}
		if err := q.Change(t.Context(), cti.QueueRequest{UserID: 102, Queue: "sales", Change: cti.QueueLogin}); err != nil {
			t.Errorf("a second log-in: %v", err)
		}
		p.SetDown(true)
		if err := q.Change(t.Context(), cti.QueueRequest{UserID: 102, Queue: "sales", Change: cti.QueueLogout}); code(t, err) != cti.CodeUnreachable {
			t.Errorf("PBX away: %v", err)
		}
	})
}
