package arisim_test

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"ringcard/ari"
	"ringcard/ari/arisim"
	"ringcard/cti"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 10 * time.Second

func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

func await(t *testing.T, what string, c <-chan struct{}) {
	t.Helper()
	select {
	case <-c:
	case <-within(t).Done():
		t.Fatalf("no %s in %s", what, patience)
	}
}

const (
	user, password = "ringcard", "secret"
	ms             = time.Millisecond
)

// office is the one of the recordings.
func office() arisim.Office {
	o := arisim.Office{Trunk: "trunk", Routes: map[string]arisim.Route{
		"4951000101": {Queue: "sales", Dial: []string{"101", "102"}},
		"4951000110": {Queue: "support", Strategy: "linear", Dial: []string{"101", "102", "103"}, Timeout: 300 * ms, Retry: 50 * ms},
		"4951000102": {Dial: []string{"102"}},
		"4951000103": {Dial: []string{"101", "102", "103"}},
		"4951000105": {Dial: []string{"105"}, Timeout: 200 * ms},
		"4952000104": {Dial: []string{"104"}},
		"4952000106": {Dial: []string{"106"}},
	}}
	for _, n := range []string{"101", "102", "103", "104", "105", "106"} {
		o.Extensions = append(o.Extensions, arisim.Extension{Number: n, Name: "Phone " + n})
	}
	return o
}

func start(t *testing.T, opt arisim.Options) *arisim.Sim {
	t.Helper()
	if opt.Office.Routes == nil {
		opt.Office = office()
	}
	opt.User, opt.Password = user, password
	s := arisim.New(opt)
	if err := s.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := s.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	return s
}

// log collects what arrives from elsewhere, for tests that wait for it.
type log[T any] struct {
	mu      sync.Mutex
	entries []T
	changed chan struct{} // closed and replaced at each entry
}

func newLog[T any]() *log[T] { return &log[T]{changed: make(chan struct{})} }

func (l *log[T]) add(v T) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.entries = append(l.entries, v)
	close(l.changed)
	l.changed = make(chan struct{})
}

// wait returns the entries as soon as enough is true, and false with what
// there is when that takes too long.
func (l *log[T]) wait(ctx context.Context, enough func([]T) bool) ([]T, bool) {
	for {
		l.mu.Lock()
		entries, changed := l.entries[:len(l.entries):len(l.entries)], l.changed
		l.mu.Unlock()
		if enough(entries) {
			return entries, true
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return entries, false
		}
	}
}

func count[T any](n int) func([]T) bool { return func(x []T) bool { return len(x) >= n } }

// sink is the log of a client.
type sink struct{ *log[cti.Event] }

func (s sink) Post(ev cti.Event) { s.add(ev) }

// kind is true with n events of a kind.
func kind(k cti.EventKind, n int) func([]cti.Event) bool {
	return func(events []cti.Event) bool {
		found := 0
		for _, ev := range events {
			if ev.Kind == k {
				found++
			}
		}
		return found >= n
	}
}

// client is the product's own client, connected.
func client(t *testing.T, s *arisim.Sim, app string) (*ari.Client, sink) {
	t.Helper()
	events := sink{newLog[cti.Event]()}
	c := ari.New(ari.Config{Name: "sim", URL: s.URL(), User: user, Password: password, App: app}, ari.Options{Sink: events})
	if err := c.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := c.Stop(ctx); err != nil {
			t.Error(err)
		}
	})
	if _, ok := events.wait(within(t), kind(cti.Resync, 1)); !ok {
		t.Fatalf("not connected: %+v", c.Status())
	}
	return c, events
}

// dialEvents opens a socket that nobody reads.
func dialEvents(t *testing.T, s *arisim.Sim, app string, all bool) *websocket.Conn {
	t.Helper()
	url := fmt.Sprintf("ws%s/events?app=%s&subscribeAll=%v&api_key=%s:%s", strings.TrimPrefix(s.URL(), "http"), app, all, user, password)
	conn, res, err := websocket.DefaultDialer.DialContext(within(t), url, nil)
	if err != nil {
		t.Fatal(err)
	}
	_ = res.Body.Close()
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// collect reads a socket as it is.
func collect(t *testing.T, conn *websocket.Conn) *log[[]byte] {
	t.Helper()
	l := newLog[[]byte]()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			_, raw, err := conn.ReadMessage()
			if err != nil {
				return
			}
			l.add(raw)
		}
	}()
	t.Cleanup(func() { _ = conn.Close(); <-done })
	return l
}

// frames subscribes to all and collects it.
func frames(t *testing.T, s *arisim.Sim, app string) *log[[]byte] {
	t.Helper()
	return collect(t, dialEvents(t, s, app, true))
}
