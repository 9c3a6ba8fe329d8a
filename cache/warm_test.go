package cache_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
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

// idsOf is a source of ids for a Warmer.
func idsOf(ids ...string) func(context.Context) iter.Seq2[string, error] {
	return func(context.Context) iter.Seq2[string, error] {
		return func(yield func(string, error) bool) {
			for _, id := range ids {
				if !yield(id, nil) {
					return
				}
			}
		}
	}
}

func TestWarmLoadsWhatIsMissingInBatches(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		db := &batches{row: named}
		c := newCache(t, rb, "recipe", cache.Options[string]{LoadMany: db.many})
		if err := c.SetMany(ctx, map[string]string{"7": "row 7", "8": "row 8"}); err != nil {
			t.Fatal(err)
		}
		ids := append(idsUpTo(250), "no row")
		var steps []cache.Progress
		p, err := c.Warm(ctx, slices.Values(ids), func(p cache.Progress) { steps = append(steps, p) })
		want := []cache.Progress{{Done: 100, Values: 100}, {Done: 200, Values: 200}, {Done: 251, Values: 250}}
		if err != nil || p != want[2] || !slices.Equal(steps, want) {
			t.Errorf("got %+v, %v after %+v, want %+v", p, err, steps, want)
		}
		asked, ones := db.taken()
		loaded := 0
		for _, a := range asked {
			loaded += len(a)
			if slices.Contains(a, "7") || slices.Contains(a, "8") {
				t.Error("what was there was loaded")
			}
		}
		if len(asked) != 3 || len(ones) != 0 || loaded != 249 {
			t.Errorf("%d ids loaded in %d calls, want 249 in 3", loaded, len(asked))
		}
		// Now they are there for every process.
		for _, r := range []*cache.Cache[string]{c, newCache(t, redistest.Another(t, rb), "recipe", cache.Options[string]{LoadMany: db.many})} {
			if got, err := r.GetMany(ctx, ids); err != nil || len(got) != 250 {
				t.Errorf("after: %d values, %v", len(got), err)
			}
			if p, err := r.Warm(ctx, slices.Values(ids), nil); err != nil || p != want[2] {
				t.Errorf("again: %+v, %v", p, err)
			}
		}
		if asked, _ := db.taken(); len(asked) != 0 {
			t.Errorf("loaded again: %v", asked)
		}
		if p, err := c.Warm(ctx, slices.Values([]string(nil)), nil); err != nil || p != (cache.Progress{}) {
			t.Errorf("no ids: %+v, %v", p, err)
		}
	})
}

func TestWarmEndsAtTheFirstError(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		errDown := errors.New("database away")
		var calls atomic.Int64
		ctx, cancel := context.WithCancel(t.Context())
		c := newCache(t, rb, "recipe", cache.Options[string]{
			LoadMany: func(_ context.Context, ids []string) (map[string]string, error) {
				calls.Add(1)
				if slices.Contains(ids, "150") {
					return nil, errDown
				}
				rows := make(map[string]string)
				for _, id := range ids {
					rows[id] = id
				}
				return rows, nil
			},
		})
		taken := 0
		ids := func(yield func(string) bool) {
			for _, id := range idsUpTo(1000) {
				if taken++; !yield(id) {
					return
				}
			}
		}
		p, err := c.Warm(ctx, ids, nil)
		if !errors.Is(err, errDown) || p != (cache.Progress{Done: 200, Values: 100}) || calls.Load() != 2 || taken != 200 {
			t.Errorf("got %+v, %v after %d calls and %d ids", p, err, calls.Load(), taken)
		}
		// So does the caller's word.
		p, err = c.Warm(ctx, slices.Values(idsUpTo(1000)[200:]), func(p cache.Progress) {
			if p.Done == 300 {
				cancel()
			}
		})
		if !errors.Is(err, context.Canceled) || p.Values != 300 {
			t.Errorf("cancelled: got %+v, %v", p, err)
		}
	})
}

func TestWarmDoesNotLoadWhileRedisIsAway(t *testing.T) {
	t.Parallel()
	server := redistest.Private(t)
	rb := redistest.OpenURL(t, server.URL(), func(o *redbrick.Options) { o.MaxRetries = -1 })
	db := &batches{row: named}
	c := newCache(t, rb, "recipe", cache.Options[string]{LoadMany: db.many, DownTTL: time.Millisecond})
	server.Kill()
	redistest.Eventually(t, patience, func() error {
		if s := rb.State().State; s == redbrick.StateReady {
			_ = c.Delete(t.Context(), "x") // the client notices by a call
			return fmt.Errorf("state %s", s)
		}
		return nil
	})
	p, err := c.Warm(t.Context(), slices.Values(idsUpTo(1000)), nil)
	if !errors.Is(err, redbrick.ErrUnavailable) || p.Values != 0 {
		t.Errorf("got %+v, %v, want ErrUnavailable", p, err)
	}
	if asked, _ := db.taken(); len(asked) != 0 {
		t.Errorf("%d batches were loaded for nothing", len(asked))
	}
}

func TestOneProcessWarmsTheFleetOncePerPeriod(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		var runs, at atomic.Int64
		begun := make(chan struct{}, 100)
		ids := func(ctx context.Context) iter.Seq2[string, error] {
			return func(yield func(string, error) bool) {
				if n := at.Add(1); n != 1 {
					t.Errorf("%d runs at once", n)
				}
				defer at.Add(-1)
				runs.Add(1)
				begun <- struct{}{}
				for i := range 150 {
					if !yield(fmt.Sprint(i), nil) {
						return
					}
				}
			}
		}
		var warmers []*cache.Warmer[string]
		var caches []*cache.Cache[string]
		for range 3 {
			c := newCache(t, redistest.Another(t, rb), "recipe", cache.Options[string]{
				Load: func(_ context.Context, id string) (string, error) { return id, nil },
			})
			w, err := c.NewWarmer(ids, cache.WarmerOptions{Every: time.Hour})
			if err != nil {
				t.Fatal(err)
			}
			for range 2 { // a second call does nothing
				if err := w.Start(ctx); err != nil {
					t.Fatal(err)
				}
			}
			warmers, caches = append(warmers, w), append(caches, c)
		}
		<-begun
		var wg sync.WaitGroup
		for _, w := range warmers {
			for range 5 {
				wg.Go(func() {
					if _, err := w.Run(ctx); err != nil {
						t.Error(err)
					}
				})
			}
		}
		wg.Wait()
		redistest.Eventually(t, patience, func() error { // the run under way ends
			n, err := rb.Do(ctx, rb.B().Exists().Key(rb.Namespace()+"~once:{warm:recipe}:done").Build()).AsInt64()
			if err != nil || n != 1 {
				return fmt.Errorf("not done: %v", err)
			}
			return nil
		})
		for _, w := range warmers {
			if ran, err := w.Run(ctx); ran || err != nil {
				t.Errorf("within the period: %v, %v", ran, err)
			}
			for range 2 {
				if err := w.Stop(ctx); err != nil {
					t.Error(err)
				}
			}
			if err := w.Start(ctx); err != nil { // after Stop: nothing
				t.Error(err)
			}
		}
		if n := runs.Load(); n != 1 {
			t.Errorf("%d runs, want 1", n)
		}
		if ok, err := caches[2].Has(ctx, "149"); !ok || err != nil {
			t.Errorf("not warm: %v, %v", ok, err)
		}
		// In the next period it runs again.
		do(t, rb, "DEL", rb.Namespace()+"~once:{warm:recipe}:done")
		if ran, err := warmers[1].Run(ctx); !ran || err != nil || runs.Load() != 2 {
			t.Errorf("in the next period: %v, %v, %d runs", ran, err, runs.Load())
		}
	})
}

func TestAWarmerRunsAgainWhenItsPeriodIsOver(t *testing.T) {
	t.Parallel()
	rb := redistest.Open(t, "redis")
	c := newCache(t, rb, "recipe", cache.Options[string]{})
	runs := make(chan time.Time, 100)
	w, err := c.NewWarmer(func(context.Context) iter.Seq2[string, error] {
		runs <- time.Now()
		return idsOf("1")(t.Context())
	}, cache.WarmerOptions{Every: time.Second})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	first, second := <-runs, <-runs
	if d := second.Sub(first); d < 900*time.Millisecond {
		t.Errorf("the second run came after %v, want a second", d)
	}
	if err := w.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestStopWaitsForTheRunUnderWay(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		began := make(chan struct{})
		var ended atomic.Bool
		c := newCache(t, rb, "recipe", cache.Options[string]{})
		w, err := c.NewWarmer(func(ctx context.Context) iter.Seq2[string, error] {
			return func(func(string, error) bool) {
				close(began)
				<-ctx.Done()
				ended.Store(true)
			}
		}, cache.WarmerOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		<-began
		if err := w.Stop(t.Context()); err != nil || !ended.Load() {
			t.Errorf("Stop: %v, the run had ended: %v", err, ended.Load())
		}
		// Work that was cut short is not done: the next process begins at once.
		next, err := newCache(t, redistest.Another(t, rb), "recipe", cache.Options[string]{}).NewWarmer(idsOf("1"), cache.WarmerOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if ran, err := next.Run(t.Context()); !ran || err != nil {
			t.Errorf("the next: %v, %v", ran, err)
		}
	})
}

func TestADisabledCacheIsNoWarmer(t *testing.T) {
	t.Parallel()
	rb := redistest.Open(t, "embedded")
	off := redistest.Another(t, rb, func(o *redbrick.Options) { o.Cache.Disabled = true })
	for _, client := range []*redbrick.Client{off, rb} { // the first must not take the run away from the second
		w, err := newCache(t, client, "recipe", cache.Options[string]{}).NewWarmer(idsOf("1"), cache.WarmerOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if ran, err := w.Run(t.Context()); ran != (client == rb) || err != nil {
			t.Errorf("got %v, %v", ran, err)
		}
	}
}

func TestARunThatFailsIsNotDone(t *testing.T) {
	t.Parallel()
	rb := redistest.Open(t, "embedded")
	errDown := errors.New("database away")
	c := newCache(t, rb, "recipe", cache.Options[string]{})
	w, err := c.NewWarmer(func(context.Context) iter.Seq2[string, error] {
		return func(yield func(string, error) bool) { _ = yield("1", nil) && yield("", errDown) }
	}, cache.WarmerOptions{})
	if err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if ran, err := w.Run(t.Context()); !ran || !errors.Is(err, errDown) {
			t.Errorf("got %v, %v", ran, err)
		}
	}
}

// warming warms in a process of its own until it is killed.
var warming = redistest.NewProgram("cache warming", func(ctx context.Context, child *redistest.Child) error {
	rb, err := redbrick.Open(ctx, child.Options)
	if err != nil {
		return err
	}
	defer func() { _ = rb.Close() }()
	c, err := cache.New(rb, "recipe", cache.Options[string]{})
	if err != nil {
		return err
	}
	w, err := c.NewWarmer(func(ctx context.Context) iter.Seq2[string, error] {
		return func(func(string, error) bool) {
			_ = child.Send("began")
			<-ctx.Done()
		}
	}, cache.WarmerOptions{Every: time.Second})
	if err != nil {
		return err
	}
	_, err = w.Run(ctx)
	return err
})

func TestAnotherProcessTakesOverFromOneThatWasKilled(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		p := warming.Start(t, rb)
		if got := p.Recv(); got != "began" {
			t.Fatalf("got %q", got)
		}
		taken := make(chan struct{}, 100)
		c := newCache(t, rb, "recipe", cache.Options[string]{})
		w, err := c.NewWarmer(func(context.Context) iter.Seq2[string, error] {
			taken <- struct{}{}
			return idsOf("1")(ctx)
		}, cache.WarmerOptions{Every: time.Second})
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Start(ctx); err != nil {
			t.Fatal(err)
		}
		if ran, err := w.Run(ctx); ran || err != nil {
			t.Errorf("while the other is at it: %v, %v", ran, err)
		}
		p.Kill()
		lease := rb.Namespace() + "~once:{warm:recipe}"
		if n, err := rb.Do(ctx, rb.B().Pttl().Key(lease).Build()).AsInt64(); err != nil || n <= 0 || n > 15_000 {
			t.Errorf("the lease of the dead holds for %d ms, %v, want at most 15 s", n, err)
		}
		select {
		case <-taken:
			t.Error("taken over while the lease holds")
		default:
		}
		do(t, rb, "PEXPIRE", lease, "100") // what remains of it passes
		<-taken
		if err := w.Stop(ctx); err != nil {
			t.Error(err)
		}
	}, redistest.Processes, redistest.Only("redis", "cluster"))
}

func TestTheErrorOfAWarmerNamesTheCache(t *testing.T) {
	t.Parallel()
	c := newCache(t, redistest.Open(t, "embedded"), "recipe", cache.Options[string]{})
	if _, err := c.NewWarmer(idsOf(), cache.WarmerOptions{Every: 1}); err == nil || !strings.Contains(err.Error(), `"recipe"`) {
		t.Errorf("got %v", err)
	}
}
