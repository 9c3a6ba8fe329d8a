package service

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"strconv"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/apps/internal/httpjson"
	"github.com/redbrick-go/redbrick/apps/internal/password"
	"github.com/redbrick-go/redbrick/apps/internal/settings"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/account"
	"github.com/redbrick-go/redbrick/ratelimit"
	"github.com/redbrick-go/redbrick/session"
)

// Config is what the service is told. The zero value of a field is its default.
type Config struct {
	// Host and Port are listened on. "" is loopback, port 0 any free port.
	Host string
	Port int
	// DataDir holds what the service keeps on disk. "" is data/shopchop.
	DataDir string
	// DatabaseURL is sqlite:<path> or postgres://...; "" is a SQLite file in DataDir.
	DatabaseURL string
	// Redis says which Redis. Without a server named it is the embedded engine in DataDir.
	Redis redbrick.Options
	// Seed fills an empty database with recipes and people.
	Seed bool
	// Production is set by NODE_ENV or APP_ENV.
	Production bool
	// Secrets is SESSION_SECRET: the first signs. None: one is made and kept in DataDir,
	// and production is refused.
	Secrets []string
	// Session says how sessions are kept. Secrets, Production, TrustedProxies and Unavailable are the service's to fill in.
	Session session.Options
	// TrustedProxies are those whose X-Forwarded-For and X-Forwarded-Proto are believed.
	TrustedProxies []string
	// RateLimit bounds what a client may ask below /api/. Without policies it is 100 requests
	// per hour, counted in rate_limit:<client ip>.
	RateLimit ratelimit.Options
	// AuthPerHour is how often a client may try to log in, register, or have a password
	// reset. 0 is 60.
	AuthPerHour int64
	// Passwords says how they are hashed.
	Passwords password.Options
	// Admin is made if the database has none. Without an address none is made.
	Admin account.Admin
	// Console is where the random password of a first admin is shown. Nil is nowhere.
	Console io.Writer
	// PublicURL is where people reach the page, for links in mails. "" is what is listened on.
	PublicURL string
	// MailFrom is the sender of mails. "" is a made up one at localhost.
	MailFrom string
	// Origins are other sites whose pages may use the service.
	Origins []string
	// ShutdownTimeout bounds the orderly end. 0 is 15 s.
	ShutdownTimeout time.Duration
	// Linger is how long a service that ends still takes requests and asks clients to
	// leave. 0 is not at all; [Load] gives a quarter of a second.
	Linger time.Duration
	// Logger is nil for silence. [Load] gives one that writes text.
	Logger *slog.Logger
}

const (
	defaultPort     = 8080
	defaultShutdown = 15 * time.Second
	defaultLinger   = 250 * time.Millisecond
	loopback        = "127.0.0.1"

	cookieName      = "shop-chop-session"
	defaultMailFrom = "Shop & Chop <no-reply@localhost>"
	defaultAdmin    = "admin@localhost"
	defaultAuth     = 60
	defaultRequests = 100
	defaultWindow   = time.Hour
)

// usage is the head of the help text.
const usage = `usage: shopchop [flags]            serve
       shopchop [flags] rebuild    write all copies in Redis anew from the database

Settings come from the environment and from the file .env, the environment wins:
  HOST, PORT            what is listened on (127.0.0.1, 8080)
  DATA_DIR              files of the service (data/shopchop)
  DATABASE_URL          sqlite:<path> or postgres://... (a SQLite file in DATA_DIR)
  REDIS_URL and others  which Redis (the embedded engine in DATA_DIR)
  SESSION_SECRET        one or more by commas, the first signs; 32 bytes each in production (made, and kept in DATA_DIR/secret)
  SESSION_NAME and others, SESSION_MAX_AGE (86400000 ms idle), SESSION_SECURE, SESSION_SAME_SITE
  RATE_LIMIT_MAX_REQUESTS, RATE_LIMIT_WINDOW_MS, RATE_LIMIT_ENABLED   below /api/ (100 in 3600000 ms for a client)
  TRUSTED_PROXIES       whose X-Forwarded-For and -Proto are believed (none)
  ADMIN_EMAIL, ADMIN_PASSWORD   the first admin (admin@localhost, a random one that is shown once)
  PUBLIC_URL            where people reach the page, for links in mails
  MAIL_FROM             the sender of mails, which are files in DATA_DIR/mail
  CORS_ORIGINS          other sites whose pages may use the service, by commas (none)
  SHUTDOWN_TIMEOUT      milliseconds for an orderly end (15000)
  LOG_LEVEL             debug, info, warn, error (info)
  NODE_ENV, APP_ENV     production refuses what is only for development

Flags:
`

// errUsage means that the command line cannot be read; the reason was printed.
var errUsage = errors.New("service: bad command line")

// Load reads the command line and the environment. Every fault is in the error.
// rest are the arguments after the flags.
func Load(args []string, stderr io.Writer) (c Config, rest []string, err error) {
	flags := flag.NewFlagSet("shopchop", flag.ContinueOnError)
	flags.SetOutput(stderr)
	flags.Usage = func() {
		fmt.Fprint(stderr, usage)
		flags.PrintDefaults()
	}
	flags.BoolVar(&c.Seed, "seed", true, "fill an empty database with 200 recipes and 20 people")
	if err := flags.Parse(args); err != nil {
		return c, nil, errors.Join(errUsage, err)
	}
	var r settings.Reader
	c.Host = r.Text("HOST", loopback)
	c.Port = r.Int("PORT", defaultPort, 0, 65535)
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
	c.Admin = account.Admin{Email: r.Text("ADMIN_EMAIL", defaultAdmin), Password: r.Text("ADMIN_PASSWORD", "")}
	c.PublicURL = r.Text("PUBLIC_URL", "")
	c.MailFrom = r.Text("MAIL_FROM", "")
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
	if len(c.RateLimit.Policies) > 0 && r.Text("RATE_LIMIT_WINDOW_MS", "") == "" {
		c.RateLimit.Policies[0].Window = defaultWindow
	}
	c, err = c.complete()
	r.Add(err)
	return c, flags.Args(), r.Err()
}

// complete fills in the defaults and refuses what does not go together.
func (c Config) complete() (Config, error) {
	var faults []error
	if c.Host == "" {
		c.Host = loopback
	}
	if c.DataDir == "" {
		c.DataDir = filepath.Join("data", "shopchop")
	}
	dir, err := filepath.Abs(c.DataDir)
	if err != nil {
		return c, fmt.Errorf("%w: DATA_DIR is %q: %w", settings.ErrInvalid, c.DataDir, err)
	}
	c.DataDir = dir
	if c.DatabaseURL == "" {
		c.DatabaseURL = "sqlite://" + fileURL(filepath.Join(dir, "shopchop.db"))
	}
	if scheme := schemeOf(c.DatabaseURL); scheme != "sqlite" && scheme != "postgres" && scheme != "postgresql" {
		faults = append(faults, fmt.Errorf("%w: DATABASE_URL has the scheme %q, expected sqlite:<path> or postgres://<server>/<name>", settings.ErrInvalid, scheme))
	}
	o := &c.Redis
	if o.URL == "" && o.Host == "" && o.Client == nil && len(o.Redis.InitAddress) == 0 {
		o.URL = "embedded://" + fileURL(filepath.Join(dir, "redis"))
	}
	faults = append(faults, c.completeAccounts())
	if c.ShutdownTimeout == 0 {
		c.ShutdownTimeout = defaultShutdown
	}
	if c.Logger == nil {
		c.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Logger == nil {
		o.Logger = c.Logger
	}
	return c, errors.Join(faults...)
}

// embedded reports whether Redis is in this process.
func (c Config) embedded() bool { return schemeOf(c.Redis.URL) == "embedded" }

func (c Config) addr() string { return net.JoinHostPort(c.Host, strconv.Itoa(c.Port)) }

// fileURL is the path of a file as it stands in a URL.
func fileURL(path string) string { return (&url.URL{Path: filepath.ToSlash(path)}).EscapedPath() }

// schemeOf does not parse: the rest may be wrong, and may hold a password.
func schemeOf(address string) string {
	for i := range len(address) {
		if address[i] == ':' {
			return address[:i]
		}
	}
	return ""
}

// isLoopback takes no name but localhost: what others lead to is not ours to say.
func isLoopback(host string) bool {
	if host == "localhost" {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}
