package catalog

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"testing"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/copiestest"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
	"github.com/redbrick-go/redbrick/redistest"
)

// Many writers in two processes change the same few things, while rebuilds run
// beside them. When all are done, the copies say what the database says.
func TestCopiesAgreeAfterConcurrentWriters(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		repo := dawdling{newStore(t)}
		catalogs := []*Catalog{newCatalog(t, repo, rb, false), newCatalog(t, repo, redistest.Another(t, rb), false)}
		users := []shop.User{newUser(t, repo, "ada"), newUser(t, repo, "bob")}
		var recipes []int64
		for i := range 3 {
			r, err := catalogs[0].CreateRecipe(t.Context(), users[i%2].Actor(), shop.RecipeDraft{Name: "Soup", Tags: []string{"soup"}})
			if err != nil {
				t.Fatal(err)
			}
			recipes = append(recipes, r.ID)
		}
		var wg sync.WaitGroup
		const writers, rounds = 8, 60
		for w := range writers {
			c, random := catalogs[w%2], rand.New(rand.NewPCG(uint64(w), 7)) //nolint:gosec // a test's
			wg.Go(func() {
				for range rounds {
					if err := change(t.Context(), c, random, users, recipes); err != nil && !refused(err) {
						t.Errorf("writer %d: %v", w, err)
					}
				}
			})
		}
		wg.Go(func() {
			for range 3 {
				if _, err := catalogs[1].Rebuild(t.Context()); err != nil && !errors.Is(err, errBroken) {
					t.Errorf("rebuild: %v", err)
				}
			}
		})
		wg.Wait()
		for _, c := range catalogs {
			if err := c.Flush(t.Context()); err != nil {
				t.Error(err)
			}
			if c.keeper.suspect.Load() {
				t.Error("a copy could not be written")
			}
		}
		if err := copiestest.Agree(t.Context(), repo, rb); err != nil {
			t.Error(err)
		}
	})
}

// change does one thing at random.
func change(ctx context.Context, c *Catalog, random *rand.Rand, users []shop.User, recipes []int64) error {
	user, recipe := users[random.IntN(len(users))], recipes[random.IntN(len(recipes))]
	var err error
	switch random.IntN(7) {
	case 0, 1:
		err = c.SetFavorite(ctx, user.ID, recipe, true)
	case 2, 3:
		err = c.SetFavorite(ctx, user.ID, recipe, false)
	case 4:
		_, err = c.Rate(ctx, user.ID, recipe, 1+random.IntN(5))
	case 5:
		tags := []string{fmt.Sprintf("t%d", random.IntN(3)), "soup"}
		_, err = c.UpdateRecipe(ctx, shop.Actor{Admin: true, UserID: user.ID}, recipe, shop.RecipePatch{Tags: &tags})
	case 6:
		_, err = c.SetStock(ctx, "eggs", int64(random.IntN(100)))
		if _, viewed := c.Recipe(ctx, recipe); viewed != nil {
			return viewed
		}
	}
	return err
}

// A recipe that is deleted while others like and rate it leaves no copy.
func TestDeleteBesideAdmirersLeavesNothing(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		repo := dawdling{newStore(t)}
		c, other := newCatalog(t, repo, rb, false), newCatalog(t, repo, redistest.Another(t, rb), false)
		ada, bob := newUser(t, repo, "ada"), newUser(t, repo, "bob")
		for range 30 {
			r, err := c.CreateRecipe(t.Context(), ada.Actor(), shop.RecipeDraft{Name: "Soup", Tags: []string{"soup"}})
			if err != nil {
				t.Fatal(err)
			}
			var wg sync.WaitGroup
			for i, c := range []*Catalog{c, other, c, other} {
				wg.Go(func() {
					var err error
					if i < 2 {
						err = c.SetFavorite(t.Context(), bob.ID, r.ID, true)
					} else {
						_, err = c.Rate(t.Context(), bob.ID, r.ID, 4)
					}
					if err != nil && !errors.Is(err, shop.ErrNotFound) {
						t.Error(err)
					}
				})
			}
			wg.Go(func() {
				if err := other.DeleteRecipe(t.Context(), ada.Actor(), r.ID); err != nil {
					t.Error(err)
				}
			})
			wg.Wait()
			if err := copiestest.Agree(t.Context(), repo, rb); err != nil {
				t.Fatal(err)
			}
		}
	})
}

// settle writes again as long as the state has changed behind its back.
func TestSettleRepeatsUntilNothingChanged(t *testing.T) {
	t.Parallel()
	state, written := 0, -1
	err := settle(t.Context(), func(context.Context) (int, error) { return state, nil }, equal, func(_ context.Context, n int) error {
		written = n
		if state < 5 {
			state++ // another writer, after our read
		}
		return nil
	})
	if err != nil || written != 5 {
		t.Errorf("wrote %d, %v; want 5", written, err)
	}
	err = settle(t.Context(), func(context.Context) (int, error) { state++; return state, nil }, equal, func(context.Context, int) error { return nil })
	if !errors.Is(err, errRestless) {
		t.Errorf("a state that never rests: %v", err)
	}
	boom := errors.New("boom")
	err = settle(t.Context(), func(context.Context) (int, error) { return 0, nil }, equal, func(context.Context, int) error { return boom })
	if !errors.Is(err, boom) {
		t.Errorf("error of the copy: %v", err)
	}
}
