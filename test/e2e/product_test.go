// Package e2e tries the whole product: the server with its database on a real
// or simulated PBX, users on real sockets.
package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/cookiejar"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/websocket"
	"go.uber.org/goleak"

	"ringcard/configs"
	"ringcard/crm"
	"ringcard/crm/calllog"
	"ringcard/crm/client"
	"ringcard/crm/employee"
	"ringcard/cti"
	"ringcard/internal/app"
	"ringcard/internal/httpapi"
	"ringcard/internal/postgres"
	"ringcard/internal/postgres/pgtest"
	"ringcard/test/pbx"
	"ringcard/test/phones"
	"ringcard/test/scenario"
)

func TestMain(m *testing.M) {
	if path := os.Getenv(envServe); path != "" {
		os.Exit(serveAlone(path))
	}
	os.Exit(pgtest.Run(m, goleak.IgnoreAnyFunction(phones.Strays)))
}

// patience bounds waiting for what must happen; it is no measurement.
const patience = 45 * time.Second

// talkTime is how long the parties talk where it does not matter.
const talkTime = time.Second

const password = "correct horse battery"

// product is a running server and its first client.
type product struct {
	t        *testing.T
	office   scenario.Office
	url      string
	clientID int64
	cfg      configs.Config
	log      io.Writer // of the server's warnings as well, or nil
	stop     func()
}

// offices are the PBXs that everything is tried with.
func offices(t *testing.T, f func(t *testing.T, o scenario.Office)) {
	t.Helper()
	for _, version := range []string{"22", "16"} {
		t.Run("asterisk "+version, func(t *testing.T) {
			t.Parallel()
			o, err := scenario.NewReal(t.Context(), pbx.Options{Version: version})
			if err != nil {
				t.Fatal(err)
			}
			closeOffice(t, o)
			f(t, o)
		})
	}
	t.Run("simulated", func(t *testing.T) {
		t.Parallel()
		f(t, simulated(t))
	})
}

func simulated(t *testing.T) *scenario.Simulated {
	t.Helper()
	o, err := scenario.NewSimulated()
	if err != nil {
		t.Fatal(err)
	}
	closeOffice(t, o)
	return o
}

func closeOffice(t *testing.T, o scenario.Office) {
	t.Cleanup(func() {
		if err := o.Close(); err != nil {
			t.Errorf("office: %v", err)
		}
	})
}

// config is the configuration of a server at an office, on a fresh database.
func config(t *testing.T, o scenario.Office) configs.Config {
	t.Helper()
	a := o.ARI()
	cfg := configs.Default()
	cfg.Listen, cfg.DataDir = "127.0.0.1:0", t.TempDir()
	cfg.Database.URL = configs.SecretURL(pgtest.URL(t))
	cfg.PBX = []configs.PBX{{Name: a.Name, Context: "office", Trunks: []string{"PJSIP/trunk"},
		ARI: configs.ARI{URL: a.URL, User: a.User, Password: configs.Secret(a.Password), App: a.App}}}
	if r, ok := o.(*scenario.Real); ok { // so every test also shows that nothing is recovered twice
		cfg.PBX[0].CDR = configs.CDR{CSV: r.PBX.CDRFile(), TimeZone: "UTC"}
	}
	return cfg
}

func start(t *testing.T, o scenario.Office) *product {
	t.Helper()
	p := &product{t: t, office: o, cfg: config(t, o)}
	p.run(p.seed)
	return p
}

// run starts the server and waits until the PBX is connected.
func (p *product) run(seed func(context.Context, *postgres.DB, httpapi.Services) error) {
	p.t.Helper()
	p.serve(seed)
	admin := p.login("u101")
	p.eventually("the PBX is connected", func() bool { return admin.pbx().Connected })
}

// serve starts the server.
func (p *product) serve(seed func(context.Context, *postgres.DB, httpapi.Services) error) {
	p.t.Helper()
	out := p.t.Output()
	if p.log != nil {
		out = io.MultiWriter(out, p.log)
	}
	log := slog.New(slog.NewTextHandler(out, &slog.HandlerOptions{Level: slog.LevelWarn}))
	server, err := app.New(p.t.Context(), app.Options{Config: p.cfg, Log: log, Version: "test", Seed: seed})
	if err != nil {
		p.t.Fatal(err)
	}
	p.url = server.URL()
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- server.Run(ctx) }()
	p.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			p.t.Errorf("stop: %v", err)
		}
	})
	p.t.Cleanup(p.stop)
}

// seed adds a user at each of 101 to 107 and one client.
func (p *product) seed(ctx context.Context, _ *postgres.DB, s httpapi.Services) error {
	for ext := 101; ext <= 107; ext++ {
		name := strconv.Itoa(ext)
		if _, err := s.Employees.Create(ctx, crm.System(), employee.NewUser{
			Login: "u" + name, Name: "User " + name, Role: crm.RoleAdmin, Password: password,
			Devices: []employee.Device{{PBX: p.cfg.PBX[0].Name, Endpoint: "PJSIP/" + name}},
		}); err != nil {
			return err
		}
	}
	card, err := s.Clients.Create(ctx, crm.System(), client.NewClient{
		Name: "ООО «Северный ветер»", Kind: client.Company,
		Person: &client.PersonInput{Name: "Иванова Марина Сергеевна", Phones: []client.PhoneInput{{Raw: "8 (916) 123-45-67"}}},
	})
	p.clientID = card.ID
	return err
}

// eventually polls until the condition holds.
func (p *product) eventually(what string, ok func() bool) {
	p.t.Helper()
	deadline := time.NewTimer(patience)
	defer deadline.Stop()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-tick.C:
		case <-deadline.C:
			p.t.Fatalf("not in %s: %s", patience, what)
		}
	}
}

// operator is a signed-in user, with his socket if he has opened it.
type operator struct {
	p    *product
	http *http.Client
	ws   *websocket.Conn

	mu    sync.Mutex
	calls []cti.Call
	seq   int64                        // of the last message
	first map[string]any               // data of the snapshot
	rest  map[string][]json.RawMessage // data of all other messages, by type
	err   error
}

func (p *product) login(login string) *operator {
	p.t.Helper()
	jar, err := cookiejar.New(nil)
	if err != nil {
		p.t.Fatal(err)
	}
	op := &operator{p: p, http: &http.Client{Jar: jar, Timeout: patience}}
	if status := op.post("/login", map[string]string{"login": login, "password": password}, nil, nil); status != http.StatusOK {
		p.t.Fatalf("login of %s: %d", login, status)
	}
	return op
}

// connect opens the stream and collects calls until the end of the test.
func (op *operator) connect() *operator {
	op.p.t.Helper()
	d := websocket.Dialer{Jar: op.http.Jar, HandshakeTimeout: patience}
	ws, res, err := d.Dial(strings.Replace(op.p.url, "http", "ws", 1)+"/api/v1/stream", http.Header{"Origin": {op.p.url}})
	if err != nil {
		op.p.t.Fatal(err)
	}
	res.Body.Close()
	op.ws = ws
	done := make(chan struct{})
	go func() { defer close(done); op.read() }()
	op.p.t.Cleanup(func() { ws.Close(); <-done })
	op.p.eventually("a snapshot", func() bool { op.mu.Lock(); defer op.mu.Unlock(); return op.first != nil })
	return op
}

func (op *operator) read() {
	for {
		var m struct {
			Type string          `json:"type"`
			Seq  int64           `json:"seq"`
			Data json.RawMessage `json:"data"`
		}
		if err := op.ws.ReadJSON(&m); err != nil {
			return
		}
		op.mu.Lock()
		op.seq = m.Seq
		switch m.Type {
		case "snapshot":
			op.err = json.Unmarshal(m.Data, &op.first)
		case "call":
			var c cti.Call
			if err := json.Unmarshal(m.Data, &c); err != nil {
				op.err = err
			}
			op.calls = append(op.calls, c)
		default:
			if op.rest == nil {
				op.rest = make(map[string][]json.RawMessage)
			}
			op.rest[m.Type] = append(op.rest[m.Type], m.Data)
		}
		op.mu.Unlock()
	}
}

// take returns the calls received since the last take.
func (op *operator) take() []cti.Call {
	op.mu.Lock()
	defer op.mu.Unlock()
	if op.err != nil {
		op.p.t.Errorf("stream: %v", op.err)
	}
	out := op.calls
	op.calls = nil
	return out
}

func (op *operator) received() []cti.Call {
	op.mu.Lock()
	defer op.mu.Unlock()
	return append([]cti.Call(nil), op.calls...)
}

// at tells whether the operator has read as far as message seq.
func (op *operator) at(seq int64) bool {
	op.mu.Lock()
	defer op.mu.Unlock()
	return op.seq >= seq
}

func (op *operator) get(path string, out any) int {
	op.p.t.Helper()
	return op.do(http.MethodGet, path, nil, nil, out)
}

func (op *operator) post(path string, in any, header http.Header, out any) int {
	op.p.t.Helper()
	return op.do(http.MethodPost, path, in, header, out)
}

func (op *operator) do(method, path string, in any, header http.Header, out any) int {
	op.p.t.Helper()
	var body io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			op.p.t.Fatal(err)
		}
		body = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(op.p.t.Context(), method, op.p.url+"/api/v1"+path, body)
	if err != nil {
		op.p.t.Fatal(err)
	}
	for k, v := range header {
		req.Header[k] = v
	}
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := op.http.Do(req)
	if err != nil {
		op.p.t.Fatal(err)
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		op.p.t.Fatal(err)
	}
	if out != nil && len(b) > 0 {
		if err := json.Unmarshal(b, out); err != nil {
			op.p.t.Fatalf("%s %s: %s: %v", method, path, b, err)
		}
	}
	return res.StatusCode
}

// dial clicks on a number and returns the call's id.
func (op *operator) dial(to, key string) (string, error) {
	var out struct{ ID, Code, Detail string }
	status := op.post("/calls", map[string]string{"to": to}, http.Header{"Idempotency-Key": {key}}, &out)
	if status != http.StatusAccepted {
		return "", fmt.Errorf("%d %s: %s", status, out.Code, out.Detail)
	}
	return out.ID, nil
}

// journal returns the newest records.
func (op *operator) journal(query string) []calllog.Record {
	op.p.t.Helper()
	var list struct{ Items []calllog.Record }
	if status := op.get("/calls?limit=200"+query, &list); status != http.StatusOK {
		op.p.t.Fatalf("journal: %d", status)
	}
	return list.Items
}

// historyOfCalls counts the interactions of the client that are calls.
func (op *operator) historyOfCalls(clientID int64) int {
	op.p.t.Helper()
	var list struct{ Items []json.RawMessage }
	if status := op.get(fmt.Sprintf("/clients/%d/history?kind=call&limit=200", clientID), &list); status != http.StatusOK {
		op.p.t.Fatalf("history: %d", status)
	}
	return len(list.Items)
}

// in makes a subtest the one that failures belong to.
func (p *product) in(t *testing.T) {
	outer := p.t
	p.t = t
	t.Cleanup(func() { p.t = outer })
}
