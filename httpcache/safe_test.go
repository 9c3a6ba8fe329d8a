package httpcache_test

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/httpcache"
	"github.com/redbrick-go/redbrick/redistest"
)

// echo answers with everything of a request that the handler heeds.
func echo(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Cache-Control", "max-age=3600")
	fmt.Fprint(w, r.Method, " ", r.RequestURI, " ", r.Host, " ", r.Header.Get("X-Forwarded-Host"), r.Header.Get("X-Original-Url"),
		r.Header.Get("X-Http-Method-Override"), r.Header.Get("X-Forwarded-Proto"), r.Header.Get("Forwarded"), r.Header.Get("X-Forwarded-Ssl"))
}

func TestFieldsOutsideTheKeyCannotPoisonAResponse(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		s := newSite(t, rb, httpcache.Options{}, httpcache.Rule{}, echo)
		plain := func(what string) {
			t.Helper()
			want := "GET / " + strings.TrimPrefix(s.URL, "http://") + " "
			if got := s.get(t, "/"); got.body != want {
				t.Errorf("after %s everybody gets %q, want %q", what, got.body, want)
			}
		}
		for _, name := range []string{"X-Forwarded-Host", "X-Original-URL", "X-HTTP-Method-Override", "X-Forwarded-Proto", "Forwarded", "X-Forwarded-Ssl"} {
			if got := s.get(t, "/", name, "evil"); !strings.Contains(got.body, "evil") {
				t.Errorf("%s: %v", name, got)
			}
			if got := s.get(t, "/", name, "evil"); got.x() != "HIT" || !strings.Contains(got.body, "evil") {
				t.Errorf("%s: who sends it has a response of his own: %v", name, got)
			}
			plain(name)
			if err := s.cache.Invalidate(t.Context(), s.URL+"/"); err != nil {
				t.Fatal(err)
			}
			s.get(t, "/", name, "evil").want(t, "invalidated with its URL", 200, "MISS", s.get(t, "/", name, "evil").body)
			if err := s.cache.Invalidate(t.Context(), s.URL+"/"); err != nil {
				t.Fatal(err)
			}
		}
		if got := s.get(t, "/", "Host", "evil.example"); !strings.Contains(got.body, "evil.example") {
			t.Errorf("%v", got)
		}
		plain("Host")
		s.do(t, http.MethodHead, "/head")
		if got := s.get(t, "/head"); !strings.HasPrefix(got.body, "GET /head") {
			t.Errorf("after HEAD: %v", got)
		}
	})
}

func TestHostsOutsideTheListAreNotCached(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		s := newSite(t, rb, httpcache.Options{Hosts: []string{"Shop.example"}}, httpcache.Rule{}, counting())
		s.get(t, "/", "Host", "shop.example").want(t, "listed", 200, "MISS", "1")
		s.get(t, "/", "Host", "SHOP.example:80").want(t, "listed", 200, "HIT", "1")
		s.get(t, "/", "Host", "other.example").want(t, "other", 200, "BYPASS", "2")
		s.get(t, "/", "Host", "shop.example:8080").want(t, "other port", 200, "BYPASS", "3")
		s.get(t, "/", "Host", "other.example", "X-Forwarded-Host", "shop.example").want(t, "forwarded", 200, "BYPASS", "4")
		if err := s.cache.Invalidate(t.Context(), "/"); err != nil {
			t.Fatal(err)
		}
		s.get(t, "/", "Host", "shop.example").want(t, "by its path", 200, "MISS", "5")
	})
}

func TestEveryURLHasAResponseOfItsOwn(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		s := newSite(t, rb, httpcache.Options{}, httpcache.Rule{}, echo)
		long := strings.Repeat("x", 600)
		paths := []string{
			"/", "/?", "/a", "/a/", "/A", "//a", "/a/../b", "/b", "/a%2Fb", "/a/b", "/a%2fb", "/a%20b", "/a+b", "/%61", "/a?b", "/a%3Fb", "/a?b=", "/a?b&c",
			"/a?c&b", "/a?b=%26c", "/%7Ba%7D", "/%257Ba%257D", "/a%25", "/a;b", "/a,b", "/a%00b", "/a%0d%0ab", "/a:b", "/a:b:-", "/%7D:x:-", "/" + long, "/" + long + "y",
			"/profile", "/profile/x.css", "/profile%2Fx.css", "/profile;x.css", "/profile?x.css",
		}
		for range 2 {
			for i, path := range paths {
				got := s.get(t, path)
				want := "GET " + path + " "
				if !strings.HasPrefix(got.body, want) {
					t.Errorf("%d: %q is answered with %q", i, path, got.body)
				}
			}
		}
		if n := int(s.calls.Load()); n != len(paths) {
			t.Errorf("%d URLs, %d calls", len(paths), n)
		}
	})
}

// A store of private pages is attacked with every combination that is known to confuse caches.
func TestNoSequenceOfRequestsGivesAUserThePrivateResponseOfAnother(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		user := func(r *http.Request) string {
			if c, err := r.Cookie("session"); err == nil {
				return c.Value
			}
			return strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
		}
		// secret says whose it is, in pages of every kind of caching.
		handler := func(w http.ResponseWriter, r *http.Request) {
			kinds := []string{"", "max-age=60", "private, max-age=60", "no-cache", "max-age=60, must-revalidate", "private, stale-while-revalidate=60", "max-age=0, stale-if-error=60"}
			kind := kinds[len(r.URL.Path)%len(kinds)]
			if who := user(r); who != "" {
				if strings.Contains(kind, "must-revalidate") || len(r.URL.Path)%2 == 0 {
					kind = "private, max-age=60"
				}
				w.Header().Set("X-Of", who)
				fmt.Fprint(io.Discard, kind)
			}
			if kind != "" {
				w.Header().Set("Cache-Control", kind)
			}
			if len(r.URL.Path)%3 == 0 {
				w.Header().Set("Vary", "Accept-Language")
			}
			if len(r.URL.Path)%5 == 0 {
				w.Header().Set("ETag", fmt.Sprintf("%q", user(r)))
			}
			fmt.Fprint(w, "of:", user(r))
		}
		c, err := httpcache.New(rb, httpcache.Options{})
		if err != nil {
			t.Fatal(err)
		}
		sites := []*site{
			newSiteOf(t, c, httpcache.Rule{}, handler),
			newSiteOf(t, c, httpcache.Rule{TTL: time.Hour}, handler),
			newSiteOf(t, c, httpcache.Rule{TTL: time.Hour, Query: []string{"p"}, StaleIfError: time.Hour, StaleWhileRevalidate: time.Hour}, handler),
			newSiteOf(t, c, httpcache.Rule{TTL: time.Hour, Private: user}, handler),
			newSiteOf(t, c, httpcache.Rule{TTL: time.Hour, VaryBy: []string{"Cookie", "Authorization"}}, handler),
		}
		paths := []string{"/p", "/pr", "/pro/x.css", "/prof", "/profile/x.css", "/p%2Fx.css", "/p;x.css", "/pr?p=1", "/pr?p=1&q=2", "/profil/", "/profile//a", "/", "/a-shop", "/a/longer/one"}
		users := []string{"", "", "1", "2", "3", "11"}
		rng := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // a walk that can be repeated
		pick := func(all []string) string { return all[rng.IntN(len(all))] }
		for range redistest.Scale(20_000) {
			who, path := pick(users), pick(paths)
			var header []string
			if who != "" {
				if rng.IntN(2) == 0 {
					header = append(header, "Cookie", "session="+who)
				} else {
					header = append(header, "Authorization", "Bearer "+who)
				}
			}
			for _, more := range [][]string{
				{"Accept-Language", pick([]string{"en", "vi"})}, {"If-None-Match", pick([]string{`"1"`, `"2"`, `""`})}, {"Cache-Control", pick([]string{"no-cache", "max-stale", "max-age=0", "only-if-cached"})},
				{"Range", "bytes=0-100"}, {"X-Forwarded-Host", "evil"}, {"X-Original-URL", "/p"},
			} {
				if rng.IntN(8) == 0 {
					header = append(header, more...)
				}
			}
			s := sites[rng.IntN(len(sites))]
			got := s.do(t, pick([]string{"GET", "GET", "GET", "GET", "HEAD", "POST"}), path, append(header, "Host", "x.example")...)
			if body := strings.TrimPrefix(got.body, "of:"); got.status == 200 && body != got.body && body != "" && body != who { // that of nobody is public
				t.Fatalf("user %q asked for %s %v and got the page of %q (%v)", who, path, header, body, got.header)
			}
			if of := got.header.Get("X-Of"); of != "" && of != who {
				t.Fatalf("user %q asked for %s %v and got fields of %q", who, path, header, of)
			}
		}
	})
}

func TestConditionsAndRangesAreAnsweredAsServeContentDoes(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		body := []byte(strings.Repeat("0123456789", 100))
		modified := time.Date(2020, 1, 2, 3, 4, 5, 0, time.UTC)
		handler := func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("ETag", `"v"`)
			w.Header().Set("Cache-Control", "max-age=3600")
			w.Header().Set("Content-Type", "text/plain")
			http.ServeContent(w, r, "", modified, bytes.NewReader(body))
		}
		s := newSite(t, rb, httpcache.Options{}, httpcache.Rule{}, handler)
		bare := &site{Server: httptest.NewServer(http.HandlerFunc(handler))}
		t.Cleanup(bare.Close)
		s.get(t, "/").want(t, "first", 200, "MISS", string(body))
		s.get(t, "/").want(t, "first", 200, "HIT", string(body))
		at := modified.Format(http.TimeFormat)
		cases := [][]string{
			{}, {"Range", "bytes=0-0"}, {"Range", "bytes=5-"}, {"Range", "bytes=-7"}, {"Range", "bytes=990-2000"}, {"Range", "bytes=2000-"},
			{"Range", "bytes=-0"}, {"Range", "bytes=0-4,10-14"}, {"Range", "bytes=0-4, -3"}, {"Range", "bytes=a-b"}, {"Range", "bytes=5-1"},
			{"Range", "bytes=0-4", "If-Range", `"v"`}, {"Range", "bytes=0-4", "If-Range", `"w"`}, {"Range", "bytes=0-4", "If-Range", at},
			{"If-None-Match", `"v"`}, {"If-None-Match", `W/"v"`}, {"If-None-Match", "*"}, {"If-None-Match", `"x", "v"`}, {"If-None-Match", `"x"`},
			{"If-Modified-Since", at}, {"If-Modified-Since", modified.Add(-time.Second).Format(http.TimeFormat)}, {"If-Modified-Since", "never"},
			{"If-None-Match", `"x"`, "If-Modified-Since", at}, {"If-None-Match", `"v"`, "Range", "bytes=0-4"},
		}
		for _, method := range []string{http.MethodGet, http.MethodHead} {
			for _, header := range cases {
				if method == http.MethodHead && len(header) > 0 && header[0] == "Range" {
					continue // Range counts for GET alone (RFC 9110 section 14.2); ServeContent heeds it
				}
				got, want := s.do(t, method, "/", header...), bare.do(t, method, "/", header...)
				if got.x() != "HIT" {
					t.Errorf("%s %v: %s", method, header, got.x())
				}
				for _, name := range []string{"X-Cache", "Cache-Status", "Age", "Date"} {
					got.header.Del(name)
					want.header.Del(name)
				}
				normal(&got)
				normal(&want)
				if got.status != want.status || got.body != want.body || fmt.Sprint(got.header) != fmt.Sprint(want.header) {
					t.Errorf("%s %v:\n got %d %v %q\nwant %d %v %q", method, header, got.status, got.header, got.body, want.status, want.header, want.body)
				}
			}
		}
	})
}

// normal takes the random boundary out of a multipart answer.
func normal(r *reply) {
	if _, boundary, ok := strings.Cut(r.header.Get("Content-Type"), "boundary="); ok {
		r.body = strings.ReplaceAll(r.body, boundary, "BOUNDARY")
		r.header.Set("Content-Type", "multipart")
	}
}

func TestAKeyOfARuleIsOfItsHost(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		s := newSite(t, rb, httpcache.Options{}, httpcache.Rule{Key: func(*http.Request) string { return "same" }}, echo)
		for _, x := range []string{"MISS", "HIT"} {
			for _, host := range []string{"a.example", "b.example"} {
				s.get(t, "/", "Host", host).want(t, host, 200, x, "GET / "+host+" ")
			}
		}
		if err := s.cache.Invalidate(t.Context(), "http://a.example/"); err != nil {
			t.Fatal(err)
		}
		s.get(t, "/", "Host", "a.example").want(t, "ended", 200, "MISS", "GET / a.example ")
		s.get(t, "/", "Host", "b.example").want(t, "of another host", 200, "HIT", "GET / b.example ")
	})
}

func TestAFieldThatConnectionTakesOutCannotPoisonAVariant(t *testing.T) {
	local(t, func(t *testing.T, c *httpcache.Cache) {
		base, through := fronts[1].open(t, c, httpcache.Rule{}, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", "max-age=3600")
			w.Header().Set("Vary", "X-Shop")
			_, _ = io.WriteString(w, "of "+r.Header.Get("X-Shop"))
		}))
		for _, connection := range []string{"X-Shop", "keep-alive, x-shop"} {
			resp, body, err := ask(t, through, "GET", base+"/", "X-Shop", "a", "Connection", connection)
			if err != nil || resp.Header.Get("X-Cache") != "BYPASS" || body != "of " {
				t.Fatalf("the proxy did not take it out: %v, %q, %v", resp, body, err)
			}
		}
		for _, x := range []string{"MISS", "HIT"} {
			resp, body, err := ask(t, through, "GET", base+"/", "X-Shop", "a", "Connection", "keep-alive")
			if err != nil || resp.Header.Get("X-Cache") != x || body != "of a" {
				t.Errorf("everybody of the shop gets %q (%v), %v", body, resp, err)
			}
		}
	})
}
