package cti_test

import (
	"errors"
	"sync/atomic"
	"testing"
	"time"

	"ringcard/cti"
)

// Asterisk lists a ghost and answers 404 to its hang-up, which is no error of
// the port: the leg is taken for gone, and a resync does not bring it back.
func TestGhostChannelIsClosed_PB_03(t *testing.T) {
	var later atomic.Int64
	d := newDesk(t, func(o *cti.EngineOptions) {
		o.Now = func() time.Time { return time.Now().Add(time.Duration(later.Load())) }
	})
	d.ring("102")
	d.answer("102")
	talk := d.shown(102, "the talk", isState(cti.Talking))
	phone := phoneChannel("102", "Up")
	d.gone("1.1", 16) // the client hung up; the telephone's channel stays
	if err := d.service.Hangup(d.ctx(), 102, talk.ID, false); err != nil {
		t.Fatal(err)
	}
	later.Store(int64(time.Minute))
	c := d.ended(1)[0]
	if c.Disposition != cti.Answered || c.EndedBy == "" {
		t.Errorf("record %+v", c)
	}
	d.post(cti.Event{Kind: cti.Resync, Snapshot: &cti.Snapshot{Channels: []cti.Channel{phone}}})
	next := trunkChannel()
	next.ID, next.LinkedID, next.Name = "9.1", "9.1", "PJSIP/trunk-91"
	rings := phoneChannel("103", "Ringing")
	rings.ID, rings.LinkedID = "9.103", "9.1"
	d.post(cti.Event{Kind: cti.ChannelCreated, Channel: next})
	d.post(cti.Event{Kind: cti.Dialed, Channel: next, Peer: rings})
	d.shown(103, "the next call", isState(cti.Ringing))
	if live := d.service.Live(102); len(live) > 0 {
		t.Errorf("the ghost is back: %+v", live)
	}
}

// A hang-up that the PBX did not take leaves the call as it is.
func TestFailedHangupEndsNothing_CO_07(t *testing.T) {
	var later atomic.Int64
	swept := make(chan int)
	d := newDesk(t, func(o *cti.EngineOptions) {
		o.Now = func() time.Time { return time.Now().Add(time.Duration(later.Load())) }
		o.Metrics = &cti.Metrics{LiveCalls: func(_ string, n int) {
			select {
			case swept <- n:
			default:
			}
		}}
	})
	d.ring("102")
	d.answer("102")
	talk := d.shown(102, "the talk", isState(cti.Talking))
	d.pbx.Refuse(cti.Errorf(cti.CodeUnreachable, "no answer"))
	if err := d.service.Hangup(d.ctx(), 102, talk.ID, false); code(t, err) != cti.CodeUnreachable {
		t.Fatal(err)
	}
	later.Store(int64(time.Minute))
	for range 2 { // the second has seen the new time
		if n := <-swept; n != 1 {
			t.Errorf("%d calls are up", n)
		}
	}
	if live := d.service.Live(102); len(live) != 1 || live[0].State != cti.Talking {
		t.Errorf("live %+v", live)
	}
	d.gone("1.1", 16)
	d.gone("1.102", 16)
	if c := d.ended(1)[0]; c.Disposition != cti.Answered || c.EndedBy == "office" {
		t.Errorf("record %+v", c)
	}
}

// The clock of this machine is set back an hour during a call: no time lies
// before an earlier one and no duration is negative.
func TestClockOfThisMachineSteps_CK_03(t *testing.T) {
	d := newDesk(t)
	start := time.Now().Round(0)
	back := func(after time.Duration) time.Time { return start.Add(after - time.Hour) }
	caller := trunkChannel()
	d.post(cti.Event{Kind: cti.ChannelCreated, Channel: caller, At: start})
	d.post(cti.Event{Kind: cti.ChannelCreated, Channel: phoneChannel("102", "Down"), At: back(time.Second)})
	d.post(cti.Event{Kind: cti.Dialed, Dial: "RINGING", Channel: caller, Peer: phoneChannel("102", "Ringing"), At: back(2 * time.Second)})
	d.post(cti.Event{Kind: cti.ChannelGone, Channel: cti.Channel{ID: "1.102"}, At: back(3 * time.Second)})
	d.post(cti.Event{Kind: cti.ChannelGone, Channel: cti.Channel{ID: "1.1"}, Cause: 16, At: back(4 * time.Second)})
	c := d.ended(1)[0]
	if c.EndedAt.Before(c.StartedAt) || c.WaitMS != 0 || c.RingAt.Before(c.StartedAt) {
		t.Errorf("from %v to %v, wait %d ms", c.StartedAt, c.EndedAt, c.WaitMS)
	}
}

// Channels of the PBX's own plumbing, and those by which commands are carried
// out, are no calls, whatever they do.
func TestServiceChannelsAreNoCalls_CK_01(t *testing.T) {
	d := newDesk(t)
	for i, name := range []string{"Snoop/1.1-01", "Local/redirect@cti-cmd-00000001;1", "Local/redirect@cti-cmd-00000001;2",
		"CBAnn/800-01;2", "Announcer/ARI-01", "Recorder/ARI-01", "Local/7@office-00000002;1", "Local/7@office-00000002;2"} {
		ch := cti.Channel{ID: string(rune('a' + i)), Name: name, State: "Up", CallerNumber: "79161234567", Exten: "101"}
		d.post(cti.Event{Kind: cti.ChannelCreated, Channel: ch})
		d.post(cti.Event{Kind: cti.ChannelChanged, Channel: ch})
		d.post(cti.Event{Kind: cti.BridgeEntered, Channel: ch, Bridge: cti.Bridge{ID: "b", Class: "stasis", Channels: []string{ch.ID}}})
		d.gone(ch.ID, 16)
	}
	d.ring("102")
	d.gone("1.102", 0)
	d.gone("1.1", 16)
	if c := d.ended(1)[0]; c.DID != "4951000102" {
		t.Errorf("record %+v", c)
	}
}

// An operator connects his client with another one whom he has called: both
// clients keep their record, and the records name one conversation.
func TestTwoClientsConnected_CK_01_CK_08(t *testing.T) {
	d := newDesk(t)
	d.ring("102")
	d.answer("102")
	d.shown(102, "the talk", isState(cti.Talking))
	own := cti.Channel{ID: "2.102", Name: "PJSIP/102-20", State: "Ring", LinkedID: "2.102", CallerNumber: "102", Exten: "74957654321"}
	out := cti.Channel{ID: "2.2", Name: "PJSIP/trunk-21", State: "Down", LinkedID: "2.102", CallerNumber: "74957654321"}
	d.post(cti.Event{Kind: cti.ChannelHeld, Channel: phoneChannel("102", "Up")})
	d.post(cti.Event{Kind: cti.ChannelCreated, Channel: own})
	d.post(cti.Event{Kind: cti.ChannelCreated, Channel: out})
	d.post(cti.Event{Kind: cti.Dialed, Channel: own, Peer: out})
	own.State, out.State = "Up", "Up"
	d.post(cti.Event{Kind: cti.ChannelChanged, Channel: out})
	d.post(cti.Event{Kind: cti.ChannelChanged, Channel: own})
	second := cti.Bridge{ID: "b2", Class: "basic", Channels: []string{"2.2", "2.102"}}
	d.post(cti.Event{Kind: cti.BridgeEntered, Channel: out, Bridge: cti.Bridge{ID: "b2", Class: "basic", Channels: []string{"2.2"}}})
	d.post(cti.Event{Kind: cti.BridgeEntered, Channel: own, Bridge: second})
	caller := trunkChannel()
	caller.State = "Up"
	d.post(cti.Event{Kind: cti.BridgeLeft, Channel: caller, Bridge: cti.Bridge{ID: "b1"}})
	d.post(cti.Event{Kind: cti.BridgeLeft, Channel: own, Bridge: cti.Bridge{ID: "b2"}})
	d.post(cti.Event{Kind: cti.BridgeEntered, Channel: caller, Bridge: cti.Bridge{ID: "b2", Class: "basic", Channels: []string{"2.2", "1.1"}}})
	d.post(cti.Event{Kind: cti.Transferred, Channel: cti.Channel{ID: "1.102"}, Handover: cti.Handover{Kind: cti.Attended,
		Consult: cti.Channel{ID: "2.102"}, Transferee: cti.Channel{ID: "1.1"}, Target: cti.Channel{ID: "2.2"}}})
	for _, id := range []string{"1.102", "2.102", "1.1", "2.2"} {
		d.gone(id, 16)
	}
	calls := d.ended(2)
	if calls[0].Conversation == "" || calls[0].Conversation != calls[1].Conversation {
		t.Errorf("conversations %q and %q", calls[0].Conversation, calls[1].Conversation)
	}
	for _, c := range calls {
		if c.Disposition != cti.Answered || c.MergedInto != "" || len(c.Transfers) != 1 || c.Transfers[0].Kind != cti.Attended || c.Transfers[0].By.UserID != 102 {
			t.Errorf("record of %s: %+v", c.Number.Raw, c)
		}
	}
}

// An extension that is offline is told before the click does harm, and the
// attempt is a record.
func TestCallFromOfflineTelephoneIsARecord_CK_07_CO_02(t *testing.T) {
	d := newDesk(t)
	d.post(cti.Event{Kind: cti.DeviceChanged, Device: cti.DeviceState{Endpoint: "PJSIP/104"}})
	d.post(cti.Event{Kind: cti.ChannelCreated, Channel: trunkChannel()}) // applied after the state of the telephone
	if _, ok := d.journal.Await(d.ctx(), func(cs []cti.Call) bool { return len(cs) == 1 }); !ok {
		t.Fatal("the engine is behind")
	}
	d.gone("1.1", 16)
	_, err := d.service.Dial(d.ctx(), cti.DialRequest{UserID: 104, To: "79161234567", Key: "k"})
	if refusal := (*cti.Error)(nil); !errors.As(err, &refusal) || refusal.Code != cti.CodeUnregistered {
		t.Fatalf("dial: %v", err)
	}
	for _, c := range d.ended(2) {
		if c.Direction != cti.Outbound {
			continue
		}
		if c.Disposition != cti.Failed || c.PlacedBy == nil || c.PlacedBy.UserID != 104 || c.Number.E164 != northWind || len(c.Legs) != 0 {
			t.Errorf("record %+v", c)
		}
		return
	}
	t.Error("no record of the attempt")
}

// A withheld number that the network tells during the talk brings the card,
// and the next operator, to whom the call is handed on, has it too.
func TestNumberToldLateGoesWithTheTransfer_CK_08(t *testing.T) {
	d := newDesk(t)
	caller := trunkChannel()
	caller.CallerNumber = "anonymous"
	d.post(cti.Event{Kind: cti.ChannelCreated, Channel: caller})
	d.post(cti.Event{Kind: cti.Dialed, Channel: caller, Peer: phoneChannel("102", "Down")})
	d.post(cti.Event{Kind: cti.ChannelChanged, Channel: phoneChannel("102", "Up")})
	caller.State = "Up"
	d.post(cti.Event{Kind: cti.ChannelChanged, Channel: caller})
	b := cti.Bridge{ID: "b1", Class: "basic"}
	d.post(cti.Event{Kind: cti.BridgeEntered, Channel: phoneChannel("102", "Up"), Bridge: b})
	d.post(cti.Event{Kind: cti.BridgeEntered, Channel: caller, Bridge: b})
	d.shown(102, "a talk with nobody known", func(c cti.Call) bool {
		return c.State == cti.Talking && c.Client == nil && c.Number.Kind == cti.Anonymous
	})
	caller.CallerNumber = "79161234567"
	d.post(cti.Event{Kind: cti.ChannelChanged, Channel: caller})
	d.shown(102, "the card", func(c cti.Call) bool { return c.Client != nil })
	d.post(cti.Event{Kind: cti.Transferred, Channel: cti.Channel{ID: "1.102"}, Handover: cti.Handover{Kind: cti.Blind, Number: "104"}})
	d.gone("1.102", 16)
	d.post(cti.Event{Kind: cti.Dialed, Channel: caller, Peer: phoneChannel("104", "Down")})
	d.post(cti.Event{Kind: cti.ChannelChanged, Channel: phoneChannel("104", "Ringing")})
	c := d.shown(104, "the ring with the card", func(c cti.Call) bool { return len(c.Ringing) == 1 })
	if c.Client == nil || c.State != cti.Ringing || c.AnsweredBy.UserID != 102 || len(c.Transfers) != 1 || c.Transfers[0].To.UserID != 104 {
		t.Errorf("104 sees %+v", c)
	}
	d.gone("1.104", 16)
	d.gone("1.1", 16)
	if c := d.ended(1)[0]; c.Number.E164 != northWind || c.Client == nil {
		t.Errorf("record %+v", c)
	}
}
