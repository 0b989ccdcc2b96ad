package httpapi

import (
	"context"
	"net/http"

	"ringcard/crm"
	"ringcard/crm/client"
)

func (s *server) registerContacts() {
	handle(s, operation{
		id: "addPhone", method: http.MethodPost, path: "/clients/{id}/phones", tag: tagClients, needs: crm.ClientsWrite, status: http.StatusCreated,
		summary: "Add a phone to a client",
	}, s.addPhone)
	handle(s, operation{
		id: "updatePhone", method: http.MethodPatch, path: "/clients/{id}/phones/{phone_id}", tag: tagClients, needs: crm.ClientsWrite,
		summary: "Change a phone of a client",
	}, s.updatePhone)
	handle(s, operation{
		id: "deletePhone", method: http.MethodDelete, path: "/clients/{id}/phones/{phone_id}", tag: tagClients, needs: crm.ClientsWrite, status: http.StatusNoContent,
		summary: "Remove a phone of a client",
	}, s.deletePhone)
	handle(s, operation{
		id: "addEmail", method: http.MethodPost, path: "/clients/{id}/emails", tag: tagClients, needs: crm.ClientsWrite, status: http.StatusCreated,
		summary: "Add an e-mail address to a client",
	}, s.addEmail)
	handle(s, operation{
		id: "updateEmail", method: http.MethodPatch, path: "/clients/{id}/emails/{email_id}", tag: tagClients, needs: crm.ClientsWrite,
		summary: "Change an e-mail address of a client",
	}, s.updateEmail)
	handle(s, operation{
		id: "deleteEmail", method: http.MethodDelete, path: "/clients/{id}/emails/{email_id}", tag: tagClients, needs: crm.ClientsWrite, status: http.StatusNoContent,
		summary: "Remove an e-mail address of a client",
	}, s.deleteEmail)
	handle(s, operation{
		id: "addAddress", method: http.MethodPost, path: "/clients/{id}/addresses", tag: tagClients, needs: crm.ClientsWrite, status: http.StatusCreated,
		summary: "Add an address to a client",
	}, s.addAddress)
	handle(s, operation{
		id: "updateAddress", method: http.MethodPatch, path: "/clients/{id}/addresses/{address_id}", tag: tagClients, needs: crm.ClientsWrite,
		summary: "Change an address of a client",
	}, s.updateAddress)
	handle(s, operation{
		id: "deleteAddress", method: http.MethodDelete, path: "/clients/{id}/addresses/{address_id}", tag: tagClients, needs: crm.ClientsWrite, status: http.StatusNoContent,
		summary: "Remove an address of a client",
	}, s.deleteAddress)
}

// PhoneInput is a number as typed; it is parsed by the rules of the office.
type PhoneInput struct {
	Raw    string           `json:"raw" minLength:"1" maxLength:"64"`
	Kind   client.PhoneKind `json:"kind,omitempty" enum:"mobile,work,home,fax,other"`
	IsMain bool             `json:"is_main,omitempty"`
	Note   string           `json:"note,omitempty" maxLength:"1000"`
}

func (in PhoneInput) input() client.PhoneInput {
	return client.PhoneInput{Raw: in.Raw, Kind: in.Kind, IsMain: in.IsMain, Note: in.Note}
}

func phoneInputs(list []PhoneInput) []client.PhoneInput {
	out := make([]client.PhoneInput, len(list))
	for i, in := range list {
		out[i] = in.input()
	}
	return out
}

// PhonePatch changes the fields that are present.
type PhonePatch struct {
	Raw    *string           `json:"raw,omitempty" minLength:"1" maxLength:"64"`
	Kind   *client.PhoneKind `json:"kind,omitempty" enum:"mobile,work,home,fax,other"`
	IsMain *bool             `json:"is_main,omitempty"`
	Note   *string           `json:"note,omitempty" maxLength:"1000"`
}

// EmailInput is an e-mail address as typed.
type EmailInput struct {
	Email  string `json:"email" minLength:"3" maxLength:"254"`
	Kind   string `json:"kind,omitempty" enum:"work,personal,other"`
	IsMain bool   `json:"is_main,omitempty"`
}

func (in EmailInput) input() client.EmailInput {
	return client.EmailInput{Email: in.Email, Kind: in.Kind, IsMain: in.IsMain}
}

func emailInputs(list []EmailInput) []client.EmailInput {
	out := make([]client.EmailInput, len(list))
	for i, in := range list {
		out[i] = in.input()
	}
	return out
}

// EmailPatch changes the fields that are present.
type EmailPatch struct {
	Email  *string `json:"email,omitempty" minLength:"3" maxLength:"254"`
	Kind   *string `json:"kind,omitempty" enum:"work,personal,other"`
	IsMain *bool   `json:"is_main,omitempty"`
}

// AddressInput is an address as typed.
type AddressInput struct {
	Kind string `json:"kind" enum:"legal,actual,postal"`
	Text string `json:"text" minLength:"1" maxLength:"1000"`
	City string `json:"city,omitempty" maxLength:"300"`
}

func (in AddressInput) input() client.AddressInput {
	return client.AddressInput{Kind: in.Kind, Text: in.Text, City: in.City}
}

// AddressPatch changes the fields that are present.
type AddressPatch struct {
	Kind *string `json:"kind,omitempty" enum:"legal,actual,postal"`
	Text *string `json:"text,omitempty" minLength:"1" maxLength:"1000"`
	City *string `json:"city,omitempty" maxLength:"300"`
}

// PhonePath names a phone of a client.
type PhonePath struct {
	IDPath
	PhoneID int64 `path:"phone_id" minimum:"1"`
}

// EmailPath names an e-mail address of a client.
type EmailPath struct {
	IDPath
	EmailID int64 `path:"email_id" minimum:"1"`
}

// AddressPath names an address of a client.
type AddressPath struct {
	IDPath
	AddressID int64 `path:"address_id" minimum:"1"`
}

func (s *server) addPhone(ctx context.Context, c *caller, in *struct {
	IDPath
	Body PhoneInput
}) (*bodyOf[client.Phone], error) {
	phone, err := s.deps.Clients.SavePhone(ctx, c.actor, client.Owner{ClientID: in.ID}, 0, in.Body.input())
	return body(phone), err
}

func (s *server) updatePhone(ctx context.Context, c *caller, in *struct {
	PhonePath
	Body PhonePatch
}) (*bodyOf[client.Phone], error) {
	card, err := s.deps.Clients.Get(ctx, c.actor, in.ID)
	if err != nil {
		return nil, err
	}
	old, err := find(card.Phones, "phone", func(p client.Phone) bool { return p.ID == in.PhoneID })
	if err != nil {
		return nil, err
	}
	input := client.PhoneInput{
		Raw: or(in.Body.Raw, old.Raw), Kind: or(in.Body.Kind, old.Kind),
		IsMain: or(in.Body.IsMain, old.IsMain), Note: or(in.Body.Note, old.Note),
	}
	phone, err := s.deps.Clients.SavePhone(ctx, c.actor, client.Owner{ClientID: in.ID}, in.PhoneID, input)
	return body(phone), err
}

func (s *server) deletePhone(ctx context.Context, c *caller, in *PhonePath) (*none, error) {
	return nil, s.deps.Clients.DeletePhone(ctx, c.actor, client.Owner{ClientID: in.ID}, in.PhoneID)
}

func (s *server) addEmail(ctx context.Context, c *caller, in *struct {
	IDPath
	Body EmailInput
}) (*bodyOf[client.Email], error) {
	email, err := s.deps.Clients.SaveEmail(ctx, c.actor, client.Owner{ClientID: in.ID}, 0, in.Body.input())
	return body(email), err
}

func (s *server) updateEmail(ctx context.Context, c *caller, in *struct {
	EmailPath
	Body EmailPatch
}) (*bodyOf[client.Email], error) {
	card, err := s.deps.Clients.Get(ctx, c.actor, in.ID)
	if err != nil {
		return nil, err
	}
	old, err := find(card.Emails, "e-mail", func(e client.Email) bool { return e.ID == in.EmailID })
	if err != nil {
		return nil, err
	}
	input := client.EmailInput{Email: or(in.Body.Email, old.Email), Kind: or(in.Body.Kind, old.Kind), IsMain: or(in.Body.IsMain, old.IsMain)}
	email, err := s.deps.Clients.SaveEmail(ctx, c.actor, client.Owner{ClientID: in.ID}, in.EmailID, input)
	return body(email), err
}

func (s *server) deleteEmail(ctx context.Context, c *caller, in *EmailPath) (*none, error) {
	return nil, s.deps.Clients.DeleteEmail(ctx, c.actor, client.Owner{ClientID: in.ID}, in.EmailID)
}

func (s *server) addAddress(ctx context.Context, c *caller, in *struct {
	IDPath
	Body AddressInput
}) (*bodyOf[client.Address], error) {
	address, err := s.deps.Clients.SaveAddress(ctx, c.actor, in.ID, 0, in.Body.input())
	return body(address), err
}

func (s *server) updateAddress(ctx context.Context, c *caller, in *struct {
	AddressPath
	Body AddressPatch
}) (*bodyOf[client.Address], error) {
	card, err := s.deps.Clients.Get(ctx, c.actor, in.ID)
	if err != nil {
		return nil, err
	}
	old, err := find(card.Addresses, "address", func(a client.Address) bool { return a.ID == in.AddressID })
	if err != nil {
		return nil, err
	}
	input := client.AddressInput{Kind: or(in.Body.Kind, old.Kind), Text: or(in.Body.Text, old.Text), City: or(in.Body.City, old.City)}
	address, err := s.deps.Clients.SaveAddress(ctx, c.actor, in.ID, in.AddressID, input)
	return body(address), err
}

func (s *server) deleteAddress(ctx context.Context, c *caller, in *AddressPath) (*none, error) {
	return nil, s.deps.Clients.DeleteAddress(ctx, c.actor, in.ID, in.AddressID)
}

// find returns the part of a card that fits.
func find[T any](list []T, what string, fits func(T) bool) (T, error) {
	for _, v := range list {
		if fits(v) {
			return v, nil
		}
	}
	var missing T
	return missing, crm.NotFound(what)
}

// or is the new value, or the old one where none is given.
func or[T any](given *T, old T) T {
	if given != nil {
		return *given
	}
	return old
}
