package cti

import (
	"testing"
	"time"
)

// quiet shows nothing.
type quiet struct{}

func (quiet) ShowCall([]int64, Call)           {}
func (quiet) ShowPresence([]Presence, []int64) {}

func TestWrapUpIsAPresence_PU_08(t *testing.T) {
	t.Parallel()
	team := NewTeam(quiet{}, time.Now)
	team.SetUsers([]User{{ID: 1, Name: "Anna", Devices: []Device{{PBX: "office", Endpoint: "PJSIP/101"}}}})
	team.registered("office", DeviceState{Endpoint: "PJSIP/101", Online: true})
	state := func() PresenceState { return team.List()[0].State }
	if !team.BeginWrapUp(1) || state() != PresenceWrapUp {
		t.Errorf("state %s", state())
	}
	team.leg("office", "PJSIP/101", "1.1", PresenceTalking)
	if state() != PresenceTalking {
		t.Errorf("talking in wrap-up: %s", state())
	}
	team.leg("office", "PJSIP/101", "1.1", PresenceFree)
	team.EndWrapUp(1)
	if state() != PresenceFree {
		t.Errorf("state %s", state())
	}
	if _, err := team.SetStatus(1, PresenceBreak); err != nil {
		t.Fatal(err)
	}
	if team.BeginWrapUp(1) || state() != PresenceBreak {
		t.Errorf("a break became %s", state())
	}
	team.EndWrapUp(1)
	if state() != PresenceBreak {
		t.Errorf("a break ended as %s", state())
	}
	if team.BeginWrapUp(9) {
		t.Error("wrap-up of a user there is not")
	}
}
