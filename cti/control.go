package cti

import (
	"context"
	"time"
)

// Action is a command to a call that is up (CO-07, CO-09).
type Action string

// Actions. Transfer is the blind one; Consult, Complete and Cancel are the
// attended one. Redirect sends a call on that still rings at the user. Leave
// ends a supervision.
const (
	ActHangup     Action = "hangup"
	ActHold       Action = "hold"
	ActResume     Action = "resume"
	ActMute       Action = "mute"
	ActUnmute     Action = "unmute"
	ActDTMF       Action = "dtmf"
	ActTransfer   Action = "transfer"
	ActConsult    Action = "consult"
	ActComplete   Action = "complete"
	ActCancel     Action = "cancel"
	ActConference Action = "conference"
	ActPark       Action = "park"
	ActPickup     Action = "pickup"
	ActRedirect   Action = "redirect"
	ActListen     Action = "listen"
	ActWhisper    Action = "whisper"
	ActBarge      Action = "barge"
	ActLeave      Action = "leave"
)

// Actions lists all actions in the order of the page's buttons.
func Actions() []Action {
	return []Action{ActHangup, ActHold, ActResume, ActMute, ActUnmute, ActDTMF, ActTransfer, ActConsult, ActComplete,
		ActCancel, ActConference, ActPark, ActPickup, ActRedirect, ActListen, ActWhisper, ActBarge, ActLeave}
}

// Supervises tells whether the action listens to the calls of others, which
// takes a right of its own and is audited.
func (a Action) Supervises() bool { return a == ActListen || a == ActWhisper || a == ActBarge }

// ServicePrefix begins the ids of channels and bridges that Ringcard makes for
// its own ends: music on hold, a supervisor's leg, commands. They are no part
// of any call and of no record. Ids of Asterisk's own channels begin with its
// systemname, which may well be "ringcard-1": the tilde tells them apart.
const ServicePrefix = "ringcard~"

// Controller is a PBX that acts on calls of its ordinary dialplan. A PBX that
// is none can only place and end calls. Errors are *Error.
type Controller interface {
	// Can tells before the click why an action is impossible at this PBX, as
	// it is set up and connected now; nil: it is possible.
	Can(Action) *Error
	// Control carries out an order. It returns when the PBX has confirmed it
	// and, where that shows outside of the call's own events, its effect. It
	// never waits for a person. One order of a call runs at a time.
	Control(context.Context, Order) (Outcome, error)
}

// Order is an Action with the channels it is about.
type Order struct {
	Action  Action
	Own     Leg    // of the user, or of whom the supervisor listens to
	Other   Leg    // with whom he talks; the caller in Redirect and Pickup
	Third   string // Complete, Cancel, Conference: the channel consulted
	NewID   string // Consult, Conference, Pickup: id for the channel to be made
	User    int64  // who orders
	Device  string // Pickup, Listen, Whisper, Barge: his telephone
	Target  Target // Transfer, Redirect, Consult, Conference, Pickup of a parked call
	Digits  string // DTMF
	Timeout time.Duration
}

// Target is where a call goes: the extension in its dialplan context, and the
// telephone where it is known to be one of the office.
type Target struct {
	Exten, Context string
	Endpoint       string
	From           Party  // who sends it, shown on the telephone that rings
	FromNumber     string // his extension; empty for targets outside
}

// Outcome is what an order came to.
type Outcome struct {
	Slot string // Park: where the call can be fetched, empty if the PBX does not tell
}

// ControlRequest is a user's command.
type ControlRequest struct {
	UserID int64
	CallID string
	Action Action
	To     string // number or extension
	ToUser int64  // or a colleague
	Digits string
	Device string // own telephone to ring; empty: the first at the PBX
	All    bool   // the right to control any call
	Role   string // for the dial rights
}

// ControlResult is what the page needs to go on.
type ControlResult struct {
	CallID string // of the consultation that began, else the call itself
	Slot   string // parking slot
}

// ActionState is an action with the reason why it is impossible now; Code is
// empty when it is possible.
type ActionState struct {
	Action Action
	Code   Code
	Reason string
}
