package postgres

import (
	"context"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ringcard/crm"
	"ringcard/crm/obligation"
)

// ObligationStore keeps what users decide about missed callers.
type ObligationStore struct{ db *DB }

var (
	_ obligation.Store    = (*ObligationStore)(nil)
	_ obligation.Settings = (*ObligationStore)(nil)
)

// NewObligationStore makes a store on the pool.
func NewObligationStore(db *DB) *ObligationStore { return &ObligationStore{db: db} }

const (
	// sqlObligationFollow brings the obligations in line with calls, whatever
	// the order they are saved in; see the function in 0007_aftercall.sql.
	sqlObligationFollow = `SELECT id, event, version, attempts, client_id, owner_id, user_ids, closed
		FROM crm.obligation_follow($1::uuid[])`
	sqlObligationChanges = `SELECT id, event, version, attempts, client_id, owner_id, user_ids, closed
		FROM crm.obligation_changes($1::bigint[], $2::text[])`

	// The owner is ow; deleted clients owe nothing, and get it back when restored.
	obligationFrom = ` FROM crm.obligation o
		LEFT JOIN crm.client c ON c.id = o.client_id
		CROSS JOIN LATERAL (SELECT coalesce(o.assigned_to, c.responsible_id) AS id) ow`
	obligationColumns = `o.id, o.version, CASE WHEN o.closed_at IS NULL THEN 'open' ELSE 'closed' END AS state,
		coalesce(o.client_id, 0) AS client_id, CASE WHEN {clients:c} THEN coalesce(c.name, '') ELSE '' END AS client_name,
		coalesce(k.number_raw, '') AS number_raw, coalesce(k.number_e164, o.number_e164) AS number_e164,
		coalesce(k.number_display, '') AS number_display, coalesce(k.caller_name, '') AS caller_name,
		coalesce(k.queue, '') AS queue, coalesce(k.did, '') AS did,
		o.attempts, o.first_at, o.last_at, o.last_call, coalesce(ow.id, 0) AS owner_id, coalesce(eo.name, '') AS owner_name,
		o.assigned_to IS NOT NULL AS assigned, o.closed_at, coalesce(o.closed_how, '') AS closed_how, o.closed_call,
		coalesce(ec.id, 0) AS closed_by, coalesce(ec.name, '') AS closed_name, o.reason`
	obligationJoins = obligationFrom + `
		LEFT JOIN crm.call k ON k.id = o.last_call
		LEFT JOIN crm.call t ON t.id = o.closed_call
		LEFT JOIN crm.employee eo ON eo.id = ow.id
		LEFT JOIN crm.employee ec ON ec.id = coalesce(o.closed_by, t.answered_by, t.placed_by)`
	obligationSeen = `(o.client_id IS NULL OR c.deleted_at IS NULL) AND {owners:ow}`

	sqlObligation      = `SELECT ` + obligationColumns + obligationJoins + ` WHERE o.id = $1 AND ` + obligationSeen
	sqlObligationCount = `SELECT count(*) AS open, count(*) FILTER (WHERE o.first_at <= $1) AS overdue` + obligationFrom + `
		WHERE o.closed_at IS NULL AND ` + obligationSeen

	// sqlObligationLock locks the client or number for the transaction.
	sqlObligationLock = `SELECT o.client_id, o.number_e164, coalesce(ow.id, 0), crm.obligation_lock(o.client_id, o.number_e164)::text` + obligationFrom + `
		WHERE o.id = $1 AND ` + obligationSeen
	// sqlObligationClose ends it after its last missed call, whatever the clock says.
	sqlObligationClose = `UPDATE crm.obligation SET closed_at = greatest($2, last_at + interval '1 microsecond'),
			closed_how = 'hand', closed_by = nullif($3::bigint, 0), reason = $4, version = version + 1
		WHERE id = $1 AND closed_at IS NULL`
	sqlObligationReopen = `UPDATE crm.obligation SET closed_how = 'contact', closed_by = NULL, reason = '', version = version + 1
		WHERE id = $1 AND closed_how = 'hand' RETURNING closed_at`
	sqlObligationRefresh = `SELECT obligation_id, event FROM crm.obligation_refresh($1, $2, $3, $3, $4)`
	sqlObligationAssign  = `UPDATE crm.obligation SET assigned_to = nullif($2::bigint, 0), version = version + 1
		WHERE id = $1 AND closed_at IS NULL`
	sqlEmployeeActive = `SELECT EXISTS (SELECT FROM crm.employee WHERE id = $1 AND active)`
	sqlMissedOfNumber = `SELECT array_agg(k.id) FROM crm.call k WHERE k.number_e164 = $1 AND k.state = 'ended' AND k.direction = 'in'
		AND k.disposition IN ('missed', 'abandoned', 'busy', 'failed')`
)

// WatchObligations has f called with what changed after each commit, in the
// goroutine of the change: it must not block. It replaces an earlier watch.
func (db *DB) WatchObligations(f func([]obligation.Change)) { db.owed.Store(&f) }

func (db *DB) tellObligations(changes []obligation.Change) {
	if f := db.owed.Load(); f != nil && len(changes) > 0 {
		(*f)(changes)
	}
}

type changeRow struct {
	ID       int64
	Event    string
	Version  int64
	Attempts int
	ClientID int64
	OwnerID  int64
	UserIDs  []int64
	Closed   bool
}

// readChanges reads rows of sqlObligationFollow. One that began and ended in
// the past (settled) changed nothing for anybody.
func readChanges(rows pgx.Rows) ([]obligation.Change, error) {
	list, err := pgx.CollectRows(rows, pgx.RowToStructByName[changeRow])
	if err != nil {
		return nil, err
	}
	var changes []obligation.Change
	for _, r := range list {
		if r.Event == "settled" {
			continue
		}
		c := obligation.Change{ID: r.ID, Event: r.Event, Version: r.Version, State: obligation.Open,
			Attempts: r.Attempts, ClientID: r.ClientID, OwnerID: r.OwnerID, UserIDs: r.UserIDs}
		switch {
		case r.Event == "removed":
			c.State = ""
		case r.Closed:
			c.State = obligation.Closed
		}
		changes = append(changes, c)
	}
	return changes, nil
}

// followObligations brings the obligations in line with the calls.
func followObligations(ctx context.Context, db *DB, tx pgx.Tx, calls []uuid.UUID) error {
	rows, err := tx.Query(ctx, sqlObligationFollow, calls)
	if err != nil {
		return err
	}
	changes, err := readChanges(rows)
	if err != nil {
		return err
	}
	onCommit(tx, func() { db.tellObligations(changes) })
	return nil
}

// followSpam brings the obligations in line with a number's spam mark.
func followSpam(ctx context.Context, db *DB, tx pgx.Tx, e164 int64) error {
	var calls []uuid.UUID
	if err := tx.QueryRow(ctx, sqlMissedOfNumber, e164).Scan(&calls); err != nil || len(calls) == 0 {
		return err
	}
	return followObligations(ctx, db, tx, calls)
}

type obligationRow struct {
	ID            int64
	Version       int64
	State         string
	ClientID      int64
	ClientName    string
	NumberRaw     string
	NumberE164    *int64
	NumberDisplay string
	CallerName    string
	Queue         string
	DID           string
	Attempts      int
	FirstAt       time.Time
	LastAt        time.Time
	LastCall      *uuid.UUID
	OwnerID       int64
	OwnerName     string
	Assigned      bool
	ClosedAt      *time.Time
	ClosedHow     string
	ClosedCall    *uuid.UUID
	ClosedBy      int64
	ClosedName    string
	Reason        string
}

func (r obligationRow) obligation() obligation.Obligation {
	return obligation.Obligation{
		ID: r.ID, Version: r.Version, State: r.State, ClientID: r.ClientID, ClientName: r.ClientName,
		Number:     obligation.Number{Raw: r.NumberRaw, E164: crm.E164Text(deref(r.NumberE164)), Display: r.NumberDisplay},
		CallerName: r.CallerName, Queue: r.Queue, DID: r.DID, Attempts: r.Attempts, FirstAt: r.FirstAt, LastAt: r.LastAt,
		LastCall: uuidText(r.LastCall), OwnerID: r.OwnerID, OwnerName: r.OwnerName, Assigned: r.Assigned,
		ClosedAt: r.ClosedAt, ClosedHow: r.ClosedHow, ClosedCall: uuidText(r.ClosedCall),
		ClosedBy: r.ClosedBy, ClosedName: r.ClosedName, Reason: r.Reason,
	}
}

func uuidText(id *uuid.UUID) string {
	if id == nil {
		return ""
	}
	return id.String()
}

type obligationCursor struct {
	State string    `json:"s"`
	At    time.Time `json:"t"`
	ID    int64     `json:"i"`
}

// List implements obligation.Store.
func (s *ObligationStore) List(ctx context.Context, actor crm.Actor, oq obligation.Query, overdueUpTo time.Time) (crm.Page[obligation.Obligation], error) {
	var none crm.Page[obligation.Obligation]
	sql, args, err := obligationsSQL(oq, overdueUpTo)
	if err != nil {
		return none, err
	}
	sql, args = scoped(actor, sql, args...)
	rows, err := all[obligationRow](ctx, s.db.pool, sql, args...)
	if err != nil {
		return none, err
	}
	page := crm.NewPage(rows, crm.PageRequest{Limit: oq.Limit}.Size(), func(r obligationRow) any {
		c := obligationCursor{State: oq.State, At: r.FirstAt, ID: r.ID}
		if oq.State == obligation.Closed {
			c.At = *r.ClosedAt
		}
		return c
	})
	out := crm.Page[obligation.Obligation]{Items: make([]obligation.Obligation, len(page.Items)), NextCursor: page.NextCursor}
	for i, r := range page.Items {
		out.Items[i] = r.obligation()
	}
	return out, nil
}

// obligationsSQL orders open ones by urgency: the term never decreases with
// the time of the first missed call.
func obligationsSQL(oq obligation.Query, overdueUpTo time.Time) (string, []any, error) {
	q := &query{}
	q.and(obligationSeen)
	order, after := "o.first_at DESC, o.id DESC", "(o.first_at, o.id) < (%s, %s)"
	switch oq.State {
	case obligation.Open:
		q.and("o.closed_at IS NULL")
		order, after = "o.first_at, o.id", "(o.first_at, o.id) > (%s, %s)"
	case obligation.Closed:
		q.and("o.closed_at IS NOT NULL")
		order, after = "o.closed_at DESC, o.id DESC", "(o.closed_at, o.id) < (%s, %s)"
	}
	if oq.OwnerID != 0 {
		q.and("ow.id = " + q.arg(oq.OwnerID))
	}
	if oq.Unowned {
		q.and("ow.id IS NULL")
	}
	if oq.ClientID != 0 {
		q.and("o.client_id = " + q.arg(oq.ClientID))
	}
	if oq.Overdue {
		q.and("o.first_at <= " + q.arg(overdueUpTo))
	}
	if oq.Cursor != "" {
		var c obligationCursor
		if err := crm.DecodeCursor(oq.Cursor, &c); err != nil {
			return "", nil, err
		}
		if c.State != oq.State {
			return "", nil, crm.Invalid("cursor", "this cursor is of another list")
		}
		q.andf(after, q.arg(c.At)+"::timestamptz", q.arg(c.ID)+"::bigint")
	}
	sql := `SELECT ` + obligationColumns + obligationJoins + ` WHERE ` + q.conditions() + `
		ORDER BY ` + order + ` LIMIT ` + q.arg(crm.PageRequest{Limit: oq.Limit}.Size()+1)
	return sql, q.args, nil
}

// Get implements obligation.Store.
func (s *ObligationStore) Get(ctx context.Context, actor crm.Actor, id int64) (obligation.Obligation, error) {
	sql, args := scoped(actor, sqlObligation, id)
	r, err := one[obligationRow](ctx, s.db.pool, "obligation", sql, args...)
	return r.obligation(), err
}

// Count implements obligation.Store.
func (s *ObligationStore) Count(ctx context.Context, actor crm.Actor, mine bool, overdueUpTo time.Time) (obligation.Counts, error) {
	sql, args := scoped(viewerOf(actor, mine), sqlObligationCount, overdueUpTo)
	return one[obligation.Counts](ctx, s.db.pool, "count", sql, args...)
}

// viewerOf is the actor, or for his own only one who may see no more.
func viewerOf(actor crm.Actor, mine bool) crm.Actor {
	if mine {
		return actor.Limit([]crm.Permission{crm.CallsRead})
	}
	return actor
}

// Close implements obligation.Store.
func (s *ObligationStore) Close(ctx context.Context, actor crm.Actor, id int64, reason string, at time.Time) error {
	return s.change(ctx, actor, id, "obligation.close", map[string]any{"reason": reason}, func(tx pgx.Tx, _, _ *int64) (string, error) {
		tag, err := tx.Exec(ctx, sqlObligationClose, id, at, actor.UserID, reason)
		if err == nil && tag.RowsAffected() == 0 {
			return "", crm.Errorf(crm.CodeConflict, "it is closed already")
		}
		return "closed", err
	})
}

// Reopen implements obligation.Store.
func (s *ObligationStore) Reopen(ctx context.Context, actor crm.Actor, id int64) error {
	return s.change(ctx, actor, id, "obligation.reopen", nil, func(tx pgx.Tx, client, number *int64) (string, error) {
		var closedAt time.Time
		if err := tx.QueryRow(ctx, sqlObligationReopen, id).Scan(&closedAt); err != nil {
			if crm.CodeOf(notFound(err, "obligation")) == crm.CodeNotFound {
				return "", crm.Errorf(crm.CodeConflict, "only what was closed by hand can be opened again; a new missed call opens it by itself")
			}
			return "", err
		}
		if _, err := tx.Exec(ctx, sqlObligationRefresh, client, number, closedAt, id); err != nil {
			return "", err
		}
		return "opened", nil
	})
}

// Assign implements obligation.Store.
func (s *ObligationStore) Assign(ctx context.Context, actor crm.Actor, id, userID int64) error {
	return s.change(ctx, actor, id, "obligation.assign", map[string]any{"user_id": userID}, func(tx pgx.Tx, _, _ *int64) (string, error) {
		if userID != 0 {
			var active bool
			if err := tx.QueryRow(ctx, sqlEmployeeActive, userID).Scan(&active); err != nil {
				return "", err
			}
			if !active {
				return "", crm.Invalid("user_id", "there is no such active user")
			}
		}
		tag, err := tx.Exec(ctx, sqlObligationAssign, id, userID)
		if err == nil && tag.RowsAffected() == 0 {
			return "", crm.Errorf(crm.CodeConflict, "it is closed; nobody has to call back")
		}
		return "changed", err
	})
}

// change does one thing with an obligation the actor sees, under its lock,
// and tells its owners before and after of it.
func (s *ObligationStore) change(ctx context.Context, actor crm.Actor, id int64, action string, detail any,
	do func(tx pgx.Tx, client, number *int64) (event string, err error)) error {
	return s.db.inTx(ctx, func(tx pgx.Tx) error {
		var client, number *int64
		var owner int64
		var locked string
		sql, args := scoped(actor, sqlObligationLock, id)
		if err := tx.QueryRow(ctx, sql, args...).Scan(&client, &number, &owner, &locked); err != nil {
			return notFound(err, "obligation")
		}
		event, err := do(tx, client, number)
		if err != nil {
			return err
		}
		rows, err := tx.Query(ctx, sqlObligationChanges, []int64{id}, []string{event})
		if err != nil {
			return err
		}
		changes, err := readChanges(rows)
		if err != nil {
			return err
		}
		for i := range changes {
			if owner != 0 && owner != changes[i].OwnerID {
				changes[i].Told = append(changes[i].Told, owner)
			}
		}
		onCommit(tx, func() { s.db.tellObligations(changes) })
		return audit(ctx, tx, actor, action, "obligation", id, detail)
	})
}
