package e2e

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"ringcard/ari"
	"ringcard/cti"
	"ringcard/cti/ctitest"
	"ringcard/test/scenario"
)

// watch is an engine at a PBX, with a network cable that can be pulled.
type watch struct {
	t       *testing.T
	office  *scenario.Real
	lead    *lead
	cfg     ari.Config
	journal *ctitest.Journal
	engine  *cti.Engine
	resyncs atomic.Int64
	last    atomic.Pointer[cti.Resynced]
	stop    func()
}

func newWatch(t *testing.T, o *scenario.Real) *watch {
	w := &watch{t: t, office: o, cfg: o.ARI(), journal: ctitest.NewJournal()}
	w.lead, w.cfg.URL = newLead(t, w.cfg.URL)
	w.run()
	return w
}

// run starts an engine on the journal as it is.
func (w *watch) run() {
	t := w.t
	recorder, err := cti.NewRecorder(w.journal, cti.RecorderOptions{Dir: t.TempDir()})
	must(t, "recorder", err)
	recorder.Start()
	client := ari.New(w.cfg, ari.Options{})
	w.engine, err = cti.NewEngine(cti.EngineOptions{
		PBX: client, Recorder: recorder, Screens: ctitest.NewScreens(), Directory: ctitest.Directory{},
		Office:  cti.OfficeConfig{PBX: "office", Context: "office", Trunks: []string{"PJSIP/trunk"}, Parse: ctitest.Number},
		Metrics: &cti.Metrics{Resynced: func(_ string, r cti.Resynced) { w.last.Store(&r); w.resyncs.Add(1) }},
	})
	must(t, "engine", err)
	w.engine.SetUsers(ctitest.Users("office"))
	client.SetSink(w.engine)
	before := w.resyncs.Load()
	must(t, "engine", w.engine.Start(t.Context()))
	must(t, "client", client.Start(t.Context()))
	stopped := false
	w.stop = func() {
		if stopped {
			return
		}
		stopped = true
		must(t, "stop", client.Stop(context.Background()))
		must(t, "stop", w.engine.Stop(context.Background()))
		must(t, "stop", recorder.Stop(context.Background()))
	}
	t.Cleanup(w.stop)
	w.eventually("connected", func() bool { return w.resyncs.Load() > before })
}

func (w *watch) eventually(what string, ok func() bool) {
	w.t.Helper()
	(&product{t: w.t}).eventually(what, ok)
}

// get asks the PBX itself, not through the cable.
func (w *watch) get(path string, out any) {
	w.t.Helper()
	req, err := http.NewRequestWithContext(w.t.Context(), http.MethodGet, w.office.PBX.ARIURL+path, nil)
	must(w.t, path, err)
	req.SetBasicAuth(w.office.PBX.ARIUser, w.office.PBX.ARIPassword)
	res, err := http.DefaultClient.Do(req)
	must(w.t, path, err)
	defer res.Body.Close()
	must(w.t, path, json.NewDecoder(res.Body).Decode(out))
}

// truth is what the PBX has: its telephones' and trunks' channels and the
// bridge that each is in.
func (w *watch) truth() map[string]string {
	var channels []struct{ ID, Name string }
	var bridges []struct {
		ID       string
		Channels []string
	}
	w.get("/channels", &channels)
	w.get("/bridges", &bridges)
	up := make(map[string]string)
	for _, c := range channels {
		if strings.HasPrefix(c.Name, "PJSIP/") {
			up[c.ID] = ""
		}
	}
	for _, b := range bridges {
		for _, id := range b.Channels {
			if _, ok := up[id]; ok {
				up[id] = b.ID
			}
		}
	}
	return up
}

// equal waits until memory is what the PBX has.
func (w *watch) equal(when string) {
	w.t.Helper()
	var want, have map[string]string
	defer func() {
		if w.t.Failed() {
			w.t.Logf("%s: PBX %v\nmemory %v", when, want, have)
		}
	}()
	w.eventually("memory is equal to the PBX "+when, func() bool {
		var err error
		have, err = w.engine.Channels()
		must(w.t, "memory", err)
		want = w.truth()
		return maps.Equal(have, want)
	})
}

// live are the calls with the world, by the number of the other party.
func (w *watch) live() map[string]cti.Call {
	out := make(map[string]cti.Call)
	for _, c := range w.journal.Records() {
		if c.State != cti.Ended && c.Number.Kind == cti.External {
			out[c.Number.Raw] = c
		}
	}
	return out
}

// day is an office at noon: calls in every state there is.
type day struct {
	lines   map[string]scenario.Line // by the caller's number
	held    scenario.Handset
	waiting scenario.Handset // on hold for consult
	consult scenario.Handset
	inside  []scenario.Handset
}

func caller(i int) string { return fmt.Sprintf("7916000%04d", i) }

// fill makes twenty calls in all states; it returns once the PBX has them.
func (w *watch) fill() *day {
	t, o := w.t, w.office
	d := &day{lines: make(map[string]scenario.Line)}
	never := scenario.Behaviour{Answer: scenario.Never}
	for ext, b := range map[string]scenario.Behaviour{"101": never, "102": never, "103": never, "104": {}, "105": never, "106": {}, "107": {}} {
		must(t, "phone "+ext, o.Phone(within(t), ext, b))
	}
	n := 0
	call := func(did string) scenario.Line {
		n++
		line, err := o.Call(within(t), scenario.Outside{From: caller(n), DID: did})
		must(t, "call", err)
		d.lines[caller(n)] = line
		return line
	}
	take := func() scenario.Handset { // a call that 104 has taken
		must(t, "phone", o.Phone(within(t), "104", scenario.Behaviour{}))
		line := call("4952000104")
		h, err := o.Incoming(within(t), "104")
		must(t, "incoming", err)
		up(t, line)
		number := caller(n)
		w.eventually("the talk with "+number, func() bool { return w.live()[number].State == cti.Talking })
		return h
	}
	dial := func(ext, number string) scenario.Handset {
		h, err := o.Dial(within(t), ext, number)
		must(t, "dial", err)
		d.inside = append(d.inside, h)
		return h
	}
	for range 3 {
		call("4952000105") // 1-3 ring
	}
	for range 3 {
		call("4951000101") // 4-6 in the queue
	}
	for range 4 {
		up(t, call("4952000106")) // 7-10 talk
	}
	d.held = take() // 11
	must(t, "hold", d.held.Hold(within(t)))
	parked := take()                                     // 12
	go func() { _ = parked.Refer(t.Context(), "700") }() // the PBX tells the end of it late
	transferred := take()                                // 13, rings at 105
	go func() { _ = transferred.Refer(t.Context(), "105") }()
	d.waiting = take() // 14, consults with 106
	must(t, "hold", d.waiting.Hold(within(t)))
	d.consult = dial("104", "106")
	up(t, d.consult)
	up(t, dial("107", "800"))
	up(t, dial("106", "800"))
	up(t, dial("107", "106"))
	o.Outside("79165550001", scenario.Behaviour{})
	o.Outside("79165550002", never)
	up(t, dial("107", "79165550001"))
	dial("107", "79165550002")
	return d
}

func up(t *testing.T, l scenario.Line) {
	t.Helper()
	select {
	case <-l.Answered():
	case <-l.Ended():
		t.Fatal("ended before the answer")
	case <-time.After(patience):
		t.Fatal("no answer")
	}
}

// Twenty calls in all states: the socket drops, then is away while calls go
// on, then the process is a new one. Each time memory is what the PBX has.
func TestResyncInEveryState_PB_03(t *testing.T) {
	versions(t, func(t *testing.T, o *scenario.Real) {
		w := newWatch(t, o)
		d := w.fill()
		w.equal("with twenty calls")
		w.eventually("all calls are kept", func() bool { return len(w.live()) == 16 })
		before := w.live()

		seen := w.resyncs.Load()
		w.lead.cut()
		w.eventually("a resync", func() bool { return w.resyncs.Load() > seen })
		w.equal("after a drop")
		if r := w.last.Load(); r.Kept < len(before) || r.Appeared != 0 || r.Gap <= 0 {
			t.Errorf("a drop in which nothing happened: %+v of %d calls", *r, len(before))
		}
		w.sameCalls(before, "a drop")

		w.lead.pull(true)
		w.eventually("the outage is seen", func() bool { return !w.engine.Connected() })
		must(t, "hang up", d.lines[caller(1)].Hangup(within(t)))  // it rang
		must(t, "hang up", d.lines[caller(4)].Hangup(within(t)))  // it was first in the queue
		must(t, "hang up", d.lines[caller(7)].Hangup(within(t)))  // it was talked in
		must(t, "hang up", d.lines[caller(11)].Hangup(within(t))) // it was held
		must(t, "transfer", d.waiting.TransferTo(within(t), d.consult))
		must(t, "phone", w.office.Phone(within(t), "107", scenario.Behaviour{}))
		retrieved, err := w.office.Dial(within(t), "107", "701")
		must(t, "retrieve", err)
		up(t, retrieved)
		fresh, err := w.office.Call(within(t), scenario.Outside{From: "79167770001", DID: "4952000106"})
		must(t, "call", err)
		up(t, fresh)
		seen = w.resyncs.Load()
		w.lead.pull(false)
		w.eventually("a resync", func() bool { return w.resyncs.Load() > seen })
		w.equal("after an outage")
		w.checkOutage(before)

		kept := w.live()
		w.stop()
		must(t, "hang up", d.lines[caller(2)].Hangup(within(t)))
		w.run()
		w.equal("after a restart")
		delete(kept, caller(2))
		w.sameCalls(kept, "a restart")

		for _, l := range d.lines {
			must(t, "hang up", l.Hangup(within(t)))
		}
		for _, h := range append(d.inside, retrieved) {
			must(t, "hang up", h.Hangup(within(t)))
		}
		must(t, "hang up", fresh.Hangup(within(t)))
		w.eventually("every call has ended", func() bool { return len(w.live()) == 0 })
		w.equal("at the end")
		w.oneRecordEach()
	})
}

// sameCalls: calls still up keep their ids and what was known of them.
func (w *watch) sameCalls(before map[string]cti.Call, what string) {
	w.t.Helper()
	now := make(map[string]cti.Call)
	for _, c := range w.journal.Records() {
		now[c.ID] = c
	}
	for number, c := range before {
		n, ok := now[c.ID]
		switch {
		case !ok:
			w.t.Errorf("%s: the call with %s has lost its id", what, number)
		case n.State != c.State || n.Recovered:
			w.t.Errorf("%s: the call with %s was %s, is %s, recovered %v", what, number, c.State, n.State, n.Recovered)
		case !n.StartedAt.Equal(c.StartedAt), (n.AnsweredAt == nil) != (c.AnsweredAt == nil), c.AnsweredAt != nil && !n.AnsweredAt.Equal(*c.AnsweredAt):
			w.t.Errorf("%s: the call with %s had %v and %v, has %v and %v", what, number, c.StartedAt, c.AnsweredAt, n.StartedAt, n.AnsweredAt)
		}
	}
}

// checkOutage: who hung up unseen is ended and marked, who called is there.
func (w *watch) checkOutage(before map[string]cti.Call) {
	w.t.Helper()
	ended := func(number string) cti.Call {
		var found cti.Call
		w.eventually("the end of the call with "+number, func() bool {
			for _, c := range w.journal.Records() {
				if c.ID == before[number].ID {
					found = c
				}
			}
			return found.State == cti.Ended
		})
		return found
	}
	for number, want := range map[string]cti.Disposition{caller(1): cti.Missed, caller(4): cti.Missed, caller(7): cti.Answered, caller(11): cti.Answered} {
		c := ended(number)
		if !c.Recovered || c.Disposition != want || c.CDR != cti.CDRNone || !slices.Contains(c.Estimated, cti.FieldEnded) {
			w.t.Errorf("the call with %s ended unseen: %s, recovered %v, estimated %v, cdr %q", number, c.Disposition, c.Recovered, c.Estimated, c.CDR)
		}
		if c.EndedAt.Before(c.StartedAt) || c.TalkMS < 0 {
			w.t.Errorf("the call with %s lasted from %v to %v", number, c.StartedAt, c.EndedAt)
		}
	}
	w.eventually("the call that began unseen", func() bool { return w.live()["79167770001"].State == cti.Talking })
	c := w.live()["79167770001"]
	if !slices.Contains(c.Estimated, cti.FieldAnswered) || c.AnsweredBy == nil || c.AnsweredBy.Name != "User 106" {
		w.t.Errorf("the call that began unseen: %+v", c)
	}
	if r := w.last.Load(); r.Appeared != 1 || r.Ended < 4 {
		w.t.Errorf("the resync tells %+v", *r)
	}
	for number, by := range map[string]string{caller(14): "User 106", caller(12): "User 107"} { // transferred, retrieved
		w.eventually("who has the call with "+number, func() bool {
			c := w.live()[number]
			return c.ID == before[number].ID && slices.ContainsFunc(c.Talking, func(p cti.Party) bool { return p.Name == by })
		})
	}
}

// oneRecordEach: no number has two records.
func (w *watch) oneRecordEach() {
	w.t.Helper()
	seen := make(map[string]bool)
	for _, c := range w.journal.Records() {
		if c.Number.Kind == cti.External && seen[c.Number.Raw] {
			w.t.Errorf("two records of the call with %s", c.Number.Raw)
		}
		seen[c.Number.Raw] = true
	}
}
