package redis_test

import (
	"log/slog"
	"testing"

	"go.uber.org/goleak"

	"ringcard/internal/redis"
	"ringcard/internal/redis/redistest"
	"ringcard/push"
	"ringcard/push/pushtest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

func newBus(t *testing.T, server *redistest.Server) *redis.Bus {
	t.Helper()
	bus, err := redis.NewBus(redis.BusOptions{URL: server.URL, Log: slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))})
	if err != nil {
		t.Fatal(err)
	}
	return bus
}

func TestBus(t *testing.T) {
	pushtest.RunBus(t, func(t *testing.T) pushtest.Backplane {
		server := redistest.Start(t)
		return pushtest.Backplane{Shared: true, Node: func(t *testing.T) push.Bus { return newBus(t, server) }}
	})
}
