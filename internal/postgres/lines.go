package postgres

import (
	"context"
	"errors"
	"net"
	"sync"

	"github.com/jackc/pgx/v5/pgconn"
)

// lines are the open sockets of a pool, to be cut when the database hangs: the
// pool itself waits for its answer, up to 15 s a connection.
type lines struct {
	dial pgconn.DialFunc

	mu   sync.Mutex
	open map[net.Conn]bool // nil once cut
}

var errCut = errors.New("the connections of this pool are closed")

func newLines(dial pgconn.DialFunc) *lines { return &lines{dial: dial, open: make(map[net.Conn]bool)} }

// connect is the DialFunc of the pool.
func (l *lines) connect(ctx context.Context, network, addr string) (net.Conn, error) {
	conn, err := l.dial(ctx, network, addr)
	if err != nil {
		return nil, err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.open == nil {
		return nil, errors.Join(errCut, conn.Close())
	}
	l.open[conn] = true
	return &line{conn, l}, nil
}

// cut closes all, and those to come.
func (l *lines) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for conn := range l.open {
		_ = conn.Close() // whoever uses it is told
	}
	l.open = nil
}

// line is a socket that takes itself off the list.
type line struct {
	net.Conn
	of *lines
}

func (l *line) Close() error {
	l.of.mu.Lock()
	delete(l.of.open, l.Conn)
	l.of.mu.Unlock()
	return l.Conn.Close()
}
