package lock

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/redbrick-go/redbrick"
)

// Lease is a lock that is held. It is renewed until it is released or lost, and must be released in the end. It is safe for
// concurrent use.
type Lease struct {
	w      *wish
	token  int64
	ctx    context.Context //nolint:containedctx // it is what the holder asks for
	cancel context.CancelCauseFunc
	last   time.Time // end of Options.MaxHold; zero: none

	mu    sync.Mutex
	end   time.Time // until when the lock is ours for sure
	timer *time.Timer
	over  error // why the lease ended; nil while it is held
}

// hold makes the lease of a lock that was granted when it was asked for at the given time.
func (l *Locker) hold(ctx context.Context, w *wish, token int64, asked time.Time) (*Lease, time.Duration, error) {
	le := &Lease{w: w, token: token}
	le.ctx, le.cancel = context.WithCancelCause(context.WithoutCancel(ctx))
	if w.o.MaxHold > 0 {
		le.last = asked.Add(w.o.MaxHold)
	}
	le.end = le.until(asked)
	if !l.shared.add(le) {
		le.cancel(ErrClosed)
		return nil, 0, fmt.Errorf("lock %q: %w: %w", w.name, ErrClosed, redbrick.ErrUnavailable)
	}
	if !time.Now().Before(le.end) {
		le.lose(fmt.Errorf("%w: the answer came too late", ErrLost))
		return nil, 0, fmt.Errorf("lock %q: %w: the answer took longer than the lock is held: %w", w.name, redbrick.ErrTimeout, redbrick.ErrUnavailable)
	}
	le.mu.Lock()
	defer le.mu.Unlock()
	if le.over == nil { // the client may be closing
		le.timer = time.AfterFunc(time.Until(asked.Add(w.o.TTL/3)), le.renew)
	}
	return le, 0, nil
}

// until is when a lease ends that was asked for at the given time: a tenth of its TTL before it ends on the server, which
// began to count later.
func (le *Lease) until(asked time.Time) time.Time {
	end := asked.Add(le.w.o.TTL - le.w.o.TTL/10)
	if !le.last.IsZero() && le.last.Before(end) {
		return le.last
	}
	return end
}

// Name is the name of the lock.
func (le *Lease) Name() string { return le.w.name }

// Token is the fencing token: above every token that was given for this name before, and below all later ones. What the lock
// protects has to refuse a token that is below the highest it has seen. It stays below 2^53.
func (le *Lease) Token() int64 { return le.token }

// Context ends when the lease is lost (its cause is ErrLost), released (ErrReleased) or the client closed (ErrClosed). It has
// the values of the context of Acquire, not its end.
func (le *Lease) Context() context.Context { return le.ctx }

// Err tells whether the lock is held by the clock of this process: nil, or what Context ends with. It sees the end of a
// lease also where the process stood still and Context has not ended yet.
func (le *Lease) Err() error {
	le.mu.Lock()
	over, end := le.over, le.end
	le.mu.Unlock()
	if over == nil && !time.Now().Before(end) {
		return fmt.Errorf("%w: it was not renewed in time", ErrLost)
	}
	return over
}

// Release gives the lock back. It works also where ctx has ended. ErrLost means that the lock was not ours any more. After other
// errors the lock ends with its TTL. Releasing twice does nothing.
func (le *Lease) Release(ctx context.Context) error { return le.release(ctx, ErrReleased) }

func (le *Lease) release(ctx context.Context, cause error) error {
	if !le.finish(cause) {
		le.mu.Lock()
		defer le.mu.Unlock()
		if errors.Is(le.over, ErrLost) {
			return le.over
		}
		return nil
	}
	held, err := le.w.release(context.WithoutCancel(ctx), false)
	switch {
	case err != nil:
		return fmt.Errorf("lock %q: releasing: %w", le.w.name, err)
	case !held:
		return fmt.Errorf("lock %q: %w: another may have had it", le.w.name, ErrLost)
	}
	return nil
}

// finish ends the lease; false if it had ended before.
func (le *Lease) finish(why error) bool {
	le.mu.Lock()
	defer le.mu.Unlock()
	if le.over != nil {
		return false
	}
	le.over = why
	if le.timer != nil {
		le.timer.Stop()
	}
	le.cancel(why)
	le.w.l.shared.remove(le)
	return true
}

func (le *Lease) lose(why error) {
	if le.finish(fmt.Errorf("lock %q: %w", le.w.name, why)) {
		le.w.l.rb.Logger().WarnContext(le.ctx, "lock lost", "lock", le.w.name, "token", le.token, "error", why)
	}
}

// renew is what the timer runs.
func (le *Lease) renew() {
	if !le.w.l.shared.begin() {
		return
	}
	defer le.w.l.shared.work.Done()
	le.mu.Lock()
	end := le.end
	le.mu.Unlock()
	asked := time.Now() // the lease is counted from before it was renewed
	if !asked.Before(end) {
		if !le.last.IsZero() && !asked.Before(le.last) {
			le.lose(fmt.Errorf("%w: held for %v", ErrLost, le.w.o.MaxHold))
		} else {
			le.lose(fmt.Errorf("%w: it was not renewed in time", ErrLost))
		}
		return
	}
	// A call that hangs leaves time for another.
	call, cancel := context.WithDeadline(le.ctx, earlier(end, asked.Add(le.w.o.TTL/3)))
	n, err := renewScript.Do(call, le.w.l.d, []string{le.w.k.lock}, []string{le.w.token, millis(le.w.o.TTL)}).AsInt64()
	cancel()
	if err == nil && n == 0 {
		le.lose(fmt.Errorf("%w: it was gone", ErrLost))
		return
	}
	le.mu.Lock()
	defer le.mu.Unlock()
	if le.over != nil {
		return
	}
	next := time.Now().Add(min(le.w.o.TTL/20, time.Second))
	if err == nil {
		le.end = le.until(asked)
		next = asked.Add(le.w.o.TTL / 3)
	}
	le.timer.Reset(time.Until(earlier(next, le.end)))
}

func earlier(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
