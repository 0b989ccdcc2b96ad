package arisim

import "time"

const outgoingLine = "(Outgoing Line)"

// target is who is dialled: a phone, a number by the trunk, or an extension
// through a Local channel.
type target struct {
	phone  *Phone
	number string
	exten  string
	stays  bool // the Local channel stays between the two ("/n")
}

// legOwner is told what the called party of a leg does. mu is held.
type legOwner interface {
	rang(l *leg, early bool)
	answered(*leg)
	refused(l *leg, cause, tech int)
	forwarded(l *leg, to string)
	hungUp(l *leg, by hangupBy) // ended by ARI before the answer
}

// leg is a dialled channel and the party behind it.
type leg struct {
	sim        *Sim
	ch         *channel
	owner      legOwner
	behaviour  Behaviour
	dialString string // of Dial frames; "" where Asterisk leaves it out
	stays      bool   // a Local channel that is not optimized out
	pickedUp   bool   // it took the place of one that rang
}

// newLeg makes the channel of a target, for Dial() and Queue() of caller. nil if
// the phone is not registered.
func (s *Sim) newLeg(t target, caller *channel, app string, owner legOwner) *leg {
	if t.exten != "" {
		l := s.newLocalLeg(t, caller, owner)
		one := l.ch
		one.caller = party{Name: caller.connected.Name, Number: caller.dialplan.Exten}
		one.connected = caller.caller
		one.dialplan.Exten = caller.dialplan.Exten
		one.dialplan.AppName, one.dialplan.AppData = app, outgoingLine
		s.emitCallerID(one)
		s.emitChannel("ChannelConnectedLine", one)
		return l
	}
	l := &leg{sim: s, owner: owner}
	c := channel{state: "Down", leg: l, dialplan: dialplanJSON{Exten: "s"}}
	if t.phone != nil {
		if !t.phone.registered {
			return nil
		}
		c.endpoint, c.caller, c.dialplan.Context = t.phone.endpoint(), t.phone.id(), officeContext
		l.behaviour, l.dialString = t.phone.behaviour, t.phone.Number
		if t.phone.busy() {
			l.behaviour = Behaviour{RejectCause: 17} // by a channel that never becomes its line
		} else {
			c.phone = t.phone
		}
	} else {
		c.endpoint, c.dialplan.Context = s.trunk(), trunkContext
		l.behaviour, l.dialString = s.outsideBehaviour(t.number), t.number+"@"+s.opt.Office.Trunk
	}
	c.talkFor = l.behaviour.TalkFor
	l.ch = s.newChannel(c, "", caller.linkedID)
	if t.phone != nil && l.ch.phone != nil {
		t.phone.take(l.ch)
	}
	l.ch.dialplan.Exten = caller.dialplan.Exten
	l.ch.dialplan.AppName, l.ch.dialplan.AppData = app, outgoingLine
	if t.phone == nil {
		l.ch.caller = party{Name: caller.connected.Name, Number: t.number}
		l.ch.connected = caller.caller
		s.emitCallerID(l.ch)
		s.emitChannel("ChannelConnectedLine", l.ch)
	} else {
		s.connect(l.ch, caller.caller)
	}
	return l
}

func (s *Sim) outsideBehaviour(number string) Behaviour {
	if b, ok := s.outside[number]; ok {
		return b
	}
	if s.opt.Outside != nil {
		return s.opt.Outside(number)
	}
	return Behaviour{}
}

// begin lets the called party act. Nothing happens before the caller of begin
// has let go of mu.
func (l *leg) begin(answerAfter *time.Duration) {
	b, later := l.behaviour, func(d time.Duration, f func()) { l.ch.will = l.sim.after(d, f) }
	switch {
	case l.ch.half != nil:
		later(0, l.enterDialplan)
		return
	case b.ForwardTo != "":
		later(0, func() { l.owner.forwarded(l, b.ForwardTo) })
		return
	case b.RejectCause != 0 && b.RejectAfter == 0:
		later(0, func() { l.refuse(b.RejectCause) })
		return
	}
	later(b.RingAfter, func() {
		if !b.EarlyMedia {
			l.sim.setState(l.ch, "Ringing")
		}
		l.owner.rang(l, b.EarlyMedia)
		switch {
		case b.RejectCause != 0:
			later(b.RejectAfter, func() { l.refuse(b.RejectCause) })
		case answerAfter != nil:
			later(*answerAfter, l.answer)
		}
	})
}

func (l *leg) answer() {
	l.sim.cancel(l.ch.will)
	l.sim.setState(l.ch, "Up")
	l.owner.answered(l)
}

func (l *leg) refuse(cause int) {
	l.sim.cancel(l.ch.will)
	tech := techCause(cause)
	l.sim.emitHangup(l.ch, cause, tech, false)
	l.owner.refused(l, cause, tech)
}

// end stops what the party had in mind and removes the channel.
func (l *leg) end(cause, tech int) {
	l.sim.destroy(l.ch, cause, tech)
	l.sim.hangupHalf(l.ch, cause)
}

// techCause is the SIP status that chan_pjsip maps to the Q.850 cause.
func techCause(cause int) int {
	switch cause {
	case 1, 3:
		return 404
	case 17:
		return 486
	case 18:
		return 408
	case 19, 20:
		return 480
	case 21:
		return 603
	case 27:
		return 502
	case 34, 38:
		return 503
	}
	return 500
}

// dialStatus is what Dial() makes of the refusal of a leg.
func dialStatus(cause int) string {
	switch cause {
	case 17:
		return "BUSY"
	case 34, 38:
		return "CONGESTION"
	}
	return "NOANSWER"
}
