package cache

import (
	"context"
	"fmt"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/caches"
)

// FleetStats are counters of one cache over all processes, since the first of them or since 30 days without a count.
type FleetStats struct {
	NearHits, Hits, Stale, Misses, Down, Loads, LoadErrors, Refused, Pushes int64
}

// HitRatio is the share of reads that needed no loader; 0 without reads.
func (s FleetStats) HitRatio() float64 {
	return Stats{NearHits: s.NearHits, Hits: s.Hits, Stale: s.Stale, Misses: s.Misses, Down: s.Down}.HitRatio()
}

func (s *FleetStats) fields() map[string]*int64 {
	return map[string]*int64{
		"near_hits": &s.NearHits, "hits": &s.Hits, "stale": &s.Stale, "misses": &s.Misses, "down": &s.Down,
		"loads": &s.Loads, "load_errors": &s.LoadErrors, "refused": &s.Refused, "pushes": &s.Pushes,
	}
}

// FleetStats reads the counters of all processes. They lag by up to 5 s, except those of this process.
func (c *Cache[V]) FleetStats(ctx context.Context) (FleetStats, error) {
	counts, err := c.tally.Read(ctx)
	if err != nil {
		return FleetStats{}, fmt.Errorf("cache %q: counters: %w", c.name, err)
	}
	var s FleetStats
	for name, field := range s.fields() {
		*field = counts[name]
	}
	return s, nil
}

func (c *Cache[V]) newTally() (*caches.Tally, error) {
	return caches.NewTally(caches.TallyOptions{
		Client: c.rb, Redis: c.rb, Key: c.rb.Namespace() + "~cs:" + c.name,
		Count: func() map[string]int64 {
			s := c.Stats()
			fleet := FleetStats{s.NearHits, s.Hits, s.Stale, s.Misses, s.Down, s.Loads, s.LoadErrors, s.Refused, s.Pushes}
			counts := make(map[string]int64)
			for name, field := range fleet.fields() {
				counts[name] = *field
			}
			return counts
		},
		Ready:  func() bool { return c.rb.State().State == redbrick.StateReady },
		Failed: func(err error) { c.rb.Logger().Debug("cache counters", "cache", c.name, "error", err) },
	})
}
