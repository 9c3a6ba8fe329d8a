package ratelimit

import (
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/bricktest"
	"github.com/redbrick-go/redbrick/redistest"
)

func TestMain(m *testing.M) { redistest.Main(m) }

// each runs a test on every backend as the least of users.
func each(t *testing.T, f func(t *testing.T, rb *redbrick.Client), opts ...redistest.Option) {
	t.Helper()
	redistest.Each(t, f, append(opts, bricktest.Rights(t, "ratelimit"))...)
}

func TestALaterLayoutIsRefused(t *testing.T) {
	t.Parallel()
	bricktest.Layout(t, each, "ratelimit", map[string]func(*redbrick.Client) error{
		"New": func(rb *redbrick.Client) error { _, err := New(rb, Options{}); return err },
		"NewLeased": func(rb *redbrick.Client) error {
			_, err := NewLeased(rb, LeasedOptions{Policy: Policy{Limit: 1000}})
			return err
		},
	})
}

// patience is the deadline of a decision in tests that are not about it: a loaded machine is no failure.
const patience = 20 * time.Second

// patient makes a limiter that waits for Redis.
func patient(t testing.TB, rb *redbrick.Client, o Options) *Limiter {
	t.Helper()
	if o.Timeout == 0 {
		o.Timeout = patience
	}
	l, err := New(rb, o)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func one(p Policy) Options { return Options{Policies: []Policy{p}} }

// must returns the value of a call that cannot fail.
func must[V any](v V, err error) func(t testing.TB) V {
	return func(t testing.TB) V {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

func ok(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func is(t testing.TB, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error %v, expected %v", err, want)
	}
}

func equal(t testing.TB, what string, got, want any) {
	t.Helper()
	if d := cmp.Diff(want, got, cmpopts.EquateEmpty(), cmpopts.IgnoreUnexported(Result{}, PolicyResult{})); d != "" {
		t.Fatalf("%s (-want +got):\n%s", what, d)
	}
}

// admit counts how many of so many calls are admitted.
func admit(t testing.TB, l *Limiter, id string, calls int) int {
	t.Helper()
	n := 0
	for range calls {
		if must(l.Allow(t.Context(), id))(t).Allowed {
			n++
		}
	}
	return n
}
