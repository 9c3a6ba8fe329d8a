package cache

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/caches"
	"github.com/redbrick-go/redbrick/internal/store"
)

// Set writes a value. Loads of the id that are under way lose the right to store theirs. The database is the place to write
// first: see WriteThrough.
//
// While Redis is away Set fails with redbrick.ErrUnavailable, and the id is dropped as Delete says. It is dropped too where
// the value cannot be stored, because it is too large (ErrTooLarge) or cannot be encoded: what lies there is older.
func (c *Cache[V]) Set(ctx context.Context, id string, v V) error {
	return c.SetMany(ctx, map[string]V{id: v})
}

// SetMany is Set for several values in one round trip per server. Each is written or not by itself; the error joins those
// of all.
func (c *Cache[V]) SetMany(ctx context.Context, values map[string]V) error {
	var faults []error
	ours := make([]string, 0, len(values))
	for id := range values {
		if err := c.check(id); err != nil {
			faults = append(faults, err)
			continue
		}
		ours = append(ours, id)
	}
	if len(ours) == 0 {
		return errors.Join(faults...)
	}
	if c.disabled { // what lies there is older
		return errors.Join(append(faults, c.drop(ctx, "key", ours))...)
	}
	seq := uint64(0)
	if c.opt.Tags != nil {
		var err error
		if seq, err = c.store.Clock(ctx, c.rb); err != nil {
			return errors.Join(append(faults, c.undone(ctx, fmt.Errorf("cache %q: set: %w", c.name, err), ours...))...)
		}
	}
	var ids, unfit []string
	var entries []store.Entry
	for _, id := range ours {
		v := values[id]
		raw, err := c.encode(v)
		var e entry
		if err == nil {
			out := outcome[V]{value: v, raw: raw}
			if c.env.isNull(raw) {
				out.err = ErrNotFound
			}
			e, err = c.entryOf(id, seq, out)
		}
		if err != nil {
			faults = append(faults, fmt.Errorf("cache %q: set %q: %w", c.name, id, err))
			unfit = append(unfit, id)
			continue
		}
		if e.TTL <= 0 { // "not found", which this cache does not keep
			unfit = append(unfit, id)
			continue
		}
		ids = append(ids, id)
		entries = append(entries, e.Entry)
	}
	if len(unfit) > 0 {
		faults = append(faults, c.Delete(ctx, unfit...))
	}
	for from, to := 0, 0; from < len(entries); from = to {
		for size := 0; to < len(entries) && to-from < batch && size < bigValue; to++ {
			size += len(entries[to].Value)
		}
		c.forget(ids[from:to]...)
		c.lag.begin(entries[from].V)
		errs := c.store.Set(ctx, c.rb, entries[from:to]...)
		c.forget(ids[from:to]...)
		for i, err := range errs {
			if err != nil {
				faults = append(faults, c.undone(ctx, fmt.Errorf("cache %q: set %q: %w", c.name, ids[from+i], err), ids[from+i]))
			}
		}
	}
	c.stats.writes.Add(int64(len(entries)))
	return errors.Join(faults...)
}

// batch is how many entries go into one pipeline: far below the length from which rueidis takes another connection.
const batch = 256

// Delete removes the entries of ids. Loads of them that are under way lose the right to store their result, and whoever
// reads after Delete returned does not get it. An id that is not there is no error.
//
// While Redis is away Delete fails with redbrick.ErrUnavailable, but is not lost as long as the process lives: this process
// reads past Redis for these ids, and repeats the deletion when Redis is back.
func (c *Cache[V]) Delete(ctx context.Context, ids ...string) error {
	return c.drop(ctx, "key", ids)
}

func (c *Cache[V]) drop(ctx context.Context, kind string, ids []string) error {
	var faults []error
	for _, id := range ids {
		if err := c.check(id); err != nil {
			return err
		}
	}
	for from := 0; from < len(ids); from += batch {
		part := ids[from:min(from+batch, len(ids))]
		keys := make([]string, len(part))
		for i, id := range part {
			keys[i] = c.Key(id)
		}
		c.forget(part...)
		c.lag.begin(keys[0])
		_, errs := c.store.Drop(ctx, c.rb, keys...)
		c.forget(part...)
		for i, err := range errs {
			if err != nil {
				faults = append(faults, c.undone(ctx, fmt.Errorf("cache %q: delete %q: %w", c.name, part[i], err), part[i]))
			}
		}
	}
	err := errors.Join(faults...)
	if f := c.rb.Observer().Invalidate; f != nil {
		f(redbrick.InvalidateEvent{Cache: c.name, Kind: kind, Count: len(ids), Err: err})
	}
	return err
}

// forget takes ids out of the process: entries, tickets, loads under way.
func (c *Cache[V]) forget(ids ...string) {
	if c.near != nil {
		for _, id := range ids {
			c.near.Forget(id)
		}
	}
	c.flights.detach(ids...)
}

// undone remembers ids whose invalidation Redis has not taken.
func (c *Cache[V]) undone(ctx context.Context, err error, ids ...string) error {
	if !c.pending.Add(ids...) {
		c.rb.Logger().ErrorContext(ctx, "cache: too many invalidations while redis is away: entries may be stale until they end",
			"cache", c.name, "limit", caches.MaxPending)
	}
	c.forget(ids...)
	c.pending.Repeat()
	return err
}

// check refuses an id of another cache.
func (c *Cache[V]) check(id string) error {
	if c.names.foreign(c.prefix, id) {
		return fmt.Errorf("%w: %q in cache %q", ErrNamespace, id, c.name)
	}
	return nil
}

// WriteThrough changes the source of truth by write and leaves the cache with what is there afterwards: it runs write, drops
// the entry, and reads the value back through the loader, so that of two writers of one id the last one to reach the
// database is the one in the cache. The entry is dropped also where write fails, since it may have taken effect. It
// returns the value read back; a failure to do so is an error only if the loader failed.
func (c *Cache[V]) WriteThrough(ctx context.Context, id string, write func(ctx context.Context) error) (V, error) {
	var zero V
	if err := c.check(id); err != nil {
		return zero, err
	}
	if err := c.writeAndDrop(ctx, id, write); err != nil {
		return zero, err
	}
	return c.Get(Fresh(ctx), id)
}

func (c *Cache[V]) writeAndDrop(ctx context.Context, id string, write func(ctx context.Context) error) error {
	defer func() { // a write that panics may have taken effect
		if err := c.drop(context.WithoutCancel(ctx), "key", []string{id}); err != nil {
			c.rb.Logger().WarnContext(ctx, "cache: write-through without redis", "cache", c.name, "error", err)
		}
	}()
	return write(ctx)
}

// Touch gives a value a new TTL, counted from now. It reports false where there is none: a remembered "not found", and
// what a tag made invalid, keep the TTL they have.
func (c *Cache[V]) Touch(ctx context.Context, id string, ttl time.Duration) (bool, error) {
	if ttl < time.Millisecond || ttl > longestTTL {
		return false, fmt.Errorf("%w: cache %q: ttl %v, expected from 1ms to ten years", redbrick.ErrConfig, c.name, ttl)
	}
	if err := c.check(id); err != nil || c.disabled {
		return false, err
	}
	ttl += c.opt.stale()
	if c.opt.Tags != nil {
		ttl = min(ttl, store.MaxTaggedTTL)
		// What a tag made invalid must not outlive the tag's number: it would be valid again.
		if f := c.read(ctx, id, true); f.err != nil {
			return false, fmt.Errorf("cache %q: touch %q: %w", c.name, id, f.err)
		} else if f.state == invalid {
			return false, nil
		}
	}
	ok, err := c.store.Touch(ctx, c.rb, c.Key(id), ttl)
	c.forget(id)
	if err != nil {
		return false, fmt.Errorf("cache %q: touch %q: %w", c.name, id, err)
	}
	return ok, nil
}

// TTL is how long the value of an id stays fresh; ok is false where there is no entry. An entry without expiry, written by
// another program, has a TTL of -1.
func (c *Cache[V]) TTL(ctx context.Context, id string) (ttl time.Duration, ok bool, err error) {
	if err := c.check(id); err != nil || c.disabled {
		return 0, false, err
	}
	n, err := c.rb.Hot().Do(ctx, c.rb.B().Pttl().Key(c.Key(id)).Build()).AsInt64()
	switch {
	case err != nil || n == -2:
		return 0, false, err
	case n == -1:
		return store.Forever, true, nil
	}
	return max(time.Duration(n)*time.Millisecond-c.opt.stale(), 0), true, nil
}

// Peek returns the value of an id if the cache has it, without loading; ok is false where it has not, and for a remembered
// "not found". It fails where Redis does not answer.
func (c *Cache[V]) Peek(ctx context.Context, id string) (v V, ok bool, err error) {
	if c.near != nil && !isFresh(ctx) {
		if e, hit := c.near.Get(id); hit {
			return c.cloned(e.Value), !e.Missing, nil
		}
	}
	if err := c.check(id); err != nil || c.disabled || c.pending.Has(id) {
		return v, false, err
	}
	f := c.read(ctx, id, false)
	if f.state == down {
		return v, false, f.err
	}
	if f.state != usable || f.missing || f.fresh <= -c.opt.StaleFor && f.fresh <= 0 {
		return v, false, nil
	}
	return c.cloned(f.value), true, nil
}

// Has reports whether Peek would find a value.
func (c *Cache[V]) Has(ctx context.Context, id string) (bool, error) {
	_, ok, err := c.Peek(ctx, id)
	return ok, err
}
