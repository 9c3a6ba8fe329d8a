package collection_test

import (
	"errors"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/collection"
	"github.com/redbrick-go/redbrick/internal/bricktest"
	"github.com/redbrick-go/redbrick/redistest"
)

func TestMain(m *testing.M) { redistest.Main(m) }

// each runs a test on every backend as the least of users.
func each(t *testing.T, f func(t *testing.T, rb *redbrick.Client), opts ...redistest.Option) {
	t.Helper()
	redistest.Each(t, f, append(opts, bricktest.Rights(t, "collection"))...)
}

func TestALaterLayoutIsRefused(t *testing.T) {
	t.Parallel()
	bricktest.Layout(t, each, "collection", map[string]func(*redbrick.Client) error{
		"NewBoundedCounter": func(rb *redbrick.Client) error {
			_, err := collection.NewBoundedCounter(rb, "x:<id>", collection.BoundedOptions{Max: 1})
			return err
		},
		"NewCounter": func(rb *redbrick.Client) error {
			_, err := collection.NewCounter(rb, "x:<id>", collection.CounterOptions{})
			return err
		},
		"NewFeed": func(rb *redbrick.Client) error {
			_, err := collection.NewFeed(rb, "x:<id>", collection.FeedOptions{Cap: 1})
			return err
		},
		"NewPair": func(rb *redbrick.Client) error {
			_, err := collection.NewPair(rb, "x:<id>", "y:<id>", collection.PairOptions{})
			return err
		},
		"NewRecord": func(rb *redbrick.Client) error {
			_, err := collection.NewRecord[struct{ N int64 }](rb, "x:<id>", collection.RecordOptions{})
			return err
		},
		"NewSet": func(rb *redbrick.Client) error {
			_, err := collection.NewSet(rb, "x:<id>", collection.SetOptions{})
			return err
		},
		"NewTagIndex": func(rb *redbrick.Client) error {
			_, err := collection.NewTagIndex(rb, "x:<id>", collection.TagIndexOptions{})
			return err
		},
	})
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
