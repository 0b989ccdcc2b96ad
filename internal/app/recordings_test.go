package app

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/johannesboyne/gofakes3"
	"github.com/johannesboyne/gofakes3/backend/s3mem"

	"ringcard/ari"
	"ringcard/configs"
	"ringcard/crm"
	"ringcard/crm/recording"
	"ringcard/internal/blob"
	"ringcard/internal/postgres"
	"ringcard/internal/postgres/pgtest"
)

// wavFile is mono PCM of 16 bits at 8 kHz; its header says that it has length
// bytes of sound.
func wavFile(sound []byte, length uint32) []byte {
	b := binary.LittleEndian.AppendUint32([]byte("RIFF"), 36+length)
	b = append(b, "WAVEfmt "...)
	b = binary.LittleEndian.AppendUint32(b, 16)
	for _, v := range []uint16{1, 1, 8000, 0, 16000, 0, 2, 16} { // PCM, mono, rates as two halves
		b = binary.LittleEndian.AppendUint16(b, v)
	}
	b = binary.LittleEndian.AppendUint32(append(b, "data"...), length)
	return append(b, sound...)
}

var (
	oneSecond = bytes.Repeat([]byte{1, 2}, 8000)
	wholeFile = wavFile(oneSecond, 16000)
)

// shelf is a PBX with recordings as ARI gives them. A fault answers one request
// for a file in its place.
type shelf struct {
	mu      sync.Mutex
	files   map[string][]byte
	faults  []func(http.ResponseWriter, []byte)
	removed []string
}

func (s *shelf) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	name, file := strings.CutSuffix(strings.TrimPrefix(r.URL.Path, "/ari/recordings/stored/"), "/file")
	b, ok := s.files[name]
	switch {
	case !ok:
		w.WriteHeader(http.StatusNotFound)
	case r.Method == http.MethodDelete:
		s.removed = append(s.removed, name)
		w.WriteHeader(http.StatusNoContent)
	case file && len(s.faults) > 0:
		fault := s.faults[0]
		s.faults = s.faults[1:]
		fault(w, b)
	default:
		_, _ = w.Write(b)
	}
}

func (s *shelf) put(name string, b []byte) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.files[name] = b
}

// fail makes the next requests for a file end so.
func (s *shelf) fail(faults ...func(http.ResponseWriter, []byte)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, faults...)
}

// gone lists what was removed.
func (s *shelf) gone() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.removed)
}

// room is the keeping of recordings on a real database.
type room struct {
	t     *testing.T
	pbx   *shelf
	db    *postgres.DB
	store *postgres.RecordingStore
	blobs recording.Blobs
	serve *recording.Service
	now   time.Time
	told  []string // states and reasons
}

func newRoom(t *testing.T, blobs recording.Blobs, keepDays int) *room {
	t.Helper()
	x := &room{t: t, pbx: &shelf{files: make(map[string][]byte)}, db: pgtest.New(t), blobs: blobs, now: time.Now().UTC().Truncate(time.Second)}
	server := httptest.NewServer(x.pbx)
	t.Cleanup(server.Close)
	client := ari.New(ari.Config{Name: "office", URL: server.URL + "/ari", User: "u", Password: "p", App: "ringcard"}, ari.Options{})
	t.Cleanup(func() {
		if err := client.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	source := &pbxFiles{clients: make(map[string]*ari.Client), folders: make(map[string]*os.Root), stored: make(map[string]bool)}
	if err := source.add(configs.PBX{Name: "office"}, client); err != nil {
		t.Fatal(err)
	}
	x.store = postgres.NewRecordingStore(x.db)
	x.serve = recording.NewService(recording.Stores{
		Log: x.store, Archive: x.store, Work: x.store, Shelf: x.store, Finds: x.store, Blobs: blobs, Source: source,
	}, recording.Options{
		PBXs: []string{"office"}, KeepDays: keepDays, Clock: func() time.Time { return x.now },
		Notify: func(_ []int64, r recording.Recording) { x.told = append(x.told, string(r.State)+":"+string(r.Reason)) },
	})
	return x
}

// recorded is a recording whose files lie at the PBX; it began so long ago.
func (x *room) recorded(ago time.Duration, files ...[]byte) string {
	x.t.Helper()
	at := x.now.Add(-ago)
	p := recording.Progress{ID: uuid.NewString(), Version: 1, CallID: uuid.NewString(), PBX: "office", State: recording.StoredAtPBX,
		Origin: recording.Auto, StartedAt: at, EndedAt: &at}
	for i, b := range files {
		name := p.ID + "-" + string(rune('1'+i))
		if b != nil {
			x.pbx.put(name, b)
		}
		p.Parts = append(p.Parts, recording.Part{Seq: i + 1, Source: recording.SourceARI, Name: name, StartedAt: at, EndedAt: &at})
	}
	if err := x.serve.Save(x.t.Context(), p); err != nil {
		x.t.Fatal(err)
	}
	return p.ID
}

func (x *room) fetch() {
	x.t.Helper()
	if err := x.serve.FetchDue(x.t.Context()); err != nil {
		x.t.Fatal(err)
	}
}

func (x *room) get(id string) recording.Recording {
	x.t.Helper()
	r, err := x.store.Get(x.t.Context(), crm.System(), id)
	if err != nil {
		x.t.Fatal(err)
	}
	return r
}

// keys lists what the storage has.
func (x *room) keys() []string {
	x.t.Helper()
	var keys []string
	err := x.blobs.List(x.t.Context(), func(b recording.BlobInfo) error { keys = append(keys, b.Key); return nil })
	if err != nil {
		x.t.Fatal(err)
	}
	slices.Sort(keys)
	return keys
}

// bucket is an S3 storage that refuses to take anything while refuses is set.
func bucket(t *testing.T, refuses *atomic.Bool) recording.Blobs {
	t.Helper()
	backend := s3mem.New()
	if err := backend.CreateBucket("calls"); err != nil {
		t.Fatal(err)
	}
	fake := gofakes3.New(backend).Server()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if refuses.Load() && r.Method == http.MethodPut {
			_, _ = io.Copy(io.Discard, r.Body)
			w.WriteHeader(http.StatusForbidden)
			_, _ = io.WriteString(w, `<?xml version="1.0"?><Error><Code>AccessDenied</Code><Message>no</Message></Error>`)
			return
		}
		fake.ServeHTTP(w, r)
	}))
	transport := &http.Transport{}
	t.Cleanup(func() { transport.CloseIdleConnections(); server.Close() })
	s, err := blob.OpenS3(t.Context(), blob.S3Config{Endpoint: server.URL, Region: "us-east-1", Bucket: "calls", AccessKey: "k", SecretKey: "s"}, transport)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// Whatever goes wrong on the way, the file stays at the PBX and is fetched
// again later, whole; the users are told what it waits for.
func TestFetchingOutlivesFaults_CO_08(t *testing.T) {
	t.Parallel()
	var refuses atomic.Bool
	x := newRoom(t, bucket(t, &refuses), 0)
	id := x.recorded(time.Minute, wholeFile)
	broken := func(w http.ResponseWriter, _ []byte) { panic(http.ErrAbortHandler) }
	for i, fault := range []struct {
		name   string
		answer func(http.ResponseWriter, []byte)
		reason recording.Reason
	}{
		{"the PBX is away", broken, recording.ReasonUnreachable},
		{"it ends in the middle of the file", func(w http.ResponseWriter, b []byte) {
			w.Header().Set("Content-Length", "16044")
			_, _ = w.Write(b[:9000])
			_ = http.NewResponseController(w).Flush()
			broken(w, nil)
		}, recording.ReasonUnreachable},
		{"it fails", func(w http.ResponseWriter, _ []byte) { w.WriteHeader(http.StatusInternalServerError) }, recording.ReasonUnreachable},
		{"the storage refuses", nil, recording.ReasonStorage},
	} {
		refuses.Store(fault.answer == nil)
		if fault.answer != nil {
			x.pbx.fail(fault.answer)
		}
		x.told = nil
		x.fetch()
		r := x.get(id)
		wait := 5 * time.Second << i
		if r.State != recording.StoredAtPBX || r.Reason != fault.reason || r.RetryAt == nil || !r.RetryAt.Equal(x.now.Add(wait)) {
			t.Errorf("%s: %s %s, again at %v, want in %v", fault.name, r.State, r.Reason, r.RetryAt, wait)
		}
		if keys := x.keys(); len(keys) > 0 || len(x.pbx.gone()) > 0 {
			t.Errorf("%s: we have %v, removed at the PBX %v", fault.name, keys, x.pbx.gone())
		}
		if want := "stored_at_pbx:" + string(fault.reason); !slices.Contains(x.told, want) {
			t.Errorf("%s: told %v", fault.name, x.told)
		}
		x.fetch() // not due yet
		if got := x.get(id).Attempts; got != i+1 {
			t.Errorf("%s: %d attempts", fault.name, got)
		}
		x.now = x.now.Add(wait)
	}
	refuses.Store(false)
	x.fetch()
	r := x.get(id)
	if r.State != recording.Ready || r.Reason != "" || r.DurationMS != 1000 || len(x.pbx.gone()) != 1 {
		t.Fatalf("%+v, removed %v", r, x.pbx.gone())
	}
	b, err := x.blobs.Open(t.Context(), r.Key)
	if err != nil {
		t.Fatal(err)
	}
	defer b.Close()
	if got, err := io.ReadAll(b); err != nil || !bytes.Equal(got, wholeFile) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
}

// What a PBX in trouble gives is taken for what it is.
func TestWhatAPBXInTroubleGives_CO_08(t *testing.T) {
	t.Parallel()
	x := newRoom(t, disk(t, t.TempDir()), 0)
	tests := map[string]struct {
		files  [][]byte
		state  recording.State
		reason recording.Reason
	}{
		"a whole file":                      {[][]byte{wholeFile}, recording.Ready, ""},
		"a header that was never completed": {[][]byte{wavFile(oneSecond, 0)}, recording.Ready, recording.ReasonIncomplete},
		"less than the header says":         {[][]byte{wavFile(oneSecond, 160000)}, recording.Ready, recording.ReasonIncomplete},
		"an empty file":                     {[][]byte{{}}, recording.Failed, recording.ReasonPBXFailed},
		"an empty file after a whole one":   {[][]byte{wholeFile, {}}, recording.Ready, recording.ReasonIncomplete},
		"no sound":                          {[][]byte{wavFile(nil, 0)}, recording.Failed, recording.ReasonEmpty},
		"no WAV file":                       {[][]byte{[]byte("<html>this is not a sound at all</html>")}, recording.Failed, recording.ReasonDamaged},
		"no file":                           {[][]byte{nil}, recording.Failed, recording.ReasonNotAtPBX},
	}
	ids := make(map[string]string)
	for name, test := range tests {
		ids[name] = x.recorded(time.Minute, test.files...)
	}
	x.fetch()
	for name, test := range tests {
		r := x.get(ids[name])
		if r.State != test.state || r.Reason != test.reason || r.RetryAt != nil {
			t.Errorf("%s: %s %q, again at %v", name, r.State, r.Reason, r.RetryAt)
		}
	}
}

func disk(t *testing.T, dir string) *blob.Disk {
	t.Helper()
	d, err := blob.OpenDisk(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

// A part that was with us already and is lost is fetched once more.
func TestLostPartIsFetchedAgain_CO_08(t *testing.T) {
	t.Parallel()
	x := newRoom(t, disk(t, t.TempDir()), 0)
	id := x.recorded(time.Minute, wholeFile, wholeFile)
	x.pbx.fail(
		func(w http.ResponseWriter, b []byte) { _, _ = w.Write(b) },
		func(w http.ResponseWriter, _ []byte) { w.WriteHeader(http.StatusInternalServerError) },
	)
	x.fetch()
	kept := x.keys()
	if len(kept) != 1 {
		t.Fatalf("after the first part we have %v", kept)
	}
	if err := x.blobs.Delete(t.Context(), kept[0]); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the loss is noticed, then mended
		x.now = x.now.Add(time.Minute)
		x.fetch()
	}
	if r := x.get(id); r.State != recording.Ready || r.Reason != "" || r.DurationMS != 2000 {
		t.Errorf("%+v", r)
	}
}

// At night recordings older than the retention go, with their copies at the
// PBX, and records and files are compared both ways. A file of nobody is
// counted and left.
func TestNightlyWork_CO_08(t *testing.T) {
	t.Parallel()
	const day = 24 * time.Hour
	dir := t.TempDir()
	x := newRoom(t, disk(t, dir), 30)
	stuck, old, young, lost := x.recorded(40*day, wholeFile), x.recorded(31*day, wholeFile), x.recorded(29*day, wholeFile), x.recorded(time.Hour, wholeFile)
	x.fetch()
	oldFailed := x.recorded(32*day, nil)
	x.fetch()
	running := recording.Progress{ID: uuid.NewString(), Version: 1, CallID: uuid.NewString(), PBX: "office", State: recording.Active,
		Origin: recording.Auto, StartedAt: x.now.Add(-60 * day)}
	if err := x.serve.Save(t.Context(), running); err != nil {
		t.Fatal(err)
	}
	file := func(key string) string { return filepath.Join(dir, filepath.FromSlash(key)) }
	put := func(key string, age time.Duration) {
		t.Helper()
		if _, err := x.blobs.Put(t.Context(), key, bytes.NewReader(wholeFile)); err != nil {
			t.Fatal(err)
		}
		at := x.now.Add(-age)
		if err := os.Chtimes(file(key), at, at); err != nil {
			t.Fatal(err)
		}
	}
	youngKey := x.get(young).Key
	leftover := strings.TrimSuffix(youngKey, ".wav") + "-part1.wav" // of a join that was cut off
	orphan, fresh, foreign := "2026/01/02/"+uuid.NewString()+".wav", "2026/01/02/"+uuid.NewString()+".wav", "2026/01/02/greeting.wav"
	put(leftover, 2*time.Hour)
	put(orphan, 2*time.Hour)
	put(foreign, 2*time.Hour)
	put(fresh, time.Minute) // its record may be on its way
	away := filepath.Join(t.TempDir(), "away.wav")
	lostKey, stuckKey := x.get(lost).Key, x.get(stuck).Key
	// What cannot be deleted: a folder with something in it.
	err := errors.Join(os.Rename(file(lostKey), away), os.Remove(file(stuckKey)), os.MkdirAll(filepath.Join(file(stuckKey), "x"), 0o700))
	if err != nil {
		t.Fatal(err)
	}

	if err := x.serve.Nightly(t.Context()); err == nil || !strings.Contains(err.Error(), stuck) {
		t.Errorf("a recording that cannot be deleted is not told: %v", err)
	}
	for id, want := range map[string]recording.State{
		stuck: recording.Ready, old: recording.Deleted, oldFailed: recording.Deleted, young: recording.Ready, lost: recording.Missing, running.ID: recording.Active,
	} {
		if got := x.get(id).State; got != want {
			t.Errorf("%s is %s, want %s", id, got, want)
		}
	}
	want := []string{youngKey, orphan, fresh, foreign}
	slices.Sort(want)
	if got := x.keys(); !slices.Equal(got, want) {
		t.Errorf("the storage has %v, want %v", got, want)
	}
	if !slices.Contains(x.told, "deleted:") || !slices.Contains(x.told, "missing:") {
		t.Errorf("told %v", x.told)
	}
	var audited int
	if err := x.db.Pool().QueryRow(t.Context(), `SELECT count(*) FROM crm.audit_log WHERE action = 'recording.delete'`).Scan(&audited); err != nil || audited != 2 {
		t.Errorf("%d deletions in the audit log, %v", audited, err)
	}

	// The next night: the disk is mounted again, and the fault is mended.
	err = errors.Join(os.MkdirAll(filepath.Dir(file(lostKey)), 0o700), os.Rename(away, file(lostKey)), os.RemoveAll(file(stuckKey)))
	if err != nil {
		t.Fatal(err)
	}
	if err := x.serve.Nightly(t.Context()); err != nil {
		t.Error(err)
	}
	if a, b := x.get(lost).State, x.get(stuck).State; a != recording.Ready || b != recording.Deleted {
		t.Errorf("the second night: %s, %s", a, b)
	}
	if err := x.serve.CleanPBX(t.Context()); err != nil {
		t.Error(err)
	}
	for _, id := range []string{old, young, lost} {
		if !slices.ContainsFunc(x.pbx.gone(), func(name string) bool { return strings.HasPrefix(path.Base(name), id) }) {
			t.Errorf("%s is still at the PBX", id)
		}
	}
}
