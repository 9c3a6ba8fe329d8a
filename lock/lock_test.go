package lock_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/script"
	"github.com/redbrick-go/redbrick/lock"
	"github.com/redbrick-go/redbrick/redistest"
)

func TestOneHoldsALock(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		a, b := newLocker(t, rb, lock.Options{Owner: "a", TTL: long}), another(t, rb, lock.Options{Owner: "b", TTL: long})
		for _, name := range []string{"x", "{x}", "x}{y", "a b:\n", strings.Repeat("long", 1000)} {
			if _, held, err := a.Holder(t.Context(), name); held || err != nil {
				t.Errorf("%.20q is held before: %v", name, err)
			}
			lease := acquire(t, a, name)
			if lease.Name() != name || lease.Err() != nil || lease.Context().Err() != nil {
				t.Errorf("%.20q: %q, %v", name, lease.Name(), lease.Err())
			}
			_, err := b.TryAcquire(t.Context(), name)
			is(t, err, lock.ErrHeld)
			h, held, err := b.Holder(t.Context(), name)
			if !held || err != nil || h.Owner != "a" || h.Token != lease.Token() || h.Left <= 0 || h.Left > long || h.Waiting != 0 {
				t.Errorf("%.20q: holder %+v, %v, %v", name, h, held, err)
			}
			ok(t, lease.Release(t.Context()))
			ok(t, lease.Release(t.Context())) // twice
			is(t, lease.Err(), lock.ErrReleased)
			is(t, context.Cause(lease.Context()), lock.ErrReleased)
			next, err := b.TryAcquire(t.Context(), name)
			ok(t, err)
			if next.Token() <= lease.Token() || next.Token() >= 1<<53 {
				t.Errorf("token %d after %d", next.Token(), lease.Token())
			}
			ok(t, next.Release(t.Context()))
		}
		_, err := a.Acquire(t.Context(), "")
		is(t, err, lock.ErrName)
		lease, err := newLocker(t, rb, lock.Options{}).TryAcquire(t.Context(), "default")
		ok(t, err)
		if h, _, err := b.Holder(t.Context(), "default"); h.Left > 15*time.Second || err != nil {
			t.Errorf("by default a lease is of %v: %v", h.Left, err)
		}
		if err := lease.Release(t.Context()); err != nil && !errors.Is(err, lock.ErrLost) { // a machine may stand still for so long
			t.Error(err)
		}
	})
}

// What two processes do under a lock they do one after the other.
func TestNoTwoAreInsideAtOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		var inside, done atomic.Int64
		var wg sync.WaitGroup
		o := lock.Options{TTL: long}
		for _, l := range []*lock.Locker{newLocker(t, rb, o), another(t, rb, o)} {
			for range 5 {
				wg.Go(func() {
					for range 10 {
						err := l.Do(t.Context(), "x", func(context.Context, *lock.Lease) error {
							if n := inside.Add(1); n != 1 {
								t.Errorf("%d are inside", n)
							}
							done.Add(1)
							inside.Add(-1)
							return nil
						})
						if err != nil {
							t.Error(err)
						}
					}
				})
			}
		}
		wg.Wait()
		if done.Load() != 100 {
			t.Errorf("done %d times, want 100", done.Load())
		}
	})
}

func TestTheFencingTokenGrowsThoughTheLockExpiredOrItsCounterWasLost(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		l := newLocker(t, rb, lock.Options{TTL: long})
		last := int64(0)
		for i := range 30 {
			lease := acquire(t, l, "x")
			if lease.Token() <= last {
				t.Fatalf("token %d after %d", lease.Token(), last)
			}
			last = lease.Token()
			key := rb.Namespace() + "lock:{x}"
			for _, k := range [][]string{{key}, {key + ":fence"}, {key, key + ":fence"}, nil}[i%4] {
				ok(t, rb.Do(t.Context(), rb.B().Del().Key(k).Build()).Error())
			}
			_ = lease.Release(t.Context()) // lost in part
		}
		// A counter that is ahead of the clock, because the clock was put back, stays ahead.
		last += 1_000_000_000_000
		ok(t, rb.Do(t.Context(), rb.B().Set().Key(rb.Namespace()+"lock:{x}:fence").Value(fmt.Sprint(last)).Build()).Error())
		for range 3 {
			lease := acquire(t, l, "x")
			if lease.Token() != last+1 {
				t.Fatalf("token %d after %d", lease.Token(), last)
			}
			last = lease.Token()
			ok(t, lease.Release(t.Context()))
		}
	})
}

func TestOnlyTheOwnerReleases(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		a, b := newLocker(t, rb, lock.Options{TTL: long}), another(t, rb, lock.Options{TTL: long})
		first := acquire(t, a, "x")
		ok(t, rb.Do(t.Context(), rb.B().Del().Key(rb.Namespace()+"lock:{x}").Build()).Error())
		second := acquire(t, b, "x")
		is(t, first.Release(t.Context()), lock.ErrLost)
		if h, held, err := b.Holder(t.Context(), "x"); !held || h.Token != second.Token() || err != nil {
			t.Errorf("after the release of another the holder is %+v, %v, %v", h, held, err)
		}
		ok(t, second.Release(t.Context()))
	})
}

func TestDoEndsWithTheCallerAndWithTheLease(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		l := newLocker(t, rb, lock.Options{TTL: 2 * time.Second})
		ctx, leave := context.WithCancel(t.Context())
		err := l.Do(ctx, "x", func(ctx context.Context, lease *lock.Lease) error {
			leave()
			<-ctx.Done()
			return errors.Join(ctx.Err(), lease.Err())
		})
		is(t, err, context.Canceled)
		err = l.Do(t.Context(), "x", func(ctx context.Context, _ *lock.Lease) error {
			ok(t, rb.Do(ctx, rb.B().Del().Key(rb.Namespace()+"lock:{x}").Build()).Error())
			<-ctx.Done()
			return context.Cause(ctx)
		})
		is(t, err, lock.ErrLost)
		func() {
			defer func() {
				if recover() == nil {
					t.Error("the panic is gone")
				}
			}()
			_ = l.Do(t.Context(), "x", func(context.Context, *lock.Lease) error { panic("oh") })
		}()
		lease, err := l.TryAcquire(t.Context(), "x")
		ok(t, err)
		ok(t, lease.Release(t.Context()))
	})
}

// deaf does what it is asked and loses the replies of some scripts.
type deaf struct {
	script.Doer
	loses atomic.Int64
}

func (d *deaf) Do(ctx context.Context, cmd rueidis.Completed) rueidis.RedisResult {
	r := d.Doer.Do(ctx, cmd)
	if d.loses.Add(-1) >= 0 {
		return rueidis.NewErrorResult(fmt.Errorf("%w: reply lost", redbrick.ErrUnavailable))
	}
	return r
}

func TestALockWhoseGrantWasNotHeardOfIsGivenBack(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		l, sound := newLocker(t, rb, lock.Options{TTL: long}), another(t, rb, lock.Options{TTL: long})
		ok(t, acquire(t, l, "x").Release(t.Context())) // the server knows the scripts
		d := &deaf{Doer: l.Doer()}
		l.SetDoer(d)
		d.loses.Store(3) // the grant, and two tries to give it back
		_, err := l.Acquire(t.Context(), "x")
		is(t, err, redbrick.ErrUnavailable)
		redistest.Eventually(t, patience, func() error {
			lease, err := sound.TryAcquire(t.Context(), "x")
			if err == nil {
				err = lease.Release(t.Context())
			}
			return err
		})
	})
}

// tally counts what is asked of Redis.
type tally struct {
	script.Doer
	asked atomic.Int64
}

func (c *tally) Do(ctx context.Context, cmd rueidis.Completed) rueidis.RedisResult {
	c.asked.Add(1)
	return c.Doer.Do(ctx, cmd)
}

// Callers who are refused while Redis is away leave nothing behind in the background: they may be many.
func TestWhatWasNeverAskedForIsNotGivenBack(t *testing.T) {
	t.Parallel()
	rb, err := redbrick.Open(t.Context(), redbrick.Options{URL: "redis://127.0.0.1:1", ConnectTimeout: 50 * time.Millisecond})
	ok(t, err)
	l := newLocker(t, rb, lock.Options{TTL: long})
	c := &tally{Doer: l.Doer()}
	l.SetDoer(c)
	const callers = 100
	for range callers {
		_, err := l.Acquire(t.Context(), "x")
		is(t, err, redbrick.ErrUnavailable)
	}
	ok(t, rb.Close()) // waits for what goes on in the background
	if n := c.asked.Load(); n != callers {
		t.Errorf("%d callers asked for %d commands", callers, n)
	}
}

func TestClosingTheClientGivesItsLocksBack(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		theirs := redistest.Another(t, rb)
		l, own := newLocker(t, theirs, lock.Options{TTL: long}), newLocker(t, rb, lock.Options{TTL: long})
		lease := acquire(t, l, "x")
		blocked := make(chan error, 1)
		mine := acquire(t, own, "y")
		go func() {
			_, err := l.Acquire(context.Background(), "y")
			blocked <- err
		}()
		waiting(t, own, "y", 1)
		ok(t, theirs.Close())
		is(t, lease.Err(), lock.ErrClosed)
		is(t, <-blocked, lock.ErrClosed)
		next, err := own.TryAcquire(t.Context(), "x")
		ok(t, err)
		ok(t, next.Release(t.Context()))
		waiting(t, own, "y", 0)
		ok(t, mine.Release(t.Context()))
		_, err = l.Acquire(t.Context(), "z")
		is(t, err, redbrick.ErrUnavailable)
		if _, err := l.TryAcquire(t.Context(), ""); !errors.Is(err, lock.ErrName) {
			t.Error(err)
		}
	})
}

func TestOptionsSayWhatIsWrong(t *testing.T) {
	t.Parallel()
	rb := redistest.Open(t, "embedded")
	_, err := lock.New(rb, lock.Options{TTL: time.Millisecond, Wait: -1, MaxHold: -1, Owner: "a b"})
	for _, field := range []string{"TTL", "Wait", "MaxHold", "Owner"} {
		if err == nil || !errors.Is(err, redbrick.ErrConfig) || !strings.Contains(err.Error(), "Options."+field) {
			t.Errorf("no word of %s: %v", field, err)
		}
	}
	l := newLocker(t, rb, lock.Options{})
	if _, err := l.AcquireWith(t.Context(), "x", lock.Options{TTL: 48 * time.Hour}); !errors.Is(err, redbrick.ErrConfig) {
		t.Error(err)
	}
	if _, err := l.Elect("", nil); !errors.Is(err, lock.ErrName) {
		t.Error(err)
	}
	if _, err := l.Elect("x", nil); !errors.Is(err, redbrick.ErrConfig) {
		t.Error(err)
	}
}
