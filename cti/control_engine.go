package cti

import (
	"context"
	"slices"
	"strings"
	"time"
)

// watcher waits for a state of a call, which is checked after each event.
type watcher struct {
	e    *Engine
	call string
	ok   func(*Call) bool
	done chan struct{}
}

// watch begins to wait, before the order is given; nil ok: nothing to wait for.
func (e *Engine) watch(callID string, ok func(*Call) bool) *watcher {
	w := &watcher{e: e, call: callID, ok: ok, done: make(chan struct{})}
	if ok == nil {
		close(w.done)
		return w
	}
	_ = e.do(func() { e.watchers = append(e.watchers, w) }) // a stopping engine proves nothing
	return w
}

// cancel ends the wait.
func (w *watcher) cancel() {
	if w.ok == nil {
		return
	}
	_ = w.e.do(func() {
		w.e.watchers = slices.DeleteFunc(w.e.watchers, func(x *watcher) bool { return x == w })
	})
}

// wait returns CodeNoEffect when nothing has shown the effect in time.
func (w *watcher) wait(ctx context.Context) error {
	t := time.NewTimer(effectTimeout)
	defer t.Stop()
	select {
	case <-w.done:
		return nil
	case <-t.C:
		return Errorf(CodeNoEffect, "the PBX confirmed the command, but nothing has changed; do it at the telephone and tell the administrator")
	case <-ctx.Done():
		return ctx.Err()
	}
}

// prove ends the waits that an event has satisfied.
func (e *Engine) prove() {
	e.watchers = slices.DeleteFunc(e.watchers, func(w *watcher) bool {
		lv := e.board.calls[w.call]
		if lv == nil || !w.ok(&lv.call) {
			return false
		}
		close(w.done)
		return true
	})
}

// proof is what the events must show for an order to have had its effect.
// Commands without events of the call are proved by the PBX adapter.
func (c *command) proof() func(*Call) bool {
	o := c.order
	switch o.Action {
	case ActTransfer, ActPark:
		return func(k *Call) bool {
			own, other := k.leg(o.Own.ID), k.leg(o.Other.ID)
			return own == nil || own.State == LegEnded || other != nil && other.State == LegUp && other.Bridge != o.Other.Bridge
		}
	case ActRedirect:
		return func(k *Call) bool { l := k.leg(o.Own.ID); return l == nil || l.State == LegEnded }
	case ActComplete:
		return func(k *Call) bool {
			own, other := k.leg(o.Own.ID), k.leg(o.Other.ID)
			return (own == nil || own.State == LegEnded) && other != nil && other.State == LegUp && other.Bridge != ""
		}
	case ActPickup:
		if c.call.ParkedAt != "" {
			return func(k *Call) bool { return k.ParkedAt == "" || k.State == Ended || len(k.Ringing) > 0 }
		}
		return func(k *Call) bool { return k.leg(o.NewID) != nil }
	}
	return nil
}

func (c *Call) leg(id string) *Leg {
	for i := range c.Legs {
		if c.Legs[i].ID == id {
			return &c.Legs[i]
		}
	}
	return nil
}

// placeConsult puts the consultation of a call on the board.
func (e *Engine) placeConsult(c Call, about string, now time.Time) {
	e.place(c, now)
	if lv := e.board.calls[c.ID]; lv != nil {
		lv.about = about
	}
}

// attach makes a channel that is still to come a part of a call.
func (e *Engine) attach(callID, channelID string) {
	if lv := e.board.calls[callID]; lv != nil {
		e.board.byChannel[channelID] = lv
		lv.found = append(lv.found, channelID)
	}
}

// carriedOut changes the call by a command whose effect no event tells.
func (e *Engine) carriedOut(callID string, o Order, out Outcome, now time.Time) {
	lv := e.board.calls[callID]
	if lv == nil || lv.call.State == Ended {
		return
	}
	held := func(on bool) {
		kind := ChannelHeld
		if !on {
			kind = ChannelUnheld
		}
		e.apply(lv, Event{Kind: kind, At: now, Channel: Channel{ID: o.Other.ID, Name: o.Other.Name}})
	}
	switch o.Action {
	case ActHold:
		held(true)
	case ActConsult:
		held(true)
		lv.call.Consult = o.NewID
	case ActResume, ActCancel, ActComplete:
		held(false)
	case ActConference:
		held(false)
		if o.NewID != "" {
			lv.call.Consult = o.NewID
		}
	case ActMute, ActUnmute:
		lv.call.Legs = slices.Clone(lv.call.Legs)
		if l := lv.call.leg(o.Own.ID); l != nil {
			l.Muted = o.Action == ActMute
		}
	case ActPark:
		if out.Slot != "" {
			lv.call.ParkedAt = out.Slot
		}
	default:
		return
	}
	lv.call.Version++
	e.showAndSave(lv, now)
}

// ours keeps what the controlled calls need from an event: parking, and the
// answer of a consulted party, who meets the user in a bridge of ours.
func (e *Engine) ours(lv *live, ev Event) {
	c := &lv.call
	switch {
	case ev.Kind == BridgeEntered && ev.Bridge.Class == "parking":
		if c.ParkedAt == "" {
			c.ParkedAt = "?"
			c.Version++
			e.show(lv, ev.At)
		}
	case ev.Kind == BridgeEntered && strings.HasPrefix(ev.Bridge.ID, ServicePrefix):
		e.consulted(lv, ev)
	case ev.Kind == BridgeEntered && c.ParkedAt != "" && c.State != Ended:
		c.ParkedAt = ""
		c.Version++
		e.show(lv, ev.At)
	}
	switch {
	case c.State == Ended && lv.about != "":
		e.consultEnded(lv, ev.At)
	case c.Consult != "" && e.board.calls[c.Consult] == nil: // it became a part of this call
		c.Consult = ""
		c.Version++
		e.show(lv, ev.At)
	}
}

func (e *Engine) consulted(lv *live, ev Event) {
	c := &lv.call
	if lv.about == "" || c.AnsweredAt != nil || c.State == Ended {
		return
	}
	c.AnsweredAt, c.State, c.WaitMS = ptr(ev.At), Talking, ev.At.Sub(c.StartedAt).Milliseconds()
	c.Legs = slices.Clone(c.Legs)
	for i := range c.Legs {
		l := &c.Legs[i]
		if l.State != LegUp || l.Role == ServiceLeg {
			continue
		}
		l.TalkedAt = ptr(ev.At)
		if l.Role == OfficeLeg && c.AnsweredBy == nil {
			p := e.office.party(l.Endpoint)
			c.AnsweredBy = &p
		}
	}
	c.Version++
	e.showAndSave(lv, ev.At)
}

// consultEnded lets the call about which a colleague was consulted go on.
func (e *Engine) consultEnded(lv *live, now time.Time) {
	main := e.board.calls[lv.about]
	lv.about = ""
	if main == nil || main.call.Consult != lv.call.ID {
		return
	}
	main.call.Consult = ""
	main.call.Version++
	e.show(main, now)
}

// ordered notes a command in the call's history, also a failed one.
func (e *Engine) ordered(callID, who, to string, a Action, failed error, now time.Time) {
	lv := e.board.calls[callID]
	if lv == nil {
		return
	}
	if failed != nil {
		lv.trace.add(now, "control_failed", "name", who, "action", string(a), "to", to, "why", failed.Error())
	} else {
		lv.trace.add(now, "control", "name", who, "action", string(a), "to", to)
	}
	e.publish(lv)
}

// service takes the events of channels of Ringcard's own: they are in no call,
// but a telephone that one keeps busy is busy.
func (e *Engine) service(ev Event) bool {
	ch := ev.Channel
	if ch.ID == "" {
		ch = ev.Peer // the originate of one
	}
	if !strings.HasPrefix(ch.ID, ServicePrefix) {
		return false
	}
	endpoint := Endpoint(ch.Name)
	if e.opt.Team == nil || e.office.Role(endpoint) != OfficeLeg {
		return true
	}
	state := PresenceRinging
	switch {
	case ev.Kind == ChannelGone:
		state = PresenceFree
	case ch.State == "Up":
		state = PresenceTalking
	}
	e.opt.Team.leg(e.office.cfg.PBX, endpoint, ch.ID, state)
	return true
}

// with names the other party of a leg, for the team panel.
func (c *Call) with(l *Leg) string {
	if c.Direction == Internal && c.PlacedBy != nil && c.PlacedBy.Device != l.Endpoint {
		return c.PlacedBy.Name
	}
	if c.Client != nil {
		return c.Client.Name
	}
	return c.Number.Display
}
