package ari

import (
	"sync"

	"ringcard/cti"
)

// heldEvents bounds what is kept back during a resync. When it is full the
// reader waits: Asterisk buffers, and a resync that takes too long ends the
// connection.
const heldEvents = 1 << 16

// gate keeps events back until the snapshot is in, then lets them through in
// the order of arrival.
type gate struct {
	sink Sink

	mu     sync.Mutex
	room   sync.Cond
	opened bool
	closed bool
	held   []cti.Event
}

func newGate(s Sink) *gate {
	g := &gate{sink: s}
	g.room.L = &g.mu
	return g
}

func (g *gate) post(ev cti.Event) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for !g.opened && !g.closed && len(g.held) >= heldEvents {
		g.room.Wait()
	}
	switch {
	case g.opened:
		g.sink.Post(ev)
	case !g.closed:
		g.held = append(g.held, ev)
	}
}

// open posts the snapshot and what was held. It names the channels whose end
// is among that: they end by their own events, which have the time and the
// cause, and not as ones that vanished.
func (g *gate) open(snapshot cti.Event) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, ev := range g.held {
		if ev.Kind == cti.ChannelGone {
			snapshot.Snapshot.Ending = append(snapshot.Snapshot.Ending, ev.Channel.ID)
		}
	}
	g.sink.Post(snapshot)
	for _, ev := range g.held {
		g.sink.Post(ev)
	}
	g.held, g.opened = nil, true
	g.room.Broadcast()
}

// close lets a waiting reader go; what it has is of no use any more.
func (g *gate) close() {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.closed = true
	g.room.Broadcast()
}
