package postgres_test

import (
	"context"
	"os"
	"testing"
	"time"

	"github.com/google/uuid"

	"ringcard/crm"
	"ringcard/crm/calllog"
	"ringcard/crm/client"
	"ringcard/crm/employee"
	"ringcard/crm/interaction"
	"ringcard/internal/postgres"
	"ringcard/internal/postgres/pgtest"
)

// office is the services on a fresh database, with one employee of each role.
type office struct {
	t            testing.TB
	ctx          context.Context
	db           *postgres.DB
	store        *postgres.ClientStore
	clients      *client.Service
	calls        *calllog.Service
	history      *interaction.Service
	staff        *employee.Service
	admin, super crm.Actor
	anna, petr   crm.Actor // managers
	operator     crm.Actor
	now          time.Time // of the clock
}

var rules = crm.PhoneRules{Region: "RU", AreaCode: "8152"}

func newOffice(t testing.TB) *office {
	t.Helper()
	db := pgtest.New(t)
	o := &office{t: t, ctx: context.Background(), db: db, now: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)}
	clock := func() time.Time { return o.now }
	o.store = postgres.NewClientStore(db)
	o.clients = client.NewService(client.Stores{Cards: o.store, Writer: o.store, Contacts: o.store, Persons: o.store,
		Groups: o.store, Numbers: o.store, Matching: o.store}, rules, nil)
	calls := postgres.NewCallStore(db)
	o.calls = calllog.NewService(calllog.Stores{Writer: calls, Journal: calls, Clerk: calls, Traces: calls, Results: calls},
		calllog.Options{Locale: "ru", Clock: clock, Rules: rules})
	o.history = interaction.NewService(postgres.NewInteractionStore(db))
	staff := postgres.NewEmployeeStore(db)
	o.staff = employee.NewService(employee.Stores{Users: staff, Sessions: staff, Tokens: staff, Pops: staff},
		employee.Options{Cost: employee.Cost{Memory: 64, Time: 1, Threads: 1}, Clock: clock})
	o.admin = o.hire("admin", "Админ", crm.RoleAdmin)
	o.super = o.hire("super", "Супер", crm.RoleSupervisor)
	o.anna = o.hire("anna", "Смирнова Анна", crm.RoleManager)
	o.petr = o.hire("petr", "Кузнецов Пётр", crm.RoleManager)
	o.operator = o.hire("olga", "Оператор Ольга", crm.RoleOperator)
	return o
}

const password = "correct horse"

func (o *office) hire(login, name string, role crm.Role) crm.Actor {
	o.t.Helper()
	u, err := o.staff.Create(o.ctx, crm.System(), employee.NewUser{Login: login, Name: name, Role: role, Password: password})
	if err != nil {
		o.t.Fatal(err)
	}
	return crm.NewActor(u.ID, u.Login, u.Name, u.Role)
}

// client makes a client with phones as the system, duplicates or not.
func (o *office) client(in client.NewClient) client.Card {
	o.t.Helper()
	in.Force = true
	card, err := o.clients.Create(o.ctx, crm.System(), in)
	if err != nil {
		o.t.Fatal(err)
	}
	return card
}

func phones(raw ...string) []client.PhoneInput {
	out := make([]client.PhoneInput, len(raw))
	for i, r := range raw {
		out[i].Raw = r
	}
	return out
}

func (o *office) lookup(number string) client.Found {
	o.t.Helper()
	found, err := o.store.Lookup(o.ctx, crm.ParsePhone(number, rules).E164)
	if err != nil {
		o.t.Fatal(err)
	}
	return found
}

// call is an inbound call of the number that ended answered by anna.
func (o *office) call(number string) calllog.Record {
	p := crm.ParsePhone(number, rules)
	at := o.now.Add(-time.Hour)
	answered, ended := at.Add(5*time.Second), at.Add(65*time.Second)
	return calllog.Record{
		ID: uuid.NewString(), Version: 1, PBX: "office", Direction: calllog.In, State: calllog.Ended,
		Disposition: calllog.Answered, Cause: 16,
		Number:    calllog.Number{Raw: p.Raw, E164: p.E164Text(), Display: p.Display, Kind: string(p.Kind)},
		StartedAt: at, RingAt: &at, AnsweredAt: &answered, EndedAt: &ended, WaitMS: 5000, TalkMS: 60000,
		AnsweredBy: &calllog.Party{UserID: o.anna.UserID}, UserIDs: []int64{o.anna.UserID, o.operator.UserID},
		Snapshot: []byte(`{"legs":[{"id":"1"}]}`),
	}
}

func (o *office) save(r calllog.Record) {
	o.t.Helper()
	if err := o.calls.Save(o.ctx, r); err != nil {
		o.t.Fatal(err)
	}
}

func (o *office) count(sql string, args ...any) int64 {
	o.t.Helper()
	var n int64
	if err := o.db.Pool().QueryRow(o.ctx, sql, args...).Scan(&n); err != nil {
		o.t.Fatal(err)
	}
	return n
}

func (o *office) exec(sql string, args ...any) {
	o.t.Helper()
	if _, err := o.db.Pool().Exec(o.ctx, sql, args...); err != nil {
		o.t.Fatal(err)
	}
}

func wantCode(t testing.TB, err error, code crm.Code) {
	t.Helper()
	if crm.CodeOf(err) != code {
		t.Fatalf("err = %v, want code %q", err, code)
	}
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// serverDir is a folder that the account of a private server can reach.
func serverDir(t testing.TB) string {
	t.Helper()
	dir := must(os.MkdirTemp("", "ringcard-outage-"))(t)
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	return dir
}
