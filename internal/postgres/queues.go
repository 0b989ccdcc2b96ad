package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"
)

// sqlQueueFigures uses the index on started_at.
const sqlQueueFigures = `SELECT pbx, queue, count(*) FILTER (WHERE answered_at IS NOT NULL) AS answered,
		count(*) FILTER (WHERE answered_at IS NULL AND disposition = 'abandoned') AS abandoned
	FROM crm.call WHERE started_at >= $1 AND queue <> '' AND direction = 'in' GROUP BY pbx, queue`

// QueueFigures are the calls of a queue since a time.
type QueueFigures struct {
	PBX, Queue          string
	Answered, Abandoned int
}

// QueueFigures counts the calls of each queue that began at or after since.
func (s *CallStore) QueueFigures(ctx context.Context, since time.Time) ([]QueueFigures, error) {
	rows, err := s.db.pool.Query(ctx, sqlQueueFigures, since)
	if err != nil {
		return nil, err
	}
	return pgx.CollectRows(rows, pgx.RowToStructByPos[QueueFigures])
}
