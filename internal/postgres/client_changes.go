package postgres

import (
	"context"
	"slices"

	"ringcard/crm/client"
)

const (
	// sqlChangesEnd is up to where the audit log is complete after $1: a row of
	// a transaction that is still open may come before those that are there.
	sqlChangesEnd = `SELECT coalesce(max(id), $1) FROM crm.audit_log WHERE id > $1 AND at < now() - interval '10 seconds'`
	sqlLastChange = `SELECT coalesce(max(id), 0) FROM crm.audit_log`

	// sqlChanges are the clients, persons and numbers that were changed after
	// row $1, and the numbers that these clients and persons have now.
	sqlChanges = `WITH changed AS (
			SELECT DISTINCT CASE WHEN entity = 'call' THEN 'client' ELSE entity END AS entity,
			       (CASE WHEN entity = 'call' THEN detail ->> 'client_id' ELSE entity_id END)::bigint AS id
			FROM crm.audit_log
			WHERE id > $1 AND (entity IN ('client', 'person', 'number') OR action IN ('call.client', 'call.link')))
		SELECT entity, id FROM changed WHERE id > 0
		UNION
		SELECT 'number', p.e164 FROM changed c
		JOIN crm.phone p ON c.entity = 'client' AND p.client_id = c.id OR c.entity = 'person' AND p.person_id = c.id
		WHERE p.e164 IS NOT NULL`
)

// LastChange is the position from which Changes tells what is new.
func (s *ClientStore) LastChange(ctx context.Context) (int64, error) {
	var last int64
	err := s.db.pool.QueryRow(ctx, sqlLastChange).Scan(&last)
	return last, failure(err)
}

// Changes tells what changed in the directory after a position, and the next
// position. What changed in the last seconds is told again by the next call.
func (s *ClientStore) Changes(ctx context.Context, after int64) (client.Changes, error) {
	out := client.Changes{Next: after}
	if err := s.db.pool.QueryRow(ctx, sqlChangesEnd, after).Scan(&out.Next); err != nil {
		return out, failure(err)
	}
	type row struct {
		Entity string
		ID     int64
	}
	rows, err := all[row](ctx, s.db.pool, sqlChanges, after)
	if err != nil {
		return client.Changes{Next: after}, err
	}
	for _, r := range rows {
		switch r.Entity {
		case "client":
			out.Clients = append(out.Clients, r.ID)
		case "person":
			out.Persons = append(out.Persons, r.ID)
		default:
			out.Numbers = append(out.Numbers, r.ID)
		}
	}
	slices.Sort(out.Numbers)
	return out, nil
}
