package httpcache

import (
	"context"
	"crypto/rand"
	_ "embed" // for the scripts
	"errors"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/redbrick-go/redbrick/internal/near"
	"github.com/redbrick-go/redbrick/internal/script"
	"github.com/redbrick-go/redbrick/internal/store"
)

//go:embed lua/root.lua
var rootSource string

//go:embed lua/swap.lua
var swapSource string

var (
	rootScript = script.New("httpcache/root", rootSource)
	swapScript = script.New("httpcache/swap", swapSource)
)

// root is what is known of a URL: its generation, which stands in the keys of all its variants, and the request fields
// that tell them apart. A root says nothing of what is in them, so it can be lost or made anew at any time: the variants of
// another generation are found by nobody.
type root struct {
	raw   string // as it lies in Redis: version, generation, space, names
	names []string
	plain string // key of the variant without names
	ttl   time.Duration
}

const (
	rootVersion   = "1"
	generationLen = 16
)

// generation is the URL's, as it stands in the keys of its variants.
func (rt *root) generation() string {
	generation, _, _ := strings.Cut(rt.raw[len(rootVersion):], " ")
	return generation
}

func newRoot(key string, names []string) *root {
	rt, _ := parseRoot(key, rootVersion+rand.Text()[:generationLen]+" "+strings.Join(names, ","))
	return rt
}

func parseRoot(key, raw string) (*root, bool) {
	generation, names, ok := strings.Cut(strings.TrimPrefix(raw, rootVersion), " ")
	if !ok || !strings.HasPrefix(raw, rootVersion) || generation == "" || !validToken(generation) {
		return nil, false
	}
	rt := &root{raw: raw, plain: key + ":" + generation + ":-"}
	if names != "" {
		rt.names = strings.Split(names, ",")
	}
	for _, name := range rt.names {
		if !validToken(name) || name != http.CanonicalHeaderKey(name) {
			return nil, false
		}
	}
	return rt, true
}

// has reports whether the variants are told apart by all of the names.
func (rt *root) has(names []string) bool {
	for _, name := range names {
		if !slices.Contains(rt.names, name) {
			return false
		}
	}
	return true
}

// readRoot reads a root from Redis and keeps it in the process; nil where there is none.
func (c *Cache) readRoot(ctx context.Context, key string) (*root, error) {
	var ticket near.Ticket[*root]
	if c.roots != nil {
		ticket = c.roots.Begin(key)
	}
	return c.foundRoot(ctx, key, c.store.Lookup(ctx, c.tracked, key)[0], ticket)
}

// foundRoot is readRoot for what was read under a ticket, if roots are kept in the process.
func (c *Cache) foundRoot(ctx context.Context, key string, found store.Found, ticket near.Ticket[*root]) (*root, error) {
	var rt *root
	if found.Value != nil {
		if rt, _ = parseRoot(key, string(found.Value)); rt != nil {
			rt.ttl = found.TTL
		}
	}
	if c.roots != nil {
		if rt == nil {
			ticket.Cancel()
		} else {
			ticket.Store(&near.Entry[*root]{Value: rt}, c.nearTTL(found.TTL), 2*len(key)+len(rt.raw))
		}
	}
	if rt != nil {
		c.guesses.add(key, rt)
	} else if found.Err == nil {
		c.guesses.drop(key)
	}
	if rt == nil && (found.Foreign || found.Value != nil) { // no root of this cache: it goes
		_, errs := c.store.Drop(ctx, c.rb, key)
		return nil, errs[0]
	}
	return rt, found.Err
}

func (c *Cache) nearTTL(ttl time.Duration) time.Duration {
	if ttl < 0 {
		ttl = longestTTL
	}
	if c.rb.Announce() != "" {
		ttl = min(ttl, c.opt.NearUntracked)
	}
	return ttl
}

// firstRootTTL is how long a root lives that has no entry yet.
const firstRootTTL = time.Hour

var errRoot = errors.New("httpcache: broken root")

// makeRoot makes a root where there is none, and returns the one that is there.
func (c *Cache) makeRoot(ctx context.Context, key string, names []string) (*root, error) {
	reply, err := rootScript.Do(ctx, c.rb.Hot(), []string{key}, []string{newRoot(key, names).raw, milliseconds(firstRootTTL)}).ToArray()
	if err != nil {
		return nil, err
	}
	raw, err := reply[0].ToString()
	if err != nil {
		return nil, err
	}
	rt, ok := parseRoot(key, raw)
	if !ok {
		return nil, errRoot
	}
	ttl, err := reply[1].AsInt64()
	rt.ttl = time.Duration(ttl) * time.Millisecond
	c.guesses.add(key, rt)
	return rt, err
}

// widened is a root whose variants are told apart by more names.
func widened(key string, rt *root, names []string) *root {
	all := append(slices.Clone(rt.names), names...)
	slices.Sort(all)
	wide := newRoot(key, slices.Compact(all))
	wide.ttl = max(rt.ttl, firstRootTTL)
	return wide
}

// swap puts a root in the place of another. It reports false where the URL was invalidated since that was read.
func (c *Cache) swap(ctx context.Context, key string, from, to *root) (bool, error) {
	done, err := swapScript.Do(ctx, c.rb.Hot(), []string{key}, []string{from.raw, to.raw, milliseconds(to.ttl), c.rb.Announce()}).AsInt64()
	c.forget(key)
	if done == 1 {
		c.guesses.add(key, to)
	}
	return done == 1, err
}

// keepRoot makes a root outlive an entry of the given life.
func (c *Cache) keepRoot(ctx context.Context, key string, rt *root, life time.Duration) {
	if rt.ttl > life+time.Second {
		return
	}
	cmd := c.rb.B().Pexpire().Key(key).Milliseconds((2*life + firstRootTTL).Milliseconds()).Gt().Build()
	if err := c.rb.Hot().Do(ctx, cmd).Error(); err != nil {
		c.rb.Logger().DebugContext(ctx, "httpcache: life of a root", "error", err)
	}
}

func milliseconds(d time.Duration) string { return strconv.FormatInt(max(d.Milliseconds(), 1), 10) }
