// Package capture keeps what a PBX sent, takes numbers, names and secrets out
// of it, and repeats it without a PBX (PB-13).
//
//	ari.Client ─ frames ─► Ring ─ Write ─► file ─ Read ─► Replay ─► calls,
//	engine ─ lookups, orders, ended calls ─┘  (redacted)             decisions, pops
//
// A file is JSON, a line each: a Header, then Lines in the order in which the
// engine had them. What is in no list of known fields does not get into a
// file, so a field that Asterisk adds tomorrow cannot carry a secret out.
//
// # Failure behaviour
//
// A Ring is bounded in bytes and age and gives way to the newest; it counts
// what it dropped. Read refuses what is no capture and names the line; a last
// line that was cut off is refused too.
package capture

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"ringcard/cti"
)

const (
	format  = "ringcard-capture"
	version = 1
	// maxLine is longer than a resync of a thousand calls.
	maxLine = 8 << 20
	// maxLines bounds what a replay reads into memory.
	maxLines = 5_000_000
)

// Header is the first line of a file: the office as the engine must know it.
type Header struct {
	Format     string    `json:"format"`
	Version    int       `json:"version"`
	Ringcard   string    `json:"ringcard"` // version that wrote the file
	Asterisk   string    `json:"asterisk,omitempty"`
	PBX        string    `json:"pbx"`
	From       time.Time `json:"from"`
	Until      time.Time `json:"until"`
	Dropped    int64     `json:"dropped,omitempty"` // lines that made room
	Trunks     []string  `json:"trunks"`
	Extensions string    `json:"extensions"`
	Context    string    `json:"context"`
	Region     string    `json:"region"` // of numbers without a country
	AreaCode   string    `json:"area_code,omitempty"`
	Users      []User    `json:"users"`
}

// User is a user with a pseudonym.
type User struct {
	ID      int64        `json:"id"`
	Name    string       `json:"name"`
	Devices []cti.Device `json:"devices"`
}

// Kinds of lines.
const (
	kindFrame  = "frame"        // as the PBX sent it
	kindResync = "resync"       // what the PBX had at a (re)connect
	kindGap    = "disconnected" // no frames until the next resync
	kindLookup = "lookup"       // what the directory found
	kindPlaced = "placed"       // a call ordered from a page
	kindEnded  = "ended"        // what came out, for comparison
)

// Line is one thing that happened.
type Line struct {
	At       time.Time       `json:"at"`
	Kind     string          `json:"kind"`
	Frame    json.RawMessage `json:"frame,omitempty"`
	Snapshot *cti.Snapshot   `json:"snapshot,omitempty"`
	Lookup   *Lookup         `json:"lookup,omitempty"`
	Call     *cti.Call       `json:"call,omitempty"`
}

// Lookup is an answer of the directory.
type Lookup struct {
	E164    string      `json:"e164"`
	Matches []cti.Match `json:"matches,omitempty"`
	Client  *cti.Client `json:"client,omitempty"`
}

// Capture is a file that was read.
type Capture struct {
	Header Header
	Lines  []Line
}

// FileError tells which line of a file is wrong, and what.
type FileError struct {
	Line int
	Err  error
}

// Error implements error.
func (e *FileError) Error() string { return fmt.Sprintf("capture, line %d: %v", e.Line, e.Err) }

// Unwrap returns the cause.
func (e *FileError) Unwrap() error { return e.Err }

// Read reads a capture whole. Errors are *FileError, or those of r.
func Read(r io.Reader) (*Capture, error) {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, maxLine)
	n := 0
	fail := func(format string, args ...any) error { return &FileError{Line: n, Err: fmt.Errorf(format, args...)} }
	c := &Capture{}
	for lines.Scan() {
		n++
		if n > maxLines {
			return nil, fail("longer than %d lines", maxLines)
		}
		if n == 1 {
			if err := json.Unmarshal(lines.Bytes(), &c.Header); err != nil || c.Header.Format != format {
				return nil, fail("this is no capture of ringcard: the first line must be its header")
			}
			if c.Header.Version != version {
				return nil, fail("version %d of the format; this ringcard reads version %d", c.Header.Version, version)
			}
			continue
		}
		var l Line
		if err := json.Unmarshal(lines.Bytes(), &l); err != nil {
			return nil, fail("it is cut off or damaged: %w", err)
		}
		if err := l.check(); err != nil {
			return nil, fail("%w", err)
		}
		c.Lines = append(c.Lines, l)
	}
	n++
	switch err := lines.Err(); {
	case errors.Is(err, bufio.ErrTooLong):
		return nil, fail("longer than %d MB", maxLine>>20)
	case err != nil:
		return nil, fmt.Errorf("capture: %w", err)
	case n == 1:
		return nil, fail("the file is empty")
	}
	return c, nil
}

func (l *Line) check() error {
	has := map[string]bool{
		kindFrame: len(l.Frame) > 0, kindResync: l.Snapshot != nil, kindGap: true, kindLookup: l.Lookup != nil,
		kindPlaced: l.Call != nil && l.Call.ID != "" && (l.Call.PlacedBy != nil || l.Call.Test), kindEnded: l.Call != nil,
	}
	ok, known := has[l.Kind]
	switch {
	case !known:
		return fmt.Errorf("unknown kind %q; a newer ringcard may have written it", l.Kind)
	case !ok:
		return fmt.Errorf("a line of kind %s without its content", l.Kind)
	case l.At.IsZero():
		return errors.New("a line without its time")
	}
	return nil
}
