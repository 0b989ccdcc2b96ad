package postgres

import (
	"context"
	"encoding/json"
	"time"

	"github.com/jackc/pgx/v5"

	"ringcard/crm"
	"ringcard/crm/employee"
)

// EmployeeStore keeps employees, their sessions and tokens.
type EmployeeStore struct{ db *DB }

var (
	_ employee.Users    = (*EmployeeStore)(nil)
	_ employee.Sessions = (*EmployeeStore)(nil)
	_ employee.Tokens   = (*EmployeeStore)(nil)
)

// NewEmployeeStore makes a store on the pool.
func NewEmployeeStore(db *DB) *EmployeeStore { return &EmployeeStore{db: db} }

const (
	userColumns = `u.id, u.version, u.login, u.name, u.role, coalesce(u.extension, '') AS extension,
		(SELECT coalesce(jsonb_agg(jsonb_build_object('pbx', d.pbx, 'endpoint', d.endpoint, 'context', d.context, 'auto_answer', d.auto_answer)
		                           ORDER BY d.position, d.pbx, d.endpoint), '[]')
		 FROM crm.employee_device d WHERE d.employee_id = u.id) AS devices,
		u.locale, u.theme, u.status, u.status_at, u.settings, u.active, u.created_at`

	sqlUsers = `SELECT ` + userColumns + ` FROM crm.employee u ORDER BY u.active DESC, u.name COLLATE "ru-x-icu", u.id`
	sqlUser  = `SELECT ` + userColumns + ` FROM crm.employee u WHERE u.id = $1`

	sqlUserInsert = `INSERT INTO crm.employee (login, name, role, password_hash, extension)
		VALUES ($1, $2, $3, $4, nullif($5, '')) RETURNING id`
	sqlUserUpdate = `UPDATE crm.employee SET name = coalesce($2, name), role = coalesce($3, role),
			extension = CASE WHEN $4::text IS NULL THEN extension ELSE nullif($4, '') END,
			active = coalesce($5, active), password_hash = coalesce($6, password_hash),
			version = version + 1, updated_at = now()
		WHERE id = $1 RETURNING active`
	sqlMeUpdate = `UPDATE crm.employee SET locale = coalesce($2, locale), theme = coalesce($3, theme),
			settings = CASE WHEN $4::jsonb IS NULL THEN settings
				ELSE (settings || $4::jsonb) - ARRAY(SELECT key FROM jsonb_each($4::jsonb) WHERE jsonb_typeof(value) = 'null') END,
			updated_at = now()
		WHERE id = $1`
	sqlUserStatus = `UPDATE crm.employee SET status = $2, status_at = $3 WHERE id = $1 AND active`

	sqlDevicesDelete = `DELETE FROM crm.employee_device WHERE employee_id = $1`
	sqlDeviceInsert  = `INSERT INTO crm.employee_device (pbx, endpoint, employee_id, context, position, auto_answer)
		VALUES ($1, $2, $3, $4, $5, $6)`

	sqlPasswordHash = `SELECT id, password_hash FROM crm.employee WHERE login = $1 AND active`

	sqlSessionInsert = `INSERT INTO crm.session (token_hash, employee_id, created_at, seen_at, expires_at, address, agent)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`
	sqlSession = `SELECT s.employee_id AS user_id, s.created_at, s.seen_at, s.expires_at, s.address, s.agent
		FROM crm.session s JOIN crm.employee u ON u.id = s.employee_id AND u.active
		WHERE s.token_hash = $1 AND s.expires_at > $2 AND s.seen_at > $3`
	sqlSessionSeen    = `UPDATE crm.session SET seen_at = $2 WHERE token_hash = $1 AND seen_at < $2::timestamptz - interval '1 minute'`
	sqlSessionDelete  = `DELETE FROM crm.session WHERE token_hash = $1`
	sqlSessionsOfUser = `DELETE FROM crm.session WHERE employee_id = $1`
	sqlSessionsExpire = `DELETE FROM crm.session WHERE expires_at <= $1 OR seen_at <= $2`

	tokenColumns   = `t.id, t.employee_id AS user_id, t.name, t.scopes, t.created_at, t.used_at, t.expires_at, t.revoked_at`
	sqlTokenInsert = `INSERT INTO crm.api_token (token_hash, employee_id, name, scopes, created_at, expires_at)
		VALUES ($1, $2, $3, $4, $5, $6) RETURNING id`
	sqlToken = `SELECT ` + tokenColumns + ` FROM crm.api_token t JOIN crm.employee u ON u.id = t.employee_id AND u.active
		WHERE t.token_hash = $1 AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > $2)`
	sqlTokenUsed = `UPDATE crm.api_token SET used_at = $2
		WHERE id = $1 AND (used_at IS NULL OR used_at < $2::timestamptz - interval '1 minute')`
	sqlTokensOf    = `SELECT ` + tokenColumns + ` FROM crm.api_token t WHERE t.employee_id = $1 ORDER BY t.id DESC`
	sqlTokenRevoke = `UPDATE crm.api_token SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL AND ($3 OR employee_id = $4)`
	sqlTokensEnd   = `UPDATE crm.api_token SET revoked_at = now() WHERE employee_id = $1 AND revoked_at IS NULL`
)

// Users implements employee.Users.
func (s *EmployeeStore) Users(ctx context.Context) ([]employee.User, error) {
	return list[employee.User](ctx, s.db.pool, sqlUsers)
}

// User implements employee.Users.
func (s *EmployeeStore) User(ctx context.Context, id int64) (employee.User, error) {
	return one[employee.User](ctx, s.db.pool, "user", sqlUser, id)
}

// Create implements employee.Users.
func (s *EmployeeStore) Create(ctx context.Context, actor crm.Actor, in employee.NewUser, hash string) (id int64, err error) {
	err = s.db.inTx(ctx, func(tx pgx.Tx) error {
		if err := tx.QueryRow(ctx, sqlUserInsert, in.Login, in.Name, in.Role, hash, in.Extension).Scan(&id); err != nil {
			return err
		}
		if err := addDevices(ctx, tx, id, in.Devices); err != nil {
			return err
		}
		return audit(ctx, tx, actor, "user.create", "employee", id, map[string]any{"login": in.Login, "role": in.Role})
	})
	return id, err
}

// Change implements employee.Users.
func (s *EmployeeStore) Change(ctx context.Context, actor crm.Actor, id int64, p employee.Patch, hash *string) error {
	return s.db.inTx(ctx, func(tx pgx.Tx) error {
		var active bool
		err := tx.QueryRow(ctx, sqlUserUpdate, id, p.Name, p.Role, p.Extension, p.Active, hash).Scan(&active)
		if err != nil {
			return notFound(err, "user")
		}
		if p.Devices != nil {
			if _, err := tx.Exec(ctx, sqlDevicesDelete, id); err != nil {
				return err
			}
			if err := addDevices(ctx, tx, id, *p.Devices); err != nil {
				return err
			}
		}
		if !active || hash != nil {
			if _, err := tx.Exec(ctx, sqlSessionsOfUser, id); err != nil {
				return err
			}
		}
		if !active {
			if _, err := tx.Exec(ctx, sqlTokensEnd, id); err != nil {
				return err
			}
		}
		detail := map[string]any{"name": p.Name, "role": p.Role, "extension": p.Extension, "devices": p.Devices,
			"active": p.Active, "password": hash != nil}
		return audit(ctx, tx, actor, "user.update", "employee", id, detail)
	})
}

func addDevices(ctx context.Context, tx pgx.Tx, id int64, devices []employee.Device) error {
	for i, d := range devices {
		if _, err := tx.Exec(ctx, sqlDeviceInsert, d.PBX, d.Endpoint, id, d.Context, i, d.AutoAnswer); err != nil {
			return err
		}
	}
	return nil
}

// ChangeMe implements employee.Users.
func (s *EmployeeStore) ChangeMe(ctx context.Context, id int64, p employee.MePatch) error {
	var settings *json.RawMessage
	if len(p.Settings) > 0 {
		settings = &p.Settings
	}
	tag, err := s.db.pool.Exec(ctx, sqlMeUpdate, id, p.Locale, p.Theme, settings)
	if err == nil && tag.RowsAffected() == 0 {
		return crm.NotFound("user")
	}
	return failure(err)
}

// SetStatus implements employee.Users.
func (s *EmployeeStore) SetStatus(ctx context.Context, id int64, status employee.Status, at time.Time) error {
	tag, err := s.db.pool.Exec(ctx, sqlUserStatus, id, status, at)
	if err == nil && tag.RowsAffected() == 0 {
		return crm.NotFound("user")
	}
	return failure(err)
}

// PasswordHash implements employee.Sessions.
func (s *EmployeeStore) PasswordHash(ctx context.Context, login string) (id int64, hash string, err error) {
	err = s.db.pool.QueryRow(ctx, sqlPasswordHash, login).Scan(&id, &hash)
	return id, hash, failure(notFound(err, "user"))
}

// AddSession implements employee.Sessions.
func (s *EmployeeStore) AddSession(ctx context.Context, tokenHash []byte, se employee.Session) error {
	_, err := s.db.pool.Exec(ctx, sqlSessionInsert, tokenHash, se.UserID, se.CreatedAt, se.SeenAt, se.ExpiresAt, se.Address, se.Agent)
	return failure(err)
}

// Session implements employee.Sessions.
func (s *EmployeeStore) Session(ctx context.Context, tokenHash []byte, now, idleSince time.Time) (employee.Session, employee.User, error) {
	se, err := one[employee.Session](ctx, s.db.pool, "session", sqlSession, tokenHash, now, idleSince)
	if err != nil {
		return employee.Session{}, employee.User{}, err
	}
	if now.Sub(se.SeenAt) > time.Minute {
		if _, err := s.db.pool.Exec(ctx, sqlSessionSeen, tokenHash, now); err != nil {
			return employee.Session{}, employee.User{}, failure(err)
		}
	}
	user, err := s.User(ctx, se.UserID)
	return se, user, err
}

// EndSession implements employee.Sessions.
func (s *EmployeeStore) EndSession(ctx context.Context, tokenHash []byte) error {
	_, err := s.db.pool.Exec(ctx, sqlSessionDelete, tokenHash)
	return failure(err)
}

// Expire implements employee.Sessions.
func (s *EmployeeStore) Expire(ctx context.Context, now, idleSince time.Time) (int64, error) {
	tag, err := s.db.pool.Exec(ctx, sqlSessionsExpire, now, idleSince)
	return tag.RowsAffected(), failure(err)
}

// AddToken implements employee.Tokens.
func (s *EmployeeStore) AddToken(ctx context.Context, actor crm.Actor, tokenHash []byte, t employee.Token) (id int64, err error) {
	err = s.db.inTx(ctx, func(tx pgx.Tx) error {
		err := tx.QueryRow(ctx, sqlTokenInsert, tokenHash, t.UserID, t.Name, t.Scopes, t.CreatedAt, t.ExpiresAt).Scan(&id)
		if err != nil {
			return err
		}
		return audit(ctx, tx, actor, "token.create", "api_token", id, map[string]any{"user_id": t.UserID, "name": t.Name, "scopes": t.Scopes})
	})
	return id, err
}

// Token implements employee.Tokens.
func (s *EmployeeStore) Token(ctx context.Context, tokenHash []byte, now time.Time) (employee.Token, employee.User, error) {
	t, err := one[employee.Token](ctx, s.db.pool, "token", sqlToken, tokenHash, now)
	if err != nil {
		return employee.Token{}, employee.User{}, err
	}
	if _, err := s.db.pool.Exec(ctx, sqlTokenUsed, t.ID, now); err != nil {
		return employee.Token{}, employee.User{}, failure(err)
	}
	user, err := s.User(ctx, t.UserID)
	return t, user, err
}

// TokensOf implements employee.Tokens.
func (s *EmployeeStore) TokensOf(ctx context.Context, userID int64) ([]employee.Token, error) {
	return list[employee.Token](ctx, s.db.pool, sqlTokensOf, userID)
}

// Revoke implements employee.Tokens.
func (s *EmployeeStore) Revoke(ctx context.Context, actor crm.Actor, id int64, now time.Time) error {
	return s.db.inTx(ctx, func(tx pgx.Tx) error {
		if err := mustAffect(ctx, tx, "token", sqlTokenRevoke, id, now, actor.Can(crm.UsersManage), actor.UserID); err != nil {
			return err
		}
		return audit(ctx, tx, actor, "token.revoke", "api_token", id, nil)
	})
}
