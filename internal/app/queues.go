package app

import (
	"context"
	"time"

	"ringcard/crm"
	"ringcard/cti"
	"ringcard/internal/postgres"
	"ringcard/push"
)

// messageQueue is the type of stream messages about call queues.
const messageQueue = "queue"

var (
	_ cti.QueueJournal = queueJournal{}
	_ cti.Marks        = marks{}
)

// queueJournal counts the recorded calls of queues.
type queueJournal struct{ calls *postgres.CallStore }

// QueueFigures implements cti.QueueJournal.
func (j queueJournal) QueueFigures(ctx context.Context, since time.Time) ([]cti.QueueFigures, error) {
	rows, err := j.calls.QueueFigures(ctx, since)
	if err != nil {
		return nil, err
	}
	out := make([]cti.QueueFigures, len(rows))
	for i, r := range rows {
		out[i] = cti.QueueFigures(r)
	}
	return out, nil
}

// marks tells what was noted of numbers.
type marks struct{ store *postgres.ClientStore }

// DoNotCall implements cti.Marks.
func (m marks) DoNotCall(ctx context.Context, e164 string) (bool, error) {
	number, ok := crm.ParseE164(e164)
	if !ok {
		return false, nil
	}
	return m.store.DoNotCall(ctx, number)
}

// startQueues begins to follow the call queues of all PBXs.
func (a *App) startQueues() {
	pause, reasons := make(map[string]bool), make(map[string][]string)
	for _, cfg := range a.opt.Config.PBX {
		if cfg.Queues.PauseOnBreak {
			pause[cfg.Name] = true
		}
		reasons[cfg.Name] = cfg.Queues.PauseReasons
	}
	location, err := a.opt.Config.Location()
	if err != nil {
		location = time.UTC
	}
	queues := cti.NewQueues(cti.QueueOptions{
		Service: a.telephony.service, Journal: queueJournal{postgres.NewCallStore(a.db)}, Log: a.log,
		PauseOnBreak: pause, Reasons: reasons,
		Midnight: func() time.Time {
			now := time.Now().In(location)
			return time.Date(now.Year(), now.Month(), now.Day(), 0, 0, 0, 0, location)
		},
		Show: func(changed []cti.Queue) {
			a.hub.Broadcast(push.Event{Type: messageQueue, Data: list[cti.Queue]{Items: changed}})
		},
	})
	queues.Start()
	a.cleanups.add("queues", queues.Stop)
	a.telephony.queues = queues
}
