package session_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/redistest"
	"github.com/redbrick-go/redbrick/session"
)

// TestFiftyParallelRequestsLoseNoChange: each loads the session before any of them saves, and changes its own field.
func TestFiftyParallelRequestsLoseNoChange(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		m, elsewhere := newManager(t, rb), newManager(t, redistest.Another(t, rb))
		const n = 50
		// Each has a value that the others read and must not write back.
		cookie := in(t, m, login(t, m, "anna"), func(_ context.Context, s *session.Session) error {
			var errs []error
			for i := range n {
				errs = append(errs, s.Set(fmt.Sprint("field", i), -1))
			}
			return errors.Join(errs...)
		})
		var loaded, done sync.WaitGroup
		loaded.Add(n)
		for i := range n {
			done.Go(func() {
				at := m
				if i%2 == 1 {
					at = elsewhere
				}
				in(t, at, cookie, func(_ context.Context, s *session.Session) error {
					loaded.Done()
					loaded.Wait()
					return errors.Join(s.Set(fmt.Sprint("field", i), i), s.Set("shared", strings.Repeat(fmt.Sprint(i%10), 1000)))
				})
			})
		}
		done.Wait()
		in(t, m, cookie, func(_ context.Context, s *session.Session) error {
			for i := range n {
				var v int
				if found, err := s.Get(fmt.Sprint("field", i), &v); !found || err != nil || v != i {
					t.Errorf("field %d: %d, %t, %v", i, v, found, err)
				}
			}
			var shared string
			if _, err := s.Get("shared", &shared); err != nil || len(shared) != 1000 || strings.Trim(shared, shared[:1]) != "" {
				t.Errorf("the field that all change is torn: %q", shared)
			}
			return nil
		})
	})
}

func TestASessionIsBounded(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		m := newManager(t, rb, func(o *session.Options) { o.MaxBytes, o.MaxFields = 1000, 5 })
		cookie := login(t, m, "anna")
		s := loaded(t, m, cookie)
		is(t, s.Set("big", strings.Repeat("x", 1000)), redbrick.ErrTooLarge)
		for i := range 5 {
			ok(t, s.Set(fmt.Sprint("f", i), strings.Repeat("x", 150)))
		}
		ok(t, s.Save(t.Context()))
		ok(t, s.Set("f5", 1))
		is(t, s.Save(t.Context()), redbrick.ErrTooLarge)
		for range 20 { // what is replaced or deleted makes room, however often
			ok(t, errors.Join(s.Delete("f0"), s.Set("f5", strings.Repeat("y", 150)), s.Save(t.Context())))
			ok(t, errors.Join(s.Delete("f5"), s.Set("f0", strings.Repeat("z", 150)), s.Save(t.Context())))
		}
		ok(t, s.Set("f1", strings.Repeat("x", 400)))
		is(t, s.Save(t.Context()), redbrick.ErrTooLarge)
		var text string
		if _, err := loaded(t, m, cookie).Get("f1", &text); err != nil || len(text) != 150 {
			t.Errorf("what was too large changed the field: %d bytes, %v", len(text), err)
		}
		resp, _ := do(t.Context(), m, "", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
			for i := range 6 {
				_ = s.Set(fmt.Sprint("f", i), i)
			}
		})
		if resp.StatusCode != http.StatusInternalServerError || resp.Header.Get("Set-Cookie") != "" {
			t.Errorf("a new session that is too large: status %d, cookie %q", resp.StatusCode, resp.Header.Get("Set-Cookie"))
		}
	})
}

func TestBadArgumentsAreRefused(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		m := newManager(t, rb)
		ctx := t.Context()
		_, _ = do(ctx, m, "", func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
			for _, name := range []string{"", "a b", "{x}", strings.Repeat("x", 65)} {
				is(t, s.Set(name, 1), session.ErrInvalid)
				is(t, s.Delete(name), session.ErrInvalid)
			}
			if s.Set("f", func() {}) == nil {
				t.Error("a function is kept")
			}
			is(t, s.Login(ctx, "", session.Meta{}), session.ErrInvalid)
			is(t, s.Login(ctx, strings.Repeat("x", 513), session.Meta{}), session.ErrInvalid)
			is(t, s.Rotate(ctx), session.ErrNoSession)
			is(t, s.Extend(ctx), session.ErrNoSession)
			is(t, s.EndOthers(ctx), session.ErrNoSession)
		})
		is(t, m.EndAll(ctx, ""), session.ErrInvalid)
		_, err := m.Devices(ctx, "")
		is(t, err, session.ErrInvalid)
		_, err = m.End(ctx, "", "x")
		is(t, err, session.ErrInvalid)
		if found, err := m.End(ctx, "anna", "no public id"); found || err != nil {
			t.Errorf("End of nothing: %t, %v", found, err)
		}
		if alive, err := m.Alive(ctx, "bad route", "x", 1); alive || err != nil {
			t.Errorf("Alive of nothing: %t, %v", alive, err)
		}
	})
	s := session.From(t.Context()) // no Middleware
	is(t, s.Set("f", 1), session.ErrNoSession)
	is(t, s.Login(t.Context(), "anna", session.Meta{}), session.ErrNoSession)
	is(t, s.Logout(t.Context()), session.ErrNoSession)
	ok(t, s.Save(t.Context()))
	if found, err := s.Get("f", new(int)); found || err != nil || s.UserID() != "" || s.RecentAuth(1) || s.Flashes() != nil || s.CSRFToken() != "" {
		t.Error("a request without Middleware has a session")
	}
}

func TestFlashMessagesAreShownOnce(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		m := newManager(t, rb)
		cookie := in(t, m, "", func(_ context.Context, s *session.Session) error {
			return errors.Join(s.AddFlash("info", "one"), s.AddFlash("error", "two"), s.AddFlash("info", "three"))
		})
		cookie = in(t, m, cookie, func(ctx context.Context, s *session.Session) error {
			if got := fmt.Sprint(s.Flashes()); got != "[{info one} {error two} {info three}]" {
				t.Errorf("the visitor is shown %s", got)
			}
			return nil
		})
		stranger := in(t, m, cookie, func(_ context.Context, s *session.Session) error { return s.AddFlash("error", "call this number") })
		// Who logs in with a cookie that somebody planted is not shown what that left; messages of this very request he is.
		cookie = in(t, m, stranger, func(ctx context.Context, s *session.Session) error {
			return errors.Join(s.AddFlash("info", "one"), s.Login(ctx, "anna", session.Meta{}), s.AddFlash("error", "two"))
		})
		cookie = in(t, m, cookie, func(ctx context.Context, s *session.Session) error { // who he was already goes on
			return errors.Join(s.AddFlash("info", "three"), s.Login(ctx, "anna", session.Meta{}), s.AddFlash("info", "four"))
		})
		for i, want := range []string{"[{info one} {error two} {info three} {info four}]", "[]"} {
			in(t, m, cookie, func(_ context.Context, s *session.Session) error {
				if got := fmt.Sprint(s.Flashes()); got != want {
					t.Errorf("call %d: %s, want %s", i, got, want)
				}
				if got := s.Flashes(); got != nil {
					t.Errorf("a second time: %v", got)
				}
				return nil
			})
		}
	})
}
