package sip

import (
	"bufio"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// streams makes a TCP listener look like the one socket of a fakePBX: each
// message is a packet from the address of its connection.
type streams struct {
	net.Listener
	packets chan packet
	work    sync.WaitGroup

	mu    sync.Mutex
	conns map[string]net.Conn
}

type packet struct {
	text []byte
	from net.Addr
}

func newStreams(t *testing.T) *streams {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := &streams{Listener: l, packets: make(chan packet, 100), conns: make(map[string]net.Conn)}
	s.work.Go(s.accept)
	return s
}

func (s *streams) accept() {
	for {
		conn, err := s.Accept()
		if err != nil {
			s.drop()
			return
		}
		s.mu.Lock()
		s.conns[conn.RemoteAddr().String()] = conn
		s.mu.Unlock()
		s.work.Go(func() {
			defer conn.Close()
			for r := bufio.NewReader(conn); ; {
				text, err := readMessage(r)
				if err != nil {
					s.mu.Lock()
					delete(s.conns, conn.RemoteAddr().String())
					s.mu.Unlock()
					return
				}
				s.packets <- packet{text, conn.RemoteAddr()}
			}
		})
	}
}

// readMessage reads up to the end that Content-Length tells.
func readMessage(r *bufio.Reader) ([]byte, error) {
	var b strings.Builder
	length := 0
	for {
		line, err := r.ReadString('\n')
		if err != nil {
			return nil, err
		}
		b.WriteString(line)
		if name, value, ok := strings.Cut(strings.TrimSpace(line), ":"); ok && strings.EqualFold(name, "Content-Length") {
			if length, err = strconv.Atoi(strings.TrimSpace(value)); err != nil {
				return nil, err
			}
		}
		if strings.TrimSpace(line) == "" {
			break
		}
	}
	body := make([]byte, length)
	if _, err := io.ReadFull(r, body); err != nil {
		return nil, err
	}
	return append([]byte(b.String()), body...), nil
}

// drop closes all connections, as a PBX does that reloads its transports.
func (s *streams) drop() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for addr, conn := range s.conns {
		_ = conn.Close()
		delete(s.conns, addr)
	}
}

// count is how many connections are open.
func (s *streams) count() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

func (s *streams) ReadFrom(b []byte) (int, net.Addr, error) {
	p, ok := <-s.packets
	if !ok {
		return 0, nil, net.ErrClosed
	}
	return copy(b, p.text), p.from, nil
}

func (s *streams) WriteTo(b []byte, to net.Addr) (int, error) {
	s.mu.Lock()
	conn := s.conns[to.String()]
	s.mu.Unlock()
	if conn == nil {
		return 0, fmt.Errorf("no connection from %s", to)
	}
	return conn.Write(b)
}

// Close ends the reading; it is called once.
func (s *streams) Close() error {
	err := s.Listener.Close()
	s.work.Wait()
	close(s.packets)
	return err
}

func (s *streams) LocalAddr() net.Addr              { return s.Addr() }
func (s *streams) SetDeadline(time.Time) error      { return nil }
func (s *streams) SetReadDeadline(time.Time) error  { return nil }
func (s *streams) SetWriteDeadline(time.Time) error { return nil }

// States come over the one connection that Ringcard makes. When the PBX closes
// it, a new one alone would hear nothing: everything is subscribed to again.
func TestClosedConnectionIsNoticed_PB_07_PB_03(t *testing.T) {
	s := newStreams(t)
	p := newFakePBXOn(t, s)
	cfg := fakeConfig(p)
	cfg.Transport = "tcp"
	c, sink := startClient(t, cfg, "101", "102", "103", "104", "105", "106", "107")
	for round := 1; round <= 3; round++ {
		eventually(t, "a snapshot", func() bool { return strings.Count(sink.all(), "resync") == round })
		connected(t, c)
		eventually(t, "one connection", func() bool { return s.count() == 1 })
		p.state("101", "early 79160000001", 0)
		eventually(t, "the call", func() bool { return strings.Count(sink.all(), "dialed ") == round })
		p.state("101", "terminated", 0)
		s.drop()
		eventually(t, "the loss is noticed", func() bool { return strings.Count(sink.all(), "disconnected") == round })
	}
}
