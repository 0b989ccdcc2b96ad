package scenario

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"ringcard/cti"
)

// Scenario is one call and what must come of it.
type Scenario struct {
	Name   string
	Rows   string // requirement IDs, as they stand in the names of tests
	Phones map[string]Behaviour
	World  map[string]Behaviour // numbers that the PBX calls outside
	Call   *Outside             // a call comes in …
	Desk   *Desk                // … or a desk phone dials …
	Click  *Desk                // … or a user clicks on a number
	// HangupAfter: the party who placed the call hangs up so long after the
	// answer, or after the start when Abandon is set.
	HangupAfter time.Duration
	Abandon     bool
	// Act is what people do during the call, before HangupAfter.
	Act  func(context.Context, Office, Line) error
	Want Want
}

// Desk is a call placed by an extension.
type Desk struct{ Extension, To string }

// Want is the outcome of a scenario.
type Want struct {
	Direction   cti.Direction
	Disposition cti.Disposition
	Cause       int // 0: any
	Kind        cti.NumberKind
	E164        string
	DID, Queue  string
	AnsweredBy  string   // extension, empty: nobody
	PlacedBy    string   // extension
	Popped      []string // extensions whose users get the call
	Left        []string // extensions of which nobody may get it
	LegResults  map[string]string
	CDR         string // disposition of the PBX's own record of the answered or only leg
	// Legs is the tree of who rang and who talked, a line each: see Tree.
	// Empty: not checked.
	Legs []string
	// Transfers are lines of who gave the call to whom: see Handed.
	Transfers []string
	// Talking has who was in the call last, where it is not AnsweredBy.
	Talking []string
	// MinHold is the least time on hold.
	MinHold time.Duration
}

const (
	client = "+79161234567"
	number = "79161234567"
	ring   = 300 * time.Millisecond
	talk   = 1200 * time.Millisecond
)

func answer(d time.Duration) Behaviour { return Behaviour{Answer: d} }

// Core are the scenarios of the main job.
var Core = []Scenario{
	{
		Name: "one phone answers", Rows: "CK_01 CK_03 PU_01 PB_01",
		Phones:      map[string]Behaviour{"101": answer(ring), "102": answer(ring)},
		Call:        &Outside{From: number, Name: "Ivan Petrov", DID: "4951000102"},
		HangupAfter: talk,
		Want: Want{Direction: cti.Inbound, Disposition: cti.Answered, Cause: 16, Kind: cti.External, E164: client,
			DID: "4951000102", AnsweredBy: "102", Popped: []string{"102"}, Left: []string{"101"}, CDR: "ANSWERED"},
	},
	{
		Name: "ring-all queue, one answers", Rows: "CK_01 CK_04 PU_02 PB_01",
		Phones:      map[string]Behaviour{"101": {Answer: Never}, "102": answer(2 * ring), "103": {Answer: Never}, "104": answer(0)},
		Call:        &Outside{From: number, Name: "Ivan Petrov", DID: "4951000101"},
		HangupAfter: talk,
		Want: Want{Direction: cti.Inbound, Disposition: cti.Answered, Cause: 16, Kind: cti.External, E164: client,
			DID: "4951000101", Queue: "sales", AnsweredBy: "102", Popped: []string{"101", "102", "103"}, Left: []string{"104"},
			LegResults: map[string]string{"102": "answered", "101": "elsewhere", "103": "elsewhere"}, CDR: "ANSWERED"},
	},
	{
		Name: "queue with a busy member", Rows: "CK_01 CK_03 CK_04 PU_01",
		Phones:      map[string]Behaviour{"101": {Refuse: 486}, "102": answer(2 * ring), "103": {Answer: Never}},
		Call:        &Outside{From: number, DID: "4951000104"},
		HangupAfter: talk,
		Want: Want{Direction: cti.Inbound, Disposition: cti.Answered, Kind: cti.External, E164: client,
			DID: "4951000104", Queue: "support", AnsweredBy: "102", Popped: []string{"102"}, Left: []string{"101"},
			LegResults: map[string]string{"101": "busy", "102": "answered"}, CDR: "ANSWERED"},
	},
	{
		Name: "ring group", Rows: "CK_01 CK_04 PU_01 PU_02",
		Phones:      map[string]Behaviour{"101": {Answer: Never}, "102": {Answer: Never}, "103": answer(2 * ring), "104": answer(0)},
		Call:        &Outside{From: number, DID: "4951000103"},
		HangupAfter: talk,
		Want: Want{Direction: cti.Inbound, Disposition: cti.Answered, Kind: cti.External, E164: client, DID: "4951000103",
			AnsweredBy: "103", Popped: []string{"101", "102", "103"}, Left: []string{"104"},
			LegResults: map[string]string{"103": "answered", "101": "elsewhere"}, CDR: "ANSWERED"},
	},
	{
		Name: "nobody answers", Rows: "CK_03 AF_01",
		Phones: map[string]Behaviour{"105": {Answer: Never}},
		Call:   &Outside{From: number, DID: "4951000105"},
		Want: Want{Direction: cti.Inbound, Disposition: cti.Missed, Kind: cti.External, E164: client, DID: "4951000105",
			Popped: []string{"105"}, LegResults: map[string]string{"105": "no_answer"}, CDR: "NO ANSWER"},
	},
	{
		Name: "caller gives up while it rings", Rows: "CK_03 AF_01",
		Phones:      map[string]Behaviour{"102": {Answer: Never}},
		Call:        &Outside{From: number, DID: "4951000102"},
		HangupAfter: talk, Abandon: true,
		Want: Want{Direction: cti.Inbound, Disposition: cti.Abandoned, Kind: cti.External, E164: client, DID: "4951000102",
			Popped: []string{"102"}, CDR: "NO ANSWER"},
	},
	{
		Name: "caller gives up in the queue", Rows: "CK_03 CK_04",
		Phones:      map[string]Behaviour{"101": {Answer: Never}, "102": {Answer: Never}, "103": {Answer: Never}},
		Call:        &Outside{From: number, DID: "4951000101"},
		HangupAfter: talk, Abandon: true,
		Want: Want{Direction: cti.Inbound, Disposition: cti.Abandoned, Kind: cti.External, E164: client, DID: "4951000101",
			Queue: "sales", Popped: []string{"101", "102", "103"}, CDR: "NO ANSWER"},
	},
	{
		Name: "unknown caller", Rows: "LU_05 CK_01",
		Phones:      map[string]Behaviour{"102": answer(ring)},
		Call:        &Outside{From: "74957654321", DID: "4951000102"},
		HangupAfter: talk,
		Want: Want{Direction: cti.Inbound, Disposition: cti.Answered, Kind: cti.External, E164: "+74957654321", DID: "4951000102",
			AnsweredBy: "102", Popped: []string{"102"}, CDR: "ANSWERED"},
	},
	{
		Name: "anonymous caller", Rows: "CK_06",
		Phones:      map[string]Behaviour{"102": answer(ring)},
		Call:        &Outside{Anonymous: true, DID: "4951000102"},
		HangupAfter: talk,
		Want: Want{Direction: cti.Inbound, Disposition: cti.Answered, Kind: cti.Anonymous, DID: "4951000102",
			AnsweredBy: "102", Popped: []string{"102"}, CDR: "ANSWERED"},
	},
	{
		Name: "the only phone is busy", Rows: "CK_03 CO_06",
		Phones: map[string]Behaviour{"102": {Refuse: 486}},
		Call:   &Outside{From: number, DID: "4951000102"},
		Want: Want{Direction: cti.Inbound, Disposition: cti.Busy, Cause: 17, Kind: cti.External, E164: client, DID: "4951000102",
			Left: []string{"102"}, LegResults: map[string]string{"102": "busy"}, CDR: "BUSY"},
	},
	{
		Name: "call out from a desk phone", Rows: "CK_01 CK_05",
		Phones:      map[string]Behaviour{"101": answer(0)},
		World:       map[string]Behaviour{number: answer(ring)},
		Desk:        &Desk{Extension: "101", To: number},
		HangupAfter: talk,
		Want: Want{Direction: cti.Outbound, Disposition: cti.Answered, Kind: cti.External, E164: client,
			PlacedBy: "101", Popped: []string{"101"}, CDR: "ANSWERED"},
	},
	{
		Name: "internal call", Rows: "CK_05",
		Phones:      map[string]Behaviour{"101": answer(0), "102": answer(ring)},
		Desk:        &Desk{Extension: "101", To: "102"},
		HangupAfter: talk,
		Want: Want{Direction: cti.Internal, Disposition: cti.Answered, Kind: cti.Extension,
			AnsweredBy: "102", PlacedBy: "101", Popped: []string{"101", "102"}, CDR: "ANSWERED"},
	},
	{
		Name: "click to call, answered", Rows: "CO_01 CO_06",
		Phones: map[string]Behaviour{"101": answer(ring)},
		World:  map[string]Behaviour{number: {Answer: ring, Talk: talk}},
		Click:  &Desk{Extension: "101", To: client},
		Want: Want{Direction: cti.Outbound, Disposition: cti.Answered, Kind: cti.External, E164: client,
			PlacedBy: "101", Popped: []string{"101"}, CDR: "ANSWERED"},
	},
	{
		Name: "click to call, client busy", Rows: "CO_06",
		Phones: map[string]Behaviour{"101": answer(ring)},
		World:  map[string]Behaviour{number: {Refuse: 486}},
		Click:  &Desk{Extension: "101", To: client},
		Want: Want{Direction: cti.Outbound, Disposition: cti.Busy, Cause: 17, Kind: cti.External, E164: client,
			PlacedBy: "101", Popped: []string{"101"}}, // no CDR: Asterisk counts that the own phone was picked up
	},
	{
		Name: "click to call, no such number", Rows: "CO_06",
		Phones: map[string]Behaviour{"101": answer(ring)},
		World:  map[string]Behaviour{number: {Refuse: 404}},
		Click:  &Desk{Extension: "101", To: client},
		Want: Want{Direction: cti.Outbound, Disposition: cti.Failed, Cause: 1, Kind: cti.External, E164: client,
			PlacedBy: "101", Popped: []string{"101"}},
	},
	{
		Name: "click to call, own phone refuses", Rows: "CO_06",
		Phones: map[string]Behaviour{"101": {Refuse: 486}},
		Click:  &Desk{Extension: "101", To: client},
		Want: Want{Direction: cti.Outbound, Disposition: cti.Failed, Cause: 17, Kind: cti.External, E164: client,
			PlacedBy: "101", Popped: []string{"101"}},
	},
}

// All are the scenarios of CK-02.
var All = slices.Concat(Core, Handed, Outcomes)

// Play runs the office's side of a scenario up to the end of the call. click
// carries out Scenario.Click and is nil where nobody clicks.
func (s Scenario) Play(ctx context.Context, o Office, click func(context.Context, Desk) error) error {
	for ext, b := range s.Phones {
		if err := o.Phone(ctx, ext, b); err != nil {
			return err
		}
	}
	for n, b := range s.World {
		o.Outside(n, b)
	}
	var line Line
	var err error
	switch {
	case s.Call != nil:
		line, err = o.Call(ctx, *s.Call)
	case s.Desk != nil:
		line, err = o.Dial(ctx, s.Desk.Extension, s.Desk.To)
	default:
		return click(ctx, *s.Click)
	}
	if err != nil {
		return err
	}
	if s.Act != nil {
		if err := s.Act(ctx, o, line); err != nil {
			return fmt.Errorf("%s: %w", s.Name, err)
		}
	}
	return s.finish(ctx, line)
}

func (s Scenario) finish(ctx context.Context, line Line) error {
	if s.HangupAfter > 0 {
		if !s.Abandon {
			select {
			case <-line.Answered():
			case <-line.Ended():
				return fmt.Errorf("%s: ended before the answer", s.Name)
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		// How long people wait or talk is what the scenario is about.
		select {
		case <-time.After(s.HangupAfter):
		case <-ctx.Done():
			return ctx.Err()
		}
		if err := line.Hangup(ctx); err != nil {
			return err
		}
	}
	select {
	case <-line.Ended():
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%s: the call does not end: %w", s.Name, ctx.Err())
	}
}

// File is the name of the scenario's recorded stream.
func (s Scenario) File() string {
	return strings.NewReplacer(" ", "_", ",", "", "(", "", ")", "", "*", "").Replace(s.Name) + ".jsonl"
}
