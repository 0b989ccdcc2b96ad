package push_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"ringcard/push"
)

// payload has the size of a ringing call with its card.
var payload = map[string]string{"id": "call", "card": strings.Repeat("x", 2000)}

// BenchmarkFirstFrame times one event from Publish to the arrival at the last
// of n sockets over loopback TCP, beside a loop of bare WriteMessage calls.
func BenchmarkFirstFrame(b *testing.B) {
	for _, n := range []int{1, 10, 100} {
		b.Run(fmt.Sprintf("bare/users=%d", n), func(b *testing.B) { benchmarkBare(b, n) })
		b.Run(fmt.Sprintf("hub/users=%d", n), func(b *testing.B) { benchmarkHub(b, n) })
	}
}

func benchmarkHub(b *testing.B, n int) {
	hub := push.NewHub(push.Options{})
	if err := hub.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	var mu sync.Mutex
	next := int64(0)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		next++
		user := next
		mu.Unlock()
		hub.Serve(w, r, push.Session{UserID: user}, noSnapshot)
	}))
	defer server.Close()
	defer func() { _ = hub.Stop(context.Background()) }()
	arrived, stop := readers(b, server.URL, n)
	defer stop()
	users := make([]int64, n)
	for i := range users {
		users[i] = int64(i + 1)
		<-arrived // snapshot
	}
	for b.Loop() {
		hub.Publish(users, push.Event{Type: "call", Key: "call", Data: payload})
		for range n {
			<-arrived
		}
	}
}

func benchmarkBare(b *testing.B, n int) {
	conns := make(chan *websocket.Conn, n)
	upgrader := websocket.Upgrader{}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := upgrader.Upgrade(w, r, nil)
		if err == nil {
			conns <- ws
		}
	}))
	defer server.Close()
	arrived, stop := readers(b, server.URL, n)
	defer stop()
	var all []*websocket.Conn
	for range n {
		ws := <-conns
		defer ws.Close()
		all = append(all, ws)
	}
	frame := push.AppendFrame(nil, "call", payload)
	for b.Loop() {
		for _, ws := range all {
			if err := ws.WriteMessage(websocket.TextMessage, frame); err != nil {
				b.Fatal(err)
			}
		}
		for range n {
			<-arrived
		}
	}
}

// readers opens n sockets and signals each frame on any of them.
func readers(b *testing.B, url string, n int) (arrived <-chan struct{}, stop func()) {
	b.Helper()
	frames := make(chan struct{}, 2*n)
	var wg sync.WaitGroup
	var all []*websocket.Conn
	for range n {
		ws, _, err := websocket.DefaultDialer.Dial("ws"+strings.TrimPrefix(url, "http"), nil)
		if err != nil {
			b.Fatal(err)
		}
		all = append(all, ws)
		wg.Go(func() {
			for {
				if _, _, err := ws.ReadMessage(); err != nil {
					return
				}
				frames <- struct{}{}
			}
		})
	}
	return frames, func() {
		for _, ws := range all {
			ws.Close()
		}
		wg.Wait()
	}
}

// BenchmarkPublish times what the publisher waits: marshalling, numbering and
// storing for a hundred users.
func BenchmarkPublish(b *testing.B) {
	hub := push.NewHub(push.Options{ReplayAge: time.Second})
	if err := hub.Start(b.Context()); err != nil {
		b.Fatal(err)
	}
	defer func() { _ = hub.Stop(context.Background()) }()
	users := make([]int64, 100)
	for i := range users {
		users[i] = int64(i + 1)
	}
	b.ReportAllocs()
	for b.Loop() {
		hub.Publish(users, push.Event{Type: "call", Key: "call", Data: payload})
	}
}
