package redbrick

import (
	"context"
	"sync/atomic"
	"time"
	"unsafe" // for an address as a number, see shard
)

// wheelTick is how far apart in time two calls may begin and still end together.
const wheelTick = 10 * time.Millisecond

// wheelShards is how many contexts serve one tick. Callers wait on the channel of the context, and a channel that many
// wait on is a lock that many take.
const wheelShards = 32

// epoch is what the wheel counts from: to read the one clock since then costs half of what time.Now does.
var epoch = time.Now()

// wheel hands out contexts with a deadline that calls share. A context of its own costs a call a timer and three
// allocations, more than the rest of the client's work on a GET. A call that shares one ends between its timeout and its
// timeout plus wheelTick.
type wheel struct {
	shards [wheelShards]struct {
		current atomic.Pointer[spoke]
		_       [56]byte // a cache line each
	}
}

// spoke is the context of one tick and shard.
type spoke struct {
	ctx    context.Context //nolint:containedctx // handed out to the calls of one tick
	fresh  time.Duration   // since epoch, until when new calls may take it
	cancel context.CancelFunc
}

// context returns a context that ends between timeout and timeout+wheelTick from now; timeout is the same in all calls.
func (w *wheel) context(timeout time.Duration) context.Context {
	now := time.Since(epoch)
	current := &w.shards[shard()].current
	if s := current.Load(); s != nil && now < s.fresh {
		return s.ctx
	}
	// Two calls may both renew: the loser's context serves it alone. The deadline ends every context by itself.
	s := &spoke{fresh: now + wheelTick}
	s.ctx, s.cancel = context.WithTimeout(context.Background(), timeout+wheelTick)
	current.Store(s)
	return s.ctx
}

// shard picks by the address of the goroutine's stack, so that goroutines rarely meet. The address is a number here,
// nothing more.
func shard() int {
	const smallestStack = 11 // 2 KiB
	var here byte
	return int(uintptr(unsafe.Pointer(&here))>>smallestStack) % wheelShards
}
