package httpapi

import (
	"net/http"
	"net/url"
	"testing"

	"github.com/google/uuid"

	"ringcard/crm"
	"ringcard/crm/calllog"
	"ringcard/crm/client"
	"ringcard/crm/employee"
	"ringcard/crm/obligation"
)

// A number is dialled by what names it, by each role within what it may see,
// and no answer tells it to who sees it masked.
func TestDialByWhatNamesTheNumber_PU_09(t *testing.T) {
	t.Parallel()
	s, ids, card := maskedSite(t)
	for login, role := range map[string]crm.Role{"super": crm.RoleSupervisor, "manager": crm.RoleManager, "operator": crm.RoleOperator} {
		if _, err := s.deps.Employees.Create(t.Context(), crm.System(), employee.NewUser{Login: login, Name: login, Role: role, Password: password}); err != nil {
			t.Fatal(err)
		}
	}
	token, _, err := s.deps.Employees.CreateToken(t.Context(), crm.System(), "admin", "reads only", []crm.Permission{crm.CallsRead, crm.ClientsRead, crm.CallsReadAll}, nil)
	if err != nil {
		t.Fatal(err)
	}
	owed := want[crm.Page[obligation.Obligation]](t, s.login("admin").get("/api/v1/obligations?state=open&client_id="+ids["clients"]), http.StatusOK).Items
	if len(owed) != 1 {
		t.Fatalf("obligations %+v", owed)
	}
	names := map[string]map[string]any{
		"phone":         {"phone_id": card.Phones[0].ID},
		"call":          {"call_id": ids["calls"]},
		"missed caller": {"obligation_id": owed[0].ID},
		"masked text":   {"to": "+7 (•••) •••-45-67"},
		"two names":     {"phone_id": card.Phones[0].ID, "obligation_id": owed[0].ID},
		"nothing":       {},
	}
	const no, bad, gone, yes = http.StatusForbidden, http.StatusUnprocessableEntity, http.StatusNotFound, http.StatusAccepted
	for who, expected := range map[string]map[string]int{
		"admin":    {"phone": yes, "call": yes, "missed caller": yes, "masked text": bad, "two names": bad, "nothing": bad},
		"super":    {"phone": yes, "call": yes, "missed caller": yes, "masked text": bad, "two names": bad, "nothing": bad},
		"manager":  {"phone": yes, "call": gone, "missed caller": yes, "masked text": bad, "two names": bad, "nothing": bad},
		"operator": {"phone": yes, "call": gone, "missed caller": yes, "masked text": bad, "two names": bad, "nothing": bad},
		"agent":    {"phone": yes, "call": yes, "missed caller": yes, "masked text": bad, "two names": bad, "nothing": bad},
		"token":    {"phone": no, "call": no, "missed caller": no, "masked text": no, "two names": no, "nothing": no},
	} {
		b := s.anonymous()
		if who == "token" {
			b.bearer = token
		} else {
			b = s.login(who)
		}
		for name, in := range names {
			before := len(s.calls.dialled)
			a := b.with("Idempotency-Key", uuid.NewString()).post("/api/v1/calls", in)
			if a.status != expected[name] {
				t.Errorf("%s dials by %s: %d %s, want %d", who, name, a.status, a.text, expected[name])
			}
			if found := seeded.FindString(a.text); found != "" {
				t.Errorf("%s dials by %s and reads %q", who, name, found)
			}
			if dialled := s.calls.dialled[before:]; (len(dialled) == 1) != (expected[name] == yes) || len(dialled) == 1 && dialled[0].To != "+79161234567" {
				t.Errorf("%s dials by %s: dialled %+v", who, name, dialled)
			}
		}
	}
}

// Search does not give the hidden digits away, neither in numbers nor in names
// that are numbers; what is seen, and a whole number, is found.
func TestSearchOfAMaskedReader_PU_09(t *testing.T) {
	t.Parallel()
	s, _, _ := maskedSite(t)
	if _, err := s.deps.Clients.Create(t.Context(), crm.System(), client.NewClient{Name: "89161234567"}); err != nil {
		t.Fatal(err)
	}
	agent, admin := s.login("agent"), s.login("admin")
	found := func(b *browser, q string) (clients, list, persons, calls int) {
		in := "?q=" + url.QueryEscape(q)
		box := want[SearchResult](t, b.get("/api/v1/search"+in), http.StatusOK)
		return len(box.Clients),
			len(want[crm.Page[client.Row]](t, b.get("/api/v1/clients"+in), http.StatusOK).Items),
			len(want[crm.Page[client.PersonRow]](t, b.get("/api/v1/persons"+in), http.StatusOK).Items),
			len(want[crm.Page[calllog.Record]](t, b.get("/api/v1/calls"+in), http.StatusOK).Items)
	}
	for _, guess := range []string{"34567", "3-45-67", "1234567", "9161", "916 123"} {
		if c, l, p, k := found(admin, guess); c+l+p+k == 0 {
			t.Errorf("%q finds nothing for an administrator either", guess)
		}
		if c, l, p, k := found(agent, guess); c+l+p+k != 0 {
			t.Errorf("%q tells a masked reader: %d in the box, %d clients, %d persons, %d calls", guess, c, l, p, k)
		}
	}
	for _, known := range []string{"45-67", "567", "8 (916) 123-45-67"} {
		if c, l, p, k := found(agent, known); c == 0 || l != 1 || p != 1 || k != 1 {
			t.Errorf("%q: %d in the box, %d clients, %d persons, %d calls", known, c, l, p, k)
		}
	}
	if c, l, _, _ := found(agent, "северный 916"); c != 1 || l != 1 {
		t.Errorf("a name with digits beside it: %d, %d", c, l)
	}
	shown := agent.get("/api/v1/calls/export.csv?q=4567")
	export := agent.get("/api/v1/calls/export.csv?q=34567")
	if export.status != http.StatusOK || shown.status != http.StatusOK || len(export.text) >= len(shown.text) || seeded.MatchString(shown.text) {
		t.Errorf("exports: %d %q, %d %q", export.status, export.text, shown.status, shown.text)
	}
}
