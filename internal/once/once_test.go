package once_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/once"
	"github.com/redbrick-go/redbrick/redistest"
)

const patience = 60 * time.Second

func keyOf(rb *redbrick.Client) string { return once.Key(rb.Namespace(), "work") }

func pttl(t *testing.T, rb *redbrick.Client, key string) time.Duration {
	t.Helper()
	n, err := rb.Do(t.Context(), rb.B().Pttl().Key(key).Build()).AsInt64()
	if err != nil {
		t.Fatal(err)
	}
	return time.Duration(n) * time.Millisecond
}

func TestWorkIsDoneByOneOfTheFleetInAPeriod(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		var runs, ran atomic.Int64
		var wg sync.WaitGroup
		for range 2 {
			client := redistest.Another(t, rb)
			for range 10 {
				wg.Go(func() {
					did, err := once.Do(ctx, client, keyOf(rb), time.Hour, func(context.Context) error {
						runs.Add(1)
						return nil
					})
					if err != nil {
						t.Error(err)
					}
					if did {
						ran.Add(1)
					}
				})
			}
		}
		wg.Wait()
		if runs.Load() != 1 || ran.Load() != 1 {
			t.Errorf("%d runs, %d callers were told so, want 1", runs.Load(), ran.Load())
		}
		if d := pttl(t, rb, keyOf(rb)+":done"); d > time.Hour || d < time.Hour-time.Minute {
			t.Errorf("the mark stands for %v, want an hour", d)
		}
		if d := pttl(t, rb, keyOf(rb)); d != -2*time.Millisecond {
			t.Errorf("the lease stands for %v after the work", d)
		}
		if err := rb.Do(ctx, rb.B().Del().Key(keyOf(rb)+":done").Build()).Error(); err != nil { // the period is over
			t.Fatal(err)
		}
		if did, err := once.Do(ctx, rb, keyOf(rb), time.Hour, func(context.Context) error { return nil }); !did || err != nil {
			t.Errorf("in the next period: %v, %v", did, err)
		}
	})
}

func TestWorkThatPanicsKeepsNobodyFromTheWorkForGood(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		var of context.Context
		func() {
			defer func() {
				if p := recover(); p != "oh" {
					t.Errorf("recovered %v", p)
				}
			}()
			_, err := once.Do(t.Context(), rb, keyOf(rb), time.Hour, func(ctx context.Context) error {
				of = ctx
				panic("oh")
			})
			t.Errorf("returned %v", err)
		}()
		if of.Err() == nil {
			t.Error("the lease is renewed though nobody is at work")
		}
	})
}

func TestRunsNeverOverlap(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		const enough = 50
		var runs, at atomic.Int64
		var wg sync.WaitGroup
		for range 2 {
			client := redistest.Another(t, rb)
			for range 3 {
				wg.Go(func() {
					for runs.Load() < enough && ctx.Err() == nil {
						_, err := once.Do(ctx, client, keyOf(rb), 0, func(context.Context) error {
							if n := at.Add(1); n != 1 {
								t.Errorf("%d processes at once", n)
							}
							runs.Add(1)
							at.Add(-1)
							return nil
						})
						if err != nil {
							t.Error(err)
							return
						}
					}
				})
			}
		}
		wg.Wait()
	})
}

func TestWorkThatFailsIsNotDone(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		errBad := errors.New("bad")
		for range 3 {
			did, err := once.Do(t.Context(), rb, keyOf(rb), time.Hour, func(context.Context) error { return errBad })
			if !did || !errors.Is(err, errBad) {
				t.Errorf("got %v, %v", did, err)
			}
		}
		if did, err := once.Do(t.Context(), rb, keyOf(rb), time.Hour, func(context.Context) error { return nil }); !did || err != nil {
			t.Errorf("after failures: %v, %v", did, err)
		}
	})
}

func TestACallerThatLeavesGivesTheWorkFree(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx, leave := context.WithCancel(t.Context())
		did, err := once.Do(ctx, rb, keyOf(rb), time.Hour, func(ctx context.Context) error {
			leave()
			return ctx.Err()
		})
		if !did || !errors.Is(err, context.Canceled) || errors.Is(err, once.ErrLost) {
			t.Errorf("got %v, %v", did, err)
		}
		if did, err = once.Do(t.Context(), rb, keyOf(rb), time.Hour, func(context.Context) error { return nil }); !did || err != nil {
			t.Errorf("the next: %v, %v", did, err)
		}
	})
}

// The work may take longer than the lease lasts.
func TestALeaseIsRenewedWhileTheWorkGoesOn(t *testing.T) {
	t.Parallel()
	rb := redistest.Open(t, "redis")
	did, err := once.Do(t.Context(), rb, keyOf(rb), time.Hour, func(ctx context.Context) error {
		least := once.Held
		redistest.Eventually(t, patience, func() error {
			d := pttl(t, rb, keyOf(rb))
			least = min(least, d)
			if d < least+time.Second {
				return fmt.Errorf("the lease goes down: %v, least %v", d, least)
			}
			return nil
		})
		other, err := once.Do(ctx, rb, keyOf(rb), time.Hour, func(context.Context) error { return nil })
		if other || err != nil {
			t.Errorf("another got it: %v, %v", other, err)
		}
		return ctx.Err()
	})
	if !did || err != nil {
		t.Errorf("got %v, %v", did, err)
	}
}

func TestALostLeaseEndsTheWork(t *testing.T) {
	t.Parallel()
	rb := redistest.Open(t, "redis")
	for _, how := range []string{"expired", "taken"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			key := once.Key(rb.Namespace(), how)
			did, err := once.Do(t.Context(), rb, key, time.Hour, func(ctx context.Context) error {
				taken := rb.B().Set().Key(key).Value("another").Px(patience).Build()
				if how == "expired" { // and the mark of another's run is there
					taken = rb.B().Set().Key(key + ":done").Value("1").Px(patience).Build()
					if err := rb.Do(ctx, rb.B().Del().Key(key).Build()).Error(); err != nil {
						t.Error(err)
					}
				}
				if err := rb.Do(ctx, taken).Error(); err != nil {
					t.Error(err)
				}
				select {
				case <-ctx.Done():
				case <-time.After(once.Held):
					t.Error("nobody told the work to end")
				}
				if err := context.Cause(ctx); !errors.Is(err, once.ErrLost) {
					t.Errorf("cause: %v, want ErrLost", err)
				}
				return nil // it may not notice
			})
			if !did || !errors.Is(err, once.ErrLost) {
				t.Errorf("got %v, %v, want ErrLost", did, err)
			}
			// What belongs to the other is not touched.
			if got, err := rb.Do(t.Context(), rb.B().Get().Key(key).Build()).ToString(); how == "taken" && got != "another" {
				t.Errorf("the other's lease: %q, %v", got, err)
			}
			if d := pttl(t, rb, key+":done"); how == "taken" && d > 0 || d > patience {
				t.Errorf("work that lost its lease counts as done for %v", d)
			}
		})
	}
}

// A process that is cut off stops before others may begin.
func TestAProcessThatIsCutOffStopsBeforeItsLeaseEnds(t *testing.T) {
	t.Parallel()
	server := redistest.Private(t)
	for _, fault := range []string{"cut", "silent"} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			proxy := redistest.NewProxy(t, server.Addr())
			rb := redistest.OpenURL(t, "redis://"+proxy.Addr())
			beside := redistest.OpenURL(t, server.URL())
			key := keyOf(rb)
			did, err := once.Do(t.Context(), rb, key, time.Hour, func(ctx context.Context) error {
				if fault == "cut" {
					proxy.Cut()
				} else {
					proxy.Blackhole(true)
				}
				select {
				case <-ctx.Done():
				case <-time.After(2 * once.Held):
					t.Error("nobody told the work to end")
				}
				if d := pttl(t, beside, key); d <= 0 {
					t.Error("the lease had ended before the work was told")
				}
				proxy.Heal()
				return ctx.Err()
			})
			if !did || !errors.Is(err, once.ErrLost) {
				t.Errorf("got %v, %v, want ErrLost", did, err)
			}
		})
	}
}

func TestWithoutRedisNothingRuns(t *testing.T) {
	t.Parallel()
	server := redistest.Private(t)
	rb := redistest.OpenURL(t, server.URL(), func(o *redbrick.Options) { o.MaxRetries = -1 })
	server.Kill()
	did, err := once.Do(t.Context(), rb, keyOf(rb), time.Hour, func(context.Context) error {
		t.Error("it runs")
		return nil
	})
	if did || !errors.Is(err, redbrick.ErrUnavailable) {
		t.Errorf("got %v, %v, want ErrUnavailable", did, err)
	}
}
