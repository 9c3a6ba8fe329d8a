package service

import (
	"context"
	"errors"
	"fmt"
	"log/slog"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/apps/internal/password"
	"github.com/redbrick-go/redbrick/apps/internal/program"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/account"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/catalog"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/sqlstore"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/web"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/web/page"
	"github.com/redbrick-go/redbrick/httpcache"
	"github.com/redbrick-go/redbrick/ratelimit"
	"github.com/redbrick-go/redbrick/session"
)

// Main is the whole service. Make it with [Start].
type Main struct {
	*program.Running

	config Config
	log    *slog.Logger
	store  *sqlstore.Store
	redis  *redbrick.Client
	cat    *catalog.Catalog

	passwords *password.Hasher
	sessions  *session.Manager
	accounts  *account.Service
}

// Start starts the service. When it returns, requests are answered at Addr. It
// fails on a bad configuration and on a database that cannot be opened, and not
// because Redis is away. Close must follow.
func Start(ctx context.Context, c Config) (*Main, error) {
	c, err := c.complete()
	if err != nil {
		return nil, err
	}
	m := &Main{Running: spec.Begin(c.Config), config: c, log: c.Logger}
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
	m.Parts.Add("catalog", m.cat.Stop)
	if err := m.openAccounts(ctx); err != nil {
		return err
	}
	clients, err := ratelimit.NewClients(ratelimit.ClientOptions{TrustedProxies: m.config.TrustedProxies})
	if err != nil {
		return err
	}
	general, auth, err := m.limits(clients)
	if err != nil {
		return err
	}
	pages, err := httpcache.New(m.redis, httpcache.Options{})
	if err != nil {
		return err
	}
	handler, err := web.New(web.Options{
		Catalog: m.cat, Accounts: m.accounts, Sessions: m.sessions, Pages: pages, Clients: clients, Production: m.config.Production, Limit: general, AuthLimit: auth,
		Page: page.Handler(), Origins: m.config.Origins, Logger: m.log, Ready: m.ready,
	})
	if err != nil {
		return err
	}
	return m.Listen(ctx, handler)
}

// open opens database and Redis, and makes the catalog.
func (m *Main) open(ctx context.Context) (err error) {
	if m.store, err = sqlstore.Open(ctx, m.config.DatabaseURL); err != nil {
		return err
	}
	m.Parts.Add("database", func(context.Context) error { return m.store.Close() })
	if m.redis, err = m.OpenRedis(ctx, "the database answers in its place"); err != nil {
		return err
	}
	m.cat, err = catalog.New(catalog.Options{
		Repository: m.store, Redis: m.redis, InProcess: m.config.Embedded(), Logger: m.log, CopyTime: m.config.CopyTime,
	})
	return err
}

// ready fails when requests cannot be answered.
func (m *Main) ready(ctx context.Context) error { return m.Ready(ctx, m.store.Ping) }

// Rebuild opens database and Redis and writes all copies anew, beside a service
// that runs, unless that has its Redis in its own process.
func Rebuild(ctx context.Context, c Config) (err error) {
	if c, err = c.complete(); err != nil {
		return err
	}
	c.Redis.RequireRedis = true
	m := &Main{Running: spec.Begin(c.Config), config: c, log: c.Logger}
	defer func() { err = errors.Join(err, m.Close(context.WithoutCancel(ctx))) }()
	if err := m.open(ctx); err != nil {
		return err
	}
	if _, err := m.cat.Rebuild(ctx); err != nil {
		return fmt.Errorf("rebuild: %w", err)
	}
	return nil
}
