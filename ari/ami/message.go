package ami

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"strings"
)

const (
	maxLine  = 16 << 10
	maxLines = 2000
)

// Message is one block of AMI: fields in the order of arrival. A key may
// repeat; keys compare without case.
type Message []Field

// Field is one line of a Message.
type Field struct{ Key, Value string }

// Get returns the first value of a key, empty without one.
func (m Message) Get(key string) string {
	for _, f := range m {
		if strings.EqualFold(f.Key, key) {
			return f.Value
		}
	}
	return ""
}

// errFormat: what came is no AMI.
var errFormat = errors.New("ami: malformed message")

// ReadMessage reads up to the next empty line. Lines without a colon, as in
// the output of commands, are fields without a key. Empty lines before a
// message are skipped: Asterisk 16 sends some after Park.
func ReadMessage(r *bufio.Reader) (Message, error) {
	var m Message
	for {
		line, err := readLine(r)
		if err != nil {
			return nil, err
		}
		if line == "" {
			if len(m) == 0 {
				continue
			}
			return m, nil
		}
		if len(m) == maxLines {
			return nil, fmt.Errorf("%w: more than %d lines", errFormat, maxLines)
		}
		key, value, ok := strings.Cut(line, ":")
		if !ok {
			key, value = "", line
		}
		m = append(m, Field{Key: strings.TrimSpace(key), Value: strings.TrimSpace(value)})
	}
}

// readLine reads a line without its end, of a bounded length.
func readLine(r *bufio.Reader) (string, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		if len(line) > maxLine {
			return "", fmt.Errorf("%w: a line of more than %d bytes", errFormat, maxLine)
		}
		switch {
		case err == nil:
			return strings.TrimSpace(string(line)), nil
		case errors.Is(err, bufio.ErrBufferFull):
		case errors.Is(err, io.EOF) && len(line) > 0:
			return "", io.ErrUnexpectedEOF
		default:
			return "", err
		}
	}
}

// encode writes an action. Keys and values come from numbers and names that
// users typed: a line break in one would begin an action of its own.
func encode(action, id string, fields []Field) ([]byte, error) {
	var b strings.Builder
	for _, f := range append([]Field{{"Action", action}, {"ActionID", id}}, fields...) {
		if strings.ContainsAny(f.Key, "\r\n:") || strings.ContainsAny(f.Value, "\r\n") {
			return nil, fmt.Errorf("ami: a line break in the field %q", f.Key)
		}
		b.WriteString(f.Key + ": " + f.Value + "\r\n")
	}
	b.WriteString("\r\n")
	return []byte(b.String()), nil
}
