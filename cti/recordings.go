package cti

import (
	"context"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"sync"
	"time"
)

const (
	recordingWorkers  = 8
	maxRecordCommands = 8 // of one call that wait; more is a stuck key
	recordingTimeout  = 10 * time.Second
	recordingRetry    = 2 * time.Second // first pause after the log did not take it
	recordingLastWait = time.Minute
	recordingTick     = 500 * time.Millisecond
	recordingFlush    = 2 * time.Second // for the last ones, when the server stops
	// recordingGrace is how long a channel that records may take to end after
	// its recording.
	recordingGrace = time.Second
)

// RecordingsOptions are what Recordings need. Log may be nil.
type RecordingsOptions struct {
	PBX    RecordingPBX
	Name   string // of the PBX
	Log    *slog.Logger
	Keeper RecordingLog
	Auto   AutoRecord
	Now    func() time.Time
}

// Recordings runs the recordings of one PBX. The engine tells it what happens
// to calls and never waits for it: each call with a recording has a tape, and
// a few workers do what a tape needs at the PBX and in the log, one worker at a
// time for each tape. What is not told in time is found by asking the PBX after
// each resync.
type Recordings struct {
	opt  RecordingsOptions
	log  *slog.Logger
	mark func(callID string) error // the engine's markRecorded

	mu      sync.Mutex
	tapes   map[string]*tape // by call
	byName  map[string]*tape // by name of an open part
	queue   []*tape
	wake    *sync.Cond
	stopped bool
	cancel  context.CancelFunc
	done    sync.WaitGroup
}

// NewRecordings makes the recordings of a PBX; it does nothing before Start.
func NewRecordings(opt RecordingsOptions) *Recordings {
	if opt.Log == nil {
		opt.Log = slog.New(slog.DiscardHandler)
	}
	if opt.Now == nil {
		opt.Now = time.Now
	}
	r := &Recordings{opt: opt, log: opt.Log.With("pbx", opt.Name), tapes: make(map[string]*tape), byName: make(map[string]*tape)}
	r.wake = sync.NewCond(&r.mu)
	return r
}

// Start takes up the recordings that the last run left unfinished; they are
// looked at after the first resync.
func (r *Recordings) Start(ctx context.Context) error {
	list, err := r.opt.Keeper.UnfinishedRecordings(ctx, r.opt.Name)
	if err != nil {
		return fmt.Errorf("unfinished recordings of %s: %w", r.opt.Name, err)
	}
	r.mu.Lock()
	for _, rec := range list {
		t := r.tape(rec.CallID)
		if t.rec != nil { // a call has one recording at a time; an older one cannot go on
			end(t.rec, r.opt.Now().UTC())
			t.unsaved = append(t.unsaved, *t.rec)
		}
		t.rec, t.decided = &rec, true
		if part := rec.open(); part != nil {
			r.byName[part.Name] = t
		}
	}
	r.mu.Unlock()
	work, cancel := context.WithCancel(context.Background())
	r.cancel = cancel
	for range recordingWorkers {
		r.done.Go(func() { r.run(work) })
	}
	r.done.Go(func() { r.clock(work) })
	return nil
}

// Stop ends the workers. Recordings at the PBX go on and are taken up by the
// next Start. Idempotent.
func (r *Recordings) Stop(ctx context.Context) error {
	if r.cancel == nil {
		return nil
	}
	r.mu.Lock()
	r.stopped = true
	r.wake.Broadcast()
	r.mu.Unlock()
	r.cancel()
	ended := make(chan struct{})
	go func() { r.done.Wait(); close(ended) }()
	select {
	case <-ended:
		r.flush(ctx)
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// flush saves what the workers could not. What the log does not take even now
// is found at the PBX by the next Start.
func (r *Recordings) flush(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, recordingFlush)
	defer cancel()
	r.mu.Lock()
	tapes := slices.Collect(maps.Values(r.tapes))
	r.mu.Unlock()
	for _, t := range tapes { // no worker has one any more
		for len(t.unsaved) > 0 {
			rec := t.unsaved[0]
			if err := r.opt.Keeper.SaveRecording(ctx, rec); err != nil {
				r.log.Warn("recording not saved before the end", "call", rec.CallID, "recording", rec.ID, "error", err)
				return
			}
			t.unsaved = t.unsaved[1:]
		}
	}
}

// tape returns the tape of a call, a new one if need be. The caller holds the
// lock.
func (r *Recordings) tape(callID string) *tape {
	t := r.tapes[callID]
	if t == nil {
		t = &tape{callID: callID}
		r.tapes[callID] = t
	}
	return t
}

// push queues a tape for a worker. The caller holds the lock.
func (r *Recordings) push(t *tape) {
	switch {
	case t.busy:
		t.again = true
	case !t.queued:
		t.queued = true
		r.queue = append(r.queue, t)
		r.wake.Signal()
	}
}

// observe takes the newest version of a call. It never waits; calls that are
// not recorded cost a look into a map.
func (r *Recordings) observe(c Call) {
	r.mu.Lock()
	defer r.mu.Unlock()
	t := r.tapes[c.ID]
	if t == nil {
		if c.State != Talking || c.Recorded || !r.opt.Auto.wants(c.Direction) {
			return
		}
		t = r.tape(c.ID)
	}
	t.call = c
	r.push(t)
}

// report takes the PBX's word that a recording has ended.
func (r *Recordings) report(rep RecordingReport) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if t := r.byName[rep.Name]; t != nil {
		t.reports = append(t.reports, rep)
		r.push(t)
	}
}

// resynced makes every tape compare itself with the PBX: what happened
// meanwhile was not told.
func (r *Recordings) resynced() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, t := range r.tapes {
		t.check = true
		r.push(t)
	}
}

// command carries out an order of a user and waits for the outcome.
func (r *Recordings) command(ctx context.Context, c Call, command RecordCommand, userID int64) (Recording, error) {
	order := recordOrder{command: command, userID: userID, result: make(chan recordResult, 1)}
	r.mu.Lock()
	t := r.tape(c.ID)
	switch {
	case r.stopped:
		r.mu.Unlock()
		return Recording{}, Errorf(CodeUnreachable, "the server is stopping")
	case len(t.commands) >= maxRecordCommands:
		r.mu.Unlock()
		return Recording{}, Errorf(CodeCommandRuns, "the orders before this one are still being carried out")
	}
	if t.call.Version <= c.Version {
		t.call = c
	}
	t.commands = append(t.commands, order)
	r.push(t)
	r.mu.Unlock()
	select {
	case got := <-order.result:
		return got.rec, got.err
	case <-ctx.Done():
		return Recording{}, ctx.Err()
	}
}

// clock queues the tapes whose pause is over.
func (r *Recordings) clock(ctx context.Context) {
	tick := time.NewTicker(recordingTick)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		now := time.Now()
		r.mu.Lock()
		for _, t := range r.tapes {
			if !t.dueAt.IsZero() && now.After(t.dueAt) {
				t.dueAt = time.Time{}
				r.push(t)
			}
		}
		r.mu.Unlock()
	}
}

// run is one worker.
func (r *Recordings) run(ctx context.Context) {
	for {
		r.mu.Lock()
		for len(r.queue) == 0 && !r.stopped {
			r.wake.Wait()
		}
		if r.stopped {
			r.refuse()
			r.mu.Unlock()
			return
		}
		t := r.queue[0]
		r.queue = r.queue[1:]
		t.queued, t.busy = false, true
		in := inbox{call: t.call, commands: t.commands, reports: t.reports, adopted: t.adopted, check: t.check}
		t.commands, t.reports, t.adopted, t.check = nil, nil, nil, false
		r.mu.Unlock()

		r.step(ctx, t, in)

		r.mu.Lock()
		t.busy = false
		if t.again {
			t.again = false
			r.push(t)
		} else if r.over(t) {
			delete(r.tapes, t.callID)
		}
		r.mu.Unlock()
	}
}

// refuse answers those who wait when the workers stop. The caller holds the
// lock.
func (r *Recordings) refuse() {
	for _, t := range r.tapes {
		for _, o := range t.commands {
			o.result <- recordResult{err: Errorf(CodeUnreachable, "the server is stopping")}
		}
		t.commands = nil
	}
}

// over tells whether nothing more can come of a tape.
func (r *Recordings) over(t *tape) bool {
	idle := t.rec == nil && len(t.unsaved) == 0 && len(t.commands)+len(t.adopted) == 0 && !t.queued && t.dueAt.IsZero()
	return idle && (t.call.State == Ended || t.call.ID == "" || r.opt.Auto == RecordNone || r.opt.Auto == "")
}
