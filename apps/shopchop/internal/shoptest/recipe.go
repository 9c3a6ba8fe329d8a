package shoptest

import (
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
)

func fullDraft() shop.RecipeDraft {
	return shop.RecipeDraft{
		Name: "  Crème brûlée ", Description: "Line one\nline two, <b>bold</b> & \"quoted\" \\ 100% 日本",
		Servings: 4, PrepTime: 15, CookTime: 45, Difficulty: " Medium",
		Tags:         []string{"French", "dessert", "french", " Sweet "},
		Ingredients:  []shop.Ingredient{{Name: "cream", Quantity: 0.5, Unit: "l"}, {Name: "egg yolks", Quantity: 6}},
		Instructions: []string{"Warm the cream.", "Bake at 150 °C."},
		ImageURL:     "https://example.com/creme.jpg",
	}
}

func recipeCreateAndRead(t *testing.T, r shop.Repository) {
	user := mustUser(t, r, "a@example.com")
	created := must[shop.Recipe](t)(r.CreateRecipe(t.Context(), user.ID, fullDraft()))
	want := shop.Recipe{
		UserID: user.ID, Name: "Crème brûlée", Description: "Line one\nline two, <b>bold</b> & \"quoted\" \\ 100% 日本",
		Servings: 4, PrepTime: 15, CookTime: 45, Difficulty: shop.Medium,
		Tags:         []string{"french", "dessert", "sweet"},
		Ingredients:  []shop.Ingredient{{Name: "cream", Quantity: 0.5, Unit: "l"}, {Name: "egg yolks", Quantity: 6}},
		Instructions: []string{"Warm the cream.", "Bake at 150 °C."},
		ImageURL:     "https://example.com/creme.jpg",
	}
	if diff := cmp.Diff(want, created, cmpopts.IgnoreFields(shop.Recipe{}, "ID", "CreatedAt", "UpdatedAt")); diff != "" {
		t.Errorf("created (-want +got):\n%s", diff)
	}
	if created.ID <= 0 || created.CreatedAt.IsZero() || !created.CreatedAt.Equal(created.UpdatedAt) {
		t.Errorf("id %d, created at %v, updated at %v", created.ID, created.CreatedAt, created.UpdatedAt)
	}
	same(t, "read back", must[shop.Recipe](t)(r.Recipe(t.Context(), created.ID)), created)

	bare := mustRecipe(t, r, user.ID, "Bare")
	read := must[shop.Recipe](t)(r.Recipe(t.Context(), bare.ID))
	same(t, "a bare draft", read, shop.Recipe{
		ID: bare.ID, UserID: user.ID, Name: "Bare", Servings: 1, Difficulty: shop.Medium,
		Tags: []string{}, Ingredients: []shop.Ingredient{}, Instructions: []string{},
		CreatedAt: bare.CreatedAt, UpdatedAt: bare.UpdatedAt,
	})
	_, err := r.Recipe(t.Context(), bare.ID+1)
	wantErr(t, err, shop.ErrNotFound)
}

func recipeRefused(t *testing.T, r shop.Repository) {
	user := mustUser(t, r, "a@example.com")
	_, err := r.CreateRecipe(t.Context(), user.ID, shop.RecipeDraft{Servings: -1})
	wantErr(t, err, shop.ErrInvalid)
	_, err = r.CreateRecipe(t.Context(), user.ID, shop.RecipeDraft{Name: "a\x00b"})
	wantErr(t, err, shop.ErrInvalid)
	_, err = r.CreateRecipe(t.Context(), user.ID+1, shop.RecipeDraft{Name: "Soup"})
	wantErr(t, err, shop.ErrNotFound)
	same(t, "recipes", len(walked(t, r.AllRecipes(t.Context()))), 0)
	same(t, "stats", len(walked(t, r.AllStats(t.Context()))), 0)
}

func recipePartialUpdate(t *testing.T, r shop.Repository) {
	user := mustUser(t, r, "a@example.com")
	old := must[shop.Recipe](t)(r.CreateRecipe(t.Context(), user.ID, fullDraft()))
	if err := r.AddCounts(t.Context(), map[int64]shop.Counts{old.ID: {Views: 7, Shares: 2}}); err != nil {
		t.Fatal(err)
	}
	stats := must[shop.RecipeStats](t)(r.Stats(t.Context(), old.ID))

	same(t, "empty patch", must[shop.Recipe](t)(r.UpdateRecipe(t.Context(), user.Actor(), old.ID, shop.RecipePatch{})), old)

	want := old
	update := func(what string, p shop.RecipePatch) {
		t.Helper()
		got := must[shop.Recipe](t)(r.UpdateRecipe(t.Context(), user.Actor(), old.ID, p))
		if got.UpdatedAt.Before(want.UpdatedAt) {
			t.Errorf("%s: updated at %v, before %v", what, got.UpdatedAt, want.UpdatedAt)
		}
		want.UpdatedAt = got.UpdatedAt
		same(t, what, got, want)
		same(t, what+" read back", must[shop.Recipe](t)(r.Recipe(t.Context(), old.ID)), want)
	}
	want.Name = "Burnt cream"
	update("name", shop.RecipePatch{Name: &want.Name})
	want.Description = ""
	update("description", shop.RecipePatch{Description: &want.Description})
	want.Servings, want.PrepTime, want.CookTime, want.Difficulty = 6, 0, 50, shop.Hard
	update("numbers", shop.RecipePatch{Servings: &want.Servings, PrepTime: &want.PrepTime, CookTime: &want.CookTime, Difficulty: &want.Difficulty})
	want.Tags = []string{"vegetarian", "dessert"}
	update("tags", shop.RecipePatch{Tags: &want.Tags})
	want.Tags = []string{}
	update("no tags", shop.RecipePatch{Tags: &want.Tags})
	want.Ingredients, want.Instructions, want.ImageURL = []shop.Ingredient{{Name: "milk", Quantity: 1, Unit: "l"}}, []string{}, ""
	update("lists", shop.RecipePatch{Ingredients: &want.Ingredients, Instructions: &want.Instructions, ImageURL: &want.ImageURL})
	same(t, "stats", must[shop.RecipeStats](t)(r.Stats(t.Context(), old.ID)), stats)

	none := 0
	_, err := r.UpdateRecipe(t.Context(), user.Actor(), old.ID, shop.RecipePatch{Servings: &none})
	wantErr(t, err, shop.ErrInvalid)
	same(t, "after a refused patch", must[shop.Recipe](t)(r.Recipe(t.Context(), old.ID)), want)
}

func recipeUpdateOfStrangers(t *testing.T, r shop.Repository) {
	owner, stranger := mustUser(t, r, "a@example.com"), mustUser(t, r, "b@example.com")
	admin := must[shop.User](t)(r.CreateUser(t.Context(), shop.UserDraft{Name: "Root", Email: "root@example.com", Role: shop.RoleAdmin}))
	recipe := mustRecipe(t, r, owner.ID, "Soup")
	name := "Stew"
	for _, patch := range []shop.RecipePatch{{Name: &name}, {}} {
		_, err := r.UpdateRecipe(t.Context(), stranger.Actor(), recipe.ID, patch)
		wantErr(t, err, shop.ErrForbidden)
		_, err = r.UpdateRecipe(t.Context(), owner.Actor(), recipe.ID+1, patch)
		wantErr(t, err, shop.ErrNotFound)
	}
	_, err := r.DeleteRecipe(t.Context(), stranger.Actor(), recipe.ID)
	wantErr(t, err, shop.ErrForbidden)
	same(t, "untouched", must[shop.Recipe](t)(r.Recipe(t.Context(), recipe.ID)), recipe)
	same(t, "by an admin", must[shop.Recipe](t)(r.UpdateRecipe(t.Context(), admin.Actor(), recipe.ID, shop.RecipePatch{Name: &name})).Name, name)
	must[shop.Recipe](t)(r.DeleteRecipe(t.Context(), admin.Actor(), recipe.ID))
}

// Two writers of different fields of one row lose nothing of each other.
func recipeConcurrentUpdates(t *testing.T, r shop.Repository) {
	const rounds = 20
	user := mustUser(t, r, "a@example.com")
	recipe := mustRecipe(t, r, user.ID, "Soup")
	for round := range rounds {
		name, servings, tags := fmt.Sprintf("Soup %d", round), round+1, []string{fmt.Sprintf("round-%d", round)}
		noErrors(t, together(3, func(i int) error {
			patch := [...]shop.RecipePatch{{Name: &name}, {Servings: &servings}, {Tags: &tags}}[i]
			_, err := r.UpdateRecipe(t.Context(), user.Actor(), recipe.ID, patch)
			return err
		}))
		got := must[shop.Recipe](t)(r.Recipe(t.Context(), recipe.ID))
		if got.Name != name || got.Servings != servings || !cmp.Equal(got.Tags, tags) {
			t.Fatalf("round %d: an update was lost: %q, %d servings, tags %v", round, got.Name, got.Servings, got.Tags)
		}
	}
	// Two writers of one field: one of the two wins, whole.
	lists := [][]string{{"a", "b", "c"}, {"c", "b", "d"}}
	for range rounds {
		noErrors(t, together(2, func(i int) error {
			_, err := r.UpdateRecipe(t.Context(), user.Actor(), recipe.ID, shop.RecipePatch{Tags: &lists[i]})
			return err
		}))
		got := must[shop.Recipe](t)(r.Recipe(t.Context(), recipe.ID)).Tags
		if !cmp.Equal(got, lists[0]) && !cmp.Equal(got, lists[1]) {
			t.Fatalf("tags are %v, want %v or %v", got, lists[0], lists[1])
		}
	}
}

func recipeDeleteTakesAll(t *testing.T, r shop.Repository) {
	owner, fan := mustUser(t, r, "a@example.com"), mustUser(t, r, "b@example.com")
	gone, kept := mustRecipe(t, r, owner.ID, "Gone", "vegan"), mustRecipe(t, r, owner.ID, "Kept", "vegan")
	for _, recipe := range []shop.Recipe{gone, kept} {
		must[bool](t)(r.SetFavorite(t.Context(), fan.ID, recipe.ID))
		must[shop.RatingSummary](t)(r.Rate(t.Context(), fan.ID, recipe.ID, 4))
	}
	must[shop.MealPlan](t)(r.PutMealPlan(t.Context(), shop.MealPlan{UserID: fan.ID, Week: "2026-W47", Days: map[shop.Day]map[shop.Meal]shop.PlannedMeal{
		"monday": {"lunch": {RecipeID: gone.ID}, "dinner": {RecipeID: kept.ID}},
	}}))
	deleted := must[shop.Recipe](t)(r.DeleteRecipe(t.Context(), owner.Actor(), gone.ID))
	same(t, "returned", deleted, gone)

	_, err := r.Recipe(t.Context(), gone.ID)
	wantErr(t, err, shop.ErrNotFound)
	_, err = r.Stats(t.Context(), gone.ID)
	wantErr(t, err, shop.ErrNotFound)
	_, err = r.DeleteRecipe(t.Context(), owner.Actor(), gone.ID)
	wantErr(t, err, shop.ErrNotFound)
	same(t, "favorites", must[[]int64](t)(r.Favorites(t.Context(), fan.ID)), []int64{kept.ID})
	same(t, "admirers", must[[]int64](t)(r.FavoritedBy(t.Context(), gone.ID)), []int64{})
	same(t, "ratings", must[[]shop.Rating](t)(r.Ratings(t.Context(), gone.ID)), []shop.Rating{})
	same(t, "ranking", must[[]shop.RecipeScore](t)(r.PopularScores(t.Context(), 0)), []shop.RecipeScore{{RecipeID: kept.ID, Score: 2}})
	page := must[shop.RecipePage](t)(r.ListRecipes(t.Context(), shop.RecipeFilter{Tags: []string{"vegan"}}))
	same(t, "by tag", page.Recipes, []shop.Recipe{kept})
	plan := must[shop.MealPlan](t)(r.MealPlan(t.Context(), fan.ID, "2026-W47"))
	same(t, "planned", plan.Days, map[shop.Day]map[shop.Meal]shop.PlannedMeal{"monday": {"dinner": {RecipeID: kept.ID}}})
}

// A copy of a deleted recipe in a cache must never pass for a new one.
func recipeIDsAreNeverReused(t *testing.T, r shop.Repository) {
	user := mustUser(t, r, "a@example.com")
	last := mustRecipe(t, r, user.ID, "First")
	must[shop.Recipe](t)(r.DeleteRecipe(t.Context(), user.Actor(), last.ID))
	if next := mustRecipe(t, r, user.ID, "Second"); next.ID <= last.ID {
		t.Errorf("id %d after %d was deleted", next.ID, last.ID)
	}
}

func recipeReadMany(t *testing.T, r shop.Repository) {
	user := mustUser(t, r, "a@example.com")
	a, b := mustRecipe(t, r, user.ID, "A", "x", "y"), mustRecipe(t, r, user.ID, "B")
	got := must[map[int64]shop.Recipe](t)(r.Recipes(t.Context(), []int64{b.ID, b.ID + 9, a.ID, a.ID}))
	same(t, "recipes", got, map[int64]shop.Recipe{a.ID: a, b.ID: b})
	same(t, "none", must[map[int64]shop.Recipe](t)(r.Recipes(t.Context(), nil)), map[int64]shop.Recipe{})
}

func recipeWalk(t *testing.T, r shop.Repository) {
	const n = 1203 // several batches and a rest
	user := mustUser(t, r, "a@example.com")
	var want []int64
	err := r.Atomically(t.Context(), func(r shop.Repository) error {
		for i := range n {
			want = append(want, mustRecipe(t, r, user.ID, fmt.Sprintf("Recipe %d", i)).ID)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	var got []int64
	for recipe, err := range r.AllRecipes(t.Context()) {
		if err != nil {
			t.Fatal(err)
		}
		// The loop's body may write: nothing is held open meanwhile.
		if len(got) == 0 {
			must[bool](t)(r.SetFavorite(t.Context(), user.ID, recipe.ID))
		}
		got = append(got, recipe.ID)
	}
	same(t, "ids", got, want)
	same(t, "stats", len(walked(t, r.AllStats(t.Context()))), n)
	for range r.AllRecipes(t.Context()) {
		break // leaving early is no fault
	}
}
