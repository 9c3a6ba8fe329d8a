package session_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/redistest"
	"github.com/redbrick-go/redbrick/session"
)

// TestAnEndOfAllUsersIsNotUndoneByTheLossOfTheirEpoch: whatever of the epochs and lists is lost, sessions are over and stay so.
func TestAnEndOfAllUsersIsNotUndoneByTheLossOfTheirEpoch(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		m := newManager(t, rb)
		cookie := login(t, m, "anna")
		ended := claimOf(t, m, cookie)
		ok(t, m.EndAllUsers(ctx))
		second := login(t, m, "anna")
		lost := claimOf(t, m, second)
		ok(t, rb.Do(ctx, rb.B().Unlink().Key(rb.Namespace()+"sg:{all}").Build()).Error())
		for range 2 {
			redistest.Eventually(t, patience, func() error { // a delete by another program is heard of where the server tracks
				for _, c := range []string{cookie, second} {
					if _, err := m.Load(ctx, c); !errors.Is(err, session.ErrNoSession) {
						return fmt.Errorf("the session is back: %w", err)
					}
				}
				for _, c := range []claim{ended, lost} {
					if alive, err := c.alive(ctx, m); alive || err != nil {
						return fmt.Errorf("alive %t: %w", alive, err)
					}
				}
				devices, err := m.Devices(ctx, "anna")
				if len(devices) != 0 {
					return fmt.Errorf("devices %+v", devices)
				}
				return err
			})
			if user := userOf(t, m, login(t, m, "bob")); user != "bob" { // a login makes the epoch anew
				t.Errorf("user %q after a login, want bob", user)
			}
		}
	})
}

// TestTheIDsFromBeforeALoginReadNoLongerThanItsSession: a logout, or an end from elsewhere, ends those with it.
func TestTheIDsFromBeforeALoginReadNoLongerThanItsSession(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		m := newManager(t, rb, func(o *session.Options) { o.Alias = time.Minute })
		again := func(cookie string) string {
			return in(t, m, cookie, func(ctx context.Context, s *session.Session) error { return s.Login(ctx, "anna", session.Meta{}) })
		}
		for name, end := range map[string]func(cookie string){
			"logout": func(cookie string) {
				in(t, m, cookie, func(ctx context.Context, s *session.Session) error { return s.Logout(ctx) })
			},
			"end": func(cookie string) {
				if ended, err := m.End(t.Context(), "anna", publicOf(cookie)); !ended || err != nil {
					t.Errorf("ended %t, %v", ended, err)
				}
			},
			"another user": func(cookie string) {
				in(t, m, cookie, func(ctx context.Context, s *session.Session) error { return s.Login(ctx, "bert", session.Meta{}) })
			},
		} {
			cookies := []string{in(t, m, "", func(_ context.Context, s *session.Session) error { return number.Set(s, 1) })}
			for range 3 {
				cookies = append(cookies, again(cookies[len(cookies)-1]))
			}
			other := login(t, m, "anna")
			for _, c := range cookies {
				loaded(t, m, c)
			}
			end(cookies[len(cookies)-1])
			for i, c := range cookies {
				if _, err := m.Load(t.Context(), c); !errors.Is(err, session.ErrNoSession) {
					t.Errorf("%s: id %d of %d: %v", name, i, len(cookies), err)
				}
			}
			if userOf(t, m, other) != "anna" {
				t.Errorf("%s: another login of the user is over", name)
			}
		}
	})
}

// TestATokenOfASessionBeforeANewLoginIsOver: its cookie reads for a moment more, its token would do anything.
func TestATokenOfASessionBeforeANewLoginIsOver(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		m := newManager(t, rb)
		cookie := login(t, m, "anna")
		before := claimOf(t, m, cookie)
		cookie = in(t, m, cookie, func(ctx context.Context, s *session.Session) error {
			return s.Login(ctx, "anna", session.Meta{})
		})
		after := claimOf(t, m, cookie)
		for c, want := range map[claim]bool{before: false, after: true} {
			if alive, err := c.alive(t.Context(), m); alive != want || err != nil {
				t.Errorf("alive %t, %v, want %t", alive, err, want)
			}
		}
	})
}

// TestEndOthersEndsTheTokensOfTheSessionThatStays, also where they were known to be alive: only what is issued after is good.
func TestEndOthersEndsTheTokensOfTheSessionThatStays(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		m := newManager(t, rb)
		login(t, m, "anna")
		cookie := login(t, m, "anna")
		before := claimOf(t, m, cookie)
		if alive, err := before.alive(t.Context(), m); !alive || err != nil {
			t.Fatalf("alive %t, %v", alive, err)
		}
		in(t, m, cookie, func(ctx context.Context, s *session.Session) error { return s.EndOthers(ctx) })
		after := claimOf(t, m, cookie)
		if alive, err := before.alive(t.Context(), m); alive || err != nil {
			t.Errorf("a token from before: alive %t, %v", alive, err)
		}
		if alive, err := after.alive(t.Context(), m); !alive || err != nil {
			t.Errorf("a token from after: alive %t, %v", alive, err)
		}
		if left := listed(t, rb, m, "anna"); len(left) != 1 {
			t.Errorf("%d sessions are on the list, want 1", len(left))
		}
	})
}
