package httpcache_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/httpcache"
	"github.com/redbrick-go/redbrick/redistest"
)

func TestHEADStoresNoFieldsOfMiddlewareBeforeTheCache(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		c, err := httpcache.New(rb, httpcache.Options{})
		if err != nil {
			t.Fatal(err)
		}
		inner := c.Middleware(counting("Etag", `"1"`))
		s := &site{cache: c, Server: httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("X-Hello", r.Header.Get("X-User"))
			inner.ServeHTTP(w, r)
		}))}
		t.Cleanup(s.Close)
		s.get(t, "/", "X-User", "ann").want(t, "first", 200, "MISS", "1")
		s.do(t, http.MethodHead, "/", "X-User", "bob", "Cache-Control", "no-cache").want(t, "HEAD", 200, "MISS", "")
		got := s.get(t, "/", "X-User", "cy")
		got.want(t, "updated", 200, "HIT", "1")
		if hello := got.header.Get("X-Hello"); hello != "cy" {
			t.Errorf("cy is greeted as %s", hello)
		}
	})
}

func TestHEADWithoutAValidatorMakesNothingFreshAgain(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		var n atomic.Int64
		s := newSite(t, rb, httpcache.Options{}, httpcache.Rule{}, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", "max-age=3600, stale-if-error=3600")
			if r.Method == http.MethodGet {
				if n.Add(1) == 1 {
					w.Header().Set("Age", "4000")
				}
				_, _ = io.WriteString(w, string(rune('0'+n.Load())))
			}
		})
		s.get(t, "/").want(t, "first", 200, "MISS", "1")
		s.do(t, http.MethodHead, "/").want(t, "HEAD", 200, "MISS", "")
		s.get(t, "/").want(t, "stale still", 200, "MISS", "2")
		s.get(t, "/").want(t, "fresh", 200, "HIT", "2")
	})
}

func TestAnUpdateThatForbidsStoringEndsWhatIsStored(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		s := newSite(t, rb, httpcache.Options{}, httpcache.Rule{}, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Etag", `"1"`)
			w.Header().Set("Cache-Control", "max-age=3600")
			if r.Header.Get("Cache-Control") != "" { // the one who asks for an update
				w.Header().Set("Cache-Control", r.URL.RawQuery)
			}
			if r.Header.Get("If-None-Match") != "" {
				w.WriteHeader(http.StatusNotModified)
				return
			}
			_, _ = io.WriteString(w, "whole")
		})
		for _, path := range []string{"/?private,max-age=3600", "/?no-store,max-age=3600"} {
			for method, body := range map[string]string{http.MethodGet: "whole", http.MethodHead: ""} {
				s.get(t, path)
				s.get(t, path).want(t, path, 200, "HIT", "whole")
				if got := s.do(t, method, path, "Cache-Control", "no-cache"); got.status != 200 || got.body != body || got.x() == "HIT" {
					t.Errorf("%s %s: %v", method, path, got)
				}
				s.get(t, path).want(t, method+" "+path, 200, "MISS", "whole")
			}
		}
	})
}
