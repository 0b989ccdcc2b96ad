package arisim_test

import (
	"context"
	"encoding/json"
	"reflect"
	"strings"
	"testing"

	"ringcard/ari/arisim"
	"ringcard/cti"
)

func deviceStates(t *testing.T, all [][]byte) []string {
	t.Helper()
	var out []string
	for _, b := range all {
		var f struct {
			Device struct{ Name, State string } `json:"device_state"`
		}
		if err := json.Unmarshal(b, &f); err != nil {
			t.Fatalf("%s: %v", b, err)
		}
		if f.Device.Name != "" {
			out = append(out, strings.TrimPrefix(f.Device.Name, "PJSIP/")+" "+f.Device.State)
		}
	}
	return out
}

// TestOfficeLives: all kinds of calls that the demo shows happen.
func TestOfficeLives(t *testing.T) {
	s := start(t, arisim.Options{Office: arisim.DemoOffice(), Speed: 500, Outside: arisim.OutsideByDigit(1)})
	_, events := client(t, s, "ringcard")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		arisim.RunOffice(ctx, s, arisim.OfficeTraffic{Seed: 7, Clients: []arisim.Person{
			{Number: "79161234567", Name: "Иванов Пётр"}, {Number: "74957654321", Name: "ООО «Ромашка»"}, {Number: "79031112200"},
		}})
	}()
	want := map[string]bool{"sales queue": false, "support queue": false, "first phone answers": false, "anonymous": false,
		"stranger": false, "gives up": false, "calls out": false, "internal": false, "on hold": false, "off hold": false, "transferred": false}
	seen := 0
	_, ok := events.wait(within(t), func(all []cti.Event) bool {
		for ; seen < len(all); seen++ {
			note(want, all[seen])
		}
		for _, happened := range want {
			if !happened {
				return false
			}
		}
		return true
	})
	cancel()
	<-done
	if !ok {
		t.Errorf("of %d events: %v", seen, want)
	}
}

func note(seen map[string]bool, ev cti.Event) {
	c := ev.Channel
	trunk := strings.HasPrefix(c.Name, "PJSIP/trunk-")
	for name, happens := range map[string]bool{
		"sales queue":         c.App == "Queue" && strings.HasPrefix(c.AppData, "Продажи,"),
		"support queue":       c.App == "Queue" && strings.HasPrefix(c.AppData, "Поддержка,"),
		"first phone answers": ev.Dial == "ANSWER" && strings.HasPrefix(ev.Peer.Name, "PJSIP/101-"),
		"anonymous":           trunk && c.CallerNumber == "anonymous",
		"stranger":            trunk && strings.HasPrefix(c.CallerNumber, "7925"),
		"gives up":            ev.Kind == cti.ChannelHangup && trunk && ev.TechCause == 487,
		"calls out":           ev.Kind == cti.Dialed && !trunk && strings.HasPrefix(ev.Peer.Name, "PJSIP/trunk-"),
		"on hold":             ev.Kind == cti.ChannelHeld,
		"off hold":            ev.Kind == cti.ChannelUnheld,
		"transferred":         ev.Kind == cti.Transferred,
		"internal":            ev.Kind == cti.Dialed && c.Context == "office" && strings.HasPrefix(ev.Peer.Name, "PJSIP/10"),
	} {
		seen[name] = seen[name] || happens
	}
}

func TestOutsideBehavesByLastDigit(t *testing.T) {
	of := arisim.OutsideByDigit(3)
	for _, n := range []string{"79161234561", "79161234567", "79161234568", "79161234569", "79161234560", ""} {
		if !reflect.DeepEqual(of(n), arisim.OutsideByDigit(3)(n)) {
			t.Errorf("%s behaves differently the second time", n)
		}
	}
	if b := of("79161234561"); b.AnswerAfter == nil || b.TalkFor == 0 || b.RejectCause != 0 {
		t.Errorf("ordinary number: %+v", b)
	}
	if b := of("79161234567"); b.RejectCause != 17 {
		t.Errorf("busy number: %+v", b)
	}
	if b := of("79161234568"); b.AnswerAfter != nil || b.RejectCause != 0 {
		t.Errorf("number that never answers: %+v", b)
	}
}
