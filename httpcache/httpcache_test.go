package httpcache_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/httpcache"
	"github.com/redbrick-go/redbrick/redistest"
)

// patience is how long a test waits for what should take milliseconds.
const patience = 20 * time.Second

// site is a handler behind a cache, on a listener.
type site struct {
	*httptest.Server

	cache *httpcache.Cache
	calls atomic.Int64
}

// newSite serves h behind the rule. Requests with a method other than GET and HEAD go to the same handler.
func newSite(t *testing.T, rb *redbrick.Client, o httpcache.Options, rule httpcache.Rule, h http.HandlerFunc) *site {
	t.Helper()
	c, err := httpcache.New(rb, o)
	if err != nil {
		t.Fatal(err)
	}
	return newSiteOf(t, c, rule, h)
}

func newSiteOf(t *testing.T, c *httpcache.Cache, rule httpcache.Rule, h http.HandlerFunc) *site {
	t.Helper()
	s := &site{cache: c}
	s.Server = httptest.NewServer(c.Route(rule)(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.calls.Add(1)
		h(w, r)
	})))
	t.Cleanup(s.Close)
	return s
}

// reply is an answer that was read to its end.
type reply struct {
	status int
	header http.Header
	body   string
}

func (r reply) x() string { return r.header.Get("X-Cache") }

// do sends a request; header alternates names and values.
func (s *site) do(t *testing.T, method, path string, header ...string) reply {
	t.Helper()
	got, err := s.try(t.Context(), method, path, header...)
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func (s *site) try(ctx context.Context, method, path string, header ...string) (reply, error) {
	r, err := http.NewRequestWithContext(ctx, method, s.URL+path, http.NoBody)
	if err != nil {
		return reply{}, err
	}
	for i := 0; i < len(header); i += 2 {
		if header[i] == "Host" {
			r.Host = header[i+1]
			continue
		}
		r.Header.Add(header[i], header[i+1])
	}
	if r.Header.Get("Accept-Encoding") == "" {
		r.Header.Set("Accept-Encoding", "identity")
	}
	res, err := s.Client().Transport.RoundTrip(r)
	if err != nil {
		return reply{}, err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	return reply{res.StatusCode, res.Header, string(body)}, err
}

func (s *site) get(t *testing.T, path string, header ...string) reply {
	t.Helper()
	return s.do(t, http.MethodGet, path, header...)
}

// want checks what came and how.
func (r reply) want(t *testing.T, what string, status int, x, body string) {
	t.Helper()
	if r.status != status || r.x() != x || r.body != body {
		t.Errorf("%s: got %d %s %q, want %d %s %q (%v)", what, r.status, r.x(), r.body, status, x, body, r.header)
	}
}

// counting answers with the number of the call, fresh for an hour.
func counting(extra ...string) http.HandlerFunc {
	var n atomic.Int64
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Cache-Control", "max-age=3600")
		for i := 0; i < len(extra); i += 2 {
			w.Header().Set(extra[i], extra[i+1])
		}
		_, _ = io.WriteString(w, strconv.FormatInt(n.Add(1), 10))
	}
}

func TestAResponseIsStoredAndServed(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		s := newSite(t, rb, httpcache.Options{}, httpcache.Rule{}, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", "max-age=60")
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("ETag", `"v1"`)
			w.Header().Add("X-Twice", "a")
			w.Header().Add("X-Twice", "b")
			w.WriteHeader(http.StatusOK)
			_, _ = io.WriteString(w, `{"path":"`+r.URL.Path+`"}`)
		})
		first := s.get(t, "/a")
		first.want(t, "first", 200, "MISS", `{"path":"/a"}`)
		for range 3 { // from Redis, then from the process
			got := s.get(t, "/a")
			got.want(t, "again", 200, "HIT", `{"path":"/a"}`)
			if got.header.Get("Age") == "" || got.header.Get("Date") != first.header.Get("Date") ||
				got.header.Get("Content-Type") != "application/json" || len(got.header["X-Twice"]) != 2 ||
				!strings.HasPrefix(got.header.Get("Cache-Status"), "redbrick; hit; ttl=") {
				t.Errorf("header of a hit: %v", got.header)
			}
		}
		s.do(t, http.MethodHead, "/a").want(t, "HEAD", 200, "HIT", "")
		s.get(t, "/a", "If-None-Match", `"v1"`).want(t, "condition", 304, "HIT", "")
		s.get(t, "/a", "Range", "bytes=2-5").want(t, "range", 206, "HIT", "path")
		s.get(t, "/b").want(t, "other", 200, "MISS", `{"path":"/b"}`)
		if n := s.calls.Load(); n != 2 {
			t.Errorf("the handler ran %d times, want 2", n)
		}
		other := newSite(t, redistest.Another(t, rb), httpcache.Options{}, httpcache.Rule{}, counting())
		other.get(t, "/a", "Host", strings.TrimPrefix(s.URL, "http://")).want(t, "other process", 200, "HIT", `{"path":"/a"}`)
		if st := s.cache.Stats(); st.Stored != 2 || st.Misses != 2 || st.NearHits == 0 && rb.Features().Tracking {
			t.Errorf("%+v", st)
		}
	})
}

func TestNothingIsStoredThatIsNotForEverybody(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		cases := []struct {
			name    string
			header  []string // of the response
			request []string
		}{
			{"private", []string{"Cache-Control", "private, max-age=60"}, nil},
			{"no-store", []string{"Cache-Control", "no-store, max-age=60"}, nil},
			{"cookie set", []string{"Cache-Control", "public, max-age=60", "Set-Cookie", "a=b"}, nil},
			{"authorization", []string{"Cache-Control", "max-age=60"}, []string{"Authorization", "Bearer x"}},
			{"cookie", []string{"Cache-Control", "max-age=60"}, []string{"Cookie", "session=x"}},
			{"request no-store", []string{"Cache-Control", "max-age=60"}, []string{"Cache-Control", "no-store"}},
			{"vary star", []string{"Cache-Control", "max-age=60", "Vary", "*"}, nil},
			{"nothing said", []string{"Content-Type", "text/plain"}, nil},
			{"events", []string{"Cache-Control", "max-age=60", "Content-Type", "text/event-stream"}, nil},
		}
		c, err := httpcache.New(rb, httpcache.Options{})
		if err != nil {
			t.Fatal(err)
		}
		for _, tc := range cases {
			var n atomic.Int64
			s := newSiteOf(t, c, httpcache.Rule{}, func(w http.ResponseWriter, _ *http.Request) {
				for i := 0; i < len(tc.header); i += 2 {
					w.Header().Set(tc.header[i], tc.header[i+1])
				}
				fmt.Fprint(w, n.Add(1))
			})
			for i := range 3 {
				s.get(t, "/", tc.request...).want(t, tc.name, 200, "MISS", strconv.Itoa(i+1))
			}
			s.get(t, "/").want(t, tc.name+", then a stranger", 200, "MISS", "4")
		}
	})
}

func TestWhatSaysThatItIsForEverybodyIsServedToThoseWithCredentials(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		s := newSite(t, rb, httpcache.Options{}, httpcache.Rule{}, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", r.URL.Query().Get("cc"))
			_, _ = io.WriteString(w, r.Header.Get("Authorization")+r.Header.Get("Cookie"))
		})
		s.get(t, "/?cc=public,max-age=60", "Authorization", "a").want(t, "public", 200, "MISS", "a")
		s.get(t, "/?cc=public,max-age=60", "Authorization", "b").want(t, "public", 200, "HIT", "a")
		s.get(t, "/?cc=public,max-age=60", "Cookie", "b").want(t, "public", 200, "HIT", "a")
		s.get(t, "/?cc=s-maxage=60").want(t, "s-maxage", 200, "MISS", "")
		s.get(t, "/?cc=s-maxage=60", "Authorization", "b").want(t, "s-maxage", 200, "HIT", "")
		// What was stored for a stranger without such a word is not for a user, though it would leak nothing.
		s.get(t, "/?cc=max-age=60").want(t, "plain", 200, "MISS", "")
		s.get(t, "/?cc=max-age=60", "Cookie", "b").want(t, "plain", 200, "MISS", "b")
		s.get(t, "/?cc=max-age=60").want(t, "plain", 200, "HIT", "")
	})
}

func TestVariantsAreToldApartAndEndTogether(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		var n atomic.Int64
		s := newSite(t, rb, httpcache.Options{}, httpcache.Rule{}, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", "max-age=3600")
			w.Header().Set("Vary", "Accept-Language")
			if r.Header.Get("X-Mode") != "" { // not every response names the same fields
				w.Header().Add("Vary", "X-Mode")
			}
			fmt.Fprint(w, r.Header.Get("Accept-Language"), r.Header.Get("X-Mode"), n.Load())
		})
		s.get(t, "/", "Accept-Language", "en").want(t, "en", 200, "MISS", "en0")
		s.get(t, "/", "Accept-Language", "vi").want(t, "vi", 200, "MISS", "vi0")
		s.get(t, "/", "Accept-Language", "en").want(t, "en", 200, "HIT", "en0")
		s.get(t, "/", "Accept-Language", "EN;q=1.0").want(t, "normalised", 200, "HIT", "en0")
		s.get(t, "/", "Accept-Language", "vi").want(t, "vi", 200, "HIT", "vi0")
		s.get(t, "/").want(t, "none", 200, "MISS", "0")
		n.Store(1)
		if err := s.cache.Invalidate(t.Context(), s.URL+"/"); err != nil {
			t.Fatal(err)
		}
		s.get(t, "/", "Accept-Language", "vi").want(t, "vi after", 200, "MISS", "vi1")
		s.get(t, "/", "Accept-Language", "en").want(t, "en after", 200, "MISS", "en1")
		s.get(t, "/", "Accept-Language", "en", "X-Mode", "m").want(t, "more names", 200, "HIT", "en1")
		s.get(t, "/", "Accept-Language", "de", "X-Mode", "m").want(t, "wider", 200, "MISS", "dem1")
		s.get(t, "/", "Accept-Language", "de", "X-Mode", "m").want(t, "wider", 200, "HIT", "dem1")
		s.get(t, "/", "Accept-Language", "de").want(t, "wider", 200, "MISS", "de1")
	})
}

func TestARuleGivesFreshnessToHandlersThatSayNothing(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		var n atomic.Int64
		rule := httpcache.Rule{TTL: time.Hour, Query: []string{"tag", "page"}}
		s := newSite(t, rb, httpcache.Options{}, rule, func(w http.ResponseWriter, r *http.Request) {
			fmt.Fprint(w, r.URL.RawQuery, " ", n.Add(1))
		})
		s.get(t, "/?page=2&tag=b&tag=a&utm=x").want(t, "first", 200, "MISS", "page=2&tag=b&tag=a 1")
		s.get(t, "/?tag=b&utm=evil&tag=a&page=2").want(t, "sorted, others outside", 200, "HIT", "page=2&tag=b&tag=a 1")
		s.get(t, "/?tag=a&tag=b&page=2").want(t, "other order of values", 200, "MISS", "page=2&tag=a&tag=b 2")
		s.get(t, "/?page=2;tag=b").want(t, "malformed", 200, "MISS", " 3")
		s.get(t, "/").want(t, "none", 200, "HIT", " 3")
		if err := s.cache.Invalidate(t.Context(), s.URL+"/?other=1&tag=b&page=2&tag=a"); err != nil {
			t.Fatal(err)
		}
		s.get(t, "/?page=2&tag=b&tag=a").want(t, "invalidated", 200, "MISS", "page=2&tag=b&tag=a 4")
	})
}

func TestARuleOfUsersKeepsThemApart(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		rule := httpcache.Rule{TTL: time.Hour, Private: func(r *http.Request) string { return r.Header.Get("X-User") }}
		s := newSite(t, rb, httpcache.Options{}, rule, func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Cache-Control", "private, max-age=60")
			_, _ = io.WriteString(w, "of "+r.Header.Get("X-User"))
		})
		s.get(t, "/", "X-User", "1", "Cookie", "c").want(t, "1", 200, "MISS", "of 1")
		s.get(t, "/", "X-User", "2").want(t, "2", 200, "MISS", "of 2")
		s.get(t, "/", "X-User", "1").want(t, "1", 200, "HIT", "of 1")
		s.get(t, "/", "X-User", "2", "Authorization", "c").want(t, "2", 200, "HIT", "of 2")
		s.get(t, "/").want(t, "nobody", 200, "BYPASS", "of ")
		if err := s.cache.Invalidate(t.Context(), s.URL+"/"); err != nil {
			t.Fatal(err)
		}
		s.get(t, "/", "X-User", "1").want(t, "after", 200, "MISS", "of 1")
	})
}
