package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/redbrick-go/redbrick"
)

// Rule is a limiter and what requests count for in it.
type Rule struct {
	Limiter *Limiter
	// Key gives the identity. nil is the address of the connection, which trusts no proxy.
	Key Key
	// Cost is how many calls a request counts for; 0 is free. nil is 1. What is above the limit is never admitted.
	Cost func(*http.Request) int64
}

// HTTPOptions say how the middleware works.
type HTTPOptions struct {
	// Rules all have to admit a request, in one decision (AllowAll). Places of Concurrency policies are held until the
	// handler returns. Their policies need names that differ.
	Rules []Rule
	// Skip lets requests through uncounted. nil skips none.
	Skip func(*http.Request) bool
	// Headers are the headers of answers that Redis decided; none of a degraded one. Retry-After is in every denial.
	Headers Headers
	// Problem gives denials a problem details body (RFC 9457) in place of a line of text.
	Problem bool
	// Denied writes a denial with the status given, 429 or 503. Headers are set already. nil writes it as Problem says.
	Denied func(w http.ResponseWriter, req *http.Request, status int, r Result)
}

// NewMiddleware makes a middleware for net/http that lets through what the rules admit. It answers 429 (Too Many Requests)
// to a denial and 503 where Redis is away and a policy is Closed, both with Retry-After.
func NewMiddleware(o HTTPOptions) (func(http.Handler) http.Handler, error) {
	var faults []error
	names := map[string]bool{}
	rules := slices.Clone(o.Rules)
	if len(rules) == 0 {
		faults = append(faults, fault("HTTPOptions.Rules", len(rules), "at least one"))
	}
	if o.Headers < AllHeaders || o.Headers > NoHeaders {
		faults = append(faults, fault("HTTPOptions.Headers", int(o.Headers), "AllHeaders, DraftHeaders, LegacyHeaders or NoHeaders"))
	}
	for i, r := range rules {
		if r.Limiter == nil {
			faults = append(faults, fault(fmt.Sprintf("HTTPOptions.Rules[%d].Limiter", i), nil, "a limiter"))
			continue
		}
		if first := rules[0].Limiter; first != nil && first.rb != r.Limiter.rb {
			faults = append(faults, fault(fmt.Sprintf("HTTPOptions.Rules[%d].Limiter", i), "of another client", "limiters of one client: they decide together"))
		}
		for k := range r.Limiter.o.Policies {
			name := r.Limiter.o.Policies[k].Name
			if names[name] {
				faults = append(faults, fault(fmt.Sprintf("HTTPOptions.Rules[%d]", i), name, "policies of other names than in the rules before it"))
			}
			names[name] = true
		}
		if r.Key == nil {
			rules[i].Key = ByClient(&Clients{})
		}
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	items := make([][]string, len(rules))
	for i, r := range rules {
		items[i] = r.Limiter.policyItems()
	}
	return func(next http.Handler) http.Handler {
		return &gate{o: o, rules: rules, items: items, next: next}
	}, nil
}

// gate is the middleware before one handler.
type gate struct {
	o     HTTPOptions
	rules []Rule
	items [][]string // of RateLimit-Policy, by rule
	next  http.Handler
}

// ServeHTTP decides and hands on.
func (g *gate) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if g.o.Skip != nil && g.o.Skip(req) {
		g.next.ServeHTTP(w, req)
		return
	}
	claims, items := g.claims(req)
	permits, r, err := enter(req.Context(), claims)
	defer release(req.Context(), permits)
	switch {
	case err != nil && !errors.Is(err, redbrick.ErrUnavailable):
		if req.Context().Err() == nil {
			claims[0].l.rb.Logger().WarnContext(req.Context(), "a request could not be counted", "error", err)
		}
		r = Result{Degraded: true, RetryAfter: awayRetry}
		g.deny(w, req, r, http.StatusServiceUnavailable)
	case err != nil:
		r.Degraded = true
		g.deny(w, req, r, http.StatusServiceUnavailable)
	case !r.Allowed:
		g.o.Headers.write(w, r, items)
		g.deny(w, req, r, http.StatusTooManyRequests)
	default:
		g.o.Headers.write(w, r, items)
		g.next.ServeHTTP(w, req)
	}
}

func (g *gate) claims(req *http.Request) (claims []Claim, items []string) {
	for i, rule := range g.rules {
		id, n := rule.Key(req), int64(1)
		if rule.Cost != nil {
			n = rule.Cost(req)
		}
		if id == "" || n <= 0 || rule.Limiter.o.Disabled {
			continue
		}
		claims = append(claims, rule.Limiter.Claim(id, n))
		items = append(items, g.items[i]...)
	}
	return claims, items
}

// enter takes the places and then counts. What it returns is to be released in any case.
func enter(ctx context.Context, claims []Claim) (permits []*Permit, r Result, err error) {
	r.Allowed = true
	rated := false
	for _, c := range claims {
		rated = rated || len(c.l.rules) > 0
		if c.l.places == nil {
			continue
		}
		p, err := c.l.acquire(ctx, c.id, c.n, false)
		var denied *DeniedError
		if errors.As(err, &denied) {
			return permits, denied.Result, nil
		}
		if err != nil {
			return permits, Result{}, err
		}
		permits, r = append(permits, p), p.Result
	}
	if rated {
		r, err = AllowAll(ctx, claims...)
	}
	return permits, r, err
}

func release(ctx context.Context, permits []*Permit) {
	for _, p := range permits {
		if err := p.Release(context.WithoutCancel(ctx)); err != nil {
			p.l.warned.warn("release of a place", err) // it is free when its lease ends
		}
	}
}

func (g *gate) deny(w http.ResponseWriter, req *http.Request, r Result, status int) {
	w.Header().Set("Retry-After", itoa(retryAfter(r)))
	switch {
	case g.o.Denied != nil:
		g.o.Denied(w, req, status, r)
	case g.o.Problem:
		writeProblem(w, status, r)
	default:
		text := "Too many requests"
		if status == http.StatusServiceUnavailable {
			text = "Service unavailable"
		}
		http.Error(w, text, status)
	}
}
