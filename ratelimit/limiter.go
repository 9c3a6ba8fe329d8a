package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/keyspace"
	"github.com/redbrick-go/redbrick/internal/script"
)

// Limiter decides about the calls of one kind of identity by one or more policies. It is safe for concurrent use.
type Limiter struct {
	rb     *redbrick.Client
	lane   script.Doer // with the deadline of a decision
	slow   script.Doer // for what may take longer: giving back, forgetting
	o      Options
	keys   keyring
	rules  []rule // all but places
	places *rule  // of Concurrency
	blocks *blocks
	local  *local
	counts counts
	warned limitedLog
}

// New makes a Limiter. The server need not be there. An error wraps redbrick.ErrConfig and names every option that is wrong.
func New(rb *redbrick.Client, o Options) (*Limiter, error) {
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	if o.DB != 0 && o.DB != rb.DB() {
		why := "that of the client: open one with this database for the limiter"
		if rb.Features().Cluster {
			why = "0: Redis Cluster has no other"
		}
		return nil, fault("Options.DB", o.DB, why)
	}
	l := &Limiter{
		rb: rb, o: o, lane: rb.Within(o.Timeout), slow: rb, keys: keyring{namespace: rb.Namespace()},
		local: newLocal(), warned: limitedLog{log: rb.Logger()},
	}
	for i := range o.Policies {
		p := &o.Policies[i]
		if p.Shared {
			l.keys.shared = p.SharedPrefix
		}
		r, err := compile(*p, "Options.Policies")
		if err != nil {
			return nil, err
		}
		if p.Algorithm == Concurrency {
			l.places = &r
		} else {
			l.rules = append(l.rules, r)
		}
	}
	if err := errors.Join(l.register(), useLayout(rb)); err != nil {
		return nil, err
	}
	if l.blocks, err = newBlocks(rb, o); err != nil {
		return nil, err
	}
	return l, nil
}

// layoutVersion is that of all keys of this package.
const layoutVersion = 1

// useLayout asks whether this release may read what lies in Redis.
func useLayout(rb *redbrick.Client) error {
	return rb.UseLayout("ratelimit", layoutVersion, layoutVersion)
}

func (l *Limiter) register() error {
	shapes := make([]keyspace.Shape, len(l.o.Policies))
	for i := range l.o.Policies {
		p := &l.o.Policies[i]
		s := keyspace.Shape{
			Owner: "ratelimit " + p.Name, Pattern: l.keys.pattern(p), Type: "string", TTL: "up to " + p.Window.String(), Slot: "tag",
			Purpose: fmt.Sprintf("%s, %d in %v", p.Algorithm, p.Limit, p.Window),
		}
		switch p.Algorithm {
		case TokenBucket:
			s.TTL = "until the bucket is full"
			if p.Burst != p.Limit {
				s.Purpose += fmt.Sprintf(", %d at once", p.Burst)
			}
		case SlidingLog:
			s.Type = "list"
		case SlidingCounter:
			s.TTL = "up to " + (2 * p.Window).String()
		case Concurrency:
			s.Type = "zset"
			s.Purpose = fmt.Sprintf("places taken, %d at once, leases of %v", p.Limit, p.Window)
		}
		if p.Shared {
			s.Slot, s.Foreign = "key", "read, write"
		}
		shapes[i] = s
	}
	return l.rb.Register(shapes...)
}

// Allow asks for one call of the identity; AllowN says more.
func (l *Limiter) Allow(ctx context.Context, id string) (Result, error) { return l.AllowN(ctx, id, 1) }

// AllowN asks for n calls at once: all of them are admitted and counted, or none. A denial is no error.
//
// The error is nil unless the arguments are unacceptable (ErrInvalid), ctx has ended, or Redis did not decide and a policy
// is Closed (redbrick.ErrUnavailable); then nothing is admitted.
func (l *Limiter) AllowN(ctx context.Context, id string, n int64) (Result, error) {
	if err := l.check(id, n); err != nil {
		return Result{}, err
	}
	if l.o.Disabled || len(l.rules) == 0 {
		return Result{Allowed: true}, nil
	}
	tag := l.keys.tag(id)
	if r, ok := l.blocks.get(tag, n); ok {
		l.counts.cached()
		return r, nil
	}
	seen := l.blocks.seen()
	began := time.Now()
	r, err := l.decide(ctx, id, tag, n, began)
	switch {
	case err == nil:
	case ended(ctx, err):
		return Result{}, err
	default:
		return l.away(id, tag, n, err)
	}
	l.settle(id, tag, n, began, seen, &r)
	return r, nil
}

// settle does what follows a decision of Redis.
func (l *Limiter) settle(id, tag string, n int64, began time.Time, seen uint64, r *Result) {
	l.counts.decided(r.Allowed)
	if !r.Allowed && r.RetryAfter != Never {
		l.blocks.put(tag, n, began, seen, *r)
	}
	if l.o.OnShadow == nil {
		return
	}
	for _, p := range r.Policies {
		if p.Shadow && !p.Allowed {
			l.o.OnShadow(id, p)
		}
	}
}

func (l *Limiter) check(id string, n int64) error {
	if id == "" {
		return fmt.Errorf("%w: the id is empty", ErrInvalid)
	}
	if n < 1 {
		return fmt.Errorf("%w: %d calls, expected 1 or more", ErrInvalid, n)
	}
	return nil
}

// ended reports whether err is the end of the caller's own context.
func ended(ctx context.Context, err error) bool {
	return ctx.Err() != nil && (errors.Is(err, context.Canceled) || errors.Is(err, context.DeadlineExceeded))
}

// decide asks Redis for a call that began just now.
func (l *Limiter) decide(ctx context.Context, id, tag string, n int64, began time.Time) (Result, error) {
	if len(l.rules) != 1 || l.rules[0].Shadow || n > l.rules[0].max {
		return decide(ctx, l.lane, true, Claim{l: l, id: id, tag: tag, n: n})
	}
	r := &l.rules[0]
	var v verdict
	var left int64 // of a fixed window, ms
	switch r.kind {
	case kindBucket:
		after, err := bucketScript.Do(ctx, l.lane, []string{l.keys.key(tag, &r.Policy)}, []string{r.costs(n), r.mostText}).AsInt64()
		if err != nil {
			return Result{}, err
		}
		v = r.after(after, n)
	case kindFine:
		after, err := fineScript.Do(ctx, l.lane, []string{l.keys.key(tag, &r.Policy)}, []string{r.costs(n), r.mostText, r.pText, r.qText}).AsInt64()
		if err != nil {
			return Result{}, err
		}
		v = r.after(after, n)
	case kindFixed:
		reply, err := fixedScript.Do(ctx, l.lane, []string{l.keys.key(tag, &r.Policy)}, []string{itoa(n), r.mostText, r.pText}).AsIntSlice()
		if err != nil {
			return Result{}, err
		}
		left = reply[1]
		v = verdict{level: reply[0] - n, reset: left + 1} // the key lives through the millisecond at which it expires
		if reply[0] < 0 {
			v.level = -1 - reply[0]
			v.wait = v.reset
		}
	default:
		return decide(ctx, l.lane, true, Claim{l: l, id: id, tag: tag, n: n})
	}
	p := r.judge(n, v, true)
	out := Result{
		Allowed: p.Allowed, Policy: p.Name, Limit: p.Limit, Remaining: p.Remaining, RetryAfter: p.RetryAfter, ResetAfter: p.ResetAfter,
	}
	if !p.Allowed {
		return out, nil
	}
	if r.kind == kindFixed {
		v.level = left
	}
	out.slip = slip{l: l, tag: tag, n: n, began: began, level: v.level}
	return out, nil
}

// after reads the one number that the scripts of buckets return.
func (r *rule) after(after, n int64) verdict {
	cost := n * r.cost
	if after > 0 {
		return verdict{level: after - cost}
	}
	level := -1 - after
	return verdict{level: level, wait: level + cost - r.most}
}

// Peek answers as Allow would, and counts nothing. It does not look at what the process remembers.
func (l *Limiter) Peek(ctx context.Context, id string) (Result, error) {
	if err := l.check(id, 1); err != nil {
		return Result{}, err
	}
	if l.o.Disabled || len(l.rules) == 0 {
		return Result{Allowed: true}, nil
	}
	r, err := decide(ctx, l.lane, false, Claim{l: l, id: id, tag: l.keys.tag(id), n: 1})
	if err != nil && !ended(ctx, err) {
		err = fmt.Errorf("ratelimit: look at %s: %w", shown(id), err)
	}
	return r, err
}

// Reset forgets what the identity has done, in every policy and process. Places that are taken stay so.
func (l *Limiter) Reset(ctx context.Context, id string) error {
	if err := l.check(id, 1); err != nil {
		return err
	}
	tag := l.keys.tag(id)
	if len(l.rules) > 0 {
		keys := make([]string, len(l.rules))
		for i := range l.rules {
			keys[i] = l.keys.key(tag, &l.rules[i].Policy)
		}
		if err := l.slow.Do(ctx, l.slow.B().Unlink().Key(keys...).Build()).Error(); err != nil {
			return fmt.Errorf("ratelimit: reset %s: %w", shown(id), err)
		}
	}
	l.local.forget(tag, l.rules)
	return l.blocks.release(ctx, tag)
}

// shown quotes an id and cuts it where it gets long: it may be a megabyte.
func shown(id string) string {
	const most = 80
	if len(id) > most {
		id = strings.ToValidUTF8(id[:most], "") + "..."
	}
	return fmt.Sprintf("%q", id)
}
