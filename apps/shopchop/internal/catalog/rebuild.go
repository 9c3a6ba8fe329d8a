package catalog

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/redis/rueidis"

	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
)

// Rebuilt counts what a rebuild has written.
type Rebuilt struct {
	Recipes, Favorites, Ratings, Items int
	// Leftovers are recipes, users and items of which Redis had copies and the
	// database has nothing.
	Leftovers int
}

// Rebuild writes all copies anew from the database and drops everything cached,
// beside a running service. It waits for a rebuild that is under way.
func (c *Catalog) Rebuild(ctx context.Context) (Rebuilt, error) {
	var report Rebuilt
	_, err := c.keeper.build(ctx, &report)
	for errors.Is(err, errBuilding) {
		timer := time.NewTimer(retryEvery)
		select {
		case <-ctx.Done():
			timer.Stop()
			return report, fmt.Errorf("waiting for the rebuild of another process: %w", ctx.Err())
		case <-timer.C:
		}
		_, err = c.keeper.build(ctx, &report)
	}
	if err != nil {
		return report, err
	}
	return report, c.clear(ctx)
}

// rebuild writes all copies. alive is called between two batches; its error ends the rebuild.
func (c *Catalog) rebuild(ctx context.Context, alive func(context.Context) error) (Rebuilt, error) {
	var n Rebuilt
	b := &builder{c: c, alive: alive, recipes: map[int64]bool{}, rated: map[int64]bool{}, users: map[int64]bool{}, stock: map[string]bool{}}
	for _, step := range []func(context.Context, *Rebuilt) error{
		b.copyRecipes, b.copyFavorites, b.copyRatings, b.copyStock, b.sweep,
	} {
		if err := errors.Join(alive(ctx), step(ctx, &n)); err != nil {
			return n, fmt.Errorf("rebuild: %w", err)
		}
	}
	return n, nil
}

// builder remembers what the database has, to find what Redis has besides.
type builder struct {
	c       *Catalog
	alive   func(context.Context) error
	recipes map[int64]bool
	rated   map[int64]bool  // recipes with ratings
	users   map[int64]bool  // with recipes or favourites
	stock   map[string]bool // keys of items: a name may be written otherwise there
}

// batches groups a walk over a table.
func batches[T any](rows iter.Seq2[T, error], f func([]T) error) error {
	var batch []T
	for row, err := range rows {
		if err != nil {
			return err
		}
		if batch = append(batch, row); len(batch) == statsBatch {
			if err := f(batch); err != nil {
				return err
			}
			batch = batch[:0]
		}
	}
	if len(batch) == 0 {
		return nil
	}
	return f(batch)
}

// groups collects the rows of a walk that come one after the other with one key.
func groups[T any](rows iter.Seq2[T, error], key func(T) int64, f func(int64, []T) error) error {
	var group []T
	for row, err := range rows {
		if err != nil {
			return err
		}
		if len(group) > 0 && key(group[0]) != key(row) {
			if err := f(key(group[0]), group); err != nil {
				return err
			}
			group = group[:0]
		}
		group = append(group, row)
	}
	if len(group) == 0 {
		return nil
	}
	return f(key(group[0]), group)
}

func (b *builder) copyRecipes(ctx context.Context, n *Rebuilt) error {
	return batches(b.c.repo.AllRecipes(ctx), func(batch []shop.Recipe) error {
		ids := make([]int64, len(batch))
		for i, r := range batch {
			ids[i] = r.ID
			b.recipes[r.ID], b.users[r.UserID] = true, true
		}
		n.Recipes += len(batch)
		err := each(batch, func(r shop.Recipe) error { return b.c.settleRecipe(ctx, r.ID, r.UserID) })
		return errors.Join(err, b.c.settleStats(ctx, ids...), b.alive(ctx))
	})
}

func (b *builder) copyFavorites(ctx context.Context, n *Rebuilt) error {
	return groups(b.c.repo.AllFavorites(ctx), func(f shop.Favorite) int64 { return f.UserID }, func(user int64, group []shop.Favorite) error {
		b.users[user] = true
		n.Favorites += len(group)
		return errors.Join(b.c.settleFavorites(ctx, user), b.alive(ctx))
	})
}

// settleFavorites makes all favourites of a user agree.
func (c *Catalog) settleFavorites(ctx context.Context, user int64) error {
	return settle(ctx, func(ctx context.Context) ([]int64, error) {
		ids, err := c.repo.Favorites(ctx, user)
		slices.Sort(ids)
		return ids, err
	}, slices.Equal, func(ctx context.Context, ids []int64) error {
		return c.favorites.ReplaceA(ctx, text(user), texts(ids))
	})
}

// settleOwned makes the set of recipes that a user wrote agree.
func (c *Catalog) settleOwned(ctx context.Context, user int64) error {
	return settle(ctx, func(ctx context.Context) ([]int64, error) { return c.ownedIDs(ctx, user) }, slices.Equal, func(ctx context.Context, ids []int64) error {
		var extra []string
		for m, err := range c.owned.All(ctx, text(user)) {
			if err != nil {
				return err
			}
			if !slices.Contains(ids, number(m)) {
				extra = append(extra, m)
			}
		}
		_, errAdd := c.owned.Add(ctx, text(user), texts(ids)...)
		_, errRemove := c.owned.Remove(ctx, text(user), extra...)
		return errors.Join(errAdd, errRemove)
	})
}

func (c *Catalog) ownedIDs(ctx context.Context, user int64) ([]int64, error) {
	ids := []int64{}
	for page := 1; ; page++ {
		p, err := c.repo.ListRecipes(ctx, shop.RecipeFilter{UserID: user, Page: page, Limit: shop.MaxLimit})
		if err != nil {
			return nil, err
		}
		for _, r := range p.Recipes {
			ids = append(ids, r.ID)
		}
		if len(p.Recipes) < shop.MaxLimit {
			return ids, nil
		}
	}
}

func (b *builder) copyRatings(ctx context.Context, n *Rebuilt) error {
	return groups(b.c.repo.AllRatings(ctx), func(r shop.Rating) int64 { return r.RecipeID }, func(recipe int64, group []shop.Rating) error {
		b.rated[recipe] = true
		n.Ratings += len(group)
		return errors.Join(b.c.settleRatings(ctx, recipe), b.alive(ctx))
	})
}

// settleRatings makes all stars of a recipe agree.
func (c *Catalog) settleRatings(ctx context.Context, recipe int64) error {
	key := c.ratingsKey(recipe)
	return settle(ctx, func(ctx context.Context) (map[string]string, error) {
		ratings, err := c.repo.Ratings(ctx, recipe)
		stars := make(map[string]string, len(ratings))
		for _, r := range ratings {
			stars[text(r.UserID)] = text(int64(r.Stars))
		}
		return stars, err
	}, maps.Equal, func(ctx context.Context, stars map[string]string) error {
		cmds := rueidis.Commands{c.rb.B().Unlink().Key(key).Build()}
		if len(stars) > 0 {
			cmds = append(cmds, c.rb.B().Hset().Key(key).FieldValue().FieldValueIter(maps.All(stars)).Build())
		}
		var faults []error
		for _, r := range c.rb.DoMulti(ctx, cmds...) {
			faults = append(faults, r.Error())
		}
		return errors.Join(faults...)
	})
}

func (b *builder) copyStock(ctx context.Context, n *Rebuilt) error {
	return batches(b.c.repo.AllStock(ctx), func(batch []shop.InventoryItem) error {
		n.Items += len(batch)
		for _, i := range batch {
			b.stock[b.c.stock.Key(i.Item)] = true
		}
		err := each(batch, func(i shop.InventoryItem) error { return b.c.settleStock(ctx, i.Item) })
		return errors.Join(err, b.alive(ctx))
	})
}

// sweep finds, by their keys, copies of what the database does not have, and settles them away.
func (b *builder) sweep(ctx context.Context, n *Rebuilt) error {
	recipes, users, items := map[int64]bool{}, map[int64]bool{}, map[string]bool{}
	ratings, admired := map[int64]bool{}, []string{}
	recipe := func(id string) {
		if id := number(id); id > 0 && !b.recipes[id] {
			recipes[id] = true
		}
	}
	user := func(id string) {
		if id := number(id); id > 0 && !b.users[id] {
			users[id] = true
		}
	}
	err := errors.Join(
		b.board(ctx, recipe),
		b.scan(ctx, "recipe:", ":stats", recipe),
		b.scan(ctx, "recipe:", ":ratings", func(id string) {
			recipe(id)
			if id := number(id); id > 0 && b.recipes[id] && !b.rated[id] {
				ratings[id] = true
			}
		}),
		b.scan(ctx, "recipe:", ":favorited_by", func(id string) {
			recipe(id)
			admired = append(admired, id)
		}),
		b.scan(ctx, "user:", ":favorites", user),
		b.scan(ctx, "user:", ":recipes", user),
		b.scan(ctx, "inventory:", ":stock", func(item string) {
			if !b.stock[b.c.rb.Namespace()+"inventory:"+item+":stock"] {
				items[item] = true
			}
		}),
	)
	if err != nil {
		return err
	}
	n.Leftovers = len(recipes) + len(users) + len(items)
	// Sets of users that the database has may hold recipes that are gone.
	owners := slices.Concat(slices.Collect(maps.Keys(users)), slices.Collect(maps.Keys(b.users)))
	return errors.Join(
		each(slices.Collect(maps.Keys(recipes)), func(id int64) error {
			return errors.Join(b.c.settleRecipe(ctx, id, 0), b.c.settleStats(ctx, id))
		}),
		each(slices.Collect(maps.Keys(ratings)), func(id int64) error { return b.c.settleRatings(ctx, id) }),
		each(slices.Collect(maps.Keys(users)), func(id int64) error { return b.c.settleFavorites(ctx, id) }),
		each(owners, func(id int64) error { return b.c.settleOwned(ctx, id) }),
		each(admired, func(id string) error {
			_, err := b.c.favorites.RepairB(ctx, id)
			return err
		}),
		each(slices.Collect(maps.Keys(items)), func(item string) error { return b.c.settleStock(ctx, item) }),
		b.alive(ctx),
	)
}

// board walks the ranking.
func (b *builder) board(ctx context.Context, f func(id string)) error {
	rb := b.c.rb
	for cursor := uint64(0); ; {
		page, err := rb.Do(ctx, rb.B().Zscan().Key(b.c.boardKey()).Cursor(cursor).Count(scanCount).Build()).AsScanEntry()
		if err != nil {
			return err
		}
		for i := 0; i+1 < len(page.Elements); i += 2 { // member, score
			f(strings.TrimPrefix(page.Elements[i], memberPrefix))
		}
		if cursor = page.Cursor; cursor == 0 {
			return nil
		}
	}
}

// scanCount is how many keys one SCAN looks at: the server serves others in between.
const scanCount = 500

// scan calls f with what stands between prefix and suffix in the keys of all servers.
func (b *builder) scan(ctx context.Context, prefix, suffix string, f func(id string)) error {
	rb := b.c.rb
	masters, err := rb.Masters(ctx)
	if err != nil {
		return err
	}
	prefix = rb.Namespace() + prefix // names have no characters that a pattern reads otherwise
	for _, m := range masters {
		for cursor := uint64(0); ; {
			page, err := m.Do(ctx, m.B().Scan().Cursor(cursor).Match(prefix+"*"+suffix).Count(scanCount).Build()).AsScanEntry()
			if err != nil {
				return err
			}
			for _, key := range page.Elements {
				f(strings.TrimSuffix(strings.TrimPrefix(key, prefix), suffix))
			}
			if cursor = page.Cursor; cursor == 0 {
				break
			}
		}
		if err := b.alive(ctx); err != nil {
			return err
		}
	}
	return nil
}
