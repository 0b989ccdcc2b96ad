package redis

import (
	"fmt"
	"time"

	goredis "github.com/redis/go-redis/v9"
)

// timeout bounds one round trip: a pop must not wait longer for a Redis that
// hangs than for one that is gone.
const timeout = 500 * time.Millisecond

// Open returns a client for a redis:// or unix:// URL. It does not connect;
// commands fail fast, so that the caller decides what to do without Redis.
func Open(url string) (*goredis.Client, error) {
	opt, err := goredis.ParseURL(url)
	if err != nil {
		return nil, fmt.Errorf("redis url: %w", err)
	}
	opt.DialTimeout = timeout
	opt.ReadTimeout = timeout
	opt.WriteTimeout = timeout
	opt.PoolTimeout = timeout
	opt.ContextTimeoutEnabled = true
	opt.DialerRetries = 1
	opt.MaxRetries = -1 // a lost answer must reach the caller: see op.number
	opt.Protocol = 2    // no push notifications to handle
	opt.DisableIdentity = true
	opt.PoolSize = 8
	return goredis.NewClient(opt), nil
}
