package recording

import (
	"fmt"

	"ringcard/crm"
)

// CodeState refuses what a recording in its state does not allow.
const CodeState crm.Code = "recording_state"

// State is the stage of a recording.
type State string

// States; the diagram is in the package's documentation.
const (
	Active      State = "recording"
	Paused      State = "paused"
	StoredAtPBX State = "stored_at_pbx" // ended, its file is still at the PBX
	Fetching    State = "fetching"
	Ready       State = "ready"
	Failed      State = "failed"
	Missing     State = "missing" // was ready, its file is no longer there
	Deleted     State = "deleted"
)

// States lists all states.
func States() []State {
	return []State{Active, Paused, StoredAtPBX, Fetching, Ready, Failed, Missing, Deleted}
}

// Step is what happens to a recording.
type Step string

// Steps.
const (
	StepPause   Step = "pause"
	StepResume  Step = "resume"
	StepEnd     Step = "end"     // the conversation or the recording of it is over
	StepFail    Step = "fail"    // it cannot go on; a later fetch may mend it
	StepFetch   Step = "fetch"   // the way to our storage begins
	StepRetry   Step = "retry"   // it did not get through this time
	StepArrive  Step = "arrive"  // the whole file is with us
	StepLose    Step = "lose"    // the file is not where it was
	StepFind    Step = "find"    // it is there again
	StepDiscard Step = "discard" // retention or a user
)

var steps = map[State]map[Step]State{
	Active:      {StepPause: Paused, StepEnd: StoredAtPBX, StepFail: Failed},
	Paused:      {StepResume: Active, StepEnd: StoredAtPBX, StepFail: Failed},
	StoredAtPBX: {StepFetch: Fetching, StepFail: Failed, StepDiscard: Deleted},
	Fetching:    {StepFetch: Fetching, StepRetry: StoredAtPBX, StepFail: Failed, StepArrive: Ready},
	Ready:       {StepLose: Missing, StepDiscard: Deleted},
	Failed:      {StepFetch: Fetching, StepDiscard: Deleted},
	Missing:     {StepFind: Ready, StepDiscard: Deleted},
	Deleted:     {},
}

// Next returns the state after a step, or an error when the step makes no
// sense there. A fetching recording may be fetched anew: whoever began it may
// have died.
func (s State) Next(step Step) (State, error) {
	if to, ok := steps[s][step]; ok {
		return to, nil
	}
	return s, fmt.Errorf("a recording that is %s cannot %s", s, step)
}

// UnderWay tells whether the call engine still writes to it.
func (s State) UnderWay() bool { return s == Active || s == Paused }
