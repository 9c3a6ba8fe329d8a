package account

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
	"github.com/redbrick-go/redbrick/session"
)

// Attempt is somebody who wants to log in.
type Attempt struct {
	Email, Password string
	Remember        bool
}

// Login checks a password and begins a session in the request's. [ErrCredentials];
// [ErrBusy]; redbrick.ErrUnavailable, for
// a session needs Redis.
func (s *Service) Login(ctx context.Context, a Attempt) (shop.User, error) {
	c, err := s.compare(ctx, a)
	if err != nil {
		return shop.User{}, err
	}
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
