package pbx

import (
	"bytes"
	"context"
	_ "embed"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"
)

//go:embed sipp_uac.xml
var sippScenario []byte

// SippOptions says what calls SippCall makes.
type SippOptions struct {
	From     string // the caller's number
	FromName string
	To       string        // the DID
	Calls    int           // 0 means 1
	Rate     int           // calls a second, 0 means 10
	Talk     time.Duration // from answer to BYE, whole milliseconds
}

// SippResult counts the calls of a SippCall.
type SippResult struct {
	Successful, Failed int
}

// SippCall makes calls through the trunk with sipp, which install.sh installs, and
// returns when they have ended. A call that was refused or never answered counts
// as failed and is no error.
func SippCall(ctx context.Context, a *Asterisk, o SippOptions) (SippResult, error) {
	var none SippResult
	dir, err := os.MkdirTemp("", "ringcard-sipp-")
	if err != nil {
		return none, fmt.Errorf("sipp: %w", err)
	}
	defer func() { _ = os.RemoveAll(dir) }() // a few files in the temp folder
	scenario := filepath.Join(dir, "uac.xml")
	if err := os.WriteFile(scenario, sippScenario, 0o600); err != nil {
		return none, fmt.Errorf("sipp: %w", err)
	}
	statistics := filepath.Join(dir, "statistics.csv")
	calls, rate := max(o.Calls, 1), o.Rate
	if rate == 0 {
		rate = 10
	}
	cmd := exec.CommandContext(ctx, "sipp", a.SIPAddr,
		"-sf", scenario,
		"-i", trunkHost, "-mi", trunkHost,
		"-s", o.To, "-key", "from", o.From, "-key", "name", o.FromName,
		"-m", strconv.Itoa(calls), "-r", strconv.Itoa(rate),
		"-d", strconv.FormatInt(o.Talk.Milliseconds(), 10),
		"-nostdin", "-trace_stat", "-stf", statistics, "-fd", "1",
	)
	cmd.Dir = dir
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	err = cmd.Run()
	var exit *exec.ExitError
	switch {
	case ctx.Err() != nil:
		return none, fmt.Errorf("sipp: %w", ctx.Err())
	case errors.Is(err, exec.ErrNotFound):
		return none, fmt.Errorf("sipp is not installed (run test/pbx/install.sh): %w", err)
	case errors.As(err, &exit) && exit.ExitCode() == 1: // at least one call failed
	case err != nil:
		return none, fmt.Errorf("sipp: %w: %s", err, lastLine(output.String()))
	}
	text, err := os.ReadFile(statistics)
	if err != nil {
		return none, fmt.Errorf("sipp: %w", err)
	}
	return parseSippStatistics(text)
}

// parseSippStatistics takes the cumulative counts of the last row of sipp's
// statistics file (SIPp documentation, "Statistics").
func parseSippStatistics(text []byte) (SippResult, error) {
	r := csv.NewReader(bytes.NewReader(text))
	r.Comma = ';'
	r.FieldsPerRecord = -1
	r.LazyQuotes = true
	rows, err := r.ReadAll()
	if err != nil {
		return SippResult{}, fmt.Errorf("sipp statistics: %w", err)
	}
	if len(rows) < 2 {
		return SippResult{}, errors.New("sipp statistics: no rows")
	}
	var result SippResult
	counts := map[string]*int{"SuccessfulCall(C)": &result.Successful, "FailedCall(C)": &result.Failed}
	last := rows[len(rows)-1]
	for i, name := range rows[0] {
		count, wanted := counts[name]
		if !wanted || i >= len(last) {
			continue
		}
		if *count, err = strconv.Atoi(last[i]); err != nil {
			return SippResult{}, fmt.Errorf("sipp statistics: %s: %w", name, err)
		}
		delete(counts, name)
	}
	if len(counts) > 0 {
		return SippResult{}, errors.New("sipp statistics: columns are missing")
	}
	return result, nil
}

func lastLine(s string) string {
	lines := strings.Split(strings.TrimSpace(s), "\n")
	return lines[len(lines)-1]
}
