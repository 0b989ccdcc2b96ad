package cti

import (
	"testing"
	"time"
)

// What a call's state allows, for the one who talks, for a colleague and for
// one who controls all.
func TestActionsByStateOfTheCall_CO_07(t *testing.T) {
	now := time.Now()
	talk := func(change func(*Call)) *Call {
		c := &Call{ID: "c", State: Talking, AnsweredAt: &now, Legs: []Leg{
			{ID: "client", Role: ClientLeg, State: LegUp, Bridge: "b"},
			{ID: "own", Role: OfficeLeg, UserID: 1, State: LegUp, Bridge: "b", DialedBy: "client", TalkedAt: &now},
		}}
		if change != nil {
			change(c)
		}
		return c
	}
	ringing := &Call{ID: "r", State: Ringing, Legs: []Leg{
		{ID: "client", Role: ClientLeg, State: LegNew}, {ID: "own", Role: OfficeLeg, UserID: 1, State: LegRinging, DialedBy: "client"}}}
	for _, c := range []struct {
		name   string
		call   *Call
		user   int64
		all    bool
		action Action
		want   Code
	}{
		{"hold", talk(nil), 1, false, ActHold, ""},
		{"hold by a colleague", talk(nil), 2, false, ActHold, CodeNotTalking},
		{"hold by who controls all", talk(nil), 2, true, ActHold, ""},
		{"hold twice", talk(func(c *Call) { c.Legs[0].Held = true }), 1, false, ActHold, CodeAlreadyHeld},
		{"resume what the telephone holds", talk(func(c *Call) { c.Legs[1].Held = true }), 1, false, ActResume, CodeHeldAtPhone},
		{"resume without hold", talk(nil), 1, false, ActResume, CodeNotHeld},
		{"unmute", talk(nil), 1, false, ActUnmute, CodeNotMuted},
		{"complete nothing", talk(nil), 1, false, ActComplete, CodeNoConsultation},
		{"park while consulting", talk(func(c *Call) { c.Consult = "x" }), 1, false, ActPark, CodeConsulting},
		{"listen to oneself", talk(nil), 1, false, ActListen, CodeOwnCall},
		{"listen", talk(nil), 2, false, ActListen, ""},
		{"redirect what rings", ringing, 1, false, ActRedirect, ""},
		{"redirect what rings at another", ringing, 2, false, ActRedirect, CodeNotRinging},
		{"pick up from a colleague", ringing, 2, false, ActPickup, ""},
		{"pick up one's own", ringing, 1, false, ActPickup, CodeRingsAtYou},
		{"transfer what rings", ringing, 1, false, ActTransfer, CodeNotTalking},
		{"after the end", talk(func(c *Call) { c.State = Ended }), 1, false, ActHold, CodeOver},
	} {
		p := partOf(c.call, c.user, c.all)
		got := Code("")
		if refused := p.refusal(c.action, c.call, nil); refused != nil {
			got = refused.Code
		}
		if got != c.want {
			t.Errorf("%s: %q, want %q", c.name, got, c.want)
		}
	}
}
