package scenario

import (
	"context"
	"time"

	"ringcard/cti"
)

// Mobile is the number of 101 outside the office.
const Mobile = "79161112233"

const brief = 500 * time.Millisecond // a few words

// answered waits until a call is up.
func answered(ctx context.Context, l Line) error {
	select {
	case <-l.Answered():
		return nil
	case <-l.Ended():
		return errEnded
	case <-ctx.Done():
		return ctx.Err()
	}
}

func over(l Line) bool {
	select {
	case <-l.Ended():
		return true
	default:
		return false
	}
}

// words lets people talk for a moment: features and transfers need a bridge.
func words(ctx context.Context) error {
	select {
	case <-time.After(brief):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// operator waits until the extension talks with the caller.
func operator(ctx context.Context, o Office, line Line, extension string) (Handset, error) {
	if err := answered(ctx, line); err != nil {
		return nil, err
	}
	h, err := o.Incoming(ctx, extension)
	if err != nil {
		return nil, err
	}
	return h, words(ctx)
}

// taken waits until a telephone has answered what came in.
func taken(ctx context.Context, o Office, extension string) error {
	h, err := o.Incoming(ctx, extension)
	if err != nil {
		return err
	}
	return answered(ctx, h)
}

// dtmf is a transfer by the keys of the operator's telephone: the feature's
// code, a moment for the PBX's prompt, the number.
func dtmf(code, number string) func(context.Context, Office, Line) error {
	return func(ctx context.Context, o Office, line Line) error {
		h, err := operator(ctx, o, line, "102")
		if err != nil {
			return err
		}
		if err := h.SendDTMF(ctx, code); err != nil {
			return err
		}
		if err := words(ctx); err != nil {
			return err
		}
		if err := h.SendDTMF(ctx, number); err != nil && !over(h) { // the last digit ends the operator's part
			return err
		}
		if err := taken(ctx, o, number); err != nil {
			return err
		}
		if code == "##" {
			return nil
		}
		if err := words(ctx); err != nil { // "Ivan is on the line"
			return err
		}
		return h.Hangup(ctx)
	}
}

// refer is the blind transfer of the operator's telephone.
func refer(ctx context.Context, o Office, line Line, number string) error {
	h, err := operator(ctx, o, line, "102")
	if err != nil {
		return err
	}
	return h.Refer(ctx, number)
}

// dialIn makes an extension call a number of the PBX's own, and wait for it.
func dialIn(ctx context.Context, o Office, extension, number string) (Handset, error) {
	h, err := o.Dial(ctx, extension, number)
	if err != nil {
		return nil, err
	}
	return h, answered(ctx, h)
}

func inbound(did string) *Outside {
	return &Outside{From: number, Name: "Ivan Petrov", DID: did}
}

// Handed are the scenarios in which a call goes from hand to hand.
var Handed = []Scenario{
	{
		Name: "hold and resume", Rows: "CK_03",
		Phones:      map[string]Behaviour{"102": answer(0)},
		Call:        inbound("4951000102"),
		HangupAfter: brief,
		Act: func(ctx context.Context, o Office, line Line) error {
			h, err := operator(ctx, o, line, "102")
			if err != nil {
				return err
			}
			if err := h.Hold(ctx); err != nil {
				return err
			}
			if err := words(ctx); err != nil {
				return err
			}
			return h.Resume(ctx)
		},
		Want: Want{Direction: cti.Inbound, Disposition: cti.Answered, Kind: cti.External, E164: client, DID: "4951000102",
			AnsweredBy: "102", Popped: []string{"102"}, MinHold: brief - 100*time.Millisecond, CDR: "ANSWERED"},
	},
	{
		Name: "blind transfer by phone", Rows: "CK_01 CK_08 PU_01",
		Phones:      map[string]Behaviour{"102": answer(0), "104": answer(ring)},
		Call:        inbound("4951000102"),
		HangupAfter: brief,
		Act: func(ctx context.Context, o Office, line Line) error {
			if err := refer(ctx, o, line, "104"); err != nil {
				return err
			}
			return taken(ctx, o, "104")
		},
		Want: Want{Direction: cti.Inbound, Disposition: cti.Answered, Cause: 16, Kind: cti.External, E164: client, DID: "4951000102",
			AnsweredBy: "102", Popped: []string{"102", "104"}, Left: []string{"101"}, Talking: []string{"104"}, CDR: "ANSWERED",
			Legs:      []string{"client answered, talked", "102 transferred, rang, talked, dialled by client", "104 answered, rang, talked, dialled by client, from 102"},
			Transfers: []string{"blind by 102 from 102 to 104"}},
	},
	{
		Name: "blind transfer by DTMF", Rows: "CK_01 CK_08 PU_01",
		Phones:      map[string]Behaviour{"102": answer(0), "104": answer(ring)},
		Call:        inbound("4951000102"),
		HangupAfter: brief,
		Act:         dtmf("##", "104"),
		Want: Want{Direction: cti.Inbound, Disposition: cti.Answered, Cause: 16, Kind: cti.External, E164: client, DID: "4951000102",
			AnsweredBy: "102", Popped: []string{"102", "104"}, Left: []string{"101"}, Talking: []string{"104"}, CDR: "ANSWERED",
			Legs:      []string{"client answered, talked", "102 transferred, rang, talked, dialled by client", "104 answered, rang, talked, dialled by client, from 102"},
			Transfers: []string{"blind by 102 from 102 to 104"}},
	},
	{
		Name: "attended transfer by phone", Rows: "CK_01 CK_08 PU_01",
		Phones:      map[string]Behaviour{"102": answer(0), "104": answer(ring)},
		Call:        inbound("4951000102"),
		HangupAfter: brief,
		Act: func(ctx context.Context, o Office, line Line) error {
			h, err := operator(ctx, o, line, "102")
			if err != nil {
				return err
			}
			if err := h.Hold(ctx); err != nil {
				return err
			}
			consult, err := dialIn(ctx, o, "102", "104")
			if err != nil {
				return err
			}
			if err := words(ctx); err != nil {
				return err
			}
			return h.TransferTo(ctx, consult)
		},
		Want: Want{Direction: cti.Inbound, Disposition: cti.Answered, Cause: 16, Kind: cti.External, E164: client, DID: "4951000102",
			AnsweredBy: "102", Popped: []string{"102", "104"}, Left: []string{"101"}, Talking: []string{"104"}, CDR: "ANSWERED",
			MinHold: brief - 100*time.Millisecond,
			Legs: []string{"client answered, talked", "102 transferred, rang, talked, dialled by client",
				"102 transferred", "104 answered, rang, talked, dialled by 102, from 102"},
			Transfers: []string{"attended by 102 from 102 to 104"}},
	},
	{
		Name: "attended transfer by DTMF", Rows: "CK_01 CK_08 PU_01",
		Phones:      map[string]Behaviour{"102": answer(0), "104": answer(ring)},
		Call:        inbound("4951000102"),
		HangupAfter: brief,
		Act:         dtmf("*2", "104"),
		Want: Want{Direction: cti.Inbound, Disposition: cti.Answered, Cause: 16, Kind: cti.External, E164: client, DID: "4951000102",
			AnsweredBy: "102", Popped: []string{"102", "104"}, Left: []string{"101"}, Talking: []string{"104"}, CDR: "ANSWERED",
			Legs: []string{"client answered, talked", "102 transferred, rang, talked, dialled by client",
				"104 answered, rang, talked, dialled by 102, from 102"},
			Transfers: []string{"attended by 102 from 102 to 104"}},
	},
	{
		Name: "pickup", Rows: "CK_01 CK_04 PU_02",
		Phones:      map[string]Behaviour{"102": {Answer: Never}, "103": {}},
		Call:        inbound("4951000102"),
		HangupAfter: brief,
		Act: func(ctx context.Context, o Office, line Line) error {
			if _, err := o.Incoming(ctx, "102"); err != nil {
				return err
			}
			if err := words(ctx); err != nil {
				return err
			}
			_, err := dialIn(ctx, o, "103", "*8")
			return err
		},
		Want: Want{Direction: cti.Inbound, Disposition: cti.Answered, Cause: 16, Kind: cti.External, E164: client, DID: "4951000102",
			AnsweredBy: "103", Popped: []string{"102", "103"}, Left: []string{"101"}, CDR: "ANSWERED",
			Legs:      []string{"client answered, talked", "102 picked_up, rang, dialled by client", "103 answered, talked, dialled by client"},
			Transfers: []string{"pickup by 103 from 102 to 103"}},
	},
	{
		Name: "forward by phone (302)", Rows: "CK_01 PU_01",
		Phones:      map[string]Behaviour{"102": {To: "104"}, "104": answer(ring)},
		Call:        inbound("4951000102"),
		HangupAfter: brief,
		Want: Want{Direction: cti.Inbound, Disposition: cti.Answered, Cause: 16, Kind: cti.External, E164: client, DID: "4951000102",
			AnsweredBy: "104", Popped: []string{"104"}, Left: []string{"102"}, CDR: "ANSWERED",
			Legs:      []string{"client answered, talked", "102 forwarded, dialled by client", "104 answered, rang, talked, dialled by client, from 102"},
			Transfers: []string{"forward by 102 from 102 to 104"}},
	},
	{
		Name: "parked and retrieved", Rows: "CK_01 CK_08 PU_01",
		Phones:      map[string]Behaviour{"102": answer(0), "103": {}},
		Call:        inbound("4951000102"),
		HangupAfter: brief,
		Act: func(ctx context.Context, o Office, line Line) error {
			h, err := operator(ctx, o, line, "102")
			if err != nil {
				return err
			}
			parked := make(chan error, 1)
			go func() { parked <- h.Refer(ctx, "700") }() // tells the end of it late
			if err := words(ctx); err != nil {
				return err
			}
			if _, err := dialIn(ctx, o, "103", "701"); err != nil {
				return err
			}
			return <-parked
		},
		Want: Want{Direction: cti.Inbound, Disposition: cti.Answered, Cause: 16, Kind: cti.External, E164: client, DID: "4951000102",
			AnsweredBy: "102", Popped: []string{"102", "103"}, Left: []string{"101"}, Talking: []string{"103"}, CDR: "ANSWERED",
			MinHold:   200 * time.Millisecond,
			Legs:      []string{"client answered, talked", "102 transferred, rang, talked, dialled by client", "103 answered, talked, from 102"},
			Transfers: []string{"park by 102 from 102 to 103"}},
	},
	{
		Name: "conference of three", Rows: "CK_01 CK_08 PU_01",
		Phones: map[string]Behaviour{"102": answer(0), "103": {}},
		Call:   inbound("4951000102"),
		Act: func(ctx context.Context, o Office, line Line) error {
			h, err := operator(ctx, o, line, "102")
			if err != nil {
				return err
			}
			moved := make(chan error, 1)
			go func() { moved <- h.Refer(ctx, "800") }()
			var members []Handset
			for _, ext := range []string{"102", "103"} {
				m, err := dialIn(ctx, o, ext, "800")
				if err != nil {
					return err
				}
				members = append(members, m)
			}
			if err := words(ctx); err != nil {
				return err
			}
			if err := line.Hangup(ctx); err != nil {
				return err
			}
			for _, m := range members {
				if err := m.Hangup(ctx); err != nil {
					return err
				}
			}
			return <-moved
		},
		Want: Want{Direction: cti.Inbound, Disposition: cti.Answered, Cause: 16, Kind: cti.External, E164: client, DID: "4951000102",
			AnsweredBy: "102", Popped: []string{"102", "103"}, Left: []string{"101"}, Talking: []string{"102", "103"}, CDR: "ANSWERED",
			Legs:      []string{"client answered, talked", "102 transferred, rang, talked, dialled by client", "102 answered, talked", "103 answered, talked"},
			Transfers: []string{"conference by 102 from 102 to 800"}},
	},
	{
		Name: "follow me through Local channels", Rows: "CK_01 CK_04 PU_02",
		Phones:      map[string]Behaviour{"101": answer(ring), "102": {Answer: Never}},
		Call:        inbound("4951000109"),
		HangupAfter: brief,
		Want: Want{Direction: cti.Inbound, Disposition: cti.Answered, Cause: 16, Kind: cti.External, E164: client, DID: "4951000109",
			AnsweredBy: "101", Popped: []string{"101", "102"}, Left: []string{"103"}, CDR: "ANSWERED",
			Legs: []string{"client answered, talked", "101 answered, rang, talked, dialled by client", "102 elsewhere, rang, dialled by client"}},
	},
	{
		Name: "follow me to a mobile", Rows: "CK_01 CK_05 PU_01",
		Phones:      map[string]Behaviour{"101": {Answer: Never}},
		World:       map[string]Behaviour{Mobile: answer(ring)},
		Call:        inbound("4951000110"),
		HangupAfter: brief,
		Want: Want{Direction: cti.Inbound, Disposition: cti.Answered, Cause: 16, Kind: cti.External, E164: client, DID: "4951000110",
			AnsweredBy: "trunk", Popped: []string{"101"}, Left: []string{"102"}, CDR: "ANSWERED",
			Legs: []string{"client answered, talked", "101 no_answer, rang, dialled by client", "client answered, rang, talked, dialled by client"}},
	},
}
