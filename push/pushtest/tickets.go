package pushtest

import (
	"errors"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"ringcard/push"
)

// RunTickets is the conformance suite of [push.Tickets], except for expiry,
// which each implementation tests with its own clock.
func RunTickets(t *testing.T, tickets push.Tickets) {
	session := push.Session{UserID: 7, ID: "login", Expires: time.Now().Add(time.Hour).UTC().Round(time.Second)}
	issue := func(t *testing.T) string {
		t.Helper()
		ticket, err := tickets.Issue(t.Context(), session)
		if err != nil {
			t.Fatal(err)
		}
		return ticket
	}
	t.Run("is good once, for its session", func(t *testing.T) {
		ticket := issue(t)
		got, err := tickets.Redeem(t.Context(), ticket)
		if err != nil || got.UserID != session.UserID || got.ID != session.ID || !got.Expires.Equal(session.Expires) {
			t.Errorf("redeemed %+v, %v", got, err)
		}
		if got, err := tickets.Redeem(t.Context(), ticket); !errors.Is(err, push.ErrTicket) || got != (push.Session{}) {
			t.Errorf("second time: %+v, %v", got, err)
		}
	})
	t.Run("can't be guessed", func(t *testing.T) {
		a, b := issue(t), issue(t)
		if a == b || len(a) < 22 || strings.ContainsAny(a, "+/=&? ") {
			t.Errorf("tickets %q and %q", a, b)
		}
		for _, guess := range []string{"", a[:len(a)-1], a + b} {
			if _, err := tickets.Redeem(t.Context(), guess); !errors.Is(err, push.ErrTicket) {
				t.Errorf("guess %q: %v", guess, err)
			}
		}
	})
	t.Run("serves one of concurrent callers", func(t *testing.T) {
		ticket := issue(t)
		var won atomic.Int32
		var wg sync.WaitGroup
		for range 16 {
			wg.Go(func() {
				if _, err := tickets.Redeem(t.Context(), ticket); err == nil {
					won.Add(1)
				}
			})
		}
		wg.Wait()
		if won.Load() != 1 {
			t.Errorf("%d callers redeemed one ticket", won.Load())
		}
	})
}
