package httpapi

import (
	"net/http"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"

	"ringcard/crm"
	"ringcard/crm/client"
	"ringcard/cti"
)

// The page "test a number" shows how it parses, whom it matches and why, what
// was chosen, and what each PBX would dial.
func TestExamineNumber_LU_08_LU_04(t *testing.T) {
	t.Parallel()
	s, ids, _ := maskedSite(t)
	admin := s.login("admin")
	const path = "/api/v1/lookup?number=8+(916)+123-45-67"
	got := want[LookupResult](t, admin.get(path), http.StatusOK)
	reading := NumberReading{Rule: crm.RuleTrunk8, Country: "RU", Type: "mobile", Valid: true}
	if diff := cmp.Diff(reading, got.Reading); diff != "" {
		t.Error(diff)
	}
	if got.Number.E164 != "+79161234567" || got.Choice != nil || len(got.Matches) != 1 || got.Matches[0].Reason == client.Chosen {
		t.Errorf("%+v", got)
	}
	if diff := cmp.Diff([]cti.Dialling{{PBX: "office", Dial: "8 (916) 123-45-67", Rule: 1, Match: "^8"}}, got.Dial); diff != "" {
		t.Error(diff)
	}
	// Another client with the number, chosen for it.
	other := admin.create("Второй", map[string]any{"phones": []any{map[string]any{"raw": "+79161234567"}}, "force": true})
	if a := admin.post("/api/v1/calls/"+ids["calls"]+"/client", map[string]any{"client_id": other.ID}); a.status != http.StatusNoContent {
		t.Fatalf("%d %s", a.status, a.text)
	}
	got = want[LookupResult](t, admin.get(path), http.StatusOK)
	if got.Choice == nil || got.Choice.ClientID != other.ID || got.Choice.ChosenBy != "Администратор" || len(got.Matches) != 2 ||
		got.Matches[0].ClientID != other.ID || got.Matches[0].Reason != client.Chosen {
		t.Errorf("%+v", got)
	}
	agent := s.login("agent")
	if a := agent.send(http.MethodDelete, "/api/v1/numbers/choice?call_id="+ids["calls"], nil); a.status != http.StatusNoContent {
		t.Errorf("forget by the call: %d %s", a.status, a.text)
	}
	refused(t, admin.send(http.MethodDelete, "/api/v1/numbers/choice?number=89161234567", nil), http.StatusNotFound, codeNotFound)
	refused(t, admin.send(http.MethodDelete, "/api/v1/numbers/choice?call_id="+uuid.NewString(), nil), http.StatusNotFound, codeNotFound)
	refused(t, admin.send(http.MethodDelete, "/api/v1/numbers/choice", nil), http.StatusUnprocessableEntity, codeInvalid)
	if got = want[LookupResult](t, admin.get(path), http.StatusOK); got.Choice != nil || len(got.Matches) != 2 {
		t.Errorf("%+v", got)
	}
}

// From the list of unknown numbers one becomes a client; another is spam.
func TestUnsortedList_LU_05(t *testing.T) {
	t.Parallel()
	s, _, _ := maskedSite(t)
	agent := s.login("agent") // all of it without seeing the number
	list := want[crm.Page[client.Unsorted]](t, agent.get("/api/v1/unsorted"), http.StatusOK).Items
	if len(list) != 1 || list[0].Display != "+7 (•••) •••-55-55" || list[0].E164 != "" || list[0].Calls != 1 {
		t.Fatalf("%+v", list)
	}
	if found := want[crm.Page[client.Unsorted]](t, agent.get("/api/v1/unsorted?q=999"), http.StatusOK).Items; len(found) != 0 {
		t.Errorf("%+v", found)
	}
	if a := agent.post("/api/v1/numbers/spam", map[string]any{"call_id": list[0].LastCallID, "spam": true}); a.status != http.StatusNoContent {
		t.Fatalf("%d %s", a.status, a.text)
	}
	if left := want[crm.Page[client.Unsorted]](t, agent.get("/api/v1/unsorted"), http.StatusOK).Items; len(left) != 0 {
		t.Errorf("%+v", left)
	}
	if a := agent.post("/api/v1/numbers/spam", map[string]any{"call_id": list[0].LastCallID, "spam": false}); a.status != http.StatusNoContent {
		t.Fatalf("%d %s", a.status, a.text)
	}
	made := want[client.Card](t, agent.post("/api/v1/clients", map[string]any{"name": "Новый", "from_call_id": list[0].LastCallID}), http.StatusCreated)
	if len(made.Phones) != 1 || made.Phones[0].Display != "+7 (•••) •••-55-55" {
		t.Errorf("%+v", made.Phones)
	}
	if full := want[client.Card](t, s.login("admin").get(clientPath(made.ID, "")), http.StatusOK); full.Phones[0].E164 != "+79165555555" {
		t.Errorf("%+v", full.Phones)
	}
	if left := want[crm.Page[client.Unsorted]](t, agent.get("/api/v1/unsorted"), http.StatusOK).Items; len(left) != 0 {
		t.Errorf("%+v", left)
	}
}
