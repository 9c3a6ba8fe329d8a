package ratelimit

import (
	"fmt"
	"log/slog"
	"sync/atomic"
	"time"
)

// away decides where Redis did not.
func (l *Limiter) away(id, tag string, n int64, cause error) (Result, error) {
	return awayAll([]Claim{{l: l, id: id, tag: tag, n: n}}, cause)
}

func awayAll(claims []Claim, cause error) (Result, error) {
	var answers []PolicyResult
	closed := ""
	for _, c := range claims {
		c.l.counts.degraded.Add(1)
		c.l.warned.warn("decision", cause)
		for i := range c.l.rules {
			r := &c.l.rules[i]
			p := PolicyResult{Name: r.Name, Shadow: r.Shadow, Limit: r.max, Window: r.Window, algorithm: r.Algorithm}
			switch {
			case c.n > r.max:
				p = r.impossible()
			case r.Away == Local:
				p = c.l.local.take(c.tag, r, c.n, c.l.o.Nodes)
			case r.Away == Closed:
				p.RetryAfter = awayRetry
				if closed == "" && !r.Shadow {
					closed = r.Name
				}
			default:
				p.Allowed, p.Remaining = true, r.max
			}
			answers = append(answers, p)
		}
	}
	r := sum(answers)
	r.Degraded = true
	if closed != "" {
		return r, fmt.Errorf("ratelimit: policy %q is closed without Redis: %w", closed, unavailable(cause))
	}
	return r, nil
}

// awayRetry is when those are told to come again whom a closed policy denies.
const awayRetry = time.Second

// counts are the numbers of Stats.
type counts struct{ allowed, denied, remembered, degraded atomic.Int64 }

func (c *counts) decided(allowed bool) {
	if allowed {
		c.allowed.Add(1)
	} else {
		c.denied.Add(1)
	}
}

func (c *counts) cached() { c.remembered.Add(1) }

// Stats is what a limiter has decided since it was made.
type Stats struct {
	// Allowed and Denied are the decisions of Redis. Cached are denials that the process remembered. Degraded are calls that
	// were decided without Redis.
	Allowed, Denied, Cached, Degraded int64
	// Blocked is how many identities the process remembers as denied at the moment.
	Blocked int
}

// Stats returns the numbers so far.
func (l *Limiter) Stats() Stats {
	s := Stats{Allowed: l.counts.allowed.Load(), Denied: l.counts.denied.Load(), Cached: l.counts.remembered.Load(), Degraded: l.counts.degraded.Load()}
	if l.blocks != nil {
		s.Blocked = l.blocks.entries.len()
	}
	return s
}

// limitedLog says something at most once every ten seconds.
type limitedLog struct {
	log  *slog.Logger
	next atomic.Int64 // Unix nanoseconds
}

func (l *limitedLog) warn(what string, err error) {
	const pause = 10 * time.Second
	now := time.Now()
	if next := l.next.Load(); now.UnixNano() >= next && l.next.CompareAndSwap(next, now.Add(pause).UnixNano()) {
		l.log.Warn("a limit goes without Redis", "what", what, "error", err)
	}
}
