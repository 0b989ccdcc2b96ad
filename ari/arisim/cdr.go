package arisim

import (
	"slices"
	"time"
)

// CDR is a row of Asterisk's call records; a call to several phones has one
// row each, a transferred one has one for each talk. As there, Answer is when
// the caller's channel was answered: after an originate it is set also when
// the other side was busy.
type CDR struct {
	UniqueID    string
	LinkedID    string
	Src, Dst    string
	Context     string
	Channel     string
	DstChannel  string // empty: the PBX itself answered
	LastApp     string
	LastData    string
	Start       time.Time
	Answer      time.Time // zero: not answered
	End         time.Time
	Disposition string // ANSWERED, NO ANSWER, BUSY, FAILED
}

// CDR returns the rows written so far, oldest first.
func (s *Sim) CDR() []CDR {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.cdr)
}

// writeTalk records the end of a talk of two: that of the one who runs the
// dialplan, of two such the older.
func (s *Sim) writeTalk(a, b *channel) {
	if a.run == nil || b.run != nil && slices.Index(s.channels, b) < slices.Index(s.channels, a) {
		a, b = b, a
	}
	if a.run != nil {
		a.run.writeCDR(b, "ANSWERED")
	}
}

// writeCDR records the end of a leg, or with nil of what the PBX itself had
// answered; the caller's channel is still there.
func (r *run) writeCDR(other *channel, disposition string) {
	c := r.caller
	row := CDR{
		UniqueID: c.id, LinkedID: c.linkedID, Src: c.caller.Number, Dst: c.dialplan.Exten,
		Context: c.dialplan.Context, Channel: c.name,
		LastApp: c.dialplan.AppName, LastData: c.dialplan.AppData,
		Start: r.since, End: time.Now(), Disposition: disposition,
	}
	if other != nil {
		row.DstChannel = other.name
	}
	if disposition == "ANSWERED" || c.originated {
		row.Answer = c.answered
		if row.Answer.Before(r.since) && !row.Answer.IsZero() {
			row.Answer = r.since
		}
	}
	r.written = true
	r.sim.cdr = append(r.sim.cdr, row)
}

// disposition of a leg by its last Dial status. A real Asterisk calls
// congestion a failure unless cdr.conf asks for its name.
func disposition(status string) string {
	switch status {
	case "BUSY":
		return status
	case "CONGESTION":
		return "FAILED"
	}
	return "NO ANSWER"
}
