package account

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/apps/internal/mail"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
	"github.com/redbrick-go/redbrick/ratelimit"
	"github.com/redbrick-go/redbrick/token"
)

// Forgot sends a link for a new password to an address, if it has an account. The
// caller learns neither: the work is done after the answer, and the limit counts for every address.
// [ErrBusy]; a *ratelimit.DeniedError; redbrick.ErrUnavailable while no link can be made for anybody.
func (s *Service) Forgot(ctx context.Context, email string) error {
	if s.o.Redis.State().State != redbrick.StateReady {
		return fmt.Errorf("account: reset: %w", redbrick.ErrUnavailable)
	}
	if err := s.admitReset(ctx, email); err != nil {
		return err
	}
	ok := s.afterwards(ctx, "reset mail", func(ctx context.Context) error {
		c, err := s.o.Repository.Credentials(ctx, email)
		if errors.Is(err, shop.ErrNotFound) {
			return nil
		}
		if err != nil {
			return err
		}
		issued, err := s.resets.Issue(ctx, strconv.FormatInt(c.UserID, 10), struct{}{})
		if err != nil {
			return err
		}
		return s.o.Mail.Send(ctx, mail.Message{To: shop.NormalizeEmail(email), Subject: "A new password for Shop & Chop",
			Text: fmt.Sprintf(forgotten, s.link("/reset", issued.Token))})
	})
	if !ok {
		return ErrBusy
	}
	return nil
}

// admitReset counts a mail for an address, whether it has an account or not.
func (s *Service) admitReset(ctx context.Context, email string) error {
	if s.o.ResetLimit == nil {
		return nil
	}
	// The key shows nobody's address.
	sum := sha256.Sum256([]byte(shop.NormalizeEmail(email)))
	r, err := s.o.ResetLimit.Allow(ctx, "account:"+hex.EncodeToString(sum[:16]))
	if err == nil && !r.Allowed {
		err = &ratelimit.DeniedError{Result: r}
	}
	return err
}

// Reset changes the password of the account that a token was sent to, and ends
// all its sessions. [ErrToken]; shop.ErrInvalid for a weak password, and then the token
// stays good.
func (s *Service) Reset(ctx context.Context, secret, newPassword string) error {
	// What can be refused is refused before the token is used up.
	if err := s.weakness(newPassword); err != nil {
		return err
	}
	if _, err := s.resets.Peek(ctx, secret); err != nil {
		return badToken(err)
	}
	hash, err := s.hash(ctx, newPassword)
	if err != nil {
		return err
	}
	grant, err := s.resets.Consume(ctx, secret)
	if err != nil {
		return badToken(err)
	}
	id, err := strconv.ParseInt(grant.Subject, 10, 64)
	if err != nil {
		return badToken(err)
	}
	// From here on the client that leaves stops nothing.
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), laterTime)
	defer cancel()
	if err := s.o.Repository.SetPassword(ctx, id, hash); err != nil {
		if errors.Is(err, shop.ErrNotFound) {
			return badToken(err)
		}
		return err
	}
	// First the sessions: with the old password nobody comes in any more, and nobody stays.
	if err := errors.Join(s.o.Sessions.EndAll(ctx, grant.Subject), s.resets.Revoke(ctx, grant.Subject)); err != nil {
		return fmt.Errorf("account: the password is changed, the sessions are not ended: %w", err)
	}
	s.o.Logger.InfoContext(ctx, "password reset", "user", id)
	s.afterwards(ctx, "changed mail", func(ctx context.Context) error {
		u, err := s.o.Repository.User(ctx, id)
		if err != nil {
			return err
		}
		return s.o.Mail.Send(ctx, mail.Message{To: u.Email, Subject: "Your password was changed", Text: fmt.Sprintf(changed, u.Name, s.o.PublicURL())})
	})
	return nil
}

func badToken(err error) error {
	if errors.Is(err, token.ErrInvalid) || errors.Is(err, shop.ErrNotFound) || errors.Is(err, strconv.ErrSyntax) {
		return fmt.Errorf("%w: %w", ErrToken, err)
	}
	return err
}
