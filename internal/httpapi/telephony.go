package httpapi

import (
	"context"
	"time"

	"ringcard/crm"
	"ringcard/crm/calllog"
	"ringcard/crm/client"
	"ringcard/cti"
)

// Telephony is what the API needs of the telephone side.
type Telephony struct {
	Calls  Calls
	Team   Team
	Queues Queues
	// PBXs returns the state of every configured PBX, a fresh slice each time.
	PBXs func() []PBXStatus
	// Record is how a live call will look in the journal.
	Record func(cti.Call) (calllog.Record, error)
	// Audit notes who did what to which record, for good.
	Audit func(ctx context.Context, actor crm.Actor, action, entity, id string) error
	// WrapUps ends the time for wrap-up.
	WrapUps WrapUps
	// Diallings tells how each PBX would dial a number as typed.
	Diallings func(raw string) []cti.Dialling
	// UsersChanged tells the telephone side that users or devices changed.
	UsersChanged func(context.Context)
	// PopsChanged tells the screens that pop settings changed.
	PopsChanged func(context.Context)
	// NameStyle is how the telephones of a PBX want names; it may be nil.
	NameStyle func(pbx string) client.NameStyle
	// Visible leaves out the live calls a user does not want on his screen
	// (PU-07); it may be nil.
	Visible func(userID int64, calls []cti.Call) []cti.Call
}

// Calls takes the commands of users and shows live calls; *cti.Service is it.
// Errors are *cti.Error.
type Calls interface {
	Dial(context.Context, cti.DialRequest) (string, error)
	Hangup(ctx context.Context, userID int64, callID string, all bool) error
	Control(context.Context, cti.ControlRequest) (cti.ControlResult, error)
	Actions(userID int64, callID string, all bool) ([]cti.ActionState, error)
	Record(ctx context.Context, userID int64, callID string, command cti.RecordCommand, all bool) (cti.Recording, error)
	ChooseClient(ctx context.Context, userID int64, callID string, clientID, personID int64) error
	Live(userID int64) []cti.Call
	Get(callID string) (cti.Call, bool)
	Why(callID string) (cti.Why, bool)
}

// Team is who does what; *cti.Team is it.
type Team interface {
	SetStatus(userID int64, status cti.PresenceState) (cti.Presence, error)
	List() []cti.Presence
}

// WrapUps keeps who is busy with wrap-up and until when. Neither method
// blocks.
type WrapUps interface {
	// Done ends the wrap-up of a user who has said what the call came to, or
	// who has set his status himself.
	Done(userID int64)
	// RulesChanged says that other times hold from the next call on.
	RulesChanged(calllog.WrapUpRules)
}

var (
	_ Calls = (*cti.Service)(nil)
	_ Team  = (*cti.Team)(nil)
)

// PBXStatus is the connection to one PBX.
type PBXStatus struct {
	Name      string     `json:"name"`
	Connected bool       `json:"connected"`
	Since     *time.Time `json:"since" doc:"of this state"`
	Version   string     `json:"version" doc:"as the PBX says, empty while unknown"`
	LastError string     `json:"last_error" doc:"why it is not connected or not all is told, with what to do"`
	Mode      string     `json:"mode" enum:"ari,sip" doc:"how it is connected; over sip less is known of calls"`
	Limits    []string   `json:"limits,omitempty" enum:"desk_calls,refused_ring,did,queue,cause,transfer,registration,control" doc:"what this PBX does not tell of calls, or cannot be told to do"`
}
