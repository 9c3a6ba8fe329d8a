package cache_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/cache"
	"github.com/redbrick-go/redbrick/redistest"
)

const (
	bulkSize  = 512 << 10
	bulkReads = 12 // more than twice what opens the breaker
)

// narrow is a link on which bytes from the server come slowly while it is on.
type narrow struct {
	net.Conn

	on *atomic.Bool
}

// Read gives 800 KB a second at most: a reply of a few bytes takes 10 ms, one of bulkSize two thirds of a second.
func (n narrow) Read(b []byte) (int, error) {
	if !n.on.Load() {
		return n.Conn.Read(b)
	}
	awhile(10 * time.Millisecond)
	return n.Conn.Read(b[:min(len(b), 8<<10)])
}

// bulk is a cache of big values that lie in Redis, read by a client that has not seen them.
type bulk struct {
	proxy *redistest.Proxy
	rb    *redbrick.Client
	c     *cache.Cache[string]
	slow  atomic.Bool
	trips atomic.Int64
}

func newBulk(t *testing.T) *bulk {
	t.Helper()
	server := redistest.Private(t)
	b := &bulk{proxy: redistest.NewProxy(t, server.Addr())}
	b.rb = redistest.OpenURL(t, "redis://"+b.proxy.Addr(), func(o *redbrick.Options) {
		o.HotTimeout, o.CommandTimeout = downHot, 2*time.Second
		o.OnState = func(e redbrick.StateEvent) {
			if e.State == redbrick.StateError {
				b.trips.Add(1)
			}
		}
		o.Redis.DialCtxFn = func(ctx context.Context, addr string, d *net.Dialer, _ *tls.Config) (net.Conn, error) {
			conn, err := d.DialContext(ctx, "tcp", addr)
			return narrow{conn, &b.slow}, err
		}
	})
	o := cache.Options[string]{EarlyRefresh: -1, Load: func(_ context.Context, id string) (string, error) {
		return strings.Repeat("x", bulkSize), nil
	}}
	b.c = newCache(t, b.rb, "big", o)
	filler := newCache(t, redistest.OpenURL(t, server.URL(), func(o *redbrick.Options) { o.Namespace = b.rb.Namespace() }), "big", o)
	for i := range bulkReads {
		get(t, filler, fmt.Sprint(i))
	}
	return b
}

// Over a link on which big values take longer than the hot path waits, the loader answers for them, and the rest of the
// program keeps Redis.
func TestSlowReadsOfBigValuesDoNotOpenTheBreaker(t *testing.T) {
	t.Parallel()
	b := newBulk(t)
	small := newCache(t, b.rb, "small", cache.Options[int64]{NoNear: true, Load: func(context.Context, string) (int64, error) { return 1, nil }})
	get(t, small, "a")
	b.slow.Store(true)
	for i := range bulkReads {
		r, err := b.c.Lookup(t.Context(), fmt.Sprint(i))
		if err != nil || len(r.Value) != bulkSize || r.Level != cache.Loaded {
			t.Fatalf("read %d: %d bytes from %q, %v; want the loader's", i, len(r.Value), r.Level, err)
		}
	}
	if n, s := b.trips.Load(), b.rb.State(); n != 0 || s.State != redbrick.StateReady {
		t.Errorf("the breaker opened %d times, state %+v", n, s)
	}
	if r, err := small.Lookup(t.Context(), "a"); err != nil || r.Level != cache.Remote {
		t.Errorf("a small value comes from %q, %v; want it from Redis", r.Level, err)
	}
	b.slow.Store(false)
	nearly(t, b.c, "0")
}

// A server that is silent is found out though nobody reads anything but big values.
func TestBigValuesHideNoServerThatIsAway(t *testing.T) {
	t.Parallel()
	b := newBulk(t)
	nearly(t, b.c, "0") // they are big, as the cache knows now
	b.proxy.Blackhole(true)
	redistest.Eventually(t, patience, func() error {
		stalled, began := stalls(), time.Now()
		if r, err := b.c.Lookup(cache.Fresh(t.Context()), "0"); err != nil || len(r.Value) != bulkSize {
			t.Errorf("%d bytes, %v; want the loader's", len(r.Value), err)
		}
		if took, stall := time.Since(began), stalled(); took > 10*(downHot+stall) {
			t.Errorf("a read took %v with a deadline of %v and a machine that stalled for up to %v", took, downHot, stall)
		}
		if b.trips.Load() == 0 {
			return errors.New("nobody noticed that Redis is away")
		}
		return nil
	})
	b.proxy.Heal()
	redistest.Eventually(t, time.Minute, func() error {
		r, err := b.c.Lookup(cache.Fresh(t.Context()), "0")
		if err == nil && r.Level != cache.Remote {
			err = fmt.Errorf("it comes from %q", r.Level)
		}
		return err
	})
}
