package session_test

import (
	"bufio"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/redistest"
	"github.com/redbrick-go/redbrick/session"
)

// serve starts a server with one handler inside of Middleware.
func serve(t *testing.T, m *session.Manager, f func(w http.ResponseWriter, r *http.Request, s *session.Session)) *httptest.Server {
	t.Helper()
	s := httptest.NewServer(m.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f(w, r, session.From(r.Context()))
	})))
	t.Cleanup(s.Close)
	return s
}

func get(t *testing.T, url, cookie string) *http.Response {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	ok(t, err)
	if cookie != "" {
		r.AddCookie(&http.Cookie{Name: "session", Value: cookie})
	}
	transport := &http.Transport{DisableKeepAlives: true}
	resp, err := transport.RoundTrip(r)
	ok(t, err)
	t.Cleanup(func() { resp.Body.Close() })
	return resp
}

func cookieIn(resp *http.Response) *http.Cookie {
	for _, c := range resp.Cookies() {
		if strings.HasSuffix(c.Name, "session") {
			return c
		}
	}
	return nil
}

// TestTheCookieIsAsStrictAsTheRequestAllows: HttpOnly and SameSite Strict always, __Host- and Secure over https and in production.
func TestTheCookieIsAsStrictAsTheRequestAllows(t *testing.T) {
	t.Parallel()
	https := func(r *http.Request) { r.TLS = &tls.ConnectionState{} }
	proto := func(r *http.Request) { r.Header.Set("X-Forwarded-Proto", "https") }
	plain := func(*http.Request) {}
	for name, tt := range map[string]struct {
		edit    func(o *session.Options)
		request func(r *http.Request)
		secure  bool
	}{
		"http":                  {func(*session.Options) {}, plain, false},
		"https":                 {func(*session.Options) {}, https, true},
		"production":            {func(o *session.Options) { o.Production = true }, plain, true},
		"always":                {func(o *session.Options) { o.Secure = session.SecureAlways }, plain, true},
		"https, an open proxy":  {func(*session.Options) {}, proto, false},
		"https, a trusted one":  {func(o *session.Options) { o.TrustedProxies = []string{"192.0.2.0/24"} }, proto, true},
		"never, with a reason":  {func(o *session.Options) { o.Secure, o.AllowInsecure = session.SecureNever, "a test" }, https, false},
		"another trusted proxy": {func(o *session.Options) { o.TrustedProxies = []string{"198.51.100.1"} }, proto, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			m := newManager(t, redistest.Open(t, "embedded"), tt.edit)
			r := httptest.NewRequest(http.MethodGet, "http://shop.example/", nil).WithContext(t.Context())
			r.RemoteAddr = "192.0.2.7:4711"
			tt.request(r)
			w := httptest.NewRecorder()
			m.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
				ok(t, session.From(r.Context()).Login(r.Context(), "anna", session.Meta{}))
			})).ServeHTTP(w, r)
			c := cookieIn(w.Result())
			if c == nil {
				t.Fatal("no cookie")
			}
			want := "session"
			if tt.secure {
				want = "__Host-session"
			}
			if c.Name != want || c.Secure != tt.secure || !c.HttpOnly || c.SameSite != http.SameSiteStrictMode || c.Path != "/" || c.Domain != "" || c.MaxAge != 86_400 {
				t.Errorf("cookie %s", c)
			}
			if len(c.String()) > 4096 {
				t.Errorf("the cookie has %d bytes", len(c.String()))
			}
			// The other name is not looked at.
			other := httptest.NewRequest(http.MethodGet, "http://shop.example/", nil).WithContext(t.Context())
			other.RemoteAddr = "192.0.2.7:4711"
			tt.request(other)
			for _, name := range []string{"session", "__Host-session"} {
				other.Header.Del("Cookie")
				other.AddCookie(&http.Cookie{Name: name, Value: c.Value})
				user := "?"
				m.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
					user = session.From(r.Context()).UserID()
				})).ServeHTTP(httptest.NewRecorder(), other)
				if (user == "anna") != (name == want) {
					t.Errorf("a cookie %s is of %q", name, user)
				}
			}
		})
	}
}

func TestAnAnswerWithACookieIsKeptByNobody(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		m := newManager(t, rb)
		public := func(h http.Header) {
			h.Set("Cache-Control", "public, max-age=600")
			h.Set("CDN-Cache-Control", "max-age=600")
		}
		resp, cookie := do(t.Context(), m, "", func(w http.ResponseWriter, r *http.Request, s *session.Session) {
			public(w.Header())
			ok(t, s.Login(r.Context(), "anna", session.Meta{}))
			ok(t, s.Rotate(r.Context())) // one cookie all the same
		})
		if len(resp.Cookies()) != 1 || resp.Header.Get("Cache-Control") != "no-store, private" || resp.Header.Get("CDN-Cache-Control") != "" {
			t.Errorf("login: %v", resp.Header)
		}
		if userOf(t, m, cookie) != "anna" {
			t.Error("the cookie that was sent is not the last one")
		}
		resp, _ = do(t.Context(), m, cookie, func(_ http.ResponseWriter, _ *http.Request, s *session.Session) { _ = s.UserID() })
		if len(resp.Cookies()) != 0 || resp.Header.Get("Cache-Control") != "private" || resp.Header.Get("Vary") != "Cookie" {
			t.Errorf("a page for a user: %v", resp.Header)
		}
		resp, _ = do(t.Context(), m, cookie, func(w http.ResponseWriter, _ *http.Request, s *session.Session) { public(w.Header()) })
		if resp.Header.Get("Cache-Control") != "public, max-age=600" {
			t.Errorf("a page that the handler makes public: %v", resp.Header)
		}
		resp, _ = do(t.Context(), m, cookie, func(w http.ResponseWriter, r *http.Request, s *session.Session) {
			public(w.Header())
			ok(t, s.Logout(r.Context()))
		})
		if c := cookieIn(resp); c == nil || c.MaxAge >= 0 || c.Value != "" || resp.Header.Get("Cache-Control") != "no-store, private" {
			t.Errorf("logout: %v", resp.Header)
		}
	})
}

// What a handler made for a user whose session ended meanwhile is for nobody else.
func TestAnAnswerForAUserWhoseSessionEndsIsPrivate(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		m := newManager(t, rb)
		_, cookie := do(t.Context(), m, "", func(_ http.ResponseWriter, r *http.Request, s *session.Session) {
			ok(t, s.Login(r.Context(), "anna", session.Meta{}))
		})
		resp, _ := do(t.Context(), m, cookie, func(w http.ResponseWriter, r *http.Request, s *session.Session) {
			ok(t, s.Set("seen", true))
			ok(t, m.EndAll(r.Context(), "anna"))
			_, _ = io.WriteString(w, "hello "+s.UserID())
		})
		if resp.StatusCode != http.StatusOK || resp.Header.Get("Cache-Control") != "private" || resp.Header.Get("Vary") != "Cookie" {
			t.Errorf("%d %v", resp.StatusCode, resp.Header)
		}
	})
}

func TestALogoutOverHTTPSClearsWhatTheBrowserKeeps(t *testing.T) {
	t.Parallel()
	m := newManager(t, redistest.Open(t, "embedded"), func(o *session.Options) { o.Production = true })
	var cookie *http.Cookie
	for _, f := range []func(ctx context.Context, s *session.Session) error{
		func(ctx context.Context, s *session.Session) error { return s.Login(ctx, "anna", session.Meta{}) },
		func(ctx context.Context, s *session.Session) error { return s.Logout(ctx) },
	} {
		r := httptest.NewRequest(http.MethodPost, "https://shop.example/", nil).WithContext(t.Context())
		if cookie != nil {
			r.AddCookie(cookie)
		}
		w := httptest.NewRecorder()
		m.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			ok(t, f(r.Context(), session.From(r.Context())))
		})).ServeHTTP(w, r)
		if got, want := w.Header().Get("Clear-Site-Data") != "", cookie != nil; got != want {
			t.Errorf("Clear-Site-Data %q", w.Header().Get("Clear-Site-Data"))
		}
		cookie = cookieIn(w.Result())
	}
}

// TestATouchSendsTheCookieAgain after a tenth of the idle time, and not before; then both live for the whole idle time.
func TestATouchSendsTheCookieAgain(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		m := newManager(t, rb, func(o *session.Options) { o.Idle, o.Absolute = 100*time.Minute, 300*time.Minute })
		cookie := login(t, m, "anna")
		look := func() *http.Cookie {
			resp, _ := do(t.Context(), m, cookie, func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
				if s.UserID() != "anna" {
					t.Error("the session is over")
				}
			})
			return cookieIn(resp)
		}
		for _, tt := range []struct {
			after  time.Duration
			maxAge int // in minutes, 0 for no cookie
		}{{0, 0}, {9 * time.Minute, 0}, {2 * time.Minute, 100}, {9 * time.Minute, 0}, {90 * time.Minute, 100}, {99 * time.Minute, 91}, {20 * time.Minute, 71}, {5 * time.Minute, 0}} {
			redistest.Advance(t, rb, tt.after)
			c := look()
			switch {
			case c == nil && tt.maxAge != 0:
				t.Errorf("no cookie after %v", tt.after)
			case c != nil && (c.Value != cookie || (c.MaxAge+59)/60 != tt.maxAge):
				t.Errorf("after %v: cookie %s, want %d minutes", tt.after, c, tt.maxAge)
			}
		}
		redistest.Advance(t, rb, 67*time.Minute)
		if userOf(t, m, cookie) != "" {
			t.Error("the session outlives its absolute end")
		}
	}, redistest.Clock)
}

func TestAStreamCarriesTheCookieAndKeepsLaterChanges(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		m := newManager(t, rb)
		goOn := make(chan struct{})
		s := serve(t, m, func(w http.ResponseWriter, r *http.Request, s *session.Session) {
			ok(t, number.Set(s, 1))
			c := http.NewResponseController(w)
			ok(t, c.SetWriteDeadline(time.Now().Add(patience)))
			fmt.Fprintln(w, "first")
			ok(t, c.Flush())
			<-goOn
			is(t, s.Login(r.Context(), "anna", session.Meta{}), session.ErrTooLate)
			is(t, s.Rotate(r.Context()), session.ErrTooLate)
			ok(t, number.Set(s, 2))
			if f, can := w.(http.Flusher); can {
				f.Flush()
			} else {
				t.Error("no http.Flusher")
			}
			_, err := io.Copy(w, strings.NewReader("second\n"))
			ok(t, err)
		})
		resp := get(t, s.URL, "")
		c := cookieIn(resp)
		if c == nil {
			t.Fatal("no cookie came with the beginning of the answer")
		}
		body := bufio.NewScanner(resp.Body)
		if !body.Scan() || body.Text() != "first" {
			t.Fatalf("the stream begins with %q", body.Text())
		}
		if v, _, _ := number.Get(loaded(t, m, c.Value)); v != 1 {
			t.Errorf("while the answer goes on the field is %d", v)
		}
		close(goOn)
		for body.Scan() {
		}
		redistest.Eventually(t, patience, func() error {
			if v, _, _ := number.Get(loaded(t, m, c.Value)); v != 2 {
				return fmt.Errorf("after the answer the field is %d", v)
			}
			return nil
		})
	})
}

func TestASessionThatWouldBeginAfterTheAnswerIsRefused(t *testing.T) {
	t.Parallel()
	m := newManager(t, redistest.Open(t, "embedded"))
	_, cookie := do(t.Context(), m, "", func(w http.ResponseWriter, _ *http.Request, s *session.Session) {
		w.WriteHeader(http.StatusOK)
		is(t, number.Set(s, 1), session.ErrTooLate)
	})
	if cookie != "" {
		t.Error("a cookie was sent")
	}
}

func TestAHandlerMayTakeTheConnection(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		m := newManager(t, rb)
		cookie := login(t, m, "anna")
		s := serve(t, m, func(w http.ResponseWriter, _ *http.Request, s *session.Session) {
			ok(t, number.Set(s, 1))
			conn, rw, err := http.NewResponseController(w).Hijack()
			ok(t, err)
			defer conn.Close()
			fmt.Fprintf(rw, "HTTP/1.1 418 I'm a teapot\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
			ok(t, rw.Flush())
		})
		if resp := get(t, s.URL, cookie); resp.StatusCode != http.StatusTeapot {
			t.Errorf("status %d", resp.StatusCode)
		}
		if v, _, _ := number.Get(loaded(t, m, cookie)); v != 1 {
			t.Errorf("the field is %d", v)
		}
	})
}

func TestAPanicKeepsNothingAndGoesOn(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		m := newManager(t, rb)
		cookie := login(t, m, "anna")
		before := fmt.Sprint(loaded(t, m, cookie).Device())
		cause := errors.New("cause")
		func() {
			defer func() {
				if got := recover(); got != cause { //nolint:errorlint // the very value
					t.Errorf("recovered %v", got)
				}
			}()
			_, _ = do(t.Context(), m, cookie, func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
				ok(t, number.Set(s, 1))
				panic(cause)
			})
		}()
		s := loaded(t, m, cookie)
		if _, found, _ := number.Get(s); found || fmt.Sprint(s.Device()) != before {
			t.Error("a handler that panicked has changed the session")
		}
	})
}

func TestInterimAnswersCarryNoCookie(t *testing.T) {
	t.Parallel()
	m := newManager(t, redistest.Open(t, "embedded"))
	s := serve(t, m, func(w http.ResponseWriter, _ *http.Request, s *session.Session) {
		w.WriteHeader(http.StatusEarlyHints)
		ok(t, number.Set(s, 1)) // there is time yet
		w.WriteHeader(http.StatusAccepted)
		_, err := io.WriteString(w, "text")
		ok(t, err)
	})
	resp := get(t, s.URL, "")
	if resp.StatusCode != http.StatusAccepted || cookieIn(resp) == nil {
		t.Errorf("status %d, headers %v", resp.StatusCode, resp.Header)
	}
}

// A neighbour's cookies of the same name, planted beside ours, do not log the user out: neither many that are no ids, nor some
// that could be. How many of those are asked for is bounded.
func TestPlantedCookiesDoNotHideTheReal(t *testing.T) {
	t.Parallel()
	m := newManager(t, redistest.Open(t, "embedded"))
	cookie := login(t, m, "anna")
	formed := cookie[:len(cookie)-10] + strings.Repeat("x", 10)
	for _, tt := range []struct {
		planted, formed int
		want            string
	}{{1, 0, "anna"}, {100, 15, "anna"}, {0, 16, ""}} {
		r := httptest.NewRequest(http.MethodGet, "http://shop.example/", nil).WithContext(t.Context())
		for range tt.planted {
			r.AddCookie(&http.Cookie{Name: "session", Value: "planted"})
		}
		for range tt.formed {
			r.Header.Add("Cookie", "session="+formed)
		}
		r.Header.Add("Cookie", "session="+cookie)
		user := "nobody was asked"
		m.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { user = session.From(r.Context()).UserID() })).ServeHTTP(httptest.NewRecorder(), r)
		if user != tt.want {
			t.Errorf("behind %d planted and %d formed: user %q, want %q", tt.planted, tt.formed, user, tt.want)
		}
	}
}

func TestDevicesAreListedAndEndedFromElsewhere(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		m := newManager(t, rb)
		phone, laptop := "", login(t, m, "anna")
		login(t, m, "bert")
		phone = in(t, m, "", func(ctx context.Context, s *session.Session) error {
			return s.Login(ctx, "anna", session.Meta{Remember: true, Address: "198.51.100.9", UserAgent: strings.Repeat("Phone ü", 100)})
		})
		in(t, m, laptop, func(ctx context.Context, s *session.Session) error {
			all, err := m.Devices(ctx, "anna")
			ok(t, err)
			if len(all) != 2 {
				t.Fatalf("%d devices", len(all))
			}
			for _, d := range all {
				here := d.PublicID == publicOf(laptop)
				if d.Current != here || d.UserID != "anna" || !here && (d.Address != "198.51.100.9" || !strings.HasPrefix(d.UserAgent, "Phone ü") || len(d.UserAgent) > 256 || !d.Remember) {
					t.Errorf("device %+v", d)
				}
				if since := time.Since(d.LoginTime); since < -time.Minute || since > time.Minute || d.LastActivity.Before(d.LoginTime) || !d.Ends.After(d.LoginTime) {
					t.Errorf("device %+v", d)
				}
			}
			for user, want := range map[string]bool{"bert": false, "anna": true} {
				if ended, err := m.End(ctx, user, publicOf(phone)); ended != want || err != nil {
					t.Errorf("%s ends the phone: %t, %v", user, ended, err)
				}
			}
			return nil
		})
		if userOf(t, m, phone) != "" || userOf(t, m, laptop) != "anna" {
			t.Error("not the phone was ended")
		}
	})
}
