package e2e

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"ringcard/configs"
	"ringcard/cti"
	"ringcard/internal/httpapi"
	"ringcard/internal/pgserver"
	"ringcard/internal/redis/redistest"
	"ringcard/test/scenario"
)

// lines collects the log.
type lines struct {
	mu sync.Mutex
	b  bytes.Buffer
}

// Write implements io.Writer.
func (l *lines) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lines) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// readiness asks /readyz.
func (p *product) readiness() (int, httpapi.Readiness) {
	p.t.Helper()
	res, err := http.Get(p.url + "/readyz")
	must(p.t, "readyz", err)
	defer res.Body.Close()
	var r httpapi.Readiness
	must(p.t, "readyz", json.NewDecoder(res.Body).Decode(&r))
	return res.StatusCode, r
}

// metric reads a line of /metrics; empty while there is none.
func (p *product) metric(name string) string {
	p.t.Helper()
	res, err := http.Get(p.url + "/metrics")
	must(p.t, "metrics", err)
	defer res.Body.Close()
	page, err := io.ReadAll(res.Body)
	must(p.t, "metrics", err)
	for line := range strings.Lines(string(page)) {
		if value, ok := strings.CutPrefix(line, name+" "); ok {
			return strings.TrimSpace(value)
		}
	}
	return ""
}

// Redis, the PBX and PostgreSQL stop one by one: /readyz and /metrics say of
// each what is so, the process stays alive, and what the log says about a call
// names it (PB-12).
func TestDependenciesStopOneByOne_PB_12(t *testing.T) {
	t.Parallel()
	o := simulated(t)
	pg, err := pgserver.Start(within(t), pgserver.Options{Dir: openDir(t)})
	must(t, "postgresql", err)
	bus := redistest.Start(t)
	log := &lines{}
	p := &product{t: t, office: o, cfg: config(t, o), log: log}
	p.cfg.Database.URL, p.cfg.Redis.URL = configs.SecretURL(pg.URL()), configs.SecretURL(bus.URL)
	p.run(p.seed)
	t.Cleanup(p.stop)
	connected := `ringcard_pbx_connected{pbx="` + p.cfg.PBX[0].Name + `"}`
	pbxCheck := "pbx " + p.cfg.PBX[0].Name
	expect := func(what string, status int, down ...string) {
		t.Helper()
		p.eventually(what, func() bool {
			got, r := p.readiness()
			for name, c := range r.Checks {
				isDown := strings.Contains(strings.Join(down, ","), name)
				if c.OK == isDown || isDown && c.Error == "" {
					return false
				}
			}
			return got == status && r.Ready == (status == http.StatusOK) && len(r.Checks) == 3
		})
		if p.probe("/healthz") != http.StatusOK {
			t.Errorf("%s: not alive", what)
		}
	}
	expect("all is well", http.StatusOK)
	if v := p.metric(connected); v != "1" {
		t.Errorf("%s %s", connected, v)
	}
	op := p.login("u102").connect()
	must(t, "phone", o.Phone(within(t), "102", scenario.Behaviour{}))
	line, err := o.Call(within(t), scenario.Outside{From: "79161234567", DID: "4951000102"})
	must(t, "call", err)
	c := op.until("the talk", func(c cti.Call) bool { return c.State == cti.Talking })
	bus.Kill()
	expect("Redis is away", http.StatusOK, "redis")
	must(t, "stop", pg.Stop(context.WithoutCancel(t.Context())))
	must(t, "hang up", line.Hangup(within(t)))
	expect("PostgreSQL is away", http.StatusServiceUnavailable, "redis", "database")
	p.eventually("the record that waits is counted and logged with its call", func() bool {
		return p.metric("ringcard_journal_backlog") != "0" && strings.Contains(log.String(), "call="+c.ID)
	})
	stop, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 10*time.Second)
	defer cancel()
	must(t, "stop", o.Sim.Stop(stop))
	expect("the PBX is away too", http.StatusServiceUnavailable, "redis", "database", pbxCheck)
	p.eventually("metrics say so", func() bool { return p.metric(connected) == "0" })
}
