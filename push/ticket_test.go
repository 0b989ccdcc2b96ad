package push_test

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"ringcard/push"
)

func TestTicketExpires(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tickets := push.NewTickets()
		ticket := func() string {
			s, err := tickets.Issue(t.Context(), push.Session{UserID: 7})
			if err != nil {
				t.Fatal(err)
			}
			return s
		}
		early, late := ticket(), ticket()
		time.Sleep(push.TicketLife - time.Nanosecond) // fake
		if _, err := tickets.Redeem(t.Context(), early); err != nil {
			t.Errorf("just in time: %v", err)
		}
		time.Sleep(time.Nanosecond)
		if _, err := tickets.Redeem(t.Context(), late); !errors.Is(err, push.ErrTicket) {
			t.Errorf("too late: %v", err)
		}
	})
}

func TestTicketsAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		tickets := push.NewTickets()
		for range 10_000 {
			if _, err := tickets.Issue(t.Context(), push.Session{UserID: 7}); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := tickets.Issue(t.Context(), push.Session{UserID: 8}); !errors.Is(err, push.ErrTickets) {
			t.Errorf("one more: %v", err)
		}
		time.Sleep(push.TicketLife) // fake
		if _, err := tickets.Issue(t.Context(), push.Session{UserID: 8}); err != nil {
			t.Errorf("later: %v", err)
		}
	})
}
