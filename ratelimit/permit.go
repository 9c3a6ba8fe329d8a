package ratelimit

import (
	"context"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"sync"
	"time"

	"github.com/redbrick-go/redbrick/internal/script"
)

// Permit is a place that was acquired. It is kept by renewals until Release, or, if the process dies, until its lease ends.
type Permit struct {
	// Result is the answer of the limiter.
	Result Result

	l     *Limiter
	who   string // whose place it is
	tag   string
	id    string // of the lease; "" for a place that Redis does not know
	local bool

	mu       sync.Mutex
	timer    *time.Timer
	released bool
	renewal  *renewal // under way; nil if there is none
}

// renewal is a renewal that waits for its answer.
type renewal struct {
	end  context.CancelFunc
	done chan struct{}
}

// Acquire takes a place of the policy with Concurrency, and counts one call in the others, or does neither. The permit is to be
// released when the work is done. Without a Concurrency policy it is Allow.
//
// The error is a *DeniedError where a limit stands against it, and else as in AllowN.
func (l *Limiter) Acquire(ctx context.Context, id string) (*Permit, error) {
	return l.acquire(ctx, id, 1, true)
}

// acquire takes a place; with counting it asks the other policies for n calls too.
func (l *Limiter) acquire(ctx context.Context, id string, n int64, counting bool) (*Permit, error) {
	if err := l.check(id, n); err != nil {
		return nil, err
	}
	p := &Permit{l: l, who: id, tag: l.keys.tag(id), Result: Result{Allowed: true}}
	if l.o.Disabled {
		return p, nil
	}
	if l.places != nil {
		if err := p.enter(ctx); err != nil {
			return nil, err
		}
	}
	if counting && len(l.rules) > 0 {
		r, err := l.AllowN(ctx, id, n)
		if err == nil && !r.Allowed {
			err = &DeniedError{Result: r}
		}
		if err != nil {
			_ = p.release(context.WithoutCancel(ctx), l.lane) // the lease ends by itself
			return nil, err
		}
		p.Result = r
	}
	return p, nil
}

// enter takes the place.
func (p *Permit) enter(ctx context.Context) error {
	l, r := p.l, p.l.places
	out := PolicyResult{Name: r.Name, Shadow: r.Shadow, Limit: r.Limit, Window: r.Window, algorithm: Concurrency}
	if r.Limit == 0 {
		out.RetryAfter = Never
		return p.judge(out)
	}
	p.id = leaseID()
	reply, err := acquireScript.Do(ctx, l.lane, []string{l.keys.key(p.tag, &r.Policy)},
		[]string{p.id, r.mostText, itoa(r.Window.Milliseconds())}).AsIntSlice()
	switch {
	case err == nil:
	case ended(ctx, err):
		_ = p.release(context.WithoutCancel(ctx), l.lane) // it may have been taken
		return err
	default:
		return p.away(ctx, out, err)
	}
	out.Allowed, out.Remaining = reply[0] == 1, max(r.Limit-reply[1], 0)
	if out.Allowed {
		p.renewLater()
	} else {
		p.id = ""
		// A place is free when its holder is done, at the latest when he has died and his lease ends.
		out.RetryAfter = min(max(time.Duration(reply[2])*time.Millisecond, 1), placeRetry)
	}
	return p.judge(out)
}

// placeRetry is when those are told to come again who found no place: nobody knows when one will be free.
const placeRetry = time.Second

func (p *Permit) judge(out PolicyResult) error {
	r := sum([]PolicyResult{out})
	p.l.counts.decided(r.Allowed)
	if out.Shadow && !out.Allowed && p.l.o.OnShadow != nil {
		p.l.o.OnShadow(p.who, out)
	}
	if !r.Allowed {
		return &DeniedError{Result: r}
	}
	p.Result = r
	return nil
}

// away decides about a place without Redis.
func (p *Permit) away(ctx context.Context, out PolicyResult, cause error) error {
	l, r := p.l, p.l.places
	_ = p.release(context.WithoutCancel(ctx), l.lane) // it may have been taken; the lease ends by itself
	p.id, p.released = "", false
	l.counts.degraded.Add(1)
	l.warned.warn("place", cause)
	switch r.Away {
	case Closed:
		if !r.Shadow {
			return fmt.Errorf("ratelimit: policy %q is closed without Redis: %w", r.Name, unavailable(cause))
		}
	case Local:
		if p.local = l.local.enter(p.tag, r, l.o.Nodes); !p.local && !r.Shadow {
			out.RetryAfter = placeRetry
			res := sum([]PolicyResult{out})
			res.Degraded = true
			return &DeniedError{Result: res}
		}
	}
	p.Result = Result{Allowed: true, Policy: r.Name, Limit: r.Limit, Degraded: true}
	return nil
}

// renewals is how often a lease is renewed before it ends.
const renewals = 3

func (p *Permit) renewLater() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.timer = time.AfterFunc(p.l.places.Window/renewals, p.renew)
}

// renew keeps the place. A renewal that fails is followed by others before the lease ends, and by those after.
func (p *Permit) renew() {
	p.mu.Lock()
	if p.released {
		p.mu.Unlock()
		return
	}
	r := p.l.places
	ctx, cancel := context.WithTimeout(context.Background(), r.Window/renewals)
	defer cancel()
	now := &renewal{end: cancel, done: make(chan struct{})}
	p.renewal = now
	p.mu.Unlock()
	err := renewScript.Do(ctx, p.l.slow, []string{p.l.keys.key(p.tag, &r.Policy)}, []string{p.id, itoa(r.Window.Milliseconds())}).Error()
	close(now.done)
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.released {
		return
	}
	p.timer.Reset(r.Window / renewals)
	p.renewal = nil
	if err != nil {
		p.l.warned.warn("renewal of a place", err)
	}
}

// Release gives the place back. A second call does nothing. After an error the place is free when its lease ends, and so it may
// be where a renewal was under way on another of Options.Connections.
func (p *Permit) Release(ctx context.Context) error { return p.release(ctx, p.l.slow) }

// release takes the lane of decisions where somebody waits for one.
func (p *Permit) release(ctx context.Context, d script.Doer) error {
	p.mu.Lock()
	if p.released {
		p.mu.Unlock()
		return nil
	}
	p.released = true
	if p.timer != nil {
		p.timer.Stop()
	}
	under := p.renewal
	p.mu.Unlock()
	if p.local {
		p.l.local.leave(p.tag)
	}
	if p.id == "" {
		return nil
	}
	if under != nil { // its answer is not waited for; on one connection it comes before what is sent now
		under.end()
		<-under.done
	}
	if err := d.Do(ctx, d.B().Zrem().Key(p.l.keys.key(p.tag, &p.l.places.Policy)).Member(p.id).Build()).Error(); err != nil {
		return fmt.Errorf("ratelimit: release a place: %w", err)
	}
	return nil
}

func leaseID() string {
	var b [12]byte
	_, _ = rand.Read(b[:]) // never fails
	return base64.RawURLEncoding.EncodeToString(b[:])
}
