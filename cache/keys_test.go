package cache_test

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/cache"
	"github.com/redbrick-go/redbrick/redistest"
)

// patience is the limit for what should take milliseconds, on a loaded machine.
const patience = 20 * time.Second

// unhurried is the deadline of calls that are to meet none, however long the machine stands still.
const unhurried = 5 * time.Minute

// newCache makes a cache, or ends the test. Timeouts that the test leaves open are no part of it.
func newCache[V any](t testing.TB, rb *redbrick.Client, name string, o cache.Options[V]) *cache.Cache[V] {
	t.Helper()
	if o.LoadTimeout == 0 {
		o.LoadTimeout = time.Minute
	}
	if o.SoftTimeout == 0 {
		o.SoftTimeout = -1
	}
	c, err := cache.New(rb, name, o)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// source is a database that counts how often each id was loaded.
type source[V any] struct {
	mu    sync.Mutex
	row   func(id string) (V, error)
	loads map[string]int
}

func newSource[V any](row func(id string) (V, error)) *source[V] {
	return &source[V]{row: row, loads: make(map[string]int)}
}

func (s *source[V]) load(_ context.Context, id string) (V, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.loads[id]++
	return s.row(id)
}

func (s *source[V]) count(id string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.loads[id]
}

func (s *source[V]) total() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, k := range s.loads {
		n += k
	}
	return n
}

// strangeIDs are what users, and attackers, use for an id.
func strangeIDs() map[string]string {
	long := strings.Repeat("0123456789", 1024)
	return map[string]string{
		"empty":           "",
		"plain":           "1",
		"colon":           "a:b",
		"braces":          "{tag}",
		"opening brace":   "}{",
		"empty tag":       "{}x",
		"percent":         "100%",
		"escaped brace":   "%7Btag%7D",
		"escaped percent": "%25",
		"space":           " a b ",
		"no space around": "a b",
		"newline":         "a\r\nDEL x\r\n",
		"no newline":      "a\r\nDEL x",
		"zero byte":       "a\x00b",
		"not UTF-8":       "\xff\xfe",
		"unicode":         "žluťoučký kůň 日本",
		"emoji":           "🍲",
		"glob":            `*?[a-z]\`,
		"10 KB":           long,
		"10 KB, other":    long + "!",
		"many braces":     strings.Repeat("{", 300),
	}
}

func TestEveryIDHasAnEntryOfItsOwn(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		db := newSource(func(id string) (string, error) { return "value of " + strconv.Quote(id), nil })
		c := newCache(t, rb, "recipe", cache.Options[string]{Load: db.load})
		ids := strangeIDs()
		for range 3 {
			for name, id := range ids {
				if got, err := c.Get(ctx, id); err != nil || got != "value of "+strconv.Quote(id) {
					t.Errorf("%s: got %.40q, %v", name, got, err)
				}
			}
		}
		keys := make(map[string]string)
		for name, id := range ids {
			if n := db.count(id); n != 1 {
				t.Errorf("%s: %d loads, want 1", name, n)
			}
			if other, taken := keys[c.Key(id)]; taken {
				t.Errorf("%s and %s share the key %q", name, other, c.Key(id))
			}
			keys[c.Key(id)] = name
			if len(c.Key(id)) > len(rb.Namespace())+len("recipe:")+512 {
				t.Errorf("%s: key of %d bytes", name, len(c.Key(id)))
			}
		}
		// Two processes: what one writes, the other hears of, whatever the id.
		other := newCache(t, redistest.Another(t, rb), "recipe", cache.Options[string]{})
		for name, id := range ids {
			if err := other.Set(ctx, id, "new"); err != nil {
				t.Errorf("%s: set: %v", name, err)
			}
		}
		redistest.Eventually(t, patience, func() error {
			for name, id := range ids {
				if got, err := c.Get(ctx, id); err != nil || got != "new" {
					return fmt.Errorf("%s: got %.40q, %v", name, got, err)
				}
			}
			return nil
		})
		for name, id := range ids {
			if err := c.Delete(ctx, id); err != nil {
				t.Errorf("%s: delete: %v", name, err)
			}
			if ok, err := c.Has(ctx, id); ok || err != nil {
				t.Errorf("%s: there after Delete: %v, %v", name, ok, err)
			}
		}
	})
}

// An id whose key is shortened by a hash cannot be found again from the key that Redis announces: it must not be kept in
// the process, or it would be stale for as long as it lives.
func TestAnIDThatIsShortenedIsNeverStaleInTheProcess(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		db := newSource(func(string) (int, error) { return 1, nil })
		c := newCache(t, rb, "recipe", cache.Options[int]{Load: db.load})
		writer := newCache(t, redistest.Another(t, rb), "recipe", cache.Options[int]{NoNear: true})
		canary := "canary"
		ids := []string{
			strings.Repeat("{", 300), // short, but long once it is escaped
			strings.Repeat("x", 600),
			strings.Repeat("a", 64) + "~" + strings.Repeat("0", 64), // looks like a shortened one
		}
		for _, id := range append(ids, canary) {
			for range 2 {
				if _, err := c.Get(ctx, id); err != nil {
					t.Fatal(err)
				}
			}
		}
		for i, id := range append(ids, canary) {
			if err := writer.Set(ctx, id, 2+i); err != nil {
				t.Fatal(err)
			}
		}
		// The canary was written last: once its news are here, those of the others were before.
		redistest.Eventually(t, patience, func() error {
			if got, err := c.Get(ctx, canary); err != nil || got != 2+len(ids) {
				return fmt.Errorf("canary: got %d, %v", got, err)
			}
			return nil
		})
		if b := redistest.BackendOf(t, rb); b.Has(redistest.Cluster) {
			return // the canary may live on another node
		}
		for i, id := range ids {
			if got, err := c.Get(ctx, id); err != nil || got != 2+i {
				t.Errorf("id of %d bytes: got %d, %v, want %d", len(id), got, err, 2+i)
			}
		}
	})
}

func TestTTLsBelowASecondAreKept(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		for _, ttl := range []time.Duration{100 * time.Millisecond, 20 * time.Millisecond, time.Millisecond} {
			db := newSource(func(string) (int, error) { return 1, nil })
			name := fmt.Sprintf("recipe%d", ttl.Milliseconds())
			c := newCache(t, rb, name, cache.Options[int]{TTL: ttl, EarlyRefresh: -1, Load: db.load})
			if got, err := c.Get(ctx, "a"); err != nil || got != 1 {
				t.Fatalf("%v: got %d, %v", ttl, got, err)
			}
			pttl, err := rb.Do(ctx, rb.B().Pttl().Key(c.Key("a")).Build()).AsInt64()
			if err != nil || pttl == -1 || pttl > ttl.Milliseconds() {
				t.Errorf("%v: PTTL is %d, %v", ttl, pttl, err)
			}
			redistest.Eventually(t, patience, func() error {
				if _, err := c.Get(ctx, "a"); err != nil {
					return err
				}
				if db.count("a") < 2 {
					return errors.New("the entry does not end")
				}
				return nil
			})
		}
	}, redistest.SubSecondTTL)
}

func TestTTLOfAnEntry(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		// Between the command that writes and the one that looks some time passes.
		const slack = 30 * time.Second
		ttlOf := map[string]time.Duration{
			"zero": 0, "negative": -time.Second, "hour": time.Hour, "year": 365 * 24 * time.Hour, "eternity": 1 << 62,
		}
		c := newCache(t, rb, "recipe", cache.Options[string]{
			TTL: 10 * time.Minute, Jitter: -1,
			TTLOf: func(id string, _ string) time.Duration { return ttlOf[id] },
			Load:  func(_ context.Context, id string) (string, error) { return id, nil },
		})
		for id, want := range map[string]time.Duration{
			"none": 10 * time.Minute, "zero": 10 * time.Minute, "negative": 10 * time.Minute, "hour": time.Hour,
			"year": 365 * 24 * time.Hour, "eternity": 10 * 365 * 24 * time.Hour,
		} {
			if _, err := c.Get(ctx, id); err != nil {
				t.Fatal(err)
			}
			if got, ok, err := c.TTL(ctx, id); err != nil || !ok || got > want || got < want-slack {
				t.Errorf("%s: got %v, %v, %v, want %v", id, got, ok, err, want)
			}
		}
		// Nothing at all is kept for less than a millisecond, and never for ever.
		tiny := newCache(t, rb, "tiny", cache.Options[string]{
			TTLOf: func(string, string) time.Duration { return 100 * time.Microsecond },
		})
		if err := tiny.Set(ctx, "a", "x"); err != nil {
			t.Errorf("100 µs: %v", err)
		}
		if n, err := rb.Do(ctx, rb.B().Pttl().Key(tiny.Key("a")).Build()).AsInt64(); err != nil || n > 1 || n == -1 {
			t.Errorf("100 µs: PTTL is %d, %v", n, err)
		}
	})
}

func TestDefaultTTLComesFromTheClient(t *testing.T) {
	t.Parallel()
	for _, own := range []time.Duration{0, 7 * time.Minute} {
		want := time.Hour
		rb := redistest.Open(t, "embedded", func(o *redbrick.Options) { o.Cache.TTL = own })
		if own > 0 {
			want = own
		}
		c := newCache(t, rb, "recipe", cache.Options[int]{Jitter: -1})
		if err := c.Set(t.Context(), "a", 1); err != nil {
			t.Fatal(err)
		}
		if got, ok, err := c.TTL(t.Context(), "a"); err != nil || !ok || got > want || got < want-time.Minute {
			t.Errorf("CacheOptions.TTL %v: got %v, %v, %v, want %v", own, got, ok, err, want)
		}
	}
}

func TestJitterShortensByItsShareAtMost(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		const ttl, n = 1000 * time.Hour, 200
		for _, tt := range []struct {
			name          string
			jitter, share float64
		}{{"default", 0, 0.05}, {"none", -1, 0}, {"half", 0.5, 0.5}} {
			c := newCache(t, rb, "recipe-"+tt.name, cache.Options[int]{TTL: ttl, Jitter: tt.jitter})
			values := make(map[string]int, n)
			for i := range n {
				values[fmt.Sprint(i)] = i
			}
			if err := c.SetMany(ctx, values); err != nil {
				t.Fatal(err)
			}
			least, most := ttl, time.Duration(0)
			for id := range values {
				got, ok, err := c.TTL(ctx, id)
				if err != nil || !ok {
					t.Fatal(ok, err)
				}
				least, most = min(least, got), max(most, got)
			}
			low := ttl - time.Duration(tt.share*float64(ttl)) - time.Minute
			if least < low || most > ttl {
				t.Errorf("%s: TTLs from %v to %v, want from %v to %v", tt.name, least, most, low, ttl)
			}
			if spread := most - least; tt.share > 0 && spread < time.Duration(tt.share/2*float64(ttl)) {
				t.Errorf("%s: TTLs differ by %v only", tt.name, spread)
			}
		}
	})
}

func TestNotFoundIsRememberedForNegativeTTL(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		for _, tt := range []struct {
			name          string
			ttl, negative time.Duration
			want          time.Duration // 0: not remembered
		}{
			{"default", 0, 0, 10 * time.Second},
			{"short TTL", 3 * time.Second, 0, 3 * time.Second},
			{"own", time.Hour, time.Minute, time.Minute},
			{"off", time.Hour, -1, 0},
		} {
			t.Run(tt.name, func(t *testing.T) {
				t.Parallel()
				db := newSource(func(string) (int, error) { return 0, fmt.Errorf("no row: %w", cache.ErrNotFound) })
				c := newCache(t, rb, "recipe-"+strings.ReplaceAll(tt.name, " ", "-"), cache.Options[int]{
					TTL: tt.ttl, NegativeTTL: tt.negative, StaleFor: time.Hour, StaleIfError: time.Hour, EarlyRefresh: -1, Load: db.load,
				})
				for range 3 {
					if _, err := c.Get(ctx, "a"); !errors.Is(err, cache.ErrNotFound) {
						t.Fatalf("got %v, want ErrNotFound", err)
					}
				}
				raw, err := rb.Do(ctx, rb.B().Get().Key(c.Key("a")).Build()).ToString()
				pttl, _ := rb.Do(ctx, rb.B().Pttl().Key(c.Key("a")).Build()).AsInt64()
				if tt.want == 0 {
					if err == nil || db.count("a") != 3 {
						t.Errorf("remembered: %q, %d loads, want 3", raw, db.count("a"))
					}
					return
				}
				redistest.Eventually(t, patience, func() error { // the process knows it too, however long values are kept stale
					_, err := c.Get(ctx, "a")
					if s := c.Stats(); s.NearHits < 1 {
						return fmt.Errorf("%v, %+v", err, s)
					}
					return nil
				})
				if raw != "null" || pttl > tt.want.Milliseconds() || pttl < tt.want.Milliseconds()/4 || db.count("a") != 1 {
					t.Errorf("in Redis: %q for %d ms (%v), %d loads, want null for %v", raw, pttl, err, db.count("a"), tt.want)
				}
			})
		}
	})
}

func TestNotFoundEndsWithItsTTL(t *testing.T) {
	t.Parallel()
	rb := redistest.Open(t, "embedded")
	var there atomic.Bool
	c := newCache(t, rb, "recipe", cache.Options[int]{NoNear: true, NegativeTTL: time.Minute, StaleFor: time.Hour,
		Load: func(context.Context, string) (int, error) {
			if !there.Load() {
				return 0, cache.ErrNotFound
			}
			return 7, nil
		}})
	if _, err := c.Get(t.Context(), "a"); !errors.Is(err, cache.ErrNotFound) {
		t.Fatal(err)
	}
	there.Store(true)
	if _, err := c.Get(t.Context(), "a"); !errors.Is(err, cache.ErrNotFound) {
		t.Errorf("before the end: got %v, want ErrNotFound", err)
	}
	redistest.Advance(t, rb, 2*time.Minute)
	if got, err := c.Get(t.Context(), "a"); err != nil || got != 7 {
		t.Errorf("after the end: got %d, %v", got, err)
	}
}
