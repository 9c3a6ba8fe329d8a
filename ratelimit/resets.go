package ratelimit

import (
	"context"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redbrick-go/redbrick"
)

// resets hears of identities whose denials are to be forgotten, for all limiters of a client. It begins to listen when
// the first denial is to be remembered.
type resets struct {
	rb      *redbrick.Client
	channel string
	live    atomic.Bool
	// count grows with all that is heard: what was decided before may not be remembered after.
	count atomic.Uint64

	mu        sync.Mutex
	listeners []*blocks
	started   bool
	closed    bool
	again     time.Time // not to be tried before
	life      context.Context
	end       context.CancelFunc
	work      sync.WaitGroup
	stop      func()
}

// resetsRetry is the pause before a subscription that could not be made is tried again.
const resetsRetry = time.Second

func resetsOf(rb *redbrick.Client) (*resets, error) {
	part, err := rb.Part("ratelimit resets", func() (any, func(), error) {
		r := &resets{rb: rb, channel: rb.Namespace() + "~rl"}
		r.life, r.end = context.WithCancel(context.Background())
		return r, r.close, nil
	})
	if err != nil {
		return nil, err
	}
	return part.(*resets), nil
}

func (r *resets) listen(b *blocks) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.listeners = append(r.listeners, b)
}

// start subscribes in the background.
func (r *resets) start() {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.started || r.closed || time.Now().Before(r.again) {
		return
	}
	r.started = true
	r.work.Go(func() {
		stop, err := r.rb.Subscribe(r.life, r.channel, r.heard, r.alive)
		r.mu.Lock()
		defer r.mu.Unlock()
		if err != nil {
			r.started, r.again = false, time.Now().Add(resetsRetry)
			return
		}
		r.stop = stop
	})
}

func (r *resets) all() []*blocks {
	r.mu.Lock()
	defer r.mu.Unlock()
	return slices.Clone(r.listeners)
}

func (r *resets) heard(tag string) {
	for _, b := range r.all() {
		b.forget(tag)
	}
}

// alive is told when the subscription stands and when it is lost; what was said in between is not known.
func (r *resets) alive(stands bool) {
	if !stands {
		r.live.Store(false)
	}
	for _, b := range r.all() {
		b.flush()
	}
	if stands {
		r.live.Store(true)
	}
}

func (r *resets) close() {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.end()
	r.work.Wait()
	if r.stop != nil {
		r.stop()
	}
	r.live.Store(false)
}
