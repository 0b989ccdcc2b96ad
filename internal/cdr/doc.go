// Package cdr reads the call detail records that a PBX itself keeps, for
// cti.Recovery (PB-04): the file of Asterisk's cdr_csv, and a table with the
// columns of its cdr_pgsql. The table belongs to the PBX and not to us, which
// is why its SQL is here and not in internal/postgres.
package cdr

import (
	"errors"
	"strconv"
	"time"

	"ringcard/cti"
)

var (
	_ cti.CDRSource = (*CSV)(nil)
	_ cti.CDRSource = (*Table)(nil)
)

// ErrNoIDs tells that the rows do not say which call they belong to.
var ErrNoIDs = errors.New("the call records have neither uniqueid nor linkedid: set loguniqueid = yes and newcdrcolumns = yes in cdr.conf [csv], or add the columns to the table")

// batch is how many rows a Read returns at most.
const batch = 1000

// dispositions maps the numbers that some databases hold instead of words
// (Asterisk, include/asterisk/cdr.h).
var dispositions = map[string]string{
	"0": "NO ANSWER", "1": "NO ANSWER", "2": "FAILED", "4": "BUSY", "8": "ANSWERED", "16": "CONGESTION",
}

func disposition(s string) string {
	if word, ok := dispositions[s]; ok {
		return word
	}
	return s
}

// number reads an integer that may be missing.
func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return n
}

// moment reads a time of cdr_csv in the zone of the file; false: malformed.
func moment(s string, zone *time.Location) (time.Time, bool) {
	if s == "" {
		return time.Time{}, true
	}
	t, err := time.ParseInLocation(time.DateTime, s, zone)
	if err != nil || t.Year() < 1990 {
		return time.Time{}, false
	}
	return t.UTC(), true
}
