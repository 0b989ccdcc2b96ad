package app

import (
	"context"
	"fmt"
	"sync"
	"time"

	"ringcard/crm"
	"ringcard/crm/calllog"
	"ringcard/cti"
	"ringcard/internal/httpapi"
	"ringcard/push"
)

// wrapUps gives users time for wrap-up after a talk (PU-08): their presence is
// wrap_up until they have said what the call came to, have set their status
// themselves, or the time is over. After a restart they follow from the records
// of the calls.
type wrapUps struct {
	hub publisher
	now func() time.Time

	mu      sync.Mutex
	team    wrapUpTeam
	rules   calllog.WrapUpRules
	running map[int64]*wrapUp // by user
	begun   map[int64]string  // the last call of each user, so that none begins twice
	waiting sync.WaitGroup    // timers
}

var _ httpapi.WrapUps = (*wrapUps)(nil)

// publisher is the part of push.Hub that tells users.
type publisher interface {
	Publish(users []int64, e push.Event)
}

// wrapUpTeam is the part of cti.Team that knows who is in wrap-up.
type wrapUpTeam interface {
	BeginWrapUp(userID int64) bool
	EndWrapUp(userID int64)
}

type wrapUp struct {
	call  string
	timer *time.Timer
}

// wrapUpMessage tells a user until when he has time; null: it is over.
type wrapUpMessage struct {
	CallID string     `json:"call_id"`
	Until  *time.Time `json:"until"`
}

func newWrapUps(hub publisher, now func() time.Time) *wrapUps {
	return &wrapUps{hub: hub, now: now, running: make(map[int64]*wrapUp), begun: make(map[int64]string)}
}

// start lets wrap-ups begin.
func (w *wrapUps) start(team wrapUpTeam) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.team = team
}

// stop ends all and waits for their timers.
func (w *wrapUps) stop(context.Context) error {
	w.mu.Lock()
	w.team = nil
	for user, up := range w.running {
		w.halt(user, up)
	}
	w.mu.Unlock()
	w.waiting.Wait()
	return nil
}

// halt is called with w.mu held.
func (w *wrapUps) halt(user int64, up *wrapUp) {
	if up.timer.Stop() {
		w.waiting.Done()
	}
	delete(w.running, user)
}

// RulesChanged implements httpapi.WrapUps.
func (w *wrapUps) RulesChanged(rules calllog.WrapUpRules) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rules = rules
}

// shown looks at a call that goes to the screens; the end of a talk with the
// outside begins the wrap-up of who had it last.
func (w *wrapUps) shown(call cti.Call) {
	if call.State != cti.Ended || call.Disposition != cti.Answered || call.Direction == cti.Internal || call.Recovered {
		return
	}
	users := call.Talking
	if len(users) == 0 {
		for _, p := range []*cti.Party{call.AnsweredBy, call.PlacedBy} {
			if p != nil {
				users = append(users, *p)
			}
		}
	}
	for _, p := range users {
		if p.UserID != 0 {
			w.begin(p.UserID, call.ID, call.Queue)
		}
	}
}

func (w *wrapUps) begin(user int64, call, queue string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.run(user, call, w.now().Add(w.rules.Of(user, queue)))
}

// resume goes on with the wrap-ups of before a restart.
func (w *wrapUps) resume(talks []calllog.Talked) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, t := range talks {
		w.run(t.UserID, t.CallID, t.EndedAt.Add(w.rules.Of(t.UserID, t.Queue)))
	}
}

// run is called with w.mu held.
func (w *wrapUps) run(user int64, call string, until time.Time) {
	left := until.Sub(w.now())
	if w.team == nil || left <= 0 || w.begun[user] == call || !w.team.BeginWrapUp(user) {
		return
	}
	if before := w.running[user]; before != nil {
		w.halt(user, before)
	}
	w.begun[user] = call
	up := &wrapUp{call: call}
	w.waiting.Add(1)
	up.timer = time.AfterFunc(left, func() {
		defer w.waiting.Done()
		w.over(user, up)
	})
	w.running[user] = up
	until = until.UTC()
	w.tell(user, wrapUpMessage{CallID: call, Until: &until})
}

func (w *wrapUps) over(user int64, up *wrapUp) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.running[user] != up || w.team == nil {
		return
	}
	delete(w.running, user)
	w.team.EndWrapUp(user)
	w.tell(user, wrapUpMessage{CallID: up.call})
}

// Done implements httpapi.WrapUps.
func (w *wrapUps) Done(user int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	up := w.running[user]
	if up == nil {
		return
	}
	w.halt(user, up)
	if w.team != nil {
		w.team.EndWrapUp(user)
	}
	w.tell(user, wrapUpMessage{CallID: up.call})
}

// tell publishes with w.mu held, so that messages keep their order; the hub
// never blocks.
func (w *wrapUps) tell(user int64, m wrapUpMessage) {
	w.hub.Publish([]int64{user}, push.Event{Type: messageWrapUp, Key: m.CallID, Data: m})
}

// refreshWrapUps reads the rules again: another node may have changed them. A
// fault is logged; the rules stay as they are.
func (a *App) refreshWrapUps(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), refreshTimeout)
	defer cancel()
	rules, err := a.services.CallLog.WrapUpRules(ctx, crm.System())
	if err != nil {
		a.log.Error("wrap-up rules not read", "error", err)
		return
	}
	a.telephony.wrapUps.RulesChanged(rules)
}

// resumeWrapUps comes after the team has its users.
func (a *App) resumeWrapUps(ctx context.Context) error {
	talks, err := a.services.CallLog.Talked(ctx)
	if err != nil {
		return fmt.Errorf("wrap-ups: %w", err)
	}
	a.telephony.wrapUps.resume(talks)
	return nil
}
