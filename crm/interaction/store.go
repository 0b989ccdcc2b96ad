package interaction

import (
	"context"

	"ringcard/crm"
)

// Store keeps interactions. An actor sees those of the clients he sees.
type Store interface {
	// History of a client, newest first; kinds empty means all.
	History(ctx context.Context, actor crm.Actor, clientID int64, kinds []Kind, page crm.PageRequest) (crm.Page[Item], error)
	Get(ctx context.Context, actor crm.Actor, id int64) (Item, error)
	// AddNote also moves the client's last contact.
	AddNote(ctx context.Context, actor crm.Actor, clientID, personID int64, text string) (int64, error)
	// SetBody changes a note, or the note on a call.
	SetBody(ctx context.Context, actor crm.Actor, id int64, body string) error
	// Delete hides a note.
	Delete(ctx context.Context, actor crm.Actor, id int64) error
}
