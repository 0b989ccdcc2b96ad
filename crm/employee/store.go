package employee

import (
	"context"
	"time"

	"ringcard/crm"
)

// Users keeps employees.
type Users interface {
	Users(ctx context.Context) ([]User, error)
	User(ctx context.Context, id int64) (User, error)
	// Create and Change take a password as hash; Change ends the sessions and
	// tokens of a dismissed employee, and the sessions after a new password.
	Create(ctx context.Context, actor crm.Actor, in NewUser, hash string) (int64, error)
	Change(ctx context.Context, actor crm.Actor, id int64, p Patch, hash *string) error
	ChangeMe(ctx context.Context, id int64, p MePatch) error
	// Remap makes users and moves telephones of one PBX, all or nothing.
	Remap(ctx context.Context, actor crm.Actor, r Remap) error
	SetStatus(ctx context.Context, id int64, status Status, at time.Time) error
}

// Sessions keeps the sign-ins by the hash of their token.
type Sessions interface {
	// PasswordHash of an active employee by login; crm.NotFound otherwise.
	PasswordHash(ctx context.Context, login string) (id int64, hash string, err error)
	AddSession(ctx context.Context, tokenHash []byte, s Session) error
	// Session returns a session that is neither expired nor unused since
	// idleSince, with its active employee; it notes the use when the last one
	// noted is older than a minute.
	Session(ctx context.Context, tokenHash []byte, now, idleSince time.Time) (Session, User, error)
	EndSession(ctx context.Context, tokenHash []byte) error
	// Expire removes dead sessions and returns how many.
	Expire(ctx context.Context, now, idleSince time.Time) (int64, error)
}

// Tokens keeps the tokens of integrations by their hash.
type Tokens interface {
	AddToken(ctx context.Context, actor crm.Actor, tokenHash []byte, t Token) (int64, error)
	// Token returns one that is valid now, with its active employee.
	Token(ctx context.Context, tokenHash []byte, now time.Time) (Token, User, error)
	TokensOf(ctx context.Context, userID int64) ([]Token, error)
	Revoke(ctx context.Context, actor crm.Actor, id int64, now time.Time) error
}
