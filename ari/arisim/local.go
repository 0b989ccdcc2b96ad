package arisim

import (
	"fmt"
	"time"
)

// optimizeAfter is when a Local channel between two that talk is taken out.
const optimizeAfter = 20 * time.Millisecond

func (t target) local() string {
	if t.stays {
		return t.exten + "@" + officeContext + "/n"
	}
	return t.exten + "@" + officeContext
}

// newLocal makes the two halves of a Local channel: the first is dialled, the
// second runs the dialplan. The ids may be empty.
func (s *Sim) newLocal(context, exten, linkedID, id1, id2 string) (one, two *channel) {
	name := fmt.Sprintf("Local/%s@%s-%08x", exten, context, s.locals)
	s.locals++
	place := dialplanJSON{Context: context, Exten: exten}
	endpoint := "Local/" + exten + "@" + context
	one = s.newChannel(channel{name: name + ";1", endpoint: endpoint, state: "Down", dialplan: place}, id1, linkedID)
	two = s.newChannel(channel{name: name + ";2", endpoint: endpoint, state: "Ring", dialplan: place}, id2, one.linkedID)
	one.half, two.half = two, one
	two.clearing = 16
	return one, two
}

// newLocalLeg makes a leg of a Local channel.
func (s *Sim) newLocalLeg(t target, caller *channel, owner legOwner) *leg {
	l := &leg{sim: s, owner: owner, dialString: t.local(), stays: t.stays}
	l.ch, _ = s.newLocal(officeContext, t.exten, caller.linkedID, "", "")
	l.ch.leg = l
	return l
}

// wake tells the second half of a Local channel who calls.
func (s *Sim) wake(one, caller *channel) {
	two := one.half
	if two == nil {
		return
	}
	two.caller, two.connected = caller.caller, one.caller
	s.emitCallerID(two)
	s.emitChannel("ChannelConnectedLine", two)
}

// enterDialplan lets the second half dial.
func (l *leg) enterDialplan() {
	two := l.ch.half
	plan, known := l.sim.plan(two.dialplan.Context, two.dialplan.Exten)
	if !known {
		l.refuse(1)
		return
	}
	l.sim.start(two, plan)
}

// isSecond tells the half that runs the dialplan.
func isSecond(c *channel) bool { return c.half != nil && c.name[len(c.name)-1] == '2' }

// passRinging: what the second half hears of its Dial() goes to the first.
func (s *Sim) passRinging(two *channel) {
	if !isSecond(two) || two.half.leg == nil {
		return
	}
	one := two.half
	if one.state != "Ringing" {
		s.setState(one, "Ringing")
		s.emitCallerID(one)
	}
	one.leg.owner.rang(one.leg, false)
}

// passAnswer: the second half was answered, and with it the first.
func (s *Sim) passAnswer(two *channel) {
	if isSecond(two) && two.half.leg != nil {
		two.half.leg.answer()
	}
}

// relay takes a change of the connected line through a Local channel: to one
// half it is the caller id of the other.
func (s *Sim) relay(c *channel) {
	h, to := c.half, c.connected
	switch {
	case h == nil:
	case !isSecond(c): // read when it has something to do
		h.late = &to
		if p := h.peer(); p != nil {
			s.connect(p, to)
		}
	default:
		h.caller = to
		if h.bridge != nil {
			for _, o := range h.bridge.others(h) {
				s.connect(o, to)
			}
		} else if h.leg != nil {
			if r, ok := h.leg.owner.(*run); ok && !r.several {
				s.connect(r.caller, to)
			}
		}
	}
}

// hangupHalf ends the other half of a Local channel that has ended.
func (s *Sim) hangupHalf(gone *channel, cause int) {
	h := gone.half
	if h == nil || h.half == nil {
		return
	}
	gone.half, h.half = nil, nil
	switch {
	case h.leg != nil && (h.state != "Up" || h.leg.consulted()):
		s.emitHangup(h, cause, 0, false)
		h.leg.owner.refused(h.leg, cause, 0)
	case h.bridge != nil:
		s.emitHangup(h, cause, 0, false)
		if h.late != nil {
			h.caller = *h.late
			s.emitCallerID(h)
		}
		s.quit(h)
	case h.app != "":
		s.emitHangup(h, cause, 0, false)
		s.remove(h)
	case h.run != nil:
		s.emitHangup(h, cause, 0, false)
		legCause := 16
		if cause == 26 {
			legCause = cause
		}
		h.run.giveUp(cause, 0, legCause, 0)
	default:
		s.destroy(h, cause, 0)
	}
}

// optimize takes a Local channel out from between two who talk: either the
// caller moves to the bridge of the other, or the other to his. Which of them
// is chance in Asterisk.
func (s *Sim) optimize(one *channel, callerMoves bool) {
	two := one.half
	if two == nil || one.peer() == nil || two.peer() == nil {
		return // it is over, or something else goes on
	}
	stays, goes := one, two // the half whose bridge lives on, the other
	if callerMoves {
		stays, goes = two, one
	}
	mover, from, to := goes.peer(), goes.bridge, stays.bridge
	s.writeTalk(two, two.peer())
	one.half, two.half = nil, nil
	s.leave(mover)
	s.leave(stays)
	s.enter(to, mover)
	s.leave(goes)
	s.leaveDialplan(stays)
	s.emitHangup(goes, 16, 0, false)
	s.remove(stays)
	s.dissolve(from)
	s.leaveDialplan(goes)
	s.remove(goes)
}
