package cti

import (
	"slices"
	"strings"
	"time"
)

// CDR is one row of the PBX's own call detail records: what went on between
// one channel and at most one other. Times are UTC, to the second where the
// source has no more. (Asterisk, "CDR Specification"; rows of a queue, of a
// ring group and of a voice mailbox share a UniqueID.)
type CDR struct {
	UniqueID    string // of Channel; empty where the source has none
	LinkedID    string // of the conversation; empty where the source has none
	Sequence    int    // grows with every row of the PBX, not in the order of writing
	Src, Dst    string
	CallerID    string // "Name" <number>
	Context     string
	Channel     string // party A
	DstChannel  string // party B, empty: an application of the PBX
	LastApp     string
	LastData    string
	Start       time.Time
	Answer      time.Time // zero: not answered. An IVR before the dial counts as an answer
	End         time.Time
	Disposition string // ANSWERED, NO ANSWER, BUSY, FAILED, CONGESTION
}

// conversation is what ties the rows of one call: the linkedid, else the
// uniqueid of its only channel.
func (r CDR) conversation() string {
	if r.LinkedID != "" {
		return r.LinkedID
	}
	return r.UniqueID
}

// Past makes the record of a call that was never seen from all its rows of
// the PBX. It is false for rows of nobody's call: between halves of Local
// channels only. The rules, tried on the files in internal/cdr/testdata:
//
//   - rows of one linkedid are one call, in whatever order they come;
//   - the call begins with the first row's first channel, which gives its
//     direction and number; a DID is a number, not the "s" or "t" of an IVR;
//   - it is answered by the party of the other side in an ANSWERED row: a row
//     without a second channel is an announcement, a mailbox or a conference;
//   - the time of an answer that follows an IVR is that of the IVR, so it is
//     an estimate; who hung up, who rang when and holds are not in a CDR.
func (o *Office) Past(rows []CDR) (Call, bool) {
	if len(rows) == 0 {
		return Call{}, false
	}
	p := past{Office: o, rows: slices.Clone(rows)}
	slices.SortStableFunc(p.rows, func(a, b CDR) int {
		if c := a.Start.Compare(b.Start); c != 0 {
			return c
		}
		return a.Sequence - b.Sequence
	})
	return p.call()
}

type past struct {
	*Office
	rows []CDR
	c    Call
}

// first is the row of the channel that the call began with.
func (p *past) first() CDR {
	for _, r := range p.rows {
		if r.UniqueID == r.conversation() {
			return r
		}
	}
	return p.rows[0]
}

func (p *past) call() (Call, bool) {
	first := p.first()
	c := &p.c
	c.ID, c.PBX = callIDOf(p.cfg.PBX, first.conversation()), p.cfg.PBX
	c.Version, c.State, c.Recovered = 1, Ended, true
	c.StartedAt, c.EndedAt = first.Start, ptr(first.End)
	for _, r := range p.rows {
		if r.Start.Before(c.StartedAt) {
			c.StartedAt = r.Start
		}
		if r.End.After(*c.EndedAt) {
			c.EndedAt = ptr(r.End)
		}
		a := p.leg(r, r.Channel, r.UniqueID, "")
		if r.DstChannel != "" {
			p.leg(r, r.DstChannel, "", a)
		}
		if r.LastApp == "Queue" && c.Queue == "" {
			c.Queue, _, _ = strings.Cut(r.LastData, ",")
		}
	}
	if !slices.ContainsFunc(c.Legs, func(l Leg) bool { return l.Role != ServiceLeg }) {
		return Call{}, false
	}
	p.sides(first)
	p.answer()
	p.result()
	c.estimate(FieldRing, FieldHold, FieldEndedBy)
	settleTimes(c)
	return wire(*c), true
}

// leg adds a channel once; it returns its id. A CDR does not tell the id of
// the dialled channel unless that has a row of its own: its name then serves.
func (p *past) leg(r CDR, name, id, dialedBy string) string {
	if i := slices.IndexFunc(p.c.Legs, func(l Leg) bool { return l.Name == name }); i >= 0 {
		l := &p.c.Legs[i]
		if id != "" {
			l.ID = id
		}
		if r.End.After(*l.EndedAt) {
			l.EndedAt = ptr(r.End)
		}
		return l.ID
	}
	if id == "" {
		id = name
		if i := slices.IndexFunc(p.rows, func(x CDR) bool { return x.Channel == name && x.UniqueID != "" }); i >= 0 {
			id = p.rows[i].UniqueID
		}
	}
	endpoint := Endpoint(name)
	l := Leg{ID: id, Name: name, Endpoint: endpoint, Role: p.Role(endpoint), DialedBy: dialedBy, LinkedID: r.LinkedID,
		State: LegEnded, StartedAt: r.Start, EndedAt: ptr(r.End)}
	if u, ok := p.Owner(endpoint); ok && l.Role == OfficeLeg {
		l.UserID, l.UserName = u.ID, u.Name
	}
	if dialedBy != "" {
		l.Result = map[string]string{"ANSWERED": "answered", "BUSY": "busy", "NO ANSWER": "no_answer"}[r.Disposition]
		if l.Result == "" {
			l.Result = "failed"
		}
		if r.Disposition == "ANSWERED" && !r.Answer.IsZero() {
			l.AnsweredAt, l.TalkedAt = ptr(r.Answer), ptr(r.Answer)
		}
	}
	p.c.Legs = append(p.c.Legs, l)
	return id
}

// sides decides the direction and the number from the calling channel.
func (p *past) sides(first CDR) {
	c := &p.c
	endpoint := Endpoint(first.Channel)
	client := slices.IndexFunc(c.Legs, func(l Leg) bool { return l.Role == ClientLeg })
	if p.Role(endpoint) == ClientLeg {
		c.Direction, c.Number = Inbound, p.cfg.Parse(first.Src)
		if name := callerName(first.CallerID); name != first.Src && c.Number.Kind != Anonymous {
			c.CallerName = name
		}
		if did := p.cfg.Parse(first.Dst); did.Kind == External || len(first.Dst) > 2 && did.Kind == Extension {
			c.DID = first.Dst
		}
		return
	}
	c.Number, c.Direction = p.cfg.Parse(first.Dst), Internal
	if client >= 0 || c.Number.Kind == External {
		c.Direction = Outbound
	}
	if p.Role(endpoint) == OfficeLeg {
		party := p.party(endpoint)
		c.PlacedBy = &party
	}
}

// callerName is the name in `"Name" <number>`.
func callerName(clid string) string {
	name, _, ok := strings.Cut(clid, "<")
	if !ok {
		return ""
	}
	return strings.TrimSpace(strings.Trim(strings.TrimSpace(name), `"`))
}

// answer finds who of the other side talked first.
func (p *past) answer() {
	c := &p.c
	other := OfficeLeg
	if c.Direction == Outbound {
		other = ClientLeg
	}
	for _, r := range p.rows {
		endpoint := Endpoint(r.DstChannel)
		if r.Disposition != "ANSWERED" || r.Answer.IsZero() || r.DstChannel == "" || p.Role(endpoint) != other {
			continue
		}
		if c.AnsweredAt != nil && !r.Answer.Before(*c.AnsweredAt) {
			continue
		}
		c.AnsweredAt = ptr(r.Answer)
		if other == OfficeLeg {
			party := p.party(endpoint)
			c.AnsweredBy = &party
		}
	}
	if c.AnsweredBy != nil {
		c.Talking = []Party{*c.AnsweredBy}
	}
	if c.AnsweredAt != nil && c.Direction == Inbound && c.DID == "" {
		c.estimate(FieldAnswered) // an IVR answered first
	}
}

// result is the disposition and, where it follows from that, the cause. A CDR
// does not tell a caller who gave up from an office that did not answer.
func (p *past) result() {
	c := &p.c
	if c.AnsweredAt != nil {
		c.Disposition, c.Cause = Answered, 16
		return
	}
	var voicemail bool
	worst := ""
	for _, r := range p.rows {
		voicemail = voicemail || r.LastApp == "VoiceMail"
		if r.Disposition != "ANSWERED" && (worst == "" || worst != "NO ANSWER") {
			worst = r.Disposition // one that rang out says more than a busy one
		}
	}
	switch {
	case voicemail && c.Direction == Inbound:
		c.Disposition = Voicemail
	case worst == "BUSY":
		c.Disposition, c.Cause = Busy, 17
	case worst == "CONGESTION":
		c.Disposition, c.Cause = Failed, 34
	case worst == "FAILED" && c.Direction != Inbound:
		c.Disposition = Failed
	default:
		c.Disposition = Missed
		c.estimate(FieldDisposition)
	}
	if c.Cause == 0 {
		c.estimate(FieldCause)
	}
}
