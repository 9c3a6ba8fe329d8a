package shoptest

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
)

const week = shop.Week("2026-W47")

type days = map[shop.Day]map[shop.Meal]shop.PlannedMeal

func mealPlanPutAndGet(t *testing.T, r shop.Repository) {
	user := mustUser(t, r, "a@example.com")
	a, b := mustRecipe(t, r, user.ID, "A").ID, mustRecipe(t, r, user.ID, "B").ID
	get := func(w shop.Week) shop.MealPlan {
		t.Helper()
		return must[shop.MealPlan](t)(r.MealPlan(t.Context(), user.ID, w))
	}
	same(t, "nothing yet", get(week), shop.MealPlan{UserID: user.ID, Week: week, Days: days{}})
	want := shop.MealPlan{UserID: user.ID, Week: week, Days: days{
		"monday": {"dinner": {RecipeID: a, Servings: 6}, "snack": {RecipeID: a}}, "sunday": {"breakfast": {RecipeID: b}},
	}}
	same(t, "put", must[shop.MealPlan](t)(r.PutMealPlan(t.Context(), want)), want)
	same(t, "read back", get(week), want)
	same(t, "another week", get("2026-W48").Days, days{})
	want.Days = days{"friday": {"lunch": {RecipeID: b}}}
	must[shop.MealPlan](t)(r.PutMealPlan(t.Context(), shop.MealPlan{UserID: user.ID, Week: week, Days: days{"friday": {"lunch": {RecipeID: b}}, "monday": {}}}))
	same(t, "replaced", get(week), want)
	must[shop.MealPlan](t)(r.PutMealPlan(t.Context(), shop.MealPlan{UserID: user.ID, Week: week}))
	same(t, "cleared", get(week).Days, days{})
}

func mealPlanRefused(t *testing.T, r shop.Repository) {
	user := mustUser(t, r, "a@example.com")
	a := mustRecipe(t, r, user.ID, "A").ID
	put := func(p shop.MealPlan) error {
		_, err := r.PutMealPlan(t.Context(), p)
		return err
	}
	good := shop.MealPlan{UserID: user.ID, Week: week, Days: days{"monday": {"lunch": {RecipeID: a}}}}
	if err := put(good); err != nil {
		t.Fatal(err)
	}
	err := put(shop.MealPlan{UserID: user.ID, Week: week, Days: days{"monday": {"lunch": {RecipeID: a}, "dinner": {RecipeID: a + 1}}}})
	wantErr(t, err, shop.ErrInvalid)
	same(t, "message", err.Error(), "domain: invalid: days.monday.dinner.recipeId: 2, expected a recipe that exists")
	wantErr(t, put(shop.MealPlan{UserID: user.ID, Week: "2026-47", Days: good.Days}), shop.ErrInvalid)
	wantErr(t, put(shop.MealPlan{UserID: user.ID + 1, Week: week, Days: good.Days}), shop.ErrNotFound)
	_, err = r.MealPlan(t.Context(), user.ID, "next week")
	wantErr(t, err, shop.ErrInvalid)
	same(t, "untouched", must[shop.MealPlan](t)(r.MealPlan(t.Context(), user.ID, week)), good)
}

func mealPlanConcurrentPuts(t *testing.T, r shop.Repository) {
	user := mustUser(t, r, "a@example.com")
	a, b := mustRecipe(t, r, user.ID, "A").ID, mustRecipe(t, r, user.ID, "B").ID
	plans := []days{
		{"monday": {"lunch": {RecipeID: a}, "dinner": {RecipeID: a}}, "tuesday": {"lunch": {RecipeID: a}}},
		{"monday": {"lunch": {RecipeID: b}}, "sunday": {"lunch": {RecipeID: b}}},
	}
	for range 10 {
		noErrors(t, together(4, func(i int) error {
			_, err := r.PutMealPlan(t.Context(), shop.MealPlan{UserID: user.ID, Week: week, Days: plans[i%2]})
			return err
		}))
		got := must[shop.MealPlan](t)(r.MealPlan(t.Context(), user.ID, week)).Days
		if !cmp.Equal(got, plans[0]) && !cmp.Equal(got, plans[1]) {
			t.Fatalf("two plans were mixed: %v", got)
		}
	}
}
