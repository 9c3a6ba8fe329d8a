package service

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"time"

	"github.com/redbrick-go/redbrick/apps/internal/domain"
	"github.com/redbrick-go/redbrick/apps/internal/firstadmin"
	"github.com/redbrick-go/redbrick/apps/internal/mail"
	"github.com/redbrick-go/redbrick/apps/internal/password"
	"github.com/redbrick-go/redbrick/apps/internal/secret"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/account"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/seed"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/sqlstore"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/web"
	"github.com/redbrick-go/redbrick/guard"
	"github.com/redbrick-go/redbrick/ratelimit"
)

// openAccounts makes what lets people in: after the catalog, before the server.
func (m *Main) openAccounts(ctx context.Context) error {
	c := m.config
	keys, err := c.Keys(ctx)
	if err != nil {
		return err
	}
	if m.sessions, err = c.NewSessions(m.redis, keys, web.Unavailable); err != nil {
		return err
	}
	// Keys of their own: what marks a browser is nothing to a session, and the other way round.
	marks, err := keys.Derive("login device", secret.MinBytes)
	if err != nil {
		return err
	}
	logins, err := guard.NewLogin(m.redis, guard.LoginOptions{Secrets: marks})
	if err != nil {
		return err
	}
	resets, err := ratelimit.New(m.redis, ratelimit.Options{Timeout: c.RateLimit.Timeout, Policies: []ratelimit.Policy{
		{Name: "reset", Limit: c.ResetsPerHour, Window: time.Hour, Away: ratelimit.Local},
	}})
	if err != nil {
		return err
	}
	mails, err := mail.NewFiles(filepath.Join(c.DataDir, "mail"), c.MailFrom)
	if err != nil {
		return err
	}
	var refused []string
	if !c.demo() {
		// The database may have been seeded where it was harmless.
		refused = []string{seed.DemoPassword}
	}
	m.accounts, err = account.New(account.Options{
		Repository: m.store, Catalog: m.cat, Redis: m.redis, Sessions: m.sessions, Logins: logins, Passwords: m.passwords, Mail: mails, ResetLimit: resets,
		PublicURL: m.publicURL, Refused: refused, Logger: m.log,
	})
	if err != nil {
		return err
	}
	m.Parts.Add("mails", m.accounts.Stop)
	return nil
}

// fill fills the empty database and makes the first admin.
func (m *Main) fill(ctx context.Context) error {
	var err error
	if m.passwords, err = password.New(m.config.Passwords); err != nil {
		return err
	}
	if m.config.Seed {
		if err := m.seed(ctx); err != nil {
			return err
		}
	}
	_, err = firstadmin.Make(ctx, admins{m.store}, m.passwords, m.config.Admin, m.config.Console)
	return err
}

// admins makes the first admin in the database.
type admins struct{ *sqlstore.Store }

// CreateAdmin makes an admin's account.
func (a admins) CreateAdmin(ctx context.Context, email string, hash domain.PasswordHash) error {
	_, err := a.CreateUser(ctx, shop.UserDraft{Name: "Admin", Email: email, Role: shop.RoleAdmin, Hash: hash})
	return err
}

func (m *Main) seed(ctx context.Context) error {
	began := time.Now()
	if empty, err := m.store.Empty(ctx); err != nil || !empty {
		return err
	}
	hash := ""
	if m.config.demo() {
		var err error
		// One hash for all: that they have the same password is no secret.
		if hash, err = m.passwords.Hash(ctx, seed.DemoPassword); err != nil {
			return err
		}
	}
	report, err := seed.Apply(ctx, m.store, shop.PasswordHash(hash))
	if err != nil {
		return err
	}
	if report != (seed.Report{}) {
		if hash != "" {
			fmt.Fprintf(m.config.Console, "Filled the empty database; log in as %s with the password %s, which works on this machine alone\n", seed.People()[0].Email, seed.DemoPassword)
		}
		m.log.InfoContext(ctx, "filled the empty database", "recipes", report.Recipes, "users", report.Users, "took", time.Since(began).Round(time.Millisecond))
	}
	return nil
}

// publicURL is where people reach the page.
func (m *Main) publicURL() string {
	if m.config.PublicURL != "" {
		return strings.TrimSuffix(m.config.PublicURL, "/") + "/"
	}
	return m.URL()
}
