package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/redistest"
)

// prompt bounds a call that must not hang: ten times what one may take with the deadline of the tests below, and more than a
// loaded machine needs.
const prompt = 5 * time.Second

// awayPolicies are one of each mode.
func awayPolicies(away Away) []Policy {
	name := fmt.Sprint("away", int(away))
	return []Policy{{Name: name, Limit: 4, Window: time.Hour, Away: away}, {Name: name + "log", Algorithm: SlidingLog, Limit: 100, Window: time.Hour, Away: away}}
}

// TestWithoutRedisPoliciesDoWhatTheySayAndNothingHangs: a server that answers nothing, one that is gone, a client that never
// had a connection, one that is closed.
func TestWithoutRedisPoliciesDoWhatTheySayAndNothingHangs(t *testing.T) {
	t.Parallel()
	kinds := map[string]func(t *testing.T) *redbrick.Client{
		"silent": func(t *testing.T) *redbrick.Client {
			server := redistest.Private(t)
			rb := redistest.OpenURL(t, server.URL())
			ok(t, useLayout(rb)) // else the first limiter waits for the check
			server.Pause()
			t.Cleanup(server.Resume)
			return rb
		},
		"gone": func(t *testing.T) *redbrick.Client {
			server := redistest.Private(t)
			rb := redistest.OpenURL(t, server.URL())
			server.Kill()
			return rb
		},
		"never": func(t *testing.T) *redbrick.Client {
			rb, err := redbrick.Open(t.Context(), redbrick.Options{URL: "redis+cluster://127.0.0.1:1", ConnectTimeout: 50 * time.Millisecond})
			ok(t, err)
			t.Cleanup(func() { rb.Close() })
			return rb
		},
		"closed": func(t *testing.T) *redbrick.Client {
			rb := redistest.Open(t, "embedded")
			ok(t, rb.Close())
			return rb
		},
	}
	for name, open := range kinds {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rb := open(t)
			for _, away := range []Away{Open, Closed, Local} {
				alone := must(New(rb, Options{Policies: awayPolicies(away)[:1]}))(t)
				several := must(New(rb, Options{Policies: awayPolicies(away)}))(t)
				for kind, ask := range map[string]func(ctx context.Context, id string) (Result, error){
					"alone": alone.Allow, "several": several.Allow,
					"all": func(ctx context.Context, id string) (Result, error) {
						return AllowAll(ctx, alone.Claim("all-"+id, 1), several.Claim(id, 1))
					},
					"wait": func(ctx context.Context, id string) (Result, error) {
						r, err := alone.Wait(ctx, "wait-"+id)
						if errors.Is(err, ErrDenied) {
							err = nil
						}
						return r, err
					},
				} {
					t.Run(fmt.Sprint(away, "-", kind), func(t *testing.T) { awayAsks(t, away, kind, ask) })
				}
			}
		})
	}
}

func awayAsks(t *testing.T, away Away, kind string, ask func(ctx context.Context, id string) (Result, error)) {
	const calls = 10
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	admitted := 0
	for range calls {
		began := time.Now()
		r, err := ask(ctx, kind)
		if took := time.Since(began); took > prompt {
			t.Errorf("an answer took %v", took)
		}
		if away == Closed {
			is(t, err, redbrick.ErrUnavailable)
		} else {
			ok(t, err)
		}
		if !r.Degraded {
			t.Errorf("%+v is not marked as degraded", r)
		}
		if r.Allowed {
			admitted++
		}
	}
	if want := map[Away]int{Open: calls, Closed: 0, Local: 4}[away]; admitted != want {
		t.Errorf("%d of %d calls were admitted, want %d", admitted, calls, want)
	}
}

// TestThousandCallersOfASilentServerAreAnsweredTogether: the deadline is one for all, not one after the other.
func TestThousandCallersOfASilentServerAreAnsweredTogether(t *testing.T) {
	t.Parallel()
	server := redistest.Private(t)
	rb := redistest.OpenURL(t, server.URL())
	l := must(New(rb, Options{}))(t)
	leased := must(NewLeased(rb, LeasedOptions{Policy: Policy{Name: "leased", Limit: 1000}}))(t)
	server.Pause()
	defer server.Resume()
	began := time.Now()
	var wg sync.WaitGroup
	for range 500 {
		for _, allow := range []func(context.Context, string) (Result, error){l.Allow, leased.Allow} {
			wg.Go(func() {
				if r, err := allow(context.Background(), "x"); err != nil || !r.Allowed || !r.Degraded {
					t.Errorf("%+v, %v", r, err)
				}
			})
		}
	}
	wg.Wait()
	if took := time.Since(began); took > prompt {
		t.Errorf("1,000 callers took %v", took)
	}
}

// TestPlacesWithoutRedis are given, refused or counted here, and given back.
func TestPlacesWithoutRedis(t *testing.T) {
	t.Parallel()
	rb := redistest.Open(t, "embedded")
	ok(t, rb.Close())
	for away, want := range map[Away]int{Open: 5, Closed: 0, Local: 2} {
		l := must(New(rb, one(Policy{Name: fmt.Sprint("p", int(away)), Algorithm: Concurrency, Limit: 4, Away: away})))(t)
		l.o.Nodes = 2
		for range 3 {
			var all []*Permit
			for range 5 {
				p, err := l.Acquire(t.Context(), "x")
				if away == Closed {
					is(t, err, redbrick.ErrUnavailable)
				}
				if err == nil {
					all = append(all, p)
				}
			}
			equal(t, fmt.Sprint("places, ", int(away)), len(all), want)
			for _, p := range all {
				if !p.Result.Degraded {
					t.Errorf("%+v is not marked as degraded", p.Result)
				}
				ok(t, p.Release(t.Context()))
			}
		}
	}
}

// TestAPlaceIsDecidedInTimeWhereTheServerIsSilent: what may have been taken is not given back at the caller's expense.
func TestAPlaceIsDecidedInTimeWhereTheServerIsSilent(t *testing.T) {
	t.Parallel()
	server := redistest.Private(t)
	rb := redistest.OpenURL(t, server.URL(), func(o *redbrick.Options) { o.CommandTimeout = time.Minute })
	l := must(New(rb, one(Policy{Name: "places", Algorithm: Concurrency, Limit: 4})))(t)
	server.Pause()
	defer server.Resume()
	began := time.Now()
	p := must(l.Acquire(t.Context(), "x"))(t)
	if took := time.Since(began); took > prompt || !p.Result.Degraded {
		t.Errorf("a place took %v: %+v", took, p.Result)
	}
	ok(t, p.Release(t.Context()))
	ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
	defer cancel()
	began = time.Now()
	if _, err := l.Acquire(ctx, "x"); err != nil {
		is(t, err, context.DeadlineExceeded)
	}
	if took := time.Since(began); took > prompt {
		t.Errorf("a caller with a millisecond waits for %v", took)
	}
}

// TestAnEndedCallerIsNotAdmitted: he is told of his own end, whatever the policies say.
func TestAnEndedCallerIsNotAdmitted(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		l := patient(t, rb, Options{Policies: []Policy{{Name: "rate", Limit: 3}, {Name: "places", Algorithm: Concurrency, Limit: 3}}})
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := l.Allow(ctx, "x")
		is(t, err, context.Canceled)
		_, err = AllowAll(ctx, l.Claim("x", 1))
		is(t, err, context.Canceled)
		_, err = l.Acquire(ctx, "x")
		is(t, err, context.Canceled)
	})
}

// TestLocalIsATokenBucketOfTheNodesShare.
func TestLocalIsATokenBucketOfTheNodesShare(t *testing.T) {
	t.Parallel()
	l := newLocal()
	r := must(compile(Policy{Name: "x", Limit: 100, Window: 100 * time.Hour, Burst: 100}, "p"))(t)
	n := 0
	for range 100 {
		if l.take("id", &r, 1, 4).Allowed {
			n++
		}
	}
	equal(t, "admitted", n, 25)
	denied := l.take("id", &r, 1, 4)
	if denied.RetryAfter <= 3*time.Hour || denied.RetryAfter > 4*time.Hour || denied.Remaining != 0 {
		t.Errorf("%+v, want to come again in four hours, a quarter of the limit's interval", denied)
	}
	equal(t, "too many", l.take("id", &r, 26, 4).RetryAfter, Never)
	equal(t, "at least one", l.take("other", &r, 1, 1000).Allowed, true)
}
