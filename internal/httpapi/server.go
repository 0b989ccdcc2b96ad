package httpapi

import (
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"net/netip"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"
)

//go:embed docs
var docsFiles embed.FS

// Info is what everybody may know of the installation.
type Info struct {
	Version  string `json:"version"`
	Locale   string `json:"locale" enum:"ru,en" doc:"language until the user has chosen"`
	TimeZone string `json:"time_zone" doc:"IANA name, of the office"`
	Region   string `json:"region" doc:"country of numbers without one, ISO 3166"`
	Demo     bool   `json:"demo" doc:"sample data and a simulated PBX"`
}

// Deps is what the API works with.
type Deps struct {
	Log     *slog.Logger
	Info    Info
	Metrics *Metrics
	// MetricsPage serves /metrics.
	MetricsPage http.Handler
	// PublicURL is where users reach the server, empty: as they asked.
	PublicURL string
	// TrustedProxies are the networks whose forwarding headers are believed.
	TrustedProxies []string
	Location       *time.Location
	Web            fs.FS
	Checks         []Check
	Now            func() time.Time
	// HookBudget is the longest a dialplan waits for a hook, then the call goes
	// on without; default 50 ms (LU-06).
	HookBudget time.Duration

	Services
	Telephony
	Streaming
	Administration
}

// server holds what handlers need.
type server struct {
	deps    Deps
	log     *slog.Logger
	api     huma.API
	proxies proxies
	guard   *loginGuard
}

// apiRest is the pattern of what no operation takes.
const apiRest = "/api/"

// New makes the handler of the whole site.
func New(deps Deps) (http.Handler, error) {
	s, mux, err := newServer(deps)
	if err != nil {
		return nil, err
	}
	files, err := newPage(deps.Web)
	if err != nil {
		return nil, err
	}
	doc, err := document(s.api.OpenAPI())
	if err != nil {
		return nil, err
	}
	crossOrigin, err := withCrossOriginCheck(deps.PublicURL)
	if err != nil {
		return nil, fmt.Errorf("public url: %w", err)
	}
	docs, err := fs.Sub(docsFiles, "docs")
	if err != nil {
		return nil, err
	}
	docsServer := http.StripPrefix("/api/docs/", http.FileServerFS(docs))
	mux.HandleFunc("GET /healthz", handleHealthz)
	mux.HandleFunc("GET /readyz", s.handleReadyz)
	mux.Handle("GET /metrics", deps.MetricsPage)
	mux.HandleFunc("GET "+prefix+"/stream", s.handleStream)
	mux.HandleFunc("GET /api/openapi.json", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/openapi+json")
		// A failed write means the client left.
		_, _ = w.Write(doc)
	})
	mux.Handle("GET /api/docs", http.RedirectHandler("/api/docs/", http.StatusFound))
	mux.Handle("GET /api/docs/", docsServer)
	mux.HandleFunc(apiRest, notFoundAPI(mux))
	mux.Handle("/", files)
	return chain(mux,
		withRequestID,
		withAccessLog(s.log, deps.Metrics, s.proxies),
		withRecovery(s.log),
		withSecurityHeaders,
		crossOrigin,
		withCompression,
	), nil
}

// OpenAPI returns the document of the API without serving it.
func OpenAPI(version string) ([]byte, error) {
	s, _, err := newServer(Deps{Log: slog.New(slog.DiscardHandler), Info: Info{Version: version}, Now: time.Now})
	if err != nil {
		return nil, err
	}
	return document(s.api.OpenAPI())
}

func newServer(deps Deps) (*server, *http.ServeMux, error) {
	if deps.Now == nil {
		return nil, nil, errors.New("httpapi: Deps.Now is missing")
	}
	if deps.HookBudget == 0 {
		deps.HookBudget = defaultHookBudget
	}
	s := &server{deps: deps, log: deps.Log, guard: newLoginGuard(deps.Now)}
	for _, cidr := range deps.TrustedProxies {
		network, err := netip.ParsePrefix(cidr)
		if err != nil {
			return nil, nil, fmt.Errorf("trusted proxy: %w", err)
		}
		s.proxies = append(s.proxies, network)
	}
	mux := http.NewServeMux()
	s.api = humago.NewWithPrefix(mux, prefix, newConfig(deps.Info.Version))
	s.registerSession()
	s.registerClients()
	s.registerContacts()
	s.registerPersons()
	s.registerHistory()
	s.registerGroups()
	s.registerSearch()
	s.registerCalls()
	s.registerWhy()
	s.registerControl()
	s.registerQueues()
	s.registerRecordings()
	s.registerPresence()
	s.registerUsers()
	s.registerPBX()
	s.registerDiscovery()
	s.registerTestCalls()
	s.registerObligations()
	s.registerWrapUp()
	s.registerReports()
	s.registerCaptures()
	s.registerStream()
	s.registerRouting()
	s.registerHooks(mux)
	s.registerPops()
	return s, mux, nil
}
