package ari

import (
	"bytes"
	"context"
	"encoding/json"
	"sync"
	"time"

	"ringcard/ari/ami"
	"ringcard/cti"
)

// effectTimeout is how long a confirmed command may take to show an effect.
const effectTimeout = 3 * time.Second

// noEffect is what a command comes to that the PBX confirmed and did not do.
func noEffect() error {
	return cti.Errorf(cti.CodeNoEffect, "the PBX confirmed the command, but nothing has changed; do it at the telephone and tell the administrator")
}

// within waits for a proof as long as an effect may take; refuted may be nil.
func within[T any](ctx context.Context, proof <-chan T, refuted <-chan struct{}) (v T, err error) {
	t := time.NewTimer(effectTimeout)
	defer t.Stop()
	select {
	case v = <-proof:
		return v, nil
	case <-refuted:
		return v, noEffect()
	case <-t.C:
		return v, noEffect()
	case <-ctx.Done():
		return v, ctx.Err()
	}
}

// arrival tells when a channel of ours is in Stasis and when it is gone.
type arrival struct {
	id         string
	here, gone chan struct{}
	came, went sync.Once
}

func (a *arrival) come()  { a.came.Do(func() { close(a.here) }) }
func (a *arrival) leave() { a.went.Do(func() { close(a.gone) }) }

// wait returns when the channel is in Stasis.
func (a *arrival) wait(ctx context.Context) error {
	_, err := within(ctx, a.here, a.gone)
	return err
}

func (s *controlState) expect(id string) *arrival {
	a := &arrival{id: id, here: make(chan struct{}), gone: make(chan struct{})}
	s.change(func() { s.arrivals[id] = a })
	return a
}

func (s *controlState) forget(id string) { s.change(func() { delete(s.arrivals, id) }) }

// change changes what is looked for in the frames.
func (s *controlState) change(f func()) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f()
	s.expecting.Store(int32(len(s.arrivals) + len(s.sightings)))
}

// sighting is an event of ARI that proves what AMI or the generated context
// only confirmed.
type sighting struct {
	kind, channel string
	bridge        func(id string) bool // nil: any
	seen          chan struct{}
	once          sync.Once
}

// sight begins to look for an event of a channel; the caller calls unsee.
func (s *controlState) sight(kind, channel string, bridge func(id string) bool) *sighting {
	x := &sighting{kind: kind, channel: channel, bridge: bridge, seen: make(chan struct{})}
	s.change(func() { s.sightings[x] = struct{}{} })
	return x
}

func (s *controlState) unsee(x *sighting) { s.change(func() { delete(s.sightings, x) }) }

func (x *sighting) wait(ctx context.Context) error {
	_, err := within(ctx, x.seen, nil)
	return err
}

// glimpse is the part of a frame by which effects are told.
type glimpse struct {
	Type    string
	Result  string // of a transfer
	Channel struct{ ID string }
	Bridge  struct{ ID string }
}

func (x *sighting) is(g *glimpse) bool {
	return g.Type == x.kind && g.Channel.ID == x.channel && (g.Result == "" || g.Result == "Success") && (x.bridge == nil || x.bridge(g.Bridge.ID))
}

// see looks for expected channels and events in a frame. It costs nothing
// while none is expected.
func (s *controlState) see(raw []byte) {
	if s.expecting.Load() == 0 {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.awaited(raw) {
		return
	}
	var g glimpse
	if json.Unmarshal(raw, &g) != nil {
		return // counted as malformed by its reader
	}
	if a := s.arrivals[g.Channel.ID]; a != nil {
		switch g.Type {
		case "StasisStart":
			a.come()
		case "ChannelDestroyed":
			a.leave()
		}
	}
	for x := range s.sightings {
		if x.is(&g) {
			x.once.Do(func() { close(x.seen) })
		}
	}
}

var (
	stasisStart = []byte(`"StasisStart"`)
	destroyed   = []byte(`"ChannelDestroyed"`)
)

// awaited tells without parsing whether a frame may be one that is looked for.
func (s *controlState) awaited(raw []byte) bool {
	if len(s.arrivals) > 0 && (bytes.Contains(raw, stasisStart) || bytes.Contains(raw, destroyed)) {
		return true
	}
	for x := range s.sightings {
		if bytes.Contains(raw, []byte(x.kind)) && bytes.Contains(raw, []byte(x.channel)) {
			return true
		}
	}
	return false
}

// listener waits for an event of AMI that proves an effect and tells more of
// it than ARI does.
type listener struct {
	s     *controlState
	match func(ami.Message) bool
	found chan ami.Message
}

func (s *controlState) listen(match func(ami.Message) bool) *listener {
	l := &listener{s: s, match: match, found: make(chan ami.Message, 1)}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.listeners[l] = struct{}{}
	return l
}

func (l *listener) stop() {
	l.s.mu.Lock()
	defer l.s.mu.Unlock()
	delete(l.s.listeners, l)
}
