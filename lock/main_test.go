package lock_test

import (
	"errors"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/bricktest"
	"github.com/redbrick-go/redbrick/lock"
	"github.com/redbrick-go/redbrick/redistest"
)

func TestMain(m *testing.M) { redistest.Main(m) }

const patience = 60 * time.Second

// long is a TTL that no test outlives.
const long = time.Hour

// each runs a test on every backend as the least of users.
func each(t *testing.T, f func(t *testing.T, rb *redbrick.Client), opts ...redistest.Option) {
	t.Helper()
	redistest.Each(t, f, append(opts, bricktest.Rights(t, "lock"))...)
}

func TestALaterLayoutIsRefused(t *testing.T) {
	t.Parallel()
	bricktest.Layout(t, each, "lock", map[string]func(*redbrick.Client) error{
		"New": func(rb *redbrick.Client) error { _, err := lock.New(rb, lock.Options{}); return err },
	})
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
