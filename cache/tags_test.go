package cache_test

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/cache"
	"github.com/redbrick-go/redbrick/redistest"
)

// counted makes a loader whose value is the number of the load.
func numbered(n *atomic.Int64) cache.Load[int64] {
	return func(context.Context, string) (int64, error) { return n.Add(1), nil }
}

func tagged(tags ...string) func(string, int64) []string {
	return func(string, int64) []string { return tags }
}

// get reads, or ends the test.
func get[V any](t testing.TB, c *cache.Cache[V], id string) V {
	t.Helper()
	v, err := c.Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestTagsAreChosenByTheValue(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		db := newSource(func(id string) (recipe, error) { return recipe{ID: len(id), Name: id}, nil })
		c := newCache(t, rb, "recipe", cache.Options[recipe]{
			Load: db.load,
			Tags: func(id string, r recipe) []string {
				if r.ID == 1 {
					return nil // an entry without tags
				}
				return []string{"all", "name:" + r.Name, "{" + id + "} *", ""}
			},
		})
		ids := []string{"1", "22", "333"}
		if _, err := c.GetMany(ctx, ids); err != nil {
			t.Fatal(err)
		}
		for _, tt := range []struct {
			tags []string
			gone []string
		}{
			{[]string{"all"}, []string{"22", "333"}},
			{[]string{"name:22"}, []string{"22"}},
			{[]string{"{333} *"}, []string{"333"}},
			{[]string{""}, []string{"22", "333"}},
			{[]string{"name:22", "name:333", "name:22"}, []string{"22", "333"}},
			{[]string{"unknown", "name:1"}, nil},
			{nil, nil},
		} {
			before := make(map[string]int)
			for _, id := range ids {
				before[id] = db.count(id)
			}
			if err := c.InvalidateTags(ctx, tt.tags...); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				for _, id := range ids {
					if got, err := c.Get(ctx, id); err != nil || got.Name != id {
						t.Errorf("%q: got %+v, %v", tt.tags, got, err)
					}
				}
			}
			for _, id := range ids {
				want := 0
				if slices.Contains(tt.gone, id) {
					want = 1
				}
				if n := db.count(id) - before[id]; n != want {
					t.Errorf("%q: %s was loaded %d times, want %d", tt.tags, id, n, want)
				}
			}
		}
		// An entry without tags stays plain JSON.
		if s := lying(t, rb, c.Key("1")); s != `{"id":1,"name":"1"}` {
			t.Errorf("untagged: %q", s)
		}
		if s := lying(t, rb, c.Key("22")); !strings.HasPrefix(s, "\xffRB") || !strings.HasSuffix(s, `{"id":2,"name":"22"}`) {
			t.Errorf("tagged: %q", s)
		}
		if raw, err := c.GetBytes(ctx, "22"); err != nil || string(raw) != `{"id":2,"name":"22"}` {
			t.Errorf("bytes: %q, %v", raw, err)
		}
	})
}

func TestTagsReachEveryCacheAndProcess(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		var n atomic.Int64
		o := cache.Options[int64]{Tags: tagged("common"), Load: numbered(&n), EarlyRefresh: -1}
		other := redistest.Another(t, rb)
		a, b := newCache(t, rb, "a", o), newCache(t, rb, "b", o)
		far := newCache(t, other, "a", o)
		plain := newCache(t, rb, "plain", cache.Options[int64]{Load: numbered(&n), EarlyRefresh: -1})
		kept := get(t, plain, "1")
		for range 3 {
			old := map[*cache.Cache[int64]]int64{}
			for _, c := range []*cache.Cache[int64]{a, b, far} {
				redistest.Eventually(t, patience, func() error {
					old[c] = get(t, c, "1")
					if got, err := c.Lookup(ctx, "1"); err != nil || got.Level != cache.Near {
						return fmt.Errorf("%s: %+v, %v, want it in the process", c.Name(), got, err)
					}
					return nil
				})
			}
			if err := a.InvalidateTags(ctx, "common"); err != nil {
				t.Fatal(err)
			}
			// In the own process at once, in every cache; in others at once if they ask for it, soon if not.
			for _, c := range []*cache.Cache[int64]{a, b} {
				if got := get(t, c, "1"); got <= old[c] {
					t.Errorf("%s: still %d", c.Name(), got)
				}
			}
			if got, err := far.Get(cache.Fresh(ctx), "1"); err != nil || got <= old[far] {
				t.Errorf("elsewhere: still %d, %v", got, err)
			}
			redistest.Eventually(t, patience, func() error {
				if got := get(t, far, "1"); got <= old[far] {
					return fmt.Errorf("elsewhere: still %d", got)
				}
				return nil
			})
		}
		if got := get(t, plain, "1"); got != kept {
			t.Errorf("an untagged cache: %d, want %d", got, kept)
		}
	})
}

func TestSetUnderATagIsValid(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		c := newCache(t, rb, "recipe", cache.Options[int64]{Tags: tagged("x", "y")})
		for i := range int64(3) {
			if err := c.InvalidateTags(ctx, "x", "y"); err != nil {
				t.Fatal(err)
			}
			if err := c.SetMany(ctx, map[string]int64{"1": i, "2": i}); err != nil {
				t.Fatal(err)
			}
			if got, err := c.GetMany(ctx, []string{"1", "2"}); err != nil || !maps.Equal(got, map[string]int64{"1": i, "2": i}) {
				t.Errorf("round %d: got %v, %v", i, got, err)
			}
		}
		if err := c.InvalidateTags(ctx, "y"); err != nil {
			t.Fatal(err)
		}
		if _, err := c.Get(ctx, "1"); !errors.Is(err, cache.ErrNotFound) {
			t.Errorf("after: %v, want ErrNotFound", err)
		}
	})
}

func TestAnEntryMayBearManyTags(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		tags := make([]string, 129)
		for i := range tags {
			tags[i] = fmt.Sprintf("tag %d", i)
		}
		var n atomic.Int64
		most := newCache(t, rb, "most", cache.Options[int64]{Tags: tagged(tags[:128]...), Load: numbered(&n), EarlyRefresh: -1})
		for _, tag := range []string{"tag 0", "tag 64", "tag 127"} {
			before := get(t, most, "1")
			if got := get(t, most, "1"); got != before {
				t.Errorf("loaded again: %d, then %d", before, got)
			}
			if err := most.InvalidateTags(ctx, tag); err != nil {
				t.Fatal(err)
			}
			if got := get(t, most, "1"); got == before {
				t.Errorf("%s: still %d", tag, got)
			}
		}
		// One more is an error to Set, and is handed out but not stored by Get.
		over := newCache(t, rb, "over", cache.Options[int64]{Tags: tagged(tags...), Load: numbered(&n)})
		err := over.Set(ctx, "1", 1)
		for _, part := range []string{`"over"`, `"1"`, "129 tags", "at most 128"} {
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("Set: %v does not say %s", err, part)
			}
		}
		if got, err := over.Get(ctx, "1"); err != nil || got == 0 {
			t.Errorf("Get: %d, %v", got, err)
		}
		if s := lying(t, rb, over.Key("1")); s != "" || over.Stats().Foreign != 0 {
			t.Errorf("stored: %q, %+v", s, over.Stats())
		}
	})
}

// Losing the clock or the floor of the tags, to eviction or an operator, invalidates all that is tagged, and nothing more.
func TestALostClockOfTheTagsIsSafe(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		for i, lost := range [][]string{{"~t:{tags}"}, {"~tc:{tags}"}, {"~t:{tags}", "~tc:{tags}"}} {
			var n atomic.Int64
			o := cache.Options[int64]{Tags: tagged("x"), Load: numbered(&n), EarlyRefresh: -1, NoNear: true}
			c := newCache(t, rb, fmt.Sprintf("recipe%d", i), o)
			old := get(t, c, "1")
			for _, key := range lost {
				do(t, rb, "DEL", rb.Namespace()+key)
			}
			// The tag is invalidated while nothing is known of the clock: the entry must not come back.
			if err := c.InvalidateTags(ctx, "x"); err != nil {
				t.Fatal(err)
			}
			fresh := get(t, c, "1")
			if fresh == old {
				t.Errorf("%v lost: still %d", lost, old)
			}
			if got := get(t, c, "1"); got != fresh {
				t.Errorf("%v lost: loaded again and again: %d, then %d", lost, fresh, got)
			}
			// Lost and nothing else: old entries may be valid or not, new ones are.
			for _, key := range lost {
				do(t, rb, "DEL", rb.Namespace()+key)
			}
			redistest.Eventually(t, patience, func() error {
				if a, b := get(t, c, "2"), get(t, c, "2"); a != b {
					return fmt.Errorf("%v lost: loaded again and again: %d, then %d", lost, a, b)
				}
				return nil
			})
			if err := c.InvalidateTags(ctx, "x"); err != nil {
				t.Fatal(err)
			}
			if old, got := n.Load(), get(t, c, "2"); got <= old {
				t.Errorf("%v lost: still %d after an invalidation", lost, got)
			}
		}
	})
}

// Garbage where numbers should be is healed as well.
func TestBrokenNumbersOfTagsAreSafe(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		var n atomic.Int64
		c := newCache(t, rb, "recipe", cache.Options[int64]{Tags: tagged("x"), Load: numbered(&n), EarlyRefresh: -1, NoNear: true})
		for _, key := range []string{"~t:{tags}", "~tc:{tags}", "~t:{tags}:x"} {
			old := get(t, c, "1")
			do(t, rb, "SET", rb.Namespace()+key, "garbage")
			if err := c.InvalidateTags(t.Context(), "x"); err != nil {
				t.Fatal(err)
			}
			if got := get(t, c, "1"); got == old {
				t.Errorf("%s broken: still %d", key, got)
			}
			redistest.Eventually(t, patience, func() error {
				if a, b := get(t, c, "1"), get(t, c, "1"); a != b {
					return fmt.Errorf("%s broken: loaded again and again: %d, then %d", key, a, b)
				}
				return nil
			})
		}
	})
}

func TestATaggedEntryLivesAWeekAtMost(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx, week := t.Context(), 7*24*time.Hour
		_, err := cache.New(rb, "bad", cache.Options[int64]{TTL: week + time.Second, Tags: tagged("x")})
		if !errors.Is(err, redbrick.ErrConfig) || !strings.Contains(err.Error(), "168h") || !strings.Contains(err.Error(), "168h0m1s") {
			t.Errorf("got %v, want ErrConfig that names both", err)
		}
		c := newCache(t, rb, "recipe", cache.Options[int64]{TTL: week, Jitter: -1, Tags: tagged("x"),
			TTLOf: func(id string, _ int64) time.Duration {
				return map[string]time.Duration{"long": 365 * 24 * time.Hour}[id]
			}})
		if err := c.SetMany(ctx, map[string]int64{"1": 1, "long": 1}); err != nil {
			t.Fatal(err)
		}
		if ok, err := c.Touch(ctx, "1", 300*24*time.Hour); !ok || err != nil {
			t.Fatal(ok, err)
		}
		for _, id := range []string{"1", "long"} {
			if ttl, ok, err := c.TTL(ctx, id); ttl > week || ttl < week-time.Minute || !ok || err != nil {
				t.Errorf("%s: lives for %v, %v, %v", id, ttl, ok, err)
			}
		}
		if err := c.InvalidateTags(ctx, "x"); err != nil {
			t.Fatal(err)
		}
		ttl, err := rb.Do(ctx, rb.B().Pttl().Key(rb.Namespace()+"~t:{tags}:x").Build()).AsInt64()
		if err != nil || ttl < week.Milliseconds() {
			t.Errorf("the number of the tag lives for %d ms, %v: less than an entry", ttl, err)
		}
	})
}

// It would outlive the number of the tag, and be valid again.
func TestTouchDoesNotProlongWhatATagMadeInvalid(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		c := newCache(t, rb, "recipe", cache.Options[int64]{TTL: time.Hour, Tags: tagged("x")})
		for _, far := range []*cache.Cache[int64]{c, newCache(t, redistest.Another(t, rb), "recipe", cache.Options[int64]{Tags: tagged("x")})} {
			if err := c.Set(ctx, "1", 1); err != nil {
				t.Fatal(err)
			}
			if ok, err := far.Touch(ctx, "1", time.Hour); !ok || err != nil {
				t.Errorf("before: %v, %v", ok, err)
			}
			if err := c.InvalidateTags(ctx, "x"); err != nil {
				t.Fatal(err)
			}
			redistest.Eventually(t, patience, func() error {
				if ok, err := far.Touch(ctx, "1", 7*24*time.Hour); ok || err != nil {
					return fmt.Errorf("after: %v, %v, want false", ok, err)
				}
				return nil
			})
		}
	})
}

func TestInvalidatingATagCostsTheSameForTenEntriesAndAMillion(t *testing.T) {
	t.Parallel()
	server := redistest.Private(t)
	rb := redistest.OpenURL(t, server.URL())
	ctx := t.Context()
	cost := make(map[string]redistest.Commands)
	for name, n := range map[string]int{"ten": 10, "many": redistest.Scale(1_000_000)} {
		c := newCache(t, rb, name, cache.Options[int64]{Tags: tagged(name), NoNear: true})
		for from := 0; from < n; from += 10_000 {
			values := make(map[string]int64)
			for i := from; i < min(n, from+10_000); i++ {
				values[fmt.Sprint(i)] = int64(i)
			}
			if err := c.SetMany(ctx, values); err != nil {
				t.Fatal(err)
			}
		}
		if err := c.InvalidateTags(ctx, "warm the script up"); err != nil {
			t.Fatal(err)
		}
		if ok, err := c.Has(ctx, fmt.Sprint(n-1)); !ok || err != nil {
			t.Fatal(ok, err)
		}
		server.ResetCommands()
		if err := c.InvalidateTags(ctx, name); err != nil {
			t.Fatal(err)
		}
		commands := server.Commands()
		delete(commands, "ping") // of idle connections
		cost[name] = commands
		for _, i := range []int{0, n / 2, n - 1} {
			if ok, err := c.Has(ctx, fmt.Sprint(i)); ok || err != nil {
				t.Errorf("%s: entry %d is valid, %v", name, i, err)
			}
		}
	}
	if !maps.Equal(cost["ten"], cost["many"]) || cost["ten"]["evalsha"] != 1 {
		t.Errorf("ten entries cost %v, %d cost %v", cost["ten"], redistest.Scale(1_000_000), cost["many"])
	}
}
