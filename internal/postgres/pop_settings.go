package postgres

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/jackc/pgx/v5"

	"ringcard/crm"
	"ringcard/crm/employee"
)

const (
	popColumns = `p.mode, p.notify, p.sound, p.open_card, p.link`
	sqlPop     = `SELECT ` + popColumns + ` FROM crm.pop_setting p WHERE p.employee_id = $1`
	sqlAllPops = `SELECT p.employee_id, ` + popColumns + ` FROM crm.pop_setting p JOIN crm.employee u ON u.id = p.employee_id AND u.active`
	sqlPopSave = `INSERT INTO crm.pop_setting (employee_id, mode, notify, sound, open_card, link)
		SELECT u.id, $2, $3, $4, $5, $6 FROM crm.employee u WHERE u.id = $1
		ON CONFLICT (employee_id) DO UPDATE SET mode = excluded.mode, notify = excluded.notify, sound = excluded.sound,
			open_card = excluded.open_card, link = excluded.link`

	sqlPopLink     = `SELECT value FROM crm.setting WHERE name = 'pop_link'`
	sqlPopLinkSave = `INSERT INTO crm.setting (name, value, updated_by) VALUES ('pop_link', $1, nullif($2::bigint, 0))
		ON CONFLICT (name) DO UPDATE SET value = excluded.value, version = crm.setting.version + 1, updated_at = now(),
			updated_by = excluded.updated_by`
)

var _ employee.Pops = (*EmployeeStore)(nil)

// Pop implements employee.Pops.
func (s *EmployeeStore) Pop(ctx context.Context, userID int64) (*employee.PopSettings, error) {
	rows, err := all[employee.PopSettings](ctx, s.db.pool, sqlPop, userID)
	if err != nil || len(rows) == 0 {
		return nil, err
	}
	return &rows[0], nil
}

// AllPops implements employee.Pops.
func (s *EmployeeStore) AllPops(ctx context.Context) (map[int64]employee.PopSettings, error) {
	rows, err := all[struct {
		EmployeeID int64
		employee.PopSettings
	}](ctx, s.db.pool, sqlAllPops)
	out := make(map[int64]employee.PopSettings, len(rows))
	for _, r := range rows {
		out[r.EmployeeID] = r.PopSettings
	}
	return out, err
}

// SavePop implements employee.Pops.
func (s *EmployeeStore) SavePop(ctx context.Context, actor crm.Actor, p employee.PopSettings) error {
	return s.db.inTx(ctx, func(tx pgx.Tx) error {
		if err := mustAffect(ctx, tx, "user", sqlPopSave, actor.UserID, p.Mode, p.Notify, p.Sound, p.OpenCard, p.Link); err != nil {
			return err
		}
		return audit(ctx, tx, actor, "pop.set", "employee", actor.UserID, p)
	})
}

// PopLink implements employee.Pops.
func (s *EmployeeStore) PopLink(ctx context.Context) (*employee.PopLink, error) {
	var value json.RawMessage
	err := s.db.pool.QueryRow(ctx, sqlPopLink).Scan(&value)
	if errors.Is(err, pgx.ErrNoRows) {
		return nil, nil
	}
	if err != nil {
		return nil, failure(err)
	}
	var l employee.PopLink
	if err := json.Unmarshal(value, &l); err != nil {
		return nil, failure(err)
	}
	return &l, nil
}

// SavePopLink implements employee.Pops.
func (s *EmployeeStore) SavePopLink(ctx context.Context, actor crm.Actor, l employee.PopLink) error {
	value, err := json.Marshal(l)
	if err != nil {
		return err
	}
	return s.db.inTx(ctx, func(tx pgx.Tx) error {
		if _, err := tx.Exec(ctx, sqlPopLinkSave, value, actor.UserID); err != nil {
			return err
		}
		return auditKey(ctx, tx, actor, "pop_link.set", "setting", "pop_link", l)
	})
}
