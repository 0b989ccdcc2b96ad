package cti

import "fmt"

// Code is a stable, machine-readable kind of error.
type Code string

// Codes of errors a command may return.
const (
	CodeInvalid      Code = "invalid"
	CodeForbidden    Code = "forbidden"
	CodeNotFound     Code = "call_not_found"
	CodeNoDevice     Code = "no_device"
	CodeDeviceBusy   Code = "device_busy"
	CodeUnregistered Code = "device_unregistered"
	CodeUnreachable  Code = "pbx_unreachable"
	CodeRefused      Code = "pbx_refused"
	CodeDenied       Code = "pbx_access_denied"
	CodeConflict     Code = "pbx_conflict" // a channel is not in the state that the order needs
	CodeExpired      Code = "expired"

	// Of dialling and transfers (CO-02).
	CodeNotAllowed    Code = "number_not_allowed"
	CodeDoNotCall     Code = "do_not_call"
	CodeOutsideHours  Code = "outside_hours"
	CodeTargetOffline Code = "target_offline"

	// Of the control of calls (CO-07, CO-09): first what the call does not allow
	// now, then what the PBX does not.
	CodeOver           Code = "call_over"
	CodeNotTalking     Code = "not_talking"
	CodeAlreadyHeld    Code = "already_held"
	CodeHeldAtPhone    Code = "held_at_phone"
	CodeNotHeld        Code = "not_held"
	CodeAlreadyMuted   Code = "already_muted"
	CodeNotMuted       Code = "not_muted"
	CodeConsulting     Code = "consulting"
	CodeNoConsultation Code = "no_consultation"
	CodeConsultRings   Code = "consultation_rings"
	CodeNotRinging     Code = "not_ringing"
	CodeRingsAtYou     Code = "rings_at_you"
	CodeOwnCall        Code = "own_call"
	CodeAllTalk        Code = "all_talk"
	CodeCommandRuns    Code = "command_running"
	CodeNotSupervising Code = "not_supervising"
	CodeNotRecorded    Code = "not_recorded"
	CodeNoEffect       Code = "no_effect"
	CodeNeedsAMI       Code = "needs_ami"
	CodeNeedsContext   Code = "needs_ami_or_context"
	CodeNoQueue        Code = "queue_not_found"
	CodeNotMember      Code = "not_a_member"
	CodeStaticMember   Code = "static_member"
	CodeUnsupported    Code = "unsupported_by_pbx"
	CodeNotPossible    Code = "not_possible_on_sip"
)

// Error is a refusal with a code and a sentence safe to show to the user.
type Error struct {
	Code    Code
	Message string
	Field   string // input field at fault, empty if none
	Err     error  // cause, for the log only
}

// Error implements error.
func (e *Error) Error() string {
	if e.Err != nil {
		return fmt.Sprintf("%s: %s: %v", e.Code, e.Message, e.Err)
	}
	return fmt.Sprintf("%s: %s", e.Code, e.Message)
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an Error whose message is shown to the user.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}
