package cti

import (
	"context"
	"errors"
	"strings"
	"time"

	"github.com/google/uuid"
)

const (
	effectTimeout  = 3 * time.Second  // for the events that prove what the PBX said it did
	consultTimeout = 45 * time.Second // for the consulted party to answer
	maxDigits      = 32
)

// Actions tells what a user can do with a call now, and why not the rest.
// Supervision is listed for everybody: who may supervise is the caller's to
// know.
func (s *Service) Actions(userID int64, callID string, all bool) ([]ActionState, error) {
	e, p, err := s.known(callID)
	if err != nil {
		return nil, err
	}
	var out []ActionState
	for _, a := range Actions() {
		state := ActionState{Action: a}
		if refused := s.refusal(e, &p.call, userID, a, all); refused != nil {
			state.Code, state.Reason = refused.Code, refused.Message
		}
		out = append(out, state)
	}
	return out, nil
}

// refusal asks the call first and then the PBX.
func (s *Service) refusal(e *Engine, c *Call, userID int64, a Action, all bool) *Error {
	if a == ActLeave {
		return s.leaving(userID, c.ID)
	}
	legs := partOf(c, userID, all)
	if a == ActHangup && !all && c.State != Ended && !ends(c, userID) {
		return Errorf(CodeForbidden, "the call is not yours to end while it rings for others")
	}
	if refused := legs.refusal(a, c, s.consultation(e, c)); refused != nil {
		return refused
	}
	if !e.Connected() {
		return Errorf(CodeUnreachable, "the PBX %s is out of reach", e.office.cfg.PBX)
	}
	if a == ActHangup {
		return nil
	}
	ctl, ok := e.opt.PBX.(Controller)
	if !ok {
		return Errorf(CodeUnsupported, "this PBX only places and ends calls")
	}
	return ctl.Can(a)
}

// ends tells whether a user may end a call: he talks in it or placed it.
func ends(c *Call, userID int64) bool {
	for i := range c.Legs {
		if l := &c.Legs[i]; l.UserID == userID && l.Role == OfficeLeg && l.State == LegUp {
			return true
		}
	}
	return c.AnsweredBy != nil && c.AnsweredBy.UserID == userID || c.PlacedBy != nil && c.PlacedBy.UserID == userID
}

func (s *Service) consultation(e *Engine, c *Call) *Call {
	if c.Consult == "" {
		return nil
	}
	p, ok := e.get(c.Consult)
	if !ok || p.call.State == Ended {
		return nil
	}
	return &p.call
}

// known finds a call for one who need not be in it.
func (s *Service) known(callID string) (*Engine, published, error) { return s.find(0, callID, true) }

// Control carries out a user's command. It returns when the PBX has shown
// the effect; a command that the PBX confirms without any is CodeNoEffect.
func (s *Service) Control(ctx context.Context, r ControlRequest) (ControlResult, error) {
	e, p, err := s.known(r.CallID)
	if err != nil {
		return ControlResult{}, err
	}
	if !s.begin(r.CallID) {
		return ControlResult{}, Errorf(CodeCommandRuns, "another command for this call is under way")
	}
	defer s.finish(r.CallID)
	if refused := s.refusal(e, &p.call, r.UserID, r.Action, r.All); refused != nil {
		return ControlResult{}, refused
	}
	cmd := &command{s: s, e: e, ctl: e.opt.PBX.(Controller), call: p.call, req: r}
	if err := cmd.prepare(ctx); err != nil {
		return ControlResult{}, err
	}
	result, err := cmd.run(ctx)
	cmd.trace(err)
	return result, err
}

// begin claims a call for one command.
func (s *Service) begin(callID string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.busy[callID] {
		return false
	}
	s.busy[callID] = true
	return true
}

func (s *Service) finish(callID string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.busy, callID)
}

// command is one ControlRequest on its way.
type command struct {
	s     *Service
	e     *Engine
	ctl   Controller
	call  Call
	req   ControlRequest
	user  User
	order Order
	to    Number // of the target
}

// prepare checks the input and makes the order.
func (c *command) prepare(ctx context.Context) error {
	legs := partOf(&c.call, c.req.UserID, c.req.All)
	c.user = c.s.user(c.req.UserID)
	c.order = Order{Action: c.req.Action, User: c.req.UserID, Digits: c.req.Digits, Timeout: consultTimeout}
	own := legs.own
	switch c.req.Action {
	case ActListen, ActWhisper, ActBarge:
		own = legs.agent
	case ActPickup:
		own = legs.rings
	}
	if own != nil {
		c.order.Own = *own
	}
	if legs.other != nil {
		c.order.Other = *legs.other
	}
	if consult := c.s.consultation(c.e, &c.call); consult != nil {
		c.order.Third = consult.ID // the channel bears the id of the call
	}
	switch c.req.Action {
	case ActDTMF:
		return checkDigits(c.req.Digits)
	case ActTransfer, ActRedirect, ActConsult:
		return c.target(ctx, legs.own)
	case ActConference:
		if c.order.Third == "" {
			return c.target(ctx, legs.own)
		}
	case ActPickup, ActListen, ActWhisper, ActBarge:
		return c.device()
	}
	return nil
}

func checkDigits(digits string) error {
	bad := digits == "" || len(digits) > maxDigits
	bad = bad || strings.Trim(digits, "0123456789*#ABCD") != ""
	if bad {
		return &Error{Code: CodeInvalid, Field: "digits", Message: "send 1 to 32 of 0-9 * # A-D"}
	}
	return nil
}

// device chooses the telephone of the user that is to ring.
func (c *command) device() error {
	_, d, e, err := c.s.device(DialRequest{UserID: c.req.UserID, Device: c.req.Device})
	if err != nil {
		return err
	}
	if e != c.e {
		return &Error{Code: CodeNoDevice, Field: "device", Message: "your telephone is at another PBX than the call"}
	}
	c.order.Device = d.Endpoint
	c.order.Target = Target{Exten: extensionOf(d.Endpoint), Context: c.e.office.dialContext(d.Endpoint), Endpoint: d.Endpoint}
	if c.req.Action.Supervises() && c.s.opt.Team != nil && c.s.opt.Team.supervising(d.PBX, d.Endpoint) {
		return nil // he goes on to do it in another way
	}
	return c.s.ready(c.e, d)
}

// target understands where the call is to go and checks it as a dialled
// number is checked (CO-02).
func (c *command) target(ctx context.Context, own *Leg) error {
	t, n, err := c.s.target(ctx, c.e, own.Endpoint, c.req)
	if err != nil {
		return err
	}
	t.From = Party{UserID: own.UserID, Name: own.UserName, Device: own.Endpoint}
	if n.Kind == Extension {
		t.FromNumber = extensionOf(own.Endpoint)
	}
	c.order.Target, c.to = t, n
	return nil
}

// run gives the order to the PBX and waits for what proves it.
func (c *command) run(ctx context.Context) (ControlResult, error) {
	now := c.s.opt.Now
	result := ControlResult{CallID: c.call.ID}
	switch c.req.Action {
	case ActHangup:
		return result, c.s.Hangup(ctx, c.req.UserID, c.req.CallID, c.req.All)
	case ActLeave:
		return result, c.leave(ctx)
	case ActConsult, ActConference:
		if c.order.Third == "" {
			id, err := c.consult(ctx)
			return ControlResult{CallID: id}, err
		}
	case ActPickup:
		c.order.NewID = uuid.NewString()
		if c.call.ParkedAt == "" {
			if err := c.e.do(func() { c.e.attach(c.call.ID, c.order.NewID) }); err != nil {
				return result, err
			}
		}
	}
	proof := c.e.watch(c.call.ID, c.proof())
	defer proof.cancel()
	undo := c.begins()
	out, err := c.ctl.Control(ctx, c.order)
	if err != nil {
		undo()
		return result, err
	}
	if err := proof.wait(ctx); err != nil {
		return result, err
	}
	result.Slot = out.Slot
	return result, c.e.do(func() { c.e.carriedOut(c.call.ID, c.order, out, now()) })
}

// consult places the call to the third party and has it joined with the
// user's leg when it is answered.
func (c *command) consult(ctx context.Context) (string, error) {
	now := c.s.opt.Now()
	call := Call{
		ID: uuid.NewString(), PBX: c.call.PBX, Direction: Outbound, State: Ringing, Number: c.to, StartedAt: now,
		PlacedBy: &Party{UserID: c.order.Own.UserID, Name: c.order.Own.UserName, Device: c.order.Own.Endpoint},
	}
	if c.to.Kind == Extension {
		call.Direction = Internal
	}
	c.order.NewID = call.ID
	if err := c.e.do(func() { c.e.placeConsult(call, c.call.ID, now) }); err != nil {
		return "", err
	}
	proof := c.e.watch(call.ID, func(k *Call) bool { return len(k.Legs) > 0 })
	defer proof.cancel()
	_, err := c.ctl.Control(ctx, c.order)
	if err == nil {
		if err = proof.wait(ctx); err != nil {
			err = errors.Join(err, c.undo(context.WithoutCancel(ctx)))
		}
	}
	if err != nil {
		why := err.Error()
		_ = c.e.do(func() { c.e.refused(call.ID, why) })
		return "", err
	}
	return call.ID, c.e.do(func() { c.e.carriedOut(c.call.ID, c.order, Outcome{}, now) })
}

// undo takes back a call to a third party of which nothing is seen, and the
// hold that began with it.
func (c *command) undo(ctx context.Context) error {
	if c.order.Action == ActConference {
		return c.e.opt.PBX.Hangup(ctx, c.order.NewID)
	}
	back := c.order
	back.Action, back.Third = ActCancel, c.order.NewID
	_, err := c.ctl.Control(ctx, back)
	return err
}

// trace notes the command, but no digits: they may be a secret. A stopping
// engine has nothing left to note it in.
func (c *command) trace(failed error) {
	_ = c.e.do(func() {
		c.e.ordered(c.call.ID, c.user.Name, c.order.Target.Exten, c.req.Action, failed, c.s.opt.Now())
	})
}
