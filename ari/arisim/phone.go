package arisim

import (
	"context"
	"time"
)

// Behaviour is what the called party does.
type Behaviour struct {
	RingAfter time.Duration
	// AnswerAfter is the time it rings before it is answered; nil: never.
	AnswerAfter *time.Duration
	// AnswerOwn replaces AnswerAfter for calls that the phone's own user
	// placed by originate; nil: AnswerAfter.
	AnswerOwn *time.Duration
	// TalkFor ends the call from this side; 0: the other side ends it.
	TalkFor time.Duration
	// RejectCause refuses the call: 17 busy, 21 rejected, 34 congestion,
	// 1 no such number (Q.850).
	RejectCause int
	// RejectAfter is the time it rings before; 0: it refuses without ringing.
	RejectAfter time.Duration
	// EarlyMedia sends sound instead of ringing (SIP 183): Dial PROGRESS.
	EarlyMedia bool
	// ForwardTo sends the call on to this number at once (SIP 302).
	ForwardTo string
}

// Phone is a simulated desk telephone: while it has a call it is busy for
// others, but can place more.
type Phone struct {
	Extension

	sim        *Sim
	behaviour  Behaviour // the rest under sim.mu
	registered bool
	last       *Call         // that came in
	came       chan struct{} // closed and replaced when one comes in
}

func (p *Phone) endpoint() string { return "PJSIP/" + p.Number }

// SetBehaviour says what the phone does with the next calls.
func (p *Phone) SetBehaviour(b Behaviour) {
	p.sim.mu.Lock()
	defer p.sim.mu.Unlock()
	p.behaviour = b
}

// Register makes the phone reachable.
func (p *Phone) Register() { p.register(true, "Reachable", "NonQualified") }

// Unregister makes the phone unreachable: its device is UNAVAILABLE. A call it
// has goes on.
func (p *Phone) Unregister() { p.register(false, "Unreachable", "Removed") }

func (p *Phone) register(on bool, peer, contact string) {
	s := p.sim
	s.mu.Lock()
	defer s.mu.Unlock()
	if p.registered == on {
		return
	}
	p.registered = on
	e := s.endpoint(p.endpoint())
	s.emit(frame{Type: "PeerStatusChange", Endpoint: e, Peer: peerStatusJSON{Status: peer}})
	s.updateDevice(p.endpoint())
	s.emit(frame{Type: "ContactStatusChange", Endpoint: e, Contact: &contactJSON{
		URI: "sip:" + p.Number + "@127.0.0.1:5060", Status: contact, AOR: p.Number, RoundTrip: "0"}})
}

// Busy tells whether the phone has a call.
func (p *Phone) Busy() bool {
	p.sim.mu.Lock()
	defer p.sim.mu.Unlock()
	return p.busy()
}

func (p *Phone) busy() bool { return p.line(func(*channel) bool { return true }) != nil }

// line finds a call of the phone, the oldest first.
func (p *Phone) line(ok func(*channel) bool) *channel {
	return p.sim.find(func(c *channel) bool { return c.phone == p && ok(c) })
}

// Dial takes the phone off the hook and calls number. The call has ended at
// once, without a frame, when the phone is unregistered (cause 20) or the
// dialplan does not know the number (1).
func (p *Phone) Dial(number string) *Call {
	s := p.sim
	s.mu.Lock()
	defer s.mu.Unlock()
	plan, known := s.officePlan(number)
	switch {
	case s.stopped || !p.registered:
		return s.refuse(20)
	case !known:
		return s.refuse(1)
	}
	ch := s.newChannel(channel{endpoint: p.endpoint(), phone: p, state: "Ring", caller: p.id(),
		dialplan: dialplanJSON{Context: officeContext, Exten: number}}, "", "")
	call := s.newCall(ch)
	s.start(ch, plan)
	return call
}

func (p *Phone) id() party { return party{Name: p.Name, Number: p.Number} }

// take is a call coming in at the phone.
func (p *Phone) take(ch *channel) {
	p.last = p.sim.newCall(ch)
	close(p.came)
	p.came = make(chan struct{})
}

// Incoming returns the last call that came in at the phone, waiting for one
// other than after, which may be nil.
func (p *Phone) Incoming(ctx context.Context, after *Call) (*Call, error) {
	for {
		p.sim.mu.Lock()
		last, came := p.last, p.came
		p.sim.mu.Unlock()
		if last != after {
			return last, nil
		}
		select {
		case <-came:
		case <-ctx.Done():
			return nil, ctx.Err()
		}
	}
}

// Last is the last call that came in at the phone; nil if none did.
func (p *Phone) Last() *Call {
	p.sim.mu.Lock()
	defer p.sim.mu.Unlock()
	return p.last
}

// Answer answers the call that rings; false if none does.
func (p *Phone) Answer() bool {
	p.sim.mu.Lock()
	defer p.sim.mu.Unlock()
	l := p.ringing()
	if l != nil {
		l.answer()
	}
	return l != nil
}

// Reject refuses the call that rings (17 busy, 21 rejected); false if none does.
func (p *Phone) Reject(cause int) bool {
	p.sim.mu.Lock()
	defer p.sim.mu.Unlock()
	l := p.ringing()
	if l != nil {
		l.refuse(cause)
	}
	return l != nil
}

// Hangup ends the call the phone talks in or places, one that is not on hold
// first; it does not refuse one that rings. False if there is nothing to end.
func (p *Phone) Hangup() bool {
	p.sim.mu.Lock()
	defer p.sim.mu.Unlock()
	own := func(c *channel) bool { return c.leg == nil || c.state == "Up" }
	c := p.line(func(c *channel) bool { return own(c) && !c.held })
	if c == nil {
		c = p.line(own)
	}
	if c == nil {
		return false
	}
	p.sim.hangup(c, byParty)
	return true
}

// ringing is the leg that can be answered or refused.
func (p *Phone) ringing() *leg {
	c := p.line(func(c *channel) bool { return c.leg != nil && c.state != "Up" })
	if c == nil {
		return nil
	}
	return c.leg
}
