package push_test

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"

	"github.com/redbrick-go/redbrick/internal/push"
)

// channel is a subscription in miniature.
type channel struct {
	mu         sync.Mutex
	subscribed int
	stopped    int
	message    func(string)
	live       func(bool)
	err        error
}

func (c *channel) subscribe(_ context.Context, _ string, message func(string), live func(bool)) (func(), error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.err != nil {
		return nil, c.err
	}
	c.subscribed++
	c.message, c.live = message, live
	live(true)
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.stopped++
	}, nil
}

func closed(ch <-chan struct{}) bool {
	select {
	case <-ch:
		return true
	default:
		return false
	}
}

func TestWordWakesThoseWhoWaitForItAlone(t *testing.T) {
	t.Parallel()
	var c channel
	h := push.NewHub("wake", c.subscribe)
	defer h.Close()
	if _, leave, live := h.Wait("a"); live {
		t.Error("live before Start")
	} else {
		leave()
	}
	for range 2 {
		if err := h.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if c.subscribed != 1 {
		t.Errorf("%d subscriptions, want one for all", c.subscribed)
	}
	a1, leave1, live := h.Wait("a")
	a2, leave2, _ := h.Wait("a")
	a3, leave3, _ := h.Wait("a")
	b, leaveB, _ := h.Wait("b")
	if !live {
		t.Error("not live after Start")
	}
	leave3()
	c.message("a")
	c.message("nobody waits for this")
	if !closed(a1) || !closed(a2) || closed(a3) || closed(b) {
		t.Errorf("woken: %v %v, left: %v, of another word: %v", closed(a1), closed(a2), closed(a3), closed(b))
	}
	c.message("a") // twice
	leave1()
	leave2()
	leaveB()
	leaveB()
}

func TestLostAndRegainedSubscriptionWakesEverybody(t *testing.T) {
	t.Parallel()
	var c channel
	h := push.NewHub("wake", c.subscribe)
	if err := h.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, live := range []bool{false, true} {
		a, leaveA, _ := h.Wait("a")
		b, leaveB, _ := h.Wait("b")
		c.live(live)
		if !closed(a) || !closed(b) {
			t.Errorf("live %v: woken %v, %v; want both: their word may have been missed", live, closed(a), closed(b))
		}
		leaveA()
		leaveB()
		if _, leave, got := h.Wait("c"); got != live {
			t.Errorf("live is %v, want %v", got, live)
		} else {
			leave()
		}
	}
	a, leave, _ := h.Wait("a")
	defer leave()
	h.Close()
	h.Close()
	if !closed(a) || c.stopped != 1 {
		t.Errorf("after Close: woken %v, stopped %d times", closed(a), c.stopped)
	}
	if err := h.Start(t.Context()); err != nil || c.subscribed != 1 {
		t.Errorf("Start after Close: %v, %d subscriptions", err, c.subscribed)
	}
}

func TestStartThatFailsIsTriedAgain(t *testing.T) {
	t.Parallel()
	c := channel{err: errors.New("away")}
	h := push.NewHub("wake", c.subscribe)
	defer h.Close()
	if err := h.Start(t.Context()); !errors.Is(err, c.err) {
		t.Errorf("got %v, want the error of the subscription", err)
	}
	c.err = nil
	if err := h.Start(t.Context()); err != nil {
		t.Error(err)
	}
}

// Whoever waited before the word was said is woken, whatever else goes on.
func TestNoWordIsMissed(t *testing.T) {
	t.Parallel()
	var c channel
	h := push.NewHub("wake", c.subscribe)
	if err := h.Start(t.Context()); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for g := range 8 {
		wg.Go(func() {
			for i := range 500 {
				word := fmt.Sprint(i % 3)
				said, leave, _ := h.Wait(word)
				switch g % 4 {
				case 0:
					leave()
				case 1:
					c.live(i%2 == 0)
					<-said
					leave()
				default:
					c.message(word)
					<-said
					leave()
				}
			}
		})
	}
	wg.Wait()
	h.Close()
}

// slow is a subscription that is being made until let is closed, or its context ends.
type slow struct {
	begun, let chan struct{}
	made       int
}

func (s *slow) subscribe(ctx context.Context, _ string, _ func(string), live func(bool)) (func(), error) {
	s.made++
	close(s.begun)
	select {
	case <-s.let:
		live(true)
		return func() {}, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// begin starts a hub for somebody who has time.
func (s *slow) begin(t *testing.T) (h *push.Hub, started <-chan error) {
	t.Helper()
	s.begun, s.let = make(chan struct{}), make(chan struct{})
	h = push.NewHub("wake", s.subscribe)
	done := make(chan error, 1)
	go func() { done <- h.Start(t.Context()) }()
	<-s.begun
	return h, done
}

// A server that is slow to take the subscription holds nobody up for longer than he has time, and all share what becomes of it.
func TestWhoWaitsForASubscriptionLeavesWithHisContext(t *testing.T) {
	t.Parallel()
	var s slow
	h, started := s.begin(t)
	defer h.Close()
	over, cancel := context.WithCancel(t.Context())
	cancel()
	if err := h.Start(over); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error", err)
	}
	close(s.let)
	for _, err := range []error{<-started, h.Start(t.Context())} {
		if err != nil {
			t.Error(err)
		}
	}
	if s.made != 1 {
		t.Errorf("%d subscriptions, want one for all", s.made)
	}
}

func TestCloseEndsASubscriptionThatIsBeingMade(t *testing.T) {
	t.Parallel()
	var s slow
	h, started := s.begin(t)
	h.Close()
	if err := <-started; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want that it was ended", err)
	}
}
