package httpapi

import (
	"context"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"github.com/google/uuid"

	"ringcard/crm"
	"ringcard/crm/employee"
	"ringcard/cti"
)

// talk is a site with a supervisor, Ivan, and a call of Anna's.
func talk(t *testing.T) (s *site, id string) {
	t.Helper()
	s = newSite(t)
	if _, err := s.deps.Employees.Create(t.Context(), crm.System(), employee.NewUser{
		Login: "ivan", Name: "Иван Старший", Role: crm.RoleSupervisor, Password: password}); err != nil {
		t.Fatal(err)
	}
	id = uuid.NewString()
	s.calls.live = map[int64][]cti.Call{s.userID("anna"): {{ID: id, State: cti.Talking}}}
	return s, id
}

// taken returns the commands that reached the telephone side since the last
// time.
func (s *site) taken() []cti.ControlRequest {
	s.calls.mu.Lock()
	defer s.calls.mu.Unlock()
	out := s.calls.ordered
	s.calls.ordered = nil
	return out
}

// audited lists who did what to a record: login and action, oldest first.
func (s *site) audited(id string) []string {
	s.t.Helper()
	rows, err := s.db.Pool().Query(s.t.Context(),
		`SELECT e.login || ' ' || a.action FROM crm.audit_log a JOIN crm.employee e ON e.id = a.actor_id WHERE a.entity = 'call' AND a.entity_id = $1 ORDER BY a.id`, id)
	if err != nil {
		s.t.Fatal(err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			s.t.Fatal(err)
		}
		out = append(out, line)
	}
	if err := rows.Err(); err != nil {
		s.t.Fatal(err)
	}
	return out
}

// A call is controlled by who is in it and by who controls all; a colleague may
// only pick it up.
func TestWhoMayControlACall_CO_07(t *testing.T) {
	t.Parallel()
	s, id := talk(t)
	anna, boris, ivan := s.login("anna"), s.login("boris"), s.login("ivan")
	path := "/api/v1/calls/" + id

	out := want[ControlOutput](t, anna.post(path+"/park", nil), http.StatusOK)
	if out.CallID != id || out.Slot != "701" {
		t.Errorf("%+v", out)
	}
	want[ControlOutput](t, anna.post(path+"/transfer", map[string]any{"to": "102"}), http.StatusOK)
	want[ControlOutput](t, anna.post(path+"/conference", map[string]any{"user_id": s.userID("boris")}), http.StatusOK)
	want[ControlOutput](t, anna.post(path+"/dtmf", map[string]any{"digits": "12#"}), http.StatusOK)
	mine := cti.ControlRequest{UserID: s.userID("anna"), CallID: id, Role: "operator"}
	expect := []cti.ControlRequest{mine, mine, mine, mine}
	expect[0].Action = cti.ActPark
	expect[1].Action, expect[1].To = cti.ActTransfer, "102"
	expect[2].Action, expect[2].ToUser = cti.ActConference, s.userID("boris")
	expect[3].Action, expect[3].Digits = cti.ActDTMF, "12#"
	if got := s.taken(); !slices.Equal(got, expect) {
		t.Errorf("ordered %+v, want %+v", got, expect)
	}

	for _, action := range []string{"hold", "resume", "mute", "unmute", "park", "complete", "cancel"} {
		refused(t, boris.post(path+"/"+action, nil), http.StatusNotFound, string(cti.CodeNotFound))
	}
	refused(t, boris.post(path+"/redirect", map[string]any{"to": "102"}), http.StatusNotFound, string(cti.CodeNotFound))
	refused(t, s.anonymous().post(path+"/hold", nil), http.StatusUnauthorized, codeUnauthorized)
	if got := s.taken(); len(got) != 0 {
		t.Errorf("strangers ordered %+v", got)
	}
	want[ControlOutput](t, boris.post(path+"/pickup", map[string]any{"device": "PJSIP/102"}), http.StatusOK)
	want[ControlOutput](t, ivan.post(path+"/hold", nil), http.StatusOK)
	got := s.taken()
	if len(got) != 2 || got[0].Device != "PJSIP/102" || got[0].All || !got[1].All || got[1].UserID != s.userID("ivan") {
		t.Errorf("ordered %+v", got)
	}
	if rows := s.audited(id); len(rows) != 0 {
		t.Errorf("control of calls is audited as supervision: %v", rows)
	}
}

// Only who may supervise listens, whispers and barges in; each time is noted
// before it begins, and what cannot be noted does not happen.
func TestSupervisionTakesARightAndIsAudited_CO_09(t *testing.T) {
	t.Parallel()
	s, id := talk(t)
	ivan := s.login("ivan")
	path := "/api/v1/calls/" + id
	actions := []string{"listen", "whisper", "barge"}
	for _, action := range actions {
		for _, who := range []string{"anna", "boris"} {
			refused(t, s.login(who).post(path+"/"+action, nil), http.StatusForbidden, codeForbidden)
		}
	}
	if got, rows := s.taken(), s.audited(id); len(got)+len(rows) != 0 {
		t.Errorf("without the right: ordered %+v, audited %v", got, rows)
	}
	for _, action := range actions {
		want[ControlOutput](t, ivan.post(path+"/"+action, map[string]any{"device": "PJSIP/110"}), http.StatusOK)
	}
	refused(t, s.login("anna").post(path+"/leave", nil), http.StatusForbidden, codeForbidden)
	want[ControlOutput](t, ivan.post(path+"/leave", nil), http.StatusOK)
	if rows := s.audited(id); !slices.Equal(rows, []string{"ivan call.listen", "ivan call.whisper", "ivan call.barge"}) {
		t.Errorf("audited %v", rows)
	}
	if got := s.taken(); len(got) != 4 || got[2].Action != cti.ActBarge || got[2].Device != "PJSIP/110" || got[3].Action != cti.ActLeave {
		t.Errorf("ordered %+v", got)
	}
	s.calls.err = cti.Errorf(cti.CodeUnregistered, "the telephone is not registered")
	refused(t, ivan.post(path+"/listen", nil), http.StatusConflict, string(cti.CodeUnregistered))
	if rows := s.audited(id); len(rows) != 4 {
		t.Errorf("an attempt is noted, too: %v", rows)
	}
	s.calls.err = nil
	if _, err := s.db.Pool().Exec(t.Context(), `ALTER TABLE crm.audit_log RENAME TO audit_lost`); err != nil {
		t.Fatal(err)
	}
	refused(t, ivan.post(path+"/listen", nil), http.StatusInternalServerError, codeInternal)
	if got := s.taken(); len(got) != 0 {
		t.Errorf("listened without a note: %+v", got)
	}
}

// A token has what it was made for and no more than its user has.
func TestTokensControlByTheirScope_CO_07_CO_09(t *testing.T) {
	t.Parallel()
	s, id := talk(t)
	path := "/api/v1/calls/" + id
	as := func(login string, scope ...crm.Permission) *browser {
		token, _, err := s.deps.Employees.CreateToken(t.Context(), crm.System(), login, "test", scope, nil)
		if err != nil {
			t.Fatal(err)
		}
		b := s.anonymous()
		b.bearer = token
		return b
	}
	reads, dials, listens := as("anna", crm.CallsRead), as("anna", crm.CallsRead, crm.CallsDial), as("ivan", crm.CallsSupervise)
	refused(t, reads.post(path+"/hold", nil), http.StatusForbidden, codeForbidden)
	want[ControlOutput](t, dials.post(path+"/hold", nil), http.StatusOK)
	refused(t, listens.post(path+"/hold", nil), http.StatusForbidden, codeForbidden)
	want[ControlOutput](t, listens.post(path+"/listen", nil), http.StatusOK)
	s.calls.actions = []cti.ActionState{{Action: cti.ActHold}, {Action: cti.ActListen}}
	list := want[items[ActionOutput]](t, reads.get(path+"/actions"), http.StatusOK)
	for _, a := range list.Items {
		if a.Allowed || a.Code != codeForbidden || a.Text == "" {
			t.Errorf("a token that only reads may %+v", a)
		}
	}
}

// Every refusal of the telephone side reaches the page with its code and a
// sentence; the status tells whose fault it is.
func TestRefusalsOfCommands_CO_07(t *testing.T) {
	t.Parallel()
	s, id := talk(t)
	anna := s.login("anna")
	for code, status := range map[cti.Code]int{
		cti.CodeOver: 409, cti.CodeNotTalking: 409, cti.CodeAlreadyHeld: 409, cti.CodeHeldAtPhone: 409, cti.CodeNotHeld: 409,
		cti.CodeAlreadyMuted: 409, cti.CodeNotMuted: 409, cti.CodeConsulting: 409, cti.CodeNoConsultation: 409,
		cti.CodeConsultRings: 409, cti.CodeNotRinging: 409, cti.CodeRingsAtYou: 409, cti.CodeOwnCall: 409,
		cti.CodeNeedsAMI: 409, cti.CodeNeedsContext: 409, cti.CodeUnsupported: 409, cti.CodeNotPossible: 409,
		cti.CodeNoDevice: 409, cti.CodeDeviceBusy: 409, cti.CodeUnregistered: 409, cti.CodeConflict: 409, cti.CodeAllTalk: 409, cti.CodeCommandRuns: 409,
		cti.CodeTargetOffline: 409, cti.CodeDoNotCall: 409, cti.CodeOutsideHours: 409, cti.CodeNotAllowed: 403,
		cti.CodeNotFound: 404, cti.CodeInvalid: 422,
		cti.CodeNoEffect: 502, cti.CodeRefused: 502, cti.CodeDenied: 502, cti.CodeUnreachable: 503,
	} {
		s.calls.err = &cti.Error{Code: code, Message: "what is wrong", Field: "to"}
		p := refused(t, anna.post("/api/v1/calls/"+id+"/transfer", map[string]any{"to": "102"}), status, string(code))
		if p.Detail != "what is wrong" || len(p.Errors) != 1 || p.Errors[0].Location != "body.to" {
			t.Errorf("%s: %+v", code, p)
		}
	}
}

// Input that cannot be meant is refused with its place, before any telephone
// rings.
func TestBadInputOfCommands_CO_07(t *testing.T) {
	t.Parallel()
	s, id := talk(t)
	anna := s.login("anna")
	path := "/api/v1/calls/" + id
	for _, c := range []struct {
		path     string
		body     any
		location string
	}{
		{path + "/dtmf", map[string]any{"digits": ""}, "body.digits"},
		{path + "/dtmf", map[string]any{"digits": "12x"}, "body.digits"},
		{path + "/dtmf", map[string]any{"digits": strings.Repeat("1", 33)}, "body.digits"},
		{path + "/dtmf", map[string]any{}, "body"},
		{path + "/transfer", map[string]any{"to": strings.Repeat("1", 65)}, "body.to"},
		{path + "/consult", map[string]any{"user_id": 0}, "body.user_id"},
		{path + "/redirect", map[string]any{"user_id": "102"}, "body.user_id"},
		{path + "/conference", map[string]any{"whom": "102"}, "body.whom"},
		{path + "/pickup", map[string]any{"device": strings.Repeat("x", 101)}, "body.device"},
		{"/api/v1/calls/7/hold", nil, "path.id"},
	} {
		p := refused(t, anna.post(c.path, c.body), http.StatusUnprocessableEntity, codeInvalid)
		if len(p.Errors) == 0 || p.Errors[0].Location != c.location {
			t.Errorf("%s %v: %+v, want the fault at %s", c.path, c.body, p.Errors, c.location)
		}
	}
	want[none](t, anna.post("/api/v1/calls/"+id+"/dance", nil), http.StatusNotFound)
	if got := s.taken(); len(got) != 0 {
		t.Errorf("ordered %+v", got)
	}
}

// The list of actions says of each why not: of the call, of the PBX, of the
// user's rights.
func TestActionsTellWhyNot_CO_07(t *testing.T) {
	t.Parallel()
	s, id := talk(t)
	s.calls.actions = []cti.ActionState{{Action: cti.ActHold}, {Action: cti.ActPark, Code: cti.CodeNeedsContext, Reason: "no context"},
		{Action: cti.ActPickup}, {Action: cti.ActListen}}
	for login, codes := range map[string][]string{
		"anna":  {"", string(cti.CodeNeedsContext), "", codeForbidden},
		"boris": {codeForbidden, codeForbidden, "", codeForbidden},
		"ivan":  {"", string(cti.CodeNeedsContext), "", ""},
	} {
		list := want[items[ActionOutput]](t, s.login(login).get("/api/v1/calls/"+id+"/actions"), http.StatusOK)
		for i, a := range list.Items {
			if a.Code != codes[i] || a.Allowed != (codes[i] == "") || (a.Text == "") != a.Allowed {
				t.Errorf("%s: %+v, want %q", login, a, codes[i])
			}
		}
	}
}

// Who closes the page in the middle of an order has given it all the same.
func TestOrderOutlivesItsPage_CO_07(t *testing.T) {
	t.Parallel()
	s, id := talk(t)
	anna := s.login("anna")
	ctx, leave := context.WithCancel(t.Context())
	s.calls.during = leave
	req := httptest.NewRequestWithContext(ctx, http.MethodPost, "/api/v1/calls/"+id+"/hangup", nil)
	req.AddCookie(anna.cookie)
	answer := httptest.NewRecorder()
	s.Config.Handler.ServeHTTP(answer, req)
	if ctx.Err() == nil || len(s.calls.hungUp) != 1 {
		t.Errorf("HTTP %d %s, hung up %v", answer.Code, answer.Body, s.calls.hungUp)
	}
}
