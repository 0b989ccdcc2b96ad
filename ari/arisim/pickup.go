package arisim

import "time"

// pickupAfter is from the answer of who picks a call up to his part in it.
const pickupAfter = 20 * time.Millisecond

// ringing finds a telephone's leg that rings and can be picked up, the oldest
// first; nil if none does.
func (s *Sim) ringing(by *channel) *leg {
	c := s.find(func(c *channel) bool {
		return c.leg != nil && c.state == "Ringing" && c.half == nil && c.phone != nil && c.phone != by.phone && s.dialledBy(c) != nil
	})
	if c == nil {
		return nil
	}
	return c.leg
}

// dialledBy is the run whose Dial() or Queue() rings a leg; nil for others.
func (s *Sim) dialledBy(c *channel) *run {
	if c.leg == nil || c.state == "Up" {
		return nil
	}
	r, _ := c.leg.owner.(*run)
	return r
}

// pickUp takes a call that rings elsewhere: the caller's channel takes the
// place of the one that rings.
func (r *run) pickUp(find func(by *channel) *leg) {
	s, c := r.sim, r.caller
	l := find(c)
	if l == nil {
		r.over(21, 603)
		return
	}
	s.connect(c, l.ch.connected)
	r.answer()
	r.timeout = s.after(pickupAfter, func() {
		l := find(c) // it may have been answered meanwhile
		if l == nil {
			r.over(16, 0)
			return
		}
		dialer := s.dialledBy(l.ch)
		exten := c.dialplan.Exten
		c.run, c.leg = nil, &leg{sim: s, ch: c, owner: dialer, dialString: l.dialString, pickedUp: true}
		c.dialplan.AppName, c.dialplan.AppData = "AppDial", outgoingLine
		s.connect(dialer.caller, c.caller)
		dialer.drop(l)
		dialer.answered(c.leg)
		l.ch.dialplan.Exten, l.ch.dialplan.AppName, l.ch.dialplan.AppData = exten, "", ""
		l.end(16, 0)
	})
}
