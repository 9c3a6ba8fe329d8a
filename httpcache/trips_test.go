package httpcache_test

import (
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/httpcache"
	"github.com/redbrick-go/redbrick/redistest"
)

func TestAHitOfAURLThatWasSeenBeforeAsksRedisOnce(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		var trips atomic.Int64
		counted := redistest.Another(t, rb, func(o *redbrick.Options) {
			o.Observer.Command = func(e redbrick.CommandEvent) {
				if e.Lane == "hot" {
					trips.Add(1)
				}
			}
		})
		c, err := httpcache.New(counted, httpcache.Options{NoNear: true})
		if err != nil {
			t.Fatal(err)
		}
		for _, extra := range [][]string{{"X-A", "1"}, {"Vary", "Accept-Language"}} {
			h := c.Route(httpcache.Rule{})(counting(extra...))
			ask := func() string {
				w := httptest.NewRecorder()
				r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://shop.example/"+extra[0], http.NoBody)
				r.Header.Set("Accept-Encoding", "gzip")
				r.Header.Set("Accept-Language", "vi")
				h.ServeHTTP(w, r)
				return w.Header().Get("X-Cache") + " " + w.Body.String()
			}
			if got := ask(); got != "MISS 1" {
				t.Fatal(got)
			}
			before := trips.Load()
			for range 5 {
				if got := ask(); got != "HIT 1" {
					t.Fatal(got)
				}
			}
			if n := trips.Load() - before; n != 5 {
				t.Errorf("%s: 5 hits asked Redis %d times", extra[0], n)
			}
		}
	})
}

func TestAResponseUnderARootThatIsNoLongerIsNotServed(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		here, err := httpcache.New(rb, httpcache.Options{NoNear: true})
		if err != nil {
			t.Fatal(err)
		}
		there, err := httpcache.New(redistest.Another(t, rb), httpcache.Options{NoNear: true})
		if err != nil {
			t.Fatal(err)
		}
		origin := counting()
		ask := func(c *httpcache.Cache) string {
			w := httptest.NewRecorder()
			c.Middleware(origin).ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://shop.example/", http.NoBody))
			return w.Header().Get("X-Cache") + " " + w.Body.String()
		}
		want := func(c *httpcache.Cache, want string) {
			t.Helper()
			if got := ask(c); got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		}
		want(here, "MISS 1")
		want(here, "HIT 1")
		if err := there.Invalidate(t.Context(), "http://shop.example/"); err != nil {
			t.Fatal(err)
		}
		want(here, "MISS 2") // no root at all
		if err := there.Invalidate(t.Context(), "http://shop.example/"); err != nil {
			t.Fatal(err)
		}
		want(there, "MISS 3")
		want(here, "HIT 3") // another root than was guessed
		want(here, "HIT 3")
	})
}
