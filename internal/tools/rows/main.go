// Command rows shows which rows of docs/requirements.md are proven by which
// tests. A test proves a row by carrying its ID in its name: _PB_01 in the name
// of a Go function, "PB-01 …" at the beginning of a subtest's name, PB-01
// anywhere in the title of a TypeScript test.
//
//	go run ./internal/tools/rows [-root DIR]
package main

import (
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// run returns the exit status: 0 when the report could be made, whatever it
// says.
func run(args []string, stdout, stderr io.Writer) int {
	flags := flag.NewFlagSet("rows", flag.ContinueOnError)
	flags.SetOutput(stderr)
	root := flags.String("root", ".", "root of the repository")
	if err := flags.Parse(args); err != nil {
		return 2
	}
	sections, err := readRequirements(filepath.Join(*root, "docs", "requirements.md"))
	if err == nil {
		var tests map[string][]string
		if tests, err = findTests(*root); err == nil {
			err = report(stdout, sections, tests)
		}
	}
	if err != nil {
		fmt.Fprintln(stderr, "rows:", err)
		return 1
	}
	return 0
}

// report prints the proven rows with their tests, the rows without, IDs that
// are no row, and the counts by section.
func report(w io.Writer, sections []section, tests map[string][]string) error {
	p := &printer{w: w}
	known := make(map[string]bool)
	p.line("Proven rows")
	for _, s := range sections {
		for _, id := range s.rows {
			known[id] = true
			for i, name := range tests[id] {
				if i == 0 {
					p.line("  %s  %s", id, name)
				} else {
					p.line("         %s", name)
				}
			}
		}
	}
	p.line("\nRows without a test")
	for _, s := range sections {
		if open := s.without(tests); len(open) > 0 {
			p.line("  %s\n    %s", s.title, strings.Join(open, " "))
		}
	}
	if odd := unknownRows(known, tests); len(odd) > 0 {
		p.line("\nIDs in tests that are no row of docs/requirements.md\n  %s", strings.Join(odd, "\n  "))
	}
	p.line("\nSummary")
	var proven, total int
	for _, s := range sections {
		n := len(s.rows) - len(s.without(tests))
		proven, total = proven+n, total+len(s.rows)
		p.line("  %3d of %3d  %s", n, len(s.rows), s.title)
	}
	p.line("  %3d of %3d  all rows", proven, total)
	return p.err
}

// printer keeps the first error of its writer.
type printer struct {
	w   io.Writer
	err error
}

func (p *printer) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintf(p.w, format+"\n", args...)
	}
}
