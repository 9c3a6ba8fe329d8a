package shop_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
)

// invalid returns what an InvalidError says, one line a field.
func invalid(t *testing.T, err error) []string {
	t.Helper()
	var bad *shop.InvalidError
	if !errors.As(err, &bad) || !errors.Is(err, shop.ErrInvalid) {
		t.Fatalf("error is %v, want an InvalidError", err)
	}
	lines := []string{}
	for _, f := range bad.Fields {
		lines = append(lines, f.Field+": "+f.Message)
	}
	return lines
}

func TestRecipeDraftNamesEveryFault(t *testing.T) {
	t.Parallel()
	_, err := shop.RecipeDraft{
		Name: " \t", Servings: -2, PrepTime: -1, CookTime: 1 << 20, Difficulty: "tricky",
		Tags:         []string{"ok", "", strings.Repeat("x", 41), "a\nb"},
		Ingredients:  []shop.Ingredient{{Name: "egg", Quantity: 1}, {Quantity: -1, Unit: strings.Repeat("u", 41)}},
		Instructions: []string{"Stir.\nServe.", ""},
		ImageURL:     "javascript:alert(1)",
	}.Normalize()
	want := []string{
		`name: empty, expected 1 to 200 characters`,
		`servings: -2, expected 1 to 1000`,
		`prepTime: -1, expected 0 to 10080`,
		`cookTime: 1048576, expected 0 to 10080`,
		`difficulty: "tricky", expected easy, medium or hard`,
		`tags[1]: empty, expected 1 to 40 characters`,
		`tags[2]: 41 characters, expected 1 to 40`,
		`tags[3]: "a\nb" has a control character`,
		`ingredients[1].quantity: -1, expected 0 to 1000000`,
		`ingredients[1].name: empty, expected 1 to 200 characters`,
		`ingredients[1].unit: 41 characters, expected 0 to 40`,
		`instructions[1]: empty, expected 1 to 2000 characters`,
		`imageUrl: "javascript:alert(1)", expected an http or https address or a path that begins with /`,
	}
	if diff := cmp.Diff(want, invalid(t, err)); diff != "" {
		t.Errorf("faults (-want +got):\n%s", diff)
	}
	if !strings.HasPrefix(err.Error(), "domain: invalid: name: empty") {
		t.Errorf("error text is %q", err)
	}
}

func TestRecipeDraftBounds(t *testing.T) {
	t.Parallel()
	for name, d := range map[string]shop.RecipeDraft{
		"long name":        {Name: strings.Repeat("é", 201)},
		"bad UTF-8":        {Name: "a\xffb"},
		"NUL":              {Name: "a", Description: "b\x00"},
		"many tags":        {Name: "a", Tags: make([]string, 21)},
		"many ingredients": {Name: "a", Ingredients: make([]shop.Ingredient, 201)},
		"many steps":       {Name: "a", Instructions: make([]string, 201)},
		"relative image":   {Name: "a", ImageURL: "cat.png"},
		"other host":       {Name: "a", ImageURL: "//evil.example/cat.png"},
	} {
		if _, err := d.Normalize(); !errors.Is(err, shop.ErrInvalid) {
			t.Errorf("%s: error is %v, want ErrInvalid", name, err)
		} else if n := len(invalid(t, err)); n != 1 {
			t.Errorf("%s: %d faults, want 1: %v", name, n, err)
		}
	}
	for _, image := range []string{"", "/img/cat.png", "http://example.com/a", "https://example.com/a?b=c"} {
		if _, err := (shop.RecipeDraft{Name: strings.Repeat("é", 200), ImageURL: image}).Normalize(); err != nil {
			t.Error(err)
		}
	}
}

func TestNormalizeSharesNothing(t *testing.T) {
	t.Parallel()
	tags, steps := []string{"Vegan"}, []string{" Stir. "}
	p, err := shop.RecipePatch{Tags: &tags, Instructions: &steps}.Normalize()
	if err != nil {
		t.Fatal(err)
	}
	if tags[0] != "Vegan" || steps[0] != " Stir. " {
		t.Errorf("the caller's slices were changed: %q %q", tags, steps)
	}
	if (*p.Tags)[0] != "vegan" || (*p.Instructions)[0] != "Stir." || p.Name != nil {
		t.Errorf("patch is %v %v %v", *p.Tags, *p.Instructions, p.Name)
	}
}

// The JSON of a recipe is read by foreign programs from Redis: names and order
// are a promise.
func TestRecipeJSON(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 22, 14, 33, 0, 120_000_000, time.UTC)
	got, err := json.Marshal(shop.Recipe{
		ID: 1, UserID: 2, Name: "Soup", Servings: 4, PrepTime: 5, CookTime: 20, Difficulty: shop.Easy, Tags: []string{"quick"},
		Ingredients: []shop.Ingredient{{Name: "water", Quantity: 1.5, Unit: "l"}}, Instructions: []string{}, CreatedAt: at, UpdatedAt: at,
	})
	if err != nil {
		t.Fatal(err)
	}
	want := `{"id":1,"userId":2,"name":"Soup","description":"","servings":4,"prepTime":5,"cookTime":20,"difficulty":"easy","tags":["quick"],` +
		`"ingredients":[{"name":"water","quantity":1.5,"unit":"l"}],"instructions":[],"imageUrl":"",` +
		`"createdAt":"2026-11-22T14:33:00.12Z","updatedAt":"2026-11-22T14:33:00.12Z"}`
	if diff := cmp.Diff(want, string(got)); diff != "" {
		t.Errorf("JSON (-want +got):\n%s", diff)
	}
}

func TestRecipeFilter(t *testing.T) {
	t.Parallel()
	got := shop.RecipeFilter{Tags: []string{" Quick", "quick", "", "Vegan"}, Page: -3, Limit: 5000}.Normalize()
	want := shop.RecipeFilter{Tags: []string{"quick", "vegan"}, Page: 1, Limit: shop.MaxLimit}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("filter (-want +got):\n%s", diff)
	}
}
