package push

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// Options of a hub. Zero values take the default named with each field.
type Options struct {
	Bus Bus          // NewLocal()
	Log *slog.Logger // discarded

	// Origins are pages of other hosts that may connect, as
	// https://crm.example.org; the request's own host always may.
	Origins []string

	// Mask hides telephone numbers in the data of a frame for sessions that are
	// Masked. Without it such sessions are refused.
	Mask func(frame []byte) ([]byte, error)

	QueueSize  int           // 128 messages waiting for one socket, then TooSlow
	ReplaySize int           // 512 messages of one user kept for replay
	ReplayAge  time.Duration // 2 min: an older message is never replayed
	MaxPerUser int           // 10 sockets of one user, then TooMany

	PingEvery       time.Duration // 15 s; a browser silent for 2.5 of them is dead
	WriteTimeout    time.Duration // 10 s for one frame to leave the process
	CloseTimeout    time.Duration // 1 s for the closing handshake
	SnapshotTimeout time.Duration // 10 s
}

func (o Options) withDefaults() Options {
	if o.Bus == nil {
		o.Bus = NewLocal()
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	o.QueueSize = cmp.Or(o.QueueSize, 128)
	o.ReplaySize = cmp.Or(o.ReplaySize, 512)
	o.ReplayAge = cmp.Or(o.ReplayAge, 2*time.Minute)
	o.MaxPerUser = cmp.Or(o.MaxPerUser, 10)
	o.PingEvery = cmp.Or(o.PingEvery, 15*time.Second)
	o.WriteTimeout = cmp.Or(o.WriteTimeout, 10*time.Second)
	o.CloseTimeout = cmp.Or(o.CloseTimeout, time.Second)
	o.SnapshotTimeout = cmp.Or(o.SnapshotTimeout, 10*time.Second)
	if o.Mask == nil {
		o.Mask = func([]byte) ([]byte, error) { return nil, errNoMask }
	}
	return o
}

var errNoMask = errors.New("this server masks no numbers, and the session may not see them")

// Session is the signed-in user behind a socket.
type Session struct {
	UserID  int64     `json:"user_id"`
	ID      string    `json:"id"`      // one login; CloseSession names it
	Expires time.Time `json:"expires"` // the socket ends then; zero: never
	// Masked sessions get every frame through Options.Mask (PU-09).
	Masked bool `json:"masked,omitempty"`
}

// Hub holds the sockets of one node. Its methods are safe for concurrent use.
type Hub struct {
	opt      Options
	upgrader websocket.Upgrader
	stats    counters

	mu       sync.RWMutex
	epoch    string
	streams  map[int64]*stream
	conns    map[*conn]struct{}
	perUser  map[int64]int
	stopping bool
	idle     chan struct{} // closed when stopping and the last socket has gone

}

// NewHub returns a hub that is to be started.
func NewHub(opt Options) *Hub {
	h := &Hub{
		opt:     opt.withDefaults(),
		streams: make(map[int64]*stream),
		conns:   make(map[*conn]struct{}),
		perUser: make(map[int64]int),
		idle:    make(chan struct{}),
	}
	h.upgrader = websocket.Upgrader{
		ReadBufferSize:   1 << 10, // browsers send pings only
		WriteBufferSize:  4 << 10, // a call is about 2 KB
		HandshakeTimeout: h.opt.WriteTimeout,
		CheckOrigin:      h.sameOrigin,
		Error:            refuseUpgrade,
	}
	return h
}

// Start connects the bus. It must return before the first Serve or Publish.
func (h *Hub) Start(ctx context.Context) error {
	return h.opt.Bus.Start(ctx, (*sink)(h))
}

// Stop ends all sockets with [GoingAway], waits for them, then stops the bus.
// When ctx ends first it cuts the rest without ceremony and says so. A second
// call waits like the first.
func (h *Hub) Stop(ctx context.Context) error {
	h.mu.Lock()
	if !h.stopping {
		h.stopping = true
		if len(h.conns) == 0 {
			close(h.idle)
		}
	}
	for c := range h.conns {
		c.cut(GoingAway)
	}
	h.mu.Unlock()

	var err error
	select {
	case <-h.idle:
	case <-ctx.Done():
		err = ctx.Err()
		h.mu.RLock()
		for c := range h.conns {
			c.abort()
		}
		h.mu.RUnlock()
		select { // a snapshot that ignores its context must not hold up the rest
		case <-h.idle:
		case <-time.After(h.opt.CloseTimeout):
		}
	}
	return errors.Join(err, h.opt.Bus.Stop(ctx))
}

// Publish shows e to the users; a user named twice gets it once. It never
// blocks: a socket whose queue is full is cut with [TooSlow]. Events of one
// goroutine reach each user in the order published.
func (h *Hub) Publish(users []int64, e Event) {
	if len(users) == 0 {
		return
	}
	if len(users) > 1 {
		users = slices.Compact(slices.Sorted(slices.Values(users)))
	}
	if msg := h.message(e); msg != nil {
		h.opt.Bus.Publish(users, msg)
	}
}

// Broadcast shows e to every user who has ever connected in this epoch. It
// costs one queue entry for each of them: join frequent changes before.
func (h *Hub) Broadcast(e Event) {
	if msg := h.message(e); msg != nil {
		h.opt.Bus.Broadcast(msg)
	}
}

func (h *Hub) message(e Event) *Message {
	msg, err := newMessage(e)
	if err != nil {
		h.opt.Log.Error("event not published", "type", e.Type, "key", e.Key, "err", err)
		return nil
	}
	h.stats.published.Add(1)
	return msg
}

// CloseSession ends the sockets of one login on all nodes with [SessionEnded].
func (h *Hub) CloseSession(id string) {
	if id != "" {
		h.opt.Bus.Evict(Eviction{SessionID: id})
	}
}

// CloseUser ends all sockets of the user on all nodes with [SessionEnded].
func (h *Hub) CloseUser(userID int64) {
	h.opt.Bus.Evict(Eviction{UserID: userID})
}

// admit registers c so that Stop waits for it, and cuts it if its user has too
// many. It is false once the hub is stopping.
func (h *Hub) admit(c *conn) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.stopping {
		return false
	}
	h.conns[c] = struct{}{}
	if c.isCut() {
		return true
	}
	user := c.session.UserID
	if h.perUser[user] >= h.opt.MaxPerUser {
		c.cut(TooMany)
		return true
	}
	h.perUser[user]++
	c.counted = true
	return true
}

func (h *Hub) release(c *conn) {
	h.mu.Lock()
	defer h.mu.Unlock()
	user := c.session.UserID
	if s := h.streams[user]; s != nil {
		s.detach(c)
	}
	if c.counted {
		h.perUser[user]--
	}
	if h.perUser[user] == 0 {
		delete(h.perUser, user)
	}
	delete(h.conns, c)
	if h.stopping && len(h.conns) == 0 {
		close(h.idle)
	}
}

// position returns the epoch and the number of the user's last message.
func (h *Hub) position(user int64) (string, int64) {
	h.mu.RLock()
	defer h.mu.RUnlock()
	if s := h.streams[user]; s != nil {
		return h.epoch, s.last()
	}
	return h.epoch, 0
}

// attach connects c to its user's stream behind the message numbered after of
// the epoch, and returns what came since. It is false when that is unknown:
// another epoch, a message of the future, or messages no longer kept.
func (h *Hub) attach(c *conn, epoch string, after int64) ([]numbered, bool) {
	s := h.stream(c.session.UserID)
	h.mu.RLock()
	defer h.mu.RUnlock() // keeps Reset away until c is attached
	if epoch != h.epoch || h.streams[c.session.UserID] != s {
		return nil, false
	}
	c.epoch = epoch
	return s.attach(c, after)
}

// stream finds or makes the user's stream of this epoch.
func (h *Hub) stream(user int64) *stream {
	h.mu.RLock()
	s := h.streams[user]
	h.mu.RUnlock()
	if s != nil {
		return s
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.streams[user] == nil {
		h.streams[user] = h.newStream(0)
	}
	return h.streams[user]
}

func (h *Hub) newStream(seq int64) *stream {
	return &stream{seq: seq, recent: history{size: h.opt.ReplaySize, age: h.opt.ReplayAge}}
}

// sink is the side of the hub that its bus sees.
type sink Hub

var _ Sink = (*sink)(nil)

// Reset implements [Sink]: every socket must take a new snapshot.
func (s *sink) Reset(epoch string, heads map[int64]int64) {
	h := (*Hub)(s)
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.epoch != "" {
		h.opt.Log.Info("stream starts anew", "epoch", epoch, "sockets", len(h.conns))
	}
	h.epoch = epoch
	clear(h.streams)
	for user, seq := range heads {
		h.streams[user] = h.newStream(seq)
	}
	for c := range h.conns {
		c.cut(Gap)
	}
}

// Deliver implements [Sink].
func (s *sink) Deliver(user, seq int64, msg *Message) {
	h := (*Hub)(s)
	sent, cut, code := h.stream(user).deliver(seq, msg)
	h.stats.delivered.Add(int64(sent))
	for _, c := range cut {
		c.cut(code)
	}
	if code == Gap {
		h.opt.Log.Error("numbers of a stream jumped", "user", user, "seq", seq, "sockets", len(cut))
	}
}

// Evict implements [Sink].
func (s *sink) Evict(e Eviction) {
	h := (*Hub)(s)
	h.mu.RLock()
	defer h.mu.RUnlock()
	for c := range h.conns {
		if e.matches(c.session) {
			c.cut(SessionEnded)
		}
	}
}

// sameOrigin lets in pages of the request's own host, of the origins allowed,
// and programs that are no browsers and send no Origin (RFC 6454).
func (h *Hub) sameOrigin(r *http.Request) bool {
	origin := r.Header.Get("Origin")
	if origin == "" {
		return true
	}
	if slices.ContainsFunc(h.opt.Origins, func(o string) bool {
		return strings.EqualFold(strings.TrimSuffix(o, "/"), origin)
	}) {
		return true
	}
	u, err := url.Parse(origin)
	return err == nil && strings.EqualFold(u.Host, r.Host)
}
