package redis_test

import (
	"context"
	"encoding/json"
	"slices"
	"sync"
	"testing"
	"time"

	goredis "github.com/redis/go-redis/v9"

	"ringcard/internal/redis"
	"ringcard/internal/redis/redistest"
	"ringcard/push"
	"ringcard/push/pushtest"
)

const (
	stateKey = "{ringcard:stream}:state"
	logKey   = "{ringcard:stream}:log"
)

func open(t *testing.T, server *redistest.Server) *goredis.Client {
	t.Helper()
	client, err := redis.Open(server.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { client.Close() })
	return client
}

// node is one server of the installation.
type node struct {
	*pushtest.Server
	bus *redis.Bus
}

// newNode starts a server that goes alone when Redis is away.
func newNode(t *testing.T, server *redistest.Server) node {
	t.Helper()
	return newPatientNode(t, server, 0)
}

// newPatientNode starts a server that waits for Redis, whatever the load of
// the machine that tests.
func newPatientNode(t *testing.T, server *redistest.Server, patience time.Duration) node {
	t.Helper()
	bus := newBus(t, server, patience)
	snapshot := func(context.Context) (any, error) { return nil, nil }
	return node{pushtest.NewServer(t, push.NewHub(push.Options{Bus: bus, Log: testLog(t)}), snapshot), bus}
}

func (n node) browser(t *testing.T, user int64) *pushtest.Browser {
	t.Helper()
	return pushtest.NewBrowser(t, n.Server, push.Session{UserID: user})
}

func (n node) publish(data any, users ...int64) {
	n.Hub.Publish(users, push.Event{Type: "n", Data: data})
}

func expect(t *testing.T, b *pushtest.Browser, want string) {
	t.Helper()
	if f := b.NextOf("n"); string(f.Data) != want {
		t.Fatalf("user %d got %s, want %s", b.Session.UserID, f.Data, want)
	}
}

// nextEpoch waits until the browser was told to take another snapshot.
func nextEpoch(t *testing.T, b *pushtest.Browser) {
	t.Helper()
	epoch := b.Epoch
	if f := b.NextOf("snapshot"); f.Epoch == epoch {
		t.Fatalf("user %d: epoch %s again", b.Session.UserID, epoch)
	}
}

// converge waits until all browsers are in the epoch that Redis is in.
func converge(t *testing.T, server *redistest.Server, browsers ...*pushtest.Browser) {
	t.Helper()
	client := open(t, server)
	current := func() string {
		epoch, err := client.HGet(t.Context(), stateKey, "epoch").Result()
		if err != nil {
			t.Fatalf("read epoch: %v", err)
		}
		return epoch
	}
	for _, b := range browsers {
		for b.Epoch != current() {
			nextEpoch(t, b)
		}
	}
	if i := slices.IndexFunc(browsers, func(b *pushtest.Browser) bool { return b.Epoch != current() }); i >= 0 {
		converge(t, server, browsers...)
	}
}

func TestEachNodeServesItsOwnWhileRedisIsAway_OP_04(t *testing.T) {
	for _, outage := range []struct {
		name     string
		down, up func(*redistest.Server)
	}{
		{"killed", (*redistest.Server).Kill, (*redistest.Server).Restart},
		{"hung", (*redistest.Server).Hang, (*redistest.Server).Wake},
	} {
		t.Run(outage.name, func(t *testing.T) {
			server := redistest.Start(t)
			a, b := newNode(t, server), newNode(t, server)
			atA, atB := a.browser(t, 1), b.browser(t, 2)
			a.publish(0, 1, 2)
			expect(t, atA, "0")
			expect(t, atB, "0")

			outage.down(server)
			a.publish(1, 1)
			b.publish(1, 2)
			for i, at := range []*pushtest.Browser{atA, atB} {
				nextEpoch(t, at)
				if at.Seq == 0 { // the pop's call is in the snapshot
					t.Errorf("node %d: snapshot without the message", i)
				}
			}
			if atA.Epoch == atB.Epoch {
				t.Error("two nodes number in one epoch without Redis")
			}
			a.publish(2, 1)
			b.publish(2, 2)
			expect(t, atA, "2")
			expect(t, atB, "2")
			for _, n := range []node{a, b} {
				if err := n.bus.Healthy(); err == nil {
					t.Error("a node alone says it is healthy")
				}
			}

			outage.up(server)
			// Each of the two begins an epoch as it returns.
			nextEpoch(t, atA)
			nextEpoch(t, atB)
			converge(t, server, atA, atB)
			for _, n := range []node{a, b} {
				if err := n.bus.Healthy(); err != nil {
					t.Errorf("after the return: %v", err)
				}
			}
			a.publish(3, 1, 2)
			b.publish(4, 1, 2)
			got := []string{string(atA.NextOf("n").Data), string(atA.NextOf("n").Data)}
			want := []string{string(atB.NextOf("n").Data), string(atB.NextOf("n").Data)}
			if !slices.Equal(got, want) || !slices.Contains(got, "3") || !slices.Contains(got, "4") {
				t.Errorf("nodes deliver %v and %v", got, want)
			}
		})
	}
}

// What Redis runs after it hung was served by the node itself before.
func TestExpiredOfferIsNotShownAfterRedisHung_PU_04(t *testing.T) {
	server := redistest.Start(t)
	a := newNode(t, server)
	at := a.browser(t, 1)
	server.Hang()
	a.publish("late offer", 1)
	nextEpoch(t, at)
	server.Wake()
	nextEpoch(t, at)
	converge(t, server, at)
	at.Cut()
	at.Seq = 0
	a.publish("fresh", 1)
	expect(t, at, `"fresh"`)
}

func TestStartWithoutRedis_OP_04(t *testing.T) {
	server := redistest.Start(t)
	server.Kill()
	a := newNode(t, server)
	at := a.browser(t, 1)
	a.publish(1, 1)
	expect(t, at, "1")
	server.Restart()
	nextEpoch(t, at)
	a.publish(2, 1)
	expect(t, at, "2")
}

// Broken connections, unlike an outage, cost nothing: not a message, not a
// snapshot.
func TestConnectionsCutWhilePublishing_OP_04(t *testing.T) {
	const messages = 300
	server := redistest.Start(t)
	a, b := newPatientNode(t, server, time.Minute), newPatientNode(t, server, time.Minute)
	atA, atB := a.browser(t, 1), b.browser(t, 1)
	control := open(t, server)
	var wg sync.WaitGroup
	wg.Go(func() {
		for i := range messages {
			[]node{a, b}[i%2].publish(i, 1)
			if i%10 == 0 {
				if err := control.Do(t.Context(), "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes").Err(); err != nil {
					t.Errorf("client kill: %v", err)
				}
			}
		}
	})
	var seen []int
	for range messages {
		fa, fb := atA.NextOf("n"), atB.NextOf("n")
		if fa.Seq != fb.Seq || string(fa.Data) != string(fb.Data) {
			t.Fatalf("nodes disagree: %d %s and %d %s", fa.Seq, fa.Data, fb.Seq, fb.Data)
		}
		var n int
		if err := json.Unmarshal(fa.Data, &n); err != nil {
			t.Fatal(err)
		}
		seen = append(seen, n)
	}
	wg.Wait()
	slices.Sort(seen)
	if len(slices.Compact(seen)) != messages || atA.Snapshots != 1 || atB.Snapshots != 1 || atA.Seq != messages {
		t.Errorf("%d of %d messages, %d and %d snapshots", len(seen), messages, atA.Snapshots, atB.Snapshots)
	}
}

// Whatever makes the numbers unsafe begins a new epoch on all nodes.
func TestRedisLosesItsMemory_OP_04(t *testing.T) {
	for name, harm := range map[string]func(context.Context, *goredis.Client) error{
		"everything flushed": func(ctx context.Context, c *goredis.Client) error { return c.FlushAll(ctx).Err() },
		"end of the log lost, connections too": func(ctx context.Context, c *goredis.Client) error {
			if err := c.XTrimMaxLen(ctx, logKey, 0).Err(); err != nil {
				return err
			}
			return c.Do(ctx, "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes").Err()
		},
		"numbers lost": func(ctx context.Context, c *goredis.Client) error {
			return c.Del(ctx, stateKey).Err()
		},
		"log damaged": func(ctx context.Context, c *goredis.Client) error {
			return c.XAdd(ctx, &goredis.XAddArgs{Stream: logKey, Values: []string{"k", "message", "at", "noon"}}).Err()
		},
	} {
		t.Run(name, func(t *testing.T) {
			server := redistest.Start(t)
			a, b := newNode(t, server), newNode(t, server)
			atA, atB := a.browser(t, 1), b.browser(t, 1)
			a.publish(1, 1)
			expect(t, atA, "1")
			expect(t, atB, "1")
			if err := harm(t.Context(), open(t, server)); err != nil {
				t.Fatal(err)
			}
			nextEpoch(t, atA)
			nextEpoch(t, atB)
			converge(t, server, atA, atB) // both may have begun one
			b.publish(2, 1)
			expect(t, atA, "2")
			expect(t, atB, "2")
		})
	}
}

func TestFullQueueServesAloneInOrder_OP_04(t *testing.T) {
	server := redistest.Start(t)
	bus, err := redis.NewBus(redis.BusOptions{URL: server.URL, Pending: 3, Patience: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	hub := push.NewHub(push.Options{Bus: bus})
	a := node{pushtest.NewServer(t, hub, func(context.Context) (any, error) { return nil, nil }), bus}
	at := a.browser(t, 1)
	server.Hang()
	for i := range 6 {
		a.publish(i, 1)
	}
	nextEpoch(t, at)
	at.Cut()
	at.Seq = 0 // all of this epoch again
	for i := range 6 {
		if f := at.NextOf("n"); string(f.Data) != string('0'+rune(i)) {
			t.Fatalf("message %d is %s", i, f.Data)
		}
	}
	server.Wake()
}

// A browser that comes back to another node goes on where it was.
func TestResumeOnAnotherNode_PU_04(t *testing.T) {
	server := redistest.Start(t)
	a, b := newPatientNode(t, server, time.Minute), newPatientNode(t, server, time.Minute)
	at, witness := a.browser(t, 1), b.browser(t, 1)
	for i := range 10 {
		a.publish(i, 1)
	}
	for range 4 {
		at.NextOf("n")
	}
	for range 10 {
		witness.NextOf("n") // b has all of them
	}
	at.Cut()
	at.Server = b.Server
	for range 6 {
		at.NextOf("n")
	}
	late := newPatientNode(t, server, time.Minute)
	at.Cut()
	at.Server, at.Seq = late.Server, 2
	for range 8 {
		at.NextOf("n")
	}
	if at.Snapshots != 1 {
		t.Errorf("%d snapshots", at.Snapshots)
	}
}

func TestSessionClosedOnAllNodes(t *testing.T) {
	server := redistest.Start(t)
	a, b := newPatientNode(t, server, time.Minute), newPatientNode(t, server, time.Minute)
	c := b.Dial(push.Session{UserID: 1, ID: "s"}, nil)
	c.Next()
	a.Hub.CloseSession("s")
	if code, _ := c.CloseCode(); code != push.SessionEnded {
		t.Errorf("code %d", code)
	}
}
