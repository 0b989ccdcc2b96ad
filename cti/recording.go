package cti

import (
	"context"
	"slices"
	"time"
)

// RecordingPBX is a PBX that can record. It is an optional part of a PBX,
// found by type assertion. Calls are safe for concurrent use; errors are
// *Error. Recordings are told apart by their names, which we choose.
type RecordingPBX interface {
	// StartRecording writes what a channel says and hears into one file, from
	// now until StopRecording or the end of the channel, which comes back as
	// a RecordingEnded event. CodeNotFound: the channel has ended.
	StartRecording(ctx context.Context, channelID, name string) error
	// StopRecording ends it. One that has ended is no error.
	StopRecording(ctx context.Context, name string) error
	// PauseRecording leaves out what is said until ResumeRecording.
	PauseRecording(ctx context.Context, name string) error
	ResumeRecording(ctx context.Context, name string) error
	// Recording tells what becomes of it now.
	Recording(ctx context.Context, name string) (RecordingStage, error)
}

// RecordingStage is what a PBX does with a recording that we ordered.
type RecordingStage int

// Stages. StageStopped: the channel is still there, but the PBX does not write
// any more, as on a full disk; Asterisk tells of it as of an ordinary end.
const (
	StageGone RecordingStage = iota // its channel has ended
	StageRuns
	StagePaused
	StageStopped
)

// Live tells whether the PBX has the file open.
func (s RecordingStage) Live() bool { return s == StageRuns || s == StagePaused }

// RecordingLog keeps recordings. Save is idempotent by ID: an older Version
// never overwrites a newer one.
type RecordingLog interface {
	SaveRecording(context.Context, Recording) error
	// UnfinishedRecordings returns those of a PBX that have not ended.
	UnfinishedRecordings(ctx context.Context, pbx string) ([]Recording, error)
	// MoveRecordings gives the recordings of a call to the conversation that
	// it turned out to be a part of.
	MoveRecordings(ctx context.Context, fromCall, toCall string) error
}

// AutoRecord says which calls are recorded without being asked.
type AutoRecord string

// Values of AutoRecord; RecordAll includes internal calls.
const (
	RecordNone     AutoRecord = "none"
	RecordInbound  AutoRecord = "inbound"
	RecordOutbound AutoRecord = "outbound"
	RecordAll      AutoRecord = "all"
)

func (a AutoRecord) wants(d Direction) bool {
	return a == RecordAll || a == RecordInbound && d == Inbound || a == RecordOutbound && d == Outbound
}

// RecordCommand is what a user may do to the recording of a call.
type RecordCommand string

// Commands of a user.
const (
	RecordStart  RecordCommand = "start"
	RecordStop   RecordCommand = "stop"
	RecordPause  RecordCommand = "pause"
	RecordResume RecordCommand = "resume"
)

// RecordingState is the stage of a recording as the telephone side knows it.
type RecordingState string

// States of a Recording. Ended ones are still to be fetched from the PBX.
const (
	RecordingActive RecordingState = "recording"
	RecordingPaused RecordingState = "paused"
	RecordingEnd    RecordingState = "ended"
	RecordingFailed RecordingState = "failed"
)

// Recording is one recording of a conversation while it runs (CO-08).
type Recording struct {
	ID        string // UUID
	Version   int64
	CallID    string
	PBX       string
	State     RecordingState
	Cause     string // why it failed, in the PBX's words
	UserID    int64  // who began it; 0: begun by the configuration
	StartedAt time.Time
	EndedAt   *time.Time
	Parts     []RecordingPart
	Users     []int64 // who has a part in the call now
}

// RecordingPart is one file at the PBX: the recording of one channel. A next
// one begins where another channel takes its place in the conversation.
type RecordingPart struct {
	Name      string
	Channel   string // unique id at the PBX
	StartedAt time.Time
	EndedAt   *time.Time
	Failed    string // the PBX's words when it could not write it
}

// open returns the part that is being written, nil for none.
func (r *Recording) open() *RecordingPart {
	if n := len(r.Parts); n > 0 && r.Parts[n-1].EndedAt == nil {
		return &r.Parts[n-1]
	}
	return nil
}

// recordable picks the leg to record: the client's, because it stays through
// transfers; in an internal call the one that began it. ok is false while the
// two sides do not talk.
func recordable(c *Call) (leg Leg, ok bool) {
	if c.State != Talking && c.State != Held {
		return leg, false
	}
	for _, l := range c.Legs {
		if l.State != LegUp || l.Role == ServiceLeg || l.TalkedAt == nil {
			continue
		}
		if !ok || l.Role == ClientLeg && leg.Role != ClientLeg {
			leg, ok = l, true
		}
	}
	return leg, ok
}

// observe tells the recordings of a change. It never waits.
func (e *Engine) observe(c Call) {
	if e.opt.Recordings != nil {
		e.opt.Recordings.observe(c)
	}
}

// markRecorded notes in the record of a call that there is a recording of it.
func (e *Engine) markRecorded(callID string) error {
	return e.do(func() {
		lv := e.board.calls[callID]
		if lv == nil || lv.call.Recorded || lv.call.State == Ended {
			return
		}
		lv.call.Recorded = true
		lv.call.Version++
		e.showAndSave(lv, e.opt.Now())
	})
}

// Record starts, stops, pauses or resumes the recording of a call that the
// user is concerned with, or of any call with all. It returns the recording
// as it is then.
func (s *Service) Record(ctx context.Context, userID int64, callID string, command RecordCommand, all bool) (Recording, error) {
	if !slices.Contains([]RecordCommand{RecordStart, RecordStop, RecordPause, RecordResume}, command) {
		return Recording{}, &Error{Code: CodeInvalid, Field: "command", Message: "the command is start, stop, pause or resume"}
	}
	e, p, err := s.find(userID, callID, all)
	if err != nil {
		return Recording{}, err
	}
	if e.opt.Recordings == nil {
		return Recording{}, Errorf(CodeRefused, "the PBX %s cannot record by order", e.office.cfg.PBX)
	}
	if !e.Connected() {
		return Recording{}, Errorf(CodeUnreachable, "the PBX %s is out of reach", e.office.cfg.PBX)
	}
	return e.opt.Recordings.command(ctx, p.call, command, userID)
}
