package client

import (
	"context"
	"log/slog"

	"ringcard/crm"
)

const maxDuplicates = 10

// Stores are what a Service works on; one value may implement them all.
type Stores struct {
	Cards    Cards
	Writer   Writer
	Contacts Contacts
	Persons  Persons
	Groups   Groups
	Numbers  Numbers
	Matching Matching
}

// Service is the use cases of clients. It checks permissions and input; the
// stores check visibility.
type Service struct {
	stores Stores
	rules  crm.PhoneRules
	log    *slog.Logger
}

// NewService makes a Service; numbers are read by the office's rules.
func NewService(stores Stores, rules crm.PhoneRules, log *slog.Logger) *Service {
	return &Service{stores: stores, rules: rules, log: log}
}

// List returns one page of clients.
func (s *Service) List(ctx context.Context, actor crm.Actor, q ListQuery) (crm.Page[Row], error) {
	if err := actor.Require(crm.ClientsRead); err != nil {
		return crm.Page[Row]{}, err
	}
	switch q.Sort {
	case "":
		q.Sort = ByName
	case ByName, ByPotential, ByDealSum, ByLastContact, ByCreated:
	default:
		return crm.Page[Row]{}, crm.Invalid("sort", "unknown order %q", q.Sort)
	}
	return s.stores.Cards.List(ctx, actor, q, crm.SearchFor(actor, q.Q, s.rules))
}

// Get returns a card.
func (s *Service) Get(ctx context.Context, actor crm.Actor, id int64) (Card, error) {
	if err := actor.Require(crm.ClientsRead); err != nil {
		return Card{}, err
	}
	card, err := s.stores.Cards.Card(ctx, actor, id)
	if err == nil && card.DeletedAt != nil {
		return Card{}, crm.NotFound("client")
	}
	return card, err
}

// Search is the one box of Ctrl+K: clients and persons by name, number or
// e-mail. The number is set when the text can be dialled.
func (s *Service) Search(ctx context.Context, actor crm.Actor, q string, limit int) ([]Hit, *crm.Phone, error) {
	if err := actor.Require(crm.ClientsRead); err != nil {
		return nil, nil, err
	}
	parsed := crm.SearchFor(actor, q, s.rules)
	var number *crm.Phone
	if p := crm.ParsePhone(q, s.rules); p.Kind == crm.PhoneExternal || p.Kind == crm.PhoneExtension {
		number = &p
	}
	if len(parsed.Words) == 0 {
		return []Hit{}, number, nil
	}
	hits, err := s.stores.Cards.Find(ctx, actor, parsed, crm.PageRequest{Limit: limit}.Size())
	return hits, number, err
}

// Create makes a client and returns its card. Unless forced, a client that
// repeats others is refused with CodeDuplicate and []Duplicate as Detail.
func (s *Service) Create(ctx context.Context, actor crm.Actor, in NewClient) (Card, error) {
	if err := actor.Require(crm.ClientsWrite); err != nil {
		return Card{}, err
	}
	if err := s.checkNew(&in); err != nil {
		return Card{}, err
	}
	if !in.Force {
		same, err := s.stores.Cards.Duplicates(ctx, in, maxDuplicates)
		if err != nil {
			return Card{}, err
		}
		if len(same) > 0 {
			return Card{}, &crm.Error{Code: crm.CodeDuplicate, Message: "there are clients like this already", Detail: same}
		}
	}
	if in.ResponsibleID == nil && !actor.Can(crm.ClientsReadAll) && actor.UserID != 0 {
		in.ResponsibleID = &actor.UserID // else he might lose sight of his own client
	}
	id, err := s.stores.Writer.Create(ctx, actor, in)
	if err != nil {
		return Card{}, err
	}
	return s.afterWrite(ctx, id)
}

// Update changes fields of a card that is still at the given version;
// otherwise CodeConflict with the current Card as Detail.
func (s *Service) Update(ctx context.Context, actor crm.Actor, id, version int64, p Patch) (Card, error) {
	if err := actor.Require(crm.ClientsWrite); err != nil {
		return Card{}, err
	}
	if err := checkPatch(&p); err != nil {
		return Card{}, err
	}
	if err := s.stores.Writer.Update(ctx, actor, id, version, p); err != nil {
		return Card{}, err
	}
	return s.afterWrite(ctx, id)
}

// afterWrite reads the card as the system: who has just handed a client to a
// colleague may not see it any more, but his change was made.
func (s *Service) afterWrite(ctx context.Context, id int64) (Card, error) {
	return s.stores.Cards.Card(ctx, crm.System(), id)
}

// Delete hides a client; calls and history stay and come back with Restore.
func (s *Service) Delete(ctx context.Context, actor crm.Actor, id, version int64) error {
	if err := actor.Require(crm.ClientsDelete); err != nil {
		return err
	}
	return s.stores.Writer.Delete(ctx, actor, id, version)
}

// Restore brings a deleted client back.
func (s *Service) Restore(ctx context.Context, actor crm.Actor, id int64) (Card, error) {
	if err := actor.Require(crm.ClientsDelete); err != nil {
		return Card{}, err
	}
	if err := s.stores.Writer.Restore(ctx, actor, id); err != nil {
		return Card{}, err
	}
	return s.stores.Cards.Card(ctx, actor, id)
}

// SavePhone adds (id 0) or replaces a phone of a client or person.
func (s *Service) SavePhone(ctx context.Context, actor crm.Actor, owner Owner, id int64, in PhoneInput) (Phone, error) {
	if err := actor.Require(crm.ClientsWrite); err != nil {
		return Phone{}, err
	}
	if err := s.checkPhone("raw", &in); err != nil {
		return Phone{}, err
	}
	return s.stores.Contacts.SavePhone(ctx, actor, owner, id, in)
}

// DeletePhone removes a phone.
func (s *Service) DeletePhone(ctx context.Context, actor crm.Actor, owner Owner, id int64) error {
	if err := actor.Require(crm.ClientsWrite); err != nil {
		return err
	}
	return s.stores.Contacts.DeletePhone(ctx, actor, owner, id)
}

// SaveEmail adds (id 0) or replaces an e-mail address.
func (s *Service) SaveEmail(ctx context.Context, actor crm.Actor, owner Owner, id int64, in EmailInput) (Email, error) {
	if err := actor.Require(crm.ClientsWrite); err != nil {
		return Email{}, err
	}
	if err := checkEmail("email", &in); err != nil {
		return Email{}, err
	}
	return s.stores.Contacts.SaveEmail(ctx, actor, owner, id, in)
}

// DeleteEmail removes an e-mail address.
func (s *Service) DeleteEmail(ctx context.Context, actor crm.Actor, owner Owner, id int64) error {
	if err := actor.Require(crm.ClientsWrite); err != nil {
		return err
	}
	return s.stores.Contacts.DeleteEmail(ctx, actor, owner, id)
}

// SaveAddress adds (id 0) or replaces an address.
func (s *Service) SaveAddress(ctx context.Context, actor crm.Actor, clientID, id int64, in AddressInput) (Address, error) {
	if err := actor.Require(crm.ClientsWrite); err != nil {
		return Address{}, err
	}
	if err := checkAddress("", &in); err != nil {
		return Address{}, err
	}
	return s.stores.Contacts.SaveAddress(ctx, actor, clientID, id, in)
}

// DeleteAddress removes an address.
func (s *Service) DeleteAddress(ctx context.Context, actor crm.Actor, clientID, id int64) error {
	if err := actor.Require(crm.ClientsWrite); err != nil {
		return err
	}
	return s.stores.Contacts.DeleteAddress(ctx, actor, clientID, id)
}

// Persons searches the contact persons of all organisations (CP-06).
func (s *Service) Persons(ctx context.Context, actor crm.Actor, q string, page crm.PageRequest) (crm.Page[PersonRow], error) {
	if err := actor.Require(crm.ClientsRead); err != nil {
		return crm.Page[PersonRow]{}, err
	}
	return s.stores.Persons.Persons(ctx, actor, crm.SearchFor(actor, q, s.rules), page)
}

// Person returns a contact person with his organisations.
func (s *Service) Person(ctx context.Context, actor crm.Actor, id int64) (Person, error) {
	if err := actor.Require(crm.ClientsRead); err != nil {
		return Person{}, err
	}
	return s.stores.Persons.Person(ctx, actor, id)
}

// LinkPerson adds a new or an existing person to a client.
func (s *Service) LinkPerson(ctx context.Context, actor crm.Actor, clientID int64, in PersonInput) (PersonRef, error) {
	if err := actor.Require(crm.ClientsWrite); err != nil {
		return PersonRef{}, err
	}
	if err := s.checkPerson("", &in); err != nil {
		return PersonRef{}, err
	}
	return s.stores.Persons.Link(ctx, actor, clientID, in)
}

// UpdatePerson changes a person's link to a client, and his name.
func (s *Service) UpdatePerson(ctx context.Context, actor crm.Actor, clientID, linkID int64, p LinkPatch) (PersonRef, error) {
	if err := actor.Require(crm.ClientsWrite); err != nil {
		return PersonRef{}, err
	}
	if p.Name != nil {
		if err := checkName("name", p.Name); err != nil {
			return PersonRef{}, err
		}
	}
	return s.stores.Persons.UpdateLink(ctx, actor, clientID, linkID, p)
}

// UnlinkPerson ends a person's link to a client; the person stays.
func (s *Service) UnlinkPerson(ctx context.Context, actor crm.Actor, clientID, linkID int64) error {
	if err := actor.Require(crm.ClientsWrite); err != nil {
		return err
	}
	return s.stores.Persons.Unlink(ctx, actor, clientID, linkID)
}

// Groups lists the groups, «all clients» first (GR-09), then by name.
func (s *Service) Groups(ctx context.Context, actor crm.Actor) ([]Group, error) {
	if err := actor.Require(crm.ClientsRead); err != nil {
		return nil, err
	}
	return s.stores.Groups.Groups(ctx, actor)
}

// CreateGroup makes a group; names are unique ignoring case and ё (GR-02).
func (s *Service) CreateGroup(ctx context.Context, actor crm.Actor, name string) (Group, error) {
	if err := actor.Require(crm.ClientsWrite); err != nil {
		return Group{}, err
	}
	if err := checkName("name", &name); err != nil {
		return Group{}, err
	}
	return s.stores.Groups.CreateGroup(ctx, actor, name)
}

// RenameGroup renames a group; «all clients» (0) cannot be renamed.
func (s *Service) RenameGroup(ctx context.Context, actor crm.Actor, id int64, name string) (Group, error) {
	if err := actor.Require(crm.ClientsWrite); err != nil {
		return Group{}, err
	}
	if err := checkName("name", &name); err != nil {
		return Group{}, err
	}
	return s.stores.Groups.RenameGroup(ctx, actor, id, name)
}

// DeleteGroup removes a group and keeps its clients (GR-07).
func (s *Service) DeleteGroup(ctx context.Context, actor crm.Actor, id int64) error {
	if err := actor.Require(crm.ClientsDelete); err != nil {
		return err
	}
	return s.stores.Groups.DeleteGroup(ctx, actor, id)
}

// Lookup tells how a number parses and whom it matches (LU-02, LU-08).
func (s *Service) Lookup(ctx context.Context, actor crm.Actor, number string) (crm.Phone, Found, error) {
	p := crm.ParsePhone(number, s.rules)
	if err := actor.Require(crm.ClientsRead); err != nil {
		return p, Found{}, err
	}
	if p.Kind != crm.PhoneExternal {
		return p, Found{}, nil
	}
	found, err := s.stores.Numbers.Lookup(ctx, p.E164)
	preferOf(actor.UserID, found.Matches)
	if err != nil || actor.Can(crm.ClientsReadAll) {
		return p, found, err
	}
	found.Matches, err = s.visible(ctx, actor, found.Matches)
	return p, found, err
}

// visible drops matches of clients the actor may not see (AC-01).
func (s *Service) visible(ctx context.Context, actor crm.Actor, matches []Match) ([]Match, error) {
	var out []Match
	for _, m := range matches {
		if m.ClientID != 0 {
			if _, err := s.stores.Cards.Card(ctx, actor, m.ClientID); crm.CodeOf(err) == crm.CodeNotFound {
				continue
			} else if err != nil {
				return nil, err
			}
		}
		out = append(out, m)
	}
	return out, nil
}
