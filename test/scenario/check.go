package scenario

import (
	"fmt"
	"slices"
	"strings"

	"ringcard/cti"
)

// Check compares a finished call with what is wanted and returns what differs,
// a line each. The office's users are at PJSIP/<extension>.
func (w Want) Check(c cti.Call) []string {
	var bad []string
	differ := func(what string, got, want any) {
		if got != want {
			bad = append(bad, fmt.Sprintf("%s is %v, want %v", what, got, want))
		}
	}
	differ("state", c.State, cti.Ended)
	differ("direction", c.Direction, w.Direction)
	differ("disposition", c.Disposition, w.Disposition)
	differ("kind of number", c.Number.Kind, w.Kind)
	differ("e164", c.Number.E164, w.E164)
	differ("queue", c.Queue, w.Queue)
	differ("answered by", device(c.AnsweredBy), w.AnsweredBy)
	differ("placed by", device(c.PlacedBy), w.PlacedBy)
	if w.DID != "" {
		differ("did", c.DID, w.DID)
	}
	if w.Cause != 0 {
		differ("cause", c.Cause, w.Cause)
	}
	for ext, want := range w.LegResults {
		i := slices.IndexFunc(c.Legs, func(l cti.Leg) bool { return l.Endpoint == "PJSIP/"+ext })
		if i < 0 {
			bad = append(bad, "no leg of "+ext)
			continue
		}
		differ("result of "+ext, c.Legs[i].Result, want)
	}
	return append(bad, times(c)...)
}

// times checks what holds of the times of every call (CK-03).
func times(c cti.Call) []string {
	var bad []string
	if c.EndedAt == nil {
		return []string{"no end"}
	}
	if c.EndedAt.Before(c.StartedAt) {
		bad = append(bad, "ends before it starts")
	}
	if (c.AnsweredAt != nil) != (c.Disposition == cti.Answered) {
		bad = append(bad, fmt.Sprintf("disposition %s with answered_at %v", c.Disposition, c.AnsweredAt))
	}
	if c.AnsweredAt != nil {
		if c.AnsweredAt.Before(c.StartedAt) || c.AnsweredAt.After(*c.EndedAt) {
			bad = append(bad, "answered outside the call")
		}
		if got := c.EndedAt.Sub(*c.AnsweredAt).Milliseconds(); got != c.TalkMS {
			bad = append(bad, fmt.Sprintf("talk_ms %d, answer to end %d", c.TalkMS, got))
		}
	}
	if len(c.Ringing) != 0 {
		bad = append(bad, "still ringing")
	}
	return bad
}

func device(p *cti.Party) string {
	if p == nil {
		return ""
	}
	return strings.TrimPrefix(p.Device, "PJSIP/")
}
