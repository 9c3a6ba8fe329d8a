package httpcache

import (
	"context"
	"fmt"
	"strings"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/caches"
	"github.com/redbrick-go/redbrick/internal/keyspace"
	"github.com/redbrick-go/redbrick/internal/near"
	"github.com/redbrick-go/redbrick/internal/store"
)

// Cache keeps responses. It is safe for concurrent use.
type Cache struct {
	rb       *redbrick.Client
	opt      Options
	prefix   string // of every key, up to the brace of the hash tag
	disabled bool

	common  *caches.Common
	store   *store.Store
	tracked *redbrick.Lane
	bulk    *redbrick.Lane // tracked, for bodies
	// roots and bodies are nil where nothing is kept in the process.
	roots  *near.Cache[*root]
	bodies *near.Cache[*entry]

	routes  routes
	flights flights
	pending *caches.Pending // roots and tags
	stats   counters
	passing passing
	work    *caches.Work
	tally   *caches.Tally

	compressors compressors
	guesses     *guesses
}

// layoutVersion is the version of what the cache keeps in Redis.
const layoutVersion = 1

// New makes a cache. Two of one client cannot have the same name. It does not need Redis to be there.
func New(rb *redbrick.Client, o Options) (*Cache, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	c := &Cache{rb: rb, opt: o, disabled: rb.CacheDefaults().Disabled, compressors: newCompressors(), guesses: newGuesses()}
	c.prefix = rb.Namespace() + "h:"
	if o.Name != "" {
		c.prefix += o.Name + ":"
	}
	c.work = caches.NewWork()
	if err := c.register(); err != nil {
		return nil, err
	}
	if c.common, err = caches.Of(rb, rb.Tracked()); err != nil {
		return nil, err
	}
	if c.tally, err = c.newTally(); err != nil {
		return nil, err
	}
	claimed := false
	if _, err := rb.Part("httpcache "+o.Name, func() (any, func(), error) { claimed = true; return c, c.close, nil }); err != nil {
		return nil, err
	}
	if !claimed {
		return nil, fmt.Errorf("%w: there is an httpcache %q of this client already, expected another name", redbrick.ErrConfig, o.Name)
	}
	if err := c.common.Track(rb); err != nil {
		return nil, err
	}
	c.store = c.common.Store
	c.pending = caches.NewPending(caches.PendingOptions{
		Common: c.common, Redis: rb, Work: c.work, Key: func(root string) string { return root }, Forget: c.forget,
	})
	if err := rb.UseLayout("httpcache", layoutVersion, layoutVersion); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(c.work.Life(), caches.SetUpTimeout)
	defer cancel()
	c.tracked = rb.Hot()
	if !o.NoNear && !c.disabled {
		if err := c.openNear(ctx); err != nil {
			return nil, err
		}
	}
	c.bulk = c.tracked.Bulk()
	c.common.OnBump(c.flights.detachAll)
	if !c.disabled {
		c.tally.Start()
	}
	return c, nil
}

func (c *Cache) register() error {
	p := strings.TrimPrefix(c.prefix, c.rb.Namespace())
	owner := strings.TrimSpace("httpcache " + c.opt.Name)
	return c.rb.Register(append(caches.Shapes(), keyspace.Shape{
		Owner: owner, Pattern: p + "{<url>}", Type: "string", TTL: "twice that of the longest entry", Slot: "{<url>}",
		Purpose: "root of a URL: its generation, and the request fields it varies by",
	}, keyspace.Shape{
		Owner: owner, Pattern: p + "{<url>}:<generation>:<variant>", Type: "string", TTL: "freshness and stale time of the response",
		Slot: "{<url>}", Purpose: "a response: status, header, body",
	}, keyspace.Shape{
		Owner: owner, Pattern: p + "{<url>}:<generation>:<variant>:<coding>", Type: "string", TTL: "that of the response, when it was made",
		Slot: "{<url>}", Purpose: "body of a response in zstd or gzip",
	}, keyspace.Shape{
		Owner: "httpcache", Pattern: "~l:<response>", Type: "hash", TTL: "LoadTimeout + 1 s",
		Slot: "that of the response", Purpose: "lease of a response that is being fetched",
	}, keyspace.Shape{
		Owner: "httpcache", Pattern: "~hs:<name>", Type: "hash", TTL: "30 days after the last count", Slot: "key",
		Purpose: "counters of a cache over all processes",
	})...)
}

// share of the memory that the roots may take.
const rootShare = 8

func (c *Cache) openNear(ctx context.Context) (err error) {
	o := near.Options{
		MaxBytes: uint64(c.opt.NearBytes / rootShare), Generation: c.rb.Generation(), Clock: c.common.Clock, //nolint:gosec // positive
	}
	if c.roots, err = near.New[*root](o); err != nil {
		return fmt.Errorf("httpcache %q: near cache: %w", c.opt.Name, err)
	}
	o.MaxBytes = uint64(c.opt.NearBytes) - o.MaxBytes //nolint:gosec // positive
	o.MaxEntries = c.rb.CacheDefaults().MaxEntries
	if c.bodies, err = near.New[*entry](o); err != nil {
		return fmt.Errorf("httpcache %q: near cache: %w", c.opt.Name, err)
	}
	c.tracked = c.rb.Tracked()
	return c.rb.Track(ctx, c.prefix+"{", c.heard, func() {
		c.roots.Flush()
		c.bodies.Flush()
	})
}

// heard is told by Redis that a key of the cache changed.
func (c *Cache) heard(key string) {
	c.stats.pushes.Add(1)
	if strings.HasSuffix(key, "}") {
		c.roots.Forget(key)
		return
	}
	c.bodies.Forget(key)
}

// close ends the background work of the cache; the client calls it.
func (c *Cache) close() {
	c.work.Close()
	if c.roots != nil {
		c.roots.Close()
		c.bodies.Close()
	}
}
