package app

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"ringcard/crm/calllog"
	"ringcard/cti"
	"ringcard/push"
)

// The time of a wrap-up counts from the end of the talk, whatever was restarted
// meanwhile; it begins once.
func TestWrapUpGoesOnAfterARestart_PU_08(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := &wrapUpOffice{onBreak: map[int64]bool{3: true}, inWrapUp: map[int64]bool{}}
		w := newWrapUps(o, time.Now)
		w.RulesChanged(calllog.WrapUpRules{Seconds: 30, Queues: []calllog.QueueSeconds{{Queue: "sales", Seconds: 60}}})
		w.start(o)
		ended := time.Now().Add(-40 * time.Second)
		w.resume([]calllog.Talked{
			{UserID: 1, CallID: "a", Queue: "sales", EndedAt: ended}, {UserID: 2, CallID: "b", EndedAt: ended},
			{UserID: 3, CallID: "c", Queue: "sales", EndedAt: ended},
		})
		w.shown(cti.Call{ID: "a", State: cti.Ended, Direction: cti.Inbound, Disposition: cti.Answered, Queue: "sales", Talking: []cti.Party{{UserID: 1}}})
		if !o.in(1) || o.in(2) || o.in(3) {
			t.Errorf("in wrap-up: %v, want 1 alone", o.inWrapUp)
		}
		time.Sleep(19 * time.Second)
		synctest.Wait()
		if !o.in(1) {
			t.Error("it ended before its time")
		}
		time.Sleep(2 * time.Second)
		synctest.Wait()
		if o.in(1) {
			t.Error("its time is over, it is not")
		}
		if want := []string{"wrap_up[1]atrue", "wrap_up[1]afalse"}; !slices.Equal(o.told, want) {
			t.Errorf("told %q, want %q", o.told, want)
		}
		if err := w.stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
}

// wrapUpOffice notes what wrap-ups do with the team and tell users.
type wrapUpOffice struct {
	mu       sync.Mutex
	onBreak  map[int64]bool
	inWrapUp map[int64]bool
	told     []string
}

func (o *wrapUpOffice) BeginWrapUp(user int64) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.onBreak[user] {
		return false
	}
	o.inWrapUp[user] = true
	return true
}

func (o *wrapUpOffice) EndWrapUp(user int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.inWrapUp, user)
}

func (o *wrapUpOffice) Publish(users []int64, e push.Event) {
	o.mu.Lock()
	defer o.mu.Unlock()
	m := e.Data.(wrapUpMessage)
	o.told = append(o.told, fmt.Sprint(e.Type, users, m.CallID, m.Until != nil))
}

func (o *wrapUpOffice) in(user int64) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.inWrapUp[user]
}

func TestWrapUpEndsWhenDoneOrAfterItsTime_PU_08(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		o := &wrapUpOffice{onBreak: map[int64]bool{3: true}, inWrapUp: map[int64]bool{}}
		w := newWrapUps(o, time.Now)
		w.RulesChanged(calllog.WrapUpRules{Seconds: 30, Queues: []calllog.QueueSeconds{{Queue: "sales", Seconds: 60}}, Users: []calllog.UserSeconds{{UserID: 4}}})
		ended := func(id, queue string, users ...int64) cti.Call {
			c := cti.Call{ID: id, State: cti.Ended, Direction: cti.Inbound, Disposition: cti.Answered, Queue: queue}
			for _, u := range users {
				c.Talking = append(c.Talking, cti.Party{UserID: u})
			}
			return c
		}
		w.shown(ended("early", "", 1)) // there is no team yet
		w.start(o)
		call := ended("a", "", 1)
		w.shown(call)
		w.shown(call) // the card came late: the call is shown once more
		if !o.in(1) {
			t.Fatal("no wrap-up after the talk")
		}
		time.Sleep(30 * time.Second)
		synctest.Wait()
		if o.in(1) {
			t.Error("the time is over, the wrap-up is not")
		}
		w.shown(call)
		if o.in(1) {
			t.Error("a second wrap-up of one call")
		}
		w.shown(ended("b", "sales", 1))
		time.Sleep(45 * time.Second)
		synctest.Wait()
		if !o.in(1) {
			t.Error("the queue's time does not count")
		}
		w.Done(1)
		if o.in(1) {
			t.Error("not ended by the user's word")
		}
		w.Done(1) // nothing runs
		for _, c := range []cti.Call{
			ended("c", "", 3), // on a break
			ended("d", "", 4), // has no wrap-up
			{ID: "e", State: cti.Talking, Direction: cti.Inbound, AnsweredBy: &cti.Party{UserID: 5}},
			{ID: "f", State: cti.Ended, Direction: cti.Inbound, Disposition: cti.Missed, AnsweredBy: &cti.Party{UserID: 5}},
			{ID: "g", State: cti.Ended, Direction: cti.Internal, Disposition: cti.Answered, AnsweredBy: &cti.Party{UserID: 5}},
			{ID: "h", State: cti.Ended, Direction: cti.Inbound, Disposition: cti.Answered, Recovered: true, AnsweredBy: &cti.Party{UserID: 5}},
		} {
			w.shown(c)
		}
		if o.in(3) || o.in(4) || o.in(5) {
			t.Errorf("in wrap-up: %v", o.inWrapUp)
		}
		w.shown(cti.Call{ID: "i", State: cti.Ended, Direction: cti.Outbound, Disposition: cti.Answered, PlacedBy: &cti.Party{UserID: 2}})
		w.shown(ended("j", "", 2)) // the next call's time takes the place of the one before
		want := []string{"wrap_up[1]atrue", "wrap_up[1]afalse", "wrap_up[1]btrue", "wrap_up[1]bfalse", "wrap_up[2]itrue", "wrap_up[2]jtrue"}
		if !slices.Equal(o.told, want) {
			t.Errorf("told %q, want %q", o.told, want)
		}
		if err := w.stop(context.Background()); err != nil {
			t.Error(err)
		}
		w.shown(ended("k", "", 1))
		if o.in(1) {
			t.Error("a wrap-up after the stop")
		}
	})
}
