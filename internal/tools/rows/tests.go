package main

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var (
	rowID      = regexp.MustCompile(`\b[A-Z]{2}-\d{2}\b`)
	leadingRow = regexp.MustCompile(`^[A-Z]{2}-\d{2}[ ,:]`)
	funcRow    = regexp.MustCompile(`^[A-Z]{2}_\d{2}$`)
	// scriptTest is the title of a test, as in it('…') or test.each([…])("…").
	scriptTest = regexp.MustCompile("\\b(?:it|test|describe)(?:\\.\\w+)*(?:\\([^()]*\\))?\\(\\s*(?:'([^'\\n]*)'|\"([^\"\\n]*)\"|`([^`]*)`)")
)

// findTests maps row IDs to the tests below root that name them, as
// "folder: name", in alphabetical order.
func findTests(root string) (map[string][]string, error) {
	tests := make(map[string][]string)
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if path != root && (strings.HasPrefix(d.Name(), ".") || slices.Contains([]string{"node_modules", "dist", "testdata"}, d.Name())) {
				return filepath.SkipDir
			}
			return nil
		}
		read := reader(d.Name())
		if read == nil {
			return nil
		}
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		found, err := read(path, text)
		if err != nil {
			return err
		}
		folder, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		for _, t := range found {
			for _, id := range t.rows {
				tests[id] = append(tests[id], filepath.ToSlash(folder)+": "+t.name)
			}
		}
		return nil
	})
	for id, names := range tests {
		slices.Sort(names)
		tests[id] = slices.Compact(names)
	}
	return tests, err
}

// namedTest is a test with the rows its name carries.
type namedTest struct {
	name string
	rows []string
}

type readFunc func(path string, text []byte) ([]namedTest, error)

// reader returns what reads the tests of a file, nil when it has none.
func reader(name string) readFunc {
	switch {
	case strings.HasSuffix(name, "_test.go"):
		return goTests
	case strings.Contains(name, ".test.") || strings.Contains(name, ".spec."):
		switch filepath.Ext(name) {
		case ".ts", ".tsx", ".js", ".mjs":
			return scriptTests
		}
	}
	return nil
}

func goTests(path string, text []byte) ([]namedTest, error) {
	file, err := parser.ParseFile(token.NewFileSet(), path, text, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var found []namedTest
	for _, decl := range file.Decls {
		fn, ok := decl.(*ast.FuncDecl)
		if !ok || fn.Recv != nil || !isTest(fn.Name.Name) {
			continue
		}
		if rows := rowsOfName(fn.Name.Name); len(rows) > 0 {
			found = append(found, namedTest{fn.Name.Name, rows})
		}
		ast.Inspect(fn, func(n ast.Node) bool {
			literal, ok := n.(*ast.BasicLit)
			if !ok || literal.Kind != token.STRING {
				return true
			}
			if name, err := strconv.Unquote(literal.Value); err == nil && leadingRow.MatchString(name) {
				found = append(found, namedTest{fn.Name.Name + "/" + name, rowID.FindAllString(name, -1)})
			}
			return true
		})
	}
	return found, nil
}

func isTest(name string) bool {
	return strings.HasPrefix(name, "Test") || strings.HasPrefix(name, "Fuzz") || strings.HasPrefix(name, "Benchmark")
}

// rowsOfName reads TestPop_PU_01_PU_02 as PU-01 and PU-02.
func rowsOfName(name string) []string {
	var rows []string
	parts := strings.Split(name, "_")
	for i := 1; i+1 < len(parts); i++ {
		if pair := parts[i] + "_" + parts[i+1]; funcRow.MatchString(pair) {
			rows = append(rows, strings.Replace(pair, "_", "-", 1))
			i++
		}
	}
	return rows
}

func scriptTests(_ string, text []byte) ([]namedTest, error) {
	var found []namedTest
	for _, m := range scriptTest.FindAllStringSubmatch(string(text), -1) {
		title := m[1] + m[2] + m[3]
		if rows := rowID.FindAllString(title, -1); len(rows) > 0 {
			found = append(found, namedTest{title, rows})
		}
	}
	return found, nil
}
