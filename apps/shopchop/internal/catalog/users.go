package catalog

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
	"github.com/redbrick-go/redbrick/cache"
)

func (c *Catalog) loadUser(ctx context.Context, id string) (shop.User, error) {
	return found(c.repo.User(ctx, number(id)))
}

// User returns an account and where it came from. Its slices are shared and must
// not be changed. shop.ErrNotFound.
func (c *Catalog) User(ctx context.Context, id int64) (cache.Result[shop.User], error) {
	u, err := c.users.Lookup(ctx, text(id))
	return u, missing("user", id, err)
}

// UpdateUser changes what the patch names. When it returns, the cache has the new
// profile, or that of a writer who came after.
func (c *Catalog) UpdateUser(ctx context.Context, id int64, patch shop.UserPatch) (shop.User, error) {
	patch, err := patch.Normalize()
	if err != nil {
		return shop.User{}, err
	}
	ctx, cancel := detached(ctx, writeTime)
	defer cancel()
	u, err := c.users.WriteThrough(ctx, text(id), func(ctx context.Context) error {
		_, err := c.repo.UpdateUser(ctx, id, patch)
		return err
	})
	if err != nil {
		return u, missing("user", id, err)
	}
	c.record(ctx, id, "profile_updated", 0)
	return u, nil
}

// LoggedIn counts a login and returns the account with it, and makes the profile, the
// favourites and what was looked at last ready for the requests that follow.
func (c *Catalog) LoggedIn(ctx context.Context, id int64, at time.Time) (shop.User, error) {
	ctx, cancel := detached(ctx, writeTime)
	defer cancel()
	u, err := c.users.WriteThrough(ctx, text(id), func(ctx context.Context) error {
		_, err := c.repo.RecordLogin(ctx, id, at)
		return err
	})
	if err != nil {
		return u, missing("user", id, err)
	}
	c.record(ctx, id, "logged_in", 0)
	ctx, cancel = detached(ctx, feedTime)
	defer cancel()
	_, err = c.Favorites(ctx, id, 1, recentCap)
	_, err2 := c.Recent(ctx, id)
	if err = errors.Join(err, err2); err != nil {
		c.log.DebugContext(ctx, "not warmed", "user", id, "error", err)
	}
	return u, nil
}

// Activity is one thing that a user did, as it lies in user:<id>:activity.
type Activity struct {
	Type      string `json:"type"` // "user_activity"
	UserID    int64  `json:"userId"`
	Activity  string `json:"activity"` // "recipe_viewed", "recipe_created"...
	RecipeID  int64  `json:"recipeId,omitempty"`
	Timestamp int64  `json:"timestamp"` // milliseconds since 1970
}

// feedTime bounds what a feed may add to a request.
const feedTime = 250 * time.Millisecond

// record puts an activity into the user's feed. Feeds are for show: one that is
// not reached fails nothing.
func (c *Catalog) record(ctx context.Context, userID int64, activity string, recipeID int64) {
	ctx, cancel := detached(ctx, feedTime)
	defer cancel()
	line, err := json.Marshal(Activity{"user_activity", userID, activity, recipeID, time.Now().UnixMilli()})
	if err == nil {
		_, err = c.activity.Push(ctx, text(userID), string(line))
	}
	if err != nil {
		c.log.DebugContext(ctx, "activity not recorded", "user", userID, "error", err)
	}
}

// Viewed remembers that a user looked at a recipe.
func (c *Catalog) Viewed(ctx context.Context, userID, recipeID int64) {
	c.record(ctx, userID, "recipe_viewed", recipeID)
	ctx, cancel := detached(ctx, feedTime)
	defer cancel()
	if _, err := c.recent.Push(ctx, text(userID), text(recipeID)); err != nil {
		c.log.DebugContext(ctx, "view not remembered", "user", userID, "error", err)
	}
}

// Recent returns the recipes that a user looked at last, each once, the newest
// first. It fails while Redis is away, which alone has them.
func (c *Catalog) Recent(ctx context.Context, userID int64) ([]shop.Recipe, error) {
	p, err := c.recent.Page(ctx, text(userID), 1, recentCap)
	if err != nil {
		return nil, err
	}
	return c.inOrder(ctx, numbers(p.Items))
}

// ActivityPage is a page of a user's activities, and how many are kept.
type ActivityPage struct {
	Activities []Activity
	Total      int
}

// Activities returns what a user did last, the newest first. It fails while Redis
// is away, which alone has them. Lines that are no activity are passed over.
func (c *Catalog) Activities(ctx context.Context, userID int64, page, limit int) (ActivityPage, error) {
	p, err := c.activity.Page(ctx, text(userID), page, limit)
	if err != nil {
		return ActivityPage{}, fmt.Errorf("activities of user %d: %w", userID, err)
	}
	all := make([]Activity, 0, len(p.Items))
	for _, line := range p.Items {
		var a Activity
		if json.Unmarshal([]byte(line), &a) == nil {
			all = append(all, a)
		}
	}
	return ActivityPage{all, int(p.Total)}, nil
}
