package ari

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/gorilla/websocket"

	"ringcard/cti"
)

const (
	firstBackoff    = 250 * time.Millisecond
	lastBackoff     = 30 * time.Second
	replacedBackoff = time.Minute
	watchInterval   = 5 * time.Second
	closeTimeout    = time.Second
	readDeadline    = 30 * time.Second
	dialTimeout     = 10 * time.Second
	maxFrame        = 1 << 20
)

// Sink takes the events, in order. Post may wait.
type Sink interface{ Post(cti.Event) }

// Metrics are hooks for counting; each may be nil.
type Metrics struct {
	Frame   func()
	Unknown func(kind string)
	Bad     func()
	Connect func(result string) // connected, lost, refused, unreachable, replaced
}

// Options of a Client. Sink is needed.
type Options struct {
	Sink     Sink
	Log      *slog.Logger
	Metrics  Metrics
	OnStatus func(Status) // called on each change, in order; must not block
	// Tap sees each frame as it came and the time that its event gets, for
	// captures. It must not keep the frame.
	Tap func(raw []byte, at time.Time)
	// Arrived sees each frame as soon as it is read, for measurements. It must
	// not keep the frame.
	Arrived func(raw []byte, received time.Time)
}

// Status is the state of the connection.
type Status struct {
	Connected bool      `json:"connected"`
	Since     time.Time `json:"since"`
	Version   string    `json:"version,omitempty"`
	LastError string    `json:"last_error,omitempty"`
	Replaced  bool      `json:"replaced,omitempty" doc:"another client took our ARI application name"`
}

// Client keeps one connection to one Asterisk and is its cti.PBX.
type Client struct {
	cfg  Config
	opt  Options
	log  *slog.Logger
	rest *REST

	mu      sync.Mutex
	status  Status
	unknown map[string]bool
	ctl     *controlState
	heard   atomic.Int64 // Unix nanoseconds of the last sign of life of the PBX

	cancel context.CancelFunc
	done   chan struct{}
}

// New makes a client that does nothing before Start.
func New(cfg Config, opt Options) *Client {
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	log := opt.Log.With("pbx", cfg.Name)
	return &Client{cfg: cfg, opt: opt, log: log, rest: NewREST(cfg, nil), ctl: newControlState(cfg.AMI, log),
		status: Status{Since: time.Now().UTC()}, unknown: make(map[string]bool)}
}

// SetSink sets where events go; to be called before Start.
func (c *Client) SetSink(s Sink) { c.opt.Sink = s }

// Start begins to connect, and to reconnect for as long as it runs.
func (c *Client) Start(context.Context) error {
	if c.opt.Sink == nil {
		return errors.New("ari: no sink")
	}
	ctx, cancel := context.WithCancel(context.Background())
	c.cancel, c.done = cancel, make(chan struct{})
	c.ctl.start()
	go c.loop(ctx)
	return nil
}

// Stop closes the connection and waits for the reader. Idempotent.
func (c *Client) Stop(ctx context.Context) error {
	if c.cancel == nil {
		return nil
	}
	c.cancel()
	err := c.ctl.stop(ctx)
	select {
	case <-c.done:
		c.rest.Close()
		return err
	case <-ctx.Done():
		return ctx.Err()
	}
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
	if s.Version == "" {
		s.Version = c.status.Version
	}
	changed := s != c.status
	c.status = s
	c.mu.Unlock()
	if changed && c.opt.OnStatus != nil {
		c.opt.OnStatus(s)
	}
}

func (c *Client) loop(ctx context.Context) {
	defer close(c.done)
	backoff := firstBackoff
	for ctx.Err() == nil {
		synced, err := c.session(ctx)
		if synced {
			backoff = firstBackoff
			c.opt.Sink.Post(cti.Event{Kind: cti.Disconnected, At: time.Unix(0, c.heard.Load()).UTC()})
		}
		if ctx.Err() != nil {
			return
		}
		wait := backoff/2 + rand.N(backoff)
		result, replaced := connectResult(err, synced), errors.Is(err, errReplaced)
		if replaced {
			wait = replacedBackoff
		}
		c.count(c.opt.Metrics.Connect, result)
		c.setStatus(Status{LastError: advice(err), Replaced: replaced})
		c.log.Warn("not connected to the PBX", "err", err, "advice", advice(err), "retry_in", wait.Round(time.Millisecond))
		select {
		case <-time.After(wait):
		case <-ctx.Done():
		}
		backoff = min(backoff*2, lastBackoff)
	}
}

func connectResult(err error, synced bool) string {
	var status *StatusError
	switch {
	case errors.Is(err, errReplaced):
		return "replaced"
	case synced:
		return "lost"
	case errors.As(err, &status):
		return "refused"
	}
	return "unreachable"
}

// advice tells the administrator in one line what to do.
func advice(err error) string {
	var status *StatusError
	switch {
	case errors.Is(err, errReplaced):
		return "another program or a second Ringcard uses the same ARI application name: give each its own pbx[].ari.app"
	case errors.As(err, &status) && status.Status == http.StatusUnauthorized:
		return "Asterisk does not accept the ARI user or password: compare pbx[].ari.user and .password with ari.conf"
	case errors.As(err, &status) && status.Status == http.StatusForbidden:
		return "the ARI user may not write: set read_only = no for it in ari.conf"
	case errors.As(err, &status) && status.Status == http.StatusNotFound:
		return "there is no ARI at this address: check pbx[].ari.url and enabled = yes in ari.conf and http.conf"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "nothing listens at this address (connection refused): check pbx[].ari.url, that Asterisk runs, and bindaddr and bindport in http.conf"
	case err != nil:
		return err.Error()
	}
	return ""
}

// session is one connection from dial to the first error. synced tells
// whether it got as far as delivering events.
func (c *Client) session(parent context.Context) (synced bool, err error) {
	ctx, cancel := context.WithCancel(parent)
	defer cancel()
	conn, err := c.dial(ctx)
	if err != nil {
		return false, err
	}
	defer func() { _ = conn.Close() }() // it may be closed already
	// The reader blocks in a read; the answer to our close frame ends it.
	context.AfterFunc(ctx, func() {
		soon := time.Now().Add(closeTimeout)
		_ = conn.WriteControl(websocket.CloseMessage, websocket.FormatCloseMessage(websocket.CloseNormalClosure, ""), soon)
		_ = conn.SetReadDeadline(soon)
	})
	gate := newGate(c.opt.Sink)
	defer gate.close()
	context.AfterFunc(ctx, gate.close)
	clock := newPBXClock()
	readErr := make(chan error, 1)
	go func() { readErr <- c.read(conn, clock, gate); cancel() }()
	watched := make(chan error, 1)
	go func() { watched <- c.watch(ctx, conn, clock); cancel() }()

	err = c.sync(ctx, clock, gate)
	if err != nil {
		cancel()
		if werr := <-watched; werr != nil {
			err = werr
		}
		if rerr := <-readErr; errors.Is(rerr, errReplaced) {
			err = rerr
		}
		return false, err
	}
	err = <-readErr
	if werr := <-watched; werr != nil && !errors.Is(err, errReplaced) {
		err = werr
	}
	return true, err
}

func (c *Client) dial(ctx context.Context) (*websocket.Conn, error) {
	u, err := url.Parse(strings.TrimSuffix(c.cfg.URL, "/") + "/events")
	if err != nil {
		return nil, fmt.Errorf("ari url: %w", err)
	}
	u.Scheme = map[string]string{"http": "ws", "https": "wss"}[u.Scheme]
	u.RawQuery = url.Values{"app": {c.cfg.App}, "subscribeAll": {"false"}}.Encode()
	// Basic auth and not api_key: a URL ends up in logs.
	auth := base64.StdEncoding.EncodeToString([]byte(c.cfg.User + ":" + c.cfg.Password))
	d := websocket.Dialer{HandshakeTimeout: dialTimeout, Proxy: http.ProxyFromEnvironment, ReadBufferSize: 64 << 10}
	conn, res, err := d.DialContext(ctx, u.String(), http.Header{"Authorization": {"Basic " + auth}})
	if err != nil {
		if res != nil {
			defer res.Body.Close()
			return nil, statusError(res)
		}
		return nil, withoutURL(err)
	}
	conn.SetReadLimit(maxFrame)
	return conn, nil
}

// sync subscribes, sets the filter, takes the snapshot and opens the gate.
func (c *Client) sync(parent context.Context, clock *pbxClock, g *gate) error {
	ctx, cancel := context.WithTimeout(parent, syncTimeout)
	defer cancel()
	info, _, err := c.rest.Info(ctx)
	if err != nil {
		return fmt.Errorf("asterisk info: %w", err)
	}
	if err := clock.ask(ctx, c.rest); err != nil {
		return fmt.Errorf("asterisk ping: %w", err)
	}
	if err := c.rest.subscribe(ctx); err != nil {
		return fmt.Errorf("subscription: %w", err)
	}
	if err := c.rest.filter(ctx); err != nil {
		c.log.Warn("event filter not set; every event will be sent", "err", err)
	}
	snap, err := c.snapshot(ctx, clock)
	if err != nil {
		return fmt.Errorf("resync: %w", err)
	}
	if err := c.rest.subscribed(ctx); err != nil {
		return err
	}
	g.open(cti.Event{Kind: cti.Resync, At: time.Now().UTC(), Snapshot: snap})
	c.setStatus(Status{Connected: true, Version: info.SystemInfo.Version})
	c.count(c.opt.Metrics.Connect, "connected")
	c.ctl.run(func(ctx context.Context) { c.resynced(ctx) })
	c.log.Info("connected to the PBX", "version", info.SystemInfo.Version, "channels", len(snap.Channels))
	return nil
}

func (c *Client) read(conn *websocket.Conn, clock *pbxClock, g *gate) error {
	extend := func() error {
		c.heard.Store(time.Now().UnixNano())
		return conn.SetReadDeadline(time.Now().Add(readDeadline))
	}
	conn.SetPongHandler(func(string) error { return extend() })
	if err := extend(); err != nil {
		return err
	}
	for {
		_, raw, err := conn.ReadMessage()
		if err != nil {
			return fmt.Errorf("ari socket: %w", err)
		}
		received := time.Now().UTC()
		if c.opt.Arrived != nil {
			c.opt.Arrived(raw, received)
		}
		c.heard.Store(received.UnixNano())
		if c.opt.Metrics.Frame != nil {
			c.opt.Metrics.Frame()
		}
		c.ctl.see(raw)
		at := received
		ev, ok, err := translate(raw, func(stamp time.Time) time.Time {
			at = clock.sent(received, stamp)
			return at
		})
		if c.opt.Tap != nil {
			c.opt.Tap(raw, at)
		}
		if err != nil {
			if errors.Is(err, errReplaced) {
				return err
			}
			c.odd(err)
			continue
		}
		if ok {
			g.post(ev)
		}
	}
}

// odd counts what cannot be understood and logs it once a type (PB-06).
func (c *Client) odd(err error) {
	key := "malformed"
	var unknown unknownEvent
	if errors.As(err, &unknown) {
		key = string(unknown)
		c.count(c.opt.Metrics.Unknown, key)
	} else if c.opt.Metrics.Bad != nil {
		c.opt.Metrics.Bad()
	}
	c.mu.Lock()
	seen := c.unknown[key]
	if len(c.unknown) < 1000 {
		c.unknown[key] = true
	}
	c.mu.Unlock()
	if !seen {
		c.log.Warn("skipped an event", "err", err)
	}
}

// watch pings, compares the clocks, and asks whether the application still has its subscriptions:
// when Asterisk ends the session of our previous socket late, it takes them
// from the new one, which stays open and silent. It returns nil when ctx ends.
func (c *Client) watch(ctx context.Context, conn *websocket.Conn, clock *pbxClock) error {
	t := time.NewTicker(watchInterval)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-t.C:
		}
		if err := conn.WriteControl(websocket.PingMessage, nil, time.Now().Add(dialTimeout)); err != nil {
			return fmt.Errorf("ping: %w", err)
		}
		err := c.rest.subscribed(ctx)
		if err == nil {
			err = clock.ask(ctx, c.rest)
		}
		if err != nil && ctx.Err() == nil {
			return err
		}
	}
}

func (c *Client) count(f func(string), v string) {
	if f != nil {
		f(v)
	}
}
