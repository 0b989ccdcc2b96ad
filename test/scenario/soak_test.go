package scenario_test

import (
	"context"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"ringcard/cti"
	"ringcard/cti/ctitest"
	"ringcard/test/scenario"
)

// nowhere takes records and messages and keeps nothing.
type nowhere struct{ ended *atomic.Int64 }

func (n nowhere) Save(_ context.Context, calls ...cti.Call) error {
	for _, c := range calls {
		if c.State == cti.Ended && c.MergedInto == "" && c.Version > 0 {
			n.ended.Add(1)
		}
	}
	return nil
}
func (nowhere) Unfinished(context.Context, string) ([]cti.Call, error) { return nil, nil }
func (nowhere) ShowCall([]int64, cti.Call)                             {}
func (nowhere) ShowPresence([]cti.Presence, []int64)                   {}

// again makes another call of a recorded stream: the same events with new ids.
func again(ev cti.Event, n int) cti.Event {
	call := strconv.Itoa(n) + "."
	id := func(s *string) {
		if *s != "" {
			*s = call + *s
		}
	}
	for _, ch := range []*cti.Channel{&ev.Channel, &ev.Peer, &ev.Forwarded, &ev.Handover.Consult, &ev.Handover.Transferee, &ev.Handover.Target} {
		id(&ch.ID)
		id(&ch.LinkedID)
	}
	id(&ev.Bridge.ID)
	channels := make([]string, len(ev.Bridge.Channels))
	for i := range channels {
		channels[i] = ev.Bridge.Channels[i]
		id(&channels[i])
	}
	ev.Bridge.Channels = channels
	ev.At = time.Now()
	return ev
}

// TestSoak_CK_09: 100,000 calls of all scenarios go through an engine. Memory
// and goroutines return to what they were, and no call is left.
func TestSoak_CK_09(t *testing.T) {
	const calls, parallel = 100_000, 50
	var ended atomic.Int64
	up := make(chan int) // calls that are up, told once a second
	sink := nowhere{&ended}
	rec, err := cti.NewRecorder(sink, cti.RecorderOptions{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	rec.Start()
	engine, err := cti.NewEngine(cti.EngineOptions{
		PBX: pbx{}, Office: cti.OfficeConfig{PBX: "office", Parse: ctitest.Number}, Directory: ctitest.Directory{},
		Recorder: rec, Screens: sink, Metrics: &cti.Metrics{LiveCalls: func(_ string, n int) {
			select {
			case up <- n:
			default:
			}
		}},
		Now: func() time.Time { return time.Now().Add(time.Hour) }, // ended calls need not linger
	})
	if err != nil {
		t.Fatal(err)
	}
	engine.SetUsers(ctitest.Users("office"))
	if err := engine.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	// Every second call is the usual one.
	var streams [][]cti.Event
	usual := events(t, "22", scenario.Core[0])
	for _, s := range scenario.All {
		if s.Click == nil {
			streams = append(streams, events(t, "22", s), usual)
		}
	}
	defer debug.SetGCPercent(debug.SetGCPercent(400))
	next := 0
	// run sends n calls, several at a time, and returns when the engine has
	// done with all of them.
	run := func(n int) {
		for range n / parallel {
			group := make([][]cti.Event, parallel)
			for i := range group {
				group[i] = streams[(next+i)%len(streams)]
			}
			for step, more := 0, true; more; step++ {
				more = false
				for i, evs := range group {
					if step < len(evs) {
						engine.Post(again(evs[step], next+i))
						more = true
					}
				}
			}
			next += parallel
		}
		limit := time.After(time.Minute)
		for left := -1; left != 0; {
			select {
			case left = <-up:
			case <-limit:
				t.Fatalf("%d calls are still up", left)
			}
		}
	}
	memory := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC() // once more for what finalizers let go
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	run(parallel * len(streams)) // until caches of fixed size are full
	heap, goroutines := memory(), runtime.NumGoroutine()
	began := time.Now()
	run(calls)
	took := time.Since(began)
	if grown := int64(memory()) - int64(heap); grown > 2<<20 {
		t.Errorf("the heap grew by %d KiB over %d calls", grown>>10, calls)
	}
	if n := runtime.NumGoroutine(); n > goroutines {
		t.Errorf("%d goroutines, %d before", n, goroutines)
	}
	if err := engine.Stop(context.Background()); err != nil {
		t.Error(err)
	}
	if err := rec.Stop(context.Background()); err != nil {
		t.Error(err)
	}
	if n := ended.Load(); n < calls {
		t.Errorf("%d records ended, want at least %d", n, calls)
	}
	t.Logf("%d calls in %s", calls, took.Round(time.Millisecond))
}
