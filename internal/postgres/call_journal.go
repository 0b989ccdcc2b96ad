package postgres

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ringcard/crm"
	"ringcard/crm/calllog"
	"ringcard/crm/obligation"
)

const (
	sqlCall = `SELECT ` + callColumns + `, coalesce(k.snapshot -> 'legs', '[]') AS legs,
			coalesce(k.snapshot -> 'estimated', '[]') AS estimated, coalesce(k.snapshot ->> 'cdr', '') AS cdr,
			coalesce(k.snapshot -> 'corrections', '[]') AS corrections,
			coalesce(k.snapshot -> 'transfers', '[]') AS transfers, coalesce(k.snapshot ->> 'ended_by', '') AS ended_by,
			coalesce(k.snapshot ->> 'conversation_id', '') AS conversation
		FROM crm.call k` + callJoins + `
		WHERE k.id = $1 AND {calls:k}`

	sqlToday = `SELECT count(*) FILTER (WHERE k.direction = 'in' AND k.disposition = 'answered') AS answered,
			count(*) FILTER (WHERE k.direction = 'in' AND k.disposition IN ('missed', 'abandoned', 'busy', 'failed')) AS missed,
			count(*) FILTER (WHERE k.direction = 'out') AS outgoing,
			coalesce(avg(k.talk_ms) FILTER (WHERE k.disposition = 'answered'), 0)::bigint AS avg_talk_ms
		FROM crm.call k
		WHERE k.started_at >= $1 AND k.started_at < $1 + interval '1 day' AND k.direction <> 'internal'
		  AND k.state = 'ended' AND ($2 OR {calls:k})`
	sqlByHour = `SELECT floor(extract(epoch FROM k.started_at - $1) / 3600)::int AS hours,
			count(*) FILTER (WHERE k.direction = 'in') AS "in",
			count(*) FILTER (WHERE k.direction = 'in' AND k.disposition IN ('missed', 'abandoned', 'busy', 'failed')) AS missed,
			count(*) FILTER (WHERE k.direction = 'out') AS out
		FROM crm.call k
		WHERE k.started_at >= $1 AND k.started_at < $1 + interval '1 day' AND k.direction <> 'internal'
		  AND k.state = 'ended' AND ($2 OR {calls:k})
		GROUP BY 1 ORDER BY 1`
)

// journalCursor is the last row of a page: its time, or the duration it is
// sorted by.
type journalCursor struct {
	Sort string    `json:"s,omitempty"`
	At   time.Time `json:"t"`
	MS   int64     `json:"m,omitempty"`
	ID   uuid.UUID `json:"i"`
}

// journalOrders are the orders of the journal, each with an index of its own,
// and what of the cursor they go on after.
var journalOrders = map[string]struct {
	column, direction, after string
	value                    func(journalCursor) any
	cast                     string
}{
	calllog.SortNewest: {"started_at", "DESC", "<", func(c journalCursor) any { return c.At }, "timestamptz"},
	calllog.SortOldest: {"started_at", "ASC", ">", func(c journalCursor) any { return c.At }, "timestamptz"},
	calllog.SortTalk:   {"talk_ms", "DESC", "<", func(c journalCursor) any { return c.MS }, "bigint"},
	calllog.SortWait:   {"wait_ms", "DESC", "<", func(c journalCursor) any { return c.MS }, "bigint"},
}

func cursorOf(sort string, r callRow) journalCursor {
	c := journalCursor{Sort: sort, At: r.StartedAt, ID: r.ID}
	switch sort {
	case calllog.SortTalk:
		c.MS = r.TalkMS
	case calllog.SortWait:
		c.MS = r.WaitMS
	}
	return c
}

// List implements calllog.Journal.
func (s *CallStore) List(ctx context.Context, actor crm.Actor, jq calllog.Query, search crm.Search) (crm.Page[calllog.Record], error) {
	var none crm.Page[calllog.Record]
	names, err := s.journalNames(ctx, actor, search)
	if err != nil {
		return none, err
	}
	sql, args, err := journalSQL(jq, search, names, ownOnly(actor), false)
	if err != nil {
		return none, err
	}
	sql, args = scoped(actor, sql, args...)
	rows, err := all[callRow](ctx, s.db.pool, sql, planned(args)...)
	if err != nil {
		return none, err
	}
	page := crm.NewPage(rows, crm.PageRequest{Limit: jq.Limit}.Size(), func(r callRow) any { return cursorOf(jq.Sort, r) })
	out := crm.Page[calllog.Record]{Items: make([]calllog.Record, len(page.Items)), NextCursor: page.NextCursor}
	for i, r := range page.Items {
		out.Items[i] = r.record()
	}
	return out, nil
}

// Export implements calllog.Journal. Rows are handed on as they arrive.
func (s *CallStore) Export(ctx context.Context, actor crm.Actor, jq calllog.Query, search crm.Search, row func(calllog.Record) error) error {
	sql, args, err := journalSQL(jq, search, nil, ownOnly(actor), true)
	if err != nil {
		return err
	}
	sql, args = scoped(actor, sql, args...)
	rows, err := s.db.pool.Query(ctx, sql, planned(args)...)
	if err != nil {
		return failure(err)
	}
	defer rows.Close()
	for rows.Next() {
		r, err := pgx.RowToStructByName[callRow](rows)
		if err != nil {
			return failure(err)
		}
		if err := row(r.record()); err != nil {
			return err
		}
	}
	return failure(rows.Err())
}

// journalSQL selects calls in the order asked for, a page of them or, for the
// export, all. own is whose calls alone are to be seen, 0: everybody's. names
// are what the words of the search were found to mean; nil: to be looked for
// in each call.
func journalSQL(jq calllog.Query, search crm.Search, names *journalNames, own int64, whole bool) (string, []any, error) {
	order, ok := journalOrders[jq.Sort]
	if !ok {
		order = journalOrders[calllog.SortNewest]
	}
	q := journalConditions(jq)
	if jq.Cursor != "" && !whole {
		var c journalCursor
		if err := crm.DecodeCursor(jq.Cursor, &c); err != nil {
			return "", nil, err
		}
		if c.Sort != jq.Sort && c.Sort+jq.Sort != calllog.SortNewest { // cursors of before had no order
			return "", nil, crm.Invalid("cursor", "this cursor is of another order")
		}
		q.and("(k." + order.column + ", k.id) " + order.after + " (" + q.arg(order.value(c)) + "::" + order.cast + ", " + q.arg(c.ID) + "::uuid)")
	}
	by := " ORDER BY k." + order.column + " " + order.direction + ", k.id " + order.direction
	limit := ""
	if !whole {
		limit = " LIMIT " + q.arg(crm.PageRequest{Limit: jq.Limit}.Size()+1)
	}
	users := journalUsers(q, jq.UserID, own)
	calls := "SELECT k.* FROM " + users.from + " WHERE " + q.conditions() + by + limit
	if len(search.Words) > 0 {
		// Each way to match is a branch of its own with the first rows of it, so
		// that each uses its own index; the first rows of all are among them.
		branches := journalBranches(q, users, jq.Q, search, names, "k."+order.column, by, limit)
		calls = "SELECT k.* FROM (" + strings.Join(branches, "\nUNION\n") + ") m JOIN crm.call k ON k.id = m.id" + by + limit
	}
	sql := `SELECT ` + callColumns + ` FROM (` + calls + `) k` + callJoins + by
	return sql, q.args, nil
}

// usersCalls limits calls k to those that users had part in, in two ways: by
// what is joined to them, or, where few calls are left, by a condition on each.
type usersCalls struct{ from, each string }

// journalUsers joins the calls of users: so they are walked in the journal's
// order from one of them as well as from any other filter. The ids are not
// compared by =: of two equalities the planner takes the product and expects
// no calls at all.
func journalUsers(q *query, users ...int64) usersCalls {
	u := usersCalls{from: "crm.call k"}
	slices.Sort(users)
	for i, user := range slices.Compact(users) {
		if user != 0 {
			place := q.arg(user)
			u.from += fmt.Sprintf(" JOIN crm.call_user u%[1]d ON u%[1]d.user_id = %[2]s AND u%[1]d.started_at = k.started_at AND uuid_eq(u%[1]d.call_id, k.id)", i, place)
			u.each += " AND k.user_ids @> ARRAY[" + place + "::bigint]"
		}
	}
	return u
}

// missedOnly is the condition of the index of missed calls, word for word.
const missedOnly = "k.direction = 'in' AND k.disposition IN ('missed', 'abandoned', 'busy', 'failed')"

func journalConditions(jq calllog.Query) *query {
	q := &query{}
	if !jq.From.IsZero() {
		q.and("k.started_at >= " + q.arg(jq.From))
	}
	if !jq.To.IsZero() {
		q.and("k.started_at < " + q.arg(jq.To))
	}
	if slices.Equal(jq.Directions, []string{calllog.In}) && slices.Equal(jq.Dispositions, calllog.Unanswered()) {
		q.and(missedOnly)
	} else {
		q.oneOf("k.direction", jq.Directions)
		q.oneOf("k.disposition", jq.Dispositions)
	}
	if jq.Queue != "" {
		q.and("k.queue = " + q.arg(jq.Queue) + " AND k.queue <> ''")
	}
	if jq.PBX != "" {
		q.and("k.pbx = " + q.arg(jq.PBX))
	}
	if jq.ClientID != 0 {
		place := q.arg(jq.ClientID)
		q.and("k.client_id = " + place + " AND EXISTS (SELECT FROM crm.client c WHERE c.id = " + place + " AND {clients:c})")
	}
	if jq.E164 != 0 {
		q.and("k.number_e164 = " + q.arg(jq.E164))
	}
	if jq.ResultID != 0 {
		q.and("k.wrapup_id = " + q.arg(jq.ResultID))
	}
	if jq.Unmatched {
		q.and("k.client_id IS NULL AND k.person_id IS NULL AND k.number_e164 IS NOT NULL AND k.direction <> 'internal'")
	}
	for _, f := range []struct {
		want    *bool
		yes, no string
	}{
		{jq.Recorded, "k.recorded", "NOT k.recorded"},
		{jq.HasNote, "k.note <> ''", "k.note = ''"},
		{jq.Transferred, "k.transferred", "NOT k.transferred"},
	} {
		if f.want != nil && *f.want {
			q.and(f.yes)
		} else if f.want != nil {
			q.and(f.no)
		}
	}
	return q
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
		Legs         json.RawMessage
		Estimated    []string
		CDR          string
		Corrections  []calllog.Correction
		Transfers    []calllog.Transfer
		EndedBy      string
		Conversation string
	}](ctx, s.db.pool, "call", sql, args...)
	r := row.record()
	r.Legs, r.Estimated, r.CDR, r.Corrections = row.Legs, row.Estimated, row.CDR, row.Corrections
	r.Transfers, r.EndedBy, r.Conversation = row.Transfers, row.EndedBy, row.Conversation
	return r, err
}

// Summary implements calllog.Journal.
func (s *CallStore) Summary(ctx context.Context, actor crm.Actor, everybody bool, midnight time.Time) (calllog.Summary, error) {
	var sum calllog.Summary
	viewer := viewerOf(actor, !everybody) // also who may see all calls may ask for his own
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
	sql, args = scoped(viewer, sqlObligationCount, midnight)
	owed, err := one[obligation.Counts](ctx, s.db.pool, "summary", sql, args...)
	sum.MissedOpen = owed.Open
	return sum, err
}
