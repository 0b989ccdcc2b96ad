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
	t := transition{Machine: m, c: c, now: now}
	t.c.Legs = slices.Clone(c.Legs)
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
		t.bridge(ev.Channel, ev.Bridge)
	case BridgeLeft:
		t.bridge(ev.Channel, Bridge{})
	}
	t.settle()
	if t.effects != 0 {
		t.c.Version++
	}
	return t.c, t.effects
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
	p := t.Office.party(l.Endpoint)
	c.PlacedBy = &p
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
	t.c.Matches, t.c.Client = nil, nil
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
	if t.c.Direction == Inbound && l.Role == ClientLeg && t.c.AnsweredAt == nil && l.DialedBy == "" {
		t.caller(ch)
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
		p := t.Office.party(l.Endpoint)
		t.c.AnsweredBy = &p
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
	if ev.Channel.ID != "" {
		caller = t.leg(ev.Channel.ID)
		if peer.DialedBy == "" && peer.State != LegUp {
			peer.DialedBy = caller.ID
			t.reached(peer, ev.Peer)
		}
	}
	if peer.State == LegEnded {
		return
	}
	switch ev.Dial {
	case "RINGING", "PROGRESS":
		t.ring(peer)
	case "BUSY":
		peer.Result = "busy"
	case "CONGESTION", "CHANUNAVAIL":
		peer.Result = "failed"
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
		c.Direction, c.Lookup, c.Matches, c.Client = Internal, LookupOff, nil, nil
		t.effects |= EffectShow | EffectSave
	}
}

func (t *transition) hasRole(r LegRole) bool {
	return slices.ContainsFunc(t.c.Legs, func(l Leg) bool { return l.Role == r })
}

func (t *transition) bridge(ch Channel, b Bridge) {
	if ch.ID == "" {
		return
	}
	l := t.ensure(ch)
	if l.State == LegEnded {
		return
	}
	l.Bridge = ""
	if b.Class != "parking" {
		l.Bridge = b.ID
	}
	t.state(l, ch.State)
}

func (t *transition) hold(ch Channel, on bool) {
	l := t.ensure(ch)
	if l.State == LegEnded || l.Held == on {
		return
	}
	l.Held = on
	if on {
		l.HeldAt = ptr(t.now)
	} else {
		t.unhold(l)
	}
	t.show()
}

func (t *transition) unhold(l *Leg) {
	if l.HeldAt != nil && l.TalkedAt != nil && l.Role != ServiceLeg {
		t.c.HoldMS += t.now.Sub(*l.HeldAt).Milliseconds()
	}
	l.Held, l.HeldAt = false, nil
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
	if l.Held {
		t.unhold(l)
	}
	if ev.Cause != 0 || l.Cause == 0 {
		l.Cause = ev.Cause
	}
	if ev.TechCause != 0 {
		l.TechCause = ev.TechCause
	}
	if l.Result == "" {
		l.Result = result(l)
	}
	rang := l.State == LegRinging
	l.State, l.EndedAt, l.Bridge = LegEnded, ptr(t.now), ""
	if rang || l.TalkedAt != nil {
		t.show()
	}
}

// result tells in one word how a leg ended.
func result(l *Leg) string {
	switch {
	case l.State == LegUp:
		return "answered"
	case l.Cause == 26:
		return "elsewhere"
	case l.Cause == 17 || l.TechCause == 486 || l.TechCause == 600:
		return "busy"
	case l.Cause == 21 || l.TechCause == 603 || l.TechCause == 403:
		return "rejected"
	case l.TechCause == 487:
		return "cancelled"
	case l.Cause == 0 || l.Cause == 16 || l.Cause == 18 || l.Cause == 19 || l.TechCause == 480 || l.TechCause == 408:
		return "no_answer"
	}
	return "failed"
}

// settle derives what follows from the legs: who rings, who talks, the end.
func (t *transition) settle() {
	c := &t.c
	if c.Direction == "" {
		t.placedElsewhere()
	}
	t.talk()
	ringing := t.ringing()
	if !slices.Equal(ringing, c.Ringing) {
		c.Ringing = ringing
		t.show()
	}
	if c.State == Ended {
		return
	}
	if c.AnsweredAt != nil {
		state := Talking
		if slices.ContainsFunc(c.Legs, func(l Leg) bool { return l.Held && l.State == LegUp && l.TalkedAt != nil }) {
			state = Held
		}
		if c.State != state {
			c.State = state
			t.show()
		}
	}
	if len(c.Legs) > 0 && !slices.ContainsFunc(c.Legs, func(l Leg) bool { return l.Role != ServiceLeg && l.State != LegEnded }) &&
		t.hasReal() {
		t.end()
	}
}

func (t *transition) hasReal() bool {
	return slices.ContainsFunc(t.c.Legs, func(l Leg) bool { return l.Role != ServiceLeg })
}

// placedElsewhere opens a call begun by originate of some other program: its
// first leg is dialled by nobody and rings.
func (t *transition) placedElsewhere() {
	for i := range t.c.Legs {
		l := &t.c.Legs[i]
		if l.Role == OfficeLeg && l.DialedBy == "" && (l.State == LegRinging || l.State == LegUp) && len(t.c.Legs) == 1 && l.LinkedID == l.ID {
			p := t.Office.party(l.Endpoint)
			t.c.Direction, t.c.State, t.c.PlacedBy = Internal, Ringing, &p
			t.effects |= EffectShow
			return
		}
	}
}

func (t *transition) ringing() []Party {
	var out []Party
	for i := range t.c.Legs {
		l := &t.c.Legs[i]
		if l.Role == OfficeLeg && l.State == LegRinging {
			out = append(out, t.Office.party(l.Endpoint))
		}
	}
	return out
}

// talk finds who shares a bridge once Local channels are collapsed. A call is
// answered when its two sides meet, not when a channel is up (a voicemail, an
// IVR or a conference also answers).
func (t *transition) talk() {
	c := &t.c
	groups := t.bridgeGroups()
	for i := range c.Legs {
		a := &c.Legs[i]
		if a.Bridge == "" || a.Role != OfficeLeg || a.State != LegUp {
			continue
		}
		for j := range c.Legs {
			b := &c.Legs[j]
			if i == j || b.State != LegUp || b.Bridge == "" || b.Role == ServiceLeg || groups(a.Bridge) != groups(b.Bridge) {
				continue
			}
			if b.Role == OfficeLeg && t.hasRole(ClientLeg) {
				continue // colleagues in consultation: the client is not among them
			}
			t.meet(a, b)
		}
	}
}

func (t *transition) meet(a, b *Leg) {
	c := &t.c
	for _, l := range []*Leg{a, b} {
		if l.TalkedAt == nil {
			l.TalkedAt = ptr(t.now)
		}
	}
	answerer := a
	if c.Direction == Outbound || c.Direction == Internal && a.DialedBy == "" && b.DialedBy != "" {
		answerer = b
	}
	if answerer.Role == OfficeLeg {
		p := t.Office.party(answerer.Endpoint)
		if c.AnsweredBy == nil || *c.AnsweredBy != p && answerer.TalkedAt.Equal(t.now) {
			c.AnsweredBy = &p
			t.show()
		}
	}
	if c.AnsweredAt == nil {
		c.AnsweredAt = ptr(t.now)
		c.WaitMS = t.now.Sub(c.StartedAt).Milliseconds()
		c.Disposition = ""
		t.effects |= EffectShow | EffectSave
	}
}

// bridgeGroups joins bridges connected by the two halves of a Local channel.
func (t *transition) bridgeGroups() func(string) string {
	var pairs [][2]string
	for i := range t.c.Legs {
		a := &t.c.Legs[i]
		base, ok := localPair(a.Name)
		if !ok || a.Bridge == "" || !strings.HasSuffix(a.Name, ";1") {
			continue
		}
		for j := range t.c.Legs {
			b := &t.c.Legs[j]
			if b.Bridge != "" && b.Name == base+";2" {
				pairs = append(pairs, [2]string{a.Bridge, b.Bridge})
			}
		}
	}
	if len(pairs) == 0 {
		return func(id string) string { return id }
	}
	root := make(map[string]string)
	find := func(id string) string {
		for root[id] != "" && root[id] != id {
			id = root[id]
		}
		return id
	}
	for _, p := range pairs {
		if a, b := find(p[0]), find(p[1]); a != b {
			root[a] = b
		}
	}
	return find
}

// end closes the record: the disposition is decided only now (CK-04).
func (t *transition) end() {
	c := &t.c
	c.State, c.EndedAt, c.Ringing = Ended, ptr(t.now), nil
	if c.AnsweredAt != nil {
		c.Disposition = Answered
		c.TalkMS = t.now.Sub(*c.AnsweredAt).Milliseconds()
	} else {
		c.WaitMS = t.now.Sub(c.StartedAt).Milliseconds()
		c.AnsweredBy = nil // picked up, but the two never met
	}
	remote := t.remote()
	if remote != nil {
		c.Cause = remote.Cause
	}
	if c.EndedBy == "" {
		c.EndedBy = "pbx"
	}
	if c.Disposition == "" {
		c.Disposition = t.unanswered(remote)
	}
	t.effects |= EffectShow | EffectSave
}

// remote is the leg whose cause speaks for the call: the client's, else the
// last leg that was dialled, else the first.
func (t *transition) remote() *Leg {
	var found *Leg
	for i := range t.c.Legs {
		l := &t.c.Legs[i]
		switch {
		case l.Role == ServiceLeg:
		case found == nil, l.Role == ClientLeg, found.Role != ClientLeg && l.DialedBy != "":
			found = l
		}
	}
	return found
}

// unanswered decides among the results of a call nobody talked in. Without a
// leg dialled an outbound call never got to the other side.
func (t *transition) unanswered(remote *Leg) Disposition {
	c := &t.c
	if remote == nil {
		return Failed
	}
	gaveUp := c.EndedBy == "client" && c.Direction == Inbound ||
		c.EndedBy == "office" && c.Direction != Inbound
	if c.Direction == Inbound {
		switch {
		case gaveUp:
			return Abandoned
		case remote.Cause == 17:
			return Busy
		}
		return Missed
	}
	if remote.DialedBy == "" && (!gaveUp || remote.Result == "busy" || remote.Result == "rejected") {
		return Failed // the own telephone was not picked up
	}
	switch result := remote.Result; {
	case result == "busy":
		return Busy
	case gaveUp:
		return Abandoned
	case result == "no_answer", result == "cancelled":
		return Missed
	}
	return Failed
}

func ptr[T any](v T) *T { return &v }
