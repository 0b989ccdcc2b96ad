package e2e

import (
	"context"
	"net/http"
	"slices"
	"testing"
	"time"

	"ringcard/cti"
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
