// Command record plays the scenarios on real Asterisk servers and writes the
// frames of each into ari/testdata/<version>/<scenario>.jsonl, where the
// replay tests and the benchmarks read them:
//
//	go run ./test/record             every scenario
//	go run ./test/record transfer    those with "transfer" in their names
//
// With the argument cdr it makes another set of calls and writes what the
// PBX's own cdr_csv has of them into internal/cdr/testdata.
package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"ringcard/ari"
	"ringcard/cti"
	"ringcard/test/pbx"
	"ringcard/test/scenario"
)

func main() { os.Exit(run()) }

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if len(os.Args) == 2 && os.Args[1] == "cdr" {
		return recordAll(ctx, recordCDR)
	}
	return recordAll(ctx, recordVersion)
}

func recordAll(ctx context.Context, record func(context.Context, string) error) int {
	status := 0
	for _, version := range []string{"22", "16"} {
		if err := record(ctx, version); err != nil {
			fmt.Fprintln(os.Stderr, "record:", err)
			status = 1
		}
	}
	return status
}

func recordVersion(ctx context.Context, version string) error {
	office, err := scenario.NewReal(ctx, pbx.Options{Version: version})
	if err != nil {
		return err
	}
	defer office.Close()
	var errs []error
	for _, s := range scenario.All {
		if s.Click != nil {
			continue // the order to dial is not in the stream
		}
		if len(os.Args) > 1 && !strings.Contains(s.Name, os.Args[1]) {
			continue
		}
		if err := recordScenario(ctx, office, version, s); err != nil {
			errs = append(errs, fmt.Errorf("%s on %s: %w", s.Name, version, err))
		}
	}
	return errors.Join(errs...)
}

// sink counts channels, so that the recording ends with the last of them.
type sink struct {
	mu   sync.Mutex
	up   map[string]bool
	seen bool
	news chan struct{}
}

func (s *sink) Post(ev cti.Event) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch ev.Kind {
	case cti.ChannelCreated:
		s.up[ev.Channel.ID], s.seen = true, true
	case cti.ChannelGone:
		delete(s.up, ev.Channel.ID)
	}
	if ev.Kind == cti.Resync || s.seen && len(s.up) == 0 {
		select {
		case s.news <- struct{}{}:
		default:
		}
	}
}

func recordScenario(ctx context.Context, o scenario.Office, version string, s scenario.Scenario) error {
	ctx, cancel := context.WithTimeout(ctx, 30*time.Second)
	defer cancel()
	for ext, b := range s.Phones {
		if err := o.Phone(ctx, ext, b); err != nil {
			return err
		}
	}
	var buf bytes.Buffer
	sk := &sink{up: make(map[string]bool), news: make(chan struct{}, 1)}
	client := ari.New(o.ARI(), ari.Options{Sink: sk, Tap: func(raw []byte, _ time.Time) { buf.Write(raw); buf.WriteByte('\n') }})
	if err := client.Start(ctx); err != nil {
		return err
	}
	defer func() { _ = client.Stop(ctx) }() // the second stop of a good run
	if err := wait(ctx, sk.news); err != nil {
		return fmt.Errorf("connect: %w", err)
	}
	if err := s.Play(ctx, o, nil); err != nil {
		return err
	}
	if err := wait(ctx, sk.news); err != nil {
		return fmt.Errorf("last channel: %w (%v)", err, sk.up)
	}
	if err := client.Stop(ctx); err != nil {
		return err
	}
	file := filepath.Join("ari", "testdata", version, s.File())
	fmt.Println(file, buf.Len(), "bytes")
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return err
	}
	return os.WriteFile(file, buf.Bytes(), 0o644)
}

func wait(ctx context.Context, c <-chan struct{}) error {
	select {
	case <-c:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
