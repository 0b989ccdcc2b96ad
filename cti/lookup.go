package cti

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"strconv"
	"sync"
	"time"
)

const (
	lookupWorkers = 12 // first tries; a stalled directory gets through 40 a second
	lateWorkers   = 4
	lookupQueue   = 4096
	lateQueue     = 256
	lateBudget    = 5 * time.Second // second try after the first budget passed
)

// lookups asks the directory beside the engine, never in its way. Second tries
// have workers of their own: a directory that hangs does not keep new calls
// waiting for longer than their budget.
type lookups struct {
	dir     Directory
	budget  time.Duration
	metrics *Metrics
	log     *slog.Logger
	asks    chan lookupAsk
	late    chan lookupAsk     // second tries
	deliver func(lookupResult) // waits for the engine's turn
	ctx     context.Context
	cancel  context.CancelFunc
	wg      sync.WaitGroup
}

type lookupAsk struct {
	callID, e164 string
	at           time.Time
}

type lookupResult struct {
	lookupAsk
	state LookupState
	Found
}

// final tells that no second try is needed.
func (r *lookupResult) final() bool { return r.state != LookupLate && r.AsOf.IsZero() }

func newLookups(dir Directory, budget time.Duration, m *Metrics, log *slog.Logger, deliver func(lookupResult)) *lookups {
	l := &lookups{dir: dir, budget: budget, metrics: m, log: log, deliver: deliver,
		asks: make(chan lookupAsk, lookupQueue), late: make(chan lookupAsk, lateQueue)}
	l.ctx, l.cancel = context.WithCancel(context.Background())
	return l
}

func (l *lookups) start() {
	for range lookupWorkers {
		l.wg.Go(l.work)
	}
	for range lateWorkers {
		l.wg.Go(l.workLate)
	}
}

func (l *lookups) stop() { l.cancel(); l.wg.Wait() }

// ask queues a lookup. It is false with the queue full.
func (l *lookups) ask(a lookupAsk) bool {
	select {
	case l.asks <- a:
		return true
	default:
		l.log.Warn("lookup queue full", "call", a.callID)
		l.count(0, string(LookupLate))
		return false
	}
}

// lookUp asks for the client of a call. Where too many others wait, the card is
// late at once; the journal finds the client when the record is written.
func (e *Engine) lookUp(callID, e164 string) {
	a := lookupAsk{callID: callID, e164: e164, at: time.Now()}
	if !e.lookups.ask(a) {
		e.found(lookupResult{lookupAsk: a, state: LookupLate})
	}
}

// work makes the first try of each lookup within what is left of its budget.
func (l *lookups) work() {
	for {
		select {
		case a := <-l.asks:
			r := lookupResult{lookupAsk: a, state: LookupLate}
			if left := l.budget - time.Since(a.at); left > 0 {
				r = l.try(a, left)
			} else {
				l.count(time.Since(a.at), string(LookupLate))
			}
			l.deliver(r)
			if !r.final() {
				select {
				case l.late <- a:
				default: // the journal finds the client when the record is written
					l.log.Warn("no second lookup, too many wait", "call", a.callID)
				}
			}
		case <-l.ctx.Done():
			return
		}
	}
}

// workLate tries again; a call may still get its card.
func (l *lookups) workLate() {
	for {
		select {
		case a := <-l.late:
			if again := l.try(a, lateBudget); again.final() {
				l.deliver(again)
			}
		case <-l.ctx.Done():
			return
		}
	}
}

func (l *lookups) try(a lookupAsk, budget time.Duration) lookupResult {
	ctx, cancel := context.WithTimeout(l.ctx, budget)
	defer cancel()
	began := time.Now()
	r := lookupResult{lookupAsk: a, state: LookupLate}
	found, err := l.dir.Lookup(ctx, a.e164)
	switch {
	case err != nil:
		if !errors.Is(err, context.Canceled) {
			l.log.Warn("lookup", "call", a.callID, "err", err)
		}
	case len(found.Matches) == 0:
		r.state = LookupUnknown
	default:
		r.state, r.Found = LookupFound, found
	}
	result := string(r.state)
	if !r.AsOf.IsZero() {
		result = "stored"
	}
	l.count(time.Since(began), result)
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
	if lv == nil || lv.call.Number.E164 != r.e164 || lv.call.Client != nil && lv.call.LookupAsOf == nil {
		return
	}
	c := &lv.call
	c.Lookup, c.Matches, c.Client, c.LookupAsOf = r.state, r.Matches, r.Client, nil
	lv.asGood = r.AsGood
	c.Version++
	now := e.opt.Now()
	switch {
	case !r.AsOf.IsZero():
		c.LookupAsOf = &r.AsOf
		lv.trace.add(now, "lookup_stored", "age", now.Sub(r.AsOf).Round(time.Second).String(), "name", r.Matches[0].Name)
	case r.state == LookupFound:
		lv.trace.add(now, "lookup_found", "count", strconv.Itoa(len(r.Matches)), "name", r.Matches[0].Name, "reason", r.Matches[0].Reason)
	case r.state == LookupUnknown:
		lv.trace.add(now, "lookup_none", "number", r.e164)
	default:
		lv.trace.add(now, "lookup_late")
	}
	e.tell(lv, now, c.State == Ended)
	e.nameDisplays(lv, now)
}

// prefer puts the client of a user who has the call before others that rank as
// high (LU-02). Whose telephones ring is known only after the lookup, and who
// answers later still.
func (lv *live) prefer(users []int64) {
	c := &lv.call
	if c.Client == nil || slices.Contains(users, c.Client.ResponsibleID) {
		return
	}
	for i, card := range lv.asGood {
		at := slices.IndexFunc(c.Matches, func(m Match) bool { return m.ClientID == card.ID && m.PersonID == card.PersonID })
		if at < 0 || !slices.Contains(users, card.ResponsibleID) {
			continue
		}
		lv.asGood = slices.Clone(lv.asGood)
		lv.asGood[i], c.Client = c.Client, card
		matches := []Match{c.Matches[at]} // the old ones may be on their way to a screen
		c.Matches = append(append(matches, c.Matches[:at]...), c.Matches[at+1:]...)
		return
	}
}
