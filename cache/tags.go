package cache

import (
	"context"
	"fmt"

	"github.com/redbrick-go/redbrick"
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
		c.tags.Pending(tags...)
		c.pending.addTags(tags...)
		c.replay()
	} else {
		c.tags.Bumped(tags...)
	}
	// Loads under way may bear the tags: readers from now on do not join them.
	c.flights.detachAll()
	if f := c.rb.Observer().Invalidate; f != nil {
		f(redbrick.InvalidateEvent{Cache: c.name, Kind: "tag", Count: len(tags), Err: err})
	}
	return err
}
