package httpapi

import (
	"context"
	"encoding/json"
	"net/http"
	"sync"
	"time"
)

// Check asks one dependency whether it works.
type Check struct {
	Name string
	// Required: without it this server can do nothing useful, so a balancer
	// should send users elsewhere. The database is required. A PBX or Redis
	// is not: every node would fail alike, and the rest still works.
	Required bool
	// Run returns nil when it works. The text of its error is shown to
	// whoever may reach /readyz: it must hold no secret.
	Run func(context.Context) error
}

// checkTimeout bounds one check; they run side by side.
const checkTimeout = 2 * time.Second

// Readiness is the answer of /readyz.
type Readiness struct {
	Ready  bool                   `json:"ready"`
	Checks map[string]CheckResult `json:"checks"`
}

// CheckResult is the state of one dependency.
type CheckResult struct {
	OK       bool   `json:"ok"`
	Required bool   `json:"required"`
	Error    string `json:"error,omitempty"`
	TookMS   int64  `json:"took_ms"`
}

// ready runs all checks.
func ready(ctx context.Context, checks []Check) Readiness {
	results := make([]CheckResult, len(checks))
	var wg sync.WaitGroup
	for i, check := range checks {
		wg.Go(func() {
			ctx, cancel := context.WithTimeout(ctx, checkTimeout)
			defer cancel()
			start := time.Now()
			err := check.Run(ctx)
			results[i] = CheckResult{OK: err == nil, Required: check.Required, TookMS: time.Since(start).Milliseconds()}
			if err != nil {
				results[i].Error = err.Error()
			}
		})
	}
	wg.Wait()
	out := Readiness{Ready: true, Checks: make(map[string]CheckResult, len(checks))}
	for i, check := range checks {
		out.Checks[check.Name] = results[i]
		if check.Required && !results[i].OK {
			out.Ready = false
		}
	}
	return out
}

// handleHealthz tells that the process is alive; it asks nobody else, so that
// a supervisor does not kill it for a fault of the database.
func handleHealthz(w http.ResponseWriter, _ *http.Request) {
	writeJSON(w, http.StatusOK, map[string]string{"status": "ok"})
}

// handleReadyz answers 200, or 503 when a required dependency is down.
func (s *server) handleReadyz(w http.ResponseWriter, r *http.Request) {
	out := ready(r.Context(), s.deps.Checks)
	status := http.StatusOK
	if !out.Ready {
		status = http.StatusServiceUnavailable
	}
	writeJSON(w, status, out)
}

func writeJSON(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	// A failed write means the client left.
	_ = json.NewEncoder(w).Encode(v)
}
