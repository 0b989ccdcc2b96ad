package push

import (
	"encoding/json"
	"fmt"
	"strconv"
	"time"
)

// Types of frames the hub makes itself; every other type is the publisher's.
const (
	typeSnapshot = "snapshot"
	// typeSkip stands in a replay for a message whose content a later message
	// of the same replay replaces. It carries a number and no data, so the
	// stream stays without gaps and an expired offer is never shown (PU-04).
	typeSkip = "skip"
)

// Event is something to show to users.
type Event struct {
	// Type names the frame: call, presence, notification.
	Type string
	// Key identifies what Data is the whole state of, as a call's id. In a
	// replay only the last message of one Type and Key keeps its data. Empty:
	// each message counts.
	Key string
	// Data is marshalled once, whatever the number of users.
	Data any
}

// Message is an event ready to be sent: what a [Bus] carries. It is shared by
// all streams and never changed once published.
type Message struct {
	Type string
	Key  string
	At   time.Time       // when it was published, UTC
	Data json.RawMessage // valid JSON
}

func newMessage(e Event) (*Message, error) {
	data, err := json.Marshal(e.Data)
	if err != nil {
		return nil, fmt.Errorf("marshal %s event: %w", e.Type, err)
	}
	return &Message{Type: e.Type, Key: e.Key, At: time.Now().UTC(), Data: data}, nil
}

// numbered is a message with its place in one user's stream.
type numbered struct {
	seq  int64
	msg  *Message
	skip bool // send as typeSkip
}

// appendFrame appends the JSON frame of n to b: only the few bytes around the
// shared data differ between users.
func appendFrame(b []byte, epoch string, n numbered) []byte {
	typ := n.msg.Type
	if n.skip {
		typ = typeSkip
	}
	b = append(b, `{"type":`...)
	b = appendString(b, typ)
	b = append(b, `,"epoch":`...)
	b = appendString(b, epoch)
	b = append(b, `,"seq":`...)
	b = strconv.AppendInt(b, n.seq, 10)
	b = append(b, `,"at":"`...)
	b = n.msg.At.AppendFormat(b, time.RFC3339Nano)
	b = append(b, '"')
	if !n.skip {
		b = append(b, `,"data":`...)
		b = append(b, n.msg.Data...)
	}
	return append(b, '}')
}

// appendString quotes s as JSON. Types and epochs are plain identifiers, so
// the slow way is there only to stay correct for any other.
func appendString(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < ' ' || c > '~' || c == '"' || c == '\\' {
			quoted, _ := json.Marshal(s) // a string always marshals
			return append(b, quoted...)
		}
	}
	b = append(b, '"')
	b = append(b, s...)
	return append(b, '"')
}
