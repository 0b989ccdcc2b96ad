package httpapi

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"ringcard/crm"
)

func TestLoginGivesASessionAndNoSecrets(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	res := s.anonymous().post("/api/v1/login", map[string]string{"login": "Anna", "password": password})
	me := want[Me](t, res, http.StatusOK)
	if me.Login != "anna" || me.Role != crm.RoleOperator || me.Extension != "101" || len(me.Devices) != 1 {
		t.Errorf("%+v", me)
	}
	lacks(t, res, "argon2", "hash", password)
	if len(res.cookies) != 1 {
		t.Fatalf("cookies %v", res.cookies)
	}
	c := res.cookies[0]
	if c.Name != cookieName || !c.HttpOnly || c.SameSite != http.SameSiteLaxMode || c.Secure || c.Path != "/" {
		t.Errorf("cookie %v", c)
	}
	if strings.Contains(s.log.String(), c.Value) || strings.Contains(s.log.String(), password) {
		t.Error("a secret is in the log")
	}
}

func TestCookieIsSecureUnderHTTPS(t *testing.T) {
	t.Parallel()
	s := &server{deps: Deps{PublicURL: "https://crm.example.org"}}
	if c := s.sessionCookie(&caller{}, "x"); !c.Secure {
		t.Error("not secure with an https public_url")
	}
	s = &server{}
	if c := s.sessionCookie(&caller{secure: true}, "x"); !c.Secure {
		t.Error("not secure over TLS")
	}
}

func TestWrongLoginIsRefusedAndThenLocked_OP_05(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.anonymous()
	wrong := map[string]string{"login": "anna", "password": "wrong password"}
	unknown := refused(t, b.post("/api/v1/login", map[string]string{"login": "nobody", "password": "x"}), http.StatusUnauthorized, codeUnauthorized)
	var known Problem
	for range guardPerPair {
		known = refused(t, b.post("/api/v1/login", wrong), http.StatusUnauthorized, codeUnauthorized)
	}
	if known.Detail != unknown.Detail {
		t.Errorf("a known login can be told from an unknown one: %q, %q", known.Detail, unknown.Detail)
	}
	right := map[string]string{"login": "anna", "password": password}
	locked := b.post("/api/v1/login", right)
	refused(t, locked, http.StatusTooManyRequests, codeTooMany)
	if locked.header.Get("Retry-After") == "" {
		t.Error("no Retry-After")
	}
	want[Me](t, b.post("/api/v1/login", map[string]string{"login": "boris", "password": password}), http.StatusOK)
	s.clock.advance(guardWindow)
	want[Me](t, b.post("/api/v1/login", right), http.StatusOK)
}

func TestSessionEnds(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.login("anna")
	want[Me](t, b.get("/api/v1/me"), http.StatusOK)
	s.clock.advance(31 * 24 * time.Hour)
	expired := b.get("/api/v1/me")
	refused(t, expired, http.StatusUnauthorized, codeUnauthorized)
	if expired.header.Get("WWW-Authenticate") == "" {
		t.Error("no WWW-Authenticate")
	}
	b = s.login("anna")
	want[none](t, b.post("/api/v1/logout", nil), http.StatusNoContent)
	refused(t, b.get("/api/v1/me"), http.StatusUnauthorized, codeUnauthorized)
	want[none](t, b.post("/api/v1/logout", nil), http.StatusNoContent)
}

func TestEveryOperationNeedsASignIn(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.anonymous().with("Accept", "application/json")
	public := map[string]bool{"/login": true, "/logout": true, "/info": true}
	for path, item := range readDocument(t).Paths {
		if public[path] {
			continue
		}
		for method := range item {
			url := prefix + strings.NewReplacer("{id}", "1", "{phone_id}", "1", "{email_id}", "1", "{address_id}", "1", "{link_id}", "1").Replace(path)
			// Not even the form of the request is told to strangers.
			refused(t, b.send(strings.ToUpper(method), url, "{"), http.StatusUnauthorized, codeUnauthorized)
		}
	}
}

func TestMePatch(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.login("anna")
	me := want[Me](t, b.send(http.MethodPatch, "/api/v1/me", map[string]any{"theme": "dark", "settings": map[string]any{"pop": "front"}}), http.StatusOK)
	if me.Theme != "dark" || me.Settings["pop"] != "front" {
		t.Errorf("%+v", me)
	}
	me = want[Me](t, b.send(http.MethodPatch, "/api/v1/me", map[string]any{"settings": map[string]any{"sound": false}}), http.StatusOK)
	if me.Settings["pop"] != "front" || me.Settings["sound"] != false {
		t.Errorf("settings are not merged: %v", me.Settings)
	}
	refused(t, b.send(http.MethodPatch, "/api/v1/me", map[string]any{"theme": "pink"}), http.StatusUnprocessableEntity, codeInvalid)
	refused(t, b.send(http.MethodPatch, "/api/v1/me", map[string]any{"role": "admin"}), http.StatusUnprocessableEntity, codeInvalid)
}

func TestTokenActsWithinItsScopes_OP_05(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	token, _, err := s.deps.Employees.CreateToken(t.Context(), crm.System(), "admin", "test", []crm.Permission{crm.ClientsRead}, nil)
	if err != nil {
		t.Fatal(err)
	}
	b := s.anonymous()
	b.bearer = token
	want[any](t, b.get("/api/v1/clients"), http.StatusOK)
	refused(t, b.post("/api/v1/clients", map[string]string{"name": "x"}), http.StatusForbidden, codeForbidden)
	refused(t, b.get("/api/v1/users"), http.StatusForbidden, codeForbidden)
	refused(t, b.post("/api/v1/stream-ticket", nil), http.StatusForbidden, codeForbidden)
	b.bearer = "rck_wrong"
	refused(t, b.get("/api/v1/clients"), http.StatusUnauthorized, codeUnauthorized)
	refused(t, b.with("Authorization", "Basic eDp5").get("/api/v1/clients"), http.StatusUnauthorized, codeUnauthorized)
	if strings.Contains(s.log.String(), token) {
		t.Error("the token is in the log")
	}
}

func TestInfoIsPublic(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	info := want[Info](t, s.anonymous().get("/api/v1/info"), http.StatusOK)
	if info.TimeZone != "Europe/Moscow" || info.Demo {
		t.Errorf("%+v", info)
	}
}
