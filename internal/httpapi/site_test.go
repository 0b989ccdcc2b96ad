package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/fstest"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"ringcard/crm"
	"ringcard/crm/calllog"
	"ringcard/crm/client"
	"ringcard/crm/employee"
	"ringcard/crm/interaction"
	"ringcard/crm/obligation"
	"ringcard/crm/report"
	"ringcard/crm/routing"
	"ringcard/cti"
	"ringcard/internal/postgres"
	"ringcard/internal/postgres/pgtest"
	"ringcard/push"
)

const password = "correct horse battery"

// site is a whole server on a database of its own; only the telephone side is
// played by fakeCalls.
type site struct {
	*httptest.Server
	t      *testing.T
	db     *postgres.DB
	clock  *clock
	deps   Deps
	calls  *fakeCalls
	queues *fakeQueues
	files  pbxFiles
	pbx    *fakePBX
	log    *bytes.Buffer

	wrapUps     *fakeWrapUps
	popsChanged atomic.Int64
	visible     atomic.Bool // the call "hidden" is on no screen
}

// clock can be set forward.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// syncBuffer may be written by several requests.
type syncBuffer struct {
	mu sync.Mutex
	b  *bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

// fakeWrapUps plays the clocks of wrap-up.
type fakeWrapUps struct {
	mu    sync.Mutex
	done  []int64
	rules calllog.WrapUpRules
}

func (f *fakeWrapUps) Done(userID int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.done = append(f.done, userID)
}

func (f *fakeWrapUps) RulesChanged(r calllog.WrapUpRules) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.rules = r
}

func newSite(t *testing.T, settings ...func(*Deps)) *site {
	t.Helper()
	s := &site{t: t, db: pgtest.New(t), clock: &clock{now: time.Now()}, calls: &fakeCalls{}, queues: &fakeQueues{}, pbx: newFakePBX(0), log: new(bytes.Buffer),
		wrapUps: &fakeWrapUps{}}
	log := slog.New(slog.NewTextHandler(&syncBuffer{b: s.log}, nil))
	rules := crm.PhoneRules{Region: "RU", AreaCode: "8152"}
	clients, records, people := postgres.NewClientStore(s.db), postgres.NewCallStore(s.db), postgres.NewEmployeeStore(s.db)
	owed := postgres.NewObligationStore(s.db)
	registry := prometheus.NewRegistry()
	hub := push.NewHub(push.Options{Bus: push.NewLocal(), Log: log, Mask: crm.MaskJSON})
	if err := hub.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	team := cti.NewTeam(noScreens{}, s.clock.Now)
	s.deps = Deps{
		Log: log, Info: Info{Version: "test", Locale: "ru", TimeZone: "Europe/Moscow", Region: "RU"},
		Metrics: NewMetrics(registry), MetricsPage: promhttp.HandlerFor(registry, promhttp.HandlerOpts{}),
		Web: fstest.MapFS{
			"index.html":            {Data: []byte("<!doctype html><title>Ringcard</title>")},
			"assets/app-Ab12Cd.js":  {Data: []byte(strings.Repeat("console.log('ringcard');\n", 200))},
			"favicon.svg":           {Data: []byte("<svg xmlns='http://www.w3.org/2000/svg'/>")},
			".keep":                 {Data: nil},
			"assets/nested/x.woff2": {Data: []byte("font")},
		},
		Checks: []Check{{Name: "database", Required: true, Run: s.db.Ping}},
		Now:    s.clock.Now,
		Services: Services{
			Clients: client.NewService(client.Stores{
				Cards: clients, Writer: clients, Contacts: clients, Persons: clients, Groups: clients, Numbers: clients, Matching: clients,
			}, rules, log),
			Interactions: interaction.NewService(postgres.NewInteractionStore(s.db)),
			CallLog: calllog.NewService(calllog.Stores{Writer: records, Journal: records, Clerk: records, Traces: records, Results: records},
				calllog.Options{Locale: "ru", Clock: s.clock.Now, Rules: rules}),
			Obligations: obligation.NewService(owed, owed, obligation.Options{Clock: s.clock.Now}),
			Reports:     report.NewService(postgres.NewReportStore(s.db), time.UTC),
			Employees: employee.NewService(employee.Stores{Users: people, Sessions: people, Tokens: people, Pops: people},
				employee.Options{Clock: s.clock.Now, LinkHosts: []string{"crm.example.org"}, Cost: employee.Cost{Memory: 64, Time: 1, Threads: 1}}),
			Routing: routing.NewService(postgres.NewRoutingStore(s.db), postgres.NewRoutingStore(s.db), everybodyFree{},
				routing.Options{Clock: s.clock.Now, Rules: rules}),
			Recordings: s.newRecordings(),
		},
		Telephony: Telephony{
			Calls: s.calls, Team: team, Queues: s.queues, WrapUps: s.wrapUps,
			PBXs: func() []PBXStatus {
				return []PBXStatus{{Name: "office", Version: "22.10.0", LastError: "http://10.0.0.5:8088 refused"}}
			},
			Record: func(c cti.Call) (calllog.Record, error) {
				return calllog.Record{ID: c.ID, State: string(c.State), UserIDs: []int64{},
					Number: calllog.Number{Raw: c.Number.Raw, E164: c.Number.E164, Display: c.Number.Display, Kind: string(c.Number.Kind)}}, nil
			},
			Audit:     s.db.Audit,
			NameStyle: func(string) client.NameStyle { return client.NameStyle{ASCII: true, Max: 19} },
			Diallings: func(raw string) []cti.Dialling {
				return []cti.Dialling{{PBX: "office", Dial: raw, Rule: 1, Match: "^8"}}
			},
			Visible: func(_ int64, calls []cti.Call) []cti.Call {
				return slices.DeleteFunc(slices.Clone(calls), func(c cti.Call) bool { return s.visible.Load() && c.ID == "hidden" })
			},
			PopsChanged: func(context.Context) { s.popsChanged.Add(1) },
			UsersChanged: func(ctx context.Context) {
				staff, err := s.deps.Employees.Staff(ctx)
				if err != nil {
					t.Error(err)
				}
				var users []cti.User
				for _, u := range staff {
					users = append(users, cti.User{ID: u.ID, Name: u.Name})
				}
				team.SetUsers(users)
			},
		},
		Streaming:      Streaming{Hub: hub, Tickets: push.NewTickets()},
		Administration: Administration{Discovery: s.pbx},
	}
	s.deps.HookBudget = 10 * time.Second // a busy machine is no subject of most tests
	for _, set := range settings {
		set(&s.deps)
	}
	handler, err := New(s.deps)
	if err != nil {
		t.Fatal(err)
	}
	s.Server = httptest.NewServer(handler)
	t.Cleanup(func() {
		if err := hub.Stop(context.Background()); err != nil {
			t.Error(err)
		}
		s.Close()
	})
	for _, u := range []employee.NewUser{
		{Login: "admin", Name: "Администратор", Role: crm.RoleAdmin},
		{Login: "anna", Name: "Анна Белова", Role: crm.RoleOperator, Extension: "101", Devices: []employee.Device{{PBX: "office", Endpoint: "PJSIP/101"}}},
		{Login: "boris", Name: "Борис Ветров", Role: crm.RoleManager},
		{Login: "dina", Name: "Дина Орлова", Role: crm.RoleManager},
	} {
		u.Password = password
		if _, err := s.deps.Employees.Create(t.Context(), crm.System(), u); err != nil {
			t.Fatal(err)
		}
	}
	s.deps.UsersChanged(t.Context())
	return s
}

// everybodyFree is a team panel on which all telephones are free.
type everybodyFree struct{}

func (everybodyFree) Presence(int64) string { return "free" }

type noScreens struct{}

func (noScreens) ShowCall([]int64, cti.Call)           {}
func (noScreens) ShowPresence([]cti.Presence, []int64) {}

// fakeCalls plays the telephone side: it notes commands and answers as told.
type fakeCalls struct {
	mu       sync.Mutex
	err      error
	live     map[int64][]cti.Call
	why      map[string]cti.Why
	dialled  []cti.DialRequest
	chosen   []string
	hungUp   []string
	recorded []cti.RecordCommand
	ordered  []cti.ControlRequest
	actions  []cti.ActionState
	during   func() // what happens while Hangup is carried out
}

func (f *fakeCalls) Control(_ context.Context, r cti.ControlRequest) (cti.ControlResult, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return cti.ControlResult{}, f.err
	}
	f.ordered = append(f.ordered, r)
	return cti.ControlResult{CallID: r.CallID, Slot: "701"}, nil
}

func (f *fakeCalls) Actions(int64, string, bool) ([]cti.ActionState, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.actions, f.err
}

func (f *fakeCalls) Dial(_ context.Context, r cti.DialRequest) (string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.err != nil {
		return "", f.err
	}
	f.dialled = append(f.dialled, r)
	return "7b0d3f6e-0000-4000-8000-000000000001", nil
}

func (f *fakeCalls) Hangup(ctx context.Context, _ int64, id string, _ bool) error {
	if f.during != nil {
		f.during()
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.hungUp = append(f.hungUp, id)
	return f.err
}

func (f *fakeCalls) Record(_ context.Context, user int64, id string, command cti.RecordCommand, _ bool) (cti.Recording, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.recorded = append(f.recorded, command)
	return cti.Recording{ID: "7b0d3f6e-0000-4000-8000-00000000000a", CallID: id, State: cti.RecordingActive, UserID: user}, f.err
}

func (f *fakeCalls) ChooseClient(_ context.Context, _ int64, id string, _, _ int64) error {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.chosen = append(f.chosen, id)
	return f.err
}

func (f *fakeCalls) Live(user int64) []cti.Call {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.live[user]
}

func (f *fakeCalls) Get(id string) (cti.Call, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, list := range f.live {
		for _, c := range list {
			if c.ID == id {
				return c, true
			}
		}
	}
	return cti.Call{}, false
}

func (f *fakeCalls) Why(id string) (cti.Why, bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	why, ok := f.why[id]
	return why, ok
}

// browser is one signed-in (or not) client of the site.
type browser struct {
	s      *site
	cookie *http.Cookie
	bearer string
	header http.Header
}

// anonymous is a browser without a session.
func (s *site) anonymous() *browser { return &browser{s: s, header: http.Header{}} }

// login signs a user in.
func (s *site) login(name string) *browser {
	s.t.Helper()
	b := s.anonymous()
	res := b.post("/api/v1/login", map[string]string{"login": name, "password": password})
	if res.status != http.StatusOK {
		s.t.Fatalf("login of %s: %d %s", name, res.status, res.text)
	}
	for _, c := range res.cookies {
		if c.Name == cookieName {
			b.cookie = c
		}
	}
	return b
}

// with returns the same browser sending one more header.
func (b *browser) with(key, value string) *browser {
	other := *b
	other.header = b.header.Clone()
	other.header.Set(key, value)
	return &other
}

type answer struct {
	status  int
	header  http.Header
	cookies []*http.Cookie
	text    string
}

func (b *browser) send(method, path string, body any) answer {
	b.s.t.Helper()
	var reader io.Reader
	switch body := body.(type) {
	case nil:
	case string:
		reader = strings.NewReader(body)
	default:
		raw, err := json.Marshal(body)
		if err != nil {
			b.s.t.Fatal(err)
		}
		reader = bytes.NewReader(raw)
	}
	req, err := http.NewRequestWithContext(b.s.t.Context(), method, b.s.URL+path, reader)
	if err != nil {
		b.s.t.Fatal(err)
	}
	if reader != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	for key, values := range b.header {
		req.Header[key] = values
	}
	if b.cookie != nil {
		req.AddCookie(b.cookie)
	}
	if b.bearer != "" {
		req.Header.Set("Authorization", "Bearer "+b.bearer)
	}
	res, err := b.s.Client().Transport.RoundTrip(req)
	if err != nil {
		b.s.t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		b.s.t.Fatal(err)
	}
	return answer{status: res.StatusCode, header: res.Header, cookies: res.Cookies(), text: string(text)}
}

func (b *browser) get(path string) answer { b.s.t.Helper(); return b.send(http.MethodGet, path, nil) }
func (b *browser) post(path string, body any) answer {
	b.s.t.Helper()
	return b.send(http.MethodPost, path, body)
}

// want checks the status and decodes the body.
func want[T any](t *testing.T, a answer, status int) T {
	t.Helper()
	var v T
	if a.status != status {
		t.Fatalf("status %d, want %d: %s", a.status, status, a.text)
	}
	if a.text == "" {
		return v
	}
	if err := json.Unmarshal([]byte(a.text), &v); err != nil {
		t.Fatalf("%v in %s", err, a.text)
	}
	return v
}

// refused checks for a problem with the code.
func refused(t *testing.T, a answer, status int, code string) Problem {
	t.Helper()
	p := want[Problem](t, a, status)
	if p.Code != code || p.Status != status {
		t.Fatalf("code %q, want %q: %s", p.Code, code, a.text)
	}
	if ct := a.header.Get("Content-Type"); ct != "application/problem+json" {
		t.Errorf("content type %q", ct)
	}
	return p
}

// lacks checks for what must never be in an answer.
func lacks(t *testing.T, a answer, forbidden ...string) {
	t.Helper()
	for _, f := range forbidden {
		if strings.Contains(a.text, f) {
			t.Errorf("the answer shows %q: %s", f, a.text)
		}
	}
}
