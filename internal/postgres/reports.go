package postgres

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"

	"ringcard/crm"
	"ringcard/crm/report"
)

// ReportStore counts calls.
type ReportStore struct{ db *DB }

var _ report.Store = (*ReportStore)(nil)

// NewReportStore makes a store on the pool.
func NewReportStore(db *DB) *ReportStore { return &ReportStore{db: db} }

// reportKey is a group as an expression over a call k, and over an obligation
// o with its last call k; LOCAL stands for its time on the office's clocks.
type reportKey struct{ call, owed string }

func sameKey(expression string) reportKey { return reportKey{expression, expression} }

var reportKeys = map[string]reportKey{
	"":               sameKey("''"), // everything is one group
	report.ByUser:    {"u.id::text", "coalesce(ow.id, 0)::text"},
	report.ByHour:    sameKey("to_char(LOCAL, 'HH24')"),
	report.ByDay:     sameKey("to_char(LOCAL, 'YYYY-MM-DD')"),
	report.ByWeekday: sameKey("to_char(LOCAL, 'ID')"),
	report.ByMonth:   sameKey("to_char(LOCAL, 'YYYY-MM')"),
	report.ByQueue:   {"k.queue", "coalesce(k.queue, '')"},
	report.ByDID:     {"k.did", "coalesce(k.did, '')"},
	report.BySource:  sameKey("coalesce(c.source, '')"),
	report.ByPBX:     {"k.pbx", "coalesce(k.pbx, '')"},
	report.ByResult:  sameKey("coalesce(k.wrapup_id, 0)::text"),
	report.ByHeat:    sameKey("to_char(LOCAL, 'ID-HH24')"),
}

// reportUsers are those for whom a call counts: who talked, else all at whom
// it rang, else nobody (0).
const reportUsers = `CASE WHEN coalesce(k.answered_by, k.placed_by) IS NOT NULL THEN ARRAY[coalesce(k.answered_by, k.placed_by)]
		WHEN cardinality(k.user_ids) > 0 THEN k.user_ids ELSE ARRAY[0::bigint] END`

const (
	reportCounts = `count(*) AS calls,
		count(*) FILTER (WHERE direction = 'in') AS inbound,
		count(*) FILTER (WHERE direction = 'in' AND disposition = 'answered') AS answered,
		count(*) FILTER (WHERE direction = 'in' AND disposition IN ('missed', 'abandoned', 'busy', 'failed')) AS missed,
		count(*) FILTER (WHERE direction = 'in' AND disposition = 'answered' AND wait_ms <= SLA) AS within_sla,
		count(*) FILTER (WHERE direction = 'out') AS outbound,
		count(*) FILTER (WHERE direction = 'out' AND disposition = 'answered') AS outbound_answered,
		count(DISTINCT who) AS unique_clients,
		coalesce(sum(talk_ms) FILTER (WHERE disposition = 'answered'), 0)::bigint AS talk_total_ms,
		avg(wait_ms) FILTER (WHERE direction = 'in' AND disposition = 'answered')::float8 AS wait_avg,
		percentile_cont(ARRAY[0.5, 0.9, 0.95]) WITHIN GROUP (ORDER BY wait_ms) FILTER (WHERE direction = 'in' AND disposition = 'answered') AS wait_p,
		avg(talk_ms) FILTER (WHERE disposition = 'answered')::float8 AS talk_avg,
		percentile_cont(ARRAY[0.5, 0.9, 0.95]) WITHIN GROUP (ORDER BY talk_ms) FILTER (WHERE disposition = 'answered') AS talk_p`
	reportOwed = `count(*) AS missed_callers,
		count(*) FILTER (WHERE how = 'contact') AS called_back,
		avg(ms) FILTER (WHERE how = 'contact')::float8 AS back_avg,
		percentile_cont(ARRAY[0.5, 0.9, 0.95]) WITHIN GROUP (ORDER BY ms) FILTER (WHERE how = 'contact') AS back_p`

	sqlReportUsers   = `SELECT id::text AS key, name AS label FROM crm.employee WHERE id::text = ANY ($1::text[])`
	sqlReportResults = `SELECT id::text AS key, CASE WHEN $2 = 'ru' THEN name_ru ELSE name_en END AS label
		FROM crm.wrapup_result WHERE id::text = ANY ($1::text[])`
)

// localKey puts the local time of a column in the place of LOCAL.
func (q *query) localKey(expression, column, zone string) string {
	if !strings.Contains(expression, "LOCAL") {
		return expression
	}
	return strings.ReplaceAll(expression, "LOCAL", "("+column+" AT TIME ZONE "+q.arg(zone)+"::text)")
}

// reportCallsSQL counts calls by a group, "" for all together.
func reportCallsSQL(rq report.Query, group, zone string, own bool, me int64) (string, []any) {
	q := &query{}
	key := q.localKey(reportKeys[group].call, "k.started_at", zone)
	sla := q.arg(int64(rq.SLA)*1000) + "::bigint"
	q.and("k.state = 'ended' AND k.direction <> 'internal' AND NOT k.test")
	q.and("k.started_at >= " + q.arg(rq.From) + " AND k.started_at < " + q.arg(rq.To))
	if rq.Direction != "" {
		q.and("k.direction = " + q.arg(rq.Direction))
	}
	if rq.UserID != 0 {
		q.and("k.user_ids @> ARRAY[" + q.arg(rq.UserID) + "::bigint]")
	}
	q.and("{calls:k}")
	joins := ""
	if group == report.ByUser {
		joins = " CROSS JOIN LATERAL unnest(" + reportUsers + ") u(id)"
		if rq.UserID != 0 {
			q.and("u.id = " + q.arg(rq.UserID))
		}
		if own {
			q.and("u.id = " + q.arg(me))
		}
	}
	reportLines(q, rq)
	return `WITH calls AS (
		SELECT ` + key + ` AS key, k.direction, k.disposition, k.wait_ms, k.talk_ms,
			coalesce('c' || k.client_id, 'n' || k.number_e164) AS who
		FROM crm.call k LEFT JOIN crm.client c ON c.id = k.client_id` + joins + `
		WHERE ` + q.conditions() + `)
	SELECT key, ` + strings.ReplaceAll(reportCounts, "SLA", sla) + ` FROM calls GROUP BY key`, q.args
}

// reportOwedSQL counts the obligations that began in the time of the report.
func reportOwedSQL(rq report.Query, group, zone string, own bool, me int64) (string, []any) {
	q := &query{}
	key := q.localKey(reportKeys[group].owed, "o.first_at", zone)
	q.and("o.first_at >= " + q.arg(rq.From) + " AND o.first_at < " + q.arg(rq.To))
	if rq.Direction == "out" {
		q.and("false")
	}
	if rq.UserID != 0 {
		q.and("ow.id = " + q.arg(rq.UserID))
	}
	if own {
		q.and("ow.id = " + q.arg(me))
	}
	reportLines(q, rq)
	return `WITH owed AS (
		SELECT ` + key + ` AS key, o.closed_how AS how,
			(extract(epoch FROM o.closed_at - o.first_at) * 1000)::float8 AS ms` + obligationFrom + `
		LEFT JOIN crm.call k ON k.id = o.last_call
		WHERE ` + q.conditions() + `)
	SELECT key, ` + reportOwed + ` FROM owed GROUP BY key`, q.args
}

// reportLines adds the filters by the lines that a call came in by.
func reportLines(q *query, rq report.Query) {
	for _, f := range []struct{ column, value string }{{"k.queue", rq.Queue}, {"k.did", rq.DID}, {"k.pbx", rq.PBX}} {
		if f.value != "" {
			q.and(f.column + " = " + q.arg(f.value))
		}
	}
}

type reportCallsRow struct {
	Key              string
	Calls            int64
	Inbound          int64
	Answered         int64
	Missed           int64
	WithinSLA        int64
	Outbound         int64
	OutboundAnswered int64
	UniqueClients    int64
	TalkTotalMS      int64
	WaitAvg          *float64
	WaitP            []float64
	TalkAvg          *float64
	TalkP            []float64
}

type reportOwedRow struct {
	Key           string
	MissedCallers int64
	CalledBack    int64
	BackAvg       *float64
	BackP         []float64
}

// reportRows are rows by key.
type reportRows map[string]*report.Row

func (rows reportRows) of(key string) *report.Row {
	if rows[key] == nil {
		rows[key] = &report.Row{Key: key}
	}
	return rows[key]
}

func (rows reportRows) addCalls(r reportCallsRow) {
	row := rows.of(r.Key)
	row.Calls, row.Inbound, row.Answered, row.Missed, row.WithinSLA = r.Calls, r.Inbound, r.Answered, r.Missed, r.WithinSLA
	row.Outbound, row.OutboundAnswered, row.UniqueClients, row.TalkTotalMS = r.Outbound, r.OutboundAnswered, r.UniqueClients, r.TalkTotalMS
	row.Wait, row.Talk = times(r.WaitAvg, r.WaitP), times(r.TalkAvg, r.TalkP)
}

func (rows reportRows) addOwed(r reportOwedRow) {
	row := rows.of(r.Key)
	row.MissedCallers, row.CalledBack, row.CallBack = r.MissedCallers, r.CalledBack, times(r.BackAvg, r.BackP)
}

func times(avg *float64, p []float64) report.Times {
	if avg == nil || len(p) != 3 {
		return report.Times{}
	}
	return report.Times{AvgMS: avg, P50MS: &p[0], P90MS: &p[1], P95MS: &p[2]}
}

// Calls implements report.Store. All figures are of one moment.
func (s *ReportStore) Calls(ctx context.Context, actor crm.Actor, rq report.Query, zone string, own bool) ([]report.Row, report.Row, error) {
	groups, totals := reportRows{}, reportRows{}
	err := pgx.BeginTxFunc(ctx, s.db.pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) error {
		for _, part := range []struct {
			group string
			rows  reportRows
		}{{rq.GroupBy, groups}, {"", totals}} {
			sql, args := reportCallsSQL(rq, part.group, zone, own, actor.UserID)
			sql, args = scoped(actor, sql, args...)
			calls, err := all[reportCallsRow](ctx, tx, sql, planned(args)...)
			if err != nil {
				return err
			}
			sql, args = reportOwedSQL(rq, part.group, zone, own, actor.UserID)
			sql, args = scoped(actor, sql, args...)
			owed, err := all[reportOwedRow](ctx, tx, sql, planned(args)...)
			if err != nil {
				return err
			}
			for _, r := range calls {
				part.rows.addCalls(r)
			}
			for _, r := range owed {
				part.rows.addOwed(r)
			}
		}
		return label(ctx, tx, rq, groups)
	})
	if err != nil {
		return nil, report.Row{}, failure(err)
	}
	rows := make([]report.Row, 0, len(groups))
	for _, r := range groups {
		rows = append(rows, *r)
	}
	slices.SortFunc(rows, func(a, b report.Row) int { return compareKeys(a.Key, b.Key) })
	return rows, *totals.of(""), nil
}

// label names the keys that are ids.
func label(ctx context.Context, tx pgx.Tx, rq report.Query, rows reportRows) error {
	keys := make([]string, 0, len(rows))
	for key := range rows {
		keys = append(keys, key)
	}
	type named struct{ Key, Label string }
	var names []named
	var err error
	switch rq.GroupBy {
	case report.ByUser:
		names, err = all[named](ctx, tx, sqlReportUsers, keys)
	case report.ByResult:
		names, err = all[named](ctx, tx, sqlReportResults, keys, rq.Locale)
	}
	for _, n := range names {
		rows[n.Key].Label = n.Label
	}
	return err
}

// compareKeys orders ids by their value and all else as text.
func compareKeys(a, b string) int {
	x, errX := strconv.ParseInt(a, 10, 64)
	y, errY := strconv.ParseInt(b, 10, 64)
	if errX == nil && errY == nil && x != y {
		return cmp.Compare(x, y)
	}
	return strings.Compare(a, b)
}
