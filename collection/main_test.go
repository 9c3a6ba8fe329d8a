package collection_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/keyspace"
	"github.com/redbrick-go/redbrick/redistest"
)

func TestMain(m *testing.M) { redistest.Main(m) }

// leastACL is what the package needs; docs/design/collection.md lists the same.
var leastACL = redistest.WithACL("~<ns>*", "+evalsha", "+eval", "+type", "+exists", "+unlink", "+pexpire", "+pttl",
	"+get", "+set", "+incrby",
	"+sadd", "+srem", "+scard", "+sismember", "+smismember", "+smembers", "+sscan", "+srandmember", "+sinter",
	"+lpush", "+ltrim", "+lrem", "+lrange", "+llen",
	"+hset", "+hget", "+hmget", "+hlen", "+hincrby")

// each runs a test on every backend as the least of users.
func each(t *testing.T, f func(t *testing.T, rb *redbrick.Client), opts ...redistest.Option) {
	t.Helper()
	redistest.Each(t, f, append(opts, leastACL)...)
}

// must returns the value of a call that cannot fail.
func must[V any](v V, err error) func(t *testing.T) V {
	return func(t *testing.T) V {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty()); d != "" {
		t.Fatalf("%s (-want +got):\n%s", what, d)
	}
}

func is(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error %v, expected %v", err, want)
	}
}

// awkward are ids and members that break careless key building.
var awkward = []string{"1", "2", "10", "a b", "{x}", "x}{y", "%7B", "a:b", "*", "line\nbreak", "ü", "\x00", "'\"\\"}

// trace is a source of random choices that can be repeated: its seed is in the log of a failed test.
func trace(t *testing.T) *rand.Rand {
	t.Helper()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 1))
}

func pick(r *rand.Rand, from []string) string { return from[r.IntN(len(from))] }

// some picks up to n of them, with repetitions.
func some(r *rand.Rand, from []string, n int) []string {
	out := make([]string, r.IntN(n+1))
	for i := range out {
		out[i] = pick(r, from)
	}
	return out
}

// uniq sorts texts and drops repetitions.
func uniq(all []string) []string {
	s := slices.Clone(all)
	slices.Sort(s)
	return slices.Compact(s)
}

// leftKeys lists the keys of a client's namespace.
func leftKeys(t *testing.T, rb *redbrick.Client) []string {
	t.Helper()
	ctx := context.Background()
	masters := must(rb.Masters(ctx))(t)
	var all []string
	for _, m := range masters {
		for cursor := uint64(0); ; {
			page := must(m.Do(ctx, m.B().Scan().Cursor(cursor).Match(keyspace.EscapeGlob(rb.Namespace())+"*").Count(500).Build()).AsScanEntry())(t)
			all = append(all, page.Elements...)
			if cursor = page.Cursor; cursor == 0 {
				break
			}
		}
	}
	return all
}
