package pgserver

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// reachableDir is like t.TempDir, but open to the account of the server.
func reachableDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "pgserver-test-")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(dir) })
	if err := os.Chmod(dir, 0o711); err != nil {
		t.Fatal(err)
	}
	return dir
}

func start(t *testing.T, dir string) *Server {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	s, err := Start(ctx, Options{Dir: dir, Settings: map[string]string{"fsync": "off"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { stop(t, s) })
	return s
}

func stop(t *testing.T, s *Server) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	if err := s.Stop(ctx); err != nil {
		t.Errorf("stop: %v", err)
	}
}

func exec1(t *testing.T, s *Server, sql string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
	defer cancel()
	conn, err := pgx.Connect(ctx, s.URL())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	var out string
	if err := conn.QueryRow(ctx, sql).Scan(&out); err != nil && !errors.Is(err, pgx.ErrNoRows) {
		t.Fatal(err)
	}
	return out
}

func TestServerKeepsDataOverRestart(t *testing.T) {
	t.Parallel()
	dir := reachableDir(t)
	first := start(t, dir)
	exec1(t, first, `CREATE TABLE kept AS SELECT 'yes' AS answer`)
	if got := exec1(t, first, `SELECT rolsuper::text FROM pg_roles WHERE rolname = current_user`); got != "false" {
		t.Errorf("the application's role is a superuser")
	}
	stop(t, first)
	stop(t, first) // idempotent
	if _, err := os.Stat(filepath.Join(dir, "data", "postmaster.pid")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("lock file left after stop: %v", err)
	}
	second := start(t, dir)
	if got := exec1(t, second, `SELECT answer FROM kept`); got != "yes" {
		t.Errorf("answer = %q", got)
	}
}

func TestStartRemovesLockOfAnotherProcess(t *testing.T) {
	t.Parallel()
	dir := reachableDir(t)
	stop(t, start(t, dir))
	lock := filepath.Join(dir, "data", "postmaster.pid")
	// Our own process stands for one that got the id after a reboot.
	if err := os.WriteFile(lock, []byte(strconv.Itoa(os.Getpid())+"\n/x\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	start(t, dir)
}

func TestStartRefusesClusterInUse(t *testing.T) {
	t.Parallel()
	dir := reachableDir(t)
	start(t, dir)
	_, err := Start(context.Background(), Options{Dir: dir})
	if err == nil || !strings.Contains(err.Error(), "another PostgreSQL") {
		t.Fatalf("err = %v", err)
	}
}

func TestDeathOfServerIsReported(t *testing.T) {
	t.Parallel()
	s := start(t, reachableDir(t))
	if err := s.process.Signal(syscall.SIGQUIT); err != nil {
		t.Fatal(err)
	}
	select {
	case <-s.Done():
	case <-time.After(10 * time.Second):
		t.Fatal("Done is not closed")
	}
	if s.Err() == nil {
		t.Error("Err is nil")
	}
}

func TestLongPathPutsSocketElsewhere(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(reachableDir(t), strings.Repeat("long", 25))
	s := start(t, dir)
	if strings.HasPrefix(s.socketDir, dir) {
		t.Fatalf("socket in %s", s.socketDir)
	}
	stop(t, s)
	if _, err := os.Stat(s.socketDir); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("socket directory left: %v", err)
	}
}

func TestClearErrors(t *testing.T) {
	t.Parallel()
	t.Run("no binaries", func(t *testing.T) {
		_, err := Start(context.Background(), Options{Dir: reachableDir(t), BinDir: t.TempDir()})
		if !errors.Is(err, ErrNotInstalled) {
			t.Fatalf("err = %v", err)
		}
	})
	t.Run("version that is not installed", func(t *testing.T) {
		dir := reachableDir(t)
		if err := os.MkdirAll(filepath.Join(dir, "data"), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, "data", "PG_VERSION"), []byte("9\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		_, err := Start(context.Background(), Options{Dir: dir})
		if err == nil || !strings.Contains(err.Error(), "apt-get install postgresql-9") {
			t.Fatalf("err = %v", err)
		}
	})
	t.Run("closed parent as root", func(t *testing.T) {
		if os.Geteuid() != 0 {
			return // only root changes the account
		}
		dir := reachableDir(t)
		if err := os.Chmod(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		_, err := Start(context.Background(), Options{Dir: filepath.Join(dir, "pg")})
		if err == nil || !strings.Contains(err.Error(), "cannot reach") {
			t.Fatalf("err = %v", err)
		}
	})
}

func TestBuffersFitTheMachine(t *testing.T) {
	t.Parallel()
	for memory, want := range map[int]int{0: 128, 512: 128, 4096: 512, 24576: 1024} {
		if got := buffers(memory); got != want {
			t.Errorf("%d MiB of memory: %d MiB of buffers, want %d", memory, got, want)
		}
	}
	if memory() < 64 {
		t.Errorf("the machine has %d MiB", memory())
	}
}
