package cti_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"ringcard/cti"
	"ringcard/cti/ctitest"
)

var errAway = errors.New("database is away")

func files(t *testing.T, dir string) []string {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil {
		t.Fatal(err)
	}
	return names
}

// An outage of the database during a call loses nothing and doubles nothing.
func TestJournalAwayDuringCall_AF_01_OP_03(t *testing.T) {
	j, dir := ctitest.NewJournal(), t.TempDir()
	d := newDeskOn(t, j, dir)
	d.ring("102")
	d.answer("102")
	d.shown(102, "the talk", isState(cti.Talking))
	failed := make(chan struct{}, 1000)
	j.Fail(func() error { failed <- struct{}{}; return errAway })
	d.gone("1.102", 16)
	d.gone("1.1", 16)
	d.shown(102, "the end", isState(cti.Ended))
	<-failed // the record was tried and could not be written
	j.Fail(nil)
	if c := d.ended(1)[0]; c.Disposition != cti.Answered {
		t.Errorf("record %+v", c)
	}
	d.stop()
	if left := files(t, dir); len(left) != 0 {
		t.Errorf("left in the spool: %v", left)
	}
}

// The process ends while the database is away: the next one writes the record.
func TestSpoolOutlivesTheProcess_AF_01(t *testing.T) {
	j, dir := ctitest.NewJournal(), t.TempDir()
	j.Fail(func() error { return errAway })
	d := newDeskOn(t, j, dir)
	d.ring("102")
	d.gone("1.102", 0)
	d.gone("1.1", 16)
	d.shown(102, "the end", isState(cti.Ended))
	d.stop()
	if n := len(files(t, dir)); n != 1 {
		t.Fatalf("%d files in the spool", n)
	}
	j.Fail(nil)
	again := newDeskOn(t, j, dir)
	if c := again.ended(1)[0]; c.Disposition != cti.Missed || c.Number.E164 != northWind {
		t.Errorf("record %+v", c)
	}
	again.stop()
	if left := files(t, dir); len(left) != 0 {
		t.Errorf("left in the spool: %v", left)
	}
}

// A record that the journal will never take does not hold up the others.
func TestRefusedRecordIsSetAside(t *testing.T) {
	j, dir := ctitest.NewJournal(), t.TempDir()
	refuse := true
	j.Fail(func() error {
		if refuse {
			refuse = false
			return cti.Errorf(cti.CodeInvalid, "no")
		}
		return nil
	})
	r, err := cti.NewRecorder(j, cti.RecorderOptions{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	r.Put(cti.Call{ID: "bad", State: cti.Ended})
	r.Put(cti.Call{ID: "good", State: cti.Ended})
	if r.Backlog() != 2 {
		t.Errorf("backlog %d", r.Backlog())
	}
	r.Start()
	calls, ok := j.Await(t.Context(), ctitest.Ended(1))
	if !ok || calls[0].ID != "good" {
		t.Errorf("records %+v", calls)
	}
	if err := r.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if got := files(t, dir); len(got) != 1 || filepath.Base(got[0]) != "bad.json.refused" {
		t.Errorf("files %v", got)
	}
}

// A damaged file is set aside, named, and does not stop the start.
func TestDamagedSpoolFile(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "x.json"), []byte(`{"id":`), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := cti.NewRecorder(ctitest.NewJournal(), cti.RecorderOptions{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	if got := files(t, dir); len(got) != 1 || filepath.Base(got[0]) != "x.json.bad" || r.Backlog() != 0 {
		t.Errorf("files %v, backlog %d", got, r.Backlog())
	}
}
