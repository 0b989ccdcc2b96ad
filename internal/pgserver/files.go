package pgserver

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"
)

// minVersion is the first with NULLS NOT DISTINCT, which the phone index uses.
const minVersion = 15

// ErrNotInstalled says that the machine has no PostgreSQL that would do.
var ErrNotInstalled = errors.New("PostgreSQL is not installed")

// findBinaries returns the folder of initdb and postgres. A cluster that
// exists needs the very version that made it.
func findBinaries(given, dataDir string) (string, error) {
	if given != "" {
		if !hasBinaries(given) {
			return "", fmt.Errorf("%w in %s", ErrNotInstalled, given)
		}
		return given, nil
	}
	want, err := clusterVersion(dataDir)
	if err != nil {
		return "", err
	}
	best, bestDir := 0, ""
	for _, pattern := range []string{"/usr/lib/postgresql/*/bin", "/usr/pgsql-*/bin"} {
		dirs, err := filepath.Glob(pattern)
		if err != nil {
			return "", fmt.Errorf("find PostgreSQL: %w", err)
		}
		for _, dir := range dirs {
			name := filepath.Base(filepath.Dir(dir))
			version, err := strconv.Atoi(strings.TrimPrefix(name, "pgsql-"))
			if err != nil || version < minVersion || !hasBinaries(dir) {
				continue
			}
			if version == want {
				return dir, nil
			}
			if version > best {
				best, bestDir = version, dir
			}
		}
	}
	if want != 0 {
		return "", fmt.Errorf("%s was made by PostgreSQL %d, which is not installed: apt-get install postgresql-%d", dataDir, want, want)
	}
	if bestDir != "" {
		return bestDir, nil
	}
	if path, err := exec.LookPath("postgres"); err == nil && hasBinaries(filepath.Dir(path)) {
		return filepath.Dir(path), nil
	}
	return "", fmt.Errorf("%w (version %d or later): apt-get install postgresql, or set database.url", ErrNotInstalled, minVersion)
}

func hasBinaries(dir string) bool {
	for _, name := range []string{"postgres", "initdb"} {
		if info, err := os.Stat(filepath.Join(dir, name)); err != nil || info.IsDir() {
			return false
		}
	}
	return true
}

// clusterVersion is 0 where there is no cluster yet.
func clusterVersion(dataDir string) (int, error) {
	text, err := os.ReadFile(filepath.Join(dataDir, "PG_VERSION"))
	if errors.Is(err, fs.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("database cluster: %w", err)
	}
	version, err := strconv.Atoi(strings.TrimSpace(string(text)))
	if err != nil {
		return 0, fmt.Errorf("database cluster %s: bad PG_VERSION: %w", dataDir, err)
	}
	return version, nil
}

// clearStalePID removes a lock file whose server is gone. The server itself
// only looks whether the process id is alive, which is not enough when the
// id was given to another process of the same user after a reboot.
func clearStalePID(ctx context.Context, dataDir string) error {
	file := filepath.Join(dataDir, "postmaster.pid")
	ctx, cancel := context.WithTimeout(ctx, 5*time.Second)
	defer cancel()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		text, err := os.ReadFile(file)
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("database lock file: %w", err)
		}
		first, _, _ := strings.Cut(string(text), "\n")
		pid, err := strconv.Atoi(strings.TrimSpace(first))
		if err != nil || !serverRuns(pid, dataDir) {
			if err := os.Remove(file); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return fmt.Errorf("database lock file: %w", err)
			}
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("another PostgreSQL (pid %d) uses %s: stop the other ringcard first", pid, dataDir)
		case <-again.C:
		}
	}
}

// lastLines is for messages; a log that cannot be read gives an empty text.
func lastLines(file string, n int) string {
	text, err := os.ReadFile(file)
	if err != nil {
		return ""
	}
	lines := strings.Split(strings.TrimSpace(string(text)), "\n")
	if len(lines) > n {
		lines = lines[len(lines)-n:]
	}
	return strings.Join(lines, " | ")
}

func orClean(err error) error {
	if err == nil {
		return errors.New("exit status 0")
	}
	return err
}

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
