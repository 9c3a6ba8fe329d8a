package redbrick

import (
	"log/slog"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
)

// The owner hears of the states one at a time, in the order in which they came, whoever set them.
func TestStateEventsComeOneAtATimeInOrder(t *testing.T) {
	t.Parallel()
	var heard []int
	var inside atomic.Int32
	s := &states{log: slog.New(slog.DiscardHandler)}
	s.on = func(e StateEvent) {
		if inside.Add(1) != 1 {
			t.Error("two events at a time")
		}
		if e.Attempt == 500 {
			s.set(StateEvent{State: StateReconnecting, Attempt: -1}) // a callback may cause one itself
		}
		heard = append(heard, e.Attempt)
		inside.Add(-1)
	}
	var set []int
	var mu sync.Mutex
	s.subscribe(func(e StateEvent) { set = append(set, e.Attempt) })
	var next atomic.Int64
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 200 {
				mu.Lock() // the order of the numbers is that of the calls
				n := int(next.Add(1))
				s.enqueue(StateEvent{State: StateReconnecting, Attempt: n})
				mu.Unlock()
				s.deliver()
			}
		})
	}
	wg.Wait()
	i := slices.Index(heard, -1)
	if i < 0 {
		t.Fatal("the event set by a callback was not heard")
	}
	heard = slices.Delete(heard, i, i+1)
	if len(heard) != 1600 || !slices.IsSorted(heard) {
		t.Errorf("%d events, sorted %v; want 1600 in order", len(heard), slices.IsSorted(heard))
	}
	if !slices.Equal(slices.DeleteFunc(set, func(n int) bool { return n == -1 }), heard) {
		t.Error("a subscriber heard something else")
	}
}

func TestNoStateFollowsClosed(t *testing.T) {
	t.Parallel()
	var heard []State
	s := &states{log: slog.New(slog.DiscardHandler), on: func(e StateEvent) { heard = append(heard, e.State) }}
	for _, state := range []State{StateReady, StateReady, StateError, StateReady, StateClosed, StateError, StateClosed} {
		s.set(StateEvent{State: state})
	}
	if want := []State{StateReady, StateError, StateReady, StateClosed}; !slices.Equal(heard, want) {
		t.Errorf("heard %v, want %v", heard, want)
	}
}
