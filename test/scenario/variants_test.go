package scenario_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"ringcard/cti"
	"ringcard/test/scenario"
)

// ids lists the channels that an event is about.
func ids(ev cti.Event) []string {
	list := []string{ev.Channel.ID, ev.Peer.ID, ev.Forwarded.ID,
		ev.Handover.Consult.ID, ev.Handover.Transferee.ID, ev.Handover.Target.ID}
	return slices.DeleteFunc(list, func(id string) bool { return id == "" })
}

// independent tells whether two events concern other channels and other
// bridges, so that their order in the stream is chance.
func independent(a, b cti.Event) bool {
	return !slices.ContainsFunc(ids(a), func(id string) bool { return slices.Contains(ids(b), id) }) &&
		(a.Bridge.ID == "" || a.Bridge.ID != b.Bridge.ID) && a.Kind != cti.Transferred && b.Kind != cti.Transferred
}

// TestReorderedEvents_CK_01: neighbours in the stream that are independent of
// one another may come the other way round.
func TestReorderedEvents_CK_01(t *testing.T) {
	each(t, func(t *testing.T, s scenario.Scenario, evs []cti.Event) {
		for first := range 2 {
			o := newOffice(t)
			swapped := slices.Clone(evs)
			n := 0
			for i := first; i+1 < len(swapped); i += 2 {
				if independent(swapped[i], swapped[i+1]) {
					swapped[i], swapped[i+1] = swapped[i+1], swapped[i]
					n++
				}
			}
			for _, ev := range swapped {
				o.engine.Post(ev)
			}
			for _, bad := range s.Want.Check(record(t, o)) {
				t.Errorf("%d pairs swapped from %d on: %s", n, first, bad)
			}
		}
	})
}

// TestBridgesTellOnlyWhoEnters_CK_01: the list of a bridge in an event is from
// before the others entered. Who was heard to enter is known to be there.
func TestBridgesTellOnlyWhoEnters_CK_01(t *testing.T) {
	each(t, func(t *testing.T, s scenario.Scenario, evs []cti.Event) {
		o := newOffice(t)
		for _, ev := range evs {
			if ev.Kind == cti.BridgeEntered {
				ev.Bridge.Channels = []string{ev.Channel.ID}
			}
			o.engine.Post(ev)
		}
		for _, bad := range s.Want.Check(record(t, o)) {
			t.Error(bad)
		}
	})
}

// TestClockRunsBack_CK_03: the clock is set back a second at every event. The
// record is the same, and no time in it lies before an earlier one.
func TestClockRunsBack_CK_03(t *testing.T) {
	each(t, func(t *testing.T, s scenario.Scenario, evs []cti.Event) {
		o := newOffice(t)
		for i, ev := range evs {
			ev.At = ev.At.Add(-time.Duration(i) * time.Second)
			o.engine.Post(ev)
		}
		want := s.Want
		want.MinHold = 0
		c := record(t, o)
		for _, bad := range want.Check(c) {
			t.Error(bad)
		}
		for _, l := range c.Legs {
			if l.EndedAt.Before(l.StartedAt) || c.EndedAt.Before(*l.EndedAt) {
				t.Errorf("leg %s from %v to %v, call ends %v", l.Name, l.StartedAt, l.EndedAt, c.EndedAt)
			}
		}
	})
}

// exchange follows a stream as a PBX would, to say at any moment what is up.
type exchange struct {
	channels map[string]cti.Channel
	bridges  map[string]cti.Bridge
}

func (x *exchange) follow(ev cti.Event) {
	ch := ev.Channel
	switch ev.Kind {
	case cti.ChannelGone:
		delete(x.channels, ch.ID)
	case cti.ChannelCreated, cti.ChannelChanged, cti.BridgeEntered, cti.BridgeLeft:
		x.channels[ch.ID] = ch
	}
	switch ev.Kind {
	case cti.BridgeEntered, cti.BridgeLeft:
		x.bridges[ev.Bridge.ID] = ev.Bridge
	}
}

func (x *exchange) snapshot() *cti.Snapshot {
	s := &cti.Snapshot{}
	for _, ch := range x.channels {
		s.Channels = append(s.Channels, ch)
	}
	for _, b := range x.bridges {
		s.Bridges = append(s.Bridges, b)
	}
	return s
}

// TestSocketLostAtAnyMoment_PB_03_CK_02: the connection is lost and back, with
// nothing missed, after each event in turn: the record is the same.
func TestSocketLostAtAnyMoment_PB_03_CK_02(t *testing.T) {
	each(t, func(t *testing.T, s scenario.Scenario, evs []cti.Event) {
		for cut := 1; cut < len(evs); cut += 1 + len(evs)/12 {
			o := newOffice(t)
			x := exchange{channels: make(map[string]cti.Channel), bridges: make(map[string]cti.Bridge)}
			for i, ev := range evs {
				o.engine.Post(ev)
				x.follow(ev)
				if i == cut && len(x.channels) > 0 {
					o.engine.Post(cti.Event{Kind: cti.Disconnected, At: ev.At})
					o.engine.Post(cti.Event{Kind: cti.Resync, At: ev.At, Snapshot: x.snapshot()})
				}
			}
			for _, bad := range s.Want.Check(record(t, o)) {
				t.Errorf("lost after event %d of %d (%v %s): %s", cut, len(evs), evs[cut].Kind, evs[cut].Channel.Name, bad)
			}
		}
	})
}

// TestLostEvents_PB_03: whatever events are lost, nothing panics, and once the
// PBX says that nothing is up every record has ended.
func TestLostEvents_PB_03(t *testing.T) {
	each(t, func(t *testing.T, s scenario.Scenario, evs []cti.Event) {
		rnd := rand.New(rand.NewPCG(1, uint64(len(evs))))
		for round := range 5 {
			o := newOffice(t)
			for _, ev := range evs {
				if rnd.IntN(4) > 0 {
					o.engine.Post(ev)
				}
			}
			o.engine.Post(cti.Event{Kind: cti.Resync, At: evs[len(evs)-1].At, Snapshot: &cti.Snapshot{}})
			o.engine.Post(fence(round))
			o.await(t, func(cs []cti.Call) bool {
				return slices.ContainsFunc(cs, isFence) && !slices.ContainsFunc(cs, func(c cti.Call) bool { return c.State != cti.Ended && !isFence(c) })
			})
		}
	})
}

// fence is a call that begins after everything else.
func fence(n int) cti.Event {
	id := fmt.Sprint("fence.", n)
	return cti.Event{Kind: cti.ChannelCreated, At: time.Now(),
		Channel: cti.Channel{ID: id, Name: "PJSIP/trunk-fe", State: "Ring", LinkedID: id, CallerNumber: "74950000000", Exten: "fence"}}
}

func isFence(c cti.Call) bool { return c.DID == "fence" }
