package sip

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strings"
	"sync"
	"time"

	"ringcard/cti"
)

const (
	firstBackoff = 250 * time.Millisecond
	lastBackoff  = 30 * time.Second
	workQueue    = 1024 // NOTIFYs and commands waiting for the tracker
)

// Sink takes the events, in order. Post may wait.
type Sink interface{ Post(cti.Event) }

// Metrics are hooks for counting; each may be nil.
type Metrics struct {
	Frame   func()              // a NOTIFY was read
	Bad     func()              // … and not understood
	Connect func(result string) // connected, lost, refused, unreachable
}

// Options of a Client. Sink is needed.
type Options struct {
	Sink     Sink
	Log      *slog.Logger
	Metrics  Metrics
	OnStatus func(Status) // called on each change, in order; must not block
}

// Status is the state of the connection.
type Status struct {
	Connected bool
	Since     time.Time
	LastError string // advice to the administrator, also while connected
}

// Limits are what a PBX does not tell of its calls without ARI, or cannot be
// told to do: codes for the page to put into words.
var Limits = []string{
	"desk_calls",   // a call dialled on a telephone shows as busy and leaves no record, unless internal
	"refused_ring", // a call refused before the telephone rings leaves no record
	"did",          // the number of ours that was called
	"queue",        // the queue
	"cause",        // the hangup cause, who hung up, whether the caller gave up
	"transfer",     // a transferred call is recorded as two
	"registration", // whether a telephone is registered
	"control",      // no hang-up once the client rings, no hold, transfer, recording from the page
}

// Client watches the extensions of one PBX and is its cti.PBX.
type Client struct {
	cfg Config
	opt Options
	log *slog.Logger

	work   chan func()
	cancel context.CancelFunc
	ctx    context.Context
	done   sync.WaitGroup

	mu     sync.Mutex
	status Status
	wanted map[string]string // extension → endpoint
	tuned  timings

	// Owned by the goroutine of run.
	tracker *tracker
	session *session
}

// timings may be shortened by tests.
type timings struct {
	watch, settle, retryRefused time.Duration
}

// New makes a client that does nothing before Start.
func New(cfg Config, opt Options) *Client {
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	c := &Client{cfg: cfg, opt: opt, log: opt.Log.With("pbx", cfg.Name), work: make(chan func(), workQueue),
		status: Status{Since: time.Now().UTC()}, wanted: make(map[string]string),
		tuned: timings{watch: 5 * time.Second, settle: 10 * time.Second, retryRefused: time.Minute}}
	c.tracker = newTracker(func(ev cti.Event) { c.opt.Sink.Post(ev) }, cfg.QueueGap)
	c.ctx, c.cancel = context.WithCancel(context.Background())
	c.want(nil)
	return c
}

// SetSink sets where events go; to be called before Start.
func (c *Client) SetSink(s Sink) { c.opt.Sink = s }

// Start begins to connect, and to reconnect for as long as it runs.
func (c *Client) Start(context.Context) error {
	if c.opt.Sink == nil {
		return errors.New("sip: no sink")
	}
	c.done.Go(c.run)
	c.done.Go(c.connect)
	return nil
}

// Stop ends the subscriptions and waits for everything. Idempotent.
func (c *Client) Stop(ctx context.Context) error {
	c.cancel()
	stopped := make(chan struct{})
	go func() { c.done.Wait(); close(stopped) }()
	select {
	case <-stopped:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Watch replaces the telephones whose extensions are watched besides those of
// the configuration. The extension is what follows the technology: 101 of
// PJSIP/101.
func (c *Client) Watch(devices []cti.Device) {
	c.want(devices)
	c.do(func() {
		if c.session != nil {
			c.session.adjust()
		}
	})
}

func (c *Client) want(devices []cti.Device) {
	wanted := make(map[string]string)
	for _, e := range c.cfg.Extensions {
		wanted[e] = "SIP/" + e
	}
	for _, d := range devices {
		if _, ext, ok := strings.Cut(d.Endpoint, "/"); ok && ext != "" && d.PBX == c.cfg.Name {
			wanted[ext] = d.Endpoint
		}
	}
	c.mu.Lock()
	c.wanted = wanted
	c.mu.Unlock()
}

func (c *Client) wantedNow() map[string]string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.wanted
}

// Status returns the state of the connection.
func (c *Client) Status() Status {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.status
}

func (c *Client) setStatus(s Status) {
	c.mu.Lock()
	s.Since = time.Now().UTC()
	if s.Connected == c.status.Connected {
		s.Since = c.status.Since
	}
	changed := s != c.status
	c.status = s
	c.mu.Unlock()
	if changed && c.opt.OnStatus != nil {
		c.opt.OnStatus(s)
	}
}

// run owns the tracker: what the PBX tells is taken in one at a time.
func (c *Client) run() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		due := c.tracker.next()
		if due.IsZero() {
			due = time.Now().Add(time.Hour)
		}
		timer.Reset(time.Until(due))
		select {
		case f := <-c.work:
			f()
		case <-timer.C:
			c.tracker.tick(time.Now().UTC())
		case <-c.ctx.Done():
			return
		}
	}
}

// do has f run by the owner of the tracker and does not wait for it. It
// reports false when the client is stopped.
func (c *Client) do(f func()) bool {
	select {
	case c.work <- f:
		return true
	case <-c.ctx.Done():
		return false
	}
}

// ask is do that waits.
func (c *Client) ask(ctx context.Context, f func()) error {
	ran := make(chan struct{})
	if !c.do(func() { f(); close(ran) }) {
		return errors.New("sip: stopped")
	}
	select {
	case <-ran:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-c.ctx.Done():
		return errors.New("sip: stopped")
	}
}

// connect keeps one session up.
func (c *Client) connect() {
	backoff := firstBackoff
	for c.ctx.Err() == nil {
		synced, err := c.converse()
		if synced {
			backoff = firstBackoff
			c.do(func() { c.opt.Sink.Post(cti.Event{Kind: cti.Disconnected, At: time.Now().UTC()}) })
		}
		if c.ctx.Err() != nil {
			return
		}
		wait := backoff/2 + rand.N(backoff)
		c.count(c.opt.Metrics.Connect, connectResult(err, synced))
		c.setStatus(Status{LastError: advice(err)})
		c.log.Warn("not connected to the PBX", "error", err, "advice", advice(err), "retry_in", wait.Round(time.Millisecond))
		select {
		case <-time.After(wait):
		case <-c.ctx.Done():
		}
		backoff = min(backoff*2, lastBackoff)
	}
}

func connectResult(err error, synced bool) string {
	var refused *refusedError
	switch {
	case synced:
		return "lost"
	case errors.Is(err, errPassword), errors.As(err, &refused):
		return "refused"
	}
	return "unreachable"
}

func (c *Client) count(f func(string), v string) {
	if f != nil {
		f(v)
	}
}

// converse is one session from the first request to the first failure. synced
// tells whether it got as far as delivering events.
func (c *Client) converse() (synced bool, err error) {
	s, err := newSession(c)
	if err != nil {
		return false, err
	}
	defer s.close()
	if err := s.ping(); err != nil {
		return false, err
	}
	if err := c.ask(c.ctx, func() { c.session = s; s.adjust() }); err != nil {
		return false, err
	}
	settled := time.AfterFunc(c.tuned.settle, func() { c.do(func() { s.sync(true) }) })
	defer settled.Stop()
	err = s.wait()
	delivering := false // may still be written after an ask that failed
	if asked := c.ask(c.ctx, func() { c.session, delivering = nil, s.synced }); asked != nil {
		return false, asked
	}
	return delivering, err
}

var (
	_ cti.PBX        = (*Client)(nil)
	_ cti.Controller = (*Client)(nil)
)

// Can refuses all but the hang-up, of which the call's stage decides.
func (c *Client) Can(a cti.Action) *cti.Error {
	if a == cti.ActHangup {
		return nil
	}
	return cti.Errorf(cti.CodeNotPossible, "this PBX is connected over SIP, which has no way to do this; use the telephone")
}

// Control refuses: see Can.
func (c *Client) Control(_ context.Context, o cti.Order) (cti.Outcome, error) {
	if o.Action == cti.ActHangup {
		return cti.Outcome{}, notPossible("on this PBX a call can be ended only on the telephone")
	}
	return cti.Outcome{}, c.Can(o.Action)
}

// Name is the configured name of the PBX.
func (c *Client) Name() string { return c.cfg.Name }

// Connected tells whether the states of extensions are coming, and since when.
func (c *Client) Connected() (bool, time.Time) {
	s := c.Status()
	return s.Connected, s.Since
}

// Originate calls the own telephone and, when it is picked up, has the PBX
// transfer it to the number (REFER, RFC 3515). It returns when the PBX has
// taken the first call.
func (c *Client) Originate(ctx context.Context, o cti.Originate) error {
	_, number, _ := strings.Cut(o.Endpoint, "/")
	var s *session
	var e *extension
	err := c.ask(ctx, func() {
		if s = c.session; s != nil {
			e = s.known(number)
		}
	})
	switch {
	case err != nil:
		return &cti.Error{Code: cti.CodeUnreachable, Message: "the PBX did not answer", Err: err}
	case s == nil:
		return cti.Errorf(cti.CodeUnreachable, "the PBX %s is out of reach", c.cfg.Name)
	case e == nil:
		return cti.Errorf(cti.CodeRefused, "the PBX does not tell the state of %s, so a call from it could not be followed; an administrator can add a hint for it", number)
	}
	return s.dial(ctx, e, o)
}

// Hangup cancels a call of ours until the PBX has begun to call the number;
// without ARI there is no way to end a call of others.
func (c *Client) Hangup(ctx context.Context, channelID string) error {
	var d *dialling
	known := false
	if err := c.ask(ctx, func() {
		if c.session != nil {
			d = c.session.dials[channelID]
		}
		known = c.tracker.knows(channelID)
	}); err != nil {
		return &cti.Error{Code: cti.CodeUnreachable, Message: "the PBX did not answer", Err: err}
	}
	if d != nil && d.cancel() {
		return nil
	}
	if !known {
		return nil
	}
	return notPossible("on this PBX a call can be ended only on the telephone")
}

// String says where the PBX is, for logs.
func (c *Client) String() string { return fmt.Sprintf("sip %s %s", c.cfg.Name, c.cfg.Address) }
