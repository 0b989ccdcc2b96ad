package cti

import (
	"context"
	"time"
)

// Repeat puts a call that was ordered from a page on the board again, as it was
// before it had a channel. It is for replays of captures.
func (e *Engine) Repeat(c Call) error {
	return e.do(func() {
		if c.Test {
			e.placeTest(c, Device{PBX: c.PBX}, c.StartedAt)
			return
		}
		e.place(c, c.StartedAt)
	})
}

// settlePoll is how often Settle looks.
const settlePoll = time.Millisecond

// Settle waits until the lookups of every event posted before are answered, or
// the context ends.
func (e *Engine) Settle(ctx context.Context) error {
	t := time.NewTicker(settlePoll)
	defer t.Stop()
	for {
		busy := false
		if err := e.do(func() { busy = e.looking() }); err != nil {
			return err
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

// looking tells whether a lookup is under way.
func (e *Engine) looking() bool {
	for _, lv := range e.board.calls {
		if lv.call.Lookup == LookupPending {
			return true
		}
	}
	return false
}
