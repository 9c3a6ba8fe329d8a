package account

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"

	"github.com/redbrick-go/redbrick/apps/internal/password"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
)

// Admin is the account that may do everything, as the operator wants it.
type Admin struct {
	// Email of the account. "" makes none.
	Email string
	// Password of it. "" makes a random one, which is shown once.
	Password string
}

// MakeFirstAdmin makes the account if the database has no admin. A random password is
// written to console and nowhere else. With an admin it does nothing, whatever the
// password is: a variable that was left behind must not reset it.
func MakeFirstAdmin(ctx context.Context, r shop.Repository, h *password.Hasher, a Admin, console io.Writer) (made bool, err error) {
	if a.Email == "" {
		return false, nil
	}
	if has, err := r.HasAdmin(ctx); err != nil || has {
		return false, err
	}
	secret := a.Password
	if secret == "" {
		secret = rand.Text()
	}
	hash, err := h.Hash(ctx, secret)
	if err != nil {
		return false, fmt.Errorf("account: first admin: %w", err)
	}
	err = r.Atomically(ctx, func(r shop.Repository) error {
		if has, err := r.HasAdmin(ctx); err != nil || has {
			return err
		}
		_, err := r.CreateUser(ctx, shop.UserDraft{Name: "Admin", Email: a.Email, Role: shop.RoleAdmin, Hash: shop.PasswordHash(hash)})
		made = err == nil
		return err
	})
	switch {
	case errors.Is(err, shop.ErrConflict):
		// Another process made it just now, or somebody has the address. An account is never raised silently: whoever
		// registered the address first would be the admin.
		if has, err := r.HasAdmin(ctx); err != nil || has {
			return false, err
		}
		return false, fmt.Errorf("account: ADMIN_EMAIL is %q, which an account has that is no admin: expected another address", a.Email)
	case err != nil:
		return false, fmt.Errorf("account: first admin: %w", err)
	}
	if made && a.Password == "" {
		fmt.Fprintf(console, "The first admin is %s with the password %s (shown only now)\n", a.Email, secret)
	}
	return made, nil
}
