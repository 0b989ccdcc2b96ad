package cti

import (
	"slices"
	"strings"
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
	about    string    // the call about which this one consults somebody
	linked   []string
	bridges  []string             // that a channel of it was heard to enter
	found    []string             // channels that were counted to it
	origin   time.Time            // of the first event, for clock
	hangups  map[string]time.Time // channels told to end, and when
	named    map[string]string    // names sent to the displays of ringing channels
	asGood   []*Client            // clients who may take the place of the first match
}

// clock maps the time of an event to the call's own clock, which runs evenly
// from its first event on also when the machine's clock is set. Times with a
// monotonic reading (package time) are needed for it; others are taken as they
// are.
func (lv *live) clock(at time.Time) time.Time {
	if lv.origin.IsZero() {
		lv.origin = at
	}
	return lv.origin.Round(0).Add(at.Sub(lv.origin))
}

// board groups channels into calls for one PBX by the rules at the head of
// this package. Not safe for concurrent use; the engine owns it.
type board struct {
	Machine
	calls     map[string]*live
	byChannel map[string]*live
	byLinked  map[string]*live
	byBridge  map[string][]*live // calls that were heard to enter it
	gone      map[string]struct{}
	goneOrder []string // ring of the tombstones
	goneNext  int
	ghosts    map[string]struct{} // the PBX lists them and cannot end them
}

func newBoard(m Machine) *board {
	return &board{
		Machine: m,
		calls:   make(map[string]*live), byChannel: make(map[string]*live), byLinked: make(map[string]*live),
		byBridge: make(map[string][]*live),
		gone:     make(map[string]struct{}), goneOrder: make([]string, tombstones),
		ghosts: make(map[string]struct{}),
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

// find returns the call of an event's channel, opening one for a channel never
// seen. It returns nil for a channel that has ended, for the PBX's own
// plumbing, and where the event cannot be the first of a channel.
func (b *board) find(ch Channel, opens bool) *live {
	if ch.ID == "" {
		return nil
	}
	if lv := b.byChannel[ch.ID]; lv != nil {
		return lv
	}
	if _, dead := b.gone[ch.ID]; dead || !opens || hidden(ch) {
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
	lv.found = append(lv.found, ch.ID)
	return lv
}

// opens tells whether an event may be the first that is heard of a channel.
func opens(k EventKind) bool {
	switch k {
	case ChannelHangup, ChannelGone, BridgeLeft, Transferred:
		return false
	}
	return true
}

// hidden are channels that never are a part of a call: eavesdroppers,
// announcers and recorders of the PBX, and those by which Ringcard itself
// carries out commands (the generated dialplan context cti-cmd).
func hidden(ch Channel) bool {
	if strings.HasPrefix(ch.ID, ServicePrefix) {
		return true
	}
	switch tech, rest, _ := strings.Cut(ch.Name, "/"); tech {
	case "Snoop", "Recorder", "Announcer", "CBAnn", "CBRec", "Surrogate", "Message", "UnicastRTP":
		return true
	case "Local":
		return strings.Contains(rest, "@"+CommandContext+"-") || strings.Contains(rest, "@"+CommandContext+"/")
	}
	return false
}

// CommandContext is the dialplan context whose Local channels carry out
// commands of Ringcard; they are no calls.
const CommandContext = "cti-cmd"

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
	b.leaveAll(lv)
	for _, id := range lv.found {
		if b.byChannel[id] == lv {
			delete(b.byChannel, id)
		}
	}
	for i := range lv.call.Legs {
		if id := lv.call.Legs[i].ID; b.byChannel[id] == lv {
			delete(b.byChannel, id)
		}
	}
}

// exorcise forgets the ghosts that the PBX no longer lists.
func (b *board) exorcise(listed []Channel) {
	for id := range b.ghosts {
		if !slices.ContainsFunc(listed, func(ch Channel) bool { return ch.ID == id }) {
			delete(b.ghosts, id)
		}
	}
}

// related lists the calls that an event proves to belong together, each once,
// that of the event's own channel first: the two sides of a Dial, everybody in
// a bridge or in a conference, the parties of a transfer, and a channel that
// took over the linkedid of another call. Parking lots and waiting rooms
// connect nobody.
func (b *board) related(ev Event) []*live {
	list := make([]*live, 0, 4)
	add := func(lv *live) {
		if lv != nil && lv.call.State != Ended && !slices.Contains(list, lv) {
			list = append(list, lv)
		}
	}
	add(b.find(ev.Channel, opens(ev.Kind)))
	switch ev.Kind {
	case Dialed:
		if ev.Channel.ID != "" {
			add(b.find(ev.Peer, true))
			add(b.find(ev.Forwarded, true))
		}
	case BridgeEntered:
		if class := ev.Bridge.Class; class == "basic" || class == "stasis" || class == "base" {
			for _, id := range ev.Bridge.Channels {
				add(b.byChannel[id])
			}
			if class == "base" { // nothing but the bridge connects the members of a conference
				b.members(ev.Bridge.ID, add)
			}
		}
	case Transferred:
		for _, ch := range []Channel{ev.Handover.Consult, ev.Handover.Transferee, ev.Handover.Target} {
			add(b.byChannel[ch.ID])
		}
	}
	if ev.Kind == ChannelChanged || ev.Kind == BridgeEntered {
		add(b.byLinked[ev.Channel.LinkedID])
	}
	return list
}

// members finds the calls that were heard to enter a bridge. The list in an
// event may be from before another member entered, or from before his channel
// was known.
func (b *board) members(bridge string, add func(*live)) {
	for _, lv := range b.byBridge[bridge] {
		if slices.ContainsFunc(lv.call.Legs, func(l Leg) bool { return l.Bridge == bridge && l.State != LegEnded }) {
			add(lv)
		}
	}
}

// enter notes that a channel of the call is in the bridge.
func (b *board) enter(lv *live, bridge string) {
	if bridge != "" && !slices.Contains(lv.bridges, bridge) {
		lv.bridges = append(lv.bridges, bridge)
		b.byBridge[bridge] = append(b.byBridge[bridge], lv)
	}
}

// leaveAll takes the call out of all bridges.
func (b *board) leaveAll(lv *live) {
	for _, bridge := range lv.bridges {
		b.byBridge[bridge] = slices.DeleteFunc(b.byBridge[bridge], func(other *live) bool { return other == lv })
		if len(b.byBridge[bridge]) == 0 {
			delete(b.byBridge, bridge)
		}
	}
	lv.bridges = nil
}

// foreign tells whether a call has a party outside: it keeps its record when
// it is connected with another one.
func foreign(lv *live) bool { return lv.call.Direction == Inbound || lv.call.Direction == Outbound }

// outranks: the client's call goes on, else the one that users see, else the
// older one.
func outranks(one, two *live) bool {
	if foreign(one) != foreign(two) {
		return foreign(one)
	}
	if (one.call.Direction != "") != (two.call.Direction != "") {
		return one.call.Direction != ""
	}
	if !one.call.StartedAt.Equal(two.call.StartedAt) {
		return one.call.StartedAt.Before(two.call.StartedAt)
	}
	return one.call.ID < two.call.ID
}

// merge moves all legs of one call to the other, which is the same
// conversation. The emptied call ends without a record. Talks among colleagues
// were no talks with the client: the times of legs that come to a client's
// call start anew.
func (b *board) merge(keep, part *live, now time.Time) {
	legs := slices.Clone(part.call.Legs)
	for i := range legs {
		if foreign(keep) {
			legs[i].TalkedAt = nil
		}
	}
	for _, l := range legs {
		part.found = append(part.found, l.ID)
	}
	for _, id := range part.found {
		if b.byChannel[id] == part {
			b.byChannel[id] = keep
			keep.found = append(keep.found, id)
		}
	}
	keep.call.Legs = append(slices.Clone(keep.call.Legs), legs...)
	slices.SortStableFunc(keep.call.Legs, func(a, b Leg) int { return a.StartedAt.Compare(b.StartedAt) })
	keep.call.Version++
	for _, l := range part.linked {
		b.byLinked[l] = keep
	}
	for _, bridge := range part.bridges {
		b.enter(keep, bridge)
	}
	b.leaveAll(part)
	keep.linked = append(keep.linked, part.linked...)
	part.linked, part.call.Legs, part.call.Ringing, part.call.Talking = nil, nil, nil, nil
	part.call.MergedInto, part.call.State, part.call.EndedAt = keep.call.ID, Ended, ptr(notBefore(&part.call, now))
	part.call.Version++
	if b.calls[part.call.ID] == part {
		delete(b.calls, part.call.ID)
	}
}
