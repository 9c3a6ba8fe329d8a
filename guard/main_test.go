package guard_test

import (
	"errors"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/guard"
	"github.com/redbrick-go/redbrick/internal/bricktest"
	"github.com/redbrick-go/redbrick/redistest"
)

func TestMain(m *testing.M) { redistest.Main(m) }

const patience = 60 * time.Second

// each runs a test on every backend as the least of users, who may look at what is left.
func each(t *testing.T, f func(t *testing.T, rb *redbrick.Client), opts ...redistest.Option) {
	t.Helper()
	redistest.Each(t, f, append(opts, bricktest.Rights(t, "guard"), redistest.WithACL("+scan"))...)
}

func TestALaterLayoutIsRefused(t *testing.T) {
	t.Parallel()
	bricktest.Layout(t, each, "guard", map[string]func(*redbrick.Client) error{
		"NewLogin": func(rb *redbrick.Client) error { _, err := guard.NewLogin(rb, guard.LoginOptions{}); return err },
		"NewIPList": func(rb *redbrick.Client) error {
			_, err := guard.NewIPList(rb, "site", guard.IPListOptions{})
			return err
		},
	})
}

var secret = []byte(strings.Repeat("s", 32))

func newLogin(t *testing.T, rb *redbrick.Client, o guard.LoginOptions) *guard.Login {
	t.Helper()
	g, err := guard.NewLogin(rb, o)
	ok(t, err)
	return g
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

// addr is the n-th of many addresses, each a prefix of its own.
func addr(n int) netip.Addr {
	return netip.AddrFrom4([4]byte{10, byte(n >> 16), byte(n >> 8), byte(n)})
}

func attempt(account string, from int) guard.Attempt {
	return guard.Attempt{Account: account, Addr: addr(from)}
}

// reserve is Reserve that must succeed.
func reserve(t *testing.T, g *guard.Login, a guard.Attempt) *guard.Reservation {
	t.Helper()
	r, err := g.Reserve(t.Context(), a)
	ok(t, err)
	return r
}

// fail fails n times.
func fail(t *testing.T, g *guard.Login, a guard.Attempt, n int) {
	t.Helper()
	for range n {
		reserve(t, g, a).Failure(t.Context())
	}
}

// refused is an attempt that must be refused.
func refused(t *testing.T, g *guard.Login, a guard.Attempt) *guard.Throttled {
	t.Helper()
	_, err := g.Reserve(t.Context(), a)
	is(t, err, guard.ErrThrottled)
	var throttled *guard.Throttled
	if !errors.As(err, &throttled) {
		t.Fatalf("%T", err)
	}
	return throttled
}

// dump reads all zsets of a client's namespace.
func dump(t *testing.T, rb *redbrick.Client) map[string]int64 {
	t.Helper()
	all := map[string]int64{}
	for _, key := range bricktest.Keys(t, rb) {
		all[strings.TrimPrefix(key, rb.Namespace())] = 0
	}
	for key := range all {
		n, err := rb.Do(t.Context(), rb.B().Zcard().Key(rb.Namespace()+key).Build()).AsInt64()
		ok(t, err)
		ttl, err := rb.Do(t.Context(), rb.B().Pttl().Key(rb.Namespace()+key).Build()).AsInt64()
		ok(t, err)
		if ttl <= 0 {
			t.Errorf("key %s lives for %d ms", key, ttl)
		}
		all[key] = n
	}
	return all
}
