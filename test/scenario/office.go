// Package scenario holds what happens in an office on one working day — calls
// in and out, answered or not — once, for every PBX the product is tried
// with: Asterisk 22 and 16 with real SIP phones, and the simulated Asterisk.
package scenario

import (
	"context"
	"time"

	"ringcard/ari"
)

// Office is a PBX with its telephones and its provider.
type Office interface {
	Name() string
	ARI() ari.Config
	// Phone registers the telephone of an extension, or gives it new manners.
	Phone(ctx context.Context, extension string, b Behaviour) error
	// Outside says how a number of the world behaves when the PBX calls it.
	Outside(number string, b Behaviour)
	// Call sends a call of the world to the PBX.
	Call(ctx context.Context, c Outside) (Line, error)
	// Dial makes a desk phone call a number.
	Dial(ctx context.Context, extension, number string) (Handset, error)
	// Incoming returns the last call that came in at a telephone since Phone,
	// waiting for one.
	Incoming(ctx context.Context, extension string) (Handset, error)
	// CDR returns the PBX's own records of the calls that have ended, once
	// there are at least n.
	CDR(ctx context.Context, n int) ([]CDR, error)
	Close() error
}

// Line is the far end of a call that the scenario made.
type Line interface {
	Answered() <-chan struct{}
	Ended() <-chan struct{}
	Hangup(context.Context) error
}

// Handset is the office's end of a call: what one can do with a desk phone.
type Handset interface {
	Line
	Hold(context.Context) error
	Resume(context.Context) error
	// Refer is the blind transfer of the telephone. It returns when the PBX
	// reports that the new side rings.
	Refer(ctx context.Context, number string) error
	// TransferTo is its attended transfer: consult is another call of the
	// same telephone.
	TransferTo(ctx context.Context, consult Handset) error
	SendDTMF(ctx context.Context, digits string) error
}

// Behaviour is what a telephone does with an incoming call.
type Behaviour struct {
	Answer time.Duration // after this long; Never: it only rings
	Refuse int           // SIP status sent at once, as 486
	Talk   time.Duration // hangs up after talking so long; 0: leaves it to the other
	Early  bool          // 183 with announcements instead of 180
	To     string        // sends the caller on to this number (302)
}

// Never is a Behaviour.Answer that does not come.
const Never time.Duration = -1

// Outside is a call from the world.
type Outside struct {
	From, Name, DID string
	Anonymous       bool
}

// CDR is one row of the PBX's own call records.
type CDR struct {
	Src, Dst    string
	Start       time.Time
	Answer      time.Time // zero: not answered
	End         time.Time
	Disposition string // ANSWERED, NO ANSWER, BUSY, FAILED, CONGESTION
	LinkedID    string
}
