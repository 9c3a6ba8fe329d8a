package cache_test

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/cache"
	"github.com/redbrick-go/redbrick/internal/keyspace"
	"github.com/redbrick-go/redbrick/redistest"
)

// do runs a command and fails the test if Redis refuses it.
func do(t testing.TB, rb *redbrick.Client, args ...string) {
	t.Helper()
	if err := rb.Do(t.Context(), rb.B().Arbitrary(args[0]).Keys(args[1]).Args(args[2:]...).Build()).Error(); err != nil {
		t.Fatalf("%v: %v", args, err)
	}
}

// exists reports whether there is a key of any type.
func exists(t testing.TB, rb *redbrick.Client, key string) bool {
	t.Helper()
	n, err := rb.Do(t.Context(), rb.B().Exists().Key(key).Build()).AsInt64()
	if err != nil {
		t.Fatal(err)
	}
	return n == 1
}

// setAll writes a value under each of the ids.
func setAll(t testing.TB, c *cache.Cache[string], ids ...string) {
	t.Helper()
	values := make(map[string]string)
	for _, id := range ids {
		values[id] = "x"
	}
	if err := c.SetMany(t.Context(), values); err != nil {
		t.Fatal(err)
	}
}

// left returns those of the ids that are still there.
func left(t testing.TB, c *cache.Cache[string], ids ...string) (there []string) {
	t.Helper()
	for _, id := range ids {
		ok, err := c.Has(t.Context(), id)
		if err != nil {
			t.Fatal(err)
		}
		if ok {
			there = append(there, id)
		}
	}
	return there
}

func TestDeleteMatchTouchesEntriesOfItsCacheAlone(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		for _, how := range []string{"match", "clear"} {
			ctx, name := t.Context(), "user-"+how
			user := newCache(t, rb, name, cache.Options[string]{})
			profile := newCache(t, rb, name+":profile", cache.Options[string]{})
			users := newCache(t, rb, name+"s", cache.Options[string]{})
			err := rb.Register(keyspace.Shape{Owner: "views " + how, Pattern: name + ":<id>:views", Type: "string"})
			if err != nil {
				t.Fatal(err)
			}
			setAll(t, user, "1", "2", "1:settings")
			setAll(t, profile, "1", "2")
			setAll(t, users, "1")
			p := rb.Namespace() + name + ":"
			do(t, rb, "SADD", p+"1:favourites", "a", "b")
			do(t, rb, "RPUSH", p+"1:feed", "a", "b")
			do(t, rb, "HSET", p+"1:stats", "a", "b")
			do(t, rb, "ZADD", p+"1:scores", "1", "a")
			do(t, rb, "SET", p+"1:views", "7") // a counter of another owner
			do(t, rb, "HSET", p+"hash", "a", "b")
			foreign := []string{p + "1:favourites", p + "1:feed", p + "1:stats", p + "1:scores", p + "1:views", p + "hash"}
			var n int
			if how == "match" {
				n, err = user.DeleteMatch(ctx, "*")
			} else {
				n, err = user.Clear(ctx)
			}
			if n != 3 || err != nil {
				t.Errorf("%s: %d entries, %v, want 3", how, n, err)
			}
			if got := left(t, user, "1", "2", "1:settings"); len(got) != 0 {
				t.Errorf("%s: left %v", how, got)
			}
			if got := append(left(t, profile, "1", "2"), left(t, users, "1")...); len(got) != 3 {
				t.Errorf("%s: of other caches are left %v, want all", how, got)
			}
			for _, key := range foreign {
				if !exists(t, rb, key) {
					t.Errorf("%s: %s is gone", how, key)
				}
			}
		}
	})
}

// The caches of another process are known too.
func TestClearKnowsTheCachesOfOtherProcesses(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		profile := newCache(t, redistest.Another(t, rb), "user:profile", cache.Options[string]{})
		setAll(t, profile, "1")
		user := newCache(t, rb, "user", cache.Options[string]{})
		setAll(t, user, "1")
		if n, err := user.Clear(t.Context()); n != 1 || err != nil {
			t.Errorf("%d entries, %v, want 1", n, err)
		}
		if got := left(t, profile, "1"); len(got) != 1 {
			t.Error("the other process's entry is gone")
		}
		if _, err := user.Get(t.Context(), "profile:1"); !errors.Is(err, cache.ErrNamespace) {
			t.Errorf("Get: %v, want ErrNamespace", err)
		}
	})
}

func TestDeleteMatchTakesGlobs(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		c := newCache(t, rb, "user", cache.Options[string]{})
		all := []string{
			"1", "2", "11", "12", "a*", "ab", "a?", "[x]", "x", `\`, `a\b`, "{t}", "{t}2", "%7Bt%7D", "50%", "a b", "a\nb", "žluť", "^", "-",
		}
		for pattern, want := range map[string][]string{
			"1":                       {"1"},
			"1?":                      {"11", "12"},
			"1*":                      {"1", "11", "12"},
			"[12]":                    {"1", "2"},
			"[^1]":                    {"2", "x", `\`, "^", "-"},
			`a\*`:                     {"a*"},
			`a\?`:                     {"a?"},
			"{t}":                     {"{t}"},
			"{t}*":                    {"{t}", "{t}2"},
			"*b":                      {"ab", `a\b`, "a b", "a\nb"},
			cache.Literal("a*"):       {"a*"},
			cache.Literal("[x]"):      {"[x]"},
			cache.Literal(`\`):        {`\`},
			cache.Literal(`a\b`):      {`a\b`},
			cache.Literal("{t}"):      {"{t}"},
			cache.Literal("%7Bt%7D"):  {"%7Bt%7D"},
			cache.Literal("{t") + "*": {"{t}", "{t}2"},
			cache.Literal("50%"):      {"50%"},
			cache.Literal("a\nb"):     {"a\nb"},
			cache.Literal("žluť"):     {"žluť"},
			cache.Literal("none"):     nil,
		} {
			setAll(t, c, all...)
			n, err := c.DeleteMatch(ctx, pattern)
			var gone []string
			there := left(t, c, all...)
			for _, id := range all {
				if !slices.Contains(there, id) {
					gone = append(gone, id)
				}
			}
			if err != nil || n != len(want) || !sameItems(gone, want) {
				t.Errorf("%q: %d entries, %v: %q are gone, want %q", pattern, n, err, gone, want)
			}
		}
		if _, err := c.DeleteMatch(ctx, ""); !errors.Is(err, redbrick.ErrConfig) || !strings.Contains(err.Error(), "empty pattern") {
			t.Errorf("empty pattern: %v", err)
		}
		// As an id, and not as a pattern, glob characters are what they are.
		setAll(t, c, all...)
		for _, id := range []string{"a*", "a?", "[x]", `\`} {
			if err := c.Delete(ctx, id); err != nil {
				t.Error(err)
			}
		}
		if got := left(t, c, all...); len(got) != len(all)-4 {
			t.Errorf("Delete of ids with glob characters left %q", got)
		}
	})
}

// Every id can be named by Literal: whatever it holds, the pattern matches it and nothing else.
func TestLiteralMatchesTheIDAlone(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		c := newCache(t, rb, "user", cache.Options[string]{})
		ids := strangeIDs()
		for name, id := range ids {
			if id == "" {
				continue // the empty pattern is refused
			}
			for _, other := range ids {
				setAll(t, c, other)
			}
			if n, err := c.DeleteMatch(t.Context(), cache.Literal(id)); n != 1 || err != nil {
				t.Errorf("%s: %d entries, %v, want 1", name, n, err)
			}
			if got := left(t, c, id); len(got) != 0 {
				t.Errorf("%s: still there", name)
			}
		}
	})
}

func TestANamespaceWithGlobCharactersIsRefused(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"a*", "a?:", "[a]:", `a\:`, "{a}:"} {
		rb, err := redbrick.Open(t.Context(), redbrick.Options{Namespace: bad})
		if !errors.Is(err, redbrick.ErrConfig) || !strings.Contains(err.Error(), strconv.Quote(bad)) && !strings.Contains(err.Error(), bad) {
			t.Errorf("namespace %q: %v, want ErrConfig that names it", bad, err)
		}
		if rb != nil {
			t.Errorf("namespace %q: there is a client", bad)
		}
		rb, err = redbrick.Open(t.Context(), redbrick.Options{Cache: redbrick.CacheOptions{Prefix: bad}})
		if !errors.Is(err, redbrick.ErrConfig) || rb != nil {
			t.Errorf("prefix %q: %v, want ErrConfig", bad, err)
		}
	}
}

func TestDeleteMatchVisitsAllMasters(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		c := newCache(t, rb, "user", cache.Options[string]{})
		ids := idsUpTo(1500)
		setAll(t, c, ids...)
		if n, err := c.DeleteMatch(ctx, "1*"); n != 611 || err != nil { // 1, 10-19, 100-199, 1000-1499
			t.Errorf("%d entries, %v, want 611", n, err)
		}
		if n, err := c.Clear(ctx); n != 889 || err != nil {
			t.Errorf("%d entries, %v, want the rest, 889", n, err)
		}
		if n, err := c.Clear(ctx); n != 0 || err != nil {
			t.Errorf("%d entries, %v, want none", n, err)
		}
	})
}

// What DeleteMatch asks of a server is bounded, however many keys there are.
func TestDeleteMatchScansInSmallSteps(t *testing.T) {
	t.Parallel()
	server := redistest.Private(t)
	var trips, largest atomic.Int64
	rb := redistest.OpenURL(t, server.URL(), countTrips(&trips, &largest))
	c := newCache(t, rb, "user", cache.Options[string]{NoNear: true})
	const n = 3000
	setAll(t, c, idsUpTo(n)...)
	server.Do("CONFIG", "SET", "slowlog-max-len", "100000")
	server.Do("CONFIG", "SET", "slowlog-log-slower-than", "0")
	server.Do("SLOWLOG", "RESET")
	server.ResetCommands()
	largest.Store(0)
	if got, err := c.DeleteMatch(t.Context(), "*"); got != n || err != nil {
		t.Fatalf("%d entries, %v", got, err)
	}
	if got := largest.Load(); got > 256 {
		t.Errorf("a pipeline of %d commands, want at most 256", got)
	}
	commands := server.Commands()
	for name, calls := range commands {
		if name == "keys" || strings.HasPrefix(name, "flush") {
			t.Errorf("%d times %s", calls, name)
		}
	}
	if got := commands["unlink"]; got != n {
		t.Errorf("%d times UNLINK, want one for each entry", got)
	}
	// Two scans, for leases and for values, each of every key once, in steps of 500.
	if got := commands["scan"]; got < 2*n/500 || got > 4*n/500+4 {
		t.Errorf("%d times SCAN", got)
	}
	scans := 0
	for _, line := range strings.Split(server.Do("SLOWLOG", "GET", "-1"), "\n") {
		if count, ok := strings.CutPrefix(strings.ToUpper(line), "COUNT"); ok && count == "" {
			scans++
		}
	}
	log := strings.Split(strings.ToUpper(server.Do("SLOWLOG", "GET", "-1")), "\n")
	for i, word := range log {
		if word != "COUNT" {
			continue
		}
		if got, err := strconv.Atoi(log[i+1]); err != nil || got > 500 {
			t.Errorf("SCAN with COUNT %s, want at most 500", log[i+1])
		}
	}
	if int64(scans) != commands["scan"] {
		t.Errorf("%d of %d SCANs name a COUNT", scans, commands["scan"])
	}
	server.ResetCommands()
	if err := c.Delete(t.Context(), idsUpTo(10)...); err != nil {
		t.Fatal(err)
	}
	if got := server.Commands(); got["unlink"] != 10 || got["scan"] != 0 {
		t.Errorf("Delete: %v", fmt.Sprint(got))
	}
}
