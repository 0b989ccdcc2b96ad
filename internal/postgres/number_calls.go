package postgres

import (
	"context"
	"slices"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ringcard/crm/client"
)

const (
	// sqlNumberCalls gives calls of a number to whom it matches best now: those
	// that were nobody's, and missed ones to be called back of a client who no
	// longer has the number. What a user chose stays, and so does the history.
	sqlNumberCalls = `WITH best AS (
			SELECT f.client_id, f.person_id FROM (
				SELECT m.rank, m.client_id, m.person_id FROM crm.phone_lookup m WHERE m.e164 = $1 ` + bestFirstOrder + ` LIMIT 1) f
			WHERE f.rank >= 0
		), concerned AS (
			SELECT c.id FROM crm.call c JOIN best b ON c.person_id IS NULL OR c.person_id = b.person_id AND b.client_id IS NOT NULL
			WHERE c.number_e164 = $1 AND c.client_id IS NULL AND c.number_kind = 'external' AND c.direction <> 'internal'
			UNION
			SELECT c.id FROM crm.call c
			JOIN crm.obligation_attempt t ON t.call_id = c.id
			JOIN crm.obligation o ON o.id = t.obligation_id AND o.closed_at IS NULL
			WHERE c.number_e164 = $1 AND c.client_id IS NOT NULL AND NOT c.client_chosen
			  AND NOT EXISTS (SELECT FROM crm.phone_lookup l WHERE l.e164 = $1 AND l.client_id = c.client_id)
		)
		UPDATE crm.call k SET client_id = (SELECT b.client_id FROM best b), person_id = (SELECT b.person_id FROM best b)
		WHERE k.id IN (SELECT c.id FROM concerned c) RETURNING k.id`
	// sqlNobodysActivities are of calls that are nobody's any more.
	sqlNobodysActivities = `DELETE FROM crm.activity a USING crm.call k
		WHERE a.call_id = ANY ($1::uuid[]) AND k.id = a.call_id AND num_nonnulls(k.client_id, k.person_id) = 0`
	sqlPhoneNumber   = `SELECT coalesce(max(e164), 0) FROM crm.phone WHERE id = $1`
	sqlPersonNumbers = `SELECT DISTINCT e164 FROM crm.phone WHERE person_id = $1 AND e164 IS NOT NULL ORDER BY e164`
)

// lockNumbers makes the ends of calls of the numbers wait. It comes before any
// client is locked, as in Save.
func lockNumbers(ctx context.Context, tx pgx.Tx, numbers []int64) error {
	_, err := tx.Exec(ctx, sqlNumberLocks, slices.Sorted(slices.Values(numbers)))
	return err
}

// numbersMoved brings the calls of numbers, and who is to be called back, in
// line with whose the numbers are now.
func numbersMoved(ctx context.Context, db *DB, tx pgx.Tx, numbers []int64) error {
	for _, n := range numbers {
		rows, err := tx.Query(ctx, sqlNumberCalls, n)
		if err != nil {
			return err
		}
		calls, err := pgx.CollectRows(rows, pgx.RowTo[uuid.UUID])
		if err != nil {
			return err
		}
		if len(calls) == 0 {
			continue
		}
		if _, err := tx.Exec(ctx, sqlNobodysActivities, calls); err != nil {
			return err
		}
		if err := follow(ctx, db, tx, calls); err != nil {
			return err
		}
	}
	return nil
}

// outside are the different outside numbers among some, in the order in which
// they are locked.
func outside(numbers ...int64) []int64 {
	slices.Sort(numbers)
	return slices.DeleteFunc(slices.Compact(numbers), func(n int64) bool { return n == 0 })
}

func numbersOf(phones []client.PhoneInput, person *client.PersonInput) []int64 {
	if person != nil {
		phones = append(slices.Clone(phones), person.Phones...)
	}
	numbers := make([]int64, len(phones))
	for i, p := range phones {
		numbers[i] = p.Parsed.E164
	}
	return outside(numbers...)
}

func personNumbers(ctx context.Context, tx pgx.Tx, personID int64) ([]int64, error) {
	rows, err := tx.Query(ctx, sqlPersonNumbers, personID)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowTo[int64])
}
