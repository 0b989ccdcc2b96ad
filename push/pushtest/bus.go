package pushtest

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"

	"ringcard/push"
)

// Backplane is one installation of a bus under test.
type Backplane struct {
	// Node returns a bus of one more node, not yet started.
	Node func(*testing.T) push.Bus
	// Shared tells that several nodes make one installation.
	Shared bool
}

// patience bounds the wait for something that must come; it is never slept.
const patience = 10 * time.Second

// RunBus is the conformance suite of [push.Bus]. backplane is called once for
// each test and returns a fresh installation.
func RunBus(t *testing.T, backplane func(*testing.T) Backplane) {
	t.Run("numbers each user's messages without gaps", func(t *testing.T) {
		bus, sink := startNode(t, backplane(t))
		for i := range 100 {
			bus.Publish([]int64{7}, message(i))
			if i%2 == 0 {
				bus.Publish([]int64{9, 8}, message(i))
			}
		}
		sink.wait(t, 7, 100)
		sink.wait(t, 8, 50)
		sink.wait(t, 9, 50)
		sink.check(t)
		if got := sink.data(7); !slices.IsSorted(got) {
			t.Errorf("order of user 7: %v", got)
		}
		if slices.Contains(sink.data(8), 1) || slices.Contains(sink.data(9), 1) {
			t.Error("a message reached a user it was not for (PU-01)")
		}
	})
	t.Run("carries a message unchanged", func(t *testing.T) {
		bus, sink := startNode(t, backplane(t))
		want := &push.Message{
			Type: "call", Key: "ключ \x00\"", At: time.Now().UTC(),
			Data: json.RawMessage(`{"name":"Рога, \"копыта\" & Ко","n":9007199254740993}`),
		}
		bus.Publish([]int64{1 << 53}, want)
		sink.wait(t, 1<<53, 1)
		got := sink.messages(1 << 53)[0]
		if got.Type != want.Type || got.Key != want.Key || !got.At.Equal(want.At) || string(got.Data) != string(want.Data) {
			t.Errorf("got %+v %s", got, got.Data)
		}
	})
	t.Run("keeps each publisher's order", func(t *testing.T) {
		bus, sink := startNode(t, backplane(t))
		const publishers, each = 8, 50
		var wg sync.WaitGroup
		for p := range publishers {
			wg.Go(func() {
				for i := range each {
					bus.Publish([]int64{1, 2}, message(p*each+i))
				}
			})
		}
		wg.Wait()
		for _, user := range []int64{1, 2} {
			sink.wait(t, user, publishers*each)
			last := map[int]int{}
			for _, n := range sink.data(user) {
				if prev, seen := last[n/each]; seen && n != prev+1 {
					t.Fatalf("user %d: publisher %d sent %d after %d", user, n/each, n, prev)
				}
				last[n/each] = n
			}
		}
		sink.check(t)
	})
	t.Run("broadcasts to those who joined", func(t *testing.T) {
		bus, sink := startNode(t, backplane(t))
		bus.Broadcast(message(0)) // nobody
		for _, user := range []int64{1, 2, 1} {
			if err := bus.Join(t.Context(), user); err != nil {
				t.Fatal(err)
			}
		}
		bus.Publish([]int64{3}, message(1))
		bus.Broadcast(message(2))
		sink.wait(t, 1, 1)
		sink.wait(t, 2, 1)
		sink.wait(t, 3, 2)
		if got := fmt.Sprint(sink.data(1), sink.data(2), sink.data(3)); got != "[2] [2] [1 2]" {
			t.Errorf("users got %s", got)
		}
		sink.check(t)
	})
	t.Run("evicts", func(t *testing.T) {
		bus, sink := startNode(t, backplane(t))
		bus.Evict(push.Eviction{SessionID: "s"})
		bus.Evict(push.Eviction{UserID: 7})
		sink.until(t, "two evictions", func() bool { return len(sink.evicted) == 2 })
		if sink.evicted[0].SessionID != "s" || sink.evicted[1].UserID != 7 {
			t.Errorf("evicted %+v", sink.evicted)
		}
	})
	t.Run("is silent before start and after stop", func(t *testing.T) {
		bus := backplane(t).Node(t)
		sink := newSink()
		bus.Publish([]int64{1}, message(0))
		bus.Broadcast(message(0))
		bus.Evict(push.Eviction{UserID: 1})
		if err := bus.Start(t.Context(), sink); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if err := bus.Stop(t.Context()); err != nil {
				t.Fatalf("stop: %v", err)
			}
		}
		bus.Publish([]int64{1}, message(1))
		bus.Broadcast(message(1))
		bus.Evict(push.Eviction{UserID: 1})
		sink.mu.Lock()
		defer sink.mu.Unlock()
		if len(sink.got) != 0 || len(sink.evicted) != 0 || sink.resets != 1 {
			t.Errorf("delivered %v, evicted %v, resets %d", sink.got, sink.evicted, sink.resets)
		}
	})
	t.Run("stops without start", func(t *testing.T) {
		if err := backplane(t).Node(t).Stop(t.Context()); err != nil {
			t.Error(err)
		}
	})
	t.Run("begins another epoch in another installation", func(t *testing.T) {
		_, a := startNode(t, backplane(t))
		_, b := startNode(t, backplane(t))
		if a.epoch == "" || a.epoch == b.epoch {
			t.Errorf("epochs %q and %q", a.epoch, b.epoch)
		}
	})
	t.Run("nodes agree", func(t *testing.T) {
		installation := backplane(t)
		if !installation.Shared {
			return // one process: there is no second node to agree with
		}
		runNodes(t, installation)
	})
}

func runNodes(t *testing.T, installation Backplane) {
	busA, a := startNode(t, installation)
	busB, b := startNode(t, installation)
	if a.epoch != b.epoch {
		t.Fatalf("epochs %q and %q", a.epoch, b.epoch)
	}
	var wg sync.WaitGroup
	for _, bus := range []push.Bus{busA, busB} {
		wg.Go(func() {
			for i := range 100 {
				bus.Publish([]int64{7, int64(100 + i%3)}, message(i))
			}
		})
	}
	wg.Wait()
	busA.Evict(push.Eviction{UserID: 7})
	a.wait(t, 7, 200)
	b.wait(t, 7, 200)
	b.until(t, "eviction", func() bool { return len(b.evicted) == 1 })
	a.check(t)
	b.check(t)
	if !slices.Equal(a.data(7), b.data(7)) {
		t.Errorf("nodes disagree:\n%v\n%v", a.data(7), b.data(7))
	}

	// A node that starts later knows the recent messages: a browser may come
	// back to it from another node.
	_, late := startNode(t, installation)
	late.wait(t, 7, 200)
	late.check(t)
	if !slices.Equal(late.data(7), a.data(7)) || late.epoch != a.epoch {
		t.Error("the late node knows another history")
	}
}

// sink records what a bus delivers.
type sink struct {
	mu      sync.Mutex
	changed chan struct{} // closed and replaced with every change
	epoch   string
	resets  int
	heads   map[int64]int64
	got     map[int64][]delivery
	evicted []push.Eviction
}

type delivery struct {
	seq int64
	msg *push.Message
}

func newSink() *sink {
	return &sink{changed: make(chan struct{}), got: map[int64][]delivery{}}
}

func startNode(t *testing.T, b Backplane) (push.Bus, *sink) {
	t.Helper()
	bus, s := b.Node(t), newSink()
	if err := bus.Start(t.Context(), s); err != nil {
		t.Fatalf("start: %v", err)
	}
	if s.resets != 1 || s.epoch == "" {
		t.Fatalf("start left %d resets, epoch %q", s.resets, s.epoch)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), patience)
		defer cancel()
		if err := bus.Stop(ctx); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return bus, s
}

func message(n int) *push.Message {
	return &push.Message{Type: "test", At: time.Now().UTC(), Data: json.RawMessage(fmt.Sprint(n))}
}

func (s *sink) change(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
	close(s.changed)
	s.changed = make(chan struct{})
}

// Reset implements push.Sink.
func (s *sink) Reset(epoch string, heads map[int64]int64) {
	s.change(func() {
		s.epoch, s.heads, s.got = epoch, maps.Clone(heads), map[int64][]delivery{}
		s.resets++
	})
}

// Deliver implements push.Sink.
func (s *sink) Deliver(user, seq int64, msg *push.Message) {
	s.change(func() { s.got[user] = append(s.got[user], delivery{seq, msg}) })
}

// Evict implements push.Sink.
func (s *sink) Evict(e push.Eviction) {
	s.change(func() { s.evicted = append(s.evicted, e) })
}

// until waits for the condition, which it calls with s.mu held.
func (s *sink) until(t *testing.T, what string, condition func() bool) {
	t.Helper()
	deadline := time.After(patience)
	for {
		s.mu.Lock()
		ok, changed := condition(), s.changed
		s.mu.Unlock()
		if ok {
			return
		}
		select {
		case <-changed:
		case <-deadline:
			t.Fatalf("no %s within %v", what, patience)
		}
	}
}

func (s *sink) wait(t *testing.T, user int64, count int) {
	t.Helper()
	s.until(t, fmt.Sprintf("%d messages for user %d", count, user), func() bool { return len(s.got[user]) >= count })
}

func (s *sink) messages(user int64) []*push.Message {
	s.mu.Lock()
	defer s.mu.Unlock()
	var list []*push.Message
	for _, d := range s.got[user] {
		list = append(list, d.msg)
	}
	return list
}

func (s *sink) data(user int64) []int {
	var list []int
	for _, m := range s.messages(user) {
		var n int
		if err := json.Unmarshal(m.Data, &n); err != nil {
			panic(err) // messages are made by message
		}
		list = append(list, n)
	}
	return list
}

// check fails the test if any user's numbers have a gap.
func (s *sink) check(t *testing.T) {
	t.Helper()
	s.mu.Lock()
	defer s.mu.Unlock()
	for user, list := range s.got {
		for i, d := range list {
			if want := s.heads[user] + int64(i) + 1; d.seq != want {
				t.Errorf("user %d: number %d at place %d, want %d", user, d.seq, i, want)
				break
			}
		}
	}
}
