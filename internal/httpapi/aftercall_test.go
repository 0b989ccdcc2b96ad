package httpapi

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"ringcard/crm"
	"ringcard/crm/calllog"
	"ringcard/crm/obligation"
	"ringcard/crm/report"
)

func TestMissedCallersOverHTTP_AF_02(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	anna := s.userID("anna")
	s.saveCall("+79210000001", calllog.Missed, anna)
	b, admin := s.login("anna"), s.login("admin")
	page := want[crm.Page[obligation.Obligation]](t, b.get("/api/v1/obligations?state=open&owner=none"), http.StatusOK)
	if len(page.Items) != 1 || page.Items[0].Number.E164 != "+79210000001" || page.Items[0].DueAt.IsZero() {
		t.Fatalf("%+v", page)
	}
	one := fmt.Sprintf("/api/v1/obligations/%d", page.Items[0].ID)
	if got := want[obligation.Obligation](t, b.post(one+"/assign", map[string]any{"user_id": anna}), http.StatusOK); got.OwnerID != anna || !got.Assigned {
		t.Errorf("%+v", got)
	}
	for _, query := range []string{"?owner=me", fmt.Sprintf("?owner=%d", anna), "?state=open"} {
		if page := want[crm.Page[obligation.Obligation]](t, b.get("/api/v1/obligations"+query), http.StatusOK); len(page.Items) != 1 {
			t.Errorf("%s: %+v", query, page)
		}
	}
	refused(t, s.login("boris").get(one), http.StatusNotFound, codeNotFound)
	if n := want[obligation.Counts](t, admin.get("/api/v1/obligations/count?scope=mine"), http.StatusOK); n.Open != 0 {
		t.Errorf("admin's own: %+v", n)
	}
	refused(t, b.post(one+"/close", map[string]any{"reason": ""}), http.StatusUnprocessableEntity, codeInvalid)
	if got := want[obligation.Obligation](t, b.post(one+"/close", map[string]any{"reason": "ошибка"}), http.StatusOK); got.State != obligation.Closed {
		t.Errorf("%+v", got)
	}
	refused(t, b.post(one+"/close", map[string]any{"reason": "x"}), http.StatusConflict, codeConflict)
	if got := want[obligation.Obligation](t, b.post(one+"/reopen", nil), http.StatusOK); got.State != obligation.Open {
		t.Errorf("%+v", got)
	}
	for _, bad := range []string{"?owner=x", "?state=lost", "?overdue=true", "?cursor=x"} {
		p := refused(t, b.get("/api/v1/obligations"+bad), http.StatusUnprocessableEntity, codeInvalid)
		if len(p.Errors) == 0 || !strings.HasPrefix(p.Errors[0].Location, "query.") {
			t.Errorf("%s: %+v", bad, p.Errors)
		}
	}
	rules := want[obligation.Rules](t, b.get("/api/v1/settings/missed-calls"), http.StatusOK)
	if rules.Minutes != 30 || len(rules.Hours) != 5 {
		t.Errorf("%+v", rules)
	}
	rules.Minutes = 1
	refused(t, b.send(http.MethodPut, "/api/v1/settings/missed-calls", rules), http.StatusForbidden, codeForbidden)
	rules.Hours[0].To = "08:00"
	refused(t, admin.send(http.MethodPut, "/api/v1/settings/missed-calls", rules), http.StatusUnprocessableEntity, codeInvalid)
	rules.Hours = nil
	want[obligation.Rules](t, admin.send(http.MethodPut, "/api/v1/settings/missed-calls", map[string]any{"minutes": 1, "hours": []any{}, "holidays": []string{"2027-01-01"}}), http.StatusOK)
	s.clock.advance(2 * time.Minute)
	if page := want[crm.Page[obligation.Obligation]](t, b.get("/api/v1/obligations?state=open&overdue=true"), http.StatusOK); len(page.Items) != 1 || !page.Items[0].Overdue {
		t.Errorf("overdue: %+v", page)
	}
}

func TestWrapUpOverHTTP_PU_08(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	anna := s.userID("anna")
	id := s.saveCall("+79210000001", calllog.Answered, anna)
	b, admin := s.login("anna"), s.login("admin")
	list := want[items[calllog.Result]](t, b.get("/api/v1/wrapup-results"), http.StatusOK)
	if len(list.Items) != 9 {
		t.Fatalf("%d results", len(list.Items))
	}
	body := map[string]any{"name_ru": "Тендер", "name_en": "Tender", "requires_note": true, "next_contact_days": 3}
	refused(t, b.post("/api/v1/wrapup-results", body), http.StatusForbidden, codeForbidden)
	made := want[calllog.Result](t, admin.post("/api/v1/wrapup-results", body), http.StatusCreated)
	if !made.Active || made.Color != "#757575" {
		t.Errorf("%+v", made)
	}
	at := fmt.Sprintf("/api/v1/wrapup-results/%d", made.ID)
	changed := want[calllog.Result](t, admin.with("If-Match", `"1"`).send(http.MethodPatch, at, map[string]any{"next_contact_days": nil}), http.StatusOK)
	if changed.NextContactDays != nil || changed.Version != 2 {
		t.Errorf("%+v", changed)
	}
	if p := refused(t, admin.with("If-Match", `"1"`).send(http.MethodPatch, at, map[string]any{"active": false}), http.StatusConflict, codeConflict); p.Current == nil {
		t.Error("the conflict does not bring the current result")
	}
	wrap := "/api/v1/calls/" + id + "/wrapup"
	p := refused(t, b.post(wrap, map[string]any{"result_id": made.ID}), http.StatusUnprocessableEntity, codeInvalid)
	if p.Errors[0].Location != "body.note" {
		t.Errorf("%+v", p.Errors)
	}
	if len(s.wrapUps.done) != 0 {
		t.Error("a refusal has ended the time for wrap-up")
	}
	record := want[calllog.Record](t, b.post(wrap, map[string]any{"result_id": made.ID, "note": "тендер в мае"}), http.StatusOK)
	if record.WrapUp == nil || record.WrapUp.ResultID != made.ID || record.Note != "тендер в мае" || !slices.Equal(s.wrapUps.done, []int64{anna}) {
		t.Errorf("%+v, done %v", record, s.wrapUps.done)
	}
	refused(t, s.login("boris").post(wrap, map[string]any{"result_id": made.ID}), http.StatusNotFound, codeNotFound)
	want[none](t, admin.send(http.MethodDelete, at, nil), http.StatusNoContent)
	rules := map[string]any{"seconds": 30, "queues": []any{}, "users": []any{}}
	refused(t, b.send(http.MethodPut, "/api/v1/settings/wrap-up", rules), http.StatusForbidden, codeForbidden)
	want[calllog.WrapUpRules](t, admin.send(http.MethodPut, "/api/v1/settings/wrap-up", rules), http.StatusOK)
	if got := want[calllog.WrapUpRules](t, b.get("/api/v1/settings/wrap-up"), http.StatusOK); got.Seconds != 30 || s.wrapUps.rules.Seconds != 30 {
		t.Errorf("%+v, told %+v", got, s.wrapUps.rules)
	}
}

// readCSV reads an answer by an ordinary reader.
func readCSV(t *testing.T, a answer, comma rune) [][]string {
	t.Helper()
	if a.status != http.StatusOK || !strings.HasPrefix(a.header.Get("Content-Type"), "text/csv") {
		t.Fatalf("%d %s: %s", a.status, a.header.Get("Content-Type"), a.text)
	}
	r := csv.NewReader(strings.NewReader(strings.TrimPrefix(a.text, "\ufeff")))
	r.Comma = comma
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatalf("%v in %q", err, a.text)
	}
	return rows
}

func TestJournalAsCSV_AF_03(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	anna, boris := s.userID("anna"), s.userID("boris")
	s.saveCall("+79210000001", calllog.Answered, anna)
	s.saveCall("+79210000002", calllog.Missed, boris)
	b, admin := s.login("anna"), s.login("admin")
	now := s.clock.Now().UTC()
	evil := calllog.Record{ID: uuid.NewString(), Version: 1, PBX: "office", Direction: calllog.In, State: calllog.Ended, Disposition: calllog.Missed,
		Number: calllog.Number{Raw: "+79210000003", E164: "+79210000003", Kind: "external"}, CallerName: `=HYPERLINK("http://x";"y")`, Queue: "@SUM(A1)",
		Note: "-1+1 \"кавычки\";\nвторая строка", StartedAt: now.Add(-time.Hour), EndedAt: &now, WaitMS: 1499, UserIDs: []int64{anna}}
	if err := s.deps.CallLog.Save(t.Context(), evil); err != nil {
		t.Fatal(err)
	}
	rows := readCSV(t, admin.get("/api/v1/calls/export.csv"), ',')
	if len(rows) != 4 || rows[0][0] != "Начало" || rows[1][1] != "входящий" {
		t.Fatalf("%q", rows)
	}
	last := rows[3]
	if last[3] != "+79210000003" || last[4] != `'=HYPERLINK("http://x";"y")` || last[8] != "'@SUM(A1)" || last[10] != "1" ||
		last[17] != "'-1+1 \"кавычки\";\nвторая строка" || last[0] != evil.StartedAt.Format(time.DateTime) || last[19] != evil.ID {
		t.Errorf("%q", last)
	}
	excel := admin.get("/api/v1/calls/export.csv?bom=true&separator=semicolon&lang=en&missed=true&sort=started")
	rows = readCSV(t, excel, ';')
	if !strings.HasPrefix(excel.text, "\ufeffBegun;") || len(rows) != 3 || rows[1][19] != evil.ID {
		t.Errorf("%q", excel.text)
	}
	if got := excel.header.Get("Content-Disposition"); got != `attachment; filename="calls.csv"` {
		t.Errorf("disposition %q", got)
	}
	if rows := readCSV(t, b.get("/api/v1/calls/export.csv"), ','); len(rows) != 3 {
		t.Errorf("anna exports %q", rows)
	}
	if rows := readCSV(t, admin.get("/api/v1/calls/export.csv?queue=none"), ','); len(rows) != 1 {
		t.Errorf("no calls give %q", rows)
	}
	p := refused(t, admin.get("/api/v1/calls/export.csv?number=x"), http.StatusUnprocessableEntity, codeInvalid)
	if len(p.Errors) != 1 || p.Errors[0].Location != "query.number" {
		t.Errorf("%+v", p)
	}
	refused(t, admin.get("/api/v1/calls/export.csv?limit=5"), http.StatusUnprocessableEntity, codeInvalid)
}

// TestExportIsMasked_PU_09: who may not see numbers gets the file without
// them, and as it is read, not held back.
func TestExportIsMasked_PU_09(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	id := s.saveCall("+79210000001", calllog.Answered, s.userID("anna"))
	want[json.RawMessage](t, s.login("anna").post("/api/v1/calls/"+id+"/note", map[string]any{"text": "звонить на 8 921 000-00-77"}), http.StatusOK)
	text, _, err := s.deps.Employees.CreateToken(t.Context(), crm.System(), "admin", "reader", []crm.Permission{crm.CallsRead, crm.CallsReadAll}, nil)
	if err != nil {
		t.Fatal(err)
	}
	b := s.anonymous()
	b.bearer = text
	got := b.get("/api/v1/calls/export.csv")
	rows := readCSV(t, got, ',')
	if len(rows) != 2 || rows[1][3] != "+7••••••0001" || strings.Contains(got.text, "000-00-77") || rows[1][19] != id {
		t.Errorf("%q", rows)
	}
	refused(t, b.get("/api/v1/calls/export.csv?number=x"), http.StatusUnprocessableEntity, codeInvalid)
}

func TestReportsOverHTTP_AF_04(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	anna := s.userID("anna")
	s.saveCall("+79210000001", calllog.Answered, anna)
	s.saveCall("+79210000002", calllog.Missed, anna)
	admin := s.login("admin")
	span := "&from=" + url.QueryEscape(s.clock.Now().Add(-time.Hour).Format(time.RFC3339)) + "&to=" + url.QueryEscape(s.clock.Now().Add(time.Hour).Format(time.RFC3339))
	for _, group := range report.Groups() {
		got := want[report.Report](t, admin.get("/api/v1/reports/calls?group_by="+group+span), http.StatusOK)
		if got.GroupBy != group || got.Own || got.Total.Calls != 2 || *got.Total.AnsweredShare != 0.5 || got.SLA != 20 || len(got.Rows) == 0 {
			t.Errorf("%s: %+v", group, got)
		}
	}
	rows := readCSV(t, admin.get("/api/v1/reports/calls.csv?group_by=user&lang=ru&separator=semicolon"+span), ';')
	if len(rows) < 3 || rows[0][0] != "Ключ" || rows[len(rows)-1][0] != "Всего" || rows[len(rows)-1][5] != "0,5000" {
		t.Errorf("%q", rows)
	}
	for _, bad := range []string{"?group_by=user", "?group_by=shoe" + span, "?x=1&group_by=user" + span} {
		refused(t, admin.get("/api/v1/reports/calls"+bad), http.StatusUnprocessableEntity, codeInvalid)
	}
}
