package httpcache_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/httpcache"
	"github.com/redbrick-go/redbrick/redistest"
)

// roundTripper is a transport made of a function.
type roundTripper func(*http.Request) (*http.Response, error)

func (f roundTripper) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// says is a response of status 200 that may be stored.
func says(r *http.Request, body string) *http.Response {
	return &http.Response{
		StatusCode: http.StatusOK, Header: http.Header{"Cache-Control": {"max-age=600"}, "X-A": {"1"}}, Body: io.NopCloser(strings.NewReader(body)),
		ContentLength: int64(len(body)), Request: r,
	}
}

func newCache(t *testing.T, rb *redbrick.Client) *httpcache.Cache {
	t.Helper()
	c, err := httpcache.New(rb, httpcache.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// ask makes a request and reads the answer to its end.
func ask(t *testing.T, rt http.RoundTripper, method, url string, fields ...string) (*http.Response, string, error) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(fields); i += 2 {
		r.Header.Add(fields[i], fields[i+1])
	}
	resp, err := rt.RoundTrip(r)
	if err != nil {
		return nil, "", err
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	return resp, string(b), err
}

// local runs a test on the embedded engine: what is told here does not depend on where things are stored.
func local(t *testing.T, f func(t *testing.T, c *httpcache.Cache)) {
	t.Helper()
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) { f(t, newCache(t, rb)) }, redistest.Only("embedded"))
}

func TestATransportAnswersWithoutTheNetwork(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		var asked atomic.Int64
		rt := newCache(t, rb).Transport(httpcache.Rule{}, roundTripper(func(r *http.Request) (*http.Response, error) {
			if r.URL.Host != "shop.example" || r.RequestURI != "" || r.TLS != nil {
				t.Errorf("%v, %q, %v", r.URL, r.RequestURI, r.TLS)
			}
			return says(r, fmt.Sprint("answer ", asked.Add(1))), nil
		}))
		for _, url := range []string{"https://shop.example", "https://shop.example/", "https://shop.example:443/"} {
			resp, body, err := ask(t, rt, "GET", url)
			if err != nil || body != "answer 1" || resp.ContentLength != 8 || resp.Status != "200 OK" || resp.Request.URL.String() != url {
				t.Fatalf("%s: %+v, %q, %v", url, resp, body, err)
			}
		}
		if _, body, err := ask(t, rt, "GET", "http://shop.example/"); err != nil || body != "answer 2" {
			t.Errorf("another scheme: %q, %v", body, err)
		}
		if _, _, err := ask(t, rt, "POST", "https://shop.example"); err != nil {
			t.Fatal(err)
		}
		if _, body, err := ask(t, rt, "GET", "https://shop.example/"); err != nil || body != "answer 4" {
			t.Errorf("after a write: %q, %v", body, err)
		}
	})
}

func TestAMiddlewareAndATransportShareWhatIsStored(t *testing.T) {
	local(t, func(t *testing.T, c *httpcache.Cache) {
		var asked atomic.Int64
		base := listen(t, c.Middleware(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			asked.Add(1)
			w.Header().Set("Cache-Control", "max-age=600")
		})))
		if _, _, err := ask(t, wire(t), "GET", base+"/shared"); err != nil {
			t.Fatal(err)
		}
		resp, _, err := ask(t, c.Transport(httpcache.Rule{}, wire(t)), "GET", base+"/shared")
		if err != nil || asked.Load() != 1 || resp.Header.Get("X-Cache") != "HIT" {
			t.Errorf("%v, %v, asked %d times", resp, err, asked.Load())
		}
	})
}

func TestATransportOfOneUserKeepsWhatIsPrivate(t *testing.T) {
	local(t, func(t *testing.T, c *httpcache.Cache) {
		var asked atomic.Int64
		next := roundTripper(func(r *http.Request) (*http.Response, error) {
			resp := says(r, fmt.Sprint("answer ", asked.Add(1)))
			resp.Header.Set("Cache-Control", "private, max-age=600")
			return resp, nil
		})
		of := func(user string) http.RoundTripper {
			return c.Transport(httpcache.Rule{Private: func(*http.Request) string { return user }}, next)
		}
		ann, bob, all := of("ann"), of("bob"), c.Transport(httpcache.Rule{}, next)
		for i, want := range []struct {
			rt   http.RoundTripper
			body string
		}{{ann, "answer 1"}, {bob, "answer 2"}, {ann, "answer 1"}, {bob, "answer 2"}, {all, "answer 3"}, {all, "answer 4"}, {ann, "answer 1"}} {
			if _, body, err := ask(t, want.rt, "GET", "http://a.example/me", "Authorization", "x", "Cookie", "a=b"); err != nil || body != want.body {
				t.Errorf("%d: %q, %v, want %q", i, body, err, want.body)
			}
		}
	})
}

func TestAnErrorOfTheNetworkIsTheTransportsOwn(t *testing.T) {
	local(t, func(t *testing.T, c *httpcache.Cache) {
		broken := errors.New("broken")
		rt := c.Transport(httpcache.Rule{}, roundTripper(func(*http.Request) (*http.Response, error) { return nil, broken }))
		for _, method := range []string{"GET", "HEAD", "POST"} {
			if _, _, err := ask(t, rt, method, "http://a.example/"); !errors.Is(err, broken) {
				t.Errorf("%s: %v", method, err)
			}
		}
		// One in the body too, and nothing is stored of it.
		asked := 0
		rt = c.Transport(httpcache.Rule{}, roundTripper(func(r *http.Request) (*http.Response, error) {
			asked++
			resp := says(r, "")
			resp.ContentLength = -1
			resp.Body = io.NopCloser(io.MultiReader(strings.NewReader("some"), failing{broken}))
			return resp, nil
		}))
		for range 2 {
			if _, body, err := ask(t, rt, "GET", "http://a.example/body"); !errors.Is(err, broken) || body != "some" {
				t.Errorf("%q, %v", body, err)
			}
		}
		if asked != 2 {
			t.Errorf("asked %d times", asked)
		}
		// A 502 of the origin is none of it.
		rt = c.Transport(httpcache.Rule{}, roundTripper(func(r *http.Request) (*http.Response, error) {
			resp := says(r, "bad")
			resp.StatusCode = http.StatusBadGateway
			return resp, nil
		}))
		if resp, body, err := ask(t, rt, "GET", "http://a.example/502"); err != nil || resp.StatusCode != http.StatusBadGateway || body != "bad" {
			t.Errorf("%v, %q, %v", resp, body, err)
		}
	})
}

type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

func TestWhatACallerDoesWithAResponseStaysHis(t *testing.T) {
	local(t, func(t *testing.T, c *httpcache.Cache) {
		rt := c.Transport(httpcache.Rule{}, roundTripper(func(r *http.Request) (*http.Response, error) {
			r.Header.Set("X-Seen", "1")
			return says(r, "body"), nil
		}))
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://a.example", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		for range 3 {
			resp, err := rt.RoundTrip(r)
			if err != nil {
				t.Fatal(err)
			}
			b, err := io.ReadAll(resp.Body)
			if resp.Body.Close(); err != nil || string(b) != "body" || resp.Header.Get("X-A") != "1" {
				t.Fatalf("%q, %v, %v", b, resp.Header, err)
			}
			resp.Header["X-A"][0] = "mine"
			bytes.ToUpper(b)
			copy(b, "mine")
		}
		if len(r.Header) != 0 || r.URL.Path != "" || r.Host != "a.example" || r.TLS != nil {
			t.Errorf("the request was changed: %v %q %q", r.Header, r.URL.Path, r.Host)
		}
	})
}

func TestACallerThatGivesUpLeavesNothingBehind(t *testing.T) {
	local(t, func(t *testing.T, c *httpcache.Cache) {
		waits := make(chan struct{})
		var closed sync.WaitGroup
		rt := c.Transport(httpcache.Rule{}, roundTripper(func(r *http.Request) (*http.Response, error) {
			if strings.HasSuffix(r.URL.Path, "head") {
				close(waits)
				<-r.Context().Done()
				return nil, context.Cause(r.Context())
			}
			closed.Add(1)
			resp := says(r, "")
			resp.ContentLength = -1
			resp.Body = endless{&closed}
			return resp, nil
		}))
		ctx, cancel := context.WithCancel(t.Context())
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://a.example/head", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		go func() {
			<-waits
			cancel()
		}()
		if resp, err := rt.RoundTrip(r); !errors.Is(err, context.Canceled) {
			resp.Body.Close()
			t.Errorf("while it waits for the head: %v", err)
		}
		if r, err = http.NewRequestWithContext(t.Context(), http.MethodGet, "http://a.example/body", http.NoBody); err != nil {
			t.Fatal(err)
		}
		resp, err := rt.RoundTrip(r)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(resp.Body, make([]byte, 10)); err != nil {
			t.Error(err)
		}
		resp.Body.Close()
		closed.Wait()
		ctx, cancel = context.WithCancel(t.Context())
		if resp, err = rt.RoundTrip(r.WithContext(ctx)); err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		cancel()
		if _, err := io.Copy(io.Discard, resp.Body); !errors.Is(err, context.Canceled) {
			t.Errorf("while it reads the body: %v", err)
		}
		closed.Wait()
	})
}

// endless is a body without an end.
type endless struct{ closed *sync.WaitGroup }

func (endless) Read(b []byte) (int, error) { return len(b), nil }

func (e endless) Close() error {
	e.closed.Done()
	return nil
}

func TestATransportPassesTrailersAndPanics(t *testing.T) {
	local(t, func(t *testing.T, c *httpcache.Cache) {
		base := listen(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Trailer", "X-T")
			_, _ = io.WriteString(w, "body") // the client reads it
			w.Header().Set("X-T", "1")
		}))
		resp, body, err := ask(t, c.Transport(httpcache.Rule{}, wire(t)), "POST", base+"/trailer")
		if err != nil || body != "body" || resp.Trailer.Get("X-T") != "1" {
			t.Errorf("%v, %q, %v", resp, body, err)
		}
		rt := c.Transport(httpcache.Rule{Key: func(*http.Request) string { panic("mine") }}, wire(t))
		defer func() {
			if v := recover(); v != "mine" {
				t.Errorf("panic %v", v)
			}
		}()
		_, _, _ = ask(t, rt, "GET", base+"/panic")
	})
}

func TestWhatIsNoWebRequestGoesToTheNextTransport(t *testing.T) {
	local(t, func(t *testing.T, c *httpcache.Cache) {
		var got []string
		rt := c.Transport(httpcache.Rule{}, roundTripper(func(r *http.Request) (*http.Response, error) {
			got = append(got, r.Method+" "+r.URL.String())
			return says(r, ""), nil
		}))
		for range 2 {
			if _, _, err := ask(t, rt, "GET", "file:///etc/hosts"); err != nil {
				t.Error(err)
			}
			if _, _, err := ask(t, rt, "GET", "http://a.example/ws", "Upgrade", "websocket"); err != nil {
				t.Error(err)
			}
		}
		if len(got) != 4 {
			t.Errorf("%q", got)
		}
	})
}
