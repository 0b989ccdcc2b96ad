// Package doctor checks the surroundings of a ringcard server — PBX,
// database, Redis, port, folder — and says for each fault what to change
// (PB-08). It changes nothing anywhere.
package doctor

import (
	"fmt"
	"io"
	"slices"
	"strings"
)

// Level is how bad a finding is.
type Level string

// Levels. Skip: it could not be looked at, and why.
const (
	OK   Level = "ok"
	Skip Level = "skip"
	Warn Level = "warn"
	Fail Level = "fail"
)

// Finding is the result of one check.
type Finding struct {
	ID     string            `json:"id"` // stable kind, as ari.password
	Level  Level             `json:"level"`
	Check  string            `json:"check"`            // what was checked, as "pbx office: password"
	Seen   string            `json:"seen"`             // what was found
	Change string            `json:"change,omitempty"` // what to change, lines for a file included
	Params map[string]string `json:"params,omitempty"` // values for a translation of the id
	Row    string            `json:"row,omitempty"`    // requirement that suffers
}

// Report is all findings in the order of the checks.
type Report []Finding

// Failed tells whether ringcard cannot work like this.
func (r Report) Failed() bool {
	return slices.ContainsFunc(r, func(f Finding) bool { return f.Level == Fail })
}

// WriteTo prints the report for people.
func (r Report) WriteTo(w io.Writer) (int64, error) {
	var text strings.Builder
	count := make(map[Level]int)
	for _, f := range r {
		count[f.Level]++
		fmt.Fprintf(&text, "%-4s  %s: %s\n", f.Level, f.Check, f.Seen)
		for line := range strings.Lines(f.Change) {
			text.WriteString("      → " + strings.TrimRight(line, "\n") + "\n")
		}
	}
	fmt.Fprintf(&text, "\n%d ok, %d warnings, %d failures, %d not checked\n", count[OK], count[Warn], count[Fail], count[Skip])
	n, err := io.WriteString(w, text.String())
	return int64(n), err
}

// rows tells by the beginning of a finding's id which requirement suffers
// from the fault; the longest beginning counts.
var rows = map[string]string{
	"data_dir": "AF-01", "disk": "AF-01", "listen": "OP-01", "database": "OP-01", "redis": "OP-04", "users": "PU-01",
	"tls": "OP-05", "pbx.none": "PB-01",
	"ari": "PB-01", "ari.rights": "CO-01", "ari.application": "PB-02", "ari.version": "PB-01", "ari.clock": "CK-03",
	"ari.channelvars": "CK-01", "ari.write_timeout": "PB-02", "ari.overload": "CK-01", "ari.plain": "OP-05",
	"endpoint": "PU-01", "trunk": "CK-05", "context": "CO-01", "cdr": "PB-04", "ami": "CO-07", "control": "CO-07", "sip": "PB-07", "time_zone": "PB-04", "recordings": "CO-08",
	"auto_answer": "CO-05", "caller_name": "LU-06",
}

func rowOf(id string) string {
	for {
		if row, ok := rows[id]; ok {
			return row
		}
		i := strings.LastIndexByte(id, '.')
		if i < 0 {
			return ""
		}
		id = id[:i]
	}
}

// notes collects findings and tells each as it comes.
type notes struct {
	report Report
	found  func(Finding)
}

func (n *notes) add(f Finding) {
	if f.Level != OK {
		f.Row = rowOf(f.ID)
	}
	n.report = append(n.report, f)
	if n.found != nil {
		n.found(f)
	}
}
