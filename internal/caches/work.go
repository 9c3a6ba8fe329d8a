package caches

import (
	"context"
	"sync"
)

// Work is what one cache does in the background. It ends with the cache. Make it with NewWork.
type Work struct {
	life   context.Context //nolint:containedctx // background work ends with the cache
	end    context.CancelFunc
	ending sync.RWMutex // guards under.Add against Close
	under  sync.WaitGroup
}

// NewWork makes a Work; Close must follow.
func NewWork() *Work {
	w := &Work{}
	w.life, w.end = context.WithCancel(context.Background())
	return w
}

// Life ends when Close begins.
func (w *Work) Life() context.Context { return w.life }

// Go runs f, and reports false where Close has begun.
func (w *Work) Go(f func()) bool {
	w.ending.RLock() // Close waits for what was added before it, and nothing is added after
	defer w.ending.RUnlock()
	if w.life.Err() != nil {
		return false
	}
	w.under.Go(f)
	return true
}

// Close ends the life and waits for all that runs.
func (w *Work) Close() {
	w.ending.Lock()
	w.end()
	w.ending.Unlock()
	w.under.Wait()
}
