// Package clock tells the time cheaply. Reading the system's clock costs more than a hit of a near cache; where a few
// milliseconds do not matter, Coarse costs one load.
package clock

import (
	"sync"
	"sync/atomic"
	"time"
)

// Tick is how often a Coarse clock moves on.
const Tick = 5 * time.Millisecond

// Coarse is a monotonic clock that lags behind by up to Tick on a machine that is not overloaded.
type Coarse struct {
	now  atomic.Int64
	base time.Time
	stop chan struct{}
	done chan struct{}
	once sync.Once
}

// NewCoarse starts a clock; Stop ends it.
func NewCoarse() *Coarse {
	c := &Coarse{base: time.Now(), stop: make(chan struct{}), done: make(chan struct{})}
	go c.run()
	return c
}

func (c *Coarse) run() {
	defer close(c.done)
	ticker := time.NewTicker(Tick)
	defer ticker.Stop()
	for {
		select {
		case <-c.stop:
			return
		case <-ticker.C:
			c.now.Store(int64(time.Since(c.base)))
		}
	}
}

// Now is the time since the clock was started, as of the last tick.
func (c *Coarse) Now() time.Duration { return time.Duration(c.now.Load()) }

// Exact is the time since the clock was started, read from the system.
func (c *Coarse) Exact() time.Duration { return time.Since(c.base) }

// Stop ends the clock, which stands still from then on. It is safe to call twice.
func (c *Coarse) Stop() {
	c.once.Do(func() { close(c.stop) })
	<-c.done
}
