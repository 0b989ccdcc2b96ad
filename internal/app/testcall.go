package app

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/google/uuid"

	"ringcard/crm"
	"ringcard/cti"
	"ringcard/internal/httpapi"
	"ringcard/push"
)

const (
	messageTestCall = "test_call"
	// testNumber is nobody's: 555-0100 to 555-0199 are kept free for examples
	// (NANPA, ATIS-0300115).
	testNumber = "+12025550100"
	// testPatience is how long each stage may take before it has failed.
	testPatience = 12 * time.Second
)

// What is slow of each step.
var slowStep = map[string]time.Duration{
	"order": time.Second, "ring": 4 * time.Second, "lookup": 300 * time.Millisecond, "pop": 500 * time.Millisecond, "record": 2 * time.Second,
}

var testSteps = []string{"order", "ring", "lookup", "pop", "record"}

// testAdvice tells what to change, by the code of a step.
var testAdvice = map[string]string{
	"slow_ring": "the PBX took long to ring: it often looks up its own name in DNS while it makes the call; " +
		"add a line to its /etc/hosts: 127.0.0.1 localhost NAME-OF-THE-PBX, then restart Asterisk",
	"no_ring":                    "the PBX took the order, but the telephone did not ring: check that it is on and free of do-not-disturb, and look at the console of Asterisk (core set verbose 4)",
	"busy":                       "the telephone refused the call: hang up, or switch do-not-disturb off",
	"slow_lookup":                "the database answers slowly: look at ringcard_lookup_seconds at /metrics and at the load of the database's machine",
	"no_lookup":                  "the database did not answer: look at /readyz",
	"slow_pop":                   "the server is busy: look at ringcard_pop_seconds at /metrics and at the load of its machine",
	"no_pop":                     "the telephone rang, but the call was shown to nobody: the device belongs to another user",
	"slow_record":                "the database writes slowly: look at ringcard_journal_save_seconds at /metrics",
	"no_record":                  "the call is not in the database yet; it waits in data_dir and will be written: look at ringcard_journal_backlog at /metrics, and at /readyz",
	"slow_order":                 "the PBX answers ARI slowly: look at its load, and at the network between",
	"no_end":                     "the PBX did not end the call; hang up the telephone",
	"early_hang_up":              "the call ended before all was seen; try again and let it ring",
	string(cti.CodeUnreachable):  "run the doctor of this PBX: it says why there is no connection",
	string(cti.CodeUnregistered): "switch the telephone on; if it is on, compare its user and password with pjsip.conf",
	string(cti.CodeDeviceBusy):   "hang up the telephone and try again",
	string(cti.CodeDenied):       "run the doctor of this PBX: the ARI user may not give commands",
	string(cti.CodeRefused):      "run the doctor of this PBX",
}

// testCalls makes test calls and follows them: what is shown and what is
// recorded comes to it on its way.
type testCalls struct {
	app    *App
	ctx    context.Context // ends with the server
	cancel context.CancelFunc
	wg     sync.WaitGroup

	mu   sync.Mutex
	last map[string]*testRun // by PBX
}

// testRun is one test call. Its fields are guarded by testCalls.mu.
type testRun struct {
	httpapi.TestCall
	userID int64
	rangAt time.Time
	ended  bool
	news   chan struct{} // has an element after each change
}

var _ httpapi.TestCalls = (*testCalls)(nil)

func newTestCalls(a *App) *testCalls {
	t := &testCalls{app: a, last: make(map[string]*testRun)}
	t.ctx, t.cancel = context.WithCancel(context.Background())
	a.cleanups.add("test calls", func(context.Context) error {
		t.cancel()
		t.wg.Wait()
		return nil
	})
	return t
}

// Start implements httpapi.TestCalls.
func (t *testCalls) Start(ctx context.Context, r httpapi.TestCallRequest) (httpapi.TestCall, error) {
	if _, err := t.app.pbxConfig(r.PBX); err != nil {
		return httpapi.TestCall{}, err
	}
	run := &testRun{userID: r.UserID, news: make(chan struct{}, 1)}
	run.TestCall = httpapi.TestCall{
		ID: uuid.NewString(), PBX: r.PBX, Device: r.Device, Number: cmp.Or(r.Number, testNumber), State: "running", StartedAt: time.Now().UTC(),
	}
	for _, s := range testSteps {
		run.Steps = append(run.Steps, httpapi.TestCallStep{Step: s, State: "waiting"})
	}
	t.mu.Lock()
	if old := t.last[r.PBX]; old != nil && old.State == "running" || t.ctx.Err() != nil {
		t.mu.Unlock()
		return httpapi.TestCall{}, crm.Errorf(crm.CodeConflict, "a test call of this PBX is under way; wait for its end")
	}
	before := t.last[r.PBX]
	t.last[r.PBX] = run
	t.mu.Unlock()

	device, err := t.app.telephony.service.TestCall(ctx, cti.TestRequest{
		ID: run.ID, UserID: r.UserID, PBX: r.PBX, Device: r.Device, Number: run.Number})
	t.mu.Lock()
	defer t.mu.Unlock()
	var refused *cti.Error
	errors.As(err, &refused)
	switch {
	case err != nil && (refused == nil || testAdvice[string(refused.Code)] == ""):
		t.last[r.PBX] = before // a fault of the request, not of the way
		return httpapi.TestCall{}, err
	case err != nil:
		run.Device = device.Endpoint
		run.fail("order", string(refused.Code), refused.Message)
		run.State = "failed"
	default:
		run.Device = device.Endpoint
		run.done("order", time.Since(run.StartedAt))
		t.wg.Go(func() { t.follow(run, r.Ring) })
	}
	return run.copy(), nil
}

// Last implements httpapi.TestCalls.
func (t *testCalls) Last(pbx string) (httpapi.TestCall, bool, error) {
	if _, err := t.app.pbxConfig(pbx); err != nil {
		return httpapi.TestCall{}, false, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	run := t.last[pbx]
	if run == nil {
		return httpapi.TestCall{}, false, nil
	}
	return run.copy(), true, nil
}

func (r *testRun) copy() httpapi.TestCall {
	c := r.TestCall
	c.Steps = slices.Clone(r.Steps)
	return c
}

func (r *testRun) step(name string) *httpapi.TestCallStep {
	return &r.Steps[slices.Index(testSteps, name)]
}

// done ends a step that waits.
func (r *testRun) done(name string, took time.Duration) {
	s := r.step(name)
	if s.State != "waiting" {
		return
	}
	s.State, s.MS = "ok", took.Milliseconds()
	if took > slowStep[name] {
		s.State, s.Code = "slow", "slow_"+name
		s.Advice = testAdvice[s.Code]
	}
}

func (r *testRun) fail(name, code, seen string) {
	if s := r.step(name); s.State == "waiting" {
		s.State, s.Code, s.Seen, s.Advice = "failed", code, seen, testAdvice[code]
	}
}

func (r *testRun) wake() {
	select {
	case r.news <- struct{}{}:
	default:
	}
}

// find returns the run of a test call; nil for one of another life.
func (t *testCalls) find(c *cti.Call) *testRun {
	if run := t.last[c.PBX]; run != nil && run.ID == c.ID {
		return run
	}
	return nil
}

// watchedScreens and watchedJournal let testCalls see its calls go by.
type (
	watchedScreens struct {
		screens
		tests *testCalls
	}
	watchedJournal struct {
		cti.Journal
		tests *testCalls
	}
)

// ShowCall implements cti.Screens.
func (w watchedScreens) ShowCall(users []int64, c cti.Call) {
	w.screens.ShowCall(users, c)
	if c.Test {
		w.tests.shown(users, &c)
	}
}

// Save implements cti.Journal.
func (w watchedJournal) Save(ctx context.Context, calls ...cti.Call) error {
	if err := w.Journal.Save(ctx, calls...); err != nil {
		return err
	}
	for _, c := range calls {
		if c.Test && c.EndedAt != nil {
			w.tests.saved(&c)
		}
	}
	return nil
}

// shown hears of each version of a call that goes to the screens.
func (t *testCalls) shown(users []int64, c *cti.Call) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if run := t.find(c); run != nil {
		run.see(users, c)
		run.wake()
	}
}

// saved hears of each record of an ended call. One that never rang was shown
// to nobody, so this may be the first that is heard of it.
func (t *testCalls) saved(c *cti.Call) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if run := t.find(c); run != nil {
		run.see(nil, c)
		run.done("record", time.Since(*c.EndedAt))
		run.wake()
	}
}

func (r *testRun) see(users []int64, c *cti.Call) {
	now := time.Now()
	if c.RingAt != nil && r.rangAt.IsZero() {
		r.rangAt = *c.RingAt
		r.done("ring", c.RingAt.Sub(c.StartedAt))
	}
	if !r.rangAt.IsZero() && slices.Contains(users, r.userID) {
		r.done("pop", now.Sub(r.rangAt))
	}
	if c.Lookup != cti.LookupPending && c.Lookup != cti.LookupLate {
		r.done("lookup", now.Sub(c.StartedAt))
	}
	if c.State == cti.Ended && !r.ended {
		r.ended = true
		if r.rangAt.IsZero() {
			code := "no_ring"
			if c.Cause == 17 || c.Cause == 21 {
				code = "busy"
			}
			r.fail("ring", code, "the PBX ended the call: "+hangupText(c))
		}
	}
}

func hangupText(c *cti.Call) string {
	return string(c.Disposition) + ", hangup cause " + strconv.Itoa(c.Cause)
}

// follow leads a test call through its stages: all is seen, it rings for a
// while, it is hung up, it is recorded.
func (t *testCalls) follow(run *testRun, ring time.Duration) {
	ctx, cancel := context.WithCancel(t.ctx)
	defer cancel()
	is := func(ok func() bool) func() bool {
		return func() bool { t.mu.Lock(); defer t.mu.Unlock(); return ok() }
	}
	seen := t.await(ctx, run, testPatience, is(func() bool {
		return run.ended || run.step("pop").State != "waiting" && run.step("lookup").State != "waiting"
	}))
	if seen {
		t.await(ctx, run, ring, is(func() bool { return run.ended }))
	}
	err := t.app.telephony.service.Hangup(context.WithoutCancel(ctx), run.userID, run.ID, true)
	if err != nil && ctx.Err() == nil {
		t.app.log.Warn("test call not ended", "call", run.ID, "error", err)
	}
	over := t.await(ctx, run, testPatience, is(func() bool { return run.ended }))
	if over {
		t.await(ctx, run, testPatience, is(func() bool { return run.step("record").State != "waiting" }))
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	run.close(over)
	t.tell(run)
}

// close decides what the test call has shown.
func (r *testRun) close(over bool) {
	early := r.ended && !r.rangAt.IsZero()
	for _, name := range []string{"ring", "lookup", "pop", "record"} {
		code := "no_" + name
		switch {
		case name == "record" && !over:
			code = "no_end"
		case early && name == "lookup":
			code = "early_hang_up"
		}
		r.fail(name, code, "nothing came in time")
	}
	r.State = "passed"
	for _, s := range r.Steps {
		switch {
		case s.State == "failed":
			r.State = "failed"
		case s.State == "slow" && r.State == "passed":
			r.State = "slow"
		}
	}
}

// await tells the user of each change until the condition holds; false when
// it does not in time.
func (t *testCalls) await(ctx context.Context, run *testRun, patience time.Duration, ok func() bool) bool {
	limit := time.NewTimer(patience)
	defer limit.Stop()
	for !ok() {
		select {
		case <-run.news:
			t.mu.Lock()
			t.tell(run)
			t.mu.Unlock()
		case <-limit.C:
			return false
		case <-ctx.Done():
			return false
		}
	}
	return true
}

// tell sends the test call to its user. mu is held.
func (t *testCalls) tell(run *testRun) {
	t.app.hub.Publish([]int64{run.userID}, push.Event{Type: messageTestCall, Key: messageTestCall + run.ID, Data: run.copy()})
}
