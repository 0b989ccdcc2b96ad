package httpapi

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
)

// asset is one file of the browser application, ready to be sent.
type asset struct {
	contentType string
	etag        string
	immutable   bool // its name changes with its content
	plain       []byte
	gzipped     []byte // nil where it would not be smaller
}

// page serves the browser application: files by name, and index.html for
// every other path, which the application's own router understands.
type page struct {
	assets map[string]*asset
}

// newPage reads all files once; they are part of the program and few.
func newPage(files fs.FS) (*page, error) {
	p := &page{assets: make(map[string]*asset)}
	err := fs.WalkDir(files, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasPrefix(d.Name(), ".") {
			return err
		}
		content, err := fs.ReadFile(files, name)
		if err != nil {
			return err
		}
		p.assets["/"+name], err = newAsset(name, content)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read web application: %w", err)
	}
	if p.assets[indexPath] == nil {
		return nil, fmt.Errorf("read web application: no index.html")
	}
	return p, nil
}

const indexPath = "/index.html"

func newAsset(name string, content []byte) (*asset, error) {
	sum := sha256.Sum256(content)
	a := &asset{
		contentType: mime.TypeByExtension(path.Ext(name)),
		etag:        `"` + hex.EncodeToString(sum[:12]) + `"`,
		// Vite puts a hash of the content into names below assets/.
		immutable: strings.HasPrefix(name, "assets/"),
		plain:     content,
	}
	if a.contentType == "" {
		a.contentType = "application/octet-stream"
	}
	var buf bytes.Buffer
	w, err := gzip.NewWriterLevel(&buf, gzip.BestCompression)
	if err != nil {
		return nil, err
	}
	if _, err := w.Write(content); err != nil {
		return nil, err
	}
	if err := w.Close(); err != nil {
		return nil, err
	}
	if buf.Len() < len(content)*9/10 {
		a.gzipped = buf.Bytes()
	}
	return a, nil
}

// ServeHTTP implements http.Handler.
func (p *page) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		writeProblem(w, newProblem(codeMethod, "this resource does not take "+r.Method))
		return
	}
	a := p.assets[path.Clean(r.URL.Path)]
	if a == nil {
		// A missing script must not be answered with a page of HTML: after an
		// update the old page would fail in riddles.
		if path.Ext(r.URL.Path) != "" {
			http.NotFound(w, r)
			return
		}
		a = p.assets[indexPath]
	}
	a.serve(w, r)
}

func (a *asset) serve(w http.ResponseWriter, r *http.Request) {
	h := w.Header()
	h.Set("Content-Type", a.contentType)
	h.Set("ETag", a.etag)
	h.Set("Vary", "Accept-Encoding")
	if a.immutable {
		h.Set("Cache-Control", "public, max-age=31536000, immutable")
	} else {
		h.Set("Cache-Control", "no-cache")
	}
	if strings.Contains(r.Header.Get("If-None-Match"), a.etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	content := a.plain
	if a.gzipped != nil && acceptsGzip(r) {
		content = a.gzipped
		h.Set("Content-Encoding", "gzip")
	}
	h.Set("Content-Length", strconv.Itoa(len(content)))
	w.WriteHeader(http.StatusOK)
	if r.Method == http.MethodGet {
		// A failed write means the browser left.
		_, _ = w.Write(content)
	}
}
