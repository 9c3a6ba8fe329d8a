package cache_test

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/cache"
	"github.com/redbrick-go/redbrick/redistest"
)

func TestBadOptionsAreNamedAllAtOnce(t *testing.T) {
	t.Parallel()
	rb := redistest.Open(t, "embedded")
	type options = cache.Options[string]
	const times, name = "at least 1ms", `cache "recipe"`
	table := map[string]struct {
		o    options
		want []string
	}{
		"TTL negative":     {options{TTL: -time.Second}, []string{"TTL", "-1s", times}},
		"TTL tiny":         {options{TTL: 100 * time.Microsecond}, []string{"TTL", "100µs", times}},
		"TTL huge":         {options{TTL: math.MaxInt64}, []string{"TTL", "2562047h47m16.854775807s", "at most ten years"}},
		"NegativeTTL tiny": {options{NegativeTTL: time.Microsecond}, []string{"NegativeTTL", "1µs", times}},
		"StaleFor":         {options{StaleFor: -1}, []string{"StaleFor", "-1ns", times}},
		"StaleIfError":     {options{StaleIfError: -time.Hour}, []string{"StaleIfError", "-1h0m0s", times}},
		"LoadTimeout":      {options{LoadTimeout: -1}, []string{"LoadTimeout", "-1ns", times}},
		"SoftTimeout":      {options{SoftTimeout: 1}, []string{"SoftTimeout", "1ns", times}},
		"NearTTL":          {options{NearTTL: -1}, []string{"NearTTL", "-1ns", times}},
		"NearUntracked":    {options{NearUntracked: -1}, []string{"NearUntracked", "-1ns", times}},
		"DownTTL":          {options{DownTTL: -1}, []string{"DownTTL", "-1ns", times}},
		"Jitter":           {options{Jitter: 0.91}, []string{"Jitter", "0.91", "at most 0.9"}},
		"Jitter NaN":       {options{Jitter: math.NaN()}, []string{"Jitter", "NaN", "at most 0.9"}},
		"EarlyRefresh":     {options{EarlyRefresh: math.Inf(1)}, []string{"EarlyRefresh", "+Inf", "at most 1000"}},
		"NearBytes":        {options{NearBytes: -1}, []string{"NearBytes", "-1", "positive"}},
		"MaxBytes":         {options{MaxBytes: -1}, []string{"MaxBytes", "-1", "536870912"}},
		"MaxBytes huge":    {options{MaxBytes: 513 << 20}, []string{"MaxBytes", "537919488", "536870912"}},
		"Codec":            {options{Codec: nameless{}}, []string{"Codec", `""`, "name"}},
		"Tags": {
			options{TTL: 7 * 24 * time.Hour, StaleFor: time.Hour, Tags: func(string, string) []string { return nil }},
			[]string{"TTL", "168h0m0s", "168h", "Tags"},
		},
		"all at once": {
			options{TTL: -1, Jitter: 2, NearBytes: -5, MaxBytes: -6},
			[]string{"TTL is -1ns", "Jitter is 2", "NearBytes is -5", "MaxBytes is -6"},
		},
	}
	for what, tt := range table {
		c, err := cache.New(rb, "recipe", tt.o)
		if c != nil || !errors.Is(err, redbrick.ErrConfig) {
			t.Errorf("%s: got %v, want ErrConfig", what, err)
			continue
		}
		for _, part := range append(tt.want, name, "expected") {
			if !strings.Contains(err.Error(), part) {
				t.Errorf("%s: %q does not say %q", what, err, part)
			}
		}
	}
	for _, bad := range []string{"", "a b", "a{b}", "käse", "a*", "a\n", "a/b", "~l", "a?", "[a]"} {
		_, err := cache.New(rb, bad, options{TTL: -1})
		if !errors.Is(err, redbrick.ErrConfig) || !strings.Contains(err.Error(), fmt.Sprintf("%q", bad)) ||
			!strings.Contains(err.Error(), "letters, digits") || !strings.Contains(err.Error(), "TTL is -1ns") {
			t.Errorf("name %q: got %v", bad, err)
		}
	}
	// After all these refusals the name is free.
	newCache(t, rb, "recipe", options{})
}

type nameless struct{ upper[string] }

func (nameless) Name() string { return "" }

func TestAWarmersBadOptionsAreNamed(t *testing.T) {
	t.Parallel()
	c := newCache(t, redistest.Open(t, "embedded"), "recipe", cache.Options[string]{})
	for _, every := range []time.Duration{-1, time.Millisecond} {
		_, err := c.NewWarmer(noIDs, cache.WarmerOptions{Every: every})
		if !errors.Is(err, redbrick.ErrConfig) || !strings.Contains(err.Error(), every.String()) || !strings.Contains(err.Error(), "at least 1s") {
			t.Errorf("%v: got %v", every, err)
		}
	}
}

func noIDs(context.Context) iter.Seq2[string, error] { return func(func(string, error) bool) {} }

func TestTwoCachesOfOneNameAreRefused(t *testing.T) {
	t.Parallel()
	for _, o := range []cache.Options[int]{{}, {NoNear: true}} {
		rb := redistest.Open(t, "embedded")
		newCache(t, rb, "recipe", o)
		for _, again := range []func() error{
			func() error { _, err := cache.New(rb, "recipe", o); return err },
			func() error { _, err := cache.New(rb, "recipe", cache.Options[string]{}); return err },
		} {
			if err := again(); !errors.Is(err, redbrick.ErrConfig) || !strings.Contains(err.Error(), `"recipe"`) {
				t.Errorf("got %v, want ErrConfig that names it", err)
			}
		}
		newCache(t, rb, "recipe2", o)
		newCache(t, redistest.Another(t, rb), "recipe", o) // another process has its own
	}
}

func TestAnIDOfAnotherCacheIsRefused(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		load := func(_ context.Context, id string) (string, error) { return id, nil }
		c := newCache(t, rb, "user", cache.Options[string]{Load: load})
		newCache(t, rb, "user:profile", cache.Options[string]{Load: load})
		const id = "profile:1"
		_, get := c.Get(ctx, id)
		_, bytes := c.GetBytes(ctx, id)
		_, many := c.GetMany(ctx, []string{"1", id})
		_, _, peek := c.Peek(ctx, id)
		_, has := c.Has(ctx, id)
		_, _, ttl := c.TTL(ctx, id)
		_, touch := c.Touch(ctx, id, time.Hour)
		_, through := c.WriteThrough(ctx, id, func(context.Context) error { t.Error("written"); return nil })
		for call, err := range map[string]error{
			"Get": get, "GetBytes": bytes, "GetMany": many, "Set": c.Set(ctx, id, "x"), "Delete": c.Delete(ctx, "1", id),
			"Peek": peek, "Has": has, "TTL": ttl, "Touch": touch, "WriteThrough": through,
		} {
			if !errors.Is(err, cache.ErrNamespace) || !strings.Contains(err.Error(), id) {
				t.Errorf("%s: got %v, want ErrNamespace that names %s", call, err, id)
			}
		}
		for _, fine := range []string{"profile", "profiles:1", "1"} {
			if got, err := c.Get(ctx, fine); err != nil || got != fine {
				t.Errorf("%s: got %q, %v", fine, got, err)
			}
		}
	})
}

func TestADisabledCacheReadsFromTheLoaderAndStoresNothing(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		off := redistest.Another(t, rb, func(o *redbrick.Options) { o.Cache.Disabled = true })
		rows := map[string]string{"1": "one", "2": "two"}
		db := newSource(func(id string) (string, error) {
			if v, ok := rows[id]; ok {
				return v, nil
			}
			return "", cache.ErrNotFound
		})
		o := cache.Options[string]{Load: db.load, Tags: func(string, string) []string { return []string{"tag"} }}
		c := newCache(t, off, "recipe", o)
		for i := range 3 {
			if got, err := c.Get(ctx, "1"); err != nil || got != "one" {
				t.Errorf("Get: %q, %v", got, err)
			}
			if got, err := c.GetBytes(ctx, "1"); err != nil || string(got) != `"one"` {
				t.Errorf("GetBytes: %q, %v", got, err)
			}
			if got, err := c.GetMany(ctx, []string{"1", "2", "3"}); err != nil || len(got) != 2 || got["2"] != "two" {
				t.Errorf("GetMany: %v, %v", got, err)
			}
			if _, err := c.Get(ctx, "3"); !errors.Is(err, cache.ErrNotFound) {
				t.Errorf("Get: %v, want ErrNotFound", err)
			}
			if got, err := c.WriteThrough(ctx, "1", func(context.Context) error { return nil }); err != nil || got != "one" {
				t.Errorf("WriteThrough: %q, %v", got, err)
			}
			if err := c.Set(ctx, "1", "never"); err != nil {
				t.Error(err)
			}
			if n := db.count("1"); n != 4*(i+1) {
				t.Errorf("%d loads after %d rounds of 4 reads", n, i+1)
			}
		}
		if ok, err := c.Has(ctx, "1"); ok || err != nil {
			t.Errorf("Has: %v, %v", ok, err)
		}
		for _, id := range []string{"1", "2", "3"} {
			if s := lying(t, rb, c.Key(id)); s != "" {
				t.Errorf("%s: stored %q", id, s)
			}
		}
		many := &batches{row: named}
		both := newCache(t, off, "both", cache.Options[string]{LoadMany: many.many})
		if got, err := both.GetMany(ctx, []string{"1", "2", "no"}); err != nil || len(got) != 2 {
			t.Errorf("LoadMany: %v, %v", got, err)
		}
		if asked, _ := many.taken(); len(asked) != 1 || len(asked[0]) != 3 {
			t.Errorf("LoadMany: asked for %v", asked)
		}
		if p, err := both.Warm(ctx, slices.Values([]string{"1", "2"}), nil); err != nil || p.Done != 0 {
			t.Errorf("Warm: %+v, %v", p, err)
		}
		if asked, _ := many.taken(); len(asked) != 0 {
			t.Errorf("Warm has loaded %v for nothing", asked)
		}
	})
}

// A process whose caches are off still writes to the database: the others must not go on with the old values, nor it
// itself when its caches are on again.
func TestADisabledCacheStillInvalidates(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		o := cache.Options[string]{Tags: func(string, string) []string { return []string{"tag"} }}
		on := newCache(t, rb, "recipe", o)
		off := newCache(t, redistest.Another(t, rb, func(o *redbrick.Options) { o.Cache.Disabled = true }), "recipe", o)
		for what, invalidate := range map[string]func() error{
			"Delete":         func() error { return off.Delete(ctx, "1") },
			"Set":            func() error { return off.Set(ctx, "1", "new") },
			"InvalidateTags": func() error { return off.InvalidateTags(ctx, "tag") },
			"DeleteMatch":    func() error { _, err := off.DeleteMatch(ctx, "*"); return err },
			"Clear":          func() error { _, err := off.Clear(ctx); return err },
			"WriteThrough": func() error {
				_, err := off.WriteThrough(ctx, "1", func(context.Context) error { return nil })
				if errors.Is(err, cache.ErrNotFound) { // it has no loader
					return nil
				}
				return err
			},
		} {
			if err := on.Set(ctx, "1", "old"); err != nil {
				t.Fatal(err)
			}
			if err := invalidate(); err != nil {
				t.Errorf("%s: %v", what, err)
			}
			if got, ok, err := on.Peek(cache.Fresh(ctx), "1"); ok || err != nil {
				t.Errorf("after %s the others still read %q, %v", what, got, err)
			}
		}
	})
}

func TestThePrefixThatIsTheNamespaceIsAppliedOnce(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct{ namespace, prefix, want string }{
		{"app:", "", "app:recipe:1"},
		{"app:", "app:", "app:recipe:1"},
		{"app:", "cache:", "app:cache:recipe:1"},
		{"", "cache:", "cache:recipe:1"},
		{"", "", "recipe:1"},
	} {
		rb := redistest.Open(t, "embedded", func(o *redbrick.Options) { o.Namespace, o.Cache.Prefix = tt.namespace, tt.prefix })
		c := newCache(t, rb, "recipe", cache.Options[int]{})
		if err := c.Set(t.Context(), "1", 1); err != nil || c.Key("1") != tt.want || lying(t, rb, tt.want) != "1" {
			t.Errorf("%q and %q: key %q, %v, want %q", tt.namespace, tt.prefix, c.Key("1"), err, tt.want)
		}
		// The cache hears of its keys, and clears them, under that name too.
		if _, err := c.Get(t.Context(), "1"); err != nil {
			t.Error(err)
		}
		if n, err := c.Clear(t.Context()); n != 1 || err != nil {
			t.Errorf("%q and %q: cleared %d, %v", tt.namespace, tt.prefix, n, err)
		}
		if _, err := c.Get(t.Context(), "1"); !errors.Is(err, cache.ErrNotFound) {
			t.Errorf("%q and %q: %v", tt.namespace, tt.prefix, err)
		}
	}
}

func TestTheNearCacheIsBoundedInEntries(t *testing.T) {
	t.Parallel()
	for _, most := range []int{1, 10, 1000} {
		t.Run(fmt.Sprint(most), func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			rb := redistest.Open(t, "embedded", func(o *redbrick.Options) { o.Cache.MaxEntries = most })
			c := newCache(t, rb, "recipe", cache.Options[string]{EarlyRefresh: -1, NearUntracked: time.Hour})
			for i := range 3 * most {
				readIn(t, rb, c, fmt.Sprint(i), 200)
				if s := c.Stats(); i%100 == 0 && s.NearEntries > most {
					t.Fatalf("%d entries, want at most %d", s.NearEntries, most)
				}
			}
			s := c.Stats()
			if s.NearEntries > most || s.NearEntries < most*9/10 {
				t.Errorf("%d entries, want %d", s.NearEntries, most)
			}
			if limit := uint64(s.NearEntries) * (256 + 4 + 2 + 200); s.NearBytes > limit || s.NearBytes == 0 {
				t.Errorf("%d bytes for %d entries, want at most %d", s.NearBytes, s.NearEntries, limit)
			}
			put(t, rb, c.Key("hot"), []byte(`"soup"`))
			redistest.Eventually(t, patience, func() error { // what is read often stays
				if got, err := c.Lookup(ctx, "hot"); err != nil || got.Level != cache.Near {
					return fmt.Errorf("got %v, %v", got.Level, err)
				}
				return nil
			})
		})
	}
}

// readIn brings a value of so many characters, which another program has written, into the process. It reads it twice: a near
// level that is written as often as it is read goes off.
func readIn(t *testing.T, rb *redbrick.Client, c *cache.Cache[string], id string, size int) {
	t.Helper()
	put(t, rb, c.Key(id), []byte(`"`+strings.Repeat("x", size)+`"`))
	for range 2 {
		if got, err := c.Get(t.Context(), id); err != nil || len(got) != size {
			t.Fatalf("got %d bytes, %v", len(got), err)
		}
	}
}

func TestTheNearCacheIsBoundedInEntriesAndBytesAtOnce(t *testing.T) {
	t.Parallel()
	rb := redistest.Open(t, "embedded", func(o *redbrick.Options) { o.Cache.MaxEntries = 100 })
	c := newCache(t, rb, "recipe", cache.Options[string]{NearBytes: 64 << 10, NearUntracked: time.Hour})
	for i := range 200 {
		readIn(t, rb, c, fmt.Sprint(i), 4<<10)
	}
	if s := c.Stats(); s.NearBytes > 64<<10 || s.NearEntries > 16 || s.NearEntries < 8 {
		t.Errorf("%d entries of %d bytes, want at most 64 KiB", s.NearEntries, s.NearBytes)
	}
}
