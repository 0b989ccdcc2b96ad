package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"

	"github.com/jackc/pgx/v5"

	"ringcard/crm"
)

const (
	sqlAudit = `INSERT INTO crm.audit_log (actor_id, action, entity, entity_id, detail)
		VALUES (nullif($1::bigint, 0), $2, $3, $4, $5)`
	sqlOutbox = `INSERT INTO crm.outbox (topic, dedupe, payload) VALUES ($1, nullif($2, ''), $3)
		ON CONFLICT (dedupe) DO NOTHING`
)

// audit notes who did what. Detail never holds passwords or tokens.
func audit(ctx context.Context, tx pgx.Tx, actor crm.Actor, action, entity string, id int64, detail any) error {
	return auditKey(ctx, tx, actor, action, entity, strconv.FormatInt(id, 10), detail)
}

func auditKey(ctx context.Context, tx pgx.Tx, actor crm.Actor, action, entity, id string, detail any) error {
	text := []byte("{}")
	if detail != nil {
		var err error
		if text, err = json.Marshal(detail); err != nil {
			return fmt.Errorf("audit: %w", err)
		}
	}
	_, err := tx.Exec(ctx, sqlAudit, actor.UserID, action, entity, id, text)
	return err
}

// Audit notes what leaves no other trace in the database, as who listened to
// which call (CO-09).
func (db *DB) Audit(ctx context.Context, actor crm.Actor, action, entity, id string) error {
	return db.inTx(ctx, func(tx pgx.Tx) error { return auditKey(ctx, tx, actor, action, entity, id, nil) })
}

// publish leaves an event for the outbox; of equal dedupe texts only the first
// is kept.
func publish(ctx context.Context, tx pgx.Tx, topic, dedupe string, payload any) error {
	text, err := json.Marshal(payload)
	if err != nil {
		return fmt.Errorf("outbox: %w", err)
	}
	_, err = tx.Exec(ctx, sqlOutbox, topic, dedupe, text)
	return err
}
