package collection

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/redis/rueidis"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/keyspace"
	"github.com/redbrick-go/redbrick/internal/script"
)

// BoundedCounter holds an integer for each id that never leaves its bounds by Take or Give: a stock, seats, credit. The key
// holds the plain integer. It is safe for concurrent use by any number of processes.
type BoundedCounter struct {
	rb    *redbrick.Client
	keys  keys
	o     BoundedOptions
	start string // value of a counter that is not there, "" where it stays missing
}

// NewBoundedCounter makes a BoundedCounter; the placeholder of the pattern stands for the id.
func NewBoundedCounter(rb *redbrick.Client, pattern string, o BoundedOptions) (*BoundedCounter, error) {
	k, err := parsePattern(rb, "pattern", pattern)
	o, faults := o.withDefaults()
	if err := errors.Join(err, faults); err != nil {
		return nil, err
	}
	err = register(rb, keyspace.Shape{
		Owner: "collection bounded counter", Pattern: pattern, Type: "string", TTL: "none",
		Slot: "key", Foreign: "read, write", Purpose: fmt.Sprintf("integer of %d to %d", o.Min, o.Max),
	})
	if err != nil {
		return nil, err
	}
	c := &BoundedCounter{rb: rb, keys: k, o: o}
	if !o.Strict {
		c.start = itoa(min(max(0, o.Min), o.Max))
	}
	return c, nil
}

// Key is the key of an id.
func (c *BoundedCounter) Key(id string) string { return c.keys.of(id) }

// Moved is the outcome of Take and Give.
type Moved struct {
	// OK is false if the counter would have left its bounds, or is missing and Strict: nothing was changed.
	OK bool
	// Value is what the counter holds now.
	Value int64
	// Found is false if the counter was not there.
	Found bool
}

// Take takes n (1 to 2^53-1) away, unless less than Min would remain. A counter that a foreign program put below Min
// stays as it is.
func (c *BoundedCounter) Take(ctx context.Context, id string, n int64) (Moved, error) {
	return c.move(ctx, id, n, -1)
}

// Give adds n (1 to 2^53-1), unless that would be more than Max.
func (c *BoundedCounter) Give(ctx context.Context, id string, n int64) (Moved, error) {
	return c.move(ctx, id, n, 1)
}

// The statuses of move.lua.
const (
	moveDone    = 1
	moveForeign = 3
)

func (c *BoundedCounter) move(ctx context.Context, id string, n, sign int64) (Moved, error) {
	if err := errors.Join(c.keys.check(id), checkStep("n", n, 1)); err != nil {
		return Moved{}, err
	}
	key := c.keys.of(id)
	args := []string{itoa(sign * n), itoa(c.o.Min), itoa(c.o.Max), c.start}
	reply, err := moveScript.Do(ctx, c.rb, []string{key}, args).ToArray()
	if err != nil {
		return Moved{}, failure("move", key, "string", err)
	}
	status, err := reply[0].AsInt64()
	if err != nil {
		return Moved{}, failure("move", key, "string", err)
	}
	if status == moveForeign {
		text, err := reply[1].ToString()
		return Moved{}, errors.Join(notInteger(key, text), err)
	}
	value, errValue := reply[1].AsInt64()
	found, errFound := reply[2].AsInt64()
	return Moved{OK: status == moveDone, Value: value, Found: found == 1}, failure("move", key, "string", errors.Join(errValue, errFound))
}

// Set gives a counter a value within its bounds; any other is ErrInvalid.
func (c *BoundedCounter) Set(ctx context.Context, id string, value int64) error {
	if err := errors.Join(c.keys.check(id), c.within(value)); err != nil {
		return err
	}
	key := c.keys.of(id)
	// GET makes the server refuse to replace what is no string.
	err := c.rb.Do(ctx, c.rb.B().Set().Key(key).Value(itoa(value)).Get().Build()).Error()
	if rueidis.IsRedisNil(err) {
		return nil
	}
	return failure("set", key, "string", err)
}

// Init is Set for a counter that is not there; one that is keeps its value. It reports whether it wrote. It brings back
// a copy that was lost without undoing what others have moved meanwhile.
func (c *BoundedCounter) Init(ctx context.Context, id string, value int64) (bool, error) {
	if err := errors.Join(c.keys.check(id), c.within(value)); err != nil {
		return false, err
	}
	key := c.keys.of(id)
	err := c.rb.Do(ctx, c.rb.B().Set().Key(key).Value(itoa(value)).Nx().Build()).Error()
	if rueidis.IsRedisNil(err) {
		return false, nil
	}
	return err == nil, failure("set", key, "string", err)
}

func (c *BoundedCounter) within(value int64) error {
	if value < c.o.Min || value > c.o.Max {
		return invalid("value", value, fmt.Sprintf("%d to %d", c.o.Min, c.o.Max))
	}
	return nil
}

// Get returns the value of a counter, and whether it is there.
func (c *BoundedCounter) Get(ctx context.Context, id string) (value int64, found bool, err error) {
	values, err := c.GetMany(ctx, id)
	value, found = values[id]
	return value, found, err
}

// GetMany returns the values of many ids in one pipeline; those that are missing are not in the map.
func (c *BoundedCounter) GetMany(ctx context.Context, ids ...string) (map[string]int64, error) {
	return readCounters(ctx, c.rb.Hot(), c.keys, ids, false)
}

// Delete removes a counter and reports whether there was one.
func (c *BoundedCounter) Delete(ctx context.Context, id string) (bool, error) {
	if err := c.keys.check(id); err != nil {
		return false, err
	}
	return unlinkKey(ctx, c.rb, c.keys.of(id))
}

// readCounters reads plain integers. Missing ones are left out, or 0 if zero is set.
func readCounters(ctx context.Context, d script.Doer, k keys, ids []string, zero bool) (map[string]int64, error) {
	if err := k.check(ids...); err != nil {
		return nil, err
	}
	cmds := make([]rueidis.Completed, len(ids))
	for i, id := range ids {
		cmds[i] = d.B().Get().Key(k.of(id)).Build()
	}
	values := make(map[string]int64, len(ids))
	for i, r := range d.DoMulti(ctx, cmds...) {
		key := k.of(ids[i])
		text, err := r.ToString()
		switch {
		case rueidis.IsRedisNil(err):
			if zero {
				values[ids[i]] = 0
			}
			continue
		case err != nil:
			return nil, failure("read", key, "string", err)
		}
		if values[ids[i]], err = strconv.ParseInt(text, 10, 64); err != nil {
			return nil, notInteger(key, text)
		}
	}
	return values, nil
}
