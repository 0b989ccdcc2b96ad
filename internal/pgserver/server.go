package pgserver

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

const (
	superuser    = "postgres"
	role         = "ringcard" // owns the database, is no superuser
	database     = "ringcard"
	socketName   = ".s.PGSQL.5432"
	maxSocketLen = 103 // sun_path of the smallest platform, less the final zero
)

// Options of Start.
type Options struct {
	// Dir holds the cluster (Dir/data), its log (Dir/postgres.log) and, where
	// the path is short enough, the socket (Dir/run). It is created.
	Dir string
	// BinDir holds initdb and postgres; empty: the newest installed version
	// that fits the cluster.
	BinDir string
	// Settings are added to the server's own, as fsync=off for tests.
	Settings map[string]string
	Log      *slog.Logger
}

// Server is a running PostgreSQL.
type Server struct {
	socketDir string
	tempDir   string // socket directory to remove at the end, empty if in Dir
	logFile   string
	log       *slog.Logger
	process   *os.Process
	done      chan struct{}
	err       error // set before done is closed
	stopping  chan struct{}
	stopOnce  sync.Once
}

// Start makes the cluster if there is none, starts the server and returns
// when it answers queries. The context bounds the start only.
func Start(ctx context.Context, opts Options) (*Server, error) {
	if opts.Log == nil {
		opts.Log = slog.New(slog.DiscardHandler)
	}
	dir, err := filepath.Abs(opts.Dir)
	if err != nil {
		return nil, fmt.Errorf("database directory: %w", err)
	}
	dataDir := filepath.Join(dir, "data")
	bin, err := findBinaries(opts.BinDir, dataDir)
	if err != nil {
		return nil, err
	}
	owner, err := serverOwner()
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(dir, 0o711); err != nil {
		return nil, fmt.Errorf("database directory: %w", err)
	}
	if err := owner.reaches(dir); err != nil {
		return nil, err
	}
	if err := owner.mkdir(dataDir); err != nil {
		return nil, err
	}
	if err := initCluster(ctx, bin, dataDir, owner, opts.Log); err != nil {
		return nil, err
	}
	if err := clearStalePID(ctx, dataDir); err != nil {
		return nil, err
	}
	s := &Server{
		log: opts.Log, logFile: filepath.Join(dir, "postgres.log"),
		done: make(chan struct{}), stopping: make(chan struct{}),
	}
	if err := s.makeSocketDir(dir, owner); err != nil {
		return nil, err
	}
	if err := s.run(bin, dataDir, owner, opts.Settings); err != nil {
		s.removeTemp()
		return nil, err
	}
	if err := s.prepare(ctx); err != nil {
		stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 10*time.Second)
		defer cancel()
		return nil, errors.Join(err, s.Stop(stopCtx))
	}
	s.log.Info("private PostgreSQL ready", "dir", dir, "socket", s.socketDir)
	return s, nil
}

// URL connects as the unprivileged owner of the database.
func (s *Server) URL() string { return s.url(role, database) }

// AdminURL connects as the superuser, for tests that make databases.
func (s *Server) AdminURL() string { return s.url(superuser, "postgres") }

// Done is closed when the server has ended, by Stop or by itself.
func (s *Server) Done() <-chan struct{} { return s.done }

// Err tells why the server ended by itself; nil while it runs and after Stop.
func (s *Server) Err() error {
	select {
	case <-s.done:
		return s.err
	default:
		return nil
	}
}

// Stop ends the server: open transactions are rolled back, data is flushed.
// It may be called more than once; every call waits for the end. When the
// context ends first the server is stopped hard and recovers at next start.
func (s *Server) Stop(ctx context.Context) error {
	s.stopOnce.Do(func() {
		close(s.stopping)
		s.signal(syscall.SIGINT)
	})
	defer s.removeTemp()
	select {
	case <-s.done:
		return nil
	case <-ctx.Done():
	}
	for _, hard := range []syscall.Signal{syscall.SIGQUIT, syscall.SIGKILL} {
		s.signal(hard)
		select {
		case <-s.done:
			return fmt.Errorf("private PostgreSQL stopped hard: %w", ctx.Err())
		case <-time.After(5 * time.Second):
		}
	}
	return fmt.Errorf("private PostgreSQL (pid %d) does not end: %w", s.process.Pid, ctx.Err())
}

func (s *Server) signal(sig syscall.Signal) {
	if err := s.process.Signal(sig); err != nil && !errors.Is(err, os.ErrProcessDone) {
		s.log.Warn("signal to private PostgreSQL", "signal", sig.String(), "error", err)
	}
}

func (s *Server) url(user, db string) string {
	u := url.URL{Scheme: "postgres", User: url.User(user), Path: "/" + db}
	u.RawQuery = url.Values{"host": {s.socketDir}, "sslmode": {"disable"}}.Encode()
	return u.String()
}

// makeSocketDir prefers a folder of the cluster and falls back to the
// temporary folder where the path of the socket would be too long.
func (s *Server) makeSocketDir(dir string, owner owner) error {
	run := filepath.Join(dir, "run")
	if len(filepath.Join(run, socketName)) <= maxSocketLen {
		s.socketDir = run
		return owner.mkdir(run)
	}
	temp, err := os.MkdirTemp("", "ringcard-pg-")
	if err != nil {
		return fmt.Errorf("socket directory: %w", err)
	}
	s.socketDir, s.tempDir = temp, temp
	return owner.mkdir(temp)
}

func (s *Server) removeTemp() {
	if s.tempDir == "" {
		return
	}
	if err := os.RemoveAll(s.tempDir); err != nil {
		s.log.Warn("socket directory", "error", err)
	}
}

// run starts the server and the goroutine that waits for its end. That
// goroutine keeps its thread: the parent-death signal is bound to the thread
// that forked (prctl(2), PR_SET_PDEATHSIG).
func (s *Server) run(bin, dataDir string, owner owner, extra map[string]string) error {
	logFile, err := os.OpenFile(s.logFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("server log: %w", err)
	}
	settings := map[string]string{
		"listen_addresses":        "",
		"unix_socket_directories": s.socketDir,
		"unix_socket_permissions": "0700",
		"port":                    "5432",
		"logging_collector":       "off",
		"log_destination":         "stderr",
		"timezone":                "UTC",
		"shared_buffers":          fmt.Sprintf("%dMB", buffers(memory())),
	}
	for k, v := range extra {
		settings[k] = v
	}
	args := []string{"-D", dataDir}
	for _, k := range sortedKeys(settings) {
		args = append(args, "-c", k+"="+settings[k])
	}
	cmd := exec.Command(filepath.Join(bin, "postgres"), args...)
	cmd.Dir = "/"
	cmd.Env = serverEnv()
	cmd.Stdout, cmd.Stderr = logFile, logFile
	cmd.SysProcAttr = owner.processAttr(syscall.SIGINT)

	started := make(chan error, 1)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		_ = logFile.Close() // the child has its own copy
		started <- err
		if err != nil {
			return
		}
		s.ended(cmd.Wait())
	}()
	if err := <-started; err != nil {
		return fmt.Errorf("start PostgreSQL: %w", err)
	}
	s.process = cmd.Process
	return nil
}

// buffers sizes shared_buffers in MiB: an eighth of the memory, for the server
// is not alone on the machine, within the default and what a base of a million
// numbers needs to be found without a read from the disk.
func buffers(memory int) int { return min(max(memory/8, 128), 1024) }

func (s *Server) ended(err error) {
	select {
	case <-s.stopping:
	default:
		s.err = fmt.Errorf("private PostgreSQL ended by itself (%w): %s", orClean(err), lastLines(s.logFile, 5))
		s.log.Error("private PostgreSQL ended by itself", "error", s.err)
	}
	close(s.done)
}

// prepare waits for the server and makes role and database the first time.
func (s *Server) prepare(ctx context.Context) error {
	conn, err := s.connect(ctx)
	if err != nil {
		return err
	}
	defer conn.Close(ctx)
	var haveRole, haveDB bool
	err = conn.QueryRow(ctx, `SELECT EXISTS (SELECT FROM pg_roles WHERE rolname = $1),
		EXISTS (SELECT FROM pg_database WHERE datname = $2)`, role, database).Scan(&haveRole, &haveDB)
	if err != nil {
		return fmt.Errorf("prepare database: %w", err)
	}
	if !haveRole {
		if _, err := conn.Exec(ctx, `CREATE ROLE `+role+` LOGIN`); err != nil {
			return fmt.Errorf("create role: %w", err)
		}
	}
	if !haveDB {
		if _, err := conn.Exec(ctx, `CREATE DATABASE `+database+` OWNER `+role); err != nil {
			return fmt.Errorf("create database: %w", err)
		}
	}
	return nil
}

func (s *Server) connect(ctx context.Context) (*pgx.Conn, error) {
	retry := time.NewTicker(20 * time.Millisecond)
	defer retry.Stop()
	for {
		conn, err := pgx.Connect(ctx, s.AdminURL())
		if err == nil {
			return conn, nil
		}
		select {
		case <-s.done:
			return nil, s.err
		case <-ctx.Done():
			return nil, fmt.Errorf("wait for private PostgreSQL: %w; its log ends: %s", ctx.Err(), lastLines(s.logFile, 5))
		case <-retry.C:
		}
	}
}

func initCluster(ctx context.Context, bin, dataDir string, owner owner, log *slog.Logger) error {
	if _, err := os.Stat(filepath.Join(dataDir, "PG_VERSION")); err == nil {
		return nil
	}
	log.Info("making a PostgreSQL cluster", "dir", dataDir)
	// C.UTF-8: bytewise order, but Unicode letters, which pg_trgm needs to see
	// words in Cyrillic. Lists are ordered by explicit ICU collations.
	// trust: the socket's directory is closed to other users.
	cmd := exec.CommandContext(ctx, filepath.Join(bin, "initdb"), "-D", dataDir, "-U", superuser,
		"--encoding=UTF8", "--locale=C.UTF-8", "--auth=trust", "--no-instructions")
	cmd.Dir = "/"
	cmd.Env = serverEnv()
	cmd.SysProcAttr = owner.processAttr(syscall.SIGTERM)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("initdb: %w: %s", err, strings.TrimSpace(string(out)))
	}
	return nil
}

// serverEnv keeps PG* variables of the caller away from the server.
func serverEnv() []string {
	return slices.DeleteFunc(os.Environ(), func(kv string) bool { return strings.HasPrefix(kv, "PG") })
}
