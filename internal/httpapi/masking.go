package httpapi

import (
	"net/http"
	"strings"

	"ringcard/crm"
)

// maskingWriter hides telephone numbers in the answer to a caller who may not
// see them (PU-09). It works on the answer as it leaves, whatever operation
// wrote it and however: JSON and errors by crm.MaskJSON, texts and CSV by
// crm.Mask. Sound and pictures pass through; any other format is refused,
// because nobody can tell what it shows.
type maskingWriter struct {
	http.ResponseWriter
	kind   maskKind
	status int
	held   []byte
}

type maskKind int

const (
	maskUnknown maskKind = iota // nothing written yet
	maskNothing
	maskAsJSON
	maskAsText
	maskRefused
)

// Unwrap is for http.ResponseController.
func (m *maskingWriter) Unwrap() http.ResponseWriter { return m.ResponseWriter }

// WriteHeader implements http.ResponseWriter.
func (m *maskingWriter) WriteHeader(status int) {
	if m.kind != maskUnknown {
		return
	}
	m.status = status
	contentType, _, _ := strings.Cut(m.Header().Get("Content-Type"), ";")
	switch {
	case contentType == "":
		m.kind = maskAsText
	case contentType == "application/json", strings.HasSuffix(contentType, "+json"):
		m.kind = maskAsJSON
	case strings.HasPrefix(contentType, "text/"):
		m.kind = maskAsText
	case strings.HasPrefix(contentType, "audio/"), strings.HasPrefix(contentType, "image/"):
		m.kind = maskNothing
		m.ResponseWriter.WriteHeader(status)
	default:
		m.kind = maskRefused
	}
}

// masked lets an answer pass whose writer hides the numbers itself, as one too
// long to be held back. It is called before anything is written.
func (m *maskingWriter) masked() { m.kind = maskNothing }

// Write implements http.ResponseWriter.
func (m *maskingWriter) Write(p []byte) (int, error) {
	m.WriteHeader(http.StatusOK) // counts only as the first
	switch m.kind {
	case maskNothing:
		return m.ResponseWriter.Write(p)
	case maskRefused:
		return len(p), nil
	}
	m.held = append(m.held, p...)
	return len(p), nil
}

// close sends what was held back.
func (m *maskingWriter) close() error {
	switch m.kind {
	case maskUnknown, maskNothing:
		return nil
	case maskRefused:
		clear(m.Header())
		writeProblem(m.ResponseWriter, newProblem(codeForbidden, "this format would show telephone numbers you may not see; choose CSV"))
		return nil
	}
	body := m.held
	if m.kind == maskAsText {
		body = []byte(crm.Mask(string(body)))
	} else if len(body) > 0 {
		var err error
		if body, err = crm.MaskJSON(body); err != nil {
			clear(m.Header())
			m.ResponseWriter.WriteHeader(http.StatusInternalServerError)
			return err
		}
	}
	m.Header().Del("Content-Length")
	m.ResponseWriter.WriteHeader(m.status)
	// A failed write means that the client left.
	_, _ = m.ResponseWriter.Write(body)
	return nil
}
