package arisim

import (
	"bufio"
	"crypto/md5" //nolint:gosec // the challenge of the manager interface is MD5
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/textproto"
	"strings"
	"sync"
	"time"
)

const (
	amiBanner    = "Asterisk Call Manager/11.0.0\r\n"
	amiChallenge = "170424"
	amiQueue     = 1024 // messages
)

// manager is the manager interface (AMI): a listener and its sessions, which
// are under Sim.mu.
type manager struct {
	listener net.Listener
	sessions map[*amiSession]struct{}
}

// amiSession is one connection. Messages are queued under Sim.mu and written by
// a goroutine of its own; one that does not take them is closed.
type amiSession struct {
	conn net.Conn
	out  chan string
	in   bool // logged in
	once sync.Once
	quit chan struct{}
}

func (k *amiSession) close() {
	k.once.Do(func() {
		close(k.quit)
		_ = k.conn.Close() // ends the reader
	})
}

// StartManager serves AMI on a free port of 127.0.0.1, for the user of ARI, and
// returns its address. It ends with the Sim.
func (s *Sim) StartManager() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("arisim: manager: %w", err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stopped || s.manager != nil {
		_ = l.Close()
		return "", errors.New("arisim: the manager was started before")
	}
	s.manager = &manager{listener: l, sessions: make(map[*amiSession]struct{})}
	s.wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return // closed by Stop
			}
			s.wg.Go(func() { s.serveManager(conn) })
		}
	})
	return l.Addr().String(), nil
}

// stopManager ends the interface; mu is held.
func (s *Sim) stopManager() {
	if s.manager == nil {
		return
	}
	_ = s.manager.listener.Close()
	for k := range s.manager.sessions {
		k.close()
	}
}

func (s *Sim) serveManager(conn net.Conn) {
	k := &amiSession{conn: conn, out: make(chan string, amiQueue), quit: make(chan struct{})}
	defer k.close()
	s.mu.Lock()
	if s.stopped {
		s.mu.Unlock()
		return
	}
	s.manager.sessions[k] = struct{}{}
	s.mu.Unlock()
	defer func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		delete(s.manager.sessions, k)
	}()
	s.wg.Go(k.write)
	k.send(amiBanner)
	r := textproto.NewReader(bufio.NewReader(conn))
	for {
		fields, err := r.ReadMIMEHeader()
		if len(fields) == 0 && err == nil {
			continue // an empty line
		}
		if err != nil {
			return
		}
		s.obey(k, fields)
	}
}

func (k *amiSession) write() {
	for {
		select {
		case text := <-k.out:
			_ = k.conn.SetWriteDeadline(time.Now().Add(writeTimeout))
			if _, err := k.conn.Write([]byte(text)); err != nil {
				k.close()
				return
			}
		case <-k.quit:
			return
		}
	}
}

func (k *amiSession) send(text string) {
	select {
	case k.out <- text:
	case <-k.quit:
	default:
		k.close()
	}
}

// message writes fields, key and value in turn. Values come from numbers and
// names, which must not begin a line of their own.
func message(fields ...string) string {
	var b strings.Builder
	for i := 0; i+1 < len(fields); i += 2 {
		b.WriteString(fields[i] + ": " + strings.NewReplacer("\r", " ", "\n", " ").Replace(fields[i+1]) + "\r\n")
	}
	b.WriteString("\r\n")
	return b.String()
}

// event tells everybody at the manager interface something. mu is held.
func (s *Sim) event(name string, fields ...string) {
	if s.manager == nil {
		return
	}
	text := message(append([]string{"Event", name, "Privilege", "call,all"}, fields...)...)
	for k := range s.manager.sessions {
		if k.in {
			k.send(text)
		}
	}
}

// obey carries an action out and answers it.
func (s *Sim) obey(k *amiSession, fields textproto.MIMEHeader) {
	action, id := strings.ToLower(fields.Get("Action")), fields.Get("ActionID")
	reply := func(response, text string, more ...string) {
		k.send(message(append([]string{"Response", response, "ActionID", id, "Message", text}, more...)...))
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case action == "challenge":
		k.send(message("Response", "Success", "ActionID", id, "Challenge", amiChallenge))
		return
	case action == "login":
		if k.in = s.knows(fields); !k.in {
			reply("Error", "Authentication failed")
			return
		}
		reply("Success", "Authentication accepted")
		return
	case !k.in:
		reply("Error", "Permission denied")
		return
	}
	f, known := amiActions[action]
	if !known {
		reply("Error", "Invalid/unknown command: "+fields.Get("Action")+". Use Action: ListCommands to show available commands.")
		return
	}
	list, err := f(s, fields)
	if err != nil {
		reply("Error", err.Error())
		return
	}
	reply("Success", "Done")
	for _, m := range list {
		k.send(message(append([]string{"Event", m[0], "ActionID", id}, m[1:]...)...))
	}
}

// knows checks a login, by challenge or by password.
func (s *Sim) knows(fields textproto.MIMEHeader) bool {
	sum := md5.Sum([]byte(amiChallenge + s.opt.Password)) //nolint:gosec // as above
	return fields.Get("Username") == s.opt.User &&
		(fields.Get("Key") == hex.EncodeToString(sum[:]) || s.opt.Password != "" && fields.Get("Secret") == s.opt.Password)
}
