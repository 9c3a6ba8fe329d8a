package httpcache_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/httpcache"
	"github.com/redbrick-go/redbrick/redistest"
)

// waiter is the context of a request that counts when it begins to wait for another request of its process, of which nothing
// else is to be seen.
type waiter struct {
	context.Context //nolint:containedctx // it is one

	waiting *atomic.Int64
}

func (w *waiter) Done() <-chan struct{} {
	var caller [1]uintptr
	runtime.Callers(2, caller[:])
	if f, _ := runtime.CallersFrames(caller[:]).Next(); strings.HasSuffix(f.Function, ".(*handler).answer") {
		w.waiting.Add(1)
	}
	return w.Context.Done()
}

// straight sends a GET with a context to a handler, without a listener.
func straight(ctx context.Context, h http.Handler, url string, header ...string) *kept {
	w, r := &kept{h: http.Header{}}, httptest.NewRequestWithContext(ctx, http.MethodGet, url, http.NoBody)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	h.ServeHTTP(w, r)
	return w
}

func TestThoseWhoWaitGetTheStaleResponseWhereTheHandlerFails(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		c, err := httpcache.New(rb, httpcache.Options{Patience: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		var calls, waiting atomic.Int64
		goOn := make(chan struct{})
		h := c.Middleware(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			if calls.Add(1) > 1 {
				<-goOn
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			w.Header().Set("Age", "100")
			w.Header().Set("Cache-Control", "max-age=10, stale-if-error=100000")
			_, _ = io.WriteString(w, "old")
		}))
		if got := straight(t.Context(), h, "http://x.example/"); string(got.body) != "old" {
			t.Fatalf("got %d %q", got.status, got.body)
		}
		const n = 20
		var done sync.WaitGroup
		for range n + 1 {
			done.Go(func() {
				got := straight(&waiter{t.Context(), &waiting}, h, "http://x.example/")
				if got.status != http.StatusOK || string(got.body) != "old" || got.h.Get("X-Cache") != "STALE" {
					t.Errorf("got %d %q %s, want the stale response", got.status, got.body, got.h.Get("X-Cache"))
				}
			})
		}
		redistest.Eventually(t, patience, func() error {
			if w := waiting.Load(); w != n {
				return fmt.Errorf("%d wait, want %d", w, n)
			}
			return nil
		})
		close(goOn)
		done.Wait()
		if calls.Load() != 2 || c.Stats().Collapsed != n {
			t.Errorf("the handler ran %d times, want 2; %+v", calls.Load(), c.Stats())
		}
	})
}

func TestWhoAsksAfterATagWasInvalidatedDoesNotShareWhatBeganBefore(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		c, err := httpcache.New(rb, httpcache.Options{Patience: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		var calls, waiting atomic.Int64
		began, goOn := make(chan struct{}), make(chan struct{})
		h := c.Route(tagged)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			n := calls.Add(1)
			if n == 1 {
				close(began)
				<-goOn
			}
			w.Header().Set("Cache-Control", "max-age=3600")
			fmt.Fprint(w, n)
		}))
		early, late := make(chan *kept, 1), make(chan *kept, 1)
		go func() { early <- straight(t.Context(), h, "http://x.example/") }()
		<-began
		if err := c.InvalidateTags(t.Context(), "recipes"); err != nil {
			t.Fatal(err)
		}
		go func() { late <- straight(&waiter{t.Context(), &waiting}, h, "http://x.example/") }()
		redistest.Eventually(t, patience, func() error { // for the lease, or else for the flight, of the early one
			if waiting.Load() == 0 && c.Stats().Waits == 0 {
				return fmt.Errorf("the late request does not wait: %+v", c.Stats())
			}
			return nil
		})
		close(goOn)
		if got := <-early; string(got.body) != "1" {
			t.Errorf("the early request got %q", got.body)
		}
		if got := <-late; string(got.body) != "2" {
			t.Errorf("a request after the invalidation got %q, want %q", got.body, "2")
		}
		if waiting.Load() != 0 {
			t.Error("a request after the invalidation waited for one that began before")
		}
		for range 3 {
			if got := straight(t.Context(), h, "http://x.example/"); string(got.body) != "2" || got.h.Get("X-Cache") != "HIT" {
				t.Errorf("then: %s %q", got.h.Get("X-Cache"), got.body)
			}
		}
	})
}

// TestAVaryingResponseFromBeforeAnInvalidationIsNotStored though it makes the root of its URL anew, with the names it varies by.
func TestAVaryingResponseFromBeforeAnInvalidationIsNotStored(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		c, err := httpcache.New(rb, httpcache.Options{Patience: time.Hour})
		if err != nil {
			t.Fatal(err)
		}
		for name, again := range map[string]bool{"nobody asked since": false, "a later one is stored": true} {
			url := "http://x.example/" + fmt.Sprint(again)
			var calls atomic.Int64
			began, goOn := make(chan struct{}), make(chan struct{})
			h := c.Middleware(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				n := calls.Add(1)
				if n == 1 {
					close(began)
					<-goOn
				}
				w.Header().Set("Cache-Control", "max-age=3600")
				w.Header().Set("Vary", "Accept-Language")
				fmt.Fprint(w, n)
			}))
			early := make(chan *kept, 1)
			go func() { early <- straight(t.Context(), h, url) }()
			<-began
			if err := c.Invalidate(t.Context(), url); err != nil {
				t.Fatal(err)
			}
			if again {
				if got := straight(t.Context(), h, url); string(got.body) != "2" {
					t.Errorf("%s: after it got %q", name, got.body)
				}
			}
			refused := c.Stats().Refused
			close(goOn)
			if got := <-early; string(got.body) != "1" {
				t.Errorf("%s: the early request got %q", name, got.body)
			}
			if c.Stats().Refused != refused+1 {
				t.Errorf("%s: what began before was not refused: %+v", name, c.Stats())
			}
			for range 3 {
				if got := straight(t.Context(), h, url); string(got.body) != "2" {
					t.Errorf("%s: then got %q, want %q", name, got.body, "2")
				}
			}
		}
	})
}

// TestWhatRedisRefusesToEndIsNotBelieved, though Redis can be read all the while; and it is repeated when Redis takes it.
func TestWhatRedisRefusesToEndIsNotBelieved(t *testing.T) {
	t.Parallel()
	server := redistest.Private(t)
	rb := redistest.OpenURL(t, server.URL())
	var n atomic.Int64
	page := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Cache-Control", "max-age=3600")
		fmt.Fprint(w, n.Load())
	}
	s := newSite(t, rb, httpcache.Options{}, tagged, page)
	untouched := newSiteOf(t, s.cache, httpcache.Rule{}, page)
	elsewhere := newSite(t, redistest.Another(t, rb), httpcache.Options{}, tagged, page)
	host := s.Listener.Addr().String()
	untouched.get(t, "/")
	all := ways(s)
	for _, name := range []string{"url", "tag"} {
		before := fmt.Sprint(n.Load())
		s.get(t, "/a")
		s.get(t, "/a").want(t, name, 200, "HIT", before)
		elsewhere.get(t, "/a", "Host", host).want(t, name+" elsewhere", 200, "HIT", before)
		server.Do("ACL", "SETUSER", "default", "resetkeys", "%R~*")
		after := fmt.Sprint(n.Add(1))
		if err := all[name](t.Context()); err == nil {
			t.Errorf("%s: redis took it", name)
		}
		for range 3 {
			s.get(t, "/a").want(t, name+" refused", 200, "MISS", after)
			untouched.get(t, "/").want(t, name+" of nobody", 200, "HIT", "0")
		}
		server.Do("ACL", "SETUSER", "default", "allkeys")
		redistest.Eventually(t, patience, func() error {
			if got := elsewhere.get(t, "/a", "Host", host); got.body != after {
				return fmt.Errorf("%s: elsewhere there is %q still", name, got.body)
			}
			return nil
		})
		redistest.Eventually(t, patience, func() error {
			if got := s.get(t, "/a"); got.x() != "HIT" || got.body != after {
				return fmt.Errorf("%s: %s %q", name, got.x(), got.body)
			}
			return nil
		})
	}
}
