package cti

// part is a user's place in a call.
type part struct {
	own    *Leg // his telephone, up or ringing; nil when he is not in it
	other  *Leg // with whom he talks or could talk; the caller while it rings
	rings  *Leg // a colleague's telephone that rings
	agent  *Leg // a colleague who talks, for supervision
	parked bool
}

// partOf finds a user's legs. One who controls all calls acts for whoever of
// the office talks, where he is not in the call himself.
func partOf(c *Call, user int64, all bool) part {
	p := part{parked: c.ParkedAt != ""}
	for i := range c.Legs {
		l := &c.Legs[i]
		if l.Role != OfficeLeg || l.State == LegEnded {
			continue
		}
		switch {
		case l.UserID == user && user != 0 && (l.State == LegUp || l.State == LegRinging):
			if p.own == nil || l.State == LegUp && (p.own.State != LegUp || p.own.Bridge == "") {
				p.own = l
			}
		case l.State == LegRinging:
			p.rings = l
		case l.State == LegUp && l.Bridge != "" && (p.agent == nil || p.agent.TalkedAt == nil):
			p.agent = l
		}
	}
	if p.own == nil && all && p.agent != nil {
		p.own = p.agent
	}
	for i := range c.Legs {
		if l := &c.Legs[i]; p.own != l && l.State == LegUp && l.Role != ServiceLeg && p.before(l) {
			p.other = l
		}
	}
	if p.other == nil { // it rings: the caller may not be answered yet
		for i := range c.Legs {
			if l := &c.Legs[i]; p.own != l && l.DialedBy == "" && l.State != LegEnded && l.Role != ServiceLeg {
				p.other = l
				break
			}
		}
	}
	return p
}

// before tells whether l is a better "other side" than the one found: who is
// in the same bridge comes first, then a client, then a colleague.
func (p *part) before(l *Leg) bool {
	if p.other == nil {
		return true
	}
	same := func(x *Leg) bool { return p.own != nil && x.Bridge != "" && x.Bridge == p.own.Bridge }
	if same(l) != same(p.other) {
		return same(l)
	}
	return l.Role == ClientLeg && p.other.Role != ClientLeg
}

// refusal tells why an action is impossible in this state of the call; nil:
// it is possible. consult is the consultation about the call, if any.
func (p *part) refusal(a Action, c, consult *Call) *Error {
	if c.State == Ended {
		return Errorf(CodeOver, "the call is over")
	}
	switch a {
	case ActHangup:
		return nil
	case ActPickup:
		return p.pickup()
	case ActRedirect:
		if p.own == nil || p.own.State != LegRinging || p.other == nil {
			return Errorf(CodeNotRinging, "the call does not ring at your telephone")
		}
		return nil
	case ActListen, ActWhisper, ActBarge:
		if p.own != nil && p.own != p.agent {
			return Errorf(CodeOwnCall, "this is your own call")
		}
		if p.agent == nil || p.agent.TalkedAt == nil {
			return Errorf(CodeNotTalking, "nobody of the office talks in this call")
		}
		return nil
	}
	if p.own == nil || p.own.State != LegUp || p.other == nil || p.other.State != LegUp || c.AnsweredAt == nil || p.parked {
		return Errorf(CodeNotTalking, "you do not talk in this call")
	}
	switch a {
	case ActComplete, ActCancel, ActConference:
		return p.consulted(a, c, consult)
	case ActMute:
		if p.own.Muted {
			return Errorf(CodeAlreadyMuted, "your microphone is off already")
		}
	case ActUnmute:
		if !p.own.Muted {
			return Errorf(CodeNotMuted, "your microphone is on")
		}
	case ActHold, ActResume, ActTransfer, ActConsult, ActPark:
		return p.held(a, c)
	}
	return nil
}

func (p *part) pickup() *Error {
	switch {
	case p.own != nil && p.own.State == LegRinging:
		return Errorf(CodeRingsAtYou, "the call rings at your own telephone: take it there")
	case p.own != nil && p.own.State == LegUp && p.own != p.agent && !p.parked:
		return Errorf(CodeOwnCall, "this is your own call")
	case p.parked && p.other != nil, p.rings != nil:
		return nil
	}
	return Errorf(CodeNotRinging, "the call rings nowhere and is not parked")
}

func (p *part) held(a Action, c *Call) *Error {
	switch {
	case c.Consult != "":
		return Errorf(CodeConsulting, "you are consulting a colleague about this call: complete or cancel that first")
	case a == ActResume && !p.other.Held && p.own.Held, a == ActHold && p.own.Held:
		return Errorf(CodeHeldAtPhone, "the call was put on hold at the telephone: resume it there")
	case a == ActHold && p.other.Held:
		return Errorf(CodeAlreadyHeld, "the call is on hold already")
	case a == ActResume && !p.other.Held:
		return Errorf(CodeNotHeld, "the call is not on hold")
	}
	return nil
}

func (p *part) consulted(a Action, c, consult *Call) *Error {
	switch {
	case c.Consult == "" && a == ActConference:
		return nil // with a target it calls the third party itself
	case c.Consult == "" || consult == nil:
		return Errorf(CodeNoConsultation, "you are not consulting anybody about this call")
	case a == ActCancel:
		return nil
	case consult.AnsweredAt == nil:
		return Errorf(CodeConsultRings, "%s has not answered yet", consult.Number.Display)
	case a == ActConference && !p.other.Held:
		return Errorf(CodeAllTalk, "all three talk already")
	}
	return nil
}
