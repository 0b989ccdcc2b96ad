package push

import (
	"maps"
	"sync"
	"sync/atomic"
)

// Stats are counts since the hub was made, for /metrics.
type Stats struct {
	Connections int   // open now
	Users       int   // with a socket open now
	Published   int64 // events of this node
	Delivered   int64 // messages queued on sockets
	Snapshots   int64 // streams begun with a snapshot
	Resumed     int64 // streams gone on with
	// Closed counts the sockets the server ended, by code. Browsers that left
	// by themselves are not in it.
	Closed map[CloseCode]int64
}

type counters struct {
	published, delivered, snapshots, resumed atomic.Int64

	mu     sync.Mutex
	byCode map[CloseCode]int64
}

func (c *counters) closed(code CloseCode) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.byCode == nil {
		c.byCode = make(map[CloseCode]int64)
	}
	c.byCode[code]++
}

// Stats reads the counters. They are not of one instant.
func (h *Hub) Stats() Stats {
	h.mu.RLock()
	s := Stats{Connections: len(h.conns), Users: len(h.perUser)}
	h.mu.RUnlock()
	s.Published = h.stats.published.Load()
	s.Delivered = h.stats.delivered.Load()
	s.Snapshots = h.stats.snapshots.Load()
	s.Resumed = h.stats.resumed.Load()
	h.stats.mu.Lock()
	defer h.stats.mu.Unlock()
	s.Closed = maps.Clone(h.stats.byCode)
	return s
}
