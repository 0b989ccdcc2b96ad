package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"sync/atomic"
	"time"

	"ringcard/ari"
	"ringcard/cti"
	"ringcard/cti/ctitest"
)

// liveCost is the engine with so many calls up.
type liveCost struct {
	calls  int
	memory float64 // bytes of heap a live call
	rate   float64 // events a second of other calls that come and go meanwhile
}

// stream is a recorded call, cut where it is answered and stays up.
const (
	liveStream = "one_phone_answers.jsonl"
	liveCut    = `"ChannelHangupRequest"`
	liveRounds = 5 // of which the one with the median rate is shown
)

// benchLive measures whether an engine gets slower or fatter by the calls that
// are up.
func benchLive(ctx context.Context, root string, short bool) ([]liveCost, error) {
	sizes, passing := []int{1, 100, 10000}, 3000
	if short {
		sizes, passing = []int{1, 100, 2000}, 600
	}
	raw, err := os.ReadFile(filepath.Join(root, "ari", "testdata", "22", liveStream))
	if err != nil {
		return nil, err
	}
	cut := bytes.Index(raw, []byte(liveCut))
	if cut < 0 {
		return nil, fmt.Errorf("%s has no %s", liveStream, liveCut)
	}
	up := raw[:bytes.LastIndexByte(raw[:cut], '\n')]
	others, err := replays(filepath.Join(root, "ari", "testdata", "22"), passing)
	if err != nil {
		return nil, err
	}
	rounds := make([][]liveCost, len(sizes))
	for range liveRounds {
		for i, n := range sizes { // in turn, so that each has its share of the machine's moods
			c, err := measureLive(ctx, up, n, others)
			if err != nil {
				return nil, err
			}
			rounds[i] = append(rounds[i], c)
		}
	}
	costs := make([]liveCost, len(sizes))
	for i, all := range rounds {
		slices.SortFunc(all, func(a, b liveCost) int { return cmp.Compare(a.rate, b.rate) })
		costs[i] = all[len(all)/2]
	}
	return costs, nil
}

func measureLive(ctx context.Context, up []byte, n int, others [][]byte) (liveCost, error) {
	b, err := newBareEngine(ctx)
	if err != nil {
		return liveCost{}, err
	}
	defer b.remove()
	before := heap()
	for i := range n {
		unique := `"live-` + strconv.Itoa(i)
		stream := channelID.ReplaceAllFunc(up, func(id []byte) []byte {
			return append([]byte(unique), id[bytes.LastIndexByte(id, '.'):]...)
		})
		if err := b.post(bytes.Split(stream, []byte("\n"))); err != nil {
			return liveCost{}, err
		}
	}
	if err := b.caughtUp(ctx); err != nil {
		return liveCost{}, err
	}
	c := liveCost{calls: n, memory: float64(heap()-before) / float64(n)}
	began := time.Now()
	if err := b.post(others); err != nil {
		return c, err
	}
	if err := b.caughtUp(ctx); err != nil {
		return c, err
	}
	c.rate = float64(len(others)) / time.Since(began).Seconds()
	return c, b.stop(ctx)
}

// heap is what is in use after a full collection.
func heap() int64 {
	runtime.GC()
	runtime.GC() // what the first made free to finalise
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// bareEngine is an engine with nothing around it that costs.
type bareEngine struct {
	*cti.Engine
	recorder *cti.Recorder
	spool    string
	posted   int64
	applied  atomic.Int64
	ended    atomic.Int64 // calls
}

func newBareEngine(ctx context.Context) (*bareEngine, error) {
	spool, err := os.MkdirTemp("", "ringcard-bench-")
	if err != nil {
		return nil, err
	}
	b := &bareEngine{spool: spool}
	if b.recorder, err = cti.NewRecorder(discard{}, cti.RecorderOptions{Dir: spool}); err != nil {
		return nil, errors.Join(err, os.RemoveAll(spool))
	}
	b.Engine, err = cti.NewEngine(cti.EngineOptions{
		PBX: discard{}, Directory: discard{}, Screens: discard{}, Recorder: b.recorder,
		Office: cti.OfficeConfig{PBX: "office", Context: "office", Trunks: []string{"trunk"}, Parse: ctitest.Number},
		Metrics: &cti.Metrics{
			Event:     func(string) { b.applied.Add(1) },
			CallEnded: func(string, string) { b.ended.Add(1) },
		},
	})
	if err != nil {
		return nil, errors.Join(err, os.RemoveAll(spool))
	}
	b.SetUsers(ctitest.Users("office"))
	b.recorder.Start()
	return b, b.Start(ctx)
}

// Post implements ari.Sink.
func (b *bareEngine) Post(ev cti.Event) {
	b.posted++
	b.Engine.Post(ev)
}

func (b *bareEngine) post(frames [][]byte) error {
	for _, raw := range frames {
		ev, ok, err := ari.Translate(raw, time.Now().UTC())
		if err != nil {
			return err
		}
		if ok {
			b.Post(ev)
		}
	}
	return nil
}

// caughtUp waits until the engine has taken the last event posted.
func (b *bareEngine) caughtUp(ctx context.Context) error {
	for b.applied.Load() < b.posted {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		time.Sleep(100 * time.Microsecond) //nolint:forbidigo // a poll; a channel for each event would be measured too
	}
	return nil
}

func (b *bareEngine) stop(ctx context.Context) error {
	return errors.Join(b.Stop(ctx), b.recorder.Stop(ctx))
}

func (b *bareEngine) remove() { _ = os.RemoveAll(b.spool) } // of the temporary folder
