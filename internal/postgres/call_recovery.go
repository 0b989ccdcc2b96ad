package postgres

import (
	"context"
	"encoding/json"

	"github.com/google/uuid"

	"ringcard/crm"
	"ringcard/crm/calllog"
)

var _ calllog.Recovery = (*CallStore)(nil)

const (
	// sqlCallChannels ties the channels of ended calls to them. A leg that was
	// handed over is in two calls; it stays with the one that was written first.
	sqlCallChannels = `INSERT INTO crm.call_channel (pbx, channel, call_id)
		SELECT k.pbx, c.channel, k.id FROM unnest($1::uuid[], $2::bigint[], $3::text[]) c (id, version, channel)
		JOIN crm.call k USING (id, version)
		ON CONFLICT (pbx, channel) DO NOTHING`

	// sqlCallsKnown finds records by id or channel; the snapshot only where
	// something of it is estimated.
	sqlCallsKnown = `SELECT k.id, k.state <> 'ended' AS open,
			ARRAY(SELECT c.channel FROM crm.call_channel c
			      WHERE c.pbx = $1 AND c.call_id = k.id AND c.channel = ANY ($3::text[])) AS channels,
			CASE WHEN k.state = 'ended' AND k.snapshot ? 'estimated' THEN k.snapshot END AS snapshot
		FROM crm.call k
		WHERE k.id = ANY ($2::uuid[])
		   OR k.id IN (SELECT c.call_id FROM crm.call_channel c WHERE c.pbx = $1 AND c.channel = ANY ($3::text[]))`

	sqlReaderPosition = `SELECT coalesce((SELECT position FROM crm.cdr_reader WHERE pbx = $1 AND source = $2), '')`
	sqlReaderMove     = `INSERT INTO crm.cdr_reader (pbx, source, position) VALUES ($1, $2, $3)
		ON CONFLICT (pbx, source) DO UPDATE SET position = excluded.position, updated_at = now()`
)

type knownRow struct {
	ID       uuid.UUID
	Open     bool
	Channels []string
	Snapshot json.RawMessage
}

// Known implements calllog.Recovery.
func (s *CallStore) Known(ctx context.Context, pbx string, ids, channels []string) ([]calllog.Known, error) {
	keys := make([]uuid.UUID, len(ids))
	for i, id := range ids {
		var err error
		if keys[i], err = uuid.Parse(id); err != nil {
			return nil, &crm.Error{Code: crm.CodeInvalid, Field: "id", Message: "a call id is a UUID", Err: err}
		}
	}
	rows, err := all[knownRow](ctx, s.db.pool, sqlCallsKnown, pbx, keys, channels)
	known := make([]calllog.Known, len(rows))
	for i, r := range rows {
		known[i] = calllog.Known{ID: r.ID.String(), Open: r.Open, Channels: r.Channels, Snapshot: r.Snapshot}
	}
	return known, err
}

// Position implements calllog.Recovery.
func (s *CallStore) Position(ctx context.Context, pbx, source string) (string, error) {
	var position string
	err := s.db.pool.QueryRow(ctx, sqlReaderPosition, pbx, source).Scan(&position)
	return position, failure(err)
}

// SetPosition implements calllog.Recovery.
func (s *CallStore) SetPosition(ctx context.Context, pbx, source, position string) error {
	_, err := s.db.pool.Exec(ctx, sqlReaderMove, pbx, source, position)
	return failure(err)
}
