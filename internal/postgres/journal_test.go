package postgres_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"ringcard/crm"
	"ringcard/crm/calllog"
	"ringcard/crm/client"
	"ringcard/internal/postgres"
)

func TestJournalFiltersAndOrders_AF_03(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	c := o.client(client.NewClient{Name: "Ромашка", Phones: phones("+79210000001")})
	yes, no := true, false
	a, b, d := o.call("+79210000001"), o.missed("+79210000002", o.now.Add(-30*time.Minute)), o.talk(calllog.Out, "+79210000003", o.now.Add(-10*time.Minute))
	a.Queue, a.Recorded, a.TalkMS, a.WaitMS = "Продажи", true, 90_000, 1000
	a.Snapshot = []byte(`{"legs":[],"transfers":[{"kind":"park"},{"kind":"blind"}]}`)
	b.PBX, b.CallerName, b.WaitMS = "branch", "IVANOV", 20_000
	b.Snapshot = []byte(`{"transfers":[{"kind":"pickup"}]}`)
	d.TalkMS, d.WaitMS, d.Note = 30_000, 3000, "просил счёт"
	for _, r := range []calllog.Record{a, b, d} {
		o.save(r)
	}
	resolved := o.resultNamed("Resolved")
	must(o.calls.WrapUp(o.ctx, o.anna, a.ID, calllog.WrapUp{ResultID: resolved.ID}))(t)
	names := map[string]string{a.ID: "a", b.ID: "b", d.ID: "d"}
	for _, tt := range []struct {
		what  string
		q     calllog.Query
		calls string
	}{
		{"newest", calllog.Query{}, "dba"},
		{"oldest", calllog.Query{Sort: calllog.SortOldest}, "abd"},
		{"longest talk", calllog.Query{Sort: calllog.SortTalk}, "adb"},
		{"longest wait", calllog.Query{Sort: calllog.SortWait}, "bda"},
		{"time", calllog.Query{From: b.StartedAt, To: d.StartedAt}, "b"},
		{"direction", calllog.Query{Directions: []string{calllog.In}}, "ba"},
		{"directions", calllog.Query{Directions: []string{calllog.In, calllog.Out}}, "dba"},
		{"result", calllog.Query{Dispositions: []string{calllog.Answered}}, "da"},
		{"missed", calllog.Query{Directions: []string{calllog.In}, Dispositions: calllog.Unanswered()}, "b"},
		{"user", calllog.Query{UserID: o.petr.UserID}, "b"},
		{"queue", calllog.Query{Queue: "Продажи"}, "a"},
		{"pbx", calllog.Query{PBX: "branch"}, "b"},
		{"client", calllog.Query{ClientID: c.ID}, "a"},
		{"number", calllog.Query{Number: "8 (921) 000-00-02"}, "b"},
		{"recorded", calllog.Query{Recorded: &yes}, "a"},
		{"not recorded", calllog.Query{Recorded: &no}, "db"},
		{"with a note", calllog.Query{HasNote: &yes}, "d"},
		{"without", calllog.Query{HasNote: &no}, "ba"},
		{"transferred", calllog.Query{Transferred: &yes}, "a"},
		{"not transferred", calllog.Query{Transferred: &no}, "db"},
		{"wrap-up", calllog.Query{ResultID: resolved.ID}, "a"},
		{"name of the client", calllog.Query{Q: "ромашк"}, "a"},
		{"name of the network", calllog.Query{Q: "ivan"}, "b"},
		{"last digits", calllog.Query{Q: "00003"}, "d"},
		{"number as written", calllog.Query{Q: "+7 921 000-00-02"}, "b"},
		{"both", calllog.Query{Q: "ромашка", Directions: []string{calllog.Out}}, ""},
	} {
		got := ""
		for q := tt.q; ; {
			q.Limit = 1
			page := must(o.calls.List(o.ctx, o.admin, q))(t)
			for _, r := range page.Items {
				got += names[r.ID]
			}
			if page.NextCursor == nil {
				break
			}
			q.Cursor = *page.NextCursor
		}
		exported := ""
		if err := o.calls.Export(o.ctx, o.admin, tt.q, func(r calllog.Record) error { exported += names[r.ID]; return nil }); err != nil {
			t.Fatal(err)
		}
		if got != tt.calls || exported != tt.calls {
			t.Errorf("%s: %q, exported %q, want %q", tt.what, got, exported, tt.calls)
		}
	}
	for _, bad := range []calllog.Query{{Sort: "x"}, {Number: "101"}, {Directions: []string{"x"}}, {Cursor: crm.EncodeCursor(map[string]string{"s": calllog.SortTalk})}} {
		_, err := o.calls.List(o.ctx, o.admin, bad)
		wantCode(t, err, crm.CodeInvalid)
	}
	mine := 0
	if err := o.calls.Export(o.ctx, o.petr, calllog.Query{}, func(calllog.Record) error { mine++; return nil }); err != nil || mine != 1 {
		t.Errorf("petr exports %d calls, %v", mine, err)
	}
	if err := o.calls.Export(o.ctx, o.admin, calllog.Query{}, func(calllog.Record) error { return context.Canceled }); err == nil {
		t.Error("an error of the reader is lost")
	}
}

// A call is found by all who had part in it and by the name the network sent,
// whatever the order of its versions, and by nothing when it is gone.
func TestJournalFindsByUsersAndCallerName_AF_03(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	r := o.call("+79210000001")
	r.State, r.EndedAt, r.Disposition, r.CallerName, r.UserIDs = "ringing", nil, "", "", nil
	found := func(q calllog.Query) int {
		t.Helper()
		return len(must(o.calls.List(o.ctx, o.admin, q))(t).Items)
	}
	want := func(what string, users map[int64]int, names map[string]int) {
		t.Helper()
		for user, n := range users {
			if got := found(calllog.Query{UserID: user}); got != n {
				t.Errorf("%s: %d calls of user %d, want %d", what, got, user, n)
			}
		}
		for name, n := range names {
			if got := found(calllog.Query{Q: name}); got != n {
				t.Errorf("%s: %d calls of %q, want %d", what, got, name, n)
			}
		}
		if n := o.count(`SELECT count(*) FROM (SELECT user_id, started_at, call_id FROM crm.call_user
			EXCEPT SELECT unnest(user_ids), started_at, id FROM crm.call) d`); n != 0 {
			t.Errorf("%s: %d rows of nobody's calls", what, n)
		}
	}
	o.save(r)
	want("nobody rings yet", map[int64]int{o.anna.UserID: 0}, map[string]int{"ivanov": 0})
	r.Version, r.UserIDs, r.CallerName = 2, []int64{o.anna.UserID, o.petr.UserID, o.anna.UserID}, "Ivanov P."
	o.save(r)
	want("rings", map[int64]int{o.anna.UserID: 1, o.petr.UserID: 1}, map[string]int{"ivan": 1, "P.": 1, "petrov": 0})
	r.Version, r.UserIDs, r.CallerName, r.StartedAt = 3, []int64{o.petr.UserID}, "Petrov", r.StartedAt.Add(-time.Hour)
	o.save(r)
	want("corrected", map[int64]int{o.anna.UserID: 0, o.petr.UserID: 1}, map[string]int{"ivan": 0, "PETROV": 1})
	if got := must(o.calls.List(o.ctx, o.petr, calllog.Query{UserID: o.anna.UserID}))(t).Items; len(got) != 0 {
		t.Errorf("petr's calls with anna: %d, want none", len(got))
	}
	if err := o.calls.Discard(o.ctx, r.ID); err != nil {
		t.Fatal(err)
	}
	want("discarded", map[int64]int{o.petr.UserID: 0}, map[string]int{"petrov": 0})
	if n := o.count(`SELECT count(*) FROM crm.call_user`); n != 0 {
		t.Errorf("%d rows of a call that is gone", n)
	}
}

// A name that few clients have, and one that thousands have, find the same
// calls in the same order, page by page.
func TestJournalByFewAndManyNames_AF_03(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	fillJournal(o, 2000, 40)
	pages := func(q calllog.Query) []string {
		t.Helper()
		q.Limit = 7
		var ids []string
		for {
			p := must(o.calls.List(o.ctx, o.admin, q))(t)
			for _, r := range p.Items {
				ids = append(ids, r.ID)
			}
			if p.NextCursor == nil {
				return ids
			}
			q.Cursor = *p.NextCursor
		}
	}
	for _, sort := range calllog.Sorts() {
		var few []string
		for range 2 {
			ids := pages(calllog.Query{Q: "Клиент 1", Sort: sort})
			var all []string
			if err := o.calls.Export(o.ctx, o.admin, calllog.Query{Q: "Клиент 1", Sort: sort}, func(r calllog.Record) error {
				all = append(all, r.ID)
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			if len(ids) < 100 || !slices.Equal(ids, all) {
				t.Errorf("by %s: %d calls in pages, %d in the export", sort, len(ids), len(all))
			}
			if few == nil {
				few = ids
				// Now thousands have the name; none of them ever called.
				o.exec(`INSERT INTO crm.client (name) SELECT 'Клиент 1 копия' FROM generate_series(1, 2100)`)
			} else if !slices.Equal(ids, few) {
				t.Errorf("by %s: %d calls of many names, %d of few", sort, len(ids), len(few))
			}
		}
		o.exec(`DELETE FROM crm.client WHERE name = 'Клиент 1 копия'`)
	}
}

// fillJournal makes n calls of three years in the database itself: users,
// queues and clients unevenly, what is rare rarely.
func fillJournal(o *office, n, clients int) {
	o.exec(`INSERT INTO crm.client (name, kind) SELECT 'Клиент ' || i, 'company' FROM generate_series(1, $1::int) i`, clients)
	o.exec(`INSERT INTO crm.call (id, version, pbx, direction, state, disposition, number_raw, number_e164, number_kind, number_display, caller_name,
			did, queue, client_id, answered_by, user_ids, started_at, answered_at, ended_at, wait_ms, talk_ms, recorded, note, snapshot, wrapup_id, wrapup_at)
		SELECT gen_random_uuid(), 1, CASE WHEN i / 4 % 50 = 0 THEN 'branch' ELSE 'office' END,
			CASE WHEN i % 10 < 6 THEN 'in' WHEN i % 10 < 9 THEN 'out' ELSE 'internal' END, 'ended', d.disposition,
			'8' || num, ('7' || num)::bigint, 'external', '+7' || num, CASE WHEN i % 20 = 0 THEN 'IVANOV ' || i ELSE '' END,
			'+7495000000' || i % 5, CASE WHEN i % 3 = 0 THEN 'queue' || i % 7 ELSE '' END,
			CASE WHEN i / 4 % 4 > 0 THEN (SELECT min(id) FROM crm.client) + (i::bigint * 7919 % $2::int) END,
			CASE WHEN d.disposition = 'answered' THEN u.id END,
			ARRAY[u.id] || CASE WHEN i > $1 * 0.8 AND i % 31 = 0 THEN ARRAY[$5::bigint] ELSE '{}' END, at,
			CASE WHEN d.disposition = 'answered' THEN at + interval '5 seconds' END, at + interval '1 minute',
			i * 37 % 60000, CASE WHEN d.disposition = 'answered' THEN i * 131 % 900000 ELSE 0 END, i / 4 % 2 = 0, CASE WHEN i / 4 % 30 = 0 THEN 'заметка' ELSE '' END,
			CASE WHEN i % 400 = 0 THEN '{"transfers":[{"kind":"blind"}]}'::jsonb ELSE '{"legs":[]}' END,
			CASE WHEN i % 25 = 0 THEN 1 + i % 9 END, CASE WHEN i % 25 = 0 THEN at END
		FROM generate_series(1, $1::int) i
		CROSS JOIN LATERAL (SELECT $3::timestamptz - interval '3 years' * (i::float8 / $1) AS at,
			(9210000000 + (i::bigint * 7919 % ($2::int * 2)))::text AS num,
			($4::bigint[])[1 + i % cardinality($4::bigint[])] AS id) u
		CROSS JOIN LATERAL (SELECT CASE WHEN i % 5000 = 0 THEN 'voicemail' WHEN i % 997 = 0 THEN 'failed' WHEN i % 11 = 0 THEN 'busy'
			WHEN i % 7 = 0 THEN 'missed' WHEN i % 13 = 0 THEN 'abandoned' ELSE 'answered' END AS disposition) d`,
		n, clients, o.now, []int64{o.anna.UserID, o.petr.UserID, o.operator.UserID, o.super.UserID}, userWhoLeft)
	for _, table := range []string{"call", "call_user", "caller_name", "client"} {
		o.exec(`ANALYZE crm.` + table)
	}
}

// userWhoLeft had some of the first calls of fillJournal and none since.
const userWhoLeft = 998

// journalQueries are the filters of the journal, one by one.
func journalQueries(o *office) map[string]calllog.Query {
	yes, no := true, false
	return map[string]calllog.Query{
		"all":           {},
		"a day":         {From: o.now.AddDate(-1, 0, 0), To: o.now.AddDate(-1, 0, 1)},
		"out":           {Directions: []string{calllog.Out}},
		"internal":      {Directions: []string{calllog.Internal}},
		"busy":          {Dispositions: []string{calllog.Busy}},
		"voicemail":     {Dispositions: []string{calllog.Voicemail}},
		"missed":        {Directions: []string{calllog.In}, Dispositions: calllog.Unanswered()},
		"user":          {UserID: o.petr.UserID},
		"user unknown":  {UserID: 999},
		"user who left": {UserID: userWhoLeft},
		"user, oldest":  {UserID: o.petr.UserID, Sort: calllog.SortOldest},
		"queue":         {Queue: "queue3"},
		"queue unknown": {Queue: "нет такой"},
		"pbx":           {PBX: "branch"},
		"client":        {ClientID: 77},
		"a number":      {Number: "+79210000123", E164: 79210000123},
		"unmatched":     {Unmatched: true},
		"recorded":      {Recorded: &yes},
		"not recorded":  {Recorded: &no},
		"noted":         {HasNote: &yes},
		"transferred":   {Transferred: &yes},
		"wrap-up":       {ResultID: 4},
		"longest talk":  {Sort: calllog.SortTalk},
		"longest wait":  {Sort: calllog.SortWait},
		"name":          {Q: "Клиент 123"},
		"many names":    {Q: "Клиент"},
		"no such name":  {Q: "такого нет"},
		"caller name":   {Q: "IVANOV 500"},
		"caller names":  {Q: "ivanov"},
		"last digits":   {Q: "0123"},
		"three digits":  {Q: "123"},
		"combined":      {UserID: o.anna.UserID, Directions: []string{calllog.In}, Queue: "queue6", Recorded: &yes, From: o.now.AddDate(-2, 0, 0), To: o.now.AddDate(-1, 0, 0)},
	}
}

// TestJournalNeverReadsTheWholeTable_AF_03: every filter is answered by an
// index, whatever the table's size.
func TestJournalNeverReadsTheWholeTable_AF_03(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	fillJournal(o, 20_000, 500)
	for name, q := range journalQueries(o) {
		for _, actor := range []crm.Actor{o.admin, o.petr} {
			sql, args, err := postgres.JournalStatement(o.ctx, o.db, actor, q, crm.ParseSearch(q.Q, rules))
			if err != nil {
				t.Fatal(err)
			}
			rows, err := o.db.Pool().Query(o.ctx, "EXPLAIN "+sql, args...)
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			lines := must(pgx.CollectRows(rows, pgx.RowTo[string]))(t)
			if i := slices.IndexFunc(lines, func(l string) bool { return strings.Contains(l, "Seq Scan on call ") }); i >= 0 {
				t.Errorf("%s for %s reads the whole journal:\n%s", name, actor.Login, strings.Join(lines, "\n"))
			}
		}
	}
}

// BenchmarkJournal_AF_03 reads pages of the journal of a million calls, as who
// sees all, as who had a quarter of them, and as who had some long ago:
// go test ./internal/postgres -run '^$' -bench Journal_AF_03 -benchtime 40x
func BenchmarkJournal_AF_03(b *testing.B) {
	o := newOffice(b)
	fillJournal(o, 1_000_000, 100_000)
	o.exec(`VACUUM ANALYZE crm.call`)
	o.exec(`VACUUM ANALYZE crm.call_user`)
	left := crm.NewActor(userWhoLeft, "left", "Ушёл", crm.RoleOperator)
	queries := journalQueries(o)
	names := []string{}
	for name := range queries {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		for _, actor := range []crm.Actor{o.admin, o.petr, left} {
			b.Run(fmt.Sprintf("%s/%s", strings.ReplaceAll(name, " ", "_"), actor.Role), func(b *testing.B) {
				var took []time.Duration
				for b.Loop() {
					start := time.Now()
					if _, err := o.calls.List(o.ctx, actor, queries[name]); err != nil {
						b.Fatal(err)
					}
					took = append(took, time.Since(start))
				}
				slices.Sort(took)
				b.ReportMetric(float64(took[len(took)*95/100].Microseconds())/1000, "p95-ms")
			})
		}
	}
}
