package arisim

import (
	"fmt"
	"slices"
	"strings"
	"time"
)

// dial executes Dial() of one or several parties at once.
func (r *run) dial(targets []target, timeout time.Duration) {
	s := r.sim
	names := make([]string, len(targets))
	for i, t := range targets {
		names[i] = s.nameOf(t)
	}
	s.execute(r.caller, "Dial", fmt.Sprintf("%s,%d,tT", strings.Join(names, "&"), int(timeout.Seconds())))
	for _, t := range targets {
		if l := s.newLeg(t, r.caller, "AppDial", r); l != nil {
			r.legs = append(r.legs, l)
		}
	}
	if len(r.legs) == 0 {
		r.over(3, 404)
		return
	}
	for _, l := range r.legs {
		s.wake(l.ch, r.caller)
		s.emitDial(r.caller, l, "", l.dialString)
		l.dialString = "" // later Dial frames of Dial() have none
	}
	r.several = len(targets) > 1
	if only := r.legs[0].ch; !r.several && only.half == nil {
		s.connect(r.caller, only.caller)
	}
	for _, l := range r.legs {
		l.begin(l.behaviour.AnswerAfter)
	}
	r.timeout = s.after(timeout, r.dialTimeout)
}

func (s *Sim) nameOf(t target) string {
	switch {
	case t.phone != nil:
		return t.phone.endpoint()
	case t.exten != "":
		return "Local/" + t.local()
	}
	return "PJSIP/" + t.number + "@" + s.opt.Office.Trunk
}

func (r *run) dialTimeout() {
	for _, l := range r.legs {
		r.sim.emitDial(r.caller, l, "NOANSWER", "")
	}
	if len(r.steps) > 0 {
		r.endLegs(0, 0, "NO ANSWER")
		r.advance()
		return
	}
	r.hangupSoft(0)
	r.endLegs(0, 0, "NO ANSWER")
	r.destroy(16, 0)
	r.sim.hangupHalf(r.caller, 16)
}

// endLegs ends all legs that ring.
func (r *run) endLegs(cause, tech int, disposition string) {
	legs := r.legs
	r.legs = nil
	for _, l := range legs {
		r.writeCDR(l.ch, disposition)
		l.end(cause, tech)
	}
}

func (r *run) drop(l *leg) { r.legs = slices.DeleteFunc(r.legs, func(x *leg) bool { return x == l }) }

func (r *run) rang(l *leg, early bool) {
	if early {
		r.sim.emitDial(r.caller, l, "PROGRESS", l.dialString)
		return
	}
	r.sim.emitDial(r.caller, l, "RINGING", l.dialString)
	if r.caller.call != nil {
		r.caller.call.ring()
	}
	r.sim.passRinging(r.caller)
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
	last := len(r.legs) == 0
	over := last && len(r.steps) == 0
	if over {
		s.cancel(r.timeout)
		r.hangupSoft(0)
	}
	r.writeCDR(l.ch, disposition(status))
	l.end(cause, tech)
	switch {
	case over:
		if tech == 603 {
			tech = 403 // as Asterisk answers its caller
		}
		r.destroy(cause, tech)
		s.hangupHalf(r.caller, cause)
	case last:
		r.advance()
	}
}

// forwarded: the telephone sends the call on (302). Dial() goes on with a
// Local channel to the new number.
func (r *run) forwarded(l *leg, to string) {
	s := r.sim
	s.emitHangup(l.ch, 23, 302, false)
	n := s.newLocalLeg(target{exten: to}, r.caller, r)
	one := n.ch
	one.caller = party{Number: r.caller.dialplan.Exten}
	s.emitCallerID(one)
	one.connected = r.caller.caller
	one.dialplan.AppName, one.dialplan.AppData = "AppDial", outgoingLine
	s.emitChannel("ChannelConnectedLine", one)
	s.wake(one, r.caller)
	s.emitForward(r.caller, l, to, one)
	s.emitDial(r.caller, n, "", n.dialString)
	n.dialString = ""
	r.drop(l)
	r.legs = append(r.legs, n)
	r.writeCDR(l.ch, "NO ANSWER")
	l.end(23, 302)
	n.begin(nil)
}

func (r *run) answered(l *leg) {
	s := r.sim
	r.drop(l)
	s.cancel(r.timeout)
	r.steps = nil
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
	if r.queue == nil && !l.pickedUp {
		r.caller.clearing, l.ch.clearing = 16, 16
	}
	if r.caller.state != "Up" {
		s.setState(r.caller, "Up")
	}
	s.join(l.ch, r.caller)
	if r.caller.call != nil {
		r.caller.call.answer()
	}
	s.talks(l.ch)
	s.talks(r.caller)
	s.passAnswer(r.caller)
	if one := l.ch; one.half != nil && !l.stays {
		s.after(optimizeAfter, func() { s.optimize(one, r.several) })
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

// hungUp: ARI ends the called party's channel while it rings.
func (r *run) hungUp(l *leg, _ hangupBy) {
	r.sim.emitHangup(l.ch, 32, 0, true)
	r.refused(l, 16, 0)
}
