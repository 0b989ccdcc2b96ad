package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/jackc/pgx/v5"

	"ringcard/crm"
	"ringcard/crm/recording"
)

const (
	// sqlRecordingClaim takes one that is due, or one whose fetcher died.
	sqlRecordingClaim = `UPDATE crm.recording SET state = 'fetching', leased_until = $3, attempts = attempts + 1, updated_at = now()
		WHERE id = (SELECT id FROM crm.recording
		            WHERE pbx = ANY ($1::text[]) AND (state IN ('stored_at_pbx', 'failed') AND retry_at <= $2 OR state = 'fetching' AND leased_until < $2)
		            ORDER BY retry_at LIMIT 1 FOR UPDATE SKIP LOCKED)
		RETURNING id`
	sqlRecordingPartStored = `UPDATE crm.recording_part SET key = $3, size = $4, gone = $5 WHERE recording_id = $1 AND seq = $2`
	sqlRecordingArrived    = `UPDATE crm.recording SET state = 'ready', reason = $2, detail = '', key = $3, size = $4, sha256 = $5, format = 'wav',
			channels = $6, duration_ms = $7, waveform = $8, retry_at = NULL, leased_until = NULL, updated_at = now()
		WHERE id = $1 AND state = 'fetching' RETURNING call_id, pbx`
	sqlRecordingPartsJoined = `UPDATE crm.recording_part SET key = '' WHERE recording_id = $1`
	sqlRecordingPutOff      = `UPDATE crm.recording SET state = $2, reason = $3, detail = $4, retry_at = $5, leased_until = NULL, updated_at = now()
		WHERE id = $1 AND state IN ('fetching', 'stored_at_pbx', 'failed')`
	sqlRecordingLeftovers = `SELECT ` + recordingColumns + ` FROM crm.recording r` + recordingJoins + `
		WHERE r.at_pbx AND r.state IN ('ready', 'missing', 'deleted') AND r.pbx = ANY ($1::text[]) ORDER BY r.id LIMIT $2`
	sqlRecordingCleaned = `UPDATE crm.recording SET at_pbx = false WHERE id = $1`

	sqlRecordingDiscard = `UPDATE crm.recording SET state = 'deleted', deleted_at = now(), key = '', waveform = NULL, retry_at = NULL, updated_at = now()
		WHERE id = $1 AND state = $2`
	sqlRecordingMark   = `UPDATE crm.recording SET state = $3, updated_at = now() WHERE id = $1 AND state = $2`
	sqlRecordingStored = `SELECT ` + recordingColumns + ` FROM crm.recording r` + recordingJoins + `
		WHERE r.state IN ('ready', 'missing') AND ($1::uuid IS NULL OR r.id > $1) ORDER BY r.id LIMIT $2`
	sqlRecordingExpired = `SELECT ` + recordingColumns + ` FROM crm.recording r` + recordingJoins + `
		WHERE r.started_at < $1 AND r.state IN ('ready', 'missing', 'failed', 'stored_at_pbx') ORDER BY r.started_at, r.id LIMIT $2`
	sqlRecordingKnown = `SELECT r.key, r.state FROM crm.recording r WHERE r.key = ANY ($1::text[]) AND r.key <> ''
		UNION SELECT p.key, r.state FROM crm.recording_part p JOIN crm.recording r ON r.id = p.recording_id
		WHERE p.key = ANY ($1::text[]) AND p.key <> ''`

	// sqlCallOfChannel looks at the calls of two days only: their channels are
	// in no index.
	sqlCallOfChannel = `SELECT k.id FROM crm.call k
		WHERE k.pbx = $1 AND k.state = 'ended' AND k.started_at > $3::timestamptz - interval '1 day' AND k.started_at < $3::timestamptz + interval '1 day'
		  AND EXISTS (SELECT FROM jsonb_array_elements(coalesce(k.snapshot -> 'legs', '[]')) leg
		              WHERE leg ->> 'id' = ANY ($2::text[]) OR leg ->> 'linked_id' = ANY ($2::text[]))
		ORDER BY abs(extract(epoch FROM k.started_at - $3)) LIMIT 1`
	sqlRecordingNew = `SELECT i.id FROM unnest($1::uuid[]) i(id) WHERE NOT EXISTS (SELECT FROM crm.recording r WHERE r.id = i.id)`
	sqlRecordingAdd = `INSERT INTO crm.recording (id, version, call_id, pbx, state, origin, started_at, ended_at, retry_at)
		VALUES ($1, 1, $2, $3, 'stored_at_pbx', $4, $5, $6, $6) ON CONFLICT (id) DO NOTHING`
)

// Claim implements recording.Work.
func (s *RecordingStore) Claim(ctx context.Context, pbxs []string, now time.Time, lease time.Duration) (recording.Recording, bool, error) {
	var row recordingRow
	err := s.db.inTx(ctx, func(tx pgx.Tx) error {
		var id uuid.UUID
		if err := tx.QueryRow(ctx, sqlRecordingClaim, pbxs, now, now.Add(lease)).Scan(&id); err != nil {
			return err
		}
		var err error
		row, err = one[recordingRow](ctx, tx, "recording", sqlRecording, id)
		return err
	})
	if errors.Is(err, pgx.ErrNoRows) {
		return recording.Recording{}, false, nil
	}
	return row.recording(), err == nil, err
}

// PartStored implements recording.Work.
func (s *RecordingStore) PartStored(ctx context.Context, id string, p recording.Part) error {
	key, err := recordingID(id)
	if err != nil {
		return err
	}
	return failure(mustAffect(ctx, s.db.pool, "part of the recording", sqlRecordingPartStored, key, p.Seq, p.Key, p.Size, p.Gone))
}

// Arrived implements recording.Work.
func (s *RecordingStore) Arrived(ctx context.Context, id string, a recording.Arrival) error {
	key, err := recordingID(id)
	if err != nil {
		return err
	}
	waveform, err := json.Marshal(a.Waveform)
	if err != nil {
		return fmt.Errorf("waveform: %w", err)
	}
	return s.db.inTx(ctx, func(tx pgx.Tx) error {
		var call uuid.UUID
		var pbx string
		err := tx.QueryRow(ctx, sqlRecordingArrived, key, a.Reason, a.Key, a.Size, a.SHA256, a.Scanned.Channels,
			a.Scanned.DurationMS, waveform).Scan(&call, &pbx)
		if errors.Is(err, pgx.ErrNoRows) {
			return crm.Errorf(crm.CodeConflict, "the recording is no longer being fetched")
		}
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, sqlRecordingPartsJoined, key); err != nil {
			return err
		}
		return publish(ctx, tx, "recording.ready", "recording.ready:"+key.String(), map[string]any{
			"recording_id": key, "call_id": call, "pbx": pbx, "duration_ms": a.Scanned.DurationMS, "size": a.Size,
		})
	})
}

// PutOff implements recording.Work.
func (s *RecordingStore) PutOff(ctx context.Context, id string, to recording.State, reason recording.Reason, detail string, retry *time.Time) error {
	key, err := recordingID(id)
	if err != nil {
		return err
	}
	return failure(mustAffect(ctx, s.db.pool, "recording to be fetched", sqlRecordingPutOff, key, to, reason, detail, retry))
}

// Leftovers implements recording.Work.
func (s *RecordingStore) Leftovers(ctx context.Context, pbxs []string, limit int) ([]recording.Recording, error) {
	return s.recordings(ctx, sqlRecordingLeftovers, pbxs, limit)
}

// Cleaned implements recording.Work.
func (s *RecordingStore) Cleaned(ctx context.Context, id string) error {
	key, err := recordingID(id)
	if err != nil {
		return err
	}
	_, err = s.db.pool.Exec(ctx, sqlRecordingCleaned, key)
	return failure(err)
}

func (s *RecordingStore) recordings(ctx context.Context, sql string, args ...any) ([]recording.Recording, error) {
	rows, err := all[recordingRow](ctx, s.db.pool, sql, args...)
	out := make([]recording.Recording, len(rows))
	for i, r := range rows {
		out[i] = r.recording()
	}
	return out, err
}

// Discard implements recording.Shelf.
func (s *RecordingStore) Discard(ctx context.Context, actor crm.Actor, id string, from recording.State) error {
	key, err := recordingID(id)
	if err != nil {
		return err
	}
	return s.db.inTx(ctx, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, sqlRecordingDiscard, key, from)
		if err != nil {
			return err
		}
		if tag.RowsAffected() == 0 {
			return crm.Errorf(crm.CodeConflict, "the recording changed meanwhile, try again")
		}
		if _, err := tx.Exec(ctx, sqlRecordingPartsJoined, key); err != nil {
			return err
		}
		return auditKey(ctx, tx, actor, "recording.delete", "recording", key.String(), nil)
	})
}

// Mark implements recording.Shelf.
func (s *RecordingStore) Mark(ctx context.Context, id string, from, to recording.State) error {
	key, err := recordingID(id)
	if err != nil {
		return err
	}
	_, err = s.db.pool.Exec(ctx, sqlRecordingMark, key, from, to)
	return failure(err)
}

// Stored implements recording.Shelf.
func (s *RecordingStore) Stored(ctx context.Context, after string, limit int) ([]recording.Recording, error) {
	var from *uuid.UUID
	if after != "" {
		key, err := recordingID(after)
		if err != nil {
			return nil, err
		}
		from = &key
	}
	return s.recordings(ctx, sqlRecordingStored, from, limit)
}

// Expired implements recording.Shelf.
func (s *RecordingStore) Expired(ctx context.Context, before time.Time, limit int) ([]recording.Recording, error) {
	return s.recordings(ctx, sqlRecordingExpired, before, limit)
}

// Known implements recording.Shelf.
func (s *RecordingStore) Known(ctx context.Context, keys []string) (map[string]recording.State, error) {
	rows, err := all[struct {
		Key   string
		State recording.State
	}](ctx, s.db.pool, sqlRecordingKnown, keys)
	known := make(map[string]recording.State, len(rows))
	for _, r := range rows {
		known[r.Key] = r.State
	}
	return known, err
}

// CallOf implements recording.Finds.
func (s *RecordingStore) CallOf(ctx context.Context, pbx string, channelIDs []string, around time.Time) (string, bool, error) {
	var id uuid.UUID
	err := s.db.pool.QueryRow(ctx, sqlCallOfChannel, pbx, channelIDs, around).Scan(&id)
	if errors.Is(err, pgx.ErrNoRows) {
		return "", false, nil
	}
	return id.String(), err == nil, failure(err)
}

// New implements recording.Finds.
func (s *RecordingStore) New(ctx context.Context, ids []string) ([]string, error) {
	keys := make([]uuid.UUID, len(ids))
	for i, id := range ids {
		var err error
		if keys[i], err = recordingID(id); err != nil {
			return nil, err
		}
	}
	rows, err := all[struct{ ID uuid.UUID }](ctx, s.db.pool, sqlRecordingNew, keys)
	fresh := make([]string, len(rows))
	for i, r := range rows {
		fresh[i] = r.ID.String()
	}
	return fresh, err
}

// Add implements recording.Finds.
func (s *RecordingStore) Add(ctx context.Context, r recording.Recording) error {
	id, err := recordingID(r.ID)
	if err != nil {
		return err
	}
	call, err := callID(r.CallID)
	if err != nil {
		return err
	}
	return s.db.inTx(ctx, func(tx pgx.Tx) error {
		tag, err := tx.Exec(ctx, sqlRecordingAdd, id, call, r.PBX, r.Origin, r.StartedAt, r.EndedAt)
		if err != nil || tag.RowsAffected() == 0 {
			return err
		}
		return savePartsAndCall(ctx, tx, id, call, r.Parts)
	})
}
