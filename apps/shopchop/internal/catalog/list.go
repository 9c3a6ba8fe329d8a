package catalog

import (
	"cmp"
	"context"
	"iter"
	"slices"
	"strconv"
	"time"

	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
	"github.com/redbrick-go/redbrick/cache"
)

// List returns a page of the list of recipes. What is made of it bears [RecipesTag].
func (c *Catalog) List(ctx context.Context, f shop.RecipeFilter) (shop.RecipePage, error) {
	f = f.Normalize()
	if len(f.Tags) > 0 && f.Query == "" {
		ids, ok := fromCopy(ctx, c, func(ctx context.Context) (idPage, error) {
			p, err := c.tags.Query(ctx, f.Tags, f.Page, f.Limit)
			return idPage{numbers(p.Items), int(p.Total)}, err
		})
		if ok {
			recipes, err := c.inOrder(cache.Fresh(ctx), ids.ids) // a list outlives what is near
			return shop.RecipePage{Recipes: recipes, Page: f.Page, Limit: f.Limit, Total: ids.total}, err
		}
	}
	return c.repo.ListRecipes(ctx, f)
}

// PopularRecipe is a recipe with its place in the ranking.
type PopularRecipe struct {
	shop.Recipe

	Score int64 `json:"score"`
}

const (
	// popularID names the one ranking: recipes:popular:list holds the longest
	// list, which is cut to what was asked for.
	popularID  = "list"
	popularMax = shop.MaxLimit
	warmed     = 50 // recipes
)

// Popular returns the most popular recipes, and where the list came from.
func (c *Catalog) Popular(ctx context.Context, limit int) (cache.Result[[]PopularRecipe], error) {
	r, err := c.ranking.Lookup(ctx, popularID)
	r.Value = r.Value[:min(limit, len(r.Value))]
	return r, err
}

func (c *Catalog) loadPopular(ctx context.Context, _ string) ([]PopularRecipe, error) {
	scores, err := c.scores(ctx, popularMax)
	if err != nil {
		return nil, err
	}
	ids := make([]int64, len(scores))
	byID := make(map[int64]int64, len(scores))
	for i, s := range scores {
		ids[i], byID[s.RecipeID] = s.RecipeID, s.Score
	}
	recipes, err := c.inOrder(cache.Fresh(ctx), ids) // as in List
	ranking := make([]PopularRecipe, len(recipes))
	for i, r := range recipes {
		ranking[i] = PopularRecipe{r, byID[r.ID]}
	}
	return ranking, err
}

// scores returns the top of the board.
func (c *Catalog) scores(ctx context.Context, limit int) ([]shop.RecipeScore, error) {
	scores, ok := fromCopy(ctx, c, func(ctx context.Context) ([]shop.RecipeScore, error) {
		hot := c.rb.Hot()
		top, err := hot.Do(ctx, hot.B().Zrange().Key(c.boardKey()).Min("0").Max(strconv.Itoa(limit-1)).Rev().Withscores().Build()).AsZScores()
		scores := make([]shop.RecipeScore, len(top))
		for i, s := range top {
			scores[i] = shop.RecipeScore{RecipeID: recipeOf(s.Member), Score: int64(s.Score)}
		}
		// The board sorts ties by text, the last one first.
		slices.SortFunc(scores, func(a, b shop.RecipeScore) int {
			return cmp.Or(cmp.Compare(b.Score, a.Score), cmp.Compare(a.RecipeID, b.RecipeID))
		})
		return scores, err
	})
	if ok {
		return scores, nil
	}
	return c.repo.PopularScores(ctx, limit)
}

// makeWarmers makes what warms the most popular recipes and their list.
func (c *Catalog) makeWarmers(every time.Duration) error {
	recipes, err := c.recipes.NewWarmer(func(ctx context.Context) iter.Seq2[string, error] {
		return func(yield func(string, error) bool) {
			top, err := c.repo.PopularScores(ctx, warmed)
			if err != nil {
				yield("", err)
				return
			}
			for _, s := range top {
				if !yield(text(s.RecipeID), nil) {
					return
				}
			}
		}
	}, cache.WarmerOptions{Every: every})
	if err != nil {
		return err
	}
	ranking, err := c.ranking.NewWarmer(func(context.Context) iter.Seq2[string, error] {
		return func(yield func(string, error) bool) { yield(popularID, nil) }
	}, cache.WarmerOptions{Every: every})
	c.warmers = []warmer{recipes, ranking}
	return err
}
