package httpapi

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"

	"ringcard/cti"
)

// fakeQueues has one queue and notes changes.
type fakeQueues struct {
	mu      sync.Mutex
	err     error
	changed []cti.QueueRequest
}

func (f *fakeQueues) List() []cti.Queue {
	return []cti.Queue{{PBX: "office", Name: "sales", Known: true, Members: []cti.QueueMember{}, Waiting: 1,
		Callers: []cti.QueueCaller{{CallID: "1", Number: "+79210000001"}}}}
}

func (f *fakeQueues) Change(_ context.Context, r cti.QueueRequest) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.changed = append(f.changed, r)
	return f.err
}

func (f *fakeQueues) taken() []cti.QueueRequest {
	f.mu.Lock()
	defer f.mu.Unlock()
	out := f.changed
	f.changed = nil
	return out
}

// One's own membership is one's own; that of another takes a right.
func TestWhoMayChangeAMembership_CO_10(t *testing.T) {
	t.Parallel()
	s, _ := talk(t)
	anna, ivan := s.login("anna"), s.login("ivan")
	path := "/api/v1/queues/sales/"
	for _, change := range []string{"login", "pause", "unpause", "logout"} {
		want[none](t, anna.post(path+change, map[string]any{}), http.StatusNoContent)
		refused(t, anna.post(path+change, map[string]any{"user_id": s.userID("boris")}), http.StatusForbidden, codeForbidden)
	}
	want[none](t, anna.post(path+"pause", map[string]any{"user_id": s.userID("anna"), "reason": "lunch", "pbx": "office"}), http.StatusNoContent)
	want[none](t, ivan.post(path+"pause", map[string]any{"user_id": s.userID("anna")}), http.StatusNoContent)
	a := s.userID("anna")
	expect := []cti.QueueRequest{{Change: cti.QueueLogin}, {Change: cti.QueuePause}, {Change: cti.QueueUnpause}, {Change: cti.QueueLogout},
		{Change: cti.QueuePause, Reason: "lunch", PBX: "office"}, {Change: cti.QueuePause}}
	for i := range expect {
		expect[i].UserID, expect[i].Queue = a, "sales"
	}
	if got := s.queues.taken(); !slices.Equal(got, expect) {
		t.Errorf("ordered %+v, want %+v", got, expect)
	}
	refused(t, s.anonymous().post(path+"login", map[string]any{}), http.StatusUnauthorized, codeUnauthorized)
}

// Who waits is shown to those who may see all calls, to the others how many.
func TestWhoSeesTheCallersOfAQueue_CO_10(t *testing.T) {
	t.Parallel()
	s, _ := talk(t)
	for login, sees := range map[string]bool{"anna": false, "ivan": true} {
		list := want[items[cti.Queue]](t, s.login(login).get("/api/v1/queues"), http.StatusOK)
		if len(list.Items) != 1 || list.Items[0].Waiting != 1 || (len(list.Items[0].Callers) == 1) != sees {
			t.Errorf("%s sees %+v", login, list.Items)
		}
	}
}

func TestRefusalsOfQueueChanges_CO_10(t *testing.T) {
	t.Parallel()
	s, _ := talk(t)
	anna := s.login("anna")
	for code, status := range map[cti.Code]int{
		cti.CodeNoQueue: 404, cti.CodeNotMember: 409, cti.CodeStaticMember: 409, cti.CodeNoDevice: 409, cti.CodeNeedsContext: 409,
		cti.CodeInvalid: 422, cti.CodeNoEffect: 502, cti.CodeRefused: 502, cti.CodeUnreachable: 503,
	} {
		s.queues.err = cti.Errorf(code, "what is wrong")
		if p := refused(t, anna.post("/api/v1/queues/sales/pause", map[string]any{}), status, string(code)); p.Detail != "what is wrong" {
			t.Errorf("%s: %+v", code, p)
		}
	}
	s.queues.taken()
	for location, body := range map[string]any{
		"body.reason": map[string]any{"reason": strings.Repeat("x", 81)}, "body.user_id": map[string]any{"user_id": -1},
		"body.pbx": map[string]any{"pbx": strings.Repeat("x", 33)}, "body.why": map[string]any{"why": "lunch"},
	} {
		p := refused(t, anna.post("/api/v1/queues/sales/pause", body), http.StatusUnprocessableEntity, codeInvalid)
		if len(p.Errors) != 1 || p.Errors[0].Location != location {
			t.Errorf("%v: %+v", body, p.Errors)
		}
	}
	if got := s.queues.taken(); len(got) != 0 {
		t.Errorf("ordered %+v", got)
	}
}
