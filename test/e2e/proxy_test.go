package e2e

import (
	"io"
	"net"
	"net/url"
	"sync"
	"testing"
)

// lead is the network cable between a server and its PBX, to be pulled.
type lead struct {
	listener net.Listener
	target   string

	mu     sync.Mutex
	pulled bool
	conns  map[net.Conn]struct{}
	wg     sync.WaitGroup
}

// newLead stands before the PBX's ARI and returns the address to use instead.
func newLead(t *testing.T, ariURL string) (*lead, string) {
	t.Helper()
	u, err := url.Parse(ariURL)
	must(t, "url", err)
	l := &lead{target: u.Host, conns: make(map[net.Conn]struct{})}
	l.listener, err = net.Listen("tcp", "127.0.0.1:0")
	must(t, "listen", err)
	l.wg.Go(l.accept)
	t.Cleanup(func() {
		l.listener.Close()
		l.pull(true)
		l.wg.Wait()
	})
	u.Host = l.listener.Addr().String()
	return l, u.String()
}

func (l *lead) accept() {
	for {
		near, err := l.listener.Accept()
		if err != nil {
			return
		}
		far, err := net.Dial("tcp", l.target)
		if err != nil || !l.keep(near, far) {
			near.Close()
			if far != nil {
				far.Close()
			}
			continue
		}
		for _, pair := range [][2]net.Conn{{near, far}, {far, near}} {
			l.wg.Go(func() {
				_, _ = io.Copy(pair[0], pair[1]) // ends with either side
				l.drop(near, far)
			})
		}
	}
}

func (l *lead) keep(conns ...net.Conn) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.pulled {
		return false
	}
	for _, c := range conns {
		l.conns[c] = struct{}{}
	}
	return true
}

func (l *lead) drop(conns ...net.Conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range conns {
		c.Close()
		delete(l.conns, c)
	}
}

// pull cuts every connection; while out, new ones end at once.
func (l *lead) pull(out bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.pulled = out
	if !out {
		return
	}
	for c := range l.conns {
		c.Close()
	}
	clear(l.conns)
}

// cut drops every connection; new ones are taken at once.
func (l *lead) cut() {
	l.pull(true)
	l.pull(false)
}
