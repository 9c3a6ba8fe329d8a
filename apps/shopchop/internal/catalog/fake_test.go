package catalog

import (
	"context"
	"iter"
	"math/rand/v2"
	"time"

	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
)

// interrupted is a repository under whose walk over the stock something happens.
type interrupted struct {
	shop.Repository

	harm func() error
	err  error
}

func (i *interrupted) AllStock(ctx context.Context) iter.Seq2[shop.InventoryItem, error] {
	i.err = i.harm()
	return i.Repository.AllStock(ctx)
}

// dawdling is a repository whose readers are held up now and then, before they
// can use what they read.
type dawdling struct{ shop.Repository }

func dawdle[T any](ctx context.Context, value T, err error) (T, error) {
	timer := time.NewTimer(rand.N(3 * time.Millisecond)) //nolint:gosec // a test's
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
	return value, err
}

func (d dawdling) Recipe(ctx context.Context, id int64) (shop.Recipe, error) {
	r, err := d.Repository.Recipe(ctx, id)
	return dawdle(ctx, r, err)
}

func (d dawdling) StatsOf(ctx context.Context, ids []int64) (map[int64]shop.RecipeStats, error) {
	s, err := d.Repository.StatsOf(ctx, ids)
	return dawdle(ctx, s, err)
}

func (d dawdling) IsFavorite(ctx context.Context, user, recipe int64) (bool, error) {
	is, err := d.Repository.IsFavorite(ctx, user, recipe)
	return dawdle(ctx, is, err)
}

func (d dawdling) Favorites(ctx context.Context, user int64) ([]int64, error) {
	ids, err := d.Repository.Favorites(ctx, user)
	return dawdle(ctx, ids, err)
}

func (d dawdling) Stars(ctx context.Context, user, recipe int64) (int, error) {
	stars, err := d.Repository.Stars(ctx, user, recipe)
	return dawdle(ctx, stars, err)
}

func (d dawdling) Stock(ctx context.Context, item string) (shop.InventoryItem, error) {
	i, err := d.Repository.Stock(ctx, item)
	return dawdle(ctx, i, err)
}
