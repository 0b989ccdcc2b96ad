package pgserver

import (
	"errors"
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

// owner is the account the server runs under.
type owner struct {
	name     string
	uid, gid int
	switched bool // not our own account
}

// serverOwner is the caller, or the user "postgres" when the caller is root.
func serverOwner() (owner, error) {
	if os.Geteuid() != 0 {
		return owner{uid: os.Geteuid(), gid: os.Getegid()}, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return owner{}, fmt.Errorf("PostgreSQL does not run as root and there is no user \"postgres\": apt-get install postgresql, or run ringcard as another user: %w", err)
	}
	uid, err := strconv.Atoi(u.Uid)
	if err != nil {
		return owner{}, fmt.Errorf("user postgres: %w", err)
	}
	gid, err := strconv.Atoi(u.Gid)
	if err != nil {
		return owner{}, fmt.Errorf("user postgres: %w", err)
	}
	return owner{name: u.Username, uid: uid, gid: gid, switched: true}, nil
}

// mkdir makes a folder of the account, closed to others.
func (o owner) mkdir(dir string) error {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("database directory: %w", err)
	}
	if !o.switched {
		return nil
	}
	if err := os.Chown(dir, o.uid, o.gid); err != nil {
		return fmt.Errorf("database directory: %w", err)
	}
	return nil
}

// reaches tells, naming the folder at fault, why the account cannot get to
// dir: a home closed to others is the usual case.
func (o owner) reaches(dir string) error {
	if !o.switched {
		return nil
	}
	for at := dir; ; at = filepath.Dir(at) {
		info, err := os.Stat(at)
		if err != nil {
			return fmt.Errorf("database directory: %w", err)
		}
		bit := os.FileMode(0o001)
		if stat, ok := info.Sys().(*syscall.Stat_t); ok {
			switch {
			case int(stat.Uid) == o.uid:
				bit = 0o100
			case int(stat.Gid) == o.gid:
				bit = 0o010
			}
		}
		if info.Mode().Perm()&bit == 0 {
			return fmt.Errorf("user %s, under whom PostgreSQL runs, cannot reach %s because %s is closed (mode %04o): choose another data_dir, as /var/lib/ringcard",
				o.name, dir, at, info.Mode().Perm())
		}
		if at == filepath.Dir(at) {
			return nil
		}
	}
}

// processAttr puts the child in a process group of its own, so that Ctrl+C in
// a terminal reaches us and not it, and ends it when we die.
func (o owner) processAttr(onDeath syscall.Signal) *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Setpgid: true, Pdeathsig: onDeath}
	if o.switched {
		attr.Credential = &syscall.Credential{Uid: uint32(o.uid), Gid: uint32(o.gid)}
	}
	return attr
}

// serverRuns tells whether the process is a PostgreSQL on this very cluster:
// the postmaster works in its data directory.
func serverRuns(pid int, dataDir string) bool {
	if pid <= 0 {
		return false
	}
	if err := syscall.Kill(pid, 0); errors.Is(err, syscall.ESRCH) {
		return false
	}
	proc := filepath.Join("/proc", strconv.Itoa(pid))
	exe, err := os.Readlink(filepath.Join(proc, "exe"))
	if err != nil {
		return false // another account's process, or just gone
	}
	if filepath.Base(exe) != "postgres" {
		return false
	}
	cwd, err := os.Readlink(filepath.Join(proc, "cwd"))
	if err != nil {
		return false
	}
	dir, err := filepath.EvalSymlinks(dataDir)
	return err == nil && cwd == dir
}
