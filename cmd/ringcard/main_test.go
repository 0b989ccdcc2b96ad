package main

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"ringcard/crm"
	"ringcard/crm/employee"
	"ringcard/internal/postgres"
	"ringcard/internal/postgres/pgtest"
)

func TestMain(m *testing.M) { os.Exit(pgtest.Run(m)) }

// result is what a command leaves.
type result struct {
	status      int
	out, errOut string
}

func command(t *testing.T, stdin string, environ []string, args ...string) result {
	t.Helper()
	var out, errOut bytes.Buffer
	status := execute(t.Context(), args, strings.NewReader(stdin), &out, &errOut, environ)
	return result{status, out.String(), errOut.String()}
}

func TestWrongUseIsOneLineAndStatus2(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		args []string
		says string
	}{
		{"no command", nil, "name a command"},
		{"unknown command", []string{"srve"}, `unknown command "srve"`},
		{"unknown flag", []string{"serve", "--port", "1"}, "unknown flag: --port"},
		{"argument to serve", []string{"serve", "now"}, `takes no "now"`},
		{"argument to migrate", []string{"migrate", "now"}, `takes no "now"`},
		{"argument to openapi", []string{"openapi", "x"}, `takes no "x"`},
		{"config alone", []string{"config"}, "ringcard config check"},
		{"user alone", []string{"user"}, "ringcard user add"},
		{"unknown subcommand", []string{"user", "remove"}, `unknown command "remove"`},
		{"no login", []string{"user", "add", "--password-stdin"}, "takes one LOGIN"},
		{"two logins", []string{"user", "add", "a", "b", "--password-stdin"}, "takes one LOGIN"},
		{"no password source", []string{"user", "add", "anna"}, "--password-stdin"},
		{"unknown role", []string{"user", "add", "anna", "--password-stdin", "--role", "king"}, "admin, supervisor"},
		{"token without user", []string{"token", "create", "--scope", "clients.read"}, "--user LOGIN"},
		{"token without scope", []string{"token", "create", "--user", "anna"}, "--scope"},
		{"unknown scope", []string{"token", "create", "--user", "anna", "--scope", "all"}, "clients.read"},
		{"token in the past", []string{"token", "create", "--user", "anna", "--scope", "clients.read", "--expires=-1h"}, "past"},
		{"bad duration", []string{"token", "create", "--expires", "soon"}, "soon"},
		{"demo locale", []string{"demo", "--locale", "de"}, "ru or en"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := command(t, "", nil, tt.args...)
			if r.status != exitUsage || !strings.Contains(r.errOut, tt.says) {
				t.Errorf("status %d, %q does not say %q", r.status, r.errOut, tt.says)
			}
			if strings.Count(r.errOut, "\n") != 1 || !strings.HasPrefix(r.errOut, "ringcard: ") || r.out != "" {
				t.Errorf("stderr %q, stdout %q", r.errOut, r.out)
			}
		})
	}
}

func TestBadConfigurationIsOneLineAndStatus1_OP_06(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "ringcard.yaml")
	if err := os.WriteFile(file, []byte("lisen: x\nphone:\n  reigon: y\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tt := range map[string]struct {
		environ []string
		args    []string
		says    string
	}{
		"unknown keys":     {nil, []string{"config", "check", "--config", file}, `unknown key "lisen"`},
		"file by variable": {[]string{"RINGCARD_CONFIG=" + file}, []string{"config", "check"}, `unknown key "lisen"`},
		"missing file":     {nil, []string{"serve", "--config", "no-such.yaml"}, "no-such.yaml"},
		"bad variable":     {[]string{"RINGCARD_TIME_ZONE=Moon"}, []string{"migrate"}, "time_zone"},
		"unknown variable": {[]string{"RINGCARD_LISTN=x"}, []string{"doctor"}, "RINGCARD_LISTN"},
		"database away":    {[]string{"RINGCARD_DATABASE_URL=postgres://u:s3cr3t@127.0.0.1:1/x"}, []string{"migrate"}, "127.0.0.1"},
		"no password":      {[]string{"RINGCARD_DATABASE_URL=postgres://u:s3cr3t@127.0.0.1:1/x"}, []string{"user", "add", "anna", "--password-stdin"}, "no password"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := command(t, "", tt.environ, tt.args...)
			if r.status != exitFailed || !strings.Contains(r.errOut, tt.says) {
				t.Errorf("status %d, %q does not say %q", r.status, r.errOut, tt.says)
			}
			if strings.Count(r.errOut, "\n") != 1 || strings.Contains(r.errOut, "s3cr3t") {
				t.Errorf("stderr %q", r.errOut)
			}
		})
	}
}

func TestGoodConfigurationIsConfirmed(t *testing.T) {
	t.Parallel()
	r := command(t, "", []string{"RINGCARD_PBX_ARI_URL=http://pbx:8088/ari", "RINGCARD_PBX_ARI_PASSWORD=s3cr3t"},
		"config", "check", "--config", filepath.Join("..", "..", "configs", "ringcard.example.yaml"))
	if r.status != exitDone || !strings.Contains(r.out, "1 PBX") || strings.Contains(r.out, "s3cr3t") {
		t.Errorf("%+v", r)
	}
}

func TestHelpAndVersion(t *testing.T) {
	t.Parallel()
	for _, args := range [][]string{{"help"}, {"--help"}, {"serve", "--help"}, {"--version"}} {
		if r := command(t, "", nil, args...); r.status != exitDone || r.out == "" || r.errOut != "" {
			t.Errorf("%v: %+v", args, r)
		}
	}
}

func TestOpenAPIIsPrinted(t *testing.T) {
	t.Parallel()
	r := command(t, "", nil, "openapi")
	var doc struct {
		OpenAPI string
		Paths   map[string]any
	}
	if err := json.Unmarshal([]byte(r.out), &doc); err != nil || r.status != exitDone {
		t.Fatalf("%d %v", r.status, err)
	}
	if doc.OpenAPI != "3.1.0" || len(doc.Paths) < 30 {
		t.Errorf("%s, %d paths", doc.OpenAPI, len(doc.Paths))
	}
}

func TestDoctorPrintsConfigWithAFreshPassword_PB_09(t *testing.T) {
	t.Parallel()
	password := regexp.MustCompile(`(?m)^password = (\S+)$`)
	first, second := command(t, "", nil, "doctor", "--print-config"), command(t, "", nil, "doctor", "--print-config")
	one, two := password.FindStringSubmatch(first.out), password.FindStringSubmatch(second.out)
	if first.status != exitDone || one == nil || two == nil || one[1] == two[1] {
		t.Errorf("%+v", first)
	}
	for _, line := range []string{"http.conf", "bindport = 8088", "channelvars = CHANNEL(linkedid)"} {
		if !strings.Contains(first.out, line) {
			t.Errorf("no %q", line)
		}
	}
}

func TestDoctorFailsWithStatus1_PB_08(t *testing.T) {
	t.Parallel()
	r := command(t, "", []string{
		"RINGCARD_PBX_ARI_URL=http://127.0.0.1:1/ari", "RINGCARD_PBX_ARI_PASSWORD=s3cr3t",
		"RINGCARD_DATABASE_URL=" + pgtest.URL(t), "RINGCARD_DATA_DIR=" + t.TempDir(), "RINGCARD_LISTEN=127.0.0.1:0",
	}, "doctor")
	if r.status != exitFailed || !strings.Contains(r.out, "fail  pbx pbx: ARI") || !strings.Contains(r.out, "ok    database") {
		t.Errorf("%+v", r)
	}
	if r.errOut != "" || strings.Contains(r.out, "s3cr3t") {
		t.Errorf("%+v", r)
	}
}

func TestUsersAndTokensAreMade(t *testing.T) {
	t.Parallel()
	environ := []string{
		"RINGCARD_DATABASE_URL=" + pgtest.URL(t), "RINGCARD_PBX_ARI_URL=http://127.0.0.1:1/ari", "RINGCARD_PBX_ARI_PASSWORD=x",
	}
	if r := command(t, "", environ, "migrate"); r.status != exitDone || !strings.Contains(r.out, "up to date") {
		t.Fatalf("%+v", r)
	}
	add := []string{"user", "add", "Anna", "--role", "manager", "--ext", "101", "--name", "Анна Белова", "--password-stdin"}
	r := command(t, "a long password\n", environ, add...)
	if r.status != exitDone || !strings.Contains(r.out, "user anna created") || strings.Contains(r.out+r.errOut, "a long password") {
		t.Fatalf("%+v", r)
	}
	for name, tt := range map[string]struct {
		stdin string
		args  []string
		says  string
	}{
		"taken login":    {"a long password", add, "is taken"},
		"short password": {"short", []string{"user", "add", "boris", "--password-stdin"}, "password"},
		"bad login":      {"a long password", []string{"user", "add", "Б", "--password-stdin"}, "login"},
		"unknown pbx":    {"a long password", []string{"user", "add", "boris", "--ext", "1", "--pbx", "x", "--password-stdin"}, "no such PBX"},
		"unknown user":   {"", []string{"token", "create", "--user", "nobody", "--scope", "clients.read"}, "no active user"},
	} {
		if r := command(t, tt.stdin, environ, tt.args...); r.status != exitFailed || !strings.Contains(r.errOut, tt.says) || strings.Count(r.errOut, "\n") != 1 {
			t.Errorf("%s: %+v", name, r)
		}
	}
	r = command(t, "", environ, "token", "create", "--user", "anna", "--scope", "clients.read", "--scope", "calls.read", "--name", "site", "--expires", "1h")
	token := strings.TrimSpace(r.out)
	if r.status != exitDone || !strings.HasPrefix(token, "rck_") || r.errOut != "" {
		t.Fatalf("%+v", r)
	}
	db, err := postgres.Open(t.Context(), strings.TrimPrefix(environ[0], "RINGCARD_DATABASE_URL="), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	store := postgres.NewEmployeeStore(db)
	employees := employee.NewService(employee.Stores{Users: store, Sessions: store, Tokens: store}, employee.Options{})
	actor, err := employees.ActorByToken(t.Context(), token)
	if err != nil || actor.Login != "anna" || !actor.Can(crm.ClientsRead) || actor.Can(crm.ClientsWrite) {
		t.Errorf("%+v %v", actor, err)
	}
}

// notice is a writer that tells when a text has come.
type notice struct {
	mu   sync.Mutex
	b    bytes.Buffer
	text string
	once sync.Once
	seen chan struct{}
}

func (n *notice) Write(p []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.b.Write(p)
	if strings.Contains(n.b.String(), n.text) {
		n.once.Do(func() { close(n.seen) })
	}
	return len(p), nil
}

func (n *notice) String() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.b.String()
}

func TestServeRunsUntilItIsToldToStop(t *testing.T) {
	t.Parallel()
	ctx, stop := context.WithCancel(t.Context())
	log := &notice{text: "msg=listening", seen: make(chan struct{})}
	done := make(chan int, 1)
	go func() {
		done <- execute(ctx, []string{"serve"}, strings.NewReader(""), io.Discard, log, []string{
			"RINGCARD_DATABASE_URL=" + pgtest.URL(t), "RINGCARD_LISTEN=127.0.0.1:0", "RINGCARD_DATA_DIR=" + t.TempDir(),
		})
	}()
	select {
	case <-log.seen:
	case status := <-done:
		t.Fatalf("ended with %d: %s", status, log)
	}
	url := regexp.MustCompile(`url=(\S+)`).FindStringSubmatch(log.String())[1]
	res, err := http.Get(url + "/healthz")
	if err != nil {
		t.Fatal(err)
	}
	if err := res.Body.Close(); err != nil || res.StatusCode != http.StatusOK {
		t.Errorf("%v %v", res.Status, err)
	}
	stop()
	if status := <-done; status != exitDone {
		t.Errorf("status %d: %s", status, log)
	}
	http.DefaultClient.CloseIdleConnections()
}
