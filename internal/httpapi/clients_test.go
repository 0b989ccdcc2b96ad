package httpapi

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"ringcard/crm"
	"ringcard/crm/client"
	"ringcard/crm/interaction"
)

func (b *browser) create(name string, more map[string]any) client.Card {
	b.s.t.Helper()
	in := map[string]any{"name": name}
	for k, v := range more {
		in[k] = v
	}
	return want[client.Card](b.s.t, b.post("/api/v1/clients", in), http.StatusCreated)
}

func clientPath(id int64, rest string) string { return fmt.Sprintf("/api/v1/clients/%d%s", id, rest) }

func TestClientIsCreatedReadChangedDeletedAndRestored(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.login("admin")
	res := b.post("/api/v1/clients", map[string]any{
		"name": "ООО «Ромашка»", "city": "Мурманск", "potential": 70, "first_contact_on": "2026-03-01",
		"phones": []any{map[string]any{"raw": "8 (921) 123-45-67", "is_main": true}},
		"emails": []any{map[string]any{"email": "info@romashka.example"}},
		"person": map[string]any{"name": "Иванова Мария", "position": "директор", "phones": []any{map[string]any{"raw": "+7 911 000-00-01"}}},
	})
	card := want[client.Card](t, res, http.StatusCreated)
	if card.Phone == nil || card.Phone.E164 != "+79211234567" || len(card.Persons) != 1 || card.FirstContactOn.String() != "2026-03-01" {
		t.Fatalf("%+v", card)
	}
	if res.header.Get("Location") != clientPath(card.ID, "") || res.header.Get("ETag") != etag(card.Version) {
		t.Errorf("headers %v", res.header)
	}
	got := want[client.Card](t, b.get(clientPath(card.ID, "")), http.StatusOK)
	if got.Version != card.Version {
		t.Errorf("version %d, want %d", got.Version, card.Version)
	}
	changed := want[client.Card](t, b.with("If-Match", etag(card.Version)).send(http.MethodPatch, clientPath(card.ID, ""),
		map[string]any{"note": "звонить утром", "potential": nil, "first_contact_on": nil}), http.StatusOK)
	if changed.Note != "звонить утром" || changed.Potential != nil || changed.FirstContactOn != nil || changed.Name != card.Name {
		t.Errorf("%+v", changed)
	}
	want[none](t, b.with("If-Match", etag(changed.Version)).send(http.MethodDelete, clientPath(card.ID, ""), nil), http.StatusNoContent)
	refused(t, b.get(clientPath(card.ID, "")), http.StatusNotFound, codeNotFound)
	want[client.Card](t, b.post(clientPath(card.ID, "/restore"), nil), http.StatusOK)
	want[client.Card](t, b.get(clientPath(card.ID, "")), http.StatusOK)
}

func TestStaleWriteGetsTheCurrentCard(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.login("admin")
	card := b.create("Альфа", nil)
	path := clientPath(card.ID, "")
	want[client.Card](t, b.with("If-Match", etag(card.Version)).send(http.MethodPatch, path, map[string]any{"city": "Псков"}), http.StatusOK)
	p := refused(t, b.with("If-Match", etag(card.Version)).send(http.MethodPatch, path, map[string]any{"city": "Орёл"}), http.StatusConflict, codeConflict)
	current, ok := p.Current.(map[string]any)
	if !ok || current["city"] != "Псков" {
		t.Errorf("current %v", p.Current)
	}
	refused(t, b.with("If-Match", etag(card.Version)).send(http.MethodDelete, path, nil), http.StatusConflict, codeConflict)
	refused(t, b.send(http.MethodPatch, path, map[string]any{"city": "Орёл"}), http.StatusUnprocessableEntity, codeInvalid)
	refused(t, b.with("If-Match", `"x"`).send(http.MethodPatch, path, map[string]any{"city": "Орёл"}), http.StatusUnprocessableEntity, codeInvalid)
}

func TestBadInputIsRefusedByField(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.login("admin")
	card := b.create("Бета", nil)
	tests := []struct {
		name, method, path string
		body               any
		status             int
		code, location     string
	}{
		{"no name", http.MethodPost, "/clients", map[string]any{}, 422, codeInvalid, "body"},
		{"empty name", http.MethodPost, "/clients", map[string]any{"name": ""}, 422, codeInvalid, "body.name"},
		{"blank name", http.MethodPost, "/clients", map[string]any{"name": "  "}, 422, codeInvalid, "body.name"},
		{"unknown field", http.MethodPost, "/clients", map[string]any{"name": "x", "nmae": "y"}, 422, codeInvalid, "body.nmae"},
		{"wrong type", http.MethodPost, "/clients", map[string]any{"name": 5}, 422, codeInvalid, "body.name"},
		{"unknown kind", http.MethodPost, "/clients", map[string]any{"name": "x", "kind": "god"}, 422, codeInvalid, "body.kind"},
		{"potential", http.MethodPost, "/clients", map[string]any{"name": "x", "potential": 101}, 422, codeInvalid, "body.potential"},
		{"money", http.MethodPost, "/clients", map[string]any{"name": "x", "deal_sum": "много"}, 422, codeInvalid, "body.deal_sum"},
		{"date", http.MethodPost, "/clients", map[string]any{"name": "x", "first_contact_on": "01.03.2026"}, 422, codeInvalid, "body.first_contact_on"},
		{"phone of words", http.MethodPost, "/clients", map[string]any{"name": "x", "phones": []any{map[string]any{"raw": "нет"}}}, 422, codeInvalid, "body.phones[0].raw"},
		{"call id", http.MethodPost, "/clients", map[string]any{"name": "x", "from_call_id": "5"}, 422, codeInvalid, "body.from_call_id"},
		{"malformed JSON", http.MethodPost, "/clients", `{"name":`, 400, codeBadRequest, "body"},
		{"not JSON", http.MethodPost, "/clients", "name=x", 400, codeBadRequest, "body"},
		{"empty body", http.MethodPost, "/clients", "", 400, codeBadRequest, ""},
		{"oversize", http.MethodPost, "/clients", `{"name":"` + strings.Repeat("x", maxBody) + `"}`, 413, codeTooLarge, ""},
		{"id of letters", http.MethodGet, "/clients/abc", nil, 422, codeInvalid, "path.id"},
		{"limit", http.MethodGet, "/clients?limit=1000", nil, 422, codeInvalid, "query.limit"},
		{"cursor", http.MethodGet, "/clients?cursor=%21", nil, 422, codeInvalid, "query.cursor"},
		{"sort", http.MethodGet, "/clients?sort=salary", nil, 422, codeInvalid, "query.sort"},
		{"unknown filter", http.MethodGet, "/clients?qq=x", nil, 422, codeInvalid, "query.qq"},
		{"phone", http.MethodPost, clientPath(card.ID, "/phones")[len(prefix):], map[string]any{"raw": "нет"}, 422, codeInvalid, "body.raw"},
		{"email", http.MethodPost, clientPath(card.ID, "/emails")[len(prefix):], map[string]any{"email": "at nowhere"}, 422, codeInvalid, "body.email"},
		{"address", http.MethodPost, clientPath(card.ID, "/addresses")[len(prefix):], map[string]any{"kind": "moon", "text": "x"}, 422, codeInvalid, "body.kind"},
		{"note", http.MethodPost, clientPath(card.ID, "/notes")[len(prefix):], map[string]any{"text": " "}, 422, codeInvalid, "body.text"},
		{"no client", http.MethodGet, "/clients/999999", nil, 404, codeNotFound, ""},
		{"no phone", http.MethodPatch, clientPath(card.ID, "/phones/999999")[len(prefix):], map[string]any{"note": "x"}, 404, codeNotFound, ""},
		{"no route", http.MethodGet, "/cleints", nil, 404, codeNotFound, ""},
		{"wrong method", http.MethodPut, "/clients", nil, 405, codeMethod, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			res := b.send(tt.method, prefix+tt.path, tt.body)
			p := refused(t, res, tt.status, tt.code)
			if tt.location == "" {
				return
			}
			for _, e := range p.Errors {
				if e.Location == tt.location {
					return
				}
			}
			t.Errorf("no error at %s: %s", tt.location, res.text)
		})
	}
	if strings.Contains(s.log.String(), "level=ERROR") {
		t.Errorf("bad input is logged as a fault of ours:\n%s", s.log.String())
	}
}

func TestDuplicateIsNamedUnlessForced(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.login("admin")
	first := b.create("Гамма", map[string]any{"phones": []any{map[string]any{"raw": "+7 921 555-00-11"}}})
	again := map[string]any{"name": "Дельта", "phones": []any{map[string]any{"raw": "8 921 5550011"}}}
	p := refused(t, b.post("/api/v1/clients", again), http.StatusConflict, codeDuplicate)
	if len(p.Duplicates) != 1 || p.Duplicates[0].ClientID != first.ID || p.Duplicates[0].Reason != "phone" {
		t.Errorf("%+v", p.Duplicates)
	}
	again["force"] = true
	want[client.Card](t, b.post("/api/v1/clients", again), http.StatusCreated)
}

func TestOthersClientsAreNotFound_AC_01(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	boris, dina := s.login("boris"), s.login("dina")
	secret := boris.create("Секретный клиент", map[string]any{
		"phones": []any{map[string]any{"raw": "+7 921 777-00-77"}}, "emails": []any{map[string]any{"email": "secret@client.example"}},
	})
	for _, path := range []string{clientPath(secret.ID, ""), clientPath(secret.ID, "/history")} {
		refused(t, dina.get(path), http.StatusNotFound, codeNotFound)
	}
	refused(t, dina.with("If-Match", etag(secret.Version)).send(http.MethodPatch, clientPath(secret.ID, ""), map[string]any{"city": "x"}), http.StatusNotFound, codeNotFound)
	refused(t, dina.with("If-Match", etag(secret.Version)).send(http.MethodDelete, clientPath(secret.ID, ""), nil), http.StatusNotFound, codeNotFound)
	refused(t, dina.post(clientPath(secret.ID, "/phones"), map[string]any{"raw": "+7 921 777-00-78"}), http.StatusNotFound, codeNotFound)
	refused(t, dina.post(clientPath(secret.ID, "/notes"), map[string]any{"text": "x"}), http.StatusNotFound, codeNotFound)
	for _, path := range []string{
		"/clients", "/clients?q=" + url.QueryEscape("Секретный"), "/search?q=79217770077", "/search?q=secret%40client.example",
		"/lookup?number=79217770077", "/groups", "/persons",
	} {
		res := dina.get(prefix + path)
		want[any](t, res, http.StatusOK)
		lacks(t, res, "Секретный", "secret@client")
	}
}

func TestOperatorMayNotDelete(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	anna := s.login("anna")
	card := anna.create("Эпсилон", nil)
	refused(t, anna.with("If-Match", etag(card.Version)).send(http.MethodDelete, clientPath(card.ID, ""), nil), http.StatusForbidden, codeForbidden)
	refused(t, anna.post(clientPath(card.ID, "/restore"), nil), http.StatusForbidden, codeForbidden)
	refused(t, anna.get("/api/v1/users"), http.StatusForbidden, codeForbidden)
	refused(t, anna.post("/api/v1/users", map[string]any{}), http.StatusForbidden, codeForbidden)
}

func TestContactsOfAClient(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.login("admin")
	card := b.create("Дзета", nil)
	phone := want[client.Phone](t, b.post(clientPath(card.ID, "/phones"), map[string]any{"raw": "45-67-89", "kind": "work"}), http.StatusCreated)
	if phone.E164 != "+78152456789" {
		t.Errorf("%+v", phone)
	}
	phone = want[client.Phone](t, b.send(http.MethodPatch, clientPath(card.ID, fmt.Sprintf("/phones/%d", phone.ID)), map[string]any{"note": "секретарь"}), http.StatusOK)
	if phone.Note != "секретарь" || phone.E164 != "+78152456789" || phone.Kind != client.Work {
		t.Errorf("%+v", phone)
	}
	email := want[client.Email](t, b.post(clientPath(card.ID, "/emails"), map[string]any{"email": "a@b.example"}), http.StatusCreated)
	email = want[client.Email](t, b.send(http.MethodPatch, clientPath(card.ID, fmt.Sprintf("/emails/%d", email.ID)), map[string]any{"email": "c@b.example"}), http.StatusOK)
	address := want[client.Address](t, b.post(clientPath(card.ID, "/addresses"), map[string]any{"kind": "legal", "text": "ул. Ленина, 1"}), http.StatusCreated)
	address = want[client.Address](t, b.send(http.MethodPatch, clientPath(card.ID, fmt.Sprintf("/addresses/%d", address.ID)), map[string]any{"city": "Мурманск"}), http.StatusOK)
	if email.Email != "c@b.example" || address.City != "Мурманск" || address.Text != "ул. Ленина, 1" {
		t.Errorf("%+v %+v", email, address)
	}
	ref := want[client.PersonRef](t, b.post(clientPath(card.ID, "/persons"), map[string]any{"name": "Пётр Сидоров", "phones": []any{map[string]any{"raw": "+79210000001"}}}), http.StatusCreated)
	ref = want[client.PersonRef](t, b.send(http.MethodPatch, clientPath(card.ID, fmt.Sprintf("/persons/%d", ref.LinkID)), map[string]any{"position": "бухгалтер"}), http.StatusOK)
	if ref.Position != "бухгалтер" || ref.Name != "Пётр Сидоров" {
		t.Errorf("%+v", ref)
	}
	person := want[client.Person](t, b.get(fmt.Sprintf("/api/v1/persons/%d", ref.PersonID)), http.StatusOK)
	if len(person.Clients) != 1 || person.Clients[0].ClientID != card.ID {
		t.Errorf("%+v", person)
	}
	people := want[crm.Page[client.PersonRow]](t, b.get("/api/v1/persons?q="+url.QueryEscape("Сидоров")), http.StatusOK)
	if len(people.Items) != 1 {
		t.Errorf("%+v", people)
	}
	for _, path := range []string{
		fmt.Sprintf("/phones/%d", phone.ID), fmt.Sprintf("/emails/%d", email.ID),
		fmt.Sprintf("/addresses/%d", address.ID), fmt.Sprintf("/persons/%d", ref.LinkID),
	} {
		want[none](t, b.send(http.MethodDelete, clientPath(card.ID, path), nil), http.StatusNoContent)
	}
	card = want[client.Card](t, b.get(clientPath(card.ID, "")), http.StatusOK)
	if len(card.Phones)+len(card.Emails)+len(card.Addresses)+len(card.Persons) != 0 {
		t.Errorf("left over: %+v", card)
	}
}

func TestHistoryAndNotes(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	anna, boris := s.login("anna"), s.login("boris")
	card := anna.create("Эта", nil)
	for i := range 3 {
		want[interaction.Item](t, anna.post(clientPath(card.ID, "/notes"), map[string]any{"text": fmt.Sprintf("заметка %d", i)}), http.StatusCreated)
	}
	first := want[crm.Page[interaction.Item]](t, anna.get(clientPath(card.ID, "/history?kind=note&limit=2")), http.StatusOK)
	if len(first.Items) != 2 || first.Items[0].Body != "заметка 2" || first.NextCursor == nil {
		t.Fatalf("%+v", first)
	}
	rest := want[crm.Page[interaction.Item]](t, anna.get(clientPath(card.ID, "/history?kind=note&limit=2&cursor="+url.QueryEscape(*first.NextCursor))), http.StatusOK)
	if len(rest.Items) != 1 || rest.NextCursor != nil {
		t.Fatalf("%+v", rest)
	}
	path := fmt.Sprintf("/api/v1/interactions/%d", first.Items[0].ID)
	item := want[interaction.Item](t, anna.send(http.MethodPatch, path, map[string]any{"body": "исправлено"}), http.StatusOK)
	if item.Body != "исправлено" {
		t.Errorf("%+v", item)
	}
	refused(t, boris.send(http.MethodPatch, path, map[string]any{"body": "чужое"}), http.StatusForbidden, codeForbidden)
	refused(t, boris.send(http.MethodDelete, path, nil), http.StatusForbidden, codeForbidden)
	want[none](t, anna.send(http.MethodDelete, path, nil), http.StatusNoContent)
	refused(t, anna.get(clientPath(card.ID, "/history?kind=gossip")), http.StatusUnprocessableEntity, codeInvalid)
}

func TestGroupsAndSearch(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.login("admin")
	group := want[client.Group](t, b.post("/api/v1/groups", map[string]any{"name": "Оптовики"}), http.StatusCreated)
	refused(t, b.post("/api/v1/groups", map[string]any{"name": "оптовики"}), http.StatusConflict, codeConflict)
	path := fmt.Sprintf("/api/v1/groups/%d", group.ID)
	want[client.Group](t, b.send(http.MethodPatch, path, map[string]any{"name": "Опт"}), http.StatusOK)
	card := b.create("Тета Трейд", map[string]any{"group_id": group.ID, "phones": []any{map[string]any{"raw": "+7 921 444-55-66"}}})
	list := want[crm.Page[client.Row]](t, b.get(fmt.Sprintf("/api/v1/clients?group_id=%d&sort=-created", group.ID)), http.StatusOK)
	if len(list.Items) != 1 || list.Items[0].GroupName != "Опт" {
		t.Errorf("%+v", list)
	}
	for _, q := range []string{"тета", "4445566", "8 921 444-55-66"} {
		found := want[SearchResult](t, b.get("/api/v1/search?q="+url.QueryEscape(q)), http.StatusOK)
		if len(found.Clients) != 1 || found.Clients[0].ClientID != card.ID {
			t.Errorf("%q found %+v", q, found)
		}
	}
	looked := want[LookupResult](t, b.get("/api/v1/lookup?number=89214445566"), http.StatusOK)
	if looked.Number.E164 != "+79214445566" || len(looked.Matches) != 1 || looked.Matches[0].ClientID != card.ID {
		t.Errorf("%+v", looked)
	}
	want[none](t, b.post("/api/v1/numbers/spam", map[string]any{"number": "89214445566", "spam": true}), http.StatusNoContent)
	looked = want[LookupResult](t, b.get("/api/v1/lookup?number=89214445566"), http.StatusOK)
	if !looked.Spam || len(looked.Matches) != 0 {
		t.Errorf("%+v", looked)
	}
	refused(t, b.post("/api/v1/numbers/spam", map[string]any{"number": "anonymous", "spam": true}), http.StatusUnprocessableEntity, codeInvalid)
	want[none](t, b.send(http.MethodDelete, path, nil), http.StatusNoContent)
	groups := want[items[client.Group]](t, b.get("/api/v1/groups"), http.StatusOK)
	if len(groups.Items) != 1 || !groups.Items[0].Virtual {
		t.Errorf("%+v", groups)
	}
}
