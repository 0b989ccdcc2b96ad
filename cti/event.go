package cti

import "time"

// EventKind is the type of an Event.
type EventKind uint8

// Kinds of events. A PBX adapter makes the first group; the engine the rest.
const (
	ChannelCreated EventKind = iota + 1
	ChannelChanged           // state, caller id, connected line, dialplan place
	ChannelHeld
	ChannelUnheld
	ChannelHangup // somebody asked to end it
	ChannelGone
	Dialed // progress of a dial: Channel dialled Peer
	BridgeEntered
	BridgeLeft
	Resync        // Snapshot holds all there is
	DeviceChanged // Device has a new state
	Disconnected  // no events until the next Resync
	RecordingOver // Recording has ended at the PBX
	Transferred   // Channel handed the call on: see Handover
)

var kindNames = map[EventKind]string{
	ChannelCreated: "channel_created", ChannelChanged: "channel_changed", ChannelHeld: "channel_held",
	ChannelUnheld: "channel_unheld", ChannelHangup: "channel_hangup", ChannelGone: "channel_gone", Dialed: "dialed",
	BridgeEntered: "bridge_entered", BridgeLeft: "bridge_left", Resync: "resync", DeviceChanged: "device_changed",
	Disconnected: "disconnected", RecordingOver: "recording_over", Transferred: "transferred",
}

// String names the kind, for metrics.
func (k EventKind) String() string { return kindNames[k] }

// Event is one thing that happened at a PBX, in the order of arrival.
type Event struct {
	Kind      EventKind
	At        time.Time // when it happened, by our clock, UTC
	Channel   Channel   // the event's own channel; the caller of a Dialed
	Peer      Channel   // the dialled channel of a Dialed
	Forwarded Channel   // channel that replaces Peer after a 302
	Dial      string    // Dialed: "", RINGING, PROGRESS, ANSWER, BUSY, CANCEL, NOANSWER, CONGESTION, CHANUNAVAIL
	DialTo    string    // Dialed: dial string, as PJSIP/101
	DialOn    string    // Dialed: number to which a 302 sends the caller
	Handover  Handover  // Transferred: what became of the call
	Bridge    Bridge
	Cause     int  // Q.850
	TechCause int  // SIP status
	Soft      bool // ChannelHangup: the PBX itself ended it, not a party
	Snapshot  *Snapshot
	Device    DeviceState
	Recording RecordingReport
}

// Channel is a snapshot of a PBX channel.
type Channel struct {
	ID              string
	Name            string // PJSIP/101-00000007
	State           string // Down, Ring, Ringing, Up
	LinkedID        string // empty when the PBX does not send it
	CallerNumber    string
	CallerName      string
	ConnectedNumber string
	ConnectedName   string
	Context         string
	Exten           string
	App             string
	AppData         string
	Created         time.Time // by our clock; in a Snapshot
	Inferred        bool      // of a PBX that tells only states of extensions
}

// Bridge is a mixing bridge and who is in it.
type Bridge struct {
	ID       string
	Class    string // basic, stasis, base (ConfBridge), parking, holding
	Channels []string
}

// Handover tells of a transfer. The snapshots of channels in such events are
// older than the events around them: only ids are used.
type Handover struct {
	Kind       TransferKind // Blind or Attended
	Consult    Channel      // Attended: the second leg of the one who transfers
	Transferee Channel      // who is handed on; empty when there are several
	Target     Channel      // Attended: who gets the call; empty where it is an application
	Number     string       // Blind: the extension dialled
}

// Snapshot is all that a PBX has at one moment (PB-03).
type Snapshot struct {
	Channels []Channel
	Bridges  []Bridge
	Devices  []DeviceState
	Ending   []string // channels that may be gone already; their ChannelGone follows
}

// DeviceState tells whether an endpoint is registered. What it does in calls
// is known from its channels.
type DeviceState struct {
	Endpoint string
	Online   bool
	Unknown  bool // neither is known any more
}
