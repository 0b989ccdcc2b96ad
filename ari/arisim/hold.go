package arisim

import (
	"errors"
	"fmt"
)

// Errors of what a telephone does in a call.
var (
	errNotTalking = errors.New("the party does not talk with anybody")
	errNoNumber   = errors.New("the dialplan does not know the number")
)

// talk runs what a party does while it talks.
func (c *Call) talk(f func(*Sim, *channel) error) error {
	c.sim.mu.Lock()
	defer c.sim.mu.Unlock()
	if c.ch == nil || c.done || c.ch.bridge == nil {
		return errNotTalking
	}
	return f(c.sim, c.ch)
}

// Hold puts the other side on hold by the key of the telephone.
func (c *Call) Hold() error {
	return c.talk(func(s *Sim, ch *channel) error {
		if !ch.held {
			s.hold(ch, "default")
		}
		return nil
	})
}

// Resume takes the call off hold.
func (c *Call) Resume() error {
	return c.talk(func(s *Sim, ch *channel) error {
		if ch.held {
			s.unhold(ch)
		}
		return nil
	})
}

// hold is the frame of a channel that puts its bridge on hold.
func (s *Sim) hold(c *channel, music string) {
	c.held = true
	s.emit(frame{Type: "ChannelHold", MusicClass: music, Channel: s.snapshot(c)})
	s.updateDevice(c.endpoint)
}

func (s *Sim) unhold(c *channel) {
	c.held = false
	s.emitChannel("ChannelUnhold", c)
}

// BlindTransfer sends the other side to number (SIP REFER). It returns when the
// PBX has taken the order.
func (c *Call) BlindTransfer(number string) error {
	return c.talk(func(s *Sim, ch *channel) error { return s.blindTransfer(ch, officeContext, number, true) })
}

// AttendedTransfer connects the other side with that of consult, another call
// of the same telephone (SIP REFER with Replaces).
func (c *Call) AttendedTransfer(consult *Call) error {
	return c.talk(func(s *Sim, ch *channel) error {
		if consult.sim != s || consult.done || consult.ch == nil || consult.ch.peer() == nil {
			return fmt.Errorf("consultation: %w", errNotTalking)
		}
		return s.attendedTransfer(ch, consult.ch)
	})
}
