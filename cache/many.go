package cache

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"sync"

	"github.com/redbrick-go/redbrick/internal/near"
	"github.com/redbrick-go/redbrick/internal/store"
)

// loadsAtOnce is how many loaders GetMany runs side by side where there is no LoadMany.
const loadsAtOnce = 8

// GetMany is Get for several ids: one round trip per server for those in Redis, and a load of those that are missing alone.
// The result has no entry for an id without a value. Where some loads fail, the values of the others are returned together
// with an error that joins the failures.
func (c *Cache[V]) GetMany(ctx context.Context, ids []string) (map[string]V, error) {
	values := make(map[string]V, len(ids))
	var missing []string
	seen := make(map[string]bool, len(ids))
	fresh := isFresh(ctx)
	for _, id := range ids {
		if seen[id] {
			continue
		}
		seen[id] = true
		if c.near != nil && !fresh {
			if e, ok := c.near.Get(id); ok {
				if !e.Missing {
					values[id] = c.cloned(e.Value)
				}
				continue
			}
		}
		if err := c.check(id); err != nil {
			return values, err
		}
		missing = append(missing, id)
	}
	if len(missing) == 0 {
		return values, ctx.Err()
	}
	missing, faults := c.readMany(ctx, missing, values)
	if len(missing) == 0 {
		return values, errors.Join(faults...)
	}
	faults = append(faults, c.loadMissing(ctx, missing, values))
	return values, errors.Join(faults...)
}

// readMany takes from Redis what is there and returns the rest.
func (c *Cache[V]) readMany(ctx context.Context, ids []string, values map[string]V) (missing []string, faults []error) {
	if c.disabled {
		return ids, nil
	}
	for from := 0; from < len(ids); from += batch {
		part := ids[from:min(from+batch, len(ids))]
		keys := make([]string, len(part))
		tickets := make([]near.Ticket[V], len(part))
		keep := make([]bool, len(part))
		for i, id := range part {
			keys[i] = c.Key(id)
			tickets[i], keep[i] = c.ticket(id, keys[i])
		}
		if n := int64(len(part)); c.near != nil && c.stats.reads.Add(n)%weighEvery < n {
			c.weigh()
		}
		for i, s := range c.store.Lookup(ctx, c.tracked, keys...) {
			id := part[i]
			f := c.judge(ctx, keys[i], s, false)
			if keep[i] {
				c.keep(tickets[i], f)
			}
			if f.state != usable || c.pending.has(id) {
				missing = append(missing, id)
				continue
			}
			out := c.use(ctx, id, f)
			switch {
			case out.err == nil:
				values[id] = c.cloned(out.value)
			case !errors.Is(out.err, ErrNotFound):
				faults = append(faults, fmt.Errorf("%q: %w", id, out.err))
			}
		}
	}
	return missing, faults
}

// loadMissing loads ids through LoadMany under one lease each, or each by itself.
func (c *Cache[V]) loadMissing(ctx context.Context, ids []string, values map[string]V) error {
	if c.opt.LoadMany != nil && !c.disabled {
		var err error
		if ids, err = c.loadBatch(ctx, ids, values); err != nil || len(ids) == 0 {
			return err
		}
	}
	var mu sync.Mutex
	var faults []error
	var wg sync.WaitGroup
	slots := make(chan struct{}, loadsAtOnce)
	for _, id := range ids {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			out := c.answer(ctx, id, false)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case out.err == nil:
				values[id] = c.cloned(out.value)
			case !errors.Is(out.err, ErrNotFound):
				faults = append(faults, fmt.Errorf("%q: %w", id, out.err))
			}
		})
	}
	wg.Wait()
	return errors.Join(faults...)
}

// loadBatch loads those ids whose lease it gets in one call of LoadMany. It returns the ids that others are loading.
func (c *Cache[V]) loadBatch(ctx context.Context, ids []string, values map[string]V) (left []string, err error) {
	asks := make([]store.Ask, len(ids))
	for i, id := range ids {
		asks[i] = store.Ask{V: c.Key(id), Token: store.NewToken(), Mode: store.Miss}
	}
	var seq uint64
	grants := make([]store.Grant, 0, len(ids))
	for from := 0; from < len(asks); from += batch {
		part := asks[from:min(from+batch, len(asks))]
		if c.opt.Tags != nil {
			g, n, err := c.store.AcquireTagged(ctx, c.rb.Hot(), c.opt.LoadTimeout+leaseMargin, part...)
			if err != nil {
				for i := range g {
					g[i] = store.Grant{Found: store.Found{Err: err}}
				}
			}
			if seq == 0 {
				seq = n
			}
			grants = append(grants, g...)
			continue
		}
		grants = append(grants, c.store.Acquire(ctx, c.rb.Hot(), c.opt.LoadTimeout+leaseMargin, part...)...)
	}
	mine := make(map[string]store.Token)
	for i, g := range grants {
		id := ids[i]
		switch {
		case g.Granted:
			mine[id] = asks[i].Token
		case g.Err != nil:
			mine[id] = "" // Redis is away: load, store nothing
		default:
			left = append(left, id)
		}
	}
	if len(mine) == 0 {
		return left, nil
	}
	outs, err := c.runMany(ctx, mine)
	if err != nil {
		for id, token := range mine {
			if token != "" {
				c.abandon(ctx, id, token)
			}
		}
		return nil, err
	}
	for id, out := range outs {
		overtaken := false
		if token := mine[id]; token != "" && (out.err == nil || errors.Is(out.err, ErrNotFound)) {
			_, overtaken = c.fill(ctx, id, lease{token: token, seq: seq}, out)
		}
		switch {
		case overtaken:
			left = append(left, id)
		case out.err == nil:
			values[id] = c.cloned(out.value)
		case !errors.Is(out.err, ErrNotFound):
			err = errors.Join(err, fmt.Errorf("%q: %w", id, out.err))
		}
	}
	return left, err
}

// runMany calls LoadMany for the ids under its deadline.
func (c *Cache[V]) runMany(ctx context.Context, ids map[string]store.Token) (map[string]outcome[V], error) {
	all := make([]string, 0, len(ids))
	for id := range maps.Keys(ids) {
		all = append(all, id)
	}
	one := func(ctx context.Context) (map[string]V, error) { return c.opt.LoadMany(ctx, all) }
	loaded, _, failed := guarded(c, ctx, "", one)
	if failed.err != nil {
		return nil, failed.err
	}
	outs := make(map[string]outcome[V], len(all))
	for _, id := range all {
		v, ok := loaded[id]
		out := outcome[V]{value: v, level: string(Loaded)}
		if !ok {
			out.err = ErrNotFound
		} else if out.raw, out.err = c.env.encode(v); out.err == nil && c.env.isNull(out.raw) {
			out.err = ErrNotFound
		}
		outs[id] = out
	}
	return outs, nil
}
