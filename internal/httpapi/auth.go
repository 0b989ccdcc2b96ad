package httpapi

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"ringcard/crm"
)

// cookieName is part of the public contract.
const cookieName = "ringcard_session"

// cookieLife is how long browsers keep the cookie; the session itself may end
// earlier.
const cookieLife = 30 * 24 * time.Hour

// caller is who sent a request.
type caller struct {
	actor crm.Actor
	// session is the id of the browser session: a hash, fit for logs and for
	// other nodes. Empty for tokens.
	session string
	token   string // of the session cookie
	expires time.Time
	address string
	agent   string
	secure  bool // the browser used https
}

type callerKey struct{}

func callerOf(ctx context.Context) *caller {
	c, _ := ctx.Value(callerKey{}).(*caller)
	return c
}

// identify notes where a request comes from, without any sign-in.
func (s *server) identify(ctx huma.Context, next func(huma.Context)) {
	r, _ := humago.Unwrap(ctx)
	next(huma.WithValue(ctx, callerKey{}, s.callerFrom(r)))
}

// authenticate lets only signed-in callers with the permission through, and
// does so before the body is read. Who may not see numbers gets every answer
// masked.
func (s *server) authenticate(needs crm.Permission) func(huma.Context, func(huma.Context)) {
	return func(ctx huma.Context, next func(huma.Context)) {
		r, w := humago.Unwrap(ctx)
		c, err := s.signedIn(r)
		if err == nil && needs != "" {
			err = c.actor.Require(needs)
		}
		if err != nil {
			writeProblem(w, problemOf(r.Context(), s.log, err))
			return
		}
		if c.actor.Can(crm.NumbersFull) {
			next(huma.WithValue(ctx, callerKey{}, c))
			return
		}
		masked := &maskingWriter{ResponseWriter: w}
		next(huma.WithValue(humago.NewContext(ctx.Operation(), r, masked), callerKey{}, c))
		if err := masked.close(); err != nil {
			s.log.ErrorContext(r.Context(), "answer not masked and not sent", "request_id", requestID(r.Context()), "error", err)
		}
	}
}

func (s *server) callerFrom(r *http.Request) *caller {
	return &caller{address: s.proxies.client(r), agent: r.UserAgent(), secure: s.proxies.https(r)}
}

// signedIn finds the caller by Bearer token or, without one, by cookie.
func (s *server) signedIn(r *http.Request) (*caller, error) {
	c := s.callerFrom(r)
	if header := r.Header.Get("Authorization"); header != "" {
		scheme, text, _ := strings.Cut(header, " ")
		if !strings.EqualFold(scheme, "Bearer") || text == "" {
			return nil, newProblem(codeUnauthorized, "write Authorization: Bearer TOKEN")
		}
		var err error
		c.actor, err = s.deps.Employees.ActorByToken(r.Context(), text)
		return c, err
	}
	cookie, err := r.Cookie(cookieName)
	if err != nil {
		return nil, newProblem(codeUnauthorized, "sign in first")
	}
	actor, session, err := s.deps.Employees.ActorBySession(r.Context(), cookie.Value)
	if err != nil {
		return nil, err
	}
	c.actor, c.expires = actor, session.ExpiresAt
	c.token, c.session = cookie.Value, sessionID(cookie.Value)
	return c, nil
}

// sessionID names a session without giving it away.
func sessionID(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:16])
}

// sessionCookie makes the cookie; an empty token removes it.
func (s *server) sessionCookie(c *caller, token string) http.Cookie {
	cookie := http.Cookie{
		Name: cookieName, Value: token, Path: "/", HttpOnly: true, SameSite: http.SameSiteLaxMode,
		Secure: c.secure || strings.HasPrefix(s.deps.PublicURL, "https://"),
		MaxAge: int(cookieLife.Seconds()),
	}
	if token == "" {
		cookie.MaxAge = -1
	}
	return cookie
}
