package push_test

import (
	"context"
	"testing"

	"go.uber.org/goleak"

	"ringcard/push"
	"ringcard/push/pushtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestLocalBus(t *testing.T) {
	pushtest.RunBus(t, func(*testing.T) pushtest.Backplane {
		return pushtest.Backplane{Node: func(*testing.T) push.Bus { return push.NewLocal() }}
	})
}

func TestMemoryTickets(t *testing.T) {
	pushtest.RunTickets(t, push.NewTickets())
}

func noSnapshot(context.Context) (any, error) { return struct{}{}, nil }

// call is the shape that matters here: a whole state with a version.
type call struct {
	ID      string `json:"id"`
	Version int    `json:"version"`
	State   string `json:"state"`
}

func ring(id string, version int, state string) push.Event {
	return push.Event{Type: "call", Key: id, Data: call{ID: id, Version: version, State: state}}
}

func user(id int64) push.Session { return push.Session{UserID: id, ID: "login"} }
