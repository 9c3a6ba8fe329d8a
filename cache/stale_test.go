package cache_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/cache"
	"github.com/redbrick-go/redbrick/redistest"
)

// row is what the fake databases of the tests of stale fills hold: N grows with every write.
type row struct {
	ID string
	N  int64
}

// table is a fake database. A load reads the row first and stops at the gate after, where it holds what may have become
// the old value.
type table struct {
	mu    sync.Mutex
	rows  map[string]int64
	loads map[string]int
	gates map[string]*loadGate
}

// loadGate stops one load of an id.
type loadGate struct{ reached, open chan struct{} }

func newTable() *table {
	return &table{rows: map[string]int64{}, loads: map[string]int{}, gates: map[string]*loadGate{}}
}

// write gives the row of an id its next version.
func (s *table) write(id string) row {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.rows[id]++
	return row{id, s.rows[id]}
}

// stop makes the next load of an id stop after it has read the row.
func (s *table) stop(id string) *loadGate {
	s.mu.Lock()
	defer s.mu.Unlock()
	g := &loadGate{reached: make(chan struct{}), open: make(chan struct{})}
	s.gates[id] = g
	return g
}

func (s *table) loaded(id string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.loads[id]
}

func (s *table) load(_ context.Context, id string) (row, error) {
	s.mu.Lock()
	r := row{id, s.rows[id]}
	s.loads[id]++
	g := s.gates[id]
	delete(s.gates, id)
	s.mu.Unlock()
	if g != nil {
		close(g.reached)
		<-g.open
	}
	if r.N == 0 {
		return row{}, cache.ErrNotFound
	}
	return r, nil
}

// reply is what a read gave.
type reply[V any] struct {
	value V
	err   error
}

// askFor reads in the background.
func askFor[V any](ctx context.Context, c *cache.Cache[V], id string) <-chan reply[V] {
	got := make(chan reply[V], 1)
	go func() {
		v, err := c.Get(ctx, id)
		got <- reply[V]{v, err}
	}()
	return got
}

// expect waits for an answer and compares it.
func expect[V comparable](t testing.TB, who string, got <-chan reply[V], value V) {
	t.Helper()
	select {
	case a := <-got:
		if a.err != nil || a.value != value {
			t.Errorf("%s: got %v, %v, want %v", who, a.value, a.err, value)
		}
	case <-t.Context().Done():
		t.Fatalf("%s: no answer", who)
	}
}

// invalidation is a way to change a row and to tell the cache.
type invalidation struct {
	name   string
	tagged bool
	do     func(ctx context.Context, c *cache.Cache[row], s *table, id string) error
}

func invalidations() []invalidation {
	return []invalidation{
		{"Delete", false, func(ctx context.Context, c *cache.Cache[row], s *table, id string) error {
			s.write(id)
			return c.Delete(ctx, id)
		}},
		{"DeleteOfSeveral", true, func(ctx context.Context, c *cache.Cache[row], s *table, id string) error {
			s.write(id)
			return c.Delete(ctx, "other", id, "another")
		}},
		{"InvalidateTags", true, func(ctx context.Context, c *cache.Cache[row], s *table, id string) error {
			s.write(id)
			return c.InvalidateTags(ctx, "unrelated", "tag of "+id)
		}},
		{"DeleteMatch", false, func(ctx context.Context, c *cache.Cache[row], s *table, id string) error {
			s.write(id)
			_, err := c.DeleteMatch(ctx, id[:len(id)-1]+"?")
			return err
		}},
		{"Clear", true, func(ctx context.Context, c *cache.Cache[row], s *table, id string) error {
			s.write(id)
			_, err := c.Clear(ctx)
			return err
		}},
		{"Set", false, func(ctx context.Context, c *cache.Cache[row], s *table, id string) error {
			return c.Set(ctx, id, s.write(id))
		}},
		{"SetMany", true, func(ctx context.Context, c *cache.Cache[row], s *table, id string) error {
			return c.SetMany(ctx, map[string]row{id: s.write(id), "other": {}})
		}},
		{"WriteThrough", false, func(ctx context.Context, c *cache.Cache[row], s *table, id string) error {
			got, err := c.WriteThrough(ctx, id, func(context.Context) error { s.write(id); return nil })
			if err == nil && got.N != 2 {
				err = fmt.Errorf("got %v back, want version 2", got)
			}
			return err
		}},
	}
}

// TestALoadOvertakenByAnInvalidationIsSeenByNobody: the leader of the load, those who wait with it in its process and in
// another, and all who come later get the new row, whatever the way of the invalidation and whoever does it.
func TestALoadOvertakenByAnInvalidationIsSeenByNobody(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		far := redistest.Another(t, rb)
		for _, tagged := range []bool{false, true} {
			for _, noNear := range []bool{false, true} {
				db := newTable()
				o := cache.Options[row]{Load: db.load, NoNear: noNear}
				if tagged {
					o.Tags = func(id string, _ row) []string { return []string{"tag of " + id} }
				}
				name := fmt.Sprintf("tags=%t:near=%t", tagged, !noNear)
				name = strings.NewReplacer("=", "-").Replace(name)
				here, there := newCache(t, rb, name, o), newCache(t, far, name, o)
				for _, inv := range invalidations() {
					if inv.tagged && !tagged {
						continue
					}
					t.Run(name+"/here/"+inv.name, func(t *testing.T) { overtake(t, here, there, here, db, inv, inv.name+"-here-1") })
					t.Run(name+"/there/"+inv.name, func(t *testing.T) { overtake(t, here, there, there, db, inv, inv.name+"-there-1") })
				}
			}
		}
	})
}

func overtake(t *testing.T, here, there, by *cache.Cache[row], db *table, inv invalidation, id string) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	db.write(id)
	stop := db.stop(id)
	misses, waits := here.Stats().Misses, there.Stats().Waits
	leader := askFor(ctx, here, id)
	<-stop.reached
	joiner, waiter := askFor(ctx, here, id), askFor(ctx, there, id)
	redistest.Eventually(t, 20*time.Second, func() error {
		if here.Stats().Misses < misses+2 || there.Stats().Waits < waits+1 {
			return errors.New("the others do not wait yet")
		}
		return nil
	})
	if err := inv.do(ctx, by, db, id); err != nil {
		t.Fatal(err)
	}
	fresh := row{id, 2}
	own, near, far := askFor(ctx, by, id), askFor(cache.Fresh(ctx), here, id), askFor(cache.Fresh(ctx), there, id)
	open := sync.OnceFunc(func() { close(stop.open) })
	if inv.name == "InvalidateTags" {
		open() // the lease of the load is still held: tags know of no leases
	}
	// Those who come after the invalidation do not wait for the load.
	expect(t, "after the invalidation, where it was done", own, fresh)
	expect(t, "after the invalidation, in the loading process", near, fresh)
	expect(t, "after the invalidation, in the other process", far, fresh)
	open()
	expect(t, "leader", leader, fresh)
	expect(t, "joiner", joiner, fresh)
	expect(t, "waiter in the other process", waiter, fresh)
	for _, c := range []*cache.Cache[row]{here, there} {
		for range 2 { // the first may fill the near cache, the second reads it
			expect(t, "later", askFor(ctx, c, id), fresh)
		}
		expect(t, "later, from Redis", askFor(cache.Fresh(ctx), c, id), fresh)
	}
}

// TestAWriteOfAnotherProgramDuringTheLoadWins: what a foreign program stores while a load runs is not overwritten.
func TestAWriteOfAnotherProgramDuringTheLoadWins(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		db := newTable()
		c := newCache(t, rb, "recipe", cache.Options[row]{Load: db.load})
		foreign := func(id string) string {
			b, err := json.Marshal(row{id, 7})
			if err != nil {
				t.Fatal(err)
			}
			return string(b)
		}
		for _, way := range []struct {
			id   string
			do   func(id string) error
			want int64
		}{
			{"SETEX", func(id string) error {
				return rb.Do(ctx, rb.B().Setex().Key(c.Key(id)).Seconds(3600).Value(foreign(id)).Build()).Error()
			}, 7},
			{"SET", func(id string) error {
				return rb.Do(ctx, rb.B().Set().Key(c.Key(id)).Value(foreign(id)).Build()).Error()
			}, 7},
			// A key of another type is no value: the load that it overtook is repeated, and replaces it.
			{"HSET", func(id string) error {
				db.write(id)
				return rb.Do(ctx, rb.B().Hset().Key(c.Key(id)).FieldValue().FieldValue("a", "b").Build()).Error()
			}, 2},
			// Documented: nobody can see that an absent key was deleted.
			{"DEL", func(id string) error {
				db.write(id)
				return rb.Do(ctx, rb.B().Del().Key(c.Key(id)).Build()).Error()
			}, 1},
		} {
			t.Run(way.id, func(t *testing.T) {
				db.write(way.id)
				stop := db.stop(way.id)
				leader := askFor(ctx, c, way.id)
				<-stop.reached
				if err := way.do(way.id); err != nil {
					t.Fatal(err)
				}
				close(stop.open)
				expect(t, "leader", leader, row{way.id, way.want})
				expect(t, "later", askFor(cache.Fresh(ctx), c, way.id), row{way.id, way.want})
			})
		}
	})
}

// TestADeleteByAnotherProgramOfAnEntryBeingRefreshedWins: the entry was there when the refresh began, so its end shows.
func TestADeleteByAnotherProgramOfAnEntryBeingRefreshedWins(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		db := newTable()
		c := newCache(t, rb, "recipe", cache.Options[row]{Load: db.load, TTL: time.Millisecond, StaleFor: time.Hour, NoNear: true})
		db.write("a")
		expect(t, "first", askFor(ctx, c, "a"), row{"a", 1})
		stop := db.stop("a")
		redistest.Eventually(t, 20*time.Second, func() error { // past its TTL it is refreshed
			if r, err := c.Lookup(ctx, "a"); err != nil || r.Level != cache.Stale {
				return fmt.Errorf("got %v, %v", r, err)
			}
			return nil
		})
		<-stop.reached
		db.write("a")
		if err := rb.Do(ctx, rb.B().Del().Key(c.Key("a")).Build()).Error(); err != nil {
			t.Fatal(err)
		}
		refused := c.Stats().Refused
		close(stop.open)
		redistest.Eventually(t, 20*time.Second, func() error {
			if n := c.Stats().Refused; n != refused+1 {
				return fmt.Errorf("refused: got %d, want %d", n, refused+1)
			}
			return nil
		})
		expect(t, "after", askFor(ctx, c, "a"), row{"a", 2})
	})
}

// TestWriteThroughLeavesTheLastRowOfTheDatabase: of two writers in two processes the one that reached the database last is
// the one in the cache, in whatever order they get to the cache.
func TestWriteThroughLeavesTheLastRowOfTheDatabase(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
		defer cancel()
		db := newTable()
		far := redistest.Another(t, rb)
		caches := []*cache.Cache[row]{
			newCache(t, rb, "recipe", cache.Options[row]{Load: db.load}),
			newCache(t, far, "recipe", cache.Options[row]{Load: db.load}),
		}
		seed := rand.Uint64()
		rng := rand.New(rand.NewPCG(seed, 0))
		for round := range redistest.Scale(2000) / 10 {
			id := fmt.Sprint("r", round)
			db.write(id)
			if rng.IntN(2) == 0 { // warm, or cold
				expect(t, "warm", askFor(ctx, caches[0], id), row{id, 1})
			}
			var wg sync.WaitGroup
			written := [2]chan struct{}{make(chan struct{}), make(chan struct{})}
			goOn := [2]chan struct{}{make(chan struct{}), make(chan struct{})}
			for i, c := range caches {
				wg.Go(func() {
					var mine row
					got, err := c.WriteThrough(ctx, id, func(context.Context) error {
						mine = db.write(id)
						close(written[i])
						<-goOn[i]
						return nil
					})
					if err != nil || got.N < mine.N {
						t.Errorf("seed %d, round %d: wrote %v, got back %v, %v", seed, round, mine, got, err)
					}
				})
			}
			<-written[0]
			<-written[1]
			first := rng.IntN(2)
			close(goOn[first])
			for range rng.IntN(200) {
				runtime.Gosched()
			}
			close(goOn[1-first])
			wg.Wait()
			for _, c := range caches {
				expect(t, fmt.Sprintf("seed %d, round %d", seed, round), askFor(cache.Fresh(ctx), c, id), row{id, 3})
			}
		}
	})
}

// TestWriteThroughDropsTheEntryAlsoWhereTheWriteFails: a write that fails, or panics, may have taken effect.
func TestWriteThroughDropsTheEntryAlsoWhereTheWriteFails(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		db := newTable()
		c := newCache(t, rb, "recipe", cache.Options[row]{Load: db.load})
		lost := errors.New("the connection to the database was lost")
		for i, write := range []func(context.Context) error{
			func(context.Context) error { db.write("a"); return lost },
			func(context.Context) error { db.write("a"); panic(lost) },
		} {
			if i == 0 {
				db.write("a")
			}
			expect(t, "before", askFor(ctx, c, "a"), row{"a", int64(i + 1)})
			expect(t, "before, near", askFor(ctx, c, "a"), row{"a", int64(i + 1)})
			func() {
				defer func() { _ = recover() }()
				if _, err := c.WriteThrough(ctx, "a", write); !errors.Is(err, lost) {
					t.Errorf("got %v, want the error of the write", err)
				}
			}()
			expect(t, "after", askFor(ctx, c, "a"), row{"a", int64(i + 2)})
		}
		// Also where the caller has gone meanwhile.
		gone, leave := context.WithCancel(ctx)
		_, err := c.WriteThrough(gone, "a", func(context.Context) error { db.write("a"); leave(); return gone.Err() })
		if !errors.Is(err, context.Canceled) {
			t.Errorf("got %v, want context.Canceled", err)
		}
		expect(t, "after a cancelled write", askFor(ctx, c, "a"), row{"a", 4})
	})
}

// TestWriteThroughDropsWhatWasReadWhileItWrote: the row as it was until the write took effect, in the cache and in memory.
func TestWriteThroughDropsWhatWasReadWhileItWrote(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		db := newTable()
		db.write("a")
		c := newCache(t, rb, "recipe", cache.Options[row]{Load: db.load})
		far := newCache(t, redistest.Another(t, rb), "recipe", cache.Options[row]{Load: db.load})
		got, err := c.WriteThrough(ctx, "a", func(context.Context) error {
			expect(t, "during the write", askFor(ctx, c, "a"), row{"a", 1})
			expect(t, "during the write, far", askFor(cache.Fresh(ctx), far, "a"), row{"a", 1})
			db.write("a")
			return nil
		})
		if want := (row{"a", 2}); err != nil || got != want {
			t.Errorf("got back %v, %v, want %v", got, err, want)
		}
		expect(t, "after", askFor(ctx, c, "a"), row{"a", 2})
		expect(t, "after, far", askFor(cache.Fresh(ctx), far, "a"), row{"a", 2})
	})
}

// ears are those connections of a client on which it hears of invalidations. What they bring can be held back, and so can
// what the client says on its other connections.
type ears struct {
	mu     sync.Mutex
	open   chan struct{} // closed when nothing is held back
	speak  chan struct{} // the same for the other connections
	spoken chan struct{} // somebody waits for speak
}

func newEars() *ears {
	e := &ears{open: make(chan struct{}), spoken: make(chan struct{}, 1)}
	e.speak = e.open
	close(e.open)
	return e
}

// mute holds back what the client says, until release is called. spoken tells when it says something.
func (e *ears) mute() (release func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	speak := make(chan struct{})
	e.speak = speak
	select {
	case <-e.spoken: // of another time
	default:
	}
	return sync.OnceFunc(func() { close(speak) })
}

// hold keeps back what the ears hear until release is called.
func (e *ears) hold() (release func()) {
	e.mu.Lock()
	defer e.mu.Unlock()
	open := make(chan struct{})
	e.open = open
	return sync.OnceFunc(func() { close(open) })
}

func (e *ears) apply(o *redbrick.Options) {
	dial := o.Redis.DialCtxFn
	if dial == nil {
		dial = func(ctx context.Context, addr string, d *net.Dialer, _ *tls.Config) (net.Conn, error) {
			return d.DialContext(ctx, "tcp", addr)
		}
	}
	o.Redis.DialCtxFn = func(ctx context.Context, addr string, d *net.Dialer, cfg *tls.Config) (net.Conn, error) {
		c, err := dial(ctx, addr, d, cfg)
		return &earConn{Conn: c, ears: e}, err
	}
}

type earConn struct {
	net.Conn

	ears    *ears
	listens atomic.Bool
}

func (c *earConn) Write(b []byte) (int, error) {
	if bytes.Contains(b, []byte("TRACKING")) || bytes.Contains(b, []byte("SUBSCRIBE")) {
		c.listens.Store(true)
	}
	c.ears.mu.Lock()
	speak := c.ears.speak
	c.ears.mu.Unlock()
	if !c.listens.Load() {
		select {
		case <-speak:
		default:
			select {
			case c.ears.spoken <- struct{}{}:
			default:
			}
			<-speak
		}
	}
	return c.Conn.Write(b)
}

func (c *earConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if c.listens.Load() {
		c.ears.mu.Lock()
		open := c.ears.open
		c.ears.mu.Unlock()
		<-open
	}
	return n, err
}

// TestAnInvalidationHoldsInItsOwnProcessBeforeItIsHeardOf: also where the entry was removed by another process of which this
// one has not heard yet, so that there was nothing left to remove.
func TestAnInvalidationHoldsInItsOwnProcessBeforeItIsHeardOf(t *testing.T) {
	t.Parallel()

	redistest.Each(t, func(t *testing.T, far *redbrick.Client) {
		ears := newEars()
		rb := redistest.Another(t, far, ears.apply)
		db := newTable()
		o := cache.Options[row]{Load: db.load, NearUntracked: time.Hour, Tags: func(id string, _ row) []string { return []string{"tag of " + id} }}
		here, there := newCache(t, rb, "recipe", o), newCache(t, far, "recipe", o)
		for _, inv := range invalidations() {
			for _, first := range []bool{false, true} {
				t.Run(fmt.Sprintf("%s/other-first=%t", inv.name, first), func(t *testing.T) {
					id := fmt.Sprintf("%s-%t-1", inv.name, first)
					db.write(id)
					redistest.Eventually(t, 20*time.Second, func() error {
						if r, err := here.Lookup(t.Context(), id); err != nil || r.Level != cache.Near {
							return fmt.Errorf("got %v, %w, want a near hit", r, err)
						}
						return nil
					})
					release := ears.hold()
					defer release()
					if first {
						if err := there.Delete(t.Context(), id); err != nil {
							t.Fatal(err)
						}
					}
					if inv.name == "WriteThrough" {
						return // reads by itself, and what it reads with is held back
					}
					if err := inv.do(t.Context(), here, db, id); err != nil {
						t.Fatal(err)
					}
					// A read that does not come from the process's memory may need the connection that is held back.
					short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
					defer cancel()
					if r, err := here.Get(short, id); err == nil && r.N != 2 {
						t.Errorf("after: got %v, want version 2", r)
					}
					release()
					expect(t, "in the end", askFor(t.Context(), here, id), row{id, 2})
				})
			}
		}
	})

}

// gated is a codec whose decoding of one version waits.
type gated struct {
	cache.Codec[row]
	version       int64
	reached, open chan struct{}
}

func (c gated) Decode(data []byte) (row, error) {
	r, err := c.Codec.Decode(data)
	if r.N == c.version {
		c.reached <- struct{}{}
		<-c.open
	}
	return r, err
}

// TestAnInvalidationIsNotHiddenByAFlightThatReadRedis: a flight found the write of another process instead of storing its
// own load. It must not give that to readers who come after it was invalidated: to no reader where this process has
// done it, to no fresh reader where another has.
func TestAnInvalidationIsNotHiddenByAFlightThatReadRedis(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		far := redistest.Another(t, rb)
		for _, inv := range invalidations() {
			for _, own := range []bool{true, false} {
				if inv.name == "WriteThrough" {
					continue // compares with version 2
				}
				who := fmt.Sprintf("%s-own-%t", inv.name, own)
				db := newTable()
				gate := gated{cache.JSON[row](), 2, make(chan struct{}, 10), make(chan struct{})}
				o := cache.Options[row]{Load: db.load, Codec: gate, NoNear: true, Tags: func(id string, _ row) []string { return []string{"tag of " + id} }}
				here := newCache(t, rb, who, o)
				o.Codec = nil
				there := newCache(t, far, who, o)
				db.write("a1")
				stop := db.stop("a1")
				first := askFor(t.Context(), here, "a1")
				<-stop.reached
				if err := there.Set(t.Context(), "a1", db.write("a1")); err != nil {
					t.Fatal(err)
				}
				close(stop.open)
				<-gate.reached // the flight has found version 2
				by, ctx := here, t.Context()
				if !own {
					by, ctx = there, cache.Fresh(ctx)
				}
				if err := inv.do(t.Context(), by, db, "a1"); err != nil {
					t.Fatal(err)
				}
				late := askFor(ctx, here, "a1")
				redistest.Eventually(t, 20*time.Second, func() error {
					if s := here.Stats(); s.Misses+s.Hits < 2 && len(gate.reached) == 0 {
						return errors.New("the late reader has not looked yet")
					}
					return nil
				})
				close(gate.open)
				expect(t, who+": late", late, row{"a1", 3})
				expect(t, who+": first", first, row{"a1", 2})
			}
		}
	})
}

// TestAnInvalidationVoidsAReadThatBeganWhileItWasOnItsWay: the read found the old value, and keeps it to itself.
func TestAnInvalidationVoidsAReadThatBeganWhileItWasOnItsWay(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, far *redbrick.Client) {
		ears := newEars()
		rb := redistest.Another(t, far, ears.apply)
		for _, inv := range invalidations() {
			if inv.name == "WriteThrough" {
				continue // reads by itself
			}
			db := newTable()
			gate := gated{cache.JSON[row](), 1, make(chan struct{}, 10), make(chan struct{})}
			o := cache.Options[row]{Load: db.load, Codec: gate}
			if inv.name == "InvalidateTags" { // elsewhere the first thing that is said is to be the invalidation
				o.Tags = func(id string, _ row) []string { return []string{"tag of " + id} }
			}
			c := newCache(t, rb, inv.name, o)
			db.write("a1")
			expect(t, "load", askFor(t.Context(), c, "a1"), row{"a1", 1})
			speak := ears.mute()
			done := make(chan error, 1)
			go func() { done <- inv.do(t.Context(), c, db, "a1") }()
			<-ears.spoken // it is on its way
			reader := askFor(t.Context(), c, "a1")
			<-gate.reached // has the old value from Redis
			listen := ears.hold()
			speak()
			if err := <-done; err != nil {
				t.Fatal(err)
			}
			close(gate.open)
			expect(t, inv.name+": the reader that began before", reader, row{"a1", 1})
			short, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
			if r, err := c.Get(short, "a1"); err == nil && r.N != 2 {
				t.Errorf("%s: after: got %v, want version 2", inv.name, r)
			}
			cancel()
			listen()
			expect(t, inv.name+": in the end", askFor(t.Context(), c, "a1"), row{"a1", 2})
		}
	}, redistest.Tracking)
}

// TestASetThatHasEndedStillWinsOverAnOlderLoad: nothing shows in Redis any more but that the lease is gone.
func TestASetThatHasEndedStillWinsOverAnOlderLoad(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		db := newTable()
		o := cache.Options[row]{Load: db.load, Jitter: -1, TTLOf: func(_ string, r row) time.Duration {
			return map[int64]time.Duration{2: time.Millisecond}[r.N]
		}}
		c := newCache(t, rb, "recipe", o)
		db.write("a")
		stop := db.stop("a")
		leader := askFor(t.Context(), c, "a")
		<-stop.reached
		if err := c.Set(t.Context(), "a", db.write("a")); err != nil {
			t.Fatal(err)
		}
		redistest.Eventually(t, 20*time.Second, func() error {
			if n, err := rb.Do(t.Context(), rb.B().Exists().Key(c.Key("a")).Build()).AsInt64(); n != 0 || err != nil {
				return fmt.Errorf("still there: %w", err)
			}
			return nil
		})
		close(stop.open)
		expect(t, "leader", leader, row{"a", 2})
		expect(t, "later", askFor(t.Context(), c, "a"), row{"a", 2})
	})
}

// TestNobodyJoinsALoadWithoutALeaseThatBeganBefore: nobody knows whether another process has invalidated it meanwhile.
func TestNobodyJoinsALoadWithoutALeaseThatBeganBefore(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		db := newTable()
		o := cache.Options[row]{Load: db.load}
		there := newCache(t, redistest.Another(t, rb), "recipe", o)
		o.SoftTimeout = time.Second
		here := newCache(t, rb, "recipe", o)
		db.write("a")
		hanging := db.stop("a")
		holder := askFor(t.Context(), there, "a")
		<-hanging.reached
		second := db.stop("a")
		first := askFor(t.Context(), here, "a")
		<-second.reached // its patience is at an end: it loads without a lease
		db.write("a")
		if err := there.Delete(t.Context(), "a"); err != nil {
			t.Fatal(err)
		}
		misses := here.Stats().Misses
		late := askFor(t.Context(), here, "a")
		redistest.Eventually(t, 20*time.Second, func() error {
			if here.Stats().Misses == misses {
				return errors.New("not there yet")
			}
			return nil
		})
		close(second.open)
		expect(t, "late", late, row{"a", 2})
		expect(t, "first", first, row{"a", 1})
		close(hanging.open)
		expect(t, "holder of the lease", holder, row{"a", 2})
	})
}
