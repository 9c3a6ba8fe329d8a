package httpcache

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/caches"
	"github.com/redbrick-go/redbrick/internal/keyspace"
)

// Invalidate ends the responses to URLs, whatever they vary by and whoever they are for: when it has returned nobody who
// asks this process gets one of them, nor one whose handler had begun before; others hear of it within the lag of the near
// cache. A URL is absolute, or a path with its query: then it is meant on all of Options.Hosts, of which there must be one.
//
// While Redis is away it fails with redbrick.ErrUnavailable, but is not lost as long as the process lives: this process goes
// past the cache for these URLs, and repeats the call when Redis is back.
func (c *Cache) Invalidate(ctx context.Context, urls ...string) error {
	var keys []string
	for _, u := range urls {
		requests, err := c.requestsFor(ctx, u)
		if err != nil {
			return err
		}
		for _, r := range requests {
			keys = append(keys, c.rootsOf(r)...)
		}
	}
	return c.dropRoots(ctx, "key", keys)
}

// requestsFor are the requests that a URL stands for.
func (c *Cache) requestsFor(ctx context.Context, raw string) ([]*http.Request, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("%w: httpcache %q: invalidating: %w", redbrick.ErrConfig, c.opt.Name, err)
	}
	var all []string
	switch {
	case u.Host != "" && (u.Scheme == "http" || u.Scheme == "https"):
		all = []string{raw}
	case u.Host == "" && u.Scheme == "" && strings.HasPrefix(raw, "/") && len(c.opt.Hosts) > 0:
		for _, h := range c.opt.Hosts {
			all = append(all, "http://"+h+raw, "https://"+h+raw)
		}
	default:
		return nil, fmt.Errorf("%w: httpcache %q: invalidating %q, expected an absolute URL, or a path where Options.Hosts has hosts",
			redbrick.ErrConfig, c.opt.Name, raw)
	}
	requests := make([]*http.Request, len(all))
	for i, one := range all {
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, one, http.NoBody)
		if err != nil {
			return nil, fmt.Errorf("%w: httpcache %q: invalidating: %w", redbrick.ErrConfig, c.opt.Name, err)
		}
		requests[i] = served(r)
	}
	return requests, nil
}

// batch is how many roots one pipeline ends.
const batch = 256

func (c *Cache) dropRoots(ctx context.Context, kind string, keys []string) error {
	var faults []error
	for from := 0; from < len(keys); from += batch {
		part := keys[from:min(from+batch, len(keys))]
		c.forget(part...)
		_, errs := c.store.Drop(ctx, c.rb, part...)
		c.forget(part...)
		for i, err := range errs {
			if err != nil {
				c.undone(ctx, part[i:i+1], nil)
				faults = append(faults, fmt.Errorf("httpcache %q: invalidating: %w", c.opt.Name, err))
			}
		}
	}
	err := errors.Join(faults...)
	if f := c.rb.Observer().Invalidate; f != nil {
		f(redbrick.InvalidateEvent{Cache: "httpcache " + c.opt.Name, Kind: kind, Count: len(keys), Err: err})
	}
	return err
}

// undone remembers what Redis has not taken, and repeats it in the background.
func (c *Cache) undone(ctx context.Context, roots, tags []string) {
	all := c.pending.Add(roots...)
	if !c.pending.AddTags(tags...) || !all {
		c.rb.Logger().ErrorContext(ctx, "httpcache: too many invalidations while redis is away: responses may be stale until they end",
			"cache", c.opt.Name, "limit", caches.MaxPending)
	}
	c.flights.detachAll()
	c.pending.Repeat()
}

func (c *Cache) forget(roots ...string) {
	if c.roots == nil {
		return
	}
	for _, key := range roots {
		c.roots.Forget(key)
	}
}

// InvalidateTags ends every response that bears one of the tags, and every value of the typed caches that does: one script,
// whatever their number. A response whose handler began before is invalid too.
//
// While Redis is away it fails as Invalidate does: this process takes what bears the tags for invalid, and repeats the call.
func (c *Cache) InvalidateTags(ctx context.Context, tags ...string) error {
	if len(tags) == 0 {
		return nil
	}
	_, err := c.store.Bump(ctx, c.rb, tags...)
	if err != nil {
		err = fmt.Errorf("httpcache %q: invalidating tags: %w", c.opt.Name, err)
		c.undone(ctx, nil, tags)
	} else {
		c.common.Tags.Bumped(tags...)
	}
	c.common.Bumped()
	if f := c.rb.Observer().Invalidate; f != nil {
		f(redbrick.InvalidateEvent{Cache: "httpcache " + c.opt.Name, Kind: "tag", Count: len(tags), Err: err})
	}
	return err
}

// InvalidateMatch ends the responses whose absolute URL matches a glob of Redis: `*`, `?`, `[a-z]`, and `\` before a
// character that is meant literally. Of a URL longer than 512 bytes the first 64 are matched. It looks at every key of the server
// with SCAN: for operators and rare events; tags are for everyday use. It returns how many URLs were ended. It fails while
// Redis is away, and is not repeated.
func (c *Cache) InvalidateMatch(ctx context.Context, pattern string) (n int, err error) {
	if pattern == "" {
		return 0, fmt.Errorf("%w: httpcache %q: empty pattern, expected a glob", redbrick.ErrConfig, c.opt.Name)
	}
	masters, err := c.rb.Masters(ctx)
	if err != nil {
		return 0, fmt.Errorf("httpcache %q: %w", c.opt.Name, err)
	}
	// A flight has a root: it was made before the handler began. So whatever is under way is found by the scan.
	pattern = strings.NewReplacer("{", "%7B", "}", "%7D").Replace(pattern)
	glob := keyspace.EscapeGlob(c.prefix) + "{" + pattern + "}"
	for _, m := range masters {
		for cursor := uint64(0); ; {
			page, err := m.Do(ctx, m.B().Scan().Cursor(cursor).Match(glob).Count(scanCount).Type("string").Build()).AsScanEntry()
			if err != nil {
				return n, fmt.Errorf("httpcache %q: scan: %w", c.opt.Name, err)
			}
			if err := c.dropRoots(ctx, "match", page.Elements); err != nil {
				return n, err
			}
			n += len(page.Elements)
			if cursor = page.Cursor; cursor == 0 {
				break
			}
		}
	}
	if c.roots != nil {
		c.roots.Clear() // what has gone from Redis before the scan may be here still
	}
	return n, nil
}

// scanCount is how many keys one SCAN looks at.
const scanCount = 500

// InvalidateOn makes a handler that writes: where it did not answer with an error, the tags are invalidated before its answer
// is sent, and so are the URLs that RFC 9111 section 4.4 names, as Middleware does. What begins with a slash or names a
// scheme is no tag but a URL, as Invalidate takes it. A handler that panics may have written: it invalidates too.
func (c *Cache) InvalidateOn(tagsOrURLs ...string) func(http.Handler) http.Handler {
	var tags, urls []string
	for _, t := range tagsOrURLs {
		if strings.HasPrefix(t, "/") || strings.HasPrefix(t, "http://") || strings.HasPrefix(t, "https://") {
			urls = append(urls, t)
		} else {
			tags = append(tags, t)
		}
	}
	return func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			c.write(w, r, next, func(ctx context.Context) error {
				return errors.Join(c.InvalidateTags(ctx, tags...), c.Invalidate(ctx, urls...))
			})
		})
	}
}
