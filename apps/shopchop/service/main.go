package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/apps/internal/lifecycle"
	"github.com/redbrick-go/redbrick/apps/internal/password"
	"github.com/redbrick-go/redbrick/apps/internal/settings"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/account"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/catalog"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/sqlstore"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/web"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/web/page"
	"github.com/redbrick-go/redbrick/engine"
	"github.com/redbrick-go/redbrick/internal/clientip"
	"github.com/redbrick-go/redbrick/session"
)

// Main is the whole service. Make it with [Start].
type Main struct {
	config Config
	log    *slog.Logger
	store  *sqlstore.Store
	redis  *redbrick.Client
	cat    *catalog.Catalog

	passwords *password.Hasher
	sessions  *session.Manager
	accounts  *account.Service

	server *lifecycle.Server
	parts  lifecycle.Stack
}

// errDraining is why a service that ends is not ready.
var errDraining = errors.New("service: shutting down")

// Start starts the service. When it returns, requests are answered at Addr. It
// fails on a bad configuration and on a database that cannot be opened, and not
// because Redis is away. Close must follow.
func Start(ctx context.Context, c Config) (*Main, error) {
	c, err := c.complete()
	if err != nil {
		return nil, err
	}
	m := &Main{config: c, log: c.Logger, parts: lifecycle.Stack{Logger: c.Logger}}
	if err := m.start(ctx); err != nil {
		return nil, errors.Join(err, m.Close(context.WithoutCancel(ctx)))
	}
	return m, nil
}

// start brings up the parts in order; each puts its end on the stack.
func (m *Main) start(ctx context.Context) error {
	if err := m.open(ctx); err != nil {
		return err
	}
	if err := m.fill(ctx); err != nil {
		return err
	}
	if err := m.cat.Start(ctx); err != nil {
		return err
	}
	m.parts.Add("catalog", m.cat.Stop)
	if err := m.openAccounts(ctx); err != nil {
		return err
	}
	proxies, err := clientip.New(m.config.TrustedProxies...)
	if err != nil {
		return fmt.Errorf("%w: %s: %w", settings.ErrInvalid, clientip.Variable, err)
	}
	general, auth, err := m.limits()
	if err != nil {
		return err
	}
	handler, err := web.New(web.Options{
		Catalog: m.cat, Accounts: m.accounts, Sessions: m.sessions, Proxies: proxies, Production: m.config.Production, Limit: general, AuthLimit: auth,
		Page: page.Handler(), Origins: m.config.Origins, Logger: m.log, Ready: m.ready,
	})
	if err != nil {
		return err
	}
	m.server, err = lifecycle.Listen(ctx, lifecycle.ServerOptions{Addr: m.config.addr(), Handler: handler, Linger: m.config.Linger, Logger: m.log})
	if err != nil {
		return err
	}
	m.parts.Add("http", m.server.Stop)
	return nil
}

// open opens database and Redis, and makes the catalog.
func (m *Main) open(ctx context.Context) (err error) {
	if m.store, err = sqlstore.Open(ctx, m.config.DatabaseURL); err != nil {
		return err
	}
	m.parts.Add("database", func(context.Context) error { return m.store.Close() })
	m.redis, err = redbrick.Open(ctx, m.config.Redis)
	if errors.Is(err, engine.ErrLocked) {
		return fmt.Errorf("DATA_DIR is %q, expected one that no other shopchop uses, or a REDIS_URL that both share: %w", m.config.DataDir, err)
	}
	if err != nil {
		return err
	}
	m.parts.Add("redis", func(context.Context) error { return m.redis.Close() })
	if state := m.redis.State(); state.State != redbrick.StateReady {
		m.log.WarnContext(ctx, "starting degraded: redis is away, the database answers in its place", "error", state.Err)
	}
	m.cat, err = catalog.New(catalog.Options{Repository: m.store, Redis: m.redis, InProcess: m.config.embedded(), Logger: m.log})
	return err
}

// ready fails when requests cannot be answered.
func (m *Main) ready(ctx context.Context) error {
	if m.server.Draining() {
		return errDraining
	}
	return m.store.Ping(ctx)
}

// Addr returns the host:port that is listened on.
func (m *Main) Addr() string { return m.server.Addr() }

// URL returns the address of the page.
func (m *Main) URL() string { return "http://" + m.Addr() + "/" }

// Done is closed when the service no longer answers, asked to or not.
func (m *Main) Done() <-chan struct{} { return m.server.Done() }

// Close ends the service in order, within ShutdownTimeout and ctx: no new
// connections, requests under way are answered, counters are flushed, Redis and
// database are closed. A second call does nothing.
func (m *Main) Close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, m.config.ShutdownTimeout)
	defer cancel()
	return m.parts.Stop(ctx)
}

// Rebuild opens database and Redis and writes all copies anew, beside a service
// that runs, unless that has its Redis in its own process.
func Rebuild(ctx context.Context, c Config) (err error) {
	if c, err = c.complete(); err != nil {
		return err
	}
	c.Redis.RequireRedis = true
	m := &Main{config: c, log: c.Logger, parts: lifecycle.Stack{Logger: c.Logger}}
	defer func() { err = errors.Join(err, m.Close(context.WithoutCancel(ctx))) }()
	if err := m.open(ctx); err != nil {
		return err
	}
	if _, err := m.cat.Rebuild(ctx); err != nil {
		return fmt.Errorf("rebuild: %w", err)
	}
	return nil
}
