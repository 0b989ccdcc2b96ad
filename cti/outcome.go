package cti

import "slices"

// Results of a leg.
const (
	ResultAnswered    = "answered"
	ResultBusy        = "busy"
	ResultNoAnswer    = "no_answer"
	ResultElsewhere   = "elsewhere" // another leg of the same dial answered
	ResultCancelled   = "cancelled"
	ResultRejected    = "rejected"
	ResultFailed      = "failed"
	ResultTransferred = "transferred" // handed the call on and left it
	ResultForwarded   = "forwarded"   // sent the caller on (302)
	ResultPickedUp    = "picked_up"   // a colleague took the call that rang here
)

// causeNormal is Q.850 cause 16, normal call clearing.
const causeNormal = 16

// result tells in one word how a leg ended.
func (t *transition) result(l *Leg) string {
	switch {
	case l.State == LegUp:
		return ResultAnswered
	case l.State == LegRinging && l.Cause == causeNormal && t.pickedFrom(l):
		return ResultPickedUp
	case l.Cause == 26:
		return ResultElsewhere
	case l.Cause == 17 || l.TechCause == 486 || l.TechCause == 600:
		return ResultBusy
	case l.Cause == 21 || l.TechCause == 603 || l.TechCause == 403:
		return ResultRejected
	case l.TechCause == 487, l.DialedBy != "" && t.gaveUp():
		return ResultCancelled
	case l.Cause == 0 || l.Cause == 16 || l.Cause == 18 || l.Cause == 19 || l.TechCause == 480 || l.TechCause == 408:
		return ResultNoAnswer
	}
	return ResultFailed
}

// over ends a call whose last real leg is gone. What consisted of the PBX's
// own channels only was no call and leaves no record.
func (t *transition) over() {
	if t.hasReal() {
		t.end()
		return
	}
	if !slices.ContainsFunc(t.c.Legs, func(l Leg) bool { return l.State != LegEnded }) {
		t.c.State, t.c.EndedAt = Ended, ptr(t.now)
	}
}

func (t *transition) hasReal() bool {
	return slices.ContainsFunc(t.c.Legs, func(l Leg) bool { return l.Role != ServiceLeg })
}

// end closes the record: the disposition is decided only now (CK-04).
func (t *transition) end() {
	c := &t.c
	c.State, c.EndedAt, c.Ringing, c.Talking = Ended, ptr(t.now), nil, t.last()
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
	if c.EndedBy == "" && !c.isInferred() {
		c.EndedBy = "pbx"
	}
	if c.Disposition == "" {
		c.Disposition = t.unanswered(remote)
		if c.isInferred() {
			c.estimate(FieldDisposition)
		}
	}
	t.effects |= EffectShow | EffectSave
}

// last lists who had the call when it ended.
func (t *transition) last() []Party {
	if t.c.AnsweredAt == nil {
		return nil
	}
	var out []Party
	client := t.hasRole(ClientLeg)
	for i := range t.c.Legs {
		l := &t.c.Legs[i]
		had := func(l *Leg) bool { return l.TalkedAt != nil && l.Result == ResultAnswered && t.ours(l, client) }
		after := func(m Leg) bool { return had(&m) && l.EndedAt != nil && m.TalkedAt.After(*l.EndedAt) }
		if !had(l) || slices.ContainsFunc(t.c.Legs, after) {
			continue
		}
		if p := *t.party(l); !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out
}

// remote is the leg whose cause speaks for the call: that of the caller from
// outside, else the last leg to the client, else the last that was dialled,
// else the first.
func (t *transition) remote() *Leg {
	var found *Leg
	for i := range t.c.Legs {
		l := &t.c.Legs[i]
		switch {
		case l.Role == ServiceLeg:
		case t.c.Direction == Inbound && l.Role == ClientLeg && l.DialedBy == "":
			return l
		case found == nil, l.Role == ClientLeg, found.Role != ClientLeg && l.DialedBy != "":
			found = l
		}
	}
	return found
}

// gaveUp tells whether the calling party was the first to hang up.
func (t *transition) gaveUp() bool {
	return t.c.EndedBy == "client" && t.c.Direction == Inbound || t.c.EndedBy == "office" && t.c.Direction != Inbound
}

// unanswered decides among the results of a call nobody talked in. Without a
// leg dialled an outbound call never got to the other side.
func (t *transition) unanswered(remote *Leg) Disposition {
	c := &t.c
	if remote == nil {
		return Failed
	}
	gaveUp := t.gaveUp()
	if c.Direction == Inbound {
		switch {
		case gaveUp:
			return Abandoned
		case remote.Cause == 17:
			return Busy
		}
		return Missed
	}
	if remote.DialedBy == "" && (!gaveUp || remote.Result == ResultBusy || remote.Result == ResultRejected) {
		return Failed // the own telephone was not picked up
	}
	switch result := remote.Result; {
	case result == ResultBusy:
		return Busy
	case gaveUp:
		return Abandoned
	case result == ResultNoAnswer, result == ResultCancelled:
		return Missed
	}
	return Failed
}
