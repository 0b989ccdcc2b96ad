package arisim_test

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"ringcard/test/scenario"
)

// pause separates in seconds what people do in a scenario: each speaks a few
// words before the next step. What happens meanwhile is one burst, so that a
// loaded machine changes nothing.
const pause = 0.15

// TestScenariosAreTheRecordedOnes plays every scenario of the suite, all at
// once, and compares the frames with those that Asterisk 22 sent.
func TestScenariosAreTheRecordedOnes_CK_02(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	type played struct {
		raw  *log[[]byte]
		done chan error
	}
	all := make(map[string]played)
	for _, s := range scenario.All {
		if s.Click != nil {
			continue // not recorded: the click is the product's
		}
		o, err := scenario.NewSimulated()
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() {
			if err := o.Close(); err != nil {
				t.Error(err)
			}
		})
		p := played{frames(t, o.Sim, "recorder"), make(chan error, 1)}
		all[s.Name] = p
		go func() { p.done <- s.Play(ctx, o, nil) }()
	}
	for _, s := range scenario.All {
		p, ok := all[s.Name]
		if !ok {
			continue
		}
		t.Run(s.Name, func(t *testing.T) {
			if err := <-p.done; err != nil {
				t.Fatal(err)
			}
			checkFrames(t, stream(t, s), pause, p.raw)
		})
	}
}

// stream reads what a real Asterisk sent.
func stream(t *testing.T, s scenario.Scenario) []step {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join("..", "testdata", "22", s.File()))
	if err != nil {
		t.Fatal(err)
	}
	p := stepper{names: newNames(), ids: make(map[string]string)}
	var out []step
	for line := range bytes.Lines(raw) {
		switch s, ok, err := p.step(line); {
		case err != nil:
			t.Fatal(err)
		case ok:
			out = append(out, s)
		}
	}
	return out
}
