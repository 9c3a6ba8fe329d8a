package catalog

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
	"github.com/redbrick-go/redbrick/cache"
	"github.com/redbrick-go/redbrick/collection"
	"github.com/redbrick-go/redbrick/internal/accumulate"
)

// Options are what a [Catalog] works with.
type Options struct {
	// Repository is the primary database. Required.
	Repository shop.Repository
	// Redis holds the copies. Required.
	Redis *redbrick.Client
	// InProcess says that Redis ends with this process, so that both are killed together.
	InProcess bool
	// Logger is never told a body or a secret. Nil is silent.
	Logger *slog.Logger
	// FlushEvery is the time between two flushes of the views. 0 means one second.
	FlushEvery time.Duration
	// WarmEvery is the time between two warmings. 0 means half an hour.
	WarmEvery time.Duration
	// CopyTime is how long the copies of one change may take before they are left to the rebuild. 0 means two seconds.
	CopyTime time.Duration
}

// Catalog is the service behind the routes. It is safe for concurrent use.
type Catalog struct {
	repo shop.Repository
	rb   *redbrick.Client
	log  *slog.Logger

	inProcess bool
	copyTime  time.Duration
	used      atomic.Bool // Redis is marked as in use

	recipes  *cache.Cache[shop.Recipe]
	users    *cache.Cache[shop.User]
	ranking  *cache.Cache[[]PopularRecipe]
	plans    *cache.Cache[shop.MealPlan]
	shopping *cache.Cache[shop.ShoppingList]

	tags      *collection.TagIndex
	owned     *collection.Set
	favorites *collection.Pair
	stats     *collection.Record[shop.RecipeStats]
	stock     *collection.BoundedCounter
	recent    *collection.Feed
	activity  *collection.Feed

	views   *accumulate.Accumulator[int64]
	keeper  *keeper
	warmers []warmer
}

// warmer is what the warmers of caches of different types have in common.
type warmer interface {
	Start(ctx context.Context) error
	Stop(ctx context.Context) error
}

// Sizes of the feeds.
const (
	recentCap   = 10
	activityCap = 100
)

// Lifetimes of the cached lists.
const (
	popularTTL = 30 * time.Minute
	planTTL    = time.Hour
)

// New makes the catalog. Redis need not be there.
func New(o Options) (*Catalog, error) {
	if o.Repository == nil || o.Redis == nil {
		return nil, errors.New("catalog: Options.Repository and Options.Redis are required")
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	c := &Catalog{repo: o.Repository, rb: o.Redis, log: o.Logger, inProcess: o.InProcess, copyTime: cmp.Or(o.CopyTime, copyTime)}
	if err := errors.Join(c.makeCaches(), c.makeCollections(), c.makeWarmers(o.WarmEvery)); err != nil {
		return nil, fmt.Errorf("catalog: %w", err)
	}
	c.views = accumulate.New(accumulate.Options{Every: o.FlushEvery, Logger: o.Logger}, c.flushViews)
	c.keeper = newKeeper(c)
	return c, nil
}

func (c *Catalog) makeCaches() error {
	var faults [5]error
	c.recipes, faults[0] = cache.New(c.rb, "recipe", cache.Options[shop.Recipe]{
		Codec: recipeCodec{cache.JSON[shop.Recipe]()}, KeepBytes: true,
		Load: c.loadRecipe, LoadMany: c.loadRecipes,
		// An id that nobody has is found out by the primary key. Remembering it would let anybody fill Redis with
		// ids, and leave a key behind of a recipe that was deleted.
		NegativeTTL: -1,
	})
	c.users, faults[1] = cache.New(c.rb, "user", cache.Options[shop.User]{Load: c.loadUser})
	c.ranking, faults[2] = cache.New(c.rb, "recipes:popular", cache.Options[[]PopularRecipe]{TTL: popularTTL, Load: c.loadPopular})
	c.plans, faults[3] = cache.New(c.rb, "meal_plan", cache.Options[shop.MealPlan]{
		// Deleting a recipe takes it out of the plans.
		TTL: planTTL, Load: c.loadPlan, Tags: func(string, shop.MealPlan) []string { return []string{RecipesTag} },
	})
	c.shopping, faults[4] = cache.New(c.rb, "shopping_list", cache.Options[shop.ShoppingList]{
		TTL: planTTL, Load: c.loadShopping, Tags: func(string, shop.ShoppingList) []string { return []string{RecipesTag} },
	})
	return errors.Join(faults[:]...)
}

func (c *Catalog) makeCollections() error {
	var faults [8]error
	c.tags, faults[0] = collection.NewTagIndex(c.rb, "tag:<name>", collection.TagIndexOptions{Order: collection.NumericDescending})
	c.owned, faults[1] = collection.NewSet(c.rb, "user:<id>:recipes", collection.SetOptions{Order: collection.NumericDescending})
	c.favorites, faults[2] = collection.NewPair(c.rb, "user:<id>:favorites", "recipe:<id>:favorited_by",
		collection.PairOptions{OrderA: collection.Numeric, OrderB: collection.NumericDescending})
	c.stats, faults[3] = collection.NewRecord[shop.RecipeStats](c.rb, "recipe:<id>:stats", collection.RecordOptions{})
	c.stock, faults[4] = collection.NewBoundedCounter(c.rb, "inventory:<item>:stock", collection.BoundedOptions{Strict: true})
	c.recent, faults[5] = collection.NewFeed(c.rb, "user:<id>:recent_recipes", collection.FeedOptions{Cap: recentCap, Unique: true})
	c.activity, faults[6] = collection.NewFeed(c.rb, "user:<id>:activity", collection.FeedOptions{Cap: activityCap})
	faults[7] = c.rb.Register(ratingsShape, boardShape, builtShape, buildShape, usedShape)
	return errors.Join(faults[:]...)
}

// Start begins what the catalog does by itself: flushing views, keeping the copies,
// warming. It returns at once.
func (c *Catalog) Start(ctx context.Context) error {
	if c.inProcess {
		c.use(ctx)
	}
	c.keeper.start(ctx)
	faults := []error{c.views.Start(ctx)}
	for _, w := range c.warmers {
		faults = append(faults, w.Start(ctx))
	}
	return errors.Join(faults...)
}

// Stop ends that, and flushes the views that are left. It waits for all of it
// within ctx. A second call does nothing.
func (c *Catalog) Stop(ctx context.Context) error {
	var faults []error
	for _, w := range c.warmers {
		faults = append(faults, w.Stop(ctx))
	}
	faults = append(faults, c.keeper.stop(ctx), c.views.Stop(ctx))
	if errors.Join(faults...) == nil {
		faults = append(faults, c.leave(ctx))
	}
	return errors.Join(faults...)
}

// Flush hands over the views counted so far.
func (c *Catalog) Flush(ctx context.Context) error { return c.views.Flush(ctx) }

// CacheStats returns the figures of each cache in this process, by name.
func (c *Catalog) CacheStats() map[string]cache.Stats {
	all := map[string]cache.Stats{}
	for _, figures := range []interface {
		Name() string
		Stats() cache.Stats
	}{c.recipes, c.users, c.ranking, c.plans, c.shopping} {
		all[figures.Name()] = figures.Stats()
	}
	return all
}
