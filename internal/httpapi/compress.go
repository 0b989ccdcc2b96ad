package httpapi

import (
	"compress/gzip"
	"io"
	"net/http"
	"strings"
	"sync"
)

// compressFrom is the size in bytes below which gzip does not pay.
const compressFrom = 1400

var gzipWriters = sync.Pool{New: func() any { return gzip.NewWriter(io.Discard) }}

// withCompression gzips JSON answers of some size for clients that accept it.
func withCompression(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.URL.Path, "/api/") || r.Header.Get("Upgrade") != "" || !acceptsGzip(r) {
			next.ServeHTTP(w, r)
			return
		}
		w.Header().Add("Vary", "Accept-Encoding")
		cw := &compressor{ResponseWriter: w}
		next.ServeHTTP(cw, r)
		cw.close() // not after a panic: what is held back must not go out then
	})
}

func acceptsGzip(r *http.Request) bool {
	for part := range strings.SplitSeq(r.Header.Get("Accept-Encoding"), ",") {
		name, q, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(name, "gzip") {
			return strings.ReplaceAll(q, " ", "") != "q=0"
		}
	}
	return false
}

// compressor holds the start of an answer back until it knows its size.
type compressor struct {
	http.ResponseWriter
	status int
	held   []byte
	gz     *gzip.Writer
	plain  bool
}

// WriteHeader implements http.ResponseWriter.
func (c *compressor) WriteHeader(status int) {
	if c.status == 0 {
		c.status = status
	}
}

// Write implements http.ResponseWriter.
func (c *compressor) Write(p []byte) (int, error) {
	switch {
	case c.gz != nil:
		return c.gz.Write(p)
	case c.plain:
		return c.ResponseWriter.Write(p)
	case len(c.held)+len(p) < compressFrom:
		c.held = append(c.held, p...)
		return len(p), nil
	case !strings.Contains(c.Header().Get("Content-Type"), "json"):
		c.plain = true
	}
	c.start()
	if c.plain {
		return c.ResponseWriter.Write(p)
	}
	return c.gz.Write(p)
}

// start sends the status line and what was held back.
func (c *compressor) start() {
	if !c.plain {
		c.Header().Set("Content-Encoding", "gzip")
		c.Header().Del("Content-Length")
	}
	if c.status != 0 {
		c.ResponseWriter.WriteHeader(c.status)
	}
	if c.plain {
		// A failed write shows again at the next one.
		_, _ = c.ResponseWriter.Write(c.held)
		return
	}
	c.gz = gzipWriters.Get().(*gzip.Writer)
	c.gz.Reset(c.ResponseWriter)
	_, _ = c.gz.Write(c.held)
}

func (c *compressor) close() {
	switch {
	case c.gz != nil:
		// The client is gone if this fails; nothing is left to tell it.
		_ = c.gz.Close()
		c.gz.Reset(io.Discard)
		gzipWriters.Put(c.gz)
	case !c.plain:
		c.plain = true
		c.start()
	}
}

// Unwrap serves http.ResponseController.
func (c *compressor) Unwrap() http.ResponseWriter { return c.ResponseWriter }
