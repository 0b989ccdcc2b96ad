package push_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/gorilla/websocket"

	"ringcard/push"
	"ringcard/push/pushtest"
)

func TestPopReachesOnlyRingingUsers_PU_01(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := push.NewHub(push.Options{})
		s := pushtest.NewServer(t, hub, noSnapshot)
		rung, other := s.Dial(user(101), nil), s.Dial(user(10), nil)
		rung.Next()
		other.Next()

		hub.Publish([]int64{101}, ring("secret-call", 1, "ringing"))
		hub.Publish([]int64{10}, push.Event{Type: "notification", Data: "after"})

		if f := rung.Next(); f.Type != "call" || f.Seq != 1 {
			t.Errorf("user rung got %+v", f)
		}
		// What comes first to the other user was published second, so the call
		// did not pass his socket.
		if f := other.Next(); f.Type != "notification" || f.Seq != 1 {
			t.Errorf("other user got %s", f.Data)
		}
	})
}

func TestFrameIsThatOfTheContract(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := push.NewHub(push.Options{})
		s := pushtest.NewServer(t, hub, func(context.Context) (any, error) { return map[string]int{"calls": 0}, nil })
		c := s.Dial(user(7), nil)
		hello := c.Next()
		if hello.Type != "snapshot" || hello.Seq != 0 || hello.Epoch == "" || string(hello.Data) != `{"calls":0}` {
			t.Errorf("first frame: %+v", hello)
		}
		hub.Publish([]int64{7}, push.Event{Type: "call", Data: map[string]string{"id": "c<1>"}})
		_, raw, err := c.Conn.ReadMessage()
		if err != nil {
			t.Fatal(err)
		}
		want := fmt.Sprintf(`{"type":"call","epoch":%q,"seq":1,"at":"2000-01-01T00:00:00Z","data":{"id":"c\u003c1\u003e"}}`, hello.Epoch)
		if string(raw) != want {
			t.Errorf("frame\n%s\nwant\n%s", raw, want)
		}
	})
}

func TestTabsStayInStep_PU_05(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := push.NewHub(push.Options{})
		s := pushtest.NewServer(t, hub, noSnapshot)
		tabs := []*pushtest.Client{s.Dial(user(7), nil), s.Dial(user(7), nil), s.Dial(user(7), nil)}
		for _, tab := range tabs {
			tab.Next()
		}
		synctest.Wait()
		for i := range 5 {
			hub.Publish([]int64{7, 7}, ring("c", i+1, "ringing")) // two devices of his ring
		}
		for i := range 5 {
			var first pushtest.Frame
			for n, tab := range tabs {
				f := tab.Next()
				if n == 0 {
					first = f
				}
				if f.Seq != int64(i+1) || string(f.Data) != string(first.Data) {
					t.Fatalf("tab %d: frame %+v, tab 0: %+v", n, f, first)
				}
			}
		}
	})
}

func TestNothingIsLostBetweenSnapshotAndStream_PU_04(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := push.NewHub(push.Options{})
		version := 1
		snapshot := func(context.Context) (any, error) {
			seen := version // the state is read, then it changes
			version++
			hub.Publish([]int64{7}, ring("c", version, "talking"))
			return seen, nil
		}
		s := pushtest.NewServer(t, hub, snapshot)
		hub.Publish([]int64{7}, ring("c", 1, "ringing"))
		c := s.Dial(user(7), nil)
		if f := c.Next(); f.Type != "snapshot" || f.Seq != 1 || string(f.Data) != "1" {
			t.Fatalf("snapshot: %+v", f)
		}
		if f := c.Next(); f.Seq != 2 || !strings.Contains(string(f.Data), "talking") {
			t.Errorf("change during the snapshot: %+v", f)
		}
	})
}

func TestOrderUnderConcurrentPublishers(t *testing.T) {
	const publishers, each = 8, 200
	hub := push.NewHub(push.Options{QueueSize: publishers * each, ReplaySize: publishers * each})
	s := pushtest.NewServer(t, hub, noSnapshot)
	a, b := s.Dial(user(1), nil), s.Dial(user(2), nil)
	a.Next()
	b.Next()
	var wg sync.WaitGroup
	for p := range publishers {
		wg.Go(func() {
			for i := range each {
				hub.Publish([]int64{1, 2}, push.Event{Type: "t", Data: [2]int{p, i}})
			}
		})
	}
	for _, c := range []*pushtest.Client{a, b} {
		var last [publishers]int
		for n := range publishers * each {
			f := c.Next()
			var of [2]int
			if err := json.Unmarshal(f.Data, &of); err != nil {
				t.Fatal(err)
			}
			if f.Seq != int64(n+1) || of[1] != last[of[0]] {
				t.Fatalf("frame %d: seq %d, publisher %d sent %d after %d", n+1, f.Seq, of[0], of[1], last[of[0]]-1)
			}
			last[of[0]]++
		}
	}
	wg.Wait()
}

func TestStalledBrowserAmong1000_PU_06(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const users, events = 1000, 40 // more events than one queue holds
		hub := push.NewHub(push.Options{QueueSize: 32})
		s := pushtest.NewServer(t, hub, noSnapshot)
		clients := make([]*pushtest.Client, users)
		for i := range clients {
			clients[i] = s.Dial(user(int64(i+1)), nil)
			clients[i].Next()
		}
		synctest.Wait()
		stalled, reading := clients[0], clients[1:]
		start := time.Now()
		for i := range events {
			hub.Broadcast(push.Event{Type: "presence", Data: i})
			for _, c := range reading {
				if f := c.Next(); f.Seq != int64(i+1) {
					t.Fatalf("event %d came as number %d", i+1, f.Seq)
				}
			}
		}
		// The bubble's clock moves only while everybody waits: nobody did.
		if waited := time.Since(start); waited != 0 {
			t.Errorf("the others waited %v", waited)
		}
		synctest.Wait()
		time.Sleep(2 * time.Second) // fake: beyond CloseTimeout
		synctest.Wait()
		if got := hub.Stats(); got.Connections != users-1 || got.Closed[push.TooSlow] != 1 {
			t.Errorf("stats after the cut: %+v", got)
		}
		stalled.Cut()
	})
}

func TestSlowBrowserIsToldToResume_PU_06(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := push.NewHub(push.Options{QueueSize: 4})
		s := pushtest.NewServer(t, hub, noSnapshot)
		c := s.Dial(user(7), nil)
		hello := c.Next()
		for i := range 10 {
			hub.Publish([]int64{7}, push.Event{Type: "n", Data: i})
			synctest.Wait() // let the writer take the first
		}
		code, frames := c.CloseCode()
		if code != push.TooSlow {
			t.Fatalf("close code %d after %d frames", code, len(frames))
		}
		back := s.Dial(user(7), &pushtest.From{Epoch: hello.Epoch, After: int64(len(frames))})
		for seq := int64(len(frames)) + 1; seq <= 10; seq++ {
			if f := back.Next(); f.Seq != seq || f.Type != "n" {
				t.Fatalf("resumed with %+v, want number %d", f, seq)
			}
		}
	})
}

func TestSilentBrowserIsDropped(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := push.NewHub(push.Options{})
		s := pushtest.NewServer(t, hub, noSnapshot)
		c := s.Dial(user(7), nil)
		c.Next()
		start := time.Now()
		pings := 0
		c.Conn.SetPingHandler(func(string) error { pings++; return nil }) // hears, doesn't answer
		code, _ := c.CloseCode()
		if code != websocket.CloseAbnormalClosure || pings != 2 || time.Since(start) != 37500*time.Millisecond {
			t.Errorf("dropped with %d after %v and %d pings", code, time.Since(start), pings)
		}
	})
}

func TestAnsweringBrowserStays(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := push.NewHub(push.Options{})
		s := pushtest.NewServer(t, hub, noSnapshot)
		c := s.Dial(user(7), nil)
		c.Next()
		later := time.AfterFunc(time.Hour, func() { hub.Publish([]int64{7}, ring("c", 1, "ringing")) })
		defer later.Stop()
		if f := c.Next(); f.Type != "call" { // answers 240 pings while it waits
			t.Errorf("got %+v", f)
		}
	})
}

func TestSessionEnds(t *testing.T) {
	t.Run("logged out", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			hub := push.NewHub(push.Options{})
			s := pushtest.NewServer(t, hub, noSnapshot)
			out := s.Dial(push.Session{UserID: 7, ID: "a"}, nil)
			stays := s.Dial(push.Session{UserID: 7, ID: "b"}, nil)
			out.Next()
			stays.Next()
			hub.CloseSession("a")
			hub.CloseSession("") // sessions without a name are not one session
			if code, _ := out.CloseCode(); code != push.SessionEnded {
				t.Errorf("code %d", code)
			}
			hub.Publish([]int64{7}, ring("c", 1, "ringing"))
			if f := stays.Next(); f.Type != "call" {
				t.Errorf("other session got %+v", f)
			}
		})
	})
	t.Run("user deactivated", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			hub := push.NewHub(push.Options{})
			s := pushtest.NewServer(t, hub, noSnapshot)
			a, b := s.Dial(push.Session{UserID: 7, ID: "a"}, nil), s.Dial(push.Session{UserID: 7, ID: "b"}, nil)
			hub.CloseUser(8)
			hub.CloseUser(7)
			for _, c := range []*pushtest.Client{a, b} {
				if code, _ := c.CloseCode(); code != push.SessionEnded {
					t.Errorf("code %d", code)
				}
			}
		})
	})
	t.Run("expired", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			hub := push.NewHub(push.Options{})
			s := pushtest.NewServer(t, hub, noSnapshot)
			start := time.Now()
			c := s.Dial(push.Session{UserID: 7, Expires: start.Add(time.Hour)}, nil)
			code, _ := c.CloseCode()
			if code != push.SessionEnded || time.Since(start) != time.Hour {
				t.Errorf("code %d after %v", code, time.Since(start))
			}
		})
	})
	t.Run("never was", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			s := pushtest.NewServer(t, push.NewHub(push.Options{}), noSnapshot)
			code, frames := s.Dial(push.Session{}, nil).CloseCode()
			if code != push.SessionEnded || len(frames) != 0 {
				t.Errorf("code %d, frames %v", code, frames)
			}
		})
	})
}

func TestTooManySocketsOfOneUser(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := push.NewHub(push.Options{MaxPerUser: 2})
		s := pushtest.NewServer(t, hub, noSnapshot)
		first := s.Dial(user(7), nil)
		first.Next()
		s.Dial(user(7), nil).Next()
		if code, _ := s.Dial(user(7), nil).CloseCode(); code != push.TooMany {
			t.Errorf("third socket: code %d", code)
		}
		s.Dial(user(8), nil).Next()
		first.Cut()
		synctest.Wait()
		s.Dial(user(7), nil).Next()
	})
}

func TestSnapshotFails(t *testing.T) {
	for name, snapshot := range map[string]push.Snapshot{
		"with an error":   func(context.Context) (any, error) { return nil, errors.New("database is away") },
		"to be marshaled": func(context.Context) (any, error) { return make(chan int), nil },
		"to end": func(ctx context.Context) (any, error) {
			<-ctx.Done()
			return nil, ctx.Err()
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := pushtest.NewServer(t, push.NewHub(push.Options{}), snapshot)
				if code, _ := s.Dial(user(7), nil).CloseCode(); code != push.InternalError {
					t.Errorf("code %d", code)
				}
			})
		})
	}
}

func TestUnmarshalableEventHurtsNobody(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := push.NewHub(push.Options{})
		s := pushtest.NewServer(t, hub, noSnapshot)
		c := s.Dial(user(7), nil)
		c.Next()
		hub.Publish([]int64{7}, push.Event{Type: "call", Data: func() {}})
		hub.Publish([]int64{7}, ring("c", 1, "ringing"))
		if f := c.Next(); f.Seq != 1 || f.Type != "call" {
			t.Errorf("got %+v", f)
		}
	})
}

func TestOrigin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		hub := push.NewHub(push.Options{Origins: []string{"https://office.example.com/"}})
		s := pushtest.NewServer(t, hub, noSnapshot)
		for origin, want := range map[string]int{
			"":                             http.StatusSwitchingProtocols, // no browser
			"http://crm.example.org":       http.StatusSwitchingProtocols,
			"https://CRM.example.org":      http.StatusSwitchingProtocols, // behind a proxy with TLS
			"https://office.example.com":   http.StatusSwitchingProtocols,
			"https://evil.example.net":     http.StatusForbidden,
			"https://crm.example.org.evil": http.StatusForbidden,
			"null":                         http.StatusForbidden,
			"%":                            http.StatusForbidden,
		} {
			header := http.Header{}
			if origin != "" {
				header.Set("Origin", origin)
			}
			c, resp, err := s.TryDial(header, nil)
			if resp.StatusCode != want || (err == nil) != (want == http.StatusSwitchingProtocols) {
				t.Errorf("origin %q: status %d, %v", origin, resp.StatusCode, err)
			}
			if err == nil {
				c.Conn.Close()
			} else if got := resp.Header.Get("Content-Type"); got != "application/problem+json" {
				t.Errorf("origin %q: content type %q", origin, got)
			}
		}
	})
}

func TestStop(t *testing.T) {
	t.Run("tells browsers and waits", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			hub := push.NewHub(push.Options{})
			s := pushtest.NewServer(t, hub, noSnapshot)
			codes := make(chan push.CloseCode, 20)
			for i := range cap(codes) {
				c := s.Dial(user(int64(i)), nil)
				c.Next()
				go func() {
					code, _ := c.CloseCode()
					codes <- code
				}()
			}
			if err := hub.Stop(t.Context()); err != nil {
				t.Fatal(err)
			}
			for range cap(codes) {
				if code := <-codes; code != push.GoingAway {
					t.Errorf("code %d", code)
				}
			}
			if err := hub.Stop(t.Context()); err != nil {
				t.Errorf("second stop: %v", err)
			}
			hub.Publish([]int64{1}, ring("late", 1, "ringing"))
			hub.Broadcast(push.Event{Type: "presence"})
			hub.CloseUser(1)
			if _, resp, err := s.TryDial(nil, nil); err == nil || resp.StatusCode != http.StatusServiceUnavailable {
				t.Errorf("dial after stop: %v", err)
			}
		})
	})
	t.Run("is bounded by dead browsers", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			hub := push.NewHub(push.Options{})
			s := pushtest.NewServer(t, hub, noSnapshot)
			dead := s.Dial(user(1), nil) // never reads, not even the snapshot
			synctest.Wait()
			start := time.Now()
			if err := hub.Stop(t.Context()); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(start); took > 2*time.Second {
				t.Errorf("stop took %v", took)
			}
			dead.Cut()
		})
	})
	t.Run("is bounded by its context", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			hub := push.NewHub(push.Options{CloseTimeout: time.Minute})
			s := pushtest.NewServer(t, hub, noSnapshot)
			s.Dial(user(1), nil)
			synctest.Wait()
			ctx, cancel := context.WithTimeout(t.Context(), time.Second)
			defer cancel()
			start := time.Now()
			if err := hub.Stop(ctx); !errors.Is(err, context.DeadlineExceeded) {
				t.Errorf("stop: %v", err)
			}
			if took := time.Since(start); took != time.Second {
				t.Errorf("stop took %v", took)
			}
		})
	})
}
