package cti

import (
	"slices"
	"strings"
	"time"
)

// Why is the decision path of a call: what was seen and who was told (PB-13).
type Why struct {
	Steps      []Step      `json:"events"`
	Recipients []Recipient `json:"recipients"`
}

// Step is one decision. Code and Params are stable and are what the page
// translates; Text says the same in English.
type Step struct {
	At     time.Time         `json:"at"`
	Step   string            `json:"step" doc:"group of the code: started, lookup, ringing, answered, ended, merged, recovered, command, other"`
	Code   string            `json:"code" doc:"stable, as device_rings"`
	Params map[string]string `json:"params,omitempty" doc:"values of the text's places"`
	Text   string            `json:"text,omitempty" doc:"English"`
}

// Recipient is a user who got the call on his screens, or did not.
type Recipient struct {
	UserID int64             `json:"user_id"`
	Name   string            `json:"name"`
	Got    bool              `json:"got"`
	Code   string            `json:"code" doc:"stable, as device_rings or device_of_nobody"`
	Params map[string]string `json:"params,omitempty"`
	Reason string            `json:"reason,omitempty" doc:"English"`
}

// decision is the group and the English text of a code. Places in braces are
// filled from the parameters.
type decision struct{ step, text string }

// decisions lists every code of a trace. Codes are part of the public
// contract: the page has a text for each (why.steps.CODE).
var decisions = map[string]decision{
	"call_started":     {"started", "{direction} call, number {number} ({kind})"},
	"device_rings":     {"ringing", "{name} rings at {device}"},
	"answered":         {"answered", "both sides are in one bridge; answered by {name}"},
	"answered_outside": {"answered", "both sides are in one bridge; answered by the other side"},
	"ended":            {"ended", "{disposition}, cause {cause}, first to hang up: {by}"},
	"failed":           {"ended", "failed: {why}"},
	"merged":           {"merged", "call {call} is a part of this one"},
	"linked":           {"merged", "connected with another client's call; conversation {conversation}"},
	"ghost":            {"ended", "the PBX lists channel {channel} but cannot end it; it is taken for gone"},
	"transferred":      {"transferred", "{kind} by {by}: from {from} to {to}"},
	"lookup_found":     {"lookup", "{count} match(es); first: {name} ({reason})"},
	"lookup_none":      {"lookup", "nobody has the number {number}"},
	"lookup_late":      {"lookup", "no answer of the directory in time; the pop goes on with the number only"},
	"lookup_stored":    {"lookup", "the directory did not answer; shown is what it said {age} before: {name}"},
	"name_sent":        {"lookup", "{name} sent to the display of {device}"},
	"ended_unseen":     {"recovered", "the call ended while the PBX was out of reach"},
	"ended_away":       {"recovered", "the call ended while Ringcard was not running"},
	"taken_up":         {"recovered", "taken up again after a restart"},
	"gap_begins":       {"recovered", "no events from the PBX from here on"},
	"gap_ends":         {"recovered", "events of {length} were missed; the state is what the PBX has now"},
	"cdr_recovered":    {"recovered", "not seen; made from {rows} row(s) of {source}"},
	"cdr_corrected":    {"recovered", "corrected by {rows} row(s) of {source}: {fields}"},
	"dial":             {"command", "{name} dials {number} from {device}"},
	"test_call":        {"command", "a test call: {device} is to ring as if {number} called"},
	"hangup":           {"command", "hang-up from the page"},
	"control":          {"command", "{name}: {action} {to}"},
	"control_failed":   {"command", "{name}: {action} {to} failed: {why}"},
	"client_chosen":    {"command", "{name} chosen as the client"},
}

// reasons are the texts of Recipient codes.
var reasons = map[string]string{
	"device_rings":     "the device rings",
	"placed":           "placed the call",
	"in_call":          "answered the call",
	"device_of_nobody": "{device} belongs to no user",
}

// fill puts parameters into the places of a text.
func fill(text string, params map[string]string) string {
	if !strings.Contains(text, "{") {
		return text
	}
	pairs := make([]string, 0, 2*len(params))
	for k, v := range params {
		pairs = append(pairs, "{"+k+"}", v)
	}
	return strings.NewReplacer(pairs...).Replace(text)
}

// Told returns the same with the groups and the English texts, which are not
// stored.
func (w Why) Told() Why {
	w.Steps, w.Recipients = slices.Clone(w.Steps), slices.Clone(w.Recipients)
	for i := range w.Steps {
		s := &w.Steps[i]
		d, ok := decisions[s.Code]
		if !ok { // of a newer version, or none of ours
			d = decision{"other", s.Code}
		}
		s.Step, s.Text = d.step, fill(d.text, s.Params)
	}
	for i := range w.Recipients {
		r := &w.Recipients[i]
		text, ok := reasons[r.Code]
		if !ok {
			text = r.Code
		}
		r.Reason = fill(text, r.Params)
	}
	return w
}

// maxSteps bounds a trace; a call of many retries keeps its last steps.
const maxSteps = 200

type trace struct {
	steps      []Step
	recipients []Recipient
}

// add notes a decision: one of the codes of decisions, and its parameters as
// names and values in turn. Texts are made when somebody asks.
func (t *trace) add(at time.Time, code string, params ...string) {
	if len(t.steps) == maxSteps { // into a new array: readers hold the old one
		t.steps = append(t.steps[:1:1], t.steps[2:]...)
	}
	t.steps = append(t.steps, Step{At: at, Code: code, Params: pairs(params)})
}

func pairs(list []string) map[string]string {
	if len(list) < 2 {
		return nil
	}
	m := make(map[string]string, len(list)/2)
	for i := 0; i+1 < len(list); i += 2 {
		m[list[i]] = list[i+1]
	}
	return m
}

// why is a copy for readers of other goroutines, without texts.
func (t *trace) why() Why {
	return Why{Steps: slices.Clip(t.steps), Recipients: slices.Clip(t.recipients)}
}

func (t *trace) told(r Recipient) {
	for i := range t.recipients {
		if t.recipients[i].UserID == r.UserID && t.recipients[i].Code == r.Code {
			return
		}
	}
	t.recipients = append(t.recipients, r)
}
