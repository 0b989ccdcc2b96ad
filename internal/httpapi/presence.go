package httpapi

import (
	"context"
	"net/http"

	"ringcard/crm"
	"ringcard/crm/employee"
	"ringcard/cti"
)

func (s *server) registerPresence() {
	handle(s, operation{
		id: "listPresence", method: http.MethodGet, path: "/presence", tag: tagPresence,
		summary: "What everybody's telephone does",
	}, s.listPresence)
	handle(s, operation{
		id: "setStatus", method: http.MethodPut, path: "/me/status", tag: tagPresence,
		summary: "Say that you are free, on a break or in wrap-up",
	}, s.setStatus)
	handle(s, operation{
		id: "listPBX", method: http.MethodGet, path: "/pbx", tag: tagPresence,
		summary: "Connections to the PBXs",
	}, s.listPBX)
}

func (s *server) listPresence(_ context.Context, c *caller, _ *none) (*bodyOf[items[cti.Presence]], error) {
	return listOf(s.presence(c.actor)), nil
}

// presence tells the actor what he may know of each.
func (s *server) presence(actor crm.Actor) []cti.Presence {
	list := s.deps.Team.List()
	for i := range list {
		list[i] = list[i].For(actor.UserID, actor.Can(crm.CallsReadAll))
	}
	return list
}

// StatusInput is what a user says of himself.
type StatusInput struct {
	Status cti.PresenceState `json:"status" enum:"free,break,wrap_up"`
}

func (s *server) setStatus(ctx context.Context, c *caller, in *bodyIn[StatusInput]) (*bodyOf[cti.Presence], error) {
	if err := s.deps.Employees.SetStatus(ctx, c.actor, employee.Status(in.Body.Status)); err != nil {
		return nil, err
	}
	s.deps.WrapUps.Done(c.actor.UserID)
	presence, err := s.deps.Team.SetStatus(c.actor.UserID, in.Body.Status)
	if err != nil {
		return nil, err
	}
	return body(presence), nil
}

func (s *server) listPBX(_ context.Context, c *caller, _ *none) (*bodyOf[items[PBXStatus]], error) {
	return listOf(s.pbxStatuses(c)), nil
}

// pbxStatuses hides addresses in error texts from those who cannot act on
// them.
func (s *server) pbxStatuses(c *caller) []PBXStatus {
	list := s.deps.PBXs()
	if c.actor.Can(crm.PBXManage) {
		return list
	}
	for i := range list {
		list[i].Version, list[i].LastError = "", ""
	}
	return list
}
