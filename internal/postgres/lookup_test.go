package postgres_test

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jackc/pgx/v5"
	"pgregory.net/rapid"

	"ringcard/crm"
	"ringcard/crm/client"
	"ringcard/internal/postgres"
	"ringcard/internal/postgres/pgtest"
)

func TestLookupRanksAllMatches_LU_02(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	const number = "+7 921 123-45-67"
	main := o.client(client.NewClient{Name: "Главный", Person: &client.PersonInput{Name: "Иванова Марина", Position: "директор", IsPrimary: true, Phones: phones(number)}})
	person := main.Persons[0].PersonID
	other := o.client(client.NewClient{Name: "Второе место"})
	must(o.clients.LinkPerson(o.ctx, o.admin, other.ID, client.PersonInput{PersonID: person, Position: "консультант"}))(t)
	early := o.client(client.NewClient{Name: "Давний", Phones: phones(number)})
	late := o.client(client.NewClient{Name: "Недавний", Phones: phones(number)})
	o.exec(`UPDATE crm.client SET last_contact_at = now() WHERE id = $1`, late.ID)
	o.exec(`WITH p AS (INSERT INTO crm.person (name) VALUES ('Сам по себе') RETURNING id)
		INSERT INTO crm.phone (person_id, e164, raw) SELECT id, 79211234567, 'x' FROM p`)

	found := o.lookup("8 (921) 123-45-67")
	var got []string
	for _, m := range found.Matches {
		got = append(got, fmt.Sprintf("%d %s %s/%s", m.Rank, m.Reason, m.Name, m.Organisation))
	}
	want := []string{
		"0 main_contact Иванова Марина/Главный",
		"1 affiliation Иванова Марина/Второе место",
		"2 client_number Недавний/",
		"2 client_number Давний/",
		"3 person Сам по себе/",
	}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("matches:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if early.ID == late.ID {
		t.Fatal("two clients have one id")
	}

	t.Run("the card of a match", func(t *testing.T) {
		sum := must(o.store.Summary(o.ctx, main.ID, person))(t)
		if sum.Name != "Главный" || sum.PersonName != "Иванова Марина" || sum.Position != "директор" || sum.DealSum != "0.00" {
			t.Errorf("summary = %+v", sum)
		}
	})
	t.Run("a lookup brings the card of its first match", func(t *testing.T) {
		found, cards, err := o.store.LookupCard(o.ctx, 79211234567)
		want := must(o.store.Summary(o.ctx, main.ID, person))(t)
		if err != nil || len(found.Matches) != 5 || !cmp.Equal(cards, []client.Summary{want}) {
			t.Errorf("%+v %+v %v, want %+v", found, cards, err, want)
		}
		if found, cards, err = o.store.LookupCard(o.ctx, 79219999999); err != nil || len(found.Matches) != 0 || cards != nil {
			t.Errorf("nobody's number: %+v %+v %v", found, cards, err)
		}
	})
	t.Run("cards of those as good come too, and whose they are", func(t *testing.T) {
		const shared = "+79217654321"
		his := o.client(client.NewClient{Name: "Петра", Phones: phones(shared), ResponsibleID: &o.petr.UserID})
		hers := o.client(client.NewClient{Name: "Анны", Phones: phones(shared)})
		if _, err := o.clients.Update(o.ctx, o.admin, hers.ID, hers.Version, client.Patch{ResponsibleID: crm.Of(o.anna.UserID)}); err != nil {
			t.Fatal(err)
		}
		order := func(who crm.Actor, want ...int64) {
			t.Helper()
			_, found, err := o.clients.Lookup(o.ctx, who, shared)
			var got []int64
			for _, m := range found.Matches {
				got = append(got, m.ClientID)
			}
			if err != nil || !cmp.Equal(got, want) {
				t.Errorf("%s is shown %d, want %d, %v", who.Login, got, want, err)
			}
		}
		order(o.super, his.ID, hers.ID)
		order(o.anna, hers.ID) // she does not see his
		leader := crm.NewActor(o.anna.UserID, "anna", "Анна", crm.RoleSupervisor)
		order(leader, hers.ID, his.ID)
		found, cards, err := o.store.LookupCard(o.ctx, 79217654321)
		if err != nil || len(cards) != 2 || cards[0].ID != his.ID || cards[1].ID != hers.ID || found.Matches[1].ResponsibleID != o.anna.UserID {
			t.Errorf("%+v %+v %v", found, cards, err)
		}
		o.exec(`UPDATE crm.client SET last_contact_at = $1 WHERE id = $2`, o.now, his.ID)
		order(leader, his.ID, hers.ID) // the last contact counts before whose client it is
		if _, cards, err = o.store.LookupCard(o.ctx, 79217654321); err != nil || len(cards) != 1 || cards[0].ID != his.ID {
			t.Errorf("%+v %v", cards, err)
		}
	})
	t.Run("a client's own number adds nothing to its person", func(t *testing.T) {
		must(o.clients.SavePhone(o.ctx, o.admin, client.Owner{ClientID: main.ID}, 0, client.PhoneInput{Raw: number}))(t)
		if got := len(o.lookup(number).Matches); got != 5 {
			t.Errorf("%d matches, want 5", got)
		}
	})
}

func TestLookupIsOneIndexOnlyProbe_LU_02(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.exec(`INSERT INTO crm.client (name) SELECT 'Клиент ' || i FROM generate_series(1, 2000) i`)
	o.exec(`INSERT INTO crm.phone (client_id, e164, raw) SELECT id, 79210000000 + id, 'x' FROM crm.client`)
	conn := must(pgx.Connect(o.ctx, o.db.Pool().Config().ConnString()))(t)
	defer conn.Close(o.ctx)
	if _, err := conn.Exec(o.ctx, `VACUUM ANALYZE crm.phone_lookup`); err != nil {
		t.Fatal(err)
	}
	rows := must(conn.Query(o.ctx, `EXPLAIN (ANALYZE, BUFFERS, COSTS off) SELECT rank, client_id, person_id, name, organisation, last_contact_at, chosen
		FROM crm.phone_lookup WHERE e164 = 79210000100 LIMIT 200`))(t)
	plan := strings.Join(must(pgx.CollectRows(rows, pgx.RowTo[string]))(t), "\n")
	if !strings.Contains(plan, "Index Only Scan using phone_lookup_probe") || !strings.Contains(plan, "Heap Fetches: 0") {
		t.Errorf("plan:\n%s", plan)
	}
}

func TestDeletedClientNeverMatches_LU_02(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	c := o.client(client.NewClient{Name: "Ромашка", Phones: phones("45-67-89"),
		Person: &client.PersonInput{Name: "Пётр", IsPrimary: true, Phones: phones("+7 921 000-00-01")}})
	if len(o.lookup("45-67-89").Matches) != 1 || len(o.lookup("89210000001").Matches) != 1 {
		t.Fatal("a live client is not found")
	}
	if err := o.clients.Delete(o.ctx, o.admin, c.ID, c.Version); err != nil {
		t.Fatal(err)
	}
	if len(o.lookup("45-67-89").Matches) != 0 || len(o.lookup("89210000001").Matches) != 0 {
		t.Error("a deleted client is found")
	}
	must(o.clients.Restore(o.ctx, o.admin, c.ID))(t)
	if len(o.lookup("45-67-89").Matches) != 1 || len(o.lookup("89210000001").Matches) != 1 {
		t.Error("a restored client is not found")
	}
}

func TestSpamNumberMatchesNobody_LU_05(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.client(client.NewClient{Name: "Ромашка", Phones: phones("+79210000001")})
	if err := o.clients.MarkSpam(o.ctx, o.operator, client.NumberRef{Raw: "8 921 000-00-01"}, true); err != nil {
		t.Fatal(err)
	}
	if f := o.lookup("+79210000001"); !f.Spam || len(f.Matches) != 0 {
		t.Errorf("found = %+v", f)
	}
	if err := o.clients.MarkSpam(o.ctx, o.operator, client.NumberRef{Raw: "8 921 000-00-01"}, false); err != nil {
		t.Fatal(err)
	}
	if f := o.lookup("+79210000001"); f.Spam || len(f.Matches) != 1 {
		t.Errorf("found = %+v", f)
	}
	wantCode(t, o.clients.MarkSpam(o.ctx, o.operator, client.NumberRef{Raw: "101"}, true), crm.CodeInvalid)
}

const sqlLookupDiffers = `SELECT count(*) FROM (
	(SELECT * FROM crm.phone_lookup EXCEPT ALL SELECT * FROM crm.phone_lookup_source)
	UNION ALL
	(SELECT * FROM crm.phone_lookup_source EXCEPT ALL SELECT * FROM crm.phone_lookup)) d`

// TestPhoneLookupEqualsItsSource_LU_02 makes random changes and compares the
// kept index with the view it is computed from.
func TestPhoneLookupEqualsItsSource_LU_02(t *testing.T) {
	t.Parallel()
	ctx := context.Background()
	conn := must(pgx.Connect(ctx, pgtest.URL(t)))(t)
	defer conn.Close(ctx)
	rapid.Check(t, func(rt *rapid.T) {
		exec := func(sql string, args ...any) {
			if _, err := conn.Exec(ctx, sql, args...); err != nil {
				rt.Fatalf("%s %v: %v", sql, args, err)
			}
		}
		for _, table := range []string{"phone", "client_person", "number_mark", "number_choice", "client", "person"} {
			exec(`DELETE FROM crm.` + table)
		}
		exec(`INSERT INTO crm.client (id, name) OVERRIDING SYSTEM VALUE SELECT i, 'c' || i FROM generate_series(1, 4) i`)
		exec(`INSERT INTO crm.person (id, name) OVERRIDING SYSTEM VALUE SELECT i, 'p' || i FROM generate_series(1, 4) i`)
		id := rapid.Int64Range(1, 4)
		number := rapid.Int64Range(70000000001, 70000000005)
		draw := func(g *rapid.Generator[int64], name string) int64 { return g.Draw(rt, name) }
		rt.Repeat(map[string]func(*rapid.T){
			"add phones": func(*rapid.T) {
				exec(`INSERT INTO crm.phone (client_id, e164, raw) VALUES ($1, $2, 'r') ON CONFLICT DO NOTHING`, draw(id, "client"), draw(number, "number"))
				exec(`INSERT INTO crm.phone (person_id, e164, raw) VALUES ($1, $2, 'r') ON CONFLICT DO NOTHING`, draw(id, "person"), draw(number, "number"))
			},
			"same number with extension": func(*rapid.T) {
				exec(`INSERT INTO crm.phone (person_id, e164, raw, ext) VALUES ($1, $2, 'r', '1') ON CONFLICT DO NOTHING`, draw(id, "person"), draw(number, "number"))
			},
			"change numbers": func(*rapid.T) {
				exec(`UPDATE crm.phone SET e164 = NULL WHERE id = (SELECT min(id) FROM crm.phone WHERE e164 = $1)`, draw(number, "number"))
			},
			"delete phones": func(*rapid.T) {
				exec(`DELETE FROM crm.phone WHERE e164 = $1`, draw(number, "number"))
			},
			"link": func(*rapid.T) {
				exec(`INSERT INTO crm.client_person (client_id, person_id) VALUES ($1, $2) ON CONFLICT DO NOTHING`, draw(id, "client"), draw(id, "person"))
			},
			"primary": func(*rapid.T) {
				client := draw(id, "client")
				exec(`UPDATE crm.client_person SET is_primary = false WHERE client_id = $1`, client)
				exec(`UPDATE crm.client_person SET is_primary = true WHERE client_id = $1 AND person_id = $2 AND valid_to IS NULL`, client, draw(id, "person"))
			},
			"unlink": func(*rapid.T) {
				exec(`UPDATE crm.client_person SET valid_to = now() WHERE person_id = $1 AND valid_to IS NULL`, draw(id, "person"))
			},
			"drop link": func(*rapid.T) { exec(`DELETE FROM crm.client_person WHERE client_id = $1`, draw(id, "client")) },
			"delete and restore client": func(*rapid.T) {
				exec(`UPDATE crm.client SET deleted_at = CASE WHEN deleted_at IS NULL THEN now() END WHERE id = $1`, draw(id, "client"))
			},
			"delete and restore persons": func(*rapid.T) {
				exec(`UPDATE crm.person SET deleted_at = CASE WHEN deleted_at IS NULL THEN now() END WHERE id >= $1`, draw(id, "person"))
			},
			"rename": func(*rapid.T) {
				exec(`UPDATE crm.client SET name = name || 'x' WHERE id = $1`, draw(id, "client"))
				exec(`UPDATE crm.person SET name = name || 'x' WHERE id = $1`, draw(id, "person"))
			},
			"contact": func(*rapid.T) {
				exec(`UPDATE crm.client SET last_contact_at = clock_timestamp() WHERE id = $1`, draw(id, "client"))
			},
			"spam": func(*rapid.T) {
				exec(`INSERT INTO crm.number_mark (e164, spam) VALUES ($1, true)
					ON CONFLICT (e164) DO UPDATE SET spam = NOT crm.number_mark.spam`, draw(number, "number"))
			},
			"choose": func(*rapid.T) {
				exec(`INSERT INTO crm.number_choice (e164, client_id, person_id) VALUES ($1, $2, nullif($3::bigint, 4))
					ON CONFLICT (e164) DO UPDATE SET client_id = excluded.client_id, person_id = excluded.person_id`,
					draw(number, "number"), draw(id, "client"), draw(id, "person"))
			},
			"forget": func(*rapid.T) { exec(`DELETE FROM crm.number_choice WHERE e164 = $1`, draw(number, "number")) },
			"": func(rt *rapid.T) {
				var n int
				if err := conn.QueryRow(ctx, sqlLookupDiffers).Scan(&n); err != nil {
					rt.Fatal(err)
				}
				if n != 0 {
					rt.Fatalf("%d rows differ", n)
				}
			},
		})
	})
}

// TestPhoneLookupUnderConcurrency_LU_02 changes both ends of relations at once.
func TestPhoneLookupUnderConcurrency_LU_02(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	o.exec(`INSERT INTO crm.client (name) SELECT 'c' || i FROM generate_series(1, 3) i`)
	o.exec(`INSERT INTO crm.person (name) SELECT 'p' || i FROM generate_series(1, 3) i`)
	changes := []string{
		`INSERT INTO crm.phone (client_id, e164, raw) VALUES (1 + $1 % 3, 70000000001 + $1 % 2, 'r') ON CONFLICT DO NOTHING`,
		`INSERT INTO crm.phone (person_id, e164, raw) VALUES (1 + $1 % 3, 70000000001 + $1 % 2, 'r') ON CONFLICT DO NOTHING`,
		`DELETE FROM crm.phone WHERE client_id = 1 + $1 % 3`,
		`UPDATE crm.client SET deleted_at = CASE WHEN deleted_at IS NULL THEN now() END WHERE id = 1 + $1 % 3`,
		`INSERT INTO crm.client_person (client_id, person_id) VALUES (1 + $1 % 3, 1 + ($1 / 3) % 3) ON CONFLICT DO NOTHING`,
		`UPDATE crm.client_person SET valid_to = now() WHERE person_id = 1 + $1 % 3 AND valid_to IS NULL`,
		`INSERT INTO crm.number_choice (e164, client_id) VALUES (70000000001 + $1 % 2, 1 + ($1 / 2) % 3)
			ON CONFLICT (e164) DO UPDATE SET client_id = excluded.client_id`,
	}
	var wg sync.WaitGroup
	for worker := range 6 {
		wg.Go(func() {
			for i := range 60 {
				_, err := o.db.Pool().Exec(o.ctx, changes[(worker+i)%len(changes)], worker*7+i)
				if err != nil && !strings.Contains(err.Error(), "40P01") {
					t.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	if n := o.count(sqlLookupDiffers); n != 0 {
		t.Errorf("%d rows differ", n)
	}
}

// A client is deleted while another gets the same number: the row of the deleted
// one must not be written back from what was seen before.
func TestPhoneLookupOfANumberOfTwo_LU_02(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	a, b := o.client(client.NewClient{Name: "А", Phones: phones("+79210000001")}), o.client(client.NewClient{Name: "Б"})
	tx := must(o.db.Pool().Begin(o.ctx))(t)
	defer tx.Rollback(o.ctx) //nolint:errcheck // it is over then
	if _, err := tx.Exec(o.ctx, `UPDATE crm.client SET deleted_at = now() WHERE id = $1`, a.ID); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	wg.Go(func() {
		if _, err := o.db.Pool().Exec(o.ctx, `INSERT INTO crm.phone (client_id, e164, raw) VALUES ($1, 79210000001, 'r')`, b.ID); err != nil {
			t.Error(err)
		}
	})
	for o.count(`SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`) == 0 {
		runtime.Gosched()
	}
	if err := tx.Commit(o.ctx); err != nil {
		t.Fatal(err)
	}
	wg.Wait()
	if n := o.count(sqlLookupDiffers); n != 0 {
		t.Errorf("%d rows differ", n)
	}
	if found := o.lookup("+79210000001"); len(found.Matches) != 1 || found.Matches[0].ClientID != b.ID {
		t.Errorf("found %+v", found.Matches)
	}
}

// TestBulkImportKeepsLookupFast_LU_02 imports into tables the planner knows
// nothing of yet.
func TestBulkImportKeepsLookupFast_LU_02(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	// The search keys are beside the point and cost most of the time.
	o.exec(`ALTER TABLE crm.client ALTER COLUMN search_fold DROP EXPRESSION, ALTER COLUMN name_lat DROP EXPRESSION,
		ALTER COLUMN name_key DROP EXPRESSION, ALTER COLUMN full_name_key DROP EXPRESSION`)
	o.exec(`ALTER TABLE crm.person ALTER COLUMN name_fold DROP EXPRESSION, ALTER COLUMN name_lat DROP EXPRESSION`)
	for _, table := range []string{"client", "person", "client_person", "phone", "phone_lookup"} {
		o.exec(`ALTER TABLE crm.` + table + ` SET (autovacuum_enabled = false)`)
	}
	o.exec(`INSERT INTO crm.client (name) SELECT 'Клиент ' || i FROM generate_series(1, 20000) i`)
	o.exec(`INSERT INTO crm.person (name) SELECT 'Сотрудник ' || i FROM generate_series(1, 20000) i`)
	o.exec(`INSERT INTO crm.client_person (client_id, person_id, is_primary) SELECT i, i, true FROM generate_series(1, 20000) i`)
	for what, sql := range map[string]string{
		"clients' phones": `INSERT INTO crm.phone (client_id, e164, raw) SELECT id, 79210000000 + id, 'x' FROM crm.client`,
		"persons' phones": `INSERT INTO crm.phone (person_id, e164, raw) SELECT id, 79310000000 + id, 'x' FROM crm.person`,
	} {
		began := time.Now()
		o.exec(sql)
		took := time.Since(began)
		t.Logf("20000 %s in one statement: %v", what, took)
		// The trap is quadratic work, which takes minutes; the bound leaves
		// room for a loaded machine.
		if took > 20*time.Second {
			t.Errorf("20000 %s took %v", what, took)
		}
	}
	if n := o.count(`SELECT count(*) FROM crm.phone_lookup`); n != 40000 {
		t.Errorf("%d rows", n)
	}
}

// Each connection has its plans before anybody gets it, also one that is made
// later.
func TestConnectionsAreReady_LU_03(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	db := must(postgres.OpenReady(ctx, pgtest.URL(t), nil))(t)
	defer db.Close()
	pool := db.Pool()
	most, ready := pool.Config().MaxConns, pool.Stat().TotalConns()
	if ready < 2 {
		t.Errorf("%d connections", ready)
	}
	for i := range most {
		conn := must(pool.Acquire(ctx))(t)
		defer conn.Release()
		for name, sql := range postgres.LookupStatements() {
			var statement string
			err := conn.QueryRow(ctx, `SELECT name FROM pg_prepared_statements WHERE statement = $1 AND generic_plans > 0`, sql).Scan(&statement)
			if err != nil {
				t.Fatalf("connection %d of %d, %d at the start, has no plan for the %s: %v", i, most, ready, name, err)
			}
			plan := must(pgx.CollectRows(must(conn.Query(ctx, fmt.Sprintf(`EXPLAIN EXECUTE %q (1)`, statement), pgx.QueryExecModeSimpleProtocol))(t), pgx.RowTo[string]))(t)
			if text := strings.Join(plan, "\n"); strings.Contains(text, "Seq Scan") {
				t.Errorf("plan of the %s, made while the base was empty:\n%s", name, text)
			}
		}
	}
}
