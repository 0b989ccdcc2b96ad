package main

import (
	"context"
	"fmt"
	"net/http"
	"sync"
	"time"

	"github.com/gorilla/websocket"
)

// arrival is a frame at an operator's socket.
type arrival struct {
	at  time.Time
	raw []byte
}

// screen is the socket of one operator. It only notes what comes and when;
// frames are understood after the load.
type screen struct {
	extension string
	ws        *websocket.Conn
	closing   chan struct{}
	done      chan struct{}

	mu       sync.Mutex
	arrivals []arrival
	err      error // why it ended before close
}

// openScreen connects and begins to read.
func openScreen(ctx context.Context, extension, address string, header http.Header) (*screen, error) {
	ws, res, err := websocket.DefaultDialer.DialContext(ctx, address, header)
	if err != nil {
		return nil, fmt.Errorf("operator %s: %w", extension, err)
	}
	_ = res.Body.Close()
	s := &screen{extension: extension, ws: ws, closing: make(chan struct{}), done: make(chan struct{})}
	go s.read()
	return s, nil
}

func (s *screen) read() {
	defer close(s.done)
	for {
		_, raw, err := s.ws.ReadMessage()
		at := time.Now()
		s.mu.Lock()
		if err != nil {
			select {
			case <-s.closing:
			default:
				s.err = fmt.Errorf("operator %s lost the socket: %w", s.extension, err)
			}
			s.mu.Unlock()
			return
		}
		s.arrivals = append(s.arrivals, arrival{at, raw})
		s.mu.Unlock()
	}
}

// take returns what came since the last take.
func (s *screen) take() ([]arrival, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	taken := s.arrivals
	s.arrivals = nil
	return taken, s.err
}

func (s *screen) close() {
	close(s.closing)
	s.ws.Close()
	<-s.done
}

// screens are the sockets of all operators at one server.
type screens []*screen

// quiet waits until nothing has come to any of the screens for as long as it
// takes for what comes late; frames may lag behind the calls they are about.
func (all screens) quiet(ctx context.Context) error {
	tick := time.NewTicker(quietFor)
	defer tick.Stop()
	for before := -1; ; {
		now := all.waiting()
		if now == before {
			return nil
		}
		before = now
		select {
		case <-tick.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// quietFor is longer than the product joins changes of presence.
const quietFor = time.Second

// waiting counts the frames not taken.
func (all screens) waiting() int {
	n := 0
	for _, s := range all {
		s.mu.Lock()
		n += len(s.arrivals)
		s.mu.Unlock()
	}
	return n
}

func (all screens) close() {
	for _, s := range all {
		s.close()
	}
}

// openScreens connects every operator; address and header tell how.
func openScreens(ctx context.Context, operators []operator, how func(operator) (string, http.Header)) (screens, error) {
	var all screens
	for _, o := range operators {
		address, header := how(o)
		s, err := openScreen(ctx, o.extension, address, header)
		if err != nil {
			all.close()
			return nil, err
		}
		all = append(all, s)
	}
	return all, nil
}
