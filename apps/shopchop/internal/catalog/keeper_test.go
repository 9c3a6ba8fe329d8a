package catalog

import (
	"errors"
	"fmt"
	"testing"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/copiestest"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/seed"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
	"github.com/redbrick-go/redbrick/cache"
	"github.com/redbrick-go/redbrick/redistest"
)

func rebuilt(t *testing.T, c *Catalog) {
	t.Helper()
	redistest.Eventually(t, longTime, func() error {
		if !trusted(c) {
			return errors.New("the copies are not trusted yet")
		}
		return nil
	})
}

// A service that starts on an empty Redis builds the copies, one process of two.
func TestKeeperBuildsWhatIsMissing(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		repo := newStore(t)
		if _, err := seed.Apply(t.Context(), repo, ""); err != nil {
			t.Fatal(err)
		}
		c, other := newCatalog(t, repo, rb, true), newCatalog(t, repo, redistest.Another(t, rb), true)
		rebuilt(t, c)
		rebuilt(t, other)
		if a, b := *c.keeper.known.Load(), *other.keeper.known.Load(); a != b {
			t.Errorf("two builds, %s and %s", a, b)
		}
		if err := copiestest.Agree(t.Context(), repo, rb); err != nil {
			t.Error(err)
		}
	})
}

// A rebuild takes away what the database does not have.
func TestRebuildSweepsLeftovers(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		repo := newStore(t)
		c := newCatalog(t, repo, rb, false)
		ada := newUser(t, repo, "ada")
		kept, err := c.CreateRecipe(t.Context(), ada.Actor(), shop.RecipeDraft{Name: "Kept", Tags: []string{"soup"}})
		gone, err2 := c.CreateRecipe(t.Context(), ada.Actor(), shop.RecipeDraft{Name: "Gone", Tags: []string{"soup", "old"}})
		_, err3 := c.Rate(t.Context(), ada.ID, gone.ID, 3)
		err4 := c.SetFavorite(t.Context(), ada.ID, gone.ID, true)
		// Behind the service's back:
		_, err5 := repo.DeleteRecipe(t.Context(), ada.Actor(), gone.ID)
		ns := rb.Namespace()
		var faults []error
		for _, r := range rb.DoMulti(t.Context(),
			rb.B().Sadd().Key(ns+"user:99:favorites").Member("1").Build(),
			rb.B().Sadd().Key(ns+"user:1:recipes").Member("77").Build(),
			rb.B().Hset().Key(ns+"recipe:77:stats").FieldValue().FieldValue("views", "9").Build(),
			rb.B().Hset().Key(ns+"recipe:1:ratings").FieldValue().FieldValue("5", "5").Build(),
			rb.B().Zadd().Key(ns+"recipes:popular").ScoreMember().ScoreMember(9, "recipe:78").Build(),
			rb.B().Set().Key(ns+"inventory:ghost:stock").Value("4").Build()) {
			faults = append(faults, r.Error())
		}
		if err := errors.Join(append(faults, err, err2, err3, err4, err5)...); err != nil {
			t.Fatal(err)
		}
		report, err := c.Rebuild(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if report.Recipes != 1 || report.Leftovers == 0 {
			t.Errorf("report %+v, want 1 recipe and leftovers", report)
		}
		if err := copiestest.Agree(t.Context(), repo, rb); err != nil {
			t.Error(err)
		}
		if r, err := c.Recipe(t.Context(), gone.ID); !errors.Is(err, shop.ErrNotFound) {
			t.Errorf("the recipe that is gone: %s, %v", r.Value, err)
		}
		if _, err := c.Recipe(t.Context(), kept.ID); err != nil {
			t.Error(err)
		}
	})
}

// While the copies are not whole, the database answers; after they were, they do.
func TestReadsTheDatabaseUntilCopiesAreWhole(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		repo := newStore(t)
		c := newCatalog(t, repo, rb, false)
		ada := newUser(t, repo, "ada")
		r, err := c.CreateRecipe(t.Context(), ada.Actor(), shop.RecipeDraft{Name: "Soup", Tags: []string{"soup"}})
		if err != nil {
			t.Fatal(err)
		}
		if err := c.SetFavorite(t.Context(), ada.ID, r.ID, true); err != nil {
			t.Fatal(err)
		}
		answers := func() error {
			stats, err := c.Stats(t.Context(), r.ID)
			favorites, err2 := c.Favorites(t.Context(), ada.ID, 1, 10)
			own, err3 := c.Own(t.Context(), ada.ID, 1, 10)
			if err := errors.Join(err, err2, err3); err != nil {
				return err
			}
			if stats.Likes != 1 || favorites.Total != 1 || len(favorites.Recipes) != 1 || own.Total != 1 {
				return fmt.Errorf("likes %d, favourites %+v, own %+v; want one of each", stats.Likes, favorites, own)
			}
			return nil
		}
		lose := func() {
			t.Helper()
			keys, err := copiestest.Keys(t.Context(), rb)
			if err != nil {
				t.Fatal(err)
			}
			for _, key := range keys {
				for _, name := range []string{rb.Namespace() + key, "{" + rb.Namespace() + key[min(1, len(key)):]} {
					if err := rb.Do(t.Context(), rb.B().Unlink().Key(name).Build()).Error(); err != nil {
						t.Fatal(err)
					}
				}
			}
		}
		if err := answers(); err != nil {
			t.Errorf("before the first build: %v", err)
		}
		lose()
		if err := answers(); err != nil {
			t.Errorf("with nothing in Redis: %v", err)
		}
		if err := c.keeper.look(t.Context()); err != nil || !trusted(c) {
			t.Fatalf("build: %v, trusted: %t", err, trusted(c))
		}
		if err := answers(); err != nil {
			t.Errorf("from the copies: %v", err)
		}
		lose()
		if err := answers(); err != nil || trusted(c) {
			t.Errorf("lost again: %v, trusted: %t", err, trusted(c))
		}
	})
}

// A build that Redis was emptied under, or that a process distrusts, does not count.
func TestBuildIsBrokenOff(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		repo := newStore(t)
		c, other := newCatalog(t, repo, rb, false), newCatalog(t, repo, redistest.Another(t, rb), false)
		newUser(t, repo, "ada")
		steps := 0
		for name, harm := range map[string]func() error{
			"emptied": func() error {
				at, err := rb.Do(t.Context(), rb.B().Get().Key(c.keeper.builder()).Build()).ToString()
				return errors.Join(err, rb.Do(t.Context(), rb.B().Unlink().Key(c.keeper.builder(), c.keeper.building(at)).Build()).Error())
			},
			"distrusted": func() error { return other.keeper.withdraw(t.Context()) },
		} {
			t.Run(name, func(t *testing.T) {
				walk := &interrupted{Repository: repo, harm: harm}
				c.repo = walk
				_, err := c.keeper.build(t.Context(), nil)
				if !errors.Is(err, errBroken) || walk.err != nil {
					t.Errorf("build: %v, harm: %v; want errBroken", err, walk.err)
				}
				if built, err := c.keeper.built(t.Context()); built != "" || err != nil {
					t.Errorf("marker %q, %v; want none", built, err)
				}
				steps++
			})
		}
		c.repo = repo
		if _, err := c.keeper.build(t.Context(), nil); err != nil || steps != 2 {
			t.Errorf("undisturbed, after %d disturbed ones: %v", steps, err)
		}
	})
}

// A service that starts has the most popular recipes and their list in Redis before anybody asks.
func TestWarming(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		repo := newStore(t)
		if _, err := seed.Apply(t.Context(), repo, ""); err != nil {
			t.Fatal(err)
		}
		c := newCatalog(t, repo, rb, true)
		top, err := repo.PopularScores(t.Context(), warmed)
		if err != nil {
			t.Fatal(err)
		}
		keys := []string{rb.Namespace() + "recipes:popular:list"}
		for _, s := range top {
			keys = append(keys, c.recipes.Key(text(s.RecipeID)))
		}
		redistest.Eventually(t, longTime, func() error {
			for _, key := range keys {
				if n, err := rb.Do(t.Context(), rb.B().Exists().Key(key).Build()).AsInt64(); err != nil || n == 0 {
					return fmt.Errorf("%s is there %d times, %v", key, n, err)
				}
			}
			return nil
		})
		if r, err := c.Recipe(t.Context(), top[0].RecipeID); err != nil || r.Level == cache.Loaded {
			t.Errorf("the most popular recipe came from %q, %v", r.Level, err)
		}
	})
}
