package lock_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/lock"
	"github.com/redbrick-go/redbrick/redistest"
)

const shortTTL = 6 * time.Second

// expiry is when a lock ends on the server, and its TTL then.
func expiry(t *testing.T, rb *redbrick.Client, name string) time.Time {
	t.Helper()
	ms, err := rb.Do(t.Context(), rb.B().Pexpiretime().Key(rb.Namespace()+"lock:{"+name+"}").Build()).AsInt64()
	ok(t, err)
	return time.UnixMilli(ms)
}

// The lease counts as over before it is on the server, whatever the network does: it is counted from before it was asked for.
func TestALeaseIsRenewedAndEndsHereBeforeItEndsOnTheServer(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		lease := acquire(t, newLocker(t, rb, lock.Options{TTL: shortTTL}), "x")
		check := func() time.Time {
			end := lease.End()
			there := expiry(t, rb, "x")
			if early := there.Sub(end); early < shortTTL/10-2*time.Millisecond { // Redis counts in ms
				t.Errorf("the lease ends here %v before it does on the server", early)
			}
			return there
		}
		first := check()
		redistest.Eventually(t, patience, func() error {
			if there := check(); there.Sub(first) < shortTTL/4 {
				return errors.New("not renewed")
			}
			return nil
		})
		ok(t, lease.Err())
		ok(t, lease.Release(t.Context()))
	})
}

func TestALostLockEndsTheLease(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		l := newLocker(t, rb, lock.Options{TTL: 2 * time.Second})
		gone, taken := acquire(t, l, "gone"), acquire(t, l, "taken")
		ok(t, rb.Do(t.Context(), rb.B().Del().Key(rb.Namespace()+"lock:{gone}").Build()).Error())
		ok(t, rb.Do(t.Context(), rb.B().Set().Key(rb.Namespace()+"lock:{taken}").Value("another/1").Px(patience).Build()).Error())
		for _, lease := range []*lock.Lease{gone, taken} {
			is(t, ended(t, lease), lock.ErrLost)
			is(t, context.Cause(lease.Context()), lock.ErrLost)
			is(t, lease.Release(t.Context()), lock.ErrLost)
			if h, held, err := l.Holder(t.Context(), lease.Name()); held != (lease == taken) || err != nil {
				t.Errorf("%s: %+v, %v", lease.Name(), h, err)
			}
		}
	})
}

// Whether the link is cut or silent: what cannot be renewed in time is over.
func TestALeaseThatCannotBeRenewedEnds(t *testing.T) {
	t.Parallel()
	server := redistest.Private(t)
	for _, how := range []string{"cut", "silent"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			proxy := redistest.NewProxy(t, server.Addr())
			l := newLocker(t, redistest.OpenURL(t, "redis://"+proxy.Addr()), lock.Options{TTL: time.Second})
			lease := acquire(t, l, "x")
			if how == "cut" {
				proxy.Cut()
			} else {
				proxy.Blackhole(true)
			}
			is(t, ended(t, lease), lock.ErrLost)
			is(t, context.Cause(lease.Context()), lock.ErrLost)
			if now := time.Now(); now.Before(lease.End()) {
				t.Errorf("it ended %v before its end", lease.End().Sub(now))
			}
			proxy.Heal()
		})
	}
}

// A link that is away for less than the lease lasts costs no lease.
func TestALeaseOutlivesAShortOutage(t *testing.T) {
	t.Parallel()
	server := redistest.Private(t)
	proxy := redistest.NewProxy(t, server.Addr())
	rb := redistest.OpenURL(t, "redis://"+proxy.Addr())
	l := newLocker(t, rb, lock.Options{TTL: long})
	lease := acquire(t, l, "x")
	end := lease.End()
	proxy.Cut()
	redistest.Eventually(t, patience, func() error { // as the timer does after a third of the TTL
		if lease.Renew(); rb.State().State == redbrick.StateReady {
			return errors.New("still ready")
		}
		return nil
	})
	if err := lease.Err(); err != nil || !lease.End().Equal(end) {
		t.Fatalf("after renewals that failed: %v", err)
	}
	proxy.Heal()
	redistest.Eventually(t, patience, func() error {
		if lease.Renew(); !lease.End().After(end) {
			return errors.New("not renewed")
		}
		return lease.Err()
	})
	ok(t, lease.Release(t.Context()))
}

func TestALeaseThatIsHeldForTooLongIsLost(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		l := newLocker(t, rb, lock.Options{TTL: time.Second, MaxHold: 1500 * time.Millisecond})
		lease := acquire(t, l, "x")
		most := time.Now().Add(1500 * time.Millisecond)
		is(t, ended(t, lease), lock.ErrLost)
		if lease.End().After(most) {
			t.Errorf("it stood %v too long", lease.End().Sub(most))
		}
	}, redistest.Only("embedded", "redis"))
}

// The server's clock jumps, as after a pause of this process: another has the lock, the first is told, and what both write
// is told apart by their tokens.
func TestWhoWakesAfterItsLeaseEndedIsToldApartByItsToken(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		a, b := newLocker(t, rb, lock.Options{TTL: shortTTL}), another(t, rb, lock.Options{TTL: shortTTL})
		first := acquire(t, a, "x")
		redistest.Advance(t, rb, shortTTL+time.Second)
		second, err := b.TryAcquire(t.Context(), "x")
		ok(t, err)
		var s store
		if !s.write(second.Token()) || s.write(first.Token()) || !s.write(second.Token()) {
			t.Errorf("tokens %d, then %d", first.Token(), second.Token())
		}
		is(t, ended(t, first), lock.ErrLost)
		is(t, first.Release(t.Context()), lock.ErrLost)
		ok(t, second.Err())
		ok(t, second.Release(t.Context()))
	}, redistest.Clock)
}

// store refuses a token below the highest it has seen.
type store struct {
	mu  sync.Mutex
	max int64
}

func (s *store) write(token int64) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if token < s.max {
		return false
	}
	s.max = token
	return true
}

func TestWithoutRedisALockIsAnErrorAtOnce(t *testing.T) {
	t.Parallel()
	server := redistest.Private(t)
	rb := redistest.OpenURL(t, server.URL(), func(o *redbrick.Options) {
		o.CommandTimeout, o.MaxRetries = time.Second, -1 // what comes before the pause has to meet it on a busy machine
	})
	l := newLocker(t, rb, lock.Options{})
	lease := acquire(t, l, "x")
	c := acquiring(t.Context(), l, "x")
	waiting(t, l, "x", 1)
	server.Pause()
	_, err := l.TryAcquire(t.Context(), "y")
	is(t, err, redbrick.ErrUnavailable)
	if _, err := l.Acquire(t.Context(), "y"); !errors.Is(err, redbrick.ErrUnavailable) {
		t.Error(err)
	}
	if err := lease.Release(t.Context()); !errors.Is(err, redbrick.ErrUnavailable) {
		t.Error(err)
	}
	server.Resume()
	if g := <-c; g.err == nil {
		ok(t, g.lease.Release(t.Context()))
	} else {
		is(t, g.err, redbrick.ErrUnavailable)
	}
	away, err := redbrick.Open(t.Context(), redbrick.Options{URL: "redis://127.0.0.1:1", ConnectTimeout: 50 * time.Millisecond})
	ok(t, err)
	t.Cleanup(func() { away.Close() })
	l = newLocker(t, away, lock.Options{})
	_, err = l.Acquire(t.Context(), "x")
	is(t, err, redbrick.ErrUnavailable)
	_, _, err = l.Holder(t.Context(), "x")
	is(t, err, redbrick.ErrUnavailable)
}
