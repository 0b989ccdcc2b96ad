package cti

import (
	"slices"
	"time"
)

// gap is a time without events, from the last one before a lost connection, or
// from the end of the last run, to the Resync.
type gap struct {
	from    time.Time // zero: none, or not known
	closing bool      // the Resync is being applied: what changes was not seen
}

// Resynced tells what a Resync found (PB-03).
type Resynced struct {
	Gap      time.Duration // without events; zero at the first connect
	Kept     int           // calls that went on
	Appeared int           // calls that began unseen and are still up
	Ended    int           // calls that ended unseen
}

// disconnected begins a gap. Nobody is left in the dark about it: presence
// becomes unknown, and each call's trace says it.
func (e *Engine) disconnected(at time.Time) {
	e.synced.Store(false)
	if e.gap.from.IsZero() {
		e.gap.from = at
		for _, lv := range e.calls() {
			lv.trace.add(at, "gap_begins")
			e.publish(lv)
		}
	}
	if e.opt.Team != nil {
		e.opt.Team.lost(e.office.cfg.PBX)
	}
}

// resync makes memory equal to what the PBX has (PB-03): calls still up keep
// their id and all that was known of them, new ones appear, vanished ones end
// marked recovered. What is concluded rather than seen is marked estimated.
func (e *Engine) resync(ev Event) {
	snap := ev.Snapshot
	if snap == nil {
		return
	}
	if e.opt.Team != nil {
		e.opt.Team.snapshot(e.office.cfg.PBX, snap.Devices)
	}
	var found Resynced
	if !e.gap.from.IsZero() {
		found.Gap = ev.At.Sub(e.gap.from)
	}
	before := e.calls()
	e.gap.closing = true
	up := make(map[string]Channel, len(snap.Channels))
	for _, ch := range snap.Channels {
		up[ch.ID] = ch
	}
	for _, id := range snap.Ending {
		if _, ok := up[id]; !ok {
			up[id] = Channel{ID: id}
		}
	}
	answered := e.offHook()
	restored := e.adopt(snap, ev.At)
	for _, br := range snap.Bridges {
		for _, id := range br.Channels {
			ch, ok := up[id]
			switch {
			case !ok:
				continue
			case ch.Name == "" && e.board.byChannel[id] == nil:
				continue // it ends, and was never known
			case ch.Name == "":
				ch.State = "Up" // it was in the bridge a moment ago
			}
			e.handle(Event{Kind: BridgeEntered, At: ev.At, Channel: ch, Bridge: br})
		}
	}
	e.leaveBridges(snap.Bridges, ev.At)
	e.doubtOutcomes(up, answered)
	e.buryVanished(up, ev.At)
	found.Ended = e.closeRestored(ev.At)
	for _, lv := range before {
		if lv.call.State == Ended {
			found.Ended++
		} else {
			found.Kept++
		}
	}
	e.gap.closing = false
	for _, lv := range e.calls() {
		if !slices.Contains(before, lv) {
			found.Appeared++
		}
		e.tellGap(lv, found.Gap, ev.At)
		if slices.Contains(restored, lv) {
			e.show(lv, ev.At)
		}
	}
	found.Appeared -= len(restored)
	found.Kept += len(restored)
	e.gap = gap{}
	e.synced.Store(true)
	if f := e.opt.Metrics.Resynced; f != nil {
		f(e.office.cfg.PBX, found)
	}
	e.log.Info("memory is equal to the PBX", "gap", found.Gap, "kept", found.Kept, "appeared", found.Appeared, "ended", found.Ended)
}

// tellGap writes into a call that went on through a gap that events are
// missing; whether it was held meanwhile nobody knows.
func (e *Engine) tellGap(lv *live, length time.Duration, at time.Time) {
	if length == 0 {
		return
	}
	if lv.call.AnsweredAt != nil && !lv.call.estimated(FieldHold) {
		e.doubt(&lv.call, FieldHold)
		lv.call.Version++
	}
	lv.trace.add(at, "gap_ends", "length", length.Round(time.Millisecond).String())
	e.save(e.publish(lv))
}

// doubt marks fields as estimated and says whether a CDR may mend them.
func (e *Engine) doubt(c *Call, fields ...string) {
	c.estimate(fields...)
	c.CDR = CDRNone
	if e.opt.CDR {
		c.CDR = CDRAwaited
	}
}

// unseen marks what a transition of a Resync concluded.
func (e *Engine) unseen(before, after *Call) {
	if !e.gap.closing {
		return
	}
	if before.RingAt == nil && after.RingAt != nil {
		e.doubt(after, FieldRing)
	}
	if before.AnsweredAt == nil && after.AnsweredAt != nil {
		e.doubt(after, FieldAnswered)
	}
	if before.State != Ended && after.State == Ended && after.MergedInto == "" {
		after.Recovered = true
		after.EndedBy = before.EndedBy
		e.doubt(after, FieldEnded, FieldCause, FieldHold)
		if after.EndedBy == "" {
			e.doubt(after, FieldEndedBy)
		}
		if after.AnsweredAt == nil {
			e.doubt(after, FieldDisposition)
		}
	}
}

// offHook tells which channels were up before the gap, by what is known here.
func (e *Engine) offHook() map[string]bool {
	up := make(map[string]bool)
	add := func(c *Call) {
		for i := range c.Legs {
			up[c.Legs[i].ID] = up[c.Legs[i].ID] || c.Legs[i].State == LegUp
		}
	}
	for _, lv := range e.calls() {
		add(&lv.call)
	}
	for _, c := range e.restored {
		add(&c)
	}
	return up
}

// doubtOutcomes marks the calls that may have been answered and left again
// unseen: a channel has come up since the gap began and talks to nobody now,
// or it is ending and its state is not told any more. If such a call ends
// unanswered, that is no more than likely.
func (e *Engine) doubtOutcomes(up map[string]Channel, before map[string]bool) {
	for _, lv := range e.calls() {
		if lv.call.AnsweredAt != nil || lv.call.estimated(FieldDisposition) {
			continue
		}
		if slices.ContainsFunc(lv.call.Legs, func(l Leg) bool {
			ch, ok := up[l.ID]
			return ok && l.Role != ServiceLeg && l.State != LegEnded && !before[l.ID] && (ch.Name == "" || ch.State == "Up")
		}) {
			e.doubt(&lv.call, FieldDisposition)
			lv.call.Version++
		}
	}
}

// buryVanished ends the legs whose channels are no more, at the last moment
// they are known to have been up: the beginning of the gap, or later.
func (e *Engine) buryVanished(up map[string]Channel, at time.Time) {
	for _, lv := range e.calls() {
		if !lv.placedAt.IsZero() {
			continue // ordered a moment ago; its channel is still to come
		}
		for _, l := range slices.Clone(lv.call.Legs) {
			if _, ok := up[l.ID]; !ok && l.State != LegEnded {
				e.handle(Event{Kind: ChannelGone, At: latest(e.gap.from, lv.call), Channel: Channel{ID: l.ID}})
			}
		}
		if lv.call.State == Ended {
			lv.trace.add(at, "ended_unseen")
			e.publish(lv)
		}
	}
}

// latest is at, or the last time known of the call where that is later.
func latest(at time.Time, c Call) time.Time {
	times := []*time.Time{&c.StartedAt, c.RingAt, c.AnsweredAt}
	for i := range c.Legs {
		l := &c.Legs[i]
		times = append(times, &l.StartedAt, l.RingAt, l.AnsweredAt, l.TalkedAt, l.EndedAt)
	}
	for _, t := range times {
		if t != nil && t.After(at) {
			at = *t
		}
	}
	return at
}

// adopt takes up channels that are not known: first those of calls recorded
// before a restart, with the times that are known of them. The PBX does not
// say who dialled a channel: that is taken to be the one the call began with.
func (e *Engine) adopt(snap *Snapshot, at time.Time) (restored []*live) {
	channels := slices.Clone(snap.Channels)
	slices.SortStableFunc(channels, func(a, b Channel) int { return a.Created.Compare(b.Created) })
	roots := make(map[string]Channel)
	for _, ch := range channels {
		if ch.LinkedID == ch.ID {
			roots[ch.ID] = ch
		}
	}
	e.board.exorcise(channels)
	for _, ch := range channels {
		if _, ghost := e.board.ghosts[ch.ID]; ghost {
			continue
		}
		if e.board.byChannel[ch.ID] == nil {
			delete(e.board.gone, ch.ID)
			if lv := e.board.find(ch, true); lv != nil && e.restore(lv) {
				restored = append(restored, lv)
			}
			e.introduce(ch, roots[ch.LinkedID], at)
		}
		e.handle(Event{Kind: ChannelChanged, At: at, Channel: ch})
	}
	return restored
}

// introduce begins the leg of a channel that was never seen when the PBX made
// it, before its present state is applied.
func (e *Engine) introduce(ch, root Channel, at time.Time) {
	if lv := e.board.byChannel[ch.ID]; lv == nil || slices.ContainsFunc(lv.call.Legs, func(l Leg) bool { return l.ID == ch.ID }) {
		return
	}
	if !ch.Created.IsZero() && ch.Created.Before(at) {
		at = ch.Created
	}
	begun := ch
	begun.State = "Down"
	if root.ID == "" || root.ID == ch.ID {
		if originates(ch) {
			begun.State = "Ring"
		}
		e.handle(Event{Kind: ChannelCreated, At: at, Channel: begun})
		return
	}
	if e.office.Role(Endpoint(ch.Name)) == ServiceLeg {
		return // a half of a Local channel is dialled by nobody
	}
	root.State = "Ring"
	e.handle(Event{Kind: Dialed, At: at, Channel: root, Peer: begun})
}

func (e *Engine) restore(lv *live) bool {
	saved, ok := e.restored[lv.call.ID]
	if !ok {
		return false
	}
	delete(e.restored, lv.call.ID)
	saved.Version++
	lv.call = saved
	for _, l := range saved.Legs {
		if l.State != LegEnded {
			e.board.byChannel[l.ID] = lv
		}
		e.board.link(lv, l.LinkedID)
	}
	if lv.call.AnsweredAt != nil {
		e.doubt(&lv.call, FieldHold)
	}
	e.presence(lv, nil)
	lv.trace.add(e.opt.Now(), "taken_up")
	return true
}

// leaveBridges clears bridges that legs are no longer in.
func (e *Engine) leaveBridges(bridges []Bridge, at time.Time) {
	in := make(map[string]string)
	for _, br := range bridges {
		for _, id := range br.Channels {
			in[id] = br.ID
		}
	}
	for _, lv := range e.calls() {
		for _, l := range lv.call.Legs {
			if l.Bridge != "" && in[l.ID] == "" && l.State != LegEnded {
				e.handle(Event{Kind: BridgeLeft, At: at, Channel: Channel{ID: l.ID, Name: l.Name}})
			}
		}
	}
}

// closeRestored ends the records of calls that ended while Ringcard was away,
// at the last time known of each. It returns how many.
func (e *Engine) closeRestored(at time.Time) int {
	n := 0
	for id, c := range e.restored {
		delete(e.restored, id)
		if into := e.ownerOf(c); into != "" {
			c.MergedInto = into
			c.Version++
			e.opt.Recorder.Put(c)
			continue
		}
		n++
		lv := &live{call: c}
		end := latest(time.Time{}, c)
		for i := range lv.call.Legs {
			if l := &lv.call.Legs[i]; l.State == LegEnded {
				continue
			}
			ev := Event{Kind: ChannelGone, At: end, Channel: Channel{ID: lv.call.Legs[i].ID}}
			before := lv.call
			lv.call, _ = e.machine.Apply(lv.call, ev, end)
			e.unseen(&before, &lv.call)
		}
		if lv.call.State != Ended {
			lv.call.State, lv.call.EndedAt, lv.call.Disposition = Ended, ptr(end), Failed
			lv.call.Recovered = true
			e.doubt(&lv.call, FieldEnded, FieldDisposition, FieldCause, FieldEndedBy)
			lv.call.Version++
		}
		lv.trace.add(at, "ended_away")
		e.remember(id)
		e.save(e.publish(lv))
	}
	return n
}

// ownerOf finds the live call that has all the channels of a restored record:
// that was found to be a part of it, and the process ended before it was kept.
func (e *Engine) ownerOf(c Call) string {
	owner := ""
	for _, l := range c.Legs {
		lv := e.board.byChannel[l.ID]
		if lv == nil || lv.call.ID == c.ID || owner != "" && owner != lv.call.ID {
			return ""
		}
		owner = lv.call.ID
	}
	return owner
}

func (e *Engine) calls() []*live {
	out := make([]*live, 0, len(e.board.calls))
	for _, lv := range e.board.calls {
		if lv.call.State != Ended {
			out = append(out, lv)
		}
	}
	return out
}

// Channels tells what is up by the engine's memory: the PBX's channel ids of
// the office's and the clients' legs, each with the bridge it is in, empty for
// none or a parking lot. It is what a Resync makes equal to the PBX.
func (e *Engine) Channels() (map[string]string, error) {
	up := make(map[string]string)
	err := e.do(func() {
		for _, lv := range e.calls() {
			for i := range lv.call.Legs {
				if l := &lv.call.Legs[i]; l.Role != ServiceLeg && l.State != LegEnded {
					up[l.ID] = l.Bridge
				}
			}
		}
	})
	return up, err
}
