package postgres

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/jackc/pgx/v5"

	"ringcard/crm"
	"ringcard/crm/calllog"
	"ringcard/crm/obligation"
)

const (
	sqlSetting    = `SELECT value FROM crm.office_setting WHERE key = $1`
	sqlSettingSet = `INSERT INTO crm.office_setting AS s (key, value, updated_by) VALUES ($1, $2, nullif($3::bigint, 0))
		ON CONFLICT (key) DO UPDATE SET value = excluded.value, updated_by = excluded.updated_by, updated_at = now()`
)

// Keys of settings.
const (
	settingMissedCalls = "missed_calls"
	settingWrapUp      = "wrap_up"
)

// setting reads a setting into v; false when it has never been set.
func (db *DB) setting(ctx context.Context, key string, v any) (bool, error) {
	var text []byte
	err := db.pool.QueryRow(ctx, sqlSetting, key).Scan(&text)
	if errors.Is(err, pgx.ErrNoRows) {
		return false, nil
	}
	if err != nil {
		return false, failure(err)
	}
	if err := json.Unmarshal(text, v); err != nil {
		return false, fmt.Errorf("setting %s: %w", key, err)
	}
	return true, nil
}

func (db *DB) setSetting(ctx context.Context, actor crm.Actor, key string, v any) error {
	text, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("setting %s: %w", key, err)
	}
	return db.inTx(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, sqlSettingSet, key, text, actor.UserID); err != nil {
			return err
		}
		return auditKey(ctx, tx, actor, "setting.update", "setting", key, v)
	})
}

// MissedCallRules implements obligation.Settings.
func (s *ObligationStore) MissedCallRules(ctx context.Context) (r obligation.Rules, ok bool, err error) {
	ok, err = s.db.setting(ctx, settingMissedCalls, &r)
	return r, ok, err
}

// SetMissedCallRules implements obligation.Settings.
func (s *ObligationStore) SetMissedCallRules(ctx context.Context, actor crm.Actor, r obligation.Rules) error {
	return s.db.setSetting(ctx, actor, settingMissedCalls, r)
}

// WrapUpRules implements calllog.WrapUps.
func (s *CallStore) WrapUpRules(ctx context.Context) (calllog.WrapUpRules, error) {
	r := calllog.WrapUpRules{Queues: []calllog.QueueSeconds{}, Users: []calllog.UserSeconds{}}
	_, err := s.db.setting(ctx, settingWrapUp, &r)
	return r, err
}

// SetWrapUpRules implements calllog.WrapUps.
func (s *CallStore) SetWrapUpRules(ctx context.Context, actor crm.Actor, r calllog.WrapUpRules) error {
	return s.db.setSetting(ctx, actor, settingWrapUp, r)
}
