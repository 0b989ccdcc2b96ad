package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"ringcard/configs"
	"ringcard/crm"
	"ringcard/crm/calllog"
	"ringcard/crm/client"
	"ringcard/crm/employee"
	"ringcard/cti"
	"ringcard/internal/postgres/pgtest"
)

// syncBuffer takes the log of several goroutines.
type syncBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (s *syncBuffer) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.Write(p)
}

func (s *syncBuffer) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.b.String()
}

func testConfig(t *testing.T) configs.Config {
	t.Helper()
	cfg := configs.Default()
	cfg.Listen, cfg.DataDir = "127.0.0.1:0", t.TempDir()
	cfg.Database.URL = configs.SecretURL(pgtest.URL(t))
	return cfg
}

func TestServerStartsServesAndStops(t *testing.T) {
	cfg := testConfig(t)
	cfg.PBX = []configs.PBX{{
		Name: "office", Extensions: configs.DefaultExtensions, Context: "x",
		// Nobody listens there: the server must start all the same.
		ARI: configs.ARI{URL: "http://127.0.0.1:1/ari", App: "ringcard", User: "ringcard", Password: "s3cr3t-pbx"},
	}}
	var log syncBuffer
	a, err := New(t.Context(), Options{Config: cfg, Log: slog.New(slog.NewTextHandler(&log, nil)), Version: "test"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.services.Employees.Create(t.Context(), crm.System(), employee.NewUser{
		Login: "anna", Name: "Анна", Role: crm.RoleOperator, Password: "anna-password",
	}); err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ended := make(chan error, 1)
	go func() { ended <- a.Run(ctx) }()

	ready := get(t, a.URL()+"/readyz")
	if !strings.Contains(ready, `"ready":true`) || !strings.Contains(ready, `"pbx office":{"ok":false,"required":false`) {
		t.Errorf("readiness %s", ready)
	}
	for _, name := range []string{"ringcard_http_requests_total", "ringcard_journal_backlog", "ringcard_pbx_connected", "ringcard_stream_connections", "go_goroutines"} {
		if page := get(t, a.URL()+"/metrics"); !strings.Contains(page, name) {
			t.Errorf("no metric %s", name)
		}
	}
	if page := get(t, a.URL()+"/"); !strings.Contains(page, "<html") {
		t.Errorf("page %.100s", page)
	}
	p := signIn(t, a.URL(), "anna", "anna-password")
	conn := p.stream()
	var first streamFrame
	if err := conn.ReadJSON(&first); err != nil || first.Type != "snapshot" {
		t.Fatalf("%+v %v", first, err)
	}
	stop()
	if err := <-ended; err != nil {
		t.Errorf("stop: %v", err)
	}
	if err := a.stop(t.Context()); err != nil {
		t.Errorf("second stop: %v", err)
	}
	if _, err := http.Get(a.URL() + "/healthz"); err == nil {
		t.Error("still serving")
	}
	for _, secret := range []string{"s3cr3t-pbx", "anna-password"} {
		if strings.Contains(log.String(), secret) {
			t.Errorf("%q is in the log", secret)
		}
	}
	http.DefaultClient.CloseIdleConnections()
}

func get(t *testing.T, url string) string {
	t.Helper()
	res, err := http.Get(url)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestFailedStartSaysWhyAndLeavesNothing(t *testing.T) {
	busy, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer busy.Close()
	log := slog.New(slog.DiscardHandler)
	taken := testConfig(t)
	taken.Listen = busy.Addr().String()
	if _, err := New(t.Context(), Options{Config: taken, Log: log}); err == nil || !strings.Contains(err.Error(), "set listen") {
		t.Errorf("%v", err)
	}
	away := testConfig(t)
	away.Database.URL = "postgres://u:s3cr3t@127.0.0.1:1/x"
	if _, err := New(t.Context(), Options{Config: away, Log: log}); err == nil || strings.Contains(err.Error(), "s3cr3t") {
		t.Errorf("%v", err)
	}
}

func TestCleanupsRunLastFirstWhateverFails(t *testing.T) {
	t.Parallel()
	c := cleanups{log: slog.New(slog.DiscardHandler)}
	var order []string
	broken := errors.New("broken")
	for _, name := range []string{"a", "b", "c"} {
		c.add(name, func(context.Context) error {
			order = append(order, name)
			if name == "b" {
				return broken
			}
			return nil
		})
	}
	if err := c.run(t.Context()); !errors.Is(err, broken) || !strings.Contains(err.Error(), "stop b") {
		t.Errorf("%v", err)
	}
	if err := c.run(t.Context()); err != nil {
		t.Errorf("again: %v", err)
	}
	if diff := cmp.Diff([]string{"c", "b", "a"}, order); diff != "" {
		t.Error(diff)
	}
}

func TestPrivateDatabaseIsFoundWhileItRuns(t *testing.T) {
	dir, err := os.MkdirTemp("", "ringcard-app-") // t.TempDir is closed to the database's account
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	cfg := configs.Default()
	cfg.DataDir = dir
	if _, ok := RunningDatabase(t.Context(), cfg); ok {
		t.Fatal("found before it runs")
	}
	log := slog.New(slog.DiscardHandler)
	first, err := OpenDatabase(t.Context(), cfg, log)
	if err != nil {
		t.Fatal(err)
	}
	second, err := OpenDatabase(t.Context(), cfg, log)
	if err != nil {
		t.Fatal(err)
	}
	if first.URL != second.URL {
		t.Errorf("%s, then %s", first.URL, second.URL)
	}
	for _, d := range []*Database{second, first} {
		if err := d.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if _, ok := RunningDatabase(t.Context(), cfg); ok {
		t.Error("found after it was stopped")
	}
}

func TestRecordKeepsTheWholeCall(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	call := cti.Call{
		ID: "7b0d3f6e-0000-4000-8000-000000000001", Version: 7, PBX: "office", Direction: cti.Inbound, State: cti.Ended,
		Disposition: cti.Answered, Cause: 16, Number: cti.Number{Raw: "8921", E164: "+79210000000", Display: "x", Kind: cti.External},
		Client:  &cti.Client{ID: 5, Name: "Ромашка", PersonID: 6, PersonName: "Иванова"},
		Ringing: []cti.Party{{UserID: 3}}, AnsweredBy: &cti.Party{UserID: 2, Name: "Анна"},
		Legs:      []cti.Leg{{ID: "1.1", Role: cti.ClientLeg}, {ID: "1.2", UserID: 2}, {ID: "1.3", UserID: 4}},
		StartedAt: at, EndedAt: &at, TalkMS: 1000, Matches: []cti.Match{}, EndedBy: "client",
		Transfers: []cti.Transfer{{At: at, Kind: cti.Attended, By: &cti.Party{UserID: 2, Name: "Анна"}, From: &cti.Party{UserID: 2, Name: "Анна"},
			To: &cti.Party{UserID: 4, Name: "Борис"}, FromLeg: "1.2", ToLeg: "1.3"}},
	}
	r, err := recordOf(call)
	if err != nil {
		t.Fatal(err)
	}
	if r.ClientID != 5 || r.PersonID != 6 || r.Number.E164 != "+79210000000" || r.AnsweredBy.UserID != 2 || r.PlacedBy != nil {
		t.Errorf("%+v", r)
	}
	anna := &calllog.Party{UserID: 2, Name: "Анна"}
	handed := []calllog.Transfer{{At: at, Kind: "attended", By: anna, From: anna, To: &calllog.Party{UserID: 4, Name: "Борис"}}}
	if diff := cmp.Diff(handed, r.Transfers); diff != "" || r.EndedBy != "client" {
		t.Errorf("%s %+v", diff, r)
	}
	if diff := cmp.Diff([]int64{2, 3, 4}, r.UserIDs); diff != "" {
		t.Error(diff)
	}
	var back cti.Call
	if err := json.Unmarshal(r.Snapshot, &back); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(call, back); diff != "" {
		t.Errorf("the snapshot lost something (-call +snapshot):\n%s", diff)
	}
}

// numbers plays the phone index.
type numbers struct {
	client.Numbers
	found client.Found
	asked []int64
}

func (n *numbers) LookupCard(_ context.Context, e164 int64) (client.Found, []client.Summary, error) {
	n.asked = append(n.asked, e164)
	return n.found, []client.Summary{{ID: 1}}, nil
}

func TestSpamMatchesNobody(t *testing.T) {
	t.Parallel()
	n := &numbers{found: client.Found{Matches: []client.Match{{ClientID: 1, Reason: client.ClientNumber, Rank: 2}}}}
	d := directory{n}
	got, err := d.Lookup(t.Context(), "+79210000000")
	if err != nil || len(got.Matches) != 1 || got.Matches[0].Reason != "client_number" || got.Client == nil || got.Client.ID != 1 {
		t.Errorf("%+v %v", got, err)
	}
	n.found.Spam = true
	if got, err = d.Lookup(t.Context(), "+79210000000"); err != nil || len(got.Matches) != 0 || got.Client != nil {
		t.Errorf("%+v %v", got, err)
	}
	if got, err = d.Lookup(t.Context(), "101"); err != nil || len(got.Matches) != 0 || len(n.asked) != 2 {
		t.Errorf("%+v %v, asked %v", got, err, n.asked)
	}
}
