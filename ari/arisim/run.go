package arisim

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// hangupBy says who asked to end a channel.
type hangupBy int

const (
	byParty hangupBy = iota // a person, by SIP
	byARI                   // DELETE /channels/{id}
)

// run is one channel on its way through the dialplan: it executes Dial() or
// Queue(), talks, and ends.
type run struct {
	sim     *Sim
	caller  *channel
	call    *Call
	legs    []*leg // dialled, not gone, not answered
	several bool   // Dial() of more than one
	peer    *leg   // who answered
	bridge  *bridge
	queue   *queue // nil in Dial()
	talkFor time.Duration

	timeout, patience *timer
}

// start lets a channel enter the dialplan.
func (s *Sim) start(ch *channel, call *Call, plan func(*run)) *run {
	r := &run{sim: s, caller: ch, call: call}
	ch.run, call.ch = r, ch
	plan(r)
	return r
}

// route executes what the office does with a call from outside.
func (r *run) route(route Route) {
	if route.Queue != "" {
		r.enterQueue(route)
		return
	}
	targets := make([]target, 0, len(route.Dial))
	for _, number := range route.Dial {
		if p := r.sim.phones[number]; p != nil {
			targets = append(targets, target{phone: p})
		}
	}
	timeout := route.Timeout
	if timeout == 0 {
		timeout = defaultDial
	}
	r.dial(targets, timeout)
}

// dial executes Dial() of one or several parties at once.
func (r *run) dial(targets []target, timeout time.Duration) {
	s := r.sim
	names := make([]string, len(targets))
	for i, t := range targets {
		names[i] = "PJSIP/" + t.number + "@" + s.opt.Office.Trunk
		if t.phone != nil {
			names[i] = t.phone.endpoint()
		}
	}
	s.execute(r.caller, "Dial", fmt.Sprintf("%s,%d,tT", strings.Join(names, "&"), int(timeout.Seconds())))
	for _, t := range targets {
		if l := s.newLeg(t, r.caller, "AppDial", r); l != nil {
			r.legs = append(r.legs, l)
		}
	}
	if len(r.legs) == 0 {
		r.end(3, 404)
		return
	}
	for _, l := range r.legs {
		s.emitDial(r.caller, l, "", l.dialString)
		l.dialString = "" // later Dial frames of Dial() have none
	}
	r.several = len(targets) > 1
	if !r.several {
		s.connect(r.caller, r.legs[0].ch.caller)
	}
	for _, l := range r.legs {
		l.begin(l.behaviour.AnswerAfter)
	}
	r.timeout = s.after(timeout, r.dialTimeout)
}

func (r *run) dialTimeout() {
	for _, l := range r.legs {
		r.sim.emitDial(r.caller, l, "NOANSWER", "")
	}
	r.hangupSoft(0)
	r.endLegs(0, 0, "NO ANSWER")
	r.destroy(16, 0)
}

// hangupSoft is the frame of a channel that leaves the dialplan.
func (r *run) hangupSoft(tech int) { r.sim.emitHangup(r.caller, 16, tech, true) }

// end hangs the caller up: the dialplan has come to its end.
func (r *run) end(cause, tech int) {
	r.hangupSoft(0)
	r.destroy(cause, tech)
}

// destroy ends the caller's channel and with it the run.
func (r *run) destroy(cause, tech int) {
	s := r.sim
	for _, t := range []*timer{r.timeout, r.patience} {
		s.cancel(t)
	}
	if r.queue != nil {
		r.queue.stop()
	}
	s.destroy(r.caller, cause, tech)
	s.finish(r.call, cause)
}

// endLegs ends all legs that ring.
func (r *run) endLegs(cause, tech int, disposition string) {
	for _, l := range r.legs {
		r.writeCDR(l, disposition)
		l.end(cause, tech)
	}
	r.legs = nil
}

func (r *run) drop(l *leg) { r.legs = slices.DeleteFunc(r.legs, func(x *leg) bool { return x == l }) }

func (r *run) rang(l *leg, early bool) {
	if early {
		r.sim.emitDial(r.caller, l, "PROGRESS", l.dialString)
		return
	}
	r.sim.emitDial(r.caller, l, "RINGING", l.dialString)
	r.call.ring()
}

func (r *run) refused(l *leg, cause, tech int) {
	s := r.sim
	if r.queue != nil {
		r.queue.refused(l, cause, tech)
		return
	}
	status := dialStatus(cause)
	s.emitDial(r.caller, l, status, "")
	r.drop(l)
	if last := len(r.legs) == 0; last {
		s.cancel(r.timeout)
		r.hangupSoft(0)
	}
	r.writeCDR(l, disposition(status))
	l.end(cause, tech)
	if len(r.legs) == 0 {
		if tech == 603 {
			tech = 403 // as Asterisk answers its caller
		}
		r.destroy(cause, tech)
	}
}

func (r *run) answered(l *leg) {
	s := r.sim
	r.drop(l)
	r.peer = l
	for _, t := range []*timer{r.timeout, r.patience} {
		s.cancel(t)
	}
	switch {
	case r.queue != nil:
		r.queue.answered(l)
	case r.several:
		s.connect(r.caller, l.ch.caller)
		r.cancelLegs(false)
		r.endLegs(26, 0, "NO ANSWER")
		s.emitDial(r.caller, l, "ANSWER", "")
	default:
		s.emitDial(r.caller, l, "ANSWER", "")
	}
	if r.caller.state != "Up" {
		s.setState(r.caller, "Up")
	}
	r.bridge = s.join(l.ch, r.caller)
	r.call.answer()
	if d := l.behaviour.TalkFor; d > 0 {
		l.timer = s.after(d, func() { r.hungUp(l, byParty) })
	}
	if r.talkFor > 0 {
		r.patience = s.after(r.talkFor, func() { r.callerHangsUp(byParty) })
	}
}

// cancelLegs tells that the legs which ring are no longer wanted. A queue says
// it twice, the second time with the dial string.
func (r *run) cancelLegs(again bool) {
	for _, l := range r.legs {
		dialString := ""
		if again {
			dialString = l.dialString
		}
		r.sim.emitDial(r.caller, l, "CANCEL", dialString)
	}
}

// hangup ends a channel, whatever it is doing.
func (s *Sim) hangup(c *channel, by hangupBy) {
	if c.run != nil {
		c.run.callerHangsUp(by)
		return
	}
	c.leg.owner.hungUp(c.leg, by)
}

// request is the frame of the one who hangs up while both talk.
func (r *run) request(c *channel, by hangupBy) {
	switch {
	case by == byARI:
		r.sim.emitHangup(c, 32, 0, true)
	case r.queue != nil:
		r.sim.emitHangup(c, 0, 0, false)
	default:
		r.sim.emitHangup(c, 16, 0, false)
	}
}

// hungUp: the called party hangs up, or ARI ends its channel while it rings.
func (r *run) hungUp(l *leg, by hangupBy) {
	s := r.sim
	if l != r.peer {
		s.emitHangup(l.ch, 32, 0, true)
		r.refused(l, 16, 0)
		return
	}
	r.request(l.ch, by)
	s.leave(r.bridge, l.ch)
	s.leave(r.bridge, r.caller)
	s.dissolve(r.bridge)
	r.hangupSoft(0)
	r.writeCDR(l, "ANSWERED")
	l.end(16, 0)
	r.destroy(16, 0)
}

func (r *run) callerHangsUp(by hangupBy) {
	s := r.sim
	switch {
	case r.peer != nil:
		r.request(r.caller, by)
		s.leave(r.bridge, r.caller)
		r.hangupSoft(0)
		s.leave(r.bridge, r.peer.ch)
		s.dissolve(r.bridge)
		r.writeCDR(r.peer, "ANSWERED")
		r.destroy(16, 0)
		r.peer.end(16, 0)
	case by == byARI:
		s.emitHangup(r.caller, 32, 0, true)
		r.giveUp(16, 0, 16, 0)
	case r.caller.state == "Up": // originated: a BYE, not a CANCEL
		s.emitHangup(r.caller, 0, 0, false)
		r.giveUp(0, 0, 16, 0)
	default:
		s.emitHangup(r.caller, 127, 487, false)
		r.giveUp(127, 487, 127, 500)
	}
}

// giveUp ends a call that nobody answered, with the causes of the caller's and
// the called channels.
func (r *run) giveUp(cause, tech, legCause, legTech int) {
	r.cancelLegs(false)
	if r.queue == nil {
		r.hangupSoft(tech)
		r.endLegs(legCause, legTech, "NO ANSWER")
		r.destroy(cause, tech)
		return
	}
	r.cancelLegs(true)
	r.hangupSoft(tech)
	r.destroy(cause, tech)
	slices.Reverse(r.legs)
	r.endLegs(0, 0, "NO ANSWER")
}
