package cache

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"time"

	"github.com/redbrick-go/redbrick"
)

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
		if c.work.Life().Err() != nil {
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
		out.raw, out.err = c.encode(out.value)
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

// encode is that of the envelope, and takes note of the size.
func (c *Cache[V]) encode(v V) ([]byte, error) {
	raw, err := c.env.encode(v)
	c.sized(len(raw))
	return raw, err
}
