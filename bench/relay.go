package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// relayApp is the application name of an ariSource.
const relayApp = "relay"

// relay is the floor of the pop: it reads the events of the same Asterisk and
// writes each frame, as it is and in the reader's own goroutine, to the socket
// of the telephone it is about. No parsing, no queue, no state. Each frame is
// preceded by the time of its arrival, 8 bytes of Unix nanoseconds. args are the
// ARI URL, user and password, then the extensions: it has the events of their
// telephones only, for Asterisk makes every event anew for each application, and
// all of them for a second one are a quarter of its work.
func relay(ctx context.Context, args []string, ready func(string)) error {
	source := ariSource{url: args[0], user: args[1], password: args[2]}
	for _, extension := range args[3:] {
		source.events = append(source.events, "endpoint:PJSIP/"+extension)
	}
	conn, err := source.connect(ctx)
	if err != nil {
		return fmt.Errorf("relay: %w", err)
	}
	defer conn.Close()

	var mu sync.Mutex
	sockets := make(map[string]*websocket.Conn)
	var upgrader websocket.Upgrader
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		ws, err := upgrader.Upgrade(w, r, nil)
		if err != nil {
			return // answered
		}
		mu.Lock()
		sockets[r.URL.Query().Get("extension")] = ws
		mu.Unlock()
	})}
	served := make(chan struct{})
	go func() { defer close(served); _ = server.Serve(listener) }() // ErrServerClosed
	stopped := context.AfterFunc(ctx, func() { conn.Close() })
	defer func() {
		stopped()
		_ = server.Close()
		<-served
		for _, ws := range sockets {
			ws.Close()
		}
	}()
	ready("ws://" + listener.Addr().String())

	var out []byte
	for {
		_, raw, err := conn.ReadMessage()
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			return fmt.Errorf("relay: %w", err)
		}
		out = binary.BigEndian.AppendUint64(out[:0], uint64(time.Now().UnixNano()))
		mu.Lock()
		ws := sockets[telephone(raw)]
		mu.Unlock()
		if ws == nil {
			continue
		}
		if err := ws.WriteMessage(websocket.BinaryMessage, append(out, raw...)); err != nil {
			mu.Lock()
			delete(sockets, telephone(raw)) // the operator has gone
			mu.Unlock()
			ws.Close()
		}
	}
}

// telephone finds the extension that a frame is about by the name of a
// channel, as "PJSIP/301-0000002a"; the provider's channels have no digits.
func telephone(raw []byte) string {
	mark := []byte(`"PJSIP/`)
	for {
		_, rest, ok := bytes.Cut(raw, mark)
		if !ok {
			return ""
		}
		if n := bytes.IndexByte(rest, '-'); n > 0 && rest[0] >= '0' && rest[0] <= '9' {
			return string(rest[:n])
		}
		raw = rest
	}
}

// ariSource is the least there is to getting the events of an Asterisk.
type ariSource struct {
	url, user, password string
	events              []string // sources, as "channel:" for all channels
}

// connect opens the socket, subscribes to its events and filters as the product does.
func (s ariSource) connect(ctx context.Context) (*websocket.Conn, error) {
	auth := "Basic " + base64.StdEncoding.EncodeToString([]byte(s.user+":"+s.password))
	events := "ws" + strings.TrimPrefix(s.url, "http") + "/events?app=" + relayApp
	dialer := websocket.Dialer{ReadBufferSize: 64 << 10}
	conn, res, err := dialer.DialContext(ctx, events, http.Header{"Authorization": {auth}})
	if err != nil {
		return nil, err
	}
	_ = res.Body.Close()
	sources := "/subscription?" + url.Values{"eventSource": {strings.Join(s.events, ",")}}.Encode()
	noise := `{"disallowed":[{"type":"ChannelVarset"},{"type":"ChannelDialplan"}]}`
	for _, order := range []struct{ method, path, body string }{
		{http.MethodPost, sources, ""}, {http.MethodPut, "/eventFilter", noise},
	} {
		if err := s.order(ctx, order.method, order.path, order.body); err != nil {
			conn.Close()
			return nil, err
		}
	}
	return conn, nil
}

func (s ariSource) order(ctx context.Context, method, path, body string) error {
	req, err := http.NewRequestWithContext(ctx, method, s.url+"/applications/"+relayApp+path, strings.NewReader(body))
	if err != nil {
		return err
	}
	req.SetBasicAuth(s.user, s.password)
	req.Header.Set("Content-Type", "application/json")
	req.Close = true
	res, err := (&http.Client{Timeout: startTimeout}).Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("ARI %s: %s", path, res.Status)
	}
	return nil
}
