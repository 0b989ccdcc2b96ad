package cti

import (
	"slices"
	"strings"
)

// settle derives what follows from the legs: who rings, who talks, the end.
func (t *transition) settle() {
	c := &t.c
	if c.Direction == "" {
		t.placedElsewhere()
	}
	talking := t.talk()
	t.handed(talking)
	t.shown(&c.Ringing, t.ringing())
	if c.AnsweredAt != nil {
		t.shown(&c.Talking, t.having(talking))
		t.stage(len(talking) > 0)
	}
	if len(c.Legs) > 0 && !slices.ContainsFunc(c.Legs, func(l Leg) bool { return l.Role != ServiceLeg && l.State != LegEnded }) {
		t.over()
	}
}

// shown replaces a list that users see.
func (t *transition) shown(list *[]Party, parties []Party) {
	if !slices.Equal(*list, parties) {
		*list = parties
		t.show()
	}
}

// stage tells how far an answered call is. One that was handed on rings again
// as long as nobody talks; between two bridges it stays what it was.
func (t *transition) stage(talking bool) {
	c := &t.c
	state := c.State
	switch {
	case slices.ContainsFunc(c.Legs, func(l Leg) bool { return l.HeldAt != nil && l.State == LegUp && l.TalkedAt != nil }):
		state = Held
	case talking:
		state = Talking
	case slices.ContainsFunc(c.Legs, func(l Leg) bool { return l.State == LegRinging && l.Role != ServiceLeg }):
		state = Ringing
	case state == Held:
		state = Talking
	}
	if c.State != state {
		c.State = state
		t.show()
	}
}

// placedElsewhere opens a call begun by originate of some other program: its
// first leg is dialled by nobody and rings.
func (t *transition) placedElsewhere() {
	for i := range t.c.Legs {
		l := &t.c.Legs[i]
		if l.Role == OfficeLeg && l.DialedBy == "" && (l.State == LegRinging || l.State == LegUp) && len(t.c.Legs) == 1 && l.LinkedID == l.ID {
			t.c.Direction, t.c.State, t.c.PlacedBy = Internal, Ringing, t.party(l)
			if t.c.Number.Kind == "" {
				t.c.Number.Kind = Invalid // nothing is dialled yet; a record must say so
			}
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
			out = append(out, *t.party(l))
		}
	}
	return out
}

// having lists who has the call. Who leaves a bridge keeps it until his
// channel ends: bridges come and go while a call is moved or ended.
func (t *transition) having(talking []*Leg) []Party {
	if len(talking) == 0 {
		for i := range t.c.Legs { // taken off the hook a moment before the bridge
			if l := &t.c.Legs[i]; l.Role == OfficeLeg && l.State == LegUp && l.TransferredBy != "" && l.TalkedAt == nil {
				return []Party{*t.party(l)}
			}
		}
		return slices.DeleteFunc(slices.Clone(t.c.Talking), func(p Party) bool {
			return !slices.ContainsFunc(t.c.Legs, func(l Leg) bool {
				return l.State == LegUp && l.Endpoint == p.Device && l.TalkedAt != nil && l.Result == ""
			})
		})
	}
	var out []Party
	for _, l := range talking {
		if p := *t.party(l); !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out
}

// talk finds who shares a bridge once Local channels are collapsed, and
// returns the legs of our side in it. A call is answered when its two sides
// meet, not when a channel is up (a voicemail, an IVR or a conference also
// answers).
func (t *transition) talk() []*Leg {
	c := &t.c
	if !slices.ContainsFunc(c.Legs, func(l Leg) bool { return l.Bridge != "" && l.Role != ServiceLeg }) {
		return nil
	}
	groups := t.bridgeGroups()
	client := t.hasRole(ClientLeg)
	var out []*Leg
	for i := range c.Legs {
		a := &c.Legs[i]
		if !inBridge(a) || !t.ours(a, client) {
			continue
		}
		for j := range c.Legs {
			b := &c.Legs[j]
			if i == j || !inBridge(b) || groups(a.Bridge) != groups(b.Bridge) || t.ours(b, client) && client {
				continue // colleagues in consultation: the client is not among them
			}
			t.meet(a, b)
			if !slices.Contains(out, a) {
				out = append(out, a)
			}
		}
	}
	return out
}

func inBridge(l *Leg) bool {
	return l.Bridge != "" && !l.Parked && l.State == LegUp && l.Role != ServiceLeg
}

// ours tells whose side a leg is on: the office's, and in a call that came
// from outside also a party outside to which it was sent on.
func (t *transition) ours(l *Leg, client bool) bool {
	return l.Role == OfficeLeg || client && t.c.Direction == Inbound && l.Role == ClientLeg && l.DialedBy != ""
}

func (t *transition) meet(a, b *Leg) {
	c := &t.c
	for _, l := range []*Leg{a, b} {
		if l.TalkedAt == nil {
			l.TalkedAt = ptr(t.now)
		}
	}
	if c.AnsweredAt != nil {
		return
	}
	answerer := a
	if c.Direction == Outbound || c.Direction == Internal && a.DialedBy == "" && b.DialedBy != "" {
		answerer = b
	}
	if answerer.Role == OfficeLeg || c.Direction == Inbound {
		c.AnsweredBy = t.party(answerer)
	}
	c.AnsweredAt = ptr(t.now)
	c.WaitMS = t.now.Sub(c.StartedAt).Milliseconds()
	c.Disposition = ""
	c.known(FieldDisposition)
	t.effects |= EffectShow | EffectSave
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

// party names who is at a leg: a person of the office, or a number outside.
func (t *transition) party(l *Leg) *Party {
	p := t.Office.party(l.Endpoint)
	if l.Role == ClientLeg && l.Number != "" {
		p.Name = l.Number
	}
	return &p
}
