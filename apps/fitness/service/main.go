package service

import (
	"context"
	"crypto/rand"
	"errors"
	"log/slog"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/apps/fitness/internal/account"
	"github.com/redbrick-go/redbrick/apps/fitness/internal/seed"
	"github.com/redbrick-go/redbrick/apps/fitness/internal/sqlstore"
	"github.com/redbrick-go/redbrick/apps/fitness/internal/studio"
	"github.com/redbrick-go/redbrick/apps/fitness/internal/train"
	"github.com/redbrick-go/redbrick/apps/fitness/internal/web"
	"github.com/redbrick-go/redbrick/apps/fitness/internal/web/page"
	"github.com/redbrick-go/redbrick/apps/internal/domain"
	"github.com/redbrick-go/redbrick/apps/internal/firstadmin"
	"github.com/redbrick-go/redbrick/apps/internal/password"
	"github.com/redbrick-go/redbrick/apps/internal/program"
	"github.com/redbrick-go/redbrick/guard"
	"github.com/redbrick-go/redbrick/httpcache"
	"github.com/redbrick-go/redbrick/ratelimit"
	"github.com/redbrick-go/redbrick/session"
	"github.com/redbrick-go/redbrick/token"
)

// Main is the whole service. Make it with [Start].
type Main struct {
	*program.Running

	config   Config
	log      *slog.Logger
	store    *sqlstore.Store
	redis    *redbrick.Client
	studio   *studio.Studio
	sessions *session.Manager
	access   *token.Access
	guard    *guard.Login
	accounts *account.Service
}

// Start starts the service. When it returns, requests are answered at Addr. It
// fails on a bad configuration and on a database that cannot be opened, and not
// because Redis is away. Close must follow.
func Start(ctx context.Context, c Config) (*Main, error) {
	var err error
	if c.Config, err = spec.Complete(c.Config); err != nil {
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
	if m.config.Seed {
		began := time.Now()
		report, err := seed.Apply(ctx, m.store, began)
		if err != nil {
			return err
		}
		if report != (seed.Report{}) {
			m.log.InfoContext(ctx, "filled the empty database", "exercises", report.Exercises, "users", report.Users, "workouts", report.Workouts, "took", time.Since(began).Round(time.Millisecond))
		}
	}
	if err := m.openAccounts(ctx); err != nil {
		return err
	}
	clients, err := ratelimit.NewClients(ratelimit.ClientOptions{TrustedProxies: m.config.TrustedProxies})
	if err != nil {
		return err
	}
	limit, authLimit, err := m.limits(clients)
	if err != nil {
		return err
	}
	pages, err := httpcache.New(m.redis, httpcache.Options{})
	if err != nil {
		return err
	}
	handler, err := web.New(web.Options{
		Studio: m.studio, Accounts: m.accounts, Sessions: m.sessions, Access: m.access, Pages: pages, Clients: clients, Limit: limit, AuthLimit: authLimit,
		DeviceTTL: m.guard.DeviceTTL(), Production: m.config.Production, Page: page.Handler(), Origins: m.config.Origins, Logger: m.log, Ready: m.ready,
	})
	if err != nil {
		return err
	}
	return m.Listen(ctx, handler)
}

// open opens database and Redis.
func (m *Main) open(ctx context.Context) (err error) {
	if m.store, err = sqlstore.Open(ctx, m.config.DatabaseURL); err != nil {
		return err
	}
	m.Parts.Add("database", func(context.Context) error { return m.store.Close() })
	if m.redis, err = m.OpenRedis(ctx, "nobody can log in, and lists come from the database"); err != nil {
		return err
	}
	m.studio, err = studio.New(studio.Options{Repository: m.store, Redis: m.redis, Logger: m.log})
	return err
}

// issuer is who makes access tokens, and whom they are for.
const issuer = "fitness"

// openAccounts makes what lets people in, and the first admin.
func (m *Main) openAccounts(ctx context.Context) error {
	keys, err := m.config.Keys(ctx)
	if err != nil {
		return err
	}
	// What is short is refused in production, and warned of elsewhere.
	short := ""
	if !m.config.Production {
		short = "development"
	}
	if m.sessions, err = m.config.NewSessions(m.redis, keys, web.Unavailable); err != nil {
		return err
	}
	signing, err := token.AccessKeysFromSecret(keys.Bytes()...)
	if err != nil {
		return err
	}
	m.access, err = token.NewAccess(token.AccessOptions{Keys: signing, Issuer: issuer, Audience: issuer, Sessions: m.sessions, AllowInsecure: short})
	if err != nil {
		return err
	}
	refresh, err := token.NewRefresh(m.redis, token.RefreshOptions{
		Secrets: keys.Bytes(), Sessions: m.sessions, Grace: m.config.GraceTime, AllowInsecure: short,
		EndSession: func(ctx context.Context, s token.Session) error {
			_, err := m.sessions.End(ctx, s.UserID, s.PublicID)
			return err
		},
		OnReuse: func(ctx context.Context, f token.Family) {
			m.log.WarnContext(ctx, "a refresh token was used twice: its session has ended", "user", f.Session.UserID, "session", f.Session.PublicID)
		},
	})
	if err != nil {
		return err
	}
	passwords, err := password.New(m.config.Passwords)
	if err != nil {
		return err
	}
	if _, err := firstadmin.Make(ctx, admins{m.store}, passwords, m.config.Admin, m.config.Console); err != nil {
		return err
	}
	if m.guard, err = guard.NewLogin(m.redis, guard.LoginOptions{Secrets: keys.Bytes(), AllowInsecure: short}); err != nil {
		return err
	}
	dummy, err := passwords.Hash(ctx, rand.Text())
	if err != nil {
		return err
	}
	m.accounts, err = account.New(account.Options{
		Repository: m.store, Studio: m.studio, Sessions: m.sessions, Refresh: refresh, Access: m.access, Passwords: passwords, Guard: m.guard, Dummy: domain.PasswordHash(dummy), Logger: m.log,
	})
	return err
}

// admins makes the first admin in the database.
type admins struct{ *sqlstore.Store }

// CreateAdmin makes an admin's account.
func (a admins) CreateAdmin(ctx context.Context, email string, hash domain.PasswordHash) error {
	_, err := a.CreateUser(ctx, train.UserDraft{Name: "Admin", Email: email, Role: train.RoleAdmin, Hash: hash})
	return err
}

// ready fails when requests cannot be answered.
func (m *Main) ready(ctx context.Context) error { return m.Ready(ctx, m.store.Ping) }
