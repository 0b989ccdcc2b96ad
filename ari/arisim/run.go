package arisim

import (
	"slices"
	"time"
)

// hangupBy says who asked to end a channel.
type hangupBy int

const (
	byParty hangupBy = iota // a person, by SIP
	byARI                   // DELETE /channels/{id}
)

// run is one channel on its way through the dialplan: it executes one
// application after the other until somebody answers, talks, and ends.
type run struct {
	sim     *Sim
	caller  *channel
	steps   []func(*run) // what follows when nobody answers
	legs    []*leg       // dialled, not gone, not answered
	several bool         // Dial() of more than one
	queue   *queue       // nil outside of Queue()
	timeout *timer       // of the application

	since   time.Time // when what the next CDR tells began
	written bool      // a CDR of it
}

// start lets a channel enter the dialplan.
func (s *Sim) start(ch *channel, plan func(*run)) {
	r := &run{sim: s, caller: ch, since: ch.created}
	ch.run, ch.leg = r, nil
	plan(r)
}

// restart sends a channel to another place of the dialplan, whatever it did
// before. It has left its bridge.
func (s *Sim) restart(ch *channel, context, exten string) {
	plan, known := s.plan(context, exten)
	if r := ch.run; r != nil {
		r.stop()
	}
	s.cancel(ch.will)
	ch.run, ch.leg, ch.keys = &run{sim: s, caller: ch, since: time.Now()}, nil, nil
	ch.dialplan.Context, ch.dialplan.Exten, ch.dialplan.Priority = context, exten, 1
	if !known {
		ch.run.end(1, 0)
		return
	}
	plan(ch.run)
}

// plan is what the dialplan does with an extension of a context.
func (s *Sim) plan(context, exten string) (func(*run), bool) {
	route, known := s.opt.Office.Routes[exten]
	switch {
	case context == officeContext:
		return s.officePlan(exten)
	case context == trunkContext && known:
		return func(r *run) { r.route(route) }, true
	}
	return nil, false
}

// over executes what follows the application, or ends the channel.
func (r *run) over(cause, tech int) {
	if len(r.steps) > 0 {
		r.advance()
		return
	}
	r.end(cause, tech)
}

func (r *run) advance() {
	step := r.steps[0]
	r.steps = r.steps[1:]
	r.stop()
	r.queue = nil
	r.caller.dialplan.Priority++
	step(r)
}

// hangupSoft is the frame of a channel that leaves the dialplan.
func (r *run) hangupSoft(tech int) { r.sim.emitHangup(r.caller, 16, tech, true) }

// end hangs the caller up: the dialplan has come to its end.
func (r *run) end(cause, tech int) {
	r.hangupSoft(0)
	r.destroy(cause, tech)
	r.sim.hangupHalf(r.caller, cause)
}

// stop ends the delays of the application.
func (r *run) stop() {
	r.sim.cancel(r.timeout)
	if r.queue != nil {
		r.queue.stop()
	}
}

// destroy ends the caller's channel and with it the run.
func (r *run) destroy(cause, tech int) {
	r.stop()
	if !r.written && !r.caller.answered.IsZero() {
		r.writeCDR(nil, "ANSWERED")
	}
	r.sim.destroy(r.caller, cause, tech)
}

// restartCDR begins the record of another talk.
func (r *run) restartCDR() { r.since, r.written = time.Now(), false }

// hangup ends a channel, whatever it is doing.
func (s *Sim) hangup(c *channel, by hangupBy) {
	switch {
	case c.ask != nil:
		s.request(c, by)
		c.ask.complete()
	case c.bridge != nil:
		s.request(c, by)
		s.quit(c)
	case c.app != "":
		s.request(c, by)
		s.remove(c)
	case c.run != nil:
		c.run.callerHangsUp(by)
	case c.leg != nil:
		c.leg.owner.hungUp(c.leg, by)
	}
}

// request is the frame of the one who hangs up.
func (s *Sim) request(c *channel, by hangupBy) {
	if by == byARI {
		s.emitHangup(c, 32, 0, true)
		return
	}
	s.emitHangup(c, c.clearing, 0, false)
}

// callerHangsUp: nobody has answered, or it is the PBX that has.
func (r *run) callerHangsUp(by hangupBy) {
	s := r.sim
	switch {
	case by == byARI:
		s.emitHangup(r.caller, 32, 0, true)
		r.giveUp(16, 0, 16, 0)
	case r.caller.state == "Up": // a BYE, not a CANCEL
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
		r.sim.hangupHalf(r.caller, cause)
		return
	}
	r.cancelLegs(true)
	r.hangupSoft(tech)
	r.destroy(cause, tech)
	slices.Reverse(r.legs)
	r.endLegs(0, 0, "NO ANSWER")
}
