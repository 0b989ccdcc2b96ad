package crm

import (
	"errors"
	"fmt"
)

// Code is a stable, machine-readable kind of error; it is part of the public
// contract.
type Code string

// Codes.
const (
	CodeUnauthorized Code = "unauthorized"
	CodeForbidden    Code = "forbidden"
	CodeNotFound     Code = "not_found"
	CodeInvalid      Code = "invalid"
	CodeConflict     Code = "conflict"
	CodeDuplicate    Code = "duplicate"
	CodeGone         Code = "gone"
	CodeTooMany      Code = "too_many"
	CodeUnavailable  Code = "unavailable"
)

// Error is a refusal with a code and a sentence safe to show to the user.
type Error struct {
	Code    Code
	Message string
	Field   string // input field at fault in API notation, as "phones[0].raw"; empty if none
	Detail  any    // the current record of a conflict, the list of duplicates; nil if none
	Err     error  // cause, for the log only
}

// Error implements error.
func (e *Error) Error() string {
	text := string(e.Code) + ": " + e.Message
	if e.Field != "" {
		text += " (" + e.Field + ")"
	}
	if e.Err != nil {
		text += ": " + e.Err.Error()
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Errorf makes an Error whose message is shown to the user.
func Errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// Invalid makes a CodeInvalid error about one input field.
func Invalid(field, format string, args ...any) *Error {
	return &Error{Code: CodeInvalid, Field: field, Message: fmt.Sprintf(format, args...)}
}

// NotFound makes a CodeNotFound error. What the actor may not see is not
// found as well, so that ids cannot be probed (AC-02).
func NotFound(what string) *Error {
	return &Error{Code: CodeNotFound, Message: what + " not found"}
}

// CodeOf returns the code of the first Error in err's chain, empty if none.
func CodeOf(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}
