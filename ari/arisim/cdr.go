package arisim

import (
	"slices"
	"time"
)

// CDR is a row of Asterisk's call records; a call to several phones has one
// row each. As there, Answer is when the caller's channel was answered: after
// an originate it is set also when the other side was busy.
type CDR struct {
	UniqueID    string
	LinkedID    string
	Src, Dst    string
	Context     string
	Channel     string
	DstChannel  string
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

// writeCDR records the end of a leg; the caller's channel is still there.
func (r *run) writeCDR(l *leg, disposition string) {
	c := r.caller
	row := CDR{
		UniqueID: c.id, LinkedID: c.linkedID, Src: c.caller.Number, Dst: c.dialplan.Exten,
		Context: c.dialplan.Context, Channel: c.name, DstChannel: l.ch.name,
		LastApp: c.dialplan.AppName, LastData: c.dialplan.AppData,
		Start: c.created, End: time.Now(), Disposition: disposition,
	}
	if l == r.peer || c.originated {
		row.Answer = c.answered
	}
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
