package cache

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
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
	impatient := false
	f, first := c.board(ctx, id)
	for try := 0; ; {
		var soft <-chan time.Time
		if first {
			c.launch(ctx, id, f, seen, impatient)
		} else if c.opt.SoftTimeout > 0 {
			timer := time.NewTimer(c.opt.SoftTimeout)
			defer timer.Stop()
			soft = timer.C
		}
		select {
		case <-f.done:
		case <-ctx.Done():
			return outcome[V]{err: ctx.Err()}
		case <-soft:
			// The load of another hangs: all who wait for it go on without it.
			f, first = c.flights.replace(id, f)
			impatient = true
			continue
		case <-f.hangs:
			f, first = c.flights.replace(id, f)
			impatient = true
			continue
		}
		out := f.out
		stale := (out.overtaken || out.unsure) && out.tick < tick
		if first || try >= maxTries || (!out.failed && !stale) {
			return out
		}
		try++
		f, first = c.board(ctx, id)
	}
}

// board returns the flight that a reader waits for.
func (c *Cache[V]) board(ctx context.Context, id string) (f *flight[V], first bool) {
	if isFresh(ctx) {
		return newFlight[V](), true // a flight under way may have read before the call
	}
	return c.flights.join(id)
}

// maxTries bounds how often a reader joins a load that is of no use to it.
const maxTries = 3

// launch runs a flight; the caller may leave before it lands.
func (c *Cache[V]) launch(ctx context.Context, id string, f *flight[V], seen found[V], impatient bool) {
	detached := context.WithoutCancel(ctx)
	if !c.spawn(func() {
		out, keep := c.fly(detached, id, seen, impatient)
		c.flights.land(id, f, out, keep)
	}) {
		c.flights.land(id, f, outcome[V]{err: fmt.Errorf("cache %q: %w: closed", c.name, redbrick.ErrUnavailable)}, 0)
	}
}

// spawn runs f as a part of the cache: closing the client waits for it.
func (c *Cache[V]) spawn(f func()) bool {
	if c.life.Err() != nil {
		return false
	}
	c.work.Add(1)
	go func() {
		defer c.work.Done()
		f()
	}()
	return true
}

// fly finds the value of an id: by a load under a lease, or by waiting for the load of another process. keep is for how
// long the outcome answers later readers.
func (c *Cache[V]) fly(ctx context.Context, id string, seen found[V], impatient bool) (out outcome[V], keep time.Duration) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	stop := context.AfterFunc(c.life, cancel)
	defer stop()
	for reloads := 0; ; {
		if seen.state == down || c.disabled || c.pending.has(id) {
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

// lease is the right to store a load.
type lease struct {
	token store.Token // "" if there is none: the load is not stored
	seq   uint64      // number of the tags' clock before the load
}

// lease gets the right to load, or what another process has loaded.
func (c *Cache[V]) lease(ctx context.Context, id string, seen found[V], impatient bool) (lease, found[V]) {
	key := c.Key(id)
	ask := askOf(key, seen)
	var patience <-chan time.Time
	if c.opt.SoftTimeout > 0 {
		timer := time.NewTimer(c.opt.SoftTimeout)
		defer timer.Stop()
		patience = timer.C
	}
	for {
		said, leave, live := c.hub.Wait(key)
		grant, seq, err := c.acquire(ctx, ask)
		switch {
		case err != nil:
			leave()
			return lease{}, found[V]{state: down, err: err}
		case grant.Granted:
			leave()
			return lease{token: ask.Token, seq: seq}, found[V]{}
		case grant.Value != nil:
			leave()
			if f := c.judge(ctx, key, grant.Found, false); f.state == down || c.servable(f) {
				return lease{}, f
			} else if f.ttl == store.Forever {
				ask.Mode = store.Replace
			} else {
				ask.Mode, ask.Seen = store.Refresh, f.ttl
			}
			continue
		case impatient:
			leave()
			return lease{}, found[V]{}
		}
		if !live { // said wakes us when it hears, to look again
			if err := c.hub.Start(ctx); err != nil {
				leave()
				return lease{}, found[V]{state: down, err: err}
			}
		} else {
			c.stats.waits.Add(1)
		}
		held := time.NewTimer(grant.Held)
		select {
		case <-said:
		case <-held.C:
		case <-patience:
			impatient = true
		case <-ctx.Done():
			held.Stop()
			leave()
			return lease{}, found[V]{state: down, err: ctx.Err()}
		}
		held.Stop()
		leave()
		ask.Mode = store.Miss // whatever is there now is newer
	}
}

// askOf is the question for the lease of a key where seen was found.
func askOf[V any](key string, seen found[V]) store.Ask {
	ask := store.Ask{V: key, Token: store.NewToken(), Mode: store.Miss}
	switch {
	case seen.state == broken && (seen.ttl == 0 || seen.ttl == store.Forever):
		ask.Mode = store.Replace
	case seen.state != absent:
		ask.Mode, ask.Seen = store.Refresh, seen.ttl
	}
	return ask
}

// leaseMargin is how much longer than a load its lease lasts.
const leaseMargin = time.Second

func (c *Cache[V]) acquire(ctx context.Context, ask store.Ask) (store.Grant, uint64, error) {
	g, seq := c.acquireMany(ctx, ask)
	return g[0], seq, g[0].Err
}

// acquireMany asks for leases, and for the number of the tags' clock before the loads. Where that cannot be had nothing
// is granted.
func (c *Cache[V]) acquireMany(ctx context.Context, asks ...store.Ask) ([]store.Grant, uint64) {
	duration := c.opt.LoadTimeout + leaseMargin
	if c.opt.Tags == nil {
		grants := c.store.Acquire(ctx, c.rb.Hot(), duration, asks...)
		c.unanswered(asks, grants)
		return grants, 0
	}
	grants, seq, err := c.store.AcquireTagged(ctx, c.rb.Hot(), duration, asks...)
	c.unanswered(asks, grants)
	if err == nil {
		return grants, seq
	}
	for i, g := range grants {
		if g.Granted {
			c.giveBack(ctx, asks[i].V, asks[i].Token)
		}
		grants[i] = store.Grant{Found: store.Found{Err: err}}
	}
	return grants, 0
}

// unanswered sees to the leases that may have been granted without our hearing of it.
func (c *Cache[V]) unanswered(asks []store.Ask, grants []store.Grant) {
	for i, g := range grants {
		c.leftBehind(g.Err, asks[i].V, asks[i].Token)
	}
}

// load runs the loader and stores its result under the lease.
func (c *Cache[V]) load(ctx context.Context, id string, l lease) outcome[V] {
	out, took := c.run(ctx, id)
	stored := false
	switch {
	case l.token == "":
		out.unsure = true
	case out.err == nil, errors.Is(out.err, ErrNotFound):
		f := c.fill(ctx, id, l, out)
		stored, out.overtaken, out.unsure, out.down = f.stored, f.overtaken, !f.sure, f.away
	default:
		c.abandon(ctx, id, l.token)
	}
	if f := c.rb.Observer().Load; f != nil {
		f(redbrick.LoadEvent{Cache: c.name, Duration: took, Stored: stored, Err: out.err})
	}
	return out
}

// abandon gives the lease back also where the caller's time is over. It reports whether it was ours still.
func (c *Cache[V]) abandon(ctx context.Context, id string, token store.Token) bool {
	return c.giveBack(ctx, c.Key(id), token)
}

func (c *Cache[V]) giveBack(ctx context.Context, key string, token store.Token) bool {
	held, err := c.store.Release(context.WithoutCancel(ctx), c.rb.Hot(), key, token)
	if err != nil {
		c.rb.Logger().DebugContext(ctx, "cache: giving a lease back", "cache", c.name, "error", err)
		c.leftBehind(err, key, token)
	}
	return held
}

// leftBehind sees to it that a lease ends whose load has ended while Redis was away. Errors that Redis itself answered
// come with the end of the lease.
func (c *Cache[V]) leftBehind(err error, key string, token store.Token) {
	if errors.Is(err, redbrick.ErrUnavailable) {
		c.pending.addLease(key, token)
		c.replay()
	}
}

// loadDown is a load while Redis is away: nothing is stored, but the result answers for a moment.
func (c *Cache[V]) loadDown(ctx context.Context, id string) (outcome[V], time.Duration) {
	out, took := c.run(ctx, id)
	if c.disabled {
		out.unsure = true // whoever comes later loads by himself
	} else {
		out.down = true
		c.stats.down.Add(1)
	}
	if f := c.rb.Observer().Load; f != nil {
		f(redbrick.LoadEvent{Cache: c.name, Duration: took, Err: out.err})
	}
	if (out.err != nil && !errors.Is(out.err, ErrNotFound)) || c.disabled {
		return out, 0
	}
	return out, c.opt.DownTTL
}

// failure is how a call of a loader went wrong; hung or panicked is no answer to other readers.
type failure struct {
	err    error
	broken bool
}

// guarded runs a loader under its deadline and catches its panic. One that does not return in time is left behind.
func guarded[V, T any](c *Cache[V], ctx context.Context, id string, load func(context.Context) (T, error)) (T, time.Duration, failure) { //nolint:revive // c is a receiver in all but name
	ctx, cancel := context.WithTimeout(ctx, c.opt.LoadTimeout)
	defer cancel()
	type loaded struct {
		value T
		fail  failure
	}
	done := make(chan loaded, 1)
	began := time.Now()
	c.stats.loads.Add(1)
	go func() {
		var l loaded
		returned := false
		defer func() {
			if !returned { // a panic, or runtime.Goexit
				p := recover()
				l.fail = failure{fmt.Errorf("%w: %v", ErrLoadPanic, p), true}
				c.rb.Logger().ErrorContext(ctx, "cache: loader panicked", "cache", c.name, "id", id, "panic", p, "stack", string(debug.Stack()))
			}
			done <- l
		}()
		l.value, l.fail.err = load(ctx)
		returned = true
	}()
	var l loaded
	select {
	case l = <-done:
	case <-ctx.Done():
		l.fail = failure{fmt.Errorf("%w: cache %q: no result within %v", ErrLoadTimeout, c.name, c.opt.LoadTimeout), true}
		if c.life.Err() != nil {
			l.fail.err = fmt.Errorf("cache %q: %w: closed", c.name, redbrick.ErrUnavailable)
		}
	}
	if l.fail.err != nil && !errors.Is(l.fail.err, ErrNotFound) {
		c.stats.loadErrors.Add(1)
	}
	return l.value, time.Since(began), l.fail
}

// run calls the loader of one id and encodes its result.
func (c *Cache[V]) run(ctx context.Context, id string) (outcome[V], time.Duration) {
	out := outcome[V]{level: string(Loaded), tick: c.flights.tick.Add(1)}
	if c.opt.Load == nil {
		out.err = ErrNotFound
		return out, 0
	}
	value, took, fail := guarded(c, ctx, id, func(ctx context.Context) (V, error) { return c.opt.Load(ctx, id) })
	out.value, out.err, out.failed = value, fail.err, fail.broken
	switch {
	case out.err == nil:
		c.cost.add(took)
		out.raw, out.err = c.env.encode(out.value)
		if out.err == nil && c.env.isNull(out.raw) {
			var zero V
			out.value, out.raw, out.err = zero, nil, ErrNotFound
		}
	case errors.Is(out.err, ErrNotFound):
		var zero V
		out.value = zero
	}
	return out, took
}

// fill stores an outcome.
func (c *Cache[V]) fill(ctx context.Context, id string, l lease, out outcome[V]) fill[V] {
	fills := []fill[V]{{id: id, token: l.token, out: out}}
	c.fillMany(ctx, l.seq, fills)
	return fills[0]
}

// fill is an outcome on its way to Redis.
type fill[V any] struct {
	id    string
	token store.Token
	out   outcome[V]

	entry entry
	// sure: it was not overtaken when the load had ended, stored or not. away: Redis did not take it.
	stored, overtaken, sure, away bool
}

// fillMany stores outcomes in pipelines, and says of each what became of it.
func (c *Cache[V]) fillMany(ctx context.Context, seq uint64, fills []fill[V]) {
	part := make([]*fill[V], 0, min(len(fills), batch))
	size := 0
	flush := func() {
		c.fillPart(ctx, seq, size, part)
		part, size = part[:0], 0
	}
	for i := range fills {
		f := &fills[i]
		var err error
		if f.entry, err = c.entryOf(f.id, seq, f.out); err != nil || f.entry.TTL <= 0 {
			if err != nil {
				c.stats.tooLarge.Add(1)
				c.rb.Logger().WarnContext(ctx, "cache: value not stored", "cache", c.name, "id", f.id, "error", err)
			}
			held := c.abandon(ctx, f.id, f.token)
			f.sure = held && c.untouched(ctx, seq, f.entry.tags)
			continue
		}
		f.entry.Token = f.token
		if part, size = append(part, f), size+len(f.entry.Value); len(part) == batch || size >= bigValue {
			flush()
		}
	}
	flush()
}

func (c *Cache[V]) fillPart(ctx context.Context, seq uint64, size int, part []*fill[V]) {
	if len(part) == 0 {
		return
	}
	entries := make([]store.Entry, len(part))
	var tags []string
	for i, f := range part {
		entries[i] = f.entry.Entry
		tags = append(tags, f.entry.tags...)
	}
	stored, errs := c.store.Fill(ctx, c.writer(size), entries...)
	for i, f := range part {
		switch {
		case errs[i] != nil:
			c.rb.Logger().DebugContext(ctx, "cache: storing a load", "cache", c.name, "error", errs[i])
			c.leftBehind(errs[i], f.entry.V, f.token)
			f.away = errors.Is(errs[i], redbrick.ErrUnavailable)
			f.sure = f.away // as sure as any load while Redis is away
		case !stored[i]:
			c.stats.refused.Add(1)
			f.overtaken = true
		default:
			f.stored, f.sure = true, true
		}
	}
	if len(tags) == 0 {
		return
	}
	// What is stored under a tag that was invalidated meanwhile is invalid by its number; nobody may be handed it either.
	if valid, _, err := c.tags.Valid(ctx, seq, tags, true); valid || err != nil {
		return
	}
	for _, f := range part {
		if f.stored && len(f.entry.tags) > 0 {
			valid, _, err := c.tags.Valid(ctx, seq, f.entry.tags, true)
			f.overtaken = err == nil && !valid
		}
	}
}

// untouched reports whether none of the tags was invalidated since seq was read.
func (c *Cache[V]) untouched(ctx context.Context, seq uint64, tags []string) bool {
	if len(tags) == 0 {
		return true
	}
	valid, _, err := c.tags.Valid(ctx, seq, tags, true)
	return valid && err == nil
}

// bigValue is from where a value is given the time of an ordinary command, not that of the hot path.
const bigValue = 256 << 10

func (c *Cache[V]) writer(size int) *redbrick.Lane {
	if size >= bigValue {
		return &c.rb.Lane
	}
	return c.rb.Hot()
}

// entry is what is written for a value.
type entry struct {
	store.Entry

	tags []string
}

// entryOf makes the entry of an outcome: a TTL of 0 means that it is not to be stored.
func (c *Cache[V]) entryOf(id string, seq uint64, out outcome[V]) (entry, error) {
	key := c.Key(id)
	if out.err != nil { // not found, which is kept too
		return entry{Entry: store.Entry{V: key, Value: null, TTL: c.opt.NegativeTTL}}, nil //nolint:nilerr // it is the value
	}
	ttl := c.opt.TTL
	if c.opt.TTLOf != nil {
		if d := c.opt.TTLOf(id, out.value); d > 0 {
			ttl = min(d, longestTTL)
		}
	}
	ttl = jittered(ttl, c.opt.Jitter) + c.opt.stale()
	var tags []string
	if c.opt.Tags != nil {
		if tags = c.opt.Tags(id, out.value); len(tags) > 0 {
			ttl = min(ttl, store.MaxTaggedTTL)
		}
	}
	sealed, err := c.env.seal(key, out.raw, seq, tags)
	return entry{Entry: store.Entry{V: key, Value: sealed, TTL: ttl}, tags: tags}, err
}

// refresh loads an id in the background, once at a time.
func (c *Cache[V]) refresh(ctx context.Context, id string, seen found[V]) {
	if c.opt.Load == nil || !c.refreshing.begin(id) {
		return
	}
	detached := context.WithoutCancel(ctx)
	if !c.spawn(func() {
		failed := true
		defer func() { c.refreshing.end(id, failed) }()
		ctx, cancel := context.WithCancel(detached)
		defer cancel()
		stop := context.AfterFunc(c.life, cancel)
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
