package catalog

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
	"github.com/redbrick-go/redbrick/cache"
)

// RecipesTag is on every plan that is cached, and on every response with a list of recipes: it is invalidated before a
// change of a recipe is answered. One tag for all: a tag for each recipe would leave a key behind of each that was ever changed.
const RecipesTag = "recipes"

// recipeCodec is JSON that makes foreign entries whole: a program that writes a
// recipe without tags means none, and a null in a list would surprise every reader.
type recipeCodec struct{ cache.Codec[shop.Recipe] }

var errNoRecipe = errors.New("catalog: no recipe")

// Decode refuses what is JSON and no recipe.
func (c recipeCodec) Decode(data []byte) (shop.Recipe, error) {
	r, err := c.Codec.Decode(data)
	if err != nil {
		return r, err
	}
	if r.ID <= 0 {
		return r, errNoRecipe
	}
	if r.Tags == nil {
		r.Tags = []string{}
	}
	if r.Ingredients == nil {
		r.Ingredients = []shop.Ingredient{}
	}
	if r.Instructions == nil {
		r.Instructions = []string{}
	}
	return r, nil
}

// found turns the repository's "not found" into the cache's.
func found[V any](v V, err error) (V, error) {
	if errors.Is(err, shop.ErrNotFound) {
		return v, fmt.Errorf("%w: %w", cache.ErrNotFound, err)
	}
	return v, err
}

// missing turns the cache's "not found" into the domain's.
func missing(what string, id any, err error) error {
	if errors.Is(err, cache.ErrNotFound) && !errors.Is(err, shop.ErrNotFound) {
		return fmt.Errorf("%s %v: %w", what, id, shop.ErrNotFound)
	}
	return err
}

func (c *Catalog) loadRecipe(ctx context.Context, id string) (shop.Recipe, error) {
	return found(c.repo.Recipe(ctx, number(id)))
}

func (c *Catalog) loadRecipes(ctx context.Context, ids []string) (map[string]shop.Recipe, error) {
	rows, err := c.repo.Recipes(ctx, numbers(ids))
	if err != nil {
		return nil, err
	}
	all := make(map[string]shop.Recipe, len(rows))
	for id, r := range rows {
		all[text(id)] = r
	}
	return all, nil
}

// Recipe returns the JSON of a recipe and where it came from, and counts a view.
// The bytes must not be changed. shop.ErrNotFound.
func (c *Catalog) Recipe(ctx context.Context, id int64) (cache.Result[[]byte], error) {
	r, err := c.recipes.LookupBytes(ctx, text(id))
	if err != nil {
		return r, missing("recipe", id, err)
	}
	c.views.Add(id, 1)
	return r, nil
}

// inOrder returns the recipes of ids in that order; those that are gone are left out.
func (c *Catalog) inOrder(ctx context.Context, ids []int64) ([]shop.Recipe, error) {
	recipes := make([]shop.Recipe, 0, len(ids))
	if len(ids) == 0 {
		return recipes, nil
	}
	byID, err := c.recipes.GetMany(ctx, texts(ids))
	if err != nil {
		return nil, err
	}
	for _, id := range ids {
		if r, ok := byID[text(id)]; ok {
			recipes = append(recipes, r)
		}
	}
	return recipes, nil
}

// CreateRecipe stores a new recipe. When it returns, recipe:<id> and the place on the board are in Redis.
func (c *Catalog) CreateRecipe(ctx context.Context, by shop.Actor, draft shop.RecipeDraft) (shop.Recipe, error) {
	ctx, cancel := detached(ctx, writeTime)
	defer cancel()
	r, err := c.repo.CreateRecipe(ctx, by.UserID, draft)
	if err != nil {
		return r, err
	}
	// The row is there already; what remains of the write-through is to put it into the cache.
	if _, err := c.recipes.WriteThrough(ctx, text(r.ID), func(context.Context) error { return nil }); err != nil {
		c.log.WarnContext(ctx, "a new recipe is not in the cache", "recipe", r.ID, "error", err)
	}
	c.copied(ctx, "new recipe", func(ctx context.Context) error {
		return errors.Join(c.settleRecipe(ctx, r.ID, r.UserID), c.settleStats(ctx, r.ID))
	})
	c.recipesChanged(ctx, r.ID)
	c.record(ctx, by.UserID, "recipe_created", r.ID)
	return r, nil
}

// UpdateRecipe changes what the patch names. When it returns, the cache has the
// new recipe, or that of a writer who came after.
func (c *Catalog) UpdateRecipe(ctx context.Context, by shop.Actor, id int64, patch shop.RecipePatch) (shop.Recipe, error) {
	patch, err := patch.Normalize()
	if err != nil {
		return shop.Recipe{}, err
	}
	ctx, cancel := detached(ctx, writeTime)
	defer cancel()
	r, err := c.recipes.WriteThrough(ctx, text(id), func(ctx context.Context) error {
		_, err := c.repo.UpdateRecipe(ctx, by, id, patch)
		return err
	})
	if refused(err) {
		return r, err
	}
	if patch.Tags != nil {
		c.copied(ctx, "changed recipe", func(ctx context.Context) error { return c.settleRecipe(ctx, id, r.UserID) })
	}
	c.recipesChanged(ctx, id)
	if err != nil {
		return r, missing("recipe", id, err)
	}
	c.record(ctx, by.UserID, "recipe_updated", id)
	return r, nil
}

// DeleteRecipe deletes a recipe and every key of it.
func (c *Catalog) DeleteRecipe(ctx context.Context, by shop.Actor, id int64) error {
	ctx, cancel := detached(ctx, writeTime)
	defer cancel()
	r, err := c.repo.DeleteRecipe(ctx, by, id)
	if refused(err) {
		return err
	}
	if dropped := c.recipes.Delete(ctx, text(id)); dropped != nil {
		c.log.WarnContext(ctx, "a deleted recipe is dropped when redis is back", "recipe", id, "error", dropped)
	}
	c.copied(ctx, "deleted recipe", func(ctx context.Context) error {
		return errors.Join(c.settleRecipe(ctx, id, r.UserID), c.settleStats(ctx, id))
	})
	c.recipesChanged(ctx, id)
	if err != nil {
		return err
	}
	c.record(ctx, by.UserID, "recipe_deleted", id)
	return nil
}

// recipesChanged drops the lists and plans that a recipe is part of. What Redis
// does not take now, the cache repeats.
func (c *Catalog) recipesChanged(ctx context.Context, id int64) {
	err := errors.Join(c.plans.InvalidateTags(ctx, RecipesTag), c.ranking.Delete(ctx, popularID))
	if err != nil {
		c.log.WarnContext(ctx, "lists are dropped when redis is back", "recipe", id, "error", err)
	}
}

// presence is what the copies of a recipe besides its entry follow from.
type presence struct {
	there bool
	owner int64
	tags  []string
}

func (p presence) equal(q presence) bool {
	return p.there == q.there && p.owner == q.owner && slices.Equal(p.tags, q.tags)
}

// settleRecipe writes tags and ownership of a recipe, or takes every copy of it
// away if it is gone. owner is who had it; 0 if that is not known.
func (c *Catalog) settleRecipe(ctx context.Context, id, owner int64) error {
	return settle(ctx, func(ctx context.Context) (presence, error) {
		r, err := c.repo.Recipe(ctx, id)
		if errors.Is(err, shop.ErrNotFound) {
			return presence{owner: owner}, nil
		}
		return presence{there: true, owner: r.UserID, tags: r.Tags}, err
	}, presence.equal, func(ctx context.Context, p presence) error { return c.writePresence(ctx, id, p) })
}

func (c *Catalog) writePresence(ctx context.Context, id int64, p presence) error {
	if p.there {
		_, err := c.owned.Add(ctx, text(p.owner), text(id))
		return errors.Join(err, c.tags.Replace(ctx, text(id), p.tags))
	}
	faults := []error{
		c.tags.Remove(ctx, text(id)),
		c.favorites.RemoveB(ctx, text(id)),
		c.rb.Do(ctx, c.rb.B().Unlink().Key(c.ratingsKey(id)).Build()).Error(),
	}
	if p.owner > 0 {
		_, err := c.owned.Remove(ctx, text(p.owner), text(id))
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}
