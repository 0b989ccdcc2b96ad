package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

const requirements = `# Requirements
## T1 PBX connection (PB)
| ID | Requirement | Acceptance test |
|---|---|---|
| PB-01 | one | see PB-03 |
| PB-02 | two | |
## Notes
No table here, PB-09 is only mentioned.
## T4 Screen pop (PU)
| PU-01 | three | |
`

func TestParseRequirements(t *testing.T) {
	got, err := parseRequirements(strings.NewReader(requirements))
	if err != nil {
		t.Fatal(err)
	}
	want := []section{{"T1 PBX connection (PB)", []string{"PB-01", "PB-02"}}, {"T4 Screen pop (PU)", []string{"PU-01"}}}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(section{})); diff != "" {
		t.Error(diff)
	}
	for name, text := range map[string]string{
		"no rows":   "## A heading\n",
		"row twice": "| PB-01 | one |\n| PB-01 | other |\n",
	} {
		if _, err := parseRequirements(strings.NewReader(text)); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func TestRowsOfName(t *testing.T) {
	for name, want := range map[string][]string{
		"TestPop":                         nil,
		"TestPop_PU_01":                   {"PU-01"},
		"TestPop_PU_01_CK_12":             {"PU-01", "CK-12"},
		"TestPop_when_PU_01_and_more":     {"PU-01"},
		"TestPop_PU_1":                    nil,
		"TestPop_PU_012":                  nil,
		"TestPop_XPU_01":                  nil,
		"Test_Windows_OS_11_is_no_row":    {"OS-11"}, // the form alone decides; unknown rows are reported
		"TestTwoInARow_PB_01_PB_02_PB_03": {"PB-01", "PB-02", "PB-03"},
	} {
		if diff := cmp.Diff(want, rowsOfName(name)); diff != "" {
			t.Errorf("%s: %s", name, diff)
		}
	}
}

// tree writes files below a folder and returns it.
func tree(t *testing.T, files map[string]string) string {
	t.Helper()
	root := t.TempDir()
	for name, text := range files {
		path := filepath.Join(root, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return root
}

func TestFindTests(t *testing.T) {
	root := tree(t, map[string]string{
		"cti/call_test.go": "package cti\n" +
			"func TestEnd_CK_01(t *T) { t.Run(\"LU-01, LU-02 by name\", nil); t.Log(\"see LU-03\", \"LU-04\") }\n" +
			"func BenchmarkLookup_LU_03(b *B) {}\n" +
			"func helper_PB_01() { _ = \"PB-02 not in a test\" }\n" +
			"func (s suite) TestMethod_PB_03(t *T) {}\n",
		"cti/call.go":                  "package cti\nfunc TestNot_PB_04() {}\n",
		"cti/testdata/x_test.go":       "package x\nfunc TestNot_PB_05() {}\n",
		".cache/x_test.go":             "package x\nfunc TestNot_PB_06() {}\n",
		"web/src/live/pop.test.ts":     "it('PU-01 and PU-02: pops', f); test.each([1])(\"closes (PU-03)\", f); // PU-04\nconst s = 'PU-05';",
		"web/src/live/pop.ts":          "it('PU-06', f)",
		"web/node_modules/a/a.test.js": "it('PU-07', f)",
		"test/e2e/browser/a.spec.mjs":  "describe(`CO-01 calls out`, f)",
	})
	got, err := findTests(root)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]string{
		"CK-01": {"cti: TestEnd_CK_01"},
		"LU-01": {"cti: TestEnd_CK_01/LU-01, LU-02 by name"},
		"LU-02": {"cti: TestEnd_CK_01/LU-01, LU-02 by name"},
		"LU-03": {"cti: BenchmarkLookup_LU_03"},
		"PU-01": {"web/src/live: PU-01 and PU-02: pops"},
		"PU-02": {"web/src/live: PU-01 and PU-02: pops"},
		"PU-03": {"web/src/live: closes (PU-03)"},
		"CO-01": {"test/e2e/browser: CO-01 calls out"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestReport(t *testing.T) {
	root := tree(t, map[string]string{
		"docs/requirements.md": requirements,
		"cti/a_test.go":        "package cti\nfunc TestA_PB_01(t *T) {}\nfunc TestB_PB_01_ZZ_99(t *T) {}\n",
	})
	var out, errs bytes.Buffer
	if status := run([]string{"-root", root}, &out, &errs); status != 0 || errs.Len() > 0 {
		t.Fatalf("status %d: %s", status, &errs)
	}
	want := `Proven rows
  PB-01  cti: TestA_PB_01
         cti: TestB_PB_01_ZZ_99

Rows without a test
  T1 PBX connection (PB)
    PB-02
  T4 Screen pop (PU)
    PU-01

IDs in tests that are no row of docs/requirements.md
  ZZ-99: cti: TestB_PB_01_ZZ_99

Summary
    1 of   2  T1 PBX connection (PB)
    0 of   1  T4 Screen pop (PU)
    1 of   3  all rows
`
	if diff := cmp.Diff(want, out.String()); diff != "" {
		t.Error(diff)
	}
}

func TestFaultsAreOneLineAndStatus(t *testing.T) {
	broken := tree(t, map[string]string{"docs/requirements.md": requirements, "a_test.go": "not Go"})
	for name, c := range map[string]struct {
		args []string
		want int
	}{
		"no requirements": {[]string{"-root", t.TempDir()}, 1},
		"broken test":     {[]string{"-root", broken}, 1},
		"unknown flag":    {[]string{"-wrong"}, 2},
	} {
		var out, errs bytes.Buffer
		if status := run(c.args, &out, &errs); status != c.want || errs.Len() == 0 {
			t.Errorf("%s: status %d, stderr %q", name, status, &errs)
		}
	}
}

// The tests of this repository name rows that exist.
func TestEveryNamedRowExists(t *testing.T) {
	root := filepath.Join("..", "..", "..")
	sections, err := readRequirements(filepath.Join(root, "docs", "requirements.md"))
	if err != nil {
		t.Fatal(err)
	}
	tests, err := findTests(root)
	if err != nil {
		t.Fatal(err)
	}
	known := make(map[string]bool)
	for _, s := range sections {
		for _, id := range s.rows {
			known[id] = true
		}
	}
	for _, odd := range unknownRows(known, tests) {
		t.Errorf("no such row: %s", odd)
	}
}
