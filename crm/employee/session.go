package employee

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"slices"
	"strings"
	"time"

	"ringcard/crm"
)

const (
	tokenBytes  = 32
	tokenPrefix = "rck_" // lets scanners find a leaked token
	maxAgent    = 300
)

// Login checks the password and begins a session. The token goes into the
// cookie; only its hash is kept. Wrong logins and wrong passwords cannot be
// told apart, by the answer or by its time.
func (s *Service) Login(ctx context.Context, login, password, address, agent string) (token string, user User, err error) {
	login = strings.ToLower(strings.TrimSpace(login))
	refused := crm.Errorf(crm.CodeUnauthorized, "wrong login or password")
	if !loginForm.MatchString(login) || len(password) > 4*maxPassword {
		login, password = "", "" // still takes the time of a hash
	}
	id, hash, err := s.stores.Sessions.PasswordHash(ctx, login)
	known := err == nil
	if !known {
		if crm.CodeOf(err) != crm.CodeNotFound {
			return "", User{}, err
		}
		hash = s.decoy
	}
	var right bool
	var checkErr error
	if err := s.hashing.do(ctx, func() { right, checkErr = checkPassword(password, hash) }); err != nil {
		return "", User{}, err
	}
	if checkErr != nil {
		return "", User{}, checkErr
	}
	if !known || !right {
		return "", User{}, refused
	}
	now := s.opts.Clock().UTC()
	token, tokenHash := newToken("")
	if len(agent) > maxAgent {
		agent = agent[:maxAgent]
	}
	err = s.stores.Sessions.AddSession(ctx, tokenHash, Session{
		UserID: id, CreatedAt: now, SeenAt: now, ExpiresAt: now.Add(s.opts.Max),
		Address: address, Agent: strings.ReplaceAll(strings.ToValidUTF8(agent, ""), "\x00", ""),
	})
	if err != nil {
		return "", User{}, err
	}
	user, err = s.stores.Users.User(ctx, id)
	return token, user, err
}

// ActorBySession returns who owns the session, or CodeUnauthorized when it
// ended or its owner was dismissed.
func (s *Service) ActorBySession(ctx context.Context, token string) (crm.Actor, Session, error) {
	now := s.opts.Clock().UTC()
	session, user, err := s.stores.Sessions.Session(ctx, hashToken(token), now, now.Add(-s.opts.Idle))
	if crm.CodeOf(err) == crm.CodeNotFound {
		return crm.Actor{}, Session{}, crm.Errorf(crm.CodeUnauthorized, "sign in again")
	}
	if err != nil {
		return crm.Actor{}, Session{}, err
	}
	return crm.NewActor(user.ID, user.Login, user.Name, user.Role), session, nil
}

// Logout ends the session; one that is gone is no error.
func (s *Service) Logout(ctx context.Context, token string) error {
	return s.stores.Sessions.EndSession(ctx, hashToken(token))
}

// ExpireSessions removes dead sessions and returns how many; call it daily.
func (s *Service) ExpireSessions(ctx context.Context) (int64, error) {
	now := s.opts.Clock().UTC()
	return s.stores.Sessions.Expire(ctx, now, now.Add(-s.opts.Idle))
}

// CreateToken makes a token for an integration that acts as the employee with
// the login, within the scopes. The text is shown once and not kept. One's own
// token needs no permission beyond the scopes; another's needs users.manage.
func (s *Service) CreateToken(ctx context.Context, actor crm.Actor, login, name string, scopes []crm.Permission, expires *time.Time) (string, Token, error) {
	id, _, err := s.stores.Sessions.PasswordHash(ctx, strings.ToLower(strings.TrimSpace(login)))
	if err != nil {
		return "", Token{}, err
	}
	if id != actor.UserID {
		if err := actor.Require(crm.UsersManage); err != nil {
			return "", Token{}, err
		}
	}
	if len(scopes) == 0 {
		return "", Token{}, crm.Invalid("scopes", "at least one scope is needed")
	}
	for _, p := range scopes {
		if !slices.Contains(crm.AllPermissions(), p) {
			return "", Token{}, crm.Invalid("scopes", "unknown scope %q", p)
		}
		if err := actor.Require(p); err != nil {
			return "", Token{}, err
		}
	}
	if name = strings.TrimSpace(name); name == "" || len(name) > 200 {
		return "", Token{}, crm.Invalid("name", "a token has a name that tells what it is for")
	}
	text, hash := newToken(tokenPrefix)
	t := Token{UserID: id, Name: name, Scopes: scopes, CreatedAt: s.opts.Clock().UTC(), ExpiresAt: expires}
	t.ID, err = s.stores.Tokens.AddToken(ctx, actor, hash, t)
	return text, t, err
}

// ActorByToken returns the employee behind an Authorization: Bearer text,
// limited to the token's scopes, or CodeUnauthorized.
func (s *Service) ActorByToken(ctx context.Context, text string) (crm.Actor, error) {
	t, user, err := s.stores.Tokens.Token(ctx, hashToken(text), s.opts.Clock().UTC())
	if crm.CodeOf(err) == crm.CodeNotFound {
		return crm.Actor{}, crm.Errorf(crm.CodeUnauthorized, "the token is not valid")
	}
	if err != nil {
		return crm.Actor{}, err
	}
	return crm.NewActor(user.ID, user.Login, user.Name, user.Role).Limit(t.Scopes), nil
}

// Tokens lists the actor's tokens, or another's with users.manage.
func (s *Service) Tokens(ctx context.Context, actor crm.Actor, userID int64) ([]Token, error) {
	if userID != actor.UserID {
		if err := actor.Require(crm.UsersManage); err != nil {
			return nil, err
		}
	}
	return s.stores.Tokens.TokensOf(ctx, userID)
}

// RevokeToken ends a token: one's own, or any with users.manage.
func (s *Service) RevokeToken(ctx context.Context, actor crm.Actor, id int64) error {
	return s.stores.Tokens.Revoke(ctx, actor, id, s.opts.Clock().UTC())
}

func newToken(prefix string) (text string, hash []byte) {
	raw := make([]byte, tokenBytes)
	_, _ = rand.Read(raw) // never fails (crypto/rand)
	text = prefix + base64.RawURLEncoding.EncodeToString(raw)
	return text, hashToken(text)
}

// hashToken needs no salt and no cost: a token has 256 random bits.
func hashToken(text string) []byte {
	sum := sha256.Sum256([]byte(text))
	return sum[:]
}
