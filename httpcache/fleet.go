package httpcache

import (
	"context"
	"fmt"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/caches"
)

// FleetStats are counters of one cache over all processes, since the first of them or since 30 days without a count. What
// they count is told at [Stats].
type FleetStats struct {
	NearHits, Hits, Stale, Misses, Revalidated, Bypassed, Away, Collapsed, Waits, Stored, Refused, TooLarge, Compressed, Pushes int64
}

func (s *FleetStats) fields() map[string]*int64 {
	return map[string]*int64{
		"near_hits": &s.NearHits, "hits": &s.Hits, "stale": &s.Stale, "misses": &s.Misses, "revalidated": &s.Revalidated,
		"bypassed": &s.Bypassed, "away": &s.Away, "collapsed": &s.Collapsed, "waits": &s.Waits, "stored": &s.Stored,
		"refused": &s.Refused, "too_large": &s.TooLarge, "compressed": &s.Compressed, "pushes": &s.Pushes,
	}
}

// FleetStats reads the counters of all processes. They lag by up to 5 s, except those of this process; to count costs no
// round trip.
func (c *Cache) FleetStats(ctx context.Context) (FleetStats, error) {
	counts, err := c.tally.Read(ctx)
	if err != nil {
		return FleetStats{}, fmt.Errorf("httpcache %q: counters: %w", c.opt.Name, err)
	}
	var s FleetStats
	for name, field := range s.fields() {
		*field = counts[name]
	}
	return s, nil
}

func (c *Cache) newTally() (*caches.Tally, error) {
	return caches.NewTally(caches.TallyOptions{
		Client: c.rb, Redis: c.rb, Key: c.rb.Namespace() + "~hs:" + c.opt.Name,
		Count: func() map[string]int64 {
			s := c.Stats()
			fleet := FleetStats{
				s.NearHits, s.Hits, s.Stale, s.Misses, s.Revalidated, s.Bypassed, s.Away, s.Collapsed, s.Waits, s.Stored, s.Refused, s.TooLarge, s.Compressed, s.Pushes,
			}
			counts := make(map[string]int64)
			for name, field := range fleet.fields() {
				counts[name] = *field
			}
			return counts
		},
		Ready:  func() bool { return c.rb.State().State == redbrick.StateReady },
		Failed: func(err error) { c.rb.Logger().Debug("httpcache counters", "cache", c.opt.Name, "error", err) },
	})
}
