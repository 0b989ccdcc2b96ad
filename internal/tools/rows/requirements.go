package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
)

// section is a heading of requirements.md with the IDs of its table.
type section struct {
	title string
	rows  []string
}

var rowLine = regexp.MustCompile(`^\|\s*([A-Z]{2}-\d{2})\s*\|`)

func readRequirements(path string) ([]section, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	sections, err := parseRequirements(f)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return sections, nil
}

// parseRequirements returns the sections that have rows. An ID that stands
// twice is an error: it keeps its meaning for ever.
func parseRequirements(r io.Reader) ([]section, error) {
	var sections []section
	seen := make(map[string]bool)
	title := "(no heading)"
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		if heading, ok := strings.CutPrefix(lines.Text(), "## "); ok {
			title = strings.TrimSpace(heading)
			continue
		}
		m := rowLine.FindStringSubmatch(lines.Text())
		if m == nil {
			continue
		}
		id := m[1]
		if seen[id] {
			return nil, fmt.Errorf("row %s stands twice", id)
		}
		seen[id] = true
		if len(sections) == 0 || sections[len(sections)-1].title != title {
			sections = append(sections, section{title: title})
		}
		last := &sections[len(sections)-1]
		last.rows = append(last.rows, id)
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(sections) == 0 {
		return nil, fmt.Errorf("no row of the form | AB-01 | found")
	}
	return sections, nil
}

// without lists the rows that no test names.
func (s section) without(tests map[string][]string) []string {
	var open []string
	for _, id := range s.rows {
		if len(tests[id]) == 0 {
			open = append(open, id)
		}
	}
	return open
}

// unknownRows lists "ID: test" for each ID that is no row.
func unknownRows(known map[string]bool, tests map[string][]string) []string {
	var odd []string
	for id, names := range tests {
		if known[id] {
			continue
		}
		for _, name := range names {
			odd = append(odd, id+": "+name)
		}
	}
	slices.Sort(odd)
	return odd
}
