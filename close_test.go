package redbrick_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/redistest"
)

func TestCloseDuringCallsEndsThemAndIsSafeTwice(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		track(t, rb, "recipe:")
		ctx := t.Context()
		key := rb.Namespace() + "k"
		if err := put(ctx, &rb.Lane, key, "v"); err != nil {
			t.Fatal(err)
		}
		var wg sync.WaitGroup
		var ok atomic.Int64
		started := make(chan struct{}, 100)
		for _, l := range []*redbrick.Lane{&rb.Lane, rb.Hot(), rb.Tracked()} {
			for range 4 {
				wg.Go(func() {
					for n := 0; ; n++ {
						err := get(ctx, l, key)
						if err != nil {
							if !errors.Is(err, redbrick.ErrUnavailable) {
								t.Errorf("got %v, want ErrUnavailable", err)
							}
							return
						}
						if ok.Add(1); n == 10 {
							started <- struct{}{}
						}
					}
				})
			}
		}
		wg.Go(func() {
			l := rb.Blocking()
			//repotest:allow commands its context, or Close, is what has to end it
			if err := l.Do(ctx, l.B().Blpop().Key(key+"list").Timeout(0).Build()).Error(); !errors.Is(err, redbrick.ErrUnavailable) {
				t.Errorf("blocking read: got %v, want ErrUnavailable", err)
			}
		})
		for range 12 {
			<-started
		}
		for range 2 {
			wg.Go(func() {
				if err := rb.Close(); err != nil {
					t.Error(err)
				}
			})
		}
		within(t, "Close and the calls", wg.Wait)
		for range 2 {
			if err := get(ctx, rb.Hot(), key); !errors.Is(err, redbrick.ErrUnavailable) {
				t.Errorf("after Close: got %v, want ErrUnavailable", err)
			}
			l := rb.Blocking()
			//repotest:allow commands its context, or Close, is what has to end it
			if err := l.Do(ctx, l.B().Blpop().Key(key).Timeout(0).Build()).Error(); !errors.Is(err, redbrick.ErrUnavailable) {
				t.Errorf("after Close: got %v, want ErrUnavailable", err)
			}
			if err := rb.Close(); err != nil {
				t.Error(err)
			}
		}
		if _, err := rb.Subscribe(ctx, "c", func(string) {}, func(bool) {}); !errors.Is(err, redbrick.ErrUnavailable) {
			t.Errorf("Subscribe after Close: got %v, want ErrUnavailable", err)
		}
		if s := rb.State().State; s != redbrick.StateClosed || rb.Generation().Load()&1 == 0 {
			t.Errorf("state %s, generation %d; want closed and an odd one", s, rb.Generation().Load())
		}
	})
}

func TestCloseOfADeadLinkEnds(t *testing.T) {
	t.Parallel()
	s := redistest.Private(t)
	proxy := redistest.NewProxy(t, s.Addr())
	rb := redistest.OpenURL(t, "redis://"+proxy.Addr())
	track(t, rb, "recipe:")
	call := make(chan error, 1)
	proxy.Blackhole(true)
	go func() { call <- get(context.WithoutCancel(t.Context()), &rb.Lane, "k") }()
	redistest.Eventually(t, time.Minute, func() error {
		if proxy.Stats().Lost == 0 {
			return errors.New("nothing was sent")
		}
		return nil
	})
	began := time.Now()
	if err := rb.Close(); err != nil {
		t.Error(err)
	}
	if took := time.Since(began); took > 15*time.Second {
		t.Errorf("Close took %v", took)
	}
	if err := <-call; !errors.Is(err, redbrick.ErrUnavailable) {
		t.Errorf("the call under way: got %v, want ErrUnavailable", err)
	}
}

// A client that somebody else made is used as it is and outlives ours.
func TestReadyMadeClientIsNotClosed(t *testing.T) {
	t.Parallel()
	s := redistest.Private(t)
	theirs, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{s.Addr()}, DisableCache: true})
	if err != nil {
		t.Fatal(err)
	}
	defer theirs.Close()
	rb, err := redbrick.Open(t.Context(), redbrick.Options{Client: theirs, Namespace: "n:"})
	if err != nil {
		t.Fatal(err)
	}
	heard := track(t, rb, "recipe:")
	if rb.Features().Tracking || rb.Announce() == "" || rb.Generation().Load()&1 == 1 {
		t.Errorf("tracking %v, announced on %q, generation %d; want pub/sub mode", rb.Features().Tracking, rb.Announce(), rb.Generation().Load())
	}
	publish(t, rb, rb.Announce(), "n:recipe:1")
	redistest.Eventually(t, time.Minute, func() error {
		if len(heard.heard()) != 1 {
			return errors.New("not heard")
		}
		return nil
	})
	if h := rb.Health(t.Context()); !h.Healthy {
		t.Errorf("health %+v", h)
	}
	l := rb.Blocking()
	ctx, cancel := context.WithTimeout(t.Context(), short)
	defer cancel()
	//repotest:allow commands its context, or Close, is what has to end it
	if err := l.Do(ctx, l.B().Blpop().Key("n:list").Timeout(0).Build()).Error(); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("blocking read: %v", err)
	}
	if err := rb.Close(); err != nil {
		t.Error(err)
	}
	if err := theirs.Do(t.Context(), theirs.B().Ping().Build()).Error(); err != nil {
		t.Errorf("the ready-made client after Close: %v", err)
	}
}

// rueidis forgets connections that are being made while it is closed: none of them may stay.
func TestConnectionsOfAClosedClientDoNotStay(t *testing.T) {
	t.Parallel()
	s := redistest.Private(t)
	gate := make(chan struct{})
	var armed atomic.Bool
	var held, ended atomic.Int64
	rb := redistest.OpenURL(t, s.URL(), func(o *redbrick.Options) {
		o.Redis.DialCtxFn = func(ctx context.Context, addr string, d *net.Dialer, _ *tls.Config) (net.Conn, error) {
			if !armed.Swap(false) {
				return d.DialContext(ctx, "tcp", addr)
			}
			conn, err := net.Dial("tcp", addr)
			held.Add(1)
			<-gate
			return &endingConn{Conn: conn, ended: &ended}, err
		}
	})
	track(t, rb, "a:")
	generation := rb.Generation().Load()
	killTracked(t, s)
	redistest.Eventually(t, time.Minute, func() error {
		if rb.Generation().Load() == generation {
			return errors.New("the loss was not noticed")
		}
		return nil
	})
	armed.Store(true)
	var wg sync.WaitGroup
	wg.Go(func() { _ = get(t.Context(), rb.Tracked(), "k") })
	redistest.Eventually(t, time.Minute, func() error {
		if held.Load() == 0 {
			return errors.New("nobody dials")
		}
		return nil
	})
	track(t, rb, "b:") // a new tracked client; the old one is closed
	close(gate)
	wg.Wait()
	redistest.Eventually(t, 10*time.Second, func() error {
		if ended.Load() == 0 {
			return errors.New("the connection of the old client stays")
		}
		return nil
	})
}

// endingConn tells when it is closed.
type endingConn struct {
	net.Conn

	once  sync.Once
	ended *atomic.Int64
}

func (c *endingConn) Close() error {
	c.once.Do(func() { c.ended.Add(1) })
	return c.Conn.Close()
}
