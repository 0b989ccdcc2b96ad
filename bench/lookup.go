package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/jackc/pgx/v5"

	"ringcard/internal/postgres"
)

// lookupResult is the time of finding a caller by the number, beside the
// bare statement on the same pool.
type lookupResult struct {
	phones         int
	product, floor samples
}

// plainLookup is the statement of the product's lookup. pgx prepares it once
// per connection for both sides.
const plainLookup = `SELECT rank, client_id, person_id, name, organisation, last_contact_at, chosen, responsible_id
	FROM crm.phone_lookup WHERE e164 = $1 LIMIT 200`

// benchLookup asks for random numbers, in turn with the product's store and
// with the bare statement, so that both meet the same noise.
func benchLookup(ctx context.Context, d *database, short bool) (lookupResult, error) {
	n := 40000
	if short {
		n = 5000
	}
	db, err := postgres.Open(ctx, d.server.URL(), nil)
	if err != nil {
		return lookupResult{}, err
	}
	defer db.Close()
	store, pool := postgres.NewClientStore(db), db.Pool()
	product := func(number int64) error {
		found, err := store.Lookup(ctx, number)
		if err == nil && len(found.Matches) == 0 {
			err = fmt.Errorf("%d is not found", number)
		}
		return err
	}
	bare := func(number int64) error {
		rows, err := pool.Query(ctx, plainLookup, number)
		if err != nil {
			return err
		}
		var row struct {
			rank               int
			client, person     *int64
			responsible        *int64
			name, organisation string
			lastContact        *time.Time
			chosen             bool
		}
		_, err = pgx.ForEachRow(rows, []any{&row.rank, &row.client, &row.person, &row.name, &row.organisation, &row.lastContact, &row.chosen, &row.responsible},
			func() error { return nil })
		return err
	}
	r := lookupResult{phones: d.size.phones}
	for i := range n + n/10 {
		for side, ask := range []func(int64) error{product, bare} {
			number := firstNumber + rand.Int64N(int64(d.size.phones))
			began := time.Now()
			if err := ask(number); err != nil {
				return r, fmt.Errorf("lookup: %w", err)
			}
			took := time.Since(began)
			switch {
			case i < n/10: // the pages and the statements get warm
			case side == 0:
				r.product = append(r.product, took)
			default:
				r.floor = append(r.floor, took)
			}
		}
	}
	return r, nil
}
