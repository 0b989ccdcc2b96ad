package push

import (
	"context"
	"sync"
)

// Local is the bus of a single process. Delivery happens inside Publish, in
// the publisher's goroutine: nothing lies between the event and the queue of
// the socket. Numbers live in memory, so every start is a new epoch.
type Local struct {
	mu    sync.RWMutex
	sink  Sink // nil before Start and after Stop
	heads map[int64]*head
}

// head counts one user's stream. Its lock is held while a message is
// delivered, which keeps numbers and deliveries in one order.
type head struct {
	mu  sync.Mutex
	seq int64
}

var _ Bus = (*Local)(nil)

// NewLocal returns the in-process bus.
func NewLocal() *Local {
	return &Local{heads: make(map[int64]*head)}
}

// Start implements [Bus]. It never fails.
func (l *Local) Start(_ context.Context, sink Sink) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	sink.Reset(NewEpoch(), nil)
	l.sink = sink
	return nil
}

// Publish implements [Bus].
func (l *Local) Publish(users []int64, msg *Message) {
	for _, user := range users {
		h := l.head(user)
		l.mu.RLock()
		if l.sink != nil {
			l.number(user, h, msg)
		}
		l.mu.RUnlock()
	}
}

// number is called with l.mu read-locked.
func (l *Local) number(user int64, h *head, msg *Message) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seq++
	l.sink.Deliver(user, h.seq, msg)
}

// Broadcast implements [Bus].
func (l *Local) Broadcast(msg *Message) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.sink == nil {
		return
	}
	for user, h := range l.heads {
		l.number(user, h, msg)
	}
}

// Join implements [Bus]. It never blocks.
func (l *Local) Join(_ context.Context, user int64) error {
	l.head(user)
	return nil
}

// head finds or makes the user's counter; counters are never removed.
func (l *Local) head(user int64) *head {
	l.mu.RLock()
	h := l.heads[user]
	l.mu.RUnlock()
	if h != nil {
		return h
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.heads[user] == nil {
		l.heads[user] = new(head)
	}
	return l.heads[user]
}

// Evict implements [Bus].
func (l *Local) Evict(e Eviction) {
	l.mu.RLock()
	defer l.mu.RUnlock()
	if l.sink != nil {
		l.sink.Evict(e)
	}
}

// Stop implements [Bus]. It waits for deliveries under way, which don't block.
func (l *Local) Stop(context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.sink = nil
	return nil
}
