package cache

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redbrick-go/redbrick"
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
	pending    pending
	checked    checked
	cost       average // of a load, for EarlyRefresh
	stats      counters
	lag        lag
	reporting  sync.Mutex
	reported   FleetStats // guarded by reporting
	tracked    *redbrick.Lane
	bulk       *redbrick.Lane // tracked, once the cache is known to hold big values
	big        atomic.Bool
	detach     *tagged
	life       context.Context //nolint:containedctx // background refreshes end with the cache
	end        context.CancelFunc
	ending     sync.RWMutex // guards work.Add against close
	work       sync.WaitGroup
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
	c.life, c.end = context.WithCancel(context.Background())
	c.tracked = rb.Hot()
	if err := c.register(); err != nil {
		return nil, err
	}
	shared, err := sharedOf(rb)
	if err != nil {
		return nil, err
	}
	claimed := false
	if _, err := rb.Part("cache "+name, func() (any, func(), error) { claimed = true; return c, c.close, nil }); err != nil {
		return nil, err
	}
	if !claimed {
		return nil, fmt.Errorf("%w: there is a cache %q of this client already, expected another name", redbrick.ErrConfig, name)
	}
	if err := shared.track(rb); err != nil {
		return nil, err
	}
	c.store, c.hub, c.tags, c.names, c.detach = shared.store, shared.hub, shared.tags, shared.names, &shared.tagged
	ctx, cancel := context.WithTimeout(c.life, setUpTimeout)
	defer cancel()
	if err := rb.UseLayout(ctx, "cache", layoutVersion, layoutVersion); err != nil {
		return nil, err
	}
	c.names.add(ctx, c.prefix)
	if !o.NoNear && !c.disabled {
		if err := c.openNear(ctx, shared.clock); err != nil {
			return nil, err
		}
	}
	c.bulk = c.tracked.Bulk()
	c.big.Store(o.MaxBytes > defaultMaxBytes)
	if o.Tags != nil {
		c.detach.add(c.flights.detachAll)
	}
	rb.OnState(c.onState)
	if !c.disabled {
		shared.fleet.add(c.report)
	}
	return c, nil
}

// setUpTimeout bounds what New says to Redis.
const setUpTimeout = 2 * time.Second

func (c *Cache[V]) register() error {
	physical := strings.TrimPrefix(c.prefix, c.rb.Namespace())
	return c.rb.Register(keyspace.Shape{
		Owner: "cache " + c.name, Pattern: physical + "<id>", Type: "string", TTL: "TTL, StaleFor and StaleIfError of the cache",
		Slot: "key", Foreign: "read, write", Purpose: "an entry: the JSON of the value, null for not found",
	}, keyspace.Shape{
		Owner: "cache", Pattern: "~l:{<key>}", Type: "hash", TTL: "LoadTimeout + 1 s",
		Slot: "that of the entry", Purpose: "lease of a load",
	}, keyspace.Shape{
		Owner: "cache", Pattern: "~t:{tags}:<tag>", Type: "string", TTL: "7 days and 1 h", Slot: "{tags}",
		Purpose: "number of a tag; entries with a lower one are invalid",
	}, keyspace.Shape{
		Owner: "cache", Pattern: "~t:{tags}", Type: "string", TTL: "30 days, renewed", Slot: "{tags}",
		Purpose: "lowest valid number of a tagged entry",
	}, keyspace.Shape{
		Owner: "cache", Pattern: "~tc:{tags}", Type: "string", TTL: "30 days, renewed", Slot: "{tags}",
		Purpose: "newest number given to a tag",
	}, keyspace.Shape{
		Owner: "cache", Pattern: "~caches", Type: "set", TTL: "none", Slot: "key", Purpose: "prefixes of all caches",
	}, keyspace.Shape{
		Owner: "cache", Pattern: "~cs:<name>", Type: "hash", TTL: "30 days after the last count", Slot: "key",
		Purpose: "counters of a cache over all processes",
	})
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

// shared is what all caches of one client have in common.
type shared struct {
	store *store.Store
	hub   *push.Hub
	tags  *near.Tags
	names *names
	clock *clock.Coarse
	fleet *reporter

	tagged   tagged
	tracking sync.Once
}

// tagged are the caches whose entries may bear tags: what detaches their loads under way.
type tagged struct {
	mu     sync.Mutex
	detach []func()
}

func (t *tagged) add(detach func()) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.detach = append(t.detach, detach)
}

func (t *tagged) all() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, detach := range t.detach {
		detach()
	}
}

// track makes the tags' table hear of bumps.
func (s *shared) track(rb *redbrick.Client) (err error) {
	s.tracking.Do(func() {
		ctx, cancel := context.WithTimeout(context.Background(), setUpTimeout)
		defer cancel()
		err = rb.Track(ctx, s.store.TagPrefix(), s.tags.Invalidated, s.tags.Flush)
	})
	return err
}

func sharedOf(rb *redbrick.Client) (*shared, error) {
	part, err := rb.Part("caches", func() (any, func(), error) {
		s := &shared{clock: clock.NewCoarse(), names: newNames(rb), fleet: newReporter(rb)}
		s.hub = push.NewHub(store.WakeChannel(rb.Namespace()), rb.Subscribe)
		s.store = store.New(store.Options{Namespace: rb.Namespace(), Announce: rb.Announce})
		s.tags = near.NewTags(rb.Generation(), s.store.TagPrefix(), keyspace.EscapeID,
			func(ctx context.Context, tags []string) (uint64, []uint64, error) {
				return s.store.ReadTags(ctx, rb.Tracked(), tags...)
			})
		return s, func() {
			s.fleet.close(rb)
			s.hub.Close()
			s.clock.Stop()
		}, nil
	})
	if err != nil {
		return nil, err
	}
	s, ok := part.(*shared)
	if !ok {
		return nil, fmt.Errorf("%w: part %q is a %T", redbrick.ErrConfig, "caches", part)
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
	c.ending.Lock()
	c.end()
	c.ending.Unlock()
	c.work.Wait()
	if c.near != nil {
		c.near.Close()
	}
}
