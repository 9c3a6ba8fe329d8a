package cache

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/redbrick-go/redbrick"
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
	if err := ctx.Err(); err != nil || len(missing) == 0 {
		return values, err
	}
	lacking := c.readMany(ctx, missing, values)
	if len(lacking) == 0 {
		return values, nil
	}
	if err := ctx.Err(); err != nil {
		return values, err
	}
	return values, c.loadMissing(ctx, lacking, values)
}

// lack is an id that GetMany has to load, and what lies in Redis in its place.
type lack[V any] struct {
	id   string
	seen found[V]
}

// readMany takes from Redis what is there and returns the rest.
func (c *Cache[V]) readMany(ctx context.Context, ids []string, values map[string]V) (rest []lack[V]) {
	if c.disabled {
		for _, id := range ids {
			rest = append(rest, lack[V]{id, found[V]{state: down}})
		}
		return rest
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
		c.countReads(int64(len(part)))
		began := time.Now()
		results := c.store.Lookup(ctx, c.reader(), keys...)
		judging := c.readTags(ctx, results)
		for i, s := range results {
			id := part[i]
			f := c.judge(judging, keys[i], s, false)
			if keep[i] {
				c.keep(tickets[i], f)
			}
			switch {
			case c.pending.Has(id):
				rest = append(rest, lack[V]{id, found[V]{state: down}})
			case !c.servable(f): // gone, or kept for a loader that fails
				rest = append(rest, lack[V]{id, f})
			default:
				out := c.use(ctx, id, f)
				if out.err == nil {
					values[id] = c.cloned(out.value)
				}
				c.observe(began, out)
			}
		}
	}
	return rest
}

// readTags brings the numbers of all tags that entries bear into the process, in few commands. Under the context that it
// returns they are taken from there.
func (c *Cache[V]) readTags(ctx context.Context, results []store.Found) context.Context {
	var tags []string
	seen := make(map[string]bool)
	for _, s := range results {
		frame, err := store.Parse(s.Value)
		if err != nil {
			continue
		}
		for _, t := range frame.Tags {
			if !seen[t] {
				seen[t] = true
				tags = append(tags, t)
			}
		}
	}
	for part := range slices.Chunk(tags, tagsAtOnce) {
		if _, _, err := c.tags.Valid(ctx, 0, part, isFresh(ctx)); err != nil {
			return ctx // each entry says so itself
		}
	}
	return notFresh(ctx)
}

// tagsAtOnce bounds the keys of one MGET.
const tagsAtOnce = 1000

// loadMissing loads what is missing through LoadMany under one lease each, or each by itself.
func (c *Cache[V]) loadMissing(ctx context.Context, rest []lack[V], values map[string]V) error {
	var faults []error
	ids := make([]string, 0, len(rest))
	if c.opt.LoadMany == nil {
		for _, l := range rest {
			ids = append(ids, l.id)
		}
	} else {
		var err error
		ids, err = c.loadBatch(ctx, rest, values)
		faults = append(faults, err)
	}
	var mu sync.Mutex
	var wg sync.WaitGroup
	slots := make(chan struct{}, loadsAtOnce)
	for _, id := range ids {
		slots <- struct{}{}
		wg.Go(func() {
			defer func() { <-slots }()
			out := c.get(ctx, id, false)
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

// claim is an id that a batch may load: under a lease, or while Redis is away by a flight that others join.
type claim[V any] struct {
	lack[V]

	token  store.Token
	flight *flight[V]
}

// loadBatch loads those ids whose lease it gets in one call of LoadMany. It returns the ids that others are loading.
func (c *Cache[V]) loadBatch(ctx context.Context, rest []lack[V], values map[string]V) (left []string, err error) {
	began := time.Now()
	mine, left, seq := c.claim(ctx, rest)
	if len(mine) == 0 {
		return left, nil
	}
	type landed struct {
		outs []outcome[V]
		err  error
	}
	done := make(chan landed, 1)
	detached := context.WithoutCancel(ctx)
	if !c.work.Go(func() {
		outs, err := c.flyMany(detached, mine, seq)
		done <- landed{outs, err}
	}) {
		err := fmt.Errorf("cache %q: %w: closed", c.name, redbrick.ErrUnavailable)
		c.landMany(mine, make([]outcome[V], len(mine)), err)
		return nil, err
	}
	var l landed
	select {
	case l = <-done:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	var faults []error
	failed := false
	for i, out := range l.outs {
		m := mine[i]
		switch {
		case out.overtaken:
			left = append(left, m.id)
			continue
		case out.err == nil:
			values[m.id] = c.cloned(out.value)
		case errors.Is(out.err, ErrNotFound):
		case m.seen.state == usable: // past its time, and kept for this
			c.stats.stale.Add(1)
			values[m.id] = c.cloned(m.seen.value)
			out = outcome[V]{level: string(Stale)}
		case l.err != nil:
			failed = true
		default:
			faults = append(faults, fmt.Errorf("%q: %w", m.id, out.err))
		}
		c.observe(began, out)
	}
	if failed { // one failure of all
		faults = append(faults, l.err)
	}
	return left, errors.Join(faults...)
}

// claim asks for the leases of the missing ids. seq is the number of the tags' clock before the loads.
func (c *Cache[V]) claim(ctx context.Context, rest []lack[V]) (mine []claim[V], left []string, seq uint64) {
	var asks []store.Ask
	var asked []lack[V]
	for _, l := range rest {
		if l.seen.state == down {
			mine, left = c.claimDown(l, mine, left)
			continue
		}
		asks, asked = append(asks, askOf(c.Key(l.id), l.seen)), append(asked, l)
	}
	for from := 0; from < len(asks); from += batch {
		to := min(from+batch, len(asks))
		grants, n := c.acquireMany(ctx, asks[from:to]...)
		if seq == 0 {
			seq = n // the oldest holds for all
		}
		for i, g := range grants {
			switch l := asked[from+i]; {
			case g.Granted:
				c.stats.misses.Add(1)
				mine = append(mine, claim[V]{lack: l, token: asks[from+i].Token})
			case g.Err != nil:
				mine, left = c.claimDown(l, mine, left)
			default:
				left = append(left, l.id)
			}
		}
	}
	return mine, left, seq
}

// claimDown joins the readers of an id while Redis is away: the first of them loads.
func (c *Cache[V]) claimDown(l lack[V], mine []claim[V], left []string) ([]claim[V], []string) {
	f, first := c.flights.join(l.id, true)
	if !first {
		return mine, append(left, l.id)
	}
	if !c.disabled {
		c.stats.down.Add(1)
	}
	return append(mine, claim[V]{lack: l, flight: f}), left
}

// flyMany runs LoadMany and stores what it returns. The outcomes are those of the claims, in order; an error is that of all.
func (c *Cache[V]) flyMany(ctx context.Context, mine []claim[V], seq uint64) ([]outcome[V], error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(c.work.Life(), cancel)
	defer stop()
	outs, took, err := c.runMany(ctx, mine)
	var fills []fill[V]
	var at []int
	for i, m := range mine {
		switch {
		case m.token == "":
			outs[i].unsure, outs[i].down = true, !c.disabled
		case outs[i].err == nil, errors.Is(outs[i].err, ErrNotFound):
			fills, at = append(fills, fill[V]{id: m.id, token: m.token, out: outs[i]}), append(at, i)
		default:
			c.abandon(ctx, m.id, m.token)
		}
	}
	c.fillMany(ctx, seq, fills)
	stored := len(fills) > 0
	for i, f := range fills {
		outs[at[i]].overtaken, outs[at[i]].unsure = f.overtaken, !f.sure
		stored = stored && f.stored
	}
	c.landMany(mine, outs, err)
	if f := c.rb.Observer().Load; f != nil {
		f(redbrick.LoadEvent{Cache: c.name, Duration: took, Stored: stored, Err: err})
	}
	return outs, err
}

// landMany answers those who wait for the claims made while Redis is away.
func (c *Cache[V]) landMany(mine []claim[V], outs []outcome[V], failed error) {
	for i, m := range mine {
		if m.flight == nil {
			continue
		}
		out := outs[i]
		out.unsure = c.disabled // as with loadDown
		keep := c.opt.DownTTL
		if out.err == nil {
			out.err = failed
		}
		if c.disabled || out.err != nil && !errors.Is(out.err, ErrNotFound) {
			keep = 0
		}
		c.flights.land(m.id, m.flight, out, keep)
	}
}

// runMany calls LoadMany for the claims under its deadline.
func (c *Cache[V]) runMany(ctx context.Context, mine []claim[V]) ([]outcome[V], time.Duration, error) {
	ids := make([]string, len(mine))
	outs := make([]outcome[V], len(mine))
	tick := c.flights.tick.Add(1)
	for i, m := range mine {
		ids[i] = m.id
	}
	one := func(ctx context.Context) (map[string]V, error) { return c.opt.LoadMany(ctx, ids) }
	loaded, took, fail := guarded(c, ctx, "", one)
	for i, m := range mine {
		out := outcome[V]{level: string(Loaded), tick: tick, err: fail.err, failed: fail.broken}
		if v, ok := loaded[m.id]; fail.err != nil {
			// no value of it counts
		} else if !ok {
			out.err = ErrNotFound
		} else if out.raw, out.err = c.encode(v); out.err == nil && c.env.isNull(out.raw) {
			out.raw, out.err = nil, ErrNotFound
		} else {
			out.value = v
		}
		outs[i] = out
	}
	return outs, took, fail.err
}
