package httpapi

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"ringcard/crm"
	"ringcard/cti"
)

func TestCrossSiteWritesAreRefused_OP_05(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.login("admin")
	in := map[string]any{"name": "x"}
	for name, value := range map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://evil.example"} {
		refused(t, b.with(name, value).post("/api/v1/clients", in), http.StatusForbidden, codeForbidden)
		refused(t, s.anonymous().with(name, value).post("/api/v1/login", in), http.StatusForbidden, codeForbidden)
	}
	refused(t, b.with("Sec-Fetch-Site", "same-site").post("/api/v1/clients", in), http.StatusForbidden, codeForbidden)
	want[any](t, b.with("Sec-Fetch-Site", "same-origin").post("/api/v1/clients", in), http.StatusCreated)
	want[any](t, b.with("Origin", s.URL).post("/api/v1/clients", map[string]any{"name": "y"}), http.StatusCreated)
	want[any](t, b.with("Sec-Fetch-Site", "cross-site").get("/api/v1/clients"), http.StatusOK)
}

func TestAnswersCarrySecurityHeaders_OP_05(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	for _, path := range []string{"/", "/api/v1/info", "/api/v1/me", "/nowhere.js"} {
		h := s.anonymous().get(path).header
		for name, value := range map[string]string{
			"X-Content-Type-Options": "nosniff", "Referrer-Policy": "same-origin", "X-Frame-Options": "DENY",
		} {
			if h.Get(name) != value {
				t.Errorf("%s: %s is %q", path, name, h.Get(name))
			}
		}
		if csp := h.Get("Content-Security-Policy"); !strings.Contains(csp, "frame-ancestors 'none'") || !strings.Contains(csp, "script-src 'self';") {
			t.Errorf("%s: %s", path, csp)
		}
		if h.Get(requestIDHeader) == "" {
			t.Errorf("%s: no request id", path)
		}
	}
}

func TestPageIsServedWithItsCaching(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.anonymous()
	for path, want := range map[string]struct {
		status       int
		cache, ctype string
	}{
		"/":                     {200, "no-cache", "text/html"},
		"/clients/5":            {200, "no-cache", "text/html"},
		"/assets/app-Ab12Cd.js": {200, "public, max-age=31536000, immutable", "text/javascript"},
		"/favicon.svg":          {200, "no-cache", "image/svg+xml"},
		"/assets/old-9.js":      {404, "", "text/plain"},
		"/.keep":                {404, "", "text/plain"},
	} {
		a := b.get(path)
		if a.status != want.status || a.header.Get("Cache-Control") != want.cache || !strings.HasPrefix(a.header.Get("Content-Type"), want.ctype) {
			t.Errorf("%s: %d %q %q", path, a.status, a.header.Get("Cache-Control"), a.header.Get("Content-Type"))
		}
	}
	script := b.get("/assets/app-Ab12Cd.js")
	if again := b.with("If-None-Match", script.header.Get("ETag")).get("/assets/app-Ab12Cd.js"); again.status != http.StatusNotModified || again.text != "" {
		t.Errorf("not cached: %d", again.status)
	}
	zipped := b.with("Accept-Encoding", "gzip").get("/assets/app-Ab12Cd.js")
	if zipped.header.Get("Content-Encoding") != "gzip" || gunzip(t, zipped.text) != gunzipped(t, script) {
		t.Errorf("gzip: %v", zipped.header)
	}
	refused(t, b.post("/clients/5", map[string]any{}), http.StatusMethodNotAllowed, codeMethod)
}

func gunzip(t *testing.T, text string) string {
	t.Helper()
	r, err := gzip.NewReader(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	plain, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(plain)
}

// gunzipped is the plain text of an answer that may be compressed.
func gunzipped(t *testing.T, a answer) string {
	t.Helper()
	if a.header.Get("Content-Encoding") == "gzip" {
		return gunzip(t, a.text)
	}
	return a.text
}

func TestLargeJSONIsCompressed(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.anonymous().with("Accept-Encoding", "gzip, br")
	doc := b.get("/api/openapi.json")
	if doc.header.Get("Content-Encoding") != "gzip" || !strings.Contains(gunzip(t, doc.text), `"openapi": "3.1.0"`) {
		t.Errorf("%v", doc.header)
	}
	if small := b.get("/api/v1/info"); small.header.Get("Content-Encoding") != "" || !strings.Contains(small.text, "Europe/Moscow") {
		t.Errorf("%v %s", small.header, small.text)
	}
	if plain := s.anonymous().with("Accept-Encoding", "gzip;q=0").get("/api/openapi.json"); plain.header.Get("Content-Encoding") != "" {
		t.Errorf("%v", plain.header)
	}
}

func TestDocsNeedNoForeignServer(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.anonymous()
	for _, path := range []string{"/api/docs/", "/api/docs/docs.js", "/api/docs/docs.css"} {
		a := b.get(path)
		if a.status != http.StatusOK {
			t.Errorf("%s: %d", path, a.status)
		}
		lacks(t, a, "https://", "http://", "//cdn")
	}
	if a := b.get("/api/docs"); a.status != http.StatusFound || a.header.Get("Location") != "/api/docs/" {
		t.Errorf("%d %v", a.status, a.header)
	}
}

func TestHealthTellsTheTruthPerDependency_PB_12(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.anonymous()
	want[any](t, b.get("/healthz"), http.StatusOK)
	state := want[Readiness](t, b.get("/readyz"), http.StatusOK)
	if !state.Ready || !state.Checks["database"].OK {
		t.Errorf("%+v", state)
	}
	s.db.Close()
	state = want[Readiness](t, b.get("/readyz"), http.StatusServiceUnavailable)
	if state.Ready || state.Checks["database"].OK || state.Checks["database"].Error == "" {
		t.Errorf("%+v", state)
	}
	want[any](t, b.get("/healthz"), http.StatusOK)
	p := want[Problem](t, b.with("Cookie", cookieName+"=x").get("/api/v1/me"), http.StatusServiceUnavailable)
	if p.Code != codeUnavailable {
		t.Errorf("%+v", p)
	}
}

func TestReadinessFailsOnRequiredOnly(t *testing.T) {
	t.Parallel()
	broken := errors.New("away")
	fails := func(required bool) []Check {
		return []Check{{Name: "x", Required: required, Run: func(context.Context) error { return broken }}}
	}
	if got := ready(t.Context(), fails(false)); !got.Ready || got.Checks["x"].OK || got.Checks["x"].Error != "away" {
		t.Errorf("%+v", got)
	}
	if got := ready(t.Context(), fails(true)); got.Ready {
		t.Errorf("%+v", got)
	}
}

func TestMetricsCountByRoute_PB_12(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	b := s.login("admin")
	card := b.create("x", nil)
	b.get(clientPath(card.ID, ""))
	b.send("BREW", "/api/v1/info", nil)
	page := b.get("/metrics")
	for _, line := range []string{
		`ringcard_http_requests_total{method="GET",route="/api/v1/clients/{id}",status="200"} 1`,
		`ringcard_http_requests_total{method="POST",route="/api/v1/clients",status="201"} 1`,
		`ringcard_http_requests_total{method="other"`,
		`ringcard_logins_total{result="ok"} 1`,
	} {
		if !strings.Contains(page.text, line) {
			t.Errorf("no %s in\n%s", line, page.text)
		}
	}
}

func TestPanicIsAProblemWithoutItsText(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	logger := slog.New(slog.NewTextHandler(&log, nil))
	metrics := NewMetrics(prometheus.NewRegistry())
	h := chain(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("secret detail") }),
		withRequestID, withAccessLog(logger, metrics, nil), withRecovery(logger), withCompression)
	w := httptest.NewRecorder()
	h.ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/api/v1/x?token=hidden", nil))
	if w.Code != http.StatusInternalServerError || !strings.Contains(w.Body.String(), `"code":"internal"`) || strings.Contains(w.Body.String(), "secret") {
		t.Errorf("%d %s", w.Code, w.Body)
	}
	id := w.Header().Get(requestIDHeader)
	if !strings.Contains(log.String(), "secret detail") || !strings.Contains(w.Body.String(), id) || !strings.Contains(log.String(), id) {
		t.Errorf("the log does not explain %s:\n%s", id, log.String())
	}
	if strings.Contains(log.String(), "hidden") {
		t.Error("the query is in the log")
	}
}

func TestErrorsBecomeProblemsByTheTable(t *testing.T) {
	t.Parallel()
	log := slog.New(slog.DiscardHandler)
	for _, tt := range []struct {
		err    error
		status int
		code   string
	}{
		{&crm.Error{Code: crm.CodeUnauthorized}, 401, "unauthorized"},
		{&crm.Error{Code: crm.CodeForbidden}, 403, "forbidden"},
		{crm.NotFound("x"), 404, "not_found"},
		{crm.Invalid("x", "y"), 422, "invalid"},
		{&crm.Error{Code: crm.CodeConflict}, 409, "conflict"},
		{&crm.Error{Code: crm.CodeDuplicate}, 409, "duplicate"},
		{&crm.Error{Code: crm.CodeGone}, 410, "gone"},
		{&crm.Error{Code: crm.CodeTooMany}, 429, "too_many"},
		{&crm.Error{Code: crm.CodeUnavailable}, 503, "unavailable"},
		{&cti.Error{Code: cti.CodeNotFound}, 404, "call_not_found"},
		{&cti.Error{Code: "made up"}, 500, "made up"},
		{errors.New("pq: password=x"), 500, "internal"},
		{errors.Join(errors.New("a"), crm.NotFound("x")), 404, "not_found"},
	} {
		p := problemOf(t.Context(), log, tt.err)
		if p.Status != tt.status || p.Code != tt.code || strings.Contains(p.Detail, "pq:") {
			t.Errorf("%v: %+v", tt.err, p)
		}
	}
}

func TestClientAddressBehindProxies(t *testing.T) {
	t.Parallel()
	trusted := proxies{netip.MustParsePrefix("10.0.0.0/8")}
	for _, tt := range []struct {
		remote string
		header []string
		list   proxies
		want   string
	}{
		{"192.0.2.1:5", []string{"203.0.113.9"}, trusted, "192.0.2.1"},
		{"192.0.2.1:5", nil, nil, "192.0.2.1"},
		{"10.0.0.1:5", []string{"203.0.113.9"}, nil, "10.0.0.1"},
		{"10.0.0.1:5", []string{"203.0.113.9"}, trusted, "203.0.113.9"},
		{"10.0.0.1:5", []string{"1.1.1.1, 203.0.113.9", "10.0.0.7"}, trusted, "203.0.113.9"},
		{"10.0.0.1:5", []string{"garbage"}, trusted, "10.0.0.1"},
		{"10.0.0.1:5", nil, trusted, "10.0.0.1"},
		{"[::ffff:10.0.0.1]:5", []string{"2001:db8::1"}, trusted, "2001:db8::1"},
	} {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.RemoteAddr = tt.remote
		r.Header["X-Forwarded-For"] = tt.header
		if got := tt.list.client(r); got != tt.want {
			t.Errorf("%s %v: %s, want %s", tt.remote, tt.header, got, tt.want)
		}
	}
}

func TestLoginGuardLimits(t *testing.T) {
	t.Parallel()
	c := &clock{now: time.Now()}
	g := newLoginGuard(c.Now)
	for range guardPerAddress {
		if wait := g.begin(strings.Repeat("x", len(g.counters)+1), "192.0.2.1"); wait != 0 {
			t.Fatal("locked too early")
		}
	}
	if g.begin("fresh", "192.0.2.1") == 0 {
		t.Error("one address may guess logins without end")
	}
	if g.begin("fresh", "192.0.2.2") != 0 {
		t.Error("another address is locked")
	}
	c.advance(guardWindow)
	for range guardPerPair - 1 {
		g.begin("anna", "192.0.2.1")
	}
	g.succeeded("Anna", "192.0.2.1")
	for range guardPerPair {
		if g.begin("anna", "192.0.2.1") != 0 {
			t.Fatal("success does not forgive")
		}
	}
	for i := range 2 * guardMaxCounters {
		g.begin("login", netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}).String())
	}
	if len(g.counters) > guardMaxCounters {
		t.Errorf("%d counters are kept", len(g.counters))
	}
}
