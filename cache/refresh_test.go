package cache_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/cache"
	"github.com/redbrick-go/redbrick/redistest"
)

// exact is a cache in which nothing is left to chance.
func exact(o cache.Options[row]) cache.Options[row] {
	o.Jitter, o.NoNear = -1, true
	if o.EarlyRefresh == 0 {
		o.EarlyRefresh = -1
	}
	return o
}

// lookup reads, and compares value and level.
func lookup(t testing.TB, c *cache.Cache[row], id string, n int64, level cache.Level) {
	t.Helper()
	if got, err := c.Lookup(t.Context(), id); err != nil || got.Value != (row{id, n}) || got.Level != level {
		t.Errorf("got %v, %v, want version %d, %s", got, err, n, level)
	}
}

// becomes waits until a read gives a version.
func becomes(t testing.TB, c *cache.Cache[row], id string, n int64) {
	t.Helper()
	redistest.Eventually(t, 20*time.Second, func() error {
		if got, err := c.Get(t.Context(), id); err != nil || got.N != n {
			return fmt.Errorf("got %v, %w, want version %d", got, err, n)
		}
		return nil
	})
}

func TestAStaleValueIsServedWhileItIsRefreshedOnce(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		db := newTable()
		o := exact(cache.Options[row]{Load: db.load, TTL: time.Hour, StaleFor: time.Hour})
		here, there := newCache(t, rb, "recipe", o), newCache(t, redistest.Another(t, rb), "recipe", o)
		db.write("a")
		lookup(t, here, "a", 1, cache.Loaded)
		lookup(t, here, "a", 1, cache.Remote)
		redistest.Advance(t, rb, 61*time.Minute)
		stop := db.stop("a")
		db.write("a")
		lookup(t, here, "a", 1, cache.Stale) // and begins the refresh
		<-stop.reached
		for range 50 { // nobody waits for it, nobody begins another
			lookup(t, here, "a", 1, cache.Stale)
			lookup(t, there, "a", 1, cache.Stale)
		}
		close(stop.open)
		becomes(t, here, "a", 2)
		becomes(t, there, "a", 2)
		if n := db.loaded("a"); n != 2 {
			t.Errorf("loads: got %d, want 2", n)
		}
		redistest.Advance(t, rb, 121*time.Minute) // past all of it
		lookup(t, here, "a", 2, cache.Loaded)
	}, redistest.Clock)
}

// TestAStaleValueIsServedOnRealServers is the same with the clock of the server.
func TestAStaleValueIsServedOnRealServers(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		db := newTable()
		c := newCache(t, rb, "recipe", exact(cache.Options[row]{Load: db.load, TTL: time.Millisecond, StaleFor: time.Hour}))
		db.write("a")
		lookup(t, c, "a", 1, cache.Loaded)
		db.write("a")
		becomes(t, c, "a", 2)
		if n := c.Stats().Misses; n != 1 {
			t.Errorf("misses: got %d, want 1: nobody but the first waits", n)
		}
	}, redistest.SubSecondTTL)
}

func TestAStaleValueIsServedWhereTheLoaderFails(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		db := newTable()
		var fail atomic.Pointer[error]
		o := exact(cache.Options[row]{TTL: time.Hour, StaleIfError: time.Hour, Load: func(ctx context.Context, id string) (row, error) {
			if err := fail.Load(); err != nil {
				return row{}, *err
			}
			return db.load(ctx, id)
		}})
		c := newCache(t, rb, "recipe", o)
		away := errors.New("the database is away")
		db.write("a")
		lookup(t, c, "a", 1, cache.Loaded)
		fail.Store(&away)
		lookup(t, c, "a", 1, cache.Remote)
		redistest.Advance(t, rb, 61*time.Minute)
		lookup(t, c, "a", 1, cache.Stale)
		got, err := c.GetMany(t.Context(), []string{"a"})
		if err != nil || got["a"].N != 1 {
			t.Errorf("GetMany: got %v, %v, want version 1", got, err)
		}
		if _, ok, err := c.Peek(t.Context(), "a"); ok || err != nil {
			t.Errorf("Peek: got %t, %v, want nothing: it does not load", ok, err)
		}
		// The loader's word that there is nothing is no failure.
		gone := fmt.Errorf("recipe a: %w", cache.ErrNotFound)
		fail.Store(&gone)
		if _, err := c.Get(t.Context(), "a"); !errors.Is(err, cache.ErrNotFound) {
			t.Errorf("got %v, want ErrNotFound", err)
		}
		if err := c.Delete(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		fail.Store(nil)
		lookup(t, c, "a", 1, cache.Loaded)
		redistest.Advance(t, rb, 61*time.Minute)
		db.write("a")
		lookup(t, c, "a", 2, cache.Loaded) // while it works nobody gets the old value
		fail.Store(&away)
		redistest.Advance(t, rb, 121*time.Minute)
		if _, err := c.Get(t.Context(), "a"); !errors.Is(err, away) {
			t.Errorf("past StaleIfError: got %v, want the loader's error", err)
		}
	}, redistest.Clock)
}

// TestAWaiterLoadsByItselfWhereTheOtherFailed: the entry that is kept for a loader that fails is no answer while the
// waiter's own loader has not been asked.
func TestAWaiterLoadsByItselfWhereTheOtherFailed(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		db := newTable()
		o := exact(cache.Options[row]{TTL: time.Hour, StaleIfError: time.Hour})
		began, open := make(chan struct{}), make(chan struct{})
		bad := o
		bad.Load = func(context.Context, string) (row, error) {
			close(began)
			<-open
			return row{}, errors.New("the database is away from here")
		}
		o.Load = db.load
		here, there := newCache(t, rb, "recipe", bad), newCache(t, redistest.Another(t, rb), "recipe", o)
		db.write("a")
		lookup(t, there, "a", 1, cache.Loaded)
		redistest.Advance(t, rb, 61*time.Minute)
		db.write("a")
		failing := askFor(t.Context(), here, "a")
		<-began
		waiting := gather(t, there, "a", 3)
		redistest.Eventually(t, 20*time.Second, func() error {
			if there.Stats().Waits == 0 {
				return errors.New("nobody waits")
			}
			return nil
		})
		close(open)
		waiting.expect(t, "waiter", row{"a", 2})
		expect(t, "the one whose loader failed", failing, row{"a", 1})
	}, redistest.Clock)
}

// TestARefreshThatFailsIsNotTriedAtEveryRead: readers get the stale value meanwhile.
func TestARefreshThatFailsIsNotTriedAtEveryRead(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		db := newTable()
		var fail atomic.Bool
		var failed atomic.Int64
		c := newCache(t, rb, "recipe", exact(cache.Options[row]{TTL: time.Hour, StaleFor: time.Hour, Load: func(ctx context.Context, id string) (row, error) {
			if fail.Load() {
				failed.Add(1)
				return row{}, errors.New("the database is away")
			}
			return db.load(ctx, id)
		}}))
		db.write("a")
		lookup(t, c, "a", 1, cache.Loaded)
		db.write("a")
		fail.Store(true)
		redistest.Advance(t, rb, 61*time.Minute)
		began := time.Now()
		for range 300 {
			lookup(t, c, "a", 1, cache.Stale)
		}
		if n, most := failed.Load(), int64(time.Since(began)/time.Second)+2; n > most {
			t.Errorf("300 reads in %v tried %d times, want at most %d", time.Since(began), n, most)
		}
		fail.Store(false)
		becomes(t, c, "a", 2)
	}, redistest.Clock)
}

// TestAnEntryIsRefreshedBeforeItEnds: XFetch, the sooner the longer a load takes; nobody ever waits.
func TestAnEntryIsRefreshedBeforeItEnds(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		db := newTable()
		slow := func(ctx context.Context, id string) (row, error) {
			for began := time.Now(); time.Since(began) < 20*time.Millisecond; {
				runtime.Gosched()
			}
			return db.load(ctx, id)
		}
		// A load takes 20 ms, so with a beta of 1000 a read begins a refresh about 20 s before the end.
		for name, noNear := range map[string]bool{"near": false, "far": true} {
			o := cache.Options[row]{Load: slow, TTL: time.Hour, NoNear: noNear, EarlyRefresh: 1000, Jitter: -1}
			o.TTLOf = func(_ string, r row) time.Duration {
				if r.N == 1 {
					return 20 * time.Second
				}
				return 0
			}
			c := newCache(t, rb, name, o)
			id := name
			db.write(id)
			lookup(t, c, id, 1, cache.Loaded)
			db.write(id)
			becomes(t, c, id, 2)
			if n := c.Stats().Misses; n != 1 {
				t.Errorf("%s: misses: got %d, want 1: nobody but the first waits", name, n)
			}
		}
		for name, beta := range map[string]float64{"off": -1, "far-from-the-end": 1} {
			c := newCache(t, rb, name, cache.Options[row]{Load: slow, NoNear: true, EarlyRefresh: beta})
			db.write(name)
			for range 300 {
				expect(t, name, askFor(t.Context(), c, name), row{name, 1})
			}
			if n := db.loaded(name); n != 1 {
				t.Errorf("%s: loads: got %d, want 1", name, n)
			}
		}
	}, redistest.SubSecondTTL)
}

// TestALoaderKnowsItsDeadlineAndItsCaller: the context ends with LoadTimeout, not with the caller, and has his values.
func TestALoaderKnowsItsDeadlineAndItsCaller(t *testing.T) {
	t.Parallel()
	type key struct{}
	rb := redistest.Open(t, "embedded")
	seen := make(chan context.Context, 1)
	c := newCache(t, rb, "recipe", cache.Options[row]{LoadTimeout: 2 * time.Second, Load: func(ctx context.Context, _ string) (row, error) {
		seen <- ctx
		<-ctx.Done()
		return row{}, ctx.Err()
	}})
	caller, leave := context.WithCancel(context.WithValue(t.Context(), key{}, "x"))
	got := askFor(caller, c, "a")
	ctx := <-seen
	leave()
	if err := failure(t, got); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want context.Canceled", err)
	}
	if ctx.Value(key{}) != "x" {
		t.Error("the loader does not see the values of its caller")
	}
	if d, ok := ctx.Deadline(); !ok || time.Until(d) > 2*time.Second {
		t.Errorf("deadline: got %v, %t, want within LoadTimeout", d, ok)
	}
	if err := ctx.Err(); err != nil && !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("the loader's context ended with its caller's: %v", err)
	}
	<-ctx.Done()
}
