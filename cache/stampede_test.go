package cache_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/cache"
	"github.com/redbrick-go/redbrick/redistest"
)

// crowd is many readers of one id.
type crowd []<-chan reply[row]

// gather lets n readers ask for an id, and returns when all of them wait for a load, or have read what a load has stored
// already where the machine is slower than the load.
func gather(t testing.TB, c *cache.Cache[row], id string, n int) crowd {
	t.Helper()
	looked := func() int64 { s := c.Stats(); return s.Misses + s.Hits + s.NearHits }
	before := looked()
	all := make(crowd, n)
	for i := range all {
		all[i] = askFor(t.Context(), c, id)
	}
	redistest.Eventually(t, 30*time.Second, func() error {
		if got := looked() - before; got < int64(n) {
			return fmt.Errorf("%d of %d wait", got, n)
		}
		return nil
	})
	return all
}

func (c crowd) expect(t testing.TB, who string, r row) {
	t.Helper()
	for _, got := range c {
		expect(t, who, got, r)
	}
}

func failure[V any](t testing.TB, got <-chan reply[V]) error {
	t.Helper()
	select {
	case a := <-got:
		return a.err
	case <-t.Context().Done():
		t.Fatal("no answer")
		return nil
	}
}

// TestALoaderThatFailsHarmsNobodyElse: one that panics, or ends its goroutine, is an error for the reader that ran it. The
// others, in its process and elsewhere, get the value of one more load.
func TestALoaderThatFailsHarmsNobodyElse(t *testing.T) {
	t.Parallel()
	for name, fail := range map[string]func(){
		"panic":  func() { panic("the database driver has a bug") },
		"goexit": runtime.Goexit,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
				began, open := make(chan struct{}), make(chan struct{})
				var loads atomic.Int64
				o := cache.Options[row]{Load: func(_ context.Context, id string) (row, error) {
					if loads.Add(1) == 1 {
						close(began)
						<-open
						fail()
					}
					return row{id, 1}, nil
				}}
				here, there := newCache(t, rb, "recipe", o), newCache(t, redistest.Another(t, rb), "recipe", o)
				first := askFor(t.Context(), here, "a")
				<-began
				near, far := gather(t, here, "a", 50), gather(t, there, "a", 50)
				close(open)
				if err := failure(t, first); !errors.Is(err, cache.ErrLoadPanic) {
					t.Errorf("the first got %v, want ErrLoadPanic", err)
				}
				near.expect(t, "in the process", row{"a", 1})
				far.expect(t, "elsewhere", row{"a", 1})
				if n := loads.Load(); n != 2 {
					t.Errorf("loads: got %d, want 2", n)
				}
			})
		})
	}
}

// TestALoaderThatHangsHarmsNobodyElse: the others load by themselves after the soft timeout, without storing, and what
// comes after the end of its lease is stored again. The loader does not even look at its context.
func TestALoaderThatHangsHarmsNobodyElse(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		const soft = 100 * time.Millisecond
		began, end := make(chan struct{}), make(chan struct{})
		var loads atomic.Int64
		o := cache.Options[row]{
			LoadTimeout: 5 * time.Second, SoftTimeout: soft,
			Load: func(_ context.Context, id string) (row, error) {
				switch n := loads.Add(1); {
				case id == "alone":
					<-end
				case n == 1:
					close(began)
					<-end
				}
				return row{id, 1}, nil
			},
		}
		here, there := newCache(t, rb, "recipe", o), newCache(t, redistest.Another(t, rb), "recipe", o)
		first := askFor(t.Context(), here, "a")
		<-began
		since := time.Now()
		near, far := gather(t, here, "a", 50), gather(t, there, "a", 50)
		near.expect(t, "in the process", row{"a", 1})
		far.expect(t, "elsewhere", row{"a", 1})
		// The first, and in each process one for those who came while the patience of others lasted.
		if n, most := loads.Load(), 1+2*int64(1+time.Since(since)/soft); n > most {
			t.Errorf("100 readers ran %d loads in %v, want %d at most", n, time.Since(since), most)
		}
		expect(t, "the first", first, row{"a", 1}) // gets what the others have loaded
		redistest.Eventually(t, 40*time.Second, func() error {
			if _, err := there.Get(t.Context(), "a"); err != nil {
				return err
			}
			if _, ok, err := there.Peek(cache.Fresh(t.Context()), "a"); err != nil || !ok {
				return fmt.Errorf("not stored: %v", err)
			}
			return nil
		})
		if _, err := here.Get(t.Context(), "alone"); !errors.Is(err, cache.ErrLoadTimeout) {
			t.Errorf("alone: got %v, want ErrLoadTimeout", err)
		}
		close(end)
	})
}

// TestALoaderSlowerThanThePatienceAnswers: readers who all wait longer than SoftTimeout get the first answer that comes, and
// do not chase each other from load to load.
func TestALoaderSlowerThanThePatienceAnswers(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		const patience = 20 * time.Millisecond
		var loads atomic.Int64
		open := make(chan struct{})
		c := newCache(t, rb, "recipe", cache.Options[row]{SoftTimeout: patience, Load: func(_ context.Context, id string) (row, error) {
			loads.Add(1)
			<-open
			return row{id, 1}, nil
		}})
		readers := gather(t, c, "a", 50)
		since := time.Now()
		redistest.Eventually(t, 20*time.Second, func() error {
			if time.Since(since) < 25*patience {
				return errors.New("they wait")
			}
			return nil
		})
		if n := loads.Load(); n < 2 || n > 8 { // the first, and those after 1, 3, 7 and 15 times the patience if somebody came meanwhile
			t.Errorf("50 readers ran %d loads while they waited, want a few", n)
		}
		close(open)
		readers.expect(t, "a reader", row{"a", 1})
	})
}

// TestACallerThatLeavesHarmsNobodyElse: the load of a reader that cancels goes on for the others, once.
func TestACallerThatLeavesHarmsNobodyElse(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		db := newTable()
		db.write("a")
		here := newCache(t, rb, "recipe", cache.Options[row]{Load: db.load})
		there := newCache(t, redistest.Another(t, rb), "recipe", cache.Options[row]{Load: db.load})
		stop := db.stop("a")
		ctx, leave := context.WithCancel(t.Context())
		first := askFor(ctx, here, "a")
		<-stop.reached
		near, far := gather(t, here, "a", 20), gather(t, there, "a", 20)
		leave()
		if err := failure(t, first); !errors.Is(err, context.Canceled) {
			t.Errorf("the first got %v, want context.Canceled", err)
		}
		close(stop.open)
		near.expect(t, "in the process", row{"a", 1})
		far.expect(t, "elsewhere", row{"a", 1})
		if n := db.loaded("a"); n != 1 {
			t.Errorf("loads: got %d, want 1", n)
		}
	})
}

// TestALoaderRunsOnceThoughStoringFails: the value goes to all who wait, whether they came before the load or during it.
func TestALoaderRunsOnceThoughStoringFails(t *testing.T) {
	t.Parallel()
	once := func(t *testing.T, c *cache.Cache[row], db *table, meanwhile func()) {
		t.Helper()
		db.write("a")
		stop := db.stop("a")
		first := gather(t, c, "a", 1)
		<-stop.reached
		others := gather(t, c, "a", 50)
		meanwhile()
		close(stop.open)
		first.expect(t, "first", row{"a", 1})
		others.expect(t, "others", row{"a", 1})
		if n := db.loaded("a"); n != 1 {
			t.Errorf("loads: got %d, want 1", n)
		}
	}
	t.Run("too large", func(t *testing.T) {
		t.Parallel()
		redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
			db := newTable()
			c := newCache(t, rb, "recipe", cache.Options[row]{Load: db.load, MaxBytes: 5})
			once(t, c, db, func() {})
			if n := c.Stats().TooLarge; n != 1 {
				t.Errorf("too large: got %d, want 1", n)
			}
			// Nothing holds back the next load.
			expect(t, "next", askFor(t.Context(), c, "a"), row{"a", 1})
			// Nor does it hide an invalidation.
			other := newCache(t, redistest.Another(t, rb), "recipe", cache.Options[row]{Load: db.load, MaxBytes: 5})
			stop := db.stop("a")
			old := askFor(t.Context(), c, "a")
			<-stop.reached
			db.write("a")
			if err := other.Delete(t.Context(), "a"); err != nil {
				t.Fatal(err)
			}
			late := gather(t, c, "a", 5)
			close(stop.open)
			late.expect(t, "after the invalidation", row{"a", 2})
			if err := failure(t, old); err != nil {
				t.Error(err)
			}
		})
	})
	t.Run("negative answers are not kept", func(t *testing.T) {
		t.Parallel()
		redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
			db := newTable()
			c := newCache(t, rb, "recipe", cache.Options[row]{Load: db.load, NegativeTTL: -1})
			stop := db.stop("a")
			first := gather(t, c, "a", 1)
			<-stop.reached
			others := gather(t, c, "a", 20)
			close(stop.open)
			for _, got := range append(first, others...) {
				if err := failure(t, got); !errors.Is(err, cache.ErrNotFound) {
					t.Errorf("got %v, want ErrNotFound", err)
				}
			}
			if n := db.loaded("a"); n != 1 {
				t.Errorf("loads: got %d, want 1", n)
			}
		})
	})
	t.Run("the link is cut during the load", func(t *testing.T) {
		t.Parallel()
		proxy := redistest.NewProxy(t, redistest.Private(t).Addr())
		rb := redistest.OpenURL(t, "redis://"+proxy.Addr())
		db := newTable()
		c := newCache(t, rb, "recipe", cache.Options[row]{Load: db.load, DownTTL: time.Minute})
		once(t, c, db, proxy.Cut)
		for range 5 { // and answers while Redis is away
			expect(t, "next", askFor(t.Context(), c, "a"), row{"a", 1})
		}
		if n := db.loaded("a"); n != 1 {
			t.Errorf("loads: got %d, want 1", n)
		}
		// What this process itself invalidates is not answered from there.
		db.write("a")
		if err := c.Delete(t.Context(), "a"); !errors.Is(err, redbrick.ErrUnavailable) {
			t.Errorf("got %v, want ErrUnavailable", err)
		}
		expect(t, "after Delete", askFor(t.Context(), c, "a"), row{"a", 2})
	})
}

// TestAReaderNeverJoinsALoadThatMayBeTooOld: a load was overtaken twice by another process, so that its value goes to those
// alone who had asked before it began.
func TestAReaderNeverJoinsALoadThatMayBeTooOld(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		db := newTable()
		here := newCache(t, rb, "recipe", cache.Options[row]{Load: db.load})
		there := newCache(t, redistest.Another(t, rb), "recipe", cache.Options[row]{Load: db.load})
		overtake := func() {
			db.write("a")
			if err := there.Delete(t.Context(), "a"); err != nil {
				t.Fatal(err)
			}
		}
		db.write("a")
		stop := db.stop("a")
		first := askFor(t.Context(), here, "a")
		<-stop.reached
		overtake()
		again := db.stop("a")
		close(stop.open)
		<-again.reached // with version 2
		overtake()
		late := gather(t, here, "a", 10)
		close(again.open)
		late.expect(t, "late", row{"a", 3})
		expect(t, "first", first, row{"a", 2})
	})
}

// TestADisabledCacheJoinsNoOlderLoad: there is nothing to invalidate, so a read is as new as its beginning.
func TestADisabledCacheJoinsNoOlderLoad(t *testing.T) {
	t.Parallel()
	rb := redistest.Open(t, "embedded", func(o *redbrick.Options) { o.Cache.Disabled = true })
	db := newTable()
	o := cache.Options[row]{Load: db.load, Tags: func(id string, _ row) []string { return []string{"tag of " + id} }}
	c := newCache(t, rb, "recipe", o)
	ways := invalidations()
	ways = append(ways, invalidation{name: "of another process", do: func(_ context.Context, _ *cache.Cache[row], s *table, id string) error {
		s.write(id)
		return nil
	}})
	for _, way := range ways {
		if way.name == "WriteThrough" {
			continue // the test of it holds here too
		}
		id := way.name + "1"
		db.write(id)
		stop := db.stop(id)
		first := askFor(t.Context(), c, id)
		<-stop.reached
		if err := way.do(t.Context(), c, db, id); err != nil {
			t.Fatal(err)
		}
		var late crowd
		for range 20 {
			late = append(late, askFor(t.Context(), c, id))
		}
		for range 10_000 { // lets them look for a load to join, of which there is no sign
			runtime.Gosched()
		}
		close(stop.open)
		late.expect(t, way.name+": late", row{id, 2})
		expect(t, way.name+": first", first, row{id, 1})
	}
}

// TestWaitersPollNothing: not while the subscription that wakes them is being made anew either.
func TestWaitersPollNothing(t *testing.T) {
	t.Parallel()
	server := redistest.Private(t)
	rb := redistest.OpenURL(t, server.URL())
	db := newTable()
	db.write("a")
	here := newCache(t, rb, "recipe", cache.Options[row]{Load: db.load})
	there := newCache(t, redistest.Another(t, rb), "recipe", cache.Options[row]{Load: db.load})
	stop := db.stop("a")
	first := askFor(t.Context(), here, "a")
	<-stop.reached
	waiters := gather(t, there, "a", 20)
	redistest.Eventually(t, 20*time.Second, func() error {
		if there.Stats().Waits == 0 {
			return errors.New("nobody waits")
		}
		return nil
	})
	server.ResetCommands()
	since := time.Now()
	for range 5 {
		server.Do("CLIENT", "KILL", "TYPE", "pubsub")
		redistest.Eventually(t, 20*time.Second, func() error { // they come back
			if n := strings.Count(server.Do("CLIENT", "LIST", "TYPE", "pubsub"), "id="); n < 1 {
				return fmt.Errorf("%d subscriptions", n)
			}
			return nil
		})
	}
	// The counters of each process come along every few seconds.
	if n, most := server.Commands().Total("evalsha", "eval", "get", "pttl"), 30+2*int64(time.Since(since)/time.Second); n > most {
		t.Errorf("the waiters sent %d commands while their subscription was lost 5 times in %v, want %d at most", n, time.Since(since), most)
	}
	close(stop.open)
	expect(t, "first", first, row{"a", 1})
	waiters.expect(t, "waiter", row{"a", 1})
	if n := db.loaded("a"); n != 1 {
		t.Errorf("loads: got %d, want 1", n)
	}
}
