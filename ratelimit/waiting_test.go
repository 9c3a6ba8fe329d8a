package ratelimit

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/bricktest"
	"github.com/redbrick-go/redbrick/internal/script"
	"github.com/redbrick-go/redbrick/redistest"
)

// TestWaitServesAllInTheirTurnAtOneRoundTripEach and never faster than the limit.
func TestWaitServesAllInTheirTurnAtOneRoundTripEach(t *testing.T) {
	t.Parallel()
	for name, p := range map[string]Policy{
		"bucket": {Limit: 100, Window: time.Second, Burst: 1}, "fine": {Limit: 300, Window: time.Second, Burst: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server := redistest.Private(t)
			rb := redistest.OpenURL(t, server.URL())
			l := patient(t, rb, one(p))
			const callers = 40
			must(l.Allow(t.Context(), "warm"))(t)
			server.ResetCommands()
			began := time.Now()
			var wg sync.WaitGroup
			for range callers {
				wg.Go(func() {
					if r, err := l.Wait(context.Background(), "x"); err != nil || !r.Allowed {
						t.Errorf("%+v, %v", r, err)
					}
				})
			}
			wg.Wait()
			// The server may count in whole milliseconds: the first call is then taken to have come up to one earlier.
			if took, least := time.Since(began), p.Window/time.Duration(p.Limit)*(callers-1)-time.Millisecond; took < least {
				t.Errorf("%d calls took %v, want at least %v", callers, took, least)
			}
			if sent := server.Commands(); sent.Total("evalsha", "eval") != callers {
				t.Errorf("%d waits sent %v, want a script each", callers, sent)
			}
		})
	}
}

// TestWaitWithOtherPoliciesComesAgainWhenTheySay.
func TestWaitWithOtherPoliciesComesAgainWhenTheySay(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		l := patient(t, rb, Options{Policies: []Policy{
			{Name: "log", Algorithm: SlidingLog, Limit: 5, Window: 50 * time.Millisecond}, {Name: "counter", Algorithm: SlidingCounter, Limit: 500},
		}})
		began := time.Now()
		for range 16 {
			if r := must(l.Wait(t.Context(), "x"))(t); !r.Allowed {
				t.Fatalf("%+v", r)
			}
		}
		if took := time.Since(began); took < 140*time.Millisecond {
			t.Errorf("16 calls of 5 in 50 ms took %v", took)
		}
	})
}

// TestAWaitThatCannotBeServedInTimeIsDeniedAtOnce, and one that is given up returns its turn.
func TestAWaitThatCannotBeServedInTimeIsDeniedAtOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		for _, p := range []Policy{
			{Name: "bucket", Limit: 1, Window: 10 * time.Hour}, {Name: "fixed", Algorithm: FixedWindow, Limit: 1, Window: 10 * time.Hour},
		} {
			l := patient(t, rb, one(p))
			ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
			defer cancel()
			must(l.Wait(ctx, "x"))(t)
			r, err := l.Wait(ctx, "x")
			is(t, err, ErrDenied)
			var denied *DeniedError
			if !errors.As(err, &denied) || denied.Result.RetryAfter < 9*time.Hour || r.Allowed {
				t.Errorf("%+v, %v", r, err)
			}
		}
		l := patient(t, rb, one(Policy{Name: "turn", Limit: 1, Window: time.Hour}))
		must(l.Wait(t.Context(), "y"))(t)
		ctx, cancel := context.WithCancel(t.Context())
		const waiting = 3
		var wg sync.WaitGroup
		for range waiting {
			wg.Go(func() {
				if _, err := l.WaitN(ctx, "y", 1); !errors.Is(err, context.Canceled) && !errors.Is(err, ErrDenied) {
					t.Errorf("a wait that was given up: %v", err)
				}
			})
		}
		reset := func() time.Duration { return must(l.Peek(t.Context(), "y"))(t).ResetAfter }
		redistest.Eventually(t, patience, func() error {
			if d := reset(); d < 90*time.Minute {
				return fmt.Errorf("the bucket is full in %v: nobody waits", d)
			}
			return nil
		})
		cancel()
		wg.Wait()
		if d := reset(); d > time.Hour+patience {
			t.Errorf("the bucket is full in %v: turns were not given back", d)
		}
	})
}

// holders is a process that takes places and waits to be killed.
var holders = redistest.NewProgram("holders", func(ctx context.Context, c *redistest.Child) error {
	rb, err := redbrick.Open(ctx, c.Options)
	if err != nil {
		return err
	}
	n, err := strconv.Atoi(c.Args[0])
	if err != nil {
		return err
	}
	l, err := New(rb, Options{Timeout: patience, Policies: []Policy{places(n)}})
	if err != nil {
		return err
	}
	for range n {
		if _, err := l.Acquire(ctx, "x"); err != nil {
			return err
		}
	}
	if err := c.Send("taken"); err != nil {
		return err
	}
	_, err = c.Recv()
	return err
})

func places(n int) Policy {
	return Policy{Name: "places", Algorithm: Concurrency, Limit: int64(n), Window: 2 * time.Second}
}

// TestPlacesOfAProcessThatWasKilledAreFreeWhenTheirLeaseEnds; that they are not before is in
// TestAPlaceIsKeptByRenewalsAndLostWithoutThem, by a clock that no load disturbs.
func TestPlacesOfAProcessThatWasKilledAreFreeWhenTheirLeaseEnds(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		const n = 3
		l := patient(t, rb, one(places(n)))
		holder := holders.Start(t, rb, strconv.Itoa(n))
		equal(t, "holder", holder.Recv(), "taken")
		holder.Kill()
		var p *Permit
		redistest.Eventually(t, patience, func() (err error) {
			p, err = l.Acquire(t.Context(), "x")
			return err
		})
		ok(t, p.Release(t.Context()))
	}, redistest.Processes)
}

// TestNeverMoreThanTheLimitAtOnce of 100 goroutines on two clients, and released places are taken again.
func TestNeverMoreThanTheLimitAtOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		const limit = 7
		o := one(Policy{Algorithm: Concurrency, Limit: limit, Window: time.Hour})
		both := []*Limiter{patient(t, rb, o), patient(t, redistest.Another(t, rb), o)}
		var now, most, served atomic.Int64
		var wg sync.WaitGroup
		for i := range 100 {
			wg.Go(func() {
				for range redistest.Scale(10_000) / 100 {
					p, err := both[i%2].Acquire(context.Background(), "x")
					if errors.Is(err, ErrDenied) {
						continue
					}
					if err != nil {
						t.Error(err)
						return
					}
					n := now.Add(1)
					for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
					}
					served.Add(1)
					now.Add(-1)
					if err := errors.Join(p.Release(context.Background()), p.Release(context.Background())); err != nil {
						t.Error(err)
					}
				}
			})
		}
		wg.Wait()
		if most.Load() > limit || served.Load() <= limit {
			t.Errorf("%d at once, %d served; want at most %d at once and places taken again", most.Load(), served.Load(), limit)
		}
		equal(t, "places left over", bricktest.Keys(t, rb), []string{})
	}, lookAround)
}

// TestAPlaceIsKeptByRenewalsAndLostWithoutThem, on a clock that is set.
func TestAPlaceIsKeptByRenewalsAndLostWithoutThem(t *testing.T) {
	t.Parallel()
	rb := redistest.Open(t, "embedded")
	l := patient(t, rb, Options{Policies: []Policy{{Name: "places", Algorithm: Concurrency, Limit: 1, Window: time.Hour}, {Name: "rate", Limit: 3, Window: 1000 * time.Hour}}})
	ctx := t.Context()
	p := must(l.Acquire(ctx, "x"))(t)
	for range 5 {
		redistest.Advance(t, rb, 40*time.Minute)
		_, err := l.Acquire(ctx, "x")
		is(t, err, ErrDenied)
		p.renew()
	}
	redistest.Advance(t, rb, 61*time.Minute)
	q := must(l.Acquire(ctx, "x"))(t)
	p.renew() // it works on all the same, and counts
	ok(t, q.Release(ctx))
	_, err := l.Acquire(ctx, "x")
	is(t, err, ErrDenied)
	ok(t, p.Release(ctx))
	p.renew()
	must(l.Acquire(ctx, "x"))(t)
	// The third call of the rate was the last: the place is given back with the denial.
	_, err = l.Acquire(ctx, "y")
	ok(t, err)
	equal(t, "left", must(l.Peek(ctx, "x"))(t).Remaining, int64(0))
	_, err = l.Acquire(ctx, "x")
	is(t, err, ErrDenied)
	redistest.Advance(t, rb, 2*time.Hour)
	for range 3 {
		_, err = l.Acquire(ctx, "x")
		var denied *DeniedError
		if !errors.As(err, &denied) || denied.Result.Policy != "rate" {
			t.Fatalf("%v: want the rate to deny, its place given back", err)
		}
	}
}

// TestAPlaceWithALongerLeaseOutlivesShorterOnes: while a release with a shorter Window comes in, places of both count for as long
// as their own lease.
func TestAPlaceWithALongerLeaseOutlivesShorterOnes(t *testing.T) {
	t.Parallel()
	rb := redistest.Open(t, "embedded")
	places := func(window time.Duration) Options {
		return one(Policy{Name: "places", Algorithm: Concurrency, Limit: 3, Window: window})
	}
	before, after := patient(t, rb, places(3*time.Hour)), patient(t, redistest.Another(t, rb), places(time.Hour))
	ctx := t.Context()
	long := must(before.Acquire(ctx, "x"))(t)
	short := must(after.Acquire(ctx, "x"))(t)
	short.renew()
	redistest.Advance(t, rb, 2*time.Hour)
	must(after.Acquire(ctx, "x"))(t) // in the place of the one that ended
	must(after.Acquire(ctx, "x"))(t)
	_, err := after.Acquire(ctx, "x")
	is(t, err, ErrDenied)
	ok(t, long.Release(ctx))
	must(after.Acquire(ctx, "x"))(t)
}

// hanging is a way to Redis on which scripts hang until their context ends.
type hanging struct {
	script.Doer
	began chan struct{}
}

func (h hanging) Do(ctx context.Context, cmd rueidis.Completed) rueidis.RedisResult {
	if strings.HasPrefix(cmd.Commands()[0], "EVAL") {
		h.began <- struct{}{}
		<-ctx.Done()
		return rueidis.NewErrorResult(ctx.Err())
	}
	return h.Doer.Do(ctx, cmd)
}

func TestAReleaseDoesNotWaitForARenewalThatHangs(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		l := patient(t, rb, one(Policy{Algorithm: Concurrency, Limit: 1, Window: 24 * time.Hour}))
		p := must(l.Acquire(t.Context(), "x"))(t)
		began := make(chan struct{})
		l.slow = hanging{rb, began}
		renewed := make(chan struct{})
		go func() {
			defer close(renewed)
			p.renew()
		}()
		<-began
		released := make(chan error, 1)
		go func() { released <- p.Release(t.Context()) }()
		select {
		case err := <-released:
			ok(t, err)
		case <-time.After(patience):
			t.Fatal("Release waits for the renewal")
		}
		<-renewed
		must(l.Acquire(t.Context(), "x"))(t)
	})
}
