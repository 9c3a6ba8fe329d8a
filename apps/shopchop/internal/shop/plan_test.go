package shop_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
)

type days = map[shop.Day]map[shop.Meal]shop.PlannedMeal

func TestWeek(t *testing.T) {
	t.Parallel()
	for s, ok := range map[string]bool{
		"2026-W47": true, "2026-W53": true, "2025-W53": false, "2026-W01": true, "2026-W00": false, "2026-W54": false,
		"2026-W1": false, "2026-47": false, "2026-W47x": false, "": false, "-026-W47": false, "0000-W01": false, "2026-w47": false,
	} {
		w, err := shop.ParseWeek(s)
		if (err == nil) != ok || ok && string(w) != s {
			t.Errorf("week %q gives %q, %v", s, w, err)
		}
	}
	// January 1, 2027 is a Friday: still the last week of 2026.
	if w := shop.WeekOf(time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC)); w != "2026-W53" {
		t.Errorf("week of 2027-01-01 is %s", w)
	}
}

func TestMealPlanJSON(t *testing.T) {
	t.Parallel()
	var plan shop.MealPlan
	err := json.Unmarshal([]byte(`{"week":"2026-W47","days":{"monday":{"lunch":7,"dinner":{"recipeId":8,"servings":2}}}}`), &plan)
	if err != nil {
		t.Fatal(err)
	}
	want := days{"monday": {"lunch": {RecipeID: 7}, "dinner": {RecipeID: 8, Servings: 2}}}
	if diff := cmp.Diff(want, plan.Days); diff != "" {
		t.Errorf("days (-want +got):\n%s", diff)
	}
	text, err := json.Marshal(plan)
	if err != nil {
		t.Fatal(err)
	}
	if want := `{"userId":0,"week":"2026-W47","days":{"monday":{"dinner":{"recipeId":8,"servings":2},"lunch":{"recipeId":7}}}}`; string(text) != want {
		t.Errorf("JSON is %s, want %s", text, want)
	}
	for _, bad := range []string{`"7"`, `{"recipe":7}`, `[7]`, `7.5`} {
		var m shop.PlannedMeal
		if err := json.Unmarshal([]byte(bad), &m); err == nil {
			t.Errorf("%s is accepted as %+v", bad, m)
		}
	}
}

func TestMealPlanNamesEveryFault(t *testing.T) {
	t.Parallel()
	_, err := shop.MealPlan{Week: "soon", Days: days{
		"monday": {"brunch": {RecipeID: 1}, "lunch": {RecipeID: 0, Servings: -1}}, "Friday": {"lunch": {RecipeID: 1}},
	}}.Normalize()
	want := []string{
		`days: "Friday", expected [monday tuesday wednesday thursday friday saturday sunday]`,
		`days.monday: "brunch", expected [breakfast lunch dinner snack]`,
		`days.monday.lunch.recipeId: 0, expected a recipe's id`,
		`days.monday.lunch.servings: -1, expected 0 to 1000`,
		`week: "soon", expected an ISO week such as 2026-W47`,
	}
	if diff := cmp.Diff(want, invalid(t, err)); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
}

func TestShoppingList(t *testing.T) {
	t.Parallel()
	recipes := map[int64]shop.Recipe{
		1: {ID: 1, Servings: 4, Ingredients: []shop.Ingredient{{Name: "Flour", Quantity: 500, Unit: "g"}, {Name: "eggs", Quantity: 2}}},
		2: {ID: 2, Servings: 3, Ingredients: []shop.Ingredient{{Name: "flour", Quantity: 100, Unit: "G"}, {Name: "flour", Quantity: 1, Unit: "tbsp"}, {Name: "Eggs", Quantity: 1}}},
	}
	plan := shop.MealPlan{Week: "2026-W47", Days: days{
		"monday":  {"lunch": {RecipeID: 1}, "dinner": {RecipeID: 2, Servings: 1}},
		"tuesday": {"lunch": {RecipeID: 1, Servings: 2}, "dinner": {RecipeID: 99}},
	}}
	got := shop.NewShoppingList(plan, recipes)
	want := shop.ShoppingList{Week: "2026-W47", Items: []shop.ShoppingItem{
		{Name: "eggs", Quantity: 3.333}, {Name: "Flour", Quantity: 783.333, Unit: "g"}, {Name: "flour", Quantity: 0.333, Unit: "tbsp"},
	}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("list (-want +got):\n%s", diff)
	}
	if empty := shop.NewShoppingList(shop.MealPlan{}, nil); empty.Items == nil {
		t.Error("an empty list is null in JSON")
	}
	if diff := cmp.Diff([]int64{1, 2, 99}, plan.RecipeIDs()); diff != "" {
		t.Errorf("ids (-want +got):\n%s", diff)
	}
}
