package service

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick/apps/fitness/internal/account"
	"github.com/redbrick-go/redbrick/apps/fitness/internal/train"
	"github.com/redbrick-go/redbrick/apps/fitness/internal/web"
	"github.com/redbrick-go/redbrick/apps/internal/apitest"
	"github.com/redbrick-go/redbrick/redistest"
)

// devices is the data of GET /auth/sessions.
type devices struct{ Sessions []web.Device }

func (s *running) devices(c *apitest.Client) []web.Device {
	s.t.Helper()
	return apitest.Into[devices](s.t, c.Do(http.MethodGet, base+"/auth/sessions", nil, http.StatusOK)).Sessions
}

// profile expects a client to be known, or not to be.
func profile(c *apitest.Client, status int) apitest.Reply {
	return c.Do(http.MethodGet, base+"/users/profile", nil, status)
}

// Who logs in has a cookie and tokens, and each of them opens every route that needs somebody.
func TestCookieOrBearerOnEveryRoute(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *running) {
		browser, login := s.member("ada", train.RoleAdmin)
		_, other := s.member("bob", train.RoleUser)
		e := s.exercise(login.User.ID, "Plank")
		if login.TokenType != "Bearer" || login.ExpiresIn < 14*60 || login.ExpiresIn > 15*60 || login.User.LoginCount != 1 || login.User.LastLogin == nil {
			t.Errorf("login: %s for %d s, %+v", login.TokenType, login.ExpiresIn, login.User)
		}
		for _, c := range []struct {
			method, path string
			body         any
			status       int
		}{
			{"GET", "/users/profile", nil, 200}, {"PUT", "/users/profile", `{"bio":"x"}`, 200},
			{"GET", "/exercises/favorites", nil, 200}, {"PUT", "/exercises/" + e.ID + "/favorite", nil, 204}, {"DELETE", "/exercises/" + e.ID + "/favorite", nil, 204},
			{"POST", "/exercises", `{"name":"x","muscle":"core"}`, 201}, {"PUT", "/exercises/" + e.ID, `{"name":"y"}`, 200},
			{"GET", "/workouts", nil, 200}, {"POST", "/workouts", `{"exerciseId":"` + e.ID + `","sets":[{"reps":1}]}`, 201},
			{"PUT", "/users/" + other.User.ID + "/follow", nil, 204}, {"DELETE", "/users/" + other.User.ID + "/follow", nil, 204},
			{"PUT", "/users/" + other.User.ID + "/role", `{"role":"trainer"}`, 200},
			{"GET", "/auth/sessions", nil, 200}, {"DELETE", "/auth/sessions/nobody", nil, 404},
		} {
			browser.Do(c.method, base+c.path, c.body, c.status)
			s.bearer(login.AccessToken).Do(c.method, base+c.path, c.body, c.status)
			got := s.client().Do(c.method, base+c.path, c.body, http.StatusUnauthorized)
			if got.Error != "Authentication required" || got.Success {
				t.Errorf("%s %s: %s", c.method, c.path, got.Body)
			}
			if got := s.bearer("x."+login.AccessToken).Do(c.method, base+c.path, c.body, http.StatusUnauthorized); !strings.HasPrefix(got.Header.Get("WWW-Authenticate"), "Bearer ") {
				t.Errorf("%s %s: WWW-Authenticate %q", c.method, c.path, got.Header.Get("WWW-Authenticate"))
			}
		}
	})
}

// A refresh token is good once: the next one works, and the use of the old one ends the login with
// all its tokens and its cookie.
func TestReuseOfARefreshTokenEndsTheLogin(t *testing.T) {
	t.Parallel()
	s := run(t, func(c *Config) { c.GraceTime = -1 })
	browser, login := s.member("ada", train.RoleUser)
	elsewhere, _ := s.login("ada@example.com")
	refresh := func(token string, status int) account.Tokens {
		t.Helper()
		got := s.client().Do(http.MethodPost, base+"/auth/refresh", web.RefreshBody{RefreshToken: token}, status)
		if status != http.StatusOK {
			return account.Tokens{}
		}
		return apitest.Into[account.Tokens](t, got)
	}
	next := refresh(login.RefreshToken, http.StatusOK)
	if next.RefreshToken == login.RefreshToken || next.AccessToken == login.AccessToken {
		t.Error("rotation gave the same tokens")
	}
	profile(s.bearer(next.AccessToken), http.StatusOK)
	refresh(login.RefreshToken, http.StatusUnauthorized)
	refresh(next.RefreshToken, http.StatusUnauthorized)
	for what, c := range map[string]*apitest.Client{"cookie": browser, "first token": s.bearer(login.AccessToken), "next token": s.bearer(next.AccessToken)} {
		if got := profile(c, http.StatusUnauthorized); got.Error != "Authentication required" {
			t.Errorf("%s: %s", what, got.Body)
		}
	}
	profile(elsewhere, http.StatusOK) // another login is another matter
	for _, made := range []string{"", "x", login.AccessToken, next.RefreshToken + "x"} {
		refresh(made, http.StatusUnauthorized)
	}
}

// Requests that refresh at once get one successor, which is good.
func TestRefreshesAtOnceGiveOneSuccessor(t *testing.T) {
	t.Parallel()
	s := run(t)
	_, login := s.member("ada", train.RoleUser)
	var mu sync.Mutex
	var all sync.WaitGroup
	tokens := map[string]bool{}
	for range 20 {
		all.Go(func() {
			got, err := s.client().Ask(http.MethodPost, base+"/auth/refresh", web.RefreshBody{RefreshToken: login.RefreshToken})
			if err != nil || got.Status != http.StatusOK {
				t.Errorf("refresh: status %d, %v: %s", got.Status, err, got.Body)
				return
			}
			mu.Lock()
			defer mu.Unlock()
			tokens[apitest.Into[account.Tokens](t, got).RefreshToken] = true
		})
	}
	all.Wait()
	if len(tokens) != 1 {
		t.Errorf("%d successors, want 1", len(tokens))
	}
	for token := range tokens {
		s.client().Do(http.MethodPost, base+"/auth/refresh", web.RefreshBody{RefreshToken: token}, http.StatusOK)
	}
}

// Devices shows every login; one is ended from another, with its tokens, and nobody ends a stranger's.
func TestDevices(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *running) {
		here, mine := s.member("ada", train.RoleUser)
		there, theirs := s.login("ada@example.com")
		stranger, _ := s.member("eve", train.RoleUser)
		var other web.Device
		current := 0
		list := s.devices(here)
		for _, d := range list {
			if d.UserID != mine.User.ID || d.Email != "ada@example.com" || d.Role != train.RoleUser || !d.IsActive || d.IPAddress != "127.0.0.1" ||
				!strings.Contains(d.UserAgent, "Go-http-client") || time.Since(d.LoginTime) > time.Hour || time.Since(d.LastActivity) > time.Hour {
				t.Errorf("device %+v", d)
			}
			if d.Current {
				current++
			}
		}
		// Making the account began a login, too, in a browser that is gone.
		if len(list) != 3 || current != 1 {
			t.Fatalf("%d devices, %d of them current; want 3 and 1", len(list), current)
		}
		for _, d := range s.devices(there) {
			if d.Current {
				other = d
			}
		}
		if byToken := s.devices(s.bearer(theirs.AccessToken)); len(byToken) != 3 {
			t.Errorf("%d devices by token", len(byToken))
		}
		stranger.Do(http.MethodDelete, base+"/auth/sessions/"+other.ID, nil, http.StatusNotFound)
		profile(there, http.StatusOK)
		here.Do(http.MethodDelete, base+"/auth/sessions/"+other.ID, nil, http.StatusNoContent)
		here.Do(http.MethodDelete, base+"/auth/sessions/"+other.ID, nil, http.StatusNotFound)
		profile(there, http.StatusUnauthorized)
		redistest.Eventually(t, apitest.Patience, func() error { return refused(s.bearer(theirs.AccessToken)) })
		profile(here, http.StatusOK)
		profile(s.bearer(mine.AccessToken), http.StatusOK)
	})
}

// refused fails as long as a client is still known: a token dies by a push, which takes its time.
func refused(c *apitest.Client) error {
	got, err := c.Ask(http.MethodGet, base+"/users/profile", nil)
	if err == nil && got.Status != http.StatusUnauthorized {
		err = fmt.Errorf("status %d, want 401", got.Status)
	}
	return err
}

// Logging out ends the cookie and the tokens of one login, logging out everywhere those of all, in every process.
func TestLogout(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *running) {
		other := s.sharing()
		first, one := s.member("ada", train.RoleUser)
		second, two := other.login("ada@example.com")
		_, three := s.login("ada@example.com")
		stranger, eve := s.member("eve", train.RoleUser)
		profile(other.bearer(one.AccessToken), http.StatusOK) // now the other process knows that it lives

		first.Do(http.MethodPost, base+"/auth/logout", nil, http.StatusOK)
		profile(first, http.StatusUnauthorized)
		redistest.Eventually(t, apitest.Patience, func() error { return refused(other.bearer(one.AccessToken)) })
		s.client().Do(http.MethodPost, base+"/auth/refresh", web.RefreshBody{RefreshToken: one.RefreshToken}, http.StatusUnauthorized)
		profile(second, http.StatusOK)

		s.bearer(three.AccessToken).Do(http.MethodPost, base+"/auth/logout", nil, http.StatusOK)
		redistest.Eventually(t, apitest.Patience, func() error { return refused(s.bearer(three.AccessToken)) })
		profile(other.bearer(two.AccessToken), http.StatusOK)

		third, _ := s.login("ada@example.com")
		second.Do(http.MethodPost, base+"/auth/logout-all", nil, http.StatusOK)
		profile(second, http.StatusUnauthorized)
		profile(third, http.StatusUnauthorized)
		redistest.Eventually(t, apitest.Patience, func() error { return refused(other.bearer(two.AccessToken)) })
		other.client().Do(http.MethodPost, base+"/auth/refresh", web.RefreshBody{RefreshToken: two.RefreshToken}, http.StatusUnauthorized)
		profile(stranger, http.StatusOK)
		profile(s.bearer(eve.AccessToken), http.StatusOK)
		s.login("ada@example.com") // and again
	})
}

// What a stranger is told does not depend on whether there is an account.
func TestLoginTellsNothing(t *testing.T) {
	t.Parallel()
	s := run(t)
	s.member("ada", train.RoleUser)
	for _, email := range []string{"ada@example.com", "nobody@example.com", "no address"} {
		got := s.client().Do(http.MethodPost, base+"/auth/login", map[string]string{"email": email, "password": "wrong"}, http.StatusUnauthorized)
		if got.Error != "Invalid email or password" || got.Header.Get("Set-Cookie") != "" {
			t.Errorf("%s: %s, cookie %q", email, got.Body, got.Header.Get("Set-Cookie"))
		}
	}
}
