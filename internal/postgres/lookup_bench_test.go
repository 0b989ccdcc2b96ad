package postgres_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
)

// BenchmarkLookup beside its floor, the bare prepared SELECT on the same pool
// with the same rows (LU-02: at most 1.1 times). The floor is measured in the
// same run and in turns, because machines drift.
func BenchmarkLookup(b *testing.B) {
	const phones = 100_000
	o := newOffice(b)
	o.exec(`INSERT INTO crm.client (name) SELECT 'Клиент ' || i FROM generate_series(1, $1) i`, phones)
	o.exec(`INSERT INTO crm.phone (client_id, e164, raw) SELECT id, 79210000000 + id, 'x' FROM crm.client`)
	conn := must(pgx.Connect(o.ctx, o.db.Pool().Config().ConnString()))(b)
	defer conn.Close(o.ctx)
	if _, err := conn.Exec(o.ctx, `VACUUM ANALYZE crm.phone_lookup`); err != nil {
		b.Fatal(err)
	}
	bare := func(number int64) {
		rows, err := o.db.Pool().Query(o.ctx, `SELECT rank, client_id, person_id, name, organisation, last_contact_at, chosen, responsible_id
			FROM crm.phone_lookup WHERE e164 = $1`, number)
		if err != nil {
			b.Fatal(err)
		}
		for rows.Next() {
			var rank int
			var client, person, responsible *int64
			var name, organisation string
			var at *time.Time
			var chosen bool
			if err := rows.Scan(&rank, &client, &person, &name, &organisation, &at, &chosen, &responsible); err != nil {
				b.Fatal(err)
			}
		}
		if rows.Err() != nil {
			b.Fatal(rows.Err())
		}
	}
	var ours, floor time.Duration
	for b.Loop() {
		number := 79210000001 + rand.Int64N(phones)
		began := time.Now()
		if _, err := o.store.Lookup(o.ctx, number); err != nil {
			b.Fatal(err)
		}
		middle := time.Now()
		bare(number + 1)
		ours, floor = ours+middle.Sub(began), floor+time.Since(middle)
	}
	b.ReportMetric(float64(ours)/float64(floor), "x-floor")
	b.ReportMetric(float64(ours.Microseconds())/float64(b.N), "µs/lookup")
}
