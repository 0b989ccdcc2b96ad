package httpapi

import (
	"context"
	"net/http"
	"time"

	"ringcard/crm"
)

// TestCalls makes calls that prove the way from the PBX to the record (PB-11).
type TestCalls interface {
	// Start rings a telephone of the user and returns at once. A test that runs
	// is a crm.CodeConflict.
	Start(context.Context, TestCallRequest) (TestCall, error)
	// Last returns the test that runs, or the last one; false if there is none.
	Last(pbx string) (TestCall, bool, error)
}

// TestCallRequest says what to ring.
type TestCallRequest struct {
	PBX    string
	UserID int64
	Device string // a telephone of the user; empty: his first at the PBX
	Number string // shown as the caller; empty: a reserved one
	Ring   time.Duration
}

// TestCall is a synthetic call and how far it has come. It is recorded as a
// test, is nobody's missed call and is in no client's history.
type TestCall struct {
	ID        string         `json:"id" doc:"of the call"`
	PBX       string         `json:"pbx"`
	Device    string         `json:"device"`
	Number    string         `json:"number" doc:"shown as the caller"`
	State     string         `json:"state" enum:"running,passed,slow,failed"`
	StartedAt time.Time      `json:"started_at"`
	Steps     []TestCallStep `json:"steps" doc:"order, ring, lookup, pop, record"`
}

// TestCallStep is one stage of a test call.
type TestCallStep struct {
	Step   string `json:"step" enum:"order,ring,lookup,pop,record"`
	State  string `json:"state" enum:"waiting,ok,slow,failed"`
	MS     int64  `json:"ms" doc:"ring and lookup since the order, pop since the ring, record since the end"`
	Code   string `json:"code,omitempty" doc:"stable reason of slow or failed, as device_unregistered"`
	Seen   string `json:"seen,omitempty" doc:"what happened, English"`
	Advice string `json:"advice,omitempty" doc:"what to change, English"`
}

func (s *server) registerTestCalls() {
	handle(s, operation{
		id: "startTestCall", method: http.MethodPost, path: "/pbx/{pbx}/test-call", tag: tagPBX, needs: crm.PBXManage, status: http.StatusAccepted,
		summary: "Ring one's own telephone as if a client called",
		detail: "The call pops up on one's own screen and is recorded as a test. Progress comes by the stream as `test_call` messages, " +
			"and by GET. Codes as those of dial.",
	}, s.startTestCall)
	handle(s, operation{
		id: "getTestCall", method: http.MethodGet, path: "/pbx/{pbx}/test-call", tag: tagPBX, needs: crm.PBXManage,
		summary: "The test call under way, or the last one",
	}, s.lastTestCall)
}

// TestCallInput says what to ring.
type TestCallInput struct {
	Device string `json:"device,omitempty" maxLength:"100" doc:"own telephone, as PJSIP/101; default: the first at this PBX"`
	Number string `json:"number,omitempty" maxLength:"64" doc:"shown as the caller, as a client's to see his card; default: a number of nobody"`
	Ring   int    `json:"ring_seconds,omitempty" minimum:"1" maximum:"30" doc:"how long it rings; default 5"`
}

const defaultRing = 5

func (s *server) startTestCall(ctx context.Context, c *caller, in *struct {
	PBXPath
	Body TestCallInput
}) (*bodyOf[TestCall], error) {
	ring := in.Body.Ring
	if ring == 0 {
		ring = defaultRing
	}
	test, err := s.deps.TestCalls.Start(ctx, TestCallRequest{
		PBX: in.PBX, UserID: c.actor.UserID, Device: in.Body.Device, Number: in.Body.Number, Ring: time.Duration(ring) * time.Second,
	})
	return body(test), err
}

func (s *server) lastTestCall(_ context.Context, _ *caller, in *PBXPath) (*bodyOf[TestCall], error) {
	test, ok, err := s.deps.TestCalls.Last(in.PBX)
	if err == nil && !ok {
		err = newProblem(codeNotFound, "no test call was made since the server started")
	}
	return body(test), err
}
