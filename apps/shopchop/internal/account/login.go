package account

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
	"time"

	"github.com/redbrick-go/redbrick/apps/internal/mail"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
	"github.com/redbrick-go/redbrick/guard"
	"github.com/redbrick-go/redbrick/session"
)

// Attempt is somebody who wants to log in.
type Attempt struct {
	Email, Password string
	Remember        bool
	// Addr is the client's address; Device is what an earlier login left in the browser.
	Addr   netip.Addr
	Device string
}

// Welcome is what a login brings.
type Welcome struct {
	User shop.User
	// Device is for the browser to keep, for DeviceTTL: nobody can lock it out. "" is nothing.
	Device string
}

// DeviceTTL is how long a browser is known after a login.
func (s *Service) DeviceTTL() time.Duration { return s.o.Logins.DeviceTTL() }

// Login checks a password and begins a session in the request's. [ErrCredentials];
// a *guard.Throttled after too many failures; [ErrBusy]; redbrick.ErrUnavailable, for a
// session needs Redis.
func (s *Service) Login(ctx context.Context, a Attempt) (Welcome, error) {
	c, out, err := s.check(ctx, a)
	if err != nil {
		return Welcome{}, err
	}
	u, err := s.enter(ctx, a, c)
	if err != nil {
		return Welcome{}, err
	}
	s.warn(ctx, u, out.Notices)
	return Welcome{u, out.Device}, nil
}

// check compares the password as one of the attempts that are counted before they begin.
func (s *Service) check(ctx context.Context, a Attempt) (shop.Credentials, guard.Outcome, error) {
	r, err := s.o.Logins.Reserve(ctx, guard.Attempt{Account: a.Email, Addr: a.Addr, Device: a.Device})
	if errors.Is(err, guard.ErrAccount) {
		err = ErrCredentials
	}
	if err != nil {
		return shop.Credentials{}, guard.Outcome{}, err
	}
	defer r.Cancel(ctx) // settles what a panic left
	c, err := s.compare(ctx, a)
	switch {
	case errors.Is(err, ErrCredentials):
		r.Failure(ctx)
	case err == nil:
		return c, r.Success(ctx), nil
	}
	return shop.Credentials{}, guard.Outcome{}, err
}

// warn tells the owner of an account that others tried to get in.
func (s *Service) warn(ctx context.Context, u shop.User, notices []guard.Notice) {
	failures := 0
	for _, n := range notices {
		if n.Kind == guard.NoticeAfterFailures || n.Kind == guard.NoticeUnderAttack {
			failures = max(failures, n.Failures)
		}
	}
	if failures == 0 {
		return
	}
	s.afterwards(ctx, "notice of failed logins", func(ctx context.Context) error {
		return s.o.Mail.Send(ctx, mail.Message{To: u.Email, Subject: "Failed attempts to log in", Text: fmt.Sprintf(noticed, u.Name, failures, s.o.PublicURL())})
	})
}

// enter begins the session.
func (s *Service) enter(ctx context.Context, a Attempt, c shop.Credentials) (shop.User, error) {
	mine := session.From(ctx)
	if err := mine.Login(ctx, strconv.FormatInt(c.UserID, 10), session.Meta{Remember: a.Remember}); err != nil {
		return shop.User{}, err
	}
	// Had the password been changed meanwhile, the sessions were ended perhaps before this one began.
	if err := s.still(ctx, a, c); err != nil {
		return shop.User{}, errors.Join(err, mine.Logout(ctx))
	}
	s.renew(ctx, c, a.Password)
	return s.o.Catalog.LoggedIn(ctx, c.UserID, time.Now())
}

// still fails if the password is no more what it was when it was checked.
func (s *Service) still(ctx context.Context, a Attempt, was shop.Credentials) error {
	now, err := s.o.Repository.Credentials(ctx, a.Email)
	switch {
	case errors.Is(err, shop.ErrNotFound) || err == nil && now.UserID != was.UserID:
		return ErrCredentials // the account or its address is another's
	case err != nil || now.Hash == was.Hash:
		return err
	}
	// Another login may have made the same password's hash anew.
	_, err = s.compare(ctx, a)
	return err
}

// compare compares a password with an account's, or with nobody's, in the same time.
func (s *Service) compare(ctx context.Context, a Attempt) (shop.Credentials, error) {
	c, err := s.o.Repository.Credentials(ctx, a.Email)
	if errors.Is(err, shop.ErrNotFound) {
		c, err = shop.Credentials{}, nil
	}
	if err != nil {
		return shop.Credentials{}, err
	}
	hash := c.Hash
	if s.refused(a.Password) {
		hash = ""
	}
	ok, err := s.o.Passwords.Verify(ctx, hash.Reveal(), a.Password)
	if err != nil {
		return shop.Credentials{}, fmt.Errorf("account: user %d: %w", c.UserID, busy(err))
	}
	if !ok {
		return shop.Credentials{}, ErrCredentials
	}
	return c, nil
}

// renew makes a hash of old parameters anew, now that the password is at hand.
func (s *Service) renew(ctx context.Context, c shop.Credentials, secret string) {
	if !s.o.Passwords.Outdated(c.Hash.Reveal()) {
		return
	}
	hash, err := s.hash(ctx, secret)
	if err == nil {
		_, err = s.o.Repository.ReplacePassword(ctx, c.UserID, c.Hash, hash)
	}
	if err != nil {
		s.o.Logger.WarnContext(ctx, "a hash of old parameters stays", "user", c.UserID, "error", err)
	}
}
