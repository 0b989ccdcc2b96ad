package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"sync/atomic"
	"time"

	"github.com/gorilla/websocket"

	"ringcard/ari"
	"ringcard/ari/arisim"
)

// lagResult is how long frames waited for the reader at a steady rate.
type lagResult struct {
	rate, frames   int
	product, floor samples
}

// lagRate is what 100 calls a second are without a filter, events a second.
const lagRate = 7000

// ofBench begins the ids of replayed channels.
var ofBench = []byte(`"bench-`)

// benchLag sends recorded frames from a simulated Asterisk, which can keep a
// pace, to the product's connection and to a bare socket at the same time.
func benchLag(ctx context.Context, root string, short bool) (r lagResult, err error) {
	calls := 3000
	if short {
		calls = 600
	}
	frames, err := replays(filepath.Join(root, "ari", "testdata", "22"), calls)
	if err != nil {
		return r, err
	}
	// By the channel a frame is told from the simulator's own.
	frames = slices.DeleteFunc(frames, func(raw []byte) bool { return !bytes.Contains(raw, ofBench) })
	sim := arisim.New(arisim.Options{User: "bench", Password: "bench", Office: arisim.Office{Trunk: "trunk"}})
	if err := sim.Start(); err != nil {
		return r, err
	}
	defer func() { err = errors.Join(err, sim.Stop(context.WithoutCancel(ctx))) }()
	engine, err := newBareEngine(ctx)
	if err != nil {
		return r, err
	}
	defer engine.remove()

	sent := make([]time.Time, len(frames))
	r = lagResult{rate: lagRate, frames: len(frames), product: make(samples, len(frames)), floor: make(samples, len(frames))}
	var read, relayed atomic.Int64
	note := func(side samples, count *atomic.Int64) func([]byte) {
		return func(raw []byte) {
			if !bytes.Contains(raw, ofBench) {
				return
			}
			i := count.Load()
			side[i] = time.Since(sent[i])
			count.Store(i + 1)
		}
	}
	product := note(r.product, &read)
	connected := make(chan struct{}, 16)
	client := ari.New(ari.Config{Name: "office", URL: sim.URL(), User: "bench", Password: "bench", App: "ringcard"}, ari.Options{
		Sink: engine, Tap: func(raw []byte, _ time.Time) { product(raw) }, OnStatus: func(s ari.Status) {
			if s.Connected {
				connected <- struct{}{}
			}
		},
	})
	if err := client.Start(ctx); err != nil {
		return r, err
	}
	defer func() {
		err = errors.Join(err, client.Stop(context.WithoutCancel(ctx)), engine.stop(context.WithoutCancel(ctx)))
	}()
	select {
	case <-connected:
	case <-time.After(startTimeout):
		return r, errors.New("the simulated PBX is not connected")
	}
	bare, err := ariSource{url: sim.URL(), user: "bench", password: "bench", events: []string{"channel:", "bridge:", "endpoint:"}}.connect(ctx)
	if err != nil {
		return r, err
	}
	done := make(chan struct{})
	go func() { defer close(done); readBare(bare, note(r.floor, &relayed)) }()
	defer func() { bare.Close(); <-done }()

	if err := sendPaced(ctx, sim, frames, sent); err != nil {
		return r, err
	}
	for began := time.Now(); read.Load() < int64(len(frames)) || relayed.Load() < int64(len(frames)); {
		if time.Since(began) > startTimeout {
			return r, fmt.Errorf("of %d frames the product read %d and the bare socket %d", len(frames), read.Load(), relayed.Load())
		}
		time.Sleep(time.Millisecond) //nolint:forbidigo // a poll, after what is measured
	}
	return r, nil
}

func readBare(conn *websocket.Conn, note func([]byte)) {
	for {
		_, raw, err := conn.ReadMessage()
		if err != nil {
			return
		}
		note(raw)
	}
}

// sendPaced emits the frames at lagRate; what a pause of the machine held up
// is sent at once afterwards, as a PBX would.
func sendPaced(ctx context.Context, sim *arisim.Sim, frames [][]byte, sent []time.Time) error {
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	began := time.Now()
	for i := 0; i < len(frames); {
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
		due := int(time.Since(began).Seconds() * lagRate)
		for ; i < min(due, len(frames)); i++ {
			sent[i] = time.Now()
			sim.Emit(frames[i])
		}
	}
	return nil
}
