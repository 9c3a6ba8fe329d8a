package session_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/redistest"
	"github.com/redbrick-go/redbrick/session"
)

// behindProxy gives a client behind a proxy whose calls on the request path may take as long as hot (0 is long), and one of the same
// keys that has the server for itself: what a test prepares does not depend on how busy the machine is.
func behindProxy(t *testing.T, hot time.Duration) (proxy *redistest.Proxy, rb, direct *redbrick.Client) {
	t.Helper()
	server := redistest.Private(t)
	proxy = redistest.NewProxy(t, server.Addr())
	rb = redistest.OpenURL(t, "redis://"+proxy.Addr(), func(o *redbrick.Options) {
		if hot > 0 {
			o.HotTimeout, o.CommandTimeout = hot, 2*time.Second
		}
	})
	return proxy, rb, redistest.OpenURL(t, server.URL(), func(o *redbrick.Options) { o.Namespace = rb.Namespace() })
}

// TestWithoutRedisNobodyIsTakenForSomebodyElse: a request with a cookie is answered 503 and does not reach the handler; a
// visitor without one does; everybody is who he was when Redis is back. Nothing hangs.
func TestWithoutRedisNobodyIsTakenForSomebodyElse(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]func(p *redistest.Proxy){
		"connections cut": (*redistest.Proxy).Cut,
		"black hole":      func(p *redistest.Proxy) { p.Blackhole(true) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			proxy, rb, direct := behindProxy(t, 250*time.Millisecond)
			m, prepare := newManager(t, rb), newManager(t, direct)
			anna := login(t, prepare, "anna")
			visitor := in(t, prepare, "", func(_ context.Context, s *session.Session) error { return number.Set(s, 1) })
			fault(proxy)
			ctx, cancel := context.WithTimeout(t.Context(), patience)
			defer cancel()
			for _, cookie := range []string{anna, visitor, anna, visitor} {
				resp, after := do(ctx, m, cookie, func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
					t.Errorf("the handler runs, for %q", s.UserID())
				})
				wait, err := strconv.Atoi(resp.Header.Get("Retry-After"))
				if resp.StatusCode != http.StatusServiceUnavailable || err != nil || wait < 1 || after != cookie ||
					resp.Header.Get("Set-Cookie") != "" || resp.Header.Get("Cache-Control") != "no-store" {
					t.Errorf("status %d, headers %v", resp.StatusCode, resp.Header)
				}
			}
			reached := false
			resp, _ := do(ctx, m, "", func(_ http.ResponseWriter, r *http.Request, s *session.Session) {
				reached = true
				if err := s.Login(r.Context(), "anna", session.Meta{}); !errors.Is(err, redbrick.ErrUnavailable) || s.UserID() != "" {
					t.Errorf("login without Redis: %v, user %q", err, s.UserID())
				}
			})
			if !reached || resp.StatusCode != http.StatusOK || resp.Header.Get("Set-Cookie") != "" {
				t.Errorf("a visitor without a cookie: reached %t, status %d", reached, resp.StatusCode)
			}
			for what, err := range map[string]error{
				"EndAll":      m.EndAll(ctx, "anna"),
				"EndAllUsers": m.EndAllUsers(ctx),
				"Devices":     func() error { _, err := m.Devices(ctx, "anna"); return err }(),
				"End":         func() error { _, err := m.End(ctx, "anna", publicOf(anna)); return err }(),
				"Touch":       func() error { _, err := m.Touch(ctx, anna[:13], publicOf(anna)); return err }(),
				"Load":        func() error { _, err := m.Load(ctx, anna); return err }(),
			} {
				if !errors.Is(err, redbrick.ErrUnavailable) {
					t.Errorf("%s: %v", what, err)
				}
			}
			if ctx.Err() != nil {
				t.Error("something hangs")
			}
			proxy.Drop()
			proxy.Heal()
			redistest.Eventually(t, patience, func() error {
				s, err := m.Load(t.Context(), anna)
				if err != nil && !errors.Is(err, redbrick.ErrUnavailable) {
					return fmt.Errorf("not a matter of time: %w", err)
				}
				if err == nil && s.UserID() != "anna" {
					t.Fatalf("anna is %q", s.UserID())
				}
				return err
			})
		})
	}
}

// TestAChangeThatCannotBeSavedIsNoSuccess: the answer becomes 503 where it has not begun; a touch can wait.
func TestAChangeThatCannotBeSavedIsNoSuccess(t *testing.T) {
	t.Parallel()
	proxy, rb, direct := behindProxy(t, 0)
	short := func(o *session.Options) { o.Idle, o.Absolute = 20*time.Second, time.Hour }
	m, prepare := newManager(t, rb, short), newManager(t, direct, short)
	due := func() string { // a session whose touch is due
		cookie := login(t, prepare, "anna")
		redistest.Eventually(t, patience, func() error {
			if left := time.Until(loaded(t, prepare, cookie).Ends()); left > 18*time.Second {
				return fmt.Errorf("%v left", left)
			}
			return nil
		})
		return cookie
	}
	for name, f := range map[string]struct {
		change bool
		want   int
	}{"a change": {true, http.StatusServiceUnavailable}, "a touch": {false, http.StatusCreated}} {
		cookie := due()
		reached := false
		resp, after := do(t.Context(), m, cookie, func(w http.ResponseWriter, _ *http.Request, s *session.Session) {
			reached = true
			proxy.Cut()
			if f.change {
				ok(t, number.Set(s, 2))
			}
			w.Header().Set("ETag", `"x"`)
			w.Header().Set("Content-Length", "4")
			w.WriteHeader(http.StatusCreated)
			if _, err := w.Write([]byte("done")); (err != nil) != f.change {
				t.Errorf("%s: writing the body: %v", name, err)
			}
		})
		if !reached {
			t.Errorf("%s: the session had ended, the test shows nothing", name)
		} else if resp.StatusCode != f.want || after != cookie {
			t.Errorf("%s: status %d, want %d", name, resp.StatusCode, f.want)
		}
		if f.change && (resp.Header.Get("Retry-After") == "" || resp.Header.Get("ETag") != "" || resp.Header.Get("Content-Length") != "") {
			t.Errorf("%s: headers %v", name, resp.Header)
		}
		proxy.Heal()
		redistest.Eventually(t, patience, func() error { _, err := m.Devices(t.Context(), "anna"); return err })
	}
}

func TestTheAnswerWithoutRedisIsTheServices(t *testing.T) {
	t.Parallel()
	proxy, rb, direct := behindProxy(t, 0)
	m := newManager(t, rb, func(o *session.Options) {
		o.Unavailable = func(w http.ResponseWriter, _ *http.Request, err error) {
			if !errors.Is(err, redbrick.ErrUnavailable) {
				t.Errorf("error %v", err)
			}
			w.WriteHeader(http.StatusTeapot)
		}
	})
	cookie := login(t, newManager(t, direct), "anna")
	proxy.Cut()
	resp, _ := do(t.Context(), m, cookie, func(http.ResponseWriter, *http.Request, *session.Session) { t.Error("the handler runs") })
	if resp.StatusCode != http.StatusTeapot || resp.Header.Get("Retry-After") == "" {
		t.Errorf("status %d, headers %v", resp.StatusCode, resp.Header)
	}
}

func TestSessionsCanBeMadeBeforeRedisIsThere(t *testing.T) {
	t.Parallel()
	rb, err := redbrick.Open(t.Context(), redbrick.Options{URL: "redis://127.0.0.1:1", ConnectTimeout: 100 * time.Millisecond})
	ok(t, err)
	defer rb.Close()
	m := newManager(t, rb)
	_, err = m.Load(t.Context(), "aaaaaaaaaaaaa.bbbbbbbbbbbbbbbb.ccccccccccccccccccccccccccccccccccccccccccc")
	is(t, err, redbrick.ErrUnavailable)
}
