package program

import (
	"context"
	"errors"
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
	"github.com/redbrick-go/redbrick/apps/internal/domain"
	"github.com/redbrick-go/redbrick/apps/internal/firstadmin"
	"github.com/redbrick-go/redbrick/apps/internal/password"
	"github.com/redbrick-go/redbrick/apps/internal/secret"
	"github.com/redbrick-go/redbrick/apps/internal/settings"
	"github.com/redbrick-go/redbrick/ratelimit"
	"github.com/redbrick-go/redbrick/session"
)

// Config is what an application is told. The zero value of a field is its default.
type Config struct {
	// Host and Port are listened on. "" is loopback, port 0 any free port.
	Host string
	Port int
	// DataDir holds what the service keeps on disk. "" is data/<name>.
	DataDir string
	// DatabaseURL is sqlite:<path> or postgres://...; "" is a SQLite file in DataDir.
	DatabaseURL string
	// Redis says which Redis. Without a server named it is the embedded engine in DataDir.
	Redis redbrick.Options
	// Seed fills an empty database.
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
	// RateLimit bounds what is asked for; its first policy says how much and in which time, without one
	// the application does.
	RateLimit ratelimit.Options
	// Passwords says how they are hashed.
	Passwords password.Options
	// Admin is made if the database has none. Without an address none is made.
	Admin firstadmin.Admin
	// Console is where the random password of a first admin is shown. Nil is nowhere.
	Console io.Writer
	// Origins are other sites whose pages may use the service.
	Origins []string
	// ShutdownTimeout bounds the orderly end. 0 is 15 s.
	ShutdownTimeout time.Duration
	// Linger is how long a service that ends still takes requests and asks clients to
	// leave. 0 is not at all; [Spec.Load] gives a quarter of a second.
	Linger time.Duration
	// Logger is nil for silence. [Spec.Load] gives one that writes text.
	Logger *slog.Logger
}

const (
	defaultShutdown = 15 * time.Second
	defaultLinger   = 250 * time.Millisecond
	defaultAdmin    = "admin@localhost"
	loopback        = "127.0.0.1"
)

// Complete fills in the defaults and refuses what does not go together.
func (s Spec) Complete(c Config) (Config, error) {
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("%w: "+format, append([]any{settings.ErrInvalid}, args...)...))
	}
	if c.Host == "" {
		c.Host = loopback
	}
	if c.DataDir == "" {
		c.DataDir = filepath.Join("data", s.Name)
	}
	dir, err := filepath.Abs(c.DataDir)
	if err != nil {
		return c, fmt.Errorf("%w: DATA_DIR is %q: %w", settings.ErrInvalid, c.DataDir, err)
	}
	c.DataDir = dir
	if c.DatabaseURL == "" {
		c.DatabaseURL = "sqlite://" + fileURL(filepath.Join(dir, s.Name+".db"))
	}
	if scheme := schemeOf(c.DatabaseURL); scheme != "sqlite" && scheme != "postgres" && scheme != "postgresql" {
		fault("DATABASE_URL has the scheme %q, expected sqlite:<path> or postgres://<server>/<name>", scheme)
	}
	o := &c.Redis
	if o.URL == "" && o.Host == "" && o.Client == nil && len(o.Redis.InitAddress) == 0 {
		o.URL = "embedded://" + fileURL(filepath.Join(dir, "redis"))
	}
	if o.Namespace == "" {
		o.Namespace = s.Prefix
	}
	if c.Session.Name == "" {
		c.Session.Name = s.Cookie
	}
	faults = append(faults, s.checkSecrets(c))
	if c.Console == nil {
		c.Console = io.Discard
	}
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

// checkSecrets refuses secrets that are none.
func (s Spec) checkSecrets(c Config) error {
	var faults []error
	if c.Production || len(c.Secrets) > 0 {
		if _, err := secret.Load(context.Background(), secret.Options{Configured: c.Secrets, Production: c.Production}); err != nil {
			faults = append(faults, fmt.Errorf("%w: %w", settings.ErrInvalid, err))
		}
	}
	if a := c.Admin; a.Email != "" {
		var v domain.Validator
		if v.Email("", a.Email); v.Err() != nil {
			faults = append(faults, fmt.Errorf("%w: ADMIN_EMAIL is %q, expected an address such as admin@example.com", settings.ErrInvalid, a.Email))
		}
		if a.Password != "" {
			if weak := password.Weakness(a.Password, a.Email); weak != "" {
				faults = append(faults, fmt.Errorf("%w: ADMIN_PASSWORD is %s", settings.ErrInvalid, weak))
			}
		}
	}
	return errors.Join(faults...)
}

// Keys returns the application's secrets; in development one is made if there is none.
func (c Config) Keys(ctx context.Context) (secret.Keys, error) {
	return secret.Load(ctx, secret.Options{Configured: c.Secrets, Production: c.Production, File: filepath.Join(c.DataDir, "secret"), Logger: c.Logger})
}

// Embedded reports whether Redis is in this process.
func (c Config) Embedded() bool { return schemeOf(c.Redis.URL) == "embedded" }

// Local reports whether nobody but this machine reaches the service.
func (c Config) Local() bool {
	if c.Host == "localhost" { // other names lead where others say
		return true
	}
	ip, err := netip.ParseAddr(c.Host)
	return err == nil && ip.IsLoopback()
}

// Addr is the host:port to listen on.
func (c Config) Addr() string { return net.JoinHostPort(c.Host, strconv.Itoa(c.Port)) }

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
