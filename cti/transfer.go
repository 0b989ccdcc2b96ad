package cti

import "slices"

// handedOver notes that somebody hands the call on. To whom is known when that
// leg rings or talks.
func (t *transition) handedOver(ev Event) {
	from, consult := t.leg(ev.Channel.ID), t.leg(ev.Handover.Consult.ID)
	if from == nil {
		from = consult
	}
	if from == nil || t.hasHanded(from.ID) {
		return
	}
	for _, l := range []*Leg{from, consult} {
		if l != nil {
			l.Result = ResultTransferred
		}
	}
	if t.c.EndedBy == "office" { // his hanging up was the transfer
		t.c.EndedBy = ""
	}
	t.hand(Transfer{Kind: ev.Handover.Kind, By: t.party(from), FromLeg: from.ID, Number: ev.Handover.Number})
	for i := range t.c.Legs { // the client may be there already
		if l := &t.c.Legs[i]; l.Role == ClientLeg && l.Parked {
			t.become(Park)
		}
	}
}

// hand adds a transfer. By had the call unless From says who.
func (t *transition) hand(tr Transfer) {
	tr.At = t.now
	if tr.From == nil && tr.Kind != Pickup {
		tr.From = tr.By
	}
	t.c.Transfers = append(t.c.Transfers, tr)
	t.effects |= EffectShow | EffectSave
}

func (t *transition) hasHanded(leg string) bool {
	return slices.ContainsFunc(t.c.Transfers, func(tr Transfer) bool { return tr.FromLeg == leg })
}

// become tells what a blind transfer was really: to a parking lot or into a
// conference.
func (t *transition) become(kind TransferKind) {
	if n := len(t.c.Transfers); n > 0 && t.c.Transfers[n-1].Kind == Blind && t.c.Transfers[n-1].ToLeg == "" {
		t.c.Transfers[n-1].Kind = kind
		t.show()
	}
}

// forwarded notes a telephone that sent the caller on (302).
func (t *transition) forwarded(l *Leg, number string) {
	if t.hasHanded(l.ID) || l.Role == ServiceLeg {
		return
	}
	l.Result = ResultForwarded
	t.hand(Transfer{Kind: Forward, By: t.party(l), FromLeg: l.ID, Number: number})
}

// pickup notes that a leg which nobody dialled answers for one that rings.
// Asterisk has no event for it: https://docs.asterisk.org/Configuration/Features/Call-Pickup/
func (t *transition) pickup(caller, by *Leg) {
	by.DialedBy = caller.ID
	dialled := func(l *Leg) bool { return l.DialedBy == caller.ID && l.ID != by.ID && l.RingAt != nil }
	var from *Leg
	for i := range t.c.Legs {
		switch l := &t.c.Legs[i]; {
		case !dialled(l):
		case l.State == LegRinging && from != nil && from.State == LegRinging:
			t.pickedUp(by)
			t.hand(Transfer{Kind: Pickup, By: t.party(by), To: t.party(by), ToLeg: by.ID})
			return // several ring: whose call it was is known when that one ends
		case l.State == LegRinging, l.State == LegEnded && l.Cause == causeNormal && l.AnsweredAt == nil:
			from = l
		}
	}
	if from == nil {
		return // the dialling was not seen
	}
	t.pickedUp(by)
	t.hand(Transfer{Kind: Pickup, By: t.party(by), To: t.party(by), ToLeg: by.ID})
	t.pickedFrom(from)
}

// pickedFrom completes a pickup by the leg that stopped ringing for it.
func (t *transition) pickedFrom(l *Leg) bool {
	n := len(t.c.Transfers)
	if n == 0 || t.c.Transfers[n-1].Kind != Pickup || t.c.Transfers[n-1].FromLeg != "" {
		return false
	}
	tr := &t.c.Transfers[n-1]
	tr.From, tr.FromLeg = t.party(l), l.ID
	l.Result, l.ReplacedBy = ResultPickedUp, tr.ToLeg
	if to := t.leg(tr.ToLeg); to != nil {
		to.TransferredBy = ""
	}
	t.show()
	return true
}

// handed finds who got the call that was handed on last: who talks, or at
// first who rings for it.
func (t *transition) handed(talking []*Leg) {
	n := len(t.c.Transfers)
	if n == 0 {
		return
	}
	tr := &t.c.Transfers[n-1]
	if tr.Kind == Conference || tr.Kind == Pickup {
		return
	}
	if to := t.leg(tr.ToLeg); to != nil && to.TalkedAt != nil {
		return
	}
	from := t.leg(tr.FromLeg)
	got := func(l *Leg) bool {
		return l.ID != tr.FromLeg && l.Result != ResultTransferred && (from == nil || l.ReplacedBy == "")
	}
	var to *Leg
	for _, l := range talking {
		if got(l) && (l.TalkedAt == nil || !l.TalkedAt.Before(tr.At) || tr.Kind == Attended) {
			to = l
		}
	}
	if to == nil && tr.ToLeg == "" {
		for i := range t.c.Legs {
			l := &t.c.Legs[i]
			if got(l) && l.DialedBy != "" && l.State == LegRinging && !l.StartedAt.Before(tr.At) && l.Role != ServiceLeg {
				to = l
				break
			}
		}
	}
	if to == nil || to.ID == tr.ToLeg {
		return
	}
	tr.To, tr.ToLeg = t.party(to), to.ID
	to.TransferredBy = tr.FromLeg
	if from != nil {
		from.ReplacedBy = to.ID
	}
	t.effects |= EffectShow | EffectSave
}
