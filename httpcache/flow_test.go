package httpcache_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/httpcache"
	"github.com/redbrick-go/redbrick/redistest"
)

func TestOneHandlerRunsForAllWhoAskForAMissingResponse(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		var calls atomic.Int64
		goOn := make(chan struct{})
		h := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			calls.Add(1)
			<-goOn
			w.Header().Set("Cache-Control", "max-age=3600")
			_, _ = io.WriteString(w, "once")
		})
		const each = 100
		clients := []*redbrick.Client{rb, redistest.Another(t, rb), redistest.Another(t, rb)}
		caches := make([]*httpcache.Cache, len(clients))
		var ready, done sync.WaitGroup
		for i, client := range clients {
			c, err := httpcache.New(client, httpcache.Options{Patience: time.Minute})
			if err != nil {
				t.Fatal(err)
			}
			caches[i] = c
			served := c.Middleware(h)
			for range each {
				ready.Add(1)
				done.Go(func() {
					r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://x.example/", http.NoBody)
					if err != nil {
						t.Error(err)
					}
					w := &kept{h: http.Header{}}
					ready.Done()
					served.ServeHTTP(w, r)
					if string(w.body) != "once" || w.status != http.StatusOK {
						t.Errorf("got %d %q", w.status, w.body)
					}
				})
			}
		}
		ready.Wait()
		redistest.Eventually(t, patience, func() error { // two processes wait for the third
			if n := calls.Load(); n != 1 {
				return fmt.Errorf("%d handlers", n)
			}
			var waits int64
			for _, c := range caches {
				waits += c.Stats().Waits
			}
			if waits < 2 {
				return fmt.Errorf("%d processes wait, want 2", waits)
			}
			return nil
		})
		close(goOn)
		done.Wait()
		if n := calls.Load(); n != 1 {
			t.Errorf("%d handlers ran for %d requests in 3 processes", n, 3*each)
		}
		var waits int64
		for _, c := range caches {
			waits += c.Stats().Waits
		}
		if waits >= each {
			t.Errorf("%d requests waited for another process, want one of each process", waits)
		}
	})
}

func TestResponsesThatAreForOneAloneAreNotWaitedFor(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		var n atomic.Int64
		all, head := make(chan struct{}), make(chan struct{})
		s := newSite(t, rb, httpcache.Options{Patience: time.Minute}, httpcache.Rule{}, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", "private")
			w.WriteHeader(http.StatusOK)
			if n.Add(1) == 1 {
				close(head)
				<-all // the body of the first ends after all others: they do not wait for it
			}
			_, _ = io.WriteString(w, r.Header.Get("X-User"))
		})
		first := make(chan string)
		go func() {
			got, _ := s.try(t.Context(), http.MethodGet, "/", "X-User", "first")
			first <- got.body
		}()
		<-head
		var done sync.WaitGroup
		for i := range 10 {
			done.Go(func() {
				user := fmt.Sprint(i)
				if got, err := s.try(t.Context(), http.MethodGet, "/", "X-User", user); err != nil || got.body != user {
					t.Errorf("%s got %q, %v", user, got.body, err)
				}
			})
		}
		done.Wait()
		close(all)
		if got := <-first; got != "first" {
			t.Errorf("the first got %q", got)
		}
	})
}

func TestALeaderThatHangsOrFailsHarmsNobodyElse(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		var n atomic.Int64
		began, goOn := make(chan struct{}, 1), make(chan struct{})
		s := newSite(t, rb, httpcache.Options{Patience: 50 * time.Millisecond}, httpcache.Rule{}, func(w http.ResponseWriter, r *http.Request) {
			if n.Add(1) == 1 {
				began <- struct{}{}
				<-goOn
				panic(http.ErrAbortHandler)
			}
			w.Header().Set("Cache-Control", "max-age=3600")
			_, _ = io.WriteString(w, "fine")
		})
		failed := make(chan error)
		go func() {
			_, err := s.try(t.Context(), http.MethodGet, "/")
			failed <- err
		}()
		<-began
		for range 3 {
			if got := s.get(t, "/"); got.body != "fine" {
				t.Errorf("behind one who hangs: %v", got)
			}
		}
		close(goOn)
		if err := <-failed; err == nil {
			t.Error("the request whose handler panicked was answered")
		}
		s.get(t, "/").want(t, "after the panic", 200, "MISS", "fine")
		s.get(t, "/").want(t, "after the panic", 200, "HIT", "fine")
	})
}

func TestABrokenResponseIsNeverStored(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		var n atomic.Int64
		s := newSite(t, rb, httpcache.Options{}, httpcache.Rule{}, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", "max-age=3600")
			half := n.Add(1)%2 == 1
			switch r.URL.Path {
			case "/panic":
				_, _ = io.WriteString(w, "whole")
				if half {
					_ = http.NewResponseController(w).Flush()
					panic(http.ErrAbortHandler)
				}
			case "/short":
				w.Header().Set("Content-Length", "5")
				if half {
					_, _ = io.WriteString(w, "wh")
					return
				}
				_, _ = io.WriteString(w, "whole")
			}
		})
		for _, path := range []string{"/panic", "/short"} {
			if got, err := s.try(t.Context(), http.MethodGet, path); err == nil {
				t.Errorf("%s: a broken response was whole: %v", path, got)
			}
			s.get(t, path).want(t, path, 200, "MISS", "whole")
			s.get(t, path).want(t, path, 200, "HIT", "whole")
		}
	})
}

func TestAResponseWhoseClientLeftIsNotStoredInHalves(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		left := make(chan struct{})
		var n atomic.Int64
		s := newSite(t, rb, httpcache.Options{}, httpcache.Rule{}, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", "max-age=3600")
			_, _ = io.WriteString(w, "whole")
			if n.Add(1) == 1 {
				_ = http.NewResponseController(w).Flush()
				<-r.Context().Done() // and ends early, as a handler does whose client has gone
				close(left)
			}
			_, _ = io.WriteString(w, " body")
		})
		ctx, cancel := context.WithCancel(t.Context())
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		res, err := s.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		cancel()
		res.Body.Close()
		<-left
		s.get(t, "/").want(t, "after one who left", 200, "MISS", "whole body")
		s.get(t, "/").want(t, "after that", 200, "HIT", "whole body")
	})
}

func TestTheFirstClientGetsTheBodyWhileItIsMade(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		goOn := make(chan struct{})
		s := newSite(t, rb, httpcache.Options{}, httpcache.Rule{}, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Cache-Control", "max-age=3600")
			_, _ = io.WriteString(w, "one ")
			w.(http.Flusher).Flush()
			<-goOn
			_, _ = io.WriteString(w, "two")
		})
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		res, err := s.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer res.Body.Close()
		part := make([]byte, 4)
		if _, err := io.ReadFull(res.Body, part); err != nil || string(part) != "one " {
			t.Fatalf("%q, %v", part, err)
		}
		close(goOn)
		rest, err := io.ReadAll(res.Body)
		if err != nil || string(rest) != "two" {
			t.Fatalf("%q, %v", rest, err)
		}
		s.get(t, "/").want(t, "stored", 200, "HIT", "one two")
	})
}

func TestABodyAboveTheLimitPassesAndIsNotStored(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		s := newSite(t, rb, httpcache.Options{MaxBody: 100}, httpcache.Rule{}, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", "max-age=3600")
			if r.URL.Path == "/said" {
				w.Header().Set("Content-Length", "120")
			}
			for range 12 {
				_, _ = io.WriteString(w, strings.Repeat("x", 10))
			}
		})
		for _, path := range []string{"/said", "/unsaid"} {
			for range 2 {
				s.get(t, path).want(t, path, 200, "MISS", strings.Repeat("x", 120))
			}
			s.get(t, path, "Range", "bytes=0-1").want(t, path, 200, "MISS", strings.Repeat("x", 120))
		}
	})
}

func TestAStaleResponseIsServedWhileItIsFetchedOnce(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		var n atomic.Int64
		began, goOn := make(chan struct{}, 10), make(chan struct{})
		s := newSite(t, rb, httpcache.Options{}, httpcache.Rule{}, func(w http.ResponseWriter, _ *http.Request) {
			v := n.Add(1)
			w.Header().Set("Cache-Control", "max-age=10, stale-while-revalidate=1000")
			if v == 1 {
				w.Header().Set("Age", "100")
			} else {
				began <- struct{}{}
				<-goOn
			}
			fmt.Fprint(w, v)
		})
		s.get(t, "/").want(t, "first", 200, "MISS", "1")
		for range 5 {
			s.get(t, "/").want(t, "stale", 200, "STALE", "1")
		}
		<-began
		close(goOn)
		redistest.Eventually(t, patience, func() error {
			if got := s.get(t, "/"); got.x() != "HIT" || got.body != "2" {
				return fmt.Errorf("%s %q", got.x(), got.body)
			}
			return nil
		})
		if n.Load() != 2 {
			t.Errorf("the handler ran %d times, want 2", n.Load())
		}
	})
}

func TestAStaleResponseIsServedInPlaceOfAnError(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		var n atomic.Int64
		s := newSite(t, rb, httpcache.Options{}, httpcache.Rule{}, func(w http.ResponseWriter, r *http.Request) {
			if n.Add(1) > 2 {
				w.WriteHeader(http.StatusServiceUnavailable)
				_, _ = io.WriteString(w, "down")
				return
			}
			w.Header().Set("Age", "100")
			w.Header().Set("Cache-Control", "max-age=10, stale-if-error=1000"+r.URL.Query().Get("more"))
			_, _ = io.WriteString(w, "old")
		})
		s.get(t, "/").want(t, "first", 200, "MISS", "old")
		s.get(t, "/?more=,must-revalidate").want(t, "first", 200, "MISS", "old")
		for range 3 {
			s.get(t, "/").want(t, "error", 200, "STALE", "old")
			s.get(t, "/?more=,must-revalidate").want(t, "error that is shown", 503, "MISS", "down")
		}
	})
}

func TestAStaleResponseIsValidated(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		var tag, asked atomic.Value
		tag.Store(`"1"`)
		s := newSite(t, rb, httpcache.Options{}, httpcache.Rule{}, func(w http.ResponseWriter, r *http.Request) {
			asked.Store(r.Header.Get("If-None-Match"))
			w.Header().Set("Cache-Control", "no-cache")
			w.Header().Set("ETag", tag.Load().(string))
			w.Header().Set("X-Seen", "by "+r.Header.Get("X-User"))
			if r.Header.Get("If-None-Match") == tag.Load() {
				w.WriteHeader(http.StatusNotModified)
				return
			}
			_, _ = io.WriteString(w, "body of "+tag.Load().(string))
		})
		s.get(t, "/", "X-User", "a").want(t, "first", 200, "MISS", `body of "1"`)
		for _, user := range []string{"b", "c"} {
			got := s.get(t, "/", "X-User", user)
			got.want(t, "confirmed", 200, "REVALIDATED", `body of "1"`)
			if got.header.Get("X-Seen") != "by "+user || asked.Load() != `"1"` {
				t.Errorf("fields are not those of the 304: %v, asked %v", got.header, asked.Load())
			}
		}
		s.get(t, "/", "If-None-Match", `"1"`).want(t, "the client's own", 304, "REVALIDATED", "")
		s.get(t, "/", "If-None-Match", `"other"`).want(t, "the client's own", 200, "REVALIDATED", `body of "1"`)
		s.get(t, "/", "Range", "bytes=0-3").want(t, "part", 206, "REVALIDATED", "body")
		tag.Store(`"2"`)
		s.get(t, "/", "Range", "bytes=0-3").want(t, "part of what is new", 206, "MISS", "body")
		s.get(t, "/").want(t, "new", 200, "REVALIDATED", `body of "2"`)
		s.get(t, "/", "Cache-Control", "only-if-cached").want(t, "only-if-cached", 504, "MISS", "Gateway Timeout\n")
	})
}

func TestWhatIsNoCommonResponsePassesThrough(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		s := newSite(t, rb, httpcache.Options{}, httpcache.Rule{}, func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/early":
				w.Header().Set("Link", "</a.css>; rel=preload")
				w.WriteHeader(http.StatusEarlyHints)
				w.Header().Del("Link")
				w.Header().Set("Cache-Control", "max-age=60")
				_, _ = io.WriteString(w, "body")
			case "/trailer":
				w.Header().Set("Cache-Control", "max-age=60")
				w.Header().Set("Trailer", "X-Sum")
				_, _ = io.WriteString(w, "body")
				w.Header().Set("X-Sum", "42")
				w.Header().Set(http.TrailerPrefix+"X-More", "43")
			case "/upgrade":
				conn, rw, err := http.NewResponseController(w).Hijack()
				if err != nil {
					t.Error(err)
					return
				}
				defer conn.Close()
				fmt.Fprint(rw, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
				_ = rw.Flush()
				line, _ := rw.ReadString('\n')
				fmt.Fprint(rw, line)
				_ = rw.Flush()
			case "/taken":
				conn, rw, err := w.(http.Hijacker).Hijack()
				if err != nil {
					t.Error(err)
					return
				}
				defer conn.Close()
				fmt.Fprint(rw, "HTTP/1.1 200 OK\r\nCache-Control: max-age=60\r\nContent-Length: 3\r\nX-Cache: none\r\n\r\nraw")
				_ = rw.Flush()
			}
		})
		for _, x := range []string{"MISS", "HIT"} {
			var hints []string
			ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{Got1xxResponse: func(code int, h textproto.MIMEHeader) error {
				hints = append(hints, fmt.Sprint(code, h.Get("Link")))
				return nil
			}})
			got, err := s.try(ctx, http.MethodGet, "/early")
			if err != nil || got.body != "body" || got.x() != x || got.header.Get("Link") != "" || (len(hints) == 1) != (x == "MISS") {
				t.Errorf("%s: %v, %v, hints %v", x, got, err, hints)
			}
		}
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/trailer", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		res, err := s.Client().Do(r)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(res.Body)
		res.Body.Close()
		if err != nil || string(body) != "body" || res.Trailer.Get("X-Sum") != "42" || res.Trailer.Get("X-More") != "43" {
			t.Errorf("%q, trailer %v, %v", body, res.Trailer, err)
		}
		got := s.get(t, "/trailer")
		got.want(t, "trailer", 200, "HIT", "body")
		if got.header.Get("X-Sum") != "" || got.header.Get("Trailer") != "" {
			t.Errorf("%v", got.header)
		}
		for range 2 {
			s.get(t, "/taken").want(t, "taken over", 200, "none", "raw")
		}
		upgrade(t, s)
	})
}

func upgrade(t *testing.T, s *site) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/upgrade", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Connection", "Upgrade")
	r.Header.Set("Upgrade", "echo")
	res, err := s.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	conn, ok := res.Body.(io.ReadWriter)
	if !ok || res.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("%d, %T", res.StatusCode, res.Body)
	}
	fmt.Fprintln(conn, "hello")
	if line, err := bufio.NewReader(conn).ReadString('\n'); err != nil || line != "hello\n" {
		t.Errorf("%q, %v", line, err)
	}
}

func TestFieldsOfMiddlewareBeforeTheCacheAreNotStored(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		c, err := httpcache.New(rb, httpcache.Options{})
		if err != nil {
			t.Fatal(err)
		}
		inner := c.Middleware(counting())
		var n atomic.Int64
		s := &site{cache: c, Server: httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Request-Id", fmt.Sprint(n.Add(1)))
			w.Header().Set("Set-Cookie", "of=one")
			inner.ServeHTTP(w, r)
		}))}
		t.Cleanup(s.Close)
		for i, x := range []string{"MISS", "HIT", "HIT"} {
			got := s.get(t, "/")
			got.want(t, "request", 200, x, "1")
			if got.header.Get("X-Request-Id") != fmt.Sprint(i+1) || got.header.Get("Set-Cookie") != "of=one" {
				t.Errorf("%v", got.header)
			}
		}
	})
}

func TestBadOptionsAndRulesAreNamedAllAtOnce(t *testing.T) {
	t.Parallel()
	rb := redistest.Open(t, "embedded")
	_, err := httpcache.New(rb, httpcache.Options{Name: "a b", Hosts: []string{"http://x"}, MaxBody: -1, Patience: -1, LoadTimeout: 1, NearBytes: -1, Targets: []string{""}, Identity: "a b"})
	for _, field := range []string{"Name", "Hosts", "MaxBody", "Patience", "LoadTimeout", "NearBytes", "Targets", "Identity"} {
		if !errors.Is(err, redbrick.ErrConfig) || !strings.Contains(err.Error(), "Options."+field) {
			t.Errorf("%v does not name %s", err, field)
		}
	}
	err = httpcache.Rule{TTL: -1, StaleIfError: -1, StaleWhileRevalidate: -1, MaxBody: -1, Shared: true, VaryBy: []string{"a b"},
		Private: func(*http.Request) string { return "" }}.Check()
	for _, field := range []string{"TTL", "StaleIfError", "StaleWhileRevalidate", "MaxBody", "Shared", "VaryBy"} {
		if !errors.Is(err, redbrick.ErrConfig) || !strings.Contains(err.Error(), "Rule."+field) {
			t.Errorf("%v does not name %s", err, field)
		}
	}
	if _, err := httpcache.New(rb, httpcache.Options{}); err != nil {
		t.Error(err)
	}
	if _, err := httpcache.New(rb, httpcache.Options{}); !errors.Is(err, redbrick.ErrConfig) {
		t.Errorf("a second one of the name: %v", err)
	}
}

func TestABadRequestOfAStrangerKeepsNothingFromBeingStored(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		s := newSite(t, rb, httpcache.Options{}, httpcache.Rule{}, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", "max-age=3600")
			switch {
			case r.Header.Get("X-Bad") != "":
				w.WriteHeader(http.StatusBadRequest)
			case r.Header.Get("X-Own") != "":
				w.Header().Set("Cache-Control", "private")
			}
			_, _ = io.WriteString(w, "fine")
		})
		s.get(t, "/", "X-Bad", "1").want(t, "bad", 400, "MISS", "fine")
		s.get(t, "/", "X-Own", "1").want(t, "private", 200, "MISS", "fine")
		s.get(t, "/").want(t, "good", 200, "MISS", "fine")
		s.get(t, "/").want(t, "good", 200, "HIT", "fine")
	})
}

func TestHEADUpdatesAStoredResponseOrEndsIt(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		var tag atomic.Value
		tag.Store(`"1"`)
		s := newSite(t, rb, httpcache.Options{}, httpcache.Rule{}, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", "max-age=3600")
			w.Header().Set("ETag", tag.Load().(string))
			w.Header().Set("X-By", r.Method)
			_, _ = io.WriteString(w, tag.Load().(string))
		})
		s.get(t, "/").want(t, "first", 200, "MISS", `"1"`)
		s.do(t, http.MethodHead, "/", "Cache-Control", "no-cache").want(t, "HEAD", 200, "MISS", "")
		if got := s.get(t, "/"); got.x() != "HIT" || got.body != `"1"` || got.header.Get("X-By") != "HEAD" {
			t.Errorf("not updated: %v", got)
		}
		tag.Store(`"2"`)
		s.do(t, http.MethodHead, "/", "Cache-Control", "no-cache").want(t, "HEAD", 200, "MISS", "")
		s.get(t, "/").want(t, "ended", 200, "MISS", `"2"`)
	})
}

func TestA304ThatSpeaksOfAnotherResponseIsFollowedByTheWhole(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		s := newSite(t, rb, httpcache.Options{}, httpcache.Rule{}, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", "no-cache")
			if r.Header.Get("If-None-Match") != "" {
				w.Header().Set("ETag", `"2"`)
				w.WriteHeader(http.StatusNotModified)
				return
			}
			w.Header().Set("ETag", `"1"`)
			_, _ = io.WriteString(w, "whole")
		})
		for range 3 {
			s.get(t, "/").want(t, "asked for the whole", 200, "MISS", "whole")
		}
	})
}

func TestARuleMakesEntityTags(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		s := newSite(t, rb, httpcache.Options{}, httpcache.Rule{TTL: time.Hour, ETag: true}, func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/own":
				w.Header().Set("ETag", `"own"`)
			case "/flushed":
				_, _ = io.WriteString(w, "begun, ")
				_ = http.NewResponseController(w).Flush()
			}
			_, _ = io.WriteString(w, "body")
		})
		first := s.get(t, "/")
		first.want(t, "first", 200, "MISS", "body")
		tag := first.header.Get("ETag")
		if tag == "" || strings.HasPrefix(tag, "W/") {
			t.Errorf("tag %q", tag)
		}
		s.get(t, "/", "If-None-Match", tag).want(t, "known", 304, "HIT", "")
		if err := s.cache.Invalidate(t.Context(), s.URL+"/"); err != nil {
			t.Fatal(err)
		}
		s.get(t, "/", "If-None-Match", tag).want(t, "made anew, the same", 304, "MISS", "")
		if got := s.get(t, "/own"); got.header.Get("ETag") != `"own"` {
			t.Errorf("%v", got)
		}
		s.get(t, "/flushed").want(t, "flushed", 200, "MISS", "begun, body")
		if got := s.get(t, "/flushed"); got.x() != "HIT" || got.header.Get("ETag") == "" || got.header.Get("ETag") == tag {
			t.Errorf("%v", got)
		}
	})
}

func TestWhatARuleVariesByIsToldToOtherCaches(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		rule := httpcache.Rule{TTL: time.Hour, VaryBy: []string{"x-theme", "Accept-Language"}}
		s := newSite(t, rb, httpcache.Options{}, rule, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Vary", "Accept-Language")
			_, _ = io.WriteString(w, r.Header.Get("X-Theme"))
		})
		for _, x := range []string{"MISS", "HIT"} {
			for _, theme := range []string{"dark", "light"} {
				got := s.get(t, "/", "X-Theme", theme)
				got.want(t, theme, 200, x, theme)
				if vary := strings.Join(got.header["Vary"], ", "); vary != "Accept-Language, X-Theme" {
					t.Errorf("Vary: %s", vary)
				}
			}
		}
	})
}

func TestWhoWaitsIsNotGivenAVariantOfAnother(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		began, goOn := make(chan struct{}, 100), make(chan struct{})
		s := newSite(t, rb, httpcache.Options{Patience: time.Minute}, httpcache.Rule{}, func(w http.ResponseWriter, r *http.Request) {
			began <- struct{}{}
			<-goOn // nobody knows yet that the URL varies
			w.Header().Set("Cache-Control", "max-age=3600")
			w.Header().Set("Vary", "Accept-Language")
			_, _ = io.WriteString(w, r.Header.Get("Accept-Language"))
		})
		h := s.Config.Handler
		var ready, done sync.WaitGroup
		for i := range 30 {
			language := []string{"en", "vi", "de"}[i%3]
			ready.Add(1)
			done.Go(func() {
				r := httptest.NewRequest(http.MethodGet, "http://x.example/", http.NoBody)
				r.Header.Set("Accept-Language", language)
				w := &kept{h: http.Header{}}
				ready.Done()
				h.ServeHTTP(w, r)
				if string(w.body) != language {
					t.Errorf("%s got %q", language, w.body)
				}
			})
		}
		ready.Wait()
		<-began
		close(goOn)
		done.Wait()
	})
}
