package cti_test

import (
	"errors"
	"slices"
	"sync"
	"testing"
	"time"

	"ringcard/cti"
)

// ready waits until the engine has taken the first Resync: telephones are free.
func (d *desk) ready() *desk {
	d.t.Helper()
	// Events are taken in order: when this call is over, the Resync is done.
	ch := cti.Channel{ID: "0.1", Name: "PJSIP/trunk-00", State: "Ring", LinkedID: "0.1", CallerNumber: "anonymous"}
	d.post(cti.Event{Kind: cti.ChannelCreated, Channel: ch})
	d.gone("0.1", 16)
	d.ended(1)
	return d
}

func code(t *testing.T, err error) cti.Code {
	t.Helper()
	var e *cti.Error
	if !errors.As(err, &e) {
		t.Fatalf("error %v is no *cti.Error", err)
	}
	return e.Code
}

func TestDialOrdersOwnPhoneFirst_CO_01_CO_04(t *testing.T) {
	d := newDesk(t, func(o *cti.EngineOptions) {
		o.Office.DialRules = []cti.DialRule{{Match: `^\+7(\d{10})$`, Dial: "98$1"}}
	}).ready()
	id, err := d.service.Dial(d.ctx(), cti.DialRequest{UserID: 101, To: "89161234567", Key: "k2", ClientID: 7})
	if err != nil {
		t.Fatal(err)
	}
	want := cti.Originate{ChannelID: id, Endpoint: "PJSIP/101", Extension: "989161234567", Context: "office",
		Name: "Северный ветер", Number: "89161234567", Timeout: 30 * time.Second}
	if got := d.pbx.Originated(); len(got) != 1 || got[0] != want {
		t.Errorf("ordered %+v, want %+v", got, want)
	}
	c := d.shown(101, "the order", func(c cti.Call) bool { return c.ID == id })
	if c.Direction != cti.Outbound || c.PlacedBy.UserID != 101 || c.Client == nil {
		t.Errorf("shown %+v", c)
	}
}

// Twenty clicks with one key are one call, and all get its id.
func TestRepeatedClickDialsOnce_CO_03(t *testing.T) {
	d := newDesk(t).ready()
	ids := make([]string, 20)
	var wg sync.WaitGroup
	for i := range ids {
		wg.Go(func() {
			ids[i], _ = d.service.Dial(d.ctx(), cti.DialRequest{UserID: 101, To: "79161234567", Key: "same"})
		})
	}
	wg.Wait()
	if n := len(d.pbx.Originated()); n != 1 {
		t.Errorf("%d orders", n)
	}
	if ids[0] == "" || len(slices.Compact(ids)) != 1 {
		t.Errorf("ids %v", ids)
	}
}

func TestLateClickDoesNotDial_CO_03(t *testing.T) {
	d := newDesk(t).ready()
	_, err := d.service.Dial(d.ctx(), cti.DialRequest{UserID: 101, To: "79161234567", Key: "k", RequestedAt: time.Now().Add(-16 * time.Second)})
	if code(t, err) != cti.CodeExpired || len(d.pbx.Originated()) != 0 {
		t.Errorf("%v; orders %v", err, d.pbx.Originated())
	}
}

func TestDialRefusesInPlainWords_CO_02(t *testing.T) {
	d := newDesk(t).ready()
	d.post(cti.Event{Kind: cti.DeviceChanged, Device: cti.DeviceState{Endpoint: "PJSIP/103", Online: false}})
	d.ring("102")
	d.shown(102, "the ring", isState(cti.Ringing))
	for name, c := range map[string]struct {
		r    cti.DialRequest
		want cti.Code
	}{
		"no key":       {cti.DialRequest{UserID: 101, To: "79161234567"}, cti.CodeInvalid},
		"no number":    {cti.DialRequest{UserID: 101, To: "", Key: "a"}, cti.CodeInvalid},
		"not a number": {cti.DialRequest{UserID: 101, To: "hello", Key: "b"}, cti.CodeInvalid},
		"no telephone": {cti.DialRequest{UserID: 5, To: "79161234567", Key: "c"}, cti.CodeNoDevice},
		"not his":      {cti.DialRequest{UserID: 101, To: "79161234567", Key: "d", Device: "PJSIP/102"}, cti.CodeNoDevice},
		"busy":         {cti.DialRequest{UserID: 102, To: "79161234567", Key: "e"}, cti.CodeDeviceBusy},
		"not there":    {cti.DialRequest{UserID: 103, To: "79161234567", Key: "f"}, cti.CodeUnregistered},
	} {
		if _, err := d.service.Dial(d.ctx(), c.r); err == nil || code(t, err) != c.want {
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
	d.pbx.SetDown(true)
	if _, err := d.service.Dial(d.ctx(), cti.DialRequest{UserID: 101, To: "79161234567", Key: "g"}); code(t, err) != cti.CodeUnreachable {
		t.Errorf("PBX away: %v", err)
	}
	if n := len(d.pbx.Originated()); n != 0 {
		t.Errorf("%d orders in spite of the refusals", n)
	}
}

// The PBX says no: the user gets its reason, and the attempt is a record.
func TestRefusedOrderIsARecord_CK_07(t *testing.T) {
	d := newDesk(t).ready()
	d.pbx.Refuse(cti.Errorf(cti.CodeUnregistered, "the telephone is not registered"))
	if _, err := d.service.Dial(d.ctx(), cti.DialRequest{UserID: 101, To: "79161234567", Key: "k"}); code(t, err) != cti.CodeUnregistered {
		t.Errorf("error %v", err)
	}
	calls := d.ended(2)
	i := slices.IndexFunc(calls, func(c cti.Call) bool { return c.Direction == cti.Outbound })
	if i < 0 || calls[i].Disposition != cti.Failed || calls[i].Number.E164 != northWind {
		t.Errorf("records %+v", calls)
	}
}

// A cancel that is quicker than the channel still ends the call.
func TestCancelBeforeTheChannelIsThere_CO_01(t *testing.T) {
	d := newDesk(t).ready()
	d.pbx.OnDial(func(o cti.Originate) {
		if err := d.service.Hangup(d.ctx(), 101, o.ChannelID, false); err != nil {
			t.Error(err)
		}
	})
	id, err := d.service.Dial(d.ctx(), cti.DialRequest{UserID: 101, To: "79161234567", Key: "k"})
	if err != nil {
		t.Fatal(err)
	}
	if got := d.pbx.HungUp(); len(got) != 2 || got[0] != id || got[1] != id {
		t.Errorf("hung up %v, want %s before and after its channel", got, id)
	}
	own := cti.Channel{ID: id, Name: "PJSIP/101-05", State: "Down", LinkedID: id}
	d.post(cti.Event{Kind: cti.ChannelCreated, Channel: own})
	d.gone(id, 0)
	calls := d.ended(2)
	i := slices.IndexFunc(calls, func(c cti.Call) bool { return c.ID == id })
	if i < 0 || calls[i].Disposition != cti.Abandoned {
		t.Errorf("records %+v", calls)
	}
}

// Who may end which call.
func TestHangupRights_CO_07(t *testing.T) {
	d := newDesk(t)
	d.ring("101", "102")
	c := d.shown(102, "the ring", isState(cti.Ringing))
	if err := d.service.Hangup(d.ctx(), 102, c.ID, false); code(t, err) != cti.CodeForbidden {
		t.Errorf("ringing for others too: %v", err)
	}
	if err := d.service.Hangup(d.ctx(), 105, c.ID, false); code(t, err) != cti.CodeNotFound {
		t.Errorf("not concerned: %v", err)
	}
	d.answer("102")
	d.shown(102, "the talk", isState(cti.Talking))
	if err := d.service.Hangup(d.ctx(), 102, c.ID, false); err != nil {
		t.Error(err)
	}
	if got := d.pbx.HungUp(); len(got) != 1 || got[0] != "1.102" {
		t.Errorf("hung up %v, want the own leg", got)
	}
}

func TestChosenClientStays_LU_04(t *testing.T) {
	d := newDesk(t)
	d.ring("102")
	c := d.shown(102, "the ring", isState(cti.Ringing))
	if err := d.service.ChooseClient(d.ctx(), 102, c.ID, 7, 0); err != nil {
		t.Fatal(err)
	}
	if err := d.service.ChooseClient(d.ctx(), 105, c.ID, 7, 0); code(t, err) != cti.CodeNotFound {
		t.Errorf("a user not concerned: %v", err)
	}
	d.gone("1.102", 0)
	d.gone("1.1", 16)
	if r := d.ended(1)[0]; r.Client == nil || r.Client.ID != 7 {
		t.Errorf("record %+v", r)
	}
}

// Presence follows calls and registrations, and is unknown while the PBX is away.
func TestPresence_CO_11(t *testing.T) {
	d := newDesk(t).ready()
	of := func(user int64) cti.PresenceState {
		for _, p := range d.team.List() {
			if p.UserID == user {
				return p.State
			}
		}
		return ""
	}
	if s := of(102); s != cti.PresenceFree {
		t.Errorf("idle: %s", s)
	}
	d.ring("102")
	d.shown(102, "the ring", isState(cti.Ringing))
	if s := of(102); s != cti.PresenceRinging {
		t.Errorf("ringing: %s", s)
	}
	d.answer("102")
	d.shown(102, "the talk", isState(cti.Talking))
	if s := of(102); s != cti.PresenceTalking {
		t.Errorf("talking: %s", s)
	}
	d.gone("1.102", 16)
	d.gone("1.1", 16)
	d.ended(2)
	if p, err := d.team.SetStatus(102, cti.PresenceBreak); err != nil || p.State != cti.PresenceBreak {
		t.Errorf("break: %+v %v", p, err)
	}
	if _, err := d.team.SetStatus(102, "asleep"); code(t, err) != cti.CodeInvalid {
		t.Errorf("bad status: %v", err)
	}
	d.post(cti.Event{Kind: cti.Disconnected})
	d.ring("103")
	d.shown(103, "the ring", isState(cti.Ringing))
	if s := of(102); s != cti.PresenceUnknown {
		t.Errorf("PBX away: %s", s)
	}
}
