package catalog

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
	"github.com/redbrick-go/redbrick/internal/accumulate"
)

// Stats returns what the public did with a recipe; views lag by up to a second.
// shop.ErrNotFound.
func (c *Catalog) Stats(ctx context.Context, id int64) (shop.RecipeStats, error) {
	s, ok := fromCopy(ctx, c, func(ctx context.Context) (shop.RecipeStats, error) {
		s, there, err := c.stats.Get(ctx, text(id))
		if err == nil && !there {
			err = errNotCopied
		}
		return s, err
	})
	if ok {
		return s, nil
	}
	return c.repo.Stats(ctx, id)
}

// errNotCopied says that the database has to be asked.
var errNotCopied = errors.New("catalog: not among the copies")

// flushViews hands counted views to the database, and its numbers to the copies.
// Only the database decides whether the views were taken: the copies follow it.
func (c *Catalog) flushViews(ctx context.Context, views accumulate.Counts[int64]) error {
	ctx, cancel := detached(ctx, writeTime)
	defer cancel()
	counts := make(map[int64]shop.Counts, len(views))
	for id, n := range views {
		counts[id] = shop.Counts{Views: n}
	}
	if err := c.repo.AddCounts(ctx, counts); err != nil {
		return fmt.Errorf("views of %d recipes: %w", len(views), err)
	}
	ids := slices.Sorted(maps.Keys(views))
	c.copied(ctx, "views", func(ctx context.Context) error { return c.settleStats(ctx, ids...) })
	return nil
}

// statsBatch is how many recipes are read in one query, copyWidth how many copies
// are written at once: enough to fill the pipeline.
const (
	statsBatch = 500
	copyWidth  = 16
)

// settleStats makes records and board agree with the numbers of the database.
// For a recipe that is gone there is neither.
func (c *Catalog) settleStats(ctx context.Context, ids ...int64) error {
	for part := range slices.Chunk(ids, statsBatch) {
		err := settle(ctx, func(ctx context.Context) (map[int64]shop.RecipeStats, error) {
			return c.repo.StatsOf(ctx, part)
		}, maps.Equal[map[int64]shop.RecipeStats], func(ctx context.Context, all map[int64]shop.RecipeStats) error {
			return each(part, func(id int64) error {
				s, there := all[id]
				return c.writeStats(ctx, id, s, there)
			})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *Catalog) writeStats(ctx context.Context, id int64, s shop.RecipeStats, there bool) error {
	if !there {
		_, err := c.stats.Delete(ctx, text(id))
		return errors.Join(err, c.rb.Do(ctx, c.rb.B().Zrem().Key(c.boardKey()).Member(member(id)).Build()).Error())
	}
	place := c.rb.B().Zadd().Key(c.boardKey()).ScoreMember().ScoreMember(float64(s.Score()), member(id)).Build()
	return errors.Join(c.stats.Set(ctx, text(id), s), c.rb.Do(ctx, place).Error())
}

// each calls f for all ids, several at once, and returns the errors.
func each[K any](ids []K, f func(K) error) error {
	var wg sync.WaitGroup
	var mu sync.Mutex
	var faults []error
	slots := make(chan struct{}, copyWidth)
	for _, id := range ids {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			if err := f(id); err != nil {
				mu.Lock()
				faults = append(faults, err)
				mu.Unlock()
			}
		})
	}
	wg.Wait()
	if len(faults) > 3 { // one outage needs no hundred lines
		faults = append(faults[:3], fmt.Errorf("and %d more", len(faults)-3))
	}
	return errors.Join(faults...)
}
