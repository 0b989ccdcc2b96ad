package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

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
	// sqlCallSave writes nothing when a version as new is there. What a user
	// chose, and a client found at the end, is not undone by later versions.
	// Ids of records that do not exist are left out.
	sqlCallSave = `INSERT INTO crm.call AS k (id, version, pbx, direction, state, disposition, cause,
			number_raw, number_e164, number_kind, number_display, caller_name, did, queue, client_id, person_id,
			answered_by, placed_by, user_ids, started_at, ring_at, answered_at, ended_at,
			wait_ms, talk_ms, hold_ms, recorded, recovered, note, subject, snapshot)
		VALUES ($1, $2, $3, $4, $5, nullif($6, ''), $7, $8, nullif($9::bigint, 0), $10, $11, $12, $13, $14,
			(SELECT id FROM crm.client WHERE id = $15::bigint), (SELECT id FROM crm.person WHERE id = $16::bigint),
			(SELECT id FROM crm.employee WHERE id = $17::bigint), (SELECT id FROM crm.employee WHERE id = $18::bigint),
			$19::bigint[], $20, $21, $22, $23, $24, $25, $26, $27, $28, $29, $30, $31)
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

	// sqlNumberLock makes the end of a call and the linking of its number to a
	// client wait for each other; the first key is the kind of lock.
	sqlNumberLock = `SELECT pg_advisory_xact_lock(1, hashint8($1))`

	// sqlCallMatched gives a call without a client the best match of its
	// number: the caller may have been put into the base while he talked, or
	// the lookup was late.
	sqlCallMatched = `UPDATE crm.call k SET client_id = m.client_id, person_id = m.person_id
		FROM (SELECT rank, client_id, person_id FROM crm.phone_lookup WHERE e164 = $3
		      ORDER BY rank < 0 DESC, chosen DESC, rank, last_contact_at DESC NULLS LAST, client_id, person_id LIMIT 1) m
		WHERE k.id = $1 AND k.version = $2 AND m.rank >= 0 AND num_nonnulls(k.client_id, k.person_id) = 0
		  AND k.direction <> 'internal' AND k.number_kind = 'external'`

	// What follows from an ended call is said of one, with the version that its
	// record must have, and of many. Of one, because by a key alone the server
	// keeps its plan; for an array of any length it plans anew each time.

	// sqlCallActivity makes or corrects the one interaction of a call (AF-01)
	// from its record.
	sqlCallActivity   = activityOf + `k.id = $1 AND k.version = $2` + activityRest
	sqlCallActivities = activityOf + `k.id = ANY ($1::uuid[])` + activityRest
	activityOf        = `INSERT INTO crm.activity AS a (client_id, person_id, kind, subject, body, done_at, author_id, call_id)
		SELECT k.client_id, k.person_id, 'call', k.subject, k.note, k.started_at, coalesce(k.answered_by, k.placed_by), k.id
		FROM crm.call k WHERE `
	activityRest = ` AND k.state = 'ended' AND NOT k.test AND num_nonnulls(k.client_id, k.person_id) > 0
		ON CONFLICT (call_id) DO UPDATE SET client_id = excluded.client_id, person_id = excluded.person_id,
			subject = excluded.subject, body = excluded.body, done_at = excluded.done_at, author_id = excluded.author_id,
			updated_at = now(), version = a.version + 1`
	// sqlLastContact moves the last contact of the client of an answered call.
	sqlLastContact = `UPDATE crm.client c SET last_contact_at = k.answered_at FROM crm.call k
		WHERE k.id = $1 AND k.version = $2 AND k.disposition = 'answered'
		  AND c.id = k.client_id AND k.answered_at > coalesce(c.last_contact_at, '-infinity')`
	sqlLastContacts = `UPDATE crm.client c SET last_contact_at = k.at
		FROM (SELECT client_id, max(answered_at) AS at FROM crm.call
		      WHERE id = ANY ($1::uuid[]) AND disposition = 'answered' GROUP BY client_id) k
		WHERE c.id = k.client_id AND k.at > coalesce(c.last_contact_at, '-infinity')`

	// sqlCallOutbox announces the end of a call once, with the client it has.
	sqlCallOutbox = `INSERT INTO crm.outbox (topic, dedupe, payload)
		SELECT $3, 'call.ended:' || k.id, $4::jsonb || jsonb_build_object('client_id', k.client_id)
		FROM crm.call k WHERE k.id = $1 AND k.version = $2
		ON CONFLICT (dedupe) DO NOTHING`

	sqlCallDiscard = `DELETE FROM crm.call WHERE id = $1 AND state <> 'ended'`

	sqlUnfinished = `SELECT ` + callColumns + `, k.snapshot FROM crm.call k` + callJoins + `
		WHERE k.pbx = $1 AND k.state <> 'ended' ORDER BY k.started_at, k.id`
)

const saveAttempts = 3 // against deadlocks with editors of the same client

// Save implements calllog.Writer.
func (s *CallStore) Save(ctx context.Context, r calllog.Record, subject string) error {
	id, err := uuid.Parse(r.ID)
	if err != nil {
		return &crm.Error{Code: crm.CodeInvalid, Field: "id", Message: "a call id is a UUID", Err: err}
	}
	for attempt := 1; ; attempt++ {
		if err = failure(s.save(ctx, id, r, subject)); attempt == saveAttempts || !rolledBack(err) {
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

// save sends the record and what follows from its end in one round trip. The
// server runs a batch as one transaction (PostgreSQL manual, 53.2.4); each
// statement after the first writes nothing when the record was not newer.
func (s *CallStore) save(ctx context.Context, id uuid.UUID, r calllog.Record, subject string) error {
	e164, _ := crm.ParseE164(r.Number.E164)
	args := saveArgs(id, e164, r, subject)
	if r.State != calllog.Ended {
		_, err := s.db.pool.Exec(ctx, sqlCallSave, args...)
		return err
	}
	topic := "call.ended"
	if r.Direction == calllog.In && (r.Disposition == calllog.Missed || r.Disposition == calllog.Abandoned) {
		topic = "call.missed"
	}
	event, err := json.Marshal(map[string]any{
		"call_id": id, "pbx": r.PBX, "direction": r.Direction, "disposition": r.Disposition,
		"number": r.Number.E164, "started_at": r.StartedAt, "ended_at": r.EndedAt,
	})
	if err != nil {
		return fmt.Errorf("outbox: %w", err)
	}
	var batch pgx.Batch
	if e164 != 0 {
		batch.Queue(sqlNumberLock, e164)
	}
	batch.Queue(sqlCallSave, args...)
	if e164 != 0 {
		batch.Queue(sqlCallMatched, id, r.Version, e164)
	}
	if len(r.Channels) > 0 {
		batch.Queue(sqlCallChannels, id, r.Version, r.Channels)
	}
	batch.Queue(sqlCallActivity, id, r.Version)
	if r.Disposition == calllog.Answered {
		batch.Queue(sqlLastContact, id, r.Version)
	}
	queueWhy(&batch, id, r)
	batch.Queue(sqlCallOutbox, id, r.Version, topic, event)
	var owed []obligation.Change
	if e164 != 0 && r.Direction != calllog.Internal {
		batch.Queue(sqlObligationFollow, []uuid.UUID{id}).Query(func(rows pgx.Rows) (err error) {
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

func saveArgs(id uuid.UUID, e164 int64, r calllog.Record, subject string) []any {
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
	users := r.UserIDs
	if users == nil {
		users = []int64{}
	}
	return []any{id, r.Version, r.PBX, r.Direction, r.State, r.Disposition, r.Cause,
		r.Number.Raw, e164, r.Number.Kind, r.Number.Display, r.CallerName, r.DID, r.Queue, r.ClientID, r.PersonID,
		answeredBy, placedBy, users, r.StartedAt, r.RingAt, r.AnsweredAt, r.EndedAt,
		r.WaitMS, r.TalkMS, r.HoldMS, r.Recorded, r.Recovered, r.Note, subject, snapshot}
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

// callColumns of a call k; the joins are those of callJoins. The client is
// shown to those who may see it, and while it lives.
const (
	callColumns = `k.id, k.version, k.pbx, k.direction, k.state, coalesce(k.disposition, '') AS disposition, k.cause,
		k.number_raw, k.number_e164, k.number_kind, k.number_display, k.caller_name, k.did, k.queue,
		coalesce(c.id, 0) AS client_id, coalesce(c.name, '') AS client_name,
		coalesce(h.id, 0) AS person_id, coalesce(h.name, '') AS person_name,
		k.answered_by, coalesce(ua.name, '') AS answered_name, k.placed_by, coalesce(up.name, '') AS placed_name,
		k.user_ids, k.started_at, k.ring_at, k.answered_at, k.ended_at, k.wait_ms, k.talk_ms, k.hold_ms,
		k.recorded, k.recovered, k.note, coalesce(n.spam, false) AS spam, coalesce(a.id, 0) AS interaction, k.test,
		k.transferred, coalesce(wr.id, 0) AS wrap_up_id, coalesce(wr.name_ru, '') AS wrap_up_ru, coalesce(wr.name_en, '') AS wrap_up_en,
		coalesce(wr.color, '') AS wrap_up_color, k.wrapup_by AS wrap_up_by, coalesce(uw.name, '') AS wrap_up_name,
		k.wrapup_at AS wrap_up_at, k.next_contact_at`
	callJoins = `
		LEFT JOIN crm.client c ON c.id = k.client_id AND c.deleted_at IS NULL AND {clients:c}
		LEFT JOIN crm.person h ON h.id = k.person_id AND h.deleted_at IS NULL AND (k.client_id IS NULL OR c.id IS NOT NULL)
		LEFT JOIN crm.employee ua ON ua.id = k.answered_by
		LEFT JOIN crm.employee up ON up.id = k.placed_by
		LEFT JOIN crm.number_mark n ON n.e164 = k.number_e164
		LEFT JOIN crm.activity a ON a.call_id = k.id
		LEFT JOIN crm.wrapup_result wr ON wr.id = k.wrapup_id
		LEFT JOIN crm.employee uw ON uw.id = k.wrapup_by`
)

type callRow struct {
	ID            uuid.UUID
	Version       int64
	PBX           string
	Direction     string
	State         string
	Disposition   string
	Cause         int
	NumberRaw     string
	NumberE164    *int64
	NumberKind    string
	NumberDisplay string
	CallerName    string
	DID           string
	Queue         string
	ClientID      int64
	ClientName    string
	PersonID      int64
	PersonName    string
	AnsweredBy    *int64
	AnsweredName  string
	PlacedBy      *int64
	PlacedName    string
	UserIDs       []int64
	StartedAt     time.Time
	RingAt        *time.Time
	AnsweredAt    *time.Time
	EndedAt       *time.Time
	WaitMS        int64
	TalkMS        int64
	HoldMS        int64
	Recorded      bool
	Recovered     bool
	Note          string
	Spam          bool
	Interaction   int64
	Test          bool
	Transferred   bool
	WrapUpID      int64
	WrapUpRU      string
	WrapUpEN      string
	WrapUpColor   string
	WrapUpBy      *int64
	WrapUpName    string
	WrapUpAt      *time.Time
	NextContactAt *time.Time
}

func (r callRow) record() calllog.Record {
	return calllog.Record{
		ID: r.ID.String(), Version: r.Version, PBX: r.PBX, Direction: r.Direction, State: r.State,
		Disposition: r.Disposition, Cause: r.Cause,
		Number:     calllog.Number{Raw: r.NumberRaw, E164: crm.E164Text(deref(r.NumberE164)), Display: r.NumberDisplay, Kind: r.NumberKind},
		CallerName: r.CallerName, DID: r.DID, Queue: r.Queue,
		ClientID: r.ClientID, ClientName: r.ClientName, PersonID: r.PersonID, PersonName: r.PersonName,
		AnsweredBy: party(r.AnsweredBy, r.AnsweredName), PlacedBy: party(r.PlacedBy, r.PlacedName), UserIDs: r.UserIDs,
		StartedAt: r.StartedAt, RingAt: r.RingAt, AnsweredAt: r.AnsweredAt, EndedAt: r.EndedAt,
		WaitMS: r.WaitMS, TalkMS: r.TalkMS, HoldMS: r.HoldMS, Recorded: r.Recorded, Recovered: r.Recovered,
		Note: r.Note, Spam: r.Spam, Interaction: r.Interaction, Test: r.Test, Transferred: r.Transferred, WrapUp: r.wrapUp(),
	}
}

func (r callRow) wrapUp() *calllog.WrapUpDone {
	if r.WrapUpAt == nil {
		return nil
	}
	return &calllog.WrapUpDone{
		ResultID: r.WrapUpID, NameRU: r.WrapUpRU, NameEN: r.WrapUpEN, Color: r.WrapUpColor,
		ByID: deref(r.WrapUpBy), ByName: r.WrapUpName, At: *r.WrapUpAt, NextContactAt: r.NextContactAt,
	}
}

func party(id *int64, name string) *calllog.Party {
	if id == nil {
		return nil
	}
	return &calllog.Party{UserID: *id, Name: name}
}

// callID reads the id of a call; what is no UUID names no call.
func callID(text string) (uuid.UUID, error) {
	id, err := uuid.Parse(text)
	if err != nil {
		return id, fmt.Errorf("%w: %w", crm.NotFound("call"), err)
	}
	return id, nil
}
