package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"ringcard/crm"
	"ringcard/crm/calllog"
)

var _ calllog.Results = (*CallStore)(nil)

const (
	resultColumns = `w.id, w.version, w.name_ru, w.name_en, w.color, w.position, w.requires_note, w.next_contact_days, w.active`
	sqlResults    = `SELECT ` + resultColumns + ` FROM crm.wrapup_result w WHERE w.deleted_at IS NULL AND ($1 OR w.active) ORDER BY w.position, w.id`
	sqlResult     = `SELECT ` + resultColumns + ` FROM crm.wrapup_result w WHERE w.id = $1 AND w.deleted_at IS NULL`
	sqlResultAdd  = `INSERT INTO crm.wrapup_result AS w (name_ru, name_en, color, position, requires_note, next_contact_days, active)
		VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING ` + resultColumns
	sqlResultChange = `UPDATE crm.wrapup_result w SET name_ru = $3, name_en = $4, color = $5, position = $6, requires_note = $7,
			next_contact_days = $8, active = $9, version = version + 1, updated_at = now()
		WHERE w.id = $1 AND w.version = $2 AND w.deleted_at IS NULL RETURNING ` + resultColumns
	sqlResultRemove = `UPDATE crm.wrapup_result SET deleted_at = now(), active = false, version = version + 1
		WHERE id = $1 AND deleted_at IS NULL`

	sqlCallWrapUp = `UPDATE crm.call k SET wrapup_id = $2, note = $3, next_contact_at = $4, wrapup_by = nullif($5::bigint, 0), wrapup_at = $6
		WHERE k.id = $1 AND {calls:k} RETURNING k.client_id, k.person_id`
	// sqlNextContact plans, or moves what is still planned.
	sqlNextContact = `INSERT INTO crm.activity AS a (client_id, person_id, kind, status, subject, body, planned_at, author_id, owner_id, from_call_id)
		VALUES ($1, $2, 'task', 'planned', $3, $4, $5, nullif($6::bigint, 0),
			coalesce((SELECT responsible_id FROM crm.client WHERE id = $1), nullif($6::bigint, 0)), $7)
		ON CONFLICT (from_call_id) WHERE from_call_id IS NOT NULL AND deleted_at IS NULL DO UPDATE SET planned_at = excluded.planned_at,
			body = excluded.body, client_id = excluded.client_id, person_id = excluded.person_id, status = 'planned',
			updated_at = now(), version = a.version + 1
		WHERE a.status IN ('planned', 'cancelled')`
	// sqlTalked reads who had the call last from its snapshot, as the engine
	// does for a new wrap-up; a talk lasts a day at most.
	sqlTalked = `SELECT t.user_id, t.call_id::text, t.queue, t.ended_at
		FROM (SELECT DISTINCT ON (p.user_id) p.user_id, k.id AS call_id, k.queue, k.ended_at, k.wrapup_by
		      FROM crm.call k
		      CROSS JOIN LATERAL (
			SELECT (l ->> 'user_id')::bigint AS user_id
			FROM jsonb_array_elements(CASE WHEN jsonb_typeof(k.snapshot -> 'talking') = 'array' THEN k.snapshot -> 'talking' ELSE '[]' END) l
			UNION
			SELECT o.id FROM unnest(ARRAY[k.answered_by, k.placed_by]) o (id)
			WHERE coalesce(k.snapshot -> 'talking', '[]') IN ('[]', 'null')) p
		      WHERE k.started_at >= $1::timestamptz - interval '1 day' AND k.ended_at >= $1 AND k.state = 'ended'
		        AND k.disposition = 'answered' AND k.direction <> 'internal' AND NOT k.recovered AND p.user_id IS NOT NULL
		      ORDER BY p.user_id, k.ended_at DESC, k.id) t
		JOIN crm.employee e ON e.id = t.user_id AND e.active AND e.status_at <= t.ended_at
		WHERE t.wrapup_by IS DISTINCT FROM t.user_id`
	sqlNextContactCancel = `UPDATE crm.activity SET status = 'cancelled', updated_at = now(), version = version + 1
		WHERE from_call_id = $1 AND status = 'planned' AND deleted_at IS NULL`
)

// Talked implements calllog.Results.
func (s *CallStore) Talked(ctx context.Context, since time.Time) ([]calllog.Talked, error) {
	return all[calllog.Talked](ctx, s.db.pool, sqlTalked, since)
}

// Results implements calllog.Results.
func (s *CallStore) Results(ctx context.Context, everything bool) ([]calllog.Result, error) {
	return list[calllog.Result](ctx, s.db.pool, sqlResults, everything)
}

// Result implements calllog.Results.
func (s *CallStore) Result(ctx context.Context, id int64) (calllog.Result, error) {
	return one[calllog.Result](ctx, s.db.pool, "result", sqlResult, id)
}

// AddResult implements calllog.Results.
func (s *CallStore) AddResult(ctx context.Context, actor crm.Actor, r calllog.Result) (out calllog.Result, err error) {
	err = s.db.inTx(ctx, func(tx pgx.Tx) error {
		out, err = one[calllog.Result](ctx, tx, "result", sqlResultAdd,
			r.NameRU, r.NameEN, r.Color, r.Position, r.RequiresNote, r.NextContactDays, r.Active)
		if err != nil {
			return err
		}
		return audit(ctx, tx, actor, "wrapup_result.create", "wrapup_result", out.ID, out)
	})
	return out, err
}

// ChangeResult implements calllog.Results.
func (s *CallStore) ChangeResult(ctx context.Context, actor crm.Actor, r calllog.Result) (out calllog.Result, err error) {
	err = s.db.inTx(ctx, func(tx pgx.Tx) error {
		out, err = one[calllog.Result](ctx, tx, "result", sqlResultChange,
			r.ID, r.Version, r.NameRU, r.NameEN, r.Color, r.Position, r.RequiresNote, r.NextContactDays, r.Active)
		if crm.CodeOf(err) == crm.CodeNotFound {
			return crm.Errorf(crm.CodeConflict, "somebody changed this result since; look again")
		}
		if err != nil {
			return err
		}
		return audit(ctx, tx, actor, "wrapup_result.update", "wrapup_result", r.ID, out)
	})
	return out, err
}

// RemoveResult implements calllog.Results.
func (s *CallStore) RemoveResult(ctx context.Context, actor crm.Actor, id int64) error {
	return s.db.inTx(ctx, func(tx pgx.Tx) error {
		if err := mustAffect(ctx, tx, "result", sqlResultRemove, id); err != nil {
			return err
		}
		return audit(ctx, tx, actor, "wrapup_result.delete", "wrapup_result", id, nil)
	})
}

// WrapUp implements calllog.WrapUps.
func (s *CallStore) WrapUp(ctx context.Context, actor crm.Actor, id string, resultID int64, note string, next *time.Time, subject string, at time.Time) error {
	key, err := callID(id)
	if err != nil {
		return err
	}
	return s.db.inTx(ctx, func(tx pgx.Tx) error {
		var client, person *int64
		sql, args := scoped(actor, sqlCallWrapUp, key, resultID, note, next, actor.UserID, at)
		if err := tx.QueryRow(ctx, sql, args...).Scan(&client, &person); err != nil {
			return notFound(err, "call")
		}
		if next != nil && client == nil && person == nil {
			return crm.Invalid("next_contact_at", "the caller is nobody's: choose or create the client first")
		}
		if _, err := tx.Exec(ctx, sqlActivityBody, key, note); err != nil {
			return err
		}
		if next == nil {
			if _, err := tx.Exec(ctx, sqlNextContactCancel, key); err != nil {
				return err
			}
		} else if _, err := tx.Exec(ctx, sqlNextContact, client, person, subject, note, *next, actor.UserID, key); err != nil {
			return err
		}
		return auditKey(ctx, tx, actor, "call.wrapup", "call", key.String(),
			map[string]any{"result_id": resultID, "next_contact_at": next, "note": note != ""})
	})
}
