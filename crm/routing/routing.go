// Package routing decides which employee a client's call goes to: his personal
// manager, or who stands in for him (LU-07). It keeps working hours, absences
// and deputies.
package routing

import (
	"time"
)

// Interval is working time on one weekday, in the office's time zone.
type Interval struct {
	Day  int    `json:"day" minimum:"1" maximum:"7" doc:"ISO 8601: 1 is Monday"`
	From string `json:"from" pattern:"^([01][0-9]|2[0-3]):[0-5][0-9]$" example:"09:00"`
	To   string `json:"to" pattern:"^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$" example:"18:00" doc:"not after from: on the next day"`
}

// Schedule is when an employee takes calls of his clients and who does instead.
type Schedule struct {
	OwnHours bool       `json:"own_hours" doc:"false: the office's hours"`
	Hours    []Interval `json:"hours" doc:"own ones; none with own_hours: he never works"`
	DeputyID int64      `json:"deputy_id,omitempty" doc:"takes his calls when he cannot"`
}

// AbsenceKind is why somebody is away.
type AbsenceKind string

// Kinds of absence.
const (
	Vacation AbsenceKind = "vacation"
	Illness  AbsenceKind = "illness"
	Trip     AbsenceKind = "trip"
	Other    AbsenceKind = "other"
)

// Absence is a time in which an employee takes no calls.
type Absence struct {
	ID       int64       `json:"id"`
	Kind     AbsenceKind `json:"kind" enum:"vacation,illness,trip,other"`
	FromAt   time.Time   `json:"from_at"`
	ToAt     time.Time   `json:"to_at" doc:"he is back at that moment"`
	DeputyID int64       `json:"deputy_id,omitempty" doc:"absent: the deputy of his schedule"`
	Note     string      `json:"note,omitempty"`
}

// Device is a telephone of an employee.
type Device struct {
	PBX      string `json:"pbx"`
	Endpoint string `json:"endpoint"` // as PJSIP/101
}

// Employee is all that the decision needs of one.
type Employee struct {
	UserID    int64
	Name      string
	Active    bool
	Extension string
	Devices   []Device
	OwnHours  bool
	Hours     []Interval // his own, or the office's; none and not OwnHours: always
	DeputyID  int64
	Absence   *Absence // the one he is in now
}

// Plan is who a number belongs to and who could take its call.
type Plan struct {
	ClientID      int64
	ClientName    string
	ResponsibleID int64
	Employees     []Employee // the responsible and the deputies that follow from him
}

// Code says what came of one employee, or of the whole question.
type Code string

// Codes of a step.
const (
	CodeTakes    Code = "takes"     // his telephone is the answer
	CodeGone     Code = "dismissed" // no longer with the office
	CodeAbsent   Code = "absent"
	CodeOffHours Code = "off_hours"
	CodeNoDevice Code = "no_device" // no telephone at this PBX
	CodeOffline  Code = "offline"   // his telephone is not registered
	CodeBreak    Code = "break"
)

// Codes of an answer besides those.
const (
	ReasonResponsible   Code = "responsible"    // the personal manager himself
	ReasonDeputy        Code = "deputy"         // somebody for him
	ReasonNobody        Code = "nobody"         // neither he nor a deputy can
	ReasonUnknown       Code = "unknown_number" // no client has the number
	ReasonNoResponsible Code = "no_responsible"
	ReasonTimeout       Code = "timeout" // the base did not answer in time; the call goes on
)

// Step is what was found out about one employee.
type Step struct {
	UserID   int64  `json:"user_id"`
	Name     string `json:"name"`
	Code     Code   `json:"code" enum:"takes,dismissed,absent,off_hours,no_device,offline,break"`
	Presence string `json:"presence,omitempty" doc:"of his telephone, where it was asked"`
	Text     string `json:"text" doc:"the same in words"`
}

// Answer is where a client's call should go. An empty extension means: as the
// dialplan would without us.
type Answer struct {
	Extension string `json:"extension"`
	Device    string `json:"device,omitempty" doc:"as PJSIP/101"`
	UserID    int64  `json:"user_id,omitempty"`
	Name      string `json:"name,omitempty"`
	Presence  string `json:"presence,omitempty" doc:"talking and ringing are for the dialplan to judge"`
	ClientID  int64  `json:"client_id,omitempty"`
	Client    string `json:"client,omitempty"`
	Reason    Code   `json:"reason" enum:"responsible,deputy,nobody,unknown_number,no_responsible,timeout"`
	Why       []Step `json:"why"`
}
