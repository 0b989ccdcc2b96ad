package cti

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
)

// Every code of a trace has a text, and every text is used: the page
// translates by code (PB-13).
func TestEveryDecisionHasAText_PB_13(t *testing.T) {
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	steps := regexp.MustCompile(`trace\.add\([^"\n]+, "([a-z_]+)"`)
	var all strings.Builder
	used := make(map[string]bool)
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") || name == "trace.go" {
			continue
		}
		raw, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		all.Write(raw)
		for _, m := range steps.FindAllStringSubmatch(string(raw), -1) {
			used[m[1]] = true
			if _, ok := decisions[m[1]]; !ok {
				t.Errorf("%s: %q is not among the decisions", name, m[1])
			}
		}
		if n := strings.Count(string(raw), "trace.add("); n != len(steps.FindAllString(string(raw), -1)) {
			t.Errorf("%s: a trace.add without a literal code", name)
		}
	}
	for code := range decisions {
		if !used[code] {
			t.Errorf("%q is never noted", code)
		}
	}
	for code := range reasons {
		if !strings.Contains(all.String(), `"`+code+`"`) {
			t.Errorf("recipient code %q is never used", code)
		}
	}
}

func TestWhyTellsInWords_PB_13(t *testing.T) {
	var tr trace
	tr.add(time.Time{}, "device_rings", "name", "Анна {device}", "device", "PJSIP/101")
	tr.add(time.Time{}, "lookup_late")
	tr.told(Recipient{Name: "103", Code: "device_of_nobody", Params: map[string]string{"device": "PJSIP/103"}})
	kept := tr.why()
	kept.Steps = append(kept.Steps, Step{Code: "of_a_newer_version"})
	told := kept.Told()
	var texts []string
	for _, s := range told.Steps {
		texts = append(texts, s.Step+": "+s.Text)
	}
	want := []string{
		"ringing: Анна {device} rings at PJSIP/101",
		"lookup: no answer of the directory in time; the pop goes on with the number only",
		"other: of_a_newer_version",
	}
	if !slices.Equal(texts, want) {
		t.Errorf("%q", texts)
	}
	if r := told.Recipients[0].Reason; r != "PJSIP/103 belongs to no user" {
		t.Errorf("reason %q", r)
	}
	if kept.Steps[0].Text != "" || tr.recipients[0].Reason != "" {
		t.Error("the stored form has texts")
	}
}
