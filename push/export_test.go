package push

import "io"

// SinkOf is the side of the hub that a bus sees.
func SinkOf(h *Hub) Sink { return (*sink)(h) }

// ParseClientFrame lets the fuzz test in.
func ParseClientFrame(kind int, r io.Reader) error { return parseClientFrame(kind, r) }

// AppendFrame renders message 7 of epoch E.
func AppendFrame(b []byte, typ string, data any) []byte {
	msg, err := newMessage(Event{Type: typ, Data: data})
	if err != nil {
		panic(err) // tests give strings
	}
	return appendFrame(b, "E", numbered{seq: 7, msg: msg})
}
