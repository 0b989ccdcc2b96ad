package cti

import (
	"context"
	"time"
)

// PBX places and ends calls at one telephone exchange. A nil error means the
// PBX took the command, never that it had the wanted effect: progress comes
// back as events. Implementations are safe for concurrent use and return an
// *Error with a code of this package.
type PBX interface {
	// Name is the configured name, unique in an installation.
	Name() string
	// Originate rings the caller's own device, then runs the office's
	// dialplan for the dialled number. The channel gets the id asked for.
	Originate(context.Context, Originate) error
	// Hangup ends a channel; a channel already gone is no error.
	Hangup(ctx context.Context, channelID string) error
	// Connected tells whether events are flowing, and since when.
	Connected() (bool, time.Time)
}

// Originate is the order to call out (CO-01).
type Originate struct {
	ChannelID string        // ours; events carry it
	Endpoint  string        // own device, as PJSIP/101
	Extension string        // number to dial, after the dial rules; empty: the channel stays with us until it is hung up
	Context   string        // dialplan context of the device
	Name      string        // shown on the own phone while it rings
	Number    string        // shown with Name
	Timeout   time.Duration // for the own phone to answer
	// AutoAnswer is the vendor of an own phone that is to answer by itself
	// (CO-05); empty: it rings.
	AutoAnswer string
}

// Directory finds clients by number. Lookup tells who has it; Card loads the
// summary of any of them. Both honour the context's deadline.
type Directory interface {
	Lookup(ctx context.Context, e164 string) (Found, error)
	Card(ctx context.Context, clientID, personID int64) (*Client, error)
}

// Found is who has a number.
type Found struct {
	Matches []Match // best first
	Client  *Client // summary of the first match, where that is a client
	// AsGood are summaries of further clients that rank as the first does: the
	// one whose responsible has the call comes first then (LU-02).
	AsGood []*Client
	// AsOf is zero, or the time of an older answer that is given because there is
	// no newer one. The engine shows it as such and asks once more.
	AsOf time.Time
}

// Journal keeps call records. Save is idempotent by Call.ID and is one
// transaction: all the records, the clients' interactions and the outbox rows
// together (AF-01); no call is twice in it. An older Version never overwrites a
// newer one.
type Journal interface {
	Save(context.Context, ...Call) error
	// Unfinished returns the records of a PBX that have no end yet.
	Unfinished(ctx context.Context, pbx string) ([]Call, error)
}

// Screens shows things to users. Calls must not block and must keep order
// per user; an implementation queues within bounds.
type Screens interface {
	// ShowCall sends the whole call to each of the users.
	ShowCall(users []int64, call Call)
	// ShowPresence sends changed presence to everybody signed in, to each what
	// he may know (Presence.For); all are the ids of those who may see all calls.
	ShowPresence(changed []Presence, all []int64)
}

// User is a person of the office with his devices.
type User struct {
	ID      int64
	Name    string
	Devices []Device
	SeesAll bool // has the right to see all calls
}

// Device is a telephone at a PBX.
type Device struct {
	PBX      string `json:"pbx"`
	Endpoint string `json:"endpoint"` // as PJSIP/101
	Context  string `json:"context,omitempty"`
	// AutoAnswer is the vendor whose header makes it answer click-to-call.
	AutoAnswer string `json:"auto_answer,omitempty"`
}

// PresenceState is what a user's telephone does (CO-11).
type PresenceState string

// Presence states, most pressing first where a user has several devices.
const (
	PresenceTalking PresenceState = "talking"
	PresenceRinging PresenceState = "ringing"
	PresenceBreak   PresenceState = "break"
	PresenceWrapUp  PresenceState = "wrap_up"
	PresenceFree    PresenceState = "free"
	PresenceOffline PresenceState = "offline"
	PresenceUnknown PresenceState = "unknown" // the PBX is out of reach
)

// Presence is one user's line in the team panel.
type Presence struct {
	UserID    int64         `json:"user_id"`
	Name      string        `json:"name"`
	Extension string        `json:"extension,omitempty"`
	State     PresenceState `json:"state" enum:"talking,ringing,break,wrap_up,free,offline,unknown"`
	Since     time.Time     `json:"since"`
	// CallID lets a colleague pick up what rings; With is only for those who
	// may see all calls.
	CallID string `json:"call_id,omitempty" doc:"call that rings or is talked in"`
	With   string `json:"with,omitempty" doc:"the other party; only for those who may see all calls"`
	// Supervises is for those who may know; see For.
	Supervises *Supervision `json:"supervises,omitempty" doc:"whose talk is listened to; for the supervisor, for who hears him, and for those who may see all calls"`
}
