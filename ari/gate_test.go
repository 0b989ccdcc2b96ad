package ari

import (
	"slices"
	"testing"
	"testing/synctest"

	"ringcard/cti"
)

// posted collects what a gate lets through.
type posted []cti.Event

func (p *posted) Post(ev cti.Event) { *p = append(*p, ev) }

func event(kind cti.EventKind, id string) cti.Event {
	return cti.Event{Kind: kind, Channel: cti.Channel{ID: id}}
}

// What comes during a resync follows the snapshot, in order; the snapshot
// names the channels whose end is on its way.
func TestGateHoldsEventsBack_PB_03(t *testing.T) {
	var got posted
	g := newGate(&got)
	g.post(event(cti.ChannelChanged, "1"))
	g.post(event(cti.ChannelGone, "2"))
	if len(got) != 0 {
		t.Fatalf("before the snapshot: %+v", got)
	}
	snapshot := &cti.Snapshot{}
	g.open(cti.Event{Kind: cti.Resync, Snapshot: snapshot})
	g.post(event(cti.ChannelGone, "1"))
	var kinds []cti.EventKind
	for _, ev := range got {
		kinds = append(kinds, ev.Kind)
	}
	if want := []cti.EventKind{cti.Resync, cti.ChannelChanged, cti.ChannelGone, cti.ChannelGone}; !slices.Equal(kinds, want) {
		t.Errorf("order %v, want %v", kinds, want)
	}
	if !slices.Equal(snapshot.Ending, []string{"2"}) {
		t.Errorf("ending: %v", snapshot.Ending)
	}
}

// A gate that is full makes the reader wait until it opens or the connection
// ends; nothing is dropped while it may still be wanted.
func TestGateIsBounded_PB_03(t *testing.T) {
	for name, end := range map[string]func(*gate){
		"opened": func(g *gate) { g.open(cti.Event{Kind: cti.Resync, Snapshot: &cti.Snapshot{}}) },
		"closed": func(g *gate) { g.close() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var got posted
				g := newGate(&got)
				for range heldEvents {
					g.post(event(cti.ChannelChanged, "1"))
				}
				through := false
				go func() {
					g.post(event(cti.ChannelGone, "1"))
					through = true
				}()
				synctest.Wait()
				if through {
					t.Fatal("the reader does not wait")
				}
				end(g)
				synctest.Wait()
				if !through {
					t.Fatal("the reader still waits")
				}
				if name == "opened" && len(got) != heldEvents+2 {
					t.Errorf("%d of %d events", len(got), heldEvents+2)
				}
			})
		})
	}
}
