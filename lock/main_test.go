package lock_test

import (
	"errors"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/lock"
	"github.com/redbrick-go/redbrick/redistest"
)

func TestMain(m *testing.M) { redistest.Main(m) }

const patience = 60 * time.Second

// long is a TTL that no test outlives.
const long = time.Hour

// rights reads what the design page says that the package needs.
func rights(t *testing.T) redistest.Option {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "docs", "design", "lock.md"))
	if err != nil {
		t.Fatal(err)
	}
	_, section, _ := strings.Cut(string(page), "\n## Rights\n")
	rules := strings.Fields(strings.ReplaceAll(regexp.MustCompile("`[^`]*`").FindString(section), "`", ""))
	if len(rules) == 0 {
		t.Fatal("the design page names no rights")
	}
	for i := range rules {
		rules[i] = strings.ReplaceAll(rules[i], "<namespace>", redistest.NamespaceMark)
	}
	return redistest.WithACL(rules...)
}

// each runs a test on every backend, on a single server as the least of users.
func each(t *testing.T, f func(t *testing.T, rb *redbrick.Client), opts ...redistest.Option) {
	t.Helper()
	redistest.Each(t, f, append(opts[:len(opts):len(opts)], redistest.Only("embedded", "embedded-notracking", "redis", "notracking"), rights(t))...)
	redistest.Each(t, f, append(opts[:len(opts):len(opts)], redistest.Only("cluster", "env"))...)
}

func newLocker(t *testing.T, rb *redbrick.Client, o lock.Options) *lock.Locker {
	t.Helper()
	l, err := lock.New(rb, o)
	ok(t, err)
	return l
}

// another is a Locker of another process.
func another(t *testing.T, rb *redbrick.Client, o lock.Options) *lock.Locker {
	t.Helper()
	return newLocker(t, redistest.Another(t, rb), o)
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func is(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error %v, expected %v", err, want)
	}
}

// acquire is Acquire that must succeed.
func acquire(t *testing.T, l *lock.Locker, name string) *lock.Lease {
	t.Helper()
	lease, err := l.Acquire(t.Context(), name)
	ok(t, err)
	return lease
}

// ended waits for the end of a lease and returns its cause.
func ended(t *testing.T, lease *lock.Lease) error {
	t.Helper()
	select {
	case <-lease.Context().Done():
	case <-time.After(patience):
		t.Fatal("the context of the lease does not end")
	}
	return lease.Err()
}

// trace is a source of random choices that can be repeated: its seed is in the log of a failed test.
func trace(t *testing.T) *rand.Rand {
	t.Helper()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // a test
}

// waiting waits until n stand in the queue.
func waiting(t *testing.T, l *lock.Locker, name string, n int64) {
	t.Helper()
	redistest.Eventually(t, patience, func() error {
		h, _, err := l.Holder(t.Context(), name)
		if err == nil && h.Waiting != n {
			err = errors.New("another number waits")
		}
		return err
	})
}
