package postgres

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync/atomic"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/pgxpool"
	"golang.org/x/sync/errgroup"

	"ringcard/crm"
	"ringcard/crm/obligation"
)

const (
	connectTimeout  = 5 * time.Second
	applicationName = "ringcard"
	maxConns        = 16
	closeGrace      = 2 * time.Second // for what is under way when the pool is closed
	readyConns      = 12              // as many as there are lookups at once
	// PostgreSQL plans a prepared statement anew five times before it keeps a
	// plan (plan_cache_mode auto).
	planRuns = 6
)

// DB is the pool of connections the stores share.
type DB struct {
	pool  *pgxpool.Pool
	lines *lines
	log   *slog.Logger
	// owed is told of obligations that changed, see WatchObligations.
	owed atomic.Pointer[func([]obligation.Change)]
}

// Open makes the pool and checks that the server answers. Statements are
// prepared once per connection.
func Open(ctx context.Context, url string, log *slog.Logger) (*DB, error) {
	return open(ctx, url, log, func(*pgxpool.Config) {})
}

// OpenReady is Open for a process that answers telephones: it always keeps
// readyConns connections, and each, also one that is made later, has connected,
// read the catalogues and planned what a ringing telephone waits for before
// anybody gets it. So the first calls after a start, after a quiet night and in a
// burst find their card as quickly as all others (LU-03).
func OpenReady(ctx context.Context, url string, log *slog.Logger) (*DB, error) {
	db, err := open(ctx, url, log, func(cfg *pgxpool.Config) {
		cfg.MinConns = min(max(cfg.MinConns, readyConns), cfg.MaxConns)
		cfg.AfterConnect = getReady
	})
	if err != nil {
		return nil, err
	}
	if err := db.fill(ctx, db.pool.Config().MinConns); err != nil {
		db.Close()
		return nil, fmt.Errorf("database: %w", err)
	}
	return db, nil
}

func open(ctx context.Context, url string, log *slog.Logger, change func(*pgxpool.Config)) (*DB, error) {
	cfg, err := pgxpool.ParseConfig(url)
	if err != nil {
		return nil, fmt.Errorf("database.url: %w", err)
	}
	// A lookup must not wait for a connection behind the journal and the pages.
	if !strings.Contains(url, "pool_max_conns") {
		cfg.MaxConns = max(cfg.MaxConns, maxConns)
	}
	cfg.ConnConfig.ConnectTimeout = connectTimeout
	cfg.ConnConfig.RuntimeParams["application_name"] = applicationName
	cfg.ConnConfig.RuntimeParams["timezone"] = "UTC"
	lines := newLines(cfg.ConnConfig.DialFunc)
	cfg.ConnConfig.DialFunc = lines.connect
	change(cfg)
	pool, err := pgxpool.NewWithConfig(ctx, cfg)
	if err != nil {
		return nil, fmt.Errorf("database: %w", err)
	}
	if err := pool.Ping(ctx); err != nil {
		pool.Close()
		return nil, fmt.Errorf("database: %w", err)
	}
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	return &DB{pool: pool, lines: lines, log: log}, nil
}

// getReady runs the statements that a ringing telephone waits for, asking for
// numbers that nobody has.
func getReady(ctx context.Context, conn *pgx.Conn) error {
	for range planRuns {
		var batch pgx.Batch
		batch.Queue(sqlLookup, 0)
		batch.Queue(sqlBestSummaries, 0)
		batch.Queue(sqlPlanClient, 0)
		batch.Queue(sqlPlanEmployees, 0, time.Now())
		if err := conn.SendBatch(ctx, &batch).Close(); err != nil {
			return failure(err)
		}
	}
	return nil
}

// fill waits until so many connections are there.
func (db *DB) fill(ctx context.Context, n int32) error {
	group, ctx := errgroup.WithContext(ctx)
	taken := make(chan *pgxpool.Conn, n)
	for range n {
		group.Go(func() error {
			conn, err := db.pool.Acquire(ctx)
			if err == nil {
				taken <- conn
			}
			return failure(err)
		})
	}
	err := group.Wait()
	close(taken)
	for conn := range taken {
		conn.Release()
	}
	return err
}

// Close waits for connections in use and closes all.
func (db *DB) Close() {
	closed := make(chan struct{})
	go func() { db.pool.Close(); close(closed) }()
	select {
	case <-closed:
		return
	case <-time.After(closeGrace):
	}
	db.log.Warn("the database does not answer while its connections are closed; they are cut")
	db.lines.cut()
	<-closed
}

// Ping asks the server, for readiness checks.
func (db *DB) Ping(ctx context.Context) error {
	if err := db.pool.Ping(ctx); err != nil {
		return fmt.Errorf("database: %w", err)
	}
	return nil
}

// Pool is for measurements and tests that need the bare connection.
func (db *DB) Pool() *pgxpool.Pool { return db.pool }

// inTx runs fn in one transaction; an error rolls it back. What fn left with
// onCommit is done after the commit.
func (db *DB) inTx(ctx context.Context, fn func(pgx.Tx) error) error {
	var after []func()
	err := failure(pgx.BeginFunc(ctx, db.pool, func(tx pgx.Tx) error {
		return fn(&hookedTx{Tx: tx, after: &after})
	}))
	if err != nil {
		return err
	}
	for _, f := range after {
		f()
	}
	return nil
}

// hookedTx is a transaction that remembers what to do after its commit:
// nothing is told before it is true.
type hookedTx struct {
	pgx.Tx
	after *[]func()
}

// onCommit has f called after the commit of a transaction of inTx.
func onCommit(tx pgx.Tx, f func()) {
	if h, ok := tx.(*hookedTx); ok {
		*h.after = append(*h.after, f)
	}
}

// querier is what both the pool and a transaction can do.
type querier interface {
	Query(ctx context.Context, sql string, args ...any) (pgx.Rows, error)
	QueryRow(ctx context.Context, sql string, args ...any) pgx.Row
	Exec(ctx context.Context, sql string, args ...any) (pgconn.CommandTag, error)
}

// all reads every row into T by its columns' names.
func all[T any](ctx context.Context, q querier, sql string, args ...any) ([]T, error) {
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		return nil, failure(err)
	}
	out, err := pgx.CollectRows(rows, pgx.RowToStructByName[T])
	return out, failure(err)
}

// one reads one row into T; what names it in the error when there is none.
func one[T any](ctx context.Context, q querier, what, sql string, args ...any) (T, error) {
	rows, err := q.Query(ctx, sql, args...)
	if err != nil {
		var none T
		return none, failure(err)
	}
	out, err := pgx.CollectExactlyOneRow(rows, pgx.RowToStructByName[T])
	if errors.Is(err, pgx.ErrNoRows) {
		return out, crm.NotFound(what)
	}
	return out, failure(err)
}

// failure gives an error of the database the code its reader can act on:
// lost connections are CodeUnavailable, broken rules CodeInvalid or
// CodeConflict. Errors that have a code already pass through.
func failure(err error) error {
	if err == nil || crm.CodeOf(err) != "" || errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded) {
		return err
	}
	var pg *pgconn.PgError
	if !errors.As(err, &pg) {
		if errors.Is(err, pgx.ErrNoRows) {
			return err
		}
		return &crm.Error{Code: crm.CodeUnavailable, Message: "the database does not answer, try again", Err: err}
	}
	switch pg.Code[:2] {
	case "08", "53", "57": // connection, resources, operator intervention (PostgreSQL manual, appendix A)
		return &crm.Error{Code: crm.CodeUnavailable, Message: "the database does not answer, try again", Err: err}
	case "40":
		return &crm.Error{Code: crm.CodeConflict, Message: "somebody changed the same records at the same time, try again", Err: err}
	}
	switch pg.Code {
	case "23505":
		return &crm.Error{Code: crm.CodeConflict, Message: "it is there already", Field: uniqueFields[pg.ConstraintName], Err: err}
	case "23503":
		return &crm.Error{Code: crm.CodeInvalid, Message: "it refers to a record that does not exist", Err: err}
	case "23514", "22001", "22003", "22021":
		return &crm.Error{Code: crm.CodeInvalid, Message: "a value is out of bounds", Err: err}
	}
	return err
}

// uniqueFields names the input field behind a unique index.
var uniqueFields = map[string]string{
	"employee_login":       "login",
	"employee_device_pkey": "devices",
	"client_group_name":    "name",
	"phone_client":         "raw",
	"phone_person":         "raw",
	"email_client":         "email",
	"email_person":         "email",
	"client_person_active": "person_id",
}
