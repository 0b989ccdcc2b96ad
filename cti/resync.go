package cti

import (
	"slices"
	"time"
)

// resync makes memory equal to what the PBX has (PB-03): calls still up keep
// their id, new ones appear, vanished ones end marked recovered.
func (e *Engine) resync(ev Event) {
	snap := ev.Snapshot
	if snap == nil {
		return
	}
	if e.opt.Team != nil {
		e.opt.Team.snapshot(e.office.cfg.PBX, snap.Devices)
	}
	up := make(map[string]Channel, len(snap.Channels))
	for _, ch := range snap.Channels {
		up[ch.ID] = ch
	}
	restored := e.adopt(snap, ev.At)
	for _, br := range snap.Bridges {
		for _, id := range br.Channels {
			if ch, ok := up[id]; ok {
				e.handle(Event{Kind: BridgeEntered, At: ev.At, Channel: ch, Bridge: br})
			}
		}
	}
	e.leaveBridges(snap.Bridges, ev.At)
	e.buryVanished(up, ev.At)
	e.closeRestored(ev.At)
	for _, lv := range restored {
		if lv.call.State != Ended {
			e.show(lv, ev.At)
		}
	}
}

// buryVanished ends the legs whose channels are no more. A call that loses
// its last one is marked: its end was not seen.
func (e *Engine) buryVanished(up map[string]Channel, at time.Time) {
	isUp := func(l Leg) bool { _, ok := up[l.ID]; return ok && l.Role != ServiceLeg }
	for _, lv := range e.calls() {
		if !lv.placedAt.IsZero() {
			continue // ordered a moment ago; its channel is still to come
		}
		if !slices.ContainsFunc(lv.call.Legs, isUp) {
			lv.call.Recovered = true
			lv.trace.add(at, "ended_unseen")
		}
		for _, l := range lv.call.Legs {
			if _, ok := up[l.ID]; !ok && l.State != LegEnded {
				e.handle(Event{Kind: ChannelGone, At: at, Channel: Channel{ID: l.ID}})
			}
		}
	}
}

// adopt takes up channels that are not known: first those of calls recorded
// before a restart, with the times that are known of them.
func (e *Engine) adopt(snap *Snapshot, at time.Time) (restored []*live) {
	channels := slices.Clone(snap.Channels)
	slices.SortStableFunc(channels, func(a, b Channel) int { return a.Created.Compare(b.Created) })
	for _, ch := range channels {
		if e.board.byChannel[ch.ID] == nil {
			delete(e.board.gone, ch.ID)
			if lv := e.board.find(ch); lv != nil && e.restore(lv) {
				restored = append(restored, lv)
			}
		}
		e.handle(Event{Kind: ChannelChanged, At: at, Channel: ch})
	}
	return restored
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
		e.board.byChannel[l.ID] = lv
		e.board.link(lv, l.LinkedID)
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

// closeRestored ends the records of calls that ended while Ringcard was away.
func (e *Engine) closeRestored(at time.Time) {
	for id, c := range e.restored {
		delete(e.restored, id)
		lv := &live{call: c}
		lv.call.Recovered = true
		for i := range lv.call.Legs {
			if l := &lv.call.Legs[i]; l.State == LegEnded {
				continue
			}
			ev := Event{Kind: ChannelGone, At: at, Channel: Channel{ID: lv.call.Legs[i].ID}}
			lv.call, _ = e.machine.Apply(lv.call, ev, at)
		}
		if lv.call.State != Ended {
			lv.call.State, lv.call.EndedAt, lv.call.Disposition = Ended, ptr(at), Failed
			lv.call.Version++
		}
		lv.trace.add(at, "ended_away")
		e.save(e.publish(lv))
	}
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
