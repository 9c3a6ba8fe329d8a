package httpcache_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/httpcache"
	"github.com/redbrick-go/redbrick/redistest"
)

// plain undoes the coding that an answer names.
func plain(coding string, body []byte) (string, error) {
	var b []byte
	var err error
	switch coding {
	case "":
		b = body
	case "gzip":
		var r *gzip.Reader
		if r, err = gzip.NewReader(bytes.NewReader(body)); err == nil {
			b, err = io.ReadAll(r)
		}
	case "zstd":
		var r *zstd.Decoder
		if r, err = zstd.NewReader(bytes.NewReader(body), zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(8<<20)); err == nil {
			b, err = io.ReadAll(r)
			r.Close()
		}
	default:
		err = fmt.Errorf("coding %q", coding)
	}
	return string(b), err
}

// long is a body worth compressing.
func long(what string) string { return `{"of":"` + strings.Repeat(what+", ", 1000) + `"}` }

// wordy answers with a long body of the text that say gives, as JSON, fresh for an hour, and with more fields.
func wordy(say func() string, extra ...string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Cache-Control", "max-age=3600")
		w.Header().Set("Content-Type", "application/json")
		for i := 0; i < len(extra); i += 2 {
			w.Header().Set(extra[i], extra[i+1])
		}
		if etag := w.Header().Get("Etag"); etag != "" && r.Header.Get("If-None-Match") == etag {
			w.WriteHeader(http.StatusNotModified)
			return
		}
		_, _ = io.WriteString(w, long(say()))
	}
}

func same(s string) func() string { return func() string { return s } }

// asked is a response whose coding was undone.
type asked struct {
	status        int
	header        http.Header
	coding, body  string
	length, bytes int
}

func fetchAs(ctx context.Context, through http.RoundTripper, method, url string, fields ...string) (asked, error) {
	r, err := http.NewRequestWithContext(ctx, method, url, http.NoBody)
	if err != nil {
		return asked{}, err
	}
	for i := 0; i < len(fields); i += 2 {
		r.Header.Add(fields[i], fields[i+1])
	}
	res, err := through.RoundTrip(r)
	if err != nil {
		return asked{}, err
	}
	defer res.Body.Close()
	b, err := io.ReadAll(res.Body)
	if err != nil {
		return asked{}, err
	}
	a := asked{status: res.StatusCode, header: res.Header, coding: res.Header.Get("Content-Encoding"), bytes: len(b)}
	a.length, _ = strconv.Atoi(res.Header.Get("Content-Length"))
	a.body = string(b)
	if len(b) > 0 {
		a.body, err = plain(a.coding, b)
	}
	return a, err
}

func mustAsk(t *testing.T, through http.RoundTripper, method, url string, fields ...string) asked {
	t.Helper()
	a, err := fetchAs(t.Context(), through, method, url, fields...)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// untilCoded asks until the answer is in the coding; all before it have to say the same.
func untilCoded(t *testing.T, through http.RoundTripper, url, coding, body string) asked {
	t.Helper()
	return untilCodedAs(t, through, url, coding, coding, body)
}

func untilCodedAs(t *testing.T, through http.RoundTripper, url, accept, coding, body string) asked {
	t.Helper()
	var a asked
	redistest.Eventually(t, patience, func() error {
		var err error
		if a, err = fetchAs(t.Context(), through, http.MethodGet, url, "Accept-Encoding", accept); err != nil {
			t.Fatal(err)
		}
		if a.status != 200 || a.body != body || a.length != 0 && a.length != a.bytes {
			t.Fatalf("%d, %d bytes of %d, %v", a.status, a.bytes, a.length, a.header)
		}
		if !strings.Contains(strings.Join(a.header["Vary"], ","), "Accept-Encoding") {
			t.Fatalf("Vary %q", a.header["Vary"])
		}
		if a.coding != coding {
			return fmt.Errorf("coding %q: %v", a.coding, a.header)
		}
		return nil
	})
	return a
}

func TestAResponseIsSentInTheCodingThatIsWanted(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		c, err := httpcache.New(rb, httpcache.Options{})
		if err != nil {
			t.Fatal(err)
		}
		body := long("word")
		for _, f := range fronts {
			base, through := f.open(t, c, httpcache.Rule{}, wordy(same("word"), "Etag", `"v1"`, "Accept-Ranges", "bytes"))
			url := base + "/coded/" + f.name
			for _, coding := range []string{"gzip", "zstd"} {
				a := untilCoded(t, through, url, coding, body)
				tag := `"v1~` + coding + `"`
				if a.bytes >= len(body) || a.length != a.bytes || a.header.Get("Etag") != tag || a.header.Get("Accept-Ranges") != "" || a.header.Get("X-Cache") != "HIT" {
					t.Errorf("%s, %s: %d bytes, %v", f.name, coding, a.bytes, a.header)
				}
				head := mustAsk(t, through, http.MethodHead, url, "Accept-Encoding", coding)
				if head.coding != coding || head.length != a.bytes || head.header.Get("Etag") != tag || head.bytes != 0 {
					t.Errorf("%s, %s: HEAD: %v", f.name, coding, head.header)
				}
				for _, held := range []string{tag, `"v1"`, "W/" + tag, `"x", ` + tag} {
					got := mustAsk(t, through, http.MethodGet, url, "Accept-Encoding", coding, "If-None-Match", held)
					want := tag
					if held == `"v1"` {
						want = held
					}
					if got.status != 304 || got.coding != "" || got.header.Get("Etag") != want || got.header.Get("Vary") != "Accept-Encoding" || got.bytes != 0 {
						t.Errorf("%s, %s: who holds %s gets %d %v", f.name, coding, held, got.status, got.header)
					}
				}
				if got := mustAsk(t, through, http.MethodGet, url, "Accept-Encoding", "identity", "If-None-Match", tag); got.status != 200 || got.body != body || got.coding != "" {
					t.Errorf("%s: who cannot read %s any more gets %d %v", f.name, coding, got.status, got.header)
				}
				part := mustAsk(t, through, http.MethodGet, url, "Accept-Encoding", coding, "Range", "bytes=2-3")
				if part.status != 206 || part.coding != "" || part.body != "of" || part.header.Get("Etag") != `"v1"` {
					t.Errorf("%s, %s: a range: %d %q %v", f.name, coding, part.status, part.body, part.header)
				}
				rest := mustAsk(t, through, http.MethodGet, url, "Accept-Encoding", coding, "Range", "bytes=2-", "If-Range", tag)
				if rest.status != 200 || rest.body != body {
					t.Errorf("%s, %s: the rest of another form: %d %v", f.name, coding, rest.status, rest.header)
				}
			}
			for _, q := range []struct{ accept, want string }{
				{"identity", ""}, {"gzip;q=0", ""}, {"zstd;q=0.1, gzip;q=0.2", "gzip"}, {"br, gzip, zstd", "zstd"}, {"*", "zstd"}, {"*;q=0, gzip", "gzip"},
				{"identity;q=1, gzip;q=0.9", ""}, {"gzip;q=2", ""}, {"x-gzip", "gzip"},
			} {
				if q.want != "" { // what the process holds of it may have gone since, and come back in another form
					untilCodedAs(t, through, url, q.accept, q.want, body)
				} else if got := mustAsk(t, through, http.MethodGet, url, "Accept-Encoding", q.accept); got.coding != "" || got.body != body {
					t.Errorf("%s: %s: %q", f.name, q.accept, got.coding)
				}
			}
			if got := mustAsk(t, through, http.MethodGet, url, "Accept-Encoding", "gzip", "Cache-Control", "no-transform"); got.coding != "" || got.body != body {
				t.Errorf("%s: a request that forbids it gets %q", f.name, got.coding)
			}
		}
	})
}

func TestABodyIsCompressedOnceInTheFleet(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		one := newSite(t, rb, httpcache.Options{}, httpcache.Rule{}, wordy(same("word")))
		two := newSite(t, redistest.Another(t, rb), httpcache.Options{NoNear: true}, httpcache.Rule{}, wordy(same("word")))
		host := strings.TrimPrefix(one.URL, "http://")
		ask := func(s *site) (coding string) {
			w := httptest.NewRecorder()
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+host+"/", http.NoBody)
			r.Header.Set("Accept-Encoding", "gzip")
			s.Config.Handler.ServeHTTP(w, r)
			coding = w.Header().Get("Content-Encoding")
			if text, err := plain(coding, w.Body.Bytes()); err != nil || text != long("word") {
				t.Errorf("%q: %v", coding, err)
			}
			return coding
		}
		ask(one)
		var all sync.WaitGroup
		for i := range redistest.Scale(40) {
			all.Go(func() { ask([]*site{one, two}[i%2]) })
		}
		all.Wait()
		for _, s := range []*site{one, two} {
			redistest.Eventually(t, patience, func() error {
				if coding := ask(s); coding != "gzip" {
					return fmt.Errorf("coding %q", coding)
				}
				return nil
			})
		}
		if n := one.cache.Stats().Compressed + two.cache.Stats().Compressed; n != 1 {
			t.Errorf("compressed %d times, want once", n)
		}
		three := newSite(t, redistest.Another(t, rb), httpcache.Options{}, httpcache.Rule{}, wordy(same("word")))
		if coding := ask(three); coding != "gzip" {
			t.Errorf("a process that finds it in Redis sends %q", coding)
		}
	})
}

func TestACodedFormBelongsToTheBodyItWasMadeOf(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		var n atomic.Int64
		say := func() string { return "body " + strconv.FormatInt(n.Load(), 10) }
		s := newSite(t, rb, httpcache.Options{}, httpcache.Rule{}, wordy(say))
		far := newSite(t, redistest.Another(t, rb), httpcache.Options{NoNear: true}, httpcache.Rule{}, wordy(say))
		through := wire(t)
		for range 3 {
			untilCoded(t, through, s.URL+"/", "gzip", long(say()))
			n.Add(1)
			if got := mustAsk(t, through, http.MethodGet, s.URL+"/", "Cache-Control", "no-cache"); got.body != long(say()) {
				t.Fatalf("reloaded: %v", got.header)
			}
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/", http.NoBody)
			r.Header.Set("Accept-Encoding", "gzip")
			w := httptest.NewRecorder()
			far.Config.Handler.ServeHTTP(w, r) // the body is new, the form that lies there is not
			if text, err := plain(w.Header().Get("Content-Encoding"), w.Body.Bytes()); err != nil || text != long(say()) {
				t.Fatalf("after a reload: %v, %v", err, w.Header())
			}
			n.Add(1)
			if err := s.cache.Invalidate(t.Context(), s.URL+"/"); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func TestAResponseThatIsValidatedEachTimeIsSentCoded(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		s := newSite(t, rb, httpcache.Options{}, httpcache.Rule{}, wordy(same("word"), "Cache-Control", "no-cache", "Etag", `"v1"`))
		through := wire(t)
		got := untilCoded(t, through, s.URL+"/", "zstd", long("word"))
		if x := got.header.Get("X-Cache"); x != "REVALIDATED" {
			t.Errorf("%s %v", x, got.header)
		}
		if got := mustAsk(t, through, http.MethodGet, s.URL+"/", "Accept-Encoding", "zstd", "If-None-Match", `"v1~zstd"`); got.status != 304 || got.header.Get("Etag") != `"v1~zstd"` {
			t.Errorf("%d %v", got.status, got.header)
		}
	})
}

func TestWhoHoldsACodedFormIsToldSoThoughTheResponseHasToBeFetchedAnew(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		s := newSite(t, rb, httpcache.Options{}, httpcache.Rule{}, wordy(same("word"), "Etag", `"v1"`))
		got := mustAsk(t, wire(t), http.MethodGet, s.URL+"/", "Accept-Encoding", "gzip", "If-None-Match", `"v1~gzip"`)
		if got.status != 304 || got.header.Get("Etag") != `"v1~gzip"` || got.header.Get("X-Cache") != "MISS" || got.header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("%d %v", got.status, got.header)
		}
	})
}

func TestWhatMustNotBeCompressedIsNot(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		c, err := httpcache.New(rb, httpcache.Options{})
		if err != nil {
			t.Fatal(err)
		}
		noise := make([]byte, 4096)
		source := rand.NewChaCha8([32]byte{1})
		_, _ = source.Read(noise)
		through := wire(t)
		for _, tc := range []struct {
			name  string
			rule  httpcache.Rule
			extra []string
			body  string
			tried int64
		}{
			{name: "no-transform", extra: []string{"Cache-Control", "max-age=3600, no-transform"}},
			{name: "no-transform for a targeted cache", extra: []string{"CDN-Cache-Control", "max-age=3600, no-transform"}},
			{name: "a digest", extra: []string{"Repr-Digest", "sha-256=:AAAA:"}},
			{name: "a coding of its own", extra: []string{"Content-Encoding", "br"}},
			{name: "a picture", extra: []string{"Content-Type", "image/png"}},
			{name: "short", body: "short"},
			{name: "of one user", rule: httpcache.Rule{Private: func(*http.Request) string { return "u" }}},
			{name: "a rule", rule: httpcache.Rule{NoCompress: true}},
			{name: "no smaller", body: string(noise), tried: 1},
		} {
			before := c.Stats().Compressed
			h := wordy(same("word"), tc.extra...)
			if tc.body != "" {
				h = func(w http.ResponseWriter, _ *http.Request) {
					w.Header().Set("Cache-Control", "max-age=3600")
					w.Header().Set("Content-Type", "text/html; charset=utf-8")
					w.Header().Set("Content-Length", strconv.Itoa(len(tc.body)))
					_, _ = io.WriteString(w, tc.body)
				}
			}
			s := newSiteOf(t, c, tc.rule, h)
			want := tc.body
			if want == "" {
				want = long("word")
			}
			look := func() {
				r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/", http.NoBody)
				if err != nil {
					t.Fatal(err)
				}
				r.Header.Set("Accept-Encoding", "gzip")
				res, err := through.RoundTrip(r)
				if err != nil {
					t.Fatal(err)
				}
				defer res.Body.Close()
				b, err := io.ReadAll(res.Body)
				if err != nil || string(b) != want || tc.tried == 0 && res.Header.Get("Vary") != "" || res.Header.Get("Content-Encoding") == "gzip" {
					t.Errorf("%s: %v, %v", tc.name, err, res.Header)
				}
			}
			for range 3 {
				look()
			}
			if tc.tried > 0 {
				redistest.Eventually(t, patience, func() error {
					look() // the one before may have had no room beside another case's
					if n := c.Stats().Compressed; n != before+tc.tried {
						return fmt.Errorf("%d", n)
					}
					return nil
				})
				look()
			}
			// Another is made meanwhile, so that one that should not be would have been.
			other := newSiteOf(t, c, httpcache.Rule{}, wordy(same("other")))
			untilCoded(t, through, other.URL+"/", "gzip", long("other"))
			redistest.Eventually(t, patience, func() error {
				if n := c.Stats().Compressed; n != before+tc.tried+1 {
					return fmt.Errorf("%s: compressed %d times, want %d", tc.name, n-before, tc.tried+1)
				}
				return nil
			})
		}
	})
}

func TestAnOriginKnowsTheTagsThatIfMatchNames(t *testing.T) {
	local(t, func(t *testing.T, c *httpcache.Cache) {
		var seen []string
		h := c.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen = r.Header["If-Match"] }))
		for _, method := range []string{http.MethodPut, http.MethodGet} {
			for given, want := range map[string]string{
				`"a~gzip"`: `"a~gzip" | "a"`, `"b", "a~zstd", "c~gzip"`: `"b", "a~zstd", "c~gzip" | "a", "c"`, `"a"`: `"a"`, `W/"a~gzip"`: `W/"a~gzip"`, "*": "*",
			} {
				r := httptest.NewRequestWithContext(t.Context(), method, "/", http.NoBody)
				r.Header.Set("If-Match", given)
				h.ServeHTTP(httptest.NewRecorder(), r)
				if got := strings.Join(seen, " | "); got != want || r.Header.Get("If-Match") != given || len(r.Header["If-Match"]) != 1 {
					t.Errorf("%s %s: the origin sees %s, want %s", method, given, got, want)
				}
			}
		}
	})
}

func TestFormsAreCountedInTheMemoryOfTheProcess(t *testing.T) {
	t.Parallel()
	rb := redistest.Open(t, "embedded")
	s := newSite(t, rb, httpcache.Options{}, httpcache.Rule{}, wordy(same("word")))
	through := wire(t)
	for range 2 {
		mustAsk(t, through, http.MethodGet, s.URL+"/", "Accept-Encoding", "identity")
	}
	redistest.Eventually(t, patience, func() error {
		mustAsk(t, through, http.MethodGet, s.URL+"/", "Accept-Encoding", "identity")
		if st := s.cache.Stats(); st.NearEntries == 0 {
			return fmt.Errorf("%+v", st)
		}
		return nil
	})
	before := s.cache.Stats().NearBytes
	got := untilCoded(t, through, s.URL+"/", "gzip", long("word"))
	redistest.Eventually(t, patience, func() error {
		if after := s.cache.Stats().NearBytes; after < before+uint64(got.bytes) {
			return fmt.Errorf("%d bytes, %d before", after, before)
		}
		return nil
	})
}

// FuzzCodedOverTheWire holds that whatever Accept-Encoding says, the body comes back as it was.
func FuzzCodedOverTheWire(f *testing.F) {
	for _, s := range []string{"gzip", "zstd, gzip;q=0.5", "*;q=0", "gzip;q=x", `"gzip`, ",,;", "identity;q=0, zstd;q=0.001"} {
		f.Add(s)
	}
	rb := redistest.Open(f, "embedded")
	c, err := httpcache.New(rb, httpcache.Options{})
	if err != nil {
		f.Fatal(err)
	}
	h := c.Middleware(wordy(same("word")))
	f.Fuzz(func(t *testing.T, accept string) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://shop.example/", http.NoBody)
		r.Header.Set("Accept-Encoding", accept)
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		coding := w.Header().Get("Content-Encoding")
		if text, err := plain(coding, w.Body.Bytes()); err != nil || text != long("word") {
			t.Fatalf("%q: %q, %v", accept, coding, err)
		}
		if coding != "" && !strings.Contains(strings.ToLower(accept), coding) && !strings.Contains(accept, "*") {
			t.Fatalf("%q gets %q", accept, coding)
		}
	})
}

// onHead is a ResponseWriter of middleware that adds to the header when it is written.
type onHead struct {
	http.ResponseWriter

	add func()
}

func (o *onHead) WriteHeader(status int) {
	o.add()
	o.ResponseWriter.WriteHeader(status)
}

func TestWhatMiddlewareAddsToVaryIsSeenByNobodyElse(t *testing.T) {
	local(t, func(t *testing.T, c *httpcache.Cache) {
		h := c.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header()["Vary"] = []string{"Accept-Language", "X-Mode"}
			wordy(same("word"))(w, r)
		}))
		ask := func(name string) *httptest.ResponseRecorder {
			w := httptest.NewRecorder()
			r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://shop.example/", http.NoBody)
			r.Header.Set("Accept-Encoding", "identity")
			h.ServeHTTP(&onHead{w, func() { w.Header().Add("Vary", name) }}, r)
			return w
		}
		redistest.Eventually(t, patience, func() error { // until it lies in the process, where all share it
			ask("Origin")
			if st := c.Stats(); st.NearHits == 0 {
				return fmt.Errorf("%+v", st)
			}
			return nil
		})
		first := ask("A")
		ask("B")
		if vary := first.Header()["Vary"]; vary[len(vary)-1] != "A" {
			t.Errorf("Vary %q, want A in the end", vary)
		}
	})
}

// A date says nothing of the coding, so that one alone would let a client join parts of two forms.
func TestACodedFormHasATagOfItsOwnWhereTheResponseHasNone(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		modified := time.Now().Add(-24 * time.Hour)
		s := newSite(t, rb, httpcache.Options{}, httpcache.Rule{TTL: time.Hour}, func(w http.ResponseWriter, r *http.Request) {
			http.ServeContent(w, r, "a.json", modified, strings.NewReader(long("word")))
		})
		through, tags := wire(t), map[string]bool{}
		for _, coding := range []string{"gzip", "zstd"} {
			held := untilCoded(t, through, s.URL+"/", coding, long("word")).header
			tag := held.Get("Etag")
			if tag == "" || strings.HasPrefix(tag, "W/") || tags[tag] {
				t.Fatalf("%s: %v", coding, held)
			}
			tags[tag] = true
			rest := mustAsk(t, through, http.MethodGet, s.URL+"/", "Accept-Encoding", coding, "Range", "bytes=10-", "If-Range", tag)
			if rest.status != 200 || rest.body != long("word") {
				t.Errorf("%s: the rest of another form: %d %v", coding, rest.status, rest.header)
			}
			for name, value := range map[string]string{"If-None-Match": tag, "If-Modified-Since": held.Get("Last-Modified")} {
				if got := mustAsk(t, through, http.MethodGet, s.URL+"/", "Accept-Encoding", coding, name, value); got.status != 304 {
					t.Errorf("%s: %s: %d %v", coding, name, got.status, got.header)
				}
			}
		}
		if got := mustAsk(t, through, http.MethodGet, s.URL+"/", "Accept-Encoding", "identity"); got.header.Get("Etag") != "" || got.body != long("word") {
			t.Errorf("as it is: %v", got.header)
		}
	})
}

func TestWhatIsToldApartByCredentialsIsNotCompressed(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		c, err := httpcache.New(rb, httpcache.Options{})
		if err != nil {
			t.Fatal(err)
		}
		through := wire(t)
		for _, name := range []string{"Cookie", "Authorization"} {
			s := newSiteOf(t, c, httpcache.Rule{VaryBy: []string{name}}, wordy(same("own")))
			for range 3 {
				mustAsk(t, through, http.MethodGet, s.URL+"/", "Accept-Encoding", "gzip", name, "ada")
			}
			// Another is made meanwhile: what should not be would have been.
			other := newSiteOf(t, c, httpcache.Rule{}, wordy(same("other")))
			untilCoded(t, through, other.URL+"/", "gzip", long("other"))
			got := mustAsk(t, through, http.MethodGet, s.URL+"/", "Accept-Encoding", "gzip", name, "ada")
			if got.coding != "" || got.header.Get("X-Cache") != "HIT" || strings.Contains(strings.Join(got.header["Vary"], ","), "Accept-Encoding") {
				t.Errorf("%s: %v", name, got.header)
			}
		}
	})
}
