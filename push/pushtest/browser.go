package pushtest

import (
	"errors"
	"testing"

	"github.com/gorilla/websocket"

	"ringcard/push"
)

// Browser follows one user's stream as the page does: it reconnects by the
// close code and fails the test when a number is lost or repeated.
type Browser struct {
	Server  *Server
	Session push.Session
	// Epoch and Seq are those of the last frame.
	Epoch string
	Seq   int64
	// Snapshots counts the snapshots taken.
	Snapshots int

	t      testing.TB
	client *Client
}

// NewBrowser connects and takes the first snapshot.
func NewBrowser(t testing.TB, server *Server, session push.Session) *Browser {
	t.Helper()
	b := &Browser{Server: server, Session: session, t: t}
	b.Next()
	return b
}

// Cut breaks the connection; the next Next resumes.
func (b *Browser) Cut() {
	if b.client != nil {
		b.client.Cut()
		b.client = nil
	}
}

// Next returns the next frame, a snapshot or a message, whatever reconnecting
// that takes.
func (b *Browser) Next() Frame {
	b.t.Helper()
	for {
		if b.client == nil {
			var from *From
			if b.Epoch != "" {
				from = &From{Epoch: b.Epoch, After: b.Seq}
			}
			b.client = b.Server.Dial(b.Session, from)
		}
		f, err := b.client.Read()
		if err == nil {
			b.take(f)
			return f
		}
		b.client = nil
		closed, ok := errors.AsType[*websocket.CloseError](err)
		if !ok {
			continue // resume
		}
		switch code := push.CloseCode(closed.Code); code {
		case push.TooSlow, push.GoingAway, websocket.CloseAbnormalClosure:
		case push.Gap:
			b.Epoch = "" // without after
		default:
			b.t.Fatalf("stream ended with %d %s", code, code)
		}
	}
}

// NextOf returns the next frame of the type.
func (b *Browser) NextOf(typ string) Frame {
	b.t.Helper()
	for {
		if f := b.Next(); f.Type == typ {
			return f
		}
	}
}

func (b *Browser) take(f Frame) {
	b.t.Helper()
	if f.Type == "snapshot" {
		b.Snapshots++
	} else if f.Epoch != b.Epoch || f.Seq != b.Seq+1 {
		b.t.Fatalf("frame %s %d of epoch %s after %d of %s", f.Type, f.Seq, f.Epoch, b.Seq, b.Epoch)
	}
	b.Epoch, b.Seq = f.Epoch, f.Seq
}
