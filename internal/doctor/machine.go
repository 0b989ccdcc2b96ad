package doctor

import (
	"fmt"
	"net"
	"os"
	"path/filepath"
)

// checkListen tries the configured address. A port already in use may be the
// running server itself.
func checkListen(r *Report, addr string) {
	l, err := net.Listen("tcp", addr)
	if err != nil {
		r.add(Warn, "listen", fmt.Sprintf("%s cannot be taken: %v", addr, err),
			"if it is the running ringcard server, all is well; else set listen to a free address, or stop the other program")
		return
	}
	if err := l.Close(); err != nil {
		r.add(Warn, "listen", fmt.Sprintf("%s: %v", addr, err), "")
		return
	}
	r.add(OK, "listen", addr+" is free", "")
}

// checkDataDir writes and removes a file.
func checkDataDir(r *Report, dir string) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		abs = dir
	}
	parent := abs
	for {
		if _, err := os.Stat(parent); err == nil || parent == filepath.Dir(parent) {
			break
		}
		parent = filepath.Dir(parent)
	}
	f, err := os.CreateTemp(parent, ".ringcard-doctor-*")
	if err != nil {
		r.add(Fail, "data_dir", fmt.Sprintf("%s cannot be written: %v", abs, err),
			fmt.Sprintf("give the user that runs ringcard the right to write to %s, or set data_dir to another folder", abs))
		return
	}
	closeErr := f.Close()
	if err := os.Remove(f.Name()); err != nil || closeErr != nil {
		r.add(Warn, "data_dir", fmt.Sprintf("%s: a test file could not be removed", abs), "")
		return
	}
	if parent != abs {
		r.add(OK, "data_dir", abs+" will be made", "")
		return
	}
	r.add(OK, "data_dir", abs+" can be written", "")
}
