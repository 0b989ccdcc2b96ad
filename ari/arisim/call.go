package arisim

import "time"

// Inbound is a call from outside.
type Inbound struct {
	From      string // number as the provider sends it
	Name      string
	DID       string
	Anonymous bool          // the number is withheld
	Patience  time.Duration // the caller gives up after; 0: never
	TalkFor   time.Duration // the caller hangs up after talking for; 0: the office does
}

// Call is a call as one of its parties sees it: who placed it, or the
// telephone at which it came in.
type Call struct {
	sim      *Sim
	ringing  chan struct{}
	answered chan struct{}
	ended    chan struct{}
	ch       *channel // under sim.mu, as what follows
	cause    int
	rang     bool
	up       bool
	done     bool
}

func (s *Sim) newCall(ch *channel) *Call {
	c := &Call{sim: s, ch: ch, ringing: make(chan struct{}), answered: make(chan struct{}), ended: make(chan struct{})}
	if ch != nil {
		ch.call = c
	}
	s.calls[c] = struct{}{}
	return c
}

// ID is the unique id of the party's channel; empty if the PBX took no call.
func (c *Call) ID() string {
	c.sim.mu.Lock()
	defer c.sim.mu.Unlock()
	if c.ch == nil {
		return ""
	}
	return c.ch.id
}

// Ringing is closed when the first called party rings. With EarlyMedia it
// never is.
func (c *Call) Ringing() <-chan struct{} { return c.ringing }

// Answered is closed when the party can talk, to somebody or to the PBX.
func (c *Call) Answered() <-chan struct{} { return c.answered }

// Ended is closed when the party's channel is gone.
func (c *Call) Ended() <-chan struct{} { return c.ended }

// Cause is why the call ended (Q.850); 0 before.
func (c *Call) Cause() int {
	c.sim.mu.Lock()
	defer c.sim.mu.Unlock()
	return c.cause
}

// Hangup is the party hanging up; nothing happens when the call has ended.
func (c *Call) Hangup() {
	c.sim.mu.Lock()
	defer c.sim.mu.Unlock()
	if c.ch != nil && !c.done {
		c.sim.hangup(c.ch, byParty)
	}
}

func (c *Call) ring() {
	if !c.rang {
		c.rang = true
		close(c.ringing)
	}
}

func (c *Call) answer() {
	if !c.up {
		c.up = true
		close(c.answered)
	}
}

func (s *Sim) finish(c *Call, cause int) {
	if !c.done {
		c.done, c.cause = true, cause
		delete(s.calls, c)
		close(c.ended)
	}
}

// Inbound is the provider sending an INVITE. A DID without a route is refused
// with cause 1 and no frame, as Asterisk does with an extension it lacks.
func (s *Sim) Inbound(in Inbound) *Call {
	s.mu.Lock()
	defer s.mu.Unlock()
	plan, ok := s.plan(trunkContext, in.DID)
	switch {
	case s.stopped:
		return s.refuse(38)
	case !ok || s.opt.Office.Trunk == "":
		return s.refuse(1)
	}
	caller := party{Name: in.Name, Number: in.From}
	if in.Anonymous {
		caller = party{Name: "Anonymous", Number: "anonymous"}
	}
	ch := s.newChannel(channel{endpoint: s.trunk(), state: "Ring", caller: caller, talkFor: in.TalkFor,
		dialplan: dialplanJSON{Context: trunkContext, Exten: in.DID}}, "", "")
	call := s.newCall(ch)
	if in.Patience > 0 {
		ch.will = s.after(in.Patience, func() { s.hangup(ch, byParty) })
	}
	s.start(ch, plan)
	return call
}

// refuse is a call that the PBX does not take.
func (s *Sim) refuse(cause int) *Call {
	c := s.newCall(nil)
	s.finish(c, cause)
	return c
}
