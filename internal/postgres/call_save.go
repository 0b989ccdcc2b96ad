package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"

	"ringcard/crm"
	"ringcard/crm/calllog"
	"ringcard/crm/obligation"
)

// CallStore keeps call records.
type CallStore struct{ db *DB }

var (
	_ calllog.Writer  = (*CallStore)(nil)
	_ calllog.Journal = (*CallStore)(nil)
	_ calllog.Clerk   = (*CallStore)(nil)
)

// NewCallStore makes a store on the pool.
func NewCallStore(db *DB) *CallStore { return &CallStore{db: db} }

const (
	// sqlSavePlans has the statements of Save keep one plan each: their arrays
	// are short, and planning anew costs more than it gains. The plan is made
	// for a connection, maybe while the journal is new: it must not be such as
	// reads all of a small table.
	sqlSavePlans = `SELECT set_config('plan_cache_mode', 'force_generic_plan', true), set_config('enable_seqscan', 'off', true)`

	// sqlCallSave writes calls, whose columns are arrays. It does not write a
	// call of which a version as new is there. What a user chose, and a client
	// found at the end, is not undone by later versions. Ids of records that do
	// not exist are left out.
	sqlCallSave = `INSERT INTO crm.call AS k (id, version, pbx, direction, state, disposition, cause,
			number_raw, number_e164, number_kind, number_display, caller_name, did, queue, client_id, person_id,
			answered_by, placed_by, user_ids, started_at, ring_at, answered_at, ended_at,
			wait_ms, talk_ms, hold_ms, recorded, recovered, note, subject, snapshot)
		SELECT r.id, r.version, r.pbx, r.direction, r.state, nullif(r.disposition, ''), r.cause,
			r.number_raw, nullif(r.number_e164, 0), r.number_kind, r.number_display, r.caller_name, r.did, r.queue,
			(SELECT id FROM crm.client WHERE id = r.client_id), (SELECT id FROM crm.person WHERE id = r.person_id),
			(SELECT id FROM crm.employee WHERE id = r.answered_by), (SELECT id FROM crm.employee WHERE id = r.placed_by),
			string_to_array(r.user_ids, ',')::bigint[], r.started_at, r.ring_at, r.answered_at, r.ended_at,
			r.wait_ms, r.talk_ms, r.hold_ms, r.recorded, r.recovered, r.note, r.subject, r.snapshot
		FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::text[], $5::text[], $6::text[], $7::int[],
			$8::text[], $9::bigint[], $10::text[], $11::text[], $12::text[], $13::text[], $14::text[], $15::bigint[], $16::bigint[],
			$17::bigint[], $18::bigint[], $19::text[], $20::timestamptz[], $21::timestamptz[], $22::timestamptz[], $23::timestamptz[],
			$24::bigint[], $25::bigint[], $26::bigint[], $27::bool[], $28::bool[], $29::text[], $30::text[], $31::jsonb[])
			AS r (id, version, pbx, direction, state, disposition, cause,
			number_raw, number_e164, number_kind, number_display, caller_name, did, queue, client_id, person_id,
			answered_by, placed_by, user_ids, started_at, ring_at, answered_at, ended_at,
			wait_ms, talk_ms, hold_ms, recorded, recovered, note, subject, snapshot)
		ON CONFLICT (id) DO UPDATE SET
			version = excluded.version, pbx = excluded.pbx, direction = excluded.direction, state = excluded.state,
			disposition = excluded.disposition, cause = excluded.cause, number_raw = excluded.number_raw,
			number_e164 = excluded.number_e164, number_kind = excluded.number_kind, number_display = excluded.number_display,
			caller_name = excluded.caller_name, did = excluded.did, queue = excluded.queue,
			client_id = CASE WHEN k.client_chosen THEN k.client_id ELSE coalesce(excluded.client_id, k.client_id) END,
			person_id = CASE WHEN k.client_chosen OR excluded.client_id IS NULL AND excluded.person_id IS NULL
			                 THEN k.person_id ELSE excluded.person_id END,
			answered_by = excluded.answered_by, placed_by = excluded.placed_by, user_ids = excluded.user_ids,
			started_at = excluded.started_at, ring_at = excluded.ring_at, answered_at = excluded.answered_at,
			ended_at = excluded.ended_at, wait_ms = excluded.wait_ms, talk_ms = excluded.talk_ms, hold_ms = excluded.hold_ms,
			recorded = k.recorded OR excluded.recorded, recovered = excluded.recovered,
			note = CASE WHEN excluded.note <> '' THEN excluded.note ELSE k.note END,
			subject = excluded.subject, snapshot = excluded.snapshot, saved_at = now()
		WHERE k.version < excluded.version`

	// sqlNumberLocks makes the ends of calls and the linking of their numbers to
	// clients wait for each other; the first key is the kind of lock. The
	// numbers are in ascending order.
	sqlNumberLocks = `SELECT pg_advisory_xact_lock(1, hashint8(n)) FROM unnest($1::bigint[]) n`

	// saved are the calls k that have the version that was written just now.
	saved = `(k.id, k.version) IN (SELECT * FROM unnest($1::uuid[], $2::bigint[]))`

	// sqlCallMatched gives calls without a client the best match of their
	// number: the caller may have been put into the base while he talked, or
	// the lookup was late.
	sqlCallMatched = `UPDATE crm.call c SET client_id = m.client_id, person_id = m.person_id
		FROM crm.call k CROSS JOIN LATERAL (
			SELECT rank, client_id, person_id FROM crm.phone_lookup WHERE e164 = k.number_e164
			ORDER BY rank < 0 DESC, chosen DESC, rank, last_contact_at DESC NULLS LAST, client_id, person_id LIMIT 1) m
		WHERE c.id = k.id AND ` + saved + ` AND m.rank >= 0 AND num_nonnulls(k.client_id, k.person_id) = 0
		  AND k.direction <> 'internal' AND k.number_kind = 'external'`

	// sqlSavedActivities makes or corrects the one interaction of each call
	// (AF-01) from its record; sqlCallActivities those of calls as they are.
	sqlSavedActivities = activityOf + saved + activityRest
	sqlCallActivities  = activityOf + `k.id = ANY ($1::uuid[])` + activityRest
	activityOf         = `INSERT INTO crm.activity AS a (client_id, person_id, kind, subject, body, done_at, author_id, call_id)
		SELECT k.client_id, k.person_id, 'call', k.subject, k.note, k.started_at, coalesce(k.answered_by, k.placed_by), k.id
		FROM crm.call k WHERE `
	activityRest = ` AND k.state = 'ended' AND NOT k.test AND num_nonnulls(k.client_id, k.person_id) > 0
		ON CONFLICT (call_id) DO UPDATE SET client_id = excluded.client_id, person_id = excluded.person_id,
			subject = excluded.subject, body = excluded.body, done_at = excluded.done_at, author_id = excluded.author_id,
			updated_at = now(), version = a.version + 1`

	// sqlSavedContacts moves the last contact of the clients of answered calls,
	// in one order, so that two writers do not lock them crosswise.
	sqlSavedContacts = contactOf + saved + contactRest
	sqlLastContacts  = contactOf + `k.id = ANY ($1::uuid[])` + contactRest
	contactOf        = `UPDATE crm.client c SET last_contact_at = t.at
		FROM (SELECT k.client_id, max(k.answered_at) AS at FROM crm.call k WHERE `
	contactRest = ` AND k.disposition = 'answered' GROUP BY k.client_id ORDER BY k.client_id) t
		WHERE c.id = t.client_id AND t.at > coalesce(c.last_contact_at, '-infinity')`

	// sqlCallOutbox announces the end of each call once, with the client it has.
	sqlCallOutbox = `INSERT INTO crm.outbox (topic, dedupe, payload)
		SELECT e.topic, 'call.ended:' || k.id, e.payload || jsonb_build_object('client_id', k.client_id)
		FROM unnest($1::uuid[], $2::bigint[], $3::text[], $4::jsonb[]) e (id, version, topic, payload)
		JOIN crm.call k USING (id, version)
		ON CONFLICT (dedupe) DO NOTHING`

	sqlCallDiscard = `DELETE FROM crm.call WHERE id = $1 AND state <> 'ended'`

	sqlUnfinished = `SELECT ` + callColumns + `, k.snapshot FROM crm.call k` + callJoins + `
		WHERE k.pbx = $1 AND k.state <> 'ended' ORDER BY k.started_at, k.id`
)

const saveAttempts = 3 // against deadlocks with editors of the same client

// Save implements calllog.Writer.
func (s *CallStore) Save(ctx context.Context, records ...calllog.Record) error {
	for attempt := 1; ; attempt++ {
		if err := failure(s.save(ctx, records)); attempt == saveAttempts || !rolledBack(err) {
			return err
		}
	}
}

// Discard implements calllog.Writer.
func (s *CallStore) Discard(ctx context.Context, id string) error {
	key, err := uuid.Parse(id)
	if err != nil {
		return &crm.Error{Code: crm.CodeInvalid, Field: "id", Message: "a call id is a UUID", Err: err}
	}
	return s.db.inTx(ctx, func(tx pgx.Tx) error {
		_, err := tx.Exec(ctx, sqlCallDiscard, key)
		return err
	})
}

// rolledBack tells of errors that a second try may not meet again.
func rolledBack(err error) bool {
	var pg *pgconn.PgError
	return errors.As(err, &pg) && pg.Code[:2] == "40"
}

// save writes the records, and what follows from the end of those that ended,
// in one round trip. The server runs a batch as one transaction (PostgreSQL
// manual, 53.2.4); the statements after sqlCallSave pass over records that were
// not newer.
func (s *CallStore) save(ctx context.Context, records []calllog.Record) error {
	var calls, channels, whys, events columns
	var numbers []int64
	var concerned []uuid.UUID
	answered := false
	for _, r := range records {
		id, err := uuid.Parse(r.ID)
		if err != nil {
			return &crm.Error{Code: crm.CodeInvalid, Field: "id", Message: "a call id is a UUID", Err: err}
		}
		key, version := [16]byte(id), r.Version
		e164, _ := crm.ParseE164(r.Number.E164)
		calls.add(columnsOf(key, e164, r)...)
		if r.State != calllog.Ended {
			continue
		}
		topic, payload, err := endOf(id, r)
		if err != nil {
			return err
		}
		events.add(key, version, topic, payload)
		for _, channel := range r.Channels {
			channels.add(key, version, channel)
		}
		if len(r.Why) > 0 {
			whys.add(key, version, r.Why)
		}
		if e164 != 0 {
			numbers = append(numbers, e164)
		}
		if e164 != 0 && r.Direction != calllog.Internal {
			concerned = append(concerned, id)
		}
		answered = answered || r.Disposition == calllog.Answered
	}

	var batch pgx.Batch
	batch.Queue(sqlSavePlans)
	if len(numbers) > 0 {
		slices.Sort(numbers)
		batch.Queue(sqlNumberLocks, slices.Compact(numbers))
	}
	batch.Queue(sqlCallSave, calls...)
	var owed []obligation.Change
	if len(events) > 0 {
		ids, versions := events[0], events[1]
		if len(numbers) > 0 {
			batch.Queue(sqlCallMatched, ids, versions)
		}
		if len(channels) > 0 {
			batch.Queue(sqlCallChannels, channels...)
		}
		batch.Queue(sqlSavedActivities, ids, versions)
		if answered {
			batch.Queue(sqlSavedContacts, ids, versions)
		}
		if len(whys) > 0 {
			batch.Queue(sqlWhySave, whys...)
		}
		batch.Queue(sqlCallOutbox, events...)
	}
	if len(concerned) > 0 {
		batch.Queue(sqlObligationFollow, concerned).Query(func(rows pgx.Rows) (err error) {
			owed, err = readChanges(rows)
			return err
		})
	}
	if err := s.db.pool.SendBatch(ctx, &batch).Close(); err != nil {
		return err
	}
	s.db.tellObligations(owed)
	return nil
}

// columns are the arrays of an unnest, of []any each.
type columns []any

func (c *columns) add(row ...any) {
	if *c == nil {
		*c = make(columns, len(row))
		for i := range row {
			(*c)[i] = []any(nil)
		}
	}
	for i, value := range row {
		(*c)[i] = append((*c)[i].([]any), value)
	}
}

// endOf is what the outbox says of the end of a call.
func endOf(id uuid.UUID, r calllog.Record) (topic string, payload json.RawMessage, err error) {
	topic = "call.ended"
	if r.Direction == calllog.In && (r.Disposition == calllog.Missed || r.Disposition == calllog.Abandoned) {
		topic = "call.missed"
	}
	payload, err = json.Marshal(map[string]any{
		"call_id": id, "pbx": r.PBX, "direction": r.Direction, "disposition": r.Disposition,
		"number": r.Number.E164, "started_at": r.StartedAt, "ended_at": r.EndedAt,
	})
	if err != nil {
		return "", nil, fmt.Errorf("outbox: %w", err)
	}
	return topic, payload, nil
}

// columnsOf are those of sqlCallSave.
func columnsOf(id [16]byte, e164 int64, r calllog.Record) []any {
	var answeredBy, placedBy int64
	if r.AnsweredBy != nil {
		answeredBy = r.AnsweredBy.UserID
	}
	if r.PlacedBy != nil {
		placedBy = r.PlacedBy.UserID
	}
	snapshot := r.Snapshot
	if len(snapshot) == 0 {
		snapshot = json.RawMessage("{}")
	}
	users := make([]string, len(r.UserIDs))
	for i, user := range r.UserIDs {
		users[i] = strconv.FormatInt(user, 10)
	}
	return []any{id, r.Version, r.PBX, r.Direction, r.State, r.Disposition, r.Cause,
		r.Number.Raw, e164, r.Number.Kind, r.Number.Display, r.CallerName, r.DID, r.Queue, r.ClientID, r.PersonID,
		answeredBy, placedBy, strings.Join(users, ","), r.StartedAt, r.RingAt, r.AnsweredAt, r.EndedAt,
		r.WaitMS, r.TalkMS, r.HoldMS, r.Recorded, r.Recovered, r.Note, r.Subject, snapshot}
}

// follow writes what follows from ended calls with a client.
func follow(ctx context.Context, db *DB, tx pgx.Tx, calls []uuid.UUID) error {
	if _, err := tx.Exec(ctx, sqlCallActivities, calls); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, sqlLastContacts, calls); err != nil {
		return err
	}
	return followObligations(ctx, db, tx, calls)
}

type unfinishedRow struct {
	callRow
	Snapshot json.RawMessage
}

// Unfinished implements calllog.Writer.
func (s *CallStore) Unfinished(ctx context.Context, pbx string) ([]calllog.Record, error) {
	sql, args := scoped(crm.System(), sqlUnfinished, pbx)
	rows, err := all[unfinishedRow](ctx, s.db.pool, sql, args...)
	records := make([]calllog.Record, len(rows))
	for i, r := range rows {
		records[i] = r.record()
		records[i].Snapshot = r.Snapshot
	}
	return records, err
}
