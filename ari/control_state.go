package ari

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/google/uuid"

	"ringcard/ari/ami"
	"ringcard/cti"
)

// controlState is what a Client keeps of the commands under way.
type controlState struct {
	ami     *ami.Client // nil where the administrator allows none
	context atomic.Bool // the generated dialplan context is installed
	export  atomic.Bool // the PBX has ExportModule
	onEvent atomic.Pointer[func(ami.Message)]

	expecting atomic.Int32 // how many wait for a frame, read for every frame
	mu        sync.Mutex
	arrivals  map[string]*arrival
	sightings map[*sighting]struct{}
	parties   map[string]*party
	listeners map[*listener]struct{}

	ctx    context.Context
	cancel context.CancelFunc
	jobs   sync.WaitGroup
	closed bool
}

func newControlState(cfg ami.Config, log *slog.Logger) *controlState {
	s := &controlState{arrivals: make(map[string]*arrival), parties: make(map[string]*party),
		sightings: make(map[*sighting]struct{}), listeners: make(map[*listener]struct{})}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	if cfg.Addr != "" {
		s.ami = ami.New(cfg, ami.Options{Log: log, OnEvent: s.event})
	}
	return s
}

func (s *controlState) start() {
	if s.ami != nil {
		s.ami.Start()
	}
}

func (s *controlState) stop(ctx context.Context) error {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	s.cancel()
	s.jobs.Wait()
	if s.ami != nil {
		return s.ami.Stop(ctx)
	}
	return nil
}

// run starts a job that ends with the client; false when that has ended.
func (s *controlState) run(job func(context.Context)) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.jobs.Add(1)
	go func() { defer s.jobs.Done(); job(s.ctx) }()
	return true
}

func (s *controlState) id(kind string) string {
	return cti.ServicePrefix + kind + "-" + uuid.NewString()
}

// up tells whether AMI can be used.
func (s *controlState) up() bool { return s.ami != nil && s.ami.Connected() }

func (s *controlState) do(ctx context.Context, action string, fields ...string) (ami.Message, error) {
	if s.ami == nil {
		return nil, ami.ErrDown
	}
	ctx, cancel := context.WithTimeout(ctx, restTimeout)
	defer cancel()
	return s.ami.Do(ctx, action, fields...)
}

func (s *controlState) add(p *party) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.parties[p.channel] = p
}

func (s *controlState) remove(p *party) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.parties, p.channel)
}

func (s *controlState) party(channel string) *party {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.parties[channel]
}

// event gives an event of AMI to whoever waits for it.
func (s *controlState) event(m ami.Message) {
	s.mu.Lock()
	for l := range s.listeners {
		if l.match(m) {
			select {
			case l.found <- m:
			default:
			}
		}
	}
	s.mu.Unlock()
	if f := s.onEvent.Load(); f != nil {
		(*f)(m)
	}
}

// resynced looks after a gap for the channels that are waited for, and for the
// generated context, which an administrator may have installed meanwhile.
func (c *Client) resynced(ctx context.Context) {
	c.ctl.mu.Lock()
	var waiting []*arrival
	for _, a := range c.ctl.arrivals {
		waiting = append(waiting, a)
	}
	c.ctl.mu.Unlock()
	for _, a := range waiting {
		var ch channel
		_, err := c.rest.do(ctx, http.MethodGet, "/channels/"+url.PathEscape(a.id), nil, nil, &ch)
		switch {
		case err != nil && isGone(err):
			a.leave()
		case err == nil && ch.Dialplan.AppName == "Stasis":
			a.come()
		}
	}
	if has, err := c.rest.Module(ctx, ExportModule); err != nil {
		c.log.Warn("the PBX does not tell its modules", "err", err)
	} else {
		c.ctl.export.Store(has)
	}
	if err := c.lookForContext(ctx); ignoreGone(err) != nil { // a PBX without channels/create has no context either
		c.log.Warn("the PBX does not tell whether the command context is installed", "err", err)
	}
}

func (c *Client) lookForContext(ctx context.Context) error {
	return c.evaluate(ctx, func(ask func(string) (string, error)) error {
		value, err := ask("DIALPLAN_EXISTS(" + cti.CommandContext + ",redirect,1)")
		c.ctl.context.Store(value == "1")
		return err
	})
}

// evaluate reads dialplan functions. ARI evaluates them for a channel only, so
// one is made that never dials.
func (c *Client) evaluate(ctx context.Context, f func(ask func(string) (string, error)) error) error {
	id := c.ctl.id("ask")
	q := url.Values{"endpoint": {"Local/ask@" + cti.CommandContext + "/n"}, "app": {c.cfg.App}, "channelId": {id + "-1"}, "otherChannelId": {id + "-2"}}
	// Not cancelled half-way: Asterisk would make the channel, and nobody end it.
	if _, err := c.rest.do(context.WithoutCancel(ctx), http.MethodPost, "/channels/create", q, nil, nil); err != nil {
		return fmt.Errorf("channel to ask with: %w", err)
	}
	defer func() { _ = c.Hangup(context.WithoutCancel(ctx), id+"-1") }() // it ends with Asterisk at the latest
	return f(func(function string) (string, error) {
		value, err := c.rest.Variable(ctx, id+"-1", function)
		if ignoreGone(err) == nil {
			err = nil // a function of a module that is not loaded
		}
		return value, err
	})
}

func now() time.Time { return time.Now().UTC() }
