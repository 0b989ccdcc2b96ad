package cti

import (
	"cmp"
	"time"
)

// unite makes one call of those that an event proves to be one conversation,
// and returns the call of the event's own channel. Two calls with clients keep
// their records, which are linked.
func (e *Engine) unite(list []*live, ev Event) *live {
	if len(list) == 0 {
		return nil
	}
	own := list[0]
	for _, other := range list[1:] {
		if foreign(own) && foreign(other) {
			e.link(own, other, ev.At)
			continue
		}
		keep, part := own, other
		if outranks(other, own) {
			keep, part = other, own
		}
		e.merge(keep, part, ev.At)
		own = keep
	}
	return own
}

// merge makes part a part of keep. Whoever had it on his screen sees it close
// and keep instead.
func (e *Engine) merge(keep, part *live, at time.Time) {
	known := part.call.Direction != ""
	audience := part.audience
	e.board.merge(keep, part, at)
	if !known {
		return
	}
	keep.trace.add(at, "merged", "call", part.call.ID)
	part.audience = nil
	if len(audience) > 0 {
		e.opt.Screens.ShowCall(audience, wire(part.call))
	}
	e.opt.Recorder.Put(wire(part.call))
	e.observe(part.call)
	e.mu.Lock()
	delete(e.view, part.call.ID)
	e.mu.Unlock()
	e.showAndSave(keep, at)
}

// link marks the records of two clients who are connected with each other.
func (e *Engine) link(one, two *live, at time.Time) {
	if outranks(two, one) {
		one, two = two, one
	}
	id := cmp.Or(one.call.Conversation, two.call.Conversation, one.call.ID)
	for _, lv := range []*live{one, two} {
		if lv.call.Conversation == id {
			continue
		}
		lv.call.Conversation = id
		lv.call.Version++
		lv.trace.add(at, "linked", "conversation", id)
		e.showAndSave(lv, at)
	}
}
