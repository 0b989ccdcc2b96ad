package redis

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"ringcard/push"
)

// BusOptions of a bus. Zero values take the default named with each field.
type BusOptions struct {
	URL       string       // redis://host:6379/0 or unix:///path/socket
	Namespace string       // "ringcard": one installation's keys begin with it
	Log       *slog.Logger // discarded

	// Patience is how long a message is sent again before the node serves its
	// users alone: 300 ms.
	Patience time.Duration
	// Pending messages wait for Redis, then the node serves its users alone:
	// 4096.
	Pending int
	// History is the length of the log, about, for nodes to catch up from:
	// 8192 messages.
	History int
	// Block is how long one read waits for news: 1 s.
	Block time.Duration
}

func (o BusOptions) withDefaults() BusOptions {
	if o.Namespace == "" {
		o.Namespace = "ringcard"
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Patience == 0 {
		o.Patience = 300 * time.Millisecond
	}
	if o.Pending == 0 {
		o.Pending = 4096
	}
	if o.History == 0 {
		o.History = 8192
	}
	if o.Block == 0 {
		o.Block = time.Second
	}
	return o
}

// Bus is a push.Bus for the nodes that share one Redis. See the package
// documentation for how it works and fails.
type Bus struct {
	opt    BusOptions
	client *goredis.Client
	keys   keys
	node   string // names this bus in KEYS[3] of publish.lua

	// mu is held while the sink is called, which never blocks. It is never
	// held over the network.
	mu      sync.Mutex
	sink    push.Sink // nil when not running
	epoch   string    // shared epoch last seen
	last    string    // id of the log entry last delivered
	joined  map[int64]bool
	queue   []*op       // for Redis, oldest first
	round   int         // grows when the queue is emptied other than by sending
	counter int64       // number of the last op
	local   *push.Local // serves alone while not nil
	since   time.Time   // of local
	holding bool        // local, but about to return: queue for Redis

	wake     chan struct{} // the queue or the mode changed; room for one
	draining chan struct{} // closed by Stop: send what is queued, then end
	stop     context.CancelFunc
	sender   chan struct{} // closed when the sending goroutine has ended
	follower chan struct{} // closed when the following goroutine has ended
	stopOnce sync.Once
}

var _ push.Bus = (*Bus)(nil)

type keys struct{ state, log, node string }

// NewBus returns a bus that is to be started. The error is about the URL.
func NewBus(opt BusOptions) (*Bus, error) {
	client, err := Open(opt.URL)
	if err != nil {
		return nil, err
	}
	opt = opt.withDefaults()
	node := push.NewEpoch()
	prefix := "{" + opt.Namespace + ":stream}" // braces: one slot of a cluster
	return &Bus{
		opt:      opt,
		client:   client,
		node:     node,
		keys:     keys{state: prefix + ":state", log: prefix + ":log", node: prefix + ":node:" + node},
		wake:     make(chan struct{}, 1),
		draining: make(chan struct{}),
		sender:   make(chan struct{}),
		follower: make(chan struct{}),
	}, nil
}

// Start implements push.Bus.
func (b *Bus) Start(ctx context.Context, sink push.Sink) error {
	b.mu.Lock()
	if b.stop != nil {
		b.mu.Unlock()
		return errors.New("redis bus was started before")
	}
	b.sink = sink
	run, stop := context.WithCancel(context.WithoutCancel(ctx))
	b.stop = stop
	b.mu.Unlock()

	if err := b.sync(ctx); err != nil {
		b.mu.Lock()
		b.goLocal(err)
		b.mu.Unlock()
	}
	go b.send(run)
	go b.follow(run)
	return nil
}

// Stop implements push.Bus. Within ctx it sends what is still queued.
func (b *Bus) Stop(ctx context.Context) error {
	b.mu.Lock()
	started := b.stop != nil
	b.mu.Unlock()
	if !started {
		b.stopOnce.Do(func() { b.client.Close() })
		return nil
	}
	var err error
	b.stopOnce.Do(func() {
		close(b.draining)
		select {
		case <-b.sender:
		case <-ctx.Done():
			err = fmt.Errorf("redis bus stopped with messages unsent: %w", ctx.Err())
		}
		b.stop()
		b.client.Close() // ends a read that is blocking
	})
	<-b.sender
	<-b.follower

	b.mu.Lock()
	defer b.mu.Unlock()
	b.sink = nil
	for _, o := range b.queue {
		o.finish()
	}
	b.queue = nil
	return err
}

// Healthy returns an error while this node serves its own users only.
func (b *Bus) Healthy() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.local == nil {
		return nil
	}
	return fmt.Errorf("redis is away since %s: this node serves its own users only", b.since.UTC().Format(time.RFC3339))
}

// Publish implements push.Bus.
func (b *Bus) Publish(users []int64, msg *push.Message) {
	if len(users) > 0 {
		b.submit(&op{kind: kindMessage, users: users, msg: msg})
	}
}

// Broadcast implements push.Bus.
func (b *Bus) Broadcast(msg *push.Message) {
	b.submit(&op{kind: kindMessage, all: true, msg: msg})
}

// Evict implements push.Bus.
func (b *Bus) Evict(e push.Eviction) {
	b.submit(&op{kind: kindEvict, evict: e})
}

// Join implements push.Bus. It waits for one round trip, or for the node to
// serve alone.
func (b *Bus) Join(ctx context.Context, user int64) error {
	b.mu.Lock()
	known := b.joined[user]
	b.mu.Unlock()
	if known {
		return nil
	}
	o := &op{kind: kindJoin, users: []int64{user}, done: make(chan struct{})}
	b.submit(o)
	select {
	case <-o.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// submit queues o for Redis, or serves it here while the node is alone.
func (b *Bus) submit(o *op) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.sink == nil {
		o.finish()
		return
	}
	if b.local == nil || b.holding {
		if len(b.queue) < b.opt.Pending {
			b.counter++
			o.number = b.counter
			b.queue = append(b.queue, o)
			signal(b.wake)
			return
		}
		if b.local == nil {
			b.goLocal(errors.New("too many messages wait for it"))
		} else {
			b.flushLocal()
		}
	}
	b.serveLocal(o)
}

// goLocal begins an epoch of this node alone and serves what Redis didn't
// take. Called with b.mu held; it does nothing if the node is alone already.
func (b *Bus) goLocal(cause error) {
	if b.local != nil {
		return
	}
	b.opt.Log.Warn("redis is away: this node serves its own users only", "err", cause, "pending", len(b.queue))
	b.local, b.since = push.NewLocal(), time.Now()
	_ = b.local.Start(context.Background(), b.sink) // calls sink.Reset; never fails
	b.joined = nil
	b.flushLocal()
}

// flushLocal serves the queue here and gives up a return under way, whose
// epoch would lack these messages. Called with b.mu held.
func (b *Bus) flushLocal() {
	queue := b.queue
	b.queue, b.holding = nil, false
	b.round++
	for _, o := range queue {
		b.serveLocal(o)
	}
	signal(b.wake)
}

// serveLocal is called with b.mu held. Local's methods neither block nor fail.
func (b *Bus) serveLocal(o *op) {
	switch ctx := context.Background(); {
	case o.kind == kindJoin:
		_ = b.local.Join(ctx, o.users[0])
	case o.kind == kindEvict:
		b.local.Evict(o.evict)
	case o.all:
		b.local.Broadcast(o.msg)
	default:
		b.local.Publish(o.users, o.msg)
	}
	o.finish()
}

func signal(ch chan struct{}) {
	select {
	case ch <- struct{}{}:
	default:
	}
}

// pause waits, or returns false when ctx ends first.
func pause(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
