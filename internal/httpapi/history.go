package httpapi

import (
	"context"
	"net/http"

	"ringcard/crm"
	"ringcard/crm/interaction"
)

func (s *server) registerHistory() {
	handle(s, operation{
		id: "listHistory", method: http.MethodGet, path: "/clients/{id}/history", tag: tagHistory, needs: crm.ClientsRead,
		summary: "A client's history, newest first",
	}, s.listHistory)
	handle(s, operation{
		id: "addNote", method: http.MethodPost, path: "/clients/{id}/notes", tag: tagHistory, needs: crm.ClientsWrite, status: http.StatusCreated,
		summary: "Write a note into a client's history",
	}, s.addNote)
	handle(s, operation{
		id: "updateInteraction", method: http.MethodPatch, path: "/interactions/{id}", tag: tagHistory, needs: crm.ClientsWrite,
		summary: "Change the text of a note or of a call",
	}, s.updateInteraction)
	handle(s, operation{
		id: "deleteInteraction", method: http.MethodDelete, path: "/interactions/{id}", tag: tagHistory, needs: crm.ClientsWrite, status: http.StatusNoContent,
		summary: "Delete a note",
	}, s.deleteInteraction)
}

func (s *server) listHistory(ctx context.Context, c *caller, in *struct {
	IDPath
	Paging
	Kind []interaction.Kind `query:"kind,explode" enum:"call,note,system,task" doc:"repeatable"`
}) (*bodyOf[crm.Page[interaction.Item]], error) {
	page, err := s.deps.Interactions.History(ctx, c.actor, in.ID, in.Kind, in.request())
	return body(page), err
}

// NoteInput is a new note.
type NoteInput struct {
	Text     string `json:"text" minLength:"1" maxLength:"20000"`
	PersonID int64  `json:"person_id,omitempty" minimum:"1"`
}

func (s *server) addNote(ctx context.Context, c *caller, in *struct {
	IDPath
	Body NoteInput
}) (*bodyOf[interaction.Item], error) {
	item, err := s.deps.Interactions.AddNote(ctx, c.actor, in.ID, in.Body.PersonID, in.Body.Text)
	return body(item), err
}

// BodyInput is the text of an interaction.
type BodyInput struct {
	Body string `json:"body" maxLength:"20000"`
}

func (s *server) updateInteraction(ctx context.Context, c *caller, in *struct {
	IDPath
	Body BodyInput
}) (*bodyOf[interaction.Item], error) {
	item, err := s.deps.Interactions.SetBody(ctx, c.actor, in.ID, in.Body.Body)
	return body(item), err
}

func (s *server) deleteInteraction(ctx context.Context, c *caller, in *IDPath) (*none, error) {
	return nil, s.deps.Interactions.Delete(ctx, c.actor, in.ID)
}
