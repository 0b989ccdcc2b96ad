package httpapi

import (
	"net/http"
	"strings"
	"testing"

	"ringcard/crm/employee"
	"ringcard/cti"
)

func TestPopSettings_PU_07(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	anna := s.login("anna")
	if got := want[employee.PopSettings](t, anna.get("/api/v1/me/settings"), http.StatusOK); got != employee.DefaultPop() {
		t.Errorf("before any choice: %+v", got)
	}
	chosen := employee.PopSettings{Mode: employee.PopOnAnswer, Notify: false, Sound: true, OpenCard: employee.PopOnRing, Link: "mycrm:{number}"}
	for range 2 {
		if got := want[employee.PopSettings](t, anna.send(http.MethodPut, "/api/v1/me/settings", chosen), http.StatusOK); got != chosen {
			t.Errorf("%+v", got)
		}
	}
	if s.popsChanged.Load() != 2 {
		t.Errorf("the screens were told %d times", s.popsChanged.Load())
	}
	if got := want[employee.PopSettings](t, s.login("boris").get("/api/v1/me/settings"), http.StatusOK); got != employee.DefaultPop() {
		t.Errorf("another's: %+v", got)
	}
	for field, bad := range map[string]employee.PopSettings{
		"mode":      {Mode: "sometimes", OpenCard: employee.PopNever},
		"open_card": {Mode: employee.PopNever, OpenCard: "x"},
		"link":      {Mode: employee.PopNever, OpenCard: employee.PopNever, Link: "javascript:{number}"},
	} {
		p := refused(t, anna.send(http.MethodPut, "/api/v1/me/settings", bad), http.StatusUnprocessableEntity, codeInvalid)
		if len(p.Errors) != 1 || p.Errors[0].Location != "body."+field {
			t.Errorf("%s: %+v", field, p.Errors)
		}
	}
}

func TestSnapshotKeepsToPopSettings_PU_07(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	anna := s.userID("anna")
	s.calls.live = map[int64][]cti.Call{anna: {{ID: "hidden"}, {ID: "shown"}}}
	s.visible.Store(true)
	f, raw := readSnapshot(t, s.login("anna").open(""))
	if len(f.Data.Calls) != 1 || f.Data.Calls[0].ID != "shown" {
		t.Error(raw)
	}
}

func TestPopLink_PU_10(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	admin := s.login("admin")
	const path = "/api/v1/settings/pop-link"
	if got := want[employee.PopLink](t, admin.get(path), http.StatusOK); got.Mode != employee.LinkOff {
		t.Errorf("before it is set: %+v", got)
	}
	link := employee.PopLink{Mode: employee.LinkPost, Template: "https://CRM.example.org/call?phone={number}", Events: []employee.LinkEvent{employee.LinkEnd}}
	for range 2 {
		if got := want[employee.PopLink](t, admin.send(http.MethodPut, path, link), http.StatusOK); got.Template != link.Template || len(got.Events) != 1 {
			t.Errorf("%+v", got)
		}
	}
	if got := want[employee.PopLink](t, admin.get(path), http.StatusOK); got.Mode != employee.LinkPost {
		t.Errorf("%+v", got)
	}
	refused(t, s.login("anna").send(http.MethodPut, path, link), http.StatusForbidden, codeForbidden)
	for template, reason := range map[string]string{
		"http://169.254.169.254/?x={number}":    "pop_link.hosts",
		"https://crm.example.org:8443/{number}": "pop_link.hosts",
		"https://{queue}/x":                     "not in the host",
		"tel:{number}":                          "http and https",
		"https://crm.example.org/{telephone}":   "no field {telephone}",
		"":                                      "empty",
	} {
		link.Template = template
		if p := refused(t, admin.send(http.MethodPut, path, link), http.StatusUnprocessableEntity, codeInvalid); !strings.Contains(p.Detail, reason) {
			t.Errorf("%q: %s", template, p.Detail)
		}
	}
	anna := s.login("anna")
	got := want[Preview](t, anna.post(path+"/preview", map[string]string{"template": "mycrm:{number}?n={client_name}"}), http.StatusOK)
	if got.URL != "mycrm:%2B79211234567?n=%D0%98%D0%9F%20%C2%AB%D0%9F%D1%80%D0%B8%D0%BC%D0%B5%D1%80%20%26%20%D1%81%D1%8B%D0%BD%C2%BB" ||
		len(got.Fields) == 0 || len(got.Example) != len(got.Fields) || got.Example["digits"] != "79211234567" {
		t.Errorf("%+v", got)
	}
	refused(t, anna.post(path+"/preview", map[string]string{"template": "mycrm:{nummer}"}), http.StatusUnprocessableEntity, codeInvalid)
}
