package ratelimit

import (
	"context"
	"fmt"
	"time"

	"github.com/redbrick-go/redbrick"
)

// blocks remembers who was denied, until he may come again: those who hammer a limit cost Redis nothing. It is used
// only while news of resets arrive; see resets.
type blocks struct {
	resets  *resets
	entries *bounded[block]
	longest time.Duration
}

// block is a denial. It is not changed.
type block struct {
	until time.Duration // when the call may come again, and the limit is whole again
	whole time.Duration
	ends  time.Duration // of the entry, no later than until
	n     int64         // the call; a smaller one might be admitted
	r     Result
}

// newBlocks gives nil where nothing is to be remembered.
func newBlocks(rb *redbrick.Client, o Options) (*blocks, error) {
	if o.BlockEntries < 0 || o.Disabled {
		return nil, nil
	}
	b := &blocks{longest: o.BlockFor, entries: newBounded(o.BlockEntries, func(b *block) time.Duration { return b.ends })}
	var err error
	b.resets, err = resetsOf(rb)
	if err != nil {
		return nil, err
	}
	b.resets.listen(b)
	return b, nil
}

// get returns the denial that is remembered for n calls.
func (b *blocks) get(tag string, n int64) (r Result, ok bool) {
	if b == nil || !b.resets.live.Load() {
		return Result{}, false
	}
	e := b.entries.get(tag)
	if e == nil || n < e.n {
		return Result{}, false
	}
	now := b.entries.now()
	if now >= e.ends {
		return Result{}, false // it gives way when there is no room
	}
	r = e.r
	r.RetryAfter, r.ResetAfter = e.until-now, max(e.whole-now, 0)
	return r, true
}

// seen is to be taken before Redis is asked, and given to put.
func (b *blocks) seen() uint64 {
	if b == nil {
		return 0
	}
	return b.resets.count.Load()
}

// put remembers a denial of a call that began at the time given, unless anything has been reset since.
func (b *blocks) put(tag string, n int64, began time.Time, seen uint64, r Result) {
	if b == nil {
		return
	}
	if !b.resets.live.Load() {
		b.resets.start()
		return
	}
	r.Cached, r.Policies = true, nil
	since := began.Sub(b.entries.base)
	e := &block{until: since + r.RetryAfter, whole: since + r.ResetAfter, n: n, r: r}
	e.ends = min(e.until, since+b.longest)
	b.entries.with(tag, func(old *block) *block {
		if b.resets.count.Load() != seen {
			return old
		}
		if old != nil && old.n <= n && old.ends >= e.ends {
			return old // says more
		}
		return e
	})
}

// release forgets the denials of an identity, in all processes.
func (b *blocks) release(ctx context.Context, tag string) error {
	if b == nil {
		return nil
	}
	b.forget(tag)
	d := b.resets.rb
	if err := d.Do(ctx, d.B().Publish().Channel(b.resets.channel).Message(tag).Build()).Error(); err != nil {
		return fmt.Errorf("ratelimit: tell other processes: %w", err)
	}
	return nil
}

func (b *blocks) forget(tag string) {
	b.resets.count.Add(1)
	b.entries.with(tag, func(*block) *block { return nil })
}

func (b *blocks) flush() {
	b.resets.count.Add(1)
	b.entries.clear()
}
