package cache

import (
	"context"
	"errors"
	"math"
	"math/rand/v2"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/keyspace"
	"github.com/redbrick-go/redbrick/internal/near"
	"github.com/redbrick-go/redbrick/internal/store"
)

// Get returns the value of an id: from the process, from Redis, or from the loader. It fails with what the loader returns
// (ErrNotFound where there is no value), with ErrLoadTimeout or ErrLoadPanic, or with the context's error; never because of
// Redis: while Redis is away the loader answers.
//
// A value from the process is shared with other callers and must not be changed, unless Options.Clone is set.
func (c *Cache[V]) Get(ctx context.Context, id string) (V, error) {
	if c.near != nil && !isFresh(ctx) {
		if e, ok := c.near.Get(id); ok {
			if e.Missing || c.opt.Clone != nil {
				return c.served(e)
			}
			return e.Value, nil
		}
	}
	out := c.get(ctx, id, false)
	return c.cloned(out.value), out.err
}

// GetBytes is Get for the encoded value: the JSON, ready to be sent. The result must not be changed. A value that lies in
// Redis is checked for syntax, not decoded; from the process it comes without any work where Options.KeepBytes is set.
func (c *Cache[V]) GetBytes(ctx context.Context, id string) ([]byte, error) {
	r, err := c.LookupBytes(ctx, id)
	return r.Value, err
}

// Level says where a value came from.
type Level string

// The levels, as Result.Level has them.
const (
	Near   Level = "near"   // the process's memory
	Remote Level = "remote" // Redis
	Stale  Level = "stale"  // Redis, past its TTL
	Loaded Level = "loaded" // the loader
)

// Result is a value together with where it came from.
type Result[V any] struct {
	Value V
	Level Level
}

// Lookup is Get that also says where the value came from.
func (c *Cache[V]) Lookup(ctx context.Context, id string) (Result[V], error) {
	if c.near != nil && !isFresh(ctx) {
		if e, ok := c.near.Get(id); ok {
			v, err := c.served(e)
			return Result[V]{v, Near}, err
		}
	}
	out := c.get(ctx, id, false)
	return Result[V]{c.cloned(out.value), Level(out.level)}, out.err
}

// LookupBytes is GetBytes that also says where the value came from.
func (c *Cache[V]) LookupBytes(ctx context.Context, id string) (Result[[]byte], error) {
	if c.near != nil && c.opt.KeepBytes && !isFresh(ctx) {
		if e, ok := c.near.Get(id); ok {
			if e.Missing {
				return Result[[]byte]{Level: Near}, ErrNotFound
			}
			return Result[[]byte]{e.Raw, Near}, nil
		}
	}
	out := c.get(ctx, id, !c.opt.KeepBytes || c.near == nil)
	return Result[[]byte]{out.raw, Level(out.level)}, out.err
}

func (c *Cache[V]) served(e *near.Entry[V]) (V, error) {
	if e.Missing {
		var zero V
		return zero, ErrNotFound
	}
	return c.cloned(e.Value), nil
}

func (c *Cache[V]) cloned(v V) V {
	if c.opt.Clone != nil {
		return c.opt.Clone(v)
	}
	return v
}

// found is an entry that was read from Redis, judged.
type found[V any] struct {
	state   verdict
	value   V
	raw     []byte
	missing bool // "not found" is what is known
	frame   store.Frame
	cells   []*near.Cell
	ttl     time.Duration // what remains in Redis
	share   float64       // of how many reads it is the one that asked for the TTL; 0: all ask
	fresh   time.Duration // what remains until it is stale; <= 0: it is
	err     error
}

type verdict int

const (
	absent  verdict = iota
	usable          // fresh or stale
	broken          // not ours, or of another version: to be replaced
	invalid         // one of its tags was invalidated
	down            // Redis did not answer
)

// get is the read behind the near cache. bytesOnly leaves the value undecoded.
func (c *Cache[V]) get(ctx context.Context, id string, bytesOnly bool) outcome[V] {
	began := time.Now()
	out := c.answer(ctx, id, bytesOnly)
	c.observe(began, out)
	return out
}

// observe tells of a read.
func (c *Cache[V]) observe(began time.Time, out outcome[V]) {
	f := c.rb.Observer().CacheGet
	if f == nil {
		return
	}
	result := "miss"
	switch level := Level(out.level); {
	case out.down:
		result = "down"
	case out.waited:
		result = "wait"
	case level == Loaded:
		result = "load"
	case level == Stale:
		result = "stale"
	case level == Remote:
		result = "hit"
	}
	f(redbrick.CacheGetEvent{Cache: c.name, Result: result, Duration: time.Since(began), Err: out.err})
}

func (c *Cache[V]) answer(ctx context.Context, id string, bytesOnly bool) outcome[V] {
	if err := ctx.Err(); err != nil {
		return outcome[V]{err: err}
	}
	if c.names.foreign(c.prefix, id) {
		return outcome[V]{err: c.check(id)}
	}
	if c.disabled || c.pending.Has(id) {
		return c.miss(ctx, id, found[V]{state: down})
	}
	f := c.read(ctx, id, bytesOnly)
	if f.state != usable {
		if f.err != nil && ctx.Err() != nil {
			return outcome[V]{err: ctx.Err()}
		}
		return c.miss(ctx, id, f)
	}
	return c.use(ctx, id, f)
}

// use serves an entry from Redis, and sees to it that it is refreshed in time.
func (c *Cache[V]) use(ctx context.Context, id string, f found[V]) outcome[V] {
	out := outcome[V]{value: f.value, raw: f.raw, level: string(Remote)}
	if f.missing {
		c.stats.hits.Add(1)
		out.err = ErrNotFound
		return out
	}
	switch {
	case f.fresh > 0:
		c.stats.hits.Add(1)
		if c.early(f.fresh, f.share) {
			c.refresh(ctx, id, f)
		}
	case f.fresh > -c.opt.StaleFor:
		c.stats.stale.Add(1)
		out.level = string(Stale)
		c.refresh(ctx, id, f)
	default: // kept for the case that the loader fails
		loaded := c.miss(ctx, id, f)
		if loaded.err == nil || errors.Is(loaded.err, ErrNotFound) || ctx.Err() != nil {
			return loaded
		}
		c.stats.stale.Add(1)
		out.level = string(Stale)
	}
	return out
}

// early is XFetch: the nearer the end and the longer a load takes, the likelier. Where one read of several asks for the
// end, it is so many times likelier: what comes of all of them is the same.
func (c *Cache[V]) early(left time.Duration, share float64) bool {
	delta := c.cost.get()
	if c.opt.EarlyRefresh == 0 || c.opt.Load == nil || delta == 0 {
		return false
	}
	chance := math.Exp(-float64(left) / (c.opt.EarlyRefresh * float64(delta)))
	return rand.Float64() < chance*max(share, 1) //nolint:gosec // a chance
}

// askers is how many reads have one that asks for the TTL, where only early depends on it.
const askers = 8

// read looks an id up in Redis, and puts what it finds into the near cache.
func (c *Cache[V]) read(ctx context.Context, id string, bytesOnly bool) found[V] {
	key := c.Key(id)
	var ticket near.Ticket[V]
	keep := !bytesOnly
	if keep {
		ticket, keep = c.ticket(id, key)
	}
	c.countReads(1)
	seldom := !keep && c.opt.stale() == 0
	if seldom && rand.Uint32()%askers != 0 { //nolint:gosec // a share
		f := c.judge(ctx, key, c.store.Get(ctx, c.reader(), key), bytesOnly)
		if f.ttl == store.Unasked && f.state != usable {
			return c.dated(ctx, key, f)
		}
		return f
	}
	f := c.judge(ctx, key, c.store.Lookup(ctx, c.reader(), key)[0], bytesOnly)
	if keep {
		c.keep(ticket, f)
	} else if seldom {
		f.share = askers
	}
	return f
}

// reader is the lane for entries. Reading a big value may take longer than the hot path waits on a slow link: then the
// loader answers, and the others keep Redis.
func (c *Cache[V]) reader() *redbrick.Lane {
	if c.big.Load() {
		return c.bulk
	}
	return c.tracked
}

// sized takes note of the size of a value.
func (c *Cache[V]) sized(n int) {
	if n >= bigValue && !c.big.Load() {
		c.big.Store(true)
	}
}

// dated gives an entry that is to be replaced its TTL, by which the lease tells it from a newer one.
func (c *Cache[V]) dated(ctx context.Context, key string, f found[V]) found[V] {
	n, err := c.tracked.Do(ctx, c.rb.B().Pttl().Key(key).Build()).AsInt64()
	switch {
	case err != nil:
		return found[V]{state: down, err: err}
	case n == -2:
		return found[V]{state: absent}
	case n == -1:
		f.ttl = store.Forever
	default:
		f.ttl = time.Duration(n) * time.Millisecond
	}
	return f
}

// countReads takes note of n reads of Redis.
func (c *Cache[V]) countReads(n int64) {
	if all := c.stats.reads.Add(n); c.near != nil && all/weighEvery != (all-n)/weighEvery {
		c.weigh()
	}
}

// ticket is the right to keep in the process what is about to be read. There is none for an id that cannot be told from
// its key, because news of it could not be acted upon, nor while an invalidation of the id waits for Redis.
func (c *Cache[V]) ticket(id, key string) (t near.Ticket[V], ok bool) {
	if c.near == nil || c.nearOff.Load() || keyspace.UnescapeID(key[len(c.prefix):]) != id {
		return t, false
	}
	t = c.near.Begin(id)
	if c.pending.Has(id) {
		t.Cancel()
		return t, false
	}
	return t, true
}

func (c *Cache[V]) keep(ticket near.Ticket[V], f found[V]) {
	ttl := f.fresh
	if f.state != usable || ttl <= 0 {
		ticket.Cancel()
		return
	}
	if delta := c.cost.get(); delta > 0 && c.opt.EarlyRefresh > 0 && !f.missing && c.opt.Load != nil {
		// The entry leaves the process a little before its end, each time at another moment, to let XFetch look at it.
		ttl -= min(time.Duration(c.opt.EarlyRefresh*float64(delta)*rand.ExpFloat64()), ttl/2) //nolint:gosec // a chance
	}
	ttl = min(ttl, c.opt.NearTTL)
	if c.rb.Announce() != "" {
		ttl = min(ttl, c.opt.NearUntracked)
	}
	e := &near.Entry[V]{Value: f.value, Missing: f.missing, Seq: f.frame.Seq, Tags: f.cells}
	if c.opt.KeepBytes {
		e.Raw = f.raw
	}
	// A decoded value takes about as much as its text; the text is counted once more where it is kept.
	size := len(f.raw)
	if c.opt.KeepBytes {
		size *= 2
	}
	ticket.Store(e, ttl, size)
}

// judge decodes what lies in Redis and says what it is worth.
func (c *Cache[V]) judge(ctx context.Context, key string, s store.Found, bytesOnly bool) found[V] {
	return c.judged(ctx, key, s, bytesOnly, isFresh(ctx))
}

// judged is judge that asks Redis for the numbers of tags where fresh is true, of which the process may not have heard.
func (c *Cache[V]) judged(ctx context.Context, key string, s store.Found, bytesOnly, fresh bool) found[V] {
	switch {
	case s.Err != nil:
		return found[V]{state: down, err: s.Err}
	case s.Foreign:
		c.stats.foreign.Add(1)
		return found[V]{state: broken}
	case s.Value == nil:
		return found[V]{state: absent}
	}
	f := found[V]{state: usable, ttl: s.TTL}
	var err error
	if f.frame, err = c.env.open(key, s.Value); err != nil {
		c.stats.foreign.Add(1)
		f.state = broken
		return f
	}
	f.raw = f.frame.Body
	c.stats.bytes.Add(int64(len(s.Value)))
	c.sized(len(s.Value))
	f.fresh = c.freshFor(s.TTL)
	if c.env.isNull(f.raw) || (f.frame.Plain() && string(f.raw) == "null") {
		f.missing, f.raw = true, nil
		f.fresh = s.TTL // it has no stale time
		if s.TTL < 0 {
			f.fresh = longestTTL
		}
		return f
	}
	if len(f.frame.Tags) > 0 {
		var valid bool
		valid, f.cells, err = c.tags.Valid(ctx, f.frame.Seq, f.frame.Tags, fresh)
		switch {
		case err != nil:
			return found[V]{state: down, err: err}
		case !valid:
			f.state = invalid
			return f
		}
	}
	if bytesOnly {
		if !c.checked.valid(f.raw, c.opt.Codec.Valid) {
			c.stats.foreign.Add(1)
			f.state = broken
		}
		return f
	}
	if f.value, err = c.opt.Codec.Decode(f.raw); err != nil {
		c.stats.foreign.Add(1)
		f.state = broken
	}
	return f
}

// freshFor is how much of the remaining life of an entry is before its TTL.
func (c *Cache[V]) freshFor(ttl time.Duration) time.Duration {
	if ttl < 0 { // without end, or nobody asked
		return longestTTL
	}
	return ttl - c.opt.stale()
}

// heard is told by Redis that a key below the prefix changed.
func (c *Cache[V]) heard(key string) {
	c.lag.end(key)
	id := keyspace.UnescapeID(key[len(c.prefix):])
	had := c.near.Forget(id)
	if !had && c.rb.OwnedByOther("cache "+c.name, key) {
		return
	}
	if c.stats.pushes.Add(1)%weighEvery == 0 {
		c.weigh()
	}
}

// weigh turns the near cache off while the cache is written more often than it is read, and on again when that changes.
func (c *Cache[V]) weigh() {
	s := &c.stats
	pushes, gets := s.pushes.Load(), c.near.Hits()+s.reads.Load()
	written, read := pushes-s.windowPushes.Swap(pushes), gets-s.windowGets.Swap(gets)
	off := written > read
	if c.nearOff.CompareAndSwap(!off, off) && off {
		c.near.Flush()
		c.rb.Logger().Info("near cache off: written more than read", "cache", c.name, "writes", written, "reads", read)
	}
}

// weighEvery is after how many pushes, or reads of Redis, reads and writes are compared.
const weighEvery = 1000
