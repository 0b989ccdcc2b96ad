package httpapi

import (
	"context"
	"errors"
	"net/http"
	"reflect"

	"ringcard/crm"
	"ringcard/crm/employee"
	"ringcard/cti"
	"ringcard/push"
)

// Streaming is the live side of the API.
type Streaming struct {
	Hub     Hub
	Tickets push.Tickets
}

// Hub serves the sockets; *push.Hub is it.
type Hub interface {
	Serve(http.ResponseWriter, *http.Request, push.Session, push.Snapshot)
	Refuse(http.ResponseWriter, *http.Request, push.CloseCode)
	CloseSession(sessionID string)
	CloseUser(userID int64)
}

var _ Hub = (*push.Hub)(nil)

func (s *server) registerStream() {
	handle(s, operation{
		id: "createStreamTicket", method: http.MethodPost, path: "/stream-ticket", tag: tagSession, needs: crm.CallsRead,
		summary: "A one-time ticket for GET /stream?ticket=",
		detail: "For programs that cannot send a cookie or header with a WebSocket. It works once, within 30 seconds. " +
			"The stream itself is a WebSocket at GET /api/v1/stream; its first message is a StreamSnapshot.",
	}, s.createTicket)
	// The stream is no HTTP operation, but clients are generated from these.
	s.api.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[StreamSnapshot](), true, "")
}

// Ticket opens a stream once.
type Ticket struct {
	Ticket string `json:"ticket"`
}

// StreamSnapshot is the data of a stream's first message: all that is live.
type StreamSnapshot struct {
	Me       Me             `json:"me"`
	Calls    []cti.Call     `json:"calls"`
	Presence []cti.Presence `json:"presence"`
	PBX      []PBXStatus    `json:"pbx"`
}

func (s *server) createTicket(ctx context.Context, c *caller, _ *none) (*bodyOf[Ticket], error) {
	ticket, err := s.deps.Tickets.Issue(ctx, s.pushSession(c))
	if errors.Is(err, push.ErrTickets) {
		return nil, newProblem(codeTooMany, "too many tickets are open; try again in half a minute")
	}
	return body(Ticket{Ticket: ticket}), err
}

func (s *server) pushSession(c *caller) push.Session {
	return push.Session{UserID: c.actor.UserID, ID: c.session, Expires: c.expires, Masked: !c.actor.Can(crm.NumbersFull)}
}

// handleStream opens a stream for a cookie, a Bearer token or a ticket. A
// browser cannot read the status of a refused upgrade, so refusals are close
// codes after one.
func (s *server) handleStream(w http.ResponseWriter, r *http.Request) {
	session, err := s.streamSession(r)
	if err != nil {
		if p := problemOf(r.Context(), s.log, err); p.Status >= http.StatusInternalServerError {
			s.deps.Hub.Refuse(w, r, push.InternalError)
			return
		}
		s.deps.Hub.Refuse(w, r, push.SessionEnded)
		return
	}
	s.deps.Hub.Serve(w, r, session, func(ctx context.Context) (any, error) { return s.snapshot(ctx, session.UserID) })
}

func (s *server) streamSession(r *http.Request) (push.Session, error) {
	if ticket := r.URL.Query().Get("ticket"); ticket != "" {
		session, err := s.deps.Tickets.Redeem(r.Context(), ticket)
		if errors.Is(err, push.ErrTicket) {
			return session, newProblem(codeUnauthorized, "the ticket is used or too old")
		}
		return session, err
	}
	c, err := s.signedIn(r)
	if err == nil {
		err = c.actor.Require(crm.CallsRead)
	}
	if err != nil {
		return push.Session{}, err
	}
	return s.pushSession(c), nil
}

// snapshot reads all that is live for a user. The user is read again: a
// stream may open long after its ticket's session began.
func (s *server) snapshot(ctx context.Context, userID int64) (any, error) {
	user, err := s.deps.Employees.Me(ctx, crm.Actor{UserID: userID})
	if err != nil {
		return nil, err
	}
	actor := actorOf(user)
	me, err := meOf(user, actor.Permissions())
	if err != nil {
		return nil, err
	}
	return StreamSnapshot{
		Me: me, Calls: notNil(s.popped(userID)), Presence: notNil(s.presence(actor)),
		PBX: notNil(s.pbxStatuses(&caller{actor: actor})),
	}, nil
}

// popped are the live calls on a user's screen, by his settings.
func (s *server) popped(userID int64) []cti.Call {
	calls := s.deps.Calls.Live(userID)
	if s.deps.Visible == nil {
		return calls
	}
	return s.deps.Visible(userID, calls)
}

func actorOf(u employee.User) crm.Actor { return crm.NewActor(u.ID, u.Login, u.Name, u.Role) }
