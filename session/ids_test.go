package session_test

import (
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/redistest"
	"github.com/redbrick-go/redbrick/session"
)

func TestALoginChangesTheIDAndTheOldOneOnlyReads(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		m := newManager(t, rb, func(o *session.Options) { o.Carry = []string{"cart"} })
		visitor := in(t, m, "", func(_ context.Context, s *session.Session) error {
			ok(t, number.Set(s, 1))
			return cart.Set(s, basket{[]string{"tea"}})
		})
		first := in(t, m, visitor, func(ctx context.Context, s *session.Session) error { return s.Login(ctx, "anna", session.Meta{}) })
		again := in(t, m, first, func(ctx context.Context, s *session.Session) error { return s.Login(ctx, "anna", session.Meta{}) })
		rotated := in(t, m, again, func(ctx context.Context, s *session.Session) error { return s.Rotate(ctx) })
		if visitor == first || first == again || again == rotated || publicOf(again) != publicOf(rotated) || publicOf(first) == publicOf(again) {
			t.Fatalf("ids: %s %s %s %s", visitor, first, again, rotated)
		}
		s := loaded(t, m, rotated)
		if b, found, _ := cart.Get(s); !found || b.Items[0] != "tea" || s.ReadOnly() {
			t.Error("the field to be carried is lost")
		}
		if _, found, _ := number.Get(s); found {
			t.Error("a field of the visitor went over that nobody named")
		}
		for i, old := range []string{visitor, first, again} {
			s := loaded(t, m, old)
			if wantUser := []string{"", "anna", "anna"}[i]; s.UserID() != wantUser || !s.ReadOnly() || s.RecentAuth(time.Hour) {
				t.Errorf("old id %d: user %q, read only %t", i, s.UserID(), s.ReadOnly())
			}
			is(t, number.Set(s, 9), session.ErrReadOnly)
			is(t, s.Rotate(t.Context()), session.ErrReadOnly)
			is(t, s.Extend(t.Context()), session.ErrReadOnly)
			is(t, s.Logout(t.Context()), session.ErrReadOnly)
			is(t, s.EndOthers(t.Context()), session.ErrReadOnly)
		}
		if !redistest.BackendOf(t, rb).Has(redistest.Clock) {
			return
		}
		redistest.Advance(t, rb, 10*time.Second)
		for i, old := range []string{visitor, first, again} {
			if _, err := m.Load(t.Context(), old); err == nil {
				t.Errorf("old id %d reads after the alias time", i)
			}
		}
		if userOf(t, m, rotated) != "anna" {
			t.Error("the new id does not read")
		}
	})
}

// A request that was loaded before the rotation cannot save after it.
func TestARequestWithTheOldIDSavesNothingAfterARotation(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		m := newManager(t, rb)
		cookie := login(t, m, "anna")
		late, out := loaded(t, m, cookie), loaded(t, m, cookie)
		rotated := in(t, m, cookie, func(ctx context.Context, s *session.Session) error { return s.Rotate(ctx) })
		ok(t, number.Set(late, 1))
		is(t, late.Save(t.Context()), session.ErrReadOnly)
		is(t, number.Set(late, 1), session.ErrReadOnly)
		is(t, out.Logout(t.Context()), session.ErrReadOnly)
		if _, found, _ := number.Get(loaded(t, m, rotated)); found {
			t.Error("an old id has changed a field")
		}
		resp, after := do(t.Context(), m, cookie, func(w http.ResponseWriter, r *http.Request, s *session.Session) {
			if s.Set("f", 1) == nil {
				t.Error("an old id can set a field")
			}
		})
		if resp.Header.Get("Set-Cookie") != "" || after != cookie {
			t.Error("an answer to the old id overwrites the cookie")
		}
	})
}

// The answer to a request whose touch is due sends no cookie where the session has a new id, or none, since it was loaded: the
// browser may have the new one already.
func TestATouchSendsNoCookieOverANewerOne(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		m := newManager(t, rb)
		for name, change := range map[string]func(ctx context.Context, s *session.Session) error{
			"nothing":  func(context.Context, *session.Session) error { return nil },
			"rotation": func(ctx context.Context, s *session.Session) error { return s.Rotate(ctx) },
			"login":    func(ctx context.Context, s *session.Session) error { return s.Login(ctx, "anna", session.Meta{}) },
			"another":  func(ctx context.Context, s *session.Session) error { return s.Login(ctx, "bert", session.Meta{}) },
			"logout":   func(ctx context.Context, s *session.Session) error { return s.Logout(ctx) },
			"all":      func(ctx context.Context, _ *session.Session) error { return m.EndAll(ctx, "anna") },
		} {
			cookie := login(t, m, "anna")
			redistest.Advance(t, rb, 3*time.Hour)
			resp, _ := do(t.Context(), m, cookie, func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
				late := loaded(t, m, cookie) // its touch is due too, so that the change sends the only cookie there is to be
				in(t, m, cookie, change)
				if late.UserID() != s.UserID() {
					t.Errorf("%s: user %q", name, s.UserID())
				}
			})
			if sent := resp.Header.Get("Set-Cookie") != ""; sent != (name == "nothing") {
				t.Errorf("%s meanwhile: cookie %q", name, resp.Header.Get("Set-Cookie"))
			}
		}
	}, redistest.Clock)
}

func TestAnInventedIDIsNeverAdopted(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		m := newManager(t, rb)
		real := login(t, m, "anna")
		a := strings.Repeat("a", 13)
		for _, invented := range []string{
			a + "." + strings.Repeat("b", 16) + "." + strings.Repeat("C", 43),
			session.Route(m, "anna") + "." + strings.Repeat("b", 16) + "." + strings.Repeat("C", 43),
			real[:len(real)-43] + strings.Repeat("C", 43),
			"", "x", real + "x", real[1:], strings.ToUpper(real), strings.ReplaceAll(real, ".", ":"),
		} {
			resp, after := do(t.Context(), m, invented, func(_ http.ResponseWriter, _ *http.Request, s *session.Session) {
				if s.UserID() != "" || s.PublicID() != "" {
					t.Errorf("%q is a session of %q", invented, s.UserID())
				}
				ok(t, number.Set(s, 1))
			})
			if resp.StatusCode != http.StatusOK || after == invented || len(after) != len(real) || invented != "" && strings.HasSuffix(after, invented[len(invented)-1:]+strings.Repeat("C", 42)) {
				t.Errorf("%q became %q", invented, after)
			}
			if _, err := m.Load(t.Context(), invented); err == nil {
				t.Errorf("%q was adopted", invented)
			}
			if s := loaded(t, m, after); s.UserID() != "" {
				t.Error("a new visitor is a user")
			}
		}
	})
}

var idLike = regexp.MustCompile(`[A-Za-z0-9_-]{43}`)

// TestADumpOfRedisHoldsNoUsableID: no secret is in it, and nothing in it works as one.
func TestADumpOfRedisHoldsNoUsableID(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		m := newManager(t, rb)
		var cookies, prefixes []string
		for i := range 5 {
			cookie := in(t, m, "", func(_ context.Context, s *session.Session) error { return number.Set(s, i) })
			cookies = append(cookies, cookie)
			for _, f := range []func(ctx context.Context, s *session.Session) error{
				func(ctx context.Context, s *session.Session) error {
					return s.Login(ctx, fmt.Sprint("user", i), session.Meta{})
				},
				func(ctx context.Context, s *session.Session) error { return s.Rotate(ctx) },
				func(_ context.Context, s *session.Session) error { return s.AddFlash("info", s.CSRFToken()[:10]) },
			} {
				cookie = in(t, m, cookie, f)
				cookies = append(cookies, cookie)
			}
		}
		for _, c := range cookies {
			prefixes = append(prefixes, c[:len(c)-43])
		}
		var tokens []string
		for key, value := range dump(t, rb) {
			for _, c := range cookies {
				if secret := c[len(c)-43:]; strings.Contains(key+value, secret) {
					t.Fatalf("%s holds a secret", key)
				}
			}
			tokens = append(tokens, idLike.FindAllString(key+" "+value, -1)...)
		}
		if len(tokens) < 5 {
			t.Fatalf("the dump holds %d hashes only: the test looks at nothing", len(tokens))
		}
		for _, prefix := range prefixes {
			for _, token := range tokens {
				if _, err := m.Load(t.Context(), prefix+token); err == nil {
					t.Fatalf("%s works as the secret of %s", token, prefix)
				}
			}
		}
	})
}

func TestTheListOfAUserWhoNeverLogsOutStaysBounded(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		m := newManager(t, rb, func(o *session.Options) { o.MaxPerUser = 10 })
		listed := func() int { return len(listed(t, rb, m, "anna")) }
		var cookies []string
		for range 100 {
			cookies = append(cookies, login(t, m, "anna"))
			if n := listed(); n > 10 {
				t.Fatalf("%d sessions on the list, at most 10", n)
			}
		}
		for i, c := range cookies {
			if alive := userOf(t, m, c) == "anna"; alive != (i >= 90) {
				t.Errorf("session %d of 100: alive %t", i, alive)
			}
		}
		if !redistest.BackendOf(t, rb).Has(redistest.Clock) {
			return
		}
		redistest.Advance(t, rb, 25*time.Hour) // all have been idle for too long, none has come to its absolute end
		if all, err := m.Devices(t.Context(), "anna"); len(all) != 0 || err != nil || listed() != 0 {
			t.Errorf("%d devices, %d on the list: %v", len(all), listed(), err)
		}
		for range 5 {
			login(t, m, "anna")
		}
		redistest.Advance(t, rb, 7*24*time.Hour+time.Hour) // the list outlives them by a day
		if login(t, m, "anna"); listed() != 1 {
			t.Errorf("%d on the list, where all but one have come to their absolute end", listed())
		}
		redistest.Advance(t, rb, 8*24*time.Hour+time.Minute)
		for key := range dump(t, rb) {
			if key != rb.Namespace()+"~layout" && key != rb.Namespace()+"sg:{all}" {
				t.Errorf("%s is left when all is over", key)
			}
		}
	})
}

// A session that changes while it is read is read as it was or as it is: never as that of a visitor, nor with an old login taken
// for a recent one.
func TestASessionThatChangesWhileItIsReadStaysWhatItIs(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, rb *redbrick.Client) {
		m, other := newManager(t, rb), newManager(t, redistest.Another(t, rb))
		for name, change := range map[string]func(ctx context.Context, s *session.Session) error{
			"touch":    func(ctx context.Context, s *session.Session) error { return s.Extend(ctx) },
			"rotation": func(ctx context.Context, s *session.Session) error { return s.Rotate(ctx) },
			"others":   func(ctx context.Context, s *session.Session) error { return s.EndOthers(ctx) },
		} {
			for n := 1; n <= 2; n++ {
				_, cookie := do(t.Context(), other, "", func(_ http.ResponseWriter, r *http.Request, s *session.Session) {
					ok(t, s.Login(r.Context(), name, session.Meta{}))
				})
				redistest.Advance(t, rb, 3*time.Hour)
				session.Between(m, n, func() {
					do(t.Context(), other, cookie, func(_ http.ResponseWriter, r *http.Request, s *session.Session) { ok(t, change(r.Context(), s)) })
				})
				s, err := m.Load(t.Context(), cookie)
				if err != nil {
					t.Fatalf("%s after %d commands: %v", name, n, err)
				}
				if s.UserID() != name || s.RecentAuth(time.Hour) {
					t.Errorf("%s after %d commands: user %q, a login three hours ago is recent: %v", name, n, s.UserID(), s.RecentAuth(time.Hour))
				}
			}
		}
	}, redistest.Clock)
}
