package ami

import (
	"bufio"
	"context"
	"crypto/md5" //nolint:gosec // the challenge of AMI is MD5; it only keeps the password off the wire
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"
)

const (
	firstBackoff = 250 * time.Millisecond
	lastBackoff  = 30 * time.Second
	dialTimeout  = 5 * time.Second
	pingEvery    = 10 * time.Second
	silence      = 30 * time.Second // without a word, not even to a ping
)

// Config says how to reach the manager of one Asterisk.
type Config struct {
	Addr     string // host:port, 5038 by default
	User     string
	Password string
}

// Options of a Client; each may be empty.
type Options struct {
	Log     *slog.Logger
	OnEvent func(Message) // in order, on the reader: must not block
	// OnStatus is called on each change with what to do about a lost or refused
	// connection; nil: it is up.
	OnStatus func(error)
}

// ErrDown tells of Do that there is no connection. An answer "Error" of
// Asterisk is a *Refused.
var ErrDown = errors.New("ami: not connected")

// Refused is Asterisk's own reason for not taking an action.
type Refused struct{ Action, Message string }

// Error implements error.
func (e *Refused) Error() string { return "ami: " + e.Action + " refused: " + e.Message }

// Client keeps one connection. Safe for concurrent use.
type Client struct {
	cfg Config
	opt Options
	log *slog.Logger

	mu      sync.Mutex
	conn    net.Conn // nil while down
	pending map[string]*request
	lastID  uint64

	cancel context.CancelFunc
	done   chan struct{}
}

// request waits for its answer, and for a list to its end.
type request struct {
	list   string // event that ends the list; empty: no list
	answer chan Message
	events []Message
}

// New makes a client that does nothing before Start.
func New(cfg Config, opt Options) *Client {
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	return &Client{cfg: cfg, opt: opt, log: opt.Log, pending: make(map[string]*request)}
}

// Start begins to connect, and to reconnect for as long as it runs.
func (c *Client) Start() {
	ctx, cancel := context.WithCancel(context.Background())
	c.cancel, c.done = cancel, make(chan struct{})
	go c.loop(ctx)
}

// Stop closes the connection and waits for the reader. Idempotent.
func (c *Client) Stop(ctx context.Context) error {
	if c.cancel == nil {
		return nil
	}
	c.cancel()
	select {
	case <-c.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Connected tells whether actions can be sent.
func (c *Client) Connected() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.conn != nil
}

// Do sends an action and returns the answer. Fields are key, value in turn.
func (c *Client) Do(ctx context.Context, action string, fields ...string) (Message, error) {
	answer, _, err := c.ask(ctx, action, "", fields)
	return answer, err
}

// List sends an action that answers with events, and returns them up to the
// event that ends the list, as QueueStatusComplete.
func (c *Client) List(ctx context.Context, action, end string, fields ...string) ([]Message, error) {
	_, events, err := c.ask(ctx, action, end, fields)
	return events, err
}

func (c *Client) ask(ctx context.Context, action, end string, fields []string) (Message, []Message, error) {
	var list []Field
	for i := 0; i+1 < len(fields); i += 2 {
		list = append(list, Field{fields[i], fields[i+1]})
	}
	c.mu.Lock()
	if c.conn == nil {
		c.mu.Unlock()
		return nil, nil, ErrDown
	}
	c.lastID++
	id := "rc" + strconv.FormatUint(c.lastID, 10)
	raw, err := encode(action, id, list)
	if err != nil {
		c.mu.Unlock()
		return nil, nil, err
	}
	req := &request{list: end, answer: make(chan Message, 1)}
	c.pending[id] = req
	_ = c.conn.SetWriteDeadline(time.Now().Add(dialTimeout))
	_, err = c.conn.Write(raw)
	c.mu.Unlock()
	defer c.forget(id)
	if err != nil {
		return nil, nil, fmt.Errorf("ami: %s: %w", action, err)
	}
	select {
	case m, ok := <-req.answer:
		switch {
		case !ok:
			return nil, nil, ErrDown
		case m.Get("Response") == "Error":
			return m, nil, &Refused{Action: action, Message: m.Get("Message")}
		}
		return m, req.events, nil
	case <-ctx.Done():
		return nil, nil, fmt.Errorf("ami: %s: %w", action, ctx.Err())
	}
}

func (c *Client) forget(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.pending, id)
}

func (c *Client) loop(ctx context.Context) {
	defer close(c.done)
	backoff := firstBackoff
	for ctx.Err() == nil {
		up, err := c.session(ctx)
		if up {
			backoff = firstBackoff
		}
		if ctx.Err() != nil {
			return
		}
		if c.opt.OnStatus != nil {
			c.opt.OnStatus(err)
		}
		wait := backoff/2 + rand.N(backoff)
		c.log.Warn("no connection to the manager interface", "err", err, "retry_in", wait.Round(time.Millisecond))
		select {
		case <-time.After(wait):
		case <-ctx.Done():
		}
		backoff = min(backoff*2, lastBackoff)
	}
}

// session is one connection from dial to the first error; up tells whether
// it got past the login.
func (c *Client) session(parent context.Context) (up bool, err error) {
	ctx, cancel := context.WithCancel(parent)
	defer cancel()
	dialer := net.Dialer{Timeout: dialTimeout}
	conn, err := dialer.DialContext(ctx, "tcp", c.cfg.Addr)
	if err != nil {
		return false, fmt.Errorf("nothing answers at %s: check pbx[].ami.address, and enabled and port in manager.conf: %w", c.cfg.Addr, err)
	}
	stop := context.AfterFunc(ctx, func() { _ = conn.Close() })
	defer stop()
	defer func() { _ = conn.Close() }()
	r := bufio.NewReader(conn)
	if err := c.login(conn, r); err != nil {
		return false, err
	}
	c.mu.Lock()
	c.conn = conn
	c.mu.Unlock()
	if c.opt.OnStatus != nil {
		c.opt.OnStatus(nil)
	}
	pinger := make(chan struct{})
	go func() { defer close(pinger); c.ping(ctx) }()
	err = c.read(conn, r)
	cancel()
	c.down()
	<-pinger
	return true, err
}

// login answers the challenge, so that the password never crosses the wire.
func (c *Client) login(conn net.Conn, r *bufio.Reader) error {
	_ = conn.SetDeadline(time.Now().Add(dialTimeout))
	defer func() { _ = conn.SetDeadline(time.Time{}) }()
	banner, err := readLine(r)
	if err != nil || !strings.HasPrefix(banner, "Asterisk Call Manager") {
		return errors.Join(errors.New("this is no manager interface of Asterisk: check pbx[].ami.address"), err)
	}
	answer, err := exchange(conn, r, "Challenge", Field{"AuthType", "MD5"})
	if err != nil {
		return err
	}
	sum := md5.Sum([]byte(answer.Get("Challenge") + c.cfg.Password)) //nolint:gosec // as above
	_, err = exchange(conn, r, "Login", Field{"AuthType", "MD5"}, Field{"Username", c.cfg.User},
		Field{"Key", hex.EncodeToString(sum[:])}, Field{"Events", "call,agent"})
	var refused *Refused
	if errors.As(err, &refused) {
		return fmt.Errorf("the manager interface does not accept the user or password: compare pbx[].ami with manager.conf: %w", err)
	}
	return err
}

// exchange is one action before the reader runs.
func exchange(conn net.Conn, r *bufio.Reader, action string, fields ...Field) (Message, error) {
	raw, err := encode(action, "login", fields)
	if err != nil {
		return nil, err
	}
	if _, err := conn.Write(raw); err != nil {
		return nil, err
	}
	for {
		m, err := ReadMessage(r)
		if err != nil {
			return nil, fmt.Errorf("ami: %s: %w", action, err)
		}
		switch m.Get("Response") {
		case "Success":
			return m, nil
		case "Error":
			return nil, &Refused{Action: action, Message: m.Get("Message")}
		}
	}
}

func (c *Client) read(conn net.Conn, r *bufio.Reader) error {
	for {
		if err := conn.SetReadDeadline(time.Now().Add(silence)); err != nil {
			return err
		}
		m, err := ReadMessage(r)
		if err != nil {
			return fmt.Errorf("ami: %w", err)
		}
		if !c.answered(m) && c.opt.OnEvent != nil && m.Get("Event") != "" {
			c.opt.OnEvent(m)
		}
	}
}

// answered gives a message to the action that asked for it.
func (c *Client) answered(m Message) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	req := c.pending[m.Get("ActionID")]
	if req == nil {
		return false
	}
	switch event := m.Get("Event"); {
	case event == "" && (req.list == "" || m.Get("Response") == "Error"), event != "" && event == req.list:
		delete(c.pending, m.Get("ActionID"))
		req.answer <- m
	case event != "":
		if len(req.events) < maxLines {
			req.events = append(req.events, m)
		}
		return req.list != ""
	}
	return true
}

// down fails all that waits for an answer.
func (c *Client) down() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.conn = nil
	for id, req := range c.pending {
		delete(c.pending, id)
		close(req.answer)
	}
}

// ping keeps the silence short enough for read to tell a dead peer.
func (c *Client) ping(ctx context.Context) {
	t := time.NewTicker(pingEvery)
	defer t.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-t.C:
		}
		if _, err := c.Do(ctx, "Ping"); err != nil && ctx.Err() == nil {
			c.log.Debug("ping of the manager interface", "err", err)
		}
	}
}
