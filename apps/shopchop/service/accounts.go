package service

import (
	"context"
	"errors"
	"fmt"
	"net/mail"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	appmail "github.com/redbrick-go/redbrick/apps/internal/mail"
	"github.com/redbrick-go/redbrick/apps/internal/password"
	"github.com/redbrick-go/redbrick/apps/internal/secret"
	"github.com/redbrick-go/redbrick/apps/internal/settings"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/account"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/seed"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/web"
	"github.com/redbrick-go/redbrick/guard"
	"github.com/redbrick-go/redbrick/session"
)

// completeAccounts fills in the defaults of what concerns accounts.
func (c *Config) completeAccounts() error {
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("%w: "+format, append([]any{settings.ErrInvalid}, args...)...))
	}
	if c.Production || len(c.Secrets) > 0 {
		_, err := secret.Load(context.Background(), secret.Options{Configured: c.Secrets, Production: c.Production})
		if err != nil {
			faults = append(faults, fmt.Errorf("%w: %w", settings.ErrInvalid, err))
		}
	}
	if c.MailFrom == "" {
		c.MailFrom = defaultMailFrom
	}
	if _, err := mail.ParseAddress(c.MailFrom); err != nil {
		fault("MAIL_FROM is %q, expected an address such as Shop & Chop <shop@example.com>", c.MailFrom)
	}
	if c.PublicURL != "" {
		if u, err := url.Parse(c.PublicURL); err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" {
			fault("PUBLIC_URL is %q, expected an address such as https://shop.example.com/", c.PublicURL)
		}
	}
	if a := c.Admin; a.Email != "" {
		if _, err := (shop.UserDraft{Name: "Admin", Email: a.Email}).Normalize(); err != nil {
			fault("ADMIN_EMAIL is %q, expected an address such as admin@example.com", a.Email)
		}
		if a.Password != "" {
			if weak := password.Weakness(a.Password, a.Email); weak != "" {
				fault("ADMIN_PASSWORD is %s", weak)
			} else if a.Password == seed.DemoPassword {
				fault("ADMIN_PASSWORD is the demo password, expected one that is hard to guess")
			}
		}
	}
	if c.AuthPerHour == 0 {
		c.AuthPerHour = defaultAuth
	}
	if c.Session.Name == "" {
		c.Session.Name = cookieName
	}
	if c.Console == nil {
		c.Console = discard{}
	}
	return errors.Join(faults...)
}

type discard struct{}

func (discard) Write(p []byte) (int, error) { return len(p), nil }

// demo reports whether the seeded people have the password that everybody may
// know: where nobody but this machine reaches the service.
func (c Config) demo() bool { return c.Seed && !c.Production && isLoopback(c.Host) }

// openAccounts makes what lets people in: after the catalog, before the server.
func (m *Main) openAccounts(ctx context.Context) error {
	c := m.config
	keys, err := secret.Load(ctx, secret.Options{Configured: c.Secrets, Production: c.Production, File: filepath.Join(c.DataDir, "secret"), Logger: m.log})
	if err != nil {
		return err
	}
	o := c.Session
	o.Secrets, o.Production, o.TrustedProxies, o.Unavailable = keys.Bytes(), c.Production, c.TrustedProxies, web.Unavailable
	if m.sessions, err = session.New(m.redis, o); err != nil {
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
	mails, err := appmail.NewFiles(filepath.Join(c.DataDir, "mail"), c.MailFrom)
	if err != nil {
		return err
	}
	var refused []string
	if !c.demo() {
		// The database may have been seeded where it was harmless.
		refused = []string{seed.DemoPassword}
	}
	m.accounts, err = account.New(account.Options{
		Repository: m.store, Catalog: m.cat, Redis: m.redis, Sessions: m.sessions, Logins: logins, Passwords: m.passwords, Mail: mails,
		PublicURL: m.publicURL, Refused: refused, Logger: m.log,
	})
	if err != nil {
		return err
	}
	m.parts.Add("mails", m.accounts.Stop)
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
	_, err = account.MakeFirstAdmin(ctx, m.store, m.passwords, m.config.Admin, m.config.Console)
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
