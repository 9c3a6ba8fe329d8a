package cache

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/keyspace"
)

// scanCount is how many keys one SCAN looks at.
const scanCount = 500

// DeleteMatch removes the entries whose id matches a glob of Redis: `*`, `?`, `[a-z]`, and `\` before a character that is
// meant literally; Literal escapes a whole id. An id longer than 512 bytes matches by its first 64. Loads under way of matching ids lose the right to store their result. It returns how many entries were
// removed.
//
// It looks at every key of the server with SCAN: for operators and rare events; tags are for everyday use. Keys of other
// types, and of other caches, are not touched. An entry that is written while the scan runs may stay. It fails while Redis
// is away, and is not repeated.
func (c *Cache[V]) DeleteMatch(ctx context.Context, pattern string) (int, error) {
	if pattern == "" {
		return 0, fmt.Errorf("%w: cache %q: empty pattern, expected a glob; Clear removes everything", redbrick.ErrConfig, c.name)
	}
	return c.deleteMatch(ctx, "match", pattern)
}

// Literal turns an id, or the beginning of one, into a pattern that matches it alone:
//
//	n, err := files.DeleteMatch(ctx, cache.Literal(folder)+"*")
func Literal(id string) string { return keyspace.EscapeGlob(keyspace.EscapeID(id)) }

// Clear removes all entries of this cache, and of no other.
func (c *Cache[V]) Clear(ctx context.Context) (int, error) { return c.deleteMatch(ctx, "clear", "*") }

func (c *Cache[V]) deleteMatch(ctx context.Context, kind, pattern string) (n int, err error) {
	defer func() {
		if f := c.rb.Observer().Invalidate; f != nil {
			f(redbrick.InvalidateEvent{Cache: c.name, Kind: kind, Count: n, Err: err})
		}
	}()
	if err := c.names.sync(ctx); err != nil {
		return 0, fmt.Errorf("cache %q: other caches' names: %w", c.name, err)
	}
	glob := keyspace.EscapeGlob(c.prefix) + escapePattern(pattern)
	masters, err := c.rb.Masters(ctx)
	if err != nil {
		return 0, fmt.Errorf("cache %q: %w", c.name, err)
	}
	defer c.forgetAll()
	c.flights.detachAll() // a load of this process that has no lease must not answer later readers
	// Leases first: a load that began before has lost its lease, or has stored its value where the second scan finds it.
	leases := []string{c.store.LeasePrefix() + "{" + glob + "}"}
	for _, m := range masters {
		_, err := c.sweep(ctx, m, "hash", leases, func(key string) (string, bool) { return c.store.EntryOf(key), true })
		if err != nil {
			return n, err
		}
	}
	for _, m := range masters {
		removed, err := c.sweep(ctx, m, "string", []string{glob}, func(key string) (string, bool) { return key, true })
		n += removed
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// forgetAll is forget for every id. An entry of the process may match that has gone from Redis before the scan, by the doing
// of another process of which this one has not heard yet.
func (c *Cache[V]) forgetAll() {
	if c.near != nil {
		c.near.Clear()
	}
	c.flights.detachAll()
}

// escapePattern makes the literal parts of a pattern what they are in keys: braces are escaped there.
func escapePattern(pattern string) string {
	return strings.NewReplacer("{", "%7B", "}", "%7D").Replace(pattern)
}

// sweep drops the entries behind the keys of one server that match.
func (c *Cache[V]) sweep(ctx context.Context, m *redbrick.Lane, kind string, globs []string, entryOf func(string) (string, bool)) (n int, err error) {
	longer := c.names.longer(c.prefix)
	for _, glob := range globs {
		for cursor := uint64(0); ; {
			scan := m.B().Scan().Cursor(cursor).Match(glob).Count(scanCount).Type(kind).Build()
			page, err := m.Do(ctx, scan).AsScanEntry()
			if err != nil {
				return n, fmt.Errorf("cache %q: scan: %w", c.name, err)
			}
			var keys []string
			for _, key := range page.Elements {
				if v, ok := entryOf(key); ok && c.mine(v, longer) {
					keys = append(keys, v)
				}
			}
			for from := 0; from < len(keys); from += batch {
				removed, err := c.dropKeys(ctx, keys[from:min(from+batch, len(keys))])
				n += removed
				if err != nil {
					return n, err
				}
			}
			if cursor = page.Cursor; cursor == 0 {
				break
			}
		}
	}
	return n, nil
}

// mine reports whether a key is an entry of this cache.
func (c *Cache[V]) mine(key string, longer []string) bool {
	if !strings.HasPrefix(key, c.prefix) {
		return false
	}
	for _, p := range longer {
		if strings.HasPrefix(key, p) {
			return false
		}
	}
	return !c.rb.OwnedByOther("cache "+c.name, key)
}

func (c *Cache[V]) dropKeys(ctx context.Context, keys []string) (int, error) {
	had, errs := c.store.Drop(ctx, c.rb, keys...)
	if c.near != nil {
		for _, key := range keys {
			c.near.Forget(keyspace.UnescapeID(key[len(c.prefix):]))
		}
	}
	n := 0
	for _, h := range had {
		if h {
			n++
		}
	}
	return n, errors.Join(errs...)
}
