package redbrick_test

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"sync"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/redistest"
)

// What calls of callers who may leave are made under serves one call after another: nobody may get the end of somebody else's.
func TestCallersWhoLeaveEndNobodyElsesCall(t *testing.T) {
	t.Parallel()
	s := redistest.Private(t)
	rb := redistest.OpenURL(t, s.URL(), func(o *redbrick.Options) { o.CommandTimeout = time.Minute })
	key := rb.Namespace() + "k"
	if err := put(t.Context(), &rb.Lane, key, "v"); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		s.Pause()
		gone, leave := context.WithCancel(t.Context())
		var leavers sync.WaitGroup
		for range 64 {
			leavers.Go(func() {
				if err := get(gone, &rb.Lane, key); !errors.Is(err, context.Canceled) {
					t.Errorf("a caller who left: got %v, want context.Canceled", err)
				}
			})
		}
		time.AfterFunc(short/10, leave)
		within(t, "those who leave", leavers.Wait)
		leave()
		s.Resume()
		var stayers sync.WaitGroup
		for range 64 {
			stayers.Go(func() {
				ctx, cancel := context.WithCancel(t.Context())
				defer cancel()
				for range 50 {
					if v, err := rb.Do(ctx, rb.B().Get().Key(key).Build()).ToString(); v != "v" || err != nil {
						t.Errorf("a caller who stayed: got %q, %v", v, err)
						return
					}
				}
			})
		}
		stayers.Wait()
	}
}

func TestNobodyIsLookedForWhereNobodyCalls(t *testing.T) {
	t.Parallel()
	s := redistest.Private(t)
	rb := redistest.OpenURL(t, s.URL(), func(o *redbrick.Options) { o.HotTimeout = short })
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	key := rb.Namespace() + "k"
	if err := put(ctx, &rb.Lane, key, "v"); err != nil {
		t.Fatal(err)
	}
	redistest.Eventually(t, time.Minute, func() error {
		if rb.LooksAfterCallers() {
			return errors.New("the client looks for callers who left though nobody calls")
		}
		return nil
	})
	s.Pause()
	defer s.Resume()
	within(t, "the next call", func() {
		if err := get(ctx, rb.Hot(), key); !errors.Is(err, redbrick.ErrTimeout) {
			t.Errorf("got %v, want ErrTimeout", err)
		}
	})
}

// A client that somebody else made sends alone where nobody else calls, and dials alone. Then it heeds nothing but the deadline of the
// context, which must not be the caller's, later one.
func TestALanesDeadlineHoldsOnAReadyMadeClient(t *testing.T) {
	t.Parallel()
	s := redistest.Private(t)
	theirs, err := rueidis.NewClient(rueidis.ClientOption{InitAddress: []string{s.Addr()}, DisableCache: true})
	if err != nil {
		t.Fatal(err)
	}
	defer theirs.Close()
	rb, err := redbrick.Open(t.Context(), redbrick.Options{Client: theirs, HotTimeout: short})
	if err != nil {
		t.Fatal(err)
	}
	defer rb.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for name, call := range map[string]func() error{
		"one": func() error { return get(ctx, rb.Hot(), "k") },
		"several": func() error {
			b := rb.B()
			return rb.Hot().DoMulti(ctx, b.Get().Key("k").Build(), b.Get().Key("l").Build())[0].Error()
		},
	} {
		s.Pause()
		within(t, name, func() {
			if err := call(); !errors.Is(err, redbrick.ErrTimeout) {
				t.Errorf("%s: got %v, want ErrTimeout", name, err)
			}
		})
		s.Resume()
	}
}

type callerKey struct{}

// A dialer may keep the context that it was called with: it goes on saying what its caller said, whoever calls later.
func TestADialersContextServesNoOtherCall(t *testing.T) {
	t.Parallel()
	s := redistest.Private(t)
	proxy := redistest.NewProxy(t, s.Addr())
	var mu sync.Mutex
	kept := make(map[any]context.Context)
	rb := redistest.OpenURL(t, "redis://"+proxy.Addr(), func(o *redbrick.Options) {
		o.Connections = 1
		o.Redis.DialCtxFn = func(ctx context.Context, addr string, d *net.Dialer, _ *tls.Config) (net.Conn, error) {
			mu.Lock()
			kept[ctx.Value(callerKey{})] = ctx
			mu.Unlock()
			return d.DialContext(ctx, "tcp", addr)
		}
	})
	key := rb.Namespace() + "k"
	if err := put(t.Context(), &rb.Lane, key, "v"); err != nil {
		t.Fatal(err)
	}
	call := func(caller string) error {
		ctx, cancel := context.WithCancel(context.WithValue(t.Context(), callerKey{}, caller))
		defer cancel()
		return get(ctx, &rb.Lane, key) // a read: tried again by the very call that lost the connection
	}
	proxy.Drop()
	var dialler context.Context
	redistest.Eventually(t, time.Minute, func() error {
		err := call("the dialling one")
		mu.Lock()
		defer mu.Unlock()
		if dialler = kept["the dialling one"]; dialler == nil {
			proxy.Drop() // somebody else was first
			return errors.New("it does not dial")
		}
		return err
	})
	for range 100 {
		if err := call("another"); err != nil {
			t.Fatal(err)
		}
		if got := dialler.Value(callerKey{}); got != "the dialling one" {
			t.Fatalf("the context of a dial speaks for %v", got)
		}
	}
}
