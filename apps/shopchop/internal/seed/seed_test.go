package seed_test

import (
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"go.uber.org/goleak"

	"github.com/redbrick-go/redbrick/apps/shopchop/internal/seed"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/sqlstore"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestRecipes(t *testing.T) {
	t.Parallel()
	drafts := seed.Recipes()
	if len(drafts) != 200 {
		t.Errorf("%d recipes, want 200", len(drafts))
	}
	names, tags := map[string]bool{}, map[string]int{}
	for _, d := range drafts {
		normal, err := d.Normalize()
		if err != nil {
			t.Errorf("%s: %v", d.Name, err)
		}
		if !reflect.DeepEqual(normal, d) {
			t.Errorf("%s is not in its stored form", d.Name)
		}
		if names[d.Name] {
			t.Errorf("%s is there twice", d.Name)
		}
		names[d.Name] = true
		for _, tag := range d.Tags {
			tags[tag]++
		}
		if len(d.Ingredients) < 6 || len(d.Instructions) < 4 || d.PrepTime <= 0 {
			t.Errorf("%s has %d ingredients, %d steps, %d minutes", d.Name, len(d.Ingredients), len(d.Instructions), d.PrepTime)
		}
		lines := map[string]bool{}
		for _, i := range d.Ingredients {
			if i.Quantity <= 0 || lines[i.Name+i.Unit] {
				t.Errorf("%s: %v is there twice, or nothing of it", d.Name, i)
			}
			lines[i.Name+i.Unit] = true
		}
		for _, text := range append(d.Instructions, d.Name, d.Description) {
			if text == "" || strings.Contains(text, "%") || strings.Contains(text, "  ") {
				t.Errorf("%s: text %q", d.Name, text)
			}
		}
	}
	for _, tag := range []string{"italian", "indian", "mexican", "vegan", "vegetarian", "quick", "dessert", "spicy", "one-pot"} {
		if tags[tag] < 10 {
			t.Errorf("%d recipes with tag %s, want at least 10", tags[tag], tag)
		}
	}
}

// A recipe called vegan or vegetarian must not contain what contradicts it.
func TestDietsAreTrue(t *testing.T) {
	t.Parallel()
	flesh := []string{"chicken", "beef", "pork", "lamb", "turkey", "duck", "ham", "bacon", "sausage", "chorizo", "prawn", "salmon", "cod", "tuna", "mussel", "fish sauce", "oyster"}
	animal := append([]string{"egg", "cream", "cheese", "butter", "ghee", "yoghurt", "parmesan", "gruyere", "cheddar", "feta", "halloumi", "paneer", "mozzarella", "fior di latte", "mayonnaise", "honey"}, flesh...)
	for _, d := range seed.Recipes() {
		forbidden := map[string][]string{"vegan": animal, "vegetarian": flesh}
		for _, tag := range d.Tags {
			for _, word := range forbidden[tag] {
				for _, i := range d.Ingredients {
					if strings.Contains(i.Name, word) {
						t.Errorf("%s is tagged %s and has %s", d.Name, tag, i.Name)
					}
				}
			}
			for _, i := range d.Ingredients {
				if tag == "vegan" && (i.Name == "milk" || i.Name == "buttermilk") {
					t.Errorf("%s is tagged vegan and has %s", d.Name, i.Name)
				}
			}
		}
	}
}

func TestApply(t *testing.T) {
	t.Parallel()
	store, err := sqlstore.Open(t.Context(), "sqlite://"+filepath.Join(t.TempDir(), "shop.db"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := store.Close(); err != nil {
			t.Error(err)
		}
	})
	report, err := seed.Apply(t.Context(), store, "demo")
	if err != nil {
		t.Fatal(err)
	}
	if report.Users != 20 || report.Recipes != 200 || report.Favorites < 200 || report.Ratings < 300 || report.Items != 20 {
		t.Errorf("report is %+v", report)
	}
	if c, err := store.Credentials(t.Context(), "ada.rossi@example.com"); err != nil || c.Hash != "demo" {
		t.Errorf("hash %q, %v; want the one that was given", c.Hash.Reveal(), err)
	}
	again, err := seed.Apply(t.Context(), store, "demo")
	if err != nil || again != (seed.Report{}) {
		t.Errorf("a second time: %+v, %v", again, err)
	}
	page, err := store.ListRecipes(t.Context(), shop.RecipeFilter{Tags: []string{"italian", "vegan"}})
	if err != nil || page.Total < 3 {
		t.Errorf("%d italian vegan recipes, %v", page.Total, err)
	}
	scores, err := store.PopularScores(t.Context(), 10)
	if err != nil || len(scores) != 10 || scores[0].Score < 2*scores[9].Score {
		t.Errorf("popular: %v, %v", scores, err)
	}
}
