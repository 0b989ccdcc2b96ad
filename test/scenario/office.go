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
	Dial(ctx context.Context, extension, number string) (Line, error)
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

// Behaviour is what a telephone does with an incoming call.
type Behaviour struct {
	Answer time.Duration // after this long; Never: it only rings
	Refuse int           // SIP status sent at once, as 486
	Talk   time.Duration // hangs up after talking so long; 0: leaves it to the other
	Early  bool          // 183 with announcements instead of 180
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
