package sip

import (
	"crypto/rand"
	"maps"
	"slices"
	"time"

	"ringcard/cti"
)

// OutsideEndpoint is the endpoint of the other party of outside calls: an
// extension's state does not tell by which trunk a call came.
const OutsideEndpoint = "SIP/outside"

const (
	// together: telephones of a ring group begin to ring within this time.
	together = 2 * time.Second
	// elsewhere: the states of a ring group's telephones come one by one; one
	// that stops ringing may be told before the one that was picked up.
	elsewhere = 250 * time.Millisecond
	// another: a telephone that rings on so long after a colleague answered
	// rings for another call of the same number.
	another = 1500 * time.Millisecond
)

// tracker makes events of calls out of the states of extensions, so that the
// engine works as it does with ARI. Channels are inferred: a state tells that
// a telephone rings and for whom, then that it is picked up, then that it is
// not; telephones that ring for one number are one call. Not safe for
// concurrent use; it does no I/O besides post.
type tracker struct {
	post   func(cti.Event)
	exts   map[string]*extension
	groups map[*group]struct{}
	orders map[string]*order // by channel id
	// hunting: a queue tries the next telephone, or the same again, within
	// this time; a call from the number until then is the same call.
	hunting time.Duration
}

// extension is one watched extension and the telephone behind it.
type extension struct {
	number, endpoint string
	legs             map[string]*leg // by the id of the dialog
	order            *order          // our own call to it, while it lasts
}

// leg is one dialog of an extension.
type leg struct {
	ext     *extension
	dialog  string
	channel cti.Channel
	group   *group // nil: nothing is known but that the telephone is in use
	phase   phase
	talking *leg // the dialog that goes on while this second one rings
	shared  bool // inferred from the other side: the telephone is in another call too
	held    bool
	endsAt  time.Time // stopped ringing, not yet told
}

// group is what we take for one call: the telephones that ring or rang for
// one number.
type group struct {
	number, name string
	callID       string
	outside      cti.Channel // the other party, or …
	caller       *leg        // … the extension that called
	callerExt    *extension
	legs         []*leg
	bridge       string
	answeredAt   time.Time
	ringAt       time.Time // when the last telephone began to ring
	quietAt      time.Time // when the last one stopped
}

func newTracker(post func(cti.Event), hunting time.Duration) *tracker {
	return &tracker{post: post, exts: make(map[string]*extension), groups: make(map[*group]struct{}), orders: make(map[string]*order), hunting: hunting}
}

// extension returns the record of a watched extension.
func (t *tracker) extension(number, endpoint string) *extension {
	e := t.exts[number]
	if e == nil {
		e = &extension{number: number, legs: make(map[string]*leg)}
		t.exts[number] = e
	}
	e.endpoint = endpoint
	return e
}

// forget drops an extension that is watched no more.
func (t *tracker) forget(number string, at time.Time) {
	if e := t.exts[number]; e != nil {
		t.apply(e, dialogInfo{Full: true}, at)
		delete(t.exts, number)
	}
}

// apply takes a document about an extension.
func (t *tracker) apply(e *extension, info dialogInfo, at time.Time) {
	if info.Full {
		for _, id := range slices.Sorted(maps.Keys(e.legs)) {
			if !e.legs[id].shared && !slices.ContainsFunc(info.Dialogs, func(d dialogState) bool { return d.ID == id }) {
				t.end(e, e.legs[id], at)
			}
		}
	}
	for _, d := range info.Dialogs {
		t.step(e, d, at)
	}
	t.leaveShared(e, at)
}

// leaveShared ends what was inferred from others once the telephone itself is
// in no call.
func (t *tracker) leaveShared(e *extension, at time.Time) {
	legs := slices.Collect(maps.Values(e.legs))
	if slices.ContainsFunc(legs, func(l *leg) bool { return !l.shared }) {
		return
	}
	for _, l := range legs {
		t.gone(l, at, 16, 0)
	}
}

func (t *tracker) step(e *extension, d dialogState, at time.Time) {
	if e.order != nil && t.orderStep(e, d, at) {
		return
	}
	l := e.legs[d.ID]
	switch d.Phase {
	case terminated:
		t.end(e, l, at)
	case trying, early:
		switch {
		case d.Outgoing:
			t.place(e, l, d, at)
		case d.Phase == early:
			t.ring(e, l, d, at)
		}
	case confirmed:
		t.pickUp(e, l, d, at)
	}
}

// ring: the telephone rings for d.Number.
func (t *tracker) ring(e *extension, l *leg, d dialogState, at time.Time) {
	var talking *leg
	switch {
	case l == nil:
	case l.phase == early && l.endsAt.IsZero() && (l.group.number == d.Number || d.Number == ""):
		return
	case l.phase == early && l.group.number == "" && l.group.caller == nil:
		t.named(l.group, d, at)
		return
	case l.phase == early && l.group.number == d.Number:
		l.endsAt = time.Time{} // it rings on
		return
	case l.phase == early:
		talking = l.talking
		t.gone(l, at, 0, 0)
	default:
		talking = l // a second call knocks
	}
	g := t.find(d, at)
	if g == nil {
		g = t.begin(e, d, at)
	}
	t.rings(e, d.ID, g, talking, at)
}

// named: the number of a caller came after the first ring.
func (t *tracker) named(g *group, d dialogState, at time.Time) {
	g.number, g.name = d.Number, d.Name
	g.outside.CallerNumber, g.outside.CallerName = d.Number, d.Name
	t.post(cti.Event{Kind: cti.ChannelChanged, At: at, Channel: g.outside})
}

// find returns the call for which a telephone has begun to ring: one that
// nobody answered and whose telephones began just now (a ring group) or have
// just stopped (a queue that tries one after the other).
func (t *tracker) find(d dialogState, at time.Time) *group {
	var found *group
	for g := range t.groups {
		if !g.answeredAt.IsZero() || g.callerExt != nil && g.caller == nil {
			continue
		}
		same := d.CallID != "" && g.callID == d.CallID
		near := g.quietAt.IsZero() && at.Sub(g.ringAt) <= together || !g.quietAt.IsZero() && at.Sub(g.quietAt) <= t.hunting
		if !same && (g.number != d.Number || !near) {
			continue
		}
		if found == nil || g.ringAt.After(found.ringAt) {
			found = g
		}
	}
	return found
}

// begin opens a call. A caller who is a watched extension makes it internal.
func (t *tracker) begin(e *extension, d dialogState, at time.Time) *group {
	g := &group{number: d.Number, name: d.Name, callID: d.CallID, bridge: newID(), ringAt: at}
	t.groups[g] = struct{}{}
	from := t.exts[d.Number]
	if from == nil || from == e {
		id := newID()
		g.outside = cti.Channel{ID: id, Name: OutsideEndpoint + "-" + rand.Text(), State: "Ring", LinkedID: id, Inferred: true,
			CallerNumber: d.Number, CallerName: d.Name, Created: at}
		t.post(cti.Event{Kind: cti.ChannelCreated, At: at, Channel: g.outside})
		return g
	}
	// That the caller's telephone is in use may have been told already.
	dialog := from.number
	if l := from.unexplained(); l != nil {
		dialog = l.dialog
		t.gone(l, at, 16, 0)
	}
	shared := from.legs[dialog] != nil
	if shared {
		dialog += "/" + rand.Text()
	}
	g.callerExt = from
	g.caller = t.newLeg(from, dialog, g, "Ring", at)
	g.caller.phase, g.caller.shared = confirmed, shared
	g.caller.channel.Exten = e.number
	t.post(cti.Event{Kind: cti.ChannelCreated, At: at, Channel: g.caller.channel})
	return g
}

// unexplained returns the dialog of which only the use of the telephone is known.
func (e *extension) unexplained() *leg {
	for _, l := range e.legs {
		if l.group == nil {
			return l
		}
	}
	return nil
}

// place: the extension called d.Number. Asterisk does not tell this; PBXs that
// follow RFC 4235 to the letter do.
func (t *tracker) place(e *extension, l *leg, d dialogState, at time.Time) {
	if l != nil || d.Number == "" {
		return
	}
	if t.exts[d.Number] != nil {
		return // told by the ringing of the other extension
	}
	g := &group{number: d.Number, name: d.Name, callID: newID(), bridge: newID(), ringAt: at, callerExt: e}
	t.groups[g] = struct{}{}
	g.caller = t.newLeg(e, d.ID, g, "Ring", at)
	g.caller.phase = confirmed
	g.caller.channel.Exten = d.Number
	g.outside = cti.Channel{ID: newID(), Name: OutsideEndpoint + "-" + rand.Text(), State: "Ringing", LinkedID: g.caller.channel.LinkedID,
		CallerNumber: d.Number, CallerName: d.Name, Created: at, Inferred: true}
	t.post(cti.Event{Kind: cti.ChannelCreated, At: at, Channel: g.caller.channel})
	t.post(cti.Event{Kind: cti.Dialed, At: at, Channel: g.caller.channel, Peer: g.outside, Dial: "RINGING"})
}

// pickUp: the telephone is in use.
func (t *tracker) pickUp(e *extension, l *leg, d dialogState, at time.Time) {
	switch {
	case l == nil:
		l = t.newLeg(e, d.ID, nil, "Down", at)
		l.phase = confirmed
		// Nothing but that the telephone is in use: presence, no record.
		t.post(cti.Event{Kind: cti.ChannelCreated, At: at, Channel: l.channel})
		l.channel.State = "Up"
		t.post(cti.Event{Kind: cti.ChannelChanged, At: at, Channel: l.channel})
	case l.phase == early && l.talking != nil:
		// The second call stopped knocking; which of the two goes on is not told.
		talking := l.talking
		t.gone(l, at, 0, 0)
		e.legs[talking.dialog] = talking
	case l.phase == early:
		if !l.group.answeredAt.IsZero() && l.group.callerExt == nil {
			l = t.split(l, at)
		}
		t.answer(l, at)
	case l == l.outgoing() && !d.Held && l.group.answeredAt.IsZero() && l.group.outside.ID != "" && d.Outgoing:
		t.answer(l, at)
	}
	if l = e.legs[d.ID]; l != nil && l.held != d.Held && l.phase == confirmed {
		l.held = d.Held
		kind := cti.ChannelUnheld
		if d.Held {
			kind = cti.ChannelHeld
		}
		t.post(cti.Event{Kind: kind, At: at, Channel: l.channel})
	}
}

// outgoing returns the leg itself when it placed its call.
func (l *leg) outgoing() *leg {
	if l.group != nil && l.group.caller == l {
		return l
	}
	return nil
}

// answer: both sides are taken to talk.
func (t *tracker) answer(l *leg, at time.Time) {
	g := l.group
	l.phase, l.endsAt = confirmed, time.Time{}
	l.channel.State = "Up"
	t.post(cti.Event{Kind: cti.ChannelChanged, At: at, Channel: l.channel})
	in := cti.Bridge{ID: g.bridge, Class: "basic"}
	other := g.other(l)
	if other != nil {
		in.Channels = append(in.Channels, other.ID)
	}
	if g.answeredAt.IsZero() {
		g.answeredAt = at
		if other != nil {
			other.State = "Up"
			t.post(cti.Event{Kind: cti.ChannelChanged, At: at, Channel: *other})
			t.post(cti.Event{Kind: cti.BridgeEntered, At: at, Channel: *other, Bridge: in})
		}
	}
	in.Channels = append(slices.Clone(in.Channels), l.channel.ID)
	t.post(cti.Event{Kind: cti.BridgeEntered, At: at, Channel: l.channel, Bridge: in})
	for _, x := range slices.Clone(g.legs) {
		if !x.endsAt.IsZero() {
			t.gone(x, x.endsAt, 26, 0)
		}
	}
}

// other is the channel with which a leg that answers talks; nil when it has
// hung up already.
func (g *group) other(l *leg) *cti.Channel {
	switch {
	case g.outside.ID != "":
		return &g.outside
	case g.caller != nil && g.caller != l:
		return &g.caller.channel
	}
	return nil
}

// party is the channel of the calling side.
func (g *group) party() cti.Channel {
	if g.caller != nil {
		return g.caller.channel
	}
	return g.outside
}

// split takes a telephone out of a call that a colleague has answered: it
// rings for another call of the same number.
func (t *tracker) split(l *leg, at time.Time) *leg {
	talking := l.talking
	t.gone(l, at, 26, 0)
	g := t.begin(l.ext, dialogState{Number: l.group.number, Name: l.group.name}, at)
	return t.rings(l.ext, l.dialog, g, talking, at)
}

func (t *tracker) rings(e *extension, dialog string, g *group, talking *leg, at time.Time) *leg {
	l := t.newLeg(e, dialog, g, "Ringing", at)
	l.phase, l.talking = early, talking
	g.ringAt, g.quietAt = at, time.Time{}
	t.post(cti.Event{Kind: cti.Dialed, At: at, Channel: g.party(), Peer: l.channel, Dial: "RINGING", DialTo: e.endpoint})
	return l
}

// end: the dialog is over.
func (t *tracker) end(e *extension, l *leg, at time.Time) {
	if l == nil {
		return
	}
	if l.talking != nil {
		t.gone(l.talking, at, 16, 0)
		l.talking = nil
	}
	switch {
	case l.phase == confirmed:
		t.gone(l, at, 16, 0)
	case !l.group.answeredAt.IsZero():
		t.gone(l, at, 26, 0)
	case l.endsAt.IsZero():
		l.endsAt = at // it may have been answered elsewhere
	}
}

// gone ends a leg, and the call with its last.
func (t *tracker) gone(l *leg, at time.Time, cause, status int) {
	t.post(cti.Event{Kind: cti.ChannelGone, At: at, Channel: l.channel, Cause: cause, TechCause: status})
	if l.ext.legs[l.dialog] == l {
		delete(l.ext.legs, l.dialog)
	}
	g := l.group
	if g == nil {
		return
	}
	g.legs = slices.DeleteFunc(g.legs, func(x *leg) bool { return x == l })
	if g.caller == l {
		g.caller = nil
		if g.outside.ID != "" {
			t.post(cti.Event{Kind: cti.ChannelGone, At: at, Channel: g.outside, Cause: 16})
		}
		if len(g.legs) == 0 {
			delete(t.groups, g)
		}
		return
	}
	if slices.ContainsFunc(g.legs, func(x *leg) bool { return x != g.caller }) {
		return
	}
	g.quietAt = at
	if !g.answeredAt.IsZero() {
		t.close(g, at)
	}
}

// close ends a call that has no telephone any more.
func (t *tracker) close(g *group, at time.Time) {
	delete(t.groups, g)
	if g.caller != nil && g.caller.shared {
		t.gone(g.caller, at, 16, 0)
	}
	if g.callerExt == nil {
		cause := 16
		if g.answeredAt.IsZero() {
			cause = 0
		}
		t.post(cti.Event{Kind: cti.ChannelGone, At: at, Channel: g.outside, Cause: cause})
	}
}

// next returns when tick has something to do, zero: nothing.
func (t *tracker) next() time.Time {
	var due time.Time
	at := func(when time.Time) {
		if due.IsZero() || when.Before(due) {
			due = when
		}
	}
	for g := range t.groups {
		if g.answeredAt.IsZero() && !g.quietAt.IsZero() {
			at(g.quietAt.Add(t.hunting))
		}
		for _, l := range g.legs {
			switch {
			case !l.endsAt.IsZero():
				at(l.endsAt.Add(elsewhere))
			case l.phase == early && !g.answeredAt.IsZero() && g.callerExt == nil:
				at(g.answeredAt.Add(another))
			}
		}
	}
	return due
}

// tick does what has become due.
func (t *tracker) tick(now time.Time) {
	for _, g := range slices.Collect(maps.Keys(t.groups)) {
		for _, l := range slices.Clone(g.legs) {
			switch {
			case !l.endsAt.IsZero() && !now.Before(l.endsAt.Add(elsewhere)):
				t.gone(l, l.endsAt, 0, 0)
			case l.endsAt.IsZero() && l.phase == early && !g.answeredAt.IsZero() && g.callerExt == nil && !now.Before(g.answeredAt.Add(another)):
				t.split(l, now)
			}
		}
		if _, open := t.groups[g]; open && g.answeredAt.IsZero() && !g.quietAt.IsZero() && !now.Before(g.quietAt.Add(t.hunting)) {
			t.close(g, g.quietAt)
		}
	}
}

func (t *tracker) newLeg(e *extension, dialog string, g *group, state string, at time.Time) *leg {
	id := newID()
	linked := id
	l := &leg{ext: e, dialog: dialog, group: g}
	switch {
	case g == nil:
		linked = "" // it opens no call
	case g.caller != nil:
		linked = g.caller.channel.LinkedID
	case g.outside.ID != "":
		linked = g.outside.LinkedID
	}
	l.channel = cti.Channel{ID: id, Name: e.endpoint + "-" + rand.Text(), State: state, LinkedID: linked, CallerNumber: e.number, Created: at, Inferred: true}
	if g != nil {
		g.legs = append(g.legs, l)
	}
	e.legs[dialog] = l
	return l
}

func newID() string { return "sip-" + rand.Text() }
