package cti

import "time"

// Direction tells who called whom, decided by endpoint and trunk, never by
// the length of a number (CK-05).
type Direction string

// Directions of a call.
const (
	Inbound  Direction = "in"
	Outbound Direction = "out"
	Internal Direction = "internal"
)

// State is the stage of a call.
type State string

// States of a call. A call waiting in a queue or IVR is Ringing with an empty
// Ringing list.
const (
	Ringing State = "ringing"
	Talking State = "talking"
	Held    State = "held"
	Ended   State = "ended"
)

// Disposition is the result of an ended call (CK-03).
type Disposition string

// Dispositions. Missed: the office did not answer, or the called party did
// not; Abandoned: the calling party gave up first.
const (
	Answered  Disposition = "answered"
	Missed    Disposition = "missed"
	Abandoned Disposition = "abandoned"
	Busy      Disposition = "busy"
	Failed    Disposition = "failed"
	Voicemail Disposition = "voicemail"
)

// LookupState tells how far the search for the client has come.
type LookupState string

// States of the lookup. LookupLate: the 300 ms budget passed; the card may
// still follow. LookupOff: there is nothing to look up (anonymous, internal).
const (
	LookupOff     LookupState = ""
	LookupPending LookupState = "pending"
	LookupFound   LookupState = "found"
	LookupUnknown LookupState = "unknown"
	LookupLate    LookupState = "late"
)

// Call is one conversation as users see it and as it is recorded (CK-01). Its
// JSON form is the Call of the public contract.
type Call struct {
	ID           string      `json:"id" doc:"UUID; stable through transfers and restarts"`
	Version      int64       `json:"version" doc:"grows with every change; an older version is to be ignored"`
	PBX          string      `json:"pbx"`
	Direction    Direction   `json:"direction" enum:"in,out,internal"`
	State        State       `json:"state" enum:"ringing,talking,held,ended"`
	Disposition  Disposition `json:"disposition,omitempty" enum:"answered,missed,abandoned,busy,failed,voicemail"`
	Cause        int         `json:"cause" doc:"Q.850 hangup cause of the client's leg, 0 while unknown"`
	Number       Number      `json:"number" doc:"the other party: caller of an inbound call, callee of an outbound one"`
	CallerName   string      `json:"caller_name,omitempty" doc:"name the network sent with the number"`
	DID          string      `json:"did,omitempty" doc:"number of ours that was called"`
	Queue        string      `json:"queue,omitempty"`
	Lookup       LookupState `json:"lookup" doc:"pending, found, unknown, late or empty"`
	LookupAsOf   *time.Time  `json:"lookup_as_of,omitempty" doc:"the matches and the card are what the directory said then: it does not answer now"`
	Matches      []Match     `json:"matches"`
	Client       *Client     `json:"client"`
	Ringing      []Party     `json:"ringing" doc:"devices ringing now"`
	AnsweredBy   *Party      `json:"answered_by" doc:"who of the office talked with the other party first; transfers do not change it"`
	Talking      []Party     `json:"talking" doc:"who of the office has the call now, on hold or not; of an ended call, who had it last"`
	Transfers    []Transfer  `json:"transfers" doc:"how the call went from hand to hand, in order"`
	PlacedBy     *Party      `json:"placed_by" doc:"who of the office placed an outbound or internal call"`
	EndedBy      string      `json:"ended_by,omitempty" enum:"client,office,pbx" doc:"who hung up first"`
	Legs         []Leg       `json:"legs"`
	StartedAt    time.Time   `json:"started_at"`
	RingAt       *time.Time  `json:"ring_at"`
	AnsweredAt   *time.Time  `json:"answered_at"`
	EndedAt      *time.Time  `json:"ended_at"`
	WaitMS       int64       `json:"wait_ms" doc:"start to answer, or to end when not answered"`
	TalkMS       int64       `json:"talk_ms" doc:"answer to end, hold included"`
	HoldMS       int64       `json:"hold_ms"`
	Recorded     bool        `json:"recorded"`
	MergedInto   string      `json:"merged_into,omitempty" doc:"this turned out to be a part of another call; no record of its own"`
	Consult      string      `json:"consult_id,omitempty" doc:"id of the call by which a colleague is being consulted about this one"`
	ParkedAt     string      `json:"parked_at,omitempty" doc:"slot in which the call is parked, ? where the PBX does not tell it"`
	Conversation string      `json:"conversation_id,omitempty" doc:"shared by the records of clients who were connected with each other: an attended transfer to a client, a conference"`
	Test         bool        `json:"test,omitempty" doc:"a test call of an administrator (PB-11)"`
	Why          *Why        `json:"why,omitempty" hidden:"true"` // goes with the record of an ended call, never to screens
	Recovered    bool        `json:"recovered" doc:"the end was not seen; times are what is known"`
	Estimated    []string    `json:"estimated,omitempty" doc:"fields that were not seen and are what is most likely"`
	CDR          CDRState    `json:"cdr,omitempty" enum:"none,awaited,applied" doc:"whether the PBX's own records mended what was not seen; none: no source is configured"`

	Corrections []Correction `json:"corrections,omitempty" doc:"what was changed after the end"`
}

// Number is a telephone number as received and as understood (LU-01).
type Number struct {
	Raw     string     `json:"raw"`
	E164    string     `json:"e164,omitempty" doc:"digits only with a leading +, empty when it has none"`
	Display string     `json:"display"`
	Kind    NumberKind `json:"kind" enum:"external,extension,anonymous,invalid"`
}

// NumberKind is the type of a Number. Anonymous is a type of its own: it is
// recorded and never matched (CK-06).
type NumberKind string

// Kinds of numbers.
const (
	External  NumberKind = "external"
	Extension NumberKind = "extension"
	Anonymous NumberKind = "anonymous"
	Invalid   NumberKind = "invalid"
)

// Party is a person of the office at a device.
type Party struct {
	UserID int64  `json:"user_id,omitempty"`
	Name   string `json:"name"`
	Device string `json:"device" doc:"endpoint, as PJSIP/101"`
}

// Match is one client or person who owns the number (LU-02).
type Match struct {
	ClientID     int64  `json:"client_id,omitempty"`
	PersonID     int64  `json:"person_id,omitempty"`
	Name         string `json:"name" doc:"person, or the client itself"`
	Organisation string `json:"organisation,omitempty"`
	Reason       string `json:"reason" enum:"chosen,main_contact,affiliation,client_number,person" doc:"why it matches"`
	Rank         int    `json:"rank" doc:"0 main contact, 1 other affiliation, 2 client's own number, 3 person without organisation"`

	ResponsibleID int64 `json:"responsible_id,omitempty" doc:"user who is responsible for the client"`
}

// Client is the summary of a client's card that goes with a pop (PU-03).
type Client struct {
	ID             int64      `json:"id"`
	Name           string     `json:"name"`
	Kind           string     `json:"kind" enum:"company,person,entrepreneur"`
	PersonID       int64      `json:"person_id,omitempty"`
	PersonName     string     `json:"person_name,omitempty"`
	Position       string     `json:"position,omitempty"`
	Group          string     `json:"group,omitempty"`
	City           string     `json:"city,omitempty"`
	Responsible    string     `json:"responsible,omitempty"`
	ResponsibleID  int64      `json:"responsible_id,omitempty"`
	Potential      *int       `json:"potential"`
	DealSum        string     `json:"deal_sum" doc:"decimal string, roubles"`
	Note           string     `json:"note,omitempty"`
	LastContactAt  *time.Time `json:"last_contact_at"`
	LastContactSum string     `json:"last_contact,omitempty" doc:"subject of the last interaction"`
	Recent         []Contact  `json:"recent,omitempty" doc:"the last three interactions, newest first"`
	OwedSince      *time.Time `json:"owed_since,omitempty" doc:"of a missed call that nobody has returned"`
}

// Transfer is one step of a call from hand to hand (CK-01). By and From are
// the same person except in a pickup, where By takes the call that rings at
// From. To is nil until somebody rings for it, and in the end whoever got it.
type Transfer struct {
	At      time.Time    `json:"at"`
	Kind    TransferKind `json:"kind" enum:"blind,attended,forward,pickup,park,conference"`
	By      *Party       `json:"by" doc:"who did it"`
	From    *Party       `json:"from" doc:"who had the call, or whose telephone rang"`
	To      *Party       `json:"to" doc:"who got it; a party outside has no user"`
	Number  string       `json:"number,omitempty" doc:"what was dialled: an extension, a parking lot, a conference"`
	FromLeg string       `json:"from_leg,omitempty"`
	ToLeg   string       `json:"to_leg,omitempty"`
}

// TransferKind tells how a call was handed on.
type TransferKind string

// Kinds of transfers. Forward: the telephone sent the caller on before it was
// answered (302); Pickup: a colleague took a call that rang elsewhere.
const (
	Blind      TransferKind = "blind"
	Attended   TransferKind = "attended"
	Forward    TransferKind = "forward"
	Pickup     TransferKind = "pickup"
	Park       TransferKind = "park"
	Conference TransferKind = "conference"
)

// Contact is one interaction of the client (PU-03).
type Contact struct {
	At      time.Time `json:"at"`
	Kind    string    `json:"kind" enum:"call,note,system"`
	Subject string    `json:"subject"`
}

// LegRole tells whose channel a leg is.
type LegRole string

// Roles of legs. Service legs (Local halves, snoops) are kept out of records.
const (
	ClientLeg  LegRole = "client"
	OfficeLeg  LegRole = "office"
	ServiceLeg LegRole = "service"
)

// Leg is one channel of a call. Legs form a tree by DialedBy (CK-01).
type Leg struct {
	ID            string     `json:"id" doc:"unique id of the channel at the PBX"`
	Name          string     `json:"name" doc:"channel name, as PJSIP/101-00000007"`
	Endpoint      string     `json:"endpoint" doc:"technology/resource, as PJSIP/101"`
	Role          LegRole    `json:"role" enum:"client,office,service"`
	UserID        int64      `json:"user_id,omitempty"`
	UserName      string     `json:"user_name,omitempty"`
	Number        string     `json:"number,omitempty"`
	DialedBy      string     `json:"dialed_by,omitempty" doc:"leg that dialled this one"`
	LinkedID      string     `json:"linked_id,omitempty"`
	TransferredBy string     `json:"transferred_by,omitempty" doc:"leg that handed the call to this one"`
	ReplacedBy    string     `json:"replaced_by,omitempty" doc:"leg that has the call in place of this one"`
	State         LegState   `json:"state" enum:"new,ringing,up,ended"`
	Result        string     `json:"result,omitempty" enum:"answered,busy,no_answer,elsewhere,cancelled,rejected,failed,transferred,forwarded,picked_up"`
	Bridge        string     `json:"-"`
	Through       string     `json:"-"` // of a Local half that nobody dialled: the leg that talks through it
	Held          bool       `json:"held,omitempty"`
	Parked        bool       `json:"parked,omitempty" doc:"in a parking lot or waiting room of the PBX"`
	HeldAt        *time.Time `json:"-"`
	Muted         bool       `json:"muted,omitempty" doc:"its microphone is off, by a command of the page"`
	StartedAt     time.Time  `json:"started_at"`
	RingAt        *time.Time `json:"ring_at"`
	AnsweredAt    *time.Time `json:"answered_at"`
	TalkedAt      *time.Time `json:"talked_at" doc:"when it first shared a bridge with the other side"`
	EndedAt       *time.Time `json:"ended_at"`
	Cause         int        `json:"cause"`
	TechCause     int        `json:"tech_cause,omitempty" doc:"SIP status of the far end, Asterisk 18 and later"`
}

// LegState is the stage of a leg.
type LegState string

// States of a leg.
const (
	LegNew     LegState = "new"
	LegRinging LegState = "ringing"
	LegUp      LegState = "up"
	LegEnded   LegState = "ended"
)
