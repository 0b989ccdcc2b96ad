package e2e

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"testing"

	"ringcard/crm/client"
	"ringcard/crm/employee"
	"ringcard/cti"
	"ringcard/test/scenario"
)

// Of several clients with one number the operator chooses one; the next call
// of the number pops that one first, and so does its record.
func TestChoicePopsFirst_LU_04(t *testing.T) {
	t.Parallel()
	o := simulated(t)
	p := start(t, o)
	op := p.login("u102").connect()
	must(t, "phone", o.Phone(within(t), "102", scenario.Behaviour{}))
	var second client.Card
	if status := op.post("/clients", map[string]any{
		"name": "Домашний телефон", "force": true, "phones": []any{map[string]any{"raw": "89161234567"}},
	}, nil, &second); status != http.StatusCreated {
		t.Fatalf("second client: %d", status)
	}
	call := func(what string, before string, ok func(cti.Call) bool) cti.Call {
		t.Helper()
		line, err := o.Call(within(t), scenario.Outside{From: "79161234567", DID: "4951000102"})
		must(t, "call", err)
		c := op.until(what, func(c cti.Call) bool { return c.ID != before && c.State == cti.Talking && ok(c) })
		if before == "" {
			if status := op.post("/calls/"+c.ID+"/client", map[string]any{"client_id": second.ID}, nil, nil); status != http.StatusNoContent {
				t.Fatalf("choose: %d", status)
			}
			op.until("the chosen card on the live call", func(x cti.Call) bool { return x.ID == c.ID && x.Client != nil && x.Client.ID == second.ID })
		}
		must(t, "hang up", line.Hangup(within(t)))
		op.record(c.ID)
		return c
	}
	first := call("both are offered", "", func(c cti.Call) bool { return len(c.Matches) == 2 && c.Client != nil && c.Client.ID == p.clientID })
	next := call("the chosen one first", first.ID, func(c cti.Call) bool { return c.Client != nil })
	if next.Client.ID != second.ID || len(next.Matches) != 2 || next.Matches[0].ClientID != second.ID || next.Matches[0].Reason != string(client.Chosen) {
		t.Errorf("client %d, matches %+v; want %d first", next.Client.ID, next.Matches, second.ID)
	}
	if r := op.record(next.ID); r.ClientID != second.ID {
		t.Errorf("the record has client %d", r.ClientID)
	}
}

// Three users at ringing telephones: one is told on ring, one when he answers,
// one never. The stream and a snapshot taken meanwhile agree, and the page of a
// foreign CRM opens for who sees the call.
func TestPopModes_PU_07_PU_10(t *testing.T) {
	t.Parallel()
	o := simulated(t)
	p := start(t, o)
	users := map[string]*operator{}
	for ext, settings := range map[string]employee.PopSettings{
		"101": {Mode: employee.PopOnRing, OpenCard: employee.PopNever, Link: "mycrm:{digits}?client={client_name}"},
		"102": {Mode: employee.PopOnAnswer, OpenCard: employee.PopOnAnswer},
		"103": {Mode: employee.PopNever, OpenCard: employee.PopNever},
	} {
		users[ext] = p.login("u" + ext).connect()
		if status := users[ext].do(http.MethodPut, "/me/settings", settings, nil, nil); status != http.StatusOK {
			t.Fatalf("settings of %s: %d", ext, status)
		}
		must(t, "phone", o.Phone(within(t), ext, scenario.Behaviour{Answer: scenario.Never}))
	}
	line, err := o.Call(within(t), scenario.Outside{From: "79161234567", DID: "4951000103"})
	must(t, "call", err)
	c := users["101"].until("the ring", func(c cti.Call) bool { return len(c.Ringing) == 3 && c.Client != nil })
	for ext, sees := range map[string]bool{"101": true, "102": false, "103": false} {
		late := p.login("u" + ext).connect()
		if calls, _ := late.first["calls"].([]any); (len(calls) == 1) != sees {
			t.Errorf("snapshot of %s while it rings: %d calls", ext, len(calls))
		}
	}
	want := fmt.Sprintf(`{"call_id":%q,"url":"mycrm:79161234567?client=%%D0%%9E%%D0%%9E%%D0%%9E%%20%%C2%%AB%%D0%%A1%%D0%%B5%%D0%%B2%%D0%%B5%%D1%%80%%D0%%BD%%D1%%8B%%D0%%B9%%20%%D0%%B2%%D0%%B5%%D1%%82%%D0%%B5%%D1%%80%%C2%%BB"}`, c.ID)
	p.eventually("the link to the foreign CRM", func() bool {
		links := users["101"].others("link")
		return len(links) == 1 && string(links[0]) == want
	})
	must(t, "hang up", line.Hangup(within(t)))
	users["101"].until("his pop closes", func(x cti.Call) bool {
		return x.ID == c.ID && x.Version > c.Version && !slices.ContainsFunc(x.Ringing, func(p cti.Party) bool { return p.Device == "PJSIP/101" })
	})
	users["104"] = p.login("u104")
	users["104"].record(c.ID)

	must(t, "phone", o.Phone(within(t), "102", scenario.Behaviour{}))
	line, err = o.Call(within(t), scenario.Outside{From: "79161234567", DID: "4951000102"})
	must(t, "call", err)
	talk := users["102"].until("the talk", func(c cti.Call) bool { return c.State == cti.Talking })
	must(t, "hang up", line.Hangup(within(t)))
	users["102"].until("the end", func(x cti.Call) bool { return x.ID == talk.ID && x.State == cti.Ended })
	if i := slices.IndexFunc(users["102"].received(), func(x cti.Call) bool { return x.ID == c.ID || len(x.Ringing) > 0 }); i >= 0 {
		t.Errorf("who is told on answer was told while it rang: %+v", users["102"].received()[i])
	}
	if got := users["103"].received(); len(got) != 0 {
		t.Errorf("who wants no pops got %d", len(got))
	}
	if links := users["102"].others("link"); len(links) != 0 {
		t.Errorf("links for who has none: %s", links)
	}
}

// others are the data of the stream messages of a type.
func (op *operator) others(typ string) []json.RawMessage {
	op.mu.Lock()
	defer op.mu.Unlock()
	return slices.Clone(op.rest[typ])
}
