package cti

import (
	"slices"
	"strings"
	"time"
)

// Effect is something the engine has to do after a transition.
type Effect uint8

// Effects of a transition; they combine.
const (
	EffectShow   Effect = 1 << iota // the users concerned must see the change
	EffectSave                      // the record must be written
	EffectLookup                    // the client must be looked for
)

// Machine applies events to calls. It has no state and does no I/O: all it
// knows besides its arguments is whose the endpoints are.
type Machine struct{ Office *Office }

// Apply returns the call after the event. The argument is never changed; the
// result shares nothing with it that later transitions write to. Events that
// repeat or come late change nothing.
func (m Machine) Apply(c Call, ev Event, now time.Time) (Call, Effect) {
	if c.State == Ended {
		return c, 0
	}
	t := transition{Machine: m, c: c, now: notBefore(&c, now)}
	t.c.Legs, t.c.Transfers = slices.Clone(c.Legs), slices.Clone(c.Transfers)
	switch ev.Kind {
	case ChannelCreated:
		t.ensure(ev.Channel)
	case ChannelChanged:
		t.change(ev.Channel)
	case ChannelHeld, ChannelUnheld:
		t.hold(ev.Channel, ev.Kind == ChannelHeld)
	case ChannelHangup:
		t.hangup(ev)
	case ChannelGone:
		t.gone(ev)
	case Dialed:
		t.dialed(ev)
	case BridgeEntered:
		t.enter(ev.Channel, ev.Bridge)
	case BridgeLeft:
		t.leave(ev.Channel, ev.Bridge)
	case Transferred:
		t.handedOver(ev)
	}
	t.settle()
	if t.effects != 0 {
		t.c.Version++
	}
	return t.c, t.effects
}

// notBefore keeps the times of a call in order when a clock steps back: an
// event is never earlier than what is known to have happened.
func notBefore(c *Call, now time.Time) time.Time {
	latest := func(at *time.Time) {
		if at != nil && at.After(now) {
			now = *at
		}
	}
	latest(&c.StartedAt)
	latest(c.AnsweredAt)
	for i := range c.Legs {
		l := &c.Legs[i]
		latest(&l.StartedAt)
		latest(l.AnsweredAt)
		latest(l.TalkedAt)
		latest(l.HeldAt)
		latest(l.EndedAt)
	}
	return now
}

type transition struct {
	Machine
	c       Call
	now     time.Time
	effects Effect
}

func (t *transition) leg(id string) *Leg {
	for i := range t.c.Legs {
		if t.c.Legs[i].ID == id {
			return &t.c.Legs[i]
		}
	}
	return nil
}

// ensure returns the channel's leg, adding it when it is new.
func (t *transition) ensure(ch Channel) *Leg {
	if l := t.leg(ch.ID); l != nil {
		return l
	}
	endpoint := Endpoint(ch.Name)
	l := Leg{
		ID: ch.ID, Name: ch.Name, Endpoint: endpoint, Role: t.Office.Role(endpoint),
		Number: ch.CallerNumber, LinkedID: ch.LinkedID, State: LegNew, StartedAt: t.now,
	}
	if u, ok := t.Office.Owner(endpoint); ok && l.Role == OfficeLeg {
		l.UserID, l.UserName = u.ID, u.Name
	}
	first := len(t.c.Legs) == 0
	if first && t.c.StartedAt.IsZero() {
		t.c.StartedAt = t.now
	}
	if ch.Inferred {
		t.c.inferred()
	}
	t.c.Legs = append(t.c.Legs, l)
	leg := &t.c.Legs[len(t.c.Legs)-1]
	if t.c.Direction == "" && l.Role != ServiceLeg && originates(ch) {
		t.open(leg, ch)
	}
	t.state(leg, ch.State)
	return leg
}

// originates tells the calling channel of a call from one that is dialled:
// the former starts in Ring, the latter in Down.
func originates(ch Channel) bool { return ch.State == "Ring" || ch.State == "Up" }

// open decides what kind of call it is by its first leg.
func (t *transition) open(l *Leg, ch Channel) {
	c := &t.c
	c.State = Ringing
	if l.Role == ClientLeg {
		c.Direction = Inbound
		c.DID = ch.Exten
		t.caller(ch)
		t.effects |= EffectSave
		return
	}
	c.PlacedBy = t.party(l)
	c.Number = t.Office.cfg.Parse(ch.Exten)
	c.Direction = Internal
	if c.Number.Kind == External {
		c.Direction = Outbound
		t.lookup()
	}
	t.effects |= EffectShow | EffectSave
}

// caller takes the number of an inbound call.
func (t *transition) caller(ch Channel) {
	if ch.CallerName != "" && !strings.EqualFold(ch.CallerName, ch.CallerNumber) {
		t.c.CallerName = ch.CallerName
	}
	if t.c.Number.Raw == ch.CallerNumber && t.c.Number.Kind != "" {
		return
	}
	t.c.Number = t.Office.cfg.Parse(ch.CallerNumber)
	t.c.Matches, t.c.Client, t.c.LookupAsOf = nil, nil, nil
	t.lookup()
}

func (t *transition) lookup() {
	t.c.Lookup = LookupOff
	if t.c.Number.Kind == External && t.c.Number.E164 != "" {
		t.c.Lookup = LookupPending
		t.effects |= EffectLookup
	}
}

// change reads a channel's snapshot: state, caller id, place in the dialplan.
func (t *transition) change(ch Channel) {
	l := t.ensure(ch)
	if l.State == LegEnded {
		return
	}
	// A network may tell late who calls (P-Asserted-Identity in an UPDATE). Once
	// they talk, only a caller who was not known becomes known.
	if t.c.Direction == Inbound && l.Role == ClientLeg && l.DialedBy == "" &&
		(t.c.AnsweredAt == nil || t.c.Number.Kind == Anonymous && ch.CallerNumber != "") {
		t.caller(ch)
	}
	if l.Number == "" {
		l.Number = ch.CallerNumber // of a dialled leg it comes after its creation
	}
	t.place(l, ch)
	t.state(l, ch.State)
}

// place learns the queue and the voicemail from where the client's channel is
// in the dialplan. A queue's name is the first field of the application data.
func (t *transition) place(l *Leg, ch Channel) {
	if l.Role != ClientLeg || t.c.AnsweredAt != nil {
		return
	}
	switch ch.App {
	case "Queue":
		name, _, _ := strings.Cut(ch.AppData, ",")
		if name != "" && t.c.Queue != name {
			t.c.Queue = name
			t.show()
		}
	case "VoiceMail":
		t.c.Disposition = Voicemail
	}
}

// show asks for a message only once somebody can see the call.
func (t *transition) show() { t.effects |= EffectShow }

func (t *transition) state(l *Leg, state string) {
	switch state {
	case "Ringing":
		t.ring(l)
	case "Up":
		if l.State != LegUp && l.State != LegEnded {
			l.State, l.AnsweredAt = LegUp, ptr(t.now)
			t.pickedUp(l)
		}
	}
}

// pickedUp names who takes the call as soon as his telephone is off the hook:
// the others' pops close a moment before the two sides meet, and say who it is.
func (t *transition) pickedUp(l *Leg) {
	switch {
	case l.Role == ServiceLeg:
		return
	case l.Role == OfficeLeg && l.DialedBy != "" && t.c.Direction != Outbound && t.c.AnsweredBy == nil:
		t.c.AnsweredBy = t.party(l)
	}
	t.show()
}

func (t *transition) ring(l *Leg) {
	if l.State != LegNew {
		return
	}
	l.State, l.RingAt = LegRinging, ptr(t.now)
	if l.Role == ServiceLeg {
		return
	}
	if t.c.RingAt == nil && (l.Role == OfficeLeg) == (t.c.Direction != Outbound) {
		t.c.RingAt = ptr(t.now)
	}
	t.show()
}

// dialed links the dialled leg to the one that dialled it and reads progress.
func (t *transition) dialed(ev Event) {
	var caller *Leg
	if ev.Channel.ID != "" {
		t.place(t.ensure(ev.Channel), ev.Channel)
	}
	if ev.Peer.ID == "" {
		return
	}
	peer := t.ensure(ev.Peer)
	if ev.Channel.ID != "" && ev.Channel.ID != peer.ID {
		caller = t.leg(ev.Channel.ID)
		switch {
		case peer.DialedBy != "":
		case peer.State != LegUp:
			peer.DialedBy = caller.ID
			t.reached(peer, ev.Peer)
		case ev.Dial == "ANSWER":
			t.pickup(caller, peer)
		}
	}
	if ev.Forwarded.ID != "" {
		t.forwarded(peer, ev.DialOn)
	}
	if peer.State == LegEnded {
		return
	}
	switch ev.Dial {
	case "RINGING", "PROGRESS":
		t.ring(peer)
	case "BUSY":
		peer.Result = ResultBusy
	case "CONGESTION", "CHANUNAVAIL":
		peer.Result = ResultFailed
	case "NOANSWER": // said of a busy member of a queue as well: that one has a cause
		if peer.State == LegRinging && peer.Cause == 0 {
			peer.Result = ResultNoAnswer
		}
	}
}

// reached corrects the direction when the first dialled party tells it: a
// number that looked external may be an office endpoint and the reverse.
func (t *transition) reached(peer *Leg, ch Channel) {
	c := &t.c
	if c.Direction == Inbound || c.AnsweredAt != nil {
		return
	}
	switch {
	case peer.Role == ClientLeg && c.Direction != Outbound:
		c.Direction = Outbound
		if c.Number.Kind != External {
			c.Number = t.Office.cfg.Parse(ch.CallerNumber)
		}
		if c.Lookup == LookupOff {
			t.lookup()
		}
		t.effects |= EffectShow | EffectSave
	case peer.Role == OfficeLeg && c.Direction == Outbound && !t.hasRole(ClientLeg):
		c.Direction, c.Lookup, c.Matches, c.Client, c.LookupAsOf = Internal, LookupOff, nil, nil, nil
		t.effects |= EffectShow | EffectSave
	}
}

func (t *transition) hasRole(r LegRole) bool {
	return slices.ContainsFunc(t.c.Legs, func(l Leg) bool { return l.Role == r })
}

func (t *transition) enter(ch Channel, b Bridge) {
	if ch.ID == "" {
		return
	}
	l := t.ensure(ch)
	if l.State == LegEnded {
		return
	}
	l.Bridge = b.ID
	t.park(l, b.Class == "parking" || b.Class == "holding")
	if b.Class == "base" && l.Role == ClientLeg {
		t.become(Conference)
	}
	t.through(l)
	t.state(l, ch.State)
}

// through remembers who first shares a bridge with a Local half that nobody
// dialled: the leg behind it.
func (t *transition) through(l *Leg) {
	for i := range t.c.Legs {
		m := &t.c.Legs[i]
		if m.Bridge != l.Bridge || (m.Role == ServiceLeg) == (l.Role == ServiceLeg) {
			continue
		}
		local, behind := m, l
		if l.Role == ServiceLeg {
			local, behind = l, m
		}
		if local.DialedBy == "" && local.Through == "" {
			local.Through = behind.ID
		}
	}
}

// leave clears the bridge. A channel may enter the next bridge before it
// leaves the last one; with no bridge given it is in none.
func (t *transition) leave(ch Channel, b Bridge) {
	l := t.leg(ch.ID)
	if l == nil || l.State == LegEnded || b.ID != "" && l.Bridge != b.ID {
		return
	}
	l.Bridge = ""
	t.park(l, false)
	t.state(l, ch.State)
}

// park counts the time in a parking lot as hold.
func (t *transition) park(l *Leg, in bool) {
	if l.Parked == in {
		return
	}
	l.Parked = in
	if in && l.Role == ClientLeg {
		t.become(Park)
	}
	t.onHold(l)
}

func (t *transition) hold(ch Channel, on bool) {
	l := t.ensure(ch)
	if l.State == LegEnded || l.Held == on {
		return
	}
	l.Held = on
	t.onHold(l)
}

// onHold starts or ends the time that a leg is held or parked.
func (t *transition) onHold(l *Leg) {
	switch on := l.Held || l.Parked; {
	case on && l.HeldAt == nil:
		l.HeldAt = ptr(t.now)
	case !on && l.HeldAt != nil:
		if l.TalkedAt != nil && l.Role != ServiceLeg {
			t.c.HoldMS += t.now.Sub(*l.HeldAt).Milliseconds()
		}
		l.HeldAt = nil
	}
	t.show()
}

// hangup remembers who hung up first: the reason of an unanswered call.
func (t *transition) hangup(ev Event) {
	l := t.leg(ev.Channel.ID)
	if l == nil || l.Role == ServiceLeg || l.State == LegEnded || ev.Soft {
		return
	}
	t.place(l, ev.Channel)
	if ev.Cause != 0 {
		l.Cause = ev.Cause
	}
	if ev.TechCause != 0 {
		l.TechCause = ev.TechCause
	}
	if t.c.EndedBy != "" {
		return
	}
	switch {
	case l.Role == ClientLeg:
		t.c.EndedBy = "client"
	case l.Result != "": // handed the call on before
	case l.Role == OfficeLeg && (t.c.AnsweredAt != nil && l.TalkedAt != nil || t.c.Direction != Inbound && l.DialedBy == ""):
		t.c.EndedBy = "office"
	}
}

// gone ends a leg. The cause of the channel's end is final; a SIP status seen
// with the hangup request is kept.
func (t *transition) gone(ev Event) {
	l := t.leg(ev.Channel.ID)
	if l == nil || l.State == LegEnded {
		return
	}
	l.Held, l.Parked = false, false
	if l.HeldAt != nil {
		t.onHold(l)
	}
	if ev.Cause != 0 || l.Cause == 0 {
		l.Cause = ev.Cause
	}
	if ev.TechCause != 0 {
		l.TechCause = ev.TechCause
	}
	rang := l.State == LegRinging
	if l.Result == "" {
		l.Result = t.result(l)
	}
	l.State, l.EndedAt, l.Bridge = LegEnded, ptr(t.now), ""
	if rang || l.TalkedAt != nil {
		t.show()
	}
}

func ptr[T any](v T) *T { return &v }
