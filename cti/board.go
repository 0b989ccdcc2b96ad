package cti

import (
	"slices"
	"time"

	"github.com/google/uuid"
)

// tombstones is how many ended channels are remembered, so that an event that
// comes after ChannelDestroyed does not start a call.
const tombstones = 4096

// callSpace is the name space of call ids: the same first channel of the same
// PBX gives the same id, also after a restart of Ringcard.
var callSpace = uuid.MustParse("6f1c7b0a-5d0e-4b0e-9a63-52494e474341")

// live is a call that is up, with what only the engine needs to know.
type live struct {
	call     Call
	audience []int64 // users who have the call on their screens
	trace    trace
	placedAt time.Time // when it was ordered from a page, until its channel appears
	linked   []string
}

// board groups channels into calls for one PBX: the correlation rules of
// docs/architecture.md. Not safe for concurrent use; the engine owns it.
type board struct {
	Machine
	calls     map[string]*live
	byChannel map[string]*live
	byLinked  map[string]*live
	gone      map[string]struct{}
	goneOrder []string // ring of the tombstones
	goneNext  int
}

func newBoard(m Machine) *board {
	return &board{
		Machine: m,
		calls:   make(map[string]*live), byChannel: make(map[string]*live), byLinked: make(map[string]*live),
		gone: make(map[string]struct{}), goneOrder: make([]string, tombstones),
	}
}

// callID is our own id of the call that began with the channel. Channels that
// we originated carry it as their own id.
func (b *board) callID(root string) string { return callIDOf(b.Office.cfg.PBX, root) }

func callIDOf(pbx, root string) string {
	if _, err := uuid.Parse(root); err == nil {
		return root
	}
	return uuid.NewSHA1(callSpace, []byte(pbx+"/"+root)).String()
}

// open adds a call under the id of its first channel.
func (b *board) open(root string) *live {
	id := b.callID(root)
	if lv, ok := b.calls[id]; ok {
		return lv
	}
	lv := &live{call: Call{ID: id, PBX: b.Office.cfg.PBX}}
	b.calls[id] = lv
	b.link(lv, root)
	return lv
}

func (b *board) link(lv *live, linkedID string) {
	if linkedID != "" && b.byLinked[linkedID] == nil {
		b.byLinked[linkedID] = lv
		lv.linked = append(lv.linked, linkedID)
	}
}

// find returns the call of a channel, opening one for a channel never seen.
// It returns nil for a channel that has already ended.
func (b *board) find(ch Channel) *live {
	if ch.ID == "" {
		return nil
	}
	if lv := b.byChannel[ch.ID]; lv != nil {
		return lv
	}
	if _, dead := b.gone[ch.ID]; dead {
		return nil
	}
	root := ch.LinkedID
	if root == "" {
		root = ch.ID
		if pair, ok := localPair(ch.Name); ok {
			root = pair // without linkedid only the name ties the halves
		}
	}
	lv := b.byLinked[root]
	switch {
	case lv == nil:
		lv = b.open(root)
	case lv.call.State == Ended:
		lv = b.open(ch.ID) // what comes after the end of a call is another call
	}
	b.byChannel[ch.ID] = lv
	return lv
}

// bury forgets a channel and remembers that it is gone.
func (b *board) bury(id string) {
	delete(b.byChannel, id)
	if old := b.goneOrder[b.goneNext]; old != "" {
		delete(b.gone, old)
	}
	b.goneOrder[b.goneNext] = id
	b.goneNext = (b.goneNext + 1) % tombstones
	b.gone[id] = struct{}{}
}

// forget drops an ended call with its aliases.
func (b *board) forget(lv *live) {
	if b.calls[lv.call.ID] == lv {
		delete(b.calls, lv.call.ID)
	}
	for _, l := range lv.linked {
		if b.byLinked[l] == lv {
			delete(b.byLinked, l)
		}
	}
	for i := range lv.call.Legs {
		if id := lv.call.Legs[i].ID; b.byChannel[id] == lv {
			delete(b.byChannel, id)
		}
	}
}

// joins tells which two calls an event proves to be one: the caller and the
// peer of a dial belong together, and so do the halves of a Local channel
// (their linkedid says it). The first is the one that goes on.
func (b *board) joins(ev Event) (keep, part *live) {
	if ev.Kind != Dialed || ev.Channel.ID == "" {
		return nil, nil
	}
	one := b.find(ev.Channel)
	for _, ch := range []Channel{ev.Peer, ev.Forwarded} {
		two := b.find(ch)
		if one == nil || two == nil || one == two {
			continue
		}
		if two.call.Direction != "" && (one.call.Direction == "" || two.call.StartedAt.Before(one.call.StartedAt)) {
			return two, one
		}
		return one, two
	}
	return nil, nil
}

// merge moves all legs of one call to the other, which is the same
// conversation. The emptied call ends without a record.
func (b *board) merge(keep, part *live, now time.Time) {
	for _, l := range part.call.Legs {
		if b.byChannel[l.ID] == part {
			b.byChannel[l.ID] = keep
		}
	}
	keep.call.Legs = append(slices.Clone(keep.call.Legs), part.call.Legs...)
	keep.call.Version++
	for _, l := range part.linked {
		b.byLinked[l] = keep
	}
	keep.linked = append(keep.linked, part.linked...)
	part.linked, part.call.Legs, part.call.Ringing = nil, nil, nil
	part.call.MergedInto, part.call.State, part.call.EndedAt = keep.call.ID, Ended, ptr(now)
	part.call.Version++
	if b.calls[part.call.ID] == part {
		delete(b.calls, part.call.ID)
	}
}

// stranger returns the call from which a channel in the bridge must move to
// the call it now talks in: an attended transfer hands a leg of the
// consultation to the client's call. Conferences and parking lots are no
// conversation of two.
func (b *board) stranger(ev Event) (to, from *live, channel string) {
	if ev.Kind != BridgeEntered || ev.Bridge.Class != "basic" && ev.Bridge.Class != "stasis" {
		return nil, nil, ""
	}
	own := b.byChannel[ev.Channel.ID]
	for _, id := range ev.Bridge.Channels {
		other := b.byChannel[id]
		if own == nil || other == nil || other == own {
			continue
		}
		if b.outranks(own, other) {
			return own, other, id
		}
		return other, own, ev.Channel.ID
	}
	return nil, nil, ""
}

// outranks: the client's call takes the leg, else the older call.
func (b *board) outranks(one, two *live) bool {
	c1, c2 := one.call.Direction != Internal, two.call.Direction != Internal
	if c1 != c2 {
		return c1
	}
	return one.call.StartedAt.Before(two.call.StartedAt)
}

// move hands one leg to another call.
func (b *board) move(to, from *live, channel string) {
	i := slices.IndexFunc(from.call.Legs, func(l Leg) bool { return l.ID == channel })
	if i < 0 {
		return
	}
	leg := from.call.Legs[i]
	leg.TalkedAt = nil
	to.call.Legs = append(slices.Clone(to.call.Legs), leg)
	b.byChannel[channel] = to
}
