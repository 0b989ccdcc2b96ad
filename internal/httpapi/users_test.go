package httpapi

import (
	"fmt"
	"net/http"
	"testing"

	"ringcard/crm/employee"
	"ringcard/cti"
)

func TestUsersAreManagedByAdministrators(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.login("admin")
	res := admin.post("/api/v1/users", map[string]any{
		"login": "vera", "name": "Вера Кузнецова", "role": "operator", "password": "a long password", "extension": "104",
	})
	vera := want[User](t, res, http.StatusCreated)
	lacks(t, res, "a long password", "argon2", "hash")
	if len(vera.Devices) != 1 || vera.Devices[0] != (employee.Device{PBX: "office", Endpoint: "PJSIP/104"}) {
		t.Errorf("devices %+v", vera.Devices)
	}
	list := admin.get("/api/v1/users")
	lacks(t, list, "argon2", "hash", "password")
	if users := want[items[User]](t, list, http.StatusOK); len(users.Items) != 5 {
		t.Errorf("%d users", len(users.Items))
	}
	for _, bad := range []map[string]any{
		{"login": "vera", "name": "x", "role": "operator", "password": "a long password"},
		{"login": "Ж", "name": "x", "role": "operator", "password": "a long password"},
		{"login": "x", "name": "x", "role": "king", "password": "a long password"},
		{"login": "x", "name": "x", "role": "operator", "password": "short"},
		{"login": "x", "name": "x", "role": "operator", "password": "a long password", "devices": []any{map[string]any{"pbx": "office", "endpoint": "SIP 1"}}},
	} {
		res := admin.post("/api/v1/users", bad)
		if res.status != http.StatusUnprocessableEntity && res.status != http.StatusConflict {
			t.Errorf("%v: %d %s", bad, res.status, res.text)
		}
		lacks(t, res, "a long password")
	}
	refused(t, s.login("boris").get("/api/v1/users"), http.StatusForbidden, codeForbidden)
	names := want[items[employee.Name]](t, s.login("boris").get("/api/v1/users/names"), http.StatusOK)
	if len(names.Items) != 5 {
		t.Errorf("%+v", names)
	}
}

func TestDismissedUserIsSignedOut_OP_05(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin, anna := s.login("admin"), s.login("anna")
	path := fmt.Sprintf("/api/v1/users/%d", s.userID("anna"))
	want[User](t, admin.send(http.MethodPatch, path, map[string]any{"active": false}), http.StatusOK)
	refused(t, anna.get("/api/v1/me"), http.StatusUnauthorized, codeUnauthorized)
	refused(t, s.anonymous().post("/api/v1/login", map[string]string{"login": "anna", "password": password}), http.StatusUnauthorized, codeUnauthorized)
	self := fmt.Sprintf("/api/v1/users/%d", s.userID("admin"))
	refused(t, admin.send(http.MethodPatch, self, map[string]any{"active": false}), http.StatusUnprocessableEntity, codeInvalid)
	refused(t, admin.send(http.MethodPatch, "/api/v1/users/999999", map[string]any{"name": "x"}), http.StatusNotFound, codeNotFound)
}

func TestPresenceAndStatus(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	anna := s.login("anna")
	list := want[items[cti.Presence]](t, anna.get("/api/v1/presence"), http.StatusOK)
	if len(list.Items) != 4 {
		t.Errorf("%+v", list)
	}
	presence := want[cti.Presence](t, anna.send(http.MethodPut, "/api/v1/me/status", map[string]any{"status": "break"}), http.StatusOK)
	if presence.UserID != s.userID("anna") {
		t.Errorf("%+v", presence)
	}
	if me := want[Me](t, anna.get("/api/v1/me"), http.StatusOK); me.Status != employee.Break {
		t.Errorf("status %q", me.Status)
	}
	refused(t, anna.send(http.MethodPut, "/api/v1/me/status", map[string]any{"status": "talking"}), http.StatusUnprocessableEntity, codeInvalid)
}

func TestPBXFaultsAreShownToAdministratorsOnly(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	res := s.login("anna").get("/api/v1/pbx")
	want[items[PBXStatus]](t, res, http.StatusOK)
	lacks(t, res, "10.0.0.5", "22.10")
	full := want[items[PBXStatus]](t, s.login("admin").get("/api/v1/pbx"), http.StatusOK)
	if full.Items[0].LastError == "" || full.Items[0].Version == "" {
		t.Errorf("%+v", full)
	}
}
