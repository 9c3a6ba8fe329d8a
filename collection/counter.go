package collection

import (
	"context"
	"errors"

	"github.com/redis/rueidis"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/keyspace"
)

// Counter holds a count for each id, as a plain integer that any program can INCR. It is safe for concurrent use.
type Counter struct {
	rb   *redbrick.Client
	keys keys
	o    CounterOptions
}

// NewCounter makes a Counter; the placeholder of the pattern stands for the id.
func NewCounter(rb *redbrick.Client, pattern string, o CounterOptions) (*Counter, error) {
	k, err := parsePattern(rb, "pattern", pattern)
	if err := errors.Join(err, checkTTL("CounterOptions.TTL", o.TTL)); err != nil {
		return nil, err
	}
	err = register(rb, keyspace.Shape{
		Owner: "collection counter", Pattern: pattern, Type: "string", TTL: ttlText(o.TTL, "after the first increment"),
		Slot: "key", Foreign: "read, write", Purpose: "a count, plain integer",
	})
	if err != nil {
		return nil, err
	}
	return &Counter{rb: rb, keys: k, o: o}, nil
}

// Key is the key of an id.
func (c *Counter) Key(id string) string { return c.keys.of(id) }

// Incr adds one and returns the new count.
func (c *Counter) Incr(ctx context.Context, id string) (int64, error) { return c.IncrBy(ctx, id, 1) }

// IncrBy adds n, which may be negative, and returns the new count. An overflow of int64 is ErrRange.
func (c *Counter) IncrBy(ctx context.Context, id string, n int64) (int64, error) {
	if err := c.keys.check(id); err != nil {
		return 0, err
	}
	key := c.keys.of(id)
	var r rueidis.RedisResult
	if c.o.TTL == 0 {
		r = c.rb.Do(ctx, c.rb.B().Incrby().Key(key).Increment(n).Build())
	} else {
		r = incrScript.Do(ctx, c.rb, []string{key}, []string{itoa(n), millis(c.o.TTL)})
	}
	count, err := r.AsInt64()
	return count, failure("increment", key, "string", err)
}

// Get returns a count; 0 if it was never incremented or has expired.
func (c *Counter) Get(ctx context.Context, id string) (int64, error) {
	counts, err := c.GetMany(ctx, id)
	return counts[id], err
}

// GetMany returns the counts of many ids in one pipeline; those that are missing are 0.
func (c *Counter) GetMany(ctx context.Context, ids ...string) (map[string]int64, error) {
	return readCounters(ctx, c.rb.Hot(), c.keys, ids, true)
}

// Reset removes a counter and reports whether there was one.
func (c *Counter) Reset(ctx context.Context, id string) (bool, error) {
	if err := c.keys.check(id); err != nil {
		return false, err
	}
	return unlinkKey(ctx, c.rb, c.keys.of(id))
}
