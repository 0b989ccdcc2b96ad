package scenario

import (
	"errors"
	"time"

	"ringcard/cti"
)

var errEnded = errors.New("the call ended before the answer")

// out is a call of 101 to the client whose provider does b.
func out(name, rows string, b Behaviour, want Want) Scenario {
	want.Direction, want.Kind, want.E164, want.PlacedBy, want.Popped = cti.Outbound, cti.External, client, "101", []string{"101"}
	return Scenario{Name: name, Rows: rows, Phones: map[string]Behaviour{"101": answer(0)},
		World: map[string]Behaviour{number: b}, Desk: &Desk{Extension: "101", To: number}, Want: want}
}

// giveUp makes the caller hang up before the answer.
func giveUp(s Scenario, after time.Duration) Scenario {
	s.HangupAfter, s.Abandon = after, true
	return s
}

// talkFor makes the caller hang up after the talk.
func talkFor(s Scenario, d time.Duration) Scenario {
	s.HangupAfter = d
	return s
}

// Outcomes are the ways a call comes to nothing, and early media.
var Outcomes = []Scenario{
	talkFor(out("call out with early media", "CK_01 CK_03", Behaviour{Answer: ring, Early: true},
		Want{Disposition: cti.Answered, Cause: 16, CDR: "ANSWERED",
			Legs: []string{"101 answered, talked", "client answered, rang, talked, dialled by 101"}}), brief),
	out("call out, busy", "CK_03 CO_06", Behaviour{Refuse: 486},
		Want{Disposition: cti.Busy, Cause: 17, CDR: "BUSY", LegResults: map[string]string{"trunk": "busy"}}),
	out("call out, rejected", "CK_03 CO_06", Behaviour{Refuse: 603}, Want{Disposition: cti.Failed, CDR: "NO ANSWER", LegResults: map[string]string{"trunk": "rejected"}}),
	out("call out, no such number", "CK_03 CO_06", Behaviour{Refuse: 404}, Want{Disposition: cti.Failed, Cause: 1, CDR: "NO ANSWER", LegResults: map[string]string{"trunk": "failed"}}),
	out("call out, congestion", "CK_03 CO_06", Behaviour{Refuse: 503}, Want{Disposition: cti.Failed, Cause: 34, CDR: "FAILED", LegResults: map[string]string{"trunk": "failed"}}),
	out("call out, no answer", "CK_03 CO_06", Behaviour{Refuse: 480}, Want{Disposition: cti.Missed, CDR: "NO ANSWER", LegResults: map[string]string{"trunk": "no_answer"}}),
	giveUp(out("call out, given up", "CK_03 CO_06", Behaviour{Answer: Never},
		Want{Disposition: cti.Abandoned, CDR: "NO ANSWER", LegResults: map[string]string{"trunk": "cancelled"}}), brief),
	{
		Name: "the only phone rejects", Rows: "CK_03 CO_06",
		Phones: map[string]Behaviour{"102": {Refuse: 603}},
		Call:   inbound("4951000102"),
		Want: Want{Direction: cti.Inbound, Disposition: cti.Missed, Kind: cti.External, E164: client, DID: "4951000102",
			Left: []string{"102"}, LegResults: map[string]string{"102": "rejected"}, CDR: "NO ANSWER"},
	},
	{
		Name: "queue with a busy and a silent member", Rows: "CK_01 CK_03 CK_04 PU_01 PU_02",
		Phones:      map[string]Behaviour{"101": {Refuse: 486}, "102": {Answer: Never}, "103": answer(ring)},
		Call:        inbound("4951000111"),
		HangupAfter: brief,
		Want: Want{Direction: cti.Inbound, Disposition: cti.Answered, Cause: 16, Kind: cti.External, E164: client, DID: "4951000111",
			Queue: "impatient", AnsweredBy: "103", Popped: []string{"102", "103"}, Left: []string{"101"}, CDR: "ANSWERED",
			Legs: []string{"client answered, talked", "101 busy, dialled by client", "102 no_answer, rang, dialled by client", "103 answered, rang, talked, dialled by client"}},
	},
	{
		Name: "voicemail", Rows: "CK_03",
		Phones:      map[string]Behaviour{"106": {Answer: Never}},
		Call:        inbound("4951000107"),
		HangupAfter: brief,
		Want: Want{Direction: cti.Inbound, Disposition: cti.Voicemail, Kind: cti.External, E164: client, DID: "4951000107",
			Popped: []string{"106"}, LegResults: map[string]string{"106": "no_answer"}, CDR: "ANSWERED"},
	},
	{
		Name: "caller gives up in the menu", Rows: "CK_03 CK_04",
		Call: inbound("4951000106"), HangupAfter: brief,
		Want: Want{Direction: cti.Inbound, Disposition: cti.Abandoned, Kind: cti.External, E164: client, DID: "4951000106", CDR: "ANSWERED"}, // by the menu
	},
	{
		Name: "extension is offline", Rows: "CK_07 CO_06",
		Phones: map[string]Behaviour{"101": answer(0)},
		Desk:   &Desk{Extension: "101", To: "107"},
		Want: Want{Direction: cti.Internal, Disposition: cti.Failed, Kind: cti.Extension,
			PlacedBy: "101", Popped: []string{"101"}, Left: []string{"107"}}, // no CDR: nothing was dialled
	},
}
