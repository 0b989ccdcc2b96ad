package postgres

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ringcard/crm"
	"ringcard/crm/client"
)

const (
	// sqlChoose remembers who was chosen for a number; triggers carry it into
	// the phone index.
	sqlChoose = `INSERT INTO crm.number_choice (e164, client_id, person_id, chosen_by)
		VALUES ($1, $2, nullif($3::bigint, 0), nullif($4::bigint, 0)) ` + onChoice
	sqlChooseAmong = `INSERT INTO crm.number_choice (e164, client_id, person_id, chosen_by)
		SELECT $1::bigint, $2::bigint, nullif($3::bigint, 0), nullif($4::bigint, 0)
		WHERE EXISTS (SELECT FROM crm.phone_lookup WHERE e164 = $1 AND rank >= 0 AND client_id IS DISTINCT FROM $2) ` + onChoice
	onChoice = `ON CONFLICT (e164) DO UPDATE SET client_id = excluded.client_id, person_id = excluded.person_id,
			chosen_by = excluded.chosen_by, chosen_at = now()`

	sqlChoice = `SELECT n.client_id, c.name AS client_name, coalesce(n.person_id, 0) AS person_id, coalesce(h.name, '') AS person_name,
			coalesce(u.name, '') AS chosen_by, n.chosen_at
		FROM crm.number_choice n JOIN crm.client c ON c.id = n.client_id
		LEFT JOIN crm.person h ON h.id = n.person_id
		LEFT JOIN crm.employee u ON u.id = n.chosen_by
		WHERE n.e164 = $1`
	sqlForget = `DELETE FROM crm.number_choice WHERE e164 = $1`

	sqlNumberOfCall = `SELECT CASE WHEN k.number_kind = 'external' THEN k.number_e164 END FROM crm.call k WHERE k.id = $1 AND {calls:k}`
	sqlPhoneByID    = `SELECT p.id, p.raw, p.e164, p.ext, p.kind, p.is_main, p.note FROM crm.phone p
		WHERE p.id = $1
		  AND (EXISTS (SELECT FROM crm.client c WHERE c.id = p.client_id AND c.deleted_at IS NULL AND {clients:c})
		    OR EXISTS (SELECT FROM crm.person h WHERE h.id = p.person_id AND h.deleted_at IS NULL AND {persons:h}))`

	// sqlUnsorted counts by the partial index call_unmatched; a number with any
	// row in the phone index belongs to somebody, or is spam.
	sqlUnsorted = `SELECT u.e164, u.calls, u.answered, u.first_at, u.last_at, u.last_call,
			l.number_display, l.caller_name, l.direction, coalesce(l.disposition, '') AS disposition
		FROM (SELECT k.number_e164 AS e164, count(*) AS calls, count(k.answered_at) AS answered,
		             min(k.started_at) AS first_at, max(k.started_at) AS last_at,
		             (array_agg(k.id ORDER BY k.started_at DESC, k.id DESC))[1] AS last_call
		      FROM crm.call k
		      WHERE k.client_id IS NULL AND k.number_e164 IS NOT NULL AND k.person_id IS NULL
		        AND k.number_kind = 'external' AND k.direction <> 'internal' AND {calls:k}
		        AND NOT EXISTS (SELECT FROM crm.phone_lookup m WHERE m.e164 = k.number_e164)
		      GROUP BY k.number_e164) u
		JOIN crm.call l ON l.id = u.last_call
		WHERE ($1::timestamptz IS NULL OR (u.last_at, u.last_call) < ($1, $2::uuid))
		  AND (cardinality($4::text[]) = 0 OR u.e164 = $6
		    OR $5 <> '' AND reverse(u.e164::text) LIKE reverse($5) || '%'
		    OR (SELECT bool_and(crm.name_fold(l.caller_name) LIKE '%' || crm.name_fold(w) || '%') FROM unnest($4::text[]) w))
		ORDER BY u.last_at DESC, u.last_call DESC LIMIT $3`
)

var _ client.Matching = (*ClientStore)(nil)

// Choice implements client.Matching.
func (s *ClientStore) Choice(ctx context.Context, e164 int64) (*client.Choice, error) {
	rows, err := all[client.Choice](ctx, s.db.pool, sqlChoice, e164)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}

// Forget implements client.Matching.
func (s *ClientStore) Forget(ctx context.Context, actor crm.Actor, e164 int64) error {
	return s.db.inTx(ctx, func(tx pgx.Tx) error {
		if err := mustAffect(ctx, tx, "choice", sqlForget, e164); err != nil {
			return err
		}
		return audit(ctx, tx, actor, "number.forget", "number", e164, nil)
	})
}

// NumberOfCall implements client.Matching.
func (s *ClientStore) NumberOfCall(ctx context.Context, actor crm.Actor, id string) (int64, error) {
	key, err := callID(id)
	if err != nil {
		return 0, err
	}
	var e164 *int64
	sql, args := scoped(actor, sqlNumberOfCall, key)
	err = s.db.pool.QueryRow(ctx, sql, args...).Scan(&e164)
	return deref(e164), failure(notFound(err, "call"))
}

// PhoneOf implements client.Matching.
func (s *ClientStore) PhoneOf(ctx context.Context, actor crm.Actor, id int64) (client.Phone, error) {
	sql, args := scoped(actor, sqlPhoneByID, id)
	row, err := one[phoneRow](ctx, s.db.pool, "phone", sql, args...)
	return row.phone(), err
}

type unsortedRow struct {
	E164          int64
	Calls         int64
	Answered      int64
	FirstAt       time.Time
	LastAt        time.Time
	LastCall      uuid.UUID
	NumberDisplay string
	CallerName    string
	Direction     string
	Disposition   string
}

// Unsorted implements client.Matching. Its cursor holds no number: who sees
// numbers masked gets it too.
func (s *ClientStore) Unsorted(ctx context.Context, actor crm.Actor, search crm.Search, page crm.PageRequest) (crm.Page[client.Unsorted], error) {
	var none crm.Page[client.Unsorted]
	var after journalCursor
	var at *time.Time
	if page.Cursor != "" {
		if err := crm.DecodeCursor(page.Cursor, &after); err != nil {
			return none, err
		}
		at = &after.At
	}
	words := make([]string, len(search.Words))
	for i, w := range search.Words {
		words[i] = like(w)
	}
	sql, args := scoped(actor, sqlUnsorted, at, after.ID, page.Size()+1, words, search.Digits, search.E164)
	rows, err := all[unsortedRow](ctx, s.db.pool, sql, args...)
	if err != nil {
		return none, err
	}
	cut := crm.NewPage(rows, page.Size(), func(r unsortedRow) any { return journalCursor{At: r.LastAt, ID: r.LastCall} })
	out := crm.Page[client.Unsorted]{Items: make([]client.Unsorted, len(cut.Items)), NextCursor: cut.NextCursor}
	for i, r := range cut.Items {
		out.Items[i] = client.Unsorted{
			E164: crm.E164Text(r.E164), Display: r.NumberDisplay, CallerName: r.CallerName, Calls: r.Calls, Answered: r.Answered,
			FirstAt: r.FirstAt, LastAt: r.LastAt, LastCallID: r.LastCall.String(), Direction: r.Direction, Disposition: r.Disposition,
		}
	}
	return out, nil
}
