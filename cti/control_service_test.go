package cti_test

import (
	"context"
	"slices"
	"sync"
	"testing"
	"testing/synctest"

	"ringcard/cti"
	"ringcard/cti/ctitest"
)

// controller takes commands, answers them as told and does nothing: what
// happens at the PBX is for the test to say.
type controller struct {
	*ctitest.PBX
	mu     sync.Mutex
	orders []cti.Order
	err    error
	cannot *cti.Error
	queues []cti.QueueState
}

var (
	_ cti.Controller = (*controller)(nil)
	_ cti.QueuePBX   = (*controller)(nil)
)

func (p *controller) Can(cti.Action) *cti.Error { return p.cannot }

func (p *controller) Control(_ context.Context, o cti.Order) (cti.Outcome, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.orders = append(p.orders, o)
	return cti.Outcome{}, p.err
}

func (p *controller) Queues(context.Context) ([]cti.QueueState, error) { return p.queues, p.err }

func (p *controller) ChangeQueue(context.Context, cti.QueueOrder) error { return nil }

func (p *controller) OnQueues(func()) {}

// ordered returns the actions so far.
func (p *controller) ordered() (out []cti.Action) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, o := range p.orders {
		out = append(out, o.Action)
	}
	return out
}

// controlled is a desk at a PBX whose calls can be controlled, in a bubble of
// its own time.
func controlled(t *testing.T, f func(t *testing.T, d *desk, p *controller)) {
	t.Helper()
	spool := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		p := &controller{PBX: ctitest.NewPBX("office")}
		d := newDeskOn(t, ctitest.NewJournal(), spool, func(o *cti.EngineOptions) { o.PBX = p })
		synctest.Wait()
		f(t, d, p)
		d.stop()
	})
}

// live is the only call of a user.
func (d *desk) live(user int64) cti.Call {
	d.t.Helper()
	synctest.Wait()
	calls := d.service.Live(user)
	if len(calls) != 1 {
		d.t.Fatalf("%d calls of user %d", len(calls), user)
	}
	return calls[0]
}

func (d *desk) control(r cti.ControlRequest) error {
	_, err := d.service.Control(d.t.Context(), r)
	return err
}

// A command that the PBX confirms and of which no event shows anything fails,
// and leaves the call as it was.
func TestConfirmedWithoutAnEvent_CO_07(t *testing.T) {
	for _, c := range []struct {
		action cti.Action
		rings  bool
		user   int64
		undone []cti.Action
	}{
		{action: cti.ActTransfer, user: 102}, {action: cti.ActPark, user: 102},
		{action: cti.ActConsult, user: 102, undone: []cti.Action{cti.ActCancel}}, {action: cti.ActConference, user: 102},
		{action: cti.ActRedirect, rings: true, user: 102}, {action: cti.ActPickup, rings: true, user: 103},
	} {
		t.Run(string(c.action), func(t *testing.T) {
			controlled(t, func(t *testing.T, d *desk, p *controller) {
				if d.ring("102"); !c.rings {
					d.answer("102")
				}
				before := d.live(102)
				err := d.control(cti.ControlRequest{UserID: c.user, CallID: before.ID, Action: c.action, To: "104"})
				if code(t, err) != cti.CodeNoEffect {
					t.Errorf("%v, want %s", err, cti.CodeNoEffect)
				}
				if want := append([]cti.Action{c.action}, c.undone...); !slices.Equal(p.ordered(), want) {
					t.Errorf("ordered %v, want %v", p.ordered(), want)
				}
				after := d.live(102)
				if after.State != before.State || len(after.Transfers) != 0 || after.Consult != "" || after.ParkedAt != "" {
					t.Errorf("the call is %+v", after)
				}
				if c.action == cti.ActConference && !slices.Contains(p.HungUp(), p.orders[0].NewID) {
					t.Errorf("the third party is left to ring; hung up %v", p.HungUp())
				}
				if why, _ := d.service.Why(before.ID); !slices.ContainsFunc(why.Steps, func(s cti.Step) bool { return s.Code == "control_failed" }) {
					t.Errorf("the trace says nothing of it: %+v", why.Steps)
				}
			})
		})
	}
}

// Completing is proved by the meeting of the two others.
func TestCompleteIsProvedByTheOthersMeeting_CO_07(t *testing.T) {
	for _, meet := range []bool{true, false} {
		controlled(t, func(t *testing.T, d *desk, p *controller) {
			d.ring("102")
			d.answer("102")
			first := d.live(102)
			if err := d.consult(p, first.ID); err != nil {
				t.Fatal(err)
			}
			done := make(chan error, 1)
			go func() {
				done <- d.control(cti.ControlRequest{UserID: 102, CallID: first.ID, Action: cti.ActComplete})
			}()
			synctest.Wait()
			if meet {
				client, third := trunkChannel(), p.orders[0].NewID
				client.State = "Up"
				b := cti.Bridge{ID: "b2", Class: "basic", Channels: []string{client.ID, third}}
				d.post(cti.Event{Kind: cti.BridgeEntered, Channel: client, Bridge: b})
				d.post(cti.Event{Kind: cti.BridgeEntered, Channel: cti.Channel{ID: third, Name: "PJSIP/104-09", State: "Up"}, Bridge: b})
				d.gone("1.102", 16)
			}
			switch err := <-done; {
			case meet && err != nil:
				t.Error(err)
			case !meet && code(t, err) != cti.CodeNoEffect:
				t.Errorf("nobody met: %v", err)
			}
		})
	}
}

// consult lets 102 ask 104, who answers.
func (d *desk) consult(p *controller, callID string) error {
	done := make(chan error, 1)
	go func() {
		done <- d.control(cti.ControlRequest{UserID: 102, CallID: callID, Action: cti.ActConsult, To: "104"})
	}()
	synctest.Wait()
	id := p.orders[0].NewID
	third := cti.Channel{ID: id, Name: "PJSIP/104-09", State: "Down", LinkedID: id}
	d.post(cti.Event{Kind: cti.ChannelCreated, Channel: third})
	d.post(cti.Event{Kind: cti.Dialed, Peer: third})
	third.State = "Up"
	d.post(cti.Event{Kind: cti.ChannelChanged, Channel: third})
	d.post(cti.Event{Kind: cti.BridgeEntered, Channel: third, Bridge: cti.Bridge{ID: cti.ServicePrefix + "mix", Class: "stasis"}})
	err := <-done
	synctest.Wait()
	return err
}

// Each refusal of a command, before it reaches the PBX or from there.
func TestControlRefusals_CO_07_CO_09(t *testing.T) {
	needs := cti.Errorf(cti.CodeNeedsAMI, "no AMI")
	refused := cti.Errorf(cti.CodeRefused, "no such extension")
	for name, c := range map[string]struct {
		r      cti.ControlRequest
		cannot *cti.Error
		err    error
		down   bool
		want   cti.Code
	}{
		"no such call":          {r: cti.ControlRequest{UserID: 102, Action: cti.ActHold, CallID: "x"}, want: cti.CodeNotFound},
		"PBX cannot":            {r: cti.ControlRequest{UserID: 102, Action: cti.ActHold}, cannot: needs, want: cti.CodeNeedsAMI},
		"PBX refuses":           {r: cti.ControlRequest{UserID: 102, Action: cti.ActTransfer, To: "104"}, err: refused, want: cti.CodeRefused},
		"PBX is away":           {r: cti.ControlRequest{UserID: 102, Action: cti.ActHold}, down: true, want: cti.CodeUnreachable},
		"digits":                {r: cti.ControlRequest{UserID: 102, Action: cti.ActDTMF, Digits: "12x"}, want: cti.CodeInvalid},
		"too many digits":       {r: cti.ControlRequest{UserID: 102, Action: cti.ActDTMF, Digits: "123456789012345678901234567890123"}, want: cti.CodeInvalid},
		"to oneself":            {r: cti.ControlRequest{UserID: 102, Action: cti.ActTransfer, To: "102"}, want: cti.CodeInvalid},
		"to nowhere":            {r: cti.ControlRequest{UserID: 102, Action: cti.ActTransfer, To: "?"}, want: cti.CodeInvalid},
		"to who is offline":     {r: cti.ControlRequest{UserID: 102, Action: cti.ActConsult, To: "103"}, want: cti.CodeTargetOffline},
		"to a colleague away":   {r: cti.ControlRequest{UserID: 102, Action: cti.ActTransfer, ToUser: 999}, want: cti.CodeNoDevice},
		"listen without device": {r: cti.ControlRequest{UserID: 999, Action: cti.ActListen}, want: cti.CodeNoDevice},
		"listen offline":        {r: cti.ControlRequest{UserID: 103, Action: cti.ActListen}, want: cti.CodeUnregistered},
		"listen to oneself":     {r: cti.ControlRequest{UserID: 102, Action: cti.ActListen}, want: cti.CodeOwnCall},
		"another's call":        {r: cti.ControlRequest{UserID: 104, Action: cti.ActHold}, want: cti.CodeNotTalking},
		"pick up a talk":        {r: cti.ControlRequest{UserID: 104, Action: cti.ActPickup}, want: cti.CodeNotRinging},
	} {
		t.Run(name, func(t *testing.T) {
			controlled(t, func(t *testing.T, d *desk, p *controller) {
				d.post(cti.Event{Kind: cti.DeviceChanged, Device: cti.DeviceState{Endpoint: "PJSIP/103", Online: false}})
				d.ring("102")
				d.answer("102")
				id := d.live(102).ID
				if c.r.CallID == "" {
					c.r.CallID = id
				}
				p.cannot, p.err = c.cannot, c.err
				p.SetDown(c.down)
				if err := d.control(c.r); code(t, err) != c.want {
					t.Errorf("%v, want %s", err, c.want)
				}
				if reached := len(p.ordered()) > 0; reached != (c.err != nil) {
					t.Errorf("reached the PBX: %v", p.ordered())
				}
			})
		})
	}
}

// A PBX that only places calls refuses the rest, and a second command waits
// for no first one: it is refused.
func TestOneCommandAtATime_CO_07(t *testing.T) {
	controlled(t, func(t *testing.T, d *desk, p *controller) {
		d.ring("102")
		d.answer("102")
		r := cti.ControlRequest{UserID: 102, CallID: d.live(102).ID, Action: cti.ActTransfer, To: "104"}
		first := make(chan error, 1)
		go func() { first <- d.control(r) }()
		synctest.Wait()
		if err := d.control(r); code(t, err) != cti.CodeCommandRuns {
			t.Errorf("a second command meanwhile: %v", err)
		}
		if err := <-first; code(t, err) != cti.CodeNoEffect {
			t.Errorf("the first: %v", err)
		}
		if n := len(p.ordered()); n != 1 {
			t.Errorf("%d orders", n)
		}
	})
	d := newDesk(t)
	d.ring("102")
	d.answer("102")
	c := d.shown(102, "the talk", isState(cti.Talking))
	if err := d.control(cti.ControlRequest{UserID: 102, CallID: c.ID, Action: cti.ActHold}); code(t, err) != cti.CodeUnsupported {
		t.Errorf("hold at a PBX that only places calls: %v", err)
	}
}
