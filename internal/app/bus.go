package app

import (
	"context"
	"errors"

	"ringcard/internal/httpapi"
	"ringcard/internal/redis"
	"ringcard/push"
)

// redisNamespace begins all our keys.
const redisNamespace = "ringcard"

// openBus makes the bus between nodes: over Redis, or in this process. A
// Redis that is away does not keep the server from starting: each node serves
// its own users meanwhile (OP-04).
func (a *App) openBus() (push.Bus, error) {
	url := a.opt.Config.Redis.URL.Reveal()
	if url == "" {
		a.tickets = push.NewTickets()
		return push.NewLocal(), nil
	}
	client, err := redis.Open(url)
	if err != nil {
		return nil, err
	}
	a.cleanups.add("redis", func(context.Context) error { return client.Close() })
	bus, err := redis.NewBus(redis.BusOptions{URL: url, Namespace: redisNamespace, Log: a.log})
	if err != nil {
		return nil, err
	}
	a.tickets = redis.NewTickets(client, redisNamespace)
	// The bus knows of an outage once a message has met it; a quiet node must
	// ask.
	a.checks = append(a.checks, httpapi.Check{Name: "redis", Run: func(ctx context.Context) error {
		if err := bus.Healthy(); err != nil {
			return err
		}
		if err := client.Ping(ctx).Err(); err != nil {
			return errors.New("redis does not answer: this node serves its own users only")
		}
		return nil
	}})
	return bus, nil
}
