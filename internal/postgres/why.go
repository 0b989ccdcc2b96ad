package postgres

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"

	"ringcard/crm"
	"ringcard/crm/calllog"
)

var _ calllog.Traces = (*CallStore)(nil)

const (
	// sqlWhySave keeps the traces of the newest versions of ended calls.
	sqlWhySave = `INSERT INTO crm.call_why (call_id, at, why)
		SELECT k.id, k.ended_at, w.why FROM unnest($1::uuid[], $2::bigint[], $3::jsonb[]) w (id, version, why)
		JOIN crm.call k USING (id, version) WHERE k.state = 'ended'
		ON CONFLICT (call_id) DO UPDATE SET at = excluded.at, why = excluded.why`
	sqlWhy       = `SELECT w.why FROM crm.call_why w WHERE w.call_id = $1`
	sqlWhyForget = `DELETE FROM crm.call_why WHERE at < $1`
	sqlAround    = `SELECT ` + callColumns + `, coalesce(k.snapshot -> 'legs', '[]') AS legs, w.why
		FROM crm.call k LEFT JOIN crm.call_why w ON w.call_id = k.id` + callJoins + `
		WHERE k.started_at >= $1 AND k.started_at <= $2 AND {calls:k}
		ORDER BY k.started_at DESC, k.id DESC LIMIT $3`
	// sqlQueues goes from queue to queue in the index call_by_queue.
	sqlQueues = `WITH RECURSIVE q AS (
			(SELECT k.queue FROM crm.call k WHERE k.queue <> '' ORDER BY k.queue LIMIT 1)
			UNION ALL
			SELECT (SELECT k.queue FROM crm.call k WHERE k.queue <> '' AND k.queue > q.queue ORDER BY k.queue LIMIT 1)
			FROM q WHERE q.queue IS NOT NULL)
		SELECT q.queue FROM q
		WHERE EXISTS (SELECT FROM crm.call k WHERE k.queue = q.queue AND k.queue <> '' AND k.pbx = $1) ORDER BY q.queue`
)

// Why implements calllog.Traces.
func (s *CallStore) Why(ctx context.Context, id string) (json.RawMessage, error) {
	key, err := callID(id)
	if err != nil {
		return nil, err
	}
	var why json.RawMessage
	err = s.db.pool.QueryRow(ctx, sqlWhy, key).Scan(&why)
	return why, failure(notFound(err, "trace of the call"))
}

type tracedRow struct {
	callRow
	Legs json.RawMessage
	Why  json.RawMessage
}

// Around implements calllog.Traces.
func (s *CallStore) Around(ctx context.Context, actor crm.Actor, from, to time.Time, limit int) ([]calllog.Traced, error) {
	sql, args := scoped(actor, sqlAround, from, to, limit)
	rows, err := all[tracedRow](ctx, s.db.pool, sql, args...)
	out := make([]calllog.Traced, len(rows))
	for i, r := range rows {
		out[i] = calllog.Traced{Record: r.record(), Trace: r.Why}
		out[i].Legs = r.Legs
	}
	return out, err
}

// Forget implements calllog.Traces.
func (s *CallStore) Forget(ctx context.Context, before time.Time) (int64, error) {
	tag, err := s.db.pool.Exec(ctx, sqlWhyForget, before)
	return tag.RowsAffected(), failure(err)
}

// Queues implements calllog.Traces.
func (s *CallStore) Queues(ctx context.Context, pbx string) ([]string, error) {
	rows, err := s.db.pool.Query(ctx, sqlQueues, pbx)
	if err != nil {
		return nil, failure(err)
	}
	names, err := pgx.CollectRows(rows, pgx.RowTo[string])
	return names, failure(err)
}
