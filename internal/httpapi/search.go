package httpapi

import (
	"context"
	"net/http"

	"ringcard/crm"
	"ringcard/crm/client"
	"ringcard/cti"
)

func (s *server) registerSearch() {
	handle(s, operation{
		id: "search", method: http.MethodGet, path: "/search", tag: tagSearch, needs: crm.ClientsRead,
		summary: "Search box: clients and persons by name, number or e-mail",
	}, s.search)
	handle(s, operation{
		id: "lookup", method: http.MethodGet, path: "/lookup", tag: tagSearch, needs: crm.ClientsRead,
		summary: "How a number parses, whom it matches and why, and how each PBX would dial it",
	}, s.lookup)
	handle(s, operation{
		id: "markDoNotCall", method: http.MethodPost, path: "/numbers/do-not-call", tag: tagSearch, needs: crm.ClientsWrite, status: http.StatusNoContent,
		summary: "Note that the owner of a number asked not to be called, or that he may be",
		detail:  "Such a number is refused with `do_not_call` when it is dialled or a call is sent to it.",
	}, s.markDoNotCall)
	handle(s, operation{
		id: "markSpam", method: http.MethodPost, path: "/numbers/spam", tag: tagSearch, needs: crm.ClientsWrite, status: http.StatusNoContent,
		summary: "Mark a number as spam, or unmark it",
		detail:  "Calls of a marked number are recorded, and matched to nobody. Name the number itself or a call of it.",
	}, s.markSpam)
	handle(s, operation{
		id: "forgetChoice", method: http.MethodDelete, path: "/numbers/choice", tag: tagSearch, needs: crm.ClientsWrite, status: http.StatusNoContent,
		summary: "Forget who of several matches was chosen for a number",
		detail:  "A choice is made by POST /calls/{id}/client and pops first from then on, with reason `chosen`.",
	}, s.forgetChoice)
	handle(s, operation{
		id: "listUnsorted", method: http.MethodGet, path: "/unsorted", tag: tagSearch, needs: crm.CallsRead,
		summary: "Outside numbers nobody has been found for, the last to call first",
		detail: "Make a client of one with POST /clients and `from_call_id`, attach it with POST /clients/{id}/link-call, or mark it " +
			"with POST /numbers/spam; its past calls follow in the same transaction.",
	}, s.listUnsorted)
}

// ParsedNumber is a telephone number as understood.
type ParsedNumber struct {
	Raw     string        `json:"raw"`
	E164    string        `json:"e164" doc:"with +, empty when it has none"`
	Display string        `json:"display"`
	Ext     string        `json:"ext,omitempty"`
	Kind    crm.PhoneKind `json:"kind" enum:"external,extension,anonymous,invalid"`
}

func parsedNumber(p crm.Phone) ParsedNumber {
	return ParsedNumber{Raw: p.Raw, E164: p.E164Text(), Display: p.Display, Ext: p.Ext, Kind: p.Kind}
}

// SearchResult is what the search box shows.
type SearchResult struct {
	Clients []client.Hit  `json:"clients"`
	Number  *ParsedNumber `json:"number" doc:"set when the text can be dialled"`
}

func (s *server) search(ctx context.Context, c *caller, in *struct {
	Q     string `query:"q" required:"true" maxLength:"200"`
	Limit int    `query:"limit" minimum:"1" maximum:"50" default:"10"`
}) (*bodyOf[SearchResult], error) {
	hits, number, err := s.deps.Clients.Search(ctx, c.actor, in.Q, in.Limit)
	if err != nil {
		return nil, err
	}
	out := SearchResult{Clients: notNil(hits)}
	if number != nil {
		parsed := parsedNumber(*number)
		out.Number = &parsed
	}
	return body(out), nil
}

// LookupResult is how a number parses, whom it matches and how it is dialled.
type LookupResult struct {
	Number  ParsedNumber   `json:"number"`
	Reading NumberReading  `json:"reading"`
	Matches []client.Match `json:"matches" doc:"best first; none for spam"`
	Spam    bool           `json:"spam"`
	Choice  *client.Choice `json:"choice" doc:"what was chosen for it; null for nothing"`
	Dial    []cti.Dialling `json:"dial" doc:"by PBX"`
}

// NumberReading is how a number came to be understood.
type NumberReading struct {
	Rule    crm.PhoneRule `json:"rule" enum:"withheld,extension,plus,abroad_810,abroad_00,trunk_8,national_digits,office_area,region,as_dialled,none"`
	Country string        `json:"country" doc:"ISO 3166, empty where none can be told"`
	Type    string        `json:"type" enum:",mobile,fixed,toll_free,premium,voip,other"`
	Area    string        `json:"area" doc:"area code of a fixed line"`
	Valid   bool          `json:"valid" doc:"in use by the numbering plan of its country, as far as the tables know"`
}

func (s *server) lookup(ctx context.Context, c *caller, in *struct {
	Number string `query:"number" required:"true" maxLength:"64"`
}) (*bodyOf[LookupResult], error) {
	e, err := s.deps.Clients.Examine(ctx, c.actor, in.Number)
	if err != nil {
		return nil, err
	}
	r := e.Reading
	return body(LookupResult{
		Number: parsedNumber(r.Phone), Matches: notNil(e.Found.Matches), Spam: e.Found.Spam, Choice: e.Choice,
		Reading: NumberReading{Rule: r.Rule, Country: r.Country, Type: r.Type, Area: r.Area, Valid: r.Valid},
		Dial:    notNil(s.deps.Diallings(in.Number)),
	}), nil
}

// SpamInput marks a number, named itself or by a call of it.
type SpamInput struct {
	Number string `json:"number,omitempty" maxLength:"64"`
	CallID string `json:"call_id,omitempty" format:"uuid" doc:"instead of the number"`
	Spam   bool   `json:"spam"`
}

func (s *server) markSpam(ctx context.Context, c *caller, in *bodyIn[SpamInput]) (*none, error) {
	return nil, s.deps.Clients.MarkSpam(ctx, c.actor, client.NumberRef{Raw: in.Body.Number, CallID: in.Body.CallID}, in.Body.Spam)
}

// DoNotCallInput marks a number, named itself or by a call of it.
type DoNotCallInput struct {
	Number    string `json:"number,omitempty" maxLength:"64"`
	CallID    string `json:"call_id,omitempty" format:"uuid" doc:"instead of the number"`
	DoNotCall bool   `json:"do_not_call"`
}

func (s *server) markDoNotCall(ctx context.Context, c *caller, in *bodyIn[DoNotCallInput]) (*none, error) {
	ref := client.NumberRef{Raw: in.Body.Number, CallID: in.Body.CallID}
	return nil, s.deps.Clients.MarkDoNotCall(ctx, c.actor, ref, in.Body.DoNotCall)
}

func (s *server) forgetChoice(ctx context.Context, c *caller, in *struct {
	Number string `query:"number" maxLength:"64"`
	CallID string `query:"call_id" format:"uuid" doc:"instead of the number"`
}) (*none, error) {
	return nil, s.deps.Clients.Forget(ctx, c.actor, client.NumberRef{Raw: in.Number, CallID: in.CallID})
}

func (s *server) listUnsorted(ctx context.Context, c *caller, in *struct {
	Paging
	Q string `query:"q" maxLength:"200" doc:"a number, its last digits, or words of the name that came with the last call"`
}) (*bodyOf[crm.Page[client.Unsorted]], error) {
	page, err := s.deps.Clients.Unsorted(ctx, c.actor, in.Q, in.request())
	return body(page), err
}

// notNil makes an empty list [] and not null.
func notNil[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}
