package httpapi

import (
	"context"
	"net/http"
	"reflect"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"ringcard/crm"
	"ringcard/crm/client"
)

func (s *server) registerClients() {
	handle(s, operation{
		id: "listClients", method: http.MethodGet, path: "/clients", tag: tagClients, needs: crm.ClientsRead,
		summary: "List or search clients",
	}, s.listClients)
	handle(s, operation{
		id: "createClient", method: http.MethodPost, path: "/clients", tag: tagClients, needs: crm.ClientsWrite, status: http.StatusCreated,
		summary: "Create a client",
		detail: "Answers 409 `duplicate` with the clients it would repeat, unless `force`. With `from_call_id` the call's number " +
			"becomes the phone if none is given, and past calls of that number are linked in the same transaction.",
	}, s.createClient)
	handle(s, operation{
		id: "getClient", method: http.MethodGet, path: "/clients/{id}", tag: tagClients, needs: crm.ClientsRead,
		summary: "A client's card",
	}, s.getClient)
	handle(s, operation{
		id: "updateClient", method: http.MethodPatch, path: "/clients/{id}", tag: tagClients, needs: crm.ClientsWrite,
		summary: "Change fields of a card",
		detail:  "Answers 409 `conflict` with the `current` card when it was changed since the version in If-Match.",
	}, s.updateClient)
	handle(s, operation{
		id: "deleteClient", method: http.MethodDelete, path: "/clients/{id}", tag: tagClients, needs: crm.ClientsDelete, status: http.StatusNoContent,
		summary: "Delete a client; it can be restored",
	}, s.deleteClient)
	handle(s, operation{
		id: "restoreClient", method: http.MethodPost, path: "/clients/{id}/restore", tag: tagClients, needs: crm.ClientsDelete,
		summary: "Bring a deleted client back",
	}, s.restoreClient)
}

// cardOut is a card with its version as entity tag.
type cardOut struct {
	ETag     string `header:"ETag" doc:"version, for If-Match"`
	Location string `header:"Location"`
	Body     client.Card
}

func cardOf(card client.Card, err error) (*cardOut, error) {
	if err != nil {
		return nil, err
	}
	return &cardOut{ETag: etag(card.Version), Body: card}, nil
}

func etag(version int64) string { return `"` + strconv.FormatInt(version, 10) + `"` }

// Versioned is the version a write is based on.
type Versioned struct {
	IfMatch string `header:"If-Match" required:"true" maxLength:"64" doc:"ETag of the record as read" example:"\"3\""`
}

func (m Versioned) version() (int64, error) {
	text := strings.TrimPrefix(strings.TrimSpace(m.IfMatch), "W/")
	version, err := strconv.ParseInt(strings.Trim(text, `"`), 10, 64)
	if err != nil || version < 1 {
		return 0, invalidField("header.If-Match", "If-Match is not an ETag of this record", `write it as "3"`)
	}
	return version, nil
}

// ClientQuery are the filters of the client list; they combine by AND.
type ClientQuery struct {
	Paging
	Q             string      `query:"q" maxLength:"200" doc:"part of a name, digits of a number, e-mail, name of a person"`
	GroupID       int64       `query:"group_id" minimum:"1"`
	ResponsibleID int64       `query:"responsible_id" minimum:"1"`
	Unassigned    bool        `query:"unassigned" doc:"only clients without a responsible user"`
	Sort          client.Sort `query:"sort" enum:"name,-potential,-deal_sum,-last_contact,-created" default:"name"`
}

func (s *server) listClients(ctx context.Context, c *caller, in *ClientQuery) (*bodyOf[crm.Page[client.Row]], error) {
	page, err := s.deps.Clients.List(ctx, c.actor, client.ListQuery{
		Q: in.Q, GroupID: in.GroupID, ResponsibleID: in.ResponsibleID, Unassigned: in.Unassigned, Sort: in.Sort, Page: in.request(),
	})
	return body(page), err
}

// ClientInput is a new client; only the name must be given.
type ClientInput struct {
	Name           string           `json:"name" minLength:"1" maxLength:"300"`
	FullName       string           `json:"full_name,omitempty" maxLength:"1000"`
	Kind           client.Kind      `json:"kind,omitempty" enum:"company,person,entrepreneur" default:"company"`
	Activity       string           `json:"activity,omitempty" maxLength:"1000"`
	City           string           `json:"city,omitempty" maxLength:"300"`
	Note           string           `json:"note,omitempty" maxLength:"20000"`
	RelationType   string           `json:"relation_type,omitempty" maxLength:"300"`
	Source         string           `json:"source,omitempty" maxLength:"300"`
	GroupID        optional[int64]  `json:"group_id,omitempty"`
	ResponsibleID  optional[int64]  `json:"responsible_id,omitempty"`
	Potential      optional[int]    `json:"potential,omitempty" doc:"0 to 100"`
	DealSum        string           `json:"deal_sum,omitempty" maxLength:"20" doc:"decimal, as 1500.00"`
	FirstContactOn optional[string] `json:"first_contact_on,omitempty" doc:"date, as 2026-11-22"`
	Phones         []PhoneInput     `json:"phones,omitempty" maxItems:"200"`
	Emails         []EmailInput     `json:"emails,omitempty" maxItems:"200"`
	Addresses      []AddressInput   `json:"addresses,omitempty" maxItems:"200"`
	Person         *PersonInput     `json:"person,omitempty"`
	FromCallID     string           `json:"from_call_id,omitempty" format:"uuid"`
	Force          bool             `json:"force,omitempty" doc:"create in spite of duplicates"`
}

func (in ClientInput) input() (client.NewClient, error) {
	first, err := date(in.FirstContactOn)
	if err != nil {
		return client.NewClient{}, err
	}
	out := client.NewClient{
		Name: in.Name, FullName: in.FullName, Kind: in.Kind, Activity: in.Activity, City: in.City, Note: in.Note,
		RelationType: in.RelationType, Source: in.Source, GroupID: in.GroupID.Value, ResponsibleID: in.ResponsibleID.Value,
		Potential: in.Potential.Value, DealSum: crm.Money(in.DealSum), FirstContactOn: first.Value,
		Phones: phoneInputs(in.Phones), Emails: emailInputs(in.Emails), FromCallID: in.FromCallID, Force: in.Force,
	}
	for _, a := range in.Addresses {
		out.Addresses = append(out.Addresses, a.input())
	}
	if in.Person != nil {
		person := in.Person.input()
		out.Person = &person
	}
	return out, nil
}

func (s *server) createClient(ctx context.Context, c *caller, in *bodyIn[ClientInput]) (*cardOut, error) {
	input, err := in.Body.input()
	if err != nil {
		return nil, err
	}
	out, err := cardOf(s.deps.Clients.Create(ctx, c.actor, input))
	if err != nil {
		return nil, err
	}
	out.Location = prefix + "/clients/" + strconv.FormatInt(out.Body.ID, 10)
	if input.FromCallID != "" {
		// The client is saved whatever becomes of the call's screens.
		if err := s.showClient(ctx, c, input.FromCallID, out.Body.ID, firstPerson(out.Body)); err != nil {
			s.log.WarnContext(ctx, "new client not shown on its call", "call", input.FromCallID, "error", err)
		}
	}
	return out, nil
}

func firstPerson(card client.Card) int64 {
	if len(card.Persons) == 0 {
		return 0
	}
	return card.Persons[0].PersonID
}

func (s *server) getClient(ctx context.Context, c *caller, in *IDPath) (*cardOut, error) {
	return cardOf(s.deps.Clients.Get(ctx, c.actor, in.ID))
}

// ClientPatch changes the fields that are present.
type ClientPatch struct {
	Name           *string          `json:"name,omitempty" minLength:"1" maxLength:"300"`
	FullName       *string          `json:"full_name,omitempty" maxLength:"1000"`
	Kind           *client.Kind     `json:"kind,omitempty" enum:"company,person,entrepreneur"`
	Activity       *string          `json:"activity,omitempty" maxLength:"1000"`
	City           *string          `json:"city,omitempty" maxLength:"300"`
	Note           *string          `json:"note,omitempty" maxLength:"20000"`
	RelationType   *string          `json:"relation_type,omitempty" maxLength:"300"`
	Source         *string          `json:"source,omitempty" maxLength:"300"`
	GroupID        optional[int64]  `json:"group_id,omitempty"`
	ResponsibleID  optional[int64]  `json:"responsible_id,omitempty"`
	Potential      optional[int]    `json:"potential,omitempty" doc:"0 to 100"`
	DealSum        *string          `json:"deal_sum,omitempty" maxLength:"20" doc:"decimal, as 1500.00"`
	FirstContactOn optional[string] `json:"first_contact_on,omitempty" doc:"date, as 2026-11-22"`
}

func (in ClientPatch) input() (client.Patch, error) {
	first, err := date(in.FirstContactOn)
	return client.Patch{
		Name: in.Name, FullName: in.FullName, Kind: in.Kind, Activity: in.Activity, City: in.City, Note: in.Note,
		RelationType: in.RelationType, Source: in.Source, GroupID: in.GroupID.Optional, ResponsibleID: in.ResponsibleID.Optional,
		Potential: in.Potential.Optional, DealSum: (*crm.Money)(in.DealSum), FirstContactOn: first,
	}, err
}

func (s *server) updateClient(ctx context.Context, c *caller, in *struct {
	IDPath
	Versioned
	Body ClientPatch
}) (*cardOut, error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	patch, err := in.Body.input()
	if err != nil {
		return nil, err
	}
	return cardOf(s.deps.Clients.Update(ctx, c.actor, in.ID, version, patch))
}

func (s *server) deleteClient(ctx context.Context, c *caller, in *struct {
	IDPath
	Versioned
}) (*none, error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	return nil, s.deps.Clients.Delete(ctx, c.actor, in.ID, version)
}

func (s *server) restoreClient(ctx context.Context, c *caller, in *IDPath) (*cardOut, error) {
	return cardOf(s.deps.Clients.Restore(ctx, c.actor, in.ID))
}

// optional is crm.Optional with its place in the OpenAPI document: absent,
// null and a value are three different things.
type optional[T any] struct{ crm.Optional[T] }

// Schema implements huma.SchemaProvider.
func (optional[T]) Schema(r huma.Registry) *huma.Schema {
	schema := *huma.SchemaFromType(r, reflect.TypeFor[T]())
	schema.Nullable = true
	return &schema
}

// date reads the optional text of a day.
func date(in optional[string]) (crm.Optional[crm.Date], error) {
	if in.Value == nil {
		return crm.Optional[crm.Date]{Set: in.Set}, nil
	}
	day, err := crm.ParseDate(*in.Value)
	if err != nil {
		return crm.Optional[crm.Date]{}, crm.Invalid("first_contact_on", "%q is not a date, as 2026-11-22", *in.Value)
	}
	return crm.Of(day), nil
}
