// Command mailtrail is a streaming mail-tracking and retention pipeline.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"mailtrail/cmd/mailtrail/config"
)

// The exit statuses. Scripts rely on them, and nothing but main uses them.
const (
	exitDone   = 0
	exitFailed = 1 // it failed, or a check found something
	exitWrong  = 2 // wrong usage or configuration
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	// After the first signal the next one ends the process at once, for whoever has lost patience with a clean end.
	context.AfterFunc(ctx, stop)
	os.Exit(run(ctx, os.Args[1:], surroundings{stdin: os.Stdin, stdout: os.Stdout, stderr: os.Stderr, environ: os.Environ()}))
}

// surroundings are what a process is given besides its arguments.
type surroundings struct {
	stdin          io.Reader
	stdout, stderr io.Writer
	environ        []string
}

// run runs one command line and returns the exit status.
func run(ctx context.Context, args []string, around surroundings) int {
	app := newApp(around)
	root := newRootCommand(app)
	root.SetArgs(args)
	command, err := root.ExecuteContextC(ctx)
	if err == nil {
		return exitDone
	}
	// Nothing that cobra itself finds wrong reaches a command's own code, so all of it is wrong usage.
	var usage *usageError
	if !app.started && !errors.As(err, &usage) {
		err = &usageError{err}
	}
	explain(around.stderr, command.CommandPath(), err)
	return exitStatus(err)
}

// explain prints an error: mistakes in the configuration as they are, one a line with its place in front, so that editors
// can jump there; everything else behind the command's name.
func explain(w io.Writer, command string, err error) {
	var usage *usageError
	var mistakes config.Mistakes
	switch {
	case errors.As(err, &mistakes):
		fmt.Fprintln(w, mistakes)
	case errors.As(err, &usage):
		fmt.Fprintf(w, "%s: %v\nSee `%s --help`.\n", command, err, command)
	default:
		fmt.Fprintf(w, "%s: %v\n", command, err)
	}
}

// exitStatus maps an error to the status that scripts see.
func exitStatus(err error) int {
	var usage *usageError
	var mistakes config.Mistakes
	if errors.As(err, &usage) || errors.As(err, &mistakes) {
		return exitWrong
	}
	return exitFailed
}
