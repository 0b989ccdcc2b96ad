package capture

import (
	"bytes"
	"encoding/json"
	"sync"
	"time"

	"ringcard/cti"
)

// Limits of a Ring: at 100 calls a second it holds some twenty minutes.
const (
	ringBytes = 64 << 20
	ringAge   = time.Hour
)

// Ring keeps the newest lines of one PBX while it runs. It is told everything
// all the time, so that it knows where a connection stands when it is started.
// Safe for concurrent use; what it is told is copied.
type Ring struct {
	maxBytes int64
	maxAge   time.Duration

	mu      sync.Mutex
	running bool
	synced  bool     // the engine gets frames now; else they wait for the resync
	held    []stored // frames that came before the resync
	lines   []stored
	first   int // of lines that is kept; those before made room
	bytes   int64
	dropped int64
}

// stored is a line before it is made out.
type stored struct {
	at   time.Time
	kind string
	raw  []byte // frame, or the JSON of the content
}

// NewRing makes a ring that is stopped.
func NewRing() *Ring { return &Ring{maxBytes: ringBytes, maxAge: ringAge} }

// Status tells what a ring holds.
type Status struct {
	Running      bool
	Since, Until time.Time // zero: nothing is kept
	Lines        int
	Bytes        int64
	Dropped      int64
}

// Start forgets what is kept and begins anew.
func (r *Ring) Start() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.running, r.lines, r.held, r.first, r.bytes, r.dropped = true, nil, nil, 0, 0, 0
}

// Stop keeps what there is and takes nothing more.
func (r *Ring) Stop() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.running, r.held = false, nil
}

// Status returns the state.
func (r *Ring) Status() Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	kept := r.lines[r.first:]
	s := Status{Running: r.running, Lines: len(kept), Bytes: r.bytes, Dropped: r.dropped}
	if len(kept) > 0 {
		s.Since, s.Until = kept[0].at, kept[len(kept)-1].at
	}
	return s
}

// Frame takes a frame of the PBX with the time of its event, as ari.Options.Tap.
func (r *Ring) Frame(raw []byte, at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.running {
		return
	}
	s := stored{at, kindFrame, bytes.Clone(raw)}
	if !r.synced {
		r.held = append(r.held, s)
		return
	}
	r.add(s)
}

// Event takes the events that are no frames: Resync and Disconnected.
func (r *Ring) Event(ev cti.Event) {
	r.mu.Lock()
	defer r.mu.Unlock()
	switch ev.Kind {
	case cti.Resync:
		r.synced = true
		r.put(ev.At, kindResync, ev.Snapshot)
		for _, s := range r.held { // the engine has them after the resync
			s.at = ev.At
			r.add(s)
		}
		r.held = nil
	case cti.Disconnected:
		r.synced = false
		r.put(ev.At, kindGap, nil)
	}
}

// Snapshot takes what the PBX has, for a ring that was started amid calls.
func (r *Ring) Snapshot(s *cti.Snapshot) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.put(time.Now().UTC(), kindResync, s)
}

// Found takes an answer of the directory.
func (r *Ring) Found(l Lookup) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.put(time.Now().UTC(), kindLookup, l)
}

// Placed takes a call ordered from a page, before it has a channel.
func (r *Ring) Placed(c cti.Call) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.put(time.Now().UTC(), kindPlaced, c)
}

// Ended takes the record of a call that is over.
func (r *Ring) Ended(c cti.Call) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.put(time.Now().UTC(), kindEnded, c)
}

// put adds a line of our own types, which always have a JSON form.
func (r *Ring) put(at time.Time, kind string, v any) {
	if !r.running {
		return
	}
	raw, err := json.Marshal(v)
	if err != nil {
		r.dropped++
		return
	}
	r.add(stored{at, kind, raw})
}

// add appends a line and drops the oldest that are too many or too old.
func (r *Ring) add(s stored) {
	r.lines = append(r.lines, s)
	r.bytes += int64(len(s.raw))
	for r.first < len(r.lines)-1 && (r.bytes > r.maxBytes || s.at.Sub(r.lines[r.first].at) > r.maxAge) {
		r.bytes -= int64(len(r.lines[r.first].raw))
		r.lines[r.first] = stored{}
		r.first++
		r.dropped++
	}
	if r.first > len(r.lines)/2 && r.first > 1024 {
		r.lines = append([]stored(nil), r.lines[r.first:]...)
		r.first = 0
	}
}

// kept is a copy of the lines, and how many were dropped.
func (r *Ring) kept() ([]stored, int64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]stored(nil), r.lines[r.first:]...), r.dropped
}
