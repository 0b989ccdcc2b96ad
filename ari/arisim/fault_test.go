package arisim_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"ringcard/ari/arisim"
	"ringcard/cti"
)

// resyncs is true with n snapshots.
func resyncs(n int) func([]cti.Event) bool { return kind(cti.Resync, n) }

// inTalk makes a call that goes on until told otherwise.
func inTalk(t *testing.T, s *arisim.Sim) *arisim.Call {
	t.Helper()
	s.Phone("102").SetBehaviour(answers)
	c := s.Inbound(arisim.Inbound{From: "79160000001", DID: "4951000102"})
	await(t, "answer", c.Answered())
	return c
}

// last returns the newest snapshot.
func last(t *testing.T, events []cti.Event) *cti.Snapshot {
	t.Helper()
	for i := range events {
		if ev := events[len(events)-1-i]; ev.Snapshot != nil {
			return ev.Snapshot
		}
	}
	t.Fatal("no snapshot")
	return nil
}

func TestDroppedSocketLeadsToResync(t *testing.T) {
	s := start(t, arisim.Options{})
	_, events := client(t, s, "ringcard")
	call := inTalk(t, s)
	s.DropSockets()
	all, ok := events.wait(within(t), resyncs(2))
	if !ok {
		t.Fatal("not connected again")
	}
	if !kind(cti.Disconnected, 1)(all) {
		t.Error("the client did not notice")
	}
	snap := last(t, all)
	if len(snap.Channels) != 2 || len(snap.Bridges) != 1 || len(snap.Bridges[0].Channels) != 2 {
		t.Errorf("snapshot: %+v", snap)
	}
	for _, c := range snap.Channels {
		if c.LinkedID != call.ID() || c.State != "Up" || c.Created.IsZero() {
			t.Errorf("channel %+v, want linked id %s", c, call.ID())
		}
	}
	call.Hangup()
	if _, ok := events.wait(within(t), kind(cti.ChannelGone, 2)); !ok {
		t.Error("no events after the resync")
	}
}

func TestWithoutChannelVarsTheClientAsks(t *testing.T) {
	s := start(t, arisim.Options{NoChannelVars: true})
	call := inTalk(t, s)
	_, events := client(t, s, "ringcard")
	all, _ := events.wait(within(t), resyncs(1))
	for _, c := range last(t, all).Channels {
		if c.LinkedID != call.ID() {
			t.Errorf("channel %+v, want linked id %s", c, call.ID())
		}
	}
}

func TestReplacedApplication(t *testing.T) {
	t.Run("by order", func(t *testing.T) {
		s := start(t, arisim.Options{})
		c, events := client(t, s, "ringcard")
		s.Replace()
		if _, ok := events.wait(within(t), kind(cti.Disconnected, 1)); !ok {
			t.Fatalf("the client goes on: %+v", c.Status())
		}
	})
	t.Run("by a second client", func(t *testing.T) {
		s := start(t, arisim.Options{})
		first := frames(t, s, "ringcard")
		second := frames(t, s, "ringcard")
		if _, ok := first.wait(within(t), count[[]byte](1)); !ok {
			t.Fatal("nothing was told")
		}
		s.Phone("101").Unregister()
		if _, ok := second.wait(within(t), count[[]byte](3)); !ok {
			t.Fatal("the second gets nothing")
		}
		all, _ := first.wait(within(t), count[[]byte](1))
		if len(all) != 1 || !bytes.Contains(all[0], []byte("ApplicationReplaced")) {
			t.Errorf("the first got %s", all)
		}
	})
}

func TestOddFramesDoNoHarm(t *testing.T) {
	s := start(t, arisim.Options{})
	_, events := client(t, s, "ringcard")
	s.Emit([]byte(`{"type":"SomethingNew","timestamp":"never"}`))
	s.Emit([]byte(`{"type":"Dial","peer":7}`))
	s.Emit([]byte("not json"))
	s.Phone("101").Unregister()
	all, ok := events.wait(within(t), kind(cti.DeviceChanged, 1))
	if !ok {
		t.Fatal("nothing came after the odd frames")
	}
	if kind(cti.Disconnected, 1)(all) {
		t.Error("the connection was lost")
	}
	if d := all[len(all)-1].Device; d.Endpoint != "PJSIP/101" || d.Online {
		t.Errorf("device %+v", d)
	}
}

func TestOutageIsOverAtTheSameAddress(t *testing.T) {
	s := start(t, arisim.Options{})
	_, events := client(t, s, "ringcard")
	url, call := s.URL(), inTalk(t, s)
	if err := s.Outage(true); err != nil {
		t.Fatal(err)
	}
	if _, ok := events.wait(within(t), kind(cti.Disconnected, 1)); !ok {
		t.Fatal("the client did not notice")
	}
	call.Hangup() // nobody sees it
	if err := s.Outage(false); err != nil {
		t.Fatal(err)
	}
	all, ok := events.wait(within(t), resyncs(2))
	if !ok {
		t.Fatal("not connected again")
	}
	if snap := last(t, all); s.URL() != url || len(snap.Channels) != 0 || len(snap.Devices) != 7 {
		t.Errorf("at %s instead of %s: %+v", s.URL(), url, snap)
	}
}

func TestCrashLosesCallsWithoutAWord(t *testing.T) {
	s := start(t, arisim.Options{})
	_, events := client(t, s, "ringcard")
	call := inTalk(t, s)
	s.Crash()
	await(t, "end", call.Ended())
	if err := s.Outage(false); err != nil {
		t.Fatal(err)
	}
	all, ok := events.wait(within(t), resyncs(2))
	if !ok {
		t.Fatal("not connected again")
	}
	if len(last(t, all).Channels) != 0 || kind(cti.ChannelGone, 1)(all) {
		t.Errorf("events %+v", all)
	}
	if s.Phone("102").Busy() {
		t.Error("the phone still has the call")
	}
	inTalk(t, s).Hangup()
}

// TestSlowSocketIsClosed: a reader that does not read cannot stop the PBX.
func TestSlowSocketIsClosed(t *testing.T) {
	s := start(t, arisim.Options{})
	raw := frames(t, s, "quick")
	dialEvents(t, s, "slow", true)
	frame := []byte(`{"type":"SomethingNew","padding":"` + strings.Repeat("x", 8<<10) + `"}`)
	closed := func() bool {
		_, body := request(t, s, "GET", "/applications", "")
		return !strings.Contains(body, `"slow"`)
	}
	deadline := time.Now().Add(patience)
	sent := 0
	for !closed() {
		if time.Now().After(deadline) {
			t.Fatal("still open")
		}
		for range 500 {
			s.Emit(frame)
			sent++
		}
		// The quick one keeps up: it reads what was sent before more is.
		if _, ok := raw.wait(within(t), count[[]byte](sent)); !ok {
			t.Fatal("the quick socket missed frames")
		}
	}
}

func TestEventFilter(t *testing.T) {
	s := start(t, arisim.Options{})
	raw := frames(t, s, "app")
	plans := func(all [][]byte) int {
		n := 0
		for _, b := range all {
			if bytes.Contains(b, []byte(`"type":"ChannelDialplan"`)) {
				n++
			}
		}
		return n
	}
	s.Phone("102").SetBehaviour(busy)
	call := func() {
		await(t, "end", s.Inbound(arisim.Inbound{From: "79160000001", DID: "4951000102"}).Ended())
	}
	call()
	if status, body := request(t, s, "PUT", "/applications/app/eventFilter", `{"disallowed":[{"type":"ChannelDialplan"}]}`); status != 200 {
		t.Fatal(status, body)
	}
	call()
	ends := func(all [][]byte) bool {
		n := 0
		for _, b := range all {
			if bytes.Contains(b, []byte(`"type":"ChannelDestroyed"`)) {
				n++
			}
		}
		return n == 4
	}
	all, ok := raw.wait(within(t), ends)
	if n := plans(all); !ok || n != 1 {
		t.Errorf("%d ChannelDialplan of two calls, want that of the first", n)
	}
}

func TestSubscription(t *testing.T) {
	s := start(t, arisim.Options{})
	raw := collect(t, dialEvents(t, s, "app", false))
	s.Phone("101").Unregister()
	if status, body := request(t, s, "POST", "/applications/app/subscription?eventSource=channel:,bridge:", ""); status != 200 {
		t.Fatal(status, body)
	}
	s.Phone("102").SetBehaviour(busy)
	await(t, "end", s.Inbound(arisim.Inbound{From: "79160000001", DID: "4951000102"}).Ended())
	all, ok := raw.wait(within(t), count[[]byte](2))
	if !ok || !bytes.Contains(all[0], []byte(`"ChannelCreated"`)) {
		t.Errorf("first is %s", all[0])
	}
	for _, b := range all {
		if bytes.Contains(b, []byte("DeviceState")) {
			t.Errorf("not subscribed to: %s", b)
		}
	}
}
