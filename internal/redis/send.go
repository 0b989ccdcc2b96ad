package redis

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"strconv"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"ringcard/push"
)

//go:embed epoch.lua
var epochLua string

//go:embed publish.lua
var publishLua string

// maxBatch bounds one pipeline. Messages are never held back to fill it: it
// takes what gathered during the round trip before.
const maxBatch = 256

// retryPause keeps a sender from spinning against a Redis that refuses.
const retryPause = 10 * time.Millisecond

// Kinds of ops and of log entries.
const (
	kindMessage = "message"
	kindJoin    = "join"  // no log entry
	kindEvict   = "evict" // no numbers
)

// op is one command to the backplane.
type op struct {
	kind  string
	users []int64
	all   bool // instead of users
	msg   *push.Message
	evict push.Eviction

	number int64         // without gaps in the queue: Redis takes each once
	done   chan struct{} // closed when served; nil if nobody waits
}

func (o *op) finish() {
	if o.done != nil {
		close(o.done)
	}
}

// args are ARGV 3… of publish.lua.
func (o *op) args(history int, first bool) ([]any, error) {
	users := []byte("*")
	if !o.all {
		users = users[:0]
		for i, user := range o.users {
			if i > 0 {
				users = append(users, ',')
			}
			users = strconv.AppendInt(users, user, 10)
		}
	}
	args := []any{o.number, history, first, o.kind, users}
	switch o.kind {
	case kindMessage:
		return append(args, o.msg.Type, o.msg.Key, o.msg.At.UnixNano(), []byte(o.msg.Data)), nil
	case kindEvict:
		data, err := json.Marshal(o.evict)
		if err != nil {
			return nil, fmt.Errorf("marshal eviction: %w", err)
		}
		return append(args, "", "", 0, data), nil
	default:
		return append(args, "", "", 0, ""), nil
	}
}

// send is the goroutine that takes the queue to Redis, in order. It ends when
// ctx does, or when draining and the queue is empty.
func (b *Bus) send(ctx context.Context) {
	defer close(b.sender)
	for {
		batch, round := b.batch()
		if len(batch) > 0 {
			err := b.transmit(ctx, batch, round)
			if ctx.Err() != nil {
				return
			}
			b.sent(batch, round, err)
			continue
		}
		select {
		case <-b.wake:
		case <-b.draining:
			if batch, _ := b.batch(); len(batch) == 0 {
				return
			}
		case <-ctx.Done():
			return
		}
	}
}

// batch returns the front of the queue, which stays queued until sent.
func (b *Bus) batch() (batch []*op, round int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.local != nil {
		return nil, 0
	}
	return b.queue[:min(len(b.queue), maxBatch)], b.round
}

// sent takes the batch off the queue, or gives Redis up.
func (b *Bus) sent(batch []*op, round int, err error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if round != b.round {
		return // served locally meanwhile
	}
	if err != nil {
		b.goLocal(err)
		return
	}
	for _, o := range batch {
		if o.kind == kindJoin {
			b.joined[o.users[0]] = true
		}
		o.finish()
	}
	clear(b.queue[:len(batch)])
	b.queue = b.queue[len(batch):]
}

// transmit sends the batch, again within Patience. Redis recognizes by its
// number what it has taken before.
func (b *Bus) transmit(ctx context.Context, batch []*op, round int) error {
	deadline := time.Now().Add(b.opt.Patience)
	for {
		b.mu.Lock()
		epoch, stale := b.epoch, round != b.round
		b.mu.Unlock()
		if stale {
			return nil // served locally meanwhile
		}
		err := b.pipeline(ctx, batch, epoch)
		if err == nil {
			return nil
		}
		// Another epoch is followed within a round trip; try in that.
		if time.Now().After(deadline) || !pause(ctx, retryPause) {
			return err
		}
	}
}

func (b *Bus) pipeline(ctx context.Context, batch []*op, epoch string) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	next := push.NewEpoch()
	keys := []string{b.keys.state, b.keys.log, b.keys.node}
	_, err := b.client.Pipelined(ctx, func(p goredis.Pipeliner) error {
		for i, o := range batch {
			args, err := o.args(b.opt.History, i == 0)
			if err != nil {
				return err
			}
			// EVAL with the body, not EVALSHA: a kilobyte more, but nothing to
			// reload when Redis has restarted.
			p.Eval(ctx, epochLua+publishLua, keys, append([]any{epoch, next}, args...)...)
		}
		return nil
	})
	return err
}
