package cti

import (
	"context"
	"time"
)

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
	decided bool      // whether to record by itself was settled
	failed  string    // channel that could not be recorded
	bridge  string    // in which the open part began; empty: not known
	quiet   time.Time // when the PBX ended the open part, unasked; why is looked at
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
	check := in.check || !t.quiet.IsZero()
	if check && t.rec != nil {
		changed = r.compare(ctx, t, now) || changed
	}
	switch over := in.call.State == Ended || in.call.ID == "" && check && t.rec != nil && t.rec.open() == nil; {
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

// later queues a tape again after its pause, which grows. prepare runs under
// the lock.
func (r *Recordings) later(t *tape, prepare func()) {
	t.wait = min(max(2*t.wait, recordingRetry), recordingLastWait)
	r.after(t, t.wait)
	if prepare != nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		prepare()
	}
}

// after queues a tape again after a pause.
func (r *Recordings) after(t *tape, pause time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	t.dueAt = time.Now().Add(pause)
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
	to.check = to.check || !t.quiet.IsZero()
	t.quiet = time.Time{}
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
		r.closePart(t, p, now, "")
	}
	end(t.rec, now)
	r.keep(t, *t.rec)
	t.rec = nil
}

// fail ends the recording under way because the PBX could not write it. A full
// disk does not get emptier by trying at once: it ends here, and the users are
// told. What there is of it will be fetched.
func (r *Recordings) fail(t *tape, cause string, now time.Time) {
	r.log.Error("the PBX could not record", "call", t.callID, "recording", t.rec.ID, "cause", cause)
	end(t.rec, now)
	t.rec.State, t.rec.Cause = RecordingFailed, cause
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
