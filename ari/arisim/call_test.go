package arisim_test

import (
	"testing"
	"time"

	"ringcard/ari/arisim"
	"ringcard/cti"
)

// cdrRow is what the test compares: times are of this run.
type cdrRow struct {
	src, dst, app, disposition string
	answered                   bool
}

// TestCDR compares with the rows that Asterisk 22.10.1 wrote.
func TestCDR(t *testing.T) {
	s := start(t, arisim.Options{})
	c, events := client(t, s, "ringcard")
	s.Phone("101").SetBehaviour(arisim.Behaviour{AnswerAfter: new(50 * ms), TalkFor: 50 * ms})
	s.Phone("102").SetBehaviour(arisim.Behaviour{})
	s.Phone("103").SetBehaviour(busy)
	s.Phone("104").SetBehaviour(rejects)
	s.Phone("106").Unregister()
	s.Outside(world, busy)
	in := func(did string) {
		await(t, "end", s.Inbound(arisim.Inbound{From: "79160000001", DID: did}).Ended())
	}
	in("4951000103")
	in("4951000101")
	in("4951000105")
	in("4952000104")
	in("4952000106") // none: nobody was dialled
	await(t, "end", s.Phone("102").Dial("103").Ended())
	if err := c.Originate(within(t), cti.Originate{ChannelID: "ours", Endpoint: "PJSIP/101", Extension: world, Context: "office", Timeout: time.Minute}); err != nil {
		t.Fatal(err)
	}
	gone := func(all []cti.Event) bool {
		for _, ev := range all {
			if ev.Kind == cti.ChannelGone && ev.Channel.ID == "ours" {
				return true
			}
		}
		return false
	}
	if _, ok := events.wait(within(t), gone); !ok {
		t.Fatal("the originated call does not end")
	}
	const from = "79160000001"
	want := []cdrRow{
		{from, "4951000103", "Dial", "BUSY", false},      // 103
		{from, "4951000103", "Dial", "NO ANSWER", false}, // 102
		{from, "4951000103", "Dial", "ANSWERED", true},
		{from, "4951000101", "Queue", "NO ANSWER", false},
		{from, "4951000101", "Queue", "ANSWERED", true},
		{from, "4951000105", "Dial", "NO ANSWER", false},
		{from, "4952000104", "Dial", "NO ANSWER", false}, // rejected
		{"102", "103", "Dial", "BUSY", false},
		{"101", world, "Dial", "BUSY", true}, // the own phone had answered
	}
	rows := s.CDR()
	for i, r := range rows {
		got := cdrRow{r.Src, r.Dst, r.LastApp, r.Disposition, !r.Answer.IsZero()}
		if i >= len(want) || got != want[i] {
			t.Errorf("row %d: %+v", i, r)
		}
		if r.UniqueID == "" || r.LinkedID != r.UniqueID || r.End.Before(r.Start) || r.DstChannel == "" {
			t.Errorf("row %d: %+v", i, r)
		}
	}
	if len(rows) != len(want) {
		t.Errorf("%d rows, want %d", len(rows), len(want))
	}
}

func TestPhoneByHand(t *testing.T) {
	s := start(t, arisim.Options{})
	_, events := client(t, s, "ringcard")
	desk := s.Phone("102")
	if desk.Answer() || desk.Reject(21) || desk.Hangup() {
		t.Error("a phone without a call obeyed")
	}
	ring := func() *arisim.Call {
		c := s.Inbound(arisim.Inbound{From: "79160000001", DID: "4951000102"})
		await(t, "ringing", c.Ringing())
		return c
	}
	c := ring()
	if desk.Hangup() || !desk.Reject(21) {
		t.Error("a ringing phone is refused by Reject, not by Hangup")
	}
	await(t, "end", c.Ended())
	if c.Cause() != 21 {
		t.Errorf("cause %d", c.Cause())
	}
	c = ring()
	if !desk.Answer() || !desk.Busy() {
		t.Error("not answered")
	}
	await(t, "answer", c.Answered())
	second := s.Inbound(arisim.Inbound{From: "79160000002", DID: "4951000102"})
	await(t, "end", second.Ended())
	if second.Cause() != 17 {
		t.Errorf("the second caller: cause %d, want busy", second.Cause())
	}
	if !desk.Hangup() {
		t.Error("not hung up")
	}
	await(t, "end", c.Ended())
	if c.Cause() != 16 || desk.Busy() {
		t.Errorf("cause %d", c.Cause())
	}
	if _, ok := events.wait(within(t), kind(cti.ChannelGone, 6)); !ok {
		t.Error("channels are left")
	}
}

func TestCallsThatThePBXDoesNotTake(t *testing.T) {
	s := start(t, arisim.Options{})
	raw := frames(t, s, "app")
	s.Phone("106").Unregister()
	for name, c := range map[string]struct {
		call  *arisim.Call
		cause int
	}{
		"no such DID":       {s.Inbound(arisim.Inbound{From: "79160000001", DID: "0"}), 1},
		"no such extension": {s.Phone("101").Dial("555"), 1},
		"not registered":    {s.Phone("106").Dial("101"), 20},
	} {
		await(t, name, c.call.Ended())
		if c.call.Cause() != c.cause || c.call.ID() != "" {
			t.Errorf("%s: cause %d of %q", name, c.call.Cause(), c.call.ID())
		}
		c.call.Hangup() // does nothing
	}
	all, _ := raw.wait(within(t), count[[]byte](3)) // of the phone that went away
	if len(all) != 3 || len(s.CDR()) != 0 {
		t.Errorf("frames %s, records %v", all, s.CDR())
	}
}

func TestDeviceStatesFollowTheCall(t *testing.T) {
	s := start(t, arisim.Options{})
	raw := frames(t, s, "app")
	s.Phone("102").SetBehaviour(hangsUp)
	await(t, "end", s.Phone("101").Dial("102").Ended())
	want := []string{"101 INUSE", "102 RINGING", "102 INUSE", "101 NOT_INUSE", "102 NOT_INUSE"}
	var got []string
	raw.wait(within(t), func(all [][]byte) bool { got = deviceStates(t, all); return len(got) >= len(want) })
	// Which of the two is free first depends on who hung up.
	if len(got) == len(want) && got[3] > got[4] {
		got[3], got[4] = got[4], got[3]
	}
	if len(got) != len(want) {
		t.Fatalf("states %q", got)
	}
	for i := range want {
		if got[i] != want[i] {
			t.Errorf("states %q, want %q", got, want)
			break
		}
	}
}

// TestQueueGivesUp: nobody is free for as long as Queue() waits.
func TestQueueGivesUp(t *testing.T) {
	o := office()
	o.Routes["1"] = arisim.Route{Queue: "sales", Dial: []string{"101"}, Timeout: 40 * ms, Retry: 10 * ms, MaxWait: 200 * ms}
	s := start(t, arisim.Options{Office: o})
	c := s.Inbound(arisim.Inbound{From: "79160000001", DID: "1"})
	await(t, "end", c.Ended())
	if rows := s.CDR(); c.Cause() != 16 || len(rows) < 2 {
		t.Errorf("cause %d, %d tries", c.Cause(), len(rows))
	}
}

func TestStopEndsCalls(t *testing.T) {
	s := start(t, arisim.Options{})
	c := inTalk(t, s)
	if err := s.Stop(within(t)); err != nil {
		t.Fatal(err)
	}
	await(t, "end", c.Ended())
	if err := s.Start(); err == nil {
		t.Error("started again")
	}
	await(t, "end", s.Inbound(arisim.Inbound{DID: "4951000102"}).Ended())
}
