package cache

import (
	"sync/atomic"
	"time"
)

// counters of one cache in this process.
type counters struct {
	hits, stale, misses, foreign, down        atomic.Int64
	loads, loadErrors, refused, waits, writes atomic.Int64
	bytes, reads, pushes, tooLarge            atomic.Int64
	windowPushes, windowGets                  atomic.Int64
}

// Stats are counters of one cache. Those of a process start at 0 with it.
type Stats struct {
	// NearHits were answered by the process's memory, Hits by Redis, Stale by Redis past their TTL.
	NearHits, Hits, Stale int64
	// Misses were not in Redis; Foreign, a part of them, found something there that is no value of this cache.
	Misses, Foreign int64
	// Down were answered by the loader because Redis was away.
	Down int64
	// Loads are runs of the loader, LoadErrors those that failed, Waits reads that waited for another process's load.
	Loads, LoadErrors, Waits int64
	// Refused are loads that Redis did not store, because the id was written or invalidated meanwhile.
	Refused int64
	// TooLarge are loads that were not stored because of Options.MaxBytes, had too many tags, or could not be encoded.
	TooLarge int64
	// Writes are values written by Set.
	Writes int64
	// Bytes were read from Redis.
	Bytes int64
	// Pushes are invalidations that Redis told this process about.
	Pushes int64
	// NearEntries and NearBytes are what the near cache holds; NearOff is true while it is written more than read.
	NearEntries int
	NearBytes   uint64
	NearOff     bool
	// LoadTime is the moving average of a load.
	LoadTime time.Duration
	// InvalidationLag is the moving average of the time from when this process asks for a write or an invalidation of an id
	// to when Redis tells it of that, as it tells the others. 0 until it is known, and without a near cache.
	InvalidationLag time.Duration
}

// HitRatio is the share of reads that needed no loader; 0 without reads.
func (s Stats) HitRatio() float64 {
	hits := s.NearHits + s.Hits + s.Stale
	all := hits + s.Misses + s.Down
	if all == 0 {
		return 0
	}
	return float64(hits) / float64(all)
}

// PushesPerNearHit is what coherence costs: invalidations heard for each hit they keep correct.
func (s Stats) PushesPerNearHit() float64 {
	if s.NearHits == 0 {
		return float64(s.Pushes)
	}
	return float64(s.Pushes) / float64(s.NearHits)
}

// Stats returns the counters of this process.
func (c *Cache[V]) Stats() Stats {
	n := &c.stats
	s := Stats{
		Hits: n.hits.Load(), Stale: n.stale.Load(), Misses: n.misses.Load(), Foreign: n.foreign.Load(), Down: n.down.Load(),
		Loads: n.loads.Load(), LoadErrors: n.loadErrors.Load(), Waits: n.waits.Load(), Refused: n.refused.Load(),
		TooLarge: n.tooLarge.Load(), Writes: n.writes.Load(), Bytes: n.bytes.Load(), Pushes: n.pushes.Load(),
		NearOff: c.nearOff.Load(), LoadTime: c.cost.get(), InvalidationLag: c.lag.mean.get(),
	}
	if c.near != nil {
		s.NearHits = c.near.Hits()
		s.NearEntries, s.NearBytes = c.near.Size()
	}
	return s
}

// lag measures how long the news of this process's own writes take to come back, one write at a time.
type lag struct {
	asked atomic.Pointer[write]
	mean  average
}

type write struct {
	key string
	at  time.Time
}

// newsLost is when the news of a write are not waited for any longer.
const newsLost = 10 * time.Second

func (l *lag) begin(key string) {
	if w := l.asked.Load(); w == nil || time.Since(w.at) > newsLost {
		l.asked.Store(&write{key, time.Now()})
	}
}

func (l *lag) end(key string) {
	if w := l.asked.Load(); w != nil && w.key == key && l.asked.CompareAndSwap(w, nil) {
		l.mean.add(time.Since(w.at))
	}
}
