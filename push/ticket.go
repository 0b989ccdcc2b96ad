package push

import (
	"context"
	"crypto/rand"
	"errors"
	"sync"
	"time"
)

// TicketLife is how long a stream ticket is good for.
const TicketLife = 30 * time.Second

// Errors of tickets.
var (
	// ErrTicket: unknown, used before, or too old.
	ErrTicket = errors.New("stream ticket is not valid")
	// ErrTickets: too many are outstanding; try again within TicketLife.
	ErrTickets = errors.New("too many stream tickets outstanding")
)

// Tickets lets a program that has no cookie open a stream without a lasting
// token in a URL, which ends up in logs: a ticket works once, within
// [TicketLife], for the session it was issued to.
type Tickets interface {
	// Issue makes a ticket of at least 128 random bits, safe in a URL.
	Issue(ctx context.Context, s Session) (string, error)
	// Redeem uses the ticket up. Of concurrent callers one succeeds; the
	// others, and whoever comes late, get ErrTicket.
	Redeem(ctx context.Context, ticket string) (Session, error)
}

// maxTickets bounds the memory of MemoryTickets.
const maxTickets = 10_000

// MemoryTickets are good on the node that issued them.
type MemoryTickets struct {
	mu    sync.Mutex
	open  map[string]issued
	order []string // oldest first: all live equally long
}

type issued struct {
	session Session
	at      time.Time
}

var _ Tickets = (*MemoryTickets)(nil)

// NewTickets returns an empty store.
func NewTickets() *MemoryTickets {
	return &MemoryTickets{open: make(map[string]issued)}
}

// Issue implements [Tickets].
func (t *MemoryTickets) Issue(_ context.Context, s Session) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	now := time.Now()
	for len(t.order) > 0 {
		oldest, ok := t.open[t.order[0]]
		if ok && now.Sub(oldest.at) < TicketLife {
			break
		}
		delete(t.open, t.order[0])
		t.order = t.order[1:]
	}
	if len(t.order) >= maxTickets {
		return "", ErrTickets
	}
	ticket := rand.Text()
	t.open[ticket] = issued{session: s, at: now}
	t.order = append(t.order, ticket)
	return ticket, nil
}

// Redeem implements [Tickets].
func (t *MemoryTickets) Redeem(_ context.Context, ticket string) (Session, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	i, ok := t.open[ticket]
	delete(t.open, ticket)
	if !ok || time.Since(i.at) >= TicketLife {
		return Session{}, ErrTicket
	}
	return i.session, nil
}
