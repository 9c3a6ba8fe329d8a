package cache_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/cache"
	"github.com/redbrick-go/redbrick/redistest"
)

const (
	downHot = 250 * time.Millisecond // the hot path's deadline, as it is by default
	downIDs = 20
)

// down is a cache whose Redis is about to go away.
type down struct {
	server *redistest.Server
	proxy  *redistest.Proxy
	rb     *redbrick.Client
	c      *cache.Cache[int64]
	row    atomic.Int64

	mu    sync.Mutex
	loads map[string][]time.Time // beginnings of loads
}

func newDown(t *testing.T, o cache.Options[int64], conf ...string) *down {
	t.Helper()
	d := &down{server: redistest.Private(t, conf...), loads: map[string][]time.Time{}}
	d.proxy = redistest.NewProxy(t, d.server.Addr())
	d.rb = redistest.OpenURL(t, "redis://"+d.proxy.Addr(), func(o *redbrick.Options) {
		o.HotTimeout, o.CommandTimeout = downHot, 2*time.Second
	})
	d.row.Store(1)
	o.Load = func(_ context.Context, id string) (int64, error) {
		d.mu.Lock()
		defer d.mu.Unlock()
		d.loads[id] = append(d.loads[id], time.Now())
		return d.row.Load(), nil
	}
	o.EarlyRefresh = -1
	d.c = newCache(t, d.rb, "n", o)
	for i := range downIDs {
		get(t, d.c, fmt.Sprint(i))
	}
	return d
}

// since counts the loads of each id from a moment on, and gives the most of one.
func (d *down) since(from time.Time) (all, most int) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, began := range d.loads {
		n := 0
		for _, b := range began {
			if b.After(from) {
				n++
			}
		}
		all, most = all+n, max(most, n)
	}
	return all, most
}

// reading keeps readers at work while f runs. It returns the longest read.
func (d *down) reading(t *testing.T, readers int, f func()) time.Duration {
	t.Helper()
	var done atomic.Bool
	var longest atomic.Int64
	var wg sync.WaitGroup
	for g := range readers {
		wg.Go(func() {
			for i := g; !done.Load(); i++ {
				began := time.Now()
				_, err := d.c.Get(t.Context(), fmt.Sprint(i%downIDs))
				if err != nil {
					t.Errorf("Get: %v", err)
					return
				}
				for took := int64(time.Since(began)); ; {
					old := longest.Load()
					if took <= old || longest.CompareAndSwap(old, took) {
						break
					}
				}
				awhile(time.Millisecond) // a hit waits for nothing: such readers would leave the probes no processor
			}
		})
	}
	f()
	done.Store(true)
	wg.Wait()
	return time.Duration(longest.Load())
}

// stalls watches how long the machine keeps a goroutine waiting that has something to do. The function returned ends it and
// gives the longest such wait: a bound of time holds beside it.
func stalls() (end func() time.Duration) {
	done, most := make(chan struct{}), make(chan time.Duration)
	go func() {
		const every = 5 * time.Millisecond
		tick := time.NewTicker(every)
		defer tick.Stop()
		longest := time.Duration(0)
		for last := time.Now(); ; {
			select {
			case <-done:
				most <- longest
				return
			case <-tick.C:
				longest, last = max(longest, time.Since(last)-every), time.Now()
			}
		}
	}()
	return func() time.Duration {
		close(done)
		return <-most
	}
}

func (d *down) ready(t *testing.T) {
	t.Helper()
	redistest.Eventually(t, time.Minute, func() error {
		if s := d.rb.State(); s.State != redbrick.StateReady {
			return fmt.Errorf("state %+v", s)
		}
		return nil
	})
}

func (d *down) away(t *testing.T) {
	t.Helper()
	redistest.Eventually(t, time.Minute, func() error {
		if d.rb.State().State == redbrick.StateReady {
			return errors.New("nobody noticed that Redis is away")
		}
		return nil
	})
}

// Whatever happens to Redis, reads go on: none fails, none waits longer than the hot path's deadline allows, one load of an
// id runs in each DownTTL, and Redis is left alone but for probes.
func TestReadsGoOnWithoutRedis(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]struct{ begin, end func(d *down) }{
		"killed":           {func(d *down) { d.server.Kill() }, func(d *down) { d.server.Restart() }},
		"cut off":          {func(d *down) { d.proxy.Cut() }, func(d *down) { d.proxy.Heal() }},
		"black hole":       {func(d *down) { d.proxy.Blackhole(true) }, func(d *down) { d.proxy.Heal() }},
		"hole, cut before": {func(d *down) { d.proxy.Blackhole(true); d.proxy.Drop() }, func(d *down) { d.proxy.Heal() }},
		"process stopped":  {func(d *down) { d.server.Pause() }, func(d *down) { d.server.Resume() }},
		"clients paused": {func(d *down) { d.server.Do("CLIENT", "PAUSE", "60000", "ALL") },
			func(d *down) { d.server.Restart() }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDown(t, cache.Options[int64]{DownTTL: 500 * time.Millisecond})
			var sent redistest.ProxyStats
			var from time.Time
			const lasts = 2 * time.Second
			stalled := stalls()
			longest := d.reading(t, 8, func() {
				fault.begin(d)
				d.away(t)
				awhile(downHot) // calls that were let through are over
				from, sent = time.Now(), d.proxy.Stats()
				awhile(lasts)
				now := d.proxy.Stats()
				// A probe a second at most, and the tracked connection, each with its greeting.
				if n := now.ToServer + now.Lost - sent.ToServer - sent.Lost; n > 20_000 {
					t.Errorf("%d bytes were sent to a Redis that is away", n)
				}
				if n := now.Accepted - sent.Accepted; n > 40 {
					t.Errorf("%d connections were made to a Redis that is away", n)
				}
				all, most := d.since(from)
				if took := time.Since(from); most > int(took/(500*time.Millisecond))+2 {
					t.Errorf("%d loads of one id in %v, want one in 500ms", most, took)
				}
				if all == 0 {
					t.Error("nothing was loaded: the test shows nothing")
				}
				from = time.Now()
				fault.end(d)
				d.ready(t)
				awhile(1500 * time.Millisecond) // the recovery
			})
			// A read is a few calls with a deadline each, and each may meet the longest stall.
			if stall := stalled(); longest > 10*(downHot+stall) {
				t.Errorf("a read took %v with a deadline of %v and a machine that stalled for up to %v", longest, downHot, stall)
			}
			// One for each id that is in Redis no longer, and those of readers that were not let through yet: one in each
			// DownTTL, until the client has found Redis again.
			all, most := d.since(from)
			if took := time.Since(from); most > int(took/(500*time.Millisecond))+8 {
				t.Errorf("%d loads in the %v after the end, of one id %d: a stampede", all, took, most)
			}
			redistest.Eventually(t, time.Minute, func() error {
				if r, err := d.c.Lookup(t.Context(), "0"); err != nil || r.Level != cache.Near {
					return fmt.Errorf("%+v, %v; want it in the process again", r, err)
				}
				return nil
			})
		})
	}
}

// A load whose result could not be stored leaves a lease behind that nobody may have to wait for.
func TestLeaseOfALoadCutOffHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	server := redistest.Private(t)
	proxy := redistest.NewProxy(t, server.Addr())
	settings := func(o *redbrick.Options) { o.HotTimeout, o.CommandTimeout = downHot, 2*time.Second }
	rb := redistest.OpenURL(t, "redis://"+proxy.Addr(), settings)
	began, release := make(chan struct{}, 10), make(chan struct{})
	c := newCache(t, rb, "n", cache.Options[int64]{LoadTimeout: time.Minute, SoftTimeout: -1, Load: func(context.Context, string) (int64, error) {
		began <- struct{}{}
		<-release
		return 1, nil
	}})
	other := redistest.OpenURL(t, server.URL(), func(o *redbrick.Options) { o.Namespace = rb.Namespace() })
	theirs := newCache(t, other, "n", cache.Options[int64]{LoadTimeout: time.Minute, SoftTimeout: -1,
		Load: func(context.Context, string) (int64, error) { return 2, nil }})
	first := askFor(t.Context(), c, "a")
	<-began // it has the lease
	proxy.Cut()
	close(release)
	expect(t, "the reader whose load could not be stored", first, 1)
	proxy.Heal()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if v, err := theirs.Get(ctx, "a"); err != nil || v != 2 {
		t.Errorf("another process: %d, %v; want its own load long before the lease ends", v, err)
	}
}

// A lease may be granted though its asker never hears of it.
func TestLeaseOfALostAnswerHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	server := redistest.Private(t)
	proxy := redistest.NewProxy(t, server.Addr())
	var armed atomic.Bool
	rb := redistest.OpenURL(t, "redis://"+proxy.Addr(), func(o *redbrick.Options) {
		o.HotTimeout = 2 * time.Second                       // for the look, which has to succeed, too
		o.Observer.Command = func(e redbrick.CommandEvent) { // after the entry was looked for, and not found
			if e.Lane == "tracked" && armed.Swap(false) {
				proxy.Blackhole(true, redistest.ToClient)
			}
		}
	})
	o := cache.Options[int64]{LoadTimeout: time.Minute, SoftTimeout: -1, Load: func(context.Context, string) (int64, error) { return 1, nil }}
	c := newCache(t, rb, "n", o)
	get(t, c, "scripts are known now")
	server.ResetCommands()
	armed.Store(true)
	if v := get(t, c, "a"); v != 1 {
		t.Errorf("got %d", v)
	}
	redistest.Eventually(t, patience, func() error {
		if server.Commands()["hset"] == 0 {
			return errors.New("no lease was granted: the test shows nothing")
		}
		return nil
	})
	proxy.Heal()
	other := redistest.OpenURL(t, server.URL(), func(o *redbrick.Options) { o.Namespace = rb.Namespace() })
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if v, err := newCache(t, other, "n", o).Get(ctx, "a"); err != nil || v != 1 {
		t.Errorf("another process: %d, %v; want its own load long before the lease ends", v, err)
	}
}

// What is invalidated while Redis is away is not served by this process, and is gone for all when Redis is back.
func TestInvalidationsWithoutRedisAreReplayed(t *testing.T) {
	t.Parallel()
	for name, invalidate := range map[string]func(ctx context.Context, c *cache.Cache[int64]) error{
		"Delete":         func(ctx context.Context, c *cache.Cache[int64]) error { return c.Delete(ctx, "0", "1", "2") },
		"InvalidateTags": func(ctx context.Context, c *cache.Cache[int64]) error { return c.InvalidateTags(ctx, "all") },
		"Set": func(ctx context.Context, c *cache.Cache[int64]) error {
			return c.SetMany(ctx, map[string]int64{"0": 2, "1": 2, "2": 2})
		},
	} {
		for fault, f := range map[string]struct{ begin, end func(d *down) }{
			"cut off":    {func(d *down) { d.proxy.Cut() }, func(d *down) { d.proxy.Heal() }},
			"black hole": {func(d *down) { d.proxy.Blackhole(true) }, func(d *down) { d.proxy.Heal() }},
		} {
			t.Run(name+"/"+fault, func(t *testing.T) {
				t.Parallel()
				d := newDown(t, cache.Options[int64]{
					DownTTL: time.Hour, // what was loaded before an invalidation may not answer after it either
					Tags:    func(string, int64) []string { return []string{"all"} },
				})
				other := redistest.OpenURL(t, d.server.URL(), func(o *redbrick.Options) { o.Namespace = d.rb.Namespace() })
				theirs := newCache(t, other, "n", cache.Options[int64]{Load: func(context.Context, string) (int64, error) { return d.row.Load(), nil }})
				ids := []string{"0", "1", "2"}
				for _, id := range ids {
					nearly(t, d.c, id)
					nearly(t, theirs, id)
				}
				f.begin(d)
				for _, id := range ids { // until it comes from the loader, whose answer is kept for an hour
					redistest.Eventually(t, patience, func() error {
						r, err := d.c.Lookup(t.Context(), id)
						if err == nil && r.Level != cache.Loaded {
							err = fmt.Errorf("%s comes from %q", id, r.Level)
						}
						return err
					})
				}
				d.row.Store(2)
				if err := invalidate(t.Context(), d.c); !errors.Is(err, redbrick.ErrUnavailable) {
					t.Errorf("got %v, want ErrUnavailable", err)
				}
				check := func(when string) {
					for _, id := range ids {
						if v, err := d.c.Get(t.Context(), id); err != nil || v != 2 {
							t.Errorf("%s: %s is %d, %v; want the new value", when, id, v, err)
						}
					}
				}
				for range 20 {
					check("away")
				}
				f.end(d)
				redistest.Eventually(t, time.Minute, func() error {
					check("coming back")
					for _, id := range ids {
						if v, err := theirs.Get(t.Context(), id); err != nil || v != 2 {
							return fmt.Errorf("another process reads %d, %v", v, err)
						}
					}
					return nil
				})
				d.ready(t)
				for _, id := range ids {
					nearly(t, d.c, id)
				}
				check("back")
			})
		}
	}
}

// A tag that is invalidated through one cache while Redis is away is invalid in the others of the process, also where a
// load of before is kept.
func TestTagsWithoutRedisReachEveryCacheOfTheProcess(t *testing.T) {
	t.Parallel()
	d := newDown(t, cache.Options[int64]{DownTTL: time.Hour, Tags: tagged("all")})
	other := newCache(t, d.rb, "other", cache.Options[int64]{DownTTL: time.Hour, Tags: tagged("all"), EarlyRefresh: -1,
		Load: func(context.Context, string) (int64, error) { return d.row.Load(), nil }})
	many := newCache(t, d.rb, "many", cache.Options[int64]{DownTTL: time.Hour, Tags: tagged("all"), EarlyRefresh: -1,
		LoadMany: func(_ context.Context, ids []string) (map[string]int64, error) {
			return map[string]int64{ids[0]: d.row.Load()}, nil
		}})
	d.proxy.Cut()
	redistest.Eventually(t, patience, func() error {
		r, err := other.Lookup(t.Context(), "0")
		if err == nil && (r.Level != cache.Loaded || other.Stats().Down == 0) {
			err = fmt.Errorf("it comes from %q", r.Level)
		}
		return err
	})
	if got, err := many.GetMany(t.Context(), []string{"0"}); err != nil || got["0"] != 1 || many.Stats().Down == 0 {
		t.Fatalf("GetMany: %v, %v, want it loaded without Redis", got, err)
	}
	d.row.Store(2)
	if v := get(t, other, "0"); v != 1 {
		t.Fatalf("got %d: the load of before is not kept, the test shows nothing", v)
	}
	if err := d.c.InvalidateTags(t.Context(), "all"); !errors.Is(err, redbrick.ErrUnavailable) {
		t.Errorf("got %v, want ErrUnavailable", err)
	}
	for range 20 {
		if v := get(t, other, "0"); v != 2 {
			t.Errorf("another cache: %d, want the new value", v)
		}
		if got, err := many.GetMany(t.Context(), []string{"0"}); err != nil || got["0"] != 2 {
			t.Errorf("another cache's GetMany: %v, %v; want the new value", got, err)
		}
	}
}

// A cache is made and used before Redis is there, and gets all it has to offer when Redis comes.
func TestCacheThatIsMadeBeforeRedisIsThere(t *testing.T) {
	t.Parallel()
	proxy := redistest.NewProxy(t, redistest.Private(t).Addr())
	proxy.Refuse()
	rb, err := redbrick.Open(t.Context(), redbrick.Options{URL: "redis://" + proxy.Addr(), Namespace: "n:"})
	if err != nil {
		t.Fatal(err)
	}
	defer rb.Close()
	var loads atomic.Int64
	c := newCache(t, rb, "n", cache.Options[int64]{Load: numbered(&loads), Tags: tagged("a")})
	since := time.Now()
	for range 100 { // what was loaded answers for a second
		if v, most := get(t, c, "a"), 3+int64(time.Since(since)/time.Second); v > most {
			t.Fatalf("load %d within %v", v, time.Since(since))
		}
	}
	if s := c.Stats(); s.Down == 0 || s.Hits != 0 {
		t.Errorf("stats %+v", s)
	}
	if _, _, err := c.Peek(t.Context(), "a"); !errors.Is(err, redbrick.ErrUnavailable) {
		t.Errorf("Peek: got %v, want ErrUnavailable", err)
	}
	if many, err := c.GetMany(t.Context(), []string{"a", "b"}); err != nil || len(many) != 2 {
		t.Errorf("GetMany: %v, %v", many, err)
	}
	proxy.Heal()
	nearly(t, c, "a")
	if err := c.InvalidateTags(t.Context(), "a"); err != nil {
		t.Error(err)
	}
	before := loads.Load()
	if v := get(t, c, "a"); v != before+1 {
		t.Errorf("after the invalidation %d, want %d", v, before+1)
	}
}
