package cti

import (
	"fmt"
	"time"
)

// Why is the decision path of a call: what was seen and who was told (PB-13).
type Why struct {
	Steps      []Step      `json:"events"`
	Recipients []Recipient `json:"recipients"`
}

// Step is one decision.
type Step struct {
	At   time.Time `json:"at"`
	Step string    `json:"step" doc:"started, lookup, ringing, shown, answered, ended, recovered, command"`
	Text string    `json:"text"`
}

// Recipient is a user who got the call on his screens, or did not.
type Recipient struct {
	UserID int64  `json:"user_id"`
	Name   string `json:"name"`
	Got    bool   `json:"got"`
	Reason string `json:"reason"`
}

// maxSteps bounds a trace; a call of many retries keeps its last steps.
const maxSteps = 200

type trace struct {
	steps      []Step
	recipients []Recipient
}

func (t *trace) add(at time.Time, step, format string, args ...any) {
	if len(t.steps) == maxSteps { // into a new array: readers hold the old one
		t.steps = append(t.steps[:1:1], t.steps[2:]...)
	}
	t.steps = append(t.steps, Step{At: at, Step: step, Text: fmt.Sprintf(format, args...)})
}

func (t *trace) told(r Recipient) {
	for i := range t.recipients {
		if t.recipients[i].UserID == r.UserID && t.recipients[i].Reason == r.Reason {
			return
		}
	}
	t.recipients = append(t.recipients, r)
}
