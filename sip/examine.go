package sip

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"ringcard/cti"
)

// examinePatience is for states that do not come though the PBX has agreed.
const examinePatience = 3 * time.Second

// Finding is what an examination found of one extension.
type Finding struct {
	Extension string
	Endpoint  string
	State     WatchState
	Advice    string // what to change; empty: its state comes
}

// WatchState tells whether the state of an extension comes.
type WatchState string

// Values of WatchState.
const (
	Watched   WatchState = "watched"
	NoHint    WatchState = "no_hint"   // 404: the dialplan has no such hint
	Forbidden WatchState = "forbidden" // 403: our user may not watch it
	Refused   WatchState = "refused"   // by another status
	NoState   WatchState = "no_state"  // agreed to, and no NOTIFY came
)

func watchState(err error) WatchState {
	var refused *refusedError
	switch {
	case err == nil:
		return Watched
	case !errors.As(err, &refused):
		return NoState
	case refused.Status == 404:
		return NoHint
	case refused.Status == 403:
		return Forbidden
	}
	return Refused
}

// Examine subscribes to the extensions of the configuration and of the
// telephones for a moment, as the running server does; it takes nothing away
// from it. The error says why the PBX could not be reached, or lets us watch
// nothing, with what to do.
func Examine(ctx context.Context, cfg Config, devices []cti.Device) ([]Finding, error) {
	news := make(chan struct{}, 1)
	c := New(cfg, Options{Sink: nowhere{}, OnStatus: func(Status) {
		select {
		case news <- struct{}{}:
		default:
		}
	}})
	c.tuned.settle = examinePatience
	c.Watch(devices)
	if err := c.Start(ctx); err != nil {
		return nil, err
	}
	defer func() { _ = c.Stop(context.WithoutCancel(ctx)) }() // bounded by itself
	for {
		switch s := c.Status(); {
		case s.Connected:
			return c.findings(ctx)
		case s.LastError != "":
			return nil, errors.New(s.LastError)
		}
		select {
		case <-news:
		case <-ctx.Done():
			return nil, errors.New(advice(context.DeadlineExceeded))
		}
	}
}

func (c *Client) findings(ctx context.Context) ([]Finding, error) {
	var out []Finding
	err := c.ask(ctx, func() {
		if c.session == nil {
			return
		}
		for number, sub := range c.session.subs {
			trouble := c.session.troubleOf(sub)
			out = append(out, Finding{Extension: number, Endpoint: sub.ext.endpoint, State: watchState(trouble), Advice: advice(trouble)})
		}
	})
	if err != nil {
		return nil, err // out may still be written
	}
	slices.SortFunc(out, func(a, b Finding) int { return strings.Compare(a.Extension, b.Extension) })
	return out, nil
}

type nowhere struct{}

func (nowhere) Post(cti.Event) {}
