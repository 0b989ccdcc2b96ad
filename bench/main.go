// Command bench measures Ringcard, each figure beside its floor from the same
// run, and writes docs/benchmarks.md.
//
//	go run .         everything, about eight minutes
//	go run . -short  a quick look, below two minutes; writes nothing
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

func run(args []string, stdout, stderr io.Writer) int {
	if len(args) > 0 && roles[args[0]] != nil {
		if err := runChild(args[0], args[1:]); err != nil {
			fmt.Fprintln(stderr, args[0]+":", err)
			return 1
		}
		return 0
	}
	flags := flag.NewFlagSet("bench", flag.ContinueOnError)
	flags.SetOutput(stderr)
	short := flags.Bool("short", false, "a quick look that writes nothing")
	only := flags.String("only", "engine,live,lag,lookup,pop", "which figures; less than all writes nothing")
	root := flags.String("root", "..", "the repository")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	ctx, cancel := context.WithTimeout(ctx, longest)
	defer cancel()
	say := func(format string, args ...any) { fmt.Fprintf(stderr, format+"\n", args...) }
	r, err := measureAll(ctx, *root, *short, strings.Split(*only, ","), say)
	fmt.Fprint(stdout, r.table()) // also what came before an error
	if err != nil {
		fmt.Fprintln(stderr, "bench:", err)
		return 1
	}
	if *short || !r.complete() {
		return 0
	}
	if err := os.WriteFile(filepath.Join(*root, "docs", "benchmarks.md"), []byte(r.document()), 0o644); err != nil {
		fmt.Fprintln(stderr, "bench:", err)
		return 1
	}
	return 0
}

// longest bounds a run, whatever hangs.
const longest = 15 * time.Minute

// measureAll measures what is wanted. Nothing runs beside what is measured.
func measureAll(ctx context.Context, root string, short bool, wanted []string, say func(string, ...any)) (r report, err error) {
	want := make(map[string]bool)
	for _, name := range wanted {
		want[name] = true
	}
	if r.machine, err = thisMachine(); err != nil {
		return r, err
	}
	if want["engine"] {
		say("engine: replaying recorded streams")
		result, err := benchEngine(ctx, root, short)
		if err != nil {
			return r, fmt.Errorf("engine: %w", err)
		}
		r.engine = &result
	}
	if want["live"] {
		say("live: calls that stay up")
		if r.live, err = benchLive(ctx, root, short); err != nil {
			return r, fmt.Errorf("live: %w", err)
		}
	}
	if want["lag"] {
		say("lag: %d events a second", lagRate)
		result, err := benchLag(ctx, root, short)
		if err != nil {
			return r, fmt.Errorf("lag: %w", err)
		}
		r.lag = &result
	}
	if !want["lookup"] && !want["pop"] {
		return r, nil
	}
	s := size{clients: 300_000, persons: 500_000, phones: 1_000_000, calls: 100_000}
	if short {
		s = size{clients: 30_000, persons: 50_000, phones: 100_000, calls: 10_000}
	}
	say("database: making %d phones", s.phones)
	d, err := openDatabase(ctx, s, say)
	if err != nil {
		return r, fmt.Errorf("database: %w", err)
	}
	defer func() { err = errors.Join(err, d.close()) }()
	if want["lookup"] {
		say("lookup: random numbers")
		result, err := benchLookup(ctx, d, short)
		if err != nil {
			return r, err
		}
		r.lookup = &result
	}
	if want["pop"] {
		say("pop: a real Asterisk, %d operators", operatorCount)
		var resync resyncResult
		if r.pops, resync, err = benchPop(ctx, d, short, say); err != nil {
			return r, fmt.Errorf("pop: %w", err)
		}
		r.resync = &resync
	}
	return r, nil
}
