package lock

import (
	"context"
	"sync/atomic"
	"time"

	"github.com/redbrick-go/redbrick/internal/push"
	"github.com/redbrick-go/redbrick/internal/script"
)

// SetBeat lets those who wait say so less often: only a push can wake them.
func (l *Locker) SetBeat(d time.Duration) { l.maxBeat = d }

// SetDoer replaces the way to Redis.
func (l *Locker) SetDoer(d script.Doer) { l.d = d }

// Doer is the way to Redis.
func (l *Locker) Doer() script.Doer { return l.d }

// End is until when the lease counts as held by the clock of this process.
func (le *Lease) End() time.Time {
	le.mu.Lock()
	defer le.mu.Unlock()
	return le.end
}

// Renew does what the timer does.
func (le *Lease) Renew() { le.renew() }

// EndLease makes the lease of the leader end by the clock of this process, without its being told.
func (e *Election) EndLease() {
	e.mu.Lock()
	defer e.mu.Unlock()
	le := e.term.lease
	le.mu.Lock()
	defer le.mu.Unlock()
	le.end = time.Now()
}

// FailSubscriptions lets the next n subscriptions of the client's locks fail.
func (l *Locker) FailSubscriptions(n int64, err error) {
	var failed atomic.Int64
	l.shared.hub = push.NewHub(l.shared.channel, func(ctx context.Context, channel string, message func(string), live func(bool)) (func(), error) {
		if failed.Add(1) <= n {
			return nil, err
		}
		return l.rb.Subscribe(ctx, channel, message, live)
	})
}

// RunAcquire, RunRenew and RunRelease run the scripts as a caller with the given token.
func (l *Locker) RunAcquire(ctx context.Context, name, token string, ttl, beat time.Duration) (int64, error) {
	k := l.keys(name)
	return acquireScript.Do(ctx, l.d, []string{k.lock, k.fence, k.queue, k.alive},
		[]string{token, millis(ttl), millis(fenceTTL), millis(beat)}).AsInt64()
}

func (l *Locker) RunRenew(ctx context.Context, name, token string, ttl time.Duration) (int64, error) {
	return renewScript.Do(ctx, l.d, []string{l.keys(name).lock}, []string{token, millis(ttl)}).AsInt64()
}

func (l *Locker) RunRelease(ctx context.Context, name, token string, queued bool) (int64, error) {
	k, waits := l.keys(name), "0"
	if queued {
		waits = "1"
	}
	return releaseScript.Do(ctx, l.d, []string{k.lock, k.queue, k.alive}, []string{token, l.shared.channel, waits}).AsInt64()
}
