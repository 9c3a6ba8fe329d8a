package program

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/apps/internal/firstadmin"
	"github.com/redbrick-go/redbrick/apps/internal/httpjson"
	"github.com/redbrick-go/redbrick/apps/internal/lifecycle"
	"github.com/redbrick-go/redbrick/apps/internal/settings"
	"github.com/redbrick-go/redbrick/apps/internal/sqldb"
	"github.com/redbrick-go/redbrick/engine"
	"github.com/redbrick-go/redbrick/ratelimit"
	"github.com/redbrick-go/redbrick/session"
)

// Service is an application that runs.
type Service interface {
	// URL is the address of its page.
	URL() string
	// Done is closed when it no longer answers, asked to or not.
	Done() <-chan struct{}
	// Close ends it in order.
	Close(ctx context.Context) error
}

// Spec says in what an application differs from the others.
type Spec struct {
	Name   string // of the program: "fitness"
	Title  string // for people: "Fitness"
	Port   int    // where it listens if it is not told
	Cookie string // name of the session's cookie
	Prefix string // of its keys in Redis, if it is not told; may be ""
	Seed   string // what -seed fills an empty database with
	Usage  string // lines of the help text about settings that it alone has, and the defaults of limits
	Lost   string // what a second signal loses beside requests under way: "" or " and ..."
	// Own reads the settings that it alone has, and may change the others before they are completed. Nil: there are none.
	Own func(r *settings.Reader, c *Config)
	// Start starts the service.
	Start func(ctx context.Context, c Config) (Service, error)
	// Verbs are what it does besides serving, each named by an argument.
	Verbs []Verb
}

// Verb is something that a program does and then ends.
type Verb struct {
	Name  string
	About string // for the help text: "write all copies anew"
	Run   func(ctx context.Context, c Config) error
}

// usage is the help text, with the name, the port, and what is its own.
const usage = `
Settings come from the environment and from the file .env, the environment wins:
  HOST, PORT            what is listened on (127.0.0.1, %[2]d)
  DATA_DIR              files of the service (data/%[1]s)
  DATABASE_URL          sqlite:<path> or postgres://... (a SQLite file in DATA_DIR)
  REDIS_URL and others  which Redis (the embedded engine in DATA_DIR)
  SESSION_SECRET        one or more by commas, the first signs; 32 bytes each in production (made, and kept in DATA_DIR/secret)
  SESSION_NAME and others, SESSION_MAX_AGE (86400000 ms idle), SESSION_SECURE, SESSION_SAME_SITE
%[3]s  TRUSTED_PROXIES       whose X-Forwarded-For and -Proto are believed (none)
  ADMIN_EMAIL, ADMIN_PASSWORD   the first admin (admin@localhost, a random one that is shown once)
  CORS_ORIGINS          other sites whose pages may use the service, by commas (none)
  SHUTDOWN_TIMEOUT      milliseconds for an orderly end (15000)
  LOG_LEVEL             debug, info, warn, error (info)
  NODE_ENV, APP_ENV     production refuses what is only for development

Flags:
`

// errUsage means that the command line cannot be read; the reason was printed.
var errUsage = errors.New("program: bad command line")

// synopsis says what the program can be called with, a line each.
func (s Spec) synopsis(w io.Writer) {
	if len(s.Verbs) == 0 {
		fmt.Fprintf(w, "usage: %s [flags]\n", s.Name)
		return
	}
	calls, width := append([]Verb{{About: "serve"}}, s.Verbs...), 0
	for _, v := range s.Verbs {
		width = max(width, len(v.Name))
	}
	for i, v := range calls {
		fmt.Fprintf(w, "%-6s %s [flags] %-*s    %s\n", []string{"usage:", ""}[min(i, 1)], s.Name, width, v.Name, v.About)
	}
}

// Load reads the command line and the environment. Every fault is in the error.
// rest are the arguments after the flags.
func (s Spec) Load(args []string, stderr io.Writer) (c Config, rest []string, err error) {
	flags := flag.NewFlagSet(s.Name, flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		s.synopsis(stderr)
		fmt.Fprintf(stderr, usage, s.Name, s.Port, s.Usage)
		flags.PrintDefaults()
	}
	flags.BoolVar(&c.Seed, "seed", true, "fill an empty database with "+s.Seed)
	if err := flags.Parse(args); err != nil {
		return c, nil, errors.Join(errUsage, err)
	}
	var r settings.Reader
	c.Host = r.Text("HOST", loopback)
	c.Port = r.Int("PORT", s.Port, 0, 65535)
	c.DataDir = r.Text("DATA_DIR", "")
	c.DatabaseURL = r.Text("DATABASE_URL", "")
	c.Origins = r.List("CORS_ORIGINS")
	if _, err := httpjson.NewOrigins(c.Origins); err != nil {
		r.Add(fmt.Errorf("%w: CORS_ORIGINS: %w", settings.ErrInvalid, err))
	}
	c.ShutdownTimeout = r.Milliseconds("SHUTDOWN_TIMEOUT", defaultShutdown, time.Millisecond, time.Hour)
	c.Linger = min(defaultLinger, c.ShutdownTimeout/4)
	c.Production = r.Production()
	r.NoPlaceholder("REDIS_PASSWORD", "DATABASE_URL", "ADMIN_PASSWORD")
	c.Secrets = r.List("SESSION_SECRET")
	c.Admin = firstadmin.Admin{Email: r.Text("ADMIN_EMAIL", defaultAdmin), Password: r.Text("ADMIN_PASSWORD", "")}
	var level slog.Level
	if err := level.UnmarshalText([]byte(r.OneOf("LOG_LEVEL", "info", "debug", "info", "warn", "error"))); err != nil {
		r.Add(err)
	}
	c.Logger = slog.New(slog.NewTextHandler(stderr, &slog.HandlerOptions{Level: level}))
	c.Redis, err = redbrick.OptionsFromEnv()
	r.Add(err)
	c.Session, err = session.OptionsFromEnv()
	r.Add(err)
	c.TrustedProxies = c.Session.TrustedProxies
	c.RateLimit, err = ratelimit.OptionsFromEnv()
	r.Add(err)
	if s.Own != nil {
		s.Own(&r, &c)
	}
	c, err = s.Complete(c)
	r.Add(err)
	return c, flags.Args(), r.Err()
}

// Exit codes besides 0, an orderly end.
const (
	ExitFailed = 1 // something outside: the database, the port
	ExitConfig = 2 // settings or command line
)

// Run runs the program and returns its exit code: 0 after an orderly end, 2
// for bad settings, 1 for everything else. exit, os.Exit in the program, is called at a
// second signal, which waits for nothing.
func (s Spec) Run(ctx context.Context, args []string, stdout, stderr io.Writer, exit func(code int)) int {
	if err := settings.ApplyFile(".env"); err != nil {
		return s.failed(stderr, err)
	}
	c, rest, err := s.Load(args, stderr)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errUsage):
		return ExitConfig
	case err != nil:
		return s.failed(stderr, err)
	}
	do, err := s.verb(rest)
	if err != nil {
		return s.failed(stderr, err)
	}
	c.Console = stdout
	ctx, stop := lifecycle.Signals(ctx, func(signal os.Signal) {
		fmt.Fprintf(stderr, "%s: ended at once by a second signal (%v): requests under way%s are lost\n", s.Name, signal, s.Lost)
		exit(ExitFailed)
	})
	defer stop()
	if c.Embedded() {
		engine.RaiseProcs()
	}
	if err := do(ctx, c); err != nil {
		return s.failed(stderr, err)
	}
	return 0
}

// verb is what the arguments ask for; none ask to serve.
func (s Spec) verb(args []string) (func(ctx context.Context, c Config) error, error) {
	if len(args) == 0 {
		return s.serve, nil
	}
	expected := "none"
	for _, v := range s.Verbs {
		if len(args) == 1 && args[0] == v.Name {
			return v.Run, nil
		}
		expected += " or " + v.Name
	}
	return nil, fmt.Errorf("%w: argument %q, expected %s", settings.ErrInvalid, strings.Join(args, " "), expected)
}

// serve runs the service until ctx ends.
func (s Spec) serve(ctx context.Context, c Config) error {
	running, err := s.Start(ctx, c)
	switch {
	case err != nil && ctx.Err() != nil:
		return nil //nolint:nilerr // asked to end before it had begun, which is no failure
	case err != nil:
		return err
	}
	fmt.Fprintln(c.Console, s.Title, "is at", running.URL())
	select {
	case <-ctx.Done():
		c.Logger.InfoContext(ctx, "shutting down", "within", c.ShutdownTimeout)
	case <-running.Done():
	}
	if err := running.Close(context.WithoutCancel(ctx)); err != nil {
		return fmt.Errorf("shutting down: %w", err)
	}
	c.Logger.InfoContext(ctx, "shut down in order")
	return nil
}

// failed prints what is wrong, one line for each fault.
func (s Spec) failed(stderr io.Writer, err error) int {
	fmt.Fprintln(stderr, s.Name+":", err)
	if errors.Is(err, settings.ErrInvalid) || errors.Is(err, settings.ErrFile) || errors.Is(err, redbrick.ErrConfig) || errors.Is(err, sqldb.ErrURL) {
		return ExitConfig
	}
	return ExitFailed
}
