// Package pushtest has what tests of streams need: a hub served over
// connections in memory, a browser's side of a stream, and the conformance
// suite of push.Bus and push.Tickets.
package pushtest

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"

	"ringcard/push"
)

// sessionHeader carries the session a test dials with: authentication is not
// the hub's business.
const sessionHeader = "X-Test-Session"

// Server serves a hub over net.Pipe, so tests may run in a synctest bubble.
// A pipe buffers nothing: a client that doesn't read stalls its writer at once.
type Server struct {
	Hub *push.Hub

	t        testing.TB
	listener *pipeListener
}

// NewServer starts hub and serves it until the test ends.
func NewServer(t testing.TB, hub *push.Hub, snapshot push.Snapshot) *Server {
	t.Helper()
	if err := hub.Start(t.Context()); err != nil {
		t.Fatalf("start hub: %v", err)
	}
	s := &Server{Hub: hub, t: t, listener: newPipeListener()}
	handler := func(w http.ResponseWriter, r *http.Request) {
		var session push.Session
		if err := json.Unmarshal([]byte(r.Header.Get(sessionHeader)), &session); err != nil {
			hub.Refuse(w, r, push.SessionEnded)
			return
		}
		hub.Serve(w, r, session, snapshot)
	}
	server := &http.Server{Handler: http.HandlerFunc(handler)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		_ = server.Serve(s.listener) // always ErrServerClosed: the listener can't fail
	}()
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := hub.Stop(ctx); err != nil {
			t.Errorf("stop hub: %v", err)
		}
		server.Close()
		<-done
	})
	return s
}

// From is where a browser left off; nil asks for a snapshot.
type From struct {
	Epoch string
	After int64
}

// Dial opens a stream and fails the test if the server doesn't.
func (s *Server) Dial(session push.Session, from *From) *Client {
	s.t.Helper()
	header := http.Header{}
	if session != (push.Session{}) {
		raw, err := json.Marshal(session)
		if err != nil {
			s.t.Fatal(err)
		}
		header.Set(sessionHeader, string(raw))
	}
	c, resp, err := s.TryDial(header, from)
	if err != nil {
		s.t.Fatalf("dial: %v (%v)", err, resp)
	}
	return c
}

// TryDial opens a stream with any headers.
func (s *Server) TryDial(header http.Header, from *From) (*Client, *http.Response, error) {
	u := url.URL{Scheme: "ws", Host: "crm.example.org", Path: "/api/v1/stream"}
	if from != nil {
		u.RawQuery = url.Values{"epoch": {from.Epoch}, "after": {strconv.FormatInt(from.After, 10)}}.Encode()
	}
	dialer := websocket.Dialer{
		NetDialContext: func(context.Context, string, string) (net.Conn, error) { return s.listener.dial() },
	}
	ws, resp, err := dialer.Dial(u.String(), header)
	if err != nil {
		return nil, resp, err
	}
	c := &Client{Conn: ws, t: s.t}
	s.t.Cleanup(func() { ws.Close() })
	return c, resp, nil
}

// Frame is what the server sends.
type Frame struct {
	Type  string          `json:"type"`
	Epoch string          `json:"epoch"`
	Seq   int64           `json:"seq"`
	At    time.Time       `json:"at"`
	Data  json.RawMessage `json:"data"`
}

// Client is the browser's side of a stream. One goroutine may use it.
type Client struct {
	Conn *websocket.Conn
	t    testing.TB
}

// Read returns the next frame, or the error the socket ended with.
func (c *Client) Read() (Frame, error) {
	var f Frame
	_, raw, err := c.Conn.ReadMessage()
	if err != nil {
		return f, err
	}
	return f, json.Unmarshal(raw, &f)
}

// Next returns the next frame; the test fails if there is none.
func (c *Client) Next() Frame {
	c.t.Helper()
	f, err := c.Read()
	if err != nil {
		c.t.Fatalf("read frame: %v", err)
	}
	return f
}

// CloseCode reads on until the socket ends and returns the code, 1006 when the
// connection was dropped without one, and the frames before it.
func (c *Client) CloseCode() (push.CloseCode, []Frame) {
	c.t.Helper()
	var frames []Frame
	for {
		f, err := c.Read()
		if closed, ok := errors.AsType[*websocket.CloseError](err); ok {
			return push.CloseCode(closed.Code), frames
		}
		if err != nil {
			return 0, frames
		}
		frames = append(frames, f)
	}
}

// Cut drops the connection as a failing network does.
func (c *Client) Cut() { c.Conn.NetConn().Close() }

// pipeListener accepts connections made by dial.
type pipeListener struct {
	conns chan net.Conn
	once  sync.Once
	done  chan struct{}
}

func newPipeListener() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
}

func (l *pipeListener) dial() (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case l.conns <- server:
		return client, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return pipeAddr{} }

type pipeAddr struct{}

func (pipeAddr) Network() string { return "pipe" }
func (pipeAddr) String() string  { return "pipe" }
