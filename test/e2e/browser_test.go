package e2e

import (
	"context"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"testing"
	"time"

	"ringcard/test/scenario"
)

// TestBrowser runs test/e2e/browser in Chromium: a real Asterisk and the
// simulated one under the same page.
func TestBrowser_PU_01_PU_02_PU_03_PU_07_PU_10_LU_05_LU_07_PB_08_PB_13_CO_01_CO_06_CO_07_CO_13_SF_03_OP_09(t *testing.T) {
	for kind, run := range map[string]struct {
		office func(*testing.T) scenario.Office
		files  []string
	}{
		"simulated":   {func(t *testing.T) scenario.Office { return simulated(t) }, []string{"flow.test.mjs", "page.test.mjs", "settings.test.mjs"}},
		"asterisk 22": {func(t *testing.T) scenario.Office { return realOffice(t, "22") }, []string{"flow.test.mjs"}},
	} {
		t.Run(kind, func(t *testing.T) {
			o := run.office(t)
			p := start(t, o)
			control := httptest.NewServer(&switchboard{office: o, lines: make(map[string]scenario.Line)})
			t.Cleanup(control.Close)
			ctx, cancel := context.WithTimeout(t.Context(), 6*time.Minute)
			defer cancel()
			cmd := exec.CommandContext(ctx, "node", append([]string{"--test", "--test-concurrency=1", "--test-reporter=spec"}, run.files...)...)
			cmd.Dir = "browser"
			cmd.Env = append(os.Environ(), "BASE="+p.url, "CONTROL="+control.URL, "PASSWORD="+password)
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			t.Logf("%s", out)
		})
	}
}

// switchboard lets the browser tests move the office's telephones.
type switchboard struct {
	office scenario.Office

	mu    sync.Mutex
	lines map[string]scenario.Line
}

type order struct {
	Extension, Number, From, Name, DID, ID string
	Answer                                 int // ms; -1: never
	Refuse                                 int
}

func (s *switchboard) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var o order
	err := json.NewDecoder(r.Body).Decode(&o)
	answer := ""
	if err == nil {
		// The call outlives the request that placed it.
		answer, err = s.obey(context.WithoutCancel(r.Context()), r.URL.Path, o)
	}
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	_, _ = w.Write([]byte(answer)) // the browser test notices
}

func (s *switchboard) obey(ctx context.Context, path string, o order) (string, error) {
	b := scenario.Behaviour{Answer: time.Duration(o.Answer) * time.Millisecond, Refuse: o.Refuse}
	if o.Answer < 0 {
		b.Answer = scenario.Never
	}
	switch path {
	case "/phone":
		return "", s.office.Phone(ctx, o.Extension, b)
	case "/outside":
		s.office.Outside(o.Number, b)
	case "/call":
		line, err := s.office.Call(ctx, scenario.Outside{From: o.From, Name: o.Name, DID: o.DID})
		if err != nil {
			return "", err
		}
		s.mu.Lock()
		defer s.mu.Unlock()
		id := strconv.Itoa(len(s.lines))
		s.lines[id] = line
		return id, nil
	case "/hangup":
		s.mu.Lock()
		line := s.lines[o.ID]
		s.mu.Unlock()
		return "", line.Hangup(ctx)
	}
	return "", nil
}
