package ratelimit

import (
	"time"
)

// local counts in the process: what Policy.Away calls Local, and what a leased limiter keeps to besides its leases. Each
// limit is a token bucket in nanoseconds.
type local struct {
	tats   *bounded[time.Duration]
	places *bounded[int64]
}

// localEntries bounds what is remembered of identities while Redis is away; of those beyond, the ones nearest to a whole
// limit are forgotten.
const localEntries = 100_000

func newLocal() *local {
	return &local{
		tats:   newBounded(localEntries, func(tat *time.Duration) time.Duration { return *tat }),
		places: newBounded(localEntries, func(n *int64) time.Duration { return time.Duration(*n) }),
	}
}

// take decides about n calls of one policy, whose limit nodes processes share.
func (l *local) take(tag string, r *rule, n int64, nodes int) PolicyResult {
	out := r.impossible()
	limit, burst := share(r.Limit, nodes), share(r.max, nodes)
	if out.Limit = burst; n > burst || limit == 0 {
		return out
	}
	interval := max(r.Window/time.Duration(limit), 1)
	most := interval * time.Duration(burst)
	if most/interval != time.Duration(burst) || most < 0 {
		return out
	}
	cost := interval * time.Duration(n)
	l.tats.with(r.Name+"\x00"+tag, func(tat *time.Duration) *time.Duration {
		now := l.tats.now()
		var level time.Duration
		if tat != nil {
			level = max(*tat-now, 0)
		}
		if out.Allowed = level+cost <= most; out.Allowed {
			level += cost
			out.RetryAfter = 0
			if tat == nil {
				tat = new(time.Duration)
			}
			*tat = now + level
		} else {
			out.RetryAfter = level + cost - most
		}
		out.Remaining, out.ResetAfter = int64((most-level)/interval), level
		return tat
	})
	return out
}

// share is the part of a limit that one of so many processes may give out: at least one, unless there is none at all.
func share(limit int64, nodes int) int64 {
	if limit == 0 {
		return 0
	}
	return max(limit/int64(nodes), 1)
}

// enter takes a place, leave gives it back.
func (l *local) enter(tag string, r *rule, nodes int) bool {
	got := false
	l.places.with(tag, func(n *int64) *int64 {
		if n == nil {
			n = new(int64)
		}
		if got = *n < share(r.Limit, nodes); got {
			*n++
		}
		return n
	})
	return got
}

func (l *local) leave(tag string) {
	l.places.with(tag, func(n *int64) *int64 {
		if n == nil || *n <= 1 {
			return nil
		}
		*n--
		return n
	})
}

// forget drops what is known of an identity. It stays out of the way of the decisions of Redis.
func (l *local) forget(tag string, rules []rule) {
	for i := range rules {
		l.tats.with(rules[i].Name+"\x00"+tag, func(*time.Duration) *time.Duration { return nil })
	}
}
