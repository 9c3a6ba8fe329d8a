package redbrick

import (
	"context"
	"sync/atomic"
	"time"
)

// wheelTick is how far apart in time two calls may begin and still end together.
const wheelTick = 10 * time.Millisecond

// wheel hands out contexts with a deadline that calls share. A context of its own costs a call a timer and three
// allocations, more than the rest of the client's work on a GET. A call that shares one ends between its timeout and its
// timeout plus wheelTick.
type wheel struct {
	current atomic.Pointer[spoke]
}

// spoke is the context of one tick.
type spoke struct {
	ctx    context.Context //nolint:containedctx // handed out to the calls of one tick
	fresh  time.Time       // until when new calls may take it
	cancel context.CancelFunc
}

// context returns a context that ends between timeout and timeout+wheelTick from now; timeout is the same in all calls.
func (w *wheel) context(timeout time.Duration) context.Context {
	now := time.Now()
	if s := w.current.Load(); s != nil && now.Before(s.fresh) {
		return s.ctx
	}
	// Two calls may both renew: the loser's context serves it alone. The deadline ends every context by itself.
	s := &spoke{fresh: now.Add(wheelTick)}
	s.ctx, s.cancel = context.WithDeadline(context.Background(), now.Add(timeout+wheelTick))
	w.current.Store(s)
	return s.ctx
}
