package redis_test

import (
	"log/slog"
	"testing"
	"time"

	"go.uber.org/goleak"

	"ringcard/internal/redis"
	"ringcard/internal/redis/redistest"
	"ringcard/push"
	"ringcard/push/pushtest"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

func testLog(t *testing.T) *slog.Logger {
	return slog.New(slog.NewTextHandler(t.Output(), &slog.HandlerOptions{Level: slog.LevelDebug}))
}

// newBus gives up a refusing Redis after patience, 0 for the default.
func newBus(t *testing.T, server *redistest.Server, patience time.Duration) *redis.Bus {
	t.Helper()
	bus, err := redis.NewBus(redis.BusOptions{URL: server.URL, Log: testLog(t), Patience: patience})
	if err != nil {
		t.Fatal(err)
	}
	return bus
}

func TestBus(t *testing.T) {
	pushtest.RunBus(t, func(t *testing.T) pushtest.Backplane {
		server := redistest.Start(t)
		return pushtest.Backplane{Shared: true, Node: func(t *testing.T) push.Bus { return newBus(t, server, time.Minute) }}
	})
}
