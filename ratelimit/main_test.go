package ratelimit

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/keyspace"
	"github.com/redbrick-go/redbrick/redistest"
)

func TestMain(m *testing.M) { redistest.Main(m) }

// rights are what docs/design/ratelimit.md says that the package needs.
var rights = sync.OnceValue(func() []string {
	page, err := os.ReadFile(filepath.Join("..", "docs", "design", "ratelimit.md"))
	if err != nil {
		return nil
	}
	_, section, _ := strings.Cut(string(page), "\n## Rights\n")
	rules := strings.Fields(strings.ReplaceAll(regexp.MustCompile("`[^`]*`").FindString(section), "`", ""))
	for i := range rules {
		rules[i] = strings.ReplaceAll(rules[i], "<namespace>", redistest.NamespaceMark)
	}
	return rules
})

// each runs a test on every backend as the least of users.
func each(t *testing.T, f func(t *testing.T, rb *redbrick.Client), opts ...redistest.Option) {
	t.Helper()
	if len(rights()) == 0 {
		t.Fatal("the design page names no rights")
	}
	redistest.Each(t, f, append(opts, redistest.WithACL(rights()...))...)
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

// trace is a source of random choices that can be repeated: its seed is in the log of a failed test.
func trace(t *testing.T) *rand.Rand {
	t.Helper()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 1))
}

// leftKeys lists the keys of a client's namespace.
func leftKeys(t testing.TB, rb *redbrick.Client) []string {
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
