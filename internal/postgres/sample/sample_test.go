package sample_test

import (
	"context"
	"os"
	"testing"
	"time"

	"ringcard/crm"
	"ringcard/internal/postgres"
	"ringcard/internal/postgres/pgtest"
	"ringcard/internal/postgres/sample"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Run(m)) }

var options = sample.Options{
	Password: "demo-password", PBX: "demo", Now: time.Date(2026, 11, 20, 14, 30, 0, 0, time.UTC), Locale: "ru",
	Rules: crm.PhoneRules{Region: "RU", AreaCode: "495"}, Seed: 1,
}

// digest of what the sample is, without the times of its making.
const digest = `SELECT md5(string_agg(line, E'\n' ORDER BY line)) FROM (
	SELECT concat_ws('|', 'client', name, city, potential, deal_sum, last_contact_at) AS line FROM crm.client
	UNION ALL SELECT concat_ws('|', 'phone', e164, kind, is_main) FROM crm.phone
	UNION ALL SELECT concat_ws('|', 'call', id, direction, disposition, number_e164, started_at, ended_at, note) FROM crm.call
	UNION ALL SELECT concat_ws('|', 'activity', kind, subject, body, occurred_at) FROM crm.activity) lines`

func fill(t *testing.T) (db *postgres.DB, sum string, result sample.Result) {
	t.Helper()
	ctx := context.Background()
	db = pgtest.New(t)
	result, err := sample.Fill(ctx, db, options)
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Pool().QueryRow(ctx, digest).Scan(&sum); err != nil {
		t.Fatal(err)
	}
	return db, sum, result
}

func TestSampleIsTheSameEveryTime(t *testing.T) {
	t.Parallel()
	db, first, result := fill(t)
	_, second, _ := fill(t)
	if first != second {
		t.Error("two fillings differ")
	}
	ctx := context.Background()
	again, err := sample.Fill(ctx, db, options)
	if err != nil || again.Filled || len(again.Users) != len(result.Users) {
		t.Errorf("second filling of a database: %+v, %v", again, err)
	}
	store := postgres.NewClientStore(db)
	for _, number := range result.Known {
		e164, ok := crm.ParseE164(number)
		found, err := store.Lookup(ctx, e164)
		if !ok || err != nil || len(found.Matches) == 0 {
			t.Errorf("%s: %+v, %v", number, found, err)
		}
	}
	for _, number := range result.Unknown {
		e164, _ := crm.ParseE164(number)
		if found, err := store.Lookup(ctx, e164); err != nil || len(found.Matches) != 0 {
			t.Errorf("%s: %+v, %v", number, found, err)
		}
	}
	for what, tt := range map[string]struct {
		sql  string
		from int
	}{
		"clients":             {`SELECT count(*) FROM crm.client`, 150},
		"groups used":         {`SELECT count(DISTINCT group_id) FROM crm.client`, 5},
		"calls":               {`SELECT count(*) FROM crm.call`, 250},
		"calls of today":      {`SELECT count(*) FROM crm.call WHERE started_at >= '2026-11-20'`, 5},
		"missed calls":        {`SELECT count(*) FROM crm.call WHERE disposition IN ('missed', 'abandoned') AND direction = 'in'`, 10},
		"clients with a past": {`SELECT count(DISTINCT client_id) FROM crm.activity`, 100},
	} {
		var n int
		if err := db.Pool().QueryRow(ctx, tt.sql).Scan(&n); err != nil || n < tt.from {
			t.Errorf("%s: %d, %v, want at least %d", what, n, err, tt.from)
		}
	}
	for what, sql := range map[string]string{
		"calls out of hours":              `SELECT count(*) FROM crm.call WHERE extract(hour FROM started_at AT TIME ZONE 'UTC') NOT BETWEEN 9 AND 17`,
		"calls after now":                 `SELECT count(*) FROM crm.call WHERE ended_at >= '2026-11-20 14:30+00'`,
		"matched calls not in a history":  `SELECT count(*) FROM crm.call k WHERE client_id IS NOT NULL AND NOT EXISTS (SELECT FROM crm.activity a WHERE a.call_id = k.id)`,
		"numbers that are not understood": `SELECT count(*) FROM crm.phone WHERE e164 IS NULL`,
	} {
		var n int
		if err := db.Pool().QueryRow(ctx, sql).Scan(&n); err != nil || n != 0 {
			t.Errorf("%s: %d, %v", what, n, err)
		}
	}
}
