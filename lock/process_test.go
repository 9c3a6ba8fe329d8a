package lock_test

import (
	"context"
	"fmt"
	"strconv"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/lock"
	"github.com/redbrick-go/redbrick/redistest"
)

// A process that holds a lock, tells its token, and waits to be killed.
var holding = redistest.NewProgram("lock-holding", func(ctx context.Context, c *redistest.Child) error {
	return process(ctx, c, killedTTL, func(_ *redbrick.Client, l *lock.Locker) error {
		lease, err := l.Acquire(ctx, c.Args[0])
		if err != nil {
			return err
		}
		if err := c.Send(strconv.FormatInt(lease.Token(), 10)); err != nil {
			return err
		}
		<-ctx.Done()
		return lease.Release(ctx)
	})
})

// A process that leads and tells its terms.
var leads = redistest.NewProgram("lock-leads", func(ctx context.Context, c *redistest.Child) error {
	return process(ctx, c, killedTTL, func(_ *redbrick.Client, l *lock.Locker) error {
		e, err := l.Elect(c.Args[0], func(ctx context.Context, term int64) error {
			if err := c.Send(strconv.FormatInt(term, 10)); err != nil {
				return err
			}
			<-ctx.Done()
			return nil
		})
		if err != nil {
			return err
		}
		e.Start(ctx)
		<-ctx.Done()
		return e.Stop(context.WithoutCancel(ctx))
	})
})

// A process that counts up by reading and writing.
var counting = redistest.NewProgram("lock-counting", func(ctx context.Context, c *redistest.Child) error {
	return process(ctx, c, long, func(rb *redbrick.Client, l *lock.Locker) error { return countUp(ctx, rb, l, steps) })
})

// steps is how far each process counts.
const steps = 60

// killedTTL is for how long a process that is killed keeps what it held.
const killedTTL = 6 * time.Second

func process(ctx context.Context, c *redistest.Child, ttl time.Duration, run func(*redbrick.Client, *lock.Locker) error) error {
	rb, err := redbrick.Open(ctx, c.Options)
	if err != nil {
		return err
	}
	defer rb.Close()
	l, err := lock.New(rb, lock.Options{TTL: ttl})
	if err != nil {
		return err
	}
	return run(rb, l)
}

func countUp(ctx context.Context, rb *redbrick.Client, l *lock.Locker, n int) error {
	key := rb.Namespace() + "lock:counter"
	for range n {
		err := l.Do(ctx, "count", func(ctx context.Context, _ *lock.Lease) error {
			at, err := rb.Do(ctx, rb.B().Get().Key(key).Build()).AsInt64()
			if err != nil {
				return err
			}
			return rb.Do(ctx, rb.B().Set().Key(key).Value(strconv.FormatInt(at+1, 10)).Build()).Error()
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func number(t *testing.T, line string) int64 {
	t.Helper()
	n, err := strconv.ParseInt(line, 10, 64)
	ok(t, err)
	return n
}

func TestProcessesDoWhatIsLockedOneAfterTheOther(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		key := rb.Namespace() + "lock:counter"
		ok(t, rb.Do(t.Context(), rb.B().Set().Key(key).Value("0").Build()).Error())
		a, b := counting.Start(t, rb), counting.Start(t, rb)
		ok(t, countUp(t.Context(), rb, newLocker(t, rb, lock.Options{TTL: long}), steps))
		a.Wait()
		b.Wait()
		if n, err := rb.Do(t.Context(), rb.B().Get().Key(key).Build()).AsInt64(); n != 3*steps || err != nil {
			t.Errorf("counted %d, want %d: %v", n, 3*steps, err)
		}
	}, redistest.Processes)
}

func TestAKilledHolderIsFollowedByTheNext(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		l := pushed(t, rb, lock.Options{TTL: long})
		holder := holding.Start(t, rb, "x")
		token := number(t, holder.Recv())
		_, err := l.TryAcquire(t.Context(), "x")
		is(t, err, lock.ErrHeld)
		c := acquiring(t.Context(), l, "x")
		waiting(t, l, "x", 1)
		holder.Kill()
		// It knew when the lock would end without renewal, and asked then.
		lease := wait(t, c)
		if lease.Token() <= token {
			t.Errorf("token %d after %d", lease.Token(), token)
		}
		ok(t, lease.Release(t.Context()))
	}, redistest.Processes)
}

func TestAKilledWaiterKeepsNobodyFromTheLock(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		l := newLocker(t, rb, lock.Options{TTL: shortTTL})
		lease := acquire(t, l, "x")
		first := holding.Start(t, rb, "x")
		waiting(t, l, "x", 1)
		c := acquiring(t.Context(), l, "x")
		waiting(t, l, "x", 2)
		first.Kill()
		ok(t, lease.Release(t.Context()))
		ok(t, wait(t, c).Release(t.Context()))
	}, redistest.Processes)
}

func TestAKilledLeaderIsFollowedByAnother(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		a := leads.Start(t, rb, "boss")
		term := number(t, a.Recv())
		b := leads.Start(t, rb, "boss")
		l := newLocker(t, rb, lock.Options{})
		waiting(t, l, "boss", 1)
		a.Kill()
		next := number(t, b.Recv())
		if next <= term {
			t.Errorf("term %d after %d", next, term)
		}
		b.Interrupt()
		b.Wait()
		if h, held, err := l.Holder(t.Context(), "boss"); held || err != nil {
			t.Errorf("after it stopped %s leads: %v", fmt.Sprint(h), err)
		}
	}, redistest.Processes)
}
