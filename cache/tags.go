package cache

import (
	"context"
	"fmt"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/caches"
)

// InvalidateTags makes every entry that bears one of the tags invalid, in all caches of the namespace: one script, whatever
// their number. A load that began before is invalid too, whenever and wherever it is stored.
//
// While Redis is away it fails with redbrick.ErrUnavailable; as with Delete, this process takes the entries for invalid and
// repeats the call when Redis is back.
func (c *Cache[V]) InvalidateTags(ctx context.Context, tags ...string) error {
	if len(tags) == 0 {
		return nil
	}
	_, err := c.store.Bump(ctx, c.rb, tags...)
	if err != nil {
		err = fmt.Errorf("cache %q: invalidating tags: %w", c.name, err)
		if !c.pending.AddTags(tags...) {
			c.rb.Logger().ErrorContext(ctx, "cache: too many invalidations while redis is away: entries may be stale until they end",
				"cache", c.name, "limit", caches.MaxPending)
		}
		c.pending.Repeat()
	} else {
		c.tags.Bumped(tags...)
	}
	// Loads under way, and those kept while Redis is away, may bear the tags: readers from now on do not join them.
	c.common.Bumped()
	if f := c.rb.Observer().Invalidate; f != nil {
		f(redbrick.InvalidateEvent{Cache: c.name, Kind: "tag", Count: len(tags), Err: err})
	}
	return err
}
