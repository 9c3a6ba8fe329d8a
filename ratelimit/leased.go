package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/keyspace"
)

// LeasedOptions say how a Leased works.
type LeasedOptions struct {
	// Policy is a token bucket.
	Policy Policy
	// Batch is the most tokens that a process draws at once. 0 means a hundredth of the limit. The fleet admits at
	// most Batch calls beyond the limit, one process alone none.
	Batch int64
	// Entries bounds the identities whose tokens the process keeps; those of others lapse. 0 means 100,000.
	Entries int
	// Timeout bounds a draw. 0 means 50 ms.
	Timeout time.Duration
	// Nodes is the number of processes that share what a Local policy may admit. 0 means 1.
	Nodes int
}

// Leased is a limiter that answers at memory speed: each process draws batches of tokens from a bucket in Redis and hands them
// out by itself.
//
// A token that was drawn lapses after the time in which the bucket refills one batch, by the process's own clock and from
// before it asked. So whatever is admitted in a span of time was drawn in that span or one batch's refill before it: however
// many processes there are, they admit at most Batch calls more than the bucket alone would, in any span. Each process
// keeps to the whole limit besides, so that a process alone admits none. Both are within (processes - 1) * Batch.
//
// A process draws as much as it has used of late, so that one with little to do does not let tokens lapse; and where little is
// left, the server gives half of it at most, down to one by one.
type Leased struct {
	rb      *redbrick.Client
	lane    *redbrick.Lane
	o       LeasedOptions
	rule    rule // fine, whatever the interval
	keys    keyring
	local   *local
	lapse   time.Duration // of a token
	step    time.Duration // emission interval
	most    time.Duration // capacity
	entries *bounded[lease]
	counts  counts
	warned  limitedLog
}

// lease is what a process holds for one identity. Tokens are handed out without its lock, which guards draws and denials.
type lease struct {
	grant atomic.Pointer[grant] // the last draw, nil before the first
	used  atomic.Int64          // when it was asked last, to usedEvery
	_     [48]byte              // what every call changes is not in the cache line of what every call only reads
	tat   atomic.Int64          // of the process's own bucket

	mu     sync.Mutex
	want   int64         // the next draw
	until  time.Duration // denied until then
	whole  time.Duration
	flight *flight // the draw under way, nil if there is none
}

// grant is what one draw gave. A token that is taken and not used goes back to its own grant, and so lapses with it.
type grant struct {
	lapses time.Duration
	_      [56]byte     // as in lease
	left   atomic.Int64 // below 0 for a moment where somebody looks at an empty one
}

// usedEvery is how exactly it is known when a lease was asked last: noting it each time would cost as much as a token.
const usedEvery = 10 * time.Millisecond

// flight is a draw that others wait for.
type flight struct {
	done chan struct{}
	err  error // to be read when done is closed
}

// NewLeased makes a Leased. The server need not be there.
func NewLeased(rb *redbrick.Client, o LeasedOptions) (*Leased, error) {
	var faults []error
	p, err := o.Policy.withDefaults("LeasedOptions.Policy")
	if err != nil {
		faults = append(faults, err)
	}
	if p.Algorithm != TokenBucket {
		faults = append(faults, fault("LeasedOptions.Policy.Algorithm", p.Algorithm, "token bucket"))
	}
	if p.Shadow {
		faults = append(faults, fault("LeasedOptions.Policy.Shadow", p.Shadow, "false"))
	}
	o.Batch = orDefault(o.Batch, max(p.Limit/100, 1))
	if o.Batch < 1 || p.Limit > 0 && o.Batch > p.Limit {
		faults = append(faults, fault("LeasedOptions.Batch", o.Batch, "1 to the limit of the policy"))
	}
	o.Entries = orDefault(o.Entries, localEntries)
	o.Timeout = orDefault(o.Timeout, defaultTimeout)
	o.Nodes = orDefault(o.Nodes, 1)
	if o.Entries < 0 || o.Timeout < time.Millisecond || o.Nodes < 0 {
		faults = append(faults, fault("LeasedOptions", fmt.Sprintf("Entries %d, Timeout %v, Nodes %d", o.Entries, o.Timeout, o.Nodes), "a count, at least 1ms, a count"))
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	r := rule{Policy: p, max: p.Burst}
	if p.Limit > 0 {
		if !r.finest(p.Window.Microseconds()) || p.Window.Nanoseconds() < p.Limit {
			return nil, fault("LeasedOptions.Policy.Limit", p.Limit, "less: with this Window it is beyond what a script counts exactly")
		}
	}
	l := &Leased{
		rb: rb, lane: rb.Within(o.Timeout), o: o, rule: r, keys: keyring{namespace: rb.Namespace()}, local: newLocal(),
		entries: newBounded(o.Entries, func(e *lease) time.Duration { return time.Duration(e.used.Load()) }), warned: limitedLog{log: rb.Logger()},
	}
	if p.Limit > 0 {
		l.step = (p.Window + time.Duration(p.Limit) - 1) / time.Duration(p.Limit)
		l.most = l.step * time.Duration(p.Burst)
		if l.most/l.step != time.Duration(p.Burst) || l.most < 0 {
			return nil, fault("LeasedOptions.Policy.Burst", p.Burst, "less: with this Limit it takes more than centuries to refill")
		}
		l.lapse = p.Window / time.Duration(p.Limit) * time.Duration(o.Batch)
	}
	return l, errors.Join(useLayout(rb), rb.Register(keyspace.Shape{
		Owner: "ratelimit leased " + p.Name, Pattern: "rl:{<id>}:" + p.Name, Type: "string", TTL: "until the bucket is full", Slot: "tag",
		Purpose: fmt.Sprintf("token bucket that processes draw from, %d in %v, %d at once", p.Limit, p.Window, p.Burst),
	}))
}

// finest makes a rule a fine bucket.
func (r *rule) finest(us int64) bool {
	g := gcd(us, r.Limit)
	r.kind, r.q, r.cost = kindFine, r.Limit/g, us/g
	var fits bool
	r.most, fits = times(r.Burst, r.cost)
	r.p = exact / r.q
	if !fits || r.p < 4 || r.most > r.p*r.q/4 { // round the interval up to a microsecond
		r.q, r.cost, r.p = 1, (us+r.Limit-1)/r.Limit, exact
		r.most, fits = times(r.Burst, r.cost)
		fits = fits && us/r.Limit >= 1000
	}
	r.mostText, r.oneText, r.pText, r.qText = itoa(r.most), itoa(r.cost), itoa(r.p), itoa(r.q)
	return fits
}

// Allow asks for one call of the identity. Errors are as in Limiter.AllowN.
func (l *Leased) Allow(ctx context.Context, id string) (Result, error) {
	if id == "" {
		return Result{}, fmt.Errorf("%w: the id is empty", ErrInvalid)
	}
	if l.rule.Limit == 0 {
		return sum([]PolicyResult{l.rule.impossible()}), nil
	}
	e := l.entry(id)
	if r, ok := l.take(e, l.entries.now()); ok {
		return r, nil
	}
	for {
		e.mu.Lock()
		now := l.entries.now()
		if r, ok := l.hand(e, now); ok {
			e.mu.Unlock()
			return r, nil
		}
		f := e.flight
		if f == nil { // ours to draw
			e.flight = &flight{done: make(chan struct{})}
			want := e.size()
			e.mu.Unlock()
			r, done, err := l.draw(ctx, e, id, want)
			if done {
				return r, err
			}
			continue
		}
		e.mu.Unlock()
		select {
		case <-f.done:
			if f.err != nil { // it is not tried once for each of us
				return l.away(tagOf(id), f.err)
			}
		case <-ctx.Done():
			return Result{}, ctx.Err()
		}
	}
}

func (l *Leased) entry(id string) (e *lease) {
	if e = l.entries.get(id); e != nil {
		return e
	}
	l.entries.with(id, func(old *lease) *lease {
		if e = old; e == nil {
			e = &lease{want: 1}
		}
		return e
	})
	return e
}

// take gives out a token that the process holds, without waiting for anybody.
func (l *Leased) take(e *lease, now time.Duration) (r Result, ok bool) {
	if now-time.Duration(e.used.Load()) > usedEvery {
		e.used.Store(int64(now))
	}
	g := e.grant.Load()
	if g == nil || now >= g.lapses {
		return r, false
	}
	left := g.left.Add(-1)
	if left < 0 {
		g.left.Add(1)
		return r, false
	}
	own, ok := l.charge(e, now)
	if !ok {
		g.left.Add(1)
		return r, false
	}
	return Result{Allowed: true, Policy: l.rule.Name, Limit: l.rule.max, Remaining: left, ResetAfter: own}, true
}

// charge puts one call on the process's own bucket, and says how full it is; false where the process alone is at the limit.
func (l *Leased) charge(e *lease, now time.Duration) (own time.Duration, ok bool) {
	for {
		tat := e.tat.Load()
		own = max(time.Duration(tat)-now, 0)
		if own+l.step > l.most {
			return own, false
		}
		if own += l.step; e.tat.CompareAndSwap(tat, int64(now+own)) {
			return own, true
		}
	}
}

// hand gives out a token that the process holds, or a denial that it knows. The lease is locked.
func (l *Leased) hand(e *lease, now time.Duration) (r Result, ok bool) {
	r = Result{Policy: l.rule.Name, Limit: l.rule.max}
	if now < e.until {
		r.Cached, r.RetryAfter, r.ResetAfter = true, e.until-now, max(e.whole-now, 0)
		return r, true
	}
	if own := max(time.Duration(e.tat.Load())-now, 0); own+l.step > l.most { // the process alone is at the limit
		r.Cached, r.RetryAfter, r.ResetAfter = true, own+l.step-l.most, own
		return r, true
	}
	return l.take(e, now)
}

// size is how much to draw: twice as much as before if that was used up, half if it lapsed.
func (e *lease) size() int64 {
	if g := e.grant.Load(); g == nil || g.left.Load() > 0 {
		e.want = max(e.want/4, 1) // half of what it was
	}
	return e.want
}

// draw fetches tokens. done is false if there are some now, and true if the caller has his answer.
func (l *Leased) draw(ctx context.Context, e *lease, id string, want int64) (r Result, done bool, err error) {
	tag := tagOf(id)
	began := l.entries.now()
	// Others wait for the draw: it does not end with the caller.
	reply, err := drawScript.Do(context.WithoutCancel(ctx), l.lane, []string{l.keys.key(tag, &l.rule.Policy)},
		[]string{itoa(want), l.rule.oneText, l.rule.mostText, l.rule.pText, l.rule.qText}).AsIntSlice()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.flight.err = err
	close(e.flight.done)
	e.flight = nil
	if err != nil {
		r, err = l.away(tag, err)
		return r, true, err
	}
	given, level := reply[0], reply[1]
	if given == 0 {
		l.counts.decided(false)
		wait := max(l.rule.duration(level+l.rule.cost-l.rule.most), 1)
		e.until, e.whole = began+wait, began+l.rule.duration(level)
		return Result{Policy: l.rule.Name, Limit: l.rule.max, RetryAfter: wait, ResetAfter: l.rule.duration(level)}, true, nil
	}
	l.counts.decided(true)
	e.want = min(want*2, l.o.Batch)
	g := &grant{lapses: began + l.lapse}
	g.left.Store(given)
	if l.entries.now() >= g.lapses { // it took longer than they last: one was asked for and is used at once
		e.grant.Store(nil)
		for tat := e.tat.Load(); !e.tat.CompareAndSwap(tat, max(tat, int64(began))+int64(l.step)); tat = e.tat.Load() {
		}
		return Result{Allowed: true, Policy: l.rule.Name, Limit: l.rule.max, ResetAfter: l.rule.duration(level)}, true, nil
	}
	e.grant.Store(g)
	return Result{}, false, nil
}

func (l *Leased) away(tag string, cause error) (Result, error) {
	l.counts.degraded.Add(1)
	l.warned.warn("draw", cause)
	p := PolicyResult{Name: l.rule.Name, Limit: l.rule.max, Window: l.rule.Window}
	switch l.rule.Away {
	case Closed:
		p.RetryAfter = awayRetry
	case Local:
		p = l.local.take(tag, &l.rule, 1, l.o.Nodes)
	default:
		p.Allowed, p.Remaining = true, l.rule.max
	}
	r := sum([]PolicyResult{p})
	r.Degraded = true
	if l.rule.Away == Closed {
		return r, fmt.Errorf("ratelimit: policy %q is closed without Redis: %w", l.rule.Name, unavailable(cause))
	}
	return r, nil
}

// Stats returns the numbers so far: Allowed and Denied are draws.
func (l *Leased) Stats() Stats {
	return Stats{
		Allowed: l.counts.allowed.Load(), Denied: l.counts.denied.Load(), Degraded: l.counts.degraded.Load(), Blocked: l.entries.len(),
	}
}
