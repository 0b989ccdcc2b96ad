// Package redistest runs a real redis-server for tests.
package redistest

import (
	"bufio"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// startTimeout bounds the start of a server on a busy machine.
const startTimeout = 20 * time.Second

// Server is a redis-server of one test, on a unix socket, keeping nothing on
// disk. Its methods fail the test when they can't do what they say.
type Server struct {
	// URL of the server, the same after a restart.
	URL string

	t      testing.TB
	binary string
	dir    string
	cmd    *exec.Cmd // nil while it is down
}

// Start runs a server until the test ends.
func Start(t testing.TB) *Server {
	t.Helper()
	binary, err := exec.LookPath("redis-server")
	if err != nil {
		t.Fatal("redis-server is missing: install it with «apt-get install redis-server»")
	}
	// t.TempDir is too deep for the 108 bytes of a socket's path.
	dir, err := os.MkdirTemp("", "redistest")
	if err != nil {
		t.Fatal(err)
	}
	s := &Server{t: t, binary: binary, dir: dir, URL: "unix://" + filepath.Join(dir, "redis.sock")}
	t.Cleanup(func() {
		if s.cmd != nil {
			s.Kill()
		}
		os.RemoveAll(dir)
	})
	s.Restart()
	return s
}

// Restart starts a killed server; it has forgotten everything.
func (s *Server) Restart() {
	s.t.Helper()
	cmd := exec.Command(s.binary, "--port", "0", "--unixsocket", filepath.Join(s.dir, "redis.sock"),
		"--save", "", "--appendonly", "no", "--dir", s.dir, "--daemonize", "no", "--logfile", "")
	// The test process may be killed; the server must not outlive it.
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	out, err := cmd.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		s.t.Fatalf("start redis-server: %v", err)
	}
	s.cmd = cmd
	late := time.AfterFunc(startTimeout, func() { _ = cmd.Process.Kill() })
	defer late.Stop()
	var log strings.Builder
	lines := bufio.NewReader(out)
	for {
		line, err := lines.ReadString('\n')
		log.WriteString(line)
		// «Ready to accept connections» since 7.0, «The server is now ready
		// to accept connections at PATH» before, either way with the socket.
		if strings.Contains(strings.ToLower(line), "ready to accept connections") {
			break
		}
		if err != nil {
			s.t.Fatalf("redis-server did not start:\n%s", log.String())
		}
	}
	go func() { _, _ = io.Copy(io.Discard, lines) }() // until Kill's Wait closes the pipe
}

// Kill ends the server at once, as a crash does.
func (s *Server) Kill() {
	s.t.Helper()
	if err := s.cmd.Process.Kill(); err != nil {
		s.t.Fatalf("kill redis-server: %v", err)
	}
	_ = s.cmd.Wait() // reports the signal
	s.cmd = nil
}

// Hang stops the server's process: connections stay, answers don't come.
func (s *Server) Hang() { s.signal(syscall.SIGSTOP) }

// Wake ends a Hang.
func (s *Server) Wake() { s.signal(syscall.SIGCONT) }

func (s *Server) signal(sig syscall.Signal) {
	s.t.Helper()
	if err := s.cmd.Process.Signal(sig); err != nil {
		s.t.Fatalf("signal redis-server: %v", err)
	}
}
