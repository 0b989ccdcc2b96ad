package httpapi

import (
	"context"
	"encoding/csv"
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"ringcard/crm"
)

// CSVFormat is how a CSV is written. The defaults are RFC 4180 in UTF-8; a
// Russian Excel opens one with bom=true&separator=semicolon.
type CSVFormat struct {
	BOM       bool   `query:"bom" doc:"byte order mark before the text, by which Excel knows UTF-8"`
	Separator string `query:"separator" enum:"comma,semicolon,tab" default:"comma"`
	Lang      string `query:"lang" enum:"ru,en" doc:"of the headings and words; default: the installation's"`
}

// csvPatience is how long a reader may take for what is between two flushes.
const csvPatience = time.Minute

// flushRows is how many rows go out at once.
const flushRows = 500

// csvStream is a CSV on its way to the client. The status and the headings go
// out with the first row, so that an error before it is an ordinary problem.
type csvStream struct {
	ctx      huma.Context
	name     string
	format   CSVFormat
	headings []string
	w        *csv.Writer
	rows     int
	mask     bool // the reader may not see numbers (PU-09)
}

// streamCSV answers with the rows that fill writes. An error before the first
// of them is a problem; one after it cuts the connection, so that nobody takes
// half a file for the whole.
func (s *server) streamCSV(ctx context.Context, name string, format CSVFormat, headings []string, fill func(row func([]string) error) error) *huma.StreamResponse {
	return &huma.StreamResponse{Body: func(hc huma.Context) {
		out := &csvStream{ctx: hc, name: name, format: format, headings: headings}
		err := fill(out.row)
		if err == nil {
			err = out.finish()
		}
		switch {
		case err == nil:
		case out.w == nil:
			p := problemOf(ctx, s.log, err)
			for k, v := range p.GetHeaders() {
				hc.SetHeader(k, v[0])
			}
			hc.SetHeader("Content-Type", p.ContentType(""))
			hc.SetStatus(p.Status)
			_ = json.NewEncoder(hc.BodyWriter()).Encode(p) // an error means that the client is gone
		default:
			s.log.WarnContext(ctx, "export cut off", "request_id", requestID(ctx), "rows", out.rows, "error", err)
			panic(http.ErrAbortHandler)
		}
	}}
}

func (o *csvStream) start() error {
	h := o.ctx
	h.SetHeader("Content-Type", "text/csv; charset=utf-8")
	h.SetHeader("Content-Disposition", `attachment; filename="`+o.name+`"`)
	if m, ok := h.BodyWriter().(*maskingWriter); ok {
		m.masked() // row does it, so that a long file is not held back
		o.mask = true
	}
	h.SetStatus(http.StatusOK)
	if o.format.BOM {
		if _, err := io.WriteString(h.BodyWriter(), "\ufeff"); err != nil {
			return err
		}
	}
	o.w = csv.NewWriter(h.BodyWriter())
	switch o.format.Separator {
	case "semicolon":
		o.w.Comma = ';'
	case "tab":
		o.w.Comma = '\t'
	}
	o.w.UseCRLF = true
	return o.w.Write(o.headings)
}

// row writes one row. Cells that a spreadsheet would take for a formula are
// defused (OWASP, CSV Injection).
func (o *csvStream) row(cells []string) error {
	if o.w == nil {
		if err := o.start(); err != nil {
			return err
		}
	}
	safe := make([]string, len(cells))
	for i, c := range cells {
		if o.mask {
			c = crm.Mask(c)
		}
		safe[i] = plainCell(c)
	}
	if err := o.w.Write(safe); err != nil {
		return err
	}
	if o.rows++; o.rows%flushRows == 0 {
		o.w.Flush()
		// The server's own limit is for answers of ordinary size. Not every
		// writer has deadlines; then that limit holds.
		if rw, ok := o.ctx.BodyWriter().(http.ResponseWriter); ok {
			_ = http.NewResponseController(rw).SetWriteDeadline(time.Now().Add(csvPatience))
		}
	}
	return o.w.Error()
}

// finish writes what is left; a file without rows has its headings.
func (o *csvStream) finish() error {
	if o.w == nil {
		if err := o.start(); err != nil {
			return err
		}
	}
	o.w.Flush()
	return o.w.Error()
}

// numberCell is what no spreadsheet takes for more than a number, masked or not.
var numberCell = regexp.MustCompile(`^[+-]?[0-9•]+([.,][0-9]+)?$`)

func plainCell(text string) string {
	text = strings.ReplaceAll(text, "\x00", "")
	if text == "" || numberCell.MatchString(text) || !strings.ContainsRune("=+-@\t\r\n|%", rune(text[0])) {
		return text
	}
	return "'" + text
}
