package httpapi

import (
	"context"
	"net/http"
	"strconv"

	"ringcard/crm"
	"ringcard/crm/obligation"
)

// tags of what comes after the call.
const (
	tagObligations = "Missed callers"
	tagWrapUp      = "Wrap-up"
	tagReports     = "Reports"
)

func (s *server) registerObligations() {
	handle(s, operation{
		id: "listObligations", method: http.MethodGet, path: "/obligations", tag: tagObligations, needs: crm.CallsRead,
		summary: "Missed callers: one entry per client, or per number that is nobody's",
		detail: "Open ones come by urgency, closed ones last closed first. A talk from or to any number of the client closes its entry by itself. " +
			"Without `calls.read_all` one's own and nobody's. On the stream a message `obligation` tells the owner of each change; " +
			"where there is no owner, those at whom the call rang.",
	}, s.listObligations)
	handle(s, operation{
		id: "countObligations", method: http.MethodGet, path: "/obligations/count", tag: tagObligations, needs: crm.CallsRead,
		summary: "How many missed callers wait, and how many for too long",
	}, s.countObligations)
	handle(s, operation{
		id: "getObligation", method: http.MethodGet, path: "/obligations/{id}", tag: tagObligations, needs: crm.CallsRead,
		summary: "One missed caller",
	}, s.getObligation)
	handle(s, operation{
		id: "closeObligation", method: http.MethodPost, path: "/obligations/{id}/close", tag: tagObligations, needs: crm.CallsRead,
		summary: "Close by hand, with a reason; the next missed call opens a new one",
		detail:  "409 `conflict` when it is closed already.",
	}, s.closeObligation)
	handle(s, operation{
		id: "reopenObligation", method: http.MethodPost, path: "/obligations/{id}/reopen", tag: tagObligations, needs: crm.CallsRead,
		summary: "Undo a closing by hand",
		detail: "Missed calls since then join it; where somebody has talked with the caller since, it is closed by that talk. " +
			"409 `conflict` when it was not closed by hand.",
	}, s.reopenObligation)
	handle(s, operation{
		id: "assignObligation", method: http.MethodPost, path: "/obligations/{id}/assign", tag: tagObligations, needs: crm.CallsRead,
		summary: "Take it, or give it to somebody",
		detail:  "Giving it to others, or back to the client's responsible, needs `calls.read_all`.",
	}, s.assignObligation)
	handle(s, operation{
		id: "getMissedCallRules", method: http.MethodGet, path: "/settings/missed-calls", tag: tagObligations, needs: crm.CallsRead,
		summary: "By when missed callers are to be called back",
	}, s.getMissedCallRules)
	handle(s, operation{
		id: "setMissedCallRules", method: http.MethodPut, path: "/settings/missed-calls", tag: tagObligations, needs: crm.SettingsManage,
		summary: "Change the term and the working hours; they hold for what is open already",
	}, s.setMissedCallRules)
}

// ObligationQuery are the filters of missed callers.
type ObligationQuery struct {
	Paging
	State    string `query:"state" enum:"open,closed" doc:"default: both, last missed first"`
	Owner    string `query:"owner" pattern:"^(me|none|[1-9][0-9]{0,17})$" doc:"user id, me, or none for nobody's"`
	ClientID int64  `query:"client_id" minimum:"1"`
	Overdue  bool   `query:"overdue" doc:"only those whose term has passed; with state=open"`
}

func (s *server) listObligations(ctx context.Context, c *caller, in *ObligationQuery) (*bodyOf[crm.Page[obligation.Obligation]], error) {
	q := obligation.Query{State: in.State, ClientID: in.ClientID, Overdue: in.Overdue, Limit: in.Limit, Cursor: in.Cursor}
	switch in.Owner {
	case "":
	case "me":
		q.OwnerID = c.actor.UserID
	case "none":
		q.Unowned = true
	default:
		id, err := strconv.ParseInt(in.Owner, 10, 64)
		if err != nil {
			return nil, invalidField("query.owner", "owner is a user id, me or none", "as 7")
		}
		q.OwnerID = id
	}
	page, err := s.deps.Obligations.List(ctx, c.actor, q)
	return body(page), err
}

func (s *server) countObligations(ctx context.Context, c *caller, in *struct {
	Scope string `query:"scope" enum:"mine,all" doc:"mine: one's own and nobody's; default: all one may see"`
}) (*bodyOf[obligation.Counts], error) {
	counts, err := s.deps.Obligations.Count(ctx, c.actor, in.Scope == "mine")
	return body(counts), err
}

func (s *server) getObligation(ctx context.Context, c *caller, in *IDPath) (*bodyOf[obligation.Obligation], error) {
	o, err := s.deps.Obligations.Get(ctx, c.actor, in.ID)
	return body(o), err
}

// ReasonInput says why nobody calls back.
type ReasonInput struct {
	Reason string `json:"reason" minLength:"1" maxLength:"1000"`
}

func (s *server) closeObligation(ctx context.Context, c *caller, in *struct {
	IDPath
	Body ReasonInput
}) (*bodyOf[obligation.Obligation], error) {
	o, err := s.deps.Obligations.Close(ctx, c.actor, in.ID, in.Body.Reason)
	return body(o), err
}

func (s *server) reopenObligation(ctx context.Context, c *caller, in *IDPath) (*bodyOf[obligation.Obligation], error) {
	o, err := s.deps.Obligations.Reopen(ctx, c.actor, in.ID)
	return body(o), err
}

// AssignInput is who is to call back.
type AssignInput struct {
	UserID int64 `json:"user_id,omitempty" minimum:"0" doc:"absent or 0: back to the client's responsible"`
}

func (s *server) assignObligation(ctx context.Context, c *caller, in *struct {
	IDPath
	Body AssignInput
}) (*bodyOf[obligation.Obligation], error) {
	o, err := s.deps.Obligations.Assign(ctx, c.actor, in.ID, in.Body.UserID)
	return body(o), err
}

func (s *server) getMissedCallRules(ctx context.Context, c *caller, _ *none) (*bodyOf[obligation.Rules], error) {
	rules, err := s.deps.Obligations.Rules(ctx, c.actor)
	return body(rules), err
}

func (s *server) setMissedCallRules(ctx context.Context, c *caller, in *bodyIn[obligation.Rules]) (*bodyOf[obligation.Rules], error) {
	rules, err := s.deps.Obligations.SetRules(ctx, c.actor, in.Body)
	return body(rules), err
}
