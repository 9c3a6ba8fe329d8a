package cache_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
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

// batches is a database that remembers what it was asked for in one go.
type batches struct {
	mu    sync.Mutex
	row   func(id string) (string, bool)
	asked [][]string
	ones  []string
}

// named is the row of an id: its name, and none for ids that begin with "no".
func named(id string) (string, bool) { return "row " + id, !strings.HasPrefix(id, "no") }

func (b *batches) many(_ context.Context, ids []string) (map[string]string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.asked = append(b.asked, slices.Clone(ids))
	rows := map[string]string{"unasked": "must be ignored"}
	for _, id := range ids {
		if v, ok := b.row(id); ok {
			rows[id] = v
		}
	}
	return rows, nil
}

func (b *batches) one(_ context.Context, id string) (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.ones = append(b.ones, id)
	v, ok := b.row(id)
	if !ok {
		return "", cache.ErrNotFound
	}
	return v, nil
}

// taken returns what was asked for since the last call.
func (b *batches) taken() (asked [][]string, ones []string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	asked, ones = b.asked, b.ones
	b.asked, b.ones = nil, nil
	return asked, ones
}

func idsUpTo(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprint(i)
	}
	return ids
}

func TestGetManyLoadsExactlyWhatIsMissingInOneCall(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		db := &batches{row: named}
		c := newCache(t, rb, "recipe", cache.Options[string]{
			Load: db.one, LoadMany: db.many, EarlyRefresh: -1,
			Tags: func(id string, _ string) []string {
				if strings.HasPrefix(id, "tagged") {
					return []string{"tag"}
				}
				return nil
			},
		})
		for _, id := range []string{"hit", "near", "no such", "tagged1", "tagged2", "dropped"} {
			if _, err := c.Get(ctx, id); err != nil && id != "no such" {
				t.Fatal(err)
			}
		}
		for range 3 {
			if _, err := c.Get(ctx, "near"); err != nil {
				t.Fatal(err)
			}
		}
		put(t, rb, c.Key("foreign"), []byte("null"))
		put(t, rb, c.Key("garbage"), []byte("{"))
		if err := rb.Do(ctx, rb.B().Hset().Key(c.Key("hash")).FieldValue().FieldValue("a", "b").Build()).Error(); err != nil {
			t.Fatal(err)
		}
		if err := errors.Join(c.InvalidateTags(ctx, "tag"), c.Delete(ctx, "dropped")); err != nil {
			t.Fatal(err)
		}
		db.taken()
		all := []string{
			"new", "hit", "near", "no such", "tagged1", "new", "foreign", "garbage", "hash", "no row", "tagged2", "dropped", "hit",
		}
		missing := []string{"new", "tagged1", "garbage", "hash", "no row", "tagged2", "dropped"}
		for i, want := range [][][]string{{missing}, nil, nil} {
			before := c.Stats()
			got, err := c.GetMany(ctx, all)
			if err != nil {
				t.Fatal(err)
			}
			rows := make(map[string]string)
			for _, id := range all {
				if v, ok := named(id); ok && id != "foreign" {
					rows[id] = v
				}
			}
			if !maps.Equal(got, rows) {
				t.Errorf("call %d: got %v, want %v", i+1, got, rows)
			}
			asked, ones := db.taken()
			if len(ones) != 0 || len(asked) != len(want) || len(want) > 0 && !slices.Equal(asked[0], want[0]) {
				t.Errorf("call %d: the loaders were asked for %v and %v, want %v", i+1, asked, ones, want)
			}
			after, misses := c.Stats(), int64(0)
			if i == 0 {
				misses = int64(len(missing))
			}
			hits := after.Hits + after.NearHits - before.Hits - before.NearHits
			if n := after.Misses - before.Misses; n != misses || hits+n != int64(len(rows)+3) { // each id once
				t.Errorf("call %d: %d misses and %d hits, want %d of %d", i+1, n, hits, misses, len(rows)+3)
			}
		}
		for range 2 {
			if got, err := c.GetMany(ctx, nil); err != nil || len(got) != 0 {
				t.Errorf("no ids: got %v, %v", got, err)
			}
		}
	})
}

func TestGetManyWithoutLoadManyLoadsEachMissingIDOnce(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		db := newSource(func(id string) (string, error) {
			v, ok := named(id)
			if !ok {
				return "", cache.ErrNotFound
			}
			return v, nil
		})
		c := newCache(t, rb, "recipe", cache.Options[string]{Load: db.load})
		ids := append(idsUpTo(50), "no row", "7", "7")
		for range 3 {
			got, err := c.GetMany(ctx, ids)
			if err != nil || len(got) != 50 || got["7"] != "row 7" {
				t.Errorf("got %d values, %v", len(got), err)
			}
		}
		for _, id := range ids {
			if n := db.count(id); n != 1 {
				t.Errorf("%s: %d loads, want 1", id, n)
			}
		}
	})
}

func TestLoadManyAloneAnswersGetToo(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		db := &batches{row: named}
		c := newCache(t, rb, "recipe", cache.Options[string]{LoadMany: db.many})
		for range 2 {
			if got, err := c.Get(ctx, "1"); err != nil || got != "row 1" {
				t.Errorf("got %q, %v", got, err)
			}
			if _, err := c.Get(ctx, "none"); !errors.Is(err, cache.ErrNotFound) {
				t.Errorf("got %v, want ErrNotFound", err)
			}
		}
		if asked, _ := db.taken(); len(asked) != 2 {
			t.Errorf("asked for %v, want each once", asked)
		}
	})
}

func TestGetManyReturnsWhatItCanBesideTheErrors(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		errDown, errOdd := errors.New("database away"), errors.New("odd row")
		each := newCache(t, rb, "each", cache.Options[int]{Load: func(_ context.Context, id string) (int, error) {
			if id == "1" || id == "3" {
				return 0, fmt.Errorf("%s: %w", id, errOdd)
			}
			return len(id), nil
		}})
		got, err := each.GetMany(ctx, idsUpTo(5))
		if !errors.Is(err, errOdd) || !strings.Contains(err.Error(), `"1"`) || !strings.Contains(err.Error(), `"3"`) {
			t.Errorf("one by one: got %v", err)
		}
		if !maps.Equal(got, map[string]int{"0": 1, "2": 1, "4": 1}) {
			t.Errorf("one by one: got %v", got)
		}
		var calls atomic.Int64
		all := newCache(t, rb, "all", cache.Options[int]{SoftTimeout: -1, LoadTimeout: time.Hour, LoadMany: func(context.Context, []string) (map[string]int, error) {
			calls.Add(1)
			return map[string]int{"1": 1}, errDown
		}})
		if err := all.Set(ctx, "0", 7); err != nil {
			t.Fatal(err)
		}
		got, err = all.GetMany(ctx, idsUpTo(5))
		if !errors.Is(err, errDown) || strings.Count(err.Error(), errDown.Error()) != 1 || calls.Load() != 1 {
			t.Errorf("together: got %v after %d calls", err, calls.Load())
		}
		if !maps.Equal(got, map[string]int{"0": 7}) {
			t.Errorf("together: got %v", got)
		}
		// The leases were given back: nobody waits for a load that has failed.
		soon, cancel := context.WithTimeout(ctx, patience)
		defer cancel()
		if _, err = all.GetMany(soon, []string{"1"}); !errors.Is(err, errDown) || calls.Load() != 2 {
			t.Errorf("again: got %v after %d calls", err, calls.Load())
		}
		// A panic and a value that cannot be encoded are errors of their own.
		odd := newCache(t, rb, "odd", cache.Options[any]{LoadMany: func(_ context.Context, ids []string) (map[string]any, error) {
			if slices.Contains(ids, "panic") {
				panic("no")
			}
			return map[string]any{"fine": 1, "func": func() {}}, nil
		}})
		values, err := odd.GetMany(ctx, []string{"fine", "func"})
		if err == nil || !strings.Contains(err.Error(), `"func"`) || values["fine"] != 1 || len(values) != 1 {
			t.Errorf("no JSON: got %v, %v", values, err)
		}
		if _, err := odd.GetMany(ctx, []string{"panic"}); !errors.Is(err, cache.ErrLoadPanic) {
			t.Errorf("panic: got %v", err)
		}
	})
}

func TestGetManyOfAThousandTakesAFewRoundTrips(t *testing.T) {
	t.Parallel()
	var trips, largest atomic.Int64
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		db := &batches{row: named}
		for _, o := range []cache.Options[string]{
			{}, {Tags: func(id string, _ string) []string { return []string{"all", "id:" + id} }},
		} {
			name := "plain"
			if o.Tags != nil {
				name = "tagged"
			}
			o.LoadMany, o.NoNear = db.many, true
			c := newCache(t, rb, name, o)
			ids := idsUpTo(1000)
			for i, limit := range []int64{30, 10, 10} { // cold, then warm, then past the process's memory
				trips.Store(0)
				if i == 2 {
					ctx = cache.Fresh(ctx)
				}
				got, err := c.GetMany(ctx, ids)
				if err != nil || len(got) != 1000 || got["999"] != "row 999" {
					t.Fatalf("got %d values, %v", len(got), err)
				}
				if n := trips.Load(); n > limit {
					t.Errorf("%s, call %d: %d round trips, want at most %d", name, i+1, n, limit)
				}
			}
			if asked, ones := db.taken(); len(asked) != 1 || len(asked[0]) != 1000 || len(ones) != 0 {
				t.Errorf("%d calls of LoadMany, %d of Load", len(asked), len(ones))
			}
			n, err := c.GetMany(ctx, append(ids, "no row"))
			if err != nil || len(n) != 1000 {
				t.Errorf("got %d values, %v", len(n), err)
			}
			db.taken()
		}
		if n := largest.Load(); n > 2*256+1 {
			t.Errorf("a pipeline of %d commands", n)
		}
	}, redistest.Only("embedded"), redistest.With(countTrips(&trips, &largest)))
	// On every backend the result is right; where commands go to several servers trips are not comparable.
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		db := &batches{row: named}
		c := newCache(t, rb, "recipe", cache.Options[string]{LoadMany: db.many})
		for range 3 {
			got, err := c.GetMany(t.Context(), idsUpTo(1000))
			if err != nil || len(got) != 1000 || got["999"] != "row 999" {
				t.Fatalf("got %d values, %v", len(got), err)
			}
		}
		if asked, _ := db.taken(); len(asked) != 1 {
			t.Errorf("%d calls of LoadMany", len(asked))
		}
	}, redistest.Only("redis", "notracking", "cluster"))
}

// countTrips counts round trips and the longest of them.
func countTrips(trips, largest *atomic.Int64) func(*redbrick.Options) {
	return func(o *redbrick.Options) {
		o.Observer.Command = func(e redbrick.CommandEvent) {
			trips.Add(1)
			for n := int64(e.Commands); ; {
				if old := largest.Load(); n <= old || largest.CompareAndSwap(old, n) {
					return
				}
			}
		}
	}
}

func TestTwoProcessesThatGetManyTheSameIDsLoadEachOnce(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		for _, mode := range []string{"many", "one"} {
			var mu sync.Mutex
			loads := make(map[string]int)
			count := func(ids ...string) {
				mu.Lock()
				defer mu.Unlock()
				for _, id := range ids {
					loads[id]++
				}
			}
			o := cache.Options[string]{SoftTimeout: -1}
			if mode == "many" {
				o.LoadMany = func(_ context.Context, ids []string) (map[string]string, error) {
					count(ids...)
					rows := make(map[string]string)
					for _, id := range ids {
						rows[id] = "row " + id
					}
					return rows, nil
				}
			} else {
				o.Load = func(_ context.Context, id string) (string, error) {
					count(id)
					return "row " + id, nil
				}
			}
			ids := idsUpTo(100)
			var wg sync.WaitGroup
			for range 2 {
				c := newCache(t, redistest.Another(t, rb), mode, o)
				for range 3 {
					wg.Go(func() {
						got, err := c.GetMany(ctx, ids)
						if err != nil || len(got) != len(ids) || got["42"] != "row 42" {
							t.Errorf("%s: got %d values, %v", mode, len(got), err)
						}
					})
				}
			}
			wg.Wait()
			for _, id := range ids {
				if loads[id] != 1 {
					t.Errorf("%s: %s was loaded %d times", mode, id, loads[id])
				}
			}
		}
	})
}

func TestGetManyNeverReturnsWhatWasInvalidatedDuringItsLoad(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		for _, how := range []string{"delete", "delete elsewhere", "tag", "tag elsewhere", "match", "set"} {
			t.Run(how, func(t *testing.T) {
				t.Parallel()
				ctx, cancel := context.WithTimeout(t.Context(), patience)
				defer cancel()
				var row atomic.Int64
				row.Store(1)
				began, goOn := make(chan struct{}, 10), make(chan struct{})
				o := cache.Options[int64]{
					LoadMany: func(_ context.Context, ids []string) (map[string]int64, error) {
						v := row.Load()
						began <- struct{}{}
						<-goOn
						rows := make(map[string]int64)
						for _, id := range ids {
							rows[id] = v
						}
						return rows, nil
					},
					Tags: func(string, int64) []string { return []string{"all " + how} },
				}
				name := strings.ReplaceAll(how, " ", "-")
				c := newCache(t, rb, name, o)
				elsewhere := newCache(t, redistest.Another(t, rb), name, o)
				type result struct {
					values map[string]int64
					err    error
				}
				done := make(chan result, 1)
				go func() {
					values, err := c.GetMany(ctx, []string{"a", "b"})
					done <- result{values, err}
				}()
				<-began
				row.Store(2)
				var err error
				switch how {
				case "delete":
					err = c.Delete(ctx, "a", "b")
				case "delete elsewhere":
					err = elsewhere.Delete(ctx, "a", "b")
				case "tag":
					err = c.InvalidateTags(ctx, "all "+how)
				case "tag elsewhere":
					err = elsewhere.InvalidateTags(ctx, "all "+how)
				case "match":
					_, err = c.DeleteMatch(ctx, "*")
				case "set":
					err = elsewhere.SetMany(ctx, map[string]int64{"a": 2, "b": 2})
				}
				close(goOn)
				if err != nil {
					t.Fatal(err)
				}
				want := map[string]int64{"a": 2, "b": 2}
				if r := <-done; r.err != nil || !maps.Equal(r.values, want) {
					t.Errorf("during: got %v, %v", r.values, r.err)
				}
				for _, r := range []*cache.Cache[int64]{c, elsewhere} {
					if got, err := r.GetMany(cache.Fresh(ctx), []string{"a", "b"}); err != nil || !maps.Equal(got, want) {
						t.Errorf("after: got %v, %v", got, err)
					}
				}
				if s := c.Stats(); how != "tag" && how != "tag elsewhere" && s.Refused != 2 {
					t.Errorf("refused fills: %+v", s)
				}
			})
		}
	})
}

func TestACallerOfGetManyThatLeavesHarmsNobody(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		began, goOn := make(chan context.Context, 10), make(chan struct{})
		var loads atomic.Int64
		o := cache.Options[string]{LoadMany: func(ctx context.Context, ids []string) (map[string]string, error) {
			loads.Add(1)
			began <- ctx
			<-goOn
			return map[string]string{"a": "row a"}, ctx.Err()
		}, SoftTimeout: -1}
		c := newCache(t, rb, "recipe", o)
		elsewhere := newCache(t, redistest.Another(t, rb), "recipe", o)
		ctx, leave := context.WithCancel(t.Context())
		left := make(chan error, 1)
		go func() {
			_, err := c.GetMany(ctx, []string{"a"})
			left <- err
		}()
		loading := <-began
		leave()
		if err := <-left; !errors.Is(err, context.Canceled) {
			t.Errorf("the one who left got %v", err)
		}
		if err := loading.Err(); err != nil {
			t.Errorf("the load was cancelled: %v", err)
		}
		var wg sync.WaitGroup
		for _, r := range []*cache.Cache[string]{c, elsewhere} {
			wg.Go(func() {
				if got, err := r.GetMany(t.Context(), []string{"a"}); err != nil || got["a"] != "row a" {
					t.Errorf("the others got %v, %v", got, err)
				}
			})
		}
		redistest.Eventually(t, patience, func() error { // both wait for it
			if c.Stats().Waits < 1 || elsewhere.Stats().Waits < 1 {
				return fmt.Errorf("%+v, %+v", c.Stats(), elsewhere.Stats())
			}
			return nil
		})
		close(goOn)
		wg.Wait()
		if n := loads.Load(); n != 1 {
			t.Errorf("%d loads, want 1", n)
		}
	})
}

func TestGetManyServesStaleValues(t *testing.T) {
	t.Parallel()
	rb := redistest.Open(t, "embedded")
	ctx := t.Context()
	db := &batches{row: named}
	var failing atomic.Bool
	errDown := errors.New("database away")
	c := newCache(t, rb, "recipe", cache.Options[string]{
		TTL: time.Minute, StaleIfError: time.Hour, Jitter: -1, NoNear: true, EarlyRefresh: -1,
		LoadMany: func(ctx context.Context, ids []string) (map[string]string, error) {
			rows, err := db.many(ctx, ids)
			if failing.Load() {
				return nil, errDown
			}
			return rows, err
		},
	})
	ids := idsUpTo(20)
	if _, err := c.GetMany(ctx, ids); err != nil {
		t.Fatal(err)
	}
	db.taken()
	redistest.Advance(t, rb, 2*time.Minute)
	failing.Store(true)
	got, err := c.GetMany(ctx, ids)
	if err != nil || len(got) != 20 || c.Stats().Stale != 20 {
		t.Errorf("loader fails: got %d values, %v, %+v", len(got), err, c.Stats())
	}
	got, err = c.GetMany(ctx, append(ids, "new"))
	if !errors.Is(err, errDown) || len(got) != 20 {
		t.Errorf("loader fails, one is not there: got %d values, %v", len(got), err)
	}
	db.taken()
	failing.Store(false)
	if got, err = c.GetMany(ctx, ids); err != nil || len(got) != 20 {
		t.Errorf("loader works again: got %d values, %v", len(got), err)
	}
	if asked, _ := db.taken(); len(asked) != 1 || len(asked[0]) != 20 {
		t.Errorf("expired entries were loaded in %d calls, want 1", len(asked))
	}
	if got, err = c.GetMany(ctx, ids); err != nil || len(got) != 20 {
		t.Errorf("got %d values, %v", len(got), err)
	}
	if asked, _ := db.taken(); len(asked) != 0 {
		t.Errorf("loaded again: %v", asked)
	}
}

func TestGetManyIsCoalescedWhileRedisIsAway(t *testing.T) {
	t.Parallel()
	server := redistest.Private(t)
	proxy := redistest.NewProxy(t, server.Addr())
	rb := redistest.OpenURL(t, "redis://"+proxy.Addr(), func(o *redbrick.Options) { o.MaxRetries = -1 })
	ctx := t.Context()
	began, goOn := make(chan struct{}, 100), make(chan struct{})
	var mu sync.Mutex
	loads := make(map[string]int)
	c := newCache(t, rb, "recipe", cache.Options[string]{DownTTL: time.Hour,
		LoadMany: func(_ context.Context, ids []string) (map[string]string, error) {
			began <- struct{}{}
			<-goOn
			mu.Lock()
			defer mu.Unlock()
			rows := make(map[string]string)
			for _, id := range ids {
				loads[id]++
				if v, ok := named(id); ok {
					rows[id] = v
				}
			}
			return rows, nil
		}})
	proxy.Cut()
	ids := append(idsUpTo(10), "no row")
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if got, err := c.GetMany(ctx, ids); err != nil || len(got) != 10 || got["7"] != "row 7" {
				t.Errorf("got %v, %v", got, err)
			}
			if got, err := c.Get(ctx, "3"); err != nil || got != "row 3" {
				t.Errorf("Get: %q, %v", got, err)
			}
			if _, err := c.Get(ctx, "no row"); !errors.Is(err, cache.ErrNotFound) {
				t.Errorf("Get: %v, want ErrNotFound", err)
			}
		})
	}
	<-began
	close(goOn)
	wg.Wait()
	for _, id := range ids {
		if loads[id] != 1 {
			t.Errorf("%s: %d loads, want 1", id, loads[id])
		}
	}
	if s := c.Stats(); s.Down < int64(len(ids)) || s.Misses != 0 {
		t.Errorf("%+v", s)
	}
	// This process's own word ends it.
	if err := c.Delete(ctx, "7"); !errors.Is(err, redbrick.ErrUnavailable) {
		t.Errorf("Delete: %v, want ErrUnavailable", err)
	}
	if got, err := c.GetMany(ctx, ids); err != nil || len(got) != 10 || loads["7"] != 2 || loads["8"] != 1 {
		t.Errorf("after Delete: got %v, %v, loads %v", got, err, loads)
	}
}

func TestSetManyWritesAllOrSaysWhichNot(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		c := newCache(t, rb, "recipe", cache.Options[string]{MaxBytes: 100})
		newCache(t, rb, "recipe:other", cache.Options[string]{})
		values := make(map[string]string)
		for _, id := range idsUpTo(1000) {
			values[id] = "row " + id
		}
		if err := c.SetMany(ctx, values); err != nil {
			t.Fatal(err)
		}
		if got, err := c.GetMany(ctx, idsUpTo(1000)); err != nil || !maps.Equal(got, values) {
			t.Errorf("got %d values, %v", len(got), err)
		}
		if n := c.Stats().Writes; n != 1000 {
			t.Errorf("Writes: %d", n)
		}
		err := c.SetMany(ctx, map[string]string{"1": "new", "long": strings.Repeat("x", 100), "other:1": "x", "2": "new"})
		if !errors.Is(err, cache.ErrTooLarge) || !errors.Is(err, cache.ErrNamespace) ||
			!strings.Contains(err.Error(), `"long"`) || !strings.Contains(err.Error(), `"other:1"`) {
			t.Errorf("got %v", err)
		}
		got, err := c.GetMany(ctx, []string{"1", "2", "3", "long"})
		if err != nil || !maps.Equal(got, map[string]string{"1": "new", "2": "new", "3": "row 3"}) {
			t.Errorf("got %v, %v", got, err)
		}
		if err := c.SetMany(ctx, nil); err != nil {
			t.Errorf("nothing: %v", err)
		}
	})
}

func TestPeekHasTTLAndTouchDoNotLoad(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		db := newSource(func(string) (int, error) { return 7, nil })
		o := cache.Options[int]{TTL: time.Hour, StaleFor: time.Hour, Jitter: -1, EarlyRefresh: -1, Load: db.load}
		c := newCache(t, rb, "recipe", o)
		elsewhere := newCache(t, redistest.Another(t, rb), "recipe", o)
		if v, ok, err := c.Peek(ctx, "a"); v != 0 || ok || err != nil {
			t.Errorf("nothing there: Peek %d, %v, %v", v, ok, err)
		}
		if ok, err := c.Has(ctx, "a"); ok || err != nil {
			t.Errorf("nothing there: Has %v, %v", ok, err)
		}
		if d, ok, err := c.TTL(ctx, "a"); d != 0 || ok || err != nil {
			t.Errorf("nothing there: TTL %v, %v, %v", d, ok, err)
		}
		if ok, err := c.Touch(ctx, "a", time.Hour); ok || err != nil {
			t.Errorf("nothing there: Touch %v, %v", ok, err)
		}
		if err := c.Set(ctx, "a", 5); err != nil {
			t.Fatal(err)
		}
		for _, r := range []*cache.Cache[int]{c, elsewhere} {
			for range 3 {
				if v, ok, err := r.Peek(ctx, "a"); v != 5 || !ok || err != nil {
					t.Errorf("Peek %d, %v, %v", v, ok, err)
				}
			}
			if ok, err := r.Has(ctx, "a"); !ok || err != nil {
				t.Errorf("Has %v, %v", ok, err)
			}
			if d, ok, err := r.TTL(ctx, "a"); d > time.Hour || d < time.Hour-time.Minute || !ok || err != nil {
				t.Errorf("TTL %v, %v, %v", d, ok, err)
			}
		}
		if ok, err := c.Touch(ctx, "a", 3*time.Hour); !ok || err != nil {
			t.Errorf("Touch %v, %v", ok, err)
		}
		if d, ok, err := c.TTL(ctx, "a"); d > 3*time.Hour || d < 3*time.Hour-time.Minute || !ok || err != nil {
			t.Errorf("after Touch: TTL %v, %v, %v", d, ok, err)
		}
		if v, ok, err := c.Peek(ctx, "a"); v != 5 || !ok || err != nil {
			t.Errorf("after Touch: Peek %d, %v, %v", v, ok, err)
		}
		for _, ttl := range []time.Duration{0, -time.Second, 100 * time.Microsecond, 1 << 62} {
			if _, err := c.Touch(ctx, "a", ttl); !errors.Is(err, redbrick.ErrConfig) || !strings.Contains(err.Error(), ttl.String()) {
				t.Errorf("Touch of %v: %v", ttl, err)
			}
		}
		if n := db.total(); n != 0 {
			t.Errorf("%d loads", n)
		}
	})
}

func TestTouchLeavesAloneWhatIsNoValue(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		c := newCache(t, rb, "recipe", cache.Options[int]{NegativeTTL: 10 * time.Second})
		if _, err := c.Get(ctx, "missing"); !errors.Is(err, cache.ErrNotFound) {
			t.Fatal(err)
		}
		put(t, rb, c.Key("missing"), []byte("null"))
		if err := rb.Do(ctx, rb.B().Hset().Key(c.Key("hash")).FieldValue().FieldValue("a", "b").Build()).Error(); err != nil {
			t.Fatal(err)
		}
		for id, want := range map[string]int64{"missing": 3600_000, "hash": -1} {
			if ok, err := c.Touch(ctx, id, 24*time.Hour); ok || err != nil {
				t.Errorf("%s: Touch %v, %v", id, ok, err)
			}
			if n, err := rb.Do(ctx, rb.B().Pttl().Key(c.Key(id)).Build()).AsInt64(); err != nil || n > want {
				t.Errorf("%s: lives for %d ms, %v", id, n, err)
			}
		}
	})
}

// A life made shorter holds for the copies in the processes too.
func TestTouchIsSeenByTheProcesses(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		o := cache.Options[int]{TTL: time.Hour, NearUntracked: time.Hour, EarlyRefresh: -1}
		c := newCache(t, rb, "recipe", o)
		elsewhere := newCache(t, redistest.Another(t, rb), "recipe", o)
		if err := c.Set(ctx, "a", 5); err != nil {
			t.Fatal(err)
		}
		for _, r := range []*cache.Cache[int]{c, elsewhere} {
			redistest.Eventually(t, patience, func() error {
				if got, err := r.Lookup(ctx, "a"); err != nil || got.Level != cache.Near {
					return fmt.Errorf("got %+v, %v", got, err)
				}
				return nil
			})
		}
		if ok, err := c.Touch(ctx, "a", 50*time.Millisecond); !ok || err != nil {
			t.Fatal(ok, err)
		}
		for _, r := range []*cache.Cache[int]{c, elsewhere} {
			redistest.Eventually(t, patience, func() error {
				if got, ok, err := r.Peek(ctx, "a"); ok || err != nil {
					return fmt.Errorf("got %d, %v, want nothing", got, err)
				}
				return nil
			})
		}
	}, redistest.SubSecondTTL)
}
