package cti

import (
	"context"
	"errors"
	"fmt"
	"time"
)

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
	t.bridge, t.quiet = leg.Bridge, time.Time{}
	return nil
}

// RecordingPrefix begins the names of our recordings at a PBX; after it come
// the id of the call, that of the recording, and the number of the part.
const RecordingPrefix = "ringcard-"

// reported notes what the PBX says of the end of parts.
func (r *Recordings) reported(t *tape, reports []RecordingReport, now time.Time) (changed bool) {
	for _, rep := range reports {
		if t.rec == nil {
			break
		}
		p := t.rec.open()
		switch {
		case p == nil || p.Name != rep.Name: // the end of an older one, or told twice
		case rep.Failed == "":
			t.quiet = now // compare finds out why
		default:
			r.closePart(t, p, now, rep.Failed)
			r.fail(t, rep.Failed, now)
			changed = true
		}
	}
	return changed
}

// closePart ends a part; nothing more is expected of it.
func (r *Recordings) closePart(t *tape, p *RecordingPart, at time.Time, failed string) {
	p.EndedAt, p.Failed = ptr(at), failed
	t.quiet = time.Time{}
	r.mu.Lock()
	delete(r.byName, p.Name)
	r.mu.Unlock()
}

// agree takes over whether the PBX pauses: an order may have been carried out
// and not been saved before the server ended.
func (t *tape) agree(stage RecordingStage) (changed bool) {
	state := RecordingActive
	if stage == StagePaused {
		state = RecordingPaused
	}
	if t.rec.State == state {
		return false
	}
	t.rec.State = state
	t.rec.Version++
	return true
}

// stoppedByPBX is the cause of a recording that Asterisk ended as if it were
// whole while its channel went on: a failed write is only in its log.
const stoppedByPBX = "the PBX stopped writing in the middle of the call; its disk may be full"

// compare asks the PBX what becomes of the open part.
func (r *Recordings) compare(ctx context.Context, t *tape, now time.Time) bool {
	p := t.rec.open()
	if p == nil {
		return false
	}
	stage, err := r.opt.PBX.Recording(ctx, p.Name)
	if err != nil {
		r.log.Warn("recording not compared with the PBX", "call", t.callID, "recording", t.rec.ID, "error", err)
		r.later(t, func() { t.check = true })
		return false
	}
	if stage.Live() && t.quiet.IsZero() { // its end will be told
		return t.agree(stage)
	}
	if t.quiet.IsZero() {
		t.quiet = now
	}
	switch {
	case stage == StageGone:
		r.closePart(t, p, t.quiet, "")
		return true
	case now.Sub(t.quiet) < recordingGrace:
		r.after(t, recordingGrace)
	case stage.Live():
		t.quiet = time.Time{} // it was told of something else
	default:
		if err := r.opt.PBX.StopRecording(ctx, p.Name); err != nil { // its channel would stay for the whole call
			r.log.Warn("recording not stopped", "call", t.callID, "recording", t.rec.ID, "error", err)
		}
		r.closePart(t, p, t.quiet, stoppedByPBX)
		r.fail(t, stoppedByPBX, now)
		return true
	}
	return false
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
		r.closePart(t, old, now, "")
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
