package lock

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redis/rueidis"

	"github.com/redbrick-go/redbrick"
)

// deaf is how often those ask who wait and could not subscribe.
const deaf = time.Second

// queue waits for the lock. The place in the queue has been taken.
func (w *wish) queue(ctx context.Context) (*Lease, error) {
	var patience <-chan time.Time
	if w.o.Wait > 0 {
		timer := time.NewTimer(w.o.Wait)
		defer timer.Stop()
		patience = timer.C
	}
	for {
		// Heard from before asking on: what is said in between is not missed.
		said, leave, live := w.l.shared.hub.Wait(w.token)
		lease, pause, err := w.ask(ctx)
		if err != nil || lease != nil {
			leave()
			return lease, err
		}
		if !live { // said wakes us when it hears, to look again
			var refused *rueidis.RedisError
			switch err := w.l.shared.hub.Start(ctx); {
			case errors.As(err, &refused):
				leave()
				return nil, fmt.Errorf("lock %q: waiting: %w", w.name, err)
			case err != nil: // the place in the queue is worth more than a subscription
				w.l.rb.Logger().DebugContext(ctx, "lock: waiting without being told", "lock", w.name, "error", err)
				pause = min(pause, deaf)
			}
		}
		again := time.NewTimer(pause)
		select {
		case <-said:
		case <-again.C:
		case <-patience:
			err = fmt.Errorf("lock %q: %w for %v", w.name, ErrHeld, w.o.Wait)
		case <-ctx.Done():
			err = fmt.Errorf("lock %q: waiting: %w", w.name, ctx.Err())
		case <-w.l.shared.life.Done():
			err = fmt.Errorf("lock %q: %w: %w", w.name, ErrClosed, redbrick.ErrUnavailable)
		}
		again.Stop()
		leave()
		if err != nil {
			return nil, err
		}
	}
}

// giveUp takes back whatever was got without our hearing of it, in the background: the place in the queue and the lock. What
// cannot be taken back ends by itself, the lock with its TTL.
func (w *wish) giveUp(ctx context.Context) {
	w.l.shared.spawn(func() {
		end := time.Now().Add(w.o.TTL)
		ctx, cancel := context.WithDeadline(context.WithoutCancel(ctx), end)
		defer cancel()
		const first = 20 * time.Millisecond
		for pause := first; ; pause = min(2*pause, time.Second) {
			_, err := w.release(ctx, true)
			if err == nil || ctx.Err() != nil || w.l.shared.life.Err() != nil {
				return
			}
			w.l.rb.Logger().DebugContext(ctx, "lock: giving up", "lock", w.name, "error", err)
			timer := time.NewTimer(pause)
			select {
			case <-timer.C:
			case <-ctx.Done():
			case <-w.l.shared.life.Done():
				timer.Stop()
				return
			}
			timer.Stop()
		}
	})
}

// release gives the lock back and reports whether it was held.
func (w *wish) release(ctx context.Context, queued bool) (held bool, err error) {
	waits := "0"
	if queued {
		waits = "1"
	}
	n, err := releaseScript.Do(ctx, w.l.d, []string{w.k.lock, w.k.queue, w.k.alive},
		[]string{w.token, w.l.shared.channel, waits}).AsInt64()
	return n == 1, err
}
