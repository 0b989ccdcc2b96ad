package e2e

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"

	"ringcard/configs"
	"ringcard/cti"
	"ringcard/internal/pgserver"
	"ringcard/test/scenario"
)

// processes are a PostgreSQL server and its children.
func processes(t *testing.T, dir string) []int {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "data", "postmaster.pid"))
	must(t, "postmaster.pid", err)
	first, _, _ := bytes.Cut(text, []byte("\n"))
	pids := []string{string(first)}
	children, err := os.ReadFile("/proc/" + pids[0] + "/task/" + pids[0] + "/children")
	must(t, "children", err)
	var out []int
	for _, s := range append(pids, strings.Fields(string(children))...) {
		pid, err := strconv.Atoi(s)
		must(t, "pid", err)
		out = append(out, pid)
	}
	return out
}

func signal(t *testing.T, pids []int, s syscall.Signal) {
	t.Helper()
	for _, pid := range pids {
		if err := syscall.Kill(pid, s); err != nil && !errors.Is(err, syscall.ESRCH) {
			t.Fatalf("signal %d: %v", pid, err)
		}
	}
}

// PostgreSQL hangs: it neither answers nor refuses. Calls go on popping with
// the number, their records are files before the database is back, and are
// written once each, in order.
func TestDatabaseHangs_OP_03_AF_01_LU_03(t *testing.T) {
	t.Parallel()
	o := simulated(t)
	dir := openDir(t)
	pg, err := pgserver.Start(within(t), pgserver.Options{Dir: dir, Settings: map[string]string{"fsync": "off"}})
	must(t, "postgresql", err)
	p := &product{t: t, office: o, cfg: config(t, o)}
	t.Cleanup(func() {
		if p.stop != nil {
			p.stop()
		}
		must(t, "stop", pg.Stop(context.Background()))
	})
	p.cfg.Database.URL = configs.SecretURL(pg.URL())
	p.run(p.seed)
	op := p.login("u102").connect()
	must(t, "phone", o.Phone(within(t), "102", scenario.Behaviour{}))

	pids := processes(t, dir)
	signal(t, pids, syscall.SIGSTOP)
	t.Cleanup(func() { signal(t, pids, syscall.SIGCONT) })
	var ids []string
	for i := range 6 { // more than one, and one of a known client
		from := "7916123456" + strconv.Itoa(i+2)
		line, err := o.Call(within(t), scenario.Outside{From: from, DID: "4951000102"})
		must(t, "call", err)
		c := op.until("the talk with the number only", func(c cti.Call) bool { return c.Number.E164 == "+"+from && c.State == cti.Talking })
		if c.Client != nil {
			t.Errorf("a card of a database that hangs: %+v", c.Client)
		}
		must(t, "hang up", line.Hangup(within(t)))
		op.until("the end", func(x cti.Call) bool { return x.ID == c.ID && x.State == cti.Ended })
		ids = append(ids, c.ID)
	}
	p.eventually("all records are files", func() bool {
		names, err := filepath.Glob(filepath.Join(p.cfg.DataDir, "spool", "*.json"))
		must(t, "spool", err)
		return len(names) == len(ids)
	})
	signal(t, pids, syscall.SIGCONT)
	for _, id := range ids {
		op.record(id)
	}
	conn, err := pgx.Connect(within(t), pg.URL())
	must(t, "database", err)
	defer conn.Close(context.Background())
	rows, err := conn.Query(within(t), `SELECT id::text FROM crm.call ORDER BY saved_at`)
	must(t, "records", err)
	kept, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(t, "records", err)
	if strings.Join(kept, " ") != strings.Join(ids, " ") {
		t.Errorf("written as %v, ended as %v", kept, ids)
	}
	if n := op.historyOfCalls(p.clientID); n != 1 {
		t.Errorf("%d calls in the history of the client who called once", n)
	}
	p.eventually("the files are gone", func() bool {
		names, err := filepath.Glob(filepath.Join(p.cfg.DataDir, "spool", "*.json"))
		must(t, "spool", err)
		return len(names) == 0
	})
}
