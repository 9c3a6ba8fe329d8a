package redbrick_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/redistest"
)

// sink gathers what one owner of a prefix hears.
type sink struct {
	mu      sync.Mutex
	keys    []string
	flushes atomic.Int64
}

func (s *sink) invalidated(key string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.keys = append(s.keys, key)
}

func (s *sink) flushed() { s.flushes.Add(1) }

func (s *sink) heard() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.keys)
}

// awaits waits until the sink hears of key, which is written again and again: right after a loss nobody listens yet.
func (s *sink) awaits(t *testing.T, rb *redbrick.Client, writer *redbrick.Client, key string) {
	t.Helper()
	for n := 0; ; n++ {
		mark := fmt.Sprint(key, "-", n)
		_ = get(t.Context(), rb.Tracked(), mark) // dials the connection anew if it is lost
		if err := put(t.Context(), &writer.Lane, mark, "v"); err != nil {
			t.Fatal(err)
		}
		for range 200 {
			if slices.Contains(s.heard(), mark) {
				return
			}
			timer := time.NewTimer(time.Millisecond)
			<-timer.C
		}
		if n == 100 {
			t.Fatalf("%s was never heard of", key)
		}
	}
}

func track(t *testing.T, rb *redbrick.Client, prefix string) *sink {
	t.Helper()
	s := &sink{}
	if err := rb.Track(t.Context(), rb.Namespace()+prefix, s.invalidated, s.flushed); err != nil {
		t.Fatal(err)
	}
	return s
}

// tap counts the invalidation messages that come over tracked connections.
type tap struct{ messages, tracked atomic.Int64 }

func (p *tap) dial(ctx context.Context, addr string, d *net.Dialer, _ *tls.Config) (net.Conn, error) {
	conn, err := d.DialContext(ctx, "tcp", addr)
	return &tappedConn{Conn: conn, tap: p}, err
}

type tappedConn struct {
	net.Conn

	tap  *tap
	rest []byte // the end of the last read, in which a message may begin
}

const push = ">2\r\n$10\r\ninvalidate\r\n"

func (c *tappedConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	all := append(c.rest, b[:n]...) //nolint:gocritic // rest is copied below
	c.tap.messages.Add(int64(bytes.Count(all, []byte(push))))
	c.rest = slices.Clone(all[max(0, len(all)-len(push)+1):])
	return n, err
}

func (c *tappedConn) Write(b []byte) (int, error) {
	if bytes.Contains(b, []byte("TRACKING")) {
		c.tap.tracked.Add(1)
	}
	return c.Conn.Write(b)
}

func TestCommandsOutsideTrackedPrefixesCauseNoMessage(t *testing.T) {
	t.Parallel()
	var p tap
	rb := redistest.Open(t, "redis", func(o *redbrick.Options) { o.Redis.DialCtxFn = p.dial })
	s := track(t, rb, "recipe:")
	ns := rb.Namespace()
	s.awaits(t, rb, rb, ns+"recipe:1")
	before := p.messages.Load()
	if p.tracked.Load() == 0 || before == 0 {
		t.Fatalf("%d connections track, %d messages came: the tap is blind", p.tracked.Load(), before)
	}
	const batch = 500
	for done := 0; done < redistest.Scale(100_000); done += batch {
		cmds := make(rueidis.Commands, batch)
		for i := range cmds {
			key := fmt.Sprint(ns, []string{"feed:", "recipes:", "recip", "~l:{recipe:"}[i%4], done+i)
			switch i % 3 {
			case 0:
				cmds[i] = rb.B().Set().Key(key).Value("v").PxMilliseconds(5000).Build()
			case 1:
				cmds[i] = rb.B().Hset().Key(key).FieldValue().FieldValue("f", "v").Build()
			default:
				cmds[i] = rb.B().Unlink().Key(key).Build()
			}
		}
		for _, r := range rb.DoMulti(t.Context(), cmds...) {
			if err := r.Error(); err != nil {
				t.Fatal(err)
			}
		}
	}
	// An answer on the tracked connection comes after every message that was sent before.
	if err := get(t.Context(), rb.Tracked(), ns+"recipe:1"); err != nil && !rueidis.IsRedisNil(err) {
		t.Fatal(err)
	}
	if n := p.messages.Load() - before; n != 0 {
		t.Errorf("%d messages came for commands outside of the prefix", n)
	}
}

// settled waits until the generation stays as it is: a Cluster client drops connections that it made twice at its start.
func settled(t *testing.T, rb *redbrick.Client) uint64 {
	t.Helper()
	last, same := rb.Generation().Load(), 0
	redistest.Eventually(t, time.Minute, func() error {
		if now := rb.Generation().Load(); now != last {
			last, same = now, 0
		}
		if same++; same < 20 {
			return errors.New("the generation moves")
		}
		return nil
	})
	return last
}

func TestCancelledBlockingReadsFlushNothing(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		s := track(t, rb, "recipe:")
		list := rb.Namespace() + "list"
		generation := settled(t, rb)
		flushes := s.flushes.Load()
		const reads = 100
		var wg sync.WaitGroup
		for range 10 {
			wg.Go(func() {
				for range reads / 10 {
					ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
					l := rb.Blocking()
					//repotest:allow commands its context, or Close, is what has to end it
					err := l.Do(ctx, l.B().Blpop().Key(list).Timeout(0).Build()).Error()
					cancel()
					if !errors.Is(err, context.DeadlineExceeded) {
						t.Errorf("got %v, want the context's error", err)
					}
				}
			})
		}
		wg.Wait()
		if err := get(t.Context(), rb.Tracked(), rb.Namespace()+"recipe:1"); !rueidis.IsRedisNil(err) {
			t.Errorf("tracked read: %v", err)
		}
		allowed := int64(0)
		if rb.Features().Cluster {
			allowed = 6 // a connection a node that was made twice may be dropped late, on a busy machine
		}
		if g, f := rb.Generation().Load(), s.flushes.Load(); f > flushes+allowed || (f == flushes) != (g == generation) {
			t.Errorf("generation %d and %d flushes, want %d and %d as before", g, f, generation, flushes)
		}
		if state := rb.State().State; state != redbrick.StateReady {
			t.Errorf("state %s: a caller who leaves is no failure", state)
		}
		// A blocking read outlives every deadline of other lanes and gets what comes. The list is another one: the server may
		// not know yet that all readers of the first have left.
		list += "2"
		got := make(chan error, 1)
		go func() {
			l := rb.Blocking()
			r, err := l.Do(t.Context(), l.B().Blpop().Key(list).Timeout(60).Build()).AsStrSlice()
			if err == nil && !slices.Equal(r, []string{list, "e"}) {
				err = fmt.Errorf("got %q", r)
			}
			got <- err
		}()
		if err := rb.Do(t.Context(), rb.B().Rpush().Key(list).Element("e").Build()).Error(); err != nil {
			t.Fatal(err)
		}
		if err := <-got; err != nil {
			t.Error(err)
		}
	}, redistest.With(func(o *redbrick.Options) { o.HotTimeout = 5 * time.Minute })) // nor does a machine that stands still
}

func TestOverlappingPrefixesAreToldToTheLongest(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ns := rb.Namespace()
		profile := track(t, rb, "user:profile:")
		user := track(t, rb, "user:")
		if err := rb.Track(t.Context(), ns+"user:", func(string) {}, func() {}); !errors.Is(err, redbrick.ErrConfig) {
			t.Errorf("a second owner of a prefix: got %v, want ErrConfig", err)
		}
		user.awaits(t, rb, rb, ns+"user:7")
		profile.awaits(t, rb, rb, ns+"user:profile:7")
		for _, key := range user.heard() {
			if strings.HasPrefix(key, ns+"user:profile:") {
				t.Errorf("the owner of user: heard of %s", key)
			}
		}
		for _, key := range profile.heard() {
			if !strings.HasPrefix(key, ns+"user:profile:") {
				t.Errorf("the owner of user:profile: heard of %s", key)
			}
		}
	}, redistest.Only("redis", "cluster"))
}

func TestKilledTrackedConnectionFlushesAndHearsAgain(t *testing.T) {
	t.Parallel()
	s := redistest.Private(t)
	rb, writer := redistest.OpenURL(t, s.URL()), redistest.OpenURL(t, s.URL())
	heard := track(t, rb, "recipe:")
	key := rb.Namespace() + "recipe:1"
	heard.awaits(t, rb, writer, key)
	for range 5 {
		generation, flushes := rb.Generation().Load(), heard.flushes.Load()
		killTracked(t, s)
		redistest.Eventually(t, time.Minute, func() error {
			if rb.Generation().Load() == generation || heard.flushes.Load() == flushes {
				return errors.New("the loss was not noticed")
			}
			return nil
		})
		heard.awaits(t, rb, writer, key)
	}
}

// killTracked ends every connection of the server that tracks.
func killTracked(t *testing.T, s *redistest.Server) {
	t.Helper()
	killed := 0
	for line := range strings.Lines(s.Do("CLIENT", "LIST")) {
		fields := map[string]string{}
		for _, f := range strings.Fields(line) {
			name, value, _ := strings.Cut(f, "=")
			fields[name] = value
		}
		if strings.Contains(fields["flags"], "t") {
			s.Do("CLIENT", "KILL", "ID", fields["id"])
			killed++
		}
	}
	if killed == 0 {
		t.Error("no connection tracks")
	}
}

// silence cuts the link without a word and returns how long it took until the client knew.
func silence(t *testing.T, rb *redbrick.Client, proxy *redistest.Proxy, quiet bool) time.Duration {
	t.Helper()
	var generation uint64
	redistest.Eventually(t, time.Minute, func() error { // a link that a busy machine has lost, and nobody needed since, cannot die
		generation = settled(t, rb)
		if err := put(t.Context(), rb.Tracked(), rb.Namespace()+"k", "v"); err != nil {
			return err
		}
		if now := rb.Generation().Load(); now != generation || now&1 == 1 {
			return errors.New("invalidations do not arrive")
		}
		return nil
	})
	done := make(chan struct{})
	var wg sync.WaitGroup
	if !quiet { // replies up to the last moment put the ping off
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					_ = get(t.Context(), rb.Tracked(), "k")
				}
			}
		})
	}
	proxy.Blackhole(true)
	began := time.Now()
	redistest.Eventually(t, 15*time.Second, func() error {
		if rb.Generation().Load() == generation {
			return errors.New("nobody noticed that the link is dead")
		}
		return nil
	})
	took := time.Since(began)
	close(done)
	proxy.Heal()
	wg.Wait()
	return took
}

func TestSilentlyDeadLinkIsNoticed(t *testing.T) {
	t.Parallel()
	for name, edit := range modes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := redistest.Private(t)
			proxy := redistest.NewProxy(t, s.Addr())
			rb := redistest.OpenURL(t, "redis://"+proxy.Addr(), edit(t, s, proxy), func(o *redbrick.Options) { o.HotTimeout = short })
			track(t, rb, "recipe:")
			t.Logf("noticed after %v", silence(t, rb, proxy, name == "pubsub"))
			redistest.Eventually(t, time.Minute, func() error {
				if rb.Generation().Load()&1 == 1 {
					return errors.New("invalidations do not arrive")
				}
				return put(t.Context(), &rb.Lane, "k", "v")
			})
		})
	}
}

// A machine that stands still for a moment must cost no test the invalidations that it relies on, nor the server itself, which a
// call that met a deadline puts in doubt.
func TestClientsOfTestsBearWithASlowLink(t *testing.T) {
	t.Parallel()
	for name, edit := range modes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := redistest.Private(t)
			proxy := redistest.NewProxy(t, s.Addr())
			var errs atomic.Int64
			rb := redistest.OpenURL(t, "redis://"+proxy.Addr(), edit(t, s, proxy), func(o *redbrick.Options) {
				o.OnState = func(e redbrick.StateEvent) {
					if e.State == redbrick.StateError {
						errs.Add(1)
					}
				}
			})
			track(t, rb, "recipe:")
			generation := settled(t, rb)
			proxy.Hold(true)
			if err := get(t.Context(), rb.Within(time.Millisecond), "k"); !errors.Is(err, redbrick.ErrTimeout) {
				t.Errorf("got %v, want ErrTimeout", err)
			}
			held := time.NewTimer(2 * time.Second) // a service would have noticed
			<-held.C
			proxy.Hold(false)
			if err := put(t.Context(), rb.Tracked(), rb.Namespace()+"k", "v"); err != nil {
				t.Error(err)
			}
			if now := rb.Generation().Load(); now != generation {
				t.Errorf("generation %d, want %d as before", now, generation)
			}
			if n := errs.Load(); n != 0 {
				t.Errorf("the breaker opened %d times", n)
			}
		})
	}
}

// modes are the two ways in which invalidations arrive.
var modes = map[string]func(t *testing.T, s *redistest.Server, p *redistest.Proxy) func(*redbrick.Options){
	"tracking": func(*testing.T, *redistest.Server, *redistest.Proxy) func(*redbrick.Options) {
		return func(*redbrick.Options) {}
	},
	"pubsub": func(_ *testing.T, s *redistest.Server, _ *redistest.Proxy) func(*redbrick.Options) {
		s.Do("ACL", "SETUSER", "untracked", "on", ">pw", "~*", "&*", "+@all", "-client|tracking")
		return func(o *redbrick.Options) { o.Username, o.Password = "untracked", "pw" }
	},
}

// Near caches are off only until the tracked connection can be had.
func TestTrackedConnectionIsMendedInTheBackground(t *testing.T) {
	t.Parallel()
	for name, edit := range modes {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := redistest.Private(t)
			proxy := redistest.NewProxy(t, s.Addr())
			rb := redistest.OpenURL(t, "redis://"+proxy.Addr(), edit(t, s, proxy))
			proxy.Refuse() // open connections go on: the breaker stays closed
			track(t, rb, "recipe:")
			if rb.Generation().Load()&1 == 0 {
				t.Fatal("invalidations are said to arrive")
			}
			proxy.Heal()
			redistest.Eventually(t, time.Minute, func() error {
				if rb.Generation().Load()&1 == 1 {
					return errors.New("invalidations do not arrive")
				}
				return nil
			})
		})
	}
}

// Each near cache that is made needs a tracked connection that hears of its prefix too: those who read on the one of before
// are answered all the same.
func TestNearCachesThatAreAddedCostNoReadItsAnswer(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		track(t, rb, "first:")
		var done atomic.Bool
		var wg sync.WaitGroup
		for g := range 6 {
			wg.Go(func() {
				for i := g; !done.Load(); i++ {
					key := func() string { i++; return fmt.Sprint(rb.Namespace(), "k", i%100) }
					l := rb.Tracked()
					results := l.DoMulti(t.Context(), l.B().Get().Key(key()).Build(), l.B().Pttl().Key(key()).Build())
					for _, r := range append(results, l.Do(t.Context(), l.B().Get().Key(key()).Build())) {
						if err := r.NonRedisError(); err != nil {
							t.Errorf("a read: %v", err)
							return
						}
					}
				}
			})
		}
		for i := range 30 {
			track(t, rb, fmt.Sprint("p", i, ":"))
		}
		done.Store(true)
		wg.Wait()
		if s := rb.State(); s.State != redbrick.StateReady {
			t.Errorf("state %+v", s)
		}
	})
}

// A server that answers later than a tracked connection may is no server that is away, and none that does not track.
func TestASlowServerIsOpenedAndTracksWhenItIsFaster(t *testing.T) {
	t.Parallel()
	s := redistest.Private(t)
	proxy := redistest.NewProxy(t, s.Addr())
	proxy.Delay(800*time.Millisecond, redistest.ToClient)
	rb := redistest.OpenURL(t, "redis://"+proxy.Addr())
	if !rb.Features().Tracking {
		t.Error("the server is said not to track")
	}
	proxy.Delay(0)
	heard := track(t, rb, "recipe:")
	redistest.Eventually(t, time.Minute, func() error {
		if rb.Generation().Load()&1 == 1 {
			return errors.New("invalidations do not arrive")
		}
		return nil
	})
	heard.awaits(t, rb, redistest.OpenURL(t, s.URL()), rb.Namespace()+"recipe:1")
}

// A prefix that is added while no connection can be made is not covered by the tracked connection that is there: no near
// cache may rely on it.
func TestAPrefixThatTheTrackedConnectionDoesNotCoverIsNotTrusted(t *testing.T) {
	t.Parallel()
	s := redistest.Private(t)
	proxy := redistest.NewProxy(t, s.Addr())
	rb := redistest.OpenURL(t, "redis://"+proxy.Addr())
	writer := redistest.OpenURL(t, s.URL())
	first := track(t, rb, "recipe:")
	first.awaits(t, rb, writer, rb.Namespace()+"recipe:1")
	proxy.Refuse() // open connections go on
	second := track(t, rb, "user:")
	if rb.Generation().Load()&1 == 0 {
		t.Error("invalidations are said to arrive, but nobody asked for those of the new prefix")
	}
	killTracked(t, s) // the end of what is there must not be taken for a beginning
	proxy.Heal()
	redistest.Eventually(t, time.Minute, func() error {
		if rb.Generation().Load()&1 == 1 {
			return errors.New("invalidations do not arrive")
		}
		return nil
	})
	first.awaits(t, rb, writer, rb.Namespace()+"recipe:2")
	second.awaits(t, rb, writer, rb.Namespace()+"user:1")
}
