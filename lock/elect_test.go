package lock_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/lock"
	"github.com/redbrick-go/redbrick/redistest"
)

// led is a time of leading.
type led struct {
	by    string
	term  int64
	cause error // nil when it begins
}

// candidate takes part in the election "boss" and tells of each term when it begins and ends.
func candidate(t *testing.T, l *lock.Locker, by string, leading *atomic.Int64, out chan<- led) *lock.Election {
	t.Helper()
	e, err := l.Elect("boss", func(ctx context.Context, term int64) error {
		if n := leading.Add(1); n != 1 {
			t.Errorf("%d lead at once", n)
		}
		out <- led{by, term, nil}
		<-ctx.Done()
		leading.Add(-1)
		out <- led{by, term, context.Cause(ctx)}
		return ctx.Err()
	})
	ok(t, err)
	e.Start(t.Context())
	e.Start(t.Context()) // twice
	return e
}

func recv(t *testing.T, c <-chan led) led {
	t.Helper()
	select {
	case l := <-c:
		return l
	case <-time.After(patience):
		t.Fatal("nothing happens in the election")
		return led{}
	}
}

func TestThereIsOneLeaderAndItsTermGrows(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		o := lock.Options{TTL: long}
		lockers := map[string]*lock.Locker{"a": pushed(t, rb, o), "b": pushed(t, redistest.Another(t, rb), o)}
		terms := make(chan led, 100)
		var leading atomic.Int64
		elections := map[string]*lock.Election{}
		for by, l := range lockers {
			elections[by] = candidate(t, l, by, &leading, terms)
		}
		other := map[string]string{"a": "b", "b": "a"}
		now := recv(t, terms)
		for range 2 {
			waiting(t, lockers["a"], "boss", 1)
			if term, leads := elections[now.by].Leading(); !leads || term != now.term {
				t.Errorf("the leader says %d, %v; its term is %d", term, leads, now.term)
			}
			if _, leads := elections[other[now.by]].Leading(); leads || elections[other[now.by]].Resign() {
				t.Error("the other leads, too")
			}
			if h, known, err := elections[other[now.by]].Leader(t.Context()); !known || h.Token != now.term || err != nil {
				t.Errorf("leader %+v, %v, %v", h, known, err)
			}
			if !elections[now.by].Resign() {
				t.Error("the leader cannot resign")
			}
			if end := recv(t, terms); end.term != now.term || !errors.Is(end.cause, lock.ErrResigned) {
				t.Errorf("%+v ended with %+v", now, end)
			}
			next := recv(t, terms)
			if next.by != other[now.by] || next.term <= now.term {
				t.Errorf("after %+v comes %+v", now, next)
			}
			now = next
		}
		waiting(t, lockers["a"], "boss", 1)
		ok(t, elections[now.by].Stop(t.Context()))
		ok(t, elections[now.by].Stop(t.Context())) // twice
		is(t, recv(t, terms).cause, lock.ErrStopped)
		next := recv(t, terms)
		if next.by == now.by || next.term <= now.term {
			t.Errorf("after %+v comes %+v", now, next)
		}
		elections[now.by].Start(t.Context()) // again
		waiting(t, lockers["a"], "boss", 1)
		ok(t, elections[next.by].Stop(t.Context()))
		ok(t, elections[now.by].Stop(t.Context()))
		waiting(t, lockers["a"], "boss", 0)
		if _, held, err := lockers["a"].Holder(t.Context(), "boss"); held || err != nil {
			t.Errorf("the leadership is held after all have stopped: %v", err)
		}
	})
}

// A leader that is slow to return keeps others from leading.
func TestAStoppedLeaderHoldsOnUntilItsWorkReturns(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		l := newLocker(t, rb, lock.Options{TTL: long})
		began, goOn := make(chan context.Context, 1), make(chan struct{})
		e, err := l.Elect("boss", func(ctx context.Context, _ int64) error {
			began <- ctx
			<-goOn
			return errors.New("its own affair")
		})
		ok(t, err)
		e.Start(t.Context())
		ctx := <-began
		soon, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		is(t, e.Stop(soon), context.DeadlineExceeded)
		is(t, context.Cause(ctx), lock.ErrStopped)
		_, err = l.TryAcquire(t.Context(), "boss")
		is(t, err, lock.ErrHeld)
		close(goOn)
		ok(t, e.Stop(t.Context()))
		lease, err := l.TryAcquire(t.Context(), "boss")
		ok(t, err)
		ok(t, lease.Release(t.Context()))
	})
}

func TestALeaderThatLosesItsLeaseIsToldAndStandsAgain(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		l := newLocker(t, rb, lock.Options{TTL: 3 * time.Second})
		terms := make(chan led, 100)
		e := candidate(t, l, "a", new(atomic.Int64), terms)
		first := recv(t, terms)
		ok(t, rb.Do(t.Context(), rb.B().Del().Key(rb.Namespace()+"lock:{boss}").Build()).Error())
		is(t, recv(t, terms).cause, lock.ErrLost)
		if again := recv(t, terms); again.term <= first.term {
			t.Errorf("term %d after %d", again.term, first.term)
		}
		ok(t, e.Stop(t.Context()))
	})
}

// Closing the client ends an election; one that begins while Redis is away begins when it is there.
func TestAnElectionOutlivesRedisAndEndsWithTheClient(t *testing.T) {
	t.Parallel()
	server := redistest.Private(t)
	rb := redistest.OpenURL(t, server.URL(), func(o *redbrick.Options) { o.MaxRetries = -1 })
	l := newLocker(t, rb, lock.Options{TTL: long})
	server.Kill()
	terms := make(chan led, 100)
	e := candidate(t, l, "a", new(atomic.Int64), terms)
	server.Restart()
	recv(t, terms)
	ok(t, rb.Close())
	is(t, recv(t, terms).cause, lock.ErrClosed)
	ok(t, e.Stop(t.Context()))
	redistest.Eventually(t, patience, func() error {
		if _, leads := e.Leading(); leads {
			return fmt.Errorf("it leads")
		}
		return nil
	})
}

// A leader whose work returns at once stands back before it stands again: it neither spins nor keeps others from their turn.
func TestALeaderWhoseWorkReturnsStandsBackFirst(t *testing.T) {
	t.Parallel()
	rb := redistest.Open(t, "embedded")
	terms := make(chan time.Time, 100)
	e, err := newLocker(t, rb, lock.Options{TTL: long}).Elect("boss", func(context.Context, int64) error {
		terms <- time.Now()
		return nil
	})
	ok(t, err)
	e.Start(t.Context())
	first := <-terms
	if again := (<-terms).Sub(first); again < time.Second {
		t.Errorf("it stood again after %v", again)
	}
	ok(t, e.Stop(t.Context()))
}

// A leader that stops its own election is not waited for by itself.
func TestALeaderCanStopItsOwnElection(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		l := newLocker(t, rb, lock.Options{TTL: long})
		var e *lock.Election
		terms := make(chan int64, 10)
		stopped := make(chan error, 10)
		var err error
		e, err = l.Elect("boss", func(ctx context.Context, term int64) error {
			inner, cancel := context.WithCancel(ctx)
			defer cancel()
			stopped <- e.Stop(inner)
			terms <- term
			return nil
		})
		ok(t, err)
		var last int64
		for range 2 {
			e.Start(t.Context())
			select {
			case err := <-stopped:
				ok(t, err)
			case <-time.After(patience):
				t.Fatal("Stop waits for its caller")
			}
			if term := <-terms; term <= last {
				t.Errorf("term %d after %d", term, last)
			}
			ok(t, e.Stop(t.Context()))
			lease, err := l.TryAcquire(t.Context(), "boss")
			ok(t, err)
			last = lease.Token()
			ok(t, lease.Release(t.Context()))
		}
	})
}

// Whoever starts again before the former leader has returned takes part when it has.
func TestAnElectionStartsAgainAfterAStopThatWasNotWaitedFor(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		l := newLocker(t, rb, lock.Options{TTL: long})
		began, goOn := make(chan int64), make(chan struct{})
		e, err := l.Elect("boss", func(ctx context.Context, term int64) error {
			began <- term
			<-ctx.Done()
			<-goOn
			return nil
		})
		ok(t, err)
		e.Start(t.Context())
		first := <-began
		over, cancel := context.WithCancel(t.Context())
		cancel()
		is(t, e.Stop(over), context.Canceled)
		e.Start(t.Context())
		close(goOn)
		select {
		case again := <-began:
			if again <= first {
				t.Errorf("term %d after %d", again, first)
			}
		case <-time.After(patience):
			t.Fatal("it does not take part again")
		}
		ok(t, e.Stop(t.Context()))
	})
}

// A leader whose lease ended by the clock does not lead, though nothing has told it yet.
func TestALeaderKnowsByItsClockThatItsLeaseHasEnded(t *testing.T) {
	t.Parallel()
	rb := redistest.Open(t, "embedded")
	terms := make(chan led, 10)
	e := candidate(t, newLocker(t, rb, lock.Options{TTL: long}), "a", new(atomic.Int64), terms)
	recv(t, terms)
	if _, leads := e.Leading(); !leads {
		t.Error("it does not lead")
	}
	e.EndLease()
	if term, leads := e.Leading(); leads {
		t.Errorf("it leads in term %d", term)
	}
	ok(t, e.Stop(t.Context()))
}
