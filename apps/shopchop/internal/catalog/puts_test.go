package catalog

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
	"github.com/redbrick-go/redbrick/redistest"
)

// halting is a repository whose first change of a recipe is made at once, and heard of by its caller when it may go on.
type halting struct {
	shop.Repository

	halted     atomic.Bool
	made, goOn chan struct{}
}

func (h *halting) UpdateRecipe(ctx context.Context, by shop.Actor, id int64, patch shop.RecipePatch) (shop.Recipe, error) {
	r, err := h.Repository.UpdateRecipe(ctx, by, id, patch)
	if h.halted.CompareAndSwap(false, true) {
		close(h.made)
		<-h.goOn
	}
	return r, err
}

// Of two writers the first may be the last to get to the cache: it does not put back what it wrote.
func TestTheSlowerOfTwoWritersLeavesTheLastRowInTheCache(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		store := newStore(t)
		repo := &halting{Repository: store, made: make(chan struct{}), goOn: make(chan struct{})}
		slow, other := newCatalog(t, repo, rb, false), newCatalog(t, store, redistest.Another(t, rb), false)
		ada := newUser(t, store, "ada")
		r, err := slow.CreateRecipe(t.Context(), ada.Actor(), shop.RecipeDraft{Name: "Soup"})
		if err != nil {
			t.Fatal(err)
		}
		rename := func(c *Catalog, name string) error {
			_, err := c.UpdateRecipe(t.Context(), ada.Actor(), r.ID, shop.RecipePatch{Name: &name})
			return err
		}
		first := make(chan error, 1)
		go func() { first <- rename(slow, "First") }()
		<-repo.made
		if err := rename(other, "Last"); err != nil {
			t.Error(err)
		}
		close(repo.goOn)
		if err := <-first; err != nil {
			t.Error(err)
		}
		entry, err := rb.Do(t.Context(), rb.B().Get().Key(rb.Namespace()+"recipe:"+text(r.ID)).Build()).ToString()
		if err != nil || !strings.Contains(entry, `"Last"`) {
			t.Errorf("entry %s, %v; want that of the last writer", entry, err)
		}
		got, err := slow.Recipe(t.Context(), r.ID)
		if err != nil || !strings.Contains(string(got.Value), `"Last"`) {
			t.Errorf("the first writer's service has %s, %v; want the last row", got.Value, err)
		}
	})
}
