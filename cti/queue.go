package cti

import (
	"context"
	"time"
)

// Queue is a call queue of a PBX as its panel shows it (CO-10).
type Queue struct {
	PBX          string        `json:"pbx"`
	Name         string        `json:"name"`
	Known        bool          `json:"known" doc:"false while the PBX is out of reach: the rest is as it was last seen"`
	Members      []QueueMember `json:"members"`
	Waiting      int           `json:"waiting" doc:"callers who wait"`
	WaitingSince *time.Time    `json:"waiting_since" doc:"when the longest waiting caller came"`
	Callers      []QueueCaller `json:"callers,omitempty" doc:"who waits, longest first; only for those who may see all calls"`
	Answered     int           `json:"answered" doc:"calls of today that were answered"`
	Abandoned    int           `json:"abandoned" doc:"callers of today who gave up"`
}

// QueueMember is a telephone that takes calls of a queue.
type QueueMember struct {
	UserID  int64         `json:"user_id,omitempty"`
	Name    string        `json:"name"`
	Device  string        `json:"device" doc:"as PJSIP/101"`
	State   PresenceState `json:"state" enum:"talking,ringing,break,wrap_up,free,offline,unknown" doc:"of the telephone"`
	Paused  bool          `json:"paused"`
	Reason  string        `json:"reason,omitempty" doc:"of the pause"`
	Since   *time.Time    `json:"since,omitempty" doc:"of the pause, where it is known"`
	Dynamic bool          `json:"dynamic" doc:"logged in by command, so it can log out; others are in the PBX's configuration"`
}

// QueueCaller is a call that waits in a queue.
type QueueCaller struct {
	CallID string    `json:"call_id"`
	Number string    `json:"number"`
	Client string    `json:"client,omitempty"`
	Since  time.Time `json:"since"`
}

// QueueState is what a PBX tells of a queue.
type QueueState struct {
	Name    string
	Members []QueueMember // without UserID and State
	Waiting []QueueEntry
}

// QueueEntry is a channel that waits in a queue. A caller for whom nobody
// rings makes no events, so the PBX has to be asked.
type QueueEntry struct {
	Channel string
	Since   time.Time
}

// QueueChange is what can be done to a membership.
type QueueChange string

// Changes of a membership.
const (
	QueueLogin   QueueChange = "login"
	QueueLogout  QueueChange = "logout"
	QueuePause   QueueChange = "pause"
	QueueUnpause QueueChange = "unpause"
)

// QueueOrder changes one membership.
type QueueOrder struct {
	Change QueueChange
	Queue  string
	Device string
	Name   string // of the member, for login
	Reason string // of a pause
}

// QueuePBX is a PBX with call queues. Errors are *Error.
type QueuePBX interface {
	// Queues reads all queues. It is called every few seconds.
	Queues(context.Context) ([]QueueState, error)
	// ChangeQueue carries out an order; a nil error means that the PBX took it,
	// not that it had an effect.
	ChangeQueue(context.Context, QueueOrder) error
	// OnQueues sets whom to tell that something in the queues changed; it is not
	// called where the PBX does not tell. f must not block.
	OnQueues(f func())
}

// QueueFigures are the calls of a queue on one day.
type QueueFigures struct {
	PBX, Queue          string
	Answered, Abandoned int
}

// QueueJournal counts recorded calls.
type QueueJournal interface {
	// QueueFigures counts the calls that began at or after the time, by queue.
	QueueFigures(ctx context.Context, since time.Time) ([]QueueFigures, error)
}

// waiting lists the calls that wait in the queues of a PBX, by queue: those
// that ring from one, and those of which the PBX tells.
func (e *Engine) waiting(states []QueueState) map[string][]QueueCaller {
	entries := make(map[string]QueueEntry)
	queues := make(map[string]string)
	for _, s := range states {
		for _, w := range s.Waiting {
			entries[w.Channel], queues[w.Channel] = w, s.Name
		}
	}
	e.mu.RLock()
	defer e.mu.RUnlock()
	out := make(map[string][]QueueCaller)
	for _, p := range e.view {
		c := &p.call
		if c.State != Ringing || c.AnsweredAt != nil || len(c.Legs) == 0 {
			continue
		}
		w := QueueCaller{CallID: c.ID, Number: c.Number.Display, Since: c.StartedAt}
		queue := c.Queue
		if entry, ok := entries[c.Legs[0].ID]; ok {
			queue, w.Since = queues[entry.Channel], entry.Since
		}
		if queue == "" {
			continue
		}
		if c.Client != nil {
			w.Client = c.Client.Name
		}
		out[queue] = append(out[queue], w)
	}
	return out
}
