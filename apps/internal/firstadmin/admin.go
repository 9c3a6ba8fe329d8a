// Package firstadmin makes the account that may do everything, where there is none
// yet.
package firstadmin

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"

	"github.com/redbrick-go/redbrick/apps/internal/domain"
	"github.com/redbrick-go/redbrick/apps/internal/password"
)

// Admin is the account as the operator wants it.
type Admin struct {
	// Email of the account. "" makes none.
	Email string
	// Password of it. "" makes a random one, which is shown once.
	Password string
}

// Accounts is what is asked of the database.
type Accounts interface {
	// HasAdmin reports whether any account is an admin's.
	HasAdmin(ctx context.Context) (bool, error)
	// CreateAdmin makes an admin's account; domain.ErrConflict if the address has one.
	CreateAdmin(ctx context.Context, email string, hash domain.PasswordHash) error
}

// Make makes the account if the database has no admin. A random password is written to
// console and nowhere else. With an admin it does nothing, whatever the password is: a
// variable that was left behind must not reset it.
func Make(ctx context.Context, accounts Accounts, h *password.Hasher, a Admin, console io.Writer) (made bool, err error) {
	if a.Email == "" {
		return false, nil
	}
	if has, err := accounts.HasAdmin(ctx); err != nil || has {
		return false, err
	}
	secret := a.Password
	if secret == "" {
		secret = rand.Text()
	}
	hash, err := h.Hash(ctx, secret)
	if err != nil {
		return false, fmt.Errorf("first admin: %w", err)
	}
	err = accounts.CreateAdmin(ctx, a.Email, domain.PasswordHash(hash))
	switch {
	case errors.Is(err, domain.ErrConflict):
		// Another process made it just now, or somebody has the address. An account is never raised silently: whoever
		// registered the address first would be the admin.
		if has, err := accounts.HasAdmin(ctx); err != nil || has {
			return false, err
		}
		return false, fmt.Errorf("ADMIN_EMAIL is %q, which an account has that is no admin: expected another address", a.Email)
	case err != nil:
		return false, fmt.Errorf("first admin: %w", err)
	}
	if a.Password == "" {
		fmt.Fprintf(console, "The first admin is %s with the password %s (shown only now)\n", a.Email, secret)
	}
	return true, nil
}
