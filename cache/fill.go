package cache

import (
	"context"
	"errors"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/store"
)

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
