package redis

import (
	"cmp"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"ringcard/push"
)

//go:embed sync.lua
var syncLua string

const (
	// maxEntries bounds one answer of Redis.
	maxEntries = 512
	// longest pause between attempts to reach Redis.
	maxPause = 2 * time.Second
)

var (
	// errMoved: the node must ask anew where the installation is.
	errMoved = errors.New("epoch or mode changed")
	// errMalformed: what Redis holds was not written by these scripts.
	errMalformed = errors.New("malformed log")
)

// entry is one record of the log.
type entry struct {
	id      string
	epoch   string
	kind    string
	numbers []number
	msg     *push.Message
	evict   push.Eviction
}

// number is a message's place in one user's stream.
type number struct{ user, seq int64 }

// follow is the goroutine that reads the log and delivers it. It comes back
// to Redis after every failure, until ctx ends.
func (b *Bus) follow(ctx context.Context) {
	defer close(b.follower)
	wait := 50 * time.Millisecond
	for synced := b.Healthy() == nil; ctx.Err() == nil; {
		var err error
		if !synced {
			err = b.sync(ctx)
		}
		if err == nil {
			wait = 50 * time.Millisecond
			err = b.read(ctx)
			synced = false
		}
		if err == nil || errors.Is(err, errMoved) || ctx.Err() != nil {
			continue
		}
		if errors.Is(err, errMalformed) { // a return begins a new epoch and an empty log
			b.mu.Lock()
			b.goLocal(err)
			b.mu.Unlock()
		}
		b.opt.Log.Debug("redis not followed", "err", err, "again_in", wait)
		pause(ctx, wait)
		wait = min(2*wait, maxPause)
	}
}

// read delivers the log as it grows. It returns errMoved when the node is
// alone or the epoch is another, else what failed.
func (b *Bus) read(ctx context.Context) error {
	for {
		b.mu.Lock()
		last, moved := b.last, b.local != nil
		b.mu.Unlock()
		if moved {
			return errMoved
		}
		entries, err := b.next(ctx, last)
		if err != nil {
			return err
		}
		if len(entries) == 0 { // a quiet log may as well have been lost
			if err := b.verify(ctx); err != nil {
				return err
			}
			continue
		}
		if err := b.deliver(entries); err != nil {
			return err
		}
	}
}

// next returns what follows the entry with the id, none after Block.
func (b *Bus) next(ctx context.Context, last string) ([]entry, error) {
	ctx, cancel := context.WithTimeout(ctx, b.opt.Block+timeout)
	defer cancel()
	streams, err := b.client.XRead(ctx, &goredis.XReadArgs{
		Streams: []string{b.keys.log}, ID: last, Count: maxEntries, Block: b.opt.Block,
	}).Result()
	if errors.Is(err, goredis.Nil) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read log: %w", err)
	}
	var entries []entry
	for _, m := range streams[0].Messages {
		e, err := parseEntry(m.ID, m.Values)
		if err != nil {
			return nil, err
		}
		entries = append(entries, e)
	}
	return entries, nil
}

// verify asks whether the epoch is still that of this node.
func (b *Bus) verify(ctx context.Context) error {
	epoch, err := b.client.HGet(ctx, b.keys.state, "epoch").Result()
	if err != nil && !errors.Is(err, goredis.Nil) {
		return fmt.Errorf("verify epoch: %w", err)
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if epoch != b.epoch {
		return errMoved
	}
	return nil
}

func (b *Bus) deliver(entries []entry) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.local != nil {
		return errMoved
	}
	for _, e := range entries {
		if e.epoch != b.epoch {
			return errMoved
		}
		b.deliverEntry(e)
	}
	return nil
}

// deliverEntry is called with b.mu held.
func (b *Bus) deliverEntry(e entry) {
	for _, n := range e.numbers {
		b.sink.Deliver(n.user, n.seq, e.msg)
	}
	if e.kind == kindEvict {
		b.sink.Evict(e.evict)
	}
	b.last = e.id
}

// sync finds out where the installation is: the node goes on from the log
// where it can, else begins anew with what the log holds. A node that served
// its users alone makes the installation begin a new epoch, since no other
// node has its messages.
func (b *Bus) sync(ctx context.Context) error {
	b.mu.Lock()
	alone, epoch, last := b.local != nil, b.epoch, b.last
	b.mu.Unlock()
	if alone {
		// Only a Redis that answers is worth holding back messages for.
		if err := b.client.Ping(ctx).Err(); err != nil {
			return fmt.Errorf("ping: %w", err)
		}
		b.mu.Lock()
		b.holding = true
		b.mu.Unlock()
	}
	at, err := b.locate(ctx, epoch, last, alone)

	b.mu.Lock()
	defer b.mu.Unlock()
	if alone && (err != nil || !b.holding) {
		b.flushLocal()
		return cmp.Or(err, errMoved)
	}
	if err != nil {
		return err
	}
	if !alone && b.local != nil {
		return errMoved // sending failed meanwhile
	}
	if !at.goOn {
		if alone {
			b.opt.Log.Info("redis is back", "epoch", at.epoch, "away", time.Since(b.since).Round(time.Millisecond))
			_ = b.local.Stop(ctx) // waits for nothing: b.mu is held
		}
		b.local, b.holding = nil, false
		b.joined = make(map[int64]bool)
		b.epoch, b.last = at.epoch, "0-0"
		b.sink.Reset(at.epoch, at.before())
	}
	for _, e := range at.entries {
		b.deliverEntry(e)
	}
	signal(b.wake)
	return nil
}

// location is where the installation is.
type location struct {
	epoch   string
	goOn    bool            // entries follow the node's last one
	heads   map[int64]int64 // last number of each user, unless goOn
	entries []entry
}

// before returns the last number of each user before the entries.
func (l location) before() map[int64]int64 {
	for _, e := range l.entries {
		for _, n := range e.numbers {
			l.heads[n.user]--
		}
	}
	return l.heads
}

func (b *Bus) locate(ctx context.Context, epoch, last string, force bool) (at location, err error) {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	forced := "0"
	if force {
		forced = "1"
	}
	if last == "" {
		last = "0-0"
	}
	reply, err := b.client.Eval(ctx, epochLua+syncLua, []string{b.keys.state, b.keys.log},
		push.NewEpoch(), epoch, last, forced, maxEntries).Slice()
	if err != nil {
		return at, fmt.Errorf("sync: %w", err)
	}
	if at, err = parseLocation(reply); err != nil {
		return at, fmt.Errorf("sync: %w", err)
	}
	return at, nil
}

func parseLocation(reply []any) (at location, err error) {
	if len(reply) != 4 {
		return at, fmt.Errorf("%w: answer of %d parts", errMalformed, len(reply))
	}
	at.epoch, _ = reply[0].(string)
	at.goOn = reply[1] == "1"
	at.heads = make(map[int64]int64)
	state, _ := reply[2].([]any)
	for i := 0; i+1 < len(state); i += 2 {
		field, _ := state[i].(string)
		user, isUser := strings.CutPrefix(field, "u")
		if !isUser {
			continue
		}
		seq, _ := state[i+1].(string)
		n, err := parseNumber(user, seq)
		if err != nil {
			return at, fmt.Errorf("%w: state: %w", errMalformed, err)
		}
		at.heads[n.user] = n.seq
	}
	entries, _ := reply[3].([]any)
	for _, raw := range entries {
		pair, _ := raw.([]any)
		if len(pair) != 2 {
			return at, fmt.Errorf("%w: entry of %d parts", errMalformed, len(pair))
		}
		id, _ := pair[0].(string)
		fields, _ := pair[1].([]any)
		values := make(map[string]any, len(fields)/2)
		for i := 0; i+1 < len(fields); i += 2 {
			name, _ := fields[i].(string)
			values[name] = fields[i+1]
		}
		e, err := parseEntry(id, values)
		if err != nil {
			return at, err
		}
		at.entries = append(at.entries, e)
	}
	return at, nil
}

func parseEntry(id string, values map[string]any) (entry, error) {
	text := func(name string) string { s, _ := values[name].(string); return s }
	e := entry{id: id, epoch: text("e"), kind: text("k")}
	for field := range strings.SplitSeq(text("u"), ",") {
		if field == "" {
			continue
		}
		user, seq, _ := strings.Cut(field, ":")
		n, err := parseNumber(user, seq)
		if err != nil {
			return e, fmt.Errorf("%w: entry %s: %w", errMalformed, id, err)
		}
		e.numbers = append(e.numbers, n)
	}
	switch e.kind {
	case kindMessage:
		at, err := strconv.ParseInt(text("at"), 10, 64)
		if err != nil {
			return e, fmt.Errorf("%w: entry %s: time: %w", errMalformed, id, err)
		}
		e.msg = &push.Message{
			Type: text("t"), Key: text("key"), At: time.Unix(0, at).UTC(), Data: json.RawMessage(text("d")),
		}
	case kindEvict:
		if err := json.Unmarshal([]byte(text("d")), &e.evict); err != nil {
			return e, fmt.Errorf("%w: entry %s: eviction: %w", errMalformed, id, err)
		}
	} // other kinds carry nothing for a node of this version
	return e, nil
}

func parseNumber(user, seq string) (n number, err error) {
	if n.user, err = strconv.ParseInt(user, 10, 64); err != nil {
		return n, fmt.Errorf("user: %w", err)
	}
	if n.seq, err = strconv.ParseInt(seq, 10, 64); err != nil {
		return n, fmt.Errorf("number: %w", err)
	}
	return n, nil
}
