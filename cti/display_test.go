package cti_test

import (
	"context"
	"errors"
	"testing"

	"ringcard/cti"
	"ringcard/cti/ctitest"
)

// displayPBX is a PBX that shows names; shown gets each order.
type displayPBX struct {
	*ctitest.PBX
	shown chan string
	err   error
	hold  chan struct{} // no answer until it is closed
}

func (p displayPBX) ShowName(ctx context.Context, channelID, name string) error {
	select {
	case p.shown <- channelID + " " + name:
	case <-ctx.Done():
		return ctx.Err()
	}
	if p.hold != nil {
		<-p.hold
	}
	return p.err
}

func showNames(p displayPBX) setting {
	return func(o *cti.EngineOptions) {
		o.PBX, o.DisplayName = p, func(m cti.Match) string { return "~" + m.Name }
	}
}

// Each telephone gets the name once: when it rings, and when the client is
// found after it rang; also the one that a queue tries next.
func TestNameGoesToEachRingingDisplay_LU_06(t *testing.T) {
	pbx := displayPBX{PBX: ctitest.NewPBX("office"), shown: make(chan string)}
	d := newDesk(t, showNames(pbx))
	next := func(want string) {
		t.Helper()
		select {
		case got := <-pbx.shown:
			if got != want {
				t.Errorf("shown %q, want %q", got, want)
			}
		case <-d.ctx().Done():
			t.Fatalf("%q was not shown", want)
		}
	}
	d.ring("102")
	next("1.102 ~Северный ветер")
	d.post(cti.Event{Kind: cti.ChannelChanged, Channel: phoneChannel("102", "Ringing")}) // repeated
	d.gone("1.102", 0)
	d.post(cti.Event{Kind: cti.ChannelCreated, Channel: phoneChannel("103", "Down")})
	d.post(cti.Event{Kind: cti.Dialed, Channel: trunkChannel(), Peer: phoneChannel("103", "Down")})
	d.post(cti.Event{Kind: cti.ChannelChanged, Channel: phoneChannel("103", "Ringing")})
	next("1.103 ~Северный ветер")
	d.gone("1.103", 0)
	d.gone("1.1", 16)
	var sent int
	for _, s := range d.ended(1)[0].Why.Steps {
		if s.Code == "name_sent" {
			sent++
		}
	}
	if sent != 2 {
		t.Errorf("%d names in the trace, want 2", sent)
	}
}

// A PBX that does not answer, or refuses, keeps no call waiting.
func TestDisplaysNeverHoldACall_LU_06(t *testing.T) {
	refusing := displayPBX{PBX: ctitest.NewPBX("office"), shown: make(chan string, 8), err: errors.New("refused")}
	silent := displayPBX{PBX: ctitest.NewPBX("office"), shown: make(chan string, 8), hold: make(chan struct{})}
	for name, pbx := range map[string]displayPBX{"silent": silent, "refusing": refusing} {
		t.Run(name, func(t *testing.T) {
			d := newDesk(t, showNames(pbx))
			d.ring("102")
			d.answer("102")
			d.shown(102, "the talk with the card", func(c cti.Call) bool { return c.State == cti.Talking && c.Client != nil })
			d.gone("1.102", 16)
			d.gone("1.1", 16)
			d.ended(1)
			if pbx.hold != nil {
				close(pbx.hold) // not before the call is over
			}
		})
	}
	if len(refusing.shown) > 1 {
		t.Errorf("a refused name was sent %d times", len(refusing.shown))
	}
}
