package ami

import (
	"bufio"
	"context"
	"crypto/md5"
	"errors"
	"fmt"
	"net"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func FuzzReadMessage(f *testing.F) {
	for _, seed := range []string{
		"Response: Success\r\nMessage: Park successful\r\n\r\n\r\n",
		"Event: ParkedCall\r\nParkeeUniqueid: 1.2\r\nParkingSpace: 701\r\n\r\n",
		"no colon\n\n", ": \n\n", "a:b", "\r\n", "k: v: w\r\n\r\n",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		r := bufio.NewReader(strings.NewReader(text))
		for {
			m, err := ReadMessage(r)
			if err != nil {
				return
			}
			if len(m) == 0 {
				t.Fatal("an empty message")
			}
			for _, field := range m {
				if strings.ContainsAny(field.Key+field.Value, "\n") {
					t.Fatalf("a line break in %+v", field)
				}
			}
		}
	})
}

func TestLongLineIsRefused(t *testing.T) {
	_, err := ReadMessage(bufio.NewReader(strings.NewReader("a: " + strings.Repeat("x", maxLine) + "\r\n\r\n")))
	if !errors.Is(err, errFormat) {
		t.Errorf("err %v", err)
	}
}

// manager plays Asterisk's side of one connection after another.
type manager struct {
	t        *testing.T
	listener net.Listener
	conns    chan *peer
}

type peer struct {
	net.Conn
	r *bufio.Reader
}

func newManager(t *testing.T) *manager {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	m := &manager{t: t, listener: l, conns: make(chan *peer, 8)}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			m.conns <- &peer{c, bufio.NewReader(c)}
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return m
}

func (m *manager) client(o Options) *Client {
	c := New(Config{Addr: m.listener.Addr().String(), User: "u", Password: "p"}, o)
	c.Start()
	m.t.Cleanup(func() {
		if err := c.Stop(context.Background()); err != nil {
			m.t.Error(err)
		}
	})
	return c
}

func (p *peer) say(t *testing.T, text string) {
	t.Helper()
	if _, err := p.Write([]byte(strings.ReplaceAll(text, "\n", "\r\n"))); err != nil {
		t.Error(err)
	}
}

func (p *peer) hear(t *testing.T) Message {
	t.Helper()
	m, err := ReadMessage(p.r)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// login takes a client in; its key must be that of the challenge.
func (m *manager) login() *peer {
	m.t.Helper()
	p := <-m.conns
	m.t.Cleanup(func() { p.Close() })
	p.say(m.t, "Asterisk Call Manager/9.0\n")
	if a := p.hear(m.t); a.Get("Action") != "Challenge" {
		m.t.Fatalf("first %v", a)
	}
	p.say(m.t, "Response: Success\nActionID: login\nChallenge: 123\n\n")
	a := p.hear(m.t)
	if a.Get("Action") != "Login" || a.Get("Key") != fmt.Sprintf("%x", md5.Sum([]byte("123p"))) || a.Get("Secret") != "" {
		m.t.Fatalf("login %v", a)
	}
	p.say(m.t, "Response: Success\nActionID: login\nMessage: Authentication accepted\n\n")
	return p
}

func connected(t *testing.T) (Options, chan error) {
	status := make(chan error, 16)
	return Options{OnStatus: func(err error) { status <- err }}, status
}

func TestActionsAndEvents_CO_07(t *testing.T) {
	m := newManager(t)
	o, status := connected(t)
	events := make(chan Message, 8)
	o.OnEvent = func(e Message) { events <- e }
	c := m.client(o)
	if _, err := c.Do(t.Context(), "Ping"); !errors.Is(err, ErrDown) {
		t.Errorf("before the connection: %v", err)
	}
	p := m.login()
	if err := <-status; err != nil {
		t.Fatal(err)
	}
	answers := make(chan error, 1)
	go func() {
		_, err := c.Do(context.Background(), "Park", "Channel", "PJSIP/101-1")
		answers <- err
	}()
	a := p.hear(t)
	p.say(t, "Event: ParkedCall\nParkingSpace: 701\n\n\nResponse: Error\nActionID: "+a.Get("ActionID")+"\nMessage: No such channel\n\n")
	var refused *Refused
	if err := <-answers; !errors.As(err, &refused) || refused.Message != "No such channel" {
		t.Errorf("answer %v", err)
	}
	if e := <-events; e.Get("parkingspace") != "701" {
		t.Errorf("event %v", e)
	}
	go func() {
		list, err := c.List(context.Background(), "QueueStatus", "QueueStatusComplete")
		if err == nil && len(list) != 2 {
			err = errors.New("the list is not whole")
		}
		answers <- err
	}()
	id := p.hear(t).Get("ActionID")
	p.say(t, "Response: Success\nActionID: "+id+"\nEventList: start\n\nEvent: QueueParams\nActionID: "+id+"\n\n"+
		"Event: QueueMember\nActionID: "+id+"\n\nEvent: QueueStatusComplete\nActionID: "+id+"\n\n")
	if err := <-answers; err != nil {
		t.Error(err)
	}
	if _, err := c.Do(t.Context(), "Setvar", "Value", "1\r\nAction: Originate"); err == nil {
		t.Error("a line break got into an action")
	}
}

func TestLostConnectionFailsWhatWaitsAndComesBack_CO_07(t *testing.T) {
	m := newManager(t)
	o, status := connected(t)
	c := m.client(o)
	p := m.login()
	if err := <-status; err != nil {
		t.Fatal(err)
	}
	answer := make(chan error, 1)
	go func() { _, err := c.Do(context.Background(), "Bridge"); answer <- err }()
	p.hear(t)
	p.Close()
	if err := <-answer; !errors.Is(err, ErrDown) {
		t.Errorf("waiting action: %v", err)
	}
	if err := <-status; err == nil {
		t.Error("the loss was not told")
	}
	m.login()
	if err := <-status; err != nil || !c.Connected() {
		t.Errorf("not back: %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := c.Do(ctx, "Ping"); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("an action without an answer: %v", err)
	}
}
