package interaction

import (
	"context"
	"strings"
	"unicode/utf8"

	"ringcard/crm"
)

const maxText = 20000 // characters of a note

// Service is the use cases of the history.
type Service struct{ store Store }

// NewService makes a Service.
func NewService(store Store) *Service { return &Service{store: store} }

// History returns one page of a client's history, newest first.
func (s *Service) History(ctx context.Context, actor crm.Actor, clientID int64, kinds []Kind, page crm.PageRequest) (crm.Page[Item], error) {
	if err := actor.Require(crm.ClientsRead); err != nil {
		return crm.Page[Item]{}, err
	}
	for _, k := range kinds {
		if k != Call && k != Note && k != System && k != Task {
			return crm.Page[Item]{}, crm.Invalid("kind", "unknown kind %q", k)
		}
	}
	return s.store.History(ctx, actor, clientID, kinds, page)
}

// AddNote writes a note into a client's history; personID may be 0.
func (s *Service) AddNote(ctx context.Context, actor crm.Actor, clientID, personID int64, text string) (Item, error) {
	if err := actor.Require(crm.ClientsWrite); err != nil {
		return Item{}, err
	}
	text, err := checkText("text", text)
	if err != nil {
		return Item{}, err
	}
	if text == "" {
		return Item{}, crm.Invalid("text", "it must not be empty")
	}
	id, err := s.store.AddNote(ctx, actor, clientID, personID, text)
	if err != nil {
		return Item{}, err
	}
	return s.store.Get(ctx, actor, id)
}

// SetBody changes the text of a note or of a call. Another's note may be
// changed by those who see all clients and may delete.
func (s *Service) SetBody(ctx context.Context, actor crm.Actor, id int64, body string) (Item, error) {
	if err := actor.Require(crm.ClientsWrite); err != nil {
		return Item{}, err
	}
	body, err := checkText("body", body)
	if err != nil {
		return Item{}, err
	}
	item, err := s.store.Get(ctx, actor, id)
	if err != nil {
		return Item{}, err
	}
	switch {
	case item.Kind == System:
		return Item{}, crm.Errorf(crm.CodeForbidden, "what the system recorded cannot be changed")
	case item.Kind == Task:
		return Item{}, crm.Errorf(crm.CodeForbidden, "a planned contact is changed with the wrap-up of its call")
	case item.Kind == Note && body == "":
		return Item{}, crm.Invalid("body", "it must not be empty")
	case item.Kind == Note && !mayChange(actor, item):
		return Item{}, crm.Errorf(crm.CodeForbidden, "only the author may change a note")
	}
	if err := s.store.SetBody(ctx, actor, id, body); err != nil {
		return Item{}, err
	}
	return s.store.Get(ctx, actor, id)
}

// Delete hides a note. Calls and what the system recorded stay.
func (s *Service) Delete(ctx context.Context, actor crm.Actor, id int64) error {
	if err := actor.Require(crm.ClientsWrite); err != nil {
		return err
	}
	item, err := s.store.Get(ctx, actor, id)
	if err != nil {
		return err
	}
	if item.Kind != Note {
		return crm.Errorf(crm.CodeForbidden, "only notes can be deleted")
	}
	if !mayChange(actor, item) {
		return crm.Errorf(crm.CodeForbidden, "only the author may delete a note")
	}
	return s.store.Delete(ctx, actor, id)
}

func mayChange(actor crm.Actor, item Item) bool {
	return item.AuthorID == actor.UserID || actor.Can(crm.ClientsReadAll) && actor.Can(crm.ClientsDelete)
}

func checkText(field, text string) (string, error) {
	text = strings.TrimSpace(text)
	if !utf8.ValidString(text) || strings.ContainsRune(text, 0) {
		return "", crm.Invalid(field, "it holds characters that are no text")
	}
	if utf8.RuneCountInString(text) > maxText {
		return "", crm.Invalid(field, "at most %d characters", maxText)
	}
	return text, nil
}
