package cdr

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"ringcard/cti"
)

const (
	maxRow    = 64 << 10 // a longer one is no row
	readBytes = 1 << 20  // read of the file at a time
	headBytes = 512      // by which a file is known again after it was rotated
)

// CSV reads the file of cdr_csv (cdr_csv.c of Asterisk): 16 columns, then
// uniqueid with loguniqueid, userfield with loguserfield, and peeraccount,
// linkedid and sequence with newcdrcolumns. Not for concurrent use.
type CSV struct {
	path string
	zone *time.Location
	log  *slog.Logger
	bad  bool // a malformed row was logged
}

// NewCSV reads the file at path, whose times are in zone: UTC with
// usegmtime = yes, else that of the PBX.
func NewCSV(path string, zone *time.Location, log *slog.Logger) *CSV {
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &CSV{path: path, zone: zone, log: log}
}

// Name implements cti.CDRSource.
func (*CSV) Name() string { return "cdr_csv" }

// place is a position: how far a file was read, and how that file begins, so
// that it is found again under another name after a rotation.
type place struct {
	Offset int64  `json:"offset"`
	Head   string `json:"head,omitempty"` // SHA-256 of the first Length bytes
	Length int    `json:"length,omitempty"`
}

func (p place) String() string {
	b, err := json.Marshal(p)
	if err != nil {
		return "" // it has only numbers and a hexadecimal text
	}
	return string(b)
}

// Read implements cti.CDRSource.
func (c *CSV) Read(ctx context.Context, position string) ([]cti.CDRRow, string, bool, error) {
	if err := ctx.Err(); err != nil {
		return nil, position, false, err
	}
	if position == "" {
		return c.end()
	}
	var at place
	if err := json.Unmarshal([]byte(position), &at); err != nil {
		return nil, position, false, fmt.Errorf("position %q in %s: %w", position, c.path, err)
	}
	f, current, err := c.find(at)
	if err != nil {
		return nil, position, false, err
	}
	if f == nil { // not there yet, or in the middle of a rotation
		return nil, position, false, nil
	}
	defer f.Close()
	rows, next, more, err := c.rows(f, at)
	if err == nil && !current && !more {
		if next.Offset == at.Offset {
			next = place{} // the old file is read to its end
		}
		more = true
	}
	return rows, next.String(), more, err
}

// end is the position after what there is now.
func (c *CSV) end() ([]cti.CDRRow, string, bool, error) {
	f, err := os.Open(c.path)
	if errors.Is(err, fs.ErrNotExist) {
		if _, derr := os.Stat(filepath.Dir(c.path)); derr != nil {
			return nil, "", false, fmt.Errorf("cdr.csv: %w", err)
		}
		return nil, place{}.String(), false, nil // no call has ended yet
	}
	if err != nil {
		return nil, "", false, fmt.Errorf("cdr.csv: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, headBytes))
	if err != nil {
		return nil, "", false, fmt.Errorf("cdr.csv: %w", err)
	}
	info, err := f.Stat()
	if err != nil {
		return nil, "", false, fmt.Errorf("cdr.csv: %w", err)
	}
	at := place{Offset: info.Size()}
	at.Head, at.Length = head(text)
	return nil, at.String(), false, nil
}

func head(text []byte) (sum string, length int) {
	text = text[:min(len(text), headBytes)]
	if len(text) == 0 {
		return "", 0
	}
	s := sha256.Sum256(text)
	return hex.EncodeToString(s[:]), len(text)
}

// find opens the file that the position is in: the present one or, after a
// rotation, one beside it. A file that was cut short begins anew.
func (c *CSV) find(at place) (f *os.File, current bool, err error) {
	names, err := filepath.Glob(globEscape.ReplaceAllString(c.path, `\$0`) + "?*")
	if err != nil {
		return nil, false, fmt.Errorf("cdr.csv: %w", err)
	}
	if at.Length == 0 {
		names = nil // any file begins like that
	}
	for i, name := range append([]string{c.path}, names...) {
		f, err := os.Open(name)
		if errors.Is(err, fs.ErrNotExist) {
			continue
		}
		if err != nil {
			return nil, false, fmt.Errorf("cdr.csv: %w", err)
		}
		if at.in(f) {
			return f, i == 0, nil
		}
		_ = f.Close()
	}
	f, err = os.Open(c.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("cdr.csv: %w", err)
	}
	if at.Offset > 0 {
		c.log.Warn("the file of call records was replaced and the old one is not beside it; read from its beginning", "file", filepath.Base(c.path))
	}
	return f, true, nil
}

var globEscape = regexp.MustCompile(`[*?\[\\]`)

// in tells whether f is the file of the position.
func (p place) in(f *os.File) bool {
	info, err := f.Stat()
	if err != nil || info.IsDir() || info.Size() < p.Offset {
		return false
	}
	text := make([]byte, p.Length)
	if _, err := f.ReadAt(text, 0); err != nil {
		return false
	}
	sum, _ := head(text)
	return sum == p.Head
}

// rows reads whole rows; the last one may still be half written.
func (c *CSV) rows(f *os.File, at place) (rows []cti.CDRRow, next place, more bool, err error) {
	text := make([]byte, headBytes)
	n, err := f.ReadAt(text, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, at, false, fmt.Errorf("cdr.csv: %w", err)
	}
	if h, length := head(text[:n]); at.Head == "" || length > at.Length || !at.in(f) {
		if !at.in(f) {
			at.Offset = 0
		}
		at.Head, at.Length = h, length
	}
	buf := make([]byte, readBytes)
	n, err = f.ReadAt(buf, at.Offset)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, at, false, fmt.Errorf("cdr.csv: %w", err)
	}
	buf, next = buf[:n], at
	for len(rows) < batch {
		length := rowLength(buf)
		if length == 0 {
			return rows, next, n == readBytes, nil
		}
		row, ok, err := parseRow(buf[:length], c.zone)
		if err != nil {
			return nil, at, false, err
		}
		if ok {
			rows = append(rows, cti.CDRRow{CDR: row, At: next.String()})
		} else if !c.bad {
			c.bad = true
			c.log.Warn("skipped a malformed call record", "file", filepath.Base(c.path), "offset", next.Offset)
		}
		buf, next.Offset = buf[length:], next.Offset+int64(length)
	}
	return rows, next, true, nil
}

// rowLength is the length of the first row with its line break, 0 when it is
// not complete. A line break between quotes belongs to a field; a quote that
// never closes is taken to end with its line.
func rowLength(text []byte) int {
	quoted := false
	for i, b := range text {
		switch {
		case b == '"':
			quoted = !quoted
		case b == '\n' && !quoted:
			return i + 1
		}
		if i > maxRow {
			break
		}
	}
	if len(text) > maxRow {
		if i := bytes.IndexByte(text, '\n'); i >= 0 {
			return i + 1
		}
		return len(text)
	}
	return 0
}

// Columns of a row. Those after colAMAFlags depend on cdr.conf.
const (
	_ = iota // accountcode
	colSrc
	colDst
	colContext
	colCallerID
	colChannel
	colDstChannel
	colLastApp
	colLastData
	colStart
	colAnswer
	colEnd
	_ // duration
	_ // billsec
	colDisposition
	_ // amaflags
	fixedColumns
	newColumns = 3 // peeraccount, linkedid, sequence
)

// uniqueID is how Asterisk names a channel: systemname-seconds.number, or an
// id that a program chose, as our own UUIDs.
var uniqueID = regexp.MustCompile(`^(.*\d+\.\d+|[0-9a-fA-F]{8}-[0-9a-fA-F-]{27})$`)

// parseRow reads one row; ok is false for what is no row of cdr_csv.
func parseRow(text []byte, zone *time.Location) (row cti.CDR, ok bool, err error) {
	r := csv.NewReader(bytes.NewReader(text))
	r.FieldsPerRecord, r.LazyQuotes = -1, true
	f, _ := r.Read() // what is malformed has too few fields
	if len(f) < fixedColumns || len(f) > fixedColumns+5 {
		return row, false, nil
	}
	row = cti.CDR{
		Src: f[colSrc], Dst: f[colDst], Context: f[colContext], CallerID: f[colCallerID],
		Channel: f[colChannel], DstChannel: f[colDstChannel], LastApp: f[colLastApp], LastData: f[colLastData],
		Disposition: disposition(f[colDisposition]),
	}
	var good [3]bool
	row.Start, good[0] = moment(f[colStart], zone)
	row.Answer, good[1] = moment(f[colAnswer], zone)
	row.End, good[2] = moment(f[colEnd], zone)
	if good != [3]bool{true, true, true} || row.Start.IsZero() || row.End.IsZero() || row.Channel == "" {
		return cti.CDR{}, false, nil
	}
	extra := f[fixedColumns:]
	if len(extra) >= newColumns {
		tail := extra[len(extra)-newColumns:]
		row.LinkedID, row.Sequence = tail[1], number(tail[2])
		extra = extra[:len(extra)-newColumns]
	}
	if len(extra) > 0 && uniqueID.MatchString(extra[0]) {
		row.UniqueID = extra[0]
	}
	if row.UniqueID == "" && row.LinkedID == "" {
		return cti.CDR{}, false, fmt.Errorf("cdr.csv: %w", ErrNoIDs)
	}
	return row, true, nil
}
