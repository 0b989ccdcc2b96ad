package postgres_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"ringcard/crm"
	"ringcard/crm/calllog"
	"ringcard/crm/client"
	"ringcard/internal/pgserver"
	"ringcard/internal/postgres"
)

// TestSaveSurvivesLostConnections_AF_01 cuts the connections to the database at
// any step of a save; the engine repeats until it is told that it is done.
func TestSaveSurvivesLostConnections_AF_01(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	c := o.client(client.NewClient{Name: "Ромашка", Phones: phones("+79210000001")})
	killer := must(pgx.Connect(o.ctx, o.db.Pool().Config().ConnString()))(t)
	defer killer.Close(o.ctx)
	// Each call meets a few cuts and is then left in peace: a busy machine
	// could otherwise cut every attempt.
	const cuts = 5
	var failures int
	calls := make([]calllog.Record, 40)
	for i := range calls {
		calls[i] = o.call("+79210000001")
		enough := make(chan struct{})
		var wg sync.WaitGroup
		wg.Go(func() { cutConnections(o.ctx, t, killer, enough) })
		stop := sync.OnceFunc(func() { close(enough); wg.Wait() })
		for attempt := 1; ; attempt++ {
			if attempt > cuts {
				stop()
			}
			err := o.calls.Save(o.ctx, calls[i])
			if err == nil {
				break
			}
			failures++
			wantCode(t, err, crm.CodeUnavailable)
			if attempt == 100 {
				t.Error("never saved")
				break
			}
		}
		stop()
	}
	t.Logf("%d saves failed before %d succeeded", failures, len(calls))
	for _, r := range calls {
		if n := o.interactions(r.ID); n != 1 {
			t.Errorf("%d interactions", n)
		}
	}
	if n := o.count(`SELECT count(*) FROM crm.activity WHERE client_id = $1`, c.ID); n != int64(len(calls)) {
		t.Errorf("%d items in the history", n)
	}
	if n := o.count(`SELECT count(*) FROM crm.outbox WHERE topic = 'call.ended'`); n != int64(len(calls)) {
		t.Errorf("%d outbox rows", n)
	}
}

// cutConnections ends every busy connection to the database but its own.
func cutConnections(ctx context.Context, t *testing.T, killer *pgx.Conn, enough <-chan struct{}) {
	for {
		select {
		case <-enough:
			return
		default:
		}
		_, err := killer.Exec(ctx, `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
			WHERE datname = current_database() AND pid <> pg_backend_pid() AND state <> 'idle'`)
		if err != nil {
			t.Error(err)
			return
		}
	}
}

func TestStrangeTextDoesNotCostTheRecord(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	r := o.call("+79210000001")
	r.CallerName, r.DID = "Zo\xe9\x00", "\x00"
	r.Snapshot = []byte(`{"legs":[{"name":"a\u0000b","n":12345678901234567890}],"x":"\\u0000"}`)
	o.save(r)
	got := must(o.calls.Get(o.ctx, o.admin, r.ID))(t)
	if got.CallerName != "Zo\uFFFD" || string(got.Legs) != `[{"n": 12345678901234567890, "name": "ab"}]` {
		t.Errorf("name %q, legs %s", got.CallerName, got.Legs)
	}
	r = o.call("+79210000001")
	r.Disposition = ""
	wantCode(t, o.calls.Save(o.ctx, r), crm.CodeInvalid)
}

// TestDatabaseGoneDuringCall stops PostgreSQL between two versions of a call.
func TestDatabaseGoneDuringCall(t *testing.T) {
	t.Parallel()
	dir := serverDir(t)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	start := func() *pgserver.Server {
		s := must(pgserver.Start(ctx, pgserver.Options{Dir: dir, Settings: map[string]string{"fsync": "off"}}))(t)
		t.Cleanup(func() {
			if err := s.Stop(context.WithoutCancel(ctx)); err != nil {
				t.Error(err)
			}
		})
		return s
	}
	server := start()
	if err := postgres.Migrate(ctx, server.URL()); err != nil {
		t.Fatal(err)
	}
	db := must(postgres.Open(ctx, server.URL(), nil))(t)
	defer db.Close()
	store := postgres.NewCallStore(db)
	calls := calllog.NewService(calllog.Stores{Writer: store, Journal: store, Clerk: store, Results: store}, calllog.Options{})
	o := &office{now: time.Now().UTC()}
	r := o.call("+79210000001")
	live := r
	live.State, live.Disposition, live.EndedAt = "talking", "", nil
	if err := calls.Save(ctx, live); err != nil {
		t.Fatal(err)
	}
	if err := server.Stop(ctx); err != nil {
		t.Fatal(err)
	}
	r.Version = 2
	wantCode(t, calls.Save(ctx, r), crm.CodeUnavailable)
	start()
	if err := calls.Save(ctx, r); err != nil {
		t.Fatalf("after the outage: %v", err)
	}
	got := must(calls.Get(ctx, crm.System(), r.ID))(t)
	if got.State != calllog.Ended || got.Version != 2 {
		t.Errorf("record = %+v", got)
	}
}
