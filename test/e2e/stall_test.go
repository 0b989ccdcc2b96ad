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
	"time"

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
// the number, or with the stored card of who called before; their records are files before the database is back, and are
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

	before := op.talk(o, "79161234567", func(c cti.Call) bool { return c.Client != nil })
	if before.LookupAsOf != nil {
		t.Errorf("a stored card, though the base answers: %v", before.LookupAsOf)
	}
	op.record(before.ID)
	pids := processes(t, dir)
	signal(t, pids, syscall.SIGSTOP)
	t.Cleanup(func() { signal(t, pids, syscall.SIGCONT) })
	var ids []string
	for i := range 6 { // more than one, and one of a known client
		from := "7916123456" + strconv.Itoa(i+2)
		known := from == "79161234567"
		c := op.talk(o, from, func(c cti.Call) bool { return known == (c.Client != nil) })
		if known && (c.LookupAsOf == nil || c.Client.ID != p.clientID) {
			t.Errorf("the card of who called before: %+v as of %v", c.Client, c.LookupAsOf)
		}
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
	// The order in which ends were first written; a late lookup writes a record again.
	rows, err := conn.Query(within(t), `SELECT substr(dedupe, length('call.ended:') + 1) FROM crm.outbox
		WHERE dedupe LIKE 'call.ended:%' AND dedupe <> 'call.ended:' || $1 ORDER BY id`, before.ID)
	must(t, "records", err)
	kept, err := pgx.CollectRows(rows, pgx.RowTo[string])
	must(t, "records", err)
	if strings.Join(kept, " ") != strings.Join(ids, " ") {
		t.Errorf("written as %v, ended as %v", kept, ids)
	}
	if n := op.historyOfCalls(p.clientID); n != 2 {
		t.Errorf("%d calls in the history of the client who called twice", n)
	}
	p.eventually("the files are gone", func() bool {
		names, err := filepath.Glob(filepath.Join(p.cfg.DataDir, "spool", "*.json"))
		must(t, "spool", err)
		return len(names) == 0
	})
}

// talk is a call from outside that 102 answers and that ends once it is shown
// as it should.
func (op *operator) talk(o scenario.Office, from string, as func(cti.Call) bool) cti.Call {
	t := op.p.t
	t.Helper()
	begun := time.Now().Add(-10 * time.Millisecond) // the times of the PBX are whole milliseconds
	line, err := o.Call(within(t), scenario.Outside{From: from, DID: "4951000102"})
	must(t, "call", err)
	c := op.until("the talk of "+from, func(c cti.Call) bool {
		return c.Number.E164 == "+"+from && c.StartedAt.After(begun) && c.State == cti.Talking && as(c)
	})
	must(t, "hang up", line.Hangup(within(t)))
	op.until("the end", func(x cti.Call) bool { return x.ID == c.ID && x.State == cti.Ended })
	return c
}
