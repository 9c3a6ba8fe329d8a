package cache

import (
	"context"
	_ "embed"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/script"
)

//go:embed lua/count.lua
var countSource string

var countScript = script.New("cache/count", countSource)

// The counters of all processes are brought together every fleetEvery; a process that is killed takes that much with it.
const (
	fleetEvery = 5 * time.Second
	fleetTTL   = 30 * 24 * time.Hour
)

// FleetStats are counters of one cache over all processes, since the first of them or since 30 days without a count.
type FleetStats struct {
	NearHits, Hits, Stale, Misses, Down, Loads, LoadErrors, Refused, Pushes int64
}

// HitRatio is the share of reads that needed no loader; 0 without reads.
func (s FleetStats) HitRatio() float64 {
	return Stats{NearHits: s.NearHits, Hits: s.Hits, Stale: s.Stale, Misses: s.Misses, Down: s.Down}.HitRatio()
}

func (s Stats) fleet() FleetStats {
	return FleetStats{s.NearHits, s.Hits, s.Stale, s.Misses, s.Down, s.Loads, s.LoadErrors, s.Refused, s.Pushes}
}

func (s *FleetStats) fields() map[string]*int64 {
	return map[string]*int64{
		"near_hits": &s.NearHits, "hits": &s.Hits, "stale": &s.Stale, "misses": &s.Misses, "down": &s.Down,
		"loads": &s.Loads, "load_errors": &s.LoadErrors, "refused": &s.Refused, "pushes": &s.Pushes,
	}
}

// FleetStats reads the counters of all processes. They lag by up to 5 s, except those of this process.
func (c *Cache[V]) FleetStats(ctx context.Context) (FleetStats, error) {
	if err := c.report(ctx); err != nil {
		return FleetStats{}, err
	}
	counts, err := c.rb.Do(ctx, c.rb.B().Hgetall().Key(c.fleetKey()).Build()).AsIntMap()
	if err != nil {
		return FleetStats{}, fmt.Errorf("cache %q: counters: %w", c.name, err)
	}
	var s FleetStats
	for name, field := range s.fields() {
		*field = counts[name]
	}
	return s, nil
}

func (c *Cache[V]) fleetKey() string { return c.rb.Namespace() + "~cs:" + c.name }

// report adds what this process has counted since its last report.
func (c *Cache[V]) report(ctx context.Context) error {
	c.reporting.Lock()
	defer c.reporting.Unlock()
	now := c.Stats().fleet()
	before := c.reported.fields()
	args := []string{strconv.FormatInt(fleetTTL.Milliseconds(), 10)}
	for name, n := range now.fields() {
		if grown := *n - *before[name]; grown != 0 {
			args = append(args, name, strconv.FormatInt(grown, 10))
		}
	}
	if len(args) == 1 {
		return nil
	}
	if err := countScript.Do(ctx, c.rb, []string{c.fleetKey()}, args).Error(); err != nil {
		return fmt.Errorf("cache %q: counters: %w", c.name, err)
	}
	c.reported = now
	return nil
}

// reporter brings the counters of all caches of one client to Redis.
type reporter struct {
	mu     sync.Mutex
	caches []func(context.Context) error
	stop   chan struct{}
	done   chan struct{}
}

func newReporter(rb *redbrick.Client) *reporter {
	r := &reporter{stop: make(chan struct{}), done: make(chan struct{})}
	go func() {
		defer close(r.done)
		ticker := time.NewTicker(fleetEvery)
		defer ticker.Stop()
		for {
			select {
			case <-r.stop:
				return
			case <-ticker.C:
				r.run(rb)
			}
		}
	}()
	return r
}

func (r *reporter) add(report func(context.Context) error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.caches = append(r.caches, report)
}

func (r *reporter) run(rb *redbrick.Client) {
	if rb.State().State != redbrick.StateReady {
		return // what was counted waits
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, report := range r.caches {
		if err := report(ctx); err != nil {
			rb.Logger().Debug("cache counters", "error", err)
		}
	}
}

// close reports once more and ends.
func (r *reporter) close(rb *redbrick.Client) {
	close(r.stop)
	<-r.done
	r.run(rb)
}
