package session_test

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/redistest"
	"github.com/redbrick-go/redbrick/session"
)

// expressRules are what Express needs; docs/design/session.md lists the same.
var (
	expressRules = []string{"~<ns>sess:*", "+eval", "+evalsha", "+get", "+set", "+pttl", "+pexpire", "+unlink"}
	expressACL   = redistest.WithACL(expressRules...)
)

func newExpress(t *testing.T, rb *redbrick.Client, edits ...func(*session.ExpressOptions)) *session.Express {
	t.Helper()
	o := session.ExpressOptions{Secrets: [][]byte{secret}}
	for _, edit := range edits {
		edit(&o)
	}
	e, err := session.NewExpress(rb, o)
	ok(t, err)
	return e
}

func doExpress(t *testing.T, e *session.Express, cookie string, f func(w http.ResponseWriter, r *http.Request, s *session.ExpressSession)) (*http.Response, string) {
	t.Helper()
	r := httptest.NewRequest(http.MethodGet, "http://shop.example/", nil).WithContext(t.Context())
	if cookie != "" {
		r.AddCookie(&http.Cookie{Name: "connect.sid", Value: cookie})
	}
	w := httptest.NewRecorder()
	e.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { f(w, r, session.ExpressFrom(r.Context())) })).ServeHTTP(w, r)
	for _, c := range w.Result().Cookies() {
		cookie = c.Value
	}
	return w.Result(), cookie
}

func TestExpressKeepsFieldsAndEndsSessions(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		e := newExpress(t, rb)
		_, visitor := doExpress(t, e, "", func(_ http.ResponseWriter, _ *http.Request, s *session.ExpressSession) {
			ok(t, s.Set("cart", []string{"tea"}))
		})
		resp, user := doExpress(t, e, visitor, func(_ http.ResponseWriter, r *http.Request, s *session.ExpressSession) {
			var cart []string
			if found, err := s.Get("cart", &cart); !found || err != nil || cart[0] != "tea" {
				t.Errorf("cart %v, %t, %v", cart, found, err)
			}
			ok(t, s.Regenerate(r.Context()))
			ok(t, s.Set("userId", "anna"))
		})
		if user == visitor || resp.Header.Get("Cache-Control") != "no-store, private" {
			t.Errorf("cookie %q after %q, %v", user, visitor, resp.Header)
		}
		id := ""
		for cookie, want := range map[string]string{visitor: "", user: "anna", user[:len(user)-1] + "x": "", "s%3Ainvented": ""} {
			_, after := doExpress(t, e, cookie, func(_ http.ResponseWriter, _ *http.Request, s *session.ExpressSession) {
				var got string
				if _, err := s.Get("userId", &got); err != nil || got != want {
					t.Errorf("cookie %q is of %q, want %q: %v", cookie, got, want, err)
				}
				if want == "" {
					ok(t, s.Set("x", 1))
				} else {
					id = s.ID()
				}
			})
			if (after == cookie) != (want != "") {
				t.Errorf("cookie %q became %q", cookie, after)
			}
		}
		stored, err := rb.Do(t.Context(), rb.B().Get().Key(rb.Namespace()+"sess:"+id).Build()).ToString()
		var blob struct {
			Cookie map[string]any `json:"cookie"`
			UserID string         `json:"userId"`
		}
		if err != nil || json.Unmarshal([]byte(stored), &blob) != nil || blob.UserID != "anna" || blob.Cookie["originalMaxAge"] != 86_400_000.0 || blob.Cookie["httpOnly"] != true {
			t.Errorf("stored %q, %v", stored, err)
		}
		resp, _ = doExpress(t, e, user, func(_ http.ResponseWriter, r *http.Request, s *session.ExpressSession) { ok(t, s.Destroy(r.Context())) })
		if c := resp.Cookies(); len(c) != 1 || c[0].MaxAge >= 0 {
			t.Errorf("cookies after Destroy: %v", c)
		}
		doExpress(t, e, user, func(_ http.ResponseWriter, _ *http.Request, s *session.ExpressSession) {
			if s.ID() != "" {
				t.Error("the session is there after Destroy")
			}
		})
	}, expressACL)
}

// TestExpressSavesOnlyItsOwnChanges, and brings nothing back.
// What a handler made for a session that ended meanwhile is for nobody else.
func TestAnExpressAnswerWhoseSessionEndsIsPrivate(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		e := newExpress(t, rb)
		_, cookie := doExpress(t, e, "", func(_ http.ResponseWriter, _ *http.Request, s *session.ExpressSession) {
			ok(t, s.Set("userId", "anna"))
		})
		resp, _ := doExpress(t, e, cookie, func(_ http.ResponseWriter, r *http.Request, s *session.ExpressSession) {
			ok(t, s.Set("seen", true))
			ok(t, rb.Do(r.Context(), rb.B().Del().Key(rb.Namespace()+"sess:"+s.ID()).Build()).Error())
		})
		if len(resp.Cookies()) != 0 || resp.Header.Get("Cache-Control") != "private" || resp.Header.Get("Vary") != "Cookie" {
			t.Errorf("%d %v", resp.StatusCode, resp.Header)
		}
	})
}

func TestExpressSavesOnlyItsOwnChanges(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		e := newExpress(t, rb)
		const n = 50
		_, cookie := doExpress(t, e, "", func(_ http.ResponseWriter, _ *http.Request, s *session.ExpressSession) {
			for i := range n {
				ok(t, s.Set(fmt.Sprint("f", i), -1))
			}
		})
		var loaded, done sync.WaitGroup
		loaded.Add(n)
		for i := range n {
			done.Go(func() {
				doExpress(t, e, cookie, func(_ http.ResponseWriter, _ *http.Request, s *session.ExpressSession) {
					loaded.Done()
					loaded.Wait()
					if err := s.Set(fmt.Sprint("f", i), i); err != nil {
						t.Error(err)
					}
				})
			})
		}
		done.Wait()
		doExpress(t, e, cookie, func(_ http.ResponseWriter, r *http.Request, s *session.ExpressSession) {
			for i := range n {
				var v int
				if _, err := s.Get(fmt.Sprint("f", i), &v); err != nil || v != i {
					t.Errorf("field %d is %d: %v", i, v, err)
				}
			}
			doExpress(t, e, cookie, func(_ http.ResponseWriter, r *http.Request, s *session.ExpressSession) { ok(t, s.Destroy(r.Context())) })
			ok(t, s.Set("late", 1))
			is(t, s.Save(r.Context()), session.ErrNoSession)
		})
		doExpress(t, e, cookie, func(_ http.ResponseWriter, _ *http.Request, s *session.ExpressSession) {
			if s.ID() != "" {
				t.Error("a request under way brought the session back")
			}
		})
	}, expressACL)
}

func TestExpressSessionsEndWhenIdle(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		e := newExpress(t, rb, func(o *session.ExpressOptions) { o.MaxAge = 100 * time.Minute })
		_, cookie := doExpress(t, e, "", func(_ http.ResponseWriter, _ *http.Request, s *session.ExpressSession) { ok(t, s.Set("x", 1)) })
		for _, tt := range []struct {
			after        time.Duration
			there, again bool
		}{{9 * time.Minute, true, false}, {2 * time.Minute, true, true}, {99 * time.Minute, true, true}, {101 * time.Minute, false, false}} {
			redistest.Advance(t, rb, tt.after)
			resp, _ := doExpress(t, e, cookie, func(_ http.ResponseWriter, _ *http.Request, s *session.ExpressSession) {
				if there := s.ID() != ""; there != tt.there {
					t.Errorf("after %v: there %t", tt.after, there)
				}
			})
			if again := len(resp.Cookies()) == 1; again != tt.again {
				t.Errorf("after %v: cookie again %t, want %t", tt.after, again, tt.again)
			}
		}
	}, redistest.Clock)
}

func TestExpressWithoutRedis(t *testing.T) {
	t.Parallel()
	proxy, rb, _ := behindProxy(t, 0)
	e := newExpress(t, rb)
	_, cookie := doExpress(t, e, "", func(_ http.ResponseWriter, _ *http.Request, s *session.ExpressSession) { ok(t, s.Set("userId", 1)) })
	resp, _ := doExpress(t, e, cookie, func(_ http.ResponseWriter, _ *http.Request, s *session.ExpressSession) {
		proxy.Cut()
		ok(t, s.Set("x", 1))
	})
	if resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("a change that cannot be saved: status %d", resp.StatusCode)
	}
	resp, _ = doExpress(t, e, cookie, func(http.ResponseWriter, *http.Request, *session.ExpressSession) { t.Error("the handler runs") })
	if resp.StatusCode != http.StatusServiceUnavailable || resp.Header.Get("Retry-After") == "" {
		t.Errorf("status %d, headers %v", resp.StatusCode, resp.Header)
	}
}

func TestExpressRefusesBadOptionsAndArguments(t *testing.T) {
	t.Parallel()
	rb := redistest.Open(t, "embedded")
	_, err := session.NewExpress(rb, session.ExpressOptions{
		MaxAge: -1, MaxBytes: -1, Name: "a b", Prefix: "{x}", TrustedProxies: []string{"x"}, Secure: session.SecureNever,
		Decode: func([]byte) (map[string]json.RawMessage, error) { return nil, errors.New("no") },
	})
	is(t, err, redbrick.ErrConfig)
	for _, field := range []string{"Secrets", "MaxAge", "MaxBytes", "Name", "Prefix", "TrustedProxies", "Secure", "Decode"} {
		if !strings.Contains(err.Error(), "ExpressOptions."+field+" is ") {
			t.Errorf("%s is not named in %v", field, err)
		}
	}
	e := newExpress(t, rb, func(o *session.ExpressOptions) { o.MaxBytes = 300 })
	doExpress(t, e, "", func(w http.ResponseWriter, r *http.Request, s *session.ExpressSession) {
		is(t, s.Set("cookie", 1), session.ErrInvalid)
		is(t, s.Set("", 1), session.ErrInvalid)
		is(t, s.Set("x", strings.Repeat("x", 300)), redbrick.ErrTooLarge)
		ok(t, s.Set("x", strings.Repeat("x", 200)))
		is(t, s.Save(r.Context()), redbrick.ErrTooLarge)
		w.WriteHeader(http.StatusOK)
		is(t, s.Set("x", 1), session.ErrTooLate)
	})
	is(t, session.ExpressFrom(t.Context()).Set("x", 1), session.ErrNoSession)
	is(t, session.ExpressFrom(t.Context()).Destroy(t.Context()), session.ErrNoSession)
}

// FuzzExpressCookie: only what one of the secrets has signed is an id.
func FuzzExpressCookie(f *testing.F) {
	rb, err := redbrick.Open(f.Context(), redbrick.Options{})
	if err != nil {
		f.Fatal(err)
	}
	f.Cleanup(func() { _ = rb.Close() })
	e, err := session.NewExpress(rb, session.ExpressOptions{Secrets: [][]byte{secret}})
	if err != nil {
		f.Fatal(err)
	}
	for _, id := range []string{"a", "abc.def", strings.Repeat("x", 128), "{x}"} {
		f.Add(session.SignExpress(e, id))
	}
	for _, seed := range []string{"", "s%3A", "s:.", "s%3Aa.b", "j%3A%7B%7D", "%", "s%3A" + strings.Repeat(".", 600)} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, value string) {
		id, signed := session.UnsignExpress(e, value)
		if !signed {
			return
		}
		// Nobody but the seeds above knows the secret.
		mac := value[strings.LastIndexByte(value, '.')+1:]
		if id == "" || len(id) > 128 || len(mac) < base64.RawStdEncoding.EncodedLen(32) {
			t.Errorf("%q is the id %q", value, id)
		}
		if again, _ := session.UnsignExpress(e, session.SignExpress(e, id)); again != id {
			t.Errorf("%q does not come back: %q", id, again)
		}
	})
}
