package httpapi

import (
	"strings"
	"sync"
	"time"
)

// Limits of failed logins (OP-05). They are counted per node and in memory:
// a restart forgives, which a guesser cannot cause.
const (
	guardWindow      = 15 * time.Minute
	guardPerPair     = 5  // one login from one address: then locked
	guardPerLogin    = 50 // one login from anywhere
	guardPerAddress  = 30 // one address, any logins
	guardMaxCounters = 10_000
)

// loginGuard counts failed logins and locks for the rest of the window.
type loginGuard struct {
	now func() time.Time

	mu       sync.Mutex
	counters map[string]*failures
}

type failures struct {
	count int
	until time.Time // end of the window
}

func newLoginGuard(now func() time.Time) *loginGuard {
	return &loginGuard{now: now, counters: make(map[string]*failures)}
}

type guardKey struct {
	key   string
	limit int
}

func guardKeys(login, address string) []guardKey {
	login = strings.ToLower(login)
	return []guardKey{
		{"pair\x00" + login + "\x00" + address, guardPerPair},
		{"login\x00" + login, guardPerLogin},
		{"address\x00" + address, guardPerAddress},
	}
}

// begin counts an attempt as failed until it is taken back, so that
// parallel guesses cannot pass together. It returns how long to wait when the
// limit is reached; then nothing is counted.
func (g *loginGuard) begin(login, address string) (wait time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := g.now()
	keys := guardKeys(login, address)
	for _, k := range keys {
		if f := g.counters[k.key]; f != nil && now.Before(f.until) && f.count >= k.limit {
			wait = max(wait, f.until.Sub(now))
		}
	}
	if wait > 0 {
		return wait
	}
	for _, k := range keys {
		f := g.counters[k.key]
		if f == nil || !now.Before(f.until) {
			g.makeRoom(now)
			f = &failures{until: now.Add(guardWindow)}
			g.counters[k.key] = f
		}
		f.count++
	}
	return 0
}

// succeeded takes the attempt back and forgives the pair.
func (g *loginGuard) succeeded(login, address string) {
	g.takeBack(login, address)
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.counters, guardKeys(login, address)[0].key)
}

// takeBack forgets one attempt that was no wrong guess.
func (g *loginGuard) takeBack(login, address string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	for _, k := range guardKeys(login, address) {
		if f := g.counters[k.key]; f != nil && f.count > 0 {
			f.count--
		}
	}
}

// makeRoom keeps the memory bounded: expired counters go first, then those
// that end soonest.
func (g *loginGuard) makeRoom(now time.Time) {
	if len(g.counters) < guardMaxCounters {
		return
	}
	var soonest string
	var at time.Time
	for key, f := range g.counters {
		if !now.Before(f.until) {
			delete(g.counters, key)
			continue
		}
		if soonest == "" || f.until.Before(at) {
			soonest, at = key, f.until
		}
	}
	if len(g.counters) >= guardMaxCounters {
		delete(g.counters, soonest)
	}
}
