package httpapi

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"ringcard/crm"
)

// Captures keeps the last minutes of what a PBX sent, to be exported without
// numbers, names and secrets (PB-13).
type Captures interface {
	Capture(pbx string) (CaptureStatus, error)
	// SetCapture starts a new capture or stops the one that runs; a stopped one
	// can still be exported.
	SetCapture(ctx context.Context, pbx string, on bool) (CaptureStatus, error)
	// Export writes the capture, redacted. ringcard replay reads it.
	Export(ctx context.Context, pbx string, w io.Writer) error
}

// CaptureStatus is the state of a capture.
type CaptureStatus struct {
	PBX     string     `json:"pbx"`
	Running bool       `json:"running"`
	Since   *time.Time `json:"since" doc:"of the oldest frame kept; null: nothing is kept"`
	Until   *time.Time `json:"until" doc:"of the newest frame kept"`
	Frames  int        `json:"frames"`
	Bytes   int64      `json:"bytes"`
	Dropped int64      `json:"dropped" doc:"oldest frames that made room for newer ones"`
}

// CaptureInput switches a capture.
type CaptureInput struct {
	Running bool `json:"running" doc:"true begins a new one, false stops it and keeps what there is"`
}

func (s *server) registerCaptures() {
	handle(s, operation{
		id: "getCapture", method: http.MethodGet, path: "/pbx/{pbx}/capture", tag: tagPBX, needs: crm.PBXManage,
		summary: "State of the capture of what the PBX sends",
	}, s.capture)
	handle(s, operation{
		id: "setCapture", method: http.MethodPut, path: "/pbx/{pbx}/capture", tag: tagPBX, needs: crm.PBXManage,
		summary: "Start or stop the capture",
	}, s.setCapture)
	handle(s, operation{
		id: "exportCapture", method: http.MethodGet, path: "/pbx/{pbx}/capture/export", tag: tagPBX, needs: crm.PBXManage,
		summary: "The capture as a file without numbers, names and secrets",
		detail:  "`ringcard replay FILE` repeats its calls, decisions and pops without a PBX.",
	}, s.exportCapture)
}

func (s *server) capture(_ context.Context, _ *caller, in *PBXPath) (*bodyOf[CaptureStatus], error) {
	status, err := s.deps.Captures.Capture(in.PBX)
	return body(status), err
}

func (s *server) setCapture(ctx context.Context, _ *caller, in *struct {
	PBXPath
	Body CaptureInput
}) (*bodyOf[CaptureStatus], error) {
	status, err := s.deps.Captures.SetCapture(ctx, in.PBX, in.Body.Running)
	return body(status), err
}

func (s *server) exportCapture(_ context.Context, _ *caller, in *PBXPath) (*huma.StreamResponse, error) {
	status, err := s.deps.Captures.Capture(in.PBX)
	if err != nil {
		return nil, err
	}
	if status.Frames == 0 {
		return nil, newProblem(codeConflict, "nothing is captured yet: start the capture, make a call, then export it")
	}
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		hc.SetHeader("Content-Type", "application/x-ndjson")
		hc.SetHeader("Cache-Control", "no-store")
		hc.SetHeader("Content-Disposition", fmt.Sprintf(`attachment; filename="ringcard-%s-%s.capture"`,
			in.PBX, s.deps.Now().UTC().Format("20060102-150405")))
		if err := s.deps.Captures.Export(hc.Context(), in.PBX, hc.BodyWriter()); err != nil {
			s.log.WarnContext(hc.Context(), "capture not exported whole", "pbx", in.PBX, "error", err)
		}
	}}, nil
}
