package catalog

import (
	"errors"
	"testing"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
	"github.com/redbrick-go/redbrick/redistest"
)

// What is near may be a moment behind. A list that is made of it would be so for as long as the list lives.
func TestListsAreNotMadeOfWhatIsNear(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		repo := newStore(t)
		c := newCatalog(t, repo, rb, true)
		rebuilt(t, c)
		ada := newUser(t, repo, "ada")
		r, err := c.CreateRecipe(ctx, ada.Actor(), shop.RecipeDraft{Name: "Old", Tags: []string{"soup"}})
		if err != nil {
			t.Fatal(err)
		}
		rebuilt(t, c)
		for range 2 { // the second finds it near
			if _, err := c.inOrder(ctx, []int64{r.ID}); err != nil {
				t.Fatal(err)
			}
		}
		// Another program's change, of which a server that does not track tells nobody.
		name := "New"
		_, err = repo.UpdateRecipe(ctx, ada.Actor(), r.ID, shop.RecipePatch{Name: &name})
		if err := errors.Join(err, rb.Do(ctx, rb.B().Unlink().Key(c.recipes.Key(text(r.ID))).Build()).Error()); err != nil {
			t.Fatal(err)
		}
		list, err := c.List(ctx, shop.RecipeFilter{Tags: []string{"soup"}})
		if err != nil || len(list.Recipes) != 1 || list.Recipes[0].Name != name {
			t.Errorf("list: %+v, %v", list.Recipes, err)
		}
		ranking, err := c.loadPopular(ctx, popularID)
		if err != nil || len(ranking) != 1 || ranking[0].Name != name {
			t.Errorf("ranking: %+v, %v", ranking, err)
		}
	}, redistest.Only("notracking"))
}
