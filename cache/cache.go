package cache

import (
	"context"
	"fmt"
	"strings"
	"sync/atomic"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/caches"
	"github.com/redbrick-go/redbrick/internal/clock"
	"github.com/redbrick-go/redbrick/internal/keyspace"
	"github.com/redbrick-go/redbrick/internal/near"
	"github.com/redbrick-go/redbrick/internal/push"
	"github.com/redbrick-go/redbrick/internal/store"
)

// Cache keeps values of one type under one name. It is safe for concurrent use.
type Cache[V any] struct {
	rb       *redbrick.Client
	name     string
	prefix   string // of every key: namespace, CACHE_PREFIX, name, colon
	opt      Options[V]
	env      envelope[V]
	disabled bool

	store *store.Store
	hub   *push.Hub
	tags  *near.Tags
	names *names
	// near is nil where the cache has no level in the process.
	near    *near.Cache[V]
	nearOff atomic.Bool

	flights    flights[V]
	refreshing refreshing
	pending    *caches.Pending // ids and tags
	checked    checked
	cost       average // of a load, for EarlyRefresh
	stats      counters
	lag        lag
	tally      *caches.Tally
	tracked    *redbrick.Lane
	bulk       *redbrick.Lane // tracked, once the cache is known to hold big values
	big        atomic.Bool
	common     *caches.Common
	work       *caches.Work
}

// layoutVersion is the version of what the cache keeps in Redis.
const layoutVersion = 1

// New makes the cache called name. Its keys are REDIS_KEY_PREFIX + CACHE_PREFIX + name + ":" + id; each holds the JSON of
// a value, as another program would write it. Two caches of one client cannot have the same name.
//
// New does not need Redis to be there.
func New[V any](rb *redbrick.Client, name string, o Options[V]) (*Cache[V], error) {
	o, err := o.withDefaults(name, rb.CacheDefaults())
	if err != nil {
		return nil, err
	}
	c := &Cache[V]{rb: rb, name: name, prefix: rb.CachePrefix() + name + ":", opt: o, disabled: rb.CacheDefaults().Disabled}
	c.env = envelope[V]{codec: o.Codec, compress: o.Compress, keys: o.Encrypt, version: o.Version, max: o.MaxBytes}
	c.work = caches.NewWork()
	c.tracked = rb.Hot()
	if err := c.register(); err != nil {
		return nil, err
	}
	shared, err := sharedOf(rb)
	if err != nil {
		return nil, err
	}
	if c.tally, err = c.newTally(); err != nil {
		return nil, err
	}
	claimed := false
	if _, err := rb.Part("cache "+name, func() (any, func(), error) { claimed = true; return c, c.close, nil }); err != nil {
		return nil, err
	}
	if !claimed {
		return nil, fmt.Errorf("%w: there is a cache %q of this client already, expected another name", redbrick.ErrConfig, name)
	}
	if err := shared.Track(rb); err != nil {
		return nil, err
	}
	c.common, c.store, c.hub, c.tags, c.names = shared.Common, shared.Store, shared.Hub, shared.Tags, shared.names
	c.pending = caches.NewPending(caches.PendingOptions{Common: c.common, Redis: rb, Work: c.work, Key: c.Key, Forget: c.forget})
	if err := rb.UseLayout("cache", layoutVersion, layoutVersion); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(c.work.Life(), caches.SetUpTimeout)
	defer cancel()
	c.names.add(ctx, c.prefix)
	if !o.NoNear && !c.disabled {
		if err := c.openNear(ctx, shared.Clock); err != nil {
			return nil, err
		}
	}
	c.bulk = c.tracked.Bulk()
	c.big.Store(o.MaxBytes > defaultMaxBytes)
	if o.Tags != nil {
		c.common.OnBump(c.flights.detachAll)
	}
	rb.OnState(func(e redbrick.StateEvent) {
		if e.State == redbrick.StateReady {
			c.flights.landed()
		}
	})
	if !c.disabled {
		c.tally.Start()
	}
	return c, nil
}

func (c *Cache[V]) register() error {
	physical := strings.TrimPrefix(c.prefix, c.rb.Namespace())
	return c.rb.Register(append(caches.Shapes(), keyspace.Shape{
		Owner: "cache " + c.name, Pattern: physical + "<id>", Type: "string", TTL: "TTL, StaleFor and StaleIfError of the cache",
		Slot: "key", Foreign: "read, write", Purpose: "an entry: the JSON of the value, null for not found",
	}, keyspace.Shape{
		Owner: "cache", Pattern: "~l:{<key>}", Type: "hash", TTL: "LoadTimeout + 1 s",
		Slot: "that of the entry", Purpose: "lease of a load",
	}, keyspace.Shape{
		Owner: "cache", Pattern: "~caches", Type: "set", TTL: "none", Slot: "key", Purpose: "prefixes of all caches",
	}, keyspace.Shape{
		Owner: "cache", Pattern: "~cs:<name>", Type: "hash", TTL: "30 days after the last count", Slot: "key",
		Purpose: "counters of a cache over all processes",
	})...)
}

func (c *Cache[V]) openNear(ctx context.Context, coarse *clock.Coarse) (err error) {
	c.near, err = near.New[V](near.Options{
		MaxBytes: uint64(c.opt.NearBytes), MaxEntries: c.rb.CacheDefaults().MaxEntries, //nolint:gosec // positive
		Generation: c.rb.Generation(), Clock: coarse,
	})
	if err != nil {
		return fmt.Errorf("cache %q: near cache: %w", c.name, err)
	}
	c.tracked = c.rb.Tracked()
	return c.rb.Track(ctx, c.prefix, c.heard, c.near.Flush)
}

// shared is what all caches of this package have in common within one client.
type shared struct {
	*caches.Common

	names *names
}

func sharedOf(rb *redbrick.Client) (*shared, error) {
	common, err := caches.Of(rb, rb.Tracked())
	if err != nil {
		return nil, err
	}
	part, err := rb.Part("typed caches", func() (any, func(), error) {
		return &shared{Common: common, names: newNames(rb)}, nil, nil
	})
	if err != nil {
		return nil, err
	}
	s, ok := part.(*shared)
	if !ok {
		return nil, fmt.Errorf("%w: part %q is a %T", redbrick.ErrConfig, "typed caches", part)
	}
	return s, nil
}

// Name is the name given to New.
func (c *Cache[V]) Name() string { return c.name }

// Key is the key of an id in Redis.
func (c *Cache[V]) Key(id string) string { return c.prefix + keyspace.EscapeID(id) }

// close ends the background work of the cache; the client calls it.
func (c *Cache[V]) close() {
	c.flights.close()
	c.work.Close()
	if c.near != nil {
		c.near.Close()
	}
}
