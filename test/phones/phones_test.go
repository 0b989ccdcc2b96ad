package phones_test

import (
	"context"
	"testing"
	"time"

	"ringcard/test/pbx"
	"ringcard/test/phones"
)

// within is the patience of a test with one step of a call.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// must stops the test at the first error of a step.
func must(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// onEach runs a test against every Asterisk that is supported.
func onEach(t *testing.T, rtp bool, test func(t *testing.T, office *phones.Office)) {
	for _, version := range []string{"22", "16"} {
		t.Run(version, func(t *testing.T) {
			test(t, phones.StartOffice(t, pbx.Options{Version: version}, rtp))
		})
	}
}

func TestPhonesTalkThroughAsterisk(t *testing.T) {
	onEach(t, true, func(t *testing.T, office *phones.Office) {
		ctx := within(t)
		desk := office.Phone("102", nil)
		caller, err := office.Trunk.Call(ctx, phones.Outgoing{From: "79161234567", FromName: "Ivan", To: "4951000102"})
		must(t, "call", err)
		callee, err := desk.WaitIncoming(ctx)
		must(t, "incoming", err)
		must(t, "ringing", caller.WaitRinging(ctx))
		if got, want := callee.Caller(), (phones.Party{Name: "Ivan", Number: "79161234567"}); got != want {
			t.Errorf("caller on the display: %+v, want %+v", got, want)
		}
		must(t, "answer", callee.Answer())
		must(t, "answered", caller.WaitAnswered(ctx))
		must(t, "tone", caller.SendTone(440))
		must(t, "tone", callee.SendTone(1000))
		must(t, "callee hears", callee.WaitTone(ctx, 440))
		must(t, "caller hears", caller.WaitTone(ctx, 1000))
		if caller.HeardTone(440) {
			t.Error("the caller hears itself")
		}
		must(t, "digits", caller.SendDTMF(ctx, "159#"))
		must(t, "digits arrive", callee.WaitDTMF(ctx, "159#"))
		must(t, "hang up", caller.Hangup(ctx))
		end, err := callee.WaitEnded(ctx)
		must(t, "end", err)
		if end.Local || end.Code != 200 {
			t.Errorf("callee's end: %s", end)
		}
		rows, err := office.PBX.WaitCDR(ctx, func(rows []pbx.CDR) bool { return len(rows) == 1 })
		must(t, "cdr", err)
		t.Logf("%+v", rows)
	})
}
