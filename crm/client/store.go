package client

import (
	"context"

	"ringcard/crm"
)

// Every method of the ports sees, for its actor, only what he may see: the
// rest is crm.NotFound. Every writing method is one transaction together with
// its audit rows.

// Cards reads clients.
type Cards interface {
	List(ctx context.Context, actor crm.Actor, q ListQuery, s crm.Search) (crm.Page[Row], error)
	// Card of a deleted client is found too, so that it can be restored.
	Card(ctx context.Context, actor crm.Actor, id int64) (Card, error)
	Find(ctx context.Context, actor crm.Actor, s crm.Search, limit int) ([]Hit, error)
	// Duplicates looks at all clients, whoever may see them: a hidden one is
	// named so that the actor can ask its responsible.
	Duplicates(ctx context.Context, in NewClient, limit int) ([]Duplicate, error)
}

// Writer changes clients. A stale version is CodeConflict with the current
// Card as Detail.
type Writer interface {
	// Create also links past calls, see NewClient.FromCallID.
	Create(ctx context.Context, actor crm.Actor, in NewClient) (int64, error)
	Update(ctx context.Context, actor crm.Actor, id, version int64, p Patch) error
	Delete(ctx context.Context, actor crm.Actor, id, version int64) error
	Restore(ctx context.Context, actor crm.Actor, id int64) error
}

// Contacts changes phones, e-mails and addresses. An id of 0 adds.
type Contacts interface {
	SavePhone(ctx context.Context, actor crm.Actor, owner Owner, id int64, in PhoneInput) (Phone, error)
	DeletePhone(ctx context.Context, actor crm.Actor, owner Owner, id int64) error
	SaveEmail(ctx context.Context, actor crm.Actor, owner Owner, id int64, in EmailInput) (Email, error)
	DeleteEmail(ctx context.Context, actor crm.Actor, owner Owner, id int64) error
	SaveAddress(ctx context.Context, actor crm.Actor, clientID, id int64, in AddressInput) (Address, error)
	DeleteAddress(ctx context.Context, actor crm.Actor, clientID, id int64) error
}

// Persons keeps contact persons and their links to clients.
type Persons interface {
	Persons(ctx context.Context, actor crm.Actor, s crm.Search, page crm.PageRequest) (crm.Page[PersonRow], error)
	Person(ctx context.Context, actor crm.Actor, id int64) (Person, error)
	Link(ctx context.Context, actor crm.Actor, clientID int64, in PersonInput) (PersonRef, error)
	UpdateLink(ctx context.Context, actor crm.Actor, clientID, linkID int64, p LinkPatch) (PersonRef, error)
	Unlink(ctx context.Context, actor crm.Actor, clientID, linkID int64) error
}

// Groups keeps the named groups.
type Groups interface {
	Groups(ctx context.Context, actor crm.Actor) ([]Group, error)
	CreateGroup(ctx context.Context, actor crm.Actor, name string) (Group, error)
	RenameGroup(ctx context.Context, actor crm.Actor, id int64, name string) (Group, error)
	// DeleteGroup keeps the clients of the group.
	DeleteGroup(ctx context.Context, actor crm.Actor, id int64) error
}

// Numbers finds who owns a number.
type Numbers interface {
	// Lookup is one probe of the phone index; best match first.
	Lookup(ctx context.Context, e164 int64) (Found, error)
	// LookupCard is Lookup and the Summary of the first match, none where no
	// client matches, followed by those of a few as good (see Match.AsGood).
	LookupCard(ctx context.Context, e164 int64) (Found, []Summary, error)
	// Summary is crm.NotFound for a deleted client. Client or person may be 0.
	Summary(ctx context.Context, clientID, personID int64) (Summary, error)
	MarkSpam(ctx context.Context, actor crm.Actor, e164 int64, spam bool) error
	MarkDoNotCall(ctx context.Context, actor crm.Actor, e164 int64, no bool) error
}
