package cache_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/cache"
	"github.com/redbrick-go/redbrick/redistest"
)

// moved lists the counters of Stats that differ, without those that only say what is there now.
func moved(before, after cache.Stats) (names []string) {
	b, a := reflect.ValueOf(before), reflect.ValueOf(after)
	for i := range b.NumField() {
		name := b.Type().Field(i).Name
		switch name {
		case "NearEntries", "NearBytes", "NearOff", "LoadTime", "InvalidationLag", "Bytes", "Pushes": // see TestStatsOfWhatIsThere
		default:
			if b.Field(i).Int() != a.Field(i).Int() {
				names = append(names, fmt.Sprintf("%s+%d", name, a.Field(i).Int()-b.Field(i).Int()))
			}
		}
	}
	return names
}

func TestEachEventMovesItsCounters(t *testing.T) {
	t.Parallel()
	rb := redistest.Open(t, "embedded")
	ctx := t.Context()
	errDown := errors.New("database away")
	var during func(id string)
	c := newCache(t, rb, "recipe", cache.Options[string]{
		TTL: time.Minute, StaleFor: time.Minute, Jitter: -1, EarlyRefresh: -1, NearUntracked: 30 * time.Second, MaxBytes: 100,
		Load: func(_ context.Context, id string) (string, error) {
			if during != nil {
				during(id)
			}
			switch {
			case strings.HasPrefix(id, "error"):
				return "", errDown
			case strings.HasPrefix(id, "long"):
				return strings.Repeat("x", 200), nil
			}
			return id, nil
		},
	})
	get := func(id string) func() {
		return func() { _, _ = c.Get(ctx, id) }
	}
	for _, tt := range []struct {
		what string
		do   func()
		want []string
	}{
		{"miss", get("1"), []string{"Misses+1", "Loads+1"}},
		{"hit", func() { _, _ = c.Get(cache.Fresh(ctx), "1") }, []string{"Hits+1"}},
		{"hit of bytes", func() { _, _ = c.GetBytes(ctx, "1") }, []string{"Hits+1"}},
		{"loader fails", get("error"), []string{"Misses+1", "Loads+1", "LoadErrors+1"}},
		{"too large", get("long"), []string{"Misses+1", "Loads+1", "TooLarge+1"}},
		{"foreign", func() {
			put(t, rb, c.Key("2"), []byte("{"))
			get("2")()
		}, []string{"Misses+1", "Foreign+1", "Loads+1"}},
		{"write", func() { _ = c.Set(ctx, "3", "x") }, []string{"Writes+1"}},
		{"writes", func() { _ = c.SetMany(ctx, map[string]string{"4": "x", "5": "x"}) }, []string{"Writes+2"}},
		{"refused fill", func() {
			during = func(id string) {
				during = nil
				_ = c.Delete(ctx, id)
			}
			get("6")()
		}, []string{"Misses+1", "Loads+2", "Refused+1"}},
		{"many", func() { _, _ = c.GetMany(cache.Fresh(ctx), []string{"1", "3", "7"}) }, []string{"Hits+2", "Misses+1", "Loads+1"}},
		{"delete", func() { _ = c.Delete(ctx, "1") }, nil},
	} {
		before := c.Stats()
		tt.do()
		if got := moved(before, c.Stats()); !sameItems(got, tt.want) {
			t.Errorf("%s: moved %v, want %v", tt.what, got, tt.want)
		}
	}
	// Near hits: once the value is in the process.
	redistest.Eventually(t, patience, func() error {
		before := c.Stats()
		get("3")()
		if got := moved(before, c.Stats()); !slices.Equal(got, []string{"NearHits+1"}) {
			return fmt.Errorf("near hit: moved %v", got)
		}
		return nil
	})
	// Stale: the read is counted at once, the refresh when it is done.
	redistest.Advance(t, rb, 90*time.Second)
	before := c.Stats()
	if got, err := c.Lookup(cache.Fresh(ctx), "7"); err != nil || got.Level != cache.Stale {
		t.Errorf("stale: got %+v, %v", got, err)
	}
	redistest.Eventually(t, patience, func() error {
		if got := moved(before, c.Stats()); !sameItems(got, []string{"Stale+1", "Loads+1"}) {
			return fmt.Errorf("stale: moved %v", got)
		}
		return nil
	})
}

func sameItems(a, b []string) bool {
	a, b = slices.Clone(a), slices.Clone(b)
	slices.Sort(a)
	slices.Sort(b)
	return slices.Equal(a, b)
}

func TestStatsOfWhatIsThere(t *testing.T) {
	t.Parallel()
	rb := redistest.Open(t, "embedded")
	ctx := t.Context()
	c := newCache(t, rb, "recipe", cache.Options[string]{NearUntracked: time.Hour, Load: func(context.Context, string) (string, error) {
		return "soup", nil
	}})
	if s := c.Stats(); s != (cache.Stats{}) || s.HitRatio() != 0 || s.PushesPerNearHit() != 0 {
		t.Errorf("at the start: %+v", s)
	}
	if _, err := c.Get(ctx, "1"); err != nil {
		t.Fatal(err)
	}
	redistest.Eventually(t, patience, func() error {
		_, err := c.Get(ctx, "1")
		s := c.Stats()
		if s.NearHits == 0 || s.NearEntries != 1 || s.NearBytes < 6+1 || s.NearBytes > 1000 || s.Bytes < 6 || s.LoadTime <= 0 || s.Pushes < 1 {
			return fmt.Errorf("%+v, %v", s, err)
		}
		return nil
	})
	s := c.Stats()
	hits, all := float64(s.NearHits+s.Hits+s.Stale), float64(s.NearHits+s.Hits+s.Stale+s.Misses+s.Down)
	if got := s.HitRatio(); got != hits/all || got <= 0 || got >= 1 {
		t.Errorf("hit ratio %v of %+v", got, s)
	}
	if got := s.PushesPerNearHit(); got != float64(s.Pushes)/float64(s.NearHits) {
		t.Errorf("pushes per near hit %v of %+v", got, s)
	}
}

func TestWaitsAreCounted(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		began, goOn := make(chan struct{}, 10), make(chan struct{})
		o := cache.Options[string]{SoftTimeout: -1, Load: func(context.Context, string) (string, error) {
			began <- struct{}{}
			<-goOn
			return "soup", nil
		}}
		c, elsewhere := newCache(t, rb, "recipe", o), newCache(t, redistest.Another(t, rb), "recipe", o)
		var wg sync.WaitGroup
		wg.Go(func() { _, _ = c.Get(ctx, "1") })
		<-began
		wg.Go(func() {
			if got, err := elsewhere.Get(ctx, "1"); err != nil || got != "soup" {
				t.Errorf("got %q, %v", got, err)
			}
		})
		redistest.Eventually(t, patience, func() error {
			if s := elsewhere.Stats(); s.Waits < 1 {
				return fmt.Errorf("%+v", s)
			}
			return nil
		})
		close(goOn)
		wg.Wait()
		if a, b := c.Stats(), elsewhere.Stats(); a.Loads != 1 || b.Loads != 0 || a.Waits != 0 {
			t.Errorf("%+v and %+v", a, b)
		}
	})
}

func TestFleetStatsAddUpAllProcesses(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		db := newSource(func(id string) (string, error) {
			if id == "bad" {
				return "", errors.New("bad row")
			}
			return id, nil
		})
		o := cache.Options[string]{NoNear: true, EarlyRefresh: -1, Load: db.load}
		a, b := newCache(t, rb, "recipe", o), newCache(t, redistest.Another(t, rb), "recipe", o)
		newCache(t, rb, "other", o)
		for _, id := range []string{"1", "2", "bad"} { // a: 3 misses, b: 2 hits and a miss
			_, _ = a.Get(ctx, id)
			_, _ = b.Get(ctx, id)
		}
		want := cache.FleetStats{Hits: 2, Misses: 4, Loads: 4, LoadErrors: 2}
		if _, err := b.FleetStats(ctx); err != nil {
			t.Fatal(err)
		}
		for _, c := range []*cache.Cache[string]{a, b, a} { // asking counts nothing twice
			got, err := c.FleetStats(ctx)
			if err != nil || got != want {
				t.Errorf("got %+v, %v, want %+v", got, err, want)
			}
			if r := got.HitRatio(); r != 2.0/6 {
				t.Errorf("hit ratio %v, want a third", r)
			}
		}
		// A process that ends takes nothing with it.
		third := redistest.Another(t, rb)
		c := newCache(t, third, "recipe", o)
		if _, err := c.Get(ctx, "1"); err != nil {
			t.Fatal(err)
		}
		if err := third.Close(); err != nil {
			t.Fatal(err)
		}
		want.Hits++
		if got, err := a.FleetStats(ctx); err != nil || got != want {
			t.Errorf("after a process ended: got %+v, %v, want %+v", got, err, want)
		}
		ttl, err := rb.Do(ctx, rb.B().Pttl().Key(rb.Namespace()+"~cs:recipe").Build()).AsInt64()
		if err != nil || ttl < (29*24*time.Hour).Milliseconds() {
			t.Errorf("the counters live for %d ms, %v", ttl, err)
		}
	})
}

func TestTheObserverHearsOfReadsLoadsAndInvalidations(t *testing.T) {
	t.Parallel()
	rb := redistest.Open(t, "embedded")
	ctx := t.Context()
	var mu sync.Mutex
	var gets, loads, drops []string
	watched := redistest.Another(t, rb, func(o *redbrick.Options) {
		add := func(list *[]string, format string, args ...any) {
			mu.Lock()
			defer mu.Unlock()
			*list = append(*list, fmt.Sprintf(format, args...))
		}
		o.Observer.CacheGet = func(e redbrick.CacheGetEvent) {
			if e.Duration < 0 {
				t.Errorf("%+v", e)
			}
			add(&gets, "%s %s %v", e.Cache, e.Result, e.Err)
		}
		o.Observer.Load = func(e redbrick.LoadEvent) { add(&loads, "%s %v %v", e.Cache, e.Stored, e.Err) }
		o.Observer.Invalidate = func(e redbrick.InvalidateEvent) { add(&drops, "%s %s %d %v", e.Cache, e.Kind, e.Count, e.Err) }
	})
	var failing atomic.Bool
	errDown := errors.New("away")
	c := newCache(t, watched, "recipe", cache.Options[string]{
		NoNear: true, TTL: time.Minute, StaleFor: time.Minute, Jitter: -1, EarlyRefresh: -1,
		Load: func(_ context.Context, id string) (string, error) {
			switch {
			case failing.Load():
				return "", errDown
			case id == "none":
				return "", cache.ErrNotFound
			}
			return id, nil
		},
		LoadMany: func(_ context.Context, ids []string) (map[string]string, error) {
			return map[string]string{"2": "two"}, nil
		},
	})
	for _, tt := range []struct {
		what               string
		do                 func()
		gets, loads, drops []string
	}{
		{"miss", func() { _, _ = c.Get(ctx, "1") }, []string{"recipe load <nil>"}, []string{"recipe true <nil>"}, nil},
		{"hit", func() { _, _ = c.Get(ctx, "1") }, []string{"recipe hit <nil>"}, nil, nil},
		{
			"not found", func() { _, _ = c.Get(ctx, "none") },
			[]string{"recipe load cache: not found"}, []string{"recipe true cache: not found"}, nil,
		},
		{"not found again", func() { _, _ = c.Get(ctx, "none") }, []string{"recipe hit cache: not found"}, nil, nil},
		{"failure", func() {
			failing.Store(true)
			_, _ = c.Get(ctx, "bad")
			failing.Store(false)
		}, []string{"recipe load away"}, []string{"recipe false away"}, nil},
		{
			"many", func() { _, _ = c.GetMany(ctx, []string{"1", "2"}) },
			[]string{"recipe hit <nil>", "recipe load <nil>"}, []string{"recipe true <nil>"}, nil,
		},
		{"delete", func() { _ = c.Delete(ctx, "1", "2") }, nil, nil, []string{"recipe key 2 <nil>"}},
		{"tags", func() { _ = c.InvalidateTags(ctx, "a", "b", "c") }, nil, nil, []string{"recipe tag 3 <nil>"}},
		{"match", func() { _, _ = c.DeleteMatch(ctx, "n*") }, nil, nil, []string{"recipe match 1 <nil>"}},
		{"clear", func() { _ = c.Set(ctx, "1", "x"); _, _ = c.Clear(ctx) }, nil, nil, []string{"recipe clear 1 <nil>"}},
	} {
		mu.Lock()
		gets, loads, drops = nil, nil, nil
		mu.Unlock()
		tt.do()
		mu.Lock()
		if !slices.Equal(gets, tt.gets) || !slices.Equal(loads, tt.loads) || !slices.Equal(drops, tt.drops) {
			t.Errorf("%s: heard of gets %v, loads %v, invalidations %v, want %v, %v, %v",
				tt.what, gets, loads, drops, tt.gets, tt.loads, tt.drops)
		}
		mu.Unlock()
	}
}

func TestStatsTellHowLongNewsTake(t *testing.T) {
	t.Parallel()
	server := redistest.Private(t)
	proxy := redistest.NewProxy(t, server.Addr())
	rb := redistest.OpenURL(t, "redis://"+proxy.Addr())
	ctx := t.Context()
	c := newCache(t, rb, "recipe", cache.Options[string]{})
	alone := newCache(t, rb, "alone", cache.Options[string]{NoNear: true})
	const delay = 50 * time.Millisecond
	for _, write := range []func() error{
		func() error { return c.Set(ctx, "1", "soup") },
		func() error { return c.Delete(ctx, "1") }, // news of what was there
	} {
		before := c.Stats()
		proxy.Delay(delay, redistest.ToClient)
		if err := errors.Join(write(), alone.Set(ctx, "1", "soup")); err != nil {
			t.Fatal(err)
		}
		redistest.Eventually(t, patience, func() error {
			if c.Stats().Pushes == before.Pushes {
				return errors.New("no news yet")
			}
			return nil
		})
		proxy.Delay(0)
		if was, is := before.InvalidationLag, c.Stats().InvalidationLag; was == is || is < delay {
			t.Errorf("the lag was %v and is %v, want at least %v", was, is, delay)
		}
	}
	if s := alone.Stats(); s.InvalidationLag != 0 {
		t.Errorf("a cache without values in the process hears after %v", s.InvalidationLag)
	}
}
