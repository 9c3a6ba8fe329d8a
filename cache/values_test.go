package cache_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/cache"
	"github.com/redbrick-go/redbrick/redistest"
)

// put writes a value as another program would.
func put(t testing.TB, rb *redbrick.Client, key string, value []byte) {
	t.Helper()
	cmd := rb.B().Setex().Key(key).Seconds(3600).Value(string(value)).Build()
	if err := rb.Do(t.Context(), cmd).Error(); err != nil {
		t.Fatal(err)
	}
}

// lying returns what lies in Redis, "" for nothing.
func lying(t testing.TB, rb *redbrick.Client, key string) string {
	t.Helper()
	s, _ := rb.Do(t.Context(), rb.B().Get().Key(key).Build()).ToString()
	return s
}

// hitsAtBothLevels proves that a value is loaded once, and answers from Redis and from the process.
func hitsAtBothLevels[V any](t *testing.T, rb *redbrick.Client, name string, want V, stored string) {
	t.Helper()
	ctx := t.Context()
	db := newSource(func(string) (V, error) { return want, nil })
	c := newCache(t, rb, name, cache.Options[V]{TTL: time.Hour, EarlyRefresh: -1, Load: db.load})
	read := func() cache.Level {
		got, err := c.Lookup(ctx, "a")
		if err != nil || !reflect.DeepEqual(got.Value, want) {
			t.Errorf("%s: got %#v, %v, want %#v", name, got.Value, err, want)
		}
		return got.Level
	}
	if first, second := read(), read(); first != cache.Loaded || second == cache.Loaded {
		t.Errorf("%s: levels %v, %v, want the loader, then Redis", name, first, second)
	}
	redistest.Eventually(t, patience, func() error { // news of the own fill may still be on their way
		if level := read(); level != cache.Near {
			return fmt.Errorf("%s: answered by %v, want by the process", name, level)
		}
		return nil
	})
	if s := lying(t, rb, c.Key("a")); s != stored {
		t.Errorf("%s: in Redis lies %q, want %q", name, s, stored)
	}
	if _, err := c.Get(cache.Fresh(ctx), "a"); err != nil || db.count("a") != 1 {
		t.Errorf("%s: %d loads, %v, want 1", name, db.count("a"), err)
	}
	if s := c.Stats(); s.Hits < 1 || s.NearHits < 1 || s.Loads != 1 {
		t.Errorf("%s: %+v", name, s)
	}
}

func TestZeroValuesAreHitsAtBothLevels(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		zero, no, empty := 0, false, ""
		hitsAtBothLevels(t, rb, "int", 0, "0")
		hitsAtBothLevels(t, rb, "bool", false, "false")
		hitsAtBothLevels(t, rb, "string", "", `""`)
		hitsAtBothLevels(t, rb, "slice", []int{}, "[]")
		hitsAtBothLevels(t, rb, "map", map[string]int{}, "{}")
		hitsAtBothLevels(t, rb, "struct", struct{}{}, "{}")
		hitsAtBothLevels(t, rb, "pint", &zero, "0")
		hitsAtBothLevels(t, rb, "pbool", &no, "false")
		hitsAtBothLevels(t, rb, "pstring", &empty, `""`)
		hitsAtBothLevels[any](t, rb, "any", false, "false")
		hitsAtBothLevels(t, rb, "null-inside", []*int{nil}, "[null]")
		hitsAtBothLevels(t, rb, "text", "null", `"null"`)
	})
}

// loadsNull proves that a value that encodes to null is "not found" from the first read on, at both levels.
func loadsNull[V any](t *testing.T, rb *redbrick.Client, name string, null V, o cache.Options[V]) {
	t.Helper()
	ctx := t.Context()
	db := newSource(func(string) (V, error) { return null, nil })
	o.Load = db.load
	c := newCache(t, rb, name, o)
	for i := range 4 {
		if got, err := c.Get(ctx, "a"); !errors.Is(err, cache.ErrNotFound) || !reflect.ValueOf(&got).Elem().IsZero() {
			t.Errorf("%s: read %d: got %v, %v, want ErrNotFound", name, i+1, got, err)
		}
		if got, err := c.GetBytes(ctx, "a"); !errors.Is(err, cache.ErrNotFound) || got != nil {
			t.Errorf("%s: bytes: got %q, %v, want ErrNotFound", name, got, err)
		}
	}
	if n := db.count("a"); n != 1 {
		t.Errorf("%s: %d loads, want 1", name, n)
	}
	if s := lying(t, rb, c.Key("a")); s != "null" {
		t.Errorf("%s: in Redis lies %q, want null", name, s)
	}
	redistest.Eventually(t, patience, func() error {
		_, err := c.Get(ctx, "a")
		if s := c.Stats(); !errors.Is(err, cache.ErrNotFound) || s.NearHits < 1 {
			return fmt.Errorf("%s: the process does not know: %v, %+v", name, err, s)
		}
		return nil
	})
	// Set has the same eyes.
	if err := c.Set(ctx, "b", null); err != nil {
		t.Errorf("%s: set: %v", name, err)
	}
	if _, err := c.Get(ctx, "b"); !errors.Is(err, cache.ErrNotFound) || db.count("b") != 0 {
		t.Errorf("%s: after Set: %v, %d loads", name, err, db.count("b"))
	}
}

func TestAValueThatEncodesToNullIsNotFoundFromTheFirstGetOn(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		loadsNull[*recipe](t, rb, "pointer", nil, cache.Options[*recipe]{})
		loadsNull[[]int](t, rb, "slice", nil, cache.Options[[]int]{})
		loadsNull[any](t, rb, "any", nil, cache.Options[any]{})
		loadsNull[map[string]int](t, rb, "bytes", nil, cache.Options[map[string]int]{KeepBytes: true})
		loadsNull[*recipe](t, rb, "framed", nil, cache.Options[*recipe]{
			Version: 3, Compress: cache.Zstd(1), Encrypt: keysOf(t, "k", "k"),
			Tags: func(string, *recipe) []string { return []string{"tag"} },
		})
	})
}

func TestForeignNullIsNotFoundWithoutALoad(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		db := newSource(func(string) (recipe, error) { return recipe{ID: 1}, nil })
		for name, o := range map[string]cache.Options[recipe]{
			"plain": {}, "tagged": {Tags: func(string, recipe) []string { return []string{"t"} }}, "version": {Version: 9},
			"zstd": {Compress: cache.Zstd(1)}, "gob": {Codec: upper[recipe]{}}, "bytes": {KeepBytes: true}, "far": {NoNear: true},
		} {
			o.Load = db.load
			c := newCache(t, rb, name, o)
			for i, text := range []string{"null", "null\n", " null "} {
				id := fmt.Sprint(i)
				put(t, rb, c.Key(id), []byte(text))
				for range 3 {
					if _, err := c.Get(ctx, id); !errors.Is(err, cache.ErrNotFound) {
						t.Errorf("%s: %q: got %v, want ErrNotFound", name, text, err)
					}
					if _, err := c.GetBytes(ctx, id); !errors.Is(err, cache.ErrNotFound) {
						t.Errorf("%s: %q: bytes: got %v, want ErrNotFound", name, text, err)
					}
				}
				if _, ok, err := c.Peek(ctx, id); ok || err != nil {
					t.Errorf("%s: %q: Peek: %v, %v", name, text, ok, err)
				}
			}
			// Without an expiry too.
			if err := rb.Do(ctx, rb.B().Set().Key(c.Key("for ever")).Value("null").Build()).Error(); err != nil {
				t.Fatal(err)
			}
			if _, err := c.Get(ctx, "for ever"); !errors.Is(err, cache.ErrNotFound) {
				t.Errorf("%s: without expiry: got %v, want ErrNotFound", name, err)
			}
		}
		if n := db.total(); n != 0 {
			t.Errorf("%d loads, want none", n)
		}
	})
}

func TestAForeignProgramsEntryIsAHit(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		db := newSource(func(string) (recipe, error) { return recipe{}, errors.New("must not be asked") })
		c := newCache(t, rb, "recipe", cache.Options[recipe]{TTL: time.Minute, Load: db.load})
		for id, text := range map[string]string{
			"1": `{"id":1,"name":"soup"}`, "2": " {\n\t\"id\": 1, \"name\": \"soup\"\n}\n", "3": `{"name":"soup","id":1,"more":[1]}`,
		} {
			put(t, rb, c.Key(id), []byte(text))
			for range 2 {
				if got, err := c.Get(ctx, id); err != nil || got != (recipe{1, "soup"}) {
					t.Errorf("%s: got %+v, %v", text, got, err)
				}
			}
		}
		// One that does not end is an entry too.
		if err := rb.Do(ctx, rb.B().Set().Key(c.Key("4")).Value(`{"id":4}`).Build()).Error(); err != nil {
			t.Fatal(err)
		}
		if got, err := c.Get(ctx, "4"); err != nil || got.ID != 4 {
			t.Errorf("without expiry: got %+v, %v", got, err)
		}
		if ttl, ok, err := c.TTL(ctx, "4"); ttl != -1 || !ok || err != nil {
			t.Errorf("without expiry: TTL %v, %v, %v", ttl, ok, err)
		}
		if s := c.Stats(); s.Foreign != 0 || s.Misses != 0 {
			t.Errorf("counted as foreign: %+v", s)
		}
	})
}

func TestWhatIsNoValueOfTheCacheIsACountedMissAndHealed(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		text := func(s string) func(string) []string {
			return func(key string) []string { return []string{"SETEX", key, "3600", s} }
		}
		things := map[string]func(key string) []string{
			"hash":           func(key string) []string { return []string{"HSET", key, "id", "1"} },
			"list":           func(key string) []string { return []string{"RPUSH", key, "1", "2"} },
			"set":            func(key string) []string { return []string{"SADD", key, "1"} },
			"sorted set":     func(key string) []string { return []string{"ZADD", key, "1", "a"} },
			"stream":         func(key string) []string { return []string{"XADD", key, "*", "a", "b"} },
			"garbage":        text("\x00\x01\x02 no JSON"),
			"no expiry":      func(key string) []string { return []string{"SET", key, "no JSON"} },
			"empty":          text(""),
			"blank":          text(" \n"),
			"truncated":      text(`{"id":1,"na`),
			"two values":     text(`{"id":1} {"id":2}`),
			"another shape":  text(`[1,2,3]`),
			"another type":   text(`{"id":"one"}`),
			"half a frame":   text("\xffRB"),
			"frame of later": text("\xffRB\x02\x00{}"),
			"unknown flags":  text("\xffRB\x01\x80{}"),
			"of a version":   text("\xffRB\x01\x08\x07{}"),
		}
		for _, mode := range []struct {
			name string
			o    cache.Options[recipe]
		}{{"both levels", cache.Options[recipe]{}}, {"Redis only", cache.Options[recipe]{NoNear: true}}} {
			t.Run(mode.name, func(t *testing.T) {
				t.Parallel()
				ctx := t.Context()
				db := newSource(func(string) (recipe, error) { return recipe{7, "soup"}, nil })
				o := mode.o
				o.Load = db.load
				c := newCache(t, rb, strings.ReplaceAll(mode.name, " ", "-"), o)
				for name, command := range things {
					for _, id := range []string{name, name + " bytes", name + " many"} {
						if err := rb.Do(ctx, rb.B().Arbitrary(command(c.Key(id))...).Build()).Error(); err != nil {
							t.Fatal(err)
						}
					}
					before := c.Stats()
					if got, err := c.Get(ctx, name); err != nil || got != (recipe{7, "soup"}) {
						t.Errorf("%s: got %+v, %v", name, got, err)
					}
					after := c.Stats()
					if after.Foreign-before.Foreign < 1 || after.Misses-before.Misses != 1 || db.count(name) != 1 {
						t.Errorf("%s: not a counted miss: %+v, then %+v, %d loads", name, before, after, db.count(name))
					}
					many := name + " many"
					if got, err := c.GetMany(ctx, []string{many}); err != nil || got[many] != (recipe{7, "soup"}) {
						t.Errorf("%s: GetMany: got %+v, %v", name, got, err)
					}
					raw, err := c.GetBytes(ctx, name+" bytes")
					// GetBytes looks at the syntax alone.
					if err != nil || string(raw) != `{"id":7,"name":"soup"}` && name != "another shape" && name != "another type" {
						t.Errorf("%s: GetBytes: got %q, %v", name, raw, err)
					}
					for _, id := range []string{name, many} {
						if s := lying(t, rb, c.Key(id)); s != `{"id":7,"name":"soup"}` {
							t.Errorf("%s: not healed: %q", id, s)
						}
						if n, _ := rb.Do(ctx, rb.B().Pttl().Key(c.Key(id)).Build()).AsInt64(); n <= 0 {
							t.Errorf("%s: healed entry lives for %d ms", id, n)
						}
					}
				}
			})
		}
	})
}

func TestLargeJSONStaysPlain(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		want := recipe{1, strings.Repeat("a long name, ", 1000)}
		c := newCache(t, rb, "recipe", cache.Options[recipe]{
			Load: func(context.Context, string) (recipe, error) { return want, nil },
		})
		if _, err := c.Get(ctx, "1"); err != nil {
			t.Fatal(err)
		}
		raw, err := c.GetBytes(ctx, "1")
		text := lying(t, rb, c.Key("1"))
		if err != nil || text != fmt.Sprintf(`{"id":1,"name":%q}`, want.Name) || string(raw) != text {
			t.Errorf("in Redis lies %.60q, GetBytes gives %.60q, %v", text, raw, err)
		}
	})
}

func TestValuesOfAnySize(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		largest := redistest.Scale(50 << 20)
		// The tracked connection gives up on an answer that takes long, and the loader is asked: there is none here.
		c := newCache(t, rb, "blob", cache.Options[[]byte]{Codec: rawCodec{}, MaxBytes: largest, NoNear: true})
		plain := newCache(t, rb, "text", cache.Options[[]byte]{Codec: rawCodec{name: "json"}, MaxBytes: largest, NoNear: true})
		for _, n := range []int{0, 1, 3, 1 << 10, 1 << 20, largest} {
			id := fmt.Sprint(n)
			want := []byte(strings.Repeat("\xffRB", n/3+1)[:n])
			for _, c := range []*cache.Cache[[]byte]{c, plain} {
				if err := c.Set(ctx, id, want); err != nil {
					t.Errorf("%s: %d bytes: set: %v", c.Name(), n, err)
					continue
				}
				for range 2 {
					if got, err := c.Get(ctx, id); err != nil || string(got) != string(want) {
						t.Errorf("%s: %d bytes: got %d bytes, %v", c.Name(), n, len(got), err)
					}
				}
				if got, ok, err := c.Peek(ctx, id); err != nil || !ok || len(got) != n {
					t.Errorf("%s: %d bytes: Peek: %d bytes, %v, %v", c.Name(), n, len(got), ok, err)
				}
			}
			if err := c.Delete(ctx, id); err != nil {
				t.Error(err)
			}
		}
	}, redistest.With(func(o *redbrick.Options) { // the largest takes a busy machine many seconds
		o.HotTimeout, o.CommandTimeout = unhurried, unhurried
	}))
}

func TestAValueAboveTheLimitIsHandedOutButNotStored(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		db := newSource(func(id string) (string, error) { return strings.Repeat("x", len(id)), nil })
		c := newCache(t, rb, "text", cache.Options[string]{MaxBytes: 12, Load: db.load})
		fits, tooLong := "1234567890", "12345678901" // two quotes more
		for _, id := range []string{fits, tooLong} {
			for range 2 {
				if got, err := c.Get(ctx, id); err != nil || len(got) != len(id) {
					t.Errorf("%d bytes: got %q, %v", len(id), got, err)
				}
			}
		}
		if db.count(fits) != 1 || db.count(tooLong) != 2 || c.Stats().TooLarge != 2 {
			t.Errorf("loads %d and %d, want 1 and 2; %+v", db.count(fits), db.count(tooLong), c.Stats())
		}
		err := c.Set(ctx, "a", strings.Repeat("x", 11))
		if !errors.Is(err, cache.ErrTooLarge) || !errors.Is(err, redbrick.ErrTooLarge) {
			t.Errorf("Set: got %v, want ErrTooLarge", err)
		}
		for _, part := range []string{`"text"`, `"a"`, "13 bytes", "at most 12"} {
			if err == nil || !strings.Contains(err.Error(), part) {
				t.Errorf("Set: the error %q does not name %s", err, part)
			}
		}
		if err := c.Set(ctx, "a", strings.Repeat("x", 10)); err != nil {
			t.Errorf("Set of 12 bytes: %v", err)
		}
	})
}

// Who sets a value has changed the database: what lies there from before may not be served, whatever becomes of the new one.
func TestAValueThatCannotBeSetLeavesNoOlderOne(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		db := newSource(func(string) (float64, error) { return 2, nil })
		o := cache.Options[float64]{MaxBytes: 5, Load: db.load, EarlyRefresh: -1}
		c, theirs := newCache(t, rb, "number", o), newCache(t, redistest.Another(t, rb), "number", o)
		for name, unfit := range map[string]float64{"too large": 1.23456789, "not encodable": math.NaN()} {
			if err := c.SetMany(ctx, map[string]float64{"a": 1, "b": 1}); err != nil {
				t.Fatal(err)
			}
			if got := get(t, c, "a"); got != 1 {
				t.Errorf("%s: %v before", name, got)
			}
			err := c.SetMany(ctx, map[string]float64{"a": unfit, "b": 3})
			if err == nil || name == "too large" && !errors.Is(err, cache.ErrTooLarge) || strings.Contains(err.Error(), `"b"`) {
				t.Errorf("%s: got %v, want an error of one id", name, err)
			}
			for _, c := range []*cache.Cache[float64]{c, theirs} {
				got, err := c.GetMany(cache.Fresh(ctx), []string{"a", "b"})
				if err != nil || got["a"] != 2 || got["b"] != 3 {
					t.Errorf("%s: read %v, %v; want the database's beside the one that was set", name, got, err)
				}
			}
			if got := get(t, c, "a"); got != 2 {
				t.Errorf("%s: %v after, want the database's", name, got)
			}
		}
	})
}
