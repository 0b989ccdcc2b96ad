package postgres

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"

	"ringcard/crm"
	"ringcard/crm/calllog"
)

const (
	sqlCall = `SELECT ` + callColumns + `, coalesce(k.snapshot -> 'legs', '[]') AS legs,
			coalesce(k.snapshot -> 'estimated', '[]') AS estimated, coalesce(k.snapshot ->> 'cdr', '') AS cdr,
			coalesce(k.snapshot -> 'corrections', '[]') AS corrections
		FROM crm.call k` + callJoins + `
		WHERE k.id = $1 AND {calls:k}`

	sqlToday = `SELECT count(*) FILTER (WHERE k.direction = 'in' AND k.disposition = 'answered') AS answered,
			count(*) FILTER (WHERE k.direction = 'in' AND k.disposition IN ('missed', 'abandoned')) AS missed,
			count(*) FILTER (WHERE k.direction = 'out') AS outgoing,
			coalesce(avg(k.talk_ms) FILTER (WHERE k.disposition = 'answered'), 0)::bigint AS avg_talk_ms
		FROM crm.call k
		WHERE k.started_at >= $1 AND k.started_at < $1 + interval '1 day' AND k.direction <> 'internal'
		  AND k.state = 'ended' AND ($2 OR {calls:k})`
	sqlByHour = `SELECT floor(extract(epoch FROM k.started_at - $1) / 3600)::int AS hours,
			count(*) FILTER (WHERE k.direction = 'in') AS "in",
			count(*) FILTER (WHERE k.direction = 'in' AND k.disposition IN ('missed', 'abandoned')) AS missed,
			count(*) FILTER (WHERE k.direction = 'out') AS out
		FROM crm.call k
		WHERE k.started_at >= $1 AND k.started_at < $1 + interval '1 day' AND k.direction <> 'internal'
		  AND k.state = 'ended' AND ($2 OR {calls:k})
		GROUP BY 1 ORDER BY 1`
	// sqlMissedOpen counts callers, not calls (AF-02): one who called three
	// times is one. A talk from or to any number of the client settles it.
	sqlMissedOpen = `SELECT count(DISTINCT coalesce('client ' || k.client_id, 'number ' || k.number_e164))
		FROM crm.call k
		WHERE k.started_at >= $1::timestamptz - interval '7 days' AND k.direction = 'in' AND k.disposition IN ('missed', 'abandoned')
		  AND k.number_e164 IS NOT NULL AND ($2 OR {calls:k})
		  AND NOT EXISTS (SELECT FROM crm.number_mark n WHERE n.e164 = k.number_e164 AND n.spam)
		  AND NOT EXISTS (SELECT FROM crm.call l WHERE l.number_e164 = k.number_e164 AND l.started_at > k.started_at
		                  AND l.answered_at IS NOT NULL AND l.direction <> 'internal')
		  AND NOT EXISTS (SELECT FROM crm.call l WHERE l.client_id = k.client_id AND l.started_at > k.started_at
		                  AND l.answered_at IS NOT NULL AND l.direction <> 'internal')`
)

type journalCursor struct {
	At time.Time `json:"t"`
	ID uuid.UUID `json:"i"`
}

// List implements calllog.Journal.
func (s *CallStore) List(ctx context.Context, actor crm.Actor, jq calllog.Query, search crm.Search) (crm.Page[calllog.Record], error) {
	var none crm.Page[calllog.Record]
	sql, args, err := journalSQL(jq, search)
	if err != nil {
		return none, err
	}
	sql, args = scoped(actor, sql, args...)
	rows, err := all[callRow](ctx, s.db.pool, sql, args...)
	if err != nil {
		return none, err
	}
	page := crm.NewPage(rows, crm.PageRequest{Limit: jq.Limit}.Size(), func(r callRow) any { return journalCursor{r.StartedAt, r.ID} })
	out := crm.Page[calllog.Record]{Items: make([]calllog.Record, len(page.Items)), NextCursor: page.NextCursor}
	for i, r := range page.Items {
		out.Items[i] = r.record()
	}
	return out, nil
}

func journalSQL(jq calllog.Query, search crm.Search) (string, []any, error) {
	q := &query{}
	q.and("{calls:k}")
	if !jq.From.IsZero() {
		q.and("k.started_at >= " + q.arg(jq.From))
	}
	if !jq.To.IsZero() {
		q.and("k.started_at < " + q.arg(jq.To))
	}
	if len(jq.Directions) > 0 {
		q.and("k.direction = ANY (" + q.arg(jq.Directions) + "::text[])")
	}
	if len(jq.Dispositions) > 0 {
		q.and("k.disposition = ANY (" + q.arg(jq.Dispositions) + "::text[])")
	}
	if jq.UserID != 0 {
		q.and("k.user_ids @> ARRAY[" + q.arg(jq.UserID) + "::bigint]")
	}
	if jq.Queue != "" {
		q.and("k.queue = " + q.arg(jq.Queue))
	}
	if jq.ClientID != 0 {
		q.and("k.client_id IN (SELECT c.id FROM crm.client c WHERE c.id = " + q.arg(jq.ClientID) + " AND {clients:c})")
	}
	if jq.Unmatched {
		q.and("k.client_id IS NULL AND k.person_id IS NULL AND k.number_e164 IS NOT NULL AND k.direction <> 'internal'")
	}
	if len(search.Words) > 0 {
		q.and(journalMatch(q, jq.Q, search))
	}
	if jq.Cursor != "" {
		var c journalCursor
		if err := crm.DecodeCursor(jq.Cursor, &c); err != nil {
			return "", nil, err
		}
		q.and("(k.started_at, k.id) < (" + q.arg(c.At) + "::timestamptz, " + q.arg(c.ID) + "::uuid)")
	}
	n := q.arg(crm.PageRequest{Limit: jq.Limit}.Size() + 1)
	sql := `SELECT ` + callColumns + `
		FROM (SELECT k.* FROM crm.call k WHERE ` + q.conditions() + `
		      ORDER BY k.started_at DESC, k.id DESC LIMIT ` + n + `) k` + callJoins + `
		ORDER BY k.started_at DESC, k.id DESC`
	return sql, q.args, nil
}

// journalMatch finds calls by the end of the number, by the client's or
// person's name, and by the name the network sent.
func journalMatch(q *query, text string, s crm.Search) string {
	match := `k.client_id IN (SELECT c.id FROM crm.client c WHERE c.deleted_at IS NULL AND {clients:c} AND ` +
		wordsMatch(q, s.Words, "c.search_fold", "c.name_lat") + `)
		OR k.person_id IN (SELECT h.id FROM crm.person h WHERE h.deleted_at IS NULL AND {persons:h} AND ` +
		wordsMatch(q, s.Words, "h.name_fold", "h.name_lat") + `)
		OR crm.name_fold(k.caller_name) LIKE '%' || crm.name_fold(` + q.arg(like(text)) + `) || '%'
		OR k.number_raw = ` + q.arg(text)
	if s.Digits != "" {
		match += " OR " + numberMatch(q, s, "k.number_e164")
	}
	return "(" + match + ")"
}

// Get implements calllog.Journal.
func (s *CallStore) Get(ctx context.Context, actor crm.Actor, id string) (calllog.Record, error) {
	key, err := callID(id)
	if err != nil {
		return calllog.Record{}, err
	}
	sql, args := scoped(actor, sqlCall, key)
	row, err := one[struct {
		callRow
		Legs        json.RawMessage
		Estimated   []string
		CDR         string
		Corrections []calllog.Correction
	}](ctx, s.db.pool, "call", sql, args...)
	r := row.record()
	r.Legs, r.Estimated, r.CDR, r.Corrections = row.Legs, row.Estimated, row.CDR, row.Corrections
	return r, err
}

// Summary implements calllog.Journal.
func (s *CallStore) Summary(ctx context.Context, actor crm.Actor, everybody bool, midnight time.Time) (calllog.Summary, error) {
	var sum calllog.Summary
	viewer := actor
	if !everybody { // also who may see all calls has asked for his own
		viewer = actor.Limit([]crm.Permission{crm.CallsRead})
	}
	sql, args := scoped(viewer, sqlToday, midnight, everybody)
	today, err := one[calllog.Today](ctx, s.db.pool, "summary", sql, args...)
	if err != nil {
		return sum, err
	}
	sum.Today = today
	sql, args = scoped(viewer, sqlByHour, midnight, everybody)
	hours, err := all[struct {
		Hours, In, Missed, Out int64
	}](ctx, s.db.pool, sql, args...)
	if err != nil {
		return sum, err
	}
	sum.ByHour = make([]calllog.Hour, len(hours))
	for i, h := range hours {
		label := midnight.Add(time.Duration(h.Hours) * time.Hour).Format("15:04")
		sum.ByHour[i] = calllog.Hour{Hour: label, In: h.In, Missed: h.Missed, Out: h.Out}
	}
	sql, args = scoped(viewer, sqlMissedOpen, midnight, everybody)
	err = s.db.pool.QueryRow(ctx, sql, args...).Scan(&sum.MissedOpen)
	return sum, failure(err)
}
