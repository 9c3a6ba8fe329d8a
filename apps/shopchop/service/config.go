package service

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/mail"
	"net/url"
	"time"

	"github.com/redbrick-go/redbrick/apps/internal/program"
	"github.com/redbrick-go/redbrick/apps/internal/settings"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/seed"
)

// Config is what the service is told. The zero value of a field is its default. Without policies RateLimit
// is 100 requests per hour below /api/, counted in rate_limit:<client ip>.
type Config struct {
	program.Config

	// AuthPerHour is how often a client may try to log in, register, or have a password
	// reset. 0 is 60.
	AuthPerHour int64
	// ResetsPerHour is how often a link for a new password may be asked for, for one account
	// and by whomever. 0 is 5.
	ResetsPerHour int64
	// CopyTime is how long the copies of one change may take before they are left to the rebuild. 0 is two seconds.
	CopyTime time.Duration
	// PublicURL is where people reach the page, for links in mails. "" is what is listened on.
	PublicURL string
	// MailFrom is the sender of mails. "" is a made up one at localhost.
	MailFrom string
}

const (
	cookieName      = "shop-chop-session"
	defaultMailFrom = "Shop & Chop <no-reply@localhost>"
	defaultAuth     = 60
	defaultResets   = 5
	defaultRequests = 100
	defaultWindow   = time.Hour
)

// spec is what Shop & Chop has of its own.
var spec = program.Spec{
	Name: "shopchop", Title: "Shop & Chop", Port: 8080, Cookie: cookieName,
	Usage: `  RATE_LIMIT_MAX_REQUESTS, RATE_LIMIT_WINDOW_MS, RATE_LIMIT_ENABLED   below /api/ (100 in 3600000 ms for a client)
  PUBLIC_URL            where people reach the page, for links in mails
  MAIL_FROM             the sender of mails, which are files in DATA_DIR/mail
`,
	Seed: "200 recipes and 20 people",
	Lost: " and the views of the last second",
}

// Command runs the program and returns its exit code: see program.Spec.Run.
func Command(ctx context.Context, args []string, stdout, stderr io.Writer, exit func(code int)) int {
	var own Config
	s := spec
	s.Own = func(r *settings.Reader, c *program.Config) {
		own.PublicURL = r.Text("PUBLIC_URL", "")
		own.MailFrom = r.Text("MAIL_FROM", "")
		if len(c.RateLimit.Policies) > 0 && r.Text("RATE_LIMIT_WINDOW_MS", "") == "" {
			c.RateLimit.Policies[0].Window = defaultWindow
		}
		own.Config = *c
		_, err := own.completeOwn()
		r.Add(err)
	}
	with := func(c program.Config) Config {
		all := own
		all.Config = c
		return all
	}
	s.Start = func(ctx context.Context, c program.Config) (program.Service, error) { return Start(ctx, with(c)) }
	s.Verbs = []program.Verb{{
		Name: "rebuild", About: "write all copies in Redis anew from the database",
		Run: func(ctx context.Context, c program.Config) error { return Rebuild(ctx, with(c)) },
	}}
	return s.Run(ctx, args, stdout, stderr, exit)
}

// complete fills in the defaults and refuses what does not go together.
func (c Config) complete() (Config, error) {
	common, err := spec.Complete(c.Config)
	c.Config = common
	c, own := c.completeOwn()
	return c, errors.Join(err, own)
}

// completeOwn is complete for what this service alone has.
func (c Config) completeOwn() (Config, error) {
	var faults []error
	fault := func(format string, args ...any) {
		faults = append(faults, fmt.Errorf("%w: "+format, append([]any{settings.ErrInvalid}, args...)...))
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
	if c.Admin.Email != "" && c.Admin.Password == seed.DemoPassword {
		fault("ADMIN_PASSWORD is the demo password, expected one that is hard to guess")
	}
	if c.AuthPerHour == 0 {
		c.AuthPerHour = defaultAuth
	}
	if c.ResetsPerHour == 0 {
		c.ResetsPerHour = defaultResets
	}
	return c, errors.Join(faults...)
}

// demo reports whether the seeded people have the password that everybody may
// know: where nobody but this machine reaches the service.
func (c Config) demo() bool { return c.Seed && !c.Production && c.Local() }
