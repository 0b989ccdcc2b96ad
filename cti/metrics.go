package cti

import "time"

// Metrics are hooks for counting; each may be nil. They are called from hot
// paths and must not block.
type Metrics struct {
	Event       func(kind string)
	TurnWait    func(time.Duration)                  // an event waited for its turn
	Shown       func(sinceEvent time.Duration)       // event to hand-over to the screens
	Lookup      func(d time.Duration, result string) // found, unknown, late, error
	JournalSave func(d time.Duration, err error)     // of the calls that were written together
	LiveCalls   func(pbx string, n int)
	CallEnded   func(direction, disposition string)
	Resynced    func(pbx string, r Resynced)
	Spooled     func(n int)                 // ended calls that wait as files
	CDRRead     func(pbx string, err error) // each read of the PBX's own records
	FromCDR     func(pbx, result string)    // recovered, corrected, refused
}
