package e2e

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"testing"
	"time"

	"ringcard/crm/calllog"
	"ringcard/cti"
	"ringcard/test/scenario"
)

// until waits for a call on the user's screens that satisfies ok.
func (op *operator) until(what string, ok func(cti.Call) bool) cti.Call {
	op.p.t.Helper()
	var found cti.Call
	op.p.eventually(what, func() bool {
		calls := op.received()
		i := slices.IndexFunc(calls, ok)
		if i >= 0 {
			found = calls[i]
		}
		return i >= 0
	})
	return found
}

// now is the newest version of a call that the user was sent.
func (op *operator) now(id string) cti.Call {
	var last cti.Call
	for _, c := range op.received() {
		if c.ID == id && c.Version >= last.Version {
			last = c
		}
	}
	return last
}

// record waits for the finished record of a call.
func (op *operator) record(id string) calllog.Record {
	op.p.t.Helper()
	var r calllog.Record
	op.p.eventually("the record of "+id, func() bool {
		return op.get("/calls/"+id, &r) == http.StatusOK && r.State == string(cti.Ended) && len(op.journalOf(id)) == 1
	})
	return r
}

func (op *operator) journalOf(id string) []calllog.Record {
	op.p.t.Helper()
	return slices.DeleteFunc(op.journal(""), func(r calllog.Record) bool { return r.ID != id || r.State != string(cti.Ended) })
}

// must fails the test when what has to be done first cannot be.
func must(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

// within is a context for one step of a test.
func within(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	return ctx
}

// A click-to-call is cancelled at every stage and hung up in the talk; the
// outcome is what happened.
func TestCancelAtAnyStage_CO_01_CO_06_CO_07(t *testing.T) {
	t.Parallel()
	offices(t, func(t *testing.T, o scenario.Office) {
		p := start(t, o)
		op := p.login("u101").connect()
		const busy, slow = "79160000001", "79160000002"
		o.Outside(slow, scenario.Behaviour{Answer: scenario.Never})
		o.Outside(busy, scenario.Behaviour{Answer: 100 * time.Millisecond})
		for _, stage := range []struct {
			name, to string
			own      scenario.Behaviour
			reached  func(cti.Call) bool
			want     cti.Disposition
		}{
			{"own phone rings", slow, scenario.Behaviour{Answer: scenario.Never},
				func(c cti.Call) bool { return len(c.Ringing) == 1 }, cti.Abandoned},
			{"client's phone rings", slow, scenario.Behaviour{},
				func(c cti.Call) bool {
					return slices.ContainsFunc(c.Legs, func(l cti.Leg) bool { return l.Role == cti.ClientLeg && l.State == cti.LegRinging })
				}, cti.Abandoned},
			{"talk", busy, scenario.Behaviour{}, func(c cti.Call) bool { return c.State == cti.Talking }, cti.Answered},
		} {
			t.Run(stage.name, func(t *testing.T) {
				p.in(t)
				must(t, "phone", o.Phone(within(t), "101", stage.own))
				waitFree(p, "101")
				id, err := op.dial(stage.to, "click: "+stage.name)
				must(t, "dial", err)
				op.until(stage.name, func(c cti.Call) bool { return c.ID == id && stage.reached(c) })
				if status := op.post("/calls/"+id+"/hangup", nil, nil, nil); status != http.StatusAccepted {
					t.Fatalf("hang-up: %d", status)
				}
				op.until("the end", func(c cti.Call) bool { return c.ID == id && c.State == cti.Ended })
				if r := op.record(id); r.Disposition != string(stage.want) || r.Direction != "out" {
					t.Errorf("record is %s %s, want %s", r.Direction, r.Disposition, stage.want)
				}
			})
		}
	})
}

// A repeated POST is one call.
func TestRepeatedPostDialsOnce_CO_03(t *testing.T) {
	t.Parallel()
	o := simulated(t)
	p := start(t, o)
	op := p.login("u101").connect()
	must(t, "phone", o.Phone(within(t), "101", scenario.Behaviour{Answer: scenario.Never}))
	waitFree(p, "101")
	first, err := op.dial("79160000002", "one click")
	must(t, "dial", err)
	for range 5 {
		if again, err := op.dial("79160000002", "one click"); err != nil || again != first {
			t.Errorf("repeated click: %s %v, want %s", again, err, first)
		}
	}
	if status := op.post("/calls/"+first+"/hangup", nil, nil, nil); status != http.StatusAccepted {
		t.Errorf("hang up: %d", status)
	}
	op.record(first)
	if list := op.journal(""); len(list) != 1 {
		t.Errorf("%d calls", len(list))
	}
	var problem struct{ Code string }
	late := http.Header{"Idempotency-Key": {"a late click"}, "X-Requested-At": {time.Now().Add(-time.Minute).UTC().Format(time.RFC3339)}}
	if status := op.post("/calls", map[string]string{"to": "79160000002"}, late, &problem); status != http.StatusConflict || problem.Code != "expired" {
		t.Errorf("late click: %d %s", status, problem.Code)
	}
	if status := op.post("/calls", map[string]string{"to": "пожалуйста"}, http.Header{"Idempotency-Key": {"a bad number"}}, &problem); status != http.StatusUnprocessableEntity {
		t.Errorf("malformed number: %d %s", status, problem.Code)
	}
}

// An unknown number becomes a client from the pop: the live call shows the
// card, and the calls of the past are his.
func TestUnknownCallerBecomesClient_LU_05_CP_08(t *testing.T) {
	t.Parallel()
	offices(t, func(t *testing.T, o scenario.Office) {
		p := start(t, o)
		op := p.login("u102").connect()
		must(t, "phone", o.Phone(within(t), "102", scenario.Behaviour{}))
		call := func() scenario.Line {
			line, err := o.Call(within(t), scenario.Outside{From: "74957654321", DID: "4951000102"})
			must(t, "call", err)
			return line
		}
		line := call()
		past := op.until("the first talk", func(c cti.Call) bool { return c.State == cti.Talking })
		must(t, "hang up", line.Hangup(within(t)))
		op.record(past.ID)

		line = call()
		now := op.until("the second talk", func(c cti.Call) bool { return c.State == cti.Talking && c.ID != past.ID })
		var card struct {
			ID     int64
			Phones []struct{ E164 string }
		}
		status := op.post("/clients", map[string]any{"name": "ООО «Новый»", "from_call_id": now.ID}, nil, &card)
		if status != http.StatusCreated || len(card.Phones) != 1 || card.Phones[0].E164 != "+74957654321" {
			t.Fatalf("create from the pop: %d %+v", status, card)
		}
		op.until("the new card on the live call", func(c cti.Call) bool { return c.ID == now.ID && c.Client != nil && c.Client.ID == card.ID })
		must(t, "hang up", line.Hangup(within(t)))
		if r := op.record(now.ID); r.ClientID != card.ID {
			t.Errorf("record of the second call has client %d", r.ClientID)
		}
		if r := op.record(past.ID); r.ClientID != card.ID {
			t.Errorf("record of the first call has client %d", r.ClientID)
		}
		if n := op.historyOfCalls(card.ID); n != 2 {
			t.Errorf("%d calls in the history, want 2", n)
		}
	})
}

// A note written during the call is in the history after it.
func TestNoteDuringCall_PU_08_AF_01(t *testing.T) {
	t.Parallel()
	o := simulated(t)
	p := start(t, o)
	op := p.login("u102").connect()
	must(t, "phone", o.Phone(within(t), "102", scenario.Behaviour{}))
	line, err := o.Call(within(t), scenario.Outside{From: "79161234567", DID: "4951000102"})
	must(t, "call", err)
	c := op.until("the talk", func(c cti.Call) bool { return c.State == cti.Talking })
	if status := op.post("/calls/"+c.ID+"/note", map[string]string{"text": "Перезвонить в среду"}, nil, nil); status != http.StatusOK {
		t.Fatalf("the note: %d", status)
	}
	must(t, "hang up", line.Hangup(within(t)))
	if r := op.record(c.ID); r.Note != "Перезвонить в среду" {
		t.Errorf("note of the record: %q", r.Note)
	}
	var list struct{ Items []struct{ Body string } }
	op.get(fmt.Sprintf("/clients/%d/history", p.clientID), &list)
	if !slices.ContainsFunc(list.Items, func(i struct{ Body string }) bool { return i.Body == "Перезвонить в среду" }) {
		t.Errorf("history %+v", list.Items)
	}
}
