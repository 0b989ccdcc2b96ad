package phones_test

import (
	"testing"

	"ringcard/test/pbx"
	"ringcard/test/phones"
)

// The tests of this file prove that the office's features are set up: the product's
// tests build on them.

func TestEarlyMediaIsHeardBeforeTheAnswer(t *testing.T) {
	onEach(t, true, func(t *testing.T, office *phones.Office) {
		ctx := within(t)
		desk := office.Phone("101", nil)
		office.Trunk.OnCall(phones.EarlyMedia(-1))
		call, err := desk.Dial(ctx, "79160000183")
		must(t, "dial", err)
		outside, err := office.Trunk.WaitIncoming(ctx)
		must(t, "trunk", err)
		must(t, "tone", outside.SendTone(440))
		must(t, "announcement", call.WaitTone(ctx, 440))
		select {
		case <-call.Answered():
			t.Error("the call was answered")
		default:
		}
		must(t, "give up", call.Hangup(ctx))
		ended(ctx, t, outside, 487)
	})
}

func TestMenuLeadsToAPhoneByDigit(t *testing.T) {
	onEach(t, true, func(t *testing.T, office *phones.Office) {
		ctx := within(t)
		desk := office.Phone("101", phones.AnswerAfter(0))
		caller := callIn(t, office, "4951000106")
		must(t, "the menu answers", caller.WaitAnswered(ctx))
		must(t, "digit", caller.SendDTMF(ctx, "1"))
		callee := incoming(ctx, t, desk)
		must(t, "answered", callee.WaitAnswered(ctx))
		must(t, "tone", callee.SendTone(1000))
		must(t, "connected", caller.WaitTone(ctx, 1000))
	})
}

func TestVoiceMailAnswersForAPhone(t *testing.T) {
	onEach(t, true, func(t *testing.T, office *phones.Office) {
		ctx := within(t)
		desk := office.Phone("106", nil)
		caller := callIn(t, office, "4951000107")
		callee := incoming(ctx, t, desk)
		must(t, "voice mail answers", caller.WaitAnswered(ctx))
		ended(ctx, t, callee, 487)
		must(t, "hang up", caller.Hangup(ctx))
		// One call, two rows: the attempt at the phone, and the voice mail.
		rows, err := office.PBX.WaitCDR(ctx, func(rows []pbx.CDR) bool { return len(rows) == 2 })
		must(t, "cdr", err)
		if rows[0].Disposition != "NO ANSWER" || rows[1].LastApp != "VoiceMail" || rows[1].Disposition != "ANSWERED" ||
			rows[0].UniqueID != rows[1].UniqueID {
			t.Errorf("cdr: %+v", rows)
		}
	})
}

func TestPickupTakesTheCallOfAColleague(t *testing.T) {
	onEach(t, true, func(t *testing.T, office *phones.Office) {
		ctx := within(t)
		desk, colleague := office.Phone("102", nil), office.Phone("103", nil)
		caller := callIn(t, office, "4951000102")
		ringing := incoming(ctx, t, desk)
		must(t, "ringing", caller.WaitRinging(ctx))
		taken, err := colleague.Dial(ctx, "*8")
		must(t, "pickup", err)
		must(t, "picked up", taken.WaitAnswered(ctx))
		must(t, "answered", caller.WaitAnswered(ctx))
		ended(ctx, t, ringing, 487)
		must(t, "tone", taken.SendTone(1000))
		must(t, "connected", caller.WaitTone(ctx, 1000))
	})
}

func TestParkedCallIsTakenElsewhere(t *testing.T) {
	onEach(t, true, func(t *testing.T, office *phones.Office) {
		ctx := within(t)
		desk, colleague := office.Phone("102", phones.AnswerAfter(0)), office.Phone("103", nil)
		caller := callIn(t, office, "4951000102")
		callee := incoming(ctx, t, desk)
		must(t, "tone", callee.SendTone(440))
		must(t, "connected", caller.WaitTone(ctx, 440))
		must(t, "park", callee.Refer(ctx, "700"))
		taken, err := colleague.Dial(ctx, "701")
		must(t, "dial", err)
		must(t, "taken", taken.WaitAnswered(ctx))
		must(t, "tone", taken.SendTone(1000))
		must(t, "connected", caller.WaitTone(ctx, 1000))
	})
}

func TestConferenceJoinsThree(t *testing.T) {
	onEach(t, true, func(t *testing.T, office *phones.Office) {
		ctx := within(t)
		var calls []*phones.Call
		for _, extension := range []string{"101", "102", "103"} {
			call, err := office.Phone(extension, nil).Dial(ctx, "800")
			must(t, "dial", err)
			must(t, "answered", call.WaitAnswered(ctx))
			calls = append(calls, call)
		}
		must(t, "tone", calls[0].SendTone(440))
		for _, call := range calls[1:] {
			must(t, "everybody hears", call.WaitTone(ctx, 440))
		}
	})
}
