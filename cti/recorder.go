package cti

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"slices"
	"sync"
	"time"
)

const (
	saveTimeout = 5 * time.Second
	firstRetry  = 100 * time.Millisecond
	lastRetry   = 5 * time.Second
	// openEvery is the least time between two writes of a call under way: a
	// ring-all queue changes it many times a second.
	openEvery = time.Second
	// spoolAfter is how long the journal may take before ended calls are kept
	// in files beside it: the process may end at any moment.
	spoolAfter = 250 * time.Millisecond
	// A group is what is written at once: calls at most groupMost, groups at
	// least groupEvery apart. A quiet office has each call written as it comes; a
	// busy one costs the database a fraction of what single writes do.
	groupMost  = 32
	groupEvery = 100 * time.Millisecond
	// awaitMost is how long Await waits: after it the journal is away.
	awaitMost = time.Second
	// stopSaving is how long Stop goes on writing: after the recorder there is
	// more to stop.
	stopSaving = 5 * time.Second
)

// RecorderOptions configure a Recorder.
type RecorderOptions struct {
	Dir     string // where ended calls wait while the journal is away
	Log     *slog.Logger
	Metrics *Metrics
}

// Recorder writes calls to the Journal behind the engine's back, in groups when
// there are many. Only the newest version of a call waits: the first and the
// last one go with the next group, those between at most every openEvery.
// While the journal fails, or takes longer than spoolAfter, ended calls are also
// files in Dir (written and renamed, one per call), so that neither an outage of
// the database nor the end of the process loses a record; they are written once
// the journal is back, in the order in which the calls ended.
type Recorder struct {
	journal Journal
	dir     string
	log     *slog.Logger
	metrics *Metrics

	mu      sync.Mutex
	pending map[string]Call
	order   []string        // to be written now
	later   []later         // changed calls under way, first due first
	waits   map[string]bool // ids of later that are not in order yet
	open    map[string]bool // calls under way that were written once
	awaited map[string]chan struct{}
	spooled map[string]int64 // versions that are files
	spoolMu sync.Mutex       // one writer or remover of files; taken before mu
	wake    chan struct{}
	cancel  context.CancelFunc
	done    chan struct{}
}

type later struct {
	id string
	at time.Time
}

// NewRecorder makes the spool folder and loads what an earlier run left in it.
func NewRecorder(j Journal, opt RecorderOptions) (*Recorder, error) {
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	if opt.Metrics == nil {
		opt.Metrics = &Metrics{}
	}
	r := &Recorder{journal: j, dir: opt.Dir, log: opt.Log, metrics: opt.Metrics,
		pending: make(map[string]Call), waits: make(map[string]bool), open: make(map[string]bool),
		awaited: make(map[string]chan struct{}), spooled: make(map[string]int64), wake: make(chan struct{}, 1)}
	if err := os.MkdirAll(r.dir, 0o700); err != nil {
		return nil, fmt.Errorf("call spool: %w", err)
	}
	return r, r.loadSpool()
}

func endOf(c Call) time.Time {
	if c.EndedAt == nil {
		return c.StartedAt
	}
	return *c.EndedAt
}

// Start begins to write.
func (r *Recorder) Start() {
	ctx, cancel := context.WithCancel(context.Background())
	r.cancel, r.done = cancel, make(chan struct{})
	go r.run(ctx)
}

// Stop writes what waits for stopSaving, while ctx lasts, and puts the ended
// calls of the rest into the spool.
func (r *Recorder) Stop(ctx context.Context) error {
	if r.cancel == nil {
		return nil
	}
	r.cancel()
	<-r.done
	r.mu.Lock()
	r.ripen(time.Now().Add(openEvery))
	r.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, stopSaving)
	defer cancel()
	for {
		group := r.next(groupMost)
		if len(group) == 0 {
			return nil
		}
		if err := r.save(ctx, group); err != nil {
			return r.spoolAll()
		}
		r.written(group)
	}
}

// Put takes the newest version of a call. It never waits.
func (r *Recorder) Put(c Call) {
	r.mu.Lock()
	old, ok := r.pending[c.ID]
	if !ok || old.Version <= c.Version {
		r.pending[c.ID] = c
	}
	if !ok || r.waits[c.ID] && c.State == Ended {
		r.enqueue(c)
	}
	r.mu.Unlock()
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// Backlog is the number of calls that wait to be written.
func (r *Recorder) Backlog() int {
	r.mu.Lock()
	defer r.mu.Unlock()
	return len(r.pending)
}

// Await waits until the journal has the call, and its end if it has ended: who
// acts on what he sees finds the record. It waits awaitMost at most.
func (r *Recorder) Await(ctx context.Context, id string) {
	r.mu.Lock()
	if r.has(id) {
		r.mu.Unlock()
		return
	}
	done, ok := r.awaited[id]
	if !ok {
		done = make(chan struct{})
		r.awaited[id] = done
	}
	r.mu.Unlock()
	ctx, cancel := context.WithTimeout(ctx, awaitMost)
	defer cancel()
	select {
	case <-done:
	case <-ctx.Done():
	}
}

// has tells whether the first version of a call is written, and the last one if
// there is one. The caller holds the lock.
func (r *Recorder) has(id string) bool {
	c, ok := r.pending[id]
	return !ok || r.open[id] && c.State != Ended
}

// waiting tells whether a version of the call is not written yet.
func (r *Recorder) waiting(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	_, ok := r.pending[id]
	return ok
}

// enqueue says when a pending call is written. The caller holds the lock.
func (r *Recorder) enqueue(c Call) {
	if c.State != Ended && r.open[c.ID] {
		r.later = append(r.later, later{c.ID, time.Now().Add(openEvery)})
		r.waits[c.ID] = true
		return
	}
	delete(r.waits, c.ID)
	r.order = append(r.order, c.ID)
}

// ripen moves what is due from later to order. The caller holds the lock.
func (r *Recorder) ripen(now time.Time) {
	for len(r.later) > 0 && !r.later[0].at.After(now) {
		if id := r.later[0].id; r.waits[id] {
			delete(r.waits, id)
			r.order = append(r.order, id)
		}
		r.later = r.later[1:]
	}
}

// untilDue is the time to the next call of later; an hour when there is none.
func (r *Recorder) untilDue() time.Duration {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.later) == 0 {
		return time.Hour
	}
	return time.Until(r.later[0].at)
}

// next returns the calls to be written now, at most so many.
func (r *Recorder) next(most int) []Call {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.ripen(time.Now())
	group := make([]Call, min(most, len(r.order)))
	for i := range group {
		group[i] = r.pending[r.order[i]]
	}
	return group
}

func (r *Recorder) run(ctx context.Context) {
	defer close(r.done)
	wait := firstRetry
	alone := 0 // calls to be written one by one: one of them is at fault
	var next time.Time
	for ctx.Err() == nil {
		most := groupMost
		if alone > 0 {
			most = 1
		}
		group := r.next(most)
		if len(group) == 0 {
			select {
			case <-r.wake:
			case <-time.After(r.untilDue()):
			case <-ctx.Done():
			}
			continue
		}
		if early := time.Until(next); early > 0 && len(group) < most {
			select {
			case <-time.After(early):
			case <-ctx.Done():
			}
			continue
		}
		next = time.Now().Add(groupEvery)
		err := r.saveSlowly(ctx, group)
		switch {
		case err == nil:
			r.written(group)
			wait, alone = firstRetry, max(0, alone-1)
			continue
		case len(group) > 1:
			alone = len(group)
			continue
		case permanent(err):
			r.log.Error("call record refused, set aside", "call", group[0].ID, "err", err)
			r.setAside(group[0])
			alone = max(0, alone-1)
			continue
		}
		r.log.Warn("call records wait for the journal", "call", group[0].ID, "waiting", r.Backlog(), "err", err)
		r.pause(ctx, wait/2+rand.N(wait))
		wait = min(wait*2, lastRetry)
	}
}

// saveSlowly saves, and keeps in files what ends while that takes long.
func (r *Recorder) saveSlowly(ctx context.Context, group []Call) error {
	saved, done := make(chan struct{}), make(chan struct{})
	slow := time.AfterFunc(spoolAfter, func() {
		defer close(done)
		r.spoolUntil(saved)
	})
	err := r.save(ctx, group)
	close(saved)
	if !slow.Stop() {
		<-done
	}
	return err
}

// pause waits before the next attempt and keeps in files what ends meanwhile.
func (r *Recorder) pause(ctx context.Context, d time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, d)
	defer cancel()
	r.spoolUntil(ctx.Done())
}

func (r *Recorder) save(ctx context.Context, group []Call) error {
	ctx, cancel := context.WithTimeout(ctx, saveTimeout)
	defer cancel()
	began := time.Now()
	err := r.journal.Save(ctx, group...)
	if f := r.metrics.JournalSave; f != nil {
		f(time.Since(began), err)
	}
	return err
}

// permanent tells an error that no retry mends.
func permanent(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Code == CodeInvalid
}

// written drops saved versions; newer ones that came meanwhile stay.
func (r *Recorder) written(group []Call) {
	r.mu.Lock()
	r.order = r.order[len(group):]
	r.mu.Unlock()
	for _, c := range group {
		r.drop(c)
	}
}

func (r *Recorder) drop(c Call) {
	r.mu.Lock()
	if r.open[c.ID] = c.State != Ended; !r.open[c.ID] {
		delete(r.open, c.ID)
	}
	newest := r.pending[c.ID]
	last := newest.Version == c.Version
	if last {
		delete(r.pending, c.ID)
	} else {
		r.enqueue(newest)
		if newest.State == Ended {
			r.inOrder(newest)
		}
	}
	if done, ok := r.awaited[c.ID]; ok && r.has(c.ID) {
		close(done)
		delete(r.awaited, c.ID)
	}
	r.mu.Unlock()
	if last {
		r.unspool(c.ID)
	}
}

// inOrder moves the last call of order before those that ended after it. The
// caller holds the lock.
func (r *Recorder) inOrder(c Call) {
	last := len(r.order) - 1
	i := slices.IndexFunc(r.order[:last], func(id string) bool {
		p := r.pending[id]
		return p.State == Ended && endOf(p).After(endOf(c))
	})
	if i >= 0 {
		r.order = slices.Insert(r.order[:last:last], i, c.ID)
	}
}

// unfinished returns the journal's open records, newer versions that still
// wait here taken into account.
func (r *Recorder) unfinished(ctx context.Context, pbx string) ([]Call, error) {
	calls, err := r.journal.Unfinished(ctx, pbx)
	if err != nil {
		return nil, err
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	open := calls[:0]
	for _, c := range calls {
		if p, ok := r.pending[c.ID]; ok && p.Version > c.Version {
			c = p
		}
		if c.State != Ended {
			open = append(open, c)
		}
	}
	return open, nil
}
