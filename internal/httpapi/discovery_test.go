package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"ringcard/crm"
)

// fakePBX has the endpoints it is given.
type fakePBX struct{ endpoints []FoundEndpoint }

// Discover implements Discoverer.
func (f *fakePBX) Discover(_ context.Context, pbx string) (Discovery, error) {
	if pbx != "office" {
		return Discovery{}, crm.NotFound("PBX")
	}
	return Discovery{PBX: pbx, Endpoints: f.endpoints}, nil
}

func newFakePBX(n int) *fakePBX {
	f := &fakePBX{endpoints: []FoundEndpoint{{Endpoint: "PJSIP/provider", Kind: KindTrunk}}}
	for i := range n {
		f.endpoints = append(f.endpoints, FoundEndpoint{Endpoint: fmt.Sprintf("PJSIP/%d", 1000+i), Kind: KindTelephone, Extension: fmt.Sprint(1000 + i)})
	}
	return f
}

// 200 telephones are given to 200 new users by one file (PB-10).
func TestMappingByFile_PB_10(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.pbx.endpoints = newFakePBX(200).endpoints
	admin := s.login("admin").with("Content-Type", "text/csv")
	const path = "/api/v1/pbx/office/mapping.csv"
	var file strings.Builder
	file.WriteString("endpoint;login;name;role;extension\n")
	for i := range 200 {
		fmt.Fprintf(&file, "PJSIP/%d;user%d;Сотрудник %d;manager;%d\n", 1000+i, 1000+i, i+1, 1000+i)
	}
	dry := want[MappingResult](t, admin.post(path+"?dry_run=true", file.String()), http.StatusOK)
	if dry.Applied || len(dry.Changes) != 200 || dry.Changes[7].Password != "" {
		t.Errorf("dry run: applied %v, %d changes", dry.Applied, len(dry.Changes))
	}
	bad := want[MappingResult](t, admin.post(path, file.String()+"PJSIP/9999;anna;;;\nPJSIP/1000;anna;;;\n"), http.StatusOK)
	if bad.Applied || len(bad.Errors) != 2 || bad.Errors[0].Line != 202 || bad.Errors[0].Field != "endpoint" || bad.Errors[0].Code != "unknown_endpoint" {
		t.Errorf("faults: applied %v, %+v", bad.Applied, bad.Errors)
	}
	if n := len(want[items[User]](t, admin.get("/api/v1/users"), http.StatusOK).Items); n != 4 {
		t.Fatalf("%d users after a dry run and a file with faults", n)
	}
	done := want[MappingResult](t, admin.post(path, file.String()), http.StatusOK)
	if !done.Applied || len(done.Changes) != 200 || done.Changes[0].Action != "create_user" {
		t.Fatalf("applied %v, %d changes", done.Applied, len(done.Changes))
	}
	user := s.anonymous().post("/api/v1/login", map[string]string{"login": "user1007", "password": done.Changes[7].Password})
	me := want[Me](t, user, http.StatusOK)
	if len(me.Devices) != 1 || me.Devices[0].Endpoint != "PJSIP/1007" || me.Extension != "1007" || me.Role != crm.RoleManager {
		t.Errorf("%+v", me)
	}
	// The file that can be downloaded says what is so, and changes nothing.
	for i := range s.pbx.endpoints {
		for _, u := range want[items[User]](t, admin.get("/api/v1/users"), http.StatusOK).Items {
			if len(u.Devices) > 0 && u.Devices[0].Endpoint == s.pbx.endpoints[i].Endpoint {
				s.pbx.endpoints[i].UserID = u.ID
			}
		}
		if i > 3 {
			break
		}
	}
	saved := admin.get(path)
	if saved.status != http.StatusOK || !strings.HasPrefix(saved.text, "endpoint,login,name,role,extension,context\nPJSIP/1000,user1000,Сотрудник 1,manager,1000,\n") ||
		strings.Contains(saved.text, "provider") {
		t.Errorf("file %d %.200s", saved.status, saved.text)
	}
	lines := strings.SplitAfter(saved.text, "\n")
	if again := want[MappingResult](t, admin.post(path, strings.Join(lines[:4], "")), http.StatusOK); again.Unchanged != 3 || len(again.Changes) != 0 {
		t.Errorf("again: %+v", again)
	}
}

func TestMappingByClick_PB_10(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.pbx.endpoints = newFakePBX(3).endpoints
	admin := s.login("admin")
	const path = "/api/v1/pbx/office/mapping"
	rows := func(r ...map[string]any) map[string]any { return map[string]any{"rows": r} }
	moved := want[MappingResult](t, admin.post(path, rows(
		map[string]any{"endpoint": "PJSIP/1000", "login": "anna"},
		map[string]any{"endpoint": "PJSIP/1001", "user_id": s.userID("boris"), "context": "own"})), http.StatusOK)
	if !moved.Applied || len(moved.Changes) != 2 {
		t.Fatalf("%+v", moved)
	}
	want[MappingResult](t, admin.post(path, rows(map[string]any{"endpoint": "PJSIP/1001", "login": "anna"})), http.StatusOK)
	want[MappingResult](t, admin.post(path, rows(map[string]any{"endpoint": "PJSIP/1000"})), http.StatusOK)
	for _, u := range want[items[User]](t, admin.get("/api/v1/users"), http.StatusOK).Items {
		var has []string
		for _, d := range u.Devices {
			has = append(has, d.Endpoint)
		}
		if got, wanted := strings.Join(has, " "), map[string]string{"anna": "PJSIP/101 PJSIP/1001"}[u.Login]; got != wanted {
			t.Errorf("%s has %q, want %q", u.Login, got, wanted)
		}
	}
	want[User](t, admin.send(http.MethodPut, fmt.Sprintf("/api/v1/users/%d/devices", s.userID("dina")),
		map[string]any{"devices": []map[string]string{{"pbx": "office", "endpoint": "PJSIP/1000"}}}), http.StatusOK)
	taken := admin.send(http.MethodPut, fmt.Sprintf("/api/v1/users/%d/devices", s.userID("boris")),
		map[string]any{"devices": []map[string]string{{"pbx": "office", "endpoint": "PJSIP/1000"}}})
	if taken.status != http.StatusConflict && taken.status != http.StatusUnprocessableEntity {
		t.Errorf("another's telephone: %d %s", taken.status, taken.text)
	}
	refused(t, admin.post("/api/v1/pbx/other/mapping", rows(map[string]any{"endpoint": "PJSIP/1000"})), http.StatusNotFound, codeNotFound)
	refused(t, admin.post(path, rows()), http.StatusUnprocessableEntity, codeInvalid)
	refused(t, s.login("anna").post(path, rows(map[string]any{"endpoint": "PJSIP/1000"})), http.StatusForbidden, codeForbidden)
	refused(t, s.login("anna").get("/api/v1/pbx/office/discovery"), http.StatusForbidden, codeForbidden)
	refused(t, admin.with("Content-Type", "text/csv").post("/api/v1/pbx/office/mapping.csv", "login\nanna\n"), http.StatusUnprocessableEntity, codeInvalid)
}
