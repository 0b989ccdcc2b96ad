// Package obligation holds what the office owes its callers: a missed call is
// an obligation until somebody has talked with the caller (AF-02).
package obligation

import "time"

// States of an obligation.
const (
	Open   = "open"
	Closed = "closed"
)

// How an obligation was closed.
const (
	ByContact = "contact" // a later talk from or to any number of the client
	ByHand    = "hand"
)

// Obligation is one stretch of missed calls of a client, or of a number that
// is nobody's, up to what settled it. There is at most one open per client or
// number.
type Obligation struct {
	ID         int64  `json:"id"`
	Version    int64  `json:"version"`
	State      string `json:"state" enum:"open,closed"`
	ClientID   int64  `json:"client_id,omitempty" doc:"absent: the number is nobody's"`
	ClientName string `json:"client_name,omitempty"`
	Number     Number `json:"number" doc:"of the last missed call"`
	CallerName string `json:"caller_name,omitempty" doc:"name the network sent with the last missed call"`
	Queue      string `json:"queue,omitempty" doc:"of the last missed call"`
	DID        string `json:"did,omitempty" doc:"our number that was called last"`
	Attempts   int    `json:"attempts" doc:"missed calls"`
	// FirstAt and LastAt are the ends of the first and the last missed call.
	FirstAt    time.Time  `json:"first_at"`
	LastAt     time.Time  `json:"last_at"`
	LastCall   string     `json:"last_call_id,omitempty"`
	DueAt      time.Time  `json:"due_at" doc:"by when the rules want the caller called back"`
	Overdue    bool       `json:"overdue" doc:"open after due_at, or closed after it"`
	OwnerID    int64      `json:"owner_id,omitempty" doc:"who is to call back: whom it was given to, else the client's responsible; absent: nobody"`
	OwnerName  string     `json:"owner_name,omitempty"`
	Assigned   bool       `json:"assigned" doc:"given to the owner by hand"`
	ClosedAt   *time.Time `json:"closed_at"`
	ClosedHow  string     `json:"closed_how,omitempty" enum:"contact,hand"`
	ClosedCall string     `json:"closed_call_id,omitempty" doc:"the talk that settled it"`
	ClosedBy   int64      `json:"closed_by_id,omitempty" doc:"who talked, or closed it by hand"`
	ClosedName string     `json:"closed_by_name,omitempty"`
	Reason     string     `json:"reason,omitempty" doc:"of closing it by hand"`
}

// Number is the number to call back.
type Number struct {
	Raw     string `json:"raw"`
	E164    string `json:"e164,omitempty"`
	Display string `json:"display"`
}

// Query selects obligations; conditions combine by AND.
type Query struct {
	State    string // Open, Closed, empty for both
	OwnerID  int64  // 0 for any
	Unowned  bool   // nobody's
	ClientID int64
	Overdue  bool
	Limit    int
	Cursor   string
}

// Change tells that an obligation opened, got one more missed call, was
// closed or vanished, after it has been committed.
type Change struct {
	ID      int64  `json:"id"`
	Event   string `json:"event" enum:"opened,changed,closed,removed"`
	State   string `json:"state" enum:"open,closed" doc:"empty when removed"`
	Version int64  `json:"version"`
	// Attempts, ClientID and OwnerID as in Obligation; no number goes out, the
	// reader's rights decide what of it he may see.
	Attempts int   `json:"attempts"`
	ClientID int64 `json:"client_id,omitempty"`
	OwnerID  int64 `json:"owner_id,omitempty"`
	// UserIDs are those at whom the last missed call rang: the people to tell
	// where nobody owns it.
	UserIDs []int64 `json:"-"`
	// Told are others to tell: who owned it before.
	Told []int64 `json:"-"`
}
