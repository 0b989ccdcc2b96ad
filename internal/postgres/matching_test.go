package postgres_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ringcard/crm"
	"ringcard/crm/client"
	"ringcard/internal/postgres"
)

// An operator's choice among the clients of a shared number pops first the
// next time, in the lookup, its card and the record of the call.
func TestChoiceIsRemembered_LU_04(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	const number = "+79210000007"
	first := o.client(client.NewClient{Name: "Первый", Phones: phones(number), Person: &client.PersonInput{
		Name: "Главная Анна", IsPrimary: true, Phones: phones(number)}})
	second := o.client(client.NewClient{Name: "Второй", Phones: phones(number)})
	third := o.client(client.NewClient{Name: "Третий", Phones: phones(number)})
	best := func() client.Match {
		t.Helper()
		found := o.lookup(number)
		if len(found.Matches) != 3 {
			t.Fatalf("%d matches are offered, want 3: %+v", len(found.Matches), found.Matches)
		}
		again, cards, err := o.store.LookupCard(o.ctx, 79210000007)
		if err != nil || cards[0].ID != again.Matches[0].ClientID {
			t.Fatalf("card %+v of %+v, %v", cards, again.Matches[0], err)
		}
		return found.Matches[0]
	}
	if m := best(); m.ClientID != first.ID || m.Reason != client.MainContact {
		t.Fatalf("before any choice: %+v", m)
	}
	rec := o.call(number)
	o.save(rec)
	if err := o.calls.SetClient(o.ctx, o.anna, rec.ID, second.ID, 0); err != nil {
		t.Fatal(err)
	}
	if m := best(); m.ClientID != second.ID || m.Reason != client.Chosen || m.Rank != 2 {
		t.Errorf("after the choice: %+v", m)
	}
	next := o.call(number)
	o.save(next)
	if r, err := o.calls.Get(o.ctx, o.admin, next.ID); err != nil || r.ClientID != second.ID {
		t.Errorf("the record of the next call has client %d, %v", r.ClientID, err)
	}
	choice, err := o.clients.Choice(o.ctx, o.admin, 79210000007)
	if err != nil || choice == nil || choice.ClientName != "Второй" || choice.ChosenBy != "Смирнова Анна" || time.Since(choice.ChosenAt) > time.Minute {
		t.Errorf("choice %+v %v", choice, err)
	}

	t.Run("another choice replaces it", func(t *testing.T) {
		if err := o.calls.SetClient(o.ctx, o.anna, rec.ID, third.ID, 0); err != nil {
			t.Fatal(err)
		}
		if m := best(); m.ClientID != third.ID {
			t.Errorf("%+v", m)
		}
	})
	t.Run("a choice without its number has no effect", func(t *testing.T) {
		if err := o.clients.DeletePhone(o.ctx, o.admin, client.Owner{ClientID: third.ID}, third.Phones[0].ID); err != nil {
			t.Fatal(err)
		}
		if m := o.lookup(number).Matches[0]; m.ClientID != first.ID {
			t.Errorf("%+v", m)
		}
		must(o.clients.SavePhone(o.ctx, o.admin, client.Owner{ClientID: third.ID}, 0, client.PhoneInput{Raw: number}))(t)
		if m := best(); m.ClientID != third.ID {
			t.Errorf("with the number back: %+v", m)
		}
	})
	t.Run("attaching the caller to another client is a choice too", func(t *testing.T) {
		if err := o.calls.Link(o.ctx, o.admin, rec.ID, second.ID, 0); err != nil {
			t.Fatal(err)
		}
		if m := best(); m.ClientID != second.ID || m.Reason != client.Chosen {
			t.Errorf("%+v", m)
		}
	})
	t.Run("it can be forgotten, also by the call", func(t *testing.T) {
		if err := o.clients.Forget(o.ctx, o.operator, client.NumberRef{CallID: next.ID}); err != nil {
			t.Fatal(err)
		}
		if m := best(); m.ClientID != first.ID {
			t.Errorf("%+v", m)
		}
		wantCode(t, o.clients.Forget(o.ctx, o.operator, client.NumberRef{Raw: number}), crm.CodeNotFound)
		wantCode(t, o.clients.Forget(o.ctx, o.operator, client.NumberRef{Raw: "+7 (•••) •••-00-07"}), crm.CodeInvalid)
		wantCode(t, o.clients.Forget(o.ctx, o.operator, client.NumberRef{}), crm.CodeInvalid)
	})
	t.Run("who may not see the client does not learn of the choice", func(t *testing.T) {
		o.exec(`UPDATE crm.client SET responsible_id = $1 WHERE id = $2`, o.petr.UserID, second.ID)
		if err := o.calls.SetClient(o.ctx, o.super, rec.ID, second.ID, 0); err != nil {
			t.Fatal(err)
		}
		if c, err := o.clients.Choice(o.ctx, o.anna, 79210000007); err != nil || c != nil {
			t.Errorf("%+v %v", c, err)
		}
		if c, err := o.clients.Choice(o.ctx, o.petr, 79210000007); err != nil || c == nil {
			t.Errorf("%+v %v", c, err)
		}
	})
}

// The choice is part of the one probe: at 100,000 numbers the lookup is an
// index-only scan, and its card two more searches by key.
func TestLookupOfABigBaseIsIndexProbes_LU_02_LU_04_LU_06(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.exec(`INSERT INTO crm.client (name) SELECT 'Клиент ' || i FROM generate_series(1, 10) i`)
	// The rows of the index itself are what counts here.
	o.exec(`INSERT INTO crm.phone_lookup (e164, rank, client_id, name, organisation)
		SELECT 79210000000 + i, 2, 1 + i % 10, 'Клиент', '' FROM generate_series(1, 100000) i`)
	conn := must(pgx.Connect(o.ctx, o.db.Pool().Config().ConnString()))(t)
	defer conn.Close(o.ctx)
	for _, table := range []string{"phone_lookup", "client", "number_choice"} {
		if _, err := conn.Exec(o.ctx, `VACUUM ANALYZE crm.`+table); err != nil {
			t.Fatal(err)
		}
	}
	for name, statement := range postgres.LookupStatements() {
		rows := must(conn.Query(o.ctx, `EXPLAIN (COSTS off) `+statement, 79210000100))(t)
		plan := strings.Join(must(pgx.CollectRows(rows, pgx.RowTo[string]))(t), "\n")
		if !strings.Contains(plan, "Index Only Scan using phone_lookup_probe") || strings.Contains(plan, "Seq Scan on phone_lookup") {
			t.Errorf("%s:\n%s", name, plan)
		}
	}
}

// Unknown callers wait in one list until somebody says who they are.
func TestUnsortedNumbers_LU_05(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	save := func(number string, ago time.Duration) string {
		t.Helper()
		r := o.call(number)
		r.StartedAt = o.now.Add(-ago)
		o.save(r)
		return r.ID
	}
	save("+79210000011", 3*time.Hour)
	last := save("+79210000011", time.Hour)
	save("+79210000012", 2*time.Hour)
	save("+79210000013", 4*time.Hour)
	save("anonymous", time.Minute)
	known := o.client(client.NewClient{Name: "Известный", Phones: phones("+79210000014")})
	save("+79210000014", time.Minute)

	list := func(actor crm.Actor, page crm.PageRequest) ([]client.Unsorted, *string) {
		t.Helper()
		p := must(o.clients.Unsorted(o.ctx, actor, "", page))(t)
		return p.Items, p.NextCursor
	}
	names := func(items []client.Unsorted) string {
		var out []string
		for _, u := range items {
			out = append(out, fmt.Sprintf("%s×%d", u.E164[len(u.E164)-2:], u.Calls))
		}
		return strings.Join(out, " ")
	}
	items, _ := list(o.operator, crm.PageRequest{})
	if got := names(items); got != "11×2 12×1 13×1" {
		t.Fatalf("unsorted: %s", got)
	}
	if u := items[0]; u.LastCallID != last || !u.FirstAt.Equal(o.now.Add(-3*time.Hour)) || !u.LastAt.Equal(o.now.Add(-time.Hour)) ||
		u.Display != "+7 (921) 000-00-11" || u.Direction != "in" || u.Disposition != "answered" || u.Answered != 2 {
		t.Errorf("%+v", u)
	}
	if items, _ := list(o.petr, crm.PageRequest{}); len(items) != 0 {
		t.Errorf("petr had no part in these calls and sees %s", names(items))
	}
	var all []client.Unsorted
	for page := (crm.PageRequest{Limit: 1}); ; {
		items, next := list(o.admin, page)
		all = append(all, items...)
		if next == nil {
			break
		}
		page.Cursor = *next
	}
	if got := names(all); got != "11×2 12×1 13×1" {
		t.Errorf("by pages of one: %s", got)
	}

	for q, found := range map[string]string{"8 921 000-00-12": "12×1", "0013": "13×1", "21": "", "100%": "", " ": "11×2 12×1 13×1"} {
		if p := must(o.clients.Unsorted(o.ctx, o.admin, q, crm.PageRequest{}))(t); names(p.Items) != found {
			t.Errorf("%q finds %s", q, names(p.Items))
		}
	}

	t.Run("spam is sorted", func(t *testing.T) {
		if err := o.clients.MarkSpam(o.ctx, o.operator, client.NumberRef{CallID: items[1].LastCallID}, true); err != nil {
			t.Fatal(err)
		}
		wantCode(t, o.clients.MarkSpam(o.ctx, o.petr, client.NumberRef{CallID: items[1].LastCallID}, true), crm.CodeNotFound)
		wantCode(t, o.clients.MarkSpam(o.ctx, o.admin, client.NumberRef{CallID: uuid.NewString()}, true), crm.CodeNotFound)
		if got, _ := list(o.admin, crm.PageRequest{}); names(got) != "11×2 13×1" {
			t.Errorf("left: %s", names(got))
		}
	})
	t.Run("attached to a client with all its past calls", func(t *testing.T) {
		if err := o.calls.Link(o.ctx, o.operator, items[2].LastCallID, known.ID, 0); err != nil {
			t.Fatal(err)
		}
		if got, _ := list(o.admin, crm.PageRequest{}); names(got) != "11×2" {
			t.Errorf("left: %s", names(got))
		}
	})
	t.Run("made a client and a person with all its past calls", func(t *testing.T) {
		card := must(o.clients.Create(o.ctx, o.operator, client.NewClient{
			Name: "Новый", FromCallID: last, Person: &client.PersonInput{Name: "Директор", IsPrimary: true}}))(t)
		if got, _ := list(o.admin, crm.PageRequest{}); len(got) != 0 {
			t.Errorf("left: %s", names(got))
		}
		if n := o.count(`SELECT count(*) FROM crm.activity WHERE client_id = $1 AND kind = 'call'`, card.ID); n != 2 {
			t.Errorf("%d calls in the history of the new client, want 2", n)
		}
	})
}

// A phone can be dialled by its id by who sees the card, and by nobody else.
func TestDialByPhone_PU_09(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	c := o.client(client.NewClient{Name: "Ромашка", Phones: phones("45-67-89"), ResponsibleID: &o.anna.UserID})
	if text, err := o.clients.DialText(o.ctx, o.anna, c.Phones[0].ID); err != nil || text != "+78152456789" {
		t.Errorf("%q %v", text, err)
	}
	_, err := o.clients.DialText(o.ctx, o.petr, c.Phones[0].ID)
	wantCode(t, err, crm.CodeNotFound)
	_, err = o.clients.SavePhone(o.ctx, o.anna, client.Owner{ClientID: c.ID}, c.Phones[0].ID, client.PhoneInput{Raw: "+7 (•••) •••-67-89"})
	wantCode(t, err, crm.CodeInvalid)
}

// The card of a pop brings the last interactions and the call that is owed.
func TestCardOfThePop_PU_03(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	const number = "+79210000021"
	c := o.client(client.NewClient{Name: "Ромашка", Phones: phones(number)})
	for i := range 4 {
		r := o.call(number)
		r.StartedAt = o.now.Add(time.Duration(i-10) * time.Hour)
		o.save(r)
	}
	must(o.history.AddNote(o.ctx, o.anna, c.ID, 0, "просил каталог"))(t)
	_, cards, err := o.store.LookupCard(o.ctx, 79210000021)
	if err != nil || len(cards) != 1 || len(cards[0].Recent) != 3 {
		t.Fatalf("%+v %v", cards, err)
	}
	card := cards[0]
	if first := card.Recent[0]; first.Kind != "note" || first.Subject != "просил каталог" || card.LastContactSum != first.Subject {
		t.Errorf("%+v, %q", first, card.LastContactSum)
	}
	if second := card.Recent[1]; second.Kind != "call" || !second.At.Equal(o.now.Add(-7*time.Hour)) || second.Subject != "Входящий, 1 мин 0 с" {
		t.Errorf("%+v", second)
	}
	if card.OwedSince != nil {
		t.Errorf("owed since %v", card.OwedSince)
	}
	at := o.now.Add(-time.Minute)
	o.exec(`INSERT INTO crm.obligation (client_id, attempts, first_at, last_at) VALUES ($1, 1, $2, $2)`, c.ID, at)
	if card := must(o.store.Summary(o.ctx, c.ID, 0))(t); card.OwedSince == nil || !card.OwedSince.Equal(at) {
		t.Errorf("owed since %v, want %v", card.OwedSince, at)
	}
}

// What changes in the directory is told by ids and numbers, until it is a few
// seconds old.
func TestChangesOfTheDirectory_OP_03(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	const shared, own, fresh = 79210000071, 79210000072, 79210000073
	card := o.client(client.NewClient{Name: "Первый", Phones: phones("+79210000071"), Person: &client.PersonInput{
		Name: "Главная Анна", IsPrimary: true, Phones: phones("+79210000072")}})
	other := o.client(client.NewClient{Name: "Второй", Phones: phones("+79210000071")})
	person := card.Persons[0].PersonID
	rec := o.call("+79210000071")
	o.save(rec)
	changes := func(after int64) client.Changes {
		t.Helper()
		c, err := o.store.Changes(o.ctx, after)
		if err != nil {
			t.Fatal(err)
		}
		return c
	}
	for _, tt := range []struct {
		name string
		do   func() error
		want client.Changes
	}{
		{"nothing", func() error { return nil }, client.Changes{}},
		{"a new phone", func() error {
			_, err := o.clients.SavePhone(o.ctx, o.anna, client.Owner{ClientID: card.ID}, 0, client.PhoneInput{Raw: "+79210000073"})
			return err
		}, client.Changes{Clients: []int64{card.ID}, Numbers: []int64{shared, fresh}}},
		{"a phone of a person", func() error {
			_, err := o.clients.SavePhone(o.ctx, o.anna, client.Owner{PersonID: person}, 0, client.PhoneInput{Raw: "+79210000073"})
			return err
		}, client.Changes{Persons: []int64{person}, Numbers: []int64{own, fresh}}},
		{"a choice", func() error { return o.calls.SetClient(o.ctx, o.anna, rec.ID, other.ID, 0) },
			client.Changes{Clients: []int64{other.ID}, Numbers: []int64{shared}}},
		{"spam", func() error { return o.clients.MarkSpam(o.ctx, o.admin, client.NumberRef{Raw: "+79210000072"}, true) },
			client.Changes{Numbers: []int64{own}}},
	} {
		last, err := o.store.LastChange(o.ctx)
		if err != nil {
			t.Fatal(err)
		}
		if err := tt.do(); err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		got := changes(last)
		tt.want.Next = last // too new to go past them
		if diff := cmp.Diff(tt.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, diff)
		}
	}
	o.exec(`UPDATE crm.audit_log SET at = at - interval '1 minute'`)
	if c := changes(0); c.Next == 0 || !slices.Contains(c.Clients, card.ID) {
		t.Errorf("old changes: %+v", c)
	} else if again := changes(c.Next); !again.Empty() || again.Next != c.Next {
		t.Errorf("told twice: %+v", again)
	}
}
