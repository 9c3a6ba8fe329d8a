package expresstest

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/engine"
	"github.com/redbrick-go/redbrick/redistest"
	"github.com/redbrick-go/redbrick/session"
)

func TestMain(m *testing.M) { redistest.Main(m) }

const packages = "testdata/node"

// node gives the program: REDISTEST_NODE, or the one on the PATH.
func node() (string, error) {
	path := os.Getenv("REDISTEST_NODE")
	if path == "" {
		path = "node"
	}
	path, err := exec.LookPath(path)
	if err != nil {
		return "", fmt.Errorf("no node: %w", err)
	}
	if _, err := os.Stat(packages + "/node_modules/express-session"); err != nil {
		return "", errors.New("its packages are not in session/expresstest/testdata/node/node_modules: make setup installs them")
	}
	return path, nil
}

// visitor is a browser that speaks to both services and has one cookie.
type visitor struct {
	t       *testing.T
	node    string // URL of the service in Node
	express *session.Express
	cookie  string
}

func (v *visitor) keep(resp *http.Response) (sent bool) {
	for _, c := range resp.Cookies() {
		if c.Name == "connect.sid" {
			v.cookie, sent = c.Value, true
			if c.MaxAge < 0 {
				v.cookie = ""
			}
		}
	}
	return sent
}

// ask sends a request to the service in Node and returns the session's fields as that saw them.
func (v *visitor) ask(query string) map[string]string {
	v.t.Helper()
	r, err := http.NewRequestWithContext(v.t.Context(), http.MethodGet, v.node+"/?"+query, nil)
	if err != nil {
		v.t.Fatal(err)
	}
	if v.cookie != "" {
		r.Header.Set("Cookie", "connect.sid="+v.cookie)
	}
	resp, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(r)
	if err != nil {
		v.t.Fatal(err)
	}
	defer resp.Body.Close()
	v.keep(resp)
	var fields map[string]string
	if err := json.NewDecoder(resp.Body).Decode(&fields); err != nil || resp.StatusCode != http.StatusOK {
		v.t.Fatalf("status %d, %v", resp.StatusCode, err)
	}
	return fields
}

// here runs f in a request of the service in Go.
func (v *visitor) here(f func(r *http.Request, s *session.ExpressSession) error) {
	v.t.Helper()
	r := httptest.NewRequest(http.MethodGet, "http://127.0.0.1/", nil).WithContext(v.t.Context())
	if v.cookie != "" {
		r.Header.Set("Cookie", "connect.sid="+v.cookie)
	}
	w := httptest.NewRecorder()
	v.express.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		if err := f(r, session.ExpressFrom(r.Context())); err != nil {
			v.t.Error(err)
		}
	})).ServeHTTP(w, r)
	if w.Code != http.StatusOK {
		v.t.Fatalf("status %d", w.Code)
	}
	v.keep(w.Result())
}

// seen is what Go reads of a field.
func (v *visitor) seen(name string) (text string) {
	v.t.Helper()
	v.here(func(_ *http.Request, s *session.ExpressSession) error {
		_, err := s.Get(name, &text)
		return err
	})
	return text
}

func (v *visitor) equal(what string, got, want map[string]string) {
	v.t.Helper()
	if !maps.Equal(got, want) {
		v.t.Errorf("%s: %v, want %v", what, got, want)
	}
}

// serve starts the service in Node on a Redis, and returns its URL.
func serve(t *testing.T, path, version, redis string) string {
	t.Helper()
	host, port, err := net.SplitHostPort(redis)
	if err != nil {
		t.Fatal(err)
	}
	_, line := start(t, path, "server.mjs", version, host, port)
	return "http://127.0.0.1:" + line()
}

// start runs a program in Node. say gives it a line, line waits for one of it.
func start(t *testing.T, path string, args ...string) (say func(line string), line func() string) {
	t.Helper()
	cmd := exec.Command(path, args...)
	cmd.Dir, cmd.Stderr = packages, t.Output()
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	limit := time.AfterFunc(2*time.Minute, func() { _ = cmd.Process.Kill() })
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
		limit.Stop()
	})
	lines := bufio.NewReader(out)
	say = func(line string) {
		if _, err := io.WriteString(in, line+"\n"); err != nil {
			t.Error(err)
		}
	}
	return say, func() string {
		t.Helper()
		line, err := lines.ReadString('\n')
		if err != nil {
			t.Fatalf("the program in Node says %q: %v", line, err)
		}
		return strings.TrimSpace(line)
	}
}

// servers are what both services use.
var servers = map[string]func(t *testing.T) string{
	"redis": func(t *testing.T) string { t.Helper(); return redistest.Private(t).Addr() },
	"engine": func(t *testing.T) string {
		t.Helper()
		e, err := engine.Open(engine.Options{Listen: "127.0.0.1:0"})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = e.Close() })
		return e.Addr().String()
	},
}

// connect opens a client without a namespace.
func connect(t *testing.T, addr string) *redbrick.Client {
	t.Helper()
	rb, err := redbrick.Open(t.Context(), redbrick.Options{
		URL: "redis://" + addr, RequireRedis: true, ConnectTimeout: time.Minute, CommandTimeout: time.Minute, HotTimeout: time.Minute,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = rb.Close() })
	return rb
}

// TestSessionsAreSharedWithExpress in both directions, with each version of connect-redis, on redis-server and on the engine.
func TestSessionsAreSharedWithExpress(t *testing.T) {
	t.Parallel()
	path, err := node()
	if err != nil {
		redistest.Missing(t, "node", err.Error())
	}
	redistest.Ran(t, "node")
	for name, open := range servers {
		for _, version := range []string{"6", "7", "9"} {
			t.Run(name+" connect-redis "+version, func(t *testing.T) {
				t.Parallel()
				addr := open(t)
				rb := connect(t, addr)
				e, err := session.NewExpress(rb, session.ExpressOptions{
					Secrets: [][]byte{[]byte("0123456789abcdef0123456789abcdef"), []byte("the secret before")}, SameSite: http.SameSiteLaxMode,
				})
				if err != nil {
					t.Fatal(err)
				}
				share(&visitor{t: t, node: serve(t, path, version, addr), express: e}, rb)
			})
		}
	}
}

func share(v *visitor, rb *redbrick.Client) {
	t := v.t
	t.Helper()
	// Node begins, Go reads and changes, Node sees it.
	v.equal("begun in Node", v.ask("set=user:"+url.QueryEscape("änna:1")), map[string]string{"user": "änna:1"})
	if got := v.seen("user"); got != "änna:1" {
		t.Errorf("Go reads %q of what Node wrote", got)
	}
	v.here(func(_ *http.Request, s *session.ExpressSession) error { return s.Set("cart", "<tea> & \u2028 milk") })
	v.equal("changed in Go", v.ask("set=step:2"), map[string]string{"user": "änna:1", "cart": "<tea> & \u2028 milk", "step": "2"})
	v.here(func(_ *http.Request, s *session.ExpressSession) error { return s.Delete("cart") })
	v.equal("deleted in Go", v.ask(""), map[string]string{"user": "änna:1", "step": "2"})
	v.ask("del=step")
	if got := v.seen("step"); got != "" {
		t.Errorf("Go reads %q of what Node deleted", got)
	}
	// It lives as long as Node said, whoever saved it last.
	for _, keys := range []func(){func() { v.ask("set=a:1") }, func() {
		v.here(func(_ *http.Request, s *session.ExpressSession) error { return s.Set("a", "2") })
	}} {
		keys()
		var id string
		v.here(func(_ *http.Request, s *session.ExpressSession) error { id = s.ID(); return nil })
		ttl, err := rb.Do(t.Context(), rb.B().Ttl().Key("sess:"+id).Build()).AsInt64()
		if err != nil || ttl > 3600 || ttl < 3000 {
			t.Errorf("a session of an hour lives %d s: %v", ttl, err)
		}
	}
	// A login in Node gives a new id, which Go knows; the old one is over.
	old := v.cookie
	v.equal("regenerated in Node", v.ask("do=regenerate&set=user:bert"), map[string]string{"user": "bert"})
	if got := v.seen("user"); v.cookie == old || got != "bert" {
		t.Errorf("after the login in Node Go reads %q", got)
	}
	// And the other way round.
	old = v.cookie
	v.here(func(r *http.Request, s *session.ExpressSession) error {
		return errors.Join(s.Regenerate(r.Context()), s.Set("user", "carl"))
	})
	v.equal("regenerated in Go", v.ask(""), map[string]string{"user": "carl"})
	if v.cookie == old {
		t.Error("the login in Go has left the id")
	}
	ended := *v
	ended.cookie = old
	v.equal("the id from before the login", ended.ask(""), map[string]string{})
	// Whoever ends it, it is over for both.
	kept := v.cookie
	v.ask("do=destroy")
	v.cookie = kept
	if got := v.seen("user"); got != "" {
		t.Errorf("Go reads %q after the logout in Node", got)
	}
	v.cookie = ""
	v.here(func(_ *http.Request, s *session.ExpressSession) error { return s.Set("user", "dora") })
	v.equal("begun in Go", v.ask("set=b:1"), map[string]string{"user": "dora", "b": "1"})
	kept = v.cookie
	v.here(func(r *http.Request, s *session.ExpressSession) error { return s.Destroy(r.Context()) })
	if v.cookie != "" {
		t.Error("the logout in Go leaves the cookie")
	}
	v.cookie = kept
	v.equal("after the logout in Go", v.ask(""), map[string]string{})
	// An id that nobody signed is none in Go, as in Node.
	for _, forged := range []string{strings.Replace(kept, ".", "x.", 1), kept + "x", "s%3Aforged.AAAA"} {
		v.cookie = forged
		v.equal("a forged cookie in Node", v.ask(""), map[string]string{})
		if got := v.seen("user"); got != "" {
			t.Errorf("a forged cookie is %q in Go", got)
		}
	}
}
