package httpcache_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/httpcache"
	"github.com/redbrick-go/redbrick/redistest"
)

func TestWhatAHandlerSaysAsMiddlewareBeforeItCounts(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		c, err := httpcache.New(rb, httpcache.Options{})
		if err != nil {
			t.Fatal(err)
		}
		inner := c.Route(httpcache.Rule{TTL: time.Hour})(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			switch r.URL.Path {
			case "/secret":
				w.Header().Set("Cache-Control", "no-store")
			case "/vary":
				w.Header().Set("Vary", "Accept-Language")
			case "/type":
				w.Header().Set("Content-Type", "text/plain")
			}
			_, _ = io.WriteString(w, "<html>"+r.Header.Get("Accept-Language"))
		}))
		s := &site{cache: c, Server: httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", "no-store")
			w.Header().Set("Vary", "Accept-Language")
			w.Header().Set("Content-Type", "text/plain")
			inner.ServeHTTP(w, r)
		}))}
		t.Cleanup(s.Close)
		for range 2 {
			s.get(t, "/secret").want(t, "no-store", 200, "MISS", "<html>")
		}
		for _, x := range []string{"MISS", "HIT"} {
			for _, language := range []string{"en", "vi"} {
				s.get(t, "/vary", "Accept-Language", language).want(t, "Vary", 200, x, "<html>"+language)
			}
			for _, path := range []string{"/type", "/silent"} {
				got := s.get(t, path)
				got.want(t, path, 200, x, "<html>")
				if kind := got.header.Get("Content-Type"); kind != "text/plain" {
					t.Errorf("%s, %s: Content-Type %q", path, x, kind)
				}
			}
		}
	})
}

func TestARequestWhoseTimeIsOverIsNotAnsweredByAnEmptyPage(t *testing.T) {
	local(t, func(t *testing.T, c *httpcache.Cache) {
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		w := &kept{h: http.Header{}}
		c.Middleware(counting()).ServeHTTP(w, httptest.NewRequestWithContext(ctx, http.MethodGet, "/", http.NoBody))
		if w.status != http.StatusGatewayTimeout {
			t.Errorf("%d %q", w.status, w.body)
		}
	})
}

func TestAConditionIsJudgedThoughTheResponseIsNotStored(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		s := newSite(t, rb, httpcache.Options{}, httpcache.Rule{}, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", "private")
			w.Header().Set(r.URL.Query().Get("name"), r.URL.Query().Get("value"))
			_, _ = io.WriteString(w, "own")
		})
		const day, later = "Mon, 02 Jan 2006 15:04:05 GMT", "Fri, 01 Jan 2100 00:00:00 GMT"
		for range 2 {
			s.get(t, `/?name=ETag&value="a"`, "Cookie", "a=b", "If-None-Match", `"a"`).want(t, "same tag", 304, "MISS", "")
			s.get(t, `/?name=ETag&value="a"`, "Cookie", "a=b", "If-None-Match", `"b"`).want(t, "another", 200, "MISS", "own")
			s.get(t, `/?name=ETag&value="a"`, "Cookie", "a=b", "If-Modified-Since", later).want(t, "no date", 200, "MISS", "own")
			s.get(t, "/?name=Last-Modified&value="+url.QueryEscape(day), "Cookie", "a=b", "If-Modified-Since", day).want(t, "same date", 304, "MISS", "")
			s.get(t, "/?name=X&value=1", "Cookie", "a=b", "If-None-Match", "*").want(t, "no validator", 200, "MISS", "own")
		}
	})
}
