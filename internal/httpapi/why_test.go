package httpapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/google/uuid"

	"ringcard/crm"
	"ringcard/crm/calllog"
	"ringcard/crm/employee"
	"ringcard/cti"
)

// The decisions about a call are kept with its record, and can be read for one
// user (PB-13).
func TestWhyIsKeptWithTheRecord_PB_13(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	anna, boris, dina := s.userID("anna"), s.userID("boris"), s.userID("dina")
	device := []employee.Device{{PBX: "office", Endpoint: "PJSIP/102"}}
	if _, err := s.deps.Employees.Update(t.Context(), crm.System(), boris, employee.Patch{Devices: &device}); err != nil {
		t.Fatal(err)
	}
	at := s.clock.Now().UTC().Truncate(time.Second)
	save := func(why *cti.Why, began time.Time) string {
		t.Helper()
		id, ended := uuid.NewString(), began.Add(time.Minute)
		r := calllog.Record{ID: id, Version: 3, PBX: "office", Direction: calllog.In, State: calllog.Ended, Disposition: calllog.Missed,
			Number:  calllog.Number{Kind: "external", E164: "+79161234567", Raw: "79161234567", Display: "+7 916 123-45-67"},
			UserIDs: []int64{anna}, StartedAt: began, EndedAt: &ended, Snapshot: json.RawMessage(`{}`)}
		if why != nil {
			raw, err := json.Marshal(why)
			if err != nil {
				t.Fatal(err)
			}
			r.Why = raw
		}
		if err := s.deps.CallLog.Save(t.Context(), r); err != nil {
			t.Fatal(err)
		}
		return id
	}
	id := save(&cti.Why{
		Steps: []cti.Step{{At: at, Code: "device_rings", Params: map[string]string{"name": "Анна", "device": "PJSIP/101"}}},
		Recipients: []cti.Recipient{
			{UserID: anna, Name: "Анна", Got: true, Code: "device_rings"},
			{Name: "104", Code: "device_of_nobody", Params: map[string]string{"device": "PJSIP/104"}},
		},
	}, at)
	lost := save(nil, at.Add(-time.Minute))
	save(nil, at.Add(-time.Hour)) // not "about then"

	why := want[cti.Why](t, s.login("anna").get("/api/v1/calls/"+id+"/why"), http.StatusOK)
	if len(why.Steps) != 1 || why.Steps[0].Text != "Анна rings at PJSIP/101" || why.Steps[0].Step != "ringing" || len(why.Recipients) != 2 {
		t.Errorf("%+v", why)
	}
	refused(t, s.login("dina").get("/api/v1/calls/"+id+"/why"), http.StatusNotFound, codeNotFound)
	refused(t, s.login("anna").get("/api/v1/calls/"+lost+"/why"), http.StatusNotFound, string(cti.CodeNotFound))

	admin := s.login("admin")
	forUser := func(user int64) map[string]UserWhy {
		t.Helper()
		path := fmt.Sprintf("/api/v1/why?user_id=%d&at=%s", user, url.QueryEscape(at.Format(time.RFC3339)))
		out := make(map[string]UserWhy)
		for _, w := range want[items[UserWhy]](t, admin.get(path), http.StatusOK).Items {
			out[w.Call.ID] = w
		}
		if len(out) != 2 {
			t.Errorf("%d calls about then", len(out))
		}
		return out
	}
	if w := forUser(anna)[id]; !w.Got || w.Code != "device_rings" || w.Reason == "" {
		t.Errorf("anna: %+v", w)
	}
	if w := forUser(boris); w[id].Got || w[id].Code != "device_not_rung" || w[lost].Code != "not_kept" {
		t.Errorf("boris: %+v", w)
	}
	if w := forUser(dina)[id]; w.Code != "no_device" {
		t.Errorf("dina: %+v", w)
	}
	device[0].Endpoint = "PJSIP/104"
	if _, err := s.deps.Employees.Update(t.Context(), crm.System(), boris, employee.Patch{Devices: &device}); err != nil {
		t.Fatal(err)
	}
	if w := forUser(boris)[id]; w.Code != "device_was_of_nobody" {
		t.Errorf("boris later: %+v", w)
	}
	refused(t, s.login("anna").get(fmt.Sprintf("/api/v1/why?user_id=%d&at=2026-01-01T00:00:00Z", anna)), http.StatusForbidden, codeForbidden)
	refused(t, admin.get("/api/v1/why?user_id=999999&at=2026-01-01T00:00:00Z"), http.StatusUnprocessableEntity, codeInvalid)

	s.clock.advance(31 * 24 * time.Hour)
	if n, err := s.deps.CallLog.ForgetTraces(t.Context()); err != nil || n != 1 {
		t.Errorf("%d forgotten, %v", n, err)
	}
}
