package phones_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"ringcard/test/pbx"
	"ringcard/test/phones"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction(phones.Strays)) }

// client is the caller of most tests.
var client = phones.Party{Name: "Ivan", Number: "79161234567"}

// within is the patience of a test with its call.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	t.Cleanup(cancel)
	return ctx
}

// must stops the test at the first step that fails.
func must(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// onEach runs a test against every Asterisk that is supported.
func onEach(t *testing.T, rtp bool, test func(t *testing.T, office *phones.Office)) {
	t.Helper()
	for _, version := range []string{"22", "16"} {
		t.Run(version, func(t *testing.T) {
			t.Parallel()
			test(t, phones.StartOffice(t, pbx.Options{Version: version}, rtp))
		})
	}
}

// callIn makes a call of the client to a DID.
func callIn(t *testing.T, office *phones.Office, did string) *phones.Call {
	t.Helper()
	call, err := office.Trunk.Call(t.Context(), phones.Outgoing{From: client.Number, FromName: client.Name, To: did})
	must(t, "call", err)
	return call
}

// incoming waits for the call at a phone.
func incoming(ctx context.Context, t *testing.T, phone *phones.Phone) *phones.Call {
	t.Helper()
	call, err := phone.WaitIncoming(ctx)
	must(t, "incoming", err)
	return call
}

// ended waits for the end of a call and checks its SIP status.
func ended(ctx context.Context, t *testing.T, call *phones.Call, code int) phones.End {
	t.Helper()
	end, err := call.WaitEnded(ctx)
	must(t, "end", err)
	if end.Code != code {
		t.Errorf("the call ended with %s, want code %d", end, code)
	}
	return end
}

// oneCDR waits for the single row of a call.
func oneCDR(ctx context.Context, t *testing.T, office *phones.Office) pbx.CDR {
	t.Helper()
	rows, err := office.PBX.WaitCDR(ctx, func(rows []pbx.CDR) bool { return len(rows) == 1 })
	must(t, "cdr", err)
	return rows[0]
}

func TestPhonesTalkThroughAsterisk(t *testing.T) {
	onEach(t, true, func(t *testing.T, office *phones.Office) {
		ctx := within(t)
		desk := office.Phone("102", nil)
		caller := callIn(t, office, "4951000102")
		callee := incoming(ctx, t, desk)
		must(t, "ringing", caller.WaitRinging(ctx))
		if got := callee.Caller(); got != client {
			t.Errorf("caller on the display: %+v, want %+v", got, client)
		}
		if got, ok := callee.Asserted(); !ok || got != client {
			t.Errorf("asserted identity: %+v, want %+v", got, client)
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
		must(t, "digits", caller.SendDTMF(ctx, "159"))
		must(t, "digits arrive", callee.WaitDTMF(ctx, "159"))
		must(t, "hang up", caller.Hangup(ctx))
		if end := ended(ctx, t, callee, 200); end.Local {
			t.Error("the callee believes that it hung up")
		}
		row := oneCDR(ctx, t, office)
		if row.Src != client.Number || row.Dst != "4951000102" || row.Disposition != "ANSWERED" ||
			!strings.HasPrefix(row.DstChannel, "PJSIP/102-") || row.UniqueID == "" || row.LinkedID != row.UniqueID {
			t.Errorf("cdr: %+v", row)
		}
	})
}

func TestPhoneRefusesBusy(t *testing.T) {
	onEach(t, false, func(t *testing.T, office *phones.Office) {
		ctx := within(t)
		office.Phone("102", phones.RefuseWith(486))
		call := callIn(t, office, "4951000102")
		end, err := call.WaitEnded(ctx)
		must(t, "end", err)
		if end.Code < 400 || end.Local {
			t.Errorf("the caller's end: %s", end)
		}
		if row := oneCDR(ctx, t, office); row.Disposition != "BUSY" {
			t.Errorf("cdr: %+v", row)
		}
	})
}

func TestCallerGivesUp(t *testing.T) {
	onEach(t, false, func(t *testing.T, office *phones.Office) {
		ctx := within(t)
		desk := office.Phone("102", nil)
		caller := callIn(t, office, "4951000102")
		callee := incoming(ctx, t, desk)
		must(t, "ringing", caller.WaitRinging(ctx))
		must(t, "cancel", caller.Hangup(ctx))
		ended(ctx, t, caller, 487)
		ended(ctx, t, callee, 487)
		if row := oneCDR(ctx, t, office); row.Disposition != "NO ANSWER" || !row.Answer.IsZero() {
			t.Errorf("cdr: %+v", row)
		}
	})
}

func TestNobodyAnswersInTime(t *testing.T) {
	onEach(t, false, func(t *testing.T, office *phones.Office) {
		ctx := within(t)
		office.Phone("105", nil)
		call := callIn(t, office, "4951000105")
		must(t, "ringing", call.WaitRinging(ctx))
		end, err := call.WaitEnded(ctx)
		must(t, "end", err)
		if end.Code < 400 || end.Local {
			t.Errorf("the caller's end: %s", end)
		}
	})
}

func TestQueueAndGroupsRingAllAndOneAnswers(t *testing.T) {
	for name, did := range map[string]string{"queue": "4951000101", "ring group": "4951000103", "local channels": "4951000109"} {
		t.Run(name, func(t *testing.T) {
			onEach(t, false, func(t *testing.T, office *phones.Office) {
				ctx := within(t)
				first, second := office.Phone("101", nil), office.Phone("102", nil)
				caller := callIn(t, office, did)
				loser, winner := incoming(ctx, t, first), incoming(ctx, t, second)
				// A phone that has not rung yet, as the PBX knows it, is cancelled
				// without a reason.
				must(t, "ringing", loser.WaitRinging(ctx))
				must(t, "ringing", winner.WaitRinging(ctx))
				pbxKnowsRinging(ctx, t, office, "PJSIP/101-", "PJSIP/102-")
				must(t, "answer", winner.Answer())
				must(t, "answered", caller.WaitAnswered(ctx))
				if end := ended(ctx, t, loser, 487); end.Cause != 26 && end.Text != "Call completed elsewhere" {
					t.Errorf("the other phone is not told that the call was answered elsewhere: %s", end)
				}
				must(t, "hang up", winner.Hangup(ctx))
				ended(ctx, t, caller, 200)
			})
		})
	}
}

// pbxKnowsRinging waits until the PBX has heard that the channels ring.
func pbxKnowsRinging(ctx context.Context, t *testing.T, office *phones.Office, channels ...string) {
	t.Helper()
	for {
		out, err := office.PBX.CLI(ctx, "core show channels concise") // name!context!exten!priority!state!…
		must(t, "channels", err)
		ringing := 0
		for line := range strings.Lines(out) {
			fields := strings.Split(line, "!")
			for _, name := range channels {
				if len(fields) > 4 && strings.HasPrefix(fields[0], name) && fields[4] == "Ringing" {
					ringing++
				}
			}
		}
		if ringing == len(channels) {
			return
		}
		select {
		case <-time.After(20 * time.Millisecond): // a poll: the PBX tells it nobody else
		case <-ctx.Done():
			t.Fatalf("%d of %d channels ring:\n%s", ringing, len(channels), out)
		}
	}
}

func TestQueuePassesOverABusyMember(t *testing.T) {
	onEach(t, false, func(t *testing.T, office *phones.Office) {
		ctx := within(t)
		office.Phone("101", phones.RefuseWith(486))
		next := office.Phone("102", phones.AnswerAfter(0))
		caller := callIn(t, office, "4951000104")
		must(t, "answered", caller.WaitAnswered(ctx))
		incoming(ctx, t, next)
		must(t, "hang up", caller.Hangup(ctx))
	})
}

func TestAnonymousCallerIsHidden(t *testing.T) {
	onEach(t, false, func(t *testing.T, office *phones.Office) {
		ctx := within(t)
		desk := office.Phone("102", nil)
		_, err := office.Trunk.Call(ctx, phones.Outgoing{From: client.Number, To: "4951000102", Anonymous: true})
		must(t, "call", err)
		call := incoming(ctx, t, desk)
		if got := call.Caller().Number; got != "anonymous" {
			t.Errorf("caller on the display: %q", got)
		}
		must(t, "hang up", call.Hangup(ctx))
		if row := oneCDR(ctx, t, office); row.Src != "anonymous" {
			t.Errorf("cdr: %+v", row)
		}

		// The provider may tell the PBX who it is.
		caller, err := office.Trunk.Call(ctx, phones.Outgoing{
			From: client.Number, To: "4951000102", Anonymous: true, Asserted: client.Number,
		})
		must(t, "call", err)
		incoming(ctx, t, desk)
		must(t, "hang up", caller.Hangup(ctx))
		rows, err := office.PBX.WaitCDR(ctx, func(rows []pbx.CDR) bool { return len(rows) == 2 })
		must(t, "cdr", err)
		if rows[1].Src != client.Number {
			t.Errorf("cdr: %+v", rows)
		}
	})
}

func TestOfficeCallsTheWorld(t *testing.T) {
	onEach(t, false, func(t *testing.T, office *phones.Office) {
		ctx := within(t)
		desk := office.Phone("101", nil)
		office.Trunk.OnNumber("79160000486", phones.RefuseWith(486))
		office.Trunk.OnNumber("79160000404", phones.RefuseWith(404))
		office.Trunk.OnNumber("79160000503", phones.RefuseWith(503))
		office.Trunk.OnNumber("79160000183", phones.EarlyMedia(100*time.Millisecond))
		office.Trunk.OnCall(phones.AnswerFor(0, 100*time.Millisecond))
		for number, code := range map[string]int{
			"79160000486": 486, "79160000404": 404, "79160000503": 503, "79160000183": 200, "79160000200": 200,
		} {
			call, err := desk.Dial(ctx, number)
			must(t, "dial", err)
			outside, err := office.Trunk.WaitIncoming(ctx)
			must(t, "trunk", err)
			if outside.Dialled() != number || outside.Caller().Number != "101" {
				t.Errorf("the trunk got a call from %q to %q", outside.Caller().Number, outside.Dialled())
			}
			if code == 200 {
				must(t, number, call.WaitAnswered(ctx))
				must(t, "hang up", call.Hangup(ctx))
				continue
			}
			if end, err := call.WaitEnded(ctx); err != nil || end.Code < 400 {
				t.Errorf("%s: %s, %v", number, end, err)
			}
		}
	})
}

func TestBlindTransfer(t *testing.T) {
	onEach(t, true, func(t *testing.T, office *phones.Office) {
		ctx := within(t)
		operator, expert := office.Phone("102", phones.AnswerAfter(0)), office.Phone("103", nil)
		caller := callIn(t, office, "4951000102")
		first := incoming(ctx, t, operator)
		must(t, "answered", caller.WaitAnswered(ctx))
		must(t, "tone", first.SendTone(440))
		must(t, "connected", caller.WaitTone(ctx, 440))
		must(t, "transfer", first.Refer(ctx, "103"))
		ended(ctx, t, first, 200)
		second := incoming(ctx, t, expert)
		must(t, "expert answers", second.Answer())
		must(t, "tone", second.SendTone(1000))
		must(t, "caller hears the expert", caller.WaitTone(ctx, 1000))
		must(t, "hang up", caller.Hangup(ctx))
		ended(ctx, t, second, 200)
	})
}

func TestTransferToNowhereFails(t *testing.T) {
	onEach(t, true, func(t *testing.T, office *phones.Office) {
		ctx := within(t)
		operator := office.Phone("102", phones.AnswerAfter(0))
		caller := callIn(t, office, "4951000102")
		call := incoming(ctx, t, operator)
		must(t, "answered", caller.WaitAnswered(ctx))
		must(t, "tone", call.SendTone(440))
		must(t, "connected", caller.WaitTone(ctx, 440))
		if err := call.Refer(ctx, "5"); err == nil || !strings.Contains(err.Error(), "404") {
			t.Errorf("a transfer to a number that does not exist: %v", err)
		}
	})
}

func TestAttendedTransfer(t *testing.T) {
	onEach(t, true, func(t *testing.T, office *phones.Office) {
		ctx := within(t)
		operator, expert := office.Phone("102", phones.AnswerAfter(0)), office.Phone("103", phones.AnswerAfter(0))
		caller := callIn(t, office, "4951000102")
		first := incoming(ctx, t, operator)
		must(t, "tone", first.SendTone(440))
		must(t, "connected", caller.WaitTone(ctx, 440))
		must(t, "hold", first.Hold(ctx))
		consult, err := operator.Dial(ctx, "103")
		must(t, "consult", err)
		second := incoming(ctx, t, expert)
		must(t, "tone", second.SendTone(700))
		must(t, "consulted", consult.WaitTone(ctx, 700)) // an answer alone is not yet a bridge: 400
		must(t, "transfer", first.TransferTo(ctx, consult))
		must(t, "tone", second.SendTone(1000))
		must(t, "caller hears the expert", caller.WaitTone(ctx, 1000))
		must(t, "the expert sees the client", second.WaitConnected(ctx, client.Number))
		ended(ctx, t, first, 200)
		ended(ctx, t, consult, 200)
		must(t, "hang up", caller.Hangup(ctx))
		ended(ctx, t, second, 200)
	})
}

func TestPhoneForwards(t *testing.T) {
	onEach(t, false, func(t *testing.T, office *phones.Office) {
		ctx := within(t)
		office.Phone("102", phones.ForwardTo("103"))
		other := office.Phone("103", phones.AnswerAfter(0))
		caller := callIn(t, office, "4951000102")
		must(t, "answered", caller.WaitAnswered(ctx))
		if got := incoming(ctx, t, other).Caller(); got != client {
			t.Errorf("caller on the display: %+v", got)
		}
	})
}

func TestRegisterNeedsThePassword(t *testing.T) {
	onEach(t, false, func(t *testing.T, office *phones.Office) {
		ctx := within(t)
		phone, err := phones.NewPhone(phones.Config{User: "101", Password: "wrong", Registrar: office.PBX.SIPAddr})
		must(t, "phone", err)
		defer phone.Close()
		if err := phone.Register(ctx); err == nil || !strings.Contains(err.Error(), "401") {
			t.Errorf("register with a wrong password: %v", err)
		}
	})
}

func TestUnregisteredPhoneIsNotRung(t *testing.T) {
	onEach(t, false, func(t *testing.T, office *phones.Office) {
		ctx := within(t)
		desk := office.Phone("102", nil)
		must(t, "unregister", desk.Unregister(ctx))
		if end, err := callIn(t, office, "4951000102").WaitEnded(ctx); err != nil || end.Code < 400 {
			t.Errorf("the caller's end: %s, %v", end, err)
		}
		must(t, "register again", desk.Register(ctx))
		must(t, "ringing", callIn(t, office, "4951000102").WaitRinging(ctx))
	})
}
