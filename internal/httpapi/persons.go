package httpapi

import (
	"context"
	"net/http"

	"ringcard/crm"
	"ringcard/crm/client"
)

func (s *server) registerPersons() {
	handle(s, operation{
		id: "listPersons", method: http.MethodGet, path: "/persons", tag: tagPersons, needs: crm.ClientsRead,
		summary: "Search contact persons of all organisations",
	}, s.listPersons)
	handle(s, operation{
		id: "getPerson", method: http.MethodGet, path: "/persons/{id}", tag: tagPersons, needs: crm.ClientsRead,
		summary: "A person with his organisations",
	}, s.getPerson)
	handle(s, operation{
		id: "linkPerson", method: http.MethodPost, path: "/clients/{id}/persons", tag: tagPersons, needs: crm.ClientsWrite, status: http.StatusCreated,
		summary: "Add a new person, or link an existing one by person_id",
	}, s.linkPerson)
	handle(s, operation{
		id: "updatePersonLink", method: http.MethodPatch, path: "/clients/{id}/persons/{link_id}", tag: tagPersons, needs: crm.ClientsWrite,
		summary: "Change a person's name or place at a client",
	}, s.updatePersonLink)
	handle(s, operation{
		id: "unlinkPerson", method: http.MethodDelete, path: "/clients/{id}/persons/{link_id}", tag: tagPersons, needs: crm.ClientsWrite, status: http.StatusNoContent,
		summary: "End a person's link to a client; the person stays",
	}, s.unlinkPerson)
}

// PersonInput is a new person, or the link of an existing one.
type PersonInput struct {
	PersonID  int64        `json:"person_id,omitempty" minimum:"1" doc:"an existing person; then the name is not needed"`
	Name      string       `json:"name,omitempty" maxLength:"300"`
	Position  string       `json:"position,omitempty" maxLength:"300"`
	IsPrimary bool         `json:"is_primary,omitempty"`
	Phones    []PhoneInput `json:"phones,omitempty" maxItems:"200"`
	Emails    []EmailInput `json:"emails,omitempty" maxItems:"200"`
}

func (in PersonInput) input() client.PersonInput {
	return client.PersonInput{
		PersonID: in.PersonID, Name: in.Name, Position: in.Position, IsPrimary: in.IsPrimary,
		Phones: phoneInputs(in.Phones), Emails: emailInputs(in.Emails),
	}
}

// PersonPatch changes the fields that are present.
type PersonPatch struct {
	Name      *string `json:"name,omitempty" minLength:"1" maxLength:"300"`
	Position  *string `json:"position,omitempty" maxLength:"300"`
	IsPrimary *bool   `json:"is_primary,omitempty"`
}

// LinkPath names a person's link to a client.
type LinkPath struct {
	IDPath
	LinkID int64 `path:"link_id" minimum:"1"`
}

func (s *server) listPersons(ctx context.Context, c *caller, in *struct {
	Paging
	Q string `query:"q" maxLength:"200" doc:"part of a name, digits of a number, e-mail"`
}) (*bodyOf[crm.Page[client.PersonRow]], error) {
	page, err := s.deps.Clients.Persons(ctx, c.actor, in.Q, in.request())
	return body(page), err
}

func (s *server) getPerson(ctx context.Context, c *caller, in *IDPath) (*bodyOf[client.Person], error) {
	person, err := s.deps.Clients.Person(ctx, c.actor, in.ID)
	return body(person), err
}

func (s *server) linkPerson(ctx context.Context, c *caller, in *struct {
	IDPath
	Body PersonInput
}) (*bodyOf[client.PersonRef], error) {
	ref, err := s.deps.Clients.LinkPerson(ctx, c.actor, in.ID, in.Body.input())
	return body(ref), err
}

func (s *server) updatePersonLink(ctx context.Context, c *caller, in *struct {
	LinkPath
	Body PersonPatch
}) (*bodyOf[client.PersonRef], error) {
	ref, err := s.deps.Clients.UpdatePerson(ctx, c.actor, in.ID, in.LinkID,
		client.LinkPatch{Name: in.Body.Name, Position: in.Body.Position, IsPrimary: in.Body.IsPrimary})
	return body(ref), err
}

func (s *server) unlinkPerson(ctx context.Context, c *caller, in *LinkPath) (*none, error) {
	return nil, s.deps.Clients.UnlinkPerson(ctx, c.actor, in.ID, in.LinkID)
}
