package catalog

import (
	"context"
	"errors"
	"slices"

	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
)

// SetFavorite puts a recipe among a user's favourites, or takes it away.
// Repeating either changes nothing. shop.ErrNotFound.
func (c *Catalog) SetFavorite(ctx context.Context, userID, recipeID int64, on bool) error {
	ctx, cancel := detached(ctx, writeTime)
	defer cancel()
	set, activity := c.repo.SetFavorite, "recipe_favorited"
	if !on {
		set, activity = c.repo.UnsetFavorite, "recipe_unfavorited"
		if _, err := c.recipes.Get(ctx, text(recipeID)); err != nil {
			return missing("recipe", recipeID, err)
		}
	}
	changed, err := set(ctx, userID, recipeID)
	if refused(err) {
		return err
	}
	c.copied(ctx, "favorite", func(ctx context.Context) error {
		return errors.Join(c.settleFavorite(ctx, userID, recipeID), c.settleStats(ctx, recipeID))
	})
	if err == nil && changed {
		c.record(ctx, userID, activity, recipeID)
	}
	return err
}

func (c *Catalog) settleFavorite(ctx context.Context, userID, recipeID int64) error {
	return settle(ctx, func(ctx context.Context) (bool, error) {
		return c.repo.IsFavorite(ctx, userID, recipeID)
	}, equal, func(ctx context.Context, is bool) (err error) {
		if is {
			_, err = c.favorites.Link(ctx, text(userID), text(recipeID))
		} else {
			_, err = c.favorites.Unlink(ctx, text(userID), text(recipeID))
		}
		return err
	})
}

// RecipePage is a page of recipes, and how many there are on all pages.
type RecipePage struct {
	Recipes []shop.Recipe
	Total   int
}

// Favorites returns a page of a user's favourite recipes, the newest recipe first.
func (c *Catalog) Favorites(ctx context.Context, userID int64, page, limit int) (RecipePage, error) {
	ids, ok := fromCopy(ctx, c, func(ctx context.Context) (idPage, error) {
		p, err := c.favorites.OfA(ctx, text(userID), page, limit)
		return idPage{numbers(p.Items), int(p.Total)}, err
	})
	if !ok {
		all, err := c.repo.Favorites(ctx, userID)
		if err != nil {
			return RecipePage{}, err
		}
		slices.Sort(all)
		slices.Reverse(all) // as the copy has them: sets know no order of time
		ids = cut(all, page, limit)
	}
	recipes, err := c.inOrder(ctx, ids.ids)
	return RecipePage{recipes, ids.total}, err
}

// Own returns a page of the recipes that a user wrote, the newest first.
func (c *Catalog) Own(ctx context.Context, userID int64, page, limit int) (RecipePage, error) {
	ids, ok := fromCopy(ctx, c, func(ctx context.Context) (idPage, error) {
		p, err := c.owned.Members(ctx, text(userID), page, limit)
		return idPage{numbers(p.Items), int(p.Total)}, err
	})
	if !ok {
		p, err := c.repo.ListRecipes(ctx, shop.RecipeFilter{UserID: userID, Page: page, Limit: limit})
		return RecipePage{p.Recipes, p.Total}, err
	}
	recipes, err := c.inOrder(ctx, ids.ids)
	return RecipePage{recipes, ids.total}, err
}

// idPage is a page of ids, and how many there are on all pages.
type idPage struct {
	ids   []int64
	total int
}

func cut(all []int64, page, limit int) idPage {
	from := min((page-1)*limit, len(all))
	return idPage{all[from:min(from+limit, len(all))], len(all)}
}

// Rate sets a user's stars for a recipe and returns its summary with them.
func (c *Catalog) Rate(ctx context.Context, userID, recipeID int64, stars int) (shop.RatingSummary, error) {
	ctx, cancel := detached(ctx, writeTime)
	defer cancel()
	summary, err := c.repo.Rate(ctx, userID, recipeID, stars)
	if refused(err) {
		return summary, err
	}
	c.copied(ctx, "rating", func(ctx context.Context) error {
		return errors.Join(c.settleRating(ctx, userID, recipeID), c.settleStats(ctx, recipeID))
	})
	if err == nil {
		c.record(ctx, userID, "recipe_rated", recipeID)
	}
	return summary, err
}

func (c *Catalog) settleRating(ctx context.Context, userID, recipeID int64) error {
	key, field := c.ratingsKey(recipeID), text(userID)
	return settle(ctx, func(ctx context.Context) (int, error) {
		return c.repo.Stars(ctx, userID, recipeID)
	}, equal, func(ctx context.Context, stars int) error {
		if stars == 0 {
			return c.rb.Do(ctx, c.rb.B().Hdel().Key(key).Field(field).Build()).Error()
		}
		return c.rb.Do(ctx, c.rb.B().Hset().Key(key).FieldValue().FieldValue(field, text(int64(stars))).Build()).Error()
	})
}
