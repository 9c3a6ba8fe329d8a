package session_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/redistest"
	"github.com/redbrick-go/redbrick/session"
)

func TestMain(m *testing.M) { redistest.Main(m) }

// leastRules are what the package needs; docs/design/session.md lists the same.
var leastRules = []string{"~<ns>s:*", "~<ns>si:*", "~<ns>sg:*", "~<ns>~layout", "&<ns>~inv",
	"+eval", "+evalsha", "+time", "+exists", "+unlink", "+pttl", "+pexpire", "+pexpireat", "+get", "+set",
	"+hgetall", "+hget", "+hset", "+hdel", "+hstrlen",
	"+zadd", "+zrem", "+zrange", "+zscore", "+zrank", "+zremrangebyscore", "+zremrangebyrank", "+publish", "+subscribe",
}

var leastACL = redistest.WithACL(leastRules...)

var secret = []byte("0123456789abcdef0123456789abcdef")

// each runs a test on every backend as the least of users.
func each(t *testing.T, f func(t *testing.T, rb *redbrick.Client), opts ...redistest.Option) {
	t.Helper()
	redistest.Each(t, f, append(opts, leastACL)...)
}

// newManager makes the sessions of a client.
func newManager(t *testing.T, rb *redbrick.Client, edits ...func(*session.Options)) *session.Manager {
	t.Helper()
	o := session.Options{Secrets: [][]byte{secret}}
	for _, edit := range edits {
		edit(&o)
	}
	m, err := session.New(rb, o)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// do runs f as the handler of a request with the cookie given ("" for none), and returns the answer and the cookie that the
// browser has then.
func do(ctx context.Context, m *session.Manager, cookie string, f func(w http.ResponseWriter, r *http.Request, s *session.Session)) (*http.Response, string) {
	r := httptest.NewRequest(http.MethodGet, "http://shop.example/", nil).WithContext(ctx)
	r.RemoteAddr = "192.0.2.7:4711"
	r.Header.Set("User-Agent", "Browser/1.0")
	if cookie != "" {
		r.AddCookie(&http.Cookie{Name: "session", Value: cookie})
	}
	w := httptest.NewRecorder()
	m.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f(w, r, session.From(r.Context()))
	})).ServeHTTP(w, r)
	resp := w.Result()
	for _, c := range resp.Cookies() {
		if c.Name == "session" {
			cookie = c.Value
		}
	}
	return resp, cookie
}

// in is do for a handler that may fail.
func in(t *testing.T, m *session.Manager, cookie string, f func(ctx context.Context, s *session.Session) error) string {
	t.Helper()
	resp, cookie := do(t.Context(), m, cookie, func(_ http.ResponseWriter, r *http.Request, s *session.Session) {
		if err := f(r.Context(), s); err != nil {
			t.Error(err)
		}
	})
	if resp.StatusCode != http.StatusOK {
		t.Errorf("status %d", resp.StatusCode)
	}
	return cookie
}

// login gives the cookie of a new session.
func login(t *testing.T, m *session.Manager, user string) string {
	t.Helper()
	return in(t, m, "", func(ctx context.Context, s *session.Session) error { return s.Login(ctx, user, session.Meta{}) })
}

// userOf tells who a request with the cookie is: "" for a visitor.
func userOf(t *testing.T, m *session.Manager, cookie string) string {
	t.Helper()
	s, err := m.Load(t.Context(), cookie)
	if errors.Is(err, session.ErrNoSession) {
		return ""
	}
	if err != nil {
		t.Fatal(err)
	}
	return s.UserID()
}

func ok(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func is(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("error %v, expected %v", err, want)
	}
}

// loaded is the session of a cookie.
func loaded(t *testing.T, m *session.Manager, cookie string) *session.Session {
	t.Helper()
	s, err := m.Load(t.Context(), cookie)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// listed gives the list of a user's sessions with their absolute ends.
func listed(t *testing.T, rb *redbrick.Client, m *session.Manager, user string) map[string]float64 {
	t.Helper()
	scores, err := rb.Do(t.Context(), rb.B().Zrange().Key(rb.Namespace()+"si:{"+session.Route(m, user)+"}").Min("0").Max("-1").Withscores().Build()).AsZScores()
	ok(t, err)
	all := map[string]float64{}
	for _, z := range scores {
		all[z.Member] = z.Score
	}
	return all
}

// dump gives all keys of the namespace with what they hold.
func dump(t *testing.T, rb *redbrick.Client) map[string]string {
	t.Helper()
	ctx := context.Background()
	masters, err := rb.Masters(ctx)
	ok(t, err)
	all := map[string]string{}
	for _, m := range masters {
		for cursor := uint64(0); ; {
			page, err := m.Do(ctx, m.B().Scan().Cursor(cursor).Match(rb.Namespace()+"*").Count(500).Build()).AsScanEntry()
			ok(t, err)
			for _, key := range page.Elements {
				all[key] = contents(t, rb, key)
			}
			if cursor = page.Cursor; cursor == 0 {
				break
			}
		}
	}
	return all
}

func contents(t *testing.T, rb *redbrick.Client, key string) string {
	t.Helper()
	ctx := context.Background()
	kind, err := rb.Do(ctx, rb.B().Type().Key(key).Build()).ToString()
	ok(t, err)
	var r interface{ String() string }
	switch kind {
	case "hash":
		m := rb.Do(ctx, rb.B().Hgetall().Key(key).Build())
		r = &m
	case "zset":
		m := rb.Do(ctx, rb.B().Zrange().Key(key).Min("0").Max("-1").Withscores().Build())
		r = &m
	case "none":
		return ""
	default:
		m := rb.Do(ctx, rb.B().Get().Key(key).Build())
		r = &m
	}
	return r.String()
}
