package studio

import (
	"context"
	"time"

	"github.com/redbrick-go/redbrick/apps/fitness/internal/train"
	"github.com/redbrick-go/redbrick/apps/internal/domain"
	"github.com/redbrick-go/redbrick/cache"
)

// User returns an account and where it came from. ErrNotFound.
func (s *Studio) User(ctx context.Context, id string) (cache.Result[train.User], error) {
	u, err := s.profiles.Lookup(ctx, id)
	return u, missing("user", id, err)
}

// UpdateUser changes what the patch names. When it returns, the cache has the new
// profile, or that of a writer who came after.
func (s *Studio) UpdateUser(ctx context.Context, id string, patch train.UserPatch) (train.User, error) {
	return s.changeUser(ctx, id, func(ctx context.Context) error {
		_, err := s.repo.UpdateUser(ctx, id, patch)
		return err
	})
}

// SetRole gives a user a role. ErrForbidden to all but admins, ErrNotFound.
func (s *Studio) SetRole(ctx context.Context, by train.User, id string, role train.Role) (train.User, error) {
	if by.Role != train.RoleAdmin {
		return train.User{}, domain.Refuse(domain.ErrForbidden, "only admins give roles")
	}
	return s.changeUser(ctx, id, func(ctx context.Context) error {
		_, err := s.repo.SetRole(ctx, id, role)
		return err
	})
}

func (s *Studio) changeUser(ctx context.Context, id string, change func(context.Context) error) (train.User, error) {
	ctx, cancel := detached(ctx)
	defer cancel()
	u, err := s.profiles.WriteThrough(ctx, id, change)
	return u, missing("user", id, err)
}

// SetFollow makes one user follow another, or not any more. ErrNotFound, ErrInvalid
// for oneself.
func (s *Studio) SetFollow(ctx context.Context, followerID, followeeID string, on bool) error {
	ctx, cancel := detached(ctx)
	defer cancel()
	var err error
	if on {
		_, err = s.repo.SetFollow(ctx, followerID, followeeID)
	} else {
		_, err = s.repo.UnsetFollow(ctx, followerID, followeeID)
	}
	return err
}

// LoggedIn counts a login and returns the account with it. ErrNotFound.
func (s *Studio) LoggedIn(ctx context.Context, id string, at time.Time) (train.User, error) {
	return s.changeUser(ctx, id, func(ctx context.Context) error {
		_, err := s.repo.RecordLogin(ctx, id, at)
		return err
	})
}
