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
	Level  Level
	Check  string // what was checked, as "pbx office: password"
	Seen   string // what was found
	Change string // what to change, lines for a file included; empty when nothing
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

// add appends a finding.
func (r *Report) add(level Level, check, seen, change string) {
	*r = append(*r, Finding{Level: level, Check: check, Seen: seen, Change: change})
}
