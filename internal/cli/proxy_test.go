package cli

import (
	"bufio"
	"cmp"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/http/httptrace"
	"net/textproto"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/redistest"
)

// serving is a proxy that runs, as a process would run it.
type serving struct {
	url, metrics string
	client       *http.Client
	signals      chan os.Signal
	code         chan int
	stderr       *lines
}

// lines is a stream whose lines can be waited for.
type lines struct {
	mu   sync.Mutex
	text strings.Builder
	ch   chan string
}

func (l *lines) Write(b []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.text.Write(b)
	for line := range strings.Lines(string(b)) {
		select {
		case l.ch <- line:
		default: // nobody waits for so many
		}
	}
	return len(b), nil
}

// serve runs a proxy before an origin, in the place of a client, until the test ends.
func serve(t *testing.T, rb *redbrick.Client, origin http.Handler, rules string, args ...string) *serving {
	t.Helper()
	back := httptest.NewServer(origin)
	t.Cleanup(back.Close)
	args = append([]string{"proxy", "--listen", "127.0.0.1:0", "--metrics", "127.0.0.1:0", "--redis", cmp.Or(redistest.BackendOf(t, rb).URL, "embedded:"), "--origin", back.URL}, args...)
	if rules != "" {
		file := filepath.Join(t.TempDir(), "rules.json")
		if err := os.WriteFile(file, []byte(rules), 0o600); err != nil {
			t.Fatal(err)
		}
		args = append(args, "--rules", file)
	}
	s := &serving{signals: make(chan os.Signal, 2), code: make(chan int, 1), stderr: &lines{ch: make(chan string, 100)}}
	p := Process{Args: args, Env: func(string) string { return "" }, Stdout: io.Discard, Stderr: s.stderr, Signals: s.signals, tune: func(o *proxyOptions) {
		bearing(o)
		o.redis.Namespace = rb.Namespace()
	}}
	go func() {
		s.code <- p.Run()
		close(s.stderr.ch)
	}()
	transport := &http.Transport{DisableCompression: true}
	s.client = &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	t.Cleanup(func() {
		transport.CloseIdleConnections()
		s.signals <- syscall.SIGTERM
		if code, ok := <-s.code; ok && code != exitOK {
			t.Errorf("code %d:\n%s", code, s.stderr.text.String())
		}
	})
	for line := range s.stderr.ch {
		if m := regexp.MustCompile(`ready at (\S+),`).FindStringSubmatch(line); m != nil {
			s.url = "http://" + m[1]
		}
		if m := regexp.MustCompile(`metrics at (\S+)`).FindStringSubmatch(line); m != nil {
			s.metrics = m[1]
			return s
		}
	}
	t.Fatalf("it did not start:\n%s", s.stderr.text.String())
	return nil
}

// bearing waits as long as a busy machine may take for what takes no time.
func bearing(o *proxyOptions) {
	o.redis.HotTimeout, o.redis.CommandTimeout, o.redis.ConnectTimeout, o.decide = 10*time.Second, 20*time.Second, 20*time.Second, 10*time.Second
}

func (s *serving) get(t *testing.T, method, url string, fields ...string) (*http.Response, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, url, http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(fields); i += 2 {
		r.Header.Add(fields[i], fields[i+1])
	}
	resp, err := s.client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp, string(b)
}

// counting is an origin that says how often it was asked, and what the query names beside.
func counting(asked *atomic.Int64) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for name, lines := range r.URL.Query() {
			if name != "x" {
				w.Header()[http.CanonicalHeaderKey(name)] = lines
			}
		}
		fmt.Fprint(w, asked.Add(1))
	})
}

func TestTheProxyKeepsWhatTheOriginOrARuleAllows(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		var asked atomic.Int64
		s := serve(t, rb, counting(&asked), `[
		{"path": "/api/*", "ttl": "10m"},
		{"path": "/api/live", "bypass": true},
		{"path": "/api/list", "ttl": "10m", "query": ["x"], "tags": ["list"]},
		{"path": "/api/items", "invalidates": ["list"]}
	]`)
		for i, c := range []struct {
			method, path string
			cached       bool
		}{
			{"GET", "/plain", false}, {"GET", "/plain", false}, // neither says anything
			{"GET", "/plain?Cache-Control=max-age%3D600", false}, {"GET", "/plain?Cache-Control=max-age%3D600", true},
			{"GET", "/api/a", false}, {"GET", "/api/a", true},
			{"GET", "/api/live", false}, {"GET", "/api/live", false},
			{"GET", "/api/a?Cache-Control=no-store", false}, {"GET", "/api/a?Cache-Control=no-store", false},
			{"GET", "/api/list?x=1&y=2", false}, {"GET", "/api/list?y=3&x=1", true}, {"GET", "/api/list?x=2", false},
			{"POST", "/api/items", false}, {"GET", "/api/list?x=1", false},
			{"POST", "/api/a", false}, {"GET", "/api/a", false},
			{"GET", "/api/%2e%2e/me", false}, {"GET", "/api/%2e%2e/me", false}, {"GET", "/api/a%2fb", false}, {"GET", "/api/a%2fb", false},
			{"GET", "/api/a;b", false}, {"GET", "/api/a;b", false}, {"GET", "/api//a", false}, {"GET", "/api//a", false}, // a rule is for what it seems to be
		} {
			before := asked.Load()
			resp, _ := s.get(t, c.method, s.url+c.path)
			if cached := asked.Load() == before; cached != c.cached || resp.StatusCode != http.StatusOK {
				t.Errorf("%d: %s %s: %t, status %d, %v", i, c.method, c.path, cached, resp.StatusCode, resp.Header)
			}
		}
		resp, text := s.get(t, "GET", s.metrics)
		for _, want := range []string{
			`redbrick_proxy_requests_total{status="2xx"} 25`, "redbrick_proxy_requests_under_way 0", `redbrick_proxy_cache_total{result="bypass"} `, "# TYPE redbrick_proxy_near_bytes gauge",
		} {
			if !strings.Contains(text, want) || resp.StatusCode != http.StatusOK {
				t.Errorf("metrics lack %q:\n%s", want, text)
			}
		}
		if resp, _ := s.get(t, "GET", s.url+"/metrics"); resp.Header.Get("X-Cache") == "" {
			t.Error("metrics are told to the public")
		}
	})
}

func TestTheProxyGuessesNoFreshnessIfItIsNotTo(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		const path = "/a?Last-Modified=Mon,+01+Jan+2024+00:00:00+GMT"
		for _, c := range []struct {
			args  []string
			asked int64
		}{{nil, 1}, {[]string{"--no-heuristic"}, 2}} {
			var asked atomic.Int64
			s := serve(t, rb, counting(&asked), "", c.args...)
			s.get(t, "GET", s.url+path)
			s.get(t, "GET", s.url+path)
			if asked.Load() != c.asked {
				t.Errorf("%q: the origin was asked %d times, want %d", c.args, asked.Load(), c.asked)
			}
		}
	})
}

func TestTheProxyKeepsForItsHostsAlone(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		var asked atomic.Int64
		s := serve(t, rb, counting(&asked), "", "--host", "shop.example,other.example")
		host := func(name string) {
			r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.url+"/?Cache-Control=max-age%3D600", http.NoBody)
			if err != nil {
				t.Fatal(err)
			}
			r.Host = name
			resp, err := s.client.Do(r)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
		}
		for i, c := range []struct {
			name  string
			asked int64
		}{{"shop.example", 1}, {"SHOP.example", 1}, {"other.example", 2}, {"evil.example", 3}, {"evil.example", 4}} {
			if host(c.name); asked.Load() != c.asked {
				t.Errorf("%d: %s: asked %d times, want %d", i, c.name, asked.Load(), c.asked)
			}
		}
	})
}

func TestTheProxyTellsTheOriginWhoAsks(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		asked := make(chan *http.Request, 1)
		s := serve(t, rb, http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { asked <- r.Clone(context.WithoutCancel(r.Context())) }), "")
		s.get(t, "POST", s.url+"/", "X-Forwarded-For", "9.9.9.9", "X-Forwarded-Host", "evil.example", "X-Forwarded-Proto", "https", "Forwarded", "for=9.9.9.9", "Connection", "X-Hop", "X-Hop", "1", "Via", "1.0 a")
		seen := <-asked
		for name, want := range map[string]string{
			"X-Forwarded-For": "127.0.0.1", "X-Forwarded-Host": strings.TrimPrefix(s.url, "http://"), "X-Forwarded-Proto": "http", "Forwarded": "", "X-Hop": "", "Via": "1.0 a, 1.1 redbrick",
		} {
			if got := strings.Join(seen.Header.Values(name), ", "); got != want {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
		if seen.Host != strings.TrimPrefix(s.url, "http://") {
			t.Errorf("host %q", seen.Host)
		}
	})
}

func TestTheProxyPassesInterimAnswersTrailersAndStreams(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		goOn := make(chan struct{})
		s := serve(t, rb, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Link", "</a.css>")
			w.WriteHeader(http.StatusEarlyHints)
			w.Header().Set("Trailer", "X-T")
			w.WriteHeader(http.StatusOK)
			b := make([]byte, 4)
			_, _ = io.ReadFull(r.Body, b) // the test sees what comes of it
			_, _ = w.Write(b)
			_ = http.NewResponseController(w).Flush()
			<-goOn
			_, _ = io.WriteString(w, "end")
			w.Header().Set("X-T", "1")
		}), "")
		var hints atomic.Int64
		ctx := httptrace.WithClientTrace(t.Context(), &httptrace.ClientTrace{Got1xxResponse: func(code int, h textproto.MIMEHeader) error {
			if code == http.StatusEarlyHints && h.Get("Link") == "</a.css>" {
				hints.Add(1)
			}
			return nil
		}})
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, s.url, strings.NewReader("body"))
		if err != nil {
			t.Fatal(err)
		}
		resp, err := s.client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer resp.Body.Close()
		b := make([]byte, 4)
		if _, err := io.ReadFull(resp.Body, b); err != nil || string(b) != "body" || hints.Load() != 1 {
			t.Errorf("%q, %v, %d hints", b, err, hints.Load())
		}
		close(goOn) // what came first came before the end was written
		if rest, err := io.ReadAll(resp.Body); err != nil || string(rest) != "end" || resp.Trailer.Get("X-T") != "1" {
			t.Errorf("%q, %v, trailer %v", rest, err, resp.Trailer)
		}
	})
}

// upgraded opens a connection that speaks something else, through the proxy, and says a line on it.
func upgraded(t *testing.T, s *serving) (net.Conn, *bufio.Reader) {
	t.Helper()
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", strings.TrimPrefix(s.url, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	fmt.Fprint(conn, "GET /ws HTTP/1.1\r\nHost: a.example\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	br := bufio.NewReader(conn)
	resp, err := http.ReadResponse(br, nil)
	if err != nil || resp.StatusCode != http.StatusSwitchingProtocols {
		t.Fatalf("%v, %v", resp, err)
	}
	fmt.Fprint(conn, "hello\n")
	if line, err := br.ReadString('\n'); err != nil || line != "hello\n" {
		t.Fatalf("%q, %v", line, err)
	}
	return conn, br
}

func echo(w http.ResponseWriter, _ *http.Request) {
	conn, rw, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	fmt.Fprint(conn, "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: echo\r\n\r\n")
	_, _ = io.Copy(conn, rw)
}

func TestTheProxyEndsWhenWhatIsUnderWayHasEnded(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		began, goOn := make(chan struct{}), make(chan struct{})
		s := serve(t, rb, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/ws" {
				echo(w, r)
				return
			}
			close(began)
			<-goOn
			fmt.Fprint(w, "done")
		}), "")
		_, br := upgraded(t, s)
		answer := make(chan string, 1)
		go func() {
			r, err := http.NewRequestWithContext(context.WithoutCancel(t.Context()), http.MethodGet, s.url+"/slow", http.NoBody)
			if err != nil {
				answer <- err.Error()
				return
			}
			resp, err := s.client.Do(r)
			if err != nil {
				answer <- err.Error()
				return
			}
			defer resp.Body.Close()
			b, err := io.ReadAll(resp.Body)
			answer <- fmt.Sprint(string(b), err)
		}()
		<-began
		s.signals <- syscall.SIGTERM
		close(goOn)
		if got := <-answer; got != "done<nil>" {
			t.Errorf("a request under way: %s", got)
		}
		if _, err := br.ReadByte(); err == nil {
			t.Error("an upgraded connection outlives the proxy")
		}
		if code := <-s.code; code != exitOK {
			t.Errorf("code %d", code)
		}
		close(s.code)
	})
}

func TestTheProxyLimitsByRule(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		var asked atomic.Int64
		s := serve(t, rb, counting(&asked), `[{"path": "/a", "limit": {"requests": 2, "window": "24h"}}]`)
		for i, want := range []int{200, 200, 429, 429} {
			if resp, _ := s.get(t, "GET", s.url+"/a"); resp.StatusCode != want {
				t.Errorf("%d: status %d, want %d", i, resp.StatusCode, want)
			}
		}
		if resp, _ := s.get(t, "GET", s.url+"/b"); resp.StatusCode != http.StatusOK || asked.Load() != 3 {
			t.Errorf("status %d, asked %d times", resp.StatusCode, asked.Load())
		}
		if _, text := s.get(t, "GET", s.metrics); !strings.Contains(text, "redbrick_proxy_limited_total 2\n") {
			t.Errorf("metrics:\n%s", text)
		}
	})
}

func TestAnOriginThatIsAwayIsABadGateway(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		s := serve(t, rb, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }), "")
		if resp, _ := s.get(t, "GET", s.url+"/a"); resp.StatusCode != http.StatusBadGateway {
			t.Errorf("status %d", resp.StatusCode)
		}
		if _, text := s.get(t, "GET", s.metrics); !strings.Contains(text, "redbrick_proxy_origin_errors_total 1\n") {
			t.Errorf("metrics:\n%s", text)
		}
	})
}

func TestTheProxyIsAskedWrongly(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "rules.json")
	if err := os.WriteFile(file, []byte("[\n{\"path\": \"a\"}]"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args string
		want []string
	}{
		{"", []string{`--origin is ""`, "http://127.0.0.1:3000"}},
		{"--origin 127.0.0.1:3000", []string{"--origin", "scheme"}},
		{"--origin http://a.example/path", []string{"--origin"}},
		{"--origin http://a.example --listen 80", []string{"--listen", `"80"`, "host:port"}},
		{"--origin http://a.example --metrics 80", []string{"--metrics", `"80"`}},
		{"--origin http://a.example --rules " + file, []string{file + ":2: ", `"a"`}},
		{"--origin http://a.example --rules " + file + ".none", []string{file + ".none"}},
		{"--origin http://a.example --redis what://", []string{"what"}},
		{"--origin http://a.example --redis embedded: --listen 127.0.0.1:0 --host a/b", []string{"Hosts", `"a/b"`}},
	} {
		_, stderr, code := run(nil, append([]string{"proxy"}, strings.Fields(c.args)...)...)
		for _, w := range c.want {
			if !strings.Contains(stderr, w) || code != exitUsage {
				t.Errorf("%q: code %d, lacks %q:\n%s", c.args, code, w, stderr)
			}
		}
	}
	if _, stderr, code := run(nil, "proxy", "--origin", "http://a.example", "--redis", "embedded:", "--listen", "256.0.0.1:1"); code != exitFailure || !strings.Contains(stderr, "--listen") {
		t.Errorf("an address that cannot be served: code %d:\n%s", code, stderr)
	}
}
