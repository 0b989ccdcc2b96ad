package ari

import (
	"context"
	"net/http"
	"sync"
	"time"
)

// longestDelay is how late a frame can be at most: the reader gives a silent
// socket up after it.
const longestDelay = readDeadline

// pbxClock tells when, by our clock, the PBX wrote something (CK-03). The time
// of arrival would be wrong by as much as this machine, the network or
// Asterisk is behind. Of the differences between our clock and the times that
// arrive the least is that of the clocks, and what a frame has above it is its
// delay. Our clock runs evenly here, whatever is done to the machine's.
type pbxClock struct {
	began time.Time

	mu    sync.Mutex
	known bool
	least time.Duration // ours less theirs
}

func newPBXClock() *pbxClock { return &pbxClock{began: time.Now()} }

// even is our clock as it would be had nobody set it since began.
func (c *pbxClock) even(at time.Time) time.Time { return c.began.Round(0).Add(at.Sub(c.began)) }

// sent is when a frame that was received at a time was written, by our clock;
// stamp is the PBX's own time of it. Without one it is the time of arrival.
func (c *pbxClock) sent(received, stamp time.Time) time.Time {
	if stamp.IsZero() {
		return received
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	d := c.even(received).Sub(stamp)
	if !c.known || d < c.least || d-c.least > longestDelay {
		c.known, c.least = true, d
	}
	return received.Add(c.least - d)
}

// asked takes the answer to a question: the PBX wrote its time after we asked
// and before we had the answer. A time before we asked is a clock set back.
func (c *pbxClock) asked(began, answered, stamp time.Time) {
	if stamp.IsZero() {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	d := c.even(answered).Sub(stamp)
	if !c.known || d < c.least || c.even(began).Sub(stamp) > c.least {
		c.known, c.least = true, d
	}
}

// ours is a time of the PBX by our clock.
func (c *pbxClock) ours(stamp time.Time) time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if stamp.IsZero() || !c.known {
		return stamp
	}
	return stamp.Add(c.least)
}

// ask compares the clocks once. A PBX that does not tell its time (Asterisk
// before 16) is judged by its frames alone.
func (c *pbxClock) ask(ctx context.Context, rest *REST) error {
	var pong struct {
		Timestamp string `json:"timestamp"`
	}
	began := time.Now()
	if _, err := rest.do(ctx, http.MethodGet, "/asterisk/ping", nil, nil, &pong); err != nil {
		return ignoreGone(err)
	}
	c.asked(began, time.Now(), parseTime(pong.Timestamp))
	return nil
}
