package ratelimit

import (
	"hash/maphash"
	"sync"
	"sync/atomic"
	"time"
)

// bounded is a map of a limited size, for what may be forgotten: full, it gives up what ends soonest of a few it looks at.
// Whoever chooses the keys cannot make it grow.
type bounded[V any] struct {
	seed   maphash.Seed
	base   time.Time
	each   int // entries a shard
	ends   func(*V) time.Duration
	shards [boundedShards]struct {
		mu      sync.Mutex
		entries map[string]*slot[V]
		latest  atomic.Pointer[slot[V]] // what get found last: one key that all ask for is found without the lock
		_       [32]byte                // a cache line each
	}
}

// slot is an entry with its key.
type slot[V any] struct {
	key   string
	entry *V
}

const (
	boundedShards = 32
	evictionLook  = 8
)

// newBounded makes a map of about n entries; ends says when an entry is of no use any more, on the clock of now.
func newBounded[V any](n int, ends func(*V) time.Duration) *bounded[V] {
	b := &bounded[V]{seed: maphash.MakeSeed(), base: time.Now(), each: max((n+boundedShards-1)/boundedShards, 1), ends: ends}
	for i := range b.shards {
		b.shards[i].entries = make(map[string]*slot[V])
	}
	return b
}

// now is the time since the map was made.
func (b *bounded[V]) now() time.Duration { return time.Since(b.base) }

// get returns the entry of a key, nil where there is none. It is shared with others.
func (b *bounded[V]) get(key string) *V {
	s := &b.shards[maphash.String(b.seed, key)%boundedShards]
	if latest := s.latest.Load(); latest != nil && latest.key == key {
		return latest.entry
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	found := s.entries[key]
	if found == nil {
		return nil
	}
	s.latest.Store(found)
	return found.entry
}

// with runs f on the entry of a key under its lock; entry is nil where there is none. What f returns is kept, nil deletes it.
func (b *bounded[V]) with(key string, f func(entry *V) *V) {
	s := &b.shards[maphash.String(b.seed, key)%boundedShards]
	s.mu.Lock()
	defer s.mu.Unlock()
	var old *V
	if found := s.entries[key]; found != nil {
		old = found.entry
	}
	entry := f(old)
	if entry == old {
		return
	}
	s.latest.Store(nil)
	if entry == nil {
		delete(s.entries, key)
		return
	}
	if old == nil && len(s.entries) >= b.each {
		b.evict(s.entries)
	}
	s.entries[key] = &slot[V]{key, entry}
}

func (b *bounded[V]) evict(entries map[string]*slot[V]) {
	victim, soonest, looked := "", time.Duration(0), 0
	for key, found := range entries { // in an order that differs each time
		if ends := b.ends(found.entry); looked == 0 || ends < soonest {
			victim, soonest = key, ends
		}
		if looked++; looked == evictionLook {
			break
		}
	}
	delete(entries, victim)
}

// clear forgets everything.
func (b *bounded[V]) clear() {
	for i := range b.shards {
		s := &b.shards[i]
		s.mu.Lock()
		clear(s.entries)
		s.latest.Store(nil)
		s.mu.Unlock()
	}
}

// len is the number of entries.
func (b *bounded[V]) len() int {
	n := 0
	for i := range b.shards {
		s := &b.shards[i]
		s.mu.Lock()
		n += len(s.entries)
		s.mu.Unlock()
	}
	return n
}
