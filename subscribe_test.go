package redbrick_test

import (
	"bytes"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/redistest"
)

// listener gathers what a subscription says.
type listener struct {
	mu       sync.Mutex
	messages []string
	live     []bool
}

func (l *listener) message(payload string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.messages = append(l.messages, payload)
}

func (l *listener) state(live bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.live = append(l.live, live)
}

func (l *listener) await(t *testing.T, what string, f func() bool) {
	t.Helper()
	redistest.Eventually(t, time.Minute, func() error {
		l.mu.Lock()
		defer l.mu.Unlock()
		if f() {
			return nil
		}
		return fmt.Errorf("%s: messages %q, live %v", what, l.messages, l.live)
	})
}

func (l *listener) isLive() bool { return len(l.live) > 0 && l.live[len(l.live)-1] }

func publish(t *testing.T, rb *redbrick.Client, channel, message string) {
	t.Helper()
	if err := rb.Do(t.Context(), rb.B().Publish().Channel(channel).Message(message).Build()).Error(); err != nil {
		t.Fatal(err)
	}
}

func TestSubscriptionStandsWhenSubscribeReturns(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		other := redistest.Another(t, rb)
		channel := rb.Namespace() + "c"
		var l listener
		stop, err := rb.Subscribe(t.Context(), channel, l.message, l.state)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 10 {
			publish(t, other, channel, fmt.Sprint(i))
		}
		publish(t, other, channel+"2", "of another channel")
		l.await(t, "all messages", func() bool {
			got := slices.Sorted(slices.Values(l.messages)) // on Cluster each may take another way
			return slices.Equal(got, []string{"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"})
		})
		stop()
		stop()
		l.await(t, "stopped", func() bool { return slices.Equal(l.live, []bool{true, false}) })
		publish(t, other, channel, "after stop")
		if l.await(t, "", func() bool { return true }); len(l.messages) != 10 {
			t.Errorf("messages %q after stop", l.messages)
		}
	})
}

func TestLostSubscriptionSaysSoAndComesBack(t *testing.T) {
	t.Parallel()
	proxy := redistest.NewProxy(t, redistest.Private(t).Addr())
	rb := redistest.OpenURL(t, "redis://"+proxy.Addr())
	var l listener
	stop, err := rb.Subscribe(t.Context(), "c", l.message, l.state)
	if err != nil {
		t.Fatal(err)
	}
	defer stop()
	for round, lose := range []func(){proxy.Cut, func() { proxy.Blackhole(true) }} {
		lose()
		l.await(t, "lost", func() bool { return !l.isLive() })
		proxy.Heal()
		l.await(t, "live again", l.isLive)
		redistest.Eventually(t, time.Minute, func() error {
			return rb.Do(t.Context(), rb.B().Publish().Channel("c").Message(fmt.Sprint("round ", round)).Build()).Error()
		})
		l.await(t, "heard again", func() bool { return slices.Contains(l.messages, fmt.Sprint("round ", round)) })
	}
}

func TestSubscribeFailsWhereTheServerDoesNotTakeIt(t *testing.T) {
	t.Parallel()
	s := redistest.Private(t)
	s.Do("ACL", "SETUSER", "mute", "on", ">pw", "~*", "resetchannels", "+@all")
	rb := redistest.OpenURL(t, s.URL(), func(o *redbrick.Options) { o.Username, o.Password = "mute", "pw" })
	within(t, "Subscribe", func() {
		if _, err := rb.Subscribe(t.Context(), "c", func(string) {}, func(bool) {}); err == nil {
			t.Error("no error for a channel that the user may not hear")
		}
	})
	s.Pause()
	ctx, cancel := context.WithTimeout(t.Context(), short)
	defer cancel()
	within(t, "Subscribe", func() {
		if _, err := rb.Subscribe(ctx, "c", func(string) {}, func(bool) {}); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want the context's error", err)
		}
	})
	s.Resume()
}

// TestASubscriptionThatCloseOvertakesEnds: Close waits for whoever rebuilds the near caches' feed, who waits for the outcome.
func TestASubscriptionThatCloseOvertakesEnds(t *testing.T) {
	t.Parallel()
	rb := redistest.Open(t, "embedded")
	rb.EndLife() // between the call and the first try
	subscribed := make(chan error, 1)
	go func() {
		_, err := rb.Subscribe(context.Background(), "c", func(string) {}, func(bool) {})
		subscribed <- err
	}()
	redistest.Eventually(t, 10*time.Second, func() error {
		select {
		case err := <-subscribed:
			if !errors.Is(err, redbrick.ErrUnavailable) {
				t.Errorf("got %v, want ErrUnavailable", err)
			}
			return nil
		default:
			return errors.New("nobody tells the outcome")
		}
	})
}

// slowToSubscribe are connections on which nothing is heard from when SUBSCRIBE was sent until let is closed.
type slowToSubscribe struct {
	net.Conn
	held atomic.Bool
	sent func()
	let  <-chan struct{}
}

func (c *slowToSubscribe) Write(p []byte) (int, error) {
	if bytes.Contains(p, []byte("SUBSCRIBE")) && c.held.CompareAndSwap(false, true) {
		defer c.sent()
	}
	return c.Conn.Write(p)
}

func (c *slowToSubscribe) Read(p []byte) (int, error) {
	n, err := c.Conn.Read(p)
	if c.held.Load() {
		<-c.let
	}
	return n, err
}

// TestASubscriptionThatStandsTooLateIsNotLive: the server takes it after it was given up. Whoever was told that it is lost is not told
// that it stands after all, and the reader of the connection waits for nobody.
func TestASubscriptionThatStandsTooLateIsNotLive(t *testing.T) {
	t.Parallel()
	server := redistest.Private(t)
	ctx, giveUp := context.WithCancel(t.Context())
	let := make(chan struct{})
	rb := redistest.OpenURL(t, server.URL(), func(o *redbrick.Options) {
		o.Redis.DialCtxFn = func(ctx context.Context, addr string, d *net.Dialer, _ *tls.Config) (net.Conn, error) {
			conn, err := d.DialContext(ctx, "tcp", addr)
			return &slowToSubscribe{Conn: conn, sent: giveUp, let: let}, err
		}
	})
	other := redistest.OpenURL(t, server.URL())
	var l listener
	lost, heard := make(chan struct{}), make(chan struct{})
	tell := sync.OnceFunc(func() { close(lost) })
	subscribed := make(chan error, 1)
	go func() {
		_, err := rb.Subscribe(ctx, "c", l.message, func(live bool) {
			l.state(live)
			if !live {
				tell()
				<-heard
			}
		})
		subscribed <- err
	}()
	<-lost
	close(let)
	func() {
		defer close(heard)
		redistest.Eventually(t, time.Minute, func() error {
			publish(t, other, "c", "after the answer")
			l.mu.Lock()
			defer l.mu.Unlock()
			if len(l.messages) == 0 {
				return errors.New("the connection is not read any more")
			}
			return nil
		})
	}()
	if err := <-subscribed; !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the context's error", err)
	}
	if !slices.Equal(l.live, []bool{false}) {
		t.Errorf("live %v, want only that it is lost", l.live)
	}
}
