package e2e

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"ringcard/configs"
	"ringcard/internal/app"
	"ringcard/test/pbx"
	"ringcard/test/scenario"
)

// envServe makes this test binary a server of its own with the configuration
// file it names, to be killed.
const envServe = "RINGCARD_TEST_SERVE"

// serveAlone is the server of a killed process: the same as ringcard serve.
func serveAlone(path string) int {
	cfg, err := configs.Load(path, nil)
	if err == nil {
		log := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
		var server *app.App
		if server, err = app.New(context.Background(), app.Options{Config: cfg, Log: log, Version: "test"}); err == nil {
			fmt.Fprintln(os.Stdout, server.URL())
			err = server.Run(context.Background())
		}
	}
	fmt.Fprintln(os.Stderr, err)
	return 1
}

// victim is a server in a process of its own.
type victim struct {
	url  string
	cmd  *exec.Cmd
	done chan error
}

// config writes the configuration of the product into a file.
func (p *product) configFile() string {
	c, one := p.cfg, p.cfg.PBX[0]
	path := filepath.Join(p.t.TempDir(), "ringcard.yaml")
	text := fmt.Sprintf("listen: 127.0.0.1:0\ndata_dir: %q\ndatabase: {url: %q}\npbx:\n"+
		"  - name: %s\n    context: %s\n    trunks: [%s]\n    ari: {url: %q, user: %q, password: %q, app: %q}\n"+
		"    cdr: {csv: %q, time_zone: UTC, every: 200ms}\n",
		c.DataDir, c.Database.URL.Reveal(), one.Name, one.Context, strings.Join(one.Trunks, ", "),
		one.ARI.URL, one.ARI.User, one.ARI.Password.Reveal(), one.ARI.App, one.CDR.CSV)
	must(p.t, "configuration", os.WriteFile(path, []byte(text), 0o600))
	return path
}

// spawn starts the server in a process and returns once it listens.
func spawn(t *testing.T, file string) *victim {
	t.Helper()
	self, err := os.Executable()
	must(t, "this binary", err)
	v := &victim{cmd: exec.Command(self), done: make(chan error, 1)}
	v.cmd.Env = append(os.Environ(), envServe+"="+file)
	v.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	v.cmd.Stderr = t.Output()
	out, err := v.cmd.StdoutPipe()
	must(t, "pipe", err)
	started := make(chan error, 1)
	ready := make(chan string, 1)
	go func() {
		// Pdeathsig is sent when the starting thread ends (golang/go#27505).
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		started <- v.cmd.Start()
		line, _ := bufio.NewReader(out).ReadString('\n') // the end of the process is an empty line
		ready <- strings.TrimSpace(line)
		v.done <- v.cmd.Wait()
	}()
	must(t, "start", <-started)
	select {
	case v.url = <-ready:
		if v.url == "" {
			t.Fatalf("the server did not start: %v", <-v.done)
		}
	case <-time.After(patience):
		t.Fatal("the server does not start")
	}
	return v
}

// kill is kill -9.
func (v *victim) kill(t *testing.T) {
	t.Helper()
	must(t, "kill", v.cmd.Process.Kill())
	if err := <-v.done; err == nil {
		t.Error("the server ended by itself")
	}
}

// kept is one record in the database, with what hangs on it.
type kept struct {
	State, Disposition   string
	Started              time.Time
	Answered, Ended      *time.Time
	Interactions, Events int
	Recovered            bool
}

// records reads all calls by the linkedids of their channels.
func records(ctx context.Context, t *testing.T, conn *pgx.Conn) (calls int, byChannel map[string]kept) {
	t.Helper()
	must(t, "count", conn.QueryRow(ctx, `SELECT count(*) FROM crm.call`).Scan(&calls))
	rows, err := conn.Query(ctx, `SELECT c.channel, k.state, coalesce(k.disposition, ''), k.started_at, k.answered_at, k.ended_at,
			(SELECT count(*) FROM crm.activity a WHERE a.call_id = k.id),
			(SELECT count(*) FROM crm.outbox o WHERE o.dedupe = 'call.ended:' || k.id), k.recovered
		FROM crm.call k JOIN crm.call_channel c ON c.call_id = k.id`)
	must(t, "records", err)
	byChannel = make(map[string]kept)
	var channel string
	var k kept
	_, err = pgx.ForEachRow(rows, []any{&channel, &k.State, &k.Disposition, &k.Started, &k.Answered, &k.Ended,
		&k.Interactions, &k.Events, &k.Recovered}, func() error {
		byChannel[channel] = k
		return nil
	})
	must(t, "records", err)
	return calls, byChannel
}

// The server is killed again and again while calls come in at 20 a second.
// Afterwards there is one record and one interaction of each call that the PBX
// knows of, with the PBX's times and result: none is lost, none is doubled.
func TestKilledUnderLoad_AF_01_PB_03_PB_04(t *testing.T) {
	for version, c := range map[string]struct{ calls, kills int }{"22": {200, 4}, "16": {80, 1}} {
		t.Run("asterisk "+version, func(t *testing.T) {
			t.Parallel()
			o := realOffice(t, version)
			for ext, b := range map[string]scenario.Behaviour{"101": {}, "102": {Answer: 300 * time.Millisecond}, "106": {Refuse: 486}} {
				must(t, "phone "+ext, o.Phone(within(t), ext, b))
			}
			p := &product{t: t, office: o, cfg: config(t, o)}
			p.cfg.PBX[0].CDR = configs.CDR{CSV: o.PBX.CDRFile(), TimeZone: "UTC"}
			p.run(p.seed)
			p.stop() // leaves users, the client, and the place in the file
			p.killed(o, c.calls, c.kills)
			if recovered := p.sameAsCDR(o, c.calls); recovered == 0 {
				t.Error("nothing was recovered: no call ended while the server was away, which this test is about")
			}
		})
	}
}

// killed makes calls while servers come and go.
func (p *product) killed(o *scenario.Real, calls, kills int) {
	p.t.Helper()
	ctx, cancel := context.WithTimeout(p.t.Context(), 3*patience)
	defer cancel()
	file := p.configFile()
	var load sync.WaitGroup
	over := make(chan struct{})
	for did, share := range map[string]int{"4952000101": 2, "4952000102": 1, "4952000106": 1} {
		load.Go(func() {
			_, err := pbx.SippCall(ctx, o.PBX, pbx.SippOptions{From: "79161234567", To: did, Calls: calls * share / 4, Rate: 5 * share,
				Talk: 1500 * time.Millisecond})
			if err != nil {
				p.t.Errorf("sipp: %v", err)
			}
		})
	}
	go func() { load.Wait(); close(over) }()
	v := spawn(p.t, file)
	for range kills {
		select {
		case <-over: // on a slow machine the calls may end first
		case <-time.After(500*time.Millisecond + rand.N(1500*time.Millisecond)):
		}
		v.kill(p.t)
		select {
		case <-over:
		case <-time.After(time.Second + rand.N(time.Second)): // calls begin and end unseen
		}
		v = spawn(p.t, file)
	}
	<-over
	p.t.Cleanup(func() { v.kill(p.t) })
}

// sameAsCDR waits until the records are those of the PBX, and returns how many
// of them were recovered.
func (p *product) sameAsCDR(o *scenario.Real, calls int) (recovered int) {
	t := p.t
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*patience)
	defer cancel()
	rows, err := o.PBX.WaitCDR(ctx, func(rows []pbx.CDR) bool { return len(rows) >= calls })
	must(t, "cdr", err)
	conn, err := pgx.Connect(ctx, p.cfg.Database.URL.Reveal())
	must(t, "database", err)
	defer conn.Close(ctx)
	wrong := func() []string {
		n, byChannel := records(ctx, t, conn)
		var list []string
		if n != len(rows) {
			list = append(list, fmt.Sprintf("%d records of %d calls", n, len(rows)))
		}
		for _, row := range rows {
			if bad := byChannel[row.LinkedID].differs(row); bad != "" {
				list = append(list, row.LinkedID+": "+bad)
			}
		}
		return list
	}
	var last []string
	defer func() {
		for _, bad := range last[:min(10, len(last))] {
			t.Error(bad)
		}
	}()
	p.eventually("the records are those of the PBX", func() bool { last = wrong(); return len(last) == 0 })
	_, byChannel := records(ctx, t, conn)
	for _, row := range rows {
		if byChannel[row.LinkedID].Recovered {
			recovered++
		}
	}
	t.Logf("%d calls, %d of them recovered", len(rows), recovered)
	return recovered
}

// differs tells what of a record is not as the PBX says; cdr_csv has whole seconds.
func (k kept) differs(row pbx.CDR) string {
	near := func(at *time.Time, want time.Time) bool { return at != nil && at.Sub(want).Abs() <= 2*time.Second }
	want := map[string]string{"ANSWERED": "answered", "BUSY": "busy"}[row.Disposition]
	switch {
	case k.State != "ended":
		return "no finished record (" + k.State + ")"
	case want != "" && k.Disposition != want:
		return fmt.Sprintf("%s, the PBX says %s", k.Disposition, row.Disposition)
	case !near(&k.Started, row.Start) || !near(k.Ended, row.End):
		return fmt.Sprintf("from %s to %s, the PBX says %s to %s", k.Started, k.Ended, row.Start, row.End)
	case !row.Answer.IsZero() && !near(k.Answered, row.Answer):
		return fmt.Sprintf("answered at %s, the PBX says %s", k.Answered, row.Answer)
	case k.Interactions != 1 || k.Events != 1:
		return fmt.Sprintf("%d interactions, %d events", k.Interactions, k.Events)
	}
	return ""
}
