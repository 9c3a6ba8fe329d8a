package cache_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/cache"
	"github.com/redbrick-go/redbrick/internal/keyspace"
	"github.com/redbrick-go/redbrick/redistest"
)

// numbersIDs is how many numbers a storm is about: few, so that reads and writes of one meet.
const numbersIDs = 8

// numbers is a database of counters that only grow.
type numbers struct{ rows [numbersIDs]atomic.Int64 }

func (n *numbers) row(id string) *atomic.Int64 { return &n.rows[id[0]-'0'] }

func (n *numbers) load(_ context.Context, id string) (int64, error) { return n.row(id).Load(), nil }

func numberID(n int) string { return string(rune('0' + n%numbersIDs)) }

// storm is one process that writes, and others that read; all see the same numbers.
type storm struct {
	db      *numbers
	writer  *cache.Cache[int64]
	readers []*cache.Cache[int64]
	down    atomic.Bool // Redis may be away: promises about one call do not hold
	pen     sync.Mutex  // held by who writes
	writes  int
}

// newStorm makes the caches. The near level lives by news alone: no entry ends by itself.
func newStorm(t *testing.T, writer *redbrick.Client, readers ...*redbrick.Client) *storm {
	t.Helper()
	s := &storm{db: &numbers{}}
	o := cache.Options[int64]{Load: s.db.load, NearUntracked: time.Hour, EarlyRefresh: -1}
	s.writer = newCache(t, writer, "n", o)
	for _, rb := range readers {
		s.readers = append(s.readers, newCache(t, rb, "n", o))
	}
	return s
}

// write changes a number, now by one and now by the other way, and sees to it that the news are kept: by the own process at
// once, by all others that ask for fresh values.
func (s *storm) write(t *testing.T) {
	t.Helper()
	s.pen.Lock()
	defer s.pen.Unlock()
	ctx := t.Context()
	s.writes++
	id := numberID(s.writes)
	want := s.db.row(id).Add(1)
	var err error
	if s.writes%3 == 0 {
		err = s.writer.Set(ctx, id, want)
	} else {
		err = s.writer.Delete(ctx, id)
	}
	if err != nil && (!s.down.Load() || !errors.Is(err, redbrick.ErrUnavailable)) {
		t.Errorf("write: %v", err)
	}
	for range 2 { // from Redis and from the process
		if got, err := s.writer.Get(ctx, id); err != nil || got != want {
			t.Errorf("the writer reads %d, %v right after it wrote %d", got, err, want)
		}
	}
	if s.down.Load() || s.writes%4 != 0 {
		return
	}
	for _, r := range s.readers {
		if got, err := r.Get(cache.Fresh(ctx), id); err != nil || got != want {
			t.Errorf("a fresh read of another process gives %d, %v after %d was written", got, err, want)
		}
	}
}

// during runs f while numbers are written, and read in all processes.
func (s *storm) during(t *testing.T, f func()) {
	t.Helper()
	var done atomic.Bool
	var wg sync.WaitGroup
	for _, r := range s.readers {
		for g := range 2 {
			wg.Go(func() {
				for i := g; !done.Load(); i++ {
					if _, err := r.Get(t.Context(), numberID(i)); err != nil {
						t.Errorf("read: %v", err)
						return
					}
				}
			})
		}
	}
	wg.Go(func() {
		for !done.Load() {
			s.write(t)
		}
	})
	f()
	done.Store(true)
	wg.Wait()
}

// kill ends a master between two writes, when its replica has all of them: what a failover loses nobody can hear of.
func (s *storm) kill(t *testing.T, master *redistest.Server) {
	t.Helper()
	s.pen.Lock()
	defer s.pen.Unlock()
	master.Replicated(1)
	master.Kill()
}

// settles waits until all processes serve the last numbers, then looks whether they stay with them.
func (s *storm) settles(t *testing.T) {
	t.Helper()
	s.down.Store(false)
	check := func(loaded bool) error {
		for i := range numbersIDs {
			id := numberID(i)
			for n, r := range append(s.readers, s.writer) {
				got, err := r.Lookup(t.Context(), id)
				if err != nil || got.Value != s.db.row(id).Load() || !loaded && got.Level == cache.Loaded {
					return fmt.Errorf("process %d: %s is %+v, %v; want %d", n, id, got, err, s.db.row(id).Load())
				}
			}
		}
		return nil
	}
	// A loader answers while Redis is away, or does not know yet what the writer could not tell it: nothing is settled by that.
	redistest.Eventually(t, 2*time.Minute, func() error { return check(false) })
	for n, r := range s.readers { // values in memory are what the test is about
		near := r.Stats().NearHits
		redistest.Eventually(t, 2*time.Minute, func() error {
			if err := check(true); err != nil {
				t.Fatal("after all had settled: ", err)
			}
			if hits := r.Stats().NearHits - near; hits < 20*numbersIDs {
				return fmt.Errorf("process %d has served %d values from its memory", n, hits)
			}
			return nil
		})
	}
}

// awhile is for how long a fault lasts.
func awhile(d time.Duration) { <-time.NewTimer(d).C }

func TestNearFollowsWritersOfOtherProcesses(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		s := newStorm(t, rb, redistest.Another(t, rb), redistest.Another(t, rb))
		target := redistest.Scale(2000)
		s.during(t, func() { awhile(time.Duration(target) * time.Millisecond / 4) })
		s.settles(t)
	})
}

// News of a write are on their way: a fresh read does not wait for them.
func TestFreshReadIsAheadOfTheNews(t *testing.T) {
	t.Parallel()
	for feed, edit := range feeds {
		t.Run(feed, func(t *testing.T) {
			t.Parallel()
			server := redistest.Private(t)
			proxy := redistest.NewProxy(t, server.Addr())
			writer := redistest.OpenURL(t, server.URL(), edit(t, server, server.Addr()))
			reader := redistest.OpenURL(t, "redis://"+proxy.Addr(), edit(t, server, proxy.Addr()),
				func(o *redbrick.Options) { o.Namespace = writer.Namespace() })
			s := newStorm(t, writer, reader)
			for i := range 5 {
				id := numberID(i)
				nearly(t, s.readers[0], id)
				proxy.Delay(200*time.Millisecond, redistest.ToClient)
				want := s.db.row(id).Add(1)
				if err := s.writer.Delete(t.Context(), id); err != nil {
					t.Fatal(err)
				}
				if got, err := s.readers[0].Get(cache.Fresh(t.Context()), id); err != nil || got != want {
					t.Errorf("fresh read: %d, %v; want %d", got, err, want)
				}
				proxy.Delay(0)
			}
		})
	}
}

// feeds are the three ways in which a process hears of writes.
var feeds = map[string]func(t *testing.T, s *redistest.Server, addr string) func(*redbrick.Options){
	"tracking": func(*testing.T, *redistest.Server, string) func(*redbrick.Options) { return func(*redbrick.Options) {} },
	"pubsub": func(_ *testing.T, s *redistest.Server, _ string) func(*redbrick.Options) {
		s.Do("ACL", "SETUSER", "untracked", "on", ">pw", "~*", "&*", "+@all", "-client|tracking")
		return func(o *redbrick.Options) { o.Username, o.Password = "untracked", "pw" }
	},
	"ready-made": func(t *testing.T, s *redistest.Server, addr string) func(*redbrick.Options) {
		return func(o *redbrick.Options) {
			silence := 700 * time.Millisecond
			if addr == s.Addr() { // nothing happens to that link
				silence = patience
			}
			client, err := rueidis.NewClient(rueidis.ClientOption{
				InitAddress: []string{addr}, DisableCache: true, AlwaysPipelining: true,
				Dialer: netDialer(350 * time.Millisecond), ConnWriteTimeout: silence,
			})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(client.Close)
			o.URL, o.Client = "", client
		}
	},
}

func TestNothingStaleIsServedAfterAFault(t *testing.T) {
	t.Parallel()
	for fault, inject := range map[string]func(t *testing.T, s *redistest.Server, p *redistest.Proxy){
		"link cut for two seconds": func(_ *testing.T, _ *redistest.Server, p *redistest.Proxy) {
			p.Cut()
			awhile(2 * time.Second)
			p.Heal()
		},
		"link dropped again and again": func(_ *testing.T, _ *redistest.Server, p *redistest.Proxy) {
			for range 20 {
				p.Drop()
				awhile(20 * time.Millisecond)
			}
		},
		"connections killed": func(_ *testing.T, s *redistest.Server, _ *redistest.Proxy) {
			for range 20 {
				_, _ = s.Try("CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes")
				_, _ = s.Try("CLIENT", "KILL", "TYPE", "pubsub", "SKIPME", "yes")
				awhile(20 * time.Millisecond)
			}
		},
		"link silent for two seconds": func(_ *testing.T, _ *redistest.Server, p *redistest.Proxy) {
			p.Blackhole(true)
			awhile(2 * time.Second)
			p.Heal()
		},
		"slow link": func(_ *testing.T, _ *redistest.Server, p *redistest.Proxy) {
			p.Delay(20*time.Millisecond, redistest.ToClient)
			awhile(time.Second)
			p.Heal()
		},
	} {
		for feed, edit := range feeds {
			if small := redistest.Scale(10_000) < 10_000; small && feed == "ready-made" && !strings.Contains(fault, "seconds") {
				continue // the same path as pubsub
			}
			t.Run(fault+"/"+feed, func(t *testing.T) {
				t.Parallel()
				server := redistest.Private(t)
				proxy := redistest.NewProxy(t, server.Addr())
				writer := redistest.OpenURL(t, server.URL(), edit(t, server, server.Addr()))
				reader := redistest.OpenURL(t, "redis://"+proxy.Addr(), edit(t, server, proxy.Addr()), func(o *redbrick.Options) {
					o.Namespace, o.CommandTimeout, o.HotTimeout = writer.Namespace(), 5*time.Second, time.Second
				})
				s := newStorm(t, writer, reader)
				s.during(t, func() { awhile(100 * time.Millisecond) })
				s.settles(t)
				s.down.Store(true)
				s.during(t, func() {
					inject(t, server, proxy)
					awhile(100 * time.Millisecond)
				})
				s.settles(t)
			})
		}
	}
}

func TestNothingStaleIsServedAfterTheClusterMoved(t *testing.T) {
	t.Parallel()
	c := redistest.PrivateCluster(t, "cluster-node-timeout 5000") // a busy machine must not fail over by itself
	writer := redistest.OpenURL(t, c.URL())
	s := newStorm(t, writer, redistest.Another(t, writer), redistest.Another(t, writer))
	s.during(t, func() { awhile(100 * time.Millisecond) })
	s.settles(t)
	for i := range 3 {
		key := s.writer.Key(numberID(i))
		s.down.Store(true) // a pipeline may meet the slot between its two masters
		s.during(t, func() {
			c.MoveSlot(key, func() { awhile(200 * time.Millisecond) })
			awhile(200 * time.Millisecond)
		})
		s.settles(t)
	}
	s.down.Store(true)
	s.during(t, func() {
		key := s.writer.Key(numberID(0))
		s.kill(t, c.MasterOf(key))
		c.Heir(key)
	})
	s.settles(t)
}

// A replica that takes over hears of no near cache: whoever had asked the dead primary for news holds nothing of before.
func TestNothingStaleIsServedAfterASentinelFailover(t *testing.T) {
	t.Parallel()
	server := redistest.PrivateSentinel(t)
	writer := redistest.OpenURL(t, server.URL())
	s := newStorm(t, writer, redistest.Another(t, writer), redistest.Another(t, writer))
	s.during(t, func() { awhile(100 * time.Millisecond) })
	s.settles(t)
	s.down.Store(true)
	var heir *redistest.Server
	s.during(t, func() {
		dead := server.Master()
		s.kill(t, dead)
		heir = server.Master() // waits for one that runs
		if heir.Addr() == dead.Addr() {
			t.Error("the dead primary is primary still")
		}
		awhile(200 * time.Millisecond) // and writes go on
	})
	s.settles(t)
	for i := range numbersIDs { // what they serve is of this primary
		if got := heir.Do("EXISTS", s.writer.Key(numberID(i))); got != "1" {
			t.Errorf("%s is not in the new primary", numberID(i))
		}
	}
	// Links are back: another process is heard of again, and a write takes hold for it.
	s.during(t, func() { awhile(100 * time.Millisecond) })
	s.settles(t)
}

// A foreign write is heard of too where the server tracks; elsewhere an entry ends after NearUntracked.
func TestForeignWritesReachTheNearLevel(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		c := newCache(t, rb, "n", cache.Options[int64]{NearUntracked: 300 * time.Millisecond})
		for i := range int64(5) {
			do(t, rb, "SETEX", c.Key("a"), "3600", fmt.Sprint(i))
			redistest.Eventually(t, patience, func() error {
				if got := get(t, c, "a"); got != i {
					return fmt.Errorf("got %d, want %d", got, i)
				}
				return nil
			})
			for range 3 {
				get(t, c, "a")
			}
		}
		do(t, rb, "DEL", c.Key("a"))
		redistest.Eventually(t, patience, func() error {
			if v, err := c.Get(t.Context(), "a"); !errors.Is(err, cache.ErrNotFound) {
				return fmt.Errorf("got %d, %v after DEL", v, err)
			}
			return nil
		})
	})
}

func TestNearEntryEndsWithTheEntryInRedis(t *testing.T) {
	t.Parallel()
	server := redistest.Private(t)
	proxy := redistest.NewProxy(t, server.Addr())
	rb := redistest.OpenURL(t, "redis://"+proxy.Addr())
	c := newCache(t, rb, "n", cache.Options[int64]{})
	const ttl = 400 * time.Millisecond
	for range 3 {
		proxy.Delay(0)
		server.Do("SET", c.Key("a"), "1", "PX", fmt.Sprint(ttl.Milliseconds()))
		end := time.Now().Add(ttl + time.Millisecond)         // Redis counts whole milliseconds: what it says remains may be one too many
		proxy.Delay(150*time.Millisecond, redistest.ToClient) // the answer is old when it comes
		if r, err := c.Lookup(t.Context(), "a"); err != nil || r.Value != 1 {
			t.Logf("too slow to see it: %+v, %v", r, err)
			continue
		}
		proxy.Delay(time.Minute, redistest.ToClient) // no news of its end either
		for time.Now().Before(end.Add(300 * time.Millisecond)) {
			began := time.Now()
			ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
			r, err := c.Lookup(ctx, "a")
			cancel()
			if err == nil && r.Level == cache.Near && began.After(end) {
				t.Fatalf("served from the process %v after its end", began.Sub(end))
			}
		}
	}
}

func TestKeysOfOtherOwnersDropNothingAndAreNoWrites(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		err := rb.Register(keyspace.Shape{Owner: "record stats", Pattern: "recipe:<id>:stats", Type: "hash"})
		if err != nil {
			t.Fatal(err)
		}
		c := newCache(t, rb, "recipe", cache.Options[int64]{Load: func(context.Context, string) (int64, error) { return 1, nil }})
		redistest.Eventually(t, patience, func() error { // a Cluster client drops connections that it made twice, and near values with them
			last := rb.Generation().Load()
			nearly(t, c, "7")
			nearly(t, c, "8")
			for range 20 {
				awhile(5 * time.Millisecond)
				if rb.Generation().Load() != last {
					return errors.New("the tracked connections are not settled")
				}
			}
			return nil
		})
		before := c.Stats()
		cmds := make(rueidis.Commands, 0, 1000)
		for n := range redistest.Scale(100_000) {
			key := fmt.Sprint(c.Key("7"), ":stats")
			cmds = append(cmds, rb.B().Hincrby().Key(key).Field("views").Increment(int64(n)).Build())
			if len(cmds) < cap(cmds) {
				continue
			}
			for _, r := range rb.DoMulti(t.Context(), cmds...) {
				if err := r.Error(); err != nil {
					t.Fatal(err)
				}
			}
			cmds = make(rueidis.Commands, 0, 1000)
		}
		// News of this write come after those of all before.
		if err := c.Set(t.Context(), "8", 1); err != nil {
			t.Fatal(err)
		}
		redistest.Eventually(t, patience, func() error {
			if c.Stats().Pushes == before.Pushes {
				return errors.New("no news of the own write")
			}
			return nil
		})
		after := c.Stats()
		if n := after.Pushes - before.Pushes; n > 3 { // of the write; a replica tells too
			t.Errorf("%d writes were counted, want that of the entry alone", n)
		}
		if r, err := c.Lookup(t.Context(), "7"); err != nil || r.Level != cache.Near {
			t.Errorf("the entry comes from %q, %v; want it in the process still", r.Level, err)
		}
		if after.NearOff {
			t.Error("the near level went off for writes of another owner")
		}
	}, redistest.Only("redis", "cluster"))
}

// nearly brings an entry into the process.
func nearly[V any](t testing.TB, c *cache.Cache[V], id string) {
	t.Helper()
	redistest.Eventually(t, patience, func() error {
		r, err := c.Lookup(t.Context(), id)
		if err == nil && r.Level != cache.Near {
			err = fmt.Errorf("%q comes from %q", id, r.Level)
		}
		return err
	})
}

func TestCachesWithOverlappingNamesLiveSideBySide(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		other := redistest.Another(t, rb)
		load := func(name string) cache.Load[string] {
			return func(_ context.Context, id string) (string, error) { return name + " " + id, nil }
		}
		profile := newCache(t, rb, "user:profile", cache.Options[string]{Load: load("profile"), NearUntracked: time.Hour})
		user := newCache(t, rb, "user", cache.Options[string]{Load: load("user"), NearUntracked: time.Hour})
		theirs := newCache(t, other, "user:profile", cache.Options[string]{})
		nearly(t, user, "1")
		nearly(t, profile, "1")
		if err := theirs.Set(ctx, "1", "new"); err != nil {
			t.Fatal(err)
		}
		redistest.Eventually(t, patience, func() error {
			if got := get(t, profile, "1"); got != "new" {
				return fmt.Errorf("profile is %q", got)
			}
			return nil
		})
		if r, err := user.Lookup(ctx, "1"); err != nil || r.Value != "user 1" || r.Level != cache.Near {
			t.Errorf("user: %+v, %v; want the value in the process", r, err)
		}
		if _, err := user.Get(ctx, "profile:1"); !errors.Is(err, cache.ErrNamespace) {
			t.Errorf("got %v, want ErrNamespace", err)
		}
		if n, err := user.Clear(ctx); err != nil || n != 1 {
			t.Errorf("Clear removed %d, %v; want the one entry of its own", n, err)
		}
		if !exists(t, rb, profile.Key("1")) {
			t.Error("Clear removed an entry of the other cache")
		}
	})
}

func TestNearLevelGoesOffWhileWrittenMoreThanRead(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		c := newCache(t, rb, "n", cache.Options[int64]{})
		writer := newCache(t, redistest.Another(t, rb), "n", cache.Options[int64]{})
		setAllNumbers(t, writer, 1)
		nearly(t, c, "0")
		for round := range 2 {
			redistest.Eventually(t, time.Minute, func() error {
				setAllNumbers(t, writer, 200)
				if !c.Stats().NearOff {
					return fmt.Errorf("round %d: still on after %d writes", round, c.Stats().Pushes)
				}
				return nil
			})
			if r, err := c.Lookup(t.Context(), "0"); err != nil || r.Level == cache.Near {
				t.Errorf("%+v, %v: served from a level that is off", r, err)
			}
			redistest.Eventually(t, time.Minute, func() error {
				for range 500 {
					get(t, c, "0")
				}
				if c.Stats().NearOff {
					return fmt.Errorf("round %d: still off", round)
				}
				return nil
			})
			nearly(t, c, "0")
		}
	}, redistest.Tracking)
}

func setAllNumbers(t testing.TB, c *cache.Cache[int64], times int) {
	t.Helper()
	for range times {
		values := map[string]int64{}
		for i := range numbersIDs {
			values[numberID(i)] = int64(i)
		}
		if err := c.SetMany(t.Context(), values); err != nil {
			t.Fatal(err)
		}
	}
}

func TestNearLevelIsBoundedByBytes(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		const bound, size = 1 << 18, 4096
		c := newCache(t, rb, "n", cache.Options[string]{
			NearBytes: bound, KeepBytes: true, NearUntracked: time.Hour,
			Load: func(_ context.Context, id string) (string, error) { return strings.Repeat(id[:1], size), nil },
		})
		most := uint64(0)
		for i := range 10 * bound / size {
			id := fmt.Sprint(i)
			nearly(t, c, id)
			if i%50 == 0 {
				most = max(most, c.Stats().NearBytes)
			}
		}
		s := c.Stats()
		if most = max(most, s.NearBytes); most > bound {
			t.Errorf("%d bytes were kept, want at most %d", most, bound)
		}
		if s.NearBytes < bound/4 || s.NearEntries == 0 || s.NearEntries > bound/size {
			t.Errorf("%d entries of %d bytes are kept in the end", s.NearEntries, s.NearBytes)
		}
	}, redistest.Only("embedded", "redis"))
}

func TestNearHitOfAStructCostsNoAllocation(t *testing.T) {
	rb := redistest.Open(t, "redis")
	var n atomic.Int64
	c := newCache(t, rb, "recipe", cache.Options[recipe]{
		Tags: func(string, recipe) []string { return []string{"recipes"} },
		Load: func(context.Context, string) (recipe, error) { return recipe{ID: int(n.Add(1)), Name: "soup"}, nil },
	})
	nearly(t, c, "7")
	ctx := t.Context()
	hits := c.Stats().NearHits
	if allocs := testing.AllocsPerRun(1000, func() {
		if r, err := c.Get(ctx, "7"); err != nil || r.ID != 1 {
			t.Fatal(r, err)
		}
	}); allocs != 0 {
		t.Errorf("%v allocations a hit, want none", allocs)
	}
	if got := c.Stats().NearHits - hits; got < 1000 {
		t.Errorf("%d near hits of 1001 reads", got)
	}
}

func netDialer(keepAlive time.Duration) net.Dialer { return net.Dialer{KeepAlive: keepAlive} }
