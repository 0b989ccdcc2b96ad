package cti

import (
	"slices"
	"strconv"
	"time"
)

// Fields of a call that Estimated may name. They are the JSON names.
const (
	FieldStarted     = "started_at"
	FieldRing        = "ring_at"
	FieldAnswered    = "answered_at"
	FieldAnsweredBy  = "answered_by"
	FieldEnded       = "ended_at"
	FieldEndedBy     = "ended_by"
	FieldDisposition = "disposition"
	FieldCause       = "cause"
	FieldHold        = "hold_ms"
	FieldDID         = "did"
	FieldQueue       = "queue"
)

// CDRState tells whether the PBX's own records can mend, or have mended, what
// was not seen of a call (PB-04).
type CDRState string

// States of the correction from CDR. The empty one: nothing was missed.
const (
	CDRNone    CDRState = "none"    // no CDR source is configured for this PBX
	CDRAwaited CDRState = "awaited" // the PBX has not written its rows yet
	CDRApplied CDRState = "applied"
)

// Correction is one field of a record that was changed afterwards.
type Correction struct {
	Field  string    `json:"field" doc:"JSON name of the field"`
	Old    string    `json:"old" doc:"empty: there was none; times are RFC 3339"`
	New    string    `json:"new"`
	Source string    `json:"source" doc:"where the new value is from, as cdr_csv"`
	At     time.Time `json:"at" doc:"when it was corrected"`
}

// sameTime is how far the clock of a CDR, which has whole seconds, may be from
// ours before it corrects a time.
const sameTime = 1500 * time.Millisecond

// estimate marks fields as not seen.
func (c *Call) estimate(fields ...string) {
	out := slices.Clone(c.Estimated) // shared with copies that left the engine
	for _, f := range fields {
		if !slices.Contains(out, f) {
			out = append(out, f)
		}
	}
	c.Estimated = out
}

func (c *Call) estimated(field string) bool { return slices.Contains(c.Estimated, field) }

// inferred marks a call that is made of the states of extensions (PB-07): the
// PBX tells neither where it came to nor how it ended.
func (c *Call) inferred() {
	if !c.isInferred() {
		c.estimate(FieldDID, FieldQueue, FieldCause, FieldEndedBy)
	}
}

func (c *Call) isInferred() bool { return c.estimated(FieldQueue) }

// known takes a field off the estimates; after the last nothing is to be mended.
func (c *Call) known(field string) {
	if !c.estimated(field) {
		return
	}
	c.Estimated = slices.DeleteFunc(slices.Clone(c.Estimated), func(f string) bool { return f == field })
	if len(c.Estimated) == 0 {
		c.Estimated, c.CDR = nil, ""
	}
}

// settleTimes computes the durations of an ended call from its times.
func settleTimes(c *Call) {
	if c.EndedAt == nil {
		return
	}
	if c.AnsweredAt == nil {
		c.WaitMS, c.TalkMS = max(0, c.EndedAt.Sub(c.StartedAt).Milliseconds()), 0
		return
	}
	c.WaitMS = max(0, c.AnsweredAt.Sub(c.StartedAt).Milliseconds())
	c.TalkMS = max(0, c.EndedAt.Sub(*c.AnsweredAt).Milliseconds())
}

// Correct mends the estimated fields of an ended call by what the PBX's rows
// say of it. What was seen is kept. It reports whether the record is another
// one now; a second time with the same rows it is not.
func Correct(c, past Call, source string, now time.Time) (Call, bool) {
	if c.State != Ended || len(c.Estimated) == 0 {
		return c, false
	}
	k := corrector{c: c, past: past, source: source, now: now}
	k.c.Corrections = slices.Clone(c.Corrections)
	if !c.estimated(FieldStarted) {
		// Both clocks saw the beginning: the difference is that of the clocks.
		if d := c.StartedAt.Sub(past.StartedAt); d.Abs() > sameTime {
			k.shift = d
		}
	}
	k.times()
	k.outcome()
	if k.c.CDR != CDRApplied || k.changed {
		settleTimes(&k.c)
		k.c.CDR = CDRApplied
		k.c.Version++
		return k.c, true
	}
	return c, false
}

type corrector struct {
	c, past Call
	source  string
	now     time.Time
	shift   time.Duration
	changed bool
}

func (k *corrector) note(field, old, value string) {
	k.changed = true
	k.c.known(field)
	if old != value {
		k.c.Corrections = append(k.c.Corrections, Correction{Field: field, Old: old, New: value, Source: k.source, At: k.now})
	}
}

// time takes a time of the CDR for an estimated one.
func (k *corrector) time(field string, at **time.Time, value *time.Time) {
	if !k.c.estimated(field) || value == nil {
		return
	}
	v := value.Add(k.shift)
	if *at != nil && (*at).Sub(v).Abs() <= sameTime {
		k.note(field, "", "")
		return
	}
	old := ""
	if *at != nil {
		old = (*at).Format(time.RFC3339Nano)
	}
	*at = &v
	k.note(field, old, v.Format(time.RFC3339Nano))
}

func (k *corrector) times() {
	started := &k.c.StartedAt
	k.time(FieldStarted, &started, &k.past.StartedAt)
	k.c.StartedAt = *started
	if !k.past.estimated(FieldAnswered) {
		k.time(FieldAnswered, &k.c.AnsweredAt, k.past.AnsweredAt)
	}
	k.time(FieldEnded, &k.c.EndedAt, k.past.EndedAt)
	if a := k.c.AnsweredAt; a != nil && k.c.EndedAt.Before(*a) {
		k.c.EndedAt = ptr(*a) // the seconds of a CDR are cut off
	}
}

// outcome mends who answered and how it ended. A talk that was seen stays one.
func (k *corrector) outcome() {
	if k.c.estimated(FieldDisposition) {
		if k.c.AnsweredAt == nil && k.past.AnsweredAt != nil {
			k.c.estimate(FieldAnswered, FieldAnsweredBy)
			k.time(FieldAnswered, &k.c.AnsweredAt, k.past.AnsweredAt)
		}
		d := k.past.Disposition
		if k.c.AnsweredAt != nil {
			d = Answered
		}
		switch old := k.c.Disposition; {
		case k.c.AnsweredAt != nil || !k.past.estimated(FieldDisposition):
			k.c.Disposition = d
			k.note(FieldDisposition, string(old), string(d))
		case (old == Missed || old == Abandoned) && !k.c.estimated(FieldEndedBy):
			k.note(FieldDisposition, "", "") // not answered, and we saw who hung up
		}
	}
	if k.c.estimated(FieldAnsweredBy) && k.past.AnsweredBy != nil {
		old := ""
		if k.c.AnsweredBy != nil {
			old = k.c.AnsweredBy.Name
		}
		by := *k.past.AnsweredBy
		k.c.AnsweredBy = &by
		k.note(FieldAnsweredBy, old, by.Name)
	}
	if k.c.estimated(FieldCause) && k.past.Cause != 0 {
		old := strconv.Itoa(k.c.Cause)
		k.c.Cause = k.past.Cause
		k.note(FieldCause, old, strconv.Itoa(k.c.Cause))
	}
}
