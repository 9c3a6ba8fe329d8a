package accumulate_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"go.uber.org/goleak"

	"github.com/redbrick-go/redbrick/internal/accumulate"
	"github.com/redbrick-go/redbrick/redistest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const patience = 20 * time.Second

// sums is what has arrived.
type sums struct {
	mu      sync.Mutex
	counts  map[string]int64
	flushes int
}

func (s *sums) add(_ context.Context, c accumulate.Counts[string]) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.counts == nil {
		s.counts = make(map[string]int64)
	}
	for k, n := range c {
		s.counts[k] += n
	}
	s.flushes++
	return nil
}

func (s *sums) get() (map[string]int64, int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.counts), s.flushes
}

func start(t *testing.T, a *accumulate.Accumulator[string]) {
	t.Helper()
	for range 2 { // a second call does nothing
		if err := a.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
}

func TestEveryCountArrivesOnce(t *testing.T) {
	t.Parallel()
	var got sums
	a := accumulate.New(accumulate.Options{Every: time.Millisecond, MaxKeys: 7}, got.add)
	start(t, a)
	n := redistest.Scale(100_000)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for i := range n {
				a.Add(fmt.Sprint(i%20), 1)
				a.Waiting("7")
			}
		})
	}
	wg.Wait()
	if err := a.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	counts, flushes := got.get()
	var sum int64
	for _, k := range counts {
		sum += k
	}
	if sum != int64(8*n) || len(counts) != 20 || flushes < 2 {
		t.Errorf("%d counts of %d keys in %d flushes, want %d of 20", sum, len(counts), flushes, 8*n)
	}
}

func TestCountsAreFlushedEverySoOftenInBatches(t *testing.T) {
	t.Parallel()
	var got sums
	a := accumulate.New(accumulate.Options{Every: 20 * time.Millisecond}, got.add)
	for range 1000 {
		a.Add("a", 2)
	}
	a.Add("b", -3)
	if n := a.Waiting("a"); n != 2000 {
		t.Errorf("waiting: %d, want 2000", n)
	}
	start(t, a)
	redistest.Eventually(t, patience, func() error {
		if counts, n := got.get(); !maps.Equal(counts, map[string]int64{"a": 2000, "b": -3}) || n != 1 || a.Waiting("a") != 0 {
			return fmt.Errorf("%v in %d flushes", counts, n)
		}
		return nil
	})
	if err := a.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if _, n := got.get(); n != 1 {
		t.Errorf("%d flushes, want 1: there was nothing more", n)
	}
}

func TestManyKeysAreFlushedAheadOfTime(t *testing.T) {
	t.Parallel()
	var got sums
	a := accumulate.New(accumulate.Options{Every: time.Hour, MaxKeys: 10}, got.add)
	start(t, a)
	for i := range 10 {
		a.Add(fmt.Sprint(i), 1)
	}
	redistest.Eventually(t, patience, func() error {
		if counts, _ := got.get(); len(counts) != 10 {
			return fmt.Errorf("%v", counts)
		}
		return nil
	})
	if err := a.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
}

func TestAFlushThatFailsKeepsItsCounts(t *testing.T) {
	t.Parallel()
	var got sums
	var failing atomic.Bool
	var tries atomic.Int64
	errDown := errors.New("database away")
	var log strings.Builder
	a := accumulate.New(accumulate.Options{Every: time.Millisecond, Logger: slog.New(slog.NewTextHandler(&log, nil))},
		func(ctx context.Context, c accumulate.Counts[string]) error {
			tries.Add(1)
			if failing.Load() {
				return errDown
			}
			return got.add(ctx, c)
		})
	failing.Store(true)
	a.Add("a", 1)
	if err := a.Flush(t.Context()); !errors.Is(err, errDown) {
		t.Errorf("Flush: %v", err)
	}
	start(t, a)
	for i := range 100 {
		a.Add("a", 1)
		a.Add("b", 1)
		if n := a.Waiting("a"); n != int64(i+2) {
			t.Errorf("waiting: %d, want %d", n, i+2)
		}
	}
	redistest.Eventually(t, patience, func() error {
		if tries.Load() < 3 {
			return errors.New("not tried again")
		}
		return nil
	})
	failing.Store(false)
	redistest.Eventually(t, patience, func() error {
		if counts, _ := got.get(); !maps.Equal(counts, map[string]int64{"a": 101, "b": 100}) {
			return fmt.Errorf("%v", counts)
		}
		return nil
	})
	if err := a.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(log.String(), errDown.Error()) {
		t.Error("nothing was logged")
	}
}

// While the target is away an event must cost an addition, not a try.
func TestAFlushThatFailsIsNotTriedWithEachEvent(t *testing.T) {
	t.Parallel()
	tried := make(chan struct{}, 1000)
	a := accumulate.New(accumulate.Options{Every: time.Hour, MaxKeys: 1}, func(context.Context, accumulate.Counts[string]) error {
		tried <- struct{}{}
		return errors.New("away")
	})
	start(t, a)
	a.Add("a", 1)
	<-tried
	redistest.Eventually(t, patience, func() error { // the counts are back
		if n := a.Waiting("a"); n != 1 {
			return fmt.Errorf("waiting: %d", n)
		}
		return nil
	})
	for range 1000 {
		a.Add("a", 1)
	}
	if err := a.Stop(t.Context()); err == nil {
		t.Error("Stop hides that counts were lost")
	}
	// One that Add asked for at the very start, and that of Stop.
	if n := len(tried); n > 2 {
		t.Errorf("%d more tries for 1000 events", n)
	}
}

func TestCountsOnTheirWayAreStillWaiting(t *testing.T) {
	t.Parallel()
	began, goOn := make(chan struct{}), make(chan struct{})
	a := accumulate.New(accumulate.Options{}, func(context.Context, accumulate.Counts[string]) error {
		close(began)
		<-goOn
		return nil
	})
	a.Add("a", 5)
	flushed := make(chan error)
	go func() { flushed <- a.Flush(t.Context()) }()
	<-began
	a.Add("a", 2)
	if n := a.Waiting("a"); n != 7 {
		t.Errorf("during the flush: %d, want 7", n)
	}
	close(goOn)
	if err := <-flushed; err != nil {
		t.Error(err)
	}
	if n := a.Waiting("a"); n != 2 {
		t.Errorf("after the flush: %d, want 2", n)
	}
}

func TestStopFlushesWhatIsLeft(t *testing.T) {
	t.Parallel()
	for _, started := range []bool{true, false} {
		var got sums
		a := accumulate.New(accumulate.Options{Every: time.Hour}, got.add)
		if started {
			start(t, a)
		}
		a.Add("a", 1)
		for range 2 {
			if err := a.Stop(t.Context()); err != nil {
				t.Error(err)
			}
		}
		if counts, n := got.get(); counts["a"] != 1 || n != 1 {
			t.Errorf("started %v: %v in %d flushes", started, counts, n)
		}
	}
}

// A flush that Stop cancelled may have arrived: its counts would arrive twice.
func TestStopWaitsForAFlushUnderWay(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var got sums
		began, goOn := make(chan struct{}, 2), make(chan struct{})
		a := accumulate.New(accumulate.Options{}, func(ctx context.Context, c accumulate.Counts[string]) error {
			began <- struct{}{}
			select {
			case <-goOn:
			case <-ctx.Done():
			}
			return errors.Join(got.add(ctx, c), ctx.Err())
		})
		start(t, a)
		a.Add("a", 1)
		<-began
		stopped := make(chan error, 1)
		go func() { stopped <- a.Stop(t.Context()) }()
		synctest.Wait()
		select {
		case err := <-stopped:
			t.Errorf("Stop did not wait: %v", err)
		default:
			close(goOn)
			if err := <-stopped; err != nil {
				t.Error(err)
			}
		}
		if counts, _ := got.get(); counts["a"] != 1 {
			t.Errorf("arrived: %v, want 1", counts)
		}
	})
}

func TestStopEndsWithItsContext(t *testing.T) {
	t.Parallel()
	began, ended := make(chan struct{}), make(chan struct{})
	// A tick that comes together with the end may be heeded first: there is none.
	a := accumulate.New(accumulate.Options{Every: time.Hour, MaxKeys: 1}, func(ctx context.Context, _ accumulate.Counts[string]) error {
		close(began)
		<-ctx.Done() // it hangs
		close(ended)
		return ctx.Err()
	})
	start(t, a)
	a.Add("a", 1)
	<-began
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := a.Stop(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	<-ended
	redistest.Eventually(t, patience, func() error {
		if n := a.Waiting("a"); n != 1 {
			return fmt.Errorf("waiting: %d, want 1", n)
		}
		return nil
	})
}
