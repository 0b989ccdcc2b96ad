package cti_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

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
	j.Fail(func([]cti.Call) error { failed <- struct{}{}; return errAway })
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
	j.Fail(func([]cti.Call) error { return errAway })
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
	j.Fail(func(calls []cti.Call) error {
		if slices.ContainsFunc(calls, func(c cti.Call) bool { return c.ID == "bad" }) {
			return cti.Errorf(cti.CodeInvalid, "no")
		}
		return nil
	})
	r, err := cti.NewRecorder(j, cti.RecorderOptions{Dir: dir})
	if err != nil {
		t.Fatal(err)
	}
	for _, id := range []string{"one", "bad", "two", "three"} {
		r.Put(cti.Call{ID: id, State: cti.Ended})
	}
	if r.Backlog() != 4 {
		t.Errorf("backlog %d", r.Backlog())
	}
	r.Start()
	if calls, ok := j.Await(t.Context(), ctitest.Ended(3)); !ok {
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

// countingJournal notes the versions written.
type countingJournal struct {
	cti.Journal
	mu       sync.Mutex
	versions []int64
}

func (j *countingJournal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return fmt.Sprint(j.versions)
}

func (j *countingJournal) Save(_ context.Context, calls ...cti.Call) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, c := range calls {
		j.versions = append(j.versions, c.Version)
	}
	return nil
}

// A queue that rings many telephones changes a call many times a second: the
// first and the last version are written at once, of the others the newest.
func TestCallUnderWayIsWrittenOnceASecond_AF_01(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j := &countingJournal{}
		r, err := cti.NewRecorder(j, cti.RecorderOptions{Dir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		r.Start()
		began := time.Now()
		put := func(version int64, state cti.State) {
			r.Put(cti.Call{ID: "c", Version: version, State: state})
			synctest.Wait()
		}
		for v := range int64(10) {
			put(1+v, cti.Ringing)
		}
		if got := j.String(); got != "[1]" {
			t.Errorf("at once: %s", got)
		}
		<-time.After(time.Second)
		synctest.Wait()
		put(11, cti.Talking)
		<-time.After(100 * time.Millisecond) // the next group
		put(12, cti.Ended)
		if got := j.String(); got != "[1 10 12]" || time.Since(began) != 1100*time.Millisecond || r.Backlog() != 0 {
			t.Errorf("versions %s after %v, %d wait", got, time.Since(began), r.Backlog())
		}
		<-time.After(100 * time.Millisecond)
		put(1, cti.Ringing) // another call of the same id, after the first is forgotten
		put(2, cti.Ringing)
		if err := r.Stop(t.Context()); err != nil || j.String() != "[1 10 12 1 2]" {
			t.Errorf("the stop leaves something: %v %v", j, err)
		}
	})
}

// Who acts on a call that he sees waits for its record, not for versions
// between the first and the last, and not long while the journal is away.
func TestActingOnACallWaitsForItsRecord_AF_01(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		j := &countingJournal{}
		r, err := cti.NewRecorder(j, cti.RecorderOptions{Dir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		r.Start()
		put := func(id string, version int64, state cti.State) {
			r.Put(cti.Call{ID: id, Version: version, State: state})
		}
		written := func(id string) time.Duration {
			began := time.Now()
			r.Await(t.Context(), id)
			return time.Since(began)
		}
		put("other", 1, cti.Ended)
		synctest.Wait()
		put("c", 2, cti.Ringing)
		if took := written("c"); took != 100*time.Millisecond || j.String() != "[1 2]" {
			t.Errorf("a call that came: after %v versions %v", took, j)
		}
		put("c", 3, cti.Talking)
		if took := written("c"); took != 0 {
			t.Errorf("a change of one that is there: after %v", took)
		}
		put("c", 4, cti.Ended)
		put("c", 5, cti.Ended) // corrected before it is written
		if took := written("c"); took != 100*time.Millisecond || j.String() != "[1 2 5]" {
			t.Errorf("its end: after %v versions %v", took, j)
		}
		if took := written("nobody's"); took != 0 {
			t.Errorf("no call: after %v", took)
		}
		if err := r.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		put("late", 1, cti.Ringing)
		if took := written("late"); took != time.Second {
			t.Errorf("nobody writes: after %v", took)
		}
	})
}

// groupJournal notes how many calls were written together, and when.
type groupJournal struct {
	cti.Journal
	began  time.Time
	groups chan string
}

func (j *groupJournal) Save(_ context.Context, calls ...cti.Call) error {
	j.groups <- fmt.Sprintf("%d at %v", len(calls), time.Since(j.began))
	return nil
}

func (j *groupJournal) taken() (groups []string) {
	for len(j.groups) > 0 {
		groups = append(groups, <-j.groups)
	}
	return groups
}

// A call of a quiet office is written as it comes; those of a busy one go
// together, and a backlog does not wait.
func TestManyCallsAreWrittenTogether_AF_01(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j := &groupJournal{began: time.Now(), groups: make(chan string, 100)}
		r, err := cti.NewRecorder(j, cti.RecorderOptions{Dir: t.TempDir()})
		if err != nil {
			t.Fatal(err)
		}
		put := func(id string) { r.Put(cti.Call{ID: id, Version: 1, State: cti.Ended}) }
		for i := range 70 {
			put(fmt.Sprint("a", i))
		}
		r.Start()
		<-time.After(time.Second)
		if got, want := fmt.Sprint(j.taken()), "[32 at 0s 32 at 0s 6 at 100ms]"; got != want || r.Backlog() != 0 {
			t.Errorf("groups of a backlog %s, want %s; %d wait", got, want, r.Backlog())
		}
		j.began = time.Now()
		put("first")
		<-time.After(5 * time.Millisecond)
		for i := range 25 { // one each 10 ms
			put(fmt.Sprint("b", i))
			<-time.After(10 * time.Millisecond)
		}
		if got, want := fmt.Sprint(j.taken()), "[1 at 0s 10 at 100ms 10 at 200ms]"; got != want {
			t.Errorf("groups %s, want %s", got, want)
		}
		if err := r.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	})
}

// slowJournal takes a second for each group.
type slowJournal struct {
	cti.Journal
	saved int
}

func (j *slowJournal) Save(ctx context.Context, calls ...cti.Call) error {
	select {
	case <-time.After(time.Second):
		j.saved += len(calls)
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// A slow database does not take the time of all that is stopped after the
// recorder; what is not written is in files.
func TestStopDoesNotWaitForASlowJournal_AF_01(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		j, dir := &slowJournal{}, t.TempDir()
		r, err := cti.NewRecorder(j, cti.RecorderOptions{Dir: dir})
		if err != nil {
			t.Fatal(err)
		}
		for i := range 100 {
			r.Put(cti.Call{ID: fmt.Sprint(i), Version: 1, State: cti.Ended})
		}
		r.Start()
		synctest.Wait()
		began := time.Now()
		if err := r.Stop(t.Context()); err != nil {
			t.Error(err)
		}
		if took := time.Since(began); took > 5*time.Second || j.saved == 0 {
			t.Errorf("stopped after %v, %d written", took, j.saved)
		}
		if left := len(files(t, dir)); left+j.saved != 100 {
			t.Errorf("%d written, %d in files", j.saved, left)
		}
	})
}
