package scenario_test

import (
	"bufio"
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"go.uber.org/goleak"

	"ringcard/ari"
	"ringcard/cti"
	"ringcard/cti/ctitest"
	"ringcard/test/scenario"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// pbx is the PBX of a recording: it takes no commands.
type pbx struct{}

func (pbx) Name() string                                   { return "office" }
func (pbx) Originate(context.Context, cti.Originate) error { return nil }
func (pbx) Hangup(context.Context, string) error           { return nil }
func (pbx) Connected() (bool, time.Time)                   { return true, time.Time{} }

// office is an engine with everything around it in memory.
type office struct {
	engine  *cti.Engine
	journal *ctitest.Journal
	screens *ctitest.Screens
}

func newOffice(t *testing.T) office {
	t.Helper()
	o := office{journal: ctitest.NewJournal(), screens: ctitest.NewScreens()}
	rec, err := cti.NewRecorder(o.journal, cti.RecorderOptions{Dir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	rec.Start()
	o.engine, err = cti.NewEngine(cti.EngineOptions{
		PBX: pbx{}, Office: cti.OfficeConfig{PBX: "office", Context: "office", Parse: ctitest.Number},
		Directory: ctitest.Directory{Clients: map[string]cti.Client{"+79161234567": {ID: 1, Name: "Северный ветер"}}},
		Recorder:  rec, Screens: o.screens,
	})
	if err != nil {
		t.Fatal(err)
	}
	o.engine.SetUsers(ctitest.Users("office"))
	if err := o.engine.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := o.engine.Stop(context.Background()); err != nil {
			t.Error(err)
		}
		if err := rec.Stop(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return o
}

func events(t *testing.T, version string, s scenario.Scenario) []cti.Event {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "..", "ari", "testdata", version, s.File()))
	if err != nil {
		t.Fatal(err)
	}
	var out []cti.Event
	lines := bufio.NewScanner(bytes.NewReader(raw))
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		ev, ok, err := ari.Translate(lines.Bytes(), time.Time{})
		if err != nil {
			t.Fatalf("%s: %v", lines.Text(), err)
		}
		if ok {
			out = append(out, ev)
		}
	}
	return out
}

// each runs a test over every recorded stream of both versions.
func each(t *testing.T, f func(t *testing.T, s scenario.Scenario, evs []cti.Event)) {
	for _, version := range []string{"22", "16"} {
		for _, s := range scenario.All {
			if s.Click != nil {
				continue
			}
			t.Run(version+"/"+s.Name+" "+s.Rows, func(t *testing.T) {
				t.Parallel()
				f(t, s, events(t, version, s))
			})
		}
	}
}

func record(t *testing.T, o office) cti.Call {
	t.Helper()
	return o.await(t, func(cs []cti.Call) bool {
		// A card that is late comes as one more version of an ended call.
		return ctitest.Ended(1)(cs) && cs[0].Lookup != cti.LookupPending
	})[0]
}

func (o office) await(t *testing.T, ok func([]cti.Call) bool) []cti.Call {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	calls, found := o.journal.Await(ctx, ok)
	if !found {
		t.Fatalf("the records never are as they must be: %+v", calls)
	}
	return calls
}

// TestRecordedStreams_CK_01_CK_02_CK_03_CK_04_CK_05_CK_06 replays what real PBXs
// sent: exactly one record, with the outcome that happened.
func TestRecordedStreams_CK_01_CK_02_CK_03_CK_04_CK_05_CK_06(t *testing.T) {
	each(t, func(t *testing.T, s scenario.Scenario, evs []cti.Event) {
		o := newOffice(t)
		for _, ev := range evs {
			o.engine.Post(ev)
		}
		for _, bad := range s.Want.Check(record(t, o)) {
			t.Error(bad)
		}
		popped(t, s, o)
	})
}

// popped checks who got the call on his screens, and who did not (PU-01).
func popped(t *testing.T, s scenario.Scenario, o office) {
	t.Helper()
	for _, u := range ctitest.Users("office") {
		ext := u.Devices[0].Endpoint[len("PJSIP/"):]
		shown := o.screens.Of(u.ID)
		for _, want := range s.Want.Popped {
			if want == ext && len(shown) == 0 {
				t.Errorf("%s got no pop", ext)
			}
		}
		for _, left := range s.Want.Left {
			if left == ext && len(shown) > 0 {
				t.Errorf("%s got a call that is not his: %+v", ext, shown)
			}
		}
		checkLife(t, ext, shown)
	}
}

// checkLife: what a user sees of a call never goes back, and ends (PU-02).
func checkLife(t *testing.T, ext string, shown []cti.Call) {
	t.Helper()
	last := make(map[string]cti.Call)
	for _, c := range shown {
		if before, ok := last[c.ID]; ok && c.Version <= before.Version {
			t.Errorf("%s: version %d of %s after %d", ext, c.Version, c.ID, before.Version)
		}
		last[c.ID] = c
	}
	for _, c := range last {
		if slices.ContainsFunc(c.Ringing, func(p cti.Party) bool { return p.Device == "PJSIP/"+ext }) {
			t.Errorf("%s still rings after the end", ext)
		}
	}
}

// TestEventsTwice_CK_01: a stream in which every event comes twice gives the
// same record.
func TestEventsTwice_CK_01(t *testing.T) {
	each(t, func(t *testing.T, s scenario.Scenario, evs []cti.Event) {
		o := newOffice(t)
		for _, ev := range evs {
			o.engine.Post(ev)
			o.engine.Post(ev)
		}
		for _, bad := range s.Want.Check(record(t, o)) {
			t.Error(bad)
		}
	})
}

// TestWithoutLinkedID_PB_01: a PBX whose ari.conf has no channelvars is
// grouped by its Dial events alone.
func TestWithoutLinkedID_PB_01(t *testing.T) {
	each(t, func(t *testing.T, s scenario.Scenario, evs []cti.Event) {
		o := newOffice(t)
		for _, ev := range evs {
			ev.Channel.LinkedID, ev.Peer.LinkedID = "", ""
			o.engine.Post(ev)
		}
		for _, bad := range s.Want.Check(record(t, o)) {
			t.Error(bad)
		}
	})
}

// TestLateEvents_PB_06: what comes after the end of its channel starts nothing.
func TestLateEvents_PB_06(t *testing.T) {
	each(t, func(t *testing.T, s scenario.Scenario, evs []cti.Event) {
		o := newOffice(t)
		for _, ev := range evs {
			o.engine.Post(ev)
		}
		want := record(t, o)
		for _, ev := range evs {
			if ev.Kind == cti.ChannelChanged || ev.Kind == cti.BridgeEntered {
				o.engine.Post(ev)
			}
		}
		if got := record(t, o); got.ID != want.ID || got.Version != want.Version {
			t.Errorf("record changed from version %d to %d", want.Version, got.Version)
		}
	})
}
