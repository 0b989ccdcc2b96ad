package httpapi

import (
	"context"
	"net/http"
	"time"

	"ringcard/crm"
	"ringcard/crm/routing"
)

func (s *server) registerRouting() {
	handle(s, operation{
		id: "getSchedule", method: http.MethodGet, path: "/users/{id}/schedule", tag: tagRouting,
		summary: "When a user takes calls of his clients, and who does instead",
		detail:  "One's own, or anybody's with `users.manage`.",
	}, s.getSchedule)
	handle(s, operation{
		id: "setSchedule", method: http.MethodPut, path: "/users/{id}/schedule", tag: tagRouting,
		summary: "Replace a user's working hours and deputy",
	}, s.setSchedule)
	handle(s, operation{
		id: "listAbsences", method: http.MethodGet, path: "/users/{id}/absences", tag: tagRouting,
		summary: "When a user is away, from a month ago on",
	}, s.listAbsences)
	handle(s, operation{
		id: "addAbsence", method: http.MethodPost, path: "/users/{id}/absences", tag: tagRouting, status: http.StatusCreated,
		summary: "Note that a user will be away",
	}, s.addAbsence)
	handle(s, operation{
		id: "deleteAbsence", method: http.MethodDelete, path: "/users/{id}/absences/{absence_id}", tag: tagRouting, status: http.StatusNoContent,
		summary: "Take an absence back",
	}, s.deleteAbsence)
	handle(s, operation{
		id: "getOfficeHours", method: http.MethodGet, path: "/office-hours", tag: tagRouting,
		summary: "Working hours of everybody without his own; none: always",
	}, s.getOfficeHours)
	handle(s, operation{
		id: "setOfficeHours", method: http.MethodPut, path: "/office-hours", tag: tagRouting, needs: crm.SettingsManage,
		summary: "Replace the office's working hours",
	}, s.setOfficeHours)
}

func (s *server) getSchedule(ctx context.Context, c *caller, in *IDPath) (*bodyOf[routing.Schedule], error) {
	schedule, err := s.deps.Routing.Schedule(ctx, c.actor, in.ID)
	schedule.Hours = notNil(schedule.Hours)
	return body(schedule), err
}

func (s *server) setSchedule(ctx context.Context, c *caller, in *struct {
	IDPath
	Body routing.Schedule
}) (*bodyOf[routing.Schedule], error) {
	schedule, err := s.deps.Routing.SetSchedule(ctx, c.actor, in.ID, in.Body)
	schedule.Hours = notNil(schedule.Hours)
	return body(schedule), err
}

func (s *server) listAbsences(ctx context.Context, c *caller, in *IDPath) (*bodyOf[items[routing.Absence]], error) {
	list, err := s.deps.Routing.Absences(ctx, c.actor, in.ID)
	return listOf(list), err
}

// AbsenceInput is a time somebody will be away.
type AbsenceInput struct {
	Kind     routing.AbsenceKind `json:"kind" enum:"vacation,illness,trip,other"`
	FromAt   time.Time           `json:"from_at"`
	ToAt     time.Time           `json:"to_at" doc:"he is back at that moment"`
	DeputyID int64               `json:"deputy_id,omitempty" minimum:"1" doc:"absent: the deputy of his schedule"`
	Note     string              `json:"note,omitempty" maxLength:"1000"`
}

func (s *server) addAbsence(ctx context.Context, c *caller, in *struct {
	IDPath
	Body AbsenceInput
}) (*bodyOf[routing.Absence], error) {
	a := routing.Absence{Kind: in.Body.Kind, FromAt: in.Body.FromAt.UTC(), ToAt: in.Body.ToAt.UTC(), DeputyID: in.Body.DeputyID, Note: in.Body.Note}
	var err error
	a.ID, err = s.deps.Routing.AddAbsence(ctx, c.actor, in.ID, a)
	return body(a), err
}

func (s *server) deleteAbsence(ctx context.Context, c *caller, in *struct {
	IDPath
	AbsenceID int64 `path:"absence_id" minimum:"1"`
}) (*none, error) {
	return nil, s.deps.Routing.DeleteAbsence(ctx, c.actor, in.ID, in.AbsenceID)
}

// OfficeHours are the working hours of the office.
type OfficeHours struct {
	Hours []routing.Interval `json:"hours" maxItems:"70"`
}

func (s *server) getOfficeHours(ctx context.Context, c *caller, _ *none) (*bodyOf[OfficeHours], error) {
	hours, err := s.deps.Routing.OfficeHours(ctx, c.actor)
	return body(OfficeHours{Hours: notNil(hours)}), err
}

func (s *server) setOfficeHours(ctx context.Context, c *caller, in *bodyIn[OfficeHours]) (*bodyOf[OfficeHours], error) {
	if err := s.deps.Routing.SetOfficeHours(ctx, c.actor, in.Body.Hours); err != nil {
		return nil, err
	}
	return s.getOfficeHours(ctx, c, nil)
}
