package pbx

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// process is one running Asterisk.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when the process has ended
	err  error         // set before done is closed
}

// startProcess runs a command as root; console receives what it prints.
func startProcess(command []string, console *os.File) (*process, error) {
	cmd := privileged(context.Background(), command[0], command[1:]...)
	cmd.Stdout, cmd.Stderr = console, console
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	p := &process{cmd: cmd, done: make(chan struct{})}
	started := make(chan error)
	go func() {
		// Pdeathsig is sent when the starting thread ends (golang/go#27505), so
		// this goroutine keeps its thread for as long as the process lives.
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err != nil {
			return
		}
		p.err = cmd.Wait()
		close(p.done)
	}()
	if err := <-started; err != nil {
		return nil, fmt.Errorf("start asterisk: %w", err)
	}
	return p, nil
}

// stop ends the process with SIGTERM and, if that does not help in time, with
// SIGKILL. It returns when the process has ended.
func (p *process) stop(patience time.Duration) error {
	if err := p.signal(syscall.SIGTERM); err != nil {
		return err
	}
	select {
	case <-p.done:
		return nil
	case <-time.After(patience):
	}
	return p.kill()
}

func (p *process) kill() error {
	if err := p.signal(syscall.SIGKILL); err != nil {
		return err
	}
	<-p.done
	return nil
}

func (p *process) signal(sig syscall.Signal) error {
	select {
	case <-p.done:
		return nil
	default:
	}
	err := p.cmd.Process.Signal(sig)
	if err == nil || errors.Is(err, os.ErrProcessDone) {
		return nil
	}
	if !errors.Is(err, os.ErrPermission) {
		return fmt.Errorf("signal asterisk: %w", err)
	}
	// Started through sudo: the process belongs to root.
	kill := privileged(context.Background(), "kill", "-"+strconv.Itoa(int(sig)), strconv.Itoa(p.cmd.Process.Pid))
	if out, err := kill.CombinedOutput(); err != nil {
		return fmt.Errorf("signal asterisk: %w: %s", err, strings.TrimSpace(string(out)))
	}
	return nil
}

// privileged is exec.CommandContext for what only root may do: through sudo,
// without a password, when the caller is somebody else.
func privileged(ctx context.Context, name string, args ...string) *exec.Cmd {
	if os.Geteuid() != 0 {
		args = append([]string{"-n", name}, args...)
		name = "sudo"
	} else if _, err := exec.LookPath(name); err != nil {
		name = filepath.Join("/usr/sbin", name)
	}
	return exec.CommandContext(ctx, name, args...)
}
