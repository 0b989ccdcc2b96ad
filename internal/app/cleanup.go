package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// cleanups undo what was started, last first.
type cleanups struct {
	log  *slog.Logger
	list []cleanup
}

type cleanup struct {
	name string
	run  func(context.Context) error
}

// add registers how to undo something, the moment it exists.
func (c *cleanups) add(name string, run func(context.Context) error) {
	c.list = append(c.list, cleanup{name, run})
}

// run undoes everything, whatever fails on the way. It may be called again:
// nothing is left then.
func (c *cleanups) run(ctx context.Context) error {
	var errs []error
	for len(c.list) > 0 {
		last := c.list[len(c.list)-1]
		c.list = c.list[:len(c.list)-1]
		start := time.Now()
		if err := last.run(ctx); err != nil {
			errs = append(errs, fmt.Errorf("stop %s: %w", last.name, err))
			c.log.Error("not stopped cleanly", "part", last.name, "error", err)
			continue
		}
		c.log.Debug("stopped", "part", last.name, "took", time.Since(start))
	}
	return errors.Join(errs...)
}
