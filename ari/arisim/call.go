package arisim

import (
	"strings"
	"time"
)

// Inbound is a call from outside.
type Inbound struct {
	From      string // number as the provider sends it
	Name      string
	DID       string
	Anonymous bool          // the number is withheld
	Patience  time.Duration // the caller gives up after; 0: never
	TalkFor   time.Duration // the caller hangs up after talking for; 0: the office does
}

// Call is a call as its caller sees it.
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

func (s *Sim) newCall() *Call {
	c := &Call{sim: s, ringing: make(chan struct{}), answered: make(chan struct{}), ended: make(chan struct{})}
	s.calls[c] = struct{}{}
	return c
}

// ID is the unique id of the caller's channel; empty if the PBX took no call.
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

// Answered is closed when the two sides can talk.
func (c *Call) Answered() <-chan struct{} { return c.answered }

// Ended is closed when the caller's channel is gone.
func (c *Call) Ended() <-chan struct{} { return c.ended }

// Cause is why the call ended (Q.850); 0 before.
func (c *Call) Cause() int {
	c.sim.mu.Lock()
	defer c.sim.mu.Unlock()
	return c.cause
}

// Hangup is the caller hanging up; nothing happens when the call has ended.
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
	call := s.newCall()
	route, ok := s.opt.Office.Routes[in.DID]
	switch {
	case s.stopped:
		s.finish(call, 38)
		return call
	case !ok || s.opt.Office.Trunk == "":
		s.finish(call, 1)
		return call
	}
	caller := party{Name: in.Name, Number: in.From}
	if in.Anonymous {
		caller = party{Name: "Anonymous", Number: "anonymous"}
	}
	ch := s.newChannel(channel{endpoint: s.trunk(), state: "Ring", caller: caller,
		dialplan: dialplanJSON{Context: trunkContext, Exten: in.DID}}, "", "")
	r := s.start(ch, call, func(r *run) { r.route(route) })
	r.talkFor = in.TalkFor
	if in.Patience > 0 && !call.done {
		r.patience = s.after(in.Patience, func() { s.hangup(ch, byParty) })
	}
	return call
}

// officePlan is the dialplan of the telephones: extensions, and the world by
// the trunk for numbers that begin with 7, 8, 9, 00 or +.
func (s *Sim) officePlan(exten string) (func(*run), bool) {
	if p, ok := s.phones[exten]; ok {
		return func(r *run) { r.dial([]target{{phone: p}}, defaultDial) }, true
	}
	outside := len(exten) > 2 && (strings.ContainsAny(exten[:1], "789+") || strings.HasPrefix(exten, "00"))
	if !outside || s.opt.Office.Trunk == "" {
		return nil, false
	}
	return func(r *run) { r.dial([]target{{number: exten}}, defaultOutside) }, true
}

// Defaults of the dialplan.
const (
	defaultDial    = 20 * time.Second
	defaultOutside = 30 * time.Second
	defaultTry     = 15 * time.Second
	defaultRetry   = 5 * time.Second
	defaultMaxWait = 60 * time.Second
)
