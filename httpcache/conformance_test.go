package httpcache_test

import (
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/httpcache"
	"github.com/redbrick-go/redbrick/redistest"
)

// demand is one requirement with the exchanges that show that it is met.
type demand struct {
	// id is the section of RFC 9111, or "RFC section" of another, with a letter; name says what is asked. They name the test.
	id, name string
	rule     httpcache.Rule
	proxied  bool // only behind a reverse proxy: what it speaks of does not happen to a handler
	steps    []step
}

// step is one request, what the origin answers if it is asked, and what is to come of it.
type step struct {
	from   source
	method string
	path   string // behind that of the demand
	fields []string

	status int
	says   []string
	body   string // "": one of its own
	aborts bool   // the origin breaks off instead
	cut    bool   // the origin breaks off in the body, and so does what the client reads

	asked []string // fields that the origin has to see; "" for one that it must not
	gets  int      // status that the client gets; 0: what the origin says, and 200 from the cache
	reads string   // body; "": what the origin said last with 200
	has   []string // fields that the client gets; "" for one that it must not
}

type source uint8

const (
	origin source = iota
	cached
	aside  // from the cache, and the origin is asked in the background
	either // it may come from anywhere
)

func miss(says ...string) step { return step{from: origin, says: says} }
func hit(has ...string) step   { return step{from: cached, has: has} }

func (s step) with(fields ...string) step { s.fields = fields; return s }
func (s step) on(method string) step      { s.method = method; return s }
func (s step) at(path string) step        { s.path = path; return s }
func (s step) is(status int) step         { s.status = status; return s }
func (s step) text(body string) step      { s.body = body; return s }
func (s step) sees(asked ...string) step  { s.asked = asked; return s }
func (s step) get(status int) step        { s.gets = status; return s }
func (s step) read(body string) step      { s.reads = body; return s }
func (s step) shows(has ...string) step   { s.has = has; return s }

// script is an origin that says what the step under way wants it to.
type script struct {
	mu    sync.Mutex
	step  step
	calls int
	seen  http.Header
	last  string // body that was said last with 200
}

func (s *script) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.calls++
	s.seen = r.Header.Clone()
	now, body := s.step, s.step.body
	if body == "" {
		body = fmt.Sprintf("answer %d", s.calls)
	}
	if now.aborts {
		s.mu.Unlock()
		panic(http.ErrAbortHandler)
	}
	status := now.status
	asks := len(r.Header["If-None-Match"])+len(r.Header["If-Modified-Since"]) > 0
	if status == 0 || status == http.StatusNotModified && !asks {
		status = http.StatusOK
	}
	if status == http.StatusOK && r.Method == http.MethodGet {
		s.last = body
	}
	s.mu.Unlock()
	for i := 0; i < len(now.says); i += 2 {
		w.Header()[http.CanonicalHeaderKey(now.says[i])] = append(w.Header()[http.CanonicalHeaderKey(now.says[i])], now.says[i+1])
	}
	w.WriteHeader(status)
	if status != http.StatusNotModified && status != http.StatusNoContent {
		_, _ = io.WriteString(w, body) // HEAD has none
	}
	if now.cut {
		_ = http.NewResponseController(w).Flush() // the client is to see the beginning
		panic(http.ErrAbortHandler)
	}
}

func (s *script) set(now step) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.step, s.seen = now, nil
}

func (s *script) state() (calls int, seen http.Header, last string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls, s.seen, s.last
}

// front is a way to put the cache before an origin: the URL to ask, and what to ask through.
type front struct {
	name string
	open func(t *testing.T, c *httpcache.Cache, rule httpcache.Rule, script http.Handler) (string, http.RoundTripper)
}

// wire is a transport that adds nothing to requests and takes nothing from responses.
func wire(t *testing.T) *http.Transport {
	t.Helper()
	transport := &http.Transport{DisableCompression: true}
	t.Cleanup(transport.CloseIdleConnections)
	return transport
}

func listen(t *testing.T, h http.Handler) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

var fronts = []front{
	{"middleware", func(t *testing.T, c *httpcache.Cache, rule httpcache.Rule, script http.Handler) (string, http.RoundTripper) {
		t.Helper()
		return listen(t, c.Route(rule)(script)), wire(t)
	}},
	{"proxy", func(t *testing.T, c *httpcache.Cache, rule httpcache.Rule, script http.Handler) (string, http.RoundTripper) {
		t.Helper()
		target, err := url.Parse(listen(t, script))
		if err != nil {
			t.Fatal(err)
		}
		return listen(t, c.Route(rule)(&httputil.ReverseProxy{
			Transport:    wire(t),
			ErrorLog:     slog.NewLogLogger(slog.DiscardHandler, slog.LevelError),
			Rewrite:      func(r *httputil.ProxyRequest) { r.SetURL(target); r.Out.Host = r.In.Host },
			ErrorHandler: func(w http.ResponseWriter, _ *http.Request, _ error) { w.WriteHeader(http.StatusBadGateway) },
		})), wire(t)
	}},
	{"transport", func(t *testing.T, c *httpcache.Cache, rule httpcache.Rule, script http.Handler) (string, http.RoundTripper) {
		t.Helper()
		return listen(t, script), c.Transport(rule, wire(t))
	}},
}

// TestConformance holds each demand through a real listener: as middleware before a handler, before a reverse proxy, and in a
// client.
func TestConformance(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		c, err := httpcache.New(rb, httpcache.Options{Targets: []string{"Redbrick-Cache-Control", "CDN-Cache-Control"}})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range fronts {
			for _, d := range demands() {
				if d.proxied && f.name == "middleware" {
					continue
				}
				t.Run(f.name+"/"+d.id, func(t *testing.T) {
					s := &script{}
					base, through := f.open(t, c, d.rule, s)
					for n, now := range d.steps {
						// A port may have been another test's: the path is this one's alone.
						if !perform(t, s, now, base+"/"+f.name+"/"+d.id, through) {
							t.Fatalf("%s: in step %d", d.name, n+1)
						}
					}
				})
			}
		}
	})
}

// perform makes the request of a step and reports whether all came as it has to.
func perform(t *testing.T, s *script, now step, base string, through http.RoundTripper) (ok bool) {
	t.Helper()
	ok = true
	fault := func(format string, args ...any) {
		t.Helper()
		ok = false
		t.Errorf(format, args...)
	}
	before, _, _ := s.state()
	s.set(now)
	method := now.method
	if method == "" {
		method = http.MethodGet
	}
	r, err := http.NewRequestWithContext(t.Context(), method, base+now.path, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	r.Header["User-Agent"] = nil
	for i := 0; i < len(now.fields); i += 2 {
		r.Header.Add(now.fields[i], now.fields[i+1])
	}
	resp, err := through.RoundTrip(r)
	if err != nil && (now.cut || now.aborts && now.gets == http.StatusBadGateway) { // a client without a proxy hears it so
		return true
	}
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	got, err := io.ReadAll(resp.Body)
	if (err != nil) != now.cut {
		t.Fatalf("reading the body: %v", err)
	}
	if now.from == aside {
		redistest.Eventually(t, 10*time.Second, func() error {
			if calls, _, _ := s.state(); calls == before {
				return fmt.Errorf("the origin was not asked in the background")
			}
			return nil
		})
	}
	calls, seen, last := s.state()
	switch {
	case now.from == origin && calls != before+1, now.from == cached && calls != before, now.from == aside && calls > before+1:
		fault("the origin was asked %d times", calls-before)
	}
	want := now.gets
	if want == 0 && now.from == origin {
		want = now.status
	}
	if want == 0 {
		want = http.StatusOK
	}
	if resp.StatusCode != want {
		fault("status %d, want %d", resp.StatusCode, want)
	}
	if text := now.reads; text != "" || want == http.StatusOK && method == http.MethodGet && now.from != either && now.from != aside {
		if text == "" {
			text = last
		}
		if string(got) != text {
			fault("body %q, want %q", got, text)
		}
	}
	for _, f := range []struct {
		who  string
		h    http.Header
		want []string
	}{{"the origin", seen, now.asked}, {"the client", resp.Header, now.has}} {
		for i := 0; i < len(f.want); i += 2 {
			got := strings.Join(f.h.Values(f.want[i]), ", ")
			if pattern, ok := strings.CutPrefix(f.want[i+1], "~"); ok {
				if !regexp.MustCompile(pattern).MatchString(got) {
					fault("%s sees %s: %q, want %s", f.who, f.want[i], got, pattern)
				}
			} else if got != f.want[i+1] {
				fault("%s sees %s: %q, want %q", f.who, f.want[i], got, f.want[i+1])
			}
		}
	}
	if !ok {
		t.Logf("%s %s %q: %v", method, now.path, now.fields, resp.Header)
	}
	return ok
}

// TestThePageListsEveryDemand holds docs/design/httpcache-requirements.md to the demands that are tested.
func TestThePageListsEveryDemand(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/design/httpcache-requirements.md")
	if err != nil {
		t.Fatal(err)
	}
	var tested, listed []string
	for _, d := range demands() {
		if slices.Contains(tested, d.id) {
			t.Errorf("two demands are called %s", d.id)
		}
		tested = append(tested, d.id)
	}
	for _, m := range regexp.MustCompile("`TestConformance/([^`]+)`").FindAllStringSubmatch(string(page), -1) {
		listed = append(listed, m[1])
	}
	slices.Sort(tested)
	slices.Sort(listed)
	for _, id := range slices.Compact(listed) {
		if !slices.Contains(tested, id) {
			t.Errorf("the page names %s, which is no demand", id)
		}
	}
	for _, id := range tested {
		if !slices.Contains(listed, id) {
			t.Errorf("the page does not name %s", id)
		}
	}
}
