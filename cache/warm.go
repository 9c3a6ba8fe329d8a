package cache

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/keyspace"
	"github.com/redbrick-go/redbrick/internal/once"
)

// warmBatch is how many ids Warm looks up and loads together.
const warmBatch = 100

// Progress is how far Warm has come.
type Progress struct {
	// Done ids have been looked at; Values of them have a value.
	Done, Values int
}

// Warm loads those of the ids that are not in Redis, in batches, and calls progress (nil: nothing) after each. It ends at the
// first error of the loader or of ctx, and with redbrick.ErrUnavailable while Redis is away: there is nothing to warm then. A
// disabled cache is not warmed.
func (c *Cache[V]) Warm(ctx context.Context, ids iter.Seq[string], progress func(Progress)) (Progress, error) {
	var p Progress
	if c.disabled {
		return p, nil
	}
	part := make([]string, 0, warmBatch)
	flush := func() error {
		if s := c.rb.State(); s.State != redbrick.StateReady {
			return fmt.Errorf("cache %q: warming: %w: the connection is in state %s", c.name, redbrick.ErrUnavailable, s.State)
		}
		values, err := c.GetMany(Fresh(ctx), part)
		p.Done += len(part)
		p.Values += len(values)
		part = part[:0]
		if progress != nil {
			progress(p)
		}
		return err
	}
	for id := range ids {
		if part = append(part, id); len(part) < warmBatch {
			continue
		}
		if err := flush(); err != nil {
			return p, err
		}
	}
	if len(part) == 0 {
		return p, nil
	}
	err := flush()
	return p, err
}

// WarmerOptions of a Warmer.
type WarmerOptions struct {
	// Every is the pause from one warming to the next over the whole fleet. 0 means 30 min; at least 1 s.
	Every time.Duration
	// Progress is called after each batch. Nil: not.
	Progress func(Progress)
}

// Warmer warms a cache when it starts and every so often from then on. Of all processes of the fleet one does it; runs never
// overlap, and a process that dies at it is followed by another.
type Warmer[V any] struct {
	c       *Cache[V]
	ids     func(ctx context.Context) iter.Seq2[string, error]
	o       WarmerOptions
	mu      sync.Mutex
	end     context.CancelFunc
	done    chan struct{}
	stopped bool
}

// NewWarmer makes a Warmer of the cache for the ids, which are asked for at each run. Start must follow.
func (c *Cache[V]) NewWarmer(ids func(ctx context.Context) iter.Seq2[string, error], o WarmerOptions) (*Warmer[V], error) {
	if o.Every == 0 {
		o.Every = 30 * time.Minute
	}
	if o.Every < time.Second {
		return nil, fmt.Errorf("%w: cache %q: WarmerOptions.Every is %v, expected at least 1s", redbrick.ErrConfig, c.name, o.Every)
	}
	err := c.rb.Register(keyspace.Shape{
		Owner: "once", Pattern: "~once:{<name>}", Type: "string", TTL: "15 s, renewed", Slot: "{<name>}",
		Purpose: "token of the process that does the work",
	}, keyspace.Shape{
		Owner: "once", Pattern: "~once:{<name>}:done", Type: "string", TTL: "the period of the work", Slot: "{<name>}",
		Purpose: "the work was done in this period",
	})
	return &Warmer[V]{c: c, ids: ids, o: o, done: make(chan struct{})}, err
}

// Start begins with a run, unless another process has had one within Every. A second call does nothing.
func (w *Warmer[V]) Start(ctx context.Context) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.end != nil || w.stopped {
		return nil
	}
	ctx, w.end = context.WithCancel(context.WithoutCancel(ctx))
	go w.run(ctx)
	return nil
}

// Stop ends the run under way and waits for it. It is safe to call twice, and without Start.
func (w *Warmer[V]) Stop(ctx context.Context) error {
	w.mu.Lock()
	w.stopped = true
	end := w.end
	w.mu.Unlock()
	if end == nil {
		return nil
	}
	end()
	select {
	case <-w.done:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (w *Warmer[V]) run(ctx context.Context) {
	defer close(w.done)
	// The fleet's mark decides what is due; asking more often than it is lets another process take over soon.
	ask := min(w.o.Every, max(w.o.Every/10, time.Second))
	for {
		if _, err := w.Run(ctx); err != nil && ctx.Err() == nil {
			w.c.rb.Logger().WarnContext(ctx, "cache: warming", "cache", w.c.name, "error", err)
		}
		timer := time.NewTimer(ask)
		select {
		case <-ctx.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
	}
}

// Run warms now, unless the fleet has done it within Every or is at it, or the cache is disabled. It reports whether it ran.
func (w *Warmer[V]) Run(ctx context.Context) (bool, error) {
	if w.c.disabled { // what this process does warms nobody
		return false, nil
	}
	key := once.Key(w.c.rb.Namespace(), "warm:"+w.c.name)
	return once.Do(ctx, w.c.rb, key, w.o.Every, func(ctx context.Context) error {
		var failed error
		_, err := w.c.Warm(ctx, func(yield func(string) bool) {
			for id, err := range w.ids(ctx) {
				if err != nil {
					failed = err
					return
				}
				if !yield(id) {
					return
				}
			}
		}, w.o.Progress)
		if err == nil && failed == nil {
			err = ctx.Err() // what was cut short is not done, whether the source says so or not
		}
		return errors.Join(err, failed)
	})
}
