package capture

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"ringcard/cti"
	"ringcard/cti/ctitest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func testOffice() Office {
	return Office{Config: cti.OfficeConfig{PBX: "office", Context: "office", Trunks: []string{"PJSIP/trunk"}, Parse: ctitest.Number},
		Users: ctitest.Users("office"), Region: "RU"}
}

// recording reads the frames of a recorded scenario.
func recording(t testing.TB, file string) []stored {
	t.Helper()
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var out []stored
	lines := bufio.NewScanner(bytes.NewReader(raw))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var f struct{ Timestamp string }
		if err := json.Unmarshal(lines.Bytes(), &f); err != nil {
			t.Fatal(err)
		}
		at, err := time.Parse("2006-01-02T15:04:05.000-0700", f.Timestamp)
		if err != nil {
			at = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
		}
		out = append(out, stored{at.UTC(), kindFrame, bytes.Clone(lines.Bytes())})
	}
	return out
}

// plain is a capture that nothing was taken out of.
func plain(lines []stored) *Capture {
	o := testOffice()
	c := &Capture{Header: Header{PBX: o.Config.PBX, Trunks: o.Config.Trunks, Extensions: cti.DefaultExtensions, Context: "office"}}
	for _, u := range o.Users {
		c.Header.Users = append(c.Header.Users, User{ID: u.ID, Name: u.Name, Devices: u.Devices})
	}
	for _, s := range lines {
		c.Lines = append(c.Lines, Line{At: s.at, Kind: kindFrame, Frame: s.raw})
	}
	return c
}

// exported writes and reads a file.
func exported(t testing.TB, lines []stored, o Office) (*Capture, []byte) {
	t.Helper()
	ring := NewRing()
	ring.Start()
	ring.lines = lines
	var file bytes.Buffer
	if err := ring.Write(&file, o); err != nil {
		t.Fatal(err)
	}
	c, err := Read(bytes.NewReader(file.Bytes()))
	if err != nil {
		t.Fatal(err)
	}
	return c, file.Bytes()
}

func replay(t testing.TB, c *Capture) []Call {
	t.Helper()
	r, err := Replay(t.Context(), c, ctitest.Number)
	if err != nil {
		t.Fatal(err)
	}
	return r.Calls
}

// Every recorded scenario comes out the same from a redacted capture, and the
// file holds no number and no name of the original (PB-13).
func TestRedactedCapturesComeOutTheSame_PB_13(t *testing.T) {
	long := regexp.MustCompile(`\b\d{10,15}\b`)
	names := regexp.MustCompile(`"(?:caller|connected)":\{"name":"([^"]{2,})"`)
	for _, version := range []string{"22", "16"} {
		files, err := filepath.Glob(filepath.Join("..", "..", "ari", "testdata", version, "*.jsonl"))
		if err != nil || len(files) < 20 {
			t.Fatalf("%d recordings, %v", len(files), err)
		}
		for _, file := range files {
			t.Run(version+"/"+filepath.Base(file), func(t *testing.T) {
				t.Parallel()
				lines := recording(t, file)
				want := replay(t, plain(lines))
				c, raw := exported(t, lines, testOffice())
				got := replay(t, c)
				if len(want) == 0 || len(got) != len(want) {
					t.Fatalf("%d calls, want %d", len(got), len(want))
				}
				for i := range want {
					w, g := want[i], got[i]
					w.Number.E164, g.Number.E164 = "", "" // replaced, of course
					if p := w.AnsweredBy; p != nil && p.Device == "PJSIP/trunk" {
						p.Device = "PJSIP/trunk-1"
					}
					if d := differences(&w.Call, &g.Call); len(d) > 0 || w.Number.Kind != g.Number.Kind {
						t.Errorf("%s: %q, %s became %s", w.ID, d, w.Number.Kind, g.Number.Kind)
					}
					if w, g := decided(w.Why), decided(g.Why); w != g {
						t.Errorf("decisions:\n%s\nwant:\n%s", g, w)
					}
				}
				for _, s := range lines {
					for _, n := range long.FindAllString(string(s.raw), -1) {
						if _, isTime := strings.CutPrefix(n, "17"); (!isTime || len(n) != 10) && bytes.Contains(raw, []byte(n)) {
							t.Fatalf("the number %s is in the file", n)
						}
					}
					for _, m := range names.FindAllStringSubmatch(string(s.raw), -1) {
						if bytes.Contains(raw, []byte(`"`+m[1]+`"`)) && !regexp.MustCompile(`^\d{2,6}$`).MatchString(m[1]) {
							t.Fatalf("the name %q is in the file", m[1])
						}
					}
				}
			})
		}
	}
}

// decided lists the decisions whose order the frames give.
func decided(w cti.Why) string {
	var codes []string
	for _, s := range w.Steps {
		if s.Step != "lookup" {
			codes = append(codes, s.Code)
		}
	}
	return strings.Join(codes, " ")
}

// What Asterisk puts into variables, addresses and data of applications never
// gets out; numbers stay the same number however they are written.
func TestNothingButTheCallGetsOut_PB_13(t *testing.T) {
	at := time.Date(2026, 11, 22, 9, 0, 0, 0, time.UTC)
	frames := []string{
		`{"type":"ChannelCreated","timestamp":"2026-11-22T09:00:00.000+0000","application":"s3cret-app","asterisk_id":"02:42:ac:11:00:02",` +
			`"channel":{"id":"1763800000.1","name":"PJSIP/ivanov-00000001","state":"Ring","accountcode":"s3cret","caller":{"name":"Иван Иванов","number":"+79161234567"},` +
			`"connected":{"name":"79161234567","number":""},"dialplan":{"context":"did-79161234567","exten":"74951000101","priority":1,"app_name":"Set","app_data":"PASS=s3cret"},` +
			`"channelvars":{"CHANNEL(linkedid)":"1763800000.1","PASSWORD":"s3cret"}}}`,
		`{"type":"Dial","peer":{"id":"2","name":"PJSIP/beeline-00000002","state":"Down","caller":{"name":"","number":"89161234567"},"connected":{"name":"Иван Иванов","number":"8 (916) 123-45-67"},` +
			`"dialplan":{"context":"c","exten":"s","priority":1,"app_name":"AppDial","app_data":"(Outgoing Line)"}},"dialstatus":"","dialstring":"89161234567@s3cret.example.org"}`,
		`{"type":"ChannelVarset","variable":"CARD","value":"4276s3cret"}`,
		`{"type":"ChannelDtmfReceived","digit":"s3cret","channel":{"id":"2","name":"PJSIP/beeline-00000002","state":"Up"}}`,
		`{"type":"ContactStatusChange","contact_info":{"uri":"sip:101@10.1.2.3;s3cret","contact_status":"Reachable","aor":"s3cret"},"endpoint":{"technology":"PJSIP","resource":"ivanov","state":"online","channel_ids":[]}}`,
		`{"type":"ChannelUserevent","userevent":{"pin":"s3cret","deep":[{"x":"s3cret"},"s3cret"]}}`,
		`not JSON s3cret`,
	}
	var lines []stored
	for _, f := range frames {
		lines = append(lines, stored{at, kindFrame, []byte(f)})
	}
	call := cti.Call{ID: "c", PBX: "office", Number: cti.Number{Raw: "89161234567", E164: "+79161234567", Display: "+7 916 123-45-67"},
		Client: &cti.Client{ID: 7, Name: "ООО Тайна", PersonName: "Иван Иванов", Note: "s3cret", City: "Мурманск"}, State: cti.Ended,
		Why: &cti.Why{Steps: []cti.Step{{Code: "failed", Params: map[string]string{"why": "s3cret", "number": "+79161234567", "name": "Иван Иванов"}}}}}
	raw, err := json.Marshal(call)
	if err != nil {
		t.Fatal(err)
	}
	lines = append(lines, stored{at, kindEnded, raw})
	o := testOffice()
	o.Users = append(o.Users, cti.User{ID: 900, Name: "Иван Иванов", Devices: []cti.Device{{PBX: "office", Endpoint: "PJSIP/ivanov"}}})
	c, file := exported(t, lines, o)
	for _, secret := range []string{"s3cret", "Иван", "Тайна", "Мурманск", "ivanov", "beeline", "1234567", "123-45-67", "1000101", "02:42"} {
		if bytes.Contains(file, []byte(secret)) {
			t.Errorf("%q is in the file:\n%s", secret, file)
		}
	}
	digits := regexp.MustCompile(`\D`)
	last := func(s string) string { s = digits.ReplaceAllString(s, ""); return s[max(0, len(s)-7):] }
	ended := c.Lines[len(c.Lines)-1].Call
	var one, two struct {
		Channel struct {
			Name   string
			Caller struct{ Name, Number string }
		}
		Peer struct {
			Name              string
			Caller, Connected struct{ Name, Number string }
		}
	}
	for i, v := range []any{&one, &two} {
		if err := json.Unmarshal(c.Lines[i].Frame, v); err != nil {
			t.Fatal(err)
		}
	}
	same := []string{last(one.Channel.Caller.Number), last(two.Peer.Caller.Number), last(two.Peer.Connected.Number), last(ended.Number.Display), last(ended.Number.E164)}
	if len(slices.Compact(same)) != 1 || len(same[0]) != 7 {
		t.Errorf("one number became %q", same)
	}
	if one.Channel.Caller.Name != two.Peer.Connected.Name || ended.Client.PersonName != one.Channel.Caller.Name {
		t.Errorf("one name became %q, %q, %q", one.Channel.Caller.Name, two.Peer.Connected.Name, ended.Client.PersonName)
	}
	if one.Channel.Name != "PJSIP/tel-1-00000001" || two.Peer.Name != "PJSIP/trunk-1-00000002" || !slices.Contains(c.Header.Trunks, "PJSIP/trunk-1") {
		t.Errorf("%q, %q, trunks %q", one.Channel.Name, two.Peer.Name, c.Header.Trunks)
	}
}

func TestBadFilesAreNamed_PB_13(t *testing.T) {
	const head = `{"format":"ringcard-capture","version":1,"pbx":"office"}` + "\n"
	for name, tt := range map[string]struct{ file, says string }{
		"empty":        {"", "empty"},
		"something":    {"PNG\n", "line 1: this is no capture"},
		"other JSON":   {`{"version":1}` + "\n", "no capture"},
		"newer":        {`{"format":"ringcard-capture","version":9}` + "\n", "version 9"},
		"cut off":      {head + `{"at":"2026-11-22T09:00:00Z","kind":"fra`, "line 2: it is cut off"},
		"unknown kind": {head + `{"at":"2026-11-22T09:00:00Z","kind":"song"}`, `unknown kind "song"`},
		"no content":   {head + `{"at":"2026-11-22T09:00:00Z","kind":"resync"}`, "without its content"},
		"no time":      {head + `{"kind":"disconnected"}`, "without its time"},
		"no placer":    {head + `{"at":"2026-11-22T09:00:00Z","kind":"placed","call":{"id":"x"}}`, "without its content"},
		"long line":    {head + strings.Repeat("x", maxLine+1), "longer than 8 MB"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Read(strings.NewReader(tt.file))
			var bad *FileError
			if !errors.As(err, &bad) || !strings.Contains(err.Error(), tt.says) {
				t.Errorf("%v does not say %q", err, tt.says)
			}
		})
	}
	c, err := Read(strings.NewReader(strings.Replace(head, `"pbx"`, `"extensions":"(","pbx"`, 1)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := Replay(t.Context(), c, ctitest.Number); err == nil || !strings.Contains(err.Error(), "header") {
		t.Errorf("bad pattern: %v", err)
	}
}

// A full ring gives way to the newest, and frames of a reconnect come after
// its resync.
func TestRing_PB_13(t *testing.T) {
	r := NewRing()
	r.Frame([]byte(`{"n":0}`), time.Now().UTC())
	r.Event(cti.Event{Kind: cti.Resync, At: time.Now(), Snapshot: &cti.Snapshot{}})
	if s := r.Status(); s.Lines != 0 || s.Running {
		t.Errorf("a stopped ring keeps %+v", s)
	}
	r.Start()
	r.Frame([]byte(`{"n":1}`), time.Now().UTC())
	r.Event(cti.Event{Kind: cti.Disconnected, At: time.Now()})
	r.Frame([]byte(`{"n":2}`), time.Now().UTC())
	r.Event(cti.Event{Kind: cti.Resync, At: time.Now(), Snapshot: &cti.Snapshot{}})
	r.Frame([]byte(`{"n":3}`), time.Now().UTC())
	var kinds []string
	kept, _ := r.kept()
	for _, s := range kept {
		kinds = append(kinds, s.kind+string(s.raw[:min(7, len(s.raw))]))
	}
	if got := strings.Join(kinds, " "); got != `frame{"n":1} disconnectednull resync{"Chann frame{"n":2} frame{"n":3}` {
		t.Errorf("order %s", got)
	}
	r.maxBytes = 10_000
	for range 5000 {
		r.Frame([]byte(`{"type":"ChannelVarset","xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx":1}`), time.Now().UTC())
	}
	if s := r.Status(); s.Bytes > 10_000 || s.Dropped < 4000 || s.Lines < 100 {
		t.Errorf("%+v", s)
	}
	r.Stop()
	before := r.Status()
	r.Frame([]byte(`{"n":9}`), time.Now().UTC())
	if s := r.Status(); s.Lines != before.Lines || s.Running {
		t.Errorf("%+v", s)
	}
}

// FuzzRead: whatever a file holds, it is a capture that replays or an error.
func FuzzRead(f *testing.F) {
	const head = `{"format":"ringcard-capture","version":1,"pbx":"office","extensions":"^\\d{2,6}$"}` + "\n"
	f.Add([]byte(head + `{"at":"2026-11-22T09:00:00Z","kind":"resync","snapshot":{"Channels":[{"ID":"1","Name":"PJSIP/101-1","State":"Up"}]}}`))
	f.Add([]byte(head + `{"at":"2026-11-22T09:00:00Z","kind":"placed","call":{"id":"6f1c7b0a-5d0e-4b0e-9a63-52494e474341","placed_by":{"name":"x"}}}`))
	f.Add([]byte(head + `{"at":"2026-11-22T09:00:00Z","kind":"frame","frame":{"type":"ChannelCreated","channel":{"id":"1","name":"PJSIP/101-1","state":"Ring"}}}`))
	f.Add([]byte(head + `{"at":"2026-11-22T09:00:00Z","kind":"ended","call":{"id":"x"}}` + "\n" + `{"at":"2026-11-22T09:00:00Z","kind":"lookup","lookup":{"e164":"+7"}}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		c, err := Read(bytes.NewReader(raw))
		if err != nil || len(c.Lines) > 50 {
			return
		}
		r, err := Replay(t.Context(), c, ctitest.Number)
		if err != nil {
			return
		}
		var out bytes.Buffer
		if _, err := r.WriteTo(&out); err != nil {
			t.Fatal(err)
		}
	})
}
