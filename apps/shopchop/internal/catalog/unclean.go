package catalog

import (
	"context"
	"errors"

	"github.com/redis/rueidis"

	"github.com/redbrick-go/redbrick"
)

// An engine in this process ends with it. When it is killed, the last changes of the folder are lost that the database has
// already: milliseconds of a killed process, a second of a machine without power. So a process marks the folder as
// in use, and one that finds the mark trusts nothing in it.
const usedName = "shopchop:used"

var usedShape = redbrick.KeyShape{
	Owner: "shopchop", Pattern: usedName, Type: "string", TTL: "none", Slot: "key",
	Purpose: "Redis lives in a process that has not ended in order yet",
}

// use marks Redis as in use. If it was, or the mark cannot be set, the copies are rebuilt, and what is cached is dropped.
func (c *Catalog) use(ctx context.Context) {
	key := c.rb.Namespace() + usedName
	err := c.rb.Do(ctx, c.rb.B().Set().Key(key).Value("1").Nx().Build()).Error()
	if err == nil {
		c.used.Store(true)
		return
	}
	c.used.Store(rueidis.IsRedisNil(err))
	c.log.WarnContext(ctx, "the last run did not end in order: what redis holds may be behind the database, and is made anew", "cause", err)
	c.keeper.suspect.Store(true)
	if err := c.clear(ctx); err != nil {
		c.log.WarnContext(ctx, "what is cached could not be dropped, it goes with its lifetime", "error", err)
	}
}

// leave takes the mark away, unless there is something to mend.
func (c *Catalog) leave(ctx context.Context) error {
	if !c.used.Swap(false) || c.keeper.suspect.Load() {
		return nil
	}
	return c.rb.Do(ctx, c.rb.B().Unlink().Key(c.rb.Namespace()+usedName).Build()).Error()
}

// clear drops everything cached.
func (c *Catalog) clear(ctx context.Context) error {
	faults := []error{c.plans.InvalidateTags(ctx, RecipesTag)} // of responses too
	for _, drop := range []func(context.Context) (int, error){
		c.recipes.Clear, c.users.Clear, c.ranking.Clear, c.plans.Clear, c.shopping.Clear,
	} {
		_, err := drop(ctx)
		faults = append(faults, err)
	}
	return errors.Join(faults...)
}
