package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/redbrick-go/redbrick/internal/script"
)

// Refund gives back what an admitted call has consumed, as if it had not been made; of a call that was denied, or decided
// without Redis, there is nothing to give back. A Result is to be refunded once.
//
// It never gives back more than the call took away. A token bucket that was full when the call came cannot refill while the
// call stands for what it would have been anyway: what it missed meanwhile is given back where nobody else came in between, and
// after AllowAll or with several policies; else the bucket lacks the round trip's worth of refill, for as long.
func (l *Limiter) Refund(ctx context.Context, r Result) error {
	var err error
	switch {
	case !r.Allowed:
		return nil
	case r.slip.l != nil:
		err = errors.Join(refundOne(ctx, l.slow, r.slip), r.slip.l.blocks.release(ctx, r.slip.tag))
	case r.joint != nil:
		err = refund(ctx, l.slow, r.joint.claims, r.joint.marks)
		for _, c := range r.joint.claims {
			err = errors.Join(err, c.l.blocks.release(ctx, c.tag))
		}
	}
	if err != nil {
		return fmt.Errorf("ratelimit: refund: %w", err)
	}
	return nil
}

// refund gives back what claims took, by the marks of decide.lua.
func refund(ctx context.Context, d script.Doer, claims []Claim, marks []int64) error {
	var calls []script.Call
	i := 0
	for g, group := range group(claims) {
		calls = append(calls, script.Call{Script: refundScript})
		for _, c := range group {
			for k := range c.l.rules {
				if r := &c.l.rules[k]; marks[i] != tookNothing && c.n <= r.max {
					calls[g].Keys = append(calls[g].Keys, c.l.keys.key(c.tag, &r.Policy))
					calls[g].Args = append(calls[g].Args, r.kind, r.costs(c.n), itoa(marks[i]), r.pText, r.qText)
				}
				i++
			}
		}
	}
	var errs []error
	kept := calls[:0]
	for _, c := range calls {
		if len(c.Keys) > 0 {
			kept = append(kept, c)
		}
	}
	if len(kept) == 0 {
		return nil
	}
	for _, res := range run(ctx, d, kept) {
		errs = append(errs, res.Error())
	}
	return errors.Join(errs...)
}

// refundOne gives back what a script without marks took.
func refundOne(ctx context.Context, d script.Doer, s slip) error {
	r := &s.l.rules[0]
	elapsed := time.Since(s.began)
	cost, q := s.n*r.cost, r.q
	switch r.kind {
	case kindFixed:
		left := time.Duration(s.level) * time.Millisecond
		if elapsed >= left {
			return nil // the window may have ended
		}
		q = s.level // in this window there is less left by now, in the next one there is more
	default:
		// The time since the call is measured here, and longer than it was for the server. So what is left of the call, if the
		// bucket would have been full before now without it, is more than is given back.
		if idle := r.units(elapsed) + 1 - s.level; idle > 0 {
			cost -= idle
		}
		if cost <= 0 {
			return nil
		}
	}
	keys := []string{s.l.keys.key(s.tag, &r.Policy)}
	return refundScript.Do(ctx, d, keys, []string{r.kind, itoa(cost), "", r.pText, itoa(q)}).Error()
}
