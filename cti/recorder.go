package cti

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
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
	// writtenWait is how long Written waits: after it the journal is away.
	writtenWait = time.Second
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

func (r *Recorder) loadSpool() error {
	names, err := filepath.Glob(filepath.Join(r.dir, "*.json"))
	if err != nil {
		return err
	}
	var calls []Call
	for _, name := range names {
		var c Call
		b, err := os.ReadFile(name)
		if err == nil {
			err = json.Unmarshal(b, &c)
		}
		if err != nil || c.ID == "" {
			r.log.Error("unreadable call in the spool, set aside", "file", filepath.Base(name), "err", err)
			if err := os.Rename(name, name+".bad"); err != nil {
				return err
			}
			continue
		}
		calls = append(calls, c)
	}
	slices.SortFunc(calls, func(a, b Call) int { return endOf(a).Compare(endOf(b)) })
	for _, c := range calls {
		r.spooled[c.ID] = c.Version
		r.Put(c)
	}
	r.countSpool()
	return nil
}

func endOf(c Call) time.Time {
	if c.EndedAt == nil {
		return c.StartedAt
	}
	return *c.EndedAt
}

// countSpool tells how many files there are.
func (r *Recorder) countSpool() {
	if f := r.metrics.Spooled; f != nil {
		f(len(r.spooled))
	}
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

// Written waits until the journal has the call, and its end if it has ended: who
// acts on what he sees finds the record. It waits writtenWait at most.
func (r *Recorder) Written(ctx context.Context, id string) {
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
	ctx, cancel := context.WithTimeout(ctx, writtenWait)
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

// spoolUntil puts ended calls into files, at once and as they come.
func (r *Recorder) spoolUntil(over <-chan struct{}) {
	tick := time.NewTicker(spoolAfter)
	defer tick.Stop()
	for {
		if err := r.spoolAll(); err != nil {
			r.log.Error("call spool", "err", err)
		}
		select {
		case <-tick.C:
		case <-over:
			return
		}
	}
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

func (r *Recorder) setAside(c Call) {
	if err := r.spool(c, ".refused"); err != nil {
		r.log.Error("call spool", "call", c.ID, "err", err)
	}
	r.written([]Call{c})
}

func (r *Recorder) unspool(id string) {
	r.spoolMu.Lock()
	defer r.spoolMu.Unlock()
	if _, ok := r.spooled[id]; !ok {
		return
	}
	delete(r.spooled, id)
	if err := os.Remove(r.file(id)); err != nil {
		r.log.Error("call spool", "call", id, "err", err)
	}
	r.countSpool()
}

func (r *Recorder) file(id string) string { return filepath.Join(r.dir, id+".json") }

// spoolAll writes each ended call that waits and is no file yet.
func (r *Recorder) spoolAll() error {
	r.spoolMu.Lock()
	defer r.spoolMu.Unlock()
	r.mu.Lock()
	var todo []Call
	for id, c := range r.pending {
		if version, ok := r.spooled[id]; c.State == Ended && (!ok || version < c.Version) {
			todo = append(todo, c)
		}
	}
	r.mu.Unlock()
	defer r.countSpool()
	for _, c := range todo {
		if err := r.spool(c, ""); err != nil {
			return err
		}
		r.spooled[c.ID] = c.Version
	}
	return nil
}

func (r *Recorder) spool(c Call, suffix string) error {
	if strings.ContainsAny(c.ID, `/\`) {
		return fmt.Errorf("call id %q", c.ID)
	}
	b, err := json.Marshal(c)
	if err != nil {
		return err
	}
	tmp, err := os.CreateTemp(r.dir, "new-*")
	if err != nil {
		return err
	}
	_, err = tmp.Write(b)
	err = errors.Join(err, tmp.Sync(), tmp.Close())
	if err == nil {
		err = os.Rename(tmp.Name(), r.file(c.ID)+suffix)
	}
	if err != nil {
		return errors.Join(err, os.Remove(tmp.Name()))
	}
	return nil
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
