package e2e

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"ringcard/cti"
	"ringcard/internal/app"
	"ringcard/internal/httpapi"
	"ringcard/test/scenario"
)

// A test call proves ring, lookup, pop and record with the time of each, and
// leaves nothing in a client's history (PB-11).
func TestCallProvesTheWay_PB_11(t *testing.T) {
	offices(t, func(t *testing.T, o scenario.Office) {
		p := start(t, o)
		phone(t, o, "101", scenario.Behaviour{Answer: scenario.Never})
		admin := p.login("u101").connect()
		path := "/pbx/" + p.cfg.PBX[0].Name + "/test-call"
		if status := admin.get(path, nil); status != http.StatusNotFound {
			t.Errorf("before the first one: %d", status)
		}
		p.eventually("the telephone is known", admin.online)
		var test httpapi.TestCall
		if status := admin.post(path, map[string]any{"number": "+7 916 123-45-67", "ring_seconds": 1}, nil, &test); status != http.StatusAccepted {
			t.Fatalf("start: %d %+v", status, test)
		}
		if status := admin.post(path, map[string]any{}, nil, nil); status != http.StatusConflict {
			t.Errorf("a second one beside it: %d", status)
		}
		p.eventually("the test is over", func() bool { admin.get(path, &test); return test.State != "running" })
		if test.State == "failed" || len(test.Steps) != 5 {
			t.Fatalf("%+v", test)
		}
		for _, s := range test.Steps {
			if s.State == "waiting" || s.State == "failed" || s.MS < 0 || s.MS > 10_000 {
				t.Errorf("step %+v", s)
			}
		}
		popped := false
		for _, c := range admin.take() {
			popped = popped || c.ID == test.ID && c.Test && len(c.Ringing) == 1 && c.Client != nil && c.Client.ID == p.clientID
		}
		if !popped {
			t.Error("the client's card did not pop up")
		}
		records := admin.journal("")
		if len(records) != 1 || !records[0].Test || records[0].ID != test.ID || records[0].ClientID != 0 || records[0].Direction != "internal" {
			t.Errorf("journal %+v", records)
		}
		if n := admin.historyOfCalls(p.clientID); n != 0 {
			t.Errorf("%d calls in the client's history", n)
		}
	})
}

// A test call that fails names the step and what to change.
func TestCallNamesTheFault_PB_11(t *testing.T) {
	o := simulated(t)
	p := start(t, o)
	admin := p.login("u101")
	path := "/pbx/" + p.cfg.PBX[0].Name + "/test-call"
	run := func(body map[string]any) httpapi.TestCall {
		t.Helper()
		var test httpapi.TestCall
		if status := admin.post(path, body, nil, &test); status != http.StatusAccepted {
			t.Fatalf("start: %d", status)
		}
		p.eventually("the test is over", func() bool { admin.get(path, &test); return test.State != "running" })
		return test
	}
	phone(t, o, "101", scenario.Behaviour{Refuse: 486})
	p.eventually("the telephone is known", admin.online)
	if test := run(map[string]any{}); test.State != "failed" || test.Steps[1].Code != "busy" || test.Steps[1].Advice == "" {
		t.Errorf("refused: %+v", test)
	}
	for want, body := range map[int]map[string]any{
		http.StatusUnprocessableEntity: {"ring_seconds": 99},
		http.StatusConflict:            {"device": "PJSIP/102"},
	} {
		if status := admin.post(path, body, nil, nil); status != want {
			t.Errorf("%v: %d, want %d", body, status, want)
		}
	}
	o.Sim.Phone("101").Unregister()
	p.eventually("the telephone is gone", func() bool { return !admin.online() })
	if test := run(map[string]any{}); test.State != "failed" || test.Steps[0].Code != "device_unregistered" || test.Steps[0].Advice == "" {
		t.Errorf("unregistered: %+v", test)
	}
}

func phone(t *testing.T, o scenario.Office, extension string, b scenario.Behaviour) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := o.Phone(ctx, extension, b); err != nil {
		t.Fatal(err)
	}
}

// online tells whether the operator's own telephone is registered.
func (op *operator) online() bool {
	op.p.t.Helper()
	var me struct{ ID int64 }
	op.get("/me", &me)
	var list struct{ Items []cti.Presence }
	op.get("/presence", &list)
	return slices.ContainsFunc(list.Items, func(u cti.Presence) bool {
		return u.UserID == me.ID && u.State != cti.PresenceOffline && u.State != cti.PresenceUnknown
	})
}

// A capture of real calls goes out without numbers and names, and comes out
// the same offline (PB-13). Why the calls popped up is still told when they
// are only in the database.
func TestCaptureRepeatsTheCalls_PB_13(t *testing.T) {
	offices(t, func(t *testing.T, o scenario.Office) {
		p := start(t, o)
		for ext, b := range map[string]scenario.Behaviour{
			"101": {Answer: 200 * time.Millisecond}, "102": {Answer: 100 * time.Millisecond}, "103": {Refuse: 486},
		} {
			phone(t, o, ext, b)
		}
		o.Outside("79161234567", scenario.Behaviour{Answer: 100 * time.Millisecond, Talk: 300 * time.Millisecond})
		admin := p.login("u101")
		p.eventually("the telephone is known", admin.online)
		path := "/pbx/" + p.cfg.PBX[0].Name + "/capture"
		var status httpapi.CaptureStatus
		if code := admin.do(http.MethodPut, path, map[string]bool{"running": true}, nil, &status); code != http.StatusOK || !status.Running || status.Frames == 0 {
			t.Fatalf("start: %d %+v", code, status)
		}
		ctx, cancel := context.WithTimeout(t.Context(), patience)
		defer cancel()
		in, err := o.Call(ctx, scenario.Outside{From: "79161234567", Name: "Marina Secret", DID: "4951000102"})
		if err != nil {
			t.Fatal(err)
		}
		<-in.Answered()
		if err := in.Hangup(ctx); err != nil {
			t.Fatal(err)
		}
		p.eventually("the first call is recorded", func() bool { return len(admin.journal("&disposition=answered")) == 1 })
		clicked, err := admin.dial("+7 916 123-45-67", "capture-click")
		if err != nil {
			t.Fatal(err)
		}
		p.eventually("both calls are recorded", func() bool { return len(admin.journal("&disposition=answered")) == 2 })
		file, code := admin.download(path + "/export")
		if code != http.StatusOK {
			t.Fatalf("export: %d %s", code, file)
		}
		for _, secret := range []string{"1234567", "123-45-67", "1000102", "Marina", "Иванова", "Северный", "User 101", p.cfg.PBX[0].ARI.Password.Reveal()} {
			if bytes.Contains(file, []byte(secret)) {
				t.Errorf("%q is in the capture", secret)
			}
		}
		result, err := app.Replay(ctx, bytes.NewReader(file))
		if err != nil {
			t.Fatal(err)
		}
		var told strings.Builder
		if _, err := result.WriteTo(&told); err != nil {
			t.Fatal(err)
		}
		if len(result.Calls) != 2 || !strings.Contains(told.String(), "0 came out differently") {
			t.Errorf("replay:\n%s", told.String())
		}
		if c := result.Calls[len(result.Calls)-1]; !c.Known || c.ID != clicked || c.PlacedBy == nil || c.Client == nil || c.Client.ID != p.clientID {
			t.Errorf("the click: %+v", c.Call)
		}
		p.stop()
		p.run(nil) // the traces in memory are gone
		admin = p.login("u101")
		var why cti.Why
		if code := admin.get("/calls/"+clicked+"/why", &why); code != http.StatusOK || len(why.Steps) < 3 || why.Steps[0].Code != "dial" {
			t.Errorf("why after a restart: %d %+v", code, why)
		}
	})
}

// download reads a file whole.
func (op *operator) download(path string) ([]byte, int) {
	op.p.t.Helper()
	req, err := http.NewRequestWithContext(op.p.t.Context(), http.MethodGet, op.p.url+"/api/v1"+path, nil)
	if err != nil {
		op.p.t.Fatal(err)
	}
	res, err := op.http.Do(req)
	if err != nil {
		op.p.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		op.p.t.Fatal(err)
	}
	return b, res.StatusCode
}
