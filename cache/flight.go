package cache

import (
	"context"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"time"
)

// outcome is what a flight gives to those who wait for it.
type outcome[V any] struct {
	value V
	raw   []byte
	err   error
	// tick is when the load began that gave the value, 0 where it came from Redis.
	tick int64
	// overtaken: the value was invalidated while it was loaded. unsure: it was not stored, so nobody knows. A reader that
	// came after tick must have neither.
	overtaken, unsure bool
	// failed: the load hung or panicked, which is no answer to the others.
	failed bool
	level  string
	// down: Redis was away. waited: another load was waited for, or had just been stored.
	down, waited bool
}

// flight is one load of one id in this process.
type flight[V any] struct {
	done chan struct{}
	out  outcome[V] // valid when done is closed
	// hangs is closed when those who wait are to go on with next.
	hangs chan struct{}
	next  *flight[V] // guarded by flights.mu
	// depth is how many flights before it were found hanging. It does not wait for other processes if there were any, and
	// each is given twice the time of the one before: loads that are all slow do not pile up.
	depth int
}

// maxDepth bounds the doubling.
const maxDepth = 10

func newFlight[V any]() *flight[V] {
	return &flight[V]{done: make(chan struct{}), hangs: make(chan struct{})}
}

func (f *flight[V]) hasLanded() bool {
	select {
	case <-f.done:
		return true
	default:
		return false
	}
}

// flights are the loads under way. An invalidation by this process detaches the flight of its id: readers that come later
// start a new one. While Redis is away a flight that has landed stays for a while and answers.
type flights[V any] struct {
	mu     sync.Mutex
	byID   map[string]*flight[V]
	tick   atomic.Int64
	closed bool
}

// join returns the flight of an id; first is true for the caller that has to run it. One that has landed answers only
// those who have found Redis away.
func (s *flights[V]) join(id string, away bool) (f *flight[V], first bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f = s.byID[id]; f != nil && (away || !f.hasLanded()) {
		return f, false
	}
	f = newFlight[V]()
	if s.byID == nil {
		s.byID = make(map[string]*flight[V])
	}
	if !s.closed {
		s.byID[id] = f
	}
	return f, true
}

// replace returns the flight that all who wait for f go on with; first is true for the caller that has to run it.
func (s *flights[V]) replace(id string, f *flight[V]) (next *flight[V], first bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f.next != nil {
		return f.next, false
	}
	close(f.hangs)
	if other := s.byID[id]; other != nil && other != f {
		f.next = other // f was detached, and there is a later one
		return other, false
	}
	f.next = newFlight[V]()
	f.next.depth = min(f.depth+1, maxDepth)
	if !s.closed {
		s.byID[id] = f.next
	}
	return f.next, true
}

// land publishes the outcome. It is kept for keep.
func (s *flights[V]) land(id string, f *flight[V], out outcome[V], keep time.Duration) {
	f.out = out
	s.mu.Lock()
	if keep <= 0 || s.closed {
		s.remove(id, f)
	} else if s.byID[id] == f {
		time.AfterFunc(keep, func() { s.detachThis(id, f) })
	}
	s.mu.Unlock()
	close(f.done)
}

func (s *flights[V]) remove(id string, f *flight[V]) {
	if s.byID[id] == f {
		delete(s.byID, id)
	}
}

func (s *flights[V]) detachThis(id string, f *flight[V]) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.remove(id, f)
}

// detach makes later readers of the ids start anew.
func (s *flights[V]) detach(ids ...string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, id := range ids {
		delete(s.byID, id)
	}
}

// detachAll makes all later readers start anew.
func (s *flights[V]) detachAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.byID)
}

// landed drops the flights that are kept: Redis is back.
func (s *flights[V]) landed() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, f := range s.byID {
		if f.hasLanded() {
			delete(s.byID, id)
		}
	}
}

func (s *flights[V]) close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	clear(s.byID)
}

// refreshing are the ids that are refreshed in the background, so that one stale value is refreshed once.
type refreshing struct {
	mu    sync.Mutex
	ids   map[string]time.Time // when the next refresh may begin
	swept time.Time            // when pauses that were over were last taken out
}

// retryRefresh is the pause after a refresh that failed.
const retryRefresh = time.Second

func (r *refreshing) begin(id string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if until, ok := r.ids[id]; ok && time.Now().Before(until) {
		return false
	}
	if r.ids == nil {
		r.ids = make(map[string]time.Time)
	}
	r.ids[id] = time.Now().Add(time.Hour)
	return true
}

func (r *refreshing) end(id string, failed bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !failed {
		delete(r.ids, id)
		return
	}
	now := time.Now()
	if now.Sub(r.swept) > retryRefresh { // pauses that are over take no memory
		for other, until := range r.ids {
			if now.After(until) {
				delete(r.ids, other)
			}
		}
		r.swept = now
	}
	r.ids[id] = now.Add(retryRefresh)
}

// average is a moving average of durations.
type average struct{ ns atomic.Int64 }

func (a *average) add(d time.Duration) {
	old := a.ns.Load()
	if old == 0 {
		a.ns.Store(int64(d))
		return
	}
	a.ns.Store(old + (int64(d)-old)/8)
}

func (a *average) get() time.Duration { return time.Duration(a.ns.Load()) }

// jittered takes a random share off d.
func jittered(d time.Duration, share float64) time.Duration {
	if share <= 0 {
		return d
	}
	return max(d-time.Duration(rand.Float64()*share*float64(d)), time.Millisecond) //nolint:gosec // jitter
}

type freshKey struct{}

// freshUsed keeps reads of programs that never ask for fresh values from looking into their context.
var freshUsed atomic.Bool

// Fresh returns a context under which reads of any cache are answered by Redis or the loader, never by the process's
// memory, and see every write that was complete before the call.
func Fresh(ctx context.Context) context.Context {
	freshUsed.Store(true)
	return context.WithValue(ctx, freshKey{}, true)
}

// notFresh takes Fresh back.
func notFresh(ctx context.Context) context.Context {
	if !isFresh(ctx) {
		return ctx
	}
	return context.WithValue(ctx, freshKey{}, nil)
}

func isFresh(ctx context.Context) bool {
	return freshUsed.Load() && ctx.Value(freshKey{}) != nil
}
