package arisim

import "time"

const outgoingLine = "(Outgoing Line)"

// target is who is dialled: a phone, or a number by the trunk.
type target struct {
	phone  *Phone
	number string
}

// legOwner is told what the called party of a leg does. mu is held.
type legOwner interface {
	rang(l *leg, early bool)
	answered(*leg)
	refused(l *leg, cause, tech int)
	hungUp(l *leg, by hangupBy) // after the answer, or ended by ARI
}

// leg is a dialled channel and the party behind it.
type leg struct {
	sim        *Sim
	ch         *channel
	owner      legOwner
	behaviour  Behaviour
	dialString string // of Dial frames; "" where Asterisk leaves it out
	timer      *timer
}

// newLeg makes the channel of a target, for Dial() and Queue() of caller. nil if
// the phone is not registered.
func (s *Sim) newLeg(t target, caller *channel, app string, owner legOwner) *leg {
	l := &leg{sim: s, owner: owner}
	c := channel{state: "Down", leg: l, dialplan: dialplanJSON{Exten: "s"}}
	busy := false
	if t.phone != nil {
		if !t.phone.registered {
			return nil
		}
		busy = t.phone.line != nil
		c.endpoint, c.caller, c.dialplan.Context = t.phone.endpoint(), t.phone.id(), officeContext
		if !busy { // a busy phone refuses with a channel that never becomes its line
			c.phone = t.phone
		}
		l.behaviour, l.dialString = t.phone.behaviour, t.phone.Number
	} else {
		c.endpoint, c.dialplan.Context = s.trunk(), trunkContext
		l.behaviour, l.dialString = s.outsideBehaviour(t.number), t.number+"@"+s.opt.Office.Trunk
	}
	if busy {
		l.behaviour = Behaviour{RejectCause: 17}
	}
	l.ch = s.newChannel(c, "", caller.linkedID)
	l.ch.dialplan.Exten = caller.dialplan.Exten
	l.ch.dialplan.AppName, l.ch.dialplan.AppData = app, outgoingLine
	if t.phone == nil {
		l.ch.caller = party{Number: t.number}
		if caller.originated {
			l.ch.caller.Name = caller.connected.Name
		}
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
	b := l.behaviour
	if b.RejectCause != 0 && b.RejectAfter == 0 {
		l.timer = l.sim.after(0, func() { l.refuse(b.RejectCause) })
		return
	}
	l.timer = l.sim.after(b.RingAfter, func() {
		l.timer = nil
		if !b.EarlyMedia {
			l.sim.setState(l.ch, "Ringing")
		}
		l.owner.rang(l, b.EarlyMedia)
		switch {
		case b.RejectCause != 0:
			l.timer = l.sim.after(b.RejectAfter, func() { l.refuse(b.RejectCause) })
		case answerAfter != nil:
			l.timer = l.sim.after(*answerAfter, l.answer)
		}
	})
}

func (l *leg) answer() {
	l.sim.cancel(l.timer)
	l.timer = nil
	l.sim.setState(l.ch, "Up")
	l.owner.answered(l)
}

func (l *leg) refuse(cause int) {
	l.sim.cancel(l.timer)
	l.timer = nil
	tech := techCause(cause)
	l.sim.emitHangup(l.ch, cause, tech, false)
	l.owner.refused(l, cause, tech)
}

// end stops what the party had in mind and removes the channel.
func (l *leg) end(cause, tech int) {
	l.sim.cancel(l.timer)
	l.sim.destroy(l.ch, cause, tech)
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
