package httpcache_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/httpcache"
	"github.com/redbrick-go/redbrick/redistest"
)

// hitter is a handler whose answer to the request lies in the process.
func hitter(t testing.TB, rb *redbrick.Client, rule httpcache.Rule) (http.Handler, *http.Request) {
	t.Helper()
	c, err := httpcache.New(rb, httpcache.Options{})
	if err != nil {
		t.Fatal(err)
	}
	h := c.Route(rule)(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Cache-Control", "max-age=3600")
		_, _ = io.WriteString(w, strings.Repeat("x", 2048))
	}))
	r := httptest.NewRequest(http.MethodGet, "http://shop.example/recipes?tag=italian&page=2", http.NoBody)
	r.Header.Set("Accept-Encoding", "gzip")
	r.Header.Set("User-Agent", "test")
	redistest.Eventually(t, patience, func() error {
		w := &kept{h: http.Header{}}
		h.ServeHTTP(w, r)
		if st := c.Stats(); st.NearHits == 0 {
			return fmt.Errorf("%s, %+v", w.h.Get("X-Cache"), st)
		}
		return nil
	})
	return h, r
}

// A ResponseWriter as net/http has one brings a map for the header; what a hit adds to that is counted here.
func TestAHitAllocatesLittle(t *testing.T) { //nolint:paralleltest // allocations of the whole process are counted
	rb := redistest.Open(t, "embedded")
	h, r := hitter(t, rb, httpcache.Rule{})
	w := discard{make(http.Header, 16)}
	if n := testing.AllocsPerRun(1000, func() { h.ServeHTTP(w, r) }); n > 6 {
		t.Errorf("a hit allocates %v times, want 6 at most", n)
	}
}

// A map of more than eight fields grows, and is copied by net/http: a response of eight is not to have a ninth from us for a
// client that names no coding.
func TestAHitForAClientThatNamesNoCodingHasNoMoreFields(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		s := newSite(t, rb, httpcache.Options{}, httpcache.Rule{}, wordy(same("word"), "Etag", `"v1"`))
		for _, x := range []string{"MISS", "HIT", "HIT"} {
			w := httptest.NewRecorder()
			s.Config.Handler.ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://shop.example/", http.NoBody))
			if h := w.Header(); h.Get("X-Cache") != x || x == "HIT" && len(h) != 8 || len(h["Vary"]) != 0 {
				t.Errorf("%s: %d fields, %v", x, len(h), h)
			}
		}
		w := httptest.NewRecorder()
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://shop.example/", http.NoBody)
		r.Header.Set("Accept-Encoding", "identity")
		s.Config.Handler.ServeHTTP(w, r)
		if h := w.Header(); h.Get("Vary") != "Accept-Encoding" || h.Get("X-Cache") != "HIT" {
			t.Errorf("%v", h)
		}
	})
}

func BenchmarkHit(b *testing.B) {
	rb := redistest.Open(b, "embedded")
	h, r := hitter(b, rb, httpcache.Rule{})
	w := discard{make(http.Header, 16)}
	b.ReportAllocs()
	for b.Loop() {
		h.ServeHTTP(w, r)
	}
}

func BenchmarkHitOfAVariant(b *testing.B) {
	rb := redistest.Open(b, "embedded")
	h, r := hitter(b, rb, httpcache.Rule{VaryBy: []string{"Accept-Encoding"}, Query: []string{"page", "tag"}})
	w := discard{make(http.Header, 16)}
	b.ReportAllocs()
	for b.Loop() {
		h.ServeHTTP(w, r)
	}
}
