package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"strconv"
	"syscall"
	"time"

	"ringcard/cti"
)

// plainFrame is what the floor decodes a frame into: the fields of an event
// of a PBX that anything above it needs, by encoding/json and nothing else.
type plainFrame struct {
	Type       string        `json:"type"`
	Timestamp  string        `json:"timestamp"`
	Channel    *plainChannel `json:"channel"`
	Caller     *plainChannel `json:"caller"`
	Peer       *plainChannel `json:"peer"`
	DialStatus string        `json:"dialstatus"`
	DialString string        `json:"dialstring"`
	Cause      int           `json:"cause"`
	TechCause  int           `json:"tech_cause"`
	Soft       bool          `json:"soft"`
	Bridge     *struct {
		ID       string   `json:"id"`
		Class    string   `json:"bridge_class"`
		Channels []string `json:"channels"`
	} `json:"bridge"`
}

type plainChannel struct {
	ID           string            `json:"id"`
	Name         string            `json:"name"`
	State        string            `json:"state"`
	Caller       plainParty        `json:"caller"`
	Connected    plainParty        `json:"connected"`
	CreationTime string            `json:"creationtime"`
	Vars         map[string]string `json:"channelvars"`
	Dialplan     struct {
		Context string `json:"context"`
		Exten   string `json:"exten"`
		AppName string `json:"app_name"`
		AppData string `json:"app_data"`
	} `json:"dialplan"`
}

type plainParty struct {
	Name   string `json:"name"`
	Number string `json:"number"`
}

// engineCost is what one way of taking a stream of frames costs.
type engineCost struct {
	rate   float64 // events a second, by the clock
	cpu    float64 // nanoseconds of processor time an event, all threads
	allocs float64 // an event
	bytes  float64 // allocated an event
}

// engineResult is the product beside its floor, medians of all rounds.
type engineResult struct {
	frames, calls  int // of one round
	product, floor engineCost
	ratio          float64 // of the rates, round by round
}

// benchEngine replays the recorded streams of a real Asterisk through
// Translate and the engine, and through plain decoding.
func benchEngine(ctx context.Context, root string, short bool) (engineResult, error) {
	rounds, calls := 7, 6000
	if short {
		rounds, calls = 3, 1500
	}
	frames, err := replays(filepath.Join(root, "ari", "testdata", "22"), calls)
	if err != nil {
		return engineResult{}, err
	}
	r := engineResult{frames: len(frames), calls: calls}
	var products, floors []engineCost
	var ratios []float64
	for range rounds {
		floor, err := measure(len(frames), func() error { return decodePlainly(frames) })
		if err != nil {
			return r, err
		}
		product, err := runEngine(ctx, frames, calls)
		if err != nil {
			return r, err
		}
		floors, products = append(floors, floor), append(products, product)
		ratios = append(ratios, product.rate/floor.rate)
	}
	r.product, r.floor, r.ratio = medianCost(products), medianCost(floors), median(ratios)
	return r, nil
}

// channelID is an id that the recorded Asterisk gave: systemname-seconds.n.
var channelID = regexp.MustCompile(`"ringcard-\d+-\d+\.\d+"`)

// replays returns the frames of the recorded calls over and over, until there
// are as many calls as asked for, each with channel ids of its own.
func replays(dir string, calls int) ([][]byte, error) {
	files, err := filepath.Glob(filepath.Join(dir, "*.jsonl"))
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, fmt.Errorf("no recordings in %s", filepath.Base(dir))
	}
	streams := make([][]byte, len(files))
	for i, name := range files {
		if streams[i], err = os.ReadFile(name); err != nil {
			return nil, err
		}
	}
	var frames [][]byte
	for call := range calls {
		unique := `"bench-` + strconv.Itoa(call)
		stream := channelID.ReplaceAllFunc(streams[call%len(streams)], func(id []byte) []byte {
			return append([]byte(unique), id[bytes.LastIndexByte(id, '.'):]...)
		})
		frames = append(frames, bytes.Split(bytes.TrimSpace(stream), []byte("\n"))...)
	}
	return frames, nil
}

func decodePlainly(frames [][]byte) error {
	for _, raw := range frames {
		var f plainFrame
		if err := json.Unmarshal(raw, &f); err != nil {
			return err
		}
	}
	return nil
}

// runEngine takes the frames as the connection does: translated by the reader
// and posted. The clock stops when the engine has applied the last.
func runEngine(ctx context.Context, frames [][]byte, calls int) (engineCost, error) {
	b, err := newBareEngine(ctx)
	if err != nil {
		return engineCost{}, err
	}
	defer b.remove()
	cost, err := measure(len(frames), func() error {
		if err := b.post(frames); err != nil {
			return err
		}
		return b.Stop(ctx) // after the events posted
	})
	err = errors.Join(err, b.stop(ctx))
	if ended := b.ended.Load(); err == nil && ended != int64(calls) {
		err = fmt.Errorf("%d of %d replayed calls ended", ended, calls)
	}
	return cost, err
}

// measure runs f over n events.
func measure(n int, f func() error) (engineCost, error) {
	runtime.GC()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	cpu, began := processorTime(), time.Now()
	err := f()
	took, used := time.Since(began), processorTime()-cpu
	runtime.ReadMemStats(&after)
	return engineCost{
		rate: float64(n) / took.Seconds(), cpu: float64(used.Nanoseconds()) / float64(n),
		allocs: float64(after.Mallocs-before.Mallocs) / float64(n),
		bytes:  float64(after.TotalAlloc-before.TotalAlloc) / float64(n),
	}, err
}

// processorTime is what this process has used on all cores.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func medianCost(costs []engineCost) engineCost {
	pick := func(f func(engineCost) float64) float64 {
		values := make([]float64, len(costs))
		for i, c := range costs {
			values[i] = f(c)
		}
		return median(values)
	}
	return engineCost{
		rate:   pick(func(c engineCost) float64 { return c.rate }),
		cpu:    pick(func(c engineCost) float64 { return c.cpu }),
		allocs: pick(func(c engineCost) float64 { return c.allocs }),
		bytes:  pick(func(c engineCost) float64 { return c.bytes }),
	}
}

// discard is everything around the engine, at no cost.
type discard struct{}

var (
	_ cti.PBX       = discard{}
	_ cti.Directory = discard{}
	_ cti.Journal   = discard{}
	_ cti.Screens   = discard{}
)

func (discard) Name() string                                            { return "office" }
func (discard) Originate(context.Context, cti.Originate) error          { return nil }
func (discard) Hangup(context.Context, string) error                    { return nil }
func (discard) Connected() (bool, time.Time)                            { return true, time.Time{} }
func (discard) Lookup(context.Context, string) (cti.Found, error)       { return cti.Found{}, nil }
func (discard) Card(context.Context, int64, int64) (*cti.Client, error) { return nil, nil }
func (discard) Save(context.Context, ...cti.Call) error                 { return nil }
func (discard) Unfinished(context.Context, string) ([]cti.Call, error)  { return nil, nil }
func (discard) ShowCall([]int64, cti.Call)                              {}
func (discard) ShowPresence([]cti.Presence, []int64)                    {}
