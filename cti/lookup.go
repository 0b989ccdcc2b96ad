package cti

import (
	"context"
	"errors"
	"log/slog"
	"strconv"
	"sync"
	"time"
)

const (
	lookupWorkers = 16
	lookupQueue   = 4096
	lateBudget    = 5 * time.Second // second try after the first budget passed
)

// lookups asks the directory beside the engine, never in its way.
type lookups struct {
	dir     Directory
	budget  time.Duration
	metrics *Metrics
	log     *slog.Logger
	asks    chan lookupAsk
	results chan lookupResult
	ctx     context.Context
	cancel  context.CancelFunc
	wg      sync.WaitGroup
}

type lookupAsk struct{ callID, e164 string }

type lookupResult struct {
	lookupAsk
	state   LookupState
	matches []Match
	client  *Client
}

func newLookups(dir Directory, budget time.Duration, m *Metrics, log *slog.Logger) *lookups {
	l := &lookups{dir: dir, budget: budget, metrics: m, log: log,
		asks: make(chan lookupAsk, lookupQueue), results: make(chan lookupResult, lookupQueue)}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	return l
}

func (l *lookups) start() {
	for range lookupWorkers {
		l.wg.Add(1)
		go l.work()
	}
}

func (l *lookups) stop() { l.cancel(); l.wg.Wait() }

// ask queues a lookup. With the queue full the call is told at once that its
// card is late; the journal finds the client when the record is written.
func (l *lookups) ask(callID, e164 string) {
	a := lookupAsk{callID: callID, e164: e164}
	select {
	case l.asks <- a:
	default:
		l.log.Warn("lookup queue full", "call", callID)
		l.count(0, "late")
		select {
		case l.results <- lookupResult{lookupAsk: a, state: LookupLate}:
		default:
		}
	}
}

func (l *lookups) work() {
	defer l.wg.Done()
	for {
		select {
		case a := <-l.asks:
			r := l.try(a, l.budget)
			l.send(r)
			if r.state == LookupLate {
				if again := l.try(a, lateBudget); again.state != LookupLate {
					l.send(again)
				}
			}
		case <-l.ctx.Done():
			return
		}
	}
}

func (l *lookups) send(r lookupResult) {
	select {
	case l.results <- r:
	case <-l.ctx.Done():
	}
}

func (l *lookups) try(a lookupAsk, budget time.Duration) lookupResult {
	ctx, cancel := context.WithTimeout(l.ctx, budget)
	defer cancel()
	began := time.Now()
	r := lookupResult{lookupAsk: a, state: LookupLate}
	matches, card, err := l.dir.Lookup(ctx, a.e164)
	switch {
	case err != nil:
		if !errors.Is(err, context.Canceled) {
			l.log.Warn("lookup", "call", a.callID, "err", err)
		}
	case len(matches) == 0:
		r.state = LookupUnknown
	default:
		r.state, r.matches, r.client = LookupFound, matches, card
	}
	l.count(time.Since(began), string(r.state))
	return r
}

func (l *lookups) count(d time.Duration, result string) {
	if f := l.metrics.Lookup; f != nil {
		f(d, result)
	}
}

// found brings a lookup's result to its call.
func (e *Engine) found(r lookupResult) {
	lv := e.board.calls[r.callID]
	if lv == nil || lv.call.Number.E164 != r.e164 || lv.call.Client != nil {
		return
	}
	c := &lv.call
	c.Lookup, c.Matches, c.Client = r.state, r.matches, r.client
	c.Version++
	now := e.opt.Now()
	switch r.state {
	case LookupFound:
		lv.trace.add(now, "lookup_found", "count", strconv.Itoa(len(r.matches)), "name", r.matches[0].Name, "reason", r.matches[0].Reason)
	case LookupUnknown:
		lv.trace.add(now, "lookup_none", "number", r.e164)
	default:
		lv.trace.add(now, "lookup_late")
	}
	shown := e.show(lv, now)
	if shown.State == Ended {
		e.save(shown)
	}
}
