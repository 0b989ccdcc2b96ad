package cti

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/google/uuid"
)

// obey carries out one order of a user.
func (r *Recordings) obey(ctx context.Context, t *tape, c Call, o recordOrder, now time.Time) (Recording, error) {
	if o.command == RecordStart && t.rec == nil {
		return r.start(ctx, t, c, o.userID, now)
	}
	if t.rec == nil {
		return Recording{}, Errorf(CodeNotRecorded, "this call is not being recorded")
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
				r.closePart(t, part, now, "")
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
		return Recording{}, Errorf(CodeNotTalking, "the two sides do not talk; it can be recorded once they do")
	}
	rec := &Recording{ID: uuid.NewString(), CallID: c.ID, PBX: r.opt.Name, State: RecordingActive, UserID: userID, StartedAt: now, Users: parties(&c)}
	if err := r.part(ctx, t, rec, leg, now); err != nil {
		return Recording{}, err
	}
	t.rec, t.decided = rec, true
	if r.mark != nil {
		if err := r.mark(c.ID); err != nil {
			r.log.Warn("call not marked as recorded", "call", c.ID, "error", err)
		}
	}
	return *rec, nil
}

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
	if errors.As(err, &e) && (e.Code == CodeNotFound || e.Code == CodeConflict || e.Code == CodeNotTalking) {
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
