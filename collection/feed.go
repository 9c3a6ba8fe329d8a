package collection

import (
	"context"
	"errors"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/keyspace"
)

// Feed holds a capped list for each id, newest first: recently seen ids, the latest activities as JSON. It is a Redis
// list also without repetitions: the order is that of the pushes, which a sorted set could only have by a clock, and
// moving a value costs a pass over a list that is short by its cap. It is safe for concurrent use.
type Feed struct {
	rb   *redbrick.Client
	keys keys
	o    FeedOptions
}

// NewFeed makes a Feed; the placeholder of the pattern stands for the id.
func NewFeed(rb *redbrick.Client, pattern string, o FeedOptions) (*Feed, error) {
	k, err := parsePattern(rb, "pattern", pattern)
	o, faults := o.withDefaults()
	if err := errors.Join(err, faults); err != nil {
		return nil, err
	}
	err = register(rb, keyspace.Shape{
		Owner: "collection feed", Pattern: pattern, Type: "list", TTL: ttlText(o.TTL, "after the last push"),
		Slot: "key", Foreign: "read, write", Purpose: "a feed, newest first",
	})
	if err != nil {
		return nil, err
	}
	return &Feed{rb: rb, keys: k, o: o}, nil
}

// Key is the key of an id.
func (f *Feed) Key(id string) string { return f.keys.of(id) }

// Push puts values at the front of a feed, one after the other, so the last one ends up first. What is over the cap
// falls off the end. It returns the length of the feed. Without values nothing happens.
func (f *Feed) Push(ctx context.Context, id string, values ...string) (length int64, err error) {
	if err := f.keys.check(id); err != nil || len(values) == 0 {
		return 0, err
	}
	key := f.keys.of(id)
	unique := "0"
	if f.o.Unique {
		unique = "1"
	}
	args := append([]string{itoa(int64(f.o.Cap)), millis(f.o.TTL), unique}, values...)
	length, err = pushScript.Do(ctx, f.rb, []string{key}, args).AsInt64()
	return length, failure("push to", key, "list", err)
}

// Page returns a page of a feed, newest first. page counts from 1, limit is at most MaxLimit.
func (f *Feed) Page(ctx context.Context, id string, page, limit int) (Page, error) {
	if err := errors.Join(f.keys.check(id), checkPage(page, limit)); err != nil {
		return Page{}, err
	}
	key, hot := f.keys.of(id), f.rb.Hot()
	start := pageStart(page, limit)
	results := hot.DoMulti(ctx,
		hot.B().Lrange().Key(key).Start(start).Stop(start+int64(limit)-1).Build(),
		hot.B().Llen().Key(key).Build())
	items, errItems := results[0].AsStrSlice()
	total, errTotal := results[1].AsInt64()
	for _, err := range []error{errItems, errTotal} {
		if err != nil {
			return Page{}, failure("read", key, "list", err)
		}
	}
	return Page{Items: items, Total: total}, nil
}

// Len returns the length of a feed.
func (f *Feed) Len(ctx context.Context, id string) (int64, error) {
	if err := f.keys.check(id); err != nil {
		return 0, err
	}
	key, hot := f.keys.of(id), f.rb.Hot()
	n, err := hot.Do(ctx, hot.B().Llen().Key(key).Build()).AsInt64()
	return n, failure("count", key, "list", err)
}

// Remove takes every occurrence of a value out of a feed and returns how many there were.
func (f *Feed) Remove(ctx context.Context, id, value string) (removed int64, err error) {
	if err := f.keys.check(id); err != nil {
		return 0, err
	}
	key := f.keys.of(id)
	removed, err = f.rb.Do(ctx, f.rb.B().Lrem().Key(key).Count(0).Element(value).Build()).AsInt64()
	return removed, failure("remove from", key, "list", err)
}

// Clear removes a feed and reports whether there was one.
func (f *Feed) Clear(ctx context.Context, id string) (bool, error) {
	if err := f.keys.check(id); err != nil {
		return false, err
	}
	return unlinkKey(ctx, f.rb, f.keys.of(id))
}
