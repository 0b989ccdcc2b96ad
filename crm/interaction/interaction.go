// Package interaction is the history of a client: calls, notes, and what the
// system recorded, newest first.
package interaction

import (
	"time"
)

// Kind of an interaction.
type Kind string

// Kinds.
const (
	Call   Kind = "call"
	Note   Kind = "note"
	System Kind = "system"
	Task   Kind = "task" // a planned contact (NC-03)
)

// Item is one entry of the history.
type Item struct {
	ID         int64      `json:"id"`
	Version    int64      `json:"version"`
	ClientID   int64      `json:"client_id"`
	Kind       Kind       `json:"kind" enum:"call,note,system,task"`
	Status     string     `json:"status" enum:"planned,done,failed,cancelled"`
	PlannedAt  *time.Time `json:"planned_at" doc:"of a task"`
	OwnerID    int64      `json:"owner_id,omitempty" doc:"who is to do a task"`
	OwnerName  string     `json:"owner_name,omitempty"`
	OccurredAt time.Time  `json:"occurred_at"`
	Subject    string     `json:"subject"`
	Body       string     `json:"body"`
	AuthorID   int64      `json:"author_id,omitempty"`
	AuthorName string     `json:"author_name"`
	PersonID   int64      `json:"person_id,omitempty"`
	PersonName string     `json:"person_name"`
	CallID     string     `json:"call_id,omitempty"`
	Call       *CallBrief `json:"call" doc:"null unless kind is call"`
}

// CallBrief is what the history shows of a call.
type CallBrief struct {
	ID          string     `json:"id"`
	Direction   string     `json:"direction" enum:"in,out,internal"`
	Disposition string     `json:"disposition,omitempty"`
	State       string     `json:"state"`
	Display     string     `json:"display" doc:"the other party's number"`
	E164        string     `json:"e164,omitempty"`
	Queue       string     `json:"queue,omitempty"`
	AnsweredBy  int64      `json:"answered_by,omitempty"`
	StartedAt   time.Time  `json:"started_at"`
	AnsweredAt  *time.Time `json:"answered_at"`
	EndedAt     *time.Time `json:"ended_at"`
	WaitMS      int64      `json:"wait_ms"`
	TalkMS      int64      `json:"talk_ms"`
	Recorded    bool       `json:"recorded"`
	// Result of wrap-up (PU-08), in both languages of the catalogue.
	ResultID    int64  `json:"result_id,omitempty"`
	ResultRU    string `json:"result_ru,omitempty"`
	ResultEN    string `json:"result_en,omitempty"`
	ResultColor string `json:"result_color,omitempty"`
}
