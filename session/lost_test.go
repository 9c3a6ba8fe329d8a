package session_test

import (
	"context"
	"errors"
	"fmt"
	"testing"

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
