package ratelimit

import (
	"math"
	"time"
)

// Never is the RetryAfter of a call that no waiting helps: the limit is 0, or the cost above it.
const Never time.Duration = math.MaxInt64

// Result is the answer to a call. The zero value is a denial.
type Result struct {
	// Allowed is true if every policy admits the call, those in shadow mode aside.
	Allowed bool
	// Policy is the one that bound: of those that denied the one that denies longest, else the one with the least left.
	Policy string
	// Limit is the limit of that policy: of a token bucket its burst.
	Limit int64
	// Remaining is how many more calls it would admit now.
	Remaining int64
	// RetryAfter is when to come again with the same call; 0 if it was admitted, Never if that is pointless.
	RetryAfter time.Duration
	// ResetAfter is the time until all of the limit is there again, if nobody comes meanwhile.
	ResetAfter time.Duration
	// Degraded is true where Redis did not decide, and Policy.Away did.
	Degraded bool
	// Cached is true for a denial that this process remembered.
	Cached bool
	// Policies has the answer of each policy, in their order, where there are several. It is shared: not to be changed.
	Policies []PolicyResult

	slip  slip   // what one bucket or window was asked for
	joint *joint // what several policies were asked for
}

// PolicyResult is the answer of one policy. Its fields are those of Result.
type PolicyResult struct {
	Name                   string
	Allowed, Shadow        bool
	Limit, Remaining       int64
	Window                 time.Duration // of the policy
	RetryAfter, ResetAfter time.Duration

	algorithm Algorithm
}

// slip is what Refund needs to know of a call that a fast script admitted.
type slip struct {
	l     *Limiter // nil for none
	tag   string
	n     int64
	began time.Time
	level int64 // of a bucket before the call, of a fixed window the ms that were left
}

// joint is the same of a call that decide.lua admitted.
type joint struct {
	claims []Claim
	marks  []int64 // of their policies
}

// verdict is what a script said of one policy, in its units.
type verdict struct{ wait, level, reset, mark int64 }

// judge reads a verdict. taken is true if the call has been counted.
func (r *rule) judge(n int64, v verdict, taken bool) PolicyResult {
	out := PolicyResult{Name: r.Name, Shadow: r.Shadow, Limit: r.max, Window: r.Window, algorithm: r.Algorithm}
	switch r.kind {
	case kindBucket, kindFine:
		out.Allowed = v.wait <= 0
		if taken && out.Allowed {
			v.level += n * r.cost
		}
		out.Remaining = max(r.most-v.level, 0) / r.cost
		out.RetryAfter, out.ResetAfter = r.duration(v.wait), r.duration(v.level)
	case kindCounter:
		r.weigh(&out, n, v, taken)
	default:
		out.Allowed = v.wait <= 0
		used := v.level
		if taken && out.Allowed {
			used += n
			if v.reset = max(v.reset, r.untilEnd(v)); r.kind == kindLog {
				v.reset = r.p
			}
		}
		out.Remaining = max(r.Limit-used, 0)
		out.RetryAfter, out.ResetAfter = r.duration(v.wait), r.duration(v.reset)
	}
	if !out.Allowed {
		out.RetryAfter = max(out.RetryAfter, 1)
	}
	return out
}

// untilEnd is the length of a fixed window that the call has begun.
func (r *rule) untilEnd(v verdict) int64 {
	if v.level > 0 {
		return v.reset
	}
	return r.p + 1
}

// weigh is judge for the sliding counter, whose script only says what there is.
func (r *rule) weigh(out *PolicyResult, n int64, v verdict, taken bool) {
	current, last, p := v.level, v.reset, r.p
	off := v.mark % p // of the window that is
	out.Allowed = v.wait <= 0
	if !out.Allowed {
		out.RetryAfter = r.duration(counterWait(r.Limit, n, current, last, p, off))
	}
	if taken && out.Allowed {
		current += n
	}
	out.Remaining = max(r.Limit*p-last*(p-off)-current*p, 0) / p
	switch {
	case current > 0:
		out.ResetAfter = r.duration(2*p - off)
	case last > 0:
		out.ResetAfter = r.duration(p - off)
	}
}

// counterWait is the time in ms until a sliding counter admits n, n being at most the limit.
func counterWait(limit, n, current, last, p, off int64) int64 {
	// Within this window: last*(p-at) <= (limit-n-current)*p.
	if room := limit - n - current; room >= 0 && last > 0 {
		if at := p - room*p/last; at <= p {
			return at - off
		}
	}
	// In the next one the current window is the last one.
	wait := p - off
	if room := limit - n; current > room {
		wait += p - room*p/current
	}
	return wait
}

// impossible is the answer to a cost above the limit.
func (r *rule) impossible() PolicyResult {
	return PolicyResult{Name: r.Name, Shadow: r.Shadow, Limit: r.max, Window: r.Window, RetryAfter: Never, algorithm: r.Algorithm}
}

// sum makes the answer of all policies.
func sum(all []PolicyResult) Result {
	bound := -1
	allowed := true
	for i := range all {
		p := &all[i]
		switch {
		case p.Shadow:
		case !p.Allowed && (allowed || p.RetryAfter > all[bound].RetryAfter):
			bound, allowed = i, false
		case allowed && (bound < 0 || p.Remaining < all[bound].Remaining || p.Remaining == all[bound].Remaining && p.ResetAfter > all[bound].ResetAfter):
			bound = i
		}
	}
	r := Result{Allowed: allowed}
	if bound < 0 { // all in shadow mode
		bound = 0
	}
	p := &all[bound]
	r.Policy, r.Limit, r.Remaining, r.ResetAfter = p.Name, p.Limit, p.Remaining, p.ResetAfter
	if !allowed {
		r.RetryAfter = p.RetryAfter
	}
	if len(all) > 1 || all[0].Shadow {
		r.Policies = all
	}
	return r
}
