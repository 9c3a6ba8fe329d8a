package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"
)

// longestWait bounds what Wait reserves ahead where ctx has no deadline.
const longestWait = time.Hour

// Wait sleeps until one call of the identity is admitted; WaitN says more.
func (l *Limiter) Wait(ctx context.Context, id string) (Result, error) { return l.WaitN(ctx, id, 1) }

// WaitN sleeps until n calls are admitted, and counts them. With a token bucket as the only policy callers are served in the order
// in which they came, in all processes, at one round trip each: each takes its turn ahead and sleeps until then. With other
// policies a caller comes again when a limit says so.
//
// The error is ErrDenied, at once, where the turn would come after the deadline of ctx (or an hour); the end of ctx, and then
// the turn is given back; ErrUnavailable where Redis is away and a policy is Closed.
func (l *Limiter) WaitN(ctx context.Context, id string, n int64) (Result, error) {
	if err := l.check(id, n); err != nil {
		return Result{}, err
	}
	if len(l.rules) == 1 && !l.o.Disabled && !l.rules[0].Shadow && l.rules[0].Algorithm == TokenBucket && n <= l.rules[0].max {
		return l.queue(ctx, id, n)
	}
	for {
		r, err := l.AllowN(ctx, id, n)
		if err != nil || r.Allowed {
			return r, err
		}
		pause := r.RetryAfter
		if pause == Never || pause > budget(ctx) {
			return r, &DeniedError{Result: r}
		}
		// Those who were denied together are not to come again together.
		pause += rand.N(pause/10 + time.Millisecond) //nolint:gosec // jitter
		if err := sleep(ctx, pause); err != nil {
			return Result{}, err
		}
	}
}

// queue takes the next turn of a token bucket, which may lie ahead.
func (l *Limiter) queue(ctx context.Context, id string, n int64) (Result, error) {
	r := &l.rules[0]
	tag := l.keys.tag(id)
	ahead := *r
	ahead.most += min(r.units(budget(ctx)), maxUnits-r.most)
	if r.kind == kindFine {
		ahead.most = min(ahead.most, r.p*r.q/2-1)
	}
	ahead.mostText = itoa(ahead.most)
	s, args := bucketScript, []string{r.costs(n), ahead.mostText}
	if r.kind == kindFine {
		s, args = fineScript, append(args, r.pText, r.qText)
	}
	if err := ctx.Err(); err != nil {
		return Result{}, err
	}
	began := time.Now()
	// The answer is waited for even if the caller leaves meanwhile: else nobody would know that there is a turn to give back.
	after, err := s.Do(context.WithoutCancel(ctx), l.lane, []string{l.keys.key(tag, &r.Policy)}, args).AsInt64()
	if err != nil {
		out, err := l.away(id, tag, n, err)
		if err == nil && !out.Allowed {
			err = &DeniedError{Result: out}
		}
		return out, err
	}
	v := r.after(after, n)
	if after <= 0 { // even ahead there is no room
		out := sum([]PolicyResult{r.judge(n, verdict{level: v.level, wait: v.level + n*r.cost - r.most}, false)})
		return out, &DeniedError{Result: out}
	}
	out := sum([]PolicyResult{r.judge(n, verdict{level: v.level}, true)})
	out.slip = slip{l: l, tag: tag, n: n, began: began, level: v.level}
	if err := sleep(ctx, r.duration(v.level+n*r.cost-r.most)); err != nil {
		// The turn was not used: those behind keep theirs, those who come get it.
		if failed := l.Refund(context.WithoutCancel(ctx), out); failed != nil {
			err = errors.Join(err, fmt.Errorf("ratelimit: give a turn back: %w", failed))
		}
		return Result{}, err
	}
	l.counts.decided(true)
	return out, nil
}

// budget is how long a caller can wait.
func budget(ctx context.Context) time.Duration {
	d, ok := ctx.Deadline()
	if !ok {
		return longestWait
	}
	return min(max(time.Until(d), 0), longestWait)
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
