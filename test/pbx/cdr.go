package pbx

import (
	"bytes"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"time"
)

// CDR is one row of Asterisk's own call records, as cdr_csv writes it (times in
// UTC, durations in whole seconds). A queue call makes several rows.
// Source: configs/samples/cdr.conf.sample and cdr/cdr_csv.c of Asterisk.
type CDR struct {
	Src, Dst    string
	Context     string
	CallerID    string // "Name" <number>
	Channel     string
	DstChannel  string
	LastApp     string
	LastData    string
	Start       time.Time
	Answer      time.Time // zero: not answered
	End         time.Time
	Duration    time.Duration
	Billable    time.Duration
	Disposition string // ANSWERED, NO ANSWER, BUSY, FAILED, CONGESTION
	UniqueID    string
	LinkedID    string
	Sequence    int
}

// CDRFile is the path of the file that cdr_csv writes.
func (a *Asterisk) CDRFile() string {
	return filepath.Join(a.hostDir(), "log", "cdr-csv", "Master.csv")
}

// CDR returns the rows written so far, in the order of writing. Asterisk writes a
// row a moment after the call has ended: see WaitCDR.
func (a *Asterisk) CDR() ([]CDR, error) {
	text, err := os.ReadFile(a.CDRFile())
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil // no call has ended
	}
	if err != nil {
		return nil, fmt.Errorf("read cdr: %w", err)
	}
	// The last row may be half written.
	return parseCDR(text[:bytes.LastIndexByte(text, '\n')+1])
}

// WaitCDR returns the rows as soon as enough says that they are all there, and
// what there is with ctx's error when it never does.
func (a *Asterisk) WaitCDR(ctx context.Context, enough func([]CDR) bool) ([]CDR, error) {
	tick := time.NewTicker(25 * time.Millisecond)
	defer tick.Stop()
	for {
		rows, err := a.CDR()
		if err != nil {
			return nil, err
		}
		if enough(rows) {
			return rows, nil
		}
		select {
		case <-ctx.Done():
			return rows, fmt.Errorf("wait for cdr: %w", ctx.Err())
		case <-tick.C:
		}
	}
}

// Columns of Master.csv with loguniqueid, loguserfield and newcdrcolumns.
const (
	colSrc = iota + 1
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
	colDuration
	colBillSec
	colDisposition
	colAMAFlags
	colUniqueID
	colUserField
	colPeerAccount
	colLinkedID
	colSequence
	columns
)

func parseCDR(text []byte) ([]CDR, error) {
	r := csv.NewReader(bytes.NewReader(text))
	r.FieldsPerRecord = columns
	records, err := r.ReadAll()
	if err != nil {
		return nil, fmt.Errorf("parse cdr: %w", err)
	}
	rows := make([]CDR, 0, len(records))
	for i, record := range records {
		row, err := parseCDRRow(record)
		if err != nil {
			return nil, fmt.Errorf("parse cdr row %d: %w", i+1, err)
		}
		rows = append(rows, row)
	}
	return rows, nil
}

func parseCDRRow(f []string) (CDR, error) {
	var errs []error
	at := func(s string) time.Time {
		if s == "" {
			return time.Time{}
		}
		t, err := time.Parse(time.DateTime, s)
		errs = append(errs, err)
		return t
	}
	number := func(s string) int {
		n, err := strconv.Atoi(s)
		errs = append(errs, err)
		return n
	}
	row := CDR{
		Src:         f[colSrc],
		Dst:         f[colDst],
		Context:     f[colContext],
		CallerID:    f[colCallerID],
		Channel:     f[colChannel],
		DstChannel:  f[colDstChannel],
		LastApp:     f[colLastApp],
		LastData:    f[colLastData],
		Start:       at(f[colStart]),
		Answer:      at(f[colAnswer]),
		End:         at(f[colEnd]),
		Duration:    time.Duration(number(f[colDuration])) * time.Second,
		Billable:    time.Duration(number(f[colBillSec])) * time.Second,
		Disposition: f[colDisposition],
		UniqueID:    f[colUniqueID],
		LinkedID:    f[colLinkedID],
		Sequence:    number(f[colSequence]),
	}
	return row, errors.Join(errs...)
}
