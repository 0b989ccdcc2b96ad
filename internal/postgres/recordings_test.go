package postgres_test

import (
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"ringcard/crm"
	"ringcard/crm/recording"
	"ringcard/internal/postgres"
)

func progress(call string, state recording.State, version int64, at time.Time) recording.Progress {
	p := recording.Progress{ID: uuid.NewString(), Version: version, CallID: call, PBX: "office", State: state, Origin: recording.Auto,
		StartedAt: at, Parts: []recording.Part{{Seq: 1, Source: recording.SourceARI, Name: "x", StartedAt: at}}}
	if !state.UnderWay() {
		p.EndedAt = &at
	}
	return p
}

func TestRecordingIsSavedByVersion_CO_08(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	store := postgres.NewRecordingStore(o.db)
	p := progress(uuid.NewString(), recording.Active, 1, o.now)
	save := func(state recording.State, version int64) recording.Recording {
		t.Helper()
		p.State, p.Version = state, version
		r, err := store.Save(o.ctx, p)
		if err != nil {
			t.Fatal(err)
		}
		return r
	}
	p.Users = []int64{o.anna.UserID}
	save(recording.Active, 1)
	p.Users = []int64{o.petr.UserID}
	r := save(recording.Paused, 3)
	// The call is not written yet; whoever had a part in it is told.
	if r.State != recording.Paused || !slices.Equal(r.Users, []int64{o.anna.UserID, o.petr.UserID}) {
		t.Errorf("%+v", r)
	}
	if r := save(recording.Active, 2); r.State != recording.Paused {
		t.Errorf("an older version won: %+v", r)
	}
	list, err := store.Unfinished(o.ctx, "office")
	if err != nil || len(list) != 1 || list[0].Version != 3 || len(list[0].Parts) != 1 {
		t.Errorf("unfinished %+v %v", list, err)
	}
	p.EndedAt = &o.now
	if r := save(recording.StoredAtPBX, 4); r.State != recording.StoredAtPBX || r.RetryAt == nil {
		t.Errorf("%+v", r)
	}
	if r := save(recording.Active, 9); r.State != recording.StoredAtPBX {
		t.Errorf("one that has ended went on: %+v", r)
	}
	other := uuid.NewString()
	if err := store.Move(o.ctx, p.CallID, other); err != nil {
		t.Fatal(err)
	}
	if r, err := store.Get(o.ctx, o.admin, p.ID); err != nil || r.CallID != other {
		t.Errorf("%+v %v", r, err)
	}
	if _, err := store.Get(o.ctx, o.anna, p.ID); crm.CodeOf(err) != crm.CodeNotFound {
		t.Errorf("of a call that is not hers: %v", err)
	}
}

func TestRecordingIsFetchedByOneAtATime_CO_08(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	store := postgres.NewRecordingStore(o.db)
	p := progress(uuid.NewString(), recording.StoredAtPBX, 1, o.now)
	if _, err := store.Save(o.ctx, p); err != nil {
		t.Fatal(err)
	}
	claim := func(at time.Time) bool {
		t.Helper()
		r, ok, err := store.Claim(o.ctx, []string{"office"}, at, time.Minute)
		if err != nil || ok && r.ID != p.ID {
			t.Fatalf("%+v %v", r, err)
		}
		return ok
	}
	if _, ok, err := store.Claim(o.ctx, []string{"other"}, o.now, time.Minute); ok || err != nil {
		t.Errorf("of another PBX: %v %v", ok, err)
	}
	if !claim(o.now) || claim(o.now) {
		t.Error("it is taken once")
	}
	if !claim(o.now.Add(2 * time.Minute)) {
		t.Error("whoever took it has died: it is anybody's")
	}
	later := o.now.Add(time.Hour)
	if err := store.PutOff(o.ctx, p.ID, recording.Failed, recording.ReasonDiskFull, "no space", &later); err != nil {
		t.Fatal(err)
	}
	if claim(o.now.Add(30*time.Minute)) || !claim(later) {
		t.Error("it is tried again when it is due")
	}
	a := recording.Arrival{Key: "2026/11/20/a.wav", Size: 44, SHA256: "00", Waveform: recording.Waveform{Channels: []recording.Bounds{}}}
	if err := store.Arrived(o.ctx, p.ID, a); err != nil {
		t.Fatal(err)
	}
	if err := store.Arrived(o.ctx, p.ID, a); crm.CodeOf(err) != crm.CodeConflict {
		t.Errorf("arrived twice: %v", err)
	}
	known, err := store.Known(o.ctx, []string{a.Key, "other.wav"})
	if err != nil || len(known) != 1 || known[a.Key] != recording.Ready {
		t.Errorf("%v %v", known, err)
	}
	left, err := store.Leftovers(o.ctx, []string{"office"}, 10)
	if err != nil || len(left) != 1 {
		t.Errorf("%+v %v", left, err)
	}
	if err := store.Cleaned(o.ctx, p.ID); err != nil {
		t.Fatal(err)
	}
	if left, err = store.Leftovers(o.ctx, []string{"office"}, 10); err != nil || len(left) != 0 {
		t.Errorf("%+v %v", left, err)
	}
	old, err := store.Expired(o.ctx, o.now.Add(time.Second), 10)
	if err != nil || len(old) != 1 {
		t.Errorf("%+v %v", old, err)
	}
	if err := store.Discard(o.ctx, o.admin, p.ID, recording.Ready); err != nil {
		t.Fatal(err)
	}
	if r, err := store.Get(o.ctx, o.admin, p.ID); err != nil || r.State != recording.Deleted || r.Key != "" {
		t.Errorf("%+v %v", r, err)
	}
}
