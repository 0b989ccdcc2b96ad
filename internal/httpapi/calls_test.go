package httpapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"ringcard/crm"
	"ringcard/crm/calllog"
	"ringcard/crm/client"
	"ringcard/crm/interaction"
	"ringcard/cti"
)

// userID returns the id of a login.
func (s *site) userID(login string) int64 {
	s.t.Helper()
	users, err := s.deps.Employees.List(s.t.Context(), crm.System())
	if err != nil {
		s.t.Fatal(err)
	}
	for _, u := range users {
		if u.Login == login {
			return u.ID
		}
	}
	s.t.Fatalf("no user %s", login)
	return 0
}

// saveCall keeps a finished inbound call of a user.
func (s *site) saveCall(number, disposition string, users ...int64) string {
	s.t.Helper()
	now := s.clock.Now().UTC()
	r := calllog.Record{
		ID: uuid.NewString(), Version: 3, PBX: "office", Direction: calllog.In, State: calllog.Ended, Disposition: disposition,
		Number: calllog.Number{Raw: number, E164: number, Display: number, Kind: "external"}, UserIDs: users,
		StartedAt: now.Add(-time.Minute), RingAt: &now, EndedAt: &now, WaitMS: 5000,
		Snapshot: json.RawMessage(`{"legs":[{"id":"1.1","name":"PJSIP/trunk-1"}]}`),
	}
	if disposition == calllog.Answered {
		r.AnsweredAt, r.TalkMS = &now, 30000
		r.AnsweredBy = &calllog.Party{UserID: users[0], Name: "x"}
	}
	if err := s.deps.CallLog.Save(s.t.Context(), r); err != nil {
		s.t.Fatal(err)
	}
	return r.ID
}

func TestJournalShowsOnesOwnCallsUnlessAllowed_AF_03(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	anna, boris := s.userID("anna"), s.userID("boris")
	mine := s.saveCall("+79210000001", calllog.Answered, anna)
	missed := s.saveCall("+79210000002", calllog.Missed, anna)
	gaveUp := s.saveCall("+79210000003", calllog.Abandoned, anna)
	other := s.saveCall("+79210000004", calllog.Answered, boris)

	b := s.login("anna")
	list := want[crm.Page[calllog.Record]](t, b.get("/api/v1/calls"), http.StatusOK)
	if ids := callIDs(list.Items); len(ids) != 3 || slices.Contains(ids, other) {
		t.Errorf("anna sees %v", ids)
	}
	refused(t, b.get("/api/v1/calls/"+other), http.StatusNotFound, codeNotFound)
	refused(t, b.get("/api/v1/calls/"+other+"/why"), http.StatusNotFound, codeNotFound)
	refused(t, b.post("/api/v1/calls/"+other+"/note", map[string]any{"text": "x"}), http.StatusNotFound, codeNotFound)
	list = want[crm.Page[calllog.Record]](t, b.get("/api/v1/calls?missed=true"), http.StatusOK)
	if ids := callIDs(list.Items); !slices.Contains(ids, missed) || !slices.Contains(ids, gaveUp) || len(ids) != 2 {
		t.Errorf("missed are %v", ids)
	}
	list = want[crm.Page[calllog.Record]](t, b.get("/api/v1/calls?disposition=missed&disposition=answered&direction=in"), http.StatusOK)
	if len(list.Items) != 2 {
		t.Errorf("by disposition: %v", callIDs(list.Items))
	}
	record := want[calllog.Record](t, b.get("/api/v1/calls/"+mine), http.StatusOK)
	if record.TalkMS != 30000 || len(record.Legs) == 0 {
		t.Errorf("%+v", record)
	}
	admin := s.login("admin")
	list = want[crm.Page[calllog.Record]](t, admin.get(fmt.Sprintf("/api/v1/calls?user_id=%d", boris)), http.StatusOK)
	if ids := callIDs(list.Items); len(ids) != 1 || ids[0] != other {
		t.Errorf("of boris: %v", ids)
	}
	from := url.QueryEscape(s.clock.Now().Add(time.Hour).Format(time.RFC3339))
	if list = want[crm.Page[calllog.Record]](t, admin.get("/api/v1/calls?from="+from), http.StatusOK); len(list.Items) != 0 {
		t.Errorf("from the future: %v", callIDs(list.Items))
	}
	for _, bad := range []string{"?disposition=lost", "?direction=up", "?from=yesterday", "?missed=true&direction=out"} {
		refused(t, admin.get("/api/v1/calls"+bad), http.StatusUnprocessableEntity, codeInvalid)
	}
	summary := want[calllog.Summary](t, admin.get("/api/v1/calls/summary"), http.StatusOK)
	if summary.Today.Answered != 2 || summary.Today.Missed != 2 {
		t.Errorf("%+v", summary)
	}
	refused(t, b.get("/api/v1/calls/summary?scope=all"), http.StatusForbidden, codeForbidden)
	want[calllog.Summary](t, b.get("/api/v1/calls/summary"), http.StatusOK)
}

func callIDs(records []calllog.Record) []string {
	ids := []string{}
	for _, r := range records {
		ids = append(ids, r.ID)
	}
	return ids
}

func TestDialNeedsAKeyAndTellsRefusals_CO_03(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.login("anna")
	refused(t, b.post("/api/v1/calls", map[string]any{"to": "89210000001"}), http.StatusUnprocessableEntity, codeInvalid)
	keyed := b.with("Idempotency-Key", "click-0001")
	out := want[DialOutput](t, keyed.with("X-Requested-At", "2026-11-22T10:00:00.5Z").post("/api/v1/calls", map[string]any{"to": "89210000001", "device": "PJSIP/101"}), http.StatusAccepted)
	if out.ID == "" || len(s.calls.dialled) != 1 {
		t.Fatalf("%+v, %d dialled", out, len(s.calls.dialled))
	}
	got := s.calls.dialled[0]
	if got.UserID != s.userID("anna") || got.Key != "click-0001" || got.To != "89210000001" || got.Device != "PJSIP/101" ||
		!got.RequestedAt.Equal(time.Date(2026, 11, 22, 10, 0, 0, 5e8, time.UTC)) {
		t.Errorf("%+v", got)
	}
	for code, status := range map[cti.Code]int{
		cti.CodeNoDevice: 409, cti.CodeDeviceBusy: 409, cti.CodeUnregistered: 409, cti.CodeExpired: 409, cti.CodeInvalid: 422,
		cti.CodeUnreachable: 503, cti.CodeRefused: 502, cti.CodeDenied: 502, cti.CodeForbidden: 403,
	} {
		s.calls.err = &cti.Error{Code: code, Message: "так нельзя", Field: "to"}
		p := refused(t, keyed.post("/api/v1/calls", map[string]any{"to": "1"}), status, string(code))
		if p.Detail != "так нельзя" || len(p.Errors) != 1 || p.Errors[0].Location != "body.to" {
			t.Errorf("%+v", p)
		}
	}
	s.calls.err = nil
	refused(t, keyed.post("/api/v1/calls", map[string]any{"to": "1", "client_id": 999999}), http.StatusNotFound, codeNotFound)
	want[none](t, b.post("/api/v1/calls/"+out.ID+"/hangup", nil), http.StatusAccepted)
	if len(s.calls.hungUp) != 1 || s.calls.hungUp[0] != out.ID {
		t.Errorf("hung up %v", s.calls.hungUp)
	}
	refused(t, b.post("/api/v1/calls/7/hangup", nil), http.StatusUnprocessableEntity, codeInvalid)
}

func TestUnknownCallerBecomesAClient_LU_05(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.login("anna")
	anna := s.userID("anna")
	first := s.saveCall("+79213334455", calllog.Missed, anna)
	second := s.saveCall("+79213334455", calllog.Answered, anna)
	note := want[TextInput](t, b.post("/api/v1/calls/"+second+"/note", map[string]any{"text": " спросил цену "}), http.StatusOK)
	if note.Text != "спросил цену" {
		t.Errorf("%+v", note)
	}
	card := b.create("Новый клиент", map[string]any{"from_call_id": second})
	if card.Phone == nil || card.Phone.E164 != "+79213334455" {
		t.Errorf("phone %+v", card.Phone)
	}
	if !slices.Contains(s.calls.chosen, second) {
		t.Error("the new client is not shown on the call")
	}
	history := want[crm.Page[interaction.Item]](t, b.get(clientPath(card.ID, "/history?kind=call")), http.StatusOK)
	if len(history.Items) != 2 {
		t.Fatalf("history %+v", history.Items)
	}
	record := want[calllog.Record](t, b.get("/api/v1/calls/"+first), http.StatusOK)
	if record.ClientID != card.ID {
		t.Errorf("the earlier call is not linked: %+v", record)
	}
}

func TestCallIsLinkedToAnExistingClient_LU_05(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.login("anna")
	id := s.saveCall("+79216667788", calllog.Answered, s.userID("anna"))
	card := b.create("Старый клиент", nil)
	want[none](t, b.post(clientPath(card.ID, "/link-call"), map[string]any{"call_id": id}), http.StatusNoContent)
	card = want[client.Card](t, b.get(clientPath(card.ID, "")), http.StatusOK)
	if len(card.Phones) != 1 || card.Phones[0].E164 != "+79216667788" {
		t.Errorf("phones %+v", card.Phones)
	}
	second := b.create("Второй", nil)
	s.calls.err = cti.Errorf(cti.CodeNotFound, "over")
	want[none](t, b.post("/api/v1/calls/"+id+"/client", map[string]any{"client_id": second.ID}), http.StatusNoContent)
	record := want[calllog.Record](t, b.get("/api/v1/calls/"+id), http.StatusOK)
	if record.ClientID != second.ID {
		t.Errorf("%+v", record)
	}
	refused(t, b.post("/api/v1/calls/"+id+"/client", map[string]any{"client_id": 999999}), http.StatusNotFound, codeNotFound)
	refused(t, b.post("/api/v1/calls/"+uuid.NewString()+"/client", map[string]any{"client_id": second.ID}), http.StatusNotFound, codeNotFound)
}

func TestLiveCallIsFoundBeforeItIsWritten(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := uuid.NewString()
	s.calls.live = map[int64][]cti.Call{s.userID("anna"): {{ID: id, State: cti.Ringing}}}
	s.calls.why = map[string]cti.Why{id: {Steps: []cti.Step{{Step: "ringing", Text: "PJSIP/101 rings"}}}}
	record := want[calllog.Record](t, s.login("anna").get("/api/v1/calls/"+id), http.StatusOK)
	if record.State != "ringing" {
		t.Errorf("%+v", record)
	}
	why := want[cti.Why](t, s.login("anna").get("/api/v1/calls/"+id+"/why"), http.StatusOK)
	if len(why.Steps) != 1 || why.Recipients == nil {
		t.Errorf("%+v", why)
	}
	refused(t, s.login("boris").get("/api/v1/calls/"+id), http.StatusNotFound, codeNotFound)
	refused(t, s.login("boris").get("/api/v1/calls/"+id+"/why"), http.StatusNotFound, codeNotFound)
}
