package httpcache

import "sync/atomic"

type counters struct {
	hits, stale, misses, revalidated, bypassed, away    atomic.Int64
	collapsed, waits, stored, refused, tooLarge, pushes atomic.Int64
	compressed                                          atomic.Int64
}

// Stats are counters of one cache in this process; they start at 0 with it.
type Stats struct {
	// NearHits were answered by the process's memory, Hits by Redis. Stale, a part of both and of errors of handlers, were
	// past their freshness.
	NearHits, Hits, Stale int64
	// Misses went to the handler, Revalidated were confirmed by it. Bypassed were none of the cache's business.
	Misses, Revalidated, Bypassed int64
	// Away, a part of Misses, found Redis away.
	Away int64
	// Collapsed were answered with what another request of this process fetched, Waits waited for another process.
	Collapsed, Waits int64
	// Stored are responses that were stored, Refused those that were invalidated meanwhile, TooLarge those above MaxBody.
	Stored, Refused, TooLarge int64
	// Compressed are bodies that this process compressed.
	Compressed int64
	// Pushes are changes that Redis told this process about.
	Pushes int64
	// NearEntries and NearBytes are what the process holds.
	NearEntries int
	NearBytes   uint64
}

// Stats returns the counters of this process.
func (c *Cache) Stats() Stats {
	n := &c.stats
	s := Stats{
		Hits: n.hits.Load(), Stale: n.stale.Load(), Misses: n.misses.Load(), Revalidated: n.revalidated.Load(),
		Bypassed: n.bypassed.Load(), Away: n.away.Load(), Collapsed: n.collapsed.Load(), Waits: n.waits.Load(),
		Stored: n.stored.Load(), Refused: n.refused.Load(), TooLarge: n.tooLarge.Load(), Pushes: n.pushes.Load(),
		Compressed: n.compressed.Load(),
	}
	if c.bodies != nil {
		s.NearHits = c.bodies.Hits()
		s.NearEntries, s.NearBytes = c.bodies.Size()
	}
	return s
}
