package arisim

// blindTransfer sends the other side of c to an extension. phone tells that the
// telephone asked for it, and not a feature of the PBX.
func (s *Sim) blindTransfer(c *channel, context, exten string, phone bool) error {
	other := c.peer()
	if other == nil {
		return errNotTalking
	}
	if _, known := s.plan(context, exten); !known && exten != parkExten {
		return errNoNumber
	}
	s.unhold(c)
	s.emit(frame{Type: "BridgeBlindTransfer", Bridge: c.bridge.snapshot(), Channel: s.snapshot(c), Exten: exten, Context: context,
		Result: "Success", External: &phone, Transferee: s.snapshot(other)})
	s.writeTalk(c, other)
	if exten == parkExten {
		s.park(other, c)
		s.announce(c)
		return nil
	}
	other.dialplan.Context, other.dialplan.Exten = context, exten
	s.leave(other)
	s.quit(c)
	s.restart(other, context, exten)
	return nil
}

// attendedTransfer connects the other side of first with that of second: it
// takes the place of second in its bridge.
func (s *Sim) attendedTransfer(first, second *channel) error {
	other, target := first.peer(), second.peer()
	if other == nil || target == nil {
		return errNotTalking
	}
	no := false
	told := frame{Type: "BridgeAttendedTransfer", Result: "Success",
		External: &no, Transferee: s.snapshot(other), Target: s.snapshot(target), handover: handover{First: s.snapshot(first), Second: s.snapshot(second),
			FirstBridge: first.bridge.snapshot(), SecondBridge: second.bridge.snapshot(),
			Destination: "bridge", DestinationID: second.bridge.id}}
	s.unhold(first)
	s.unhold(second)
	s.writeTalk(first, other)
	s.writeTalk(second, target)
	b := second.bridge
	s.leave(other)
	s.leave(second)
	s.enter(b, other)
	s.emitHangup(second, 1, 0, true)
	s.leaveDialplan(second)
	s.connect(other, target.caller)
	s.connect(target, other.caller)
	s.began(other)
	s.began(target)
	s.talks(other)
	s.talks(target)
	left := first.bridge
	s.leave(first)
	s.emit(told)
	s.dissolve(left)
	s.leaveDialplan(first)
	for _, c := range []*channel{second, first} {
		s.remove(c)
	}
	return nil
}

// began starts the CDR of another talk.
func (s *Sim) began(c *channel) {
	if c.run != nil {
		c.run.restartCDR()
	}
}
