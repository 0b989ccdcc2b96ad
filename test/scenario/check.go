package scenario

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

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
	if w.Legs != nil {
		// Telephones that ring together come in no order.
		bad = append(bad, lines("legs", slices.Sorted(slices.Values(Tree(c))), slices.Sorted(slices.Values(w.Legs)))...)
	}
	bad = append(bad, lines("transfers", Handovers(c), w.Transfers)...)
	if len(w.Talking) > 0 || w.Disposition == cti.Answered {
		want := w.Talking
		if want == nil {
			want = []string{cmp.Or(w.AnsweredBy, w.PlacedBy)}
		}
		var got []string
		for _, p := range c.Talking {
			got = append(got, device(&p))
		}
		slices.Sort(got)
		got = slices.Compact(got)
		if !slices.Equal(got, want) && w.Direction != cti.Internal {
			bad = append(bad, fmt.Sprintf("last in the call are %v, want %v", got, want))
		}
	}
	if hold := time.Duration(c.HoldMS) * time.Millisecond; hold < w.MinHold || w.MinHold == 0 && hold > 0 && w.Transfers == nil {
		bad = append(bad, fmt.Sprintf("on hold for %s, want at least %s", hold, w.MinHold))
	}
	return append(bad, times(c)...)
}

// Tree tells in a line for each leg who rang and who talked: "104 answered,
// rang, talked, dialled by client, from 102".
func Tree(c cti.Call) []string {
	out := make([]string, 0, len(c.Legs))
	name := func(id string) string {
		for _, l := range c.Legs {
			if l.ID == id {
				return who(l)
			}
		}
		return "a leg that is not there"
	}
	for _, l := range c.Legs {
		s := who(l) + " " + l.Result
		if l.RingAt != nil {
			s += ", rang"
		}
		if l.TalkedAt != nil {
			s += ", talked"
		}
		if l.DialedBy != "" {
			s += ", dialled by " + name(l.DialedBy)
		}
		if l.TransferredBy != "" {
			s += ", from " + name(l.TransferredBy)
		}
		out = append(out, s)
	}
	return out
}

func who(l cti.Leg) string {
	if l.Role == cti.ClientLeg {
		return "client"
	}
	return strings.TrimPrefix(l.Endpoint, "PJSIP/")
}

// Handovers tells in a line for each transfer who gave the call to whom.
func Handovers(c cti.Call) []string {
	out := make([]string, 0, len(c.Transfers))
	for _, t := range c.Transfers {
		out = append(out, fmt.Sprintf("%s by %s from %s to %s", t.Kind, device(t.By), device(t.From), cmp.Or(device(t.To), t.Number)))
	}
	return out
}

func lines(what string, got, want []string) []string {
	if slices.Equal(got, want) {
		return nil
	}
	return []string{fmt.Sprintf("%s are\n\t%s\nwant\n\t%s", what, strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))}
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
