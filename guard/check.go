package guard

import (
	"context"
	"errors"
)

// Check is how a password is checked, in two steps, so that Login.Check can take both for accounts that do not exist.
type Check struct {
	// Lookup gives the hash of the account's password, or ErrNoAccount.
	Lookup func(ctx context.Context) (hash string, err error)
	// Verify reports whether the password that was typed belongs to the hash.
	Verify func(ctx context.Context, hash string) (bool, error)
	// Dummy is a hash of the same cost, of a password that nobody knows. It is verified where there is no account, so that
	// the time an answer takes does not tell whether there is one.
	Dummy string
}

// Check reserves the attempt, checks the password and settles. A wrong password and an account that does not exist are both
// ErrCredentials after the same work, and count alike. Errors of Lookup and Verify are returned, and the attempt is forgotten.
//
// A Check without all of its parts is redbrick.ErrConfig, for every account alike.
func (g *Login) Check(ctx context.Context, a Attempt, c Check) (Outcome, error) {
	if c.Lookup == nil || c.Verify == nil || c.Dummy == "" {
		return Outcome{}, bad("Check", "incomplete", "Lookup, Verify and Dummy")
	}
	r, err := g.Reserve(ctx, a)
	if err != nil {
		return Outcome{}, err
	}
	hash, err := c.Lookup(ctx)
	unknown := errors.Is(err, ErrNoAccount)
	if err != nil && !unknown {
		r.Cancel(ctx)
		return Outcome{}, err
	}
	if unknown {
		hash = c.Dummy
	}
	right, err := c.Verify(ctx, hash)
	switch {
	case err != nil:
		r.Cancel(ctx)
		return Outcome{}, err
	case !right, unknown:
		r.Failure(ctx)
		return Outcome{}, ErrCredentials
	}
	return r.Success(ctx), nil
}
