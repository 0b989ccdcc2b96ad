package app

import (
	"context"
	"time"
)

const (
	refreshTimeout = 5 * time.Second
	// refreshEvery bounds how long a change of users made elsewhere (another
	// node, ringcard user) takes to reach this node's engines.
	refreshEvery = 30 * time.Second
	// followEvery is how soon stored answers of the directory follow a change.
	followEvery = 5 * time.Second
	// expireEvery is how often dead sessions are removed.
	expireEvery = time.Hour
)

// startMaintenance begins the small regular work of a node.
func (a *App) startMaintenance(context.Context) error {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		a.maintain(ctx)
	}()
	a.cleanups.add("maintenance", func(context.Context) error {
		cancel()
		<-done
		return nil
	})
	return nil
}

func (a *App) maintain(ctx context.Context) {
	refresh, expire, follow := time.NewTicker(refreshEvery), time.NewTicker(expireEvery), time.NewTicker(followEvery)
	defer follow.Stop()
	defer refresh.Stop()
	defer expire.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-refresh.C:
			a.refreshUsers(ctx)
			a.refreshWrapUps(ctx)
		case <-follow.C:
			a.cached.follow(ctx)
		case <-expire.C:
			n, err := a.services.Employees.ExpireSessions(ctx)
			if err != nil && ctx.Err() == nil {
				a.log.Error("sessions not expired", "error", err)
			} else if n > 0 {
				a.log.Info("sessions expired", "count", n)
			}
			if _, err := a.services.CallLog.ForgetTraces(ctx); err != nil && ctx.Err() == nil {
				a.log.Error("old traces of calls not removed", "error", err)
			}
		}
	}
}
