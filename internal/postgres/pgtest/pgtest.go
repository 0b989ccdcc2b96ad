// Package pgtest gives every test a fresh, migrated database of a real
// PostgreSQL. A package that uses it has
//
//	func TestMain(m *testing.M) { os.Exit(pgtest.Run(m)) }
//
// The server is private to the test binary, starts at the first New and stops
// at the end; should the binary be killed, the server ends by itself. With
// RINGCARD_TEST_DATABASE_URL (a superuser) that server is used instead. A
// database is a copy of a template migrated once, which takes tens of
// milliseconds, so tests may run in parallel.
package pgtest

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"

	"ringcard/internal/pgserver"
	"ringcard/internal/postgres"
)

const (
	dirPrefix = "ringcard-pgtest-" // then the process id
	envURL    = "RINGCARD_TEST_DATABASE_URL"
	owner     = "ringcard" // unprivileged owner of the databases
	allowance = time.Minute
)

// cluster is the server of this test binary.
type cluster struct {
	running bool // inside Run
	start   sync.Once
	err     error

	server   *pgserver.Server // nil with a server from outside
	dir      string
	admin    string // URL of the superuser
	user     string // URL of the owner
	template string
}

var shared cluster

// Run runs the tests, stops the server and, when all passed, checks that no
// goroutine is left but those of the options. It returns the exit status.
func Run(m *testing.M, passOver ...goleak.Option) int {
	shared.running = true
	code := m.Run()
	if err := shared.stop(); err != nil {
		report(err)
		code = 1
	}
	if code == 0 {
		if err := goleak.Find(passOver...); err != nil {
			report(err)
			code = 1
		}
	}
	return code
}

// New opens a fresh database and closes and drops it when the test ends.
func New(t testing.TB) *postgres.DB {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), allowance)
	defer cancel()
	db, err := postgres.Open(ctx, URL(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(db.Close)
	return db
}

// URL makes a fresh, migrated database and drops it when the test ends.
func URL(t testing.TB) string { return create(t, true) }

// EmptyURL makes a database without our schema, for tests of migrations.
func EmptyURL(t testing.TB) string { return create(t, false) }

func create(t testing.TB, migrated bool) string {
	t.Helper()
	if !shared.running {
		t.Fatal("the package needs: func TestMain(m *testing.M) { os.Exit(pgtest.Run(m)) }")
	}
	shared.start.Do(func() { shared.err = shared.begin() })
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	name := "t_" + rand.Text()
	from := "template1"
	if migrated {
		from = shared.template
	}
	if err := shared.exec(fmt.Sprintf(`CREATE DATABASE %q TEMPLATE %q OWNER %q`, name, from, owner)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := shared.exec(fmt.Sprintf(`DROP DATABASE IF EXISTS %q WITH (FORCE)`, name)); err != nil {
			t.Error(err)
		}
	})
	return withDatabase(shared.user, name)
}

func (c *cluster) begin() error {
	ctx, cancel := context.WithTimeout(context.Background(), allowance)
	defer cancel()
	if given := os.Getenv(envURL); given != "" {
		c.admin = given
		c.user = given
		if err := c.exec(`DO $$ BEGIN CREATE ROLE ` + owner + ` LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END $$`); err != nil {
			return err
		}
	} else if err := c.startServer(ctx); err != nil {
		return err
	}
	return c.makeTemplate(ctx)
}

func (c *cluster) startServer(ctx context.Context) error {
	removeAbandoned()
	dir, err := os.MkdirTemp("", fmt.Sprintf("%s%d-", dirPrefix, os.Getpid()))
	if err != nil {
		return fmt.Errorf("test server: %w", err)
	}
	c.dir = dir
	if err := os.Chmod(dir, 0o711); err != nil { // the server may run under another account
		return fmt.Errorf("test server: %w", err)
	}
	c.server, err = pgserver.Start(ctx, pgserver.Options{Dir: dir, Settings: map[string]string{
		// Not synchronous_commit: an asynchronous commit keeps VACUUM from
		// marking pages all-visible, and index-only scans from being tested.
		"fsync": "off", "full_page_writes": "off",
		"max_connections": "300", "shared_buffers": "256MB",
	}})
	if err != nil {
		return fmt.Errorf("test server: %w", err)
	}
	c.admin, c.user = c.server.AdminURL(), c.server.URL()
	return nil
}

// removeAbandoned removes the folders of test binaries that were killed; their
// servers have ended with them.
func removeAbandoned() {
	dirs, err := filepath.Glob(filepath.Join(os.TempDir(), dirPrefix+"*"))
	if err != nil {
		return // only a bad pattern can do this
	}
	for _, dir := range dirs {
		owner, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(dir), dirPrefix), "-")
		pid, err := strconv.Atoi(owner)
		if err == nil && errors.Is(syscall.Kill(pid, 0), syscall.ESRCH) {
			if err := os.RemoveAll(dir); err != nil {
				report(err)
			}
		}
	}
}

// makeTemplate migrates the database that tests copy. Test binaries that
// share a server wait for each other; a template left half made by a binary
// that died has another name and is dropped.
func (c *cluster) makeTemplate(ctx context.Context) error {
	hash, err := postgres.MigrationsHash()
	if err != nil {
		return err
	}
	c.template = "ringcard_template_" + hash
	conn, err := pgx.Connect(ctx, c.admin)
	if err != nil {
		return fmt.Errorf("test server: %w", err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, `SELECT pg_advisory_lock(hashtext('ringcard test template'))`); err != nil {
		return fmt.Errorf("test template: %w", err)
	}
	var have bool
	if err := conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)`, c.template).Scan(&have); err != nil {
		return fmt.Errorf("test template: %w", err)
	}
	if have {
		return nil
	}
	unfinished := c.template + "_unfinished"
	if err := c.exec(fmt.Sprintf(`DROP DATABASE IF EXISTS %q WITH (FORCE)`, unfinished)); err != nil {
		return err
	}
	if err := c.exec(fmt.Sprintf(`CREATE DATABASE %q OWNER %q`, unfinished, owner)); err != nil {
		return err
	}
	if err := postgres.Migrate(ctx, withDatabase(c.user, unfinished)); err != nil {
		return err
	}
	return c.exec(fmt.Sprintf(`ALTER DATABASE %q RENAME TO %q`, unfinished, c.template))
}

func (c *cluster) exec(sql string) error {
	ctx, cancel := context.WithTimeout(context.Background(), allowance)
	defer cancel()
	conn, err := pgx.Connect(ctx, c.admin)
	if err != nil {
		return fmt.Errorf("test server: %w", err)
	}
	defer conn.Close(ctx)
	if _, err := conn.Exec(ctx, sql); err != nil {
		return fmt.Errorf("test server: %s: %w", sql, err)
	}
	return nil
}

func (c *cluster) stop() error {
	if c.server != nil {
		ctx, cancel := context.WithTimeout(context.Background(), allowance)
		defer cancel()
		if err := c.server.Stop(ctx); err != nil {
			return err
		}
	}
	if c.dir != "" {
		if err := os.RemoveAll(c.dir); err != nil {
			return fmt.Errorf("test server: %w", err)
		}
	}
	return nil
}

func withDatabase(server, name string) string {
	u, err := url.Parse(server)
	if err != nil {
		panic(err) // it connected a moment ago
	}
	u.Path = "/" + name
	return u.String()
}

func report(err error) { _, _ = io.WriteString(os.Stderr, "pgtest: "+err.Error()+"\n") }
