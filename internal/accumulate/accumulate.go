// Package accumulate gathers counts in the process and hands them over in batches, so that an event costs an addition and
// not a round trip.
package accumulate

import (
	"context"
	"log/slog"
	"maps"
	"sync"
	"time"
)

// Counts are what has been added up, by key.
type Counts[K comparable] map[K]int64

// Options of an Accumulator.
type Options struct {
	// Every is the time between two flushes, and so the most that a crash loses. 0 means one second.
	Every time.Duration
	// MaxKeys is how many keys may wait before they are flushed ahead of time. 0 means 10,000.
	MaxKeys int
	// Logger hears of flushes that failed. Nil is silent.
	Logger *slog.Logger
}

// Accumulator adds up counts and flushes them every so often. A flush that fails loses nothing: its counts are added to the
// next, which is not before Every has passed. A flush must therefore be all or nothing, and must not change the counts it is
// given. An Accumulator is safe for concurrent use.
type Accumulator[K comparable] struct {
	o     Options
	flush func(context.Context, Counts[K]) error

	mu      sync.Mutex
	counts  Counts[K]
	leaving Counts[K] // handed to flush, which has not returned
	full    chan struct{}

	flushing sync.Mutex
	life     context.Context //nolint:containedctx // of the flushes of the run loop
	end      context.CancelFunc
	stop     chan struct{}
	stopping sync.Once
	done     chan struct{}
	started  bool
}

// New makes an Accumulator; Start must follow.
func New[K comparable](o Options, flush func(context.Context, Counts[K]) error) *Accumulator[K] {
	if o.Every <= 0 {
		o.Every = time.Second
	}
	if o.MaxKeys <= 0 {
		o.MaxKeys = 10_000
	}
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	a := &Accumulator[K]{o: o, flush: flush, counts: make(Counts[K]), full: make(chan struct{}, 1),
		stop: make(chan struct{}), done: make(chan struct{})}
	a.life, a.end = context.WithCancel(context.Background())
	return a
}

// Add counts n more for key.
func (a *Accumulator[K]) Add(key K, n int64) {
	a.mu.Lock()
	a.counts[key] += n
	full := len(a.counts) >= a.o.MaxKeys
	a.mu.Unlock()
	if full {
		select {
		case a.full <- struct{}{}:
		default:
		}
	}
}

// Waiting is what has been added for key and not been flushed yet.
func (a *Accumulator[K]) Waiting(key K) int64 {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.counts[key] + a.leaving[key]
}

// Start begins flushing. A second call does nothing.
func (a *Accumulator[K]) Start(context.Context) error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.started {
		a.started = true
		go a.run()
	}
	return nil
}

func (a *Accumulator[K]) run() {
	defer close(a.done)
	ticker := time.NewTicker(a.o.Every)
	defer ticker.Stop()
	full := a.full
	for {
		select {
		case <-a.stop:
			return
		case <-ticker.C:
		case <-full:
		}
		full = a.full
		if err := a.Flush(a.life); err != nil {
			a.o.Logger.Warn("flushing counts", "error", err)
			full = nil // what failed is not tried again with each event
		}
	}
}

// Flush hands over what has been added up so far.
func (a *Accumulator[K]) Flush(ctx context.Context) error {
	a.flushing.Lock()
	defer a.flushing.Unlock()
	a.mu.Lock()
	counts := a.counts
	a.counts, a.leaving = make(Counts[K]), counts
	a.mu.Unlock()
	var err error
	if len(counts) > 0 {
		err = a.flush(ctx, counts)
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	a.leaving = nil
	if err != nil {
		for k, n := range maps.All(counts) {
			a.counts[k] += n
		}
	}
	return err
}

// Stop ends the run loop and flushes what is left, within ctx. A flush under way is waited for, and cancelled only at the end
// of ctx: nobody could tell whether its counts have arrived. It is safe to call twice, and without Start.
func (a *Accumulator[K]) Stop(ctx context.Context) error {
	defer a.end()
	a.stopping.Do(func() { close(a.stop) })
	a.mu.Lock()
	started := a.started
	a.mu.Unlock()
	if started {
		select {
		case <-a.done:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return a.Flush(ctx)
}
