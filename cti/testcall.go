package cti

import (
	"context"
	"slices"
	"time"
)

// TestRequest asks for a call that only proves the way from the PBX to the
// record (PB-11).
type TestRequest struct {
	ID     string // of the call, a UUID
	UserID int64
	PBX    string
	Device string // a telephone of the user; empty: his first at the PBX
	Number string // shown as the caller
}

// TestCall rings a telephone of the user as if the number called: the call
// pops up like any other and is recorded with Test set. It returns when the
// PBX has the order; the caller hangs up.
func (s *Service) TestCall(ctx context.Context, r TestRequest) (Device, error) {
	now := s.opt.Now()
	device, engine, err := s.testDevice(r)
	if err != nil {
		return Device{}, err
	}
	number := engine.office.cfg.Parse(r.Number)
	if number.Kind == Invalid {
		return device, &Error{Code: CodeInvalid, Field: "number", Message: "this is no telephone number; write it as +7 916 123-45-67"}
	}
	if err := s.ready(engine, device); err != nil {
		return device, err
	}
	call := Call{ID: r.ID, PBX: r.PBX, Direction: Inbound, State: Ringing, Number: number, Test: true, StartedAt: now}
	if err := engine.do(func() { engine.placeTest(call, device, now) }); err != nil {
		return device, err
	}
	err = engine.opt.PBX.Originate(ctx, Originate{ChannelID: call.ID, Endpoint: device.Endpoint, Number: number.Display,
		Name: "Ringcard", Timeout: ownTimeout})
	if err != nil {
		why := err.Error()
		_ = engine.do(func() { engine.refused(call.ID, why) })
	}
	return device, err
}

func (s *Service) testDevice(r TestRequest) (Device, *Engine, error) {
	s.mu.Lock()
	var devices []Device
	if i := slices.IndexFunc(s.users, func(u User) bool { return u.ID == r.UserID }); i >= 0 {
		devices = s.users[i].Devices
	}
	s.mu.Unlock()
	i := slices.IndexFunc(devices, func(d Device) bool { return d.PBX == r.PBX && (r.Device == "" || d.Endpoint == r.Device) })
	e := slices.IndexFunc(s.opt.Engines, func(e *Engine) bool { return e.office.cfg.PBX == r.PBX })
	switch {
	case e < 0:
		return Device{}, nil, &Error{Code: CodeNotFound, Field: "pbx", Message: "there is no such PBX"}
	case i < 0 && r.Device != "":
		return Device{}, nil, &Error{Code: CodeNoDevice, Field: "device", Message: "this telephone is not yours"}
	case i < 0:
		return Device{}, nil, Errorf(CodeNoDevice, "you have no telephone at this PBX; give yourself one on the page of users")
	}
	return devices[i], s.opt.Engines[e], nil
}

// placeTest puts a test call on the board before its channel exists. It runs
// with the engine's turn.
func (e *Engine) placeTest(c Call, d Device, now time.Time) {
	lv := e.board.open(c.ID)
	e.board.byChannel[c.ID] = lv
	c.Version = 1
	lv.call, lv.placedAt = c, now
	lv.trace.add(now, "test_call", "number", c.Number.Display, "device", d.Endpoint)
	if c.Number.Kind == External && c.Number.E164 != "" {
		lv.call.Lookup = LookupPending
	}
	placed := e.publish(lv)
	e.save(placed)
	e.placed(placed)
	if placed.Lookup == LookupPending {
		e.lookUp(c.ID, c.Number.E164)
	}
}
