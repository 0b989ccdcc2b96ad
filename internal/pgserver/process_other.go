//go:build !linux

package pgserver

import (
	"errors"
	"fmt"
	"os"
	"syscall"
)

// owner is the account the server runs under: the caller's.
type owner struct{}

func serverOwner() (owner, error) {
	if os.Geteuid() == 0 {
		return owner{}, errors.New("PostgreSQL does not run as root: run ringcard as another user or set database.url")
	}
	return owner{}, nil
}

func (owner) mkdir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("database directory: %w", err)
	}
	return nil
}

func (owner) reaches(string) error { return nil }

func (owner) processAttr(syscall.Signal) *syscall.SysProcAttr { return &syscall.SysProcAttr{} }

// serverRuns is not known here: PostgreSQL checks the lock file itself.
func serverRuns(int, string) bool { return false }
