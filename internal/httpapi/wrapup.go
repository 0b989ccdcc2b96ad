package httpapi

import (
	"context"
	"net/http"
	"time"

	"ringcard/crm"
	"ringcard/crm/calllog"
)

func (s *server) registerWrapUp() {
	handle(s, operation{
		id: "listWrapUpResults", method: http.MethodGet, path: "/wrapup-results", tag: tagWrapUp, needs: crm.CallsRead,
		summary: "What a call may have come to, in the order of choices",
	}, s.listResults)
	handle(s, operation{
		id: "createWrapUpResult", method: http.MethodPost, path: "/wrapup-results", tag: tagWrapUp, needs: crm.SettingsManage, status: http.StatusCreated,
		summary: "Add a result",
	}, s.createResult)
	handle(s, operation{
		id: "updateWrapUpResult", method: http.MethodPatch, path: "/wrapup-results/{id}", tag: tagWrapUp, needs: crm.SettingsManage,
		summary: "Change a result; active=false no longer offers it",
		detail:  "Answers 409 `conflict` with the `current` result when it was changed since the version in If-Match.",
	}, s.updateResult)
	handle(s, operation{
		id: "deleteWrapUpResult", method: http.MethodDelete, path: "/wrapup-results/{id}", tag: tagWrapUp, needs: crm.SettingsManage, status: http.StatusNoContent,
		summary: "Remove a result; past calls keep it",
	}, s.deleteResult)
	handle(s, operation{
		id: "wrapUpCall", method: http.MethodPost, path: "/calls/{id}/wrapup", tag: tagWrapUp, needs: crm.CallsRead,
		summary: "Say what a call came to, and plan the next contact",
		detail: "Result, note, interaction and plan are written together; sent again, it corrects them. Also possible during the call. " +
			"Changing what another has said needs `calls.control_all`. It ends the time for wrap-up.",
	}, s.wrapUpCall)
	handle(s, operation{
		id: "getWrapUpRules", method: http.MethodGet, path: "/settings/wrap-up", tag: tagWrapUp, needs: crm.CallsRead,
		summary: "How long users have for wrap-up after a talk",
		detail: "A user's own time counts before that of the queue, and that before the general one. While it runs the user's presence is " +
			"`wrap_up`; the stream tells him its end with a message `wrap_up` of `{call_id, until}`, and `{call_id, until: null}` when it is over.",
	}, s.getWrapUpRules)
	handle(s, operation{
		id: "setWrapUpRules", method: http.MethodPut, path: "/settings/wrap-up", tag: tagWrapUp, needs: crm.SettingsManage,
		summary: "Change how long users have for wrap-up",
	}, s.setWrapUpRules)
}

func (s *server) listResults(ctx context.Context, c *caller, in *struct {
	All bool `query:"all" doc:"also those no longer offered"`
}) (*bodyOf[items[calllog.Result]], error) {
	results, err := s.deps.CallLog.Results(ctx, c.actor, in.All)
	return listOf(results), err
}

// ResultInput is a new result of wrap-up.
type ResultInput struct {
	NameRU          string `json:"name_ru" minLength:"1" maxLength:"100"`
	NameEN          string `json:"name_en" minLength:"1" maxLength:"100"`
	Color           string `json:"color,omitempty" pattern:"^#[0-9a-fA-F]{6}$" default:"#757575"`
	Position        int    `json:"position,omitempty" minimum:"0" maximum:"1000000"`
	RequiresNote    bool   `json:"requires_note,omitempty"`
	NextContactDays *int   `json:"next_contact_days,omitempty" minimum:"0" maximum:"365"`
	Active          *bool  `json:"active,omitempty" doc:"default: true"`
}

func (s *server) createResult(ctx context.Context, c *caller, in *bodyIn[ResultInput]) (*bodyOf[calllog.Result], error) {
	r := in.Body
	result, err := s.deps.CallLog.AddResult(ctx, c.actor, calllog.Result{
		NameRU: r.NameRU, NameEN: r.NameEN, Color: r.Color, Position: r.Position, RequiresNote: r.RequiresNote,
		NextContactDays: r.NextContactDays, Active: r.Active == nil || *r.Active,
	})
	return body(result), err
}

// ResultPatch changes the fields that are present.
type ResultPatch struct {
	NameRU          *string       `json:"name_ru,omitempty" minLength:"1" maxLength:"100"`
	NameEN          *string       `json:"name_en,omitempty" minLength:"1" maxLength:"100"`
	Color           *string       `json:"color,omitempty" pattern:"^#[0-9a-fA-F]{6}$"`
	Position        *int          `json:"position,omitempty" minimum:"0" maximum:"1000000"`
	RequiresNote    *bool         `json:"requires_note,omitempty"`
	NextContactDays optional[int] `json:"next_contact_days,omitempty" doc:"0 to 365"`
	Active          *bool         `json:"active,omitempty"`
}

func (s *server) updateResult(ctx context.Context, c *caller, in *struct {
	IDPath
	Versioned
	Body ResultPatch
}) (*bodyOf[calllog.Result], error) {
	version, err := in.version()
	if err != nil {
		return nil, err
	}
	p := in.Body
	result, err := s.deps.CallLog.ChangeResult(ctx, c.actor, in.ID, version, calllog.ResultPatch{
		NameRU: p.NameRU, NameEN: p.NameEN, Color: p.Color, Position: p.Position, RequiresNote: p.RequiresNote,
		NextContactDays: p.NextContactDays.Optional, Active: p.Active,
	})
	return body(result), err
}

func (s *server) deleteResult(ctx context.Context, c *caller, in *IDPath) (*none, error) {
	return nil, s.deps.CallLog.RemoveResult(ctx, c.actor, in.ID)
}

// WrapUpInput is what a call came to.
type WrapUpInput struct {
	ResultID      int64      `json:"result_id" minimum:"1"`
	Note          *string    `json:"note,omitempty" maxLength:"20000" doc:"absent: the note stays as it is"`
	NextContactAt *time.Time `json:"next_contact_at,omitempty" doc:"plans the next contact with the client (NC-03); absent: none, and one planned after this call is cancelled"`
}

func (s *server) wrapUpCall(ctx context.Context, c *caller, in *struct {
	CallPath
	Body WrapUpInput
}) (*bodyOf[calllog.Record], error) {
	record, err := s.deps.CallLog.WrapUp(ctx, c.actor, in.ID, calllog.WrapUp{
		ResultID: in.Body.ResultID, Note: in.Body.Note, NextContactAt: in.Body.NextContactAt,
	})
	if err != nil {
		return nil, err
	}
	s.deps.WrapUps.Done(c.actor.UserID)
	return body(record), nil
}

func (s *server) getWrapUpRules(ctx context.Context, c *caller, _ *none) (*bodyOf[calllog.WrapUpRules], error) {
	rules, err := s.deps.CallLog.WrapUpRules(ctx, c.actor)
	return body(rules), err
}

func (s *server) setWrapUpRules(ctx context.Context, c *caller, in *bodyIn[calllog.WrapUpRules]) (*bodyOf[calllog.WrapUpRules], error) {
	rules, err := s.deps.CallLog.SetWrapUpRules(ctx, c.actor, in.Body)
	if err != nil {
		return nil, err
	}
	s.deps.WrapUps.RulesChanged(rules)
	return body(rules), nil
}
