package redis_test

import (
	"errors"
	"testing"

	"ringcard/internal/redis"
	"ringcard/internal/redis/redistest"
	"ringcard/push"
	"ringcard/push/pushtest"
)

func TestTickets(t *testing.T) {
	server := redistest.Start(t)
	client := open(t, server)
	tickets := redis.NewTickets(client, "ringcard")
	pushtest.RunTickets(t, tickets)

	t.Run("live 30 s and are not readable in Redis", func(t *testing.T) {
		if err := client.FlushAll(t.Context()).Err(); err != nil {
			t.Fatal(err)
		}
		ticket, err := tickets.Issue(t.Context(), push.Session{UserID: 7})
		if err != nil {
			t.Fatal(err)
		}
		keys, err := client.Keys(t.Context(), "*").Result()
		if err != nil || len(keys) != 1 || keys[0] == "ringcard:ticket:"+ticket {
			t.Fatalf("keys %v, %v", keys, err)
		}
		if ttl := client.PTTL(t.Context(), keys[0]).Val(); ttl <= 0 || ttl > push.TicketLife {
			t.Errorf("lives %v", ttl)
		}
	})
	t.Run("without Redis", func(t *testing.T) {
		server.Kill()
		if _, err := tickets.Issue(t.Context(), push.Session{UserID: 7}); err == nil {
			t.Error("issued")
		}
		if _, err := tickets.Redeem(t.Context(), "x"); err == nil || errors.Is(err, push.ErrTicket) {
			t.Errorf("redeem: %v", err)
		}
	})
}

func TestOpenRefusesOtherURLs(t *testing.T) {
	for _, url := range []string{"", "http://localhost", "redis://localhost:port"} {
		if client, err := redis.Open(url); err == nil {
			client.Close()
			t.Errorf("opened %q", url)
		}
		if _, err := redis.NewBus(redis.BusOptions{URL: url}); err == nil {
			t.Errorf("made a bus of %q", url)
		}
	}
}
