package ari_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"ringcard/ari"
	"ringcard/ari/arisim"
	"ringcard/cti"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// sink collects events and lets tests wait for them.
type sink struct {
	mu     sync.Mutex
	events []cti.Event
	news   chan struct{}
}

func newSink() *sink { return &sink{news: make(chan struct{})} }

func (s *sink) Post(ev cti.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.events = append(s.events, ev)
	close(s.news)
	s.news = make(chan struct{})
}

// await returns all events as soon as ok is satisfied by them.
func (s *sink) await(t *testing.T, what string, ok func([]cti.Event) bool) []cti.Event {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	for {
		s.mu.Lock()
		news, evs := s.news, append([]cti.Event(nil), s.events...)
		s.mu.Unlock()
		if ok(evs) {
			return evs
		}
		select {
		case <-news:
		case <-ctx.Done():
			t.Fatalf("never: %s; got %d events", what, len(evs))
		}
	}
}

func count(k cti.EventKind) func([]cti.Event) int {
	return func(evs []cti.Event) int {
		n := 0
		for _, ev := range evs {
			if ev.Kind == k {
				n++
			}
		}
		return n
	}
}

func connect(t *testing.T, opt arisim.Options, change func(*ari.Config), o ari.Options) (*arisim.Sim, *ari.Client, *sink) {
	t.Helper()
	s := newSink()
	sim, c := connectTo(t, s, opt, change, o)
	return sim, c, s
}

func connectTo(t *testing.T, s ari.Sink, opt arisim.Options, change func(*ari.Config), o ari.Options) (*arisim.Sim, *ari.Client) {
	t.Helper()
	if opt.Office.Extensions == nil {
		opt.Office = arisim.Office{Extensions: []arisim.Extension{{Number: "101", Name: "Phone 101"}}, Trunk: "trunk",
			Routes: map[string]arisim.Route{"1": {Dial: []string{"101"}}}}
	}
	opt.User, opt.Password = "ringcard", "secret"
	sim := arisim.New(opt)
	if err := sim.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := sim.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	cfg := ari.Config{Name: "office", URL: sim.URL(), User: "ringcard", Password: "secret", App: "ringcard"}
	if change != nil {
		change(&cfg)
	}
	o.Sink = s
	c := ari.New(cfg, o)
	if err := c.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := c.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return sim, c
}

// statuses waits for a status of the connection.
func statuses() (func(ari.Status), func(t *testing.T, what string, ok func(ari.Status) bool) ari.Status) {
	c := make(chan ari.Status, 1000)
	return func(s ari.Status) { c <- s }, func(t *testing.T, what string, ok func(ari.Status) bool) ari.Status {
		t.Helper()
		limit := time.After(20 * time.Second)
		for {
			select {
			case s := <-c:
				if ok(s) {
					return s
				}
			case <-limit:
				t.Fatalf("no status: %s", what)
			}
		}
	}
}

func isUp(s ari.Status) bool { return s.Connected }

func isDown(s ari.Status) bool { return !s.Connected }

func TestReconnectsAndResyncs_PB_02_PB_03(t *testing.T) {
	on, await := statuses()
	sim, _, s := connect(t, arisim.Options{}, nil, ari.Options{OnStatus: on})
	await(t, "connected", isUp)
	for i := 1; i <= 3; i++ {
		sim.DropSockets()
		await(t, "the loss", isDown)
		await(t, "connected again", isUp)
		s.await(t, "Disconnected, then Resync", func(evs []cti.Event) bool {
			return count(cti.Disconnected)(evs) == i && count(cti.Resync)(evs) == i+1
		})
	}
}

func TestWrongPassword_PB_02(t *testing.T) {
	on, await := statuses()
	connect(t, arisim.Options{}, func(c *ari.Config) { c.Password = "wrong" }, ari.Options{OnStatus: on})
	if s := await(t, "refusal", isDown); !strings.Contains(s.LastError, "password") || strings.Contains(s.LastError, "wrong") {
		t.Errorf("status %+v", s)
	}
}

func TestReplacedIsToldApart_PB_02(t *testing.T) {
	on, await := statuses()
	sim, _, _ := connect(t, arisim.Options{}, nil, ari.Options{OnStatus: on})
	await(t, "connected", isUp)
	sim.Replace()
	if s := await(t, "replaced", isDown); !s.Replaced || !strings.Contains(s.LastError, "application name") {
		t.Errorf("status %+v", s)
	}
}

// Unknown and malformed frames are counted, and what follows is not lost.
func TestUnknownFramesAreCounted_PB_06(t *testing.T) {
	on, await := statuses()
	var mu sync.Mutex
	unknown, bad := map[string]int{}, 0
	sim, _, s := connect(t, arisim.Options{}, nil, ari.Options{OnStatus: on, Metrics: ari.Metrics{
		Unknown: func(k string) { mu.Lock(); unknown[k]++; mu.Unlock() },
		Bad:     func() { mu.Lock(); bad++; mu.Unlock() },
	}})
	await(t, "connected", isUp)
	for range 3 {
		sim.Emit([]byte(`{"type":"ChannelTeleported","channel":{"id":"1"}}`))
		sim.Emit([]byte(`{"type":`))
	}
	sim.Inbound(arisim.Inbound{From: "79161234567", DID: "1"})
	s.await(t, "the call after them", func(evs []cti.Event) bool { return count(cti.ChannelCreated)(evs) > 0 })
	mu.Lock()
	defer mu.Unlock()
	if unknown["ChannelTeleported"] != 3 || bad != 3 {
		t.Errorf("unknown %v, malformed %d", unknown, bad)
	}
}

// A PBX without channelvars is asked for the linkedid of what is up.
func TestSnapshotAsksForLinkedID_PB_03(t *testing.T) {
	on, await := statuses()
	sim, _, s := connect(t, arisim.Options{NoChannelVars: true}, nil, ari.Options{OnStatus: on})
	await(t, "connected", isUp)
	call := sim.Inbound(arisim.Inbound{From: "79161234567", DID: "1"})
	<-call.Ringing()
	sim.DropSockets()
	await(t, "the loss", isDown)
	evs := s.await(t, "the second snapshot", func(evs []cti.Event) bool { return count(cti.Resync)(evs) == 2 })
	var last *cti.Snapshot
	for _, ev := range evs {
		if ev.Kind == cti.Resync {
			last = ev.Snapshot
		}
	}
	if len(last.Channels) != 2 {
		t.Fatalf("snapshot %+v", last)
	}
	for _, ch := range last.Channels {
		if ch.LinkedID != call.ID() {
			t.Errorf("%s has linkedid %q, want %q", ch.Name, ch.LinkedID, call.ID())
		}
	}
}

// stalled takes the first call only when it is let go.
type stalled struct {
	*sink
	free chan struct{}
}

func (s *stalled) Post(ev cti.Event) {
	if ev.Kind == cti.ChannelCreated {
		<-s.free
	}
	s.sink.Post(ev)
}

// The reader is held up for two seconds: what was sent meanwhile happened when
// it was sent, not when it was read.
func TestTimesOfHeldUpReader_CK_03(t *testing.T) {
	on, await := statuses()
	s := &stalled{sink: newSink(), free: make(chan struct{})}
	sim, _ := connectTo(t, s, arisim.Options{}, nil, ari.Options{OnStatus: on})
	await(t, "connected", isUp)
	call := sim.Inbound(arisim.Inbound{From: "79161234567", DID: "1"})
	<-call.Ringing()
	call.Hangup()
	<-call.Ended()
	over := time.Now()
	time.AfterFunc(2*time.Second, func() { close(s.free) })
	evs := s.await(t, "the end", func(evs []cti.Event) bool { return count(cti.ChannelGone)(evs) == 2 })
	for _, ev := range evs {
		if ev.Kind == cti.ChannelGone && ev.At.Sub(over) > time.Second {
			t.Errorf("the end of %s is %s late", ev.Channel.Name, ev.At.Sub(over))
		}
	}
}

// A channel that ends between the list and the question is not taken for a
// call of its own: its linkedid is not known.
func TestChannelEndsWhileAskedFor_PB_03(t *testing.T) {
	on, await := statuses()
	var dying atomic.Value // the id of a channel that the PBX knows no more
	dying.Store("none")
	sim, _, s := connect(t, arisim.Options{NoChannelVars: true}, func(cfg *ari.Config) {
		to, err := url.Parse(strings.TrimSuffix(cfg.URL, "/ari"))
		if err != nil {
			t.Fatal(err)
		}
		through := httputil.NewSingleHostReverseProxy(to)
		proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/ari/channels/"+dying.Load().(string)+"/variable" {
				http.Error(w, `{"message":"Channel not found"}`, http.StatusNotFound)
				return
			}
			through.ServeHTTP(w, r)
		}))
		t.Cleanup(proxy.Close)
		cfg.URL = proxy.URL + "/ari"
	}, ari.Options{OnStatus: on})
	await(t, "connected", isUp)
	call := sim.Inbound(arisim.Inbound{From: "79161234567", DID: "1"})
	<-call.Ringing()
	evs := s.await(t, "the telephone's channel", func(evs []cti.Event) bool { return count(cti.ChannelCreated)(evs) == 2 })
	for _, ev := range evs {
		if ev.Kind == cti.ChannelCreated && ev.Channel.ID != call.ID() {
			dying.Store(ev.Channel.ID)
		}
	}
	sim.DropSockets()
	await(t, "the loss", isDown)
	evs = s.await(t, "the second snapshot", func(evs []cti.Event) bool { return count(cti.Resync)(evs) == 2 })
	last := evs[slices.IndexFunc(evs, func(ev cti.Event) bool { return ev.Kind == cti.Disconnected }):]
	snap := last[slices.IndexFunc(last, func(ev cti.Event) bool { return ev.Kind == cti.Resync })].Snapshot
	if len(snap.Channels) != 1 || snap.Channels[0].ID != call.ID() || !slices.Equal(snap.Ending, []string{dying.Load().(string)}) {
		t.Errorf("snapshot %+v", snap)
	}
}

// Asterisk 22 lists a channel that changes meanwhile twice: the later state counts.
func TestChannelListedTwice_PB_03(t *testing.T) {
	pbx := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/ari/channels" {
			_, _ = io.WriteString(w, `[
				{"id":"1","name":"PJSIP/102-1","state":"Ringing","channelvars":{"CHANNEL(linkedid)":"0"}},
				{"id":"0","name":"PJSIP/trunk-0","state":"Ring","channelvars":{"CHANNEL(linkedid)":"0"}},
				{"id":"1","name":"PJSIP/102-1","state":"Up","channelvars":{"CHANNEL(linkedid)":"0"}}]`)
			return
		}
		_, _ = io.WriteString(w, `[]`)
	}))
	defer pbx.Close()
	snap, err := ari.New(ari.Config{Name: "x", URL: pbx.URL + "/ari"}, ari.Options{Sink: newSink()}).Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, ch := range snap.Channels {
		got = append(got, ch.ID+" "+ch.State)
	}
	if want := []string{"1 Up", "0 Ring"}; !slices.Equal(got, want) {
		t.Errorf("channels %v, want %v", got, want)
	}
}

// Stop in any state returns and leaves nothing behind.
func TestStopWhileConnecting(t *testing.T) {
	c := ari.New(ari.Config{Name: "x", URL: "http://127.0.0.1:1/ari"}, ari.Options{Sink: newSink()})
	if err := c.Stop(t.Context()); err != nil {
		t.Errorf("stop before start: %v", err)
	}
	if err := c.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if err := c.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if err := ari.New(ari.Config{}, ari.Options{}).Start(t.Context()); err == nil {
		t.Error("a client without a sink starts")
	}
}
