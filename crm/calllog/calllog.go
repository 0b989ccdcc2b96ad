// Package calllog keeps the record of every call, with the client's
// interaction that follows from it, and answers the journal's questions.
package calllog

import (
	"encoding/json"
	"time"
)

// Directions, states and dispositions are those of the public contract.
const (
	In       = "in"
	Out      = "out"
	Internal = "internal"

	Ended = "ended"

	Answered  = "answered"
	Missed    = "missed"
	Abandoned = "abandoned"
	Busy      = "busy"
	Failed    = "failed"
	Voicemail = "voicemail"
)

// Unanswered are the results of an inbound call that nobody took.
func Unanswered() []string { return []string{Missed, Abandoned, Busy, Failed} }

// Record is one call as it is kept (CK-01, CK-03). Times are UTC.
type Record struct {
	ID          string          `json:"id" doc:"UUID"`
	Version     int64           `json:"version"`
	PBX         string          `json:"pbx"`
	Direction   string          `json:"direction" enum:"in,out,internal"`
	State       string          `json:"state" enum:"ringing,talking,held,ended"`
	Disposition string          `json:"disposition,omitempty" enum:"answered,missed,abandoned,busy,failed,voicemail"`
	Cause       int             `json:"cause" doc:"Q.850"`
	Number      Number          `json:"number"`
	CallerName  string          `json:"caller_name,omitempty"`
	DID         string          `json:"did,omitempty"`
	Queue       string          `json:"queue,omitempty"`
	ClientID    int64           `json:"client_id,omitempty"`
	ClientName  string          `json:"client_name,omitempty"`
	PersonID    int64           `json:"person_id,omitempty"`
	PersonName  string          `json:"person_name,omitempty"`
	AnsweredBy  *Party          `json:"answered_by"`
	PlacedBy    *Party          `json:"placed_by"`
	UserIDs     []int64         `json:"user_ids" doc:"all who rang, took or placed it"`
	StartedAt   time.Time       `json:"started_at"`
	RingAt      *time.Time      `json:"ring_at"`
	AnsweredAt  *time.Time      `json:"answered_at"`
	EndedAt     *time.Time      `json:"ended_at"`
	WaitMS      int64           `json:"wait_ms"`
	TalkMS      int64           `json:"talk_ms"`
	HoldMS      int64           `json:"hold_ms"`
	Recorded    bool            `json:"recorded"`
	Recovered   bool            `json:"recovered"`
	Note        string          `json:"note"`
	Spam        bool            `json:"spam"`
	Interaction int64           `json:"interaction_id,omitempty"`
	Test        bool            `json:"test,omitempty" doc:"a test call of an administrator: in no report and no client's history"`
	Transferred bool            `json:"transferred" doc:"handed from one of the office to another, or outside"`
	WrapUp      *WrapUpDone     `json:"wrapup" doc:"what it came to; null until somebody said so"`
	Legs        json.RawMessage `json:"legs,omitempty" doc:"legs of the call, one record only, not in lists"`
	Transfers   []Transfer      `json:"transfers,omitempty" doc:"how the call went from hand to hand, in order; one record only"`
	EndedBy     string          `json:"ended_by,omitempty" enum:"client,office,pbx" doc:"who hung up first; one record only"`
	// Conversation has the records of clients who were connected with each other.
	Conversation string `json:"conversation_id,omitempty" doc:"shared by the records of clients who were connected with each other; one record only"`
	// What was not seen and what was changed later, of one record only (PB-04).
	Estimated   []string     `json:"estimated,omitempty" doc:"fields that were not seen and are what is most likely; one record only"`
	CDR         string       `json:"cdr,omitempty" enum:"none,awaited,applied" doc:"whether the PBX's own records mended what was not seen; none: no source is configured"`
	Corrections []Correction `json:"corrections,omitempty" doc:"what was changed after the end; one record only"`
	// Channels are the PBX's ids of the call's channels; they are kept with an
	// ended call, so that the PBX's own records are told to be of it.
	Channels []string `json:"-"`
	// Snapshot is the whole call as the call engine keeps it. It is stored as
	// given and comes back from Unfinished; its "legs" are shown in Get.
	Snapshot json.RawMessage `json:"-"`
	// Subject is the line of an ended call in the client's history; Service.Save
	// writes it.
	Subject string `json:"-"`
	// Why is the trace of an ended call, kept beside the record; see Traces.
	Why json.RawMessage `json:"-"`
}

// Transfer is one step of a call from hand to hand (CK-01). By and From are the
// same person except in a pickup, where By takes the call that rings at From. To
// is nil where nobody got it; a party outside has no user.
type Transfer struct {
	At     time.Time `json:"at"`
	Kind   string    `json:"kind" enum:"blind,attended,forward,pickup,park,conference"`
	By     *Party    `json:"by" doc:"who did it"`
	From   *Party    `json:"from" doc:"who had the call, or whose telephone rang"`
	To     *Party    `json:"to" doc:"who got it"`
	Number string    `json:"number,omitempty" doc:"what was dialled: an extension, a parking lot, a conference"`
}

// Correction is one field that was changed after the end of the call.
type Correction struct {
	Field  string    `json:"field"`
	Old    string    `json:"old" doc:"empty: there was none; times are RFC 3339"`
	New    string    `json:"new"`
	Source string    `json:"source" doc:"where the new value is from, as cdr_csv"`
	At     time.Time `json:"at"`
}

// Known is a record that was asked for by its id or by one of its channels.
type Known struct {
	ID       string
	Open     bool
	Channels []string        // those of the channels asked for that are in it
	Snapshot json.RawMessage // where something of it is estimated
}

// Number is the other party's number.
type Number struct {
	Raw     string `json:"raw"`
	E164    string `json:"e164,omitempty"`
	Display string `json:"display"`
	Kind    string `json:"kind" enum:"external,extension,anonymous,invalid"`
}

// Party is an employee's part in a call.
type Party struct {
	UserID int64  `json:"user_id" doc:"0: of nobody of the office, or of a telephone without a user"`
	Name   string `json:"name"`
}

// Orders of the journal. Durations compare whole calls: the longest first.
const (
	SortNewest = "-started"
	SortOldest = "started"
	SortTalk   = "-talk"
	SortWait   = "-wait"
)

// Sorts lists the orders, the default first.
func Sorts() []string { return []string{SortNewest, SortOldest, SortTalk, SortWait} }

// Query selects calls for the journal; conditions combine by AND (AF-03).
type Query struct {
	From         time.Time // inclusive, zero for none
	To           time.Time // exclusive, zero for none
	Directions   []string
	Dispositions []string
	UserID       int64
	Queue        string
	PBX          string
	ClientID     int64
	Number       string // a whole outside number, as people write it
	Q            string // digits of a number, or part of the client's or caller's name
	Unmatched    bool   // external callers without a client
	Recorded     *bool
	HasNote      *bool
	Transferred  *bool
	ResultID     int64 // of wrap-up
	Sort         string
	Limit        int
	Cursor       string

	E164 int64 // Number as understood, set by the service
}

// Summary is the day at a glance.
type Summary struct {
	Today      Today  `json:"today"`
	MissedOpen int64  `json:"missed_open" doc:"open obligations: callers to call back (AF-02)"`
	ByHour     []Hour `json:"by_hour" doc:"hours of today with calls"`
}

// Today counts the external calls since midnight of the office.
type Today struct {
	Answered  int64 `json:"answered"`
	Missed    int64 `json:"missed"`
	Outgoing  int64 `json:"outgoing"`
	AvgTalkMS int64 `json:"avg_talk_ms"`
}

// Hour counts the external calls that began in one hour.
type Hour struct {
	Hour   string `json:"hour" doc:"09:00, office time"`
	In     int64  `json:"in" doc:"inbound, missed ones included"`
	Missed int64  `json:"missed"`
	Out    int64  `json:"out"`
}
