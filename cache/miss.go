package cache

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/store"
)

// miss answers a read that Redis could not: by the load under way in this process, or by one of its own. What the reader
// gets was valid in Redis, or loaded by a load that began after the call, or was not overtaken by an invalidation.
func (c *Cache[V]) miss(ctx context.Context, id string, seen found[V]) outcome[V] {
	if seen.state != down {
		c.stats.misses.Add(1)
	}
	tick := c.flights.tick.Add(1)
	for try := 0; ; try++ {
		f, first := c.board(ctx, id, seen.state == down)
		if first {
			c.launch(ctx, id, f, seen)
		}
		out, mine := c.await(ctx, id, f, first, seen)
		stale := (out.overtaken || out.unsure) && out.tick < tick
		if mine || try >= maxTries || (!out.failed && !stale) {
			return out
		}
	}
}

// await waits for a flight to land. One that takes too long is joined by a second: all who wait then take the answer of
// whichever lands first, and move no further, so that a loader that is slow for everybody answers everybody. mine is true
// where the caller has nothing better to wait for: the flight was its own, or its time is over.
func (c *Cache[V]) await(ctx context.Context, id string, f *flight[V], first bool, seen found[V]) (out outcome[V], mine bool) {
	var soft <-chan time.Time
	if !first && c.opt.SoftTimeout > 0 {
		timer := time.NewTimer(c.opt.SoftTimeout << f.depth)
		defer timer.Stop()
		soft = timer.C
	}
	hangs := f.hangs
	var second *flight[V]
	var secondDone chan struct{}
	lead := false
	for {
		select {
		case <-f.done:
			if !f.out.failed || secondDone == nil {
				return f.out, first
			}
			f, first, secondDone = second, lead, nil
			continue
		case <-secondDone:
			if !second.out.failed {
				return second.out, lead
			}
			secondDone = nil
			continue
		case <-soft:
		case <-hangs:
		case <-ctx.Done():
			return outcome[V]{err: ctx.Err()}, true
		}
		soft, hangs = nil, nil
		if second, lead = c.flights.replace(id, f); lead {
			c.launch(ctx, id, second, seen)
		}
		secondDone = second.done
	}
}

// board returns the flight that a reader waits for.
func (c *Cache[V]) board(ctx context.Context, id string, away bool) (f *flight[V], first bool) {
	if isFresh(ctx) {
		return newFlight[V](), true // a flight under way may have read before the call
	}
	return c.flights.join(id, away)
}

// maxTries bounds how often a reader joins a load that is of no use to it.
const maxTries = 3

// launch runs a flight; the caller may leave before it lands.
func (c *Cache[V]) launch(ctx context.Context, id string, f *flight[V], seen found[V]) {
	detached := context.WithoutCancel(ctx)
	if !c.work.Go(func() {
		out, keep := c.fly(detached, id, seen, f.depth > 0)
		c.flights.land(id, f, out, keep)
	}) {
		c.flights.land(id, f, outcome[V]{err: fmt.Errorf("cache %q: %w: closed", c.name, redbrick.ErrUnavailable)}, 0)
	}
}

// fly finds the value of an id: by a load under a lease, or by waiting for the load of another process. keep is for how
// long the outcome answers later readers.
func (c *Cache[V]) fly(ctx context.Context, id string, seen found[V], impatient bool) (out outcome[V], keep time.Duration) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(c.work.Life(), cancel)
	defer stop()
	for reloads := 0; ; {
		if seen.state == down || c.disabled || c.pending.Has(id) {
			return c.loadDown(ctx, id)
		}
		l, got := c.lease(ctx, id, seen, impatient)
		switch got.state {
		case down:
			seen = got
			continue
		case usable:
			return c.found(got), 0
		}
		out = c.load(ctx, id, l)
		if out.down {
			return out, c.opt.DownTTL
		}
		if !out.overtaken || reloads == maxReloads {
			return out, 0
		}
		// Somebody wrote or invalidated meanwhile: what was loaded may be the old value.
		reloads++
		seen = c.read(ctx, id, false)
		if c.servable(seen) {
			return c.found(seen), 0
		}
	}
}

// maxReloads is how often a load that was overtaken is repeated before its value is handed to those who asked before it
// began, and to them alone.
const maxReloads = 1

func (c *Cache[V]) found(f found[V]) outcome[V] {
	out := outcome[V]{value: f.value, raw: f.raw, level: string(Remote), waited: true}
	switch {
	case f.missing:
		out.err = ErrNotFound
	case f.fresh <= 0:
		out.level = string(Stale)
	}
	return out
}

// servable reports whether an entry can be handed out without a load, unlike one that is kept for a loader that fails.
func (c *Cache[V]) servable(f found[V]) bool {
	return f.state == usable && (f.missing || f.fresh > 0 || f.fresh > -c.opt.StaleFor)
}

// refresh loads an id in the background, once at a time.
func (c *Cache[V]) refresh(ctx context.Context, id string, seen found[V]) {
	if c.opt.Load == nil || !c.refreshing.begin(id) {
		return
	}
	detached := context.WithoutCancel(ctx)
	if !c.work.Go(func() {
		failed := true
		defer func() { c.refreshing.end(id, failed) }()
		ctx, cancel := context.WithCancel(detached)
		defer cancel()
		stop := context.AfterFunc(c.work.Life(), cancel)
		defer stop()
		ask := store.Ask{V: c.Key(id), Token: store.NewToken(), Mode: store.Refresh, Seen: seen.ttl}
		grant, seq, err := c.acquire(ctx, ask)
		switch {
		case err != nil:
		case grant.Granted:
			out := c.load(ctx, id, lease{token: ask.Token, seq: seq})
			failed = out.err != nil && !errors.Is(out.err, ErrNotFound)
		default: // another process is at it, or was
			failed = false
		}
	}) {
		c.refreshing.end(id, true)
	}
}
