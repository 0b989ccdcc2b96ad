package redis

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"

	goredis "github.com/redis/go-redis/v9"

	"ringcard/push"
)

// Tickets are stream tickets good on every node that shares the Redis. It
// holds their hashes only, so whoever reads it can't open a stream.
type Tickets struct {
	client *goredis.Client
	prefix string
}

var _ push.Tickets = (*Tickets)(nil)

// NewTickets keeps tickets below the namespace. The caller closes the client.
func NewTickets(client *goredis.Client, namespace string) *Tickets {
	return &Tickets{client: client, prefix: namespace + ":ticket:"}
}

// Issue implements push.Tickets.
func (t *Tickets) Issue(ctx context.Context, s push.Session) (string, error) {
	raw, err := json.Marshal(s)
	if err != nil {
		return "", fmt.Errorf("marshal session: %w", err)
	}
	ticket := rand.Text()
	if err := t.client.Set(ctx, t.key(ticket), raw, push.TicketLife).Err(); err != nil {
		return "", fmt.Errorf("store stream ticket: %w", err)
	}
	return ticket, nil
}

// Redeem implements push.Tickets.
func (t *Tickets) Redeem(ctx context.Context, ticket string) (push.Session, error) {
	raw, err := t.client.GetDel(ctx, t.key(ticket)).Bytes()
	if errors.Is(err, goredis.Nil) {
		return push.Session{}, push.ErrTicket
	}
	if err != nil {
		return push.Session{}, fmt.Errorf("redeem stream ticket: %w", err)
	}
	var s push.Session
	if err := json.Unmarshal(raw, &s); err != nil {
		return push.Session{}, fmt.Errorf("decode stream ticket: %w", err)
	}
	return s, nil
}

func (t *Tickets) key(ticket string) string {
	sum := sha256.Sum256([]byte(ticket))
	return t.prefix + hex.EncodeToString(sum[:])
}
