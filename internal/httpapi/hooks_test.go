package httpapi

import (
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"testing"

	"ringcard/crm"
	"ringcard/crm/client"
	"ringcard/crm/routing"
)

// hookSite is a site with one client of anna, whose telephone is PJSIP/101,
// and a token for a dialplan.
func hookSite(t *testing.T, settings ...func(*Deps)) (s *site, token string, anna int64) {
	t.Helper()
	s = newSite(t, settings...)
	for _, u := range want[items[User]](t, s.login("admin").get("/api/v1/users"), http.StatusOK).Items {
		if u.Login == "anna" {
			anna = u.ID
		}
	}
	if _, err := s.deps.Clients.Create(t.Context(), crm.System(), client.NewClient{
		Name: "ООО «Северный ветер»", ResponsibleID: &anna,
		Person: &client.PersonInput{Name: "Иванова Марина", Phones: []client.PhoneInput{{Raw: "+79161234567"}}},
	}); err != nil {
		t.Fatal(err)
	}
	token, _, err := s.deps.Employees.CreateToken(t.Context(), crm.System(), "admin", "dialplan", []crm.Permission{crm.Hooks}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s, token, anna
}

func TestCallerNameHook_LU_06(t *testing.T) {
	t.Parallel()
	s, token, _ := hookSite(t)
	pbx := s.anonymous().with(headerToken, token)
	for query, name := range map[string]string{
		"number=79161234567":                          "Иванова Марина, ООО «Северный ветер»",
		"number=%2B7+916+123-45-67&max=15":            "Иванова Марина",
		"number=89161234567&ascii=1":                  "Ivanova Marina, OOO Severnyj veter",
		"number=89161234567&ascii=1&max=2000":         "",               // refused
		"number=89161234567&pbx=office":               "Ivanova Marina", // as the telephones of this PBX want it
		"number=89161234567&pbx=office&ascii=0&max=9": "Иванова М",
		"number=89161234567&pbx=none":                 "", // refused
		"number=89990000000":                          "",
		"number=anonymous":                            "",
		"number=101":                                  "",
		"":                                            "", // refused
		"number=89161234567&token=" + token:           "", // a token in an address is refused
	} {
		a := pbx.get("/api/v1/hooks/callerid?" + query)
		if a.text != name {
			t.Errorf("%s: %d %q, want %q", query, a.status, a.text, name)
		}
		wanted := http.StatusOK
		switch {
		case strings.Contains(query, "token="), strings.Contains(query, "2000"), strings.Contains(query, "none"), query == "":
			wanted = http.StatusUnprocessableEntity
		case name == "":
			wanted = http.StatusNoContent
		}
		if a.status != wanted {
			t.Errorf("%s: status %d, want %d", query, a.status, wanted)
		}
	}
	t.Run("JSON by Accept", func(t *testing.T) {
		got := want[client.Caller](t, pbx.with("Accept", "application/json").get("/api/v1/hooks/callerid?number=79161234567"), http.StatusOK)
		if got.Name == "" || got.ClientID == 0 || got.PersonID == 0 || got.Reason != client.Affiliation {
			t.Errorf("%+v", got)
		}
		refused(t, pbx.with("Accept", "application/json").get("/api/v1/hooks/callerid"), http.StatusUnprocessableEntity, "invalid")
	})
	t.Run("the token goes where a dialplan can put it", func(t *testing.T) {
		const path = "/api/v1/hooks/callerid?number=79161234567"
		basic := s.anonymous()
		basic.header.Set("Authorization", "Basic "+basicAuth("asterisk", token))
		bearer := s.anonymous()
		bearer.bearer = token
		for name, b := range map[string]*browser{"basic": basic, "bearer": bearer, "header": pbx} {
			if a := b.get(path); a.status != http.StatusOK || a.text == "" {
				t.Errorf("%s: %d %q", name, a.status, a.text)
			}
		}
		for name, b := range map[string]*browser{
			"no token": s.anonymous(), "wrong token": s.anonymous().with(headerToken, "rck_x"), "a session": s.login("admin"),
		} {
			if a := b.get(path); a.status != http.StatusUnauthorized || a.text != "" {
				t.Errorf("%s: %d %q", name, a.status, a.text)
			}
		}
	})
	t.Run("a token without the scope is refused, one with it can do nothing else", func(t *testing.T) {
		other, _, err := s.deps.Employees.CreateToken(t.Context(), crm.System(), "admin", "x", []crm.Permission{crm.ClientsRead}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if a := s.anonymous().with(headerToken, other).get("/api/v1/hooks/callerid?number=79161234567"); a.status != http.StatusForbidden || a.text != "" {
			t.Errorf("%d %q", a.status, a.text)
		}
		b := s.anonymous()
		b.bearer = token
		refused(t, b.get("/api/v1/lookup?number=79161234567"), http.StatusForbidden, "forbidden")
	})
	t.Run("the secret is in no log", func(t *testing.T) {
		if strings.Contains(s.log.String(), token) {
			t.Error("the token is in the log")
		}
	})
}

func TestResponsibleHook_LU_07(t *testing.T) {
	t.Parallel()
	s, token, anna := hookSite(t)
	pbx := s.anonymous().with(headerToken, token)
	ask := func(query string) string {
		t.Helper()
		a := pbx.get("/api/v1/hooks/responsible?number=79161234567" + query)
		if a.status != http.StatusOK && a.status != http.StatusNoContent {
			t.Errorf("%d %s", a.status, a.text)
		}
		return a.text
	}
	if got := ask("&pbx=office"); got != "101" {
		t.Errorf("the manager's extension is %q", got)
	}
	if a := pbx.get("/api/v1/hooks/responsible?number=79161234567&pbx=nowhere"); a.status != http.StatusUnprocessableEntity || a.text != "" {
		t.Errorf("unknown PBX: %d %q", a.status, a.text)
	}
	if a := pbx.get("/api/v1/hooks/responsible?number=79990000000"); a.status != http.StatusNoContent {
		t.Errorf("unknown number: %d %q", a.status, a.text)
	}

	own, admin := s.login("anna"), s.login("admin")
	base := "/api/v1/users/" + strconv.FormatInt(anna, 10)
	t.Run("working hours", func(t *testing.T) {
		never := map[string]any{"own_hours": true, "hours": []any{}}
		want[routing.Schedule](t, own.send(http.MethodPut, base+"/schedule", never), http.StatusOK)
		if got := ask(""); got != "" {
			t.Errorf("who never works takes the call at %q", got)
		}
		answer := want[routing.Answer](t, pbx.with("Accept", "application/json").get("/api/v1/hooks/responsible?number=79161234567"), http.StatusOK)
		if answer.Reason != routing.ReasonNobody || len(answer.Why) != 1 || answer.Why[0].Code != routing.CodeOffHours || answer.Client == "" {
			t.Errorf("%+v", answer)
		}
		always := map[string]any{"own_hours": true, "hours": []any{}}
		var hours []any
		for day := 1; day <= 7; day++ {
			hours = append(hours, map[string]any{"day": day, "from": "00:00", "to": "24:00"})
		}
		always["hours"] = hours
		if got := want[routing.Schedule](t, admin.send(http.MethodPut, base+"/schedule", always), http.StatusOK); len(got.Hours) != 7 || got.Hours[6].To != "24:00" {
			t.Errorf("%+v", got)
		}
		if got := ask(""); got != "101" {
			t.Errorf("who always works: %q", got)
		}
		refused(t, own.send(http.MethodPut, base+"/schedule", map[string]any{"own_hours": false, "hours": hours}), http.StatusUnprocessableEntity, "invalid")
		refused(t, own.send(http.MethodPut, base+"/schedule", map[string]any{"own_hours": true, "hours": []any{}, "deputy_id": 999}), http.StatusUnprocessableEntity, "invalid")
		refused(t, s.login("boris").get(base+"/schedule"), http.StatusForbidden, "forbidden")
		refused(t, admin.get("/api/v1/users/999/schedule"), http.StatusNotFound, "not_found")
	})
	t.Run("absence with a deputy", func(t *testing.T) {
		deputy := want[User](t, admin.post("/api/v1/users", map[string]any{
			"login": "vera", "name": "Вера", "role": "manager", "password": password, "extension": "104"}), http.StatusCreated)
		now := s.clock.Now()
		absence := map[string]any{"kind": "vacation", "from_at": now.Add(-1e9), "to_at": now.Add(1e12), "deputy_id": deputy.ID, "note": "море"}
		made := want[routing.Absence](t, own.post(base+"/absences", absence), http.StatusCreated)
		if got := ask(""); got != "104" {
			t.Errorf("while she is away %q takes the call", got)
		}
		answer := want[routing.Answer](t, pbx.with("Accept", "application/json").get("/api/v1/hooks/responsible?number=79161234567"), http.StatusOK)
		if answer.Reason != routing.ReasonDeputy || answer.UserID != deputy.ID || len(answer.Why) != 2 || answer.Why[0].Code != routing.CodeAbsent {
			t.Errorf("%+v", answer)
		}
		if list := want[items[routing.Absence]](t, own.get(base+"/absences"), http.StatusOK).Items; len(list) != 1 || list[0].Note != "море" {
			t.Errorf("%+v", list)
		}
		absence["to_at"] = now.Add(-2e9)
		refused(t, own.post(base+"/absences", absence), http.StatusUnprocessableEntity, "invalid")
		refused(t, s.login("boris").post(base+"/absences", absence), http.StatusForbidden, "forbidden")
		if a := own.send(http.MethodDelete, base+"/absences/"+strconv.FormatInt(made.ID, 10), nil); a.status != http.StatusNoContent {
			t.Errorf("%d %s", a.status, a.text)
		}
		refused(t, own.send(http.MethodDelete, base+"/absences/"+strconv.FormatInt(made.ID, 10), nil), http.StatusNotFound, "not_found")
		if got := ask(""); got != "101" {
			t.Errorf("after her return: %q", got)
		}
	})
	t.Run("the office's hours", func(t *testing.T) {
		want[routing.Schedule](t, own.send(http.MethodPut, base+"/schedule", map[string]any{"own_hours": false, "hours": []any{}}), http.StatusOK)
		closed := []any{map[string]any{"day": int(s.clock.Now().UTC().AddDate(0, 0, 2).Weekday())%7 + 1, "from": "09:00", "to": "09:01"}}
		got := want[OfficeHours](t, admin.send(http.MethodPut, "/api/v1/office-hours", map[string]any{"hours": closed}), http.StatusOK)
		if len(got.Hours) != 1 || got.Hours[0].From != "09:00" {
			t.Errorf("%+v", got)
		}
		if got := ask(""); got != "" {
			t.Errorf("outside the office's hours %q takes the call", got)
		}
		refused(t, own.send(http.MethodPut, "/api/v1/office-hours", map[string]any{"hours": closed}), http.StatusForbidden, "forbidden")
		want[OfficeHours](t, admin.send(http.MethodPut, "/api/v1/office-hours", map[string]any{"hours": []any{}}), http.StatusOK)
		if got := ask(""); got != "101" {
			t.Errorf("%q", got)
		}
	})
}

// A base that does not answer holds no call: the test would hang until the
// lock is freed at its end.
func TestStalledHookLetsTheCallGoOn_LU_06_LU_07(t *testing.T) {
	t.Parallel()
	s, token, _ := hookSite(t, func(d *Deps) { d.HookBudget = 0 }) // the default
	tx, err := s.db.Pool().Begin(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = tx.Rollback(t.Context()) }()
	if _, err := tx.Exec(t.Context(), `LOCK TABLE crm.phone_lookup IN ACCESS EXCLUSIVE MODE`); err != nil {
		t.Fatal(err)
	}
	pbx := s.anonymous().with(headerToken, token)
	for _, path := range []string{"/api/v1/hooks/callerid?number=79161234567", "/api/v1/hooks/responsible?number=79161234567"} {
		if a := pbx.get(path); a.status != http.StatusNoContent || a.header.Get("X-Ringcard-Hook") != "late" {
			t.Errorf("%s: %d %q %v", path, a.status, a.text, a.header)
		}
	}
	answer := want[routing.Answer](t, pbx.with("Accept", "application/json").get("/api/v1/hooks/responsible?number=79161234567"), http.StatusOK)
	if answer.Reason != routing.ReasonTimeout || answer.Extension != "" {
		t.Errorf("%+v", answer)
	}
}

func basicAuth(user, password string) string {
	r := http.Request{Header: http.Header{}, URL: &url.URL{}}
	r.SetBasicAuth(user, password)
	return strings.TrimPrefix(r.Header.Get("Authorization"), "Basic ")
}
