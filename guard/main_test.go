package guard_test

import (
	"errors"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/guard"
	"github.com/redbrick-go/redbrick/internal/keyspace"
	"github.com/redbrick-go/redbrick/redistest"
)

func TestMain(m *testing.M) { redistest.Main(m) }

const patience = 60 * time.Second

// rights reads what the design page says that the package needs.
func rights(t *testing.T) redistest.Option {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "docs", "design", "guard.md"))
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
	redistest.Each(t, f, append(opts[:len(opts):len(opts)], redistest.Only("embedded", "embedded-notracking", "redis", "notracking"), rights(t), redistest.WithACL("+scan"))...) // to look at what is left
	redistest.Each(t, f, append(opts[:len(opts):len(opts)], redistest.Only("cluster", "env"))...)
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
	masters, err := rb.Masters(t.Context())
	ok(t, err)
	all := map[string]int64{}
	for _, m := range masters {
		for cursor := uint64(0); ; {
			page, err := m.Do(t.Context(), m.B().Scan().Cursor(cursor).Match(keyspace.EscapeGlob(rb.Namespace())+"*").Count(500).Build()).AsScanEntry()
			ok(t, err)
			for _, key := range page.Elements {
				all[strings.TrimPrefix(key, rb.Namespace())] = 0
			}
			if cursor = page.Cursor; cursor == 0 {
				break
			}
		}
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

// trace is a source of random choices that can be repeated: its seed is in the log of a failed test.
func trace(t *testing.T) *rand.Rand {
	t.Helper()
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	return rand.New(rand.NewPCG(seed, 1)) //nolint:gosec // a test
}
