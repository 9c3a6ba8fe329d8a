package httpcache_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/cache"
	"github.com/redbrick-go/redbrick/httpcache"
	"github.com/redbrick-go/redbrick/redistest"
)

// ways are how a response is invalidated: by URL, by tag, by pattern, and by a group of RFC 9875.
func ways(s *site) map[string]func(context.Context) error {
	return map[string]func(context.Context) error{
		"url": func(ctx context.Context) error { return s.cache.Invalidate(ctx, s.URL+"/a") },
		"tag": func(ctx context.Context) error { return s.cache.InvalidateTags(ctx, "recipes") },
		"pattern": func(ctx context.Context) error {
			n, err := s.cache.InvalidateMatch(ctx, s.URL+"/?")
			if err == nil && n == 0 {
				err = errors.New("nothing matched")
			}
			return err
		},
	}
}

var tagged = httpcache.Rule{Tags: func(*http.Request) []string { return []string{"recipes", "all"} }}

func TestAnInvalidationHoldsAtOnceInItsProcessAndSoonInOthers(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		s := newSite(t, rb, httpcache.Options{}, tagged, counting())
		elsewhere := newSite(t, redistest.Another(t, rb), httpcache.Options{}, tagged, counting())
		host := s.Listener.Addr().String()
		n := 0
		for name, invalidate := range ways(s) {
			for range 3 {
				n++
				want := fmt.Sprint(n)
				s.get(t, "/a").want(t, name, 200, "MISS", want)
				for range 2 {
					s.get(t, "/a").want(t, name, 200, "HIT", want)
					elsewhere.get(t, "/a", "Host", host).want(t, name+" elsewhere", 200, "HIT", want)
				}
				if err := invalidate(t.Context()); err != nil {
					t.Fatal(name, err)
				}
				if got, err := s.try(httpcacheFresh(t), http.MethodGet, "/a"); err != nil || got.x() != "MISS" {
					t.Errorf("%s: after it was invalidated: %v, %v", name, got, err)
				}
				n++
				redistest.Eventually(t, patience, func() error {
					if got := elsewhere.get(t, "/a", "Host", host); got.body != fmt.Sprint(n) {
						return fmt.Errorf("%s: elsewhere: got %q, want %d", name, got.body, n)
					}
					return nil
				})
				if err := invalidate(t.Context()); err != nil {
					t.Fatal(name, err)
				}
				redistest.Eventually(t, patience, func() error { // the next round begins without a copy elsewhere
					if st := elsewhere.get(t, "/a", "Host", host, "Cache-Control", "only-if-cached"); st.status != http.StatusGatewayTimeout {
						return fmt.Errorf("%s: elsewhere still %q", name, st.body)
					}
					return nil
				})
			}
		}
		if elsewhere.calls.Load() != 0 {
			t.Errorf("the handler elsewhere ran %d times", elsewhere.calls.Load())
		}
	})
}

// httpcacheFresh is a plain context: requests to a listener do not carry values.
func httpcacheFresh(t *testing.T) context.Context { return t.Context() }

func TestAResponseWhoseHandlerBeganBeforeAnInvalidationIsSeenByNobodyAfterIt(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		for _, name := range []string{"url", "tag", "pattern", "unsafe method"} {
			t.Run(name, func(t *testing.T) {
				var version atomic.Int64
				began, goOn := make(chan struct{}, 1), make(chan struct{})
				slow := atomic.Bool{}
				slow.Store(true)
				o := httpcache.Options{Name: map[string]string{"url": "u", "tag": "t", "pattern": "p", "unsafe method": "m"}[name]}
				s := newSite(t, rb, o, tagged, func(w http.ResponseWriter, r *http.Request) {
					if r.Method == http.MethodPost {
						version.Add(1)
						return
					}
					v := version.Load()
					if slow.Swap(false) {
						began <- struct{}{}
						<-goOn
					}
					w.Header().Set("Cache-Control", "max-age=3600")
					fmt.Fprint(w, "v", v)
				})
				all := ways(s)
				all["unsafe method"] = func(context.Context) error {
					s.do(t, http.MethodPost, "/a").want(t, "POST", 200, "BYPASS", "")
					return nil
				}
				early := make(chan reply)
				go func() {
					got, _ := s.try(t.Context(), http.MethodGet, "/a")
					early <- got
				}()
				<-began
				version.Store(1)
				if err := all[name](t.Context()); err != nil {
					t.Fatal(err)
				}
				now := version.Load()
				late := s.get(t, "/a") // joins nobody who began before
				if want := fmt.Sprint("v", now); late.body != want {
					t.Errorf("a request after it got %q, want %q", late.body, want)
				}
				close(goOn)
				if got := <-early; got.body != "v0" {
					t.Errorf("the request from before got %q", got.body)
				}
				for range 3 {
					if got := s.get(t, "/a"); got.body != fmt.Sprint("v", now) {
						t.Errorf("what began before was stored: %q", got.body)
					}
				}
			})
		}
	})
}

func TestAnUnsafeMethodInvalidatesBeforeItsAnswerIsSent(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		var n atomic.Int64
		s := newSite(t, rb, httpcache.Options{}, httpcache.Rule{}, func(w http.ResponseWriter, r *http.Request) {
			switch r.Method {
			case http.MethodGet:
				w.Header().Set("Cache-Control", "max-age=3600")
				w.Header().Set("Cache-Groups", `"shelf"`)
				fmt.Fprint(w, n.Load())
			case http.MethodPatch:
				w.WriteHeader(http.StatusConflict)
			case http.MethodOptions:
			case http.MethodDelete:
				w.Header().Set("Cache-Group-Invalidation", `"shelf"`)
			default:
				n.Add(1)
				w.Header().Set("Location", "/b?x=1")
				w.Header().Set("Content-Location", "http://elsewhere.example/c")
				w.WriteHeader(http.StatusCreated)
				_ = http.NewResponseController(w).Flush()
			}
		})
		fill := func() {
			for _, path := range []string{"/a", "/b?x=1", "/c"} {
				s.get(t, path)
				if got := s.get(t, path); got.x() != "HIT" {
					t.Fatalf("%s: %v", path, got)
				}
			}
		}
		fill()
		for _, method := range []string{http.MethodPatch, http.MethodOptions} { // an error, and a safe one
			s.do(t, method, "/a")
			s.get(t, "/a").want(t, method, 200, "HIT", "0")
		}
		for i, method := range []string{http.MethodPost, http.MethodPut, "UNKNOWN"} {
			s.do(t, method, "/a")
			s.get(t, "/a").want(t, method, 200, "MISS", fmt.Sprint(i+1))
			s.get(t, "/b?x=1").want(t, method+" Location", 200, "MISS", fmt.Sprint(i+1))
			s.get(t, "/c").want(t, method+" of another origin", 200, "HIT", "0")
			s.get(t, "/a")
			s.get(t, "/b?x=1")
		}
		s.do(t, http.MethodDelete, "/elsewhere")
		for _, path := range []string{"/a", "/b?x=1", "/c"} {
			s.get(t, path).want(t, "group", 200, "MISS", "3")
		}
	})
}

func TestAHandlerThatWritesInvalidatesWhatItNames(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		s := newSite(t, rb, httpcache.Options{}, tagged, counting())
		values, err := cache.New(rb, "recipe", cache.Options[string]{
			Load: func(context.Context, string) (string, error) { return time.Now().String(), nil },
			Tags: func(string, string) []string { return []string{"recipes"} },
		})
		if err != nil {
			t.Fatal(err)
		}
		write := s.cache.InvalidateOn("recipes", s.URL+"/other")(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/panic" {
				panic(http.ErrAbortHandler)
			}
		}))
		for _, path := range []string{"/write", "/panic"} {
			s.get(t, "/a")
			if got := s.get(t, "/a"); got.x() != "HIT" {
				t.Fatalf("%v", got)
			}
			before, err := values.Get(t.Context(), "1")
			if err != nil {
				t.Fatal(err)
			}
			func() {
				defer func() { _ = recover() }()
				r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://x"+path, http.NoBody)
				if err != nil {
					t.Fatal(err)
				}
				write.ServeHTTP(discard{http.Header{}}, r)
			}()
			if got := s.get(t, "/a"); got.x() != "MISS" {
				t.Errorf("%s: %v", path, got)
			}
			if after, err := values.Get(t.Context(), "1"); err != nil || after == before {
				t.Errorf("%s: the typed cache still has %q, %v", path, after, err)
			}
		}
	})
}

// discard is a ResponseWriter that nobody reads.
type discard struct{ h http.Header }

func (d discard) Header() http.Header         { return d.h }
func (d discard) Write(b []byte) (int, error) { return len(b), nil }
func (d discard) WriteHeader(int)             {}

func TestWithoutRedisTheHandlerAnswersAndInvalidationsAreRepeated(t *testing.T) {
	t.Parallel()
	server := redistest.Private(t)
	proxy := redistest.NewProxy(t, server.Addr())
	rb := redistest.OpenURL(t, "redis://"+proxy.Addr())
	var n atomic.Int64
	s := newSite(t, rb, httpcache.Options{}, tagged, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Cache-Control", "max-age=3600")
		fmt.Fprint(w, n.Load())
	})
	for _, path := range []string{"/a", "/b", "/c"} {
		s.get(t, path)
		s.get(t, path).want(t, path, 200, "HIT", "0")
	}
	proxy.Cut()
	n.Store(1)
	if err := s.cache.Invalidate(t.Context(), s.URL+"/a"); !errors.Is(err, redbrick.ErrUnavailable) {
		t.Errorf("got %v, want ErrUnavailable", err)
	}
	s.get(t, "/a").want(t, "away", 200, "MISS", "1")
	proxy.Heal()
	redistest.Eventually(t, patience, func() error {
		if got := s.get(t, "/a"); got.x() != "HIT" || got.body != "1" {
			return fmt.Errorf("%s %q", got.x(), got.body)
		}
		return nil
	})
	for range 3 { // a hit, or of the handler: reads come back by growing shares
		if got := s.get(t, "/a"); got.body != "1" {
			t.Errorf("back: %v", got)
		}
	}
	redistest.Eventually(t, patience, func() error {
		if got := s.get(t, "/b", "Cache-Control", "only-if-cached"); got.status != 200 || got.body != "0" {
			return fmt.Errorf("not invalidated, and got %d %q", got.status, got.body)
		}
		return nil
	})
	proxy.Cut()
	n.Store(2)
	if err := s.cache.InvalidateTags(t.Context(), "all"); !errors.Is(err, redbrick.ErrUnavailable) {
		t.Errorf("got %v, want ErrUnavailable", err)
	}
	proxy.Heal()
	for _, path := range []string{"/a", "/b", "/c"} {
		if got := s.get(t, path); got.body != "2" {
			t.Errorf("%s, whose tag is invalid: %q", path, got.body)
		}
	}
}

func TestGroupsAreInvalidatedThoughTheirWriteFoundNoRedis(t *testing.T) {
	t.Parallel()
	proxy := redistest.NewProxy(t, redistest.Private(t).Addr())
	rb := redistest.OpenURL(t, "redis://"+proxy.Addr())
	var n atomic.Int64
	s := newSite(t, rb, httpcache.Options{}, httpcache.Rule{}, func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodDelete {
			n.Store(1)
			w.Header().Set("Cache-Group-Invalidation", `"shelf"`)
			return
		}
		w.Header().Set("Cache-Control", "max-age=3600")
		w.Header().Set("Cache-Groups", `"shelf"`)
		fmt.Fprint(w, n.Load())
	})
	s.get(t, "/a").want(t, "first", 200, "MISS", "0")
	s.get(t, "/a").want(t, "stored", 200, "HIT", "0")
	proxy.Cut()
	s.do(t, http.MethodDelete, "/elsewhere")
	proxy.Heal()
	redistest.Eventually(t, patience, func() error {
		got := s.get(t, "/a")
		if got.body != "1" {
			t.Errorf("the group is invalid: %v", got)
		} else if got.x() != "HIT" {
			return fmt.Errorf("not stored again: %v", got)
		}
		return nil
	})
}

func TestAnUnsafeMethodInvalidatesThePathAsItWasSent(t *testing.T) {
	local(t, func(t *testing.T, c *httpcache.Cache) {
		h := c.Route(httpcache.Rule{Query: []string{"q"}})(counting())
		send := func(method, target string) string {
			w := &kept{h: http.Header{}}
			h.ServeHTTP(w, httptest.NewRequest(method, target, http.NoBody))
			return w.h.Get("X-Cache")
		}
		for _, target := range []string{"/a|b", "/k\xc3\xa4se?q=1", "/a^b?x=1&q=2", "/plain"} {
			for _, step := range [][2]string{{"GET", "MISS"}, {"GET", "HIT"}, {"POST", "BYPASS"}, {"GET", "MISS"}} {
				if got := send(step[0], target); got != step[1] {
					t.Errorf("%s %s: %s, want %s", step[0], target, got, step[1])
				}
			}
		}
	})
}

func TestAWriteIsSeenUnderFreshInEveryProcess(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		s := newSite(t, rb, httpcache.Options{}, tagged, counting())
		elsewhere, err := httpcache.New(redistest.Another(t, rb), httpcache.Options{})
		if err != nil {
			t.Fatal(err)
		}
		h := elsewhere.Route(tagged)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "anew") }))
		read := func(ctx context.Context) string {
			r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL+"/a", http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			w := &kept{h: http.Header{}}
			h.ServeHTTP(w, r)
			return w.h.Get("X-Cache") + " " + string(w.body)
		}
		for name, invalidate := range ways(s) {
			for range 20 {
				body := s.get(t, "/a").body
				for range 2 {
					if got := read(t.Context()); got != "HIT "+body {
						redistest.Eventually(t, patience, func() error { // an older one, for the lag
							if got := read(httpcache.Fresh(t.Context())); got != "HIT "+body {
								return fmt.Errorf("%s: got %q, want %q", name, got, body)
							}
							return nil
						})
					}
				}
				if err := invalidate(t.Context()); err != nil {
					t.Fatal(err)
				}
				if got := read(httpcache.Fresh(t.Context())); got != "MISS anew" {
					t.Fatalf("%s: got %q under Fresh after it was invalidated", name, got)
				}
			}
		}
	})
}

// kept is a ResponseWriter that keeps what it gets.
type kept struct {
	h      http.Header
	status int
	body   []byte
}

func (k *kept) Header() http.Header { return k.h }
func (k *kept) WriteHeader(status int) {
	if k.status == 0 && status >= 200 {
		k.status = status
	}
}
func (k *kept) Write(b []byte) (int, error) {
	k.WriteHeader(http.StatusOK)
	k.body = append(k.body, b...)
	return len(b), nil
}

func TestTheLeaseOfAResponseCutOffHoldsNobodyUp(t *testing.T) {
	t.Parallel()
	server := redistest.Private(t)
	proxy := redistest.NewProxy(t, server.Addr())
	rb := redistest.OpenURL(t, "redis://"+proxy.Addr())
	direct := redistest.Another(t, rb, func(o *redbrick.Options) { o.URL = "redis://" + server.Addr() })
	s := newSite(t, rb, httpcache.Options{LoadTimeout: time.Hour}, httpcache.Rule{}, func(w http.ResponseWriter, _ *http.Request) {
		proxy.Cut()
		w.Header().Set("Cache-Control", "max-age=3600")
	})
	leases := func() int64 {
		keys, err := direct.Do(t.Context(), direct.B().Scan().Cursor(0).Match(rb.Namespace()+"~l:*").Count(10_000).Build()).AsScanEntry()
		if err != nil {
			t.Fatal(err)
		}
		return int64(len(keys.Elements))
	}
	s.get(t, "/").want(t, "cut off", 200, "MISS", "")
	if n := leases(); n != 1 {
		t.Fatalf("%d leases, want that of the response", n)
	}
	proxy.Heal()
	redistest.Eventually(t, patience, func() error {
		if n := leases(); n != 0 {
			return fmt.Errorf("%d leases", n)
		}
		return nil
	})
}
