package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"time"
)

const (
	startTimeout = time.Minute
	stopTimeout  = 20 * time.Second
)

// child is this program run once more in another role, so that what is
// measured shares no memory and no garbage collector with who measures.
type child struct {
	name  string
	url   string // where it listens
	stdin io.Closer
	done  chan struct{} // closed when it has ended
	err   error         // set before done is closed
}

// roles are what a child can be. Each serves until the context ends and calls
// ready once, with its address.
var roles = map[string]func(ctx context.Context, args []string, ready func(url string)) error{
	"server": serve,
	"relay":  relay,
	"people": people,
}

// startChild returns when the child is ready. The caller must stop it; it also
// ends when this process does, because its standard input ends.
func startChild(role string, args ...string) (*child, error) {
	program, err := os.Executable()
	if err != nil {
		return nil, err
	}
	cmd := exec.Command(program, append([]string{role}, args...)...)
	cmd.Stderr = os.Stderr
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("%s: %w", role, err)
	}
	c := &child{name: role, stdin: stdin, done: make(chan struct{})}
	line := make(chan string, 1)
	go func() {
		text, _ := bufio.NewReader(stdout).ReadString('\n') // empty: it ended without being ready
		line <- strings.TrimSpace(text)
		c.err = cmd.Wait()
		close(c.done)
	}()
	timer := time.NewTimer(startTimeout)
	defer timer.Stop()
	select {
	case c.url = <-line:
	case <-timer.C:
	}
	if c.url == "" {
		return nil, errors.Join(fmt.Errorf("%s did not start", role), c.stop())
	}
	return c, nil
}

// stop ends the child and waits for it.
func (c *child) stop() error {
	if err := c.stdin.Close(); err != nil && !errors.Is(err, os.ErrClosed) {
		return fmt.Errorf("%s: %w", c.name, err)
	}
	select {
	case <-c.done:
		if c.err != nil {
			return fmt.Errorf("%s: %w", c.name, c.err)
		}
		return nil
	case <-time.After(stopTimeout):
		return fmt.Errorf("%s does not stop", c.name)
	}
}

// runChild is a child's main: it ends with its standard input. An interrupt
// of the terminal reaches the parent too, which stops its children in order.
func runChild(role string, args []string) error {
	signal.Ignore(os.Interrupt)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	go func() {
		_, _ = io.Copy(io.Discard, os.Stdin) // until the parent closes it or ends
		cancel()
	}()
	return roles[role](ctx, args, func(url string) { fmt.Println(url) })
}
