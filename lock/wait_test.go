package lock_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
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

// got is the outcome of an Acquire in the background.
type got struct {
	lease *lock.Lease
	err   error
}

func acquiring(ctx context.Context, l *lock.Locker, name string) <-chan got {
	out := make(chan got, 1)
	go func() {
		lease, err := l.Acquire(ctx, name)
		out <- got{lease, err}
	}()
	return out
}

func wait(t *testing.T, c <-chan got) *lock.Lease {
	t.Helper()
	select {
	case g := <-c:
		ok(t, g.err)
		return g.lease
	case <-time.After(patience):
		t.Fatal("who waits for the lock does not get it")
		return nil
	}
}

// pushed is a Locker whose waiters ask again by themselves only after an hour.
func pushed(t *testing.T, rb *redbrick.Client, o lock.Options) *lock.Locker {
	t.Helper()
	l := newLocker(t, rb, o)
	l.SetBeat(long)
	return l
}

func TestThoseWhoWaitGetTheLockInTheOrderOfArrivalByPush(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		o := lock.Options{TTL: 24 * time.Hour}
		lockers := []*lock.Locker{pushed(t, rb, o), pushed(t, redistest.Another(t, rb), o)}
		first := acquire(t, lockers[0], "x")
		const n = 12
		var mu sync.Mutex
		var order []int
		var wg sync.WaitGroup
		for i := range n {
			wg.Go(func() {
				lease, err := lockers[i%2].Acquire(t.Context(), "x")
				if err != nil {
					t.Error(err)
					return
				}
				mu.Lock()
				order = append(order, i)
				mu.Unlock()
				if err := lease.Release(t.Context()); err != nil {
					t.Error(err)
				}
			})
			waiting(t, lockers[0], "x", int64(i+1))
		}
		_, err := lockers[1].TryAcquire(t.Context(), "x")
		is(t, err, lock.ErrHeld)
		ok(t, first.Release(t.Context()))
		wg.Wait()
		if !slices.IsSorted(order) || len(order) != n {
			t.Errorf("order %v", order)
		}
	})
}

func TestWaitingIsNotPolling(t *testing.T) {
	t.Parallel()
	server := redistest.Private(t)
	rb := redistest.OpenURL(t, server.URL())
	l := pushed(t, rb, lock.Options{TTL: 24 * time.Hour})
	lease := acquire(t, l, "x")
	server.ResetCommands()
	c := acquiring(t.Context(), l, "x")
	waiting(t, l, "x", 1)
	redistest.Eventually(t, patience, func() error {
		if server.Commands().Total("subscribe") == 0 {
			return errors.New("not subscribed")
		}
		return nil
	})
	for range 2000 { // time passes
		ok(t, rb.Do(t.Context(), rb.B().Exists().Key("x").Build()).Error())
	}
	ok(t, lease.Release(t.Context()))
	ok(t, wait(t, c).Release(t.Context()))
	// Asks: the first, one after the hub listens, one when the subscription stands, one when woken.
	if n := server.Commands().Total("evalsha"); n > 8 {
		t.Errorf("%d scripts for one lock that was waited for and two releases", n)
	}
}

// A subscription that cannot be made at once costs nobody the place in the queue; one that the server refuses is an error.
func TestWhoCannotSubscribeAsksNowAndThen(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		l := pushed(t, rb, lock.Options{TTL: long})
		l.FailSubscriptions(2, redbrick.ErrUnavailable)
		lease := acquire(t, l, "x")
		c := acquiring(t.Context(), l, "x")
		waiting(t, l, "x", 1)
		ok(t, lease.Release(t.Context()))
		lease = wait(t, c)
		l.FailSubscriptions(1, rb.Do(t.Context(), rb.B().Hset().Key(rb.Namespace()+"lock:{x}").FieldValue().FieldValue("a", "b").Build()).Error())
		if _, err := l.Acquire(t.Context(), "x"); err == nil || !strings.Contains(err.Error(), "WRONGTYPE") {
			t.Errorf("a refused subscription is %v", err)
		}
		ok(t, lease.Release(t.Context()))
	})
}

func TestWhoGivesUpWaitingIsPassedOver(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		l := pushed(t, rb, lock.Options{TTL: 24 * time.Hour})
		lease := acquire(t, l, "x")
		ctx, leave := context.WithCancel(t.Context())
		impatient := acquiring(ctx, l, "x")
		waiting(t, l, "x", 1)
		patient := acquiring(t.Context(), l, "x")
		waiting(t, l, "x", 2)
		leave()
		is(t, (<-impatient).err, context.Canceled)
		ok(t, lease.Release(t.Context()))
		ok(t, wait(t, patient).Release(t.Context()))
		waiting(t, l, "x", 0)

		lease = acquire(t, l, "y")
		_, err := l.AcquireWith(t.Context(), "y", lock.Options{Wait: 20 * time.Millisecond})
		is(t, err, lock.ErrHeld)
		waiting(t, l, "y", 0)
		ended, over := context.WithCancel(t.Context())
		over()
		if _, err := l.Acquire(ended, "y"); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		ok(t, lease.Release(t.Context()))
	})
}

// Of those who died nobody takes the place back. The lock goes on to the living.
func TestTheDeadAreDroppedFromTheQueue(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		l := newLocker(t, rb, lock.Options{TTL: 24 * time.Hour})
		lease := acquire(t, l, "x")
		for i := range 3 {
			if n, err := l.RunAcquire(t.Context(), "x", fmt.Sprint("dead", i), long, 5*time.Second); n != -5000 || err != nil {
				t.Fatal(n, err)
			}
		}
		l.SetBeat(200 * time.Millisecond)
		c := acquiring(t.Context(), l, "x")
		waiting(t, l, "x", 4)
		ok(t, lease.Release(t.Context()))
		select {
		case <-c:
			t.Fatal("the lock went past those who are believed to wait")
		default:
		}
		redistest.Advance(t, rb, 16*time.Second)
		lease = wait(t, c)
		waiting(t, l, "x", 0)
		ok(t, lease.Release(t.Context()))
	}, redistest.Clock)
}

// A dead waiter whose sign of life was lost, as by eviction, holds nobody up.
func TestALostSignOfLifeKeepsNobodyFromTheLock(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		l := newLocker(t, rb, lock.Options{TTL: 24 * time.Hour})
		lease := acquire(t, l, "x")
		_, err := l.RunAcquire(t.Context(), "x", "dead", long, time.Hour)
		ok(t, err)
		ok(t, rb.Do(t.Context(), rb.B().Del().Key(rb.Namespace()+"lock:{x}:alive").Build()).Error())
		c := acquiring(t.Context(), l, "x")
		ok(t, lease.Release(t.Context()))
		ok(t, wait(t, c).Release(t.Context()))
	})
}

// A release wakes the first that lives, not the dead before it.
func TestAReleaseWakesTheFirstThatLives(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		l := newLocker(t, rb, lock.Options{})
		_, err := l.RunAcquire(t.Context(), "x", "holder", long, 0)
		ok(t, err)
		_, err = l.RunAcquire(t.Context(), "x", "dead", long, 5*time.Second)
		ok(t, err)
		_, err = l.RunAcquire(t.Context(), "x", "alive", long, time.Hour)
		ok(t, err)
		said := make(chan string, 1)
		stop, err := rb.Subscribe(t.Context(), rb.Namespace()+"~lock", func(token string) { said <- token }, func(bool) {})
		ok(t, err)
		defer stop()
		redistest.Advance(t, rb, 16*time.Second)
		_, err = l.RunRelease(t.Context(), "x", "holder", false)
		ok(t, err)
		select {
		case token := <-said:
			if token != "alive" {
				t.Errorf("%q is woken", token)
			}
		case <-time.After(patience):
			t.Error("nobody is woken")
		}
	}, redistest.Clock)
}

// Who comes later stands behind those who came while the clock was ahead.
func TestTheOrderOfArrivalOutlivesAClockThatIsPutBack(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		l := newLocker(t, rb, lock.Options{})
		ctx, queue := t.Context(), rb.Namespace()+"lock:{x}:queue"
		_, err := l.RunAcquire(ctx, "x", "holder", long, 0)
		ok(t, err)
		_, err = l.RunAcquire(ctx, "x", "first", long, 5*time.Second)
		ok(t, err)
		ahead := float64(time.Now().Add(time.Hour).UnixMicro())
		ok(t, rb.Do(ctx, rb.B().Zadd().Key(queue).ScoreMember().ScoreMember(ahead, "first").Build()).Error())
		_, err = l.RunAcquire(ctx, "x", "second", long, 5*time.Second)
		ok(t, err)
		if got, err := rb.Do(ctx, rb.B().Zrange().Key(queue).Min("0").Max("-1").Build()).AsStrSlice(); err != nil || !slices.Equal(got, []string{"first", "second"}) {
			t.Errorf("the queue is %q, %v", got, err)
		}
	})
}

// However long a lock is held without renewal, who waits says so often enough to keep its place, and nothing is kept for good.
func TestEveryKeyOfALockEnds(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		l := newLocker(t, rb, lock.Options{TTL: 24 * time.Hour})
		d := &beats{Doer: l.Doer()}
		lease := acquire(t, l, "x")
		l.SetDoer(d)
		c := acquiring(t.Context(), l, "x")
		waiting(t, l, "x", 1)
		for key, most := range map[string]time.Duration{"": 24 * time.Hour, ":fence": 24 * time.Hour, ":queue": time.Minute, ":alive": time.Minute} {
			ms, err := rb.Do(t.Context(), rb.B().Pttl().Key(rb.Namespace()+"lock:{x}"+key).Build()).AsInt64()
			if left := time.Duration(ms) * time.Millisecond; err != nil || left <= 0 || left > most {
				t.Errorf("lock%s ends in %v, want at most %v: %v", key, left, most, err)
			}
		}
		if got := d.last.Load(); got == nil || *got != "5000" {
			t.Error("who waits says so less often than every 5 s")
		}
		ok(t, lease.Release(t.Context()))
		ok(t, wait(t, c).Release(t.Context()))
	})
}

// beats keeps the last argument of the last script that takes a lock: how often who waits asks again.
type beats struct {
	script.Doer
	last atomic.Pointer[string]
}

func (b *beats) Do(ctx context.Context, cmd rueidis.Completed) rueidis.RedisResult {
	const words = 11 // EVALSHA, hash, 4, four keys, four arguments
	if all := cmd.Commands(); len(all) == words {
		beat := all[words-1]
		b.last.Store(&beat)
	}
	return b.Doer.Do(ctx, cmd)
}

// A lock without an end, which some other program left, is asked for at each beat, and not without a pause.
func TestALockWithoutEndIsNotAskedForWithoutPause(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		l := newLocker(t, rb, lock.Options{})
		ok(t, rb.Do(t.Context(), rb.B().Set().Key(rb.Namespace()+"lock:{x}").Value("foreign").Build()).Error())
		for _, caller := range []string{"first", "second", "first"} {
			if n, err := l.RunAcquire(t.Context(), "x", caller, long, 5*time.Second); n != -5000 || err != nil {
				t.Errorf("%s: %d, %v, want to ask again after a beat", caller, n, err)
			}
		}
	})
}

// The first in the queue takes over when the holder died.
func TestALockWhoseHolderDiedGoesToTheNext(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		l := pushed(t, rb, lock.Options{})
		token, err := l.RunAcquire(t.Context(), "x", "dead", time.Second, 0)
		ok(t, err)
		lease := acquire(t, l, "x")
		if lease.Token() <= token {
			t.Errorf("token %d after %d", lease.Token(), token)
		}
		ok(t, lease.Release(t.Context()))
	})
}

// A subscription that was lost loses nobody who waits.
func TestWhoWaitsIsWokenThoughTheSubscriptionWasLost(t *testing.T) {
	t.Parallel()
	server := redistest.Private(t)
	proxy := redistest.NewProxy(t, server.Addr())
	behind := pushed(t, redistest.OpenURL(t, "redis://"+proxy.Addr(), func(o *redbrick.Options) { o.Namespace = "x:" }), lock.Options{TTL: 24 * time.Hour})
	holder := newLocker(t, redistest.OpenURL(t, server.URL(), func(o *redbrick.Options) { o.Namespace = "x:" }), lock.Options{TTL: 24 * time.Hour})
	lease := acquire(t, holder, "x")
	c := acquiring(t.Context(), behind, "x")
	waiting(t, holder, "x", 1)
	redistest.Eventually(t, patience, func() error {
		if server.Commands().Total("subscribe") == 0 {
			return errors.New("not subscribed")
		}
		return nil
	})
	proxy.Cut()
	ok(t, lease.Release(t.Context())) // said to nobody
	proxy.Heal()
	select {
	case g := <-c: // it had to ask while the link was cut, and says so
		if g.err != nil {
			is(t, g.err, redbrick.ErrUnavailable)
			waiting(t, holder, "x", 0)
			return
		}
		ok(t, g.lease.Release(t.Context()))
	case <-time.After(patience):
		t.Fatal("who waits is not woken")
	}
}
