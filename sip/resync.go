package sip

import (
	"maps"
	"slices"
	"time"

	"ringcard/cti"
)

// resync makes the calls equal to the states at the beginning of a session
// (PB-03): what goes on keeps its channels, what ended meanwhile is left out of
// the snapshot, and what began meanwhile is told after it. Extensions without
// a state are not watched.
func (t *tracker) resync(states map[string]dialogInfo, at time.Time) {
	post := t.post
	t.post = func(cti.Event) {} // the engine learns it from the snapshot
	for number, e := range t.exts {
		for _, l := range slices.Collect(maps.Values(e.legs)) {
			if !l.shared && !l.goesOn(states[number]) {
				if l.talking != nil {
					t.gone(l.talking, at, 0, 0)
				}
				t.gone(l, at, 0, 0)
			}
		}
		t.leaveShared(e, at)
		if o := e.order; o != nil && !inUse(states[number]) {
			t.over(o, 0, 0, at)
		}
	}
	for g := range t.groups {
		if len(g.legs) == 0 {
			delete(t.groups, g)
		}
	}
	t.post = post
	t.post(cti.Event{Kind: cti.Resync, At: at, Snapshot: t.snapshot(states)})
	for _, number := range slices.Sorted(maps.Keys(states)) {
		if e := t.exts[number]; e != nil {
			t.apply(e, states[number], at)
		}
	}
}

func (l *leg) goesOn(info dialogInfo) bool {
	i := slices.IndexFunc(info.Dialogs, func(d dialogState) bool { return d.ID == l.dialog })
	if i < 0 {
		return false
	}
	d := info.Dialogs[i]
	return d.Phase == l.phase && l.endsAt.IsZero() && (d.Phase != early || l.group.number == d.Number)
}

func inUse(info dialogInfo) bool {
	return slices.ContainsFunc(info.Dialogs, func(d dialogState) bool { return d.Phase != terminated })
}

// snapshot is what the PBX is taken to have.
func (t *tracker) snapshot(states map[string]dialogInfo) *cti.Snapshot {
	snap := &cti.Snapshot{}
	for _, number := range slices.Sorted(maps.Keys(t.exts)) {
		e := t.exts[number]
		if _, ok := states[number]; ok {
			snap.Devices = append(snap.Devices, cti.DeviceState{Endpoint: e.endpoint, Online: true})
		}
		for _, l := range e.legs {
			snap.Channels = append(snap.Channels, l.channel)
			if l.talking != nil {
				snap.Channels = append(snap.Channels, l.talking.channel)
			}
		}
	}
	for g := range t.groups {
		if g.outside.ID != "" {
			snap.Channels = append(snap.Channels, g.outside)
		}
		if g.answeredAt.IsZero() {
			continue
		}
		in := cti.Bridge{ID: g.bridge, Class: "basic"}
		if g.outside.ID != "" {
			in.Channels = append(in.Channels, g.outside.ID)
		}
		for _, l := range g.legs {
			if l.phase == confirmed {
				in.Channels = append(in.Channels, l.channel.ID)
			}
		}
		snap.Bridges = append(snap.Bridges, in)
	}
	for _, o := range t.orders {
		snap.Channels = append(snap.Channels, o.own)
		if o.client.ID != "" {
			snap.Channels = append(snap.Channels, o.client)
		}
		if o.met {
			snap.Bridges = append(snap.Bridges, cti.Bridge{ID: o.id, Class: "basic", Channels: []string{o.own.ID, o.client.ID}})
		}
	}
	return snap
}

// knows tells whether a channel is up.
func (t *tracker) knows(id string) bool {
	for _, ch := range t.snapshot(nil).Channels {
		if ch.ID == id {
			return true
		}
	}
	return false
}
