package shoptest

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"testing"

	"github.com/redbrick-go/redbrick/apps/internal/contracttest"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
)

// Open returns an empty repository that ends with the test.
type Open func(t *testing.T) shop.Repository

// Run runs the whole contract, each test on a repository of its own.
func Run(t *testing.T, open Open) {
	contracttest.Run(t, open, map[string]func(*testing.T, shop.Repository){
		"Recipe/CreateAndRead":       recipeCreateAndRead,
		"Recipe/Refused":             recipeRefused,
		"Recipe/PartialUpdate":       recipePartialUpdate,
		"Recipe/UpdateOfStrangers":   recipeUpdateOfStrangers,
		"Recipe/ConcurrentUpdates":   recipeConcurrentUpdates,
		"Recipe/DeleteTakesAll":      recipeDeleteTakesAll,
		"Recipe/IdsAreNeverReused":   recipeIDsAreNeverReused,
		"Recipe/ReadMany":            recipeReadMany,
		"Recipe/List":                recipeList,
		"Recipe/Search":              recipeSearch,
		"Recipe/Walk":                recipeWalk,
		"Stats/Counts":               statsCounts,
		"Stats/ConcurrentCounts":     statsConcurrentCounts,
		"Stats/Popular":              statsPopular,
		"Favorite/SetAndUnset":       favoriteSetAndUnset,
		"Favorite/Concurrent":        favoriteConcurrent,
		"Rating/Rate":                ratingRate,
		"Rating/Concurrent":          ratingConcurrent,
		"User/CreateAndRead":         userCreateAndRead,
		"User/PartialUpdate":         userPartialUpdate,
		"User/ConcurrentUpdates":     userConcurrentUpdates,
		"User/Password":              userPassword,
		"User/HasAdmin":              userHasAdmin,
		"User/Login":                 userLogin,
		"Inventory/SetAndTake":       inventorySetAndTake,
		"Inventory/NeverBelowZero":   inventoryNeverBelowZero,
		"Inventory/Walk":             inventoryWalk,
		"MealPlan/PutAndGet":         mealPlanPutAndGet,
		"MealPlan/Refused":           mealPlanRefused,
		"MealPlan/ConcurrentPuts":    mealPlanConcurrentPuts,
		"Atomically/CommitsTogether": atomicallyCommitsTogether,
		"Atomically/RollsBack":       atomicallyRollsBack,
		"Context/Cancelled":          contextCancelled,
	})
}

func must[T any](t *testing.T) func(T, error) T {
	t.Helper()
	return contracttest.Must[T](t)
}

func mustUser(t *testing.T, r shop.Repository, email string) shop.User {
	t.Helper()
	return must[shop.User](t)(r.CreateUser(t.Context(), shop.UserDraft{Name: "Cook of " + email, Email: email}))
}

func mustRecipe(t *testing.T, r shop.Repository, userID int64, name string, tags ...string) shop.Recipe {
	t.Helper()
	return must[shop.Recipe](t)(r.CreateRecipe(t.Context(), userID, shop.RecipeDraft{Name: name, Tags: tags}))
}

func wantErr(t *testing.T, err, want error) {
	t.Helper()
	contracttest.WantErr(t, err, want)
}

func same(t *testing.T, what string, got, want any) {
	t.Helper()
	contracttest.Same(t, what, got, want)
}

// walked returns the rows of a walk.
func walked[T any](t *testing.T, all iter.Seq2[T, error]) []T {
	t.Helper()
	rows := []T{}
	for row, err := range all {
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row)
	}
	return rows
}

func together(n int, f func(i int) error) []error { return contracttest.Together(n, f) }

func noErrors(t *testing.T, errs []error) {
	t.Helper()
	contracttest.NoErrors(t, errs)
}

func atomicallyCommitsTogether(t *testing.T, r shop.Repository) {
	var recipe shop.Recipe
	err := r.Atomically(t.Context(), func(r shop.Repository) error {
		user := mustUser(t, r, "a@example.com")
		recipe = mustRecipe(t, r, user.ID, "Soup")
		// A transaction inside is part of the one around it.
		return r.Atomically(t.Context(), func(r shop.Repository) error {
			_, err := r.SetFavorite(t.Context(), user.ID, recipe.ID)
			return err
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	same(t, "recipe", must[shop.Recipe](t)(r.Recipe(t.Context(), recipe.ID)), recipe)
	same(t, "likes", must[shop.RecipeStats](t)(r.Stats(t.Context(), recipe.ID)).Likes, int64(1))
}

func atomicallyRollsBack(t *testing.T, r shop.Repository) {
	user := mustUser(t, r, "a@example.com")
	boom := errors.New("boom")
	wantErr(t, r.Atomically(t.Context(), func(r shop.Repository) error {
		mustRecipe(t, r, user.ID, "Soup")
		return fmt.Errorf("in the middle: %w", boom)
	}), boom)
	same(t, "recipes", walked(t, r.AllRecipes(t.Context())), []shop.Recipe{})
	if must[bool](t)(r.Empty(t.Context())) {
		t.Error("a repository with a user counts as empty")
	}
}

func contextCancelled(t *testing.T, r shop.Repository) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err := r.Recipe(ctx, 1)
	wantErr(t, err, context.Canceled)
	_, err = r.SetStock(ctx, "eggs", 1)
	wantErr(t, err, context.Canceled)
	if !must[bool](t)(r.Empty(t.Context())) {
		t.Error("a new repository is not empty")
	}
	if err := r.Ping(t.Context()); err != nil {
		t.Error(err)
	}
}
