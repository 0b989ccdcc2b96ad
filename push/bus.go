package push

import (
	"context"
	"crypto/rand"
)

// Bus gives each message its number in the stream of each user it is for and
// carries it to every node of the installation. [Local] serves one process;
// internal/redis serves several. All pass the suite of push/pushtest.
//
// Numbers: within one epoch a user's messages are numbered 1, 2, 3, … without
// gaps, the same on all nodes. Two messages published one after the other by
// one goroutine are numbered in that order. When a bus can't keep this
// promise (its memory was lost, its nodes were apart) it starts a new epoch.
//
// Delivery: to the sink of each node, once per epoch, in order of the number.
// A node that can't catch up is told by Reset, never left with a gap.
//
// A bus is safe for concurrent use. Calls before Start and after Stop do
// nothing.
type Bus interface {
	// Start begins deliveries and has called sink.Reset when it returns. A
	// backplane out of reach is no error: the node then serves its own users.
	Start(ctx context.Context, sink Sink) error
	// Publish sends msg to the users. It never blocks on the network: an
	// implementation queues within bounds and starts a new epoch when full.
	Publish(users []int64, msg *Message)
	// Broadcast sends msg to every user who has a stream in this epoch.
	Broadcast(msg *Message)
	// Join gives the user a stream. Whatever is broadcast after it returns
	// reaches him. It may block for one round trip to the backplane.
	Join(ctx context.Context, user int64) error
	// Evict reaches the sink of every node, at most once; nodes that are apart
	// at that moment miss it, but find all sockets cut by Reset when they
	// return, and every new socket is authenticated. It does not block.
	Evict(Eviction)
	// Stop ends deliveries: none comes after it returned. It is idempotent
	// and bounded by ctx.
	Stop(ctx context.Context) error
}

// Sink takes what a bus delivers on one node. Its methods must not block, nor
// call the bus. Reset is never called beside another method; deliveries to
// one user come one at a time.
type Sink interface {
	// Reset begins an epoch, or the same one anew after a loss: the last
	// number of each user is that of heads, 0 where absent.
	Reset(epoch string, heads map[int64]int64)
	// Deliver hands over a message with its number in the user's stream.
	Deliver(user, seq int64, msg *Message)
	// Evict ends the sockets that match.
	Evict(Eviction)
}

// Eviction says whose sockets to end with [SessionEnded]: those of a session,
// or all of a user.
type Eviction struct {
	SessionID string
	UserID    int64 // used when SessionID is empty
}

func (e Eviction) matches(s Session) bool {
	if e.SessionID != "" {
		return s.ID == e.SessionID
	}
	return s.UserID == e.UserID
}

// NewEpoch returns a name no other epoch has: 80 random bits.
func NewEpoch() string { return rand.Text()[:16] }
