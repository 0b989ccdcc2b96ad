package httpapi

import (
	"bytes"
	"context"
	"encoding/binary"
	"io"
	"math"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"ringcard/crm"
	"ringcard/crm/calllog"
	"ringcard/crm/recording"
	"ringcard/cti"
	"ringcard/internal/blob"
	"ringcard/internal/postgres"
)

// pbxFiles are the files that the PBX of a test has, by name.
type pbxFiles map[string][]byte

func (f pbxFiles) Fetch(_ context.Context, _ string, _ recording.SourceKind, name string) (io.ReadCloser, error) {
	file, ok := f[name]
	if !ok {
		return nil, recording.ErrNoFile
	}
	return io.NopCloser(bytes.NewReader(file)), nil
}

func (f pbxFiles) Discard(_ context.Context, _ string, _ recording.SourceKind, name string) error {
	delete(f, name)
	return nil
}

func (f pbxFiles) Finished(context.Context, string, recording.SourceKind, string) (bool, error) {
	return true, nil
}

func (f pbxFiles) Files(context.Context, string) ([]recording.SourceFile, error) { return nil, nil }

func (s *site) newRecordings() *recording.Service {
	s.t.Helper()
	s.files = pbxFiles{}
	disk, err := blob.OpenDisk(s.t.TempDir())
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() {
		if err := disk.Close(); err != nil {
			s.t.Error(err)
		}
	})
	store := postgres.NewRecordingStore(s.db)
	return recording.NewService(recording.Stores{Log: store, Archive: store, Work: store, Shelf: store, Finds: store, Blobs: disk, Source: s.files},
		recording.Options{PBXs: []string{"office"}, Clock: s.clock.Now})
}

// tone is a WAV file of one second of a sine of 440 Hz at half scale.
func tone() []byte {
	const frames = 8000
	b := []byte("RIFF\x00\x00\x00\x00WAVEfmt \x10\x00\x00\x00\x01\x00\x01\x00\x40\x1f\x00\x00\x80\x3e\x00\x00\x02\x00\x10\x00data")
	b = binary.LittleEndian.AppendUint32(b, 2*frames)
	for i := range frames {
		b = binary.LittleEndian.AppendUint16(b, uint16(int16(16384*math.Sin(2*math.Pi*440*float64(i)/8000))))
	}
	return b
}

// record keeps a ready recording of a call and returns its id.
func (s *site) record(callID string) string {
	s.t.Helper()
	now := s.clock.Now().UTC()
	id := uuid.NewString()
	s.files["part of "+id] = tone()
	err := s.deps.Recordings.Save(s.t.Context(), recording.Progress{
		ID: id, Version: 1, CallID: callID, PBX: "office", State: recording.StoredAtPBX, Origin: recording.Auto, StartedAt: now, EndedAt: &now,
		Parts: []recording.Part{{Seq: 1, Source: recording.SourceARI, Name: "part of " + id, StartedAt: now, EndedAt: &now}},
	})
	if err == nil {
		err = s.deps.Recordings.FetchDue(s.t.Context())
	}
	if err != nil {
		s.t.Fatal(err)
	}
	return id
}

func TestRecordingIsPlayedByRange_CO_08(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	boris := s.userID("boris")
	call := s.saveCall("+79210000001", calllog.Answered, boris)
	id := s.record(call)
	b := s.login("boris")

	list := want[items[recording.Recording]](t, b.get("/api/v1/calls/"+call+"/recordings"), http.StatusOK)
	if len(list.Items) != 1 || list.Items[0].ID != id || list.Items[0].State != recording.Ready || list.Items[0].DurationMS != 1000 {
		t.Fatalf("%+v", list.Items)
	}
	if r := want[calllog.Record](t, b.get("/api/v1/calls/"+call), http.StatusOK); !r.Recorded {
		t.Error("the call is not marked as recorded")
	}
	one := want[recording.Recording](t, b.get("/api/v1/recordings/"+id), http.StatusOK)
	sound := tone()
	if one.Size != int64(len(sound)) || one.Format != "wav" || len(one.SHA256) != 64 {
		t.Errorf("%+v", one)
	}
	w := want[recording.Waveform](t, b.get("/api/v1/recordings/"+id+"/waveform"), http.StatusOK)
	if len(w.Channels) != 1 || len(w.Channels[0].Max) < 200 || len(w.Channels[0].Max) > 400 || w.Channels[0].Max[10] < 0.45 || w.Channels[0].Max[10] > 0.51 {
		t.Errorf("waveform %+v", w)
	}

	audio := "/api/v1/recordings/" + id + "/audio"
	whole := b.get(audio)
	if whole.status != http.StatusOK || whole.text != string(sound) || whole.header.Get("Content-Type") != "audio/wav" ||
		whole.header.Get("Accept-Ranges") != "bytes" {
		t.Errorf("whole: %d, %d bytes, %v", whole.status, len(whole.text), whole.header)
	}
	part := b.with("Range", "bytes=100-199").get(audio)
	if part.status != http.StatusPartialContent || part.text != string(sound[100:200]) ||
		part.header.Get("Content-Range") != "bytes 100-199/"+strconv.Itoa(len(sound)) {
		t.Errorf("range: %d, %v", part.status, part.header)
	}
	tag := whole.header.Get("ETag")
	if same := b.with("Range", "bytes=0-9").with("If-Range", tag).get(audio); same.status != http.StatusPartialContent {
		t.Errorf("If-Range of this file: %d", same.status)
	}
	if other := b.with("Range", "bytes=0-9").with("If-Range", `"other"`).get(audio); other.status != http.StatusOK || len(other.text) != len(sound) {
		t.Errorf("If-Range of another file: %d", other.status)
	}
	if bad := b.with("Range", "bytes=999999-").get(audio); bad.status != http.StatusRequestedRangeNotSatisfiable {
		t.Errorf("range beyond the end: %d", bad.status)
	}
	if head := b.send(http.MethodHead, audio, nil); head.status != http.StatusOK || head.header.Get("Content-Length") != strconv.Itoa(len(sound)) {
		t.Errorf("HEAD: %d %v", head.status, head.header)
	}
	page := want[crm.Page[recording.Recording]](t, b.get("/api/v1/recordings?state=ready&state=failed&limit=1"), http.StatusOK)
	if len(page.Items) != 1 || page.NextCursor != nil {
		t.Errorf("%+v", page)
	}
	refused(t, b.get("/api/v1/recordings?state=lost"), http.StatusUnprocessableEntity, codeInvalid)
	refused(t, b.get("/api/v1/recordings/7/audio"), http.StatusUnprocessableEntity, codeInvalid)
}

func TestWhoMayHearARecording_CO_08(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	anna, boris := s.userID("anna"), s.userID("boris")
	ofBoris := s.record(s.saveCall("+79210000001", calllog.Answered, boris))
	ofAnna := s.record(s.saveCall("+79210000002", calllog.Answered, anna))

	operator := s.login("anna") // sees her calls, may not listen
	want[recording.Recording](t, operator.get("/api/v1/recordings/"+ofAnna), http.StatusOK)
	for _, path := range []string{"/audio", "/waveform"} {
		refused(t, operator.get("/api/v1/recordings/"+ofAnna+path), http.StatusForbidden, codeForbidden)
	}
	refused(t, operator.post("/api/v1/recordings/"+ofAnna+"/link", nil), http.StatusForbidden, codeForbidden)
	refused(t, operator.get("/api/v1/recordings/"+ofBoris), http.StatusNotFound, codeNotFound)

	manager := s.login("boris") // may listen to what he may see
	want[recording.Waveform](t, manager.get("/api/v1/recordings/"+ofBoris+"/waveform"), http.StatusOK)
	for _, path := range []string{"/audio", "/waveform", ""} {
		refused(t, manager.get("/api/v1/recordings/"+ofAnna+path), http.StatusNotFound, codeNotFound)
	}
	refused(t, manager.get("/api/v1/recordings/"+ofBoris+"/listenings"), http.StatusForbidden, codeForbidden)
	refused(t, manager.send(http.MethodDelete, "/api/v1/recordings/"+ofBoris, nil), http.StatusForbidden, codeForbidden)
	if list := want[crm.Page[recording.Recording]](t, manager.get("/api/v1/recordings"), http.StatusOK); len(list.Items) != 1 || list.Items[0].ID != ofBoris {
		t.Errorf("the manager sees %+v", list.Items)
	}
	admin := s.login("admin")
	if list := want[crm.Page[recording.Recording]](t, admin.get("/api/v1/recordings"), http.StatusOK); len(list.Items) != 2 {
		t.Errorf("the administrator sees %+v", list.Items)
	}
	want[none](t, admin.send(http.MethodDelete, "/api/v1/recordings/"+ofAnna, nil), http.StatusNoContent)
	want[none](t, admin.send(http.MethodDelete, "/api/v1/recordings/"+ofAnna, nil), http.StatusNoContent)
	refused(t, admin.get("/api/v1/recordings/"+ofAnna+"/audio"), http.StatusGone, codeGone)
	if r := want[recording.Recording](t, admin.get("/api/v1/recordings/"+ofAnna), http.StatusOK); r.State != recording.Deleted {
		t.Errorf("%+v", r)
	}
}

func TestLinkPlaysForFiveMinutesAndForOneUser_CO_08(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	boris := s.userID("boris")
	id := s.record(s.saveCall("+79210000001", calllog.Answered, boris))
	other := s.record(s.saveCall("+79210000002", calllog.Answered, boris))
	b := s.login("boris")
	link := want[RecordingLink](t, b.post("/api/v1/recordings/"+id+"/link", nil), http.StatusCreated)
	if left := link.ExpiresAt.Sub(s.clock.Now()); left > recording.LinkLife || left < recording.LinkLife-2*time.Second {
		t.Errorf("expires in %s", left)
	}
	stranger := s.anonymous() // a player has no session of its own
	if got := stranger.get(link.URL); got.status != http.StatusOK || len(got.text) != len(tone()) {
		t.Fatalf("by link: %d %s", got.status, got.header)
	}
	refused(t, s.login("admin").get(link.URL), http.StatusForbidden, codeForbidden)
	if got := b.get(link.URL); got.status != http.StatusOK {
		t.Errorf("his own link, signed in: %d", got.status)
	}

	u, err := url.Parse(link.URL)
	if err != nil {
		t.Fatal(err)
	}
	with := func(key, value string) string {
		q := u.Query()
		q.Set(key, value)
		return u.Path + "?" + q.Encode()
	}
	for _, forged := range []string{
		with("user", strconv.FormatInt(s.userID("admin"), 10)), with("expires", "99999999999"), with("signature", "AAAA"), with("signature", ""),
		with("user", "x"), strings.Replace(link.URL, id, other, 1),
	} {
		refused(t, stranger.get(forged), http.StatusForbidden, codeForbidden)
	}
	refused(t, stranger.get(u.Path), http.StatusUnauthorized, codeUnauthorized)
	if strings.Contains(s.log.String(), u.Query().Get("signature")) {
		t.Error("the signature is in the log")
	}

	no := false
	want[any](t, s.login("admin").send(http.MethodPatch, "/api/v1/users/"+strconv.FormatInt(boris, 10), UserPatch{Active: &no}), http.StatusOK)
	refused(t, stranger.get(link.URL), http.StatusForbidden, codeForbidden)
	s.clock.advance(recording.LinkLife + time.Second)
	refused(t, stranger.get(link.URL), http.StatusGone, codeGone)
}

func TestEachListeningIsNoted_CO_08(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.record(s.saveCall("+79210000001", calllog.Answered, s.userID("boris")))
	admin, boris := s.login("admin"), s.login("boris")
	audio := "/api/v1/recordings/" + id + "/audio"
	listenings := func() []recording.Listening {
		t.Helper()
		return want[crm.Page[recording.Listening]](t, admin.get("/api/v1/recordings/"+id+"/listenings"), http.StatusOK).Items
	}
	boris.send(http.MethodHead, audio, nil)
	want[recording.Waveform](t, boris.get("/api/v1/recordings/"+id+"/waveform"), http.StatusOK)
	if got := listenings(); len(got) != 0 {
		t.Errorf("nobody listened: %+v", got)
	}
	for range 3 { // one listening, sought about in
		boris.with("Range", "bytes=0-99").get(audio)
	}
	link := want[RecordingLink](t, boris.post("/api/v1/recordings/"+id+"/link", nil), http.StatusCreated)
	s.anonymous().get(link.URL)
	admin.get(audio)
	got := listenings()
	if len(got) != 3 {
		t.Fatalf("%+v", got)
	}
	if l := got[0]; l.User.Name != "Администратор" || l.Via != recording.ViaSession || l.Address == "" || l.At.IsZero() {
		t.Errorf("%+v", l)
	}
	if l := got[1]; l.User.Name != "Борис Ветров" || l.Via != recording.ViaLink {
		t.Errorf("%+v", l)
	}
	if l := got[2]; l.User.Name != "Борис Ветров" || l.Via != recording.ViaSession || l.Requests != 3 {
		t.Errorf("%+v", l)
	}
	s.clock.advance(time.Hour)
	boris.get(audio)
	if got := listenings(); len(got) != 4 {
		t.Errorf("an hour later: %+v", got)
	}
}

func TestRecordCommands_CO_08(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.login("anna")
	call := uuid.NewString()
	out := want[RecordOutput](t, b.post("/api/v1/calls/"+call+"/record", RecordInput{Command: "start"}), http.StatusOK)
	if out.RecordingID == "" || out.State != "recording" || len(s.calls.recorded) != 1 || s.calls.recorded[0] != cti.RecordStart {
		t.Errorf("%+v %v", out, s.calls.recorded)
	}
	refused(t, b.post("/api/v1/calls/"+call+"/record", RecordInput{Command: "louder"}), http.StatusUnprocessableEntity, codeInvalid)
	s.calls.err = cti.Errorf(cti.CodeNotRecorded, "this call is not being recorded")
	refused(t, b.post("/api/v1/calls/"+call+"/record", RecordInput{Command: "pause"}), http.StatusConflict, string(cti.CodeNotRecorded))
}
