package httpapi

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"ringcard/crm"
	"ringcard/crm/client"
	"ringcard/crm/recording"
	"ringcard/cti"
)

// Problem is an error as clients see it (RFC 9457) with a stable code.
type Problem struct {
	Type   string              `json:"type" doc:"always about:blank; tell problems apart by code"`
	Title  string              `json:"title"`
	Status int                 `json:"status"`
	Detail string              `json:"detail" doc:"a sentence fit to be shown"`
	Code   string              `json:"code" doc:"stable, machine-readable kind" example:"not_found"`
	Errors []*huma.ErrorDetail `json:"errors,omitempty" doc:"faults by field"`
	// Current is set on 409 conflict of a versioned record.
	Current any `json:"current,omitempty" doc:"the record as it is now, where the write was based on an older version"`
	// Duplicates is set on 409 duplicate.
	Duplicates []client.Duplicate `json:"duplicates,omitempty" doc:"records this one would repeat"`

	retryAfter string
}

// Codes of this package and of crm; cti has further ones.
const (
	codeBadRequest   = "bad_request"
	codeMethod       = "method_not_allowed"
	codeTooLarge     = "too_large"
	codeMediaType    = "unsupported_media_type"
	codeInternal     = "internal"
	codeUnauthorized = string(crm.CodeUnauthorized)
	codeForbidden    = string(crm.CodeForbidden)
	codeNotFound     = string(crm.CodeNotFound)
	codeInvalid      = string(crm.CodeInvalid)
	codeConflict     = string(crm.CodeConflict)
	codeDuplicate    = string(crm.CodeDuplicate)
	codeGone         = string(crm.CodeGone)
	codeTooMany      = string(crm.CodeTooMany)
	codeUnavailable  = string(crm.CodeUnavailable)
)

// statusOf is the one table from error code to HTTP status.
var statusOf = map[string]int{
	codeBadRequest:   http.StatusBadRequest,
	codeUnauthorized: http.StatusUnauthorized,
	codeForbidden:    http.StatusForbidden,
	codeNotFound:     http.StatusNotFound,
	codeMethod:       http.StatusMethodNotAllowed,
	codeConflict:     http.StatusConflict,
	codeDuplicate:    http.StatusConflict,
	codeGone:         http.StatusGone,
	codeTooLarge:     http.StatusRequestEntityTooLarge,
	codeMediaType:    http.StatusUnsupportedMediaType,
	codeInvalid:      http.StatusUnprocessableEntity,
	codeTooMany:      http.StatusTooManyRequests,
	codeInternal:     http.StatusInternalServerError,
	codeUnavailable:  http.StatusServiceUnavailable,

	string(cti.CodeNotFound):       http.StatusNotFound,
	string(cti.CodeNoDevice):       http.StatusConflict,
	string(cti.CodeDeviceBusy):     http.StatusConflict,
	string(cti.CodeConflict):       http.StatusConflict,
	string(cti.CodeUnregistered):   http.StatusConflict,
	string(cti.CodeExpired):        http.StatusConflict,
	string(cti.CodeNotAllowed):     http.StatusForbidden,
	string(cti.CodeDoNotCall):      http.StatusConflict,
	string(cti.CodeOutsideHours):   http.StatusConflict,
	string(cti.CodeTargetOffline):  http.StatusConflict,
	string(cti.CodeOver):           http.StatusConflict,
	string(cti.CodeNotTalking):     http.StatusConflict,
	string(cti.CodeAlreadyHeld):    http.StatusConflict,
	string(cti.CodeHeldAtPhone):    http.StatusConflict,
	string(cti.CodeNotHeld):        http.StatusConflict,
	string(cti.CodeAlreadyMuted):   http.StatusConflict,
	string(cti.CodeNotSupervising): http.StatusConflict,
	string(cti.CodeNotMuted):       http.StatusConflict,
	string(cti.CodeConsulting):     http.StatusConflict,
	string(cti.CodeNoConsultation): http.StatusConflict,
	string(cti.CodeConsultRings):   http.StatusConflict,
	string(cti.CodeNotRinging):     http.StatusConflict,
	string(cti.CodeRingsAtYou):     http.StatusConflict,
	string(cti.CodeOwnCall):        http.StatusConflict,
	string(cti.CodeAllTalk):        http.StatusConflict,
	string(cti.CodeCommandRuns):    http.StatusConflict,
	string(cti.CodeNotRecorded):    http.StatusConflict,
	string(recording.CodeState):    http.StatusConflict,
	string(cti.CodeNeedsAMI):       http.StatusConflict,
	string(cti.CodeNeedsContext):   http.StatusConflict,
	string(cti.CodeNoQueue):        http.StatusNotFound,
	string(cti.CodeNotMember):      http.StatusConflict,
	string(cti.CodeStaticMember):   http.StatusConflict,
	string(cti.CodeUnsupported):    http.StatusConflict,
	string(cti.CodeNotPossible):    http.StatusConflict,
	string(cti.CodeNoEffect):       http.StatusBadGateway,
	string(cti.CodeUnreachable):    http.StatusServiceUnavailable,
	string(cti.CodeRefused):        http.StatusBadGateway,
	string(cti.CodeDenied):         http.StatusBadGateway,
}

// codeOf names the statuses that huma itself answers with.
var codeOf = map[int]string{
	http.StatusBadRequest:            codeBadRequest,
	http.StatusUnauthorized:          codeUnauthorized,
	http.StatusForbidden:             codeForbidden,
	http.StatusNotFound:              codeNotFound,
	http.StatusRequestTimeout:        codeBadRequest,
	http.StatusRequestEntityTooLarge: codeTooLarge,
	http.StatusUnsupportedMediaType:  codeMediaType,
	http.StatusUnprocessableEntity:   codeInvalid,
}

// newProblem makes a Problem whose status follows from the code.
func newProblem(code, detail string) *Problem {
	status, ok := statusOf[code]
	if !ok {
		status = http.StatusInternalServerError
	}
	return &Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Detail: detail, Code: code}
}

func internalProblem(ctx context.Context) *Problem {
	return newProblem(codeInternal, "something went wrong here; give the administrator this number: "+requestID(ctx))
}

// Error implements error.
func (p *Problem) Error() string { return p.Code + ": " + p.Detail }

// GetStatus implements huma.StatusError.
func (p *Problem) GetStatus() int { return p.Status }

// GetHeaders implements huma.HeadersError.
func (p *Problem) GetHeaders() http.Header {
	h := http.Header{}
	if p.retryAfter != "" {
		h.Set("Retry-After", p.retryAfter)
	}
	if p.Status == http.StatusUnauthorized {
		h.Set("WWW-Authenticate", `Bearer realm="ringcard"`)
	}
	return h
}

// ContentType implements huma.ContentTypeFilter.
func (p *Problem) ContentType(string) string { return "application/problem+json" }

// blame adds the input field at fault.
func (p *Problem) blame(location, message string) {
	p.Errors = append(p.Errors, &huma.ErrorDetail{Location: location, Message: message})
}

// invalidField is a Problem with one input field at fault.
func invalidField(location, detail, message string) *Problem {
	p := newProblem(codeInvalid, detail)
	p.blame(location, message)
	return p
}

func writeProblem(w http.ResponseWriter, p *Problem) {
	for k, v := range p.GetHeaders() {
		w.Header()[k] = v
	}
	w.Header().Set("Content-Type", p.ContentType(""))
	w.WriteHeader(p.Status)
	// An error here means the client is gone; the access log has the status.
	_ = json.NewEncoder(w).Encode(p)
}

// problemOf translates an error of a service. What is no known error is
// logged whole and answered as internal.
func problemOf(ctx context.Context, log *slog.Logger, err error) *Problem {
	var p *Problem
	if errors.As(err, &p) {
		return p
	}
	var ctiErr *cti.Error
	if errors.As(err, &ctiErr) {
		p = newProblem(string(ctiErr.Code), ctiErr.Message)
		if ctiErr.Field != "" {
			p.blame("body."+ctiErr.Field, ctiErr.Message)
		}
		if p.Status >= http.StatusInternalServerError {
			log.WarnContext(ctx, "telephone command refused", "request_id", requestID(ctx), "error", err)
		}
		return p
	}
	var crmErr *crm.Error
	if errors.As(err, &crmErr) {
		return crmProblem(crmErr)
	}
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		return newProblem(codeBadRequest, "the request was cancelled")
	}
	log.ErrorContext(ctx, "request failed", "request_id", requestID(ctx), "error", err)
	if errors.Is(err, context.DeadlineExceeded) {
		return newProblem(codeUnavailable, "the server took too long; try again")
	}
	return internalProblem(ctx)
}

// crmProblem carries what the service gave with its refusal.
func crmProblem(e *crm.Error) *Problem {
	p := newProblem(string(e.Code), e.Message)
	if e.Field != "" {
		p.blame(location(e.Field), e.Message)
	}
	switch e.Code {
	case crm.CodeConflict:
		p.Current = e.Detail
	case crm.CodeDuplicate:
		p.Duplicates, _ = e.Detail.([]client.Duplicate)
	}
	return p
}

// location is where a field of a service's input is in the request.
func location(field string) string {
	switch field {
	case "cursor", "limit", "sort", "q", "from", "to", "number", "state", "overdue", "owner", "group_by", "sla_s":
		return "query." + field
	}
	return "body." + field
}

// init tells huma to make Problems of what it finds itself; the library has
// no other way to set its error type.
func init() {
	huma.NewError = func(status int, msg string, errs ...error) huma.StatusError {
		code, ok := codeOf[status]
		if !ok {
			code = codeInternal
		}
		p := newProblem(code, msg)
		if status != 0 {
			p.Status, p.Title = status, http.StatusText(status)
		}
		if status >= http.StatusInternalServerError {
			return p
		}
		for _, err := range errs {
			if d, ok := err.(huma.ErrorDetailer); ok {
				detail := *d.ErrorDetail()
				detail.Value = nil // echoing input would put passwords into answers and logs
				p.Errors = append(p.Errors, &detail)
			} else if err != nil {
				p.Errors = append(p.Errors, &huma.ErrorDetail{Message: err.Error()})
			}
		}
		return p
	}
	huma.DefaultArrayNullable = false
}
