package postgres

import (
	"context"
	"encoding/json"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ringcard/crm"
	"ringcard/crm/recording"
)

// RecordingStore keeps recordings of calls.
type RecordingStore struct{ db *DB }

var (
	_ recording.Log     = (*RecordingStore)(nil)
	_ recording.Archive = (*RecordingStore)(nil)
	_ recording.Work    = (*RecordingStore)(nil)
	_ recording.Shelf   = (*RecordingStore)(nil)
	_ recording.Finds   = (*RecordingStore)(nil)
)

// NewRecordingStore makes a store on the pool.
func NewRecordingStore(db *DB) *RecordingStore { return &RecordingStore{db: db} }

const (
	recordingColumns = `r.id, r.call_id, r.pbx, r.state, r.reason, r.detail, r.origin, r.started_by, coalesce(e.name, '') AS started_by_name,
		r.started_at, r.ended_at, r.duration_ms, r.size, r.format, r.channels, r.sha256, r.key, r.attempts, r.retry_at,
		ARRAY(SELECT DISTINCT u FROM unnest(r.user_ids || coalesce(k.user_ids, '{}')) u ORDER BY u) AS users,
		(SELECT coalesce(jsonb_agg(jsonb_build_object('Seq', p.seq, 'Source', p.source, 'Name', p.name, 'Channel', p.channel,
				'StartedAt', p.started_at, 'EndedAt', p.ended_at, 'Failed', p.failed, 'Key', p.key, 'Size', p.size, 'Gone', p.gone)
				ORDER BY p.seq), '[]')
		 FROM crm.recording_part p WHERE p.recording_id = r.id) AS parts`
	recordingJoins = ` LEFT JOIN crm.call k ON k.id = r.call_id LEFT JOIN crm.employee e ON e.id = r.started_by`

	sqlRecording = `SELECT ` + recordingColumns + ` FROM crm.recording r` + recordingJoins + ` WHERE r.id = $1`
	// sqlRecordingSeen is for users: without the right to see all calls it
	// takes a record of the call that names them.
	sqlRecordingSeen = sqlRecording + ` AND {calls:k}`

	// sqlRecordingSave writes nothing once the engine has let go of it, or
	// when a version as new is there.
	sqlRecordingSave = `INSERT INTO crm.recording AS r (id, version, call_id, pbx, state, reason, detail, origin, started_by,
			started_at, ended_at, retry_at, at_pbx, user_ids)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, (SELECT id FROM crm.employee WHERE id = $9::bigint), $10, $11,
			CASE WHEN $5 IN ('stored_at_pbx', 'failed') AND $12 THEN coalesce($11::timestamptz, now()) END, $12, coalesce($13::bigint[], '{}'))
		ON CONFLICT (id) DO UPDATE SET version = excluded.version, call_id = excluded.call_id, state = excluded.state,
			reason = excluded.reason, detail = excluded.detail, ended_at = excluded.ended_at, retry_at = excluded.retry_at,
			at_pbx = excluded.at_pbx, user_ids = ARRAY(SELECT DISTINCT unnest(r.user_ids || excluded.user_ids)), updated_at = now()
		WHERE r.version < excluded.version AND r.state IN ('recording', 'paused')`
	sqlRecordingPartSave = `INSERT INTO crm.recording_part (recording_id, seq, source, name, channel, started_at, ended_at, failed)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
		ON CONFLICT (recording_id, seq) DO UPDATE SET ended_at = excluded.ended_at, failed = excluded.failed`
	sqlRecordingsUnfinished = `SELECT ` + recordingColumns + `, r.version FROM crm.recording r` + recordingJoins + `
		WHERE r.pbx = $1 AND r.state IN ('recording', 'paused') ORDER BY r.started_at, r.id`
	sqlRecordingMove = `UPDATE crm.recording SET call_id = $2, updated_at = now() WHERE call_id = $1`
	// sqlCallRecorded marks the record of a call; it may not be written yet.
	sqlCallRecorded = `UPDATE crm.call SET recorded = true WHERE id = $1 AND NOT recorded`

	sqlRecordingWaveform = `SELECT coalesce(waveform, '{"channels":[]}') FROM crm.recording WHERE id = $1`

	// sqlListenedAgain adds to a listening of late, so that seeking is not
	// taken for listening again.
	sqlListenedAgain = `UPDATE crm.recording_listening SET last_at = $5, requests = requests + 1
		WHERE id = (SELECT id FROM crm.recording_listening
		            WHERE recording_id = $1 AND user_id IS NOT DISTINCT FROM nullif($2::bigint, 0) AND via = $3 AND address = $4
		              AND last_at > $6 ORDER BY id DESC LIMIT 1)`
	sqlListened = `INSERT INTO crm.recording_listening (recording_id, user_id, via, address, at, last_at)
		VALUES ($1, nullif($2::bigint, 0), $3, $4, $5, $5)`
	sqlListenings = `SELECT l.id, l.recording_id, coalesce(l.user_id, 0) AS user_id, coalesce(e.name, '') AS name, l.via, l.address,
			l.at, l.last_at, l.requests
		FROM crm.recording_listening l LEFT JOIN crm.employee e ON e.id = l.user_id
		WHERE l.recording_id = $1 AND ($2::bigint = 0 OR l.id < $2) ORDER BY l.id DESC LIMIT $3`

	sqlLinkKeyInsert = `INSERT INTO crm.setting (name, value) VALUES ('recordings.link_key', to_jsonb(encode($1::bytea, 'hex')))
		ON CONFLICT (name) DO NOTHING`
	sqlLinkKey = `SELECT decode(value #>> '{}', 'hex') FROM crm.setting WHERE name = 'recordings.link_key'`
)

type recordingRow struct {
	ID, CallID    uuid.UUID
	PBX           string `db:"pbx"`
	State         recording.State
	Reason        recording.Reason
	Detail        string
	Origin        recording.Origin
	StartedBy     *int64
	StartedByName string
	StartedAt     time.Time
	EndedAt       *time.Time
	DurationMS    int64 `db:"duration_ms"`
	Size          int64
	Format        string
	Channels      int
	SHA256        string `db:"sha256"`
	Key           string
	Attempts      int
	RetryAt       *time.Time
	Users         []int64
	Parts         []recording.Part
}

func (r recordingRow) recording() recording.Recording {
	out := recording.Recording{
		ID: r.ID.String(), CallID: r.CallID.String(), PBX: r.PBX, State: r.State, Reason: r.Reason, Detail: r.Detail,
		Origin: r.Origin, StartedAt: r.StartedAt, EndedAt: r.EndedAt, DurationMS: r.DurationMS, Size: r.Size,
		Format: r.Format, Channels: r.Channels, SHA256: r.SHA256, Key: r.Key, Attempts: r.Attempts, RetryAt: r.RetryAt,
		Users: r.Users, Parts: r.Parts,
	}
	if r.StartedBy != nil {
		out.StartedBy = &recording.Party{UserID: *r.StartedBy, Name: r.StartedByName}
	}
	return out
}

func recordingID(id string) (uuid.UUID, error) {
	key, err := uuid.Parse(id)
	if err != nil {
		return key, &crm.Error{Code: crm.CodeInvalid, Field: "id", Message: "a recording's id is a UUID", Err: err}
	}
	return key, nil
}

// Save implements recording.Log.
func (s *RecordingStore) Save(ctx context.Context, p recording.Progress) (recording.Recording, error) {
	id, err := recordingID(p.ID)
	if err != nil {
		return recording.Recording{}, err
	}
	call, err := callID(p.CallID)
	if err != nil {
		return recording.Recording{}, err
	}
	var row recordingRow
	err = s.db.inTx(ctx, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, sqlRecordingSave, id, p.Version, call, p.PBX, p.State, p.Reason, p.Detail, p.Origin, p.UserID,
			p.StartedAt, p.EndedAt, len(p.Parts) > 0, p.Users)
		if err != nil {
			return err
		}
		if tag.RowsAffected() > 0 {
			if err := savePartsAndCall(ctx, tx, id, call, p.Parts); err != nil {
				return err
			}
		}
		row, err = one[recordingRow](ctx, tx, "recording", sqlRecording, id)
		return err
	})
	return row.recording(), err
}

func savePartsAndCall(ctx context.Context, tx pgx.Tx, id, call uuid.UUID, parts []recording.Part) error {
	batch := &pgx.Batch{}
	for _, part := range parts {
		batch.Queue(sqlRecordingPartSave, id, part.Seq, part.Source, part.Name, part.Channel, part.StartedAt, part.EndedAt, part.Failed)
	}
	if len(parts) > 0 {
		batch.Queue(sqlCallRecorded, call)
	}
	return tx.SendBatch(ctx, batch).Close()
}

// Unfinished implements recording.Log.
func (s *RecordingStore) Unfinished(ctx context.Context, pbx string) ([]recording.Progress, error) {
	rows, err := all[struct {
		recordingRow
		Version int64
	}](ctx, s.db.pool, sqlRecordingsUnfinished, pbx)
	out := make([]recording.Progress, len(rows))
	for i, r := range rows {
		out[i] = recording.Progress{
			ID: r.ID.String(), Version: r.Version, CallID: r.CallID.String(), PBX: r.PBX, State: r.State, Reason: r.Reason,
			Detail: r.Detail, Origin: r.Origin, StartedAt: r.StartedAt, EndedAt: r.EndedAt, Parts: r.Parts,
		}
		if r.StartedBy != nil {
			out[i].UserID = *r.StartedBy
		}
	}
	return out, err
}

// Move implements recording.Log.
func (s *RecordingStore) Move(ctx context.Context, fromCall, toCall string) error {
	from, err := callID(fromCall)
	if err != nil {
		return err
	}
	to, err := callID(toCall)
	if err != nil {
		return err
	}
	return s.db.inTx(ctx, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, sqlRecordingMove, from, to)
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		_, err = tx.Exec(ctx, sqlCallRecorded, to)
		return err
	})
}

type recordingCursor struct {
	At time.Time `json:"t"`
	ID uuid.UUID `json:"i"`
}

// List implements recording.Archive.
func (s *RecordingStore) List(ctx context.Context, actor crm.Actor, rq recording.Query) (crm.Page[recording.Recording], error) {
	var none crm.Page[recording.Recording]
	sql, args, err := recordingsSQL(rq)
	if err != nil {
		return none, err
	}
	sql, args = scoped(actor, sql, args...)
	rows, err := all[recordingRow](ctx, s.db.pool, sql, args...)
	if err != nil {
		return none, err
	}
	page := crm.NewPage(rows, crm.PageRequest{Limit: rq.Limit}.Size(), func(r recordingRow) any { return recordingCursor{r.StartedAt, r.ID} })
	out := crm.Page[recording.Recording]{Items: make([]recording.Recording, len(page.Items)), NextCursor: page.NextCursor}
	for i, r := range page.Items {
		out.Items[i] = r.recording()
	}
	return out, nil
}

func recordingsSQL(rq recording.Query) (string, []any, error) {
	q := &query{}
	q.and("{calls:k}")
	if !rq.From.IsZero() {
		q.and("r.started_at >= " + q.arg(rq.From))
	}
	if !rq.To.IsZero() {
		q.and("r.started_at < " + q.arg(rq.To))
	}
	if len(rq.States) > 0 {
		q.and("r.state = ANY (" + q.arg(rq.States) + "::text[])")
	}
	if rq.CallID != "" {
		id, err := callID(rq.CallID)
		if err != nil {
			return "", nil, err
		}
		q.and("r.call_id = " + q.arg(id))
	}
	if rq.UserID != 0 {
		q.and("k.user_ids @> ARRAY[" + q.arg(rq.UserID) + "::bigint]")
	}
	if rq.Cursor != "" {
		var c recordingCursor
		if err := crm.DecodeCursor(rq.Cursor, &c); err != nil {
			return "", nil, err
		}
		q.and("(r.started_at, r.id) < (" + q.arg(c.At) + "::timestamptz, " + q.arg(c.ID) + "::uuid)")
	}
	n := q.arg(crm.PageRequest{Limit: rq.Limit}.Size() + 1)
	return `SELECT ` + recordingColumns + ` FROM crm.recording r` + recordingJoins + ` WHERE ` + q.conditions() + `
		ORDER BY r.started_at DESC, r.id DESC LIMIT ` + n, q.args, nil
}

// Get implements recording.Archive.
func (s *RecordingStore) Get(ctx context.Context, actor crm.Actor, id string) (recording.Recording, error) {
	key, err := recordingID(id)
	if err != nil {
		return recording.Recording{}, err
	}
	sql, args := scoped(actor, sqlRecordingSeen, key)
	row, err := one[recordingRow](ctx, s.db.pool, "recording", sql, args...)
	return row.recording(), err
}

// Waveform implements recording.Archive.
func (s *RecordingStore) Waveform(ctx context.Context, id string) (recording.Waveform, error) {
	var w recording.Waveform
	key, err := recordingID(id)
	if err != nil {
		return w, err
	}
	var text []byte
	if err := s.db.pool.QueryRow(ctx, sqlRecordingWaveform, key).Scan(&text); err != nil {
		return w, failure(err)
	}
	return w, json.Unmarshal(text, &w)
}

// Listened implements recording.Archive.
func (s *RecordingStore) Listened(ctx context.Context, l recording.Listening, window time.Duration) error {
	id, err := recordingID(l.RecordingID)
	if err != nil {
		return err
	}
	return s.db.inTx(ctx, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, sqlListenedAgain, id, l.User.UserID, l.Via, l.Address, l.At, l.At.Add(-window))
		if err != nil || tag.RowsAffected() > 0 {
			return err
		}
		if _, err := tx.Exec(ctx, sqlListened, id, l.User.UserID, l.Via, l.Address, l.At); err != nil {
			return err
		}
		return auditKey(ctx, tx, crm.Actor{UserID: l.User.UserID}, "recording.listen", "recording", id.String(),
			map[string]any{"via": l.Via, "address": l.Address})
	})
}

// Listenings implements recording.Archive.
func (s *RecordingStore) Listenings(ctx context.Context, id string, page crm.PageRequest) (crm.Page[recording.Listening], error) {
	var none crm.Page[recording.Listening]
	key, err := recordingID(id)
	if err != nil {
		return none, err
	}
	var after int64
	if page.Cursor != "" {
		if err := crm.DecodeCursor(page.Cursor, &after); err != nil {
			return none, err
		}
	}
	rows, err := all[struct {
		ID          int64
		RecordingID uuid.UUID
		UserID      int64
		Name        string
		Via         recording.Via
		Address     string
		At, LastAt  time.Time
		Requests    int
	}](ctx, s.db.pool, sqlListenings, key, after, page.Size()+1)
	if err != nil {
		return none, err
	}
	out := make([]recording.Listening, len(rows))
	for i, r := range rows {
		out[i] = recording.Listening{ID: r.ID, RecordingID: r.RecordingID.String(), User: recording.Party{UserID: r.UserID, Name: r.Name},
			Via: r.Via, Address: r.Address, At: r.At, LastAt: r.LastAt, Requests: r.Requests}
	}
	return crm.NewPage(out, page.Size(), func(l recording.Listening) any { return l.ID }), nil
}

// LinkKey implements recording.Archive.
func (s *RecordingStore) LinkKey(ctx context.Context, fresh []byte) ([]byte, error) {
	if _, err := s.db.pool.Exec(ctx, sqlLinkKeyInsert, fresh); err != nil {
		return nil, failure(err)
	}
	var key []byte
	err := s.db.pool.QueryRow(ctx, sqlLinkKey).Scan(&key)
	return key, failure(err)
}
