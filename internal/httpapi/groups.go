package httpapi

import (
	"context"
	"net/http"

	"ringcard/crm"
	"ringcard/crm/client"
)

func (s *server) registerGroups() {
	handle(s, operation{
		id: "listGroups", method: http.MethodGet, path: "/groups", tag: tagGroups, needs: crm.ClientsRead,
		summary: "Groups of clients, all clients first",
	}, s.listGroups)
	handle(s, operation{
		id: "createGroup", method: http.MethodPost, path: "/groups", tag: tagGroups, needs: crm.ClientsWrite, status: http.StatusCreated,
		summary: "Create a group",
	}, s.createGroup)
	handle(s, operation{
		id: "renameGroup", method: http.MethodPatch, path: "/groups/{id}", tag: tagGroups, needs: crm.ClientsWrite,
		summary: "Rename a group",
	}, s.renameGroup)
	handle(s, operation{
		id: "deleteGroup", method: http.MethodDelete, path: "/groups/{id}", tag: tagGroups, needs: crm.ClientsDelete, status: http.StatusNoContent,
		summary: "Remove a group; its clients stay",
	}, s.deleteGroup)
}

// GroupInput is the name of a group.
type GroupInput struct {
	Name string `json:"name" minLength:"1" maxLength:"200"`
}

func (s *server) listGroups(ctx context.Context, c *caller, _ *none) (*bodyOf[items[client.Group]], error) {
	groups, err := s.deps.Clients.Groups(ctx, c.actor)
	return listOf(groups), err
}

func (s *server) createGroup(ctx context.Context, c *caller, in *bodyIn[GroupInput]) (*bodyOf[client.Group], error) {
	group, err := s.deps.Clients.CreateGroup(ctx, c.actor, in.Body.Name)
	return body(group), err
}

func (s *server) renameGroup(ctx context.Context, c *caller, in *struct {
	IDPath
	Body GroupInput
}) (*bodyOf[client.Group], error) {
	group, err := s.deps.Clients.RenameGroup(ctx, c.actor, in.ID, in.Body.Name)
	return body(group), err
}

func (s *server) deleteGroup(ctx context.Context, c *caller, in *IDPath) (*none, error) {
	return nil, s.deps.Clients.DeleteGroup(ctx, c.actor, in.ID)
}
