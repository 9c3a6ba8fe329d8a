package session_test

import (
	"context"
	"errors"
	"net/http"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/redistest"
	"github.com/redbrick-go/redbrick/session"
)

type basket struct {
	Items []string `json:"items"`
}

var (
	cart   = session.NewValue[basket]("cart")
	number = session.NewValue[int]("number")
)

func TestAFieldIsKeptFromRequestToRequest(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		m := newManager(t, rb)
		cookie := in(t, m, "", func(_ context.Context, s *session.Session) error {
			return errors.Join(cart.Set(s, basket{[]string{"tea"}}), number.Set(s, 7), number.Set(s, 8))
		})
		if cookie == "" {
			t.Fatal("no cookie was sent")
		}
		in(t, m, cookie, func(_ context.Context, s *session.Session) error {
			b, found, err := cart.Get(s)
			n, _, err2 := number.Get(s)
			if !found || len(b.Items) != 1 || b.Items[0] != "tea" || n != 8 {
				t.Errorf("got %+v, %t, %d", b, found, n)
			}
			if s.UserID() != "" || s.LoggedIn() || s.ReadOnly() {
				t.Error("a visitor is somebody")
			}
			return errors.Join(err, err2, cart.Delete(s))
		})
		in(t, m, cookie, func(_ context.Context, s *session.Session) error {
			if _, found, _ := cart.Get(s); found {
				t.Error("a deleted field is there")
			}
			var text string
			if _, err := s.Get("number", &text); !errors.Is(err, session.ErrDecode) {
				t.Errorf("a number read as a text: %v", err)
			}
			return nil
		})
	})
}

func TestLoginAndLogout(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		m := newManager(t, rb)
		cookie := login(t, m, "anna")
		in(t, m, cookie, func(_ context.Context, s *session.Session) error {
			if s.UserID() != "anna" || !s.LoggedIn() || s.Epoch() == 0 || s.Route() != session.Route(m, "anna") {
				t.Errorf("user %q, epoch %d, route %q", s.UserID(), s.Epoch(), s.Route())
			}
			if d := s.Device(); d.Address != "192.0.2.7" || d.UserAgent != "Browser/1.0" || d.LoginTime.IsZero() || !d.Current || d.PublicID != s.PublicID() {
				t.Errorf("device %+v", d)
			}
			return nil
		})
		after := in(t, m, cookie, func(ctx context.Context, s *session.Session) error { return s.Logout(ctx) })
		if after != "" {
			t.Errorf("the cookie after the logout is %q", after)
		}
		if _, err := m.Load(t.Context(), cookie); !errors.Is(err, session.ErrNoSession) {
			t.Errorf("after the logout: %v", err)
		}
	})
}

// Nothing is written for who only looks, and nothing asked of Redis.
func TestNothingIsWrittenForAVisitorWhoOnlyLooks(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		m := newManager(t, rb)
		resp, cookie := do(t.Context(), m, "", func(_ http.ResponseWriter, r *http.Request, s *session.Session) {
			_, _, _ = cart.Get(s)
			_ = s.Flashes()
			_ = s.CSRFToken()
			_ = s.Delete("cart")
			_ = s.Logout(r.Context())
		})
		if cookie != "" || resp.Header.Get("Set-Cookie") != "" {
			t.Errorf("a cookie was sent: %q", resp.Header.Get("Set-Cookie"))
		}
		for key := range dump(t, rb) {
			if key != rb.Namespace()+"~layout" {
				t.Errorf("key %s", key)
			}
		}
	})
}

func TestDefaultLifetimeIsADay(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		m := newManager(t, rb)
		login(t, m, "anna")
		remembered := in(t, m, "", func(ctx context.Context, s *session.Session) error {
			return s.Login(ctx, "bert", session.Meta{Remember: true})
		})
		for user, want := range map[string]time.Duration{"anna": 86_400 * time.Second, "bert": 30 * 24 * time.Hour} {
			for key := range dump(t, rb) {
				if len(key) < 40 || key[len(rb.Namespace()):][:2] != "s:" || key[len(rb.Namespace())+3:][:13] != session.Route(m, user) {
					continue
				}
				ttl, err := rb.Do(t.Context(), rb.B().Ttl().Key(key).Build()).AsInt64()
				if err != nil || time.Duration(ttl)*time.Second > want || time.Duration(ttl)*time.Second < want-time.Minute {
					t.Errorf("%s of %s lives %d s, want %v: %v", key, user, ttl, want, err)
				}
			}
		}
		if d := loaded(t, m, remembered).Device(); !d.Remember || d.Ends.Sub(d.LoginTime) != 30*24*time.Hour {
			t.Errorf("remembered: %+v", d)
		}
	})
}
