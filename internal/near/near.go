package near

import (
	"hash/maphash"
	"math"
	"sync"
	"sync/atomic"
	"time"
	"unsafe" // for an address as a number, see stripe

	"github.com/maypok86/otter/v2"

	"github.com/redbrick-go/redbrick/internal/clock"
)

// Entry is one value. It must not be changed after it was stored.
type Entry[V any] struct {
	Value V
	// Raw is the encoded value, nil where the cache does not keep it.
	Raw []byte
	// Missing is true for an entry that says that there is nothing.
	Missing bool
	// Seq and Tags decide whether the entry is still valid: every cell must be at most Seq, Floor too.
	Seq  uint64
	Tags []*Cell

	until      time.Duration // on the coarse clock
	cost       uint32
	generation uint64
}

// Cell is the number of one tag, shared by all entries that bear it.
type Cell struct{ n atomic.Uint64 }

// Unknown is the number of a cell that has to be read again: above every Seq.
const Unknown = 1<<64 - 1

// Load returns the number.
func (c *Cell) Load() uint64 { return c.n.Load() }

// Store sets the number.
func (c *Cell) Store(n uint64) { c.n.Store(n) }

// Options of a Cache.
type Options struct {
	// MaxBytes bounds the sum of the costs given to Ticket.Store.
	MaxBytes uint64
	// MaxEntries bounds their number. 0 means that MaxBytes alone does.
	MaxEntries int
	// Generation is the feed's: even while invalidations arrive, different after any may have been lost.
	Generation *atomic.Uint64
	// Clock decides when entries end.
	Clock *clock.Coarse
}

// Cache is the near level of one cache. It is safe for concurrent use.
type Cache[V any] struct {
	entries    *otter.Cache[string, *Entry[V]]
	bytes      atomic.Int64 // sum of the costs
	generation *atomic.Uint64
	clock      *clock.Coarse
	seed       maphash.Seed
	shards     [shards]shard
	hits       [stripes]counter
}

const (
	shards  = 64
	stripes = 16
	// overhead is what an entry costs besides its value and its key: node, map slot, struct.
	overhead = 256
)

// shard holds the reads under way of a part of the ids.
type shard struct {
	mu      sync.Mutex
	tickets map[string]*flight
	_       [40]byte
}

// flight is shared by all readers of one id; void is set by an invalidation.
type flight struct {
	readers int
	void    bool
}

type counter struct {
	n atomic.Int64
	_ [56]byte
}

// New makes a Cache.
func New[V any](o Options) (*Cache[V], error) {
	c := &Cache[V]{generation: o.Generation, clock: o.Clock, seed: maphash.MakeSeed()}
	most, least := o.weights()
	var err error
	c.entries, err = otter.New(&otter.Options[string, *Entry[V]]{
		MaximumWeight:    most,
		Weigher:          func(_ string, e *Entry[V]) uint32 { return max(e.cost, least) },
		OnAtomicDeletion: func(e otter.DeletionEvent[string, *Entry[V]]) { c.bytes.Add(-int64(e.Value.cost)) },
	})
	if err != nil {
		return nil, err
	}
	for i := range c.shards {
		c.shards[i].tickets = make(map[string]*flight)
	}
	return c, nil
}

// weights are the most that all entries may weigh together, and the least that each is taken to weigh. An entry weighs its
// cost, but no less than its share of MaxBytes: so both bounds hold.
func (o Options) weights() (most uint64, least uint32) {
	if o.MaxEntries <= 0 {
		return o.MaxBytes, 0
	}
	n := uint64(o.MaxEntries)
	share := (o.MaxBytes + n - 1) / n
	if share > math.MaxUint32 { // an entry cannot weigh as much
		share = math.MaxUint32
	}
	return min(o.MaxBytes, n*share), uint32(share)
}

// Get returns the entry of an id if it may be served now. The hit path: one load for the generation, one for the clock,
// one a tag.
func (c *Cache[V]) Get(id string) (*Entry[V], bool) {
	e, ok := c.entries.GetIfPresent(id)
	if !ok || e.generation != c.generation.Load() || (len(e.Tags) != 0 && !e.tagsValid()) {
		return nil, false
	}
	if left := e.until - c.clock.Now(); left < exactFrom && (left <= 0 || e.until <= c.clock.Exact()) {
		return nil, false
	}
	c.hits[stripe()].n.Add(1)
	return e, true
}

// exactFrom is how near its end an entry has to be for the exact time to matter: no machine is so busy that the coarse
// clock lags by more.
const exactFrom = time.Second

func (e *Entry[V]) tagsValid() bool {
	for _, cell := range e.Tags {
		if cell.n.Load() > e.Seq {
			return false
		}
	}
	return true
}

// stripe picks a counter by the address of the goroutine's stack: goroutines that run side by side rarely meet on one, and
// a cache line that two processors write costs more than the rest of a hit. The address is a number here, nothing more.
func stripe() int {
	var here byte
	return int(uintptr(unsafe.Pointer(&here))>>stackShift) % stripes
}

// stackShift: the smallest stack has 2 KiB.
const stackShift = 11

// Ticket is the right to store what is about to be read.
type Ticket[V any] struct {
	c          *Cache[V]
	id         string
	flight     *flight
	generation uint64
	began      time.Duration // exact
}

// Begin takes a ticket before Redis is read. Store or Cancel must follow.
func (c *Cache[V]) Begin(id string) Ticket[V] {
	s := c.shard(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.tickets[id]
	if f == nil {
		f = &flight{}
		s.tickets[id] = f
	}
	f.readers++
	return Ticket[V]{c: c, id: id, flight: f, generation: c.generation.Load(), began: c.clock.Exact()}
}

// Store keeps the entry until ttl after Begin, unless something happened to the id since. size is the memory of value and raw in
// bytes. It reports whether the entry was kept.
func (t Ticket[V]) Store(e *Entry[V], ttl time.Duration, size int) bool {
	s := t.c.shard(t.id)
	s.mu.Lock()
	defer s.mu.Unlock()
	t.leave(s)
	// An entry too short-lived is not worth keeping.
	if t.flight.void || t.generation&1 == 1 || t.generation != t.c.generation.Load() || ttl <= 2*clock.Tick {
		return false
	}
	e.until = t.began + ttl // the ttl was read some time after Begin
	e.generation = t.generation
	e.cost = costOf(size, t.id)
	t.c.bytes.Add(int64(e.cost))
	t.c.entries.Set(t.id, e)
	return true
}

// Cancel gives the ticket back unused.
func (t Ticket[V]) Cancel() {
	s := t.c.shard(t.id)
	s.mu.Lock()
	defer s.mu.Unlock()
	t.leave(s)
}

func (t Ticket[V]) leave(s *shard) {
	t.flight.readers--
	if t.flight.readers == 0 && s.tickets[t.id] == t.flight {
		delete(s.tickets, t.id)
	}
}

// Forget drops the entry of an id and voids the tickets out for it. It reports whether there was either.
func (c *Cache[V]) Forget(id string) bool {
	s := c.shard(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	f := s.tickets[id]
	if f != nil {
		f.void = true
		delete(s.tickets, id)
	}
	_, had := c.entries.Invalidate(id)
	return had || f != nil
}

// Grow weighs the entry of an id anew after grow has added to what its value holds, and gives its size in bytes, as for Store;
// 0: nothing was added. What else is known of the entry stays. It reports whether there was one.
func (c *Cache[V]) Grow(id string, grow func(V) (size int)) bool {
	s := c.shard(id)
	s.mu.Lock()
	defer s.mu.Unlock()
	old, ok := c.entries.GetEntryQuietly(id)
	if !ok {
		return false
	}
	size := grow(old.Value.Value)
	if size == 0 {
		return true
	}
	e := *old.Value
	e.cost = costOf(size, id)
	c.bytes.Add(int64(e.cost))
	c.entries.Set(id, &e)
	return true
}

func costOf(size int, id string) uint32 {
	return uint32(min(size+len(id)+overhead, 1<<31)) //nolint:gosec // bounded
}

// Clear drops everything and voids all tickets: Forget for every id.
func (c *Cache[V]) Clear() {
	for i := range c.shards {
		s := &c.shards[i]
		s.mu.Lock()
		for id, f := range s.tickets {
			f.void = true
			delete(s.tickets, id)
		}
		s.mu.Unlock()
	}
	c.entries.InvalidateAll()
}

// Flush drops everything. Tickets are void by the generation, which the feed has moved on before.
func (c *Cache[V]) Flush() { c.entries.InvalidateAll() }

// Hits is how many times Get found an entry.
func (c *Cache[V]) Hits() int64 {
	var n int64
	for i := range c.hits {
		n += c.hits[i].n.Load()
	}
	return n
}

// Size is how many entries there are and what they cost, after pending evictions.
func (c *Cache[V]) Size() (entries int, bytes uint64) {
	c.entries.CleanUp()
	return c.entries.EstimatedSize(), uint64(max(c.bytes.Load(), 0))
}

// Close ends the background work.
func (c *Cache[V]) Close() { c.entries.StopAllGoroutines() }

func (c *Cache[V]) shard(id string) *shard {
	return &c.shards[maphash.String(c.seed, id)%shards]
}
