// Package recording keeps the recordings of calls (CO-08): an entity of its
// own with a state, linked to the conversation whatever transfers happened.
//
//	           pause/resume
//	recording ◄────────────► paused
//	    │  end                 │ end
//	    ▼                      ▼
//	stored_at_pbx ◄──────────┘   retry
//	    │ fetch  ▲──────────────────┐
//	    ▼        │ try again later  │
//	fetching ────┴────────────► failed (reason)
//	    │ whole file with us
//	    ▼            file lost
//	  ready ◄──────────────────► missing
//	    └── retention, a user ──► deleted (from any state but those under way)
//
// A recording consists of parts: a new one begins where the channel that was
// recorded leaves the conversation and another takes its place. The parts of a
// finished recording are joined to one file.
//
// Failure behaviour: nothing is removed at the PBX before the file is whole
// and safe with us. Fetching is taken up again after a restart, and tried
// again with a growing pause; a full disk leaves no half-written file behind,
// is told to the users of the call, and ends by itself when there is room.
package recording

import (
	"errors"
	"time"
)

// Origin tells why there is a recording.
type Origin string

// Origins. FromPBX: the PBX's own dialplan made it and we found it.
const (
	Auto    Origin = "auto"
	ByUser  Origin = "user"
	FromPBX Origin = "pbx"
)

// Reason tells in a stable word why a recording failed, or, of one that is
// ready, what is wrong with it.
type Reason string

// Reasons. Incomplete: the PBX failed while it recorded, what it had is kept.
const (
	ReasonNotStarted  Reason = "not_started"     // the PBX refused to record
	ReasonPBXFailed   Reason = "pbx_failed"      // the PBX could not write the file
	ReasonIncomplete  Reason = "incomplete"      // a part is missing
	ReasonEmpty       Reason = "empty"           // nothing was said into it
	ReasonNotAtPBX    Reason = "not_at_pbx"      // the PBX has no such file
	ReasonUnreachable Reason = "pbx_unreachable" // the PBX did not answer for long
	ReasonDiskFull    Reason = "disk_full"       // no room in our storage
	ReasonStorage     Reason = "storage_failed"  // our storage refused the file
	ReasonDamaged     Reason = "damaged"         // what the PBX gave is no WAV file
)

// Party is an employee's part in a recording.
type Party struct {
	UserID int64  `json:"user_id"`
	Name   string `json:"name"`
}

// Recording is one recording of a conversation. Times are UTC.
type Recording struct {
	ID         string     `json:"id" doc:"UUID"`
	CallID     string     `json:"call_id" doc:"UUID of the conversation"`
	PBX        string     `json:"pbx"`
	State      State      `json:"state" enum:"recording,paused,stored_at_pbx,fetching,ready,failed,missing,deleted"`
	Reason     Reason     `json:"reason,omitempty" enum:"not_started,pbx_failed,incomplete,empty,not_at_pbx,pbx_unreachable,disk_full,storage_failed,damaged" doc:"why it failed, or what is wrong with a ready one"`
	Origin     Origin     `json:"origin" enum:"auto,user,pbx"`
	StartedBy  *Party     `json:"started_by" doc:"who began it; null where nobody did"`
	StartedAt  time.Time  `json:"started_at"`
	EndedAt    *time.Time `json:"ended_at"`
	DurationMS int64      `json:"duration_ms" doc:"of the sound, pauses left out"`
	Size       int64      `json:"size" doc:"bytes"`
	Format     string     `json:"format,omitempty" doc:"wav"`
	Channels   int        `json:"channels" doc:"1: all voices in one"`
	SHA256     string     `json:"sha256,omitempty" doc:"hexadecimal, of the file"`
	RetryAt    *time.Time `json:"retry_at" doc:"when the next try to fetch it is due"`

	Key      string `json:"-"` // of the file in our storage
	Detail   string `json:"-"` // cause in the words of the machine, for the administrator
	Attempts int    `json:"-"`
	Parts    []Part `json:"-"`
	// Users are all who had a part in the call and may be told.
	Users []int64 `json:"-"`
}

// Part is one file of a recording at the PBX.
type Part struct {
	Seq       int // from 1
	Source    SourceKind
	Name      string // at the source
	Channel   string // that was recorded
	StartedAt time.Time
	EndedAt   *time.Time
	Failed    string // the PBX's words when it could not write the part
	Key       string // of the part in our storage, empty until fetched
	Size      int64
	Gone      bool // the source has no such file
}

// SourceKind is where the file of a part lies.
type SourceKind string

// Sources: the PBX's recordings as ARI gives them, or a folder of the PBX that
// is mounted here.
const (
	SourceARI    SourceKind = "ari"
	SourceFolder SourceKind = "folder"
)

// Progress is a recording under way, as the call engine tells it. It is saved
// whole each time; an older Version never overwrites a newer one.
type Progress struct {
	ID        string
	Version   int64
	CallID    string
	PBX       string
	State     State // Active, Paused, StoredAtPBX when it has ended, Failed
	Reason    Reason
	Detail    string
	Origin    Origin
	UserID    int64 // who began it, 0 for nobody
	StartedAt time.Time
	EndedAt   *time.Time
	Parts     []Part
	Users     []int64 // who has a part in the call now; earlier ones are kept
}

// Listening is one time somebody listened to a recording.
type Listening struct {
	ID          int64     `json:"id"`
	RecordingID string    `json:"recording_id"`
	User        Party     `json:"user"`
	Via         Via       `json:"via" enum:"session,link"`
	Address     string    `json:"address" doc:"network address of the listener"`
	At          time.Time `json:"at"`
	LastAt      time.Time `json:"last_at" doc:"of the last piece he asked for"`
	Requests    int       `json:"requests" doc:"pieces asked for: a player seeks by asking for more"`
}

// Via tells how a listener proved who he is.
type Via string

// Ways to listen.
const (
	ViaSession Via = "session"
	ViaLink    Via = "link"
)

// Query selects recordings; conditions combine by AND.
type Query struct {
	From   time.Time // begun at or after, zero for none
	To     time.Time // begun before, zero for none
	States []State
	CallID string
	UserID int64 // had a part in the call
	Limit  int
	Cursor string
}

// Errors of the ports.
var (
	// ErrNoFile: the source has no such file, for good.
	ErrNoFile = errors.New("no such file at the PBX")
	// ErrFull: no room in the storage.
	ErrFull = errors.New("the storage is full")
	// ErrNoBlob: the storage has nothing under this key.
	ErrNoBlob = errors.New("no such file in the storage")
)
