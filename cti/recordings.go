package cti

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"
)

const (
	recordingWorkers  = 8
	maxRecordCommands = 8 // of one call that wait; more is a stuck key
	recordingTimeout  = 10 * time.Second
	recordingRetry    = 2 * time.Second // first pause after the log did not take it
	recordingLastWait = time.Minute
	recordingTick     = 500 * time.Millisecond
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
	mark func(ctx context.Context, callID string) error // the engine's MarkRecorded

	mu      sync.Mutex
	tapes   map[string]*tape // by call
	byName  map[string]*tape // by name of an open part
	queue   []*tape
	wake    *sync.Cond
	stopped bool
	cancel  context.CancelFunc
	done    sync.WaitGroup
}

// tape is the recording of one call. The first part is guarded by
// Recordings.mu, the second belongs to the worker that has it.
type tape struct {
	callID   string
	call     Call // newest seen; its ID is empty until then
	commands []recordOrder
	reports  []RecordingReport
	adopted  []*Recording // of calls that turned out to be parts of this one
	check    bool         // ask the PBX what goes on
	queued   bool
	busy     bool
	again    bool // something came while a worker had it
	dueAt    time.Time

	rec     *Recording // the one under way
	unsaved []Recording
	decided bool   // whether to record by itself was settled
	failed  string // channel that could not be recorded
	bridge  string // in which the open part began; empty: not known
	wait    time.Duration
}

type recordOrder struct {
	command RecordCommand
	userID  int64
	result  chan recordResult // has room for one
}

type recordResult struct {
	rec Recording
	err error
}

// RecordingReport is what a PBX says of a recording that has ended.
type RecordingReport struct {
	Name   string
	Failed string // empty when it is whole
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
		return nil
	case <-ctx.Done():
		return ctx.Err()
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
		return Recording{}, Errorf(CodeConflict, "the orders before this one are still being carried out")
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

// inbox is what came for a tape since a worker last had it.
type inbox struct {
	call     Call
	commands []recordOrder
	reports  []RecordingReport
	adopted  []*Recording
	check    bool
}

// step brings one tape up to date.
func (r *Recordings) step(ctx context.Context, t *tape, in inbox) {
	ctx, cancel := context.WithTimeout(ctx, recordingTimeout)
	defer cancel()
	now := r.opt.Now().UTC()
	if t.rec != nil && in.call.ID != "" {
		t.rec.Users = parties(&in.call)
	}
	changed := r.adopt(ctx, t, in.adopted, now)
	changed = r.reported(t, in.reports, now) || changed
	if in.check && t.rec != nil {
		changed = r.compare(ctx, t, in, now) || changed
	}
	switch over := in.call.State == Ended || in.call.ID == "" && in.check && t.rec != nil && t.rec.open() == nil; {
	case in.call.MergedInto != "":
		r.move(ctx, t, in.call)
	case over && t.rec != nil:
		r.finish(ctx, t, now)
		changed = false // finish has saved it
	}
	for _, o := range in.commands {
		rec, err := r.obey(ctx, t, in.call, o, now)
		o.result <- recordResult{rec, err}
		changed = changed || err == nil
	}
	r.begin(ctx, t, in.call, now)
	changed = r.follow(ctx, t, in.call, now) || changed
	if changed && t.rec != nil {
		r.keep(t, *t.rec)
	}
	r.save(ctx, t)
}

// reported notes the ends of parts.
func (r *Recordings) reported(t *tape, reports []RecordingReport, now time.Time) (changed bool) {
	for _, rep := range reports {
		if t.rec == nil {
			break
		}
		for i := range t.rec.Parts {
			p := &t.rec.Parts[i]
			if p.Name == rep.Name && p.EndedAt == nil {
				r.closePart(p, now, rep.Failed)
				changed = true
			}
		}
		if rep.Failed == "" || !changed {
			continue
		}
		// A full disk does not get emptier by trying at once: it ends here, and
		// the users are told.
		r.log.Error("the PBX could not record", "call", t.callID, "recording", t.rec.ID, "cause", rep.Failed)
		end(t.rec, now)
		t.rec.State, t.rec.Cause = RecordingFailed, rep.Failed
		r.keep(t, *t.rec)
		t.rec, changed = nil, false
	}
	return changed
}

func (r *Recordings) closePart(p *RecordingPart, now time.Time, failed string) {
	p.EndedAt, p.Failed = ptr(now), failed
	r.mu.Lock()
	delete(r.byName, p.Name)
	r.mu.Unlock()
}

// compare asks the PBX whether an open part is still being written.
func (r *Recordings) compare(ctx context.Context, t *tape, in inbox, now time.Time) bool {
	p := t.rec.open()
	if p == nil {
		return false
	}
	live, err := r.opt.PBX.Recording(ctx, p.Name)
	switch {
	case err != nil:
		r.log.Warn("recording not compared with the PBX", "call", t.callID, "recording", t.rec.ID, "error", err)
		r.later(t, func() { t.check = true })
		return false
	case live: // its end will be told
		return false
	}
	r.closePart(p, now, "")
	return true
}

// later queues a tape again after its pause, which grows. prepare runs under
// the lock.
func (r *Recordings) later(t *tape, prepare func()) {
	t.wait = min(max(2*t.wait, recordingRetry), recordingLastWait)
	r.mu.Lock()
	defer r.mu.Unlock()
	t.dueAt = time.Now().Add(t.wait)
	if prepare != nil {
		prepare()
	}
}

// move gives the recordings of a call to the conversation it turned out to be
// a part of; the one under way goes on there.
func (r *Recordings) move(ctx context.Context, t *tape, c Call) {
	if err := r.opt.Keeper.MoveRecordings(ctx, c.ID, c.MergedInto); err != nil {
		r.log.Warn("recordings wait to be moved", "call", c.ID, "to", c.MergedInto, "error", err)
		r.later(t, nil)
	}
	rec := t.rec
	if t.rec = nil; rec == nil {
		return
	}
	rec.CallID = c.MergedInto
	rec.Version++
	r.mu.Lock()
	defer r.mu.Unlock()
	to := r.tape(c.MergedInto)
	to.adopted = append(to.adopted, rec)
	if p := rec.open(); p != nil {
		r.byName[p.Name] = to
	}
	r.push(to)
}

// adopt goes on with the recording of a call that is a part of this one. A
// conversation has one recording under way: another one ends.
func (r *Recordings) adopt(ctx context.Context, t *tape, list []*Recording, now time.Time) bool {
	for _, rec := range list {
		if t.rec == nil {
			t.rec, t.decided = rec, true
			continue
		}
		own := t.rec
		t.rec = rec
		r.finish(ctx, t, now)
		t.rec = own
	}
	return len(list) > 0
}

// finish ends the recording under way and hands it to the log.
func (r *Recordings) finish(ctx context.Context, t *tape, now time.Time) {
	if p := t.rec.open(); p != nil {
		// The PBX ends it with the channel. Where the channel lives on in
		// another conversation, that one is not ours to record.
		if err := r.opt.PBX.StopRecording(ctx, p.Name); err != nil {
			r.log.Warn("recording not stopped", "call", t.callID, "recording", t.rec.ID, "error", err)
		}
		r.closePart(p, now, "")
	}
	end(t.rec, now)
	r.keep(t, *t.rec)
	t.rec = nil
}

// end closes a recording and all its parts.
func end(rec *Recording, now time.Time) {
	for i := range rec.Parts {
		if rec.Parts[i].EndedAt == nil {
			rec.Parts[i].EndedAt = ptr(now)
		}
	}
	rec.State, rec.EndedAt = RecordingEnd, ptr(now)
	rec.Version++
}

// keep queues a version for the log; a newer one replaces an older.
func (r *Recordings) keep(t *tape, rec Recording) {
	rec.Parts = append([]RecordingPart(nil), rec.Parts...)
	for i := range t.unsaved {
		if t.unsaved[i].ID == rec.ID {
			t.unsaved[i] = rec
			return
		}
	}
	t.unsaved = append(t.unsaved, rec)
}

// save writes what waits. What the log does not take is tried again.
func (r *Recordings) save(ctx context.Context, t *tape) {
	for len(t.unsaved) > 0 {
		rec := t.unsaved[0]
		err := r.opt.Keeper.SaveRecording(ctx, rec)
		if err != nil && !permanent(err) {
			r.log.Warn("recordings wait for the log", "call", rec.CallID, "recording", rec.ID, "error", err)
			r.later(t, nil)
			return
		}
		if err != nil {
			r.log.Error("recording refused by the log", "call", rec.CallID, "recording", rec.ID, "error", err)
		}
		t.unsaved, t.wait = t.unsaved[1:], 0
	}
}

// obey carries out one order of a user.
func (r *Recordings) obey(ctx context.Context, t *tape, c Call, o recordOrder, now time.Time) (Recording, error) {
	if o.command == RecordStart && t.rec == nil {
		return r.start(ctx, t, c, o.userID, now)
	}
	if t.rec == nil {
		return Recording{}, Errorf(CodeConflict, "this call is not being recorded")
	}
	rec, part := t.rec, t.rec.open()
	var err error
	switch o.command {
	case RecordStart, RecordResume:
		if rec.State == RecordingPaused && part != nil {
			err = r.opt.PBX.ResumeRecording(ctx, part.Name)
		}
		if err == nil {
			rec.State = RecordingActive // where the channel has left, the next part begins now
		}
	case RecordPause:
		if part != nil && rec.State == RecordingActive {
			err = r.opt.PBX.PauseRecording(ctx, part.Name)
		}
		if err == nil {
			rec.State = RecordingPaused
		}
	case RecordStop:
		t.decided = true // the configuration does not begin anew
		if part != nil {
			if err = r.opt.PBX.StopRecording(ctx, part.Name); err == nil {
				r.closePart(part, now, "")
			}
		}
		if err == nil {
			r.finish(ctx, t, now)
			return *rec, nil
		}
	}
	if err != nil {
		return *rec, err
	}
	rec.Version++
	return *rec, nil
}

// start begins a recording of the call.
func (r *Recordings) start(ctx context.Context, t *tape, c Call, userID int64, now time.Time) (Recording, error) {
	leg, ok := recordable(&c)
	if !ok {
		return Recording{}, Errorf(CodeConflict, "the two sides do not talk; it can be recorded once they do")
	}
	rec := &Recording{ID: uuid.NewString(), CallID: c.ID, PBX: r.opt.Name, State: RecordingActive, UserID: userID, StartedAt: now, Users: parties(&c)}
	if err := r.part(ctx, t, rec, leg, now); err != nil {
		return Recording{}, err
	}
	t.rec, t.decided = rec, true
	if r.mark != nil {
		if err := r.mark(ctx, c.ID); err != nil {
			r.log.Warn("call not marked as recorded", "call", c.ID, "error", err)
		}
	}
	return *rec, nil
}

// part begins the next part of a recording.
func (r *Recordings) part(ctx context.Context, t *tape, rec *Recording, leg Leg, now time.Time) error {
	p := RecordingPart{Name: fmt.Sprintf("%s%s-%s-%d", RecordingPrefix, rec.CallID, rec.ID, len(rec.Parts)+1), Channel: leg.ID, StartedAt: now}
	r.mu.Lock()
	r.byName[p.Name] = t // the end of a very short one comes before the answer
	r.mu.Unlock()
	if err := r.opt.PBX.StartRecording(ctx, leg.ID, p.Name); err != nil {
		r.mu.Lock()
		delete(r.byName, p.Name)
		r.mu.Unlock()
		return err
	}
	rec.Parts = append(rec.Parts, p)
	rec.Version++
	t.bridge = leg.Bridge
	return nil
}

// RecordingPrefix begins the names of our recordings at a PBX; after it come
// the id of the call, that of the recording, and the number of the part.
const RecordingPrefix = "ringcard-"

// begin starts the recording that the configuration wants, once a call.
func (r *Recordings) begin(ctx context.Context, t *tape, c Call, now time.Time) {
	if t.decided || t.rec != nil || c.State != Talking || c.Recorded || !r.opt.Auto.wants(c.Direction) {
		return
	}
	rec, err := r.start(ctx, t, c, 0, now)
	if err == nil {
		r.keep(t, rec)
		return
	}
	var e *Error
	if errors.As(err, &e) && (e.Code == CodeNotFound || e.Code == CodeConflict) {
		return // the channel has just ended, or left the talk: the next change of the call tells
	}
	r.log.Error("call not recorded", "call", c.ID, "error", err)
	if e != nil && e.Code == CodeUnreachable {
		r.later(t, nil)
		return
	}
	t.decided = true
	failed := Recording{ID: uuid.NewString(), Version: 1, CallID: c.ID, PBX: r.opt.Name, State: RecordingFailed,
		Cause: err.Error(), StartedAt: now, EndedAt: ptr(now), Users: parties(&c)}
	r.keep(t, failed)
}

// follow goes on with the conversation: a next part begins when the recorded
// channel has left it, and when it was handed to somebody else, because after
// a transfer Asterisk 22 at times gives a snoop one direction only.
func (r *Recordings) follow(ctx context.Context, t *tape, c Call, now time.Time) (changed bool) {
	if t.rec == nil || t.rec.State != RecordingActive {
		return false
	}
	leg, ok := recordable(&c)
	old := t.rec.open()
	if old != nil {
		if t.bridge == "" && leg.ID == old.Channel {
			t.bridge = leg.Bridge
		}
		handed := ok && leg.ID == old.Channel && leg.Bridge != "" && leg.Bridge != t.bridge
		if !handed && !left(&c, old.Channel) {
			return false
		}
	}
	if old != nil {
		// First the old one: a second snoop beside it would share its fault.
		if err := r.opt.PBX.StopRecording(ctx, old.Name); err != nil {
			r.log.Warn("part of a recording not stopped", "call", c.ID, "recording", t.rec.ID, "error", err)
		}
		r.closePart(old, now, "")
		t.rec.Version++
	}
	if ok && leg.ID != t.failed {
		if err := r.part(ctx, t, t.rec, leg, now); err != nil {
			r.notFollowed(t, leg, err)
			return old != nil
		}
		return true
	}
	return old != nil
}

// notFollowed notes that no next part could be begun at a leg.
func (r *Recordings) notFollowed(t *tape, leg Leg, err error) {
	var e *Error
	if errors.As(err, &e) && e.Code == CodeNotFound {
		return // it has just ended: the next change of the call tells
	}
	t.failed = leg.ID
	r.log.Error("recording does not go on after the transfer", "call", t.callID, "recording", t.rec.ID, "error", err)
}

// parties are the users whose telephones had a part in the call.
func parties(c *Call) []int64 {
	var ids []int64
	for i := range c.Legs {
		if id := c.Legs[i].UserID; id != 0 && !slices.Contains(ids, id) {
			ids = append(ids, id)
		}
	}
	return ids
}

// left tells whether a channel is no longer in the conversation.
func left(c *Call, channel string) bool {
	if c.ID == "" {
		return false
	}
	for i := range c.Legs {
		if c.Legs[i].ID == channel {
			return c.Legs[i].State == LegEnded
		}
	}
	return true
}
