// Package amitest has a manager interface that lies: it answers "Success" to
// chosen actions and does nothing.
//
//	client ── action ──► Liar ── all others ──► Asterisk
//	       ◄── Success ──┘    ◄── answers, events ──
package amitest

import (
	"bufio"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"

	"ringcard/ari/ami"
)

// Liar stands before the manager interface of an Asterisk, or plays one that
// does nothing at all.
type Liar struct {
	listener net.Listener
	upstream string

	mu    sync.Mutex
	lies  map[string]bool // actions
	told  []string
	conns []net.Conn
	over  bool
	wg    sync.WaitGroup
}

// New starts a Liar before the address of a manager interface, for the test.
// With an empty address every action is answered by it, also the login.
func New(t testing.TB, upstream string) *Liar {
	t.Helper()
	l := &Liar{upstream: upstream, lies: make(map[string]bool)}
	var err error
	if l.listener, err = net.Listen("tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	l.wg.Go(l.accept)
	t.Cleanup(l.close)
	return l
}

// Addr is where it listens.
func (l *Liar) Addr() string { return l.listener.Addr().String() }

// LieAbout makes it answer these actions, and only these, by itself.
func (l *Liar) LieAbout(actions ...string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	clear(l.lies)
	for _, a := range actions {
		l.lies[a] = true
	}
}

// Told lists the actions that it answered since the last call.
func (l *Liar) Told() []string {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := l.told
	l.told = nil
	return out
}

func (l *Liar) close() {
	_ = l.listener.Close() // accept ends
	l.mu.Lock()
	l.over = true
	for _, c := range l.conns {
		_ = c.Close()
	}
	l.mu.Unlock()
	l.wg.Wait()
}

func (l *Liar) accept() {
	for {
		client, err := l.listener.Accept()
		if err != nil {
			return
		}
		s := &session{l: l, client: client}
		if l.upstream != "" {
			s.far, err = net.Dial("tcp", l.upstream)
		}
		if err != nil || !l.keep(s) {
			s.end() // the client dials again
			continue
		}
		l.wg.Go(s.actions)
		if s.far != nil {
			l.wg.Go(s.answers)
		} else {
			_ = s.say("Asterisk Call Manager/9.0\r\n") // the reader sees a lost client
		}
	}
}

func (l *Liar) keep(s *session) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conns = append(l.conns, s.client)
	if s.far != nil {
		l.conns = append(l.conns, s.far)
	}
	return !l.over
}

// session is one connection. What is written to the client is whole messages.
type session struct {
	l           *Liar
	client, far net.Conn
	mu          sync.Mutex
}

func (s *session) say(text string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	_, err := s.client.Write([]byte(text))
	return err
}

func (s *session) end() {
	_ = s.client.Close()
	if s.far != nil {
		_ = s.far.Close()
	}
}

// actions carries what the client orders.
func (s *session) actions() {
	defer s.end()
	r := bufio.NewReader(s.client)
	for {
		m, err := ami.ReadMessage(r)
		if err != nil {
			return
		}
		if s.l.lie(m.Get("Action"), s.far == nil) {
			err = s.say(text(ami.Message{{Key: "Response", Value: "Success"}, {Key: "ActionID", Value: m.Get("ActionID")}, {Key: "Challenge", Value: "1"}}))
		} else {
			_, err = s.far.Write([]byte(text(m)))
		}
		if err != nil {
			return
		}
	}
}

func (l *Liar) lie(action string, always bool) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if !always && !l.lies[action] {
		return false
	}
	if !slices.Contains([]string{"Challenge", "Login", "Ping"}, action) {
		l.told = append(l.told, action)
	}
	return true
}

// answers carries what Asterisk says, first its banner.
func (s *session) answers() {
	defer s.end()
	r := bufio.NewReader(s.far)
	banner, err := r.ReadString('\n')
	if err == nil {
		err = s.say(banner)
	}
	for err == nil {
		var m ami.Message
		if m, err = ami.ReadMessage(r); err == nil {
			err = s.say(text(m))
		}
	}
}

// text writes a message as it came.
func text(m ami.Message) string {
	var b strings.Builder
	for _, f := range m {
		if f.Key != "" {
			b.WriteString(f.Key + ": ")
		}
		b.WriteString(f.Value + "\r\n")
	}
	return b.String() + "\r\n"
}
