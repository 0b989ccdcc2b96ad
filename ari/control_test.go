package ari_test

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"ringcard/ari"
	"ringcard/ari/ami"
	"ringcard/ari/ami/amitest"
	"ringcard/ari/arisim"
	"ringcard/cti"
)

// lied is a simulated PBX whose manager interface confirms everything and does
// nothing, with a call that rings.
type lied struct {
	sim    *arisim.Sim
	client *ari.Client
	events *sink
	liar   *amitest.Liar
	legs   []cti.Channel
}

func lying(t *testing.T) *lied {
	t.Helper()
	on, await := statuses()
	l := &lied{liar: amitest.New(t, "")}
	l.sim, l.client, l.events = connect(t, arisim.Options{}, func(c *ari.Config) {
		c.AMI = ami.Config{Addr: l.liar.Addr(), User: "u", Password: "p"}
	}, ari.Options{OnStatus: on})
	await(t, "connected", isUp)
	until(t, "the manager interface is up", func() bool { return l.client.Can(cti.ActHold) == nil })
	call := l.sim.Inbound(arisim.Inbound{From: "79161234567", DID: "1"})
	<-call.Ringing()
	for _, ev := range l.events.await(t, "both channels", func(evs []cti.Event) bool { return count(cti.ChannelCreated)(evs) == 2 }) {
		if ev.Kind == cti.ChannelCreated {
			l.legs = append(l.legs, ev.Channel)
		}
	}
	return l
}

func (l *lied) order(a cti.Action) cti.Order {
	leg := func(ch cti.Channel) cti.Leg { return cti.Leg{ID: ch.ID, Name: ch.Name, Bridge: "b"} }
	return cti.Order{Action: a, Other: leg(l.legs[0]), Own: leg(l.legs[1]), Third: l.legs[1].ID, NewID: "ours",
		Target: cti.Target{Exten: "102", Context: "office"}, Digits: "1", Timeout: time.Minute}
}

func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	limit, tick := time.NewTimer(20*time.Second), time.NewTicker(5*time.Millisecond)
	defer limit.Stop()
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-limit.C:
			t.Fatalf("never: %s", what)
		}
	}
}

func codeOf(err error) cti.Code {
	var e *cti.Error
	if errors.As(err, &e) {
		return e.Code
	}
	return cti.Code(fmt.Sprint("no *cti.Error: ", err))
}

// A manager interface that says Success and does nothing is found out by each
// command of which an effect can be seen, and nothing is told of a transfer
// that never was.
func TestSuccessWithoutEffect_CO_07(t *testing.T) {
	for _, c := range []struct {
		action cti.Action
		lie    string
	}{
		{cti.ActMute, "Setvar"}, {cti.ActUnmute, "Setvar"}, {cti.ActHold, "Setvar"}, {cti.ActResume, "Setvar"},
		{cti.ActConsult, "Setvar"}, {cti.ActTransfer, "BlindTransfer"}, {cti.ActPark, "Park"}, {cti.ActComplete, "Bridge"},
	} {
		t.Run(string(c.action), func(t *testing.T) {
			t.Parallel()
			l := lying(t)
			if _, err := l.client.Control(t.Context(), l.order(c.action)); codeOf(err) != cti.CodeNoEffect {
				t.Errorf("%v, want %s", err, cti.CodeNoEffect)
			}
			if told := l.liar.Told(); len(told) == 0 || told[0] != c.lie {
				t.Errorf("ordered %v, want %s first", told, c.lie)
			}
			for _, ev := range l.events.await(t, "events", func([]cti.Event) bool { return true }) {
				if ev.Kind == cti.Transferred {
					t.Error("a transfer is told that never was")
				}
			}
		})
	}
}

// What cannot be seen from here is taken as done: digits make no event, the
// engine sees to a redirected leg.
func TestAnswerIsAllThereIs_CO_07(t *testing.T) {
	t.Parallel()
	l := lying(t)
	for _, a := range []cti.Action{cti.ActDTMF, cti.ActRedirect} {
		if _, err := l.client.Control(t.Context(), l.order(a)); err != nil {
			t.Errorf("%s: %v", a, err)
		}
	}
}

// The event of ARI proves what the manager interface said, an event of another
// channel does not.
func TestEffectIsSeen_CO_07(t *testing.T) {
	t.Parallel()
	l := lying(t)
	o := l.order(cti.ActTransfer)
	done := make(chan error, 1)
	go func() { _, err := l.client.Control(t.Context(), o); done <- err }()
	until(t, "the transfer is ordered", func() bool { return len(l.liar.Told()) > 0 })
	frame := `{"type":"BridgeBlindTransfer","result":%q,"exten":"102","channel":{"id":%q,"name":%q}}`
	for _, other := range []string{
		fmt.Sprintf(frame, "Success", l.legs[0].ID, l.legs[0].Name), fmt.Sprintf(frame, "Fail", o.Own.ID, o.Own.Name),
	} {
		l.sim.Emit([]byte(other))
	}
	select {
	case err := <-done:
		t.Fatalf("proved by the event of another: %v", err)
	case <-time.After(50 * time.Millisecond):
	}
	l.sim.Emit(fmt.Appendf(nil, frame, "Success", o.Own.ID, o.Own.Name))
	if err := <-done; err != nil {
		t.Errorf("transfer: %v", err)
	}
}

// Each reason why a PBX as it is set up cannot carry out an action.
func TestCanTellsWhatIsMissing_CO_07(t *testing.T) {
	t.Parallel()
	on, await := statuses()
	_, plain, _ := connect(t, arisim.Options{}, nil, ari.Options{OnStatus: on})
	await(t, "connected", isUp)
	_, cut, _ := connect(t, arisim.Options{}, func(c *ari.Config) { c.AMI = ami.Config{Addr: "127.0.0.1:1"} }, ari.Options{OnStatus: on})
	await(t, "connected", isUp)
	for _, c := range []struct {
		client *ari.Client
		action cti.Action
		want   cti.Code
	}{
		{plain, cti.ActListen, ""}, {plain, cti.ActConference, ""},
		{plain, cti.ActTransfer, cti.CodeNeedsContext}, {plain, cti.ActDTMF, cti.CodeNeedsContext},
		{plain, cti.ActHold, cti.CodeNeedsAMI}, {plain, cti.ActConsult, cti.CodeNeedsAMI},
		{cut, cti.ActTransfer, cti.CodeUnreachable}, {cut, cti.ActMute, cti.CodeUnreachable}, {cut, cti.ActBarge, ""},
	} {
		got := cti.Code("")
		if refused := c.client.Can(c.action); refused != nil {
			got = refused.Code
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.action, got, c.want)
		}
	}
	if err := plain.ChangeQueue(t.Context(), cti.QueueOrder{Change: cti.QueueLogin}); codeOf(err) != cti.CodeNeedsContext {
		t.Errorf("log-in to a queue: %v", err)
	}
	if _, err := cut.Control(t.Context(), cti.Order{Action: cti.ActMute}); codeOf(err) != cti.CodeUnreachable {
		t.Errorf("mute: %v", err)
	}
	if _, err := plain.Control(t.Context(), cti.Order{Action: "dance"}); codeOf(err) != cti.CodeUnsupported {
		t.Errorf("an unknown action: %v", err)
	}
}
