// Command ringcard connects an office PBX with the people who use the CRM.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// Exit statuses of the public contract.
const (
	exitDone   = 0
	exitFailed = 1
	exitUsage  = 2
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr, os.Environ()))
}

// usageError is a wrong use of the command line.
type usageError struct{ error }

func (e usageError) Unwrap() error { return e.error }

// silentError fails a command that has said everything already.
type silentError struct{}

func (silentError) Error() string { return "failed" }

// run executes one command and returns the exit status. The first SIGINT or
// SIGTERM asks it to stop, a second one ends the process at once.
func run(args []string, stdin io.Reader, stdout, stderr io.Writer, environ []string) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	defer context.AfterFunc(ctx, stop)() // after the first signal the default action is back

	return execute(ctx, args, stdin, stdout, stderr, environ)
}

// execute is run without signals.
func execute(ctx context.Context, args []string, stdin io.Reader, stdout, stderr io.Writer, environ []string) int {
	root := newRoot(environ)
	root.SetArgs(args)
	root.SetIn(stdin)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	var usage usageError
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &silentError{}):
		return exitFailed
	case errors.As(err, &usage):
		fmt.Fprintf(stderr, "ringcard: %s; see ringcard help\n", oneLine(usage.error))
		return exitUsage
	}
	fmt.Fprintf(stderr, "ringcard: %s\n", oneLine(err))
	return exitFailed
}

// oneLine keeps the promise of one line on stderr.
func oneLine(err error) string {
	return strings.Join(strings.Fields(err.Error()), " ")
}
