package httpapi

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/gorilla/websocket"

	"ringcard/crm"
	"ringcard/crm/calllog"
	"ringcard/crm/client"
	"ringcard/crm/employee"
	"ringcard/cti"
	"ringcard/push"
)

// seeded are the numbers of the base in any writing.
var seeded = regexp.MustCompile(`9[ ().-]*1[ ().-]*6[ ().-]*[15][ ().-]*[25][ ().-]*[35][ ().-]*[45][ ().-]*[56][ ().-]*\d[ ().-]*\d`)

// maskedSite has one client with the number 916 123-45-67 wherever a number
// can be: his phone, his person's, a note, calls, a live call, its decisions.
func maskedSite(t *testing.T) (s *site, ids map[string]string, card client.Card) {
	t.Helper()
	s = newSite(t)
	ctx := t.Context()
	agent, err := s.deps.Employees.Create(ctx, crm.System(), employee.NewUser{Login: "agent", Name: "Агент", Role: crm.RoleAgent, Password: password,
		Devices: []employee.Device{{PBX: "office", Endpoint: "PJSIP/105"}}})
	if err != nil {
		t.Fatal(err)
	}
	s.deps.UsersChanged(ctx)
	card, err = s.deps.Clients.Create(ctx, crm.System(), client.NewClient{
		Name: "ООО «Северный ветер»", Note: "тел. директора 8-916-123-45-67",
		Phones: []client.PhoneInput{{Raw: "8 (916) 123-45-67", Note: "или +79165555555"}},
		Person: &client.PersonInput{Name: "Иванова Марина", Phones: []client.PhoneInput{{Raw: "+7 916 123 45 67"}}},
	})
	if err != nil {
		t.Fatal(err)
	}
	note, err := s.deps.Interactions.AddNote(ctx, crm.System(), card.ID, 0, "перезвонить на 89161234567")
	if err != nil {
		t.Fatal(err)
	}
	save := func(number string, display string) string {
		at := s.clock.Now().Add(-time.Hour).UTC()
		end := at.Add(time.Minute)
		r := calllog.Record{ID: uuid.NewString(), Version: 1, PBX: "office", Direction: calllog.In, State: calllog.Ended, Disposition: calllog.Missed,
			Number: calllog.Number{Raw: strings.TrimPrefix(number, "+"), E164: number, Display: display, Kind: "external"}, CallerName: number,
			StartedAt: at, RingAt: &at, EndedAt: &end, UserIDs: []int64{agent.ID}, Note: "с " + number,
			Snapshot: []byte(`{"legs":[{"id":"1732258800.15","name":"PJSIP/` + number + `-0001","number":"` + number + `","state":"ended"}],
				"transfers":[{"at":"2026-11-22T09:00:00Z","kind":"blind","to":{"name":"` + display + `"},"number":"` + number + `"}]}`)}
		if err := s.deps.CallLog.Save(ctx, r); err != nil {
			t.Fatal(err)
		}
		return r.ID
	}
	call := save("+79161234567", "+7 (916) 123-45-67")
	save("+79165555555", "+7 (916) 555-55-55")
	live := cti.Call{ID: uuid.NewString(), State: cti.Ringing, Number: cti.Number{Raw: "79161234567", E164: "+79161234567",
		Display: "+7 (916) 123-45-67", Kind: cti.External}, CallerName: "89161234567", Legs: []cti.Leg{{ID: "1", Number: "+79161234567"}}}
	s.calls.live = map[int64][]cti.Call{agent.ID: {live}, s.userID("anna"): {live}}
	ids = map[string]string{"clients": itoa(card.ID), "persons": itoa(card.Persons[0].PersonID), "calls": call, "interactions": itoa(note.ID),
		"users": itoa(agent.ID), "live": live.ID, "agent": itoa(agent.ID)}
	return s, ids, card
}

func itoa(id int64) string { return strconv.FormatInt(id, 10) }

// reads are the addresses of all operations that read, with the seeded records
// for ids and the seeded number for what they ask.
func reads(t *testing.T, ids map[string]string) []string {
	t.Helper()
	questions := map[string]string{"number": "89161234567", "q": "9161234567", "pbx": "office"}
	var out []string
	for path, item := range readDocument(t).Paths {
		op, ok := item["get"]
		if !ok {
			continue
		}
		first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
		id := ids[first]
		if id == "" {
			id = "1"
		}
		url := regexp.MustCompile(`\{[a-z_]+\}`).ReplaceAllString(path, id)
		separator := "?"
		for _, p := range op.Parameters {
			if value := questions[p.Name]; p.In == "query" && value != "" && (p.Required || p.Name == "q") {
				url += separator + p.Name + "=" + value
				separator = "&"
			}
		}
		out = append(out, prefix+url)
	}
	return out
}

// Who may not see numbers gets none of their hidden digits from any operation
// that reads, whatever its role or token; who may, gets them.
func TestNumbersAreMaskedEverywhere_PU_09(t *testing.T) {
	t.Parallel()
	s, ids, _ := maskedSite(t)
	var scopes []crm.Permission
	for _, p := range crm.AllPermissions() {
		if p != crm.NumbersFull {
			scopes = append(scopes, p)
		}
	}
	token, _, err := s.deps.Employees.CreateToken(t.Context(), crm.System(), "admin", "no numbers", scopes, nil)
	if err != nil {
		t.Fatal(err)
	}
	limited := s.anonymous()
	limited.bearer = token
	admin := s.login("admin")
	shown := 0
	for _, url := range reads(t, ids) {
		full := admin.get(url)
		if seeded.MatchString(full.text) {
			shown++
		}
		for who, b := range map[string]*browser{"agent": s.login("agent"), "token without numbers.full": limited} {
			a := b.get(url)
			if found := seeded.FindString(a.text); found != "" {
				t.Errorf("%s reads %q at %s: %s", who, found, url, a.text)
			}
			if a.status == http.StatusOK && full.status == http.StatusOK && a.header.Get("Content-Type") != full.header.Get("Content-Type") {
				t.Errorf("%s: %s for %s, %s for an administrator", url, a.header.Get("Content-Type"), who, full.header.Get("Content-Type"))
			}
		}
	}
	if shown < 10 {
		t.Errorf("only %d operations show the number to an administrator: the rest of this test proves little", shown)
	}
}

func TestMaskedAnswerKeepsItsForm_PU_09(t *testing.T) {
	t.Parallel()
	s, ids, card := maskedSite(t)
	agent := s.login("agent")
	got := want[client.Card](t, agent.get("/api/v1/clients/"+ids["clients"]), http.StatusOK)
	phone := got.Phones[0]
	if phone.Display != "+7 (•••) •••-45-67" || phone.E164 != "" || phone.Raw != "• (•••) •••-45-67" || phone.ID != card.Phones[0].ID {
		t.Errorf("%+v", phone)
	}
	if got.Note != "тел. директора •-•••-•••-45-67" || got.Version != card.Version || got.Name != card.Name {
		t.Errorf("%+v", got)
	}
	record := want[calllog.Record](t, agent.get("/api/v1/calls/"+ids["calls"]), http.StatusOK)
	if record.ID != ids["calls"] || record.Number.Display != "+7 (•••) •••-45-67" || record.StartedAt.IsZero() || !strings.Contains(string(record.Legs), "1732258800.15") {
		t.Errorf("%+v", record)
	}

	t.Run("writing does not give numbers away or spoil them", func(t *testing.T) {
		a := agent.post("/api/v1/clients", map[string]any{"name": card.Name, "phones": []any{map[string]any{"raw": "8 916 123-45-67"}}})
		refused(t, a, http.StatusConflict, codeDuplicate)
		a = agent.send(http.MethodPatch, fmt.Sprintf("/api/v1/clients/%d/phones/%d", card.ID, phone.ID), map[string]any{"raw": phone.Raw, "kind": "mobile"})
		refused(t, a, http.StatusUnprocessableEntity, codeInvalid)
		a = agent.with("If-Match", etag(card.Version)).send(http.MethodPatch, clientPath(card.ID, ""), map[string]any{"city": "Мурманск"})
		if a.status != http.StatusOK || seeded.MatchString(a.text) {
			t.Errorf("%d %s", a.status, a.text)
		}
		if full := want[client.Card](t, s.login("admin").get(clientPath(card.ID, "")), http.StatusOK); full.Phones[0].E164 != "+79161234567" {
			t.Errorf("%+v", full.Phones)
		}
	})
	t.Run("dialling goes by phone or call", func(t *testing.T) {
		dial := func(in map[string]any) answer {
			return agent.with("Idempotency-Key", uuid.NewString()).post("/api/v1/calls", in)
		}
		for name, in := range map[string]map[string]any{
			"phone": {"phone_id": phone.ID}, "call back": {"call_id": ids["calls"]}, "call back a live one": {"call_id": ids["live"]}, "own writing": {"to": "89161234567"},
		} {
			want[DialOutput](t, dial(in), http.StatusAccepted)
			s.calls.mu.Lock()
			last := s.calls.dialled[len(s.calls.dialled)-1].To
			s.calls.mu.Unlock()
			if last != "+79161234567" && name != "own writing" {
				t.Errorf("%s dialled %q", name, last)
			}
		}
		refused(t, dial(map[string]any{"to": phone.Display}), http.StatusUnprocessableEntity, codeInvalid)
		refused(t, dial(map[string]any{}), http.StatusUnprocessableEntity, codeInvalid)
		refused(t, dial(map[string]any{"to": "101", "phone_id": phone.ID}), http.StatusUnprocessableEntity, codeInvalid)
		refused(t, dial(map[string]any{"phone_id": 9999}), http.StatusNotFound, codeNotFound)
	})
}

// The stream agrees with the API: snapshot and messages are masked for who may
// not see numbers, also behind a ticket.
func TestStreamIsMasked_PU_09(t *testing.T) {
	t.Parallel()
	s, ids, _ := maskedSite(t)
	agentID, _ := strconv.ParseInt(ids["agent"], 10, 64)
	annaID := s.userID("anna")
	agent := s.login("agent")
	ticket := want[Ticket](t, agent.post("/api/v1/stream-ticket", nil), http.StatusOK)
	streams := map[string]*websocket.Conn{"agent": agent.open(""), "ticket": s.anonymous().open("?ticket=" + ticket.Ticket), "anna": s.login("anna").open("")}
	check := func(frame string) {
		t.Helper()
		for who, conn := range streams {
			_, raw, err := conn.ReadMessage()
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(string(raw), `"type":"`+frame+`"`) {
				t.Fatalf("%s: %s", who, raw)
			}
			if shows := seeded.MatchString(string(raw)); shows != (who == "anna") {
				t.Errorf("%s, %s: number shown %v: %s", who, frame, shows, raw)
			}
		}
	}
	check("snapshot")
	s.deps.Hub.(*push.Hub).Publish([]int64{agentID, annaID}, push.Event{Type: "call", Data: s.calls.live[annaID][0]})
	check("call")
}

// A format in which nobody can hide numbers is refused; sound passes through.
func TestMaskingWriter_PU_09(t *testing.T) {
	t.Parallel()
	for contentType, wanted := range map[string]struct {
		status int
		text   string
	}{
		"text/csv; charset=utf-8": {http.StatusOK, "Иванова;+7••••••4567"},
		"audio/wav":               {http.StatusOK, "Иванова;+79161234567"},
		"application/zip":         {http.StatusForbidden, "choose CSV"},
		"application/json":        {http.StatusInternalServerError, ""}, // the text is no JSON: it must not get out
	} {
		w := httptest.NewRecorder()
		m := &maskingWriter{ResponseWriter: w}
		m.Header().Set("Content-Type", contentType)
		_, _ = m.Write([]byte("Иванова;+7916"))
		_, _ = m.Write([]byte("1234567"))
		err := m.close()
		if w.Code != wanted.status || !strings.Contains(w.Body.String(), wanted.text) || (err != nil) != (wanted.status == http.StatusInternalServerError) {
			t.Errorf("%s: %d %q %v", contentType, w.Code, w.Body.String(), err)
		}
		if contentType != "audio/wav" && seeded.MatchString(w.Body.String()) {
			t.Errorf("%s: %s", contentType, w.Body.String())
		}
	}
}
