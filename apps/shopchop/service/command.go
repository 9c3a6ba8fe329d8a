package service

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/apps/internal/lifecycle"
	"github.com/redbrick-go/redbrick/apps/internal/settings"
	"github.com/redbrick-go/redbrick/apps/internal/sqldb"
	"github.com/redbrick-go/redbrick/engine"
)

// Exit codes.
const (
	exitFailed = 1 // something outside: the database, the port, Redis for rebuild
	exitConfig = 2 // settings or command line
)

// Command runs the program and returns its exit code: 0 after an orderly end, 2
// for bad settings, 1 for everything else. exit, os.Exit in the program, is called at a
// second signal, which waits for nothing.
func Command(ctx context.Context, args []string, stdout, stderr io.Writer, exit func(code int)) int {
	if err := settings.ApplyFile(".env"); err != nil {
		return failed(stderr, err)
	}
	c, rest, err := Load(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errUsage):
		return exitConfig
	case err != nil:
		return failed(stderr, err)
	}
	ctx, stop := lifecycle.Signals(ctx, func(s os.Signal) {
		fmt.Fprintf(stderr, "shopchop: ended at once by a second signal (%v): requests under way and the views of the last second are lost\n", s)
		exit(exitFailed)
	})
	defer stop()
	switch {
	case len(rest) == 0:
		err = serve(ctx, c, stdout)
	case len(rest) == 1 && rest[0] == "rebuild":
		err = Rebuild(ctx, c)
	default:
		err = fmt.Errorf("%w: argument %q, expected none or rebuild", settings.ErrInvalid, rest)
	}
	if err != nil {
		return failed(stderr, err)
	}
	return 0
}

// serve runs the service until ctx ends.
func serve(ctx context.Context, c Config, stdout io.Writer) error {
	c.Console = stdout
	if c.embedded() {
		engine.RaiseProcs()
	}
	m, err := Start(ctx, c)
	switch {
	case err != nil && ctx.Err() != nil:
		return nil //nolint:nilerr // asked to end before it had begun, which is no failure
	case err != nil:
		return err
	}
	fmt.Fprintln(stdout, "Shop & Chop is at", m.URL())
	select {
	case <-ctx.Done():
		m.log.InfoContext(ctx, "shutting down", "within", c.ShutdownTimeout)
	case <-m.Done():
	}
	if err := m.Close(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("shutting down: %w", err)
	}
	m.log.InfoContext(ctx, "shut down in order")
	return nil
}

// failed prints what is wrong, one line for each fault.
func failed(stderr io.Writer, err error) int {
	fmt.Fprintln(stderr, "shopchop:", err)
	if errors.Is(err, settings.ErrInvalid) || errors.Is(err, settings.ErrFile) || errors.Is(err, redbrick.ErrConfig) || errors.Is(err, sqldb.ErrURL) {
		return exitConfig
	}
	return exitFailed
}
