package token_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/redistest"
	"github.com/redbrick-go/redbrick/session"
	"github.com/redbrick-go/redbrick/token"
)

// patience is ten times what anything takes on a busy machine.
const patience = 30 * time.Second

// Real sessions stand for the fake ones in these tests: *session.Manager is a token.Sessions.
var _ token.Sessions = (*session.Manager)(nil)

func newManager(t testing.TB, rb *redbrick.Client) *session.Manager {
	t.Helper()
	return must(session.New(rb, session.Options{Secrets: secrets}))(t)
}

// process is what one process of a service has.
type process struct {
	*session.Manager
	access  *token.Access
	refresh *token.Refresh
}

func newProcess(t testing.TB, rb *redbrick.Client) process {
	t.Helper()
	m := newManager(t, rb)
	return process{m, newAccess(t, m), must(token.NewRefresh(rb, token.RefreshOptions{
		Secrets: secrets, Sessions: m, Grace: -1,
		EndSession: func(ctx context.Context, s token.Session) error {
			_, err := m.End(ctx, s.UserID, s.PublicID)
			return err
		},
	}))(t)}
}

// browser is a login in a browser, and the tokens that it got.
type browser struct {
	token.Session
	cookie, access, refresh string
}

// visit runs f as the handler of a request with the browser's cookie.
func (b *browser) visit(t testing.TB, m *session.Manager, f func(ctx context.Context, s *session.Session) error) {
	t.Helper()
	r := httptest.NewRequest(http.MethodPost, "http://shop.example/", nil).WithContext(context.Background())
	if b.cookie != "" {
		r.AddCookie(&http.Cookie{Name: "session", Value: b.cookie})
	}
	w := httptest.NewRecorder()
	m.Middleware(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		s := session.From(r.Context())
		if err := f(r.Context(), s); err != nil {
			t.Error(err)
		}
		b.Session = token.Session{UserID: s.UserID(), Route: s.Route(), PublicID: s.PublicID(), Epoch: s.Epoch()}
	})).ServeHTTP(w, r)
	answer := w.Result()
	_ = answer.Body.Close()
	for _, c := range answer.Cookies() {
		b.cookie = c.Value
	}
}

// login logs a user in and gives him tokens.
func (p process) login(t testing.TB, user string) *browser {
	t.Helper()
	b := &browser{}
	b.visit(t, p.Manager, func(ctx context.Context, s *session.Session) error { return s.Login(ctx, user, session.Meta{}) })
	b.access = must(p.access.Issue(token.Claims{Session: b.Session}))(t).Token
	b.refresh = must(p.refresh.Issue(context.Background(), b.Session, ""))(t).Token
	return b
}

func (p process) verify(t testing.TB, b *browser) error {
	t.Helper()
	c, err := p.access.Verify(context.Background(), b.access)
	if err == nil && c.Session != b.Session {
		t.Errorf("claims of %+v, want %+v", c.Session, b.Session)
	}
	return err
}

// endings are the ways in which a login ends.
var endings = map[string]func(ctx context.Context, t testing.TB, p process, b, other *browser) error{
	"End": func(ctx context.Context, _ testing.TB, p process, b, _ *browser) error {
		had, err := p.End(ctx, b.UserID, b.PublicID)
		if !had {
			err = errors.Join(err, errors.New("there was no session"))
		}
		return err
	},
	"EndAll": func(ctx context.Context, _ testing.TB, p process, b, _ *browser) error {
		return p.EndAll(ctx, b.UserID)
	},
	"EndAllUsers": func(ctx context.Context, _ testing.TB, p process, _, _ *browser) error { return p.EndAllUsers(ctx) },
	"Logout": func(_ context.Context, t testing.TB, p process, b, _ *browser) error {
		c := *b
		c.visit(t, p.Manager, func(ctx context.Context, s *session.Session) error { return s.Logout(ctx) })
		return nil
	},
	"EndOthers": func(_ context.Context, t testing.TB, p process, _, other *browser) error {
		other.visit(t, p.Manager, func(ctx context.Context, s *session.Session) error { return s.EndOthers(ctx) })
		return nil
	},
	"reuse": func(ctx context.Context, t testing.TB, p process, b, _ *browser) error {
		must(p.refresh.Rotate(ctx, b.refresh, ""))(t)
		if _, err := p.refresh.Rotate(ctx, b.refresh, ""); !errors.Is(err, token.ErrReused) {
			return fmt.Errorf("reuse: %w", err)
		}
		return nil
	},
}

// An access token dies with its session however that ends: at once in the process that ended it, within the lag of news in
// another. A refresh token does too.
func TestTokensDieWithTheirSessionInEveryProcess(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		ctx := t.Context()
		here, there := newProcess(t, rb), newProcess(t, redistest.Another(t, rb))
		for name, end := range endings {
			b, other, stranger := here.login(t, name), here.login(t, name), here.login(t, name+" too")
			for _, p := range []process{here, there} {
				for _, x := range []*browser{b, other, stranger} {
					ok(t, p.verify(t, x))
				}
			}
			ok(t, end(ctx, t, here, b, other))
			is(t, name+": in the process that ended it", here.verify(t, b), token.ErrEnded)
			redistest.Eventually(t, patience, func() error {
				if err := there.verify(t, b); !errors.Is(err, token.ErrEnded) {
					return fmt.Errorf("%s, in another process: %w", name, err)
				}
				return nil
			})
			_, err := there.refresh.Rotate(ctx, b.refresh, "")
			is(t, name+": refresh", err, token.ErrInvalid)
			switch name {
			case "EndAllUsers":
				continue
			case "EndAll":
			case "EndOthers": // the one that stays needs a new access token, and its family the new epoch
				old := other.Session
				old.Epoch--
				ok(t, here.refresh.Rebind(ctx, old, other.Session))
				other.access = must(here.access.Issue(token.Claims{Session: other.Session}))(t).Token
				must(there.refresh.Rotate(ctx, other.refresh, ""))(t)
				ok(t, there.verify(t, other))
			default:
				ok(t, there.verify(t, other))
				must(there.refresh.Rotate(ctx, other.refresh, ""))(t)
			}
			ok(t, there.verify(t, stranger))
		}
	})
}

// checkers is a process that checks access tokens: a line with one, a line with what it says.
var checkers = redistest.NewProgram("checkers", func(ctx context.Context, c *redistest.Child) error {
	rb, err := redbrick.Open(ctx, c.Options)
	if err != nil {
		return err
	}
	m, err := session.New(rb, session.Options{Secrets: secrets})
	if err != nil {
		return err
	}
	keys, err := token.AccessKeysFromSecret(secrets...)
	if err != nil {
		return err
	}
	a, err := token.NewAccess(token.AccessOptions{Keys: keys, Issuer: "shop", Audience: "api", Sessions: m})
	if err != nil {
		return err
	}
	for {
		line, err := c.Recv()
		if err != nil {
			return rb.Close()
		}
		said := "good"
		if _, err := a.Verify(ctx, line); err != nil {
			said = err.Error()
		}
		if err := c.Send(said); err != nil {
			return err
		}
	}
})

func TestAccessTokensDieInProcessesOfTheirOwn(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		here := newProcess(t, rb)
		others := []*redistest.Process{checkers.Start(t, rb), checkers.Start(t, rb)}
		say := func(p *redistest.Process, b *browser) string {
			p.Send(b.access)
			return p.Recv()
		}
		for _, name := range []string{"End", "EndAll", "EndAllUsers", "reuse"} {
			b, other := here.login(t, name), here.login(t, name)
			for _, p := range others {
				if said := say(p, b); said != "good" {
					t.Fatalf("%s: before: %s", name, said)
				}
			}
			ok(t, endings[name](t.Context(), t, here, b, other))
			for _, p := range others {
				redistest.Eventually(t, patience, func() error {
					if said := say(p, b); said != token.ErrEnded.Error() {
						return fmt.Errorf("%s: another process says %s", name, said)
					}
					return nil
				})
			}
		}
	}, redistest.Processes)
}

// On a link that died without a word a token that was ended meanwhile is refused, since nothing is known, once that was
// noticed; it is never accepted after that, nor when the link is back.
func TestOnADeadLinkAccessTokensAreRefusedAndNeverAcceptedAgain(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		target := must(url.Parse(redistest.BackendOf(t, rb).URL))(t)
		proxy := redistest.NewProxy(t, target.Host)
		target.Host = proxy.Addr()
		cut := must(redbrick.Open(t.Context(), redbrick.Options{
			URL: target.String(), Namespace: rb.Namespace(), HotTimeout: 250 * time.Millisecond, CommandTimeout: time.Second, ConnectTimeout: patience, RequireRedis: true,
		}))(t)
		t.Cleanup(func() { _ = cut.Close() })
		here, there := newProcess(t, rb), newProcess(t, cut)
		for _, name := range []string{"End", "EndAll", "EndAllUsers"} {
			b, other := here.login(t, name), here.login(t, name)
			redistest.Eventually(t, patience, func() error { return there.verify(t, b) })
			proxy.Blackhole(true)
			ok(t, endings[name](t.Context(), t, here, b, other))
			redistest.Eventually(t, patience, func() error {
				if err := there.verify(t, b); !errors.Is(err, redbrick.ErrUnavailable) || errors.Is(err, token.ErrInvalid) {
					return fmt.Errorf("%s: on a dead link: %w", name, err)
				}
				return nil
			})
			for range 200 {
				if err := there.verify(t, b); !errors.Is(err, redbrick.ErrUnavailable) {
					t.Fatalf("%s: on a link that is known to be dead: %v", name, err)
				}
			}
			proxy.Heal()
			redistest.Eventually(t, patience, func() error {
				err := there.verify(t, b)
				if err == nil {
					t.Fatalf("%s: accepted after the link came back", name)
				}
				if !errors.Is(err, token.ErrEnded) {
					return err
				}
				return nil
			})
		}
	}, redistest.Only("redis", "notracking"))
}

// A check of a token whose session the process knows sends nothing.
func TestAWarmCheckSendsNothing(t *testing.T) {
	t.Parallel()
	var sent commands
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		p := newProcess(t, rb)
		b := p.login(t, "anna")
		redistest.Eventually(t, patience, func() error { // the news of the login may still be on their way
			ok(t, p.verify(t, b))
			before := sent.count()
			for range 1000 {
				ok(t, p.verify(t, b))
			}
			if n := sent.count() - before; n != 0 {
				return fmt.Errorf("%d commands for 1000 checks", n)
			}
			return nil
		})
	}, sent.option(), redistest.Only("embedded"))
}

// All of a user's keys are in one slot, those of the sessions too.
func TestTokensLieBesideTheSessions(t *testing.T) {
	t.Parallel()
	rb := redistest.Open(t, "embedded")
	b := newProcess(t, rb).login(t, "anna")
	if route := token.RouteOf(rb.Namespace(), "anna"); b.Route != route {
		t.Errorf("the route of sessions is %s, that of tokens %s", b.Route, route)
	}
}
