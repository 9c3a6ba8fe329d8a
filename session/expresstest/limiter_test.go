package expresstest

import (
	"fmt"
	"net"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick/ratelimit"
	"github.com/redbrick-go/redbrick/redistest"
)

// nodeLimiter is a limiter in Node. Its window is longer than that of the one here, to tell whose expiry a counter has.
type nodeLimiter struct {
	t    *testing.T
	say  func(string)
	line func() string
}

const (
	limit      = 6
	window     = 1000 * time.Second
	nodeWindow = 2000
)

func (n nodeLimiter) ask(id string, calls int) { n.say(fmt.Sprint(id, " ", calls)) }

// answer tells how many calls were admitted, how high the counter was, and the seconds that are left of the window.
func (n nodeLimiter) answer() (admitted, count, ttl int) {
	n.t.Helper()
	line := n.line()
	if _, err := fmt.Sscan(line, &admitted, &count, &ttl); err != nil {
		n.t.Fatalf("Node says %q: %v", line, err)
	}
	return admitted, count, ttl
}

// TestALimitIsSharedWithNode in both directions, on redis-server and on the engine.
func TestALimitIsSharedWithNode(t *testing.T) {
	t.Parallel()
	path, err := node()
	if err != nil {
		redistest.Missing(t, "node", err.Error())
	}
	redistest.Ran(t, "node")
	for name, open := range servers {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			addr := open(t)
			host, port, err := net.SplitHostPort(addr)
			if err != nil {
				t.Fatal(err)
			}
			n := nodeLimiter{t: t}
			n.say, n.line = start(t, path, "limiter.mjs", host, port, strconv.Itoa(limit), strconv.Itoa(nodeWindow))
			if line := n.line(); line != "ready" {
				t.Fatalf("Node says %q", line)
			}
			l, err := ratelimit.New(connect(t, addr), ratelimit.Options{
				BlockEntries: -1, Timeout: time.Minute,
				Policies: []ratelimit.Policy{{Algorithm: ratelimit.FixedWindow, Limit: limit, Window: window, Shared: true}},
			})
			if err != nil {
				t.Fatal(err)
			}
			inTurn(t, n, l)
			atOnce(t, n, l)
		})
	}
}

// allow asks here.
func allow(t *testing.T, l *ratelimit.Limiter, id string) ratelimit.Result {
	t.Helper()
	r, err := l.Allow(t.Context(), id)
	if err != nil || r.Degraded {
		t.Fatalf("%+v, %v", r, err)
	}
	return r
}

func inTurn(t *testing.T, n nodeLimiter, l *ratelimit.Limiter) {
	t.Helper()
	for _, id := range []string{"192.0.2.1", "::ffff:192.0.2.1", "2001:db8:0:0:0:0:0:1"} {
		// Node begins the window, so it ends when Node said; each sees what the other counts.
		n.ask(id, 2)
		if admitted, count, _ := n.answer(); admitted != 2 || count != 2 {
			t.Errorf("%s: %d admitted in Node, the counter is at %d", id, admitted, count)
		}
		if r := allow(t, l, id); !r.Allowed || r.Remaining != limit-3 || r.ResetAfter <= window {
			t.Errorf("%s: %+v after two calls in Node", id, r)
		}
		n.ask(id, limit)
		if admitted, count, ttl := n.answer(); admitted != limit-3 || count != limit+3 || ttl <= int(window/time.Second) || ttl > nodeWindow {
			t.Errorf("%s: of %d calls in Node after three %d are admitted, the counter is at %d for %d s", id, limit, admitted, count, ttl)
		}
		if r := allow(t, l, id); r.Allowed || r.RetryAfter <= window {
			t.Errorf("%s: %+v when Node has had all", id, r)
		}
		// And the other way round, in a window that begins here.
		id = strings.Replace(id, "192", "198", 1) + "0"
		for range limit {
			if r := allow(t, l, id); !r.Allowed || r.ResetAfter > window+time.Second {
				t.Errorf("%s: %+v", id, r)
			}
		}
		n.ask(id, 1)
		if admitted, count, ttl := n.answer(); admitted != 0 || count != limit+1 || ttl > int(window/time.Second) || ttl < 1 {
			t.Errorf("%s: %d admitted in Node when all was taken here, the counter is at %d for %d s", id, admitted, count, ttl)
		}
	}
}

// atOnce lets both take all they can: together they get the limit, neither less nor more.
func atOnce(t *testing.T, n nodeLimiter, l *ratelimit.Limiter) {
	t.Helper()
	for i := range 20 {
		id := fmt.Sprint("both", i)
		n.ask(id, limit)
		var here atomic.Int64
		var wg sync.WaitGroup
		for range limit {
			wg.Go(func() {
				if r, err := l.Allow(t.Context(), id); err != nil || r.Degraded {
					t.Errorf("%+v, %v", r, err)
				} else if r.Allowed {
					here.Add(1)
				}
			})
		}
		wg.Wait()
		if admitted, _, _ := n.answer(); admitted+int(here.Load()) != limit {
			t.Errorf("%d admitted in Node and %d here, want %d in all", admitted, here.Load(), limit)
		}
	}
}
