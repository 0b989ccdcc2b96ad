package arisim

// attended is a transfer by DTMF in which the new side is asked first: its
// Local channel talks with the party in a bridge of their own, until the party
// hangs up.
type attended struct {
	sim    *Sim
	party  *channel
	first  *bridge // where the other side waits
	target *leg    // of the Local channel
}

// consult calls an extension for c and lets them talk.
func (s *Sim) consult(c *channel, exten string) {
	a := &attended{sim: s, party: c, first: c.bridge}
	one, two := s.newLocal(officeContext, exten, c.linkedID, "", "")
	a.target = &leg{sim: s, ch: one, owner: a}
	one.leg, c.ask = a.target, a
	b := s.newBridge(bridge{})
	two.caller, one.connected = c.caller, c.caller
	s.emitCallerID(two)
	s.emitChannel("ChannelConnectedLine", one)
	s.enter(b, one)
	s.leave(c)
	s.enter(b, c)
	s.connect(c, party{})
	a.target.begin(nil)
}

func (a *attended) rang(l *leg, _ bool) { a.sim.emitDial(nil, l, "RINGING", "") }

func (a *attended) answered(l *leg) { a.sim.emitDial(nil, l, "ANSWER", "") }

// refused: the party is back with the other side.
func (a *attended) refused(l *leg, cause, tech int) {
	s := a.sim
	if l.ch.state != "Up" {
		s.emitDial(nil, l, dialStatus(cause), "")
	}
	second := a.party.bridge
	a.party.ask = nil
	s.leave(l.ch)
	s.leave(a.party)
	s.dissolve(second)
	l.end(cause, tech)
	if len(a.first.members) == 0 { // the other side has gone
		s.leaveDialplan(a.party)
		s.remove(a.party)
		return
	}
	s.unhold(a.party)
	s.enter(a.first, a.party)
}

// consulted tells a leg that is asked about a transfer.
func (l *leg) consulted() bool {
	a, ok := l.owner.(*attended)
	return ok && a.party.ask == a
}

func (a *attended) forwarded(l *leg, _ string) { a.refused(l, 23, 302) }

func (a *attended) hungUp(l *leg, _ hangupBy) { a.refused(l, 16, 0) }

// complete connects both sides: the party has hung up.
func (a *attended) complete() {
	s, c, one := a.sim, a.party, a.target.ch
	c.ask, c.held = nil, false
	if len(a.first.members) == 0 || one.bridge != c.bridge {
		s.quit(c) // nobody is left to be transferred
		return
	}
	other, second := a.first.members[0], c.bridge
	s.writeTalk(c, other)
	s.leave(c)
	s.emit(frame{Type: "BridgeMerged", Bridge: a.first.snapshot(), From: second.snapshot()})
	s.leave(one)
	s.enter(a.first, one)
	s.connect(other, one.caller)
	s.connect(one, other.caller)
	no := false
	s.emit(frame{Type: "BridgeAttendedTransfer", Result: "Success", External: &no,
		Transferee: s.snapshot(other), Target: s.snapshot(one), handover: handover{First: s.snapshot(c), Second: s.snapshot(c),
			FirstBridge: a.first.snapshot(), SecondBridge: second.snapshot(), Destination: "bridge", DestinationID: a.first.id}})
	s.began(other)
	s.dissolve(second)
	s.leaveDialplan(c)
	s.remove(c)
}
