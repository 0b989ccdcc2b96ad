package arisim

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/gorilla/websocket"
)

const (
	socketQueue  = 8192 // frames
	writeTimeout = 10 * time.Second
)

// socket is one WebSocket on /events. Its fields are under Sim.mu but for the
// connection and the queue.
type socket struct {
	app    string
	all    bool            // subscribeAll
	topic  map[string]bool // subscriptions, as "channel:"
	filter eventFilter
	conn   *websocket.Conn // nil until the handshake is done
	out    chan []byte
	quit   chan struct{} // closed with the socket
	gone   bool
	muted  bool // its application was taken by another client
}

// eventFilter is what PUT /applications/{app}/eventFilter sets.
type eventFilter struct {
	Allowed    []eventType `json:"allowed"`
	Disallowed []eventType `json:"disallowed"`
}

type eventType struct {
	Type string `json:"type"`
}

func (f eventFilter) wants(event string) bool {
	t := eventType{Type: event}
	return !slices.Contains(f.Disallowed, t) && (len(f.Allowed) == 0 || slices.Contains(f.Allowed, t))
}

// sources are the kinds of event sources; "kind:" means all of a kind.
var sources = []string{"channel:", "bridge:", "endpoint:", "deviceState:"}

// source is where an event comes from.
func source(event string) []string {
	switch {
	case event == "DeviceStateChanged":
		return []string{"deviceState:"}
	case event == "PeerStatusChange" || event == "ContactStatusChange":
		return []string{"endpoint:"}
	case event == "ChannelEnteredBridge" || event == "ChannelLeftBridge":
		return []string{"bridge:", "channel:"}
	case strings.HasPrefix(event, "Bridge"):
		return []string{"bridge:"}
	}
	return []string{"channel:"}
}

// wants tells whether the socket gets an event.
func (k *socket) wants(event string) bool {
	if k.muted || !k.filter.wants(event) {
		return false
	}
	return k.all || slices.ContainsFunc(source(event), func(s string) bool { return k.topic[s] })
}

// events upgrades to a WebSocket and serves it until it closes.
func (s *Sim) events(w http.ResponseWriter, r *http.Request) {
	app := r.URL.Query().Get("app")
	if app == "" || s.opt.App != "" && app != s.opt.App {
		fail(w, http.StatusBadRequest, "HTTP request is missing param: [app]")
		return
	}
	k := &socket{app: app, all: r.URL.Query().Get("subscribeAll") == "true", topic: make(map[string]bool),
		out: make(chan []byte, socketQueue), quit: make(chan struct{})}
	if !s.admit(k) {
		panic(http.ErrAbortHandler) // an outage began
	}
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.drop(k)
	}()
	upgrader := websocket.Upgrader{CheckOrigin: func(*http.Request) bool { return true }}
	conn, err := upgrader.Upgrade(w, r, nil)
	if err != nil || !s.connected(k, conn) {
		return // the upgrader has answered
	}
	written := make(chan struct{})
	go func() { defer close(written); k.write() }()
	for {
		// Clients send nothing but pings, which the connection answers.
		if _, _, err := conn.ReadMessage(); err != nil {
			break
		}
	}
	s.mu.Lock()
	s.drop(k)
	s.mu.Unlock()
	<-written
}

// connected gives the socket its connection, unless it was closed meanwhile.
func (s *Sim) connected(k *socket, conn *websocket.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if k.gone {
		_ = conn.Close()
		return false
	}
	k.conn = conn
	return true
}

// admit registers the socket before the client knows that it is connected, so
// that it misses nothing. A socket of the same application is replaced.
func (s *Sim) admit(k *socket) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.server == nil {
		return false
	}
	for old := range s.sockets {
		if old.app == k.app {
			s.replace(old)
		}
	}
	s.sockets[k] = struct{}{}
	return true
}

// replace tells a socket that its application was taken; mu is held.
func (s *Sim) replace(k *socket) {
	if k.muted {
		return
	}
	raw, err := json.Marshal(frame{Type: "ApplicationReplaced", Timestamp: stamp(time.Now()), AsteriskID: entityID, Application: k.app})
	if err == nil {
		s.queue(k, raw)
	}
	k.muted = true
}

// queue hands a frame to the socket's writer. A socket that does not keep up
// is closed. mu is held.
func (s *Sim) queue(k *socket, raw []byte) {
	if k.muted {
		return
	}
	select {
	case k.out <- raw:
	default:
		s.log.Warn("arisim: socket too slow, closed", "app", k.app)
		s.drop(k)
	}
}

// drop closes a socket without a handshake; mu is held.
func (s *Sim) drop(k *socket) {
	if k.gone {
		return
	}
	k.gone = true
	delete(s.sockets, k)
	close(k.quit)
	if k.conn != nil {
		_ = k.conn.Close()
	}
}

func (s *Sim) dropSockets() {
	for k := range s.sockets {
		s.drop(k)
	}
}

func (k *socket) write() {
	for {
		select {
		case raw := <-k.out:
			err := k.conn.SetWriteDeadline(time.Now().Add(writeTimeout))
			if err == nil {
				err = k.conn.WriteMessage(websocket.TextMessage, raw)
			}
			if err != nil {
				_ = k.conn.Close() // ends the reader, which drops the socket
				return
			}
		case <-k.quit:
			return
		}
	}
}
