package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"

	"ringcard/crm"
	"ringcard/crm/employee"
)

func (s *server) registerSession() {
	handle(s, operation{
		id: "login", method: http.MethodPost, path: "/login", tag: tagSession, public: true,
		summary: "Sign in; sets the session cookie",
		detail:  "Answers 401 for a wrong login or password, and 429 with Retry-After after too many of them.",
	}, s.login)
	handle(s, operation{
		id: "logout", method: http.MethodPost, path: "/logout", tag: tagSession, public: true, status: http.StatusNoContent,
		summary: "Sign out; no error when already signed out",
	}, s.logout)
	handle(s, operation{
		id: "getMe", method: http.MethodGet, path: "/me", tag: tagSession,
		summary: "Who is signed in",
	}, s.getMe)
	handle(s, operation{
		id: "updateMe", method: http.MethodPatch, path: "/me", tag: tagSession,
		summary: "Change one's own language, theme and settings",
		detail:  "Settings are merged by their top-level keys; a null removes one.",
	}, s.updateMe)
	handle(s, operation{
		id: "getInfo", method: http.MethodGet, path: "/info", tag: tagSession, public: true,
		summary: "The installation, without sign-in",
	}, s.getInfo)
}

// LoginInput are the credentials.
type LoginInput struct {
	Login    string `json:"login" minLength:"1" maxLength:"64"`
	Password string `json:"password" minLength:"1" maxLength:"1024" format:"password"`
}

// Me is the signed-in user.
type Me struct {
	ID          int64             `json:"id"`
	Login       string            `json:"login"`
	Name        string            `json:"name"`
	Role        crm.Role          `json:"role" enum:"admin,supervisor,manager,operator,agent"`
	Permissions []crm.Permission  `json:"permissions"`
	Extension   string            `json:"extension"`
	Devices     []employee.Device `json:"devices"`
	Locale      string            `json:"locale" doc:"empty: of the installation"`
	Theme       string            `json:"theme" doc:"light, dark, auto or empty"`
	Status      employee.Status   `json:"status" enum:"free,break,wrap_up"`
	Settings    map[string]any    `json:"settings" doc:"free object of the web application"`
}

// meOf is the user's own record with the permissions of this sign-in.
func meOf(user employee.User, permissions []crm.Permission) (Me, error) {
	me := Me{
		ID: user.ID, Login: user.Login, Name: user.Name, Role: user.Role, Permissions: notNil(permissions),
		Extension: user.Extension, Devices: notNil(user.Devices), Locale: user.Locale, Theme: user.Theme,
		Status: user.Status, Settings: map[string]any{},
	}
	if len(user.Settings) > 0 {
		if err := json.Unmarshal(user.Settings, &me.Settings); err != nil {
			return Me{}, err
		}
	}
	return me, nil
}

type loginOut struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
	Body      Me
}

func (s *server) login(ctx context.Context, c *caller, in *bodyIn[LoginInput]) (*loginOut, error) {
	login := in.Body.Login
	if wait := s.guard.begin(login, c.address); wait > 0 {
		s.deps.Metrics.logins.WithLabelValues("locked").Inc()
		s.log.WarnContext(ctx, "login locked", "login", login, "client", c.address, "wait", wait)
		p := newProblem(codeTooMany, "too many wrong passwords; try again later")
		p.retryAfter = strconv.Itoa(int(wait.Seconds()) + 1)
		return nil, p
	}
	token, user, err := s.deps.Employees.Login(ctx, login, in.Body.Password, c.address, c.agent)
	if crm.CodeOf(err) == crm.CodeUnauthorized {
		s.deps.Metrics.logins.WithLabelValues("wrong").Inc()
		s.log.WarnContext(ctx, "login refused", "login", login, "client", c.address)
		return nil, err
	}
	if err != nil {
		s.guard.takeBack(login, c.address)
		return nil, err
	}
	s.guard.succeeded(login, c.address)
	s.deps.Metrics.logins.WithLabelValues("ok").Inc()
	me, err := meOf(user, user.Role.Permissions())
	if err != nil {
		return nil, err
	}
	return &loginOut{SetCookie: s.sessionCookie(c, token), Body: me}, nil
}

type logoutOut struct {
	SetCookie http.Cookie `header:"Set-Cookie"`
}

func (s *server) logout(ctx context.Context, c *caller, in *struct {
	Session string `cookie:"ringcard_session"`
}) (*logoutOut, error) {
	if in.Session != "" {
		if err := s.deps.Employees.Logout(ctx, in.Session); err != nil {
			return nil, err
		}
		s.deps.Hub.CloseSession(sessionID(in.Session))
	}
	return &logoutOut{SetCookie: s.sessionCookie(c, "")}, nil
}

func (s *server) getMe(ctx context.Context, c *caller, _ *none) (*bodyOf[Me], error) {
	user, err := s.deps.Employees.Me(ctx, c.actor)
	if err != nil {
		return nil, err
	}
	me, err := meOf(user, c.actor.Permissions())
	return body(me), err
}

// MePatch changes the fields that are present.
type MePatch struct {
	Locale   *string        `json:"locale,omitempty" enum:",ru,en"`
	Theme    *string        `json:"theme,omitempty" enum:",light,dark,auto"`
	Settings map[string]any `json:"settings,omitempty"`
}

func (s *server) updateMe(ctx context.Context, c *caller, in *bodyIn[MePatch]) (*bodyOf[Me], error) {
	patch := employee.MePatch{Locale: in.Body.Locale, Theme: in.Body.Theme}
	if in.Body.Settings != nil {
		settings, err := json.Marshal(in.Body.Settings)
		if err != nil {
			return nil, err
		}
		patch.Settings = settings
	}
	user, err := s.deps.Employees.UpdateMe(ctx, c.actor, patch)
	if err != nil {
		return nil, err
	}
	me, err := meOf(user, c.actor.Permissions())
	return body(me), err
}

func (s *server) getInfo(context.Context, *caller, *none) (*bodyOf[Info], error) {
	return body(s.deps.Info), nil
}
