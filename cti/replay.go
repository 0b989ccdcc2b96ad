package cti

import (
	"context"
	"time"
)

// Repeat puts a call that was ordered from a page on the board again, as it was
// before it had a channel. It is for replays of captures.
func (e *Engine) Repeat(ctx context.Context, c Call) error {
	return e.do(ctx, func() {
		if c.Test {
			e.placeTest(c, Device{PBX: c.PBX}, c.StartedAt)
			return
		}
		e.place(c, c.StartedAt)
	})
}

// settlePoll is how often Settle looks.
const settlePoll = time.Millisecond

// Settle waits until every event posted before has been applied and its lookups
// are answered, or the context ends.
func (e *Engine) Settle(ctx context.Context) error {
	t := time.NewTicker(settlePoll)
	defer t.Stop()
	for {
		busy := len(e.events) > 0
		if !busy { // the engine may still be at the last one; do comes after it
			if err := e.do(ctx, func() { busy = e.looking() }); err != nil {
				return err
			}
		}
		if !busy {
			return nil
		}
		select {
		case <-t.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// looking tells whether a lookup is under way. It runs on the engine's
// goroutine.
func (e *Engine) looking() bool {
	for _, lv := range e.board.calls {
		if lv.call.Lookup == LookupPending {
			return true
		}
	}
	return false
}
