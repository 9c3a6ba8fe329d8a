package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"syscall"

	"github.com/redbrick-go/redbrick/internal/childproc"
	"github.com/redbrick-go/redbrick/internal/testreport"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// Exit codes besides the command's own.
const (
	exitMissing = 1
	exitUsage   = 2
	exitNoStart = 127
)

// run does what main does and returns the exit code.
func run(args []string, stdout, stderr io.Writer) int {
	if len(args) > 0 && args[0] == "--" {
		args = args[1:]
	}
	if len(args) == 0 {
		fmt.Fprintln(stderr, "usage: testenv -- command [argument...]")
		return exitUsage
	}
	// Caught from the start on: a signal during the start must stop what has started.
	signals := make(chan os.Signal, 4)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer signal.Stop(signals)

	dir, err := os.MkdirTemp("", "redbrick-testenv-")
	if err != nil {
		fmt.Fprintln(stderr, "testenv:", err)
		return exitNoStart
	}
	defer os.RemoveAll(dir)
	env := &environment{get: os.Getenv}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	started := make(chan struct{})
	go func() {
		defer close(started)
		env.start(ctx)
	}()
	defer func() {
		if err := env.stop(); err != nil {
			fmt.Fprintln(stderr, "testenv: stop:", err)
		}
	}()
	select {
	case <-started:
	case s := <-signals:
		cancel()
		<-started
		fmt.Fprintln(stderr, "testenv: ended by", s)
		return exitSignal(s)
	}

	path := os.Getenv(testreport.FileEnv)
	if path == "" {
		path = filepath.Join(dir, "report")
		env.vars = append(env.vars, testreport.FileEnv+"="+path)
	}
	code := command(args, append(os.Environ(), env.vars...), signals, stderr)
	report, err := testreport.Read(path)
	if err != nil {
		fmt.Fprintln(stderr, "testenv:", err)
	}
	missing := summarise(stdout, env.backends, report, testreport.Requirements())
	if code == 0 && (missing || err != nil) {
		code = exitMissing
	}
	return code
}

// command runs the command to its end, passing signals on to it and all its children.
func command(args, environ []string, signals <-chan os.Signal, stderr io.Writer) int {
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Env = environ
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	proc, err := childproc.Launch(cmd, syscall.SIGTERM)
	if err != nil {
		fmt.Fprintln(stderr, "testenv:", err)
		return exitNoStart
	}
	for {
		select {
		case s := <-signals:
			if err := proc.SignalGroup(s); err != nil {
				fmt.Fprintln(stderr, "testenv:", err)
			}
		case <-proc.Done():
			err := proc.Wait()
			if err == nil {
				return 0
			}
			if exit := (*exec.ExitError)(nil); errors.As(err, &exit) {
				if status, ok := exit.Sys().(syscall.WaitStatus); ok && status.Signaled() {
					return exitSignal(status.Signal())
				}
				return exit.ExitCode()
			}
			fmt.Fprintln(stderr, "testenv:", err)
			return exitNoStart
		}
	}
}

// exitSignal is the exit code a shell gives to a process ended by a signal.
func exitSignal(s os.Signal) int {
	if n, ok := s.(syscall.Signal); ok {
		return 128 + int(n)
	}
	return exitMissing
}
