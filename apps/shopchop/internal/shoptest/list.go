package shoptest

import (
	"fmt"
	"testing"

	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
)

// listed returns the ids on a page.
func listed(t *testing.T, r shop.Repository, f shop.RecipeFilter) (ids []int64, page shop.RecipePage) {
	t.Helper()
	page = must[shop.RecipePage](t)(r.ListRecipes(t.Context(), f))
	ids = []int64{}
	for _, recipe := range page.Recipes {
		ids = append(ids, recipe.ID)
	}
	return ids, page
}

func recipeList(t *testing.T, r shop.Repository) {
	a, b := mustUser(t, r, "a@example.com"), mustUser(t, r, "b@example.com")
	newest := []int64{}
	for i := range 25 {
		owner := a.ID
		if i%5 == 0 {
			owner = b.ID
		}
		newest = append([]int64{mustRecipe(t, r, owner, fmt.Sprintf("Recipe %d", i)).ID}, newest...)
	}
	ids, page := listed(t, r, shop.RecipeFilter{})
	same(t, "first page", ids, newest[:10])
	same(t, "bounds", []int{page.Page, page.Limit, page.Total}, []int{1, 10, 25})
	ids, page = listed(t, r, shop.RecipeFilter{Page: 3, Limit: 10})
	same(t, "last page", ids, newest[20:])
	same(t, "bounds", []int{page.Page, page.Limit, page.Total}, []int{3, 10, 25})
	ids, page = listed(t, r, shop.RecipeFilter{Page: 1 << 40, Limit: 1000})
	same(t, "beyond the end", ids, []int64{})
	same(t, "bounds", []int{page.Limit, page.Total}, []int{100, 25})
	ids, page = listed(t, r, shop.RecipeFilter{UserID: b.ID, Limit: 2, Page: 2})
	same(t, "own", ids, []int64{newest[14], newest[19]})
	same(t, "own total", page.Total, 5)
	_, page = listed(t, r, shop.RecipeFilter{UserID: b.ID + 1})
	same(t, "nobody's", page.Total, 0)
}

func recipeSearch(t *testing.T, r shop.Repository) {
	user := mustUser(t, r, "a@example.com")
	pasta := mustRecipe(t, r, user.ID, "Pasta al Limone", "italian", "quick", "vegetarian").ID
	pizza := mustRecipe(t, r, user.ID, "Pizza", "italian").ID
	eclair := must[shop.Recipe](t)(r.CreateRecipe(t.Context(), user.ID, shop.RecipeDraft{
		Name: "Éclair", Description: "50% cream, 1_2_3 done\\!", Tags: []string{"french", "quick"},
	})).ID
	for _, c := range []struct {
		what string
		f    shop.RecipeFilter
		want []int64
	}{
		{"one tag", shop.RecipeFilter{Tags: []string{"italian"}}, []int64{pizza, pasta}},
		{"tags intersect", shop.RecipeFilter{Tags: []string{"italian", "quick"}}, []int64{pasta}},
		{"tags fold case and repeat", shop.RecipeFilter{Tags: []string{"Quick ", "QUICK", ""}}, []int64{eclair, pasta}},
		{"no such tag", shop.RecipeFilter{Tags: []string{"italian", "french"}}, []int64{}},
		{"name, any case", shop.RecipeFilter{Query: "LIMONE"}, []int64{pasta}},
		{"accents, any case", shop.RecipeFilter{Query: "éCLAIR"}, []int64{eclair}},
		{"description", shop.RecipeFilter{Query: "cream"}, []int64{eclair}},
		{"percent is literal", shop.RecipeFilter{Query: "0% c"}, []int64{eclair}},
		{"percent is no wildcard", shop.RecipeFilter{Query: "p%a"}, []int64{}},
		{"underscore is literal", shop.RecipeFilter{Query: "1_2"}, []int64{eclair}},
		{"underscore is no wildcard", shop.RecipeFilter{Query: "p_zza"}, []int64{}},
		{"escape characters", shop.RecipeFilter{Query: `\!`}, []int64{eclair}},
		{"quotes", shop.RecipeFilter{Query: `' OR 1=1 --`}, []int64{}},
		{"tag and query", shop.RecipeFilter{Tags: []string{"quick"}, Query: "pasta"}, []int64{pasta}},
	} {
		ids, page := listed(t, r, c.f)
		same(t, c.what, ids, c.want)
		same(t, c.what+" total", page.Total, len(c.want))
	}
}
