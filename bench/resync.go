package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"time"

	"ringcard/ari"
	"ringcard/cti"
)

// resyncResult is how long it takes to know all calls of a real Asterisk after
// a connect, beside downloading the same lists.
type resyncResult struct {
	calls          int
	product, floor samples
}

// resyncCalls are up at once: as many as a busy PBX of one machine carries.
const (
	resyncCalls  = 1000
	resyncRate   = 50
	resyncRounds = 5
)

// benchResync puts calls up on the office's Asterisk and connects anew, time
// after time.
func (b *popBench) benchResync(ctx context.Context, short bool) (r resyncResult, err error) {
	r.calls = resyncCalls
	if short {
		r.calls = 100
	}
	calls := make([]inbound, r.calls)
	for i := range calls {
		calls[i] = inbound{firstNumber + rand.Int64N(int64(b.db.size.phones)), b.office.extensions[i%len(b.office.extensions)]}
	}
	rounds := time.Duration(resyncRounds) * 2 * time.Second
	up := time.Duration(r.calls/resyncRate) * time.Second
	played := make(chan error, 1)
	go func() { played <- b.office.play(ctx, calls, resyncRate, up+rounds+10*time.Second) }()
	defer func() { err = errors.Join(err, <-played) }()
	for n := 0; n < 2*r.calls; {
		select {
		case err := <-played:
			played <- nil
			return r, errors.Join(errors.New("the calls ended too early"), err)
		case <-time.After(500 * time.Millisecond):
		case <-ctx.Done():
			return r, ctx.Err()
		}
		if n, err = b.channelsUp(ctx); err != nil {
			return r, err
		}
	}
	for range resyncRounds {
		began := time.Now()
		for _, list := range []string{"/channels", "/bridges", "/endpoints"} {
			if err := b.download(ctx, list, new([]plainItem)); err != nil {
				return r, err
			}
		}
		r.floor = append(r.floor, time.Since(began))
		took, err := b.resyncOnce(ctx)
		if err != nil {
			return r, err
		}
		r.product = append(r.product, took)
	}
	return r, nil
}

// plainItem is what the floor decodes of a channel, bridge or endpoint.
type plainItem struct {
	ID       string   `json:"id"`
	Name     string   `json:"name"`
	State    string   `json:"state"`
	Channels []string `json:"channels"`
}

func (b *popBench) channelsUp(ctx context.Context) (int, error) {
	var list []plainItem
	if err := b.download(ctx, "/channels", &list); err != nil {
		return 0, err
	}
	n := 0
	for _, c := range list {
		if c.State == "Up" {
			n++
		}
	}
	return n, nil
}

func (b *popBench) download(ctx context.Context, path string, out any) error {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, b.office.ARIURL+path, nil)
	if err != nil {
		return err
	}
	req.SetBasicAuth(b.office.ARIUser, b.office.ARIPassword)
	req.Close = true
	res, err := (&http.Client{Timeout: startTimeout}).Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != http.StatusOK {
		return fmt.Errorf("ARI %s: %s: %w", path, res.Status, err)
	}
	return json.Unmarshal(raw, out)
}

// resyncOnce connects an engine that knows nothing and stops the clock when it
// has taken up all that the PBX told.
func (b *popBench) resyncOnce(ctx context.Context) (time.Duration, error) {
	engine, err := newBareEngine(ctx)
	if err != nil {
		return 0, err
	}
	defer engine.remove()
	synced := make(chan struct{}, 1)
	client := ari.New(ari.Config{Name: "office", URL: b.office.ARIURL, User: b.office.ARIUser, Password: b.office.ARIPassword,
		App: "resync"}, ari.Options{Sink: sinkFunc(func(ev cti.Event) {
		engine.Post(ev)
		if ev.Kind == cti.Resync {
			synced <- struct{}{}
		}
	})})
	began := time.Now()
	if err := client.Start(ctx); err != nil {
		return 0, err
	}
	select {
	case <-synced:
	case <-time.After(startTimeout):
		return 0, errors.Join(errors.New("no resync"), client.Stop(ctx), engine.stop(ctx))
	}
	err = engine.Stop(ctx) // after the events posted
	took := time.Since(began)
	return took, errors.Join(err, client.Stop(ctx), engine.recorder.Stop(ctx))
}

type sinkFunc func(cti.Event)

func (f sinkFunc) Post(ev cti.Event) { f(ev) }
