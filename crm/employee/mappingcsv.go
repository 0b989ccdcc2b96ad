package employee

import (
	"bytes"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode/utf8"

	"ringcard/crm"
)

// mapColumns are the columns of a mapping file, in the order of a download.
var mapColumns = []string{"endpoint", "login", "name", "role", "extension", "context"}

// ParseMapping reads a mapping file: a line of column names, then a telephone a
// line. It may be separated by commas, semicolons (as spreadsheets of Russian
// Windows write it) or tabs, and begin with a byte order mark. The error is a
// crm.CodeInvalid that tells the line and what to do.
func ParseMapping(text []byte) ([]MapRow, error) {
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	if !utf8.Valid(text) || bytes.IndexByte(text, 0) >= 0 {
		return nil, crm.Invalid("file", "it is not UTF-8 text; save it as CSV UTF-8")
	}
	r := csv.NewReader(bytes.NewReader(text))
	r.Comma, r.FieldsPerRecord, r.TrimLeadingSpace = separator(text), -1, true
	head, err := r.Read()
	if errors.Is(err, io.EOF) {
		return nil, crm.Invalid("file", "it is empty; the first line names the columns: %s", strings.Join(mapColumns, ", "))
	}
	if err != nil {
		return nil, csvFault(err)
	}
	for i := range head {
		head[i] = strings.ToLower(strings.TrimSpace(head[i]))
		if !slices.Contains(mapColumns, head[i]) {
			return nil, crm.Invalid("file", "line 1: there is no column %q; use %s", head[i], strings.Join(mapColumns, ", "))
		}
		if slices.Contains(head[:i], head[i]) {
			return nil, crm.Invalid("file", "line 1: column %q is there twice", head[i])
		}
	}
	if !slices.Contains(head, "endpoint") {
		return nil, crm.Invalid("file", "line 1: the column endpoint is missing")
	}
	var rows []MapRow
	for {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, csvFault(err)
		}
		line, _ := r.FieldPos(0)
		if len(record) > len(head) {
			return nil, crm.Invalid("file", "line %d: %d values for %d columns; put values with a separator in quotes", line, len(record), len(head))
		}
		if len(rows) == maxMapRows {
			return nil, crm.Invalid("file", "line %d: more than %d telephones; split the file", line, maxMapRows)
		}
		row := MapRow{Line: line}
		for i, value := range record {
			row.set(head[i], unformula(strings.TrimSpace(value)))
		}
		if row != (MapRow{Line: line}) {
			rows = append(rows, row)
		}
	}
	if len(rows) == 0 {
		return nil, crm.Invalid("file", "there is no telephone below the line of column names")
	}
	return rows, nil
}

func (r *MapRow) set(column, value string) {
	switch column {
	case "endpoint":
		r.Endpoint = value
	case "login":
		r.Login = value
	case "name":
		r.Name = value
	case "role":
		r.Role = crm.Role(strings.ToLower(value))
	case "extension":
		r.Extension = value
	case "context":
		r.Context = value
	}
}

// separator is the one of ; tab and comma that stands most often in the first
// line.
func separator(text []byte) rune {
	line, _, _ := bytes.Cut(text, []byte("\n"))
	best, most := ',', bytes.Count(line, []byte(","))
	for _, c := range ";\t" {
		if n := bytes.Count(line, []byte(string(c))); n > most {
			best, most = c, n
		}
	}
	return best
}

func csvFault(err error) error {
	var bad *csv.ParseError
	if errors.As(err, &bad) {
		return &crm.Error{Code: crm.CodeInvalid, Field: "file", Err: err,
			Message: fmt.Sprintf("line %d: %v; check the quotes", bad.Line, bad.Err)}
	}
	return err
}

// WriteMapping writes a file that ParseMapping reads.
func WriteMapping(w io.Writer, rows []MapRow) error {
	out := csv.NewWriter(w)
	if err := out.Write(mapColumns); err != nil {
		return err
	}
	for _, r := range rows {
		record := []string{r.Endpoint, r.Login, r.Name, string(r.Role), r.Extension, r.Context}
		for i := range record {
			record[i] = formulaSafe(record[i])
		}
		if err := out.Write(record); err != nil {
			return err
		}
	}
	out.Flush()
	return out.Error()
}

// formulaSafe keeps a spreadsheet from running a value as a formula (OWASP,
// CSV Injection); unformula takes it back.
func formulaSafe(v string) string {
	if v != "" && strings.ContainsRune("=+-@'", rune(v[0])) {
		return "'" + v
	}
	return v
}

func unformula(v string) string {
	if len(v) > 1 && v[0] == '\'' && strings.ContainsRune("=+-@'", rune(v[1])) {
		return v[1:]
	}
	return v
}
