package service

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/redis/rueidis"

	"github.com/redbrick-go/redbrick/apps/shopchop/internal/copiestest"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/web"
	"github.com/redbrick-go/redbrick/redistest"
)

func (s *running) devices(cookie string) []web.Device {
	s.t.Helper()
	got := s.with(cookie, http.MethodGet, "/api/auth/sessions", nil, http.StatusOK)
	return into[struct {
		Sessions []web.Device `json:"sessions"`
	}](s.t, got).Sessions
}

// A user sees where he is logged in, and ends one from the other; nobody else's.
func TestDevices(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *running) {
		laptop, _ := s.login(emails[ada], testPassword, false, "User-Agent", "laptop")
		phone, _ := s.login(emails[ada], testPassword, true, "User-Agent", "phone")
		other, _ := s.login(emails[bob], testPassword, false, "User-Agent", "bob's")
		list := s.devices(laptop)
		byAgent := map[string]web.Device{}
		for _, d := range list {
			byAgent[d.UserAgent] = d
			if d.UserID != ada || d.Email != emails[ada] || d.Role != shop.RoleUser || !d.IsActive || d.IPAddress != "127.0.0.1" || time.Since(d.LoginTime) > time.Hour || d.LastActivity.Before(d.LoginTime) {
				t.Errorf("device %+v", d)
			}
		}
		if len(list) != 2 || !byAgent["laptop"].Current || byAgent["phone"].Current || byAgent["phone"].ID == "" {
			t.Fatalf("devices %+v, want laptop (current) and phone", list)
		}
		for _, secret := range strings.Split(strings.TrimPrefix(phone, cookieName+"="), ".")[2:] {
			if text := fmt.Sprint(list); strings.Contains(text, secret) {
				t.Errorf("the list has the secret of a session: %s", text)
			}
		}
		id := byAgent["phone"].ID
		s.with(other, http.MethodDelete, "/api/auth/sessions/"+id, nil, http.StatusNotFound)
		s.with(laptop, http.MethodDelete, "/api/auth/sessions/nothing", nil, http.StatusNotFound)
		s.with(phone, http.MethodGet, "/api/me", nil, http.StatusOK)
		s.with(laptop, http.MethodDelete, "/api/auth/sessions/"+id, nil, http.StatusNoContent)
		s.with(phone, http.MethodGet, "/api/me", nil, http.StatusUnauthorized)
		s.with(laptop, http.MethodDelete, "/api/auth/sessions/"+id, nil, http.StatusNotFound)
		if list := s.devices(laptop); len(list) != 1 || list[0].UserAgent != "laptop" {
			t.Errorf("left are %+v, want the laptop", list)
		}
		got := s.with(laptop, http.MethodDelete, "/api/auth/sessions/"+byAgent["laptop"].ID, nil, http.StatusNoContent)
		if cookieOf(got) != cookieName+"=" {
			t.Errorf("the own cookie stays: %v", got.Header)
		}
		s.with(laptop, http.MethodGet, "/api/me", nil, http.StatusUnauthorized)
		s.with(other, http.MethodGet, "/api/me", nil, http.StatusOK)
	})
}

// With Redis away nobody is taken for a visitor: what needs a session is 503 with Retry-After, public reads go on, and the
// session is there again with Redis.
func TestSessionsWithoutRedis(t *testing.T) {
	t.Parallel()
	server := redistest.Private(t, "appendonly yes", "appendfsync always")
	s := run(t, func(c *Config) { c.Redis.URL, c.Redis.RetryDelay = server.URL(), 100*time.Millisecond })
	r := s.create(ada, shop.RecipeDraft{Name: "Soup"})
	cookie, err := s.cookie(ada)
	if err != nil {
		t.Fatal(err)
	}
	server.Kill()
	for _, c := range []struct{ method, path, body string }{
		{http.MethodGet, "/api/me", ""},
		{http.MethodPost, "/api/recipes", `{"name":"Stew"}`},
		{http.MethodPut, recipePath(r.ID, "/favorite"), ""},
		{http.MethodGet, "/api/auth/sessions", ""},
		{http.MethodPost, "/api/auth/logout", ""},
		{http.MethodPost, "/api/auth/login", `{"email":"ada@example.com","password":"` + testPassword + `"}`},
	} {
		var body any
		if c.body != "" {
			body = c.body
		}
		began := time.Now()
		got := s.with(cookie, c.method, c.path, body, http.StatusServiceUnavailable)
		if got.Header.Get("Retry-After") == "" || got.Error != "Temporarily unavailable" || cookieOf(got) != "" || time.Since(began) > longTime/3 {
			t.Errorf("%s %s after %v: %s, headers %v; want Retry-After, and the cookie left alone", c.method, c.path, time.Since(began), got.Body, got.Header)
		}
	}
	s.do(0, http.MethodPost, "/api/auth/password/forgot", `{"email":"ada@example.com"}`, http.StatusServiceUnavailable)
	for _, path := range []string{"/api/recipes", recipePath(r.ID), recipePath(r.ID, "/stats"), "/api/recipes/popular", "/api/inventory", "/health/live", "/"} {
		s.do(0, http.MethodGet, path, nil, http.StatusOK)
		s.with(cookie, http.MethodGet, path, nil, http.StatusOK)
	}
	// Without a session there is nothing to know.
	s.do(0, http.MethodGet, "/api/me", nil, http.StatusUnauthorized)
	server.RestartKeeping()
	redistest.Eventually(t, longTime, func() error {
		got, err := s.ask(0, http.MethodGet, "/api/me", nil, "Cookie", cookie)
		if err == nil && got.Status != http.StatusOK {
			err = fmt.Errorf("status %d: %s", got.Status, got.Body)
		}
		return err
	})
}

// After everything that an account can do Redis holds no password, no hash, no id of a session and no token that
// anybody could use.
func TestRedisHoldsNoUsableSecret(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *running) {
		const secret, fresh = "a password nobody has", "another that nobody has"
		body := map[string]any{"name": "New", "email": "new@example.com", "password": secret}
		s.do(0, http.MethodPost, "/api/auth/register", body, http.StatusCreated)
		first, _ := s.login("new@example.com", secret, true)
		s.login("new@example.com", "a wrong one", true)
		s.with(first, http.MethodPut, "/api/me", `{"preferences":["vegan"]}`, http.StatusOK)
		s.with(first, http.MethodPost, "/api/recipes", `{"name":"Soup"}`, http.StatusCreated)
		secrets := []string{secret, fresh, "a wrong one", "argon2", "assword"}
		var tokens []string
		for n := 1; n <= 2; n++ {
			s.do(0, http.MethodPost, "/api/auth/password/forgot", `{"email":"new@example.com"}`, http.StatusOK)
			for _, text := range s.mails("new@example.com", "new password", n) {
				tokens = append(tokens, tokenIn(t, text))
			}
		}
		s.holdsNone(t, append(secrets, tokens...), first)
		s.do(0, http.MethodPost, "/api/auth/password/reset", map[string]any{"token": tokens[0], "password": fresh}, http.StatusOK)
		second, _ := s.login("new@example.com", fresh, false)
		if second == "" {
			t.Fatal("the new password does not open the account")
		}
		keys, err := os.ReadFile(filepath.Join(s.config.DataDir, "secret"))
		if err != nil {
			t.Fatal(err)
		}
		s.holdsNone(t, append(secrets, append(tokens, strings.TrimSpace(string(keys)))...), first, second)
		log := s.logs.String()
		for _, x := range append(append(secrets[:3:3], tokens...), first, second) {
			if strings.Contains(log, x) {
				t.Errorf("the log has %q", x)
			}
		}
	})
}

// holdsNone looks for texts, and for the secret parts of cookies, in all that Redis has.
func (s *running) holdsNone(t *testing.T, texts []string, cookies ...string) {
	t.Helper()
	for _, c := range cookies {
		parts := strings.Split(strings.TrimPrefix(c, cookieName+"="), ".")
		texts = append(texts, parts[len(parts)-1])
	}
	keys, err := copiestest.Keys(t.Context(), s.redis)
	if err != nil || len(keys) < 5 {
		t.Fatalf("%d keys, %v", len(keys), err)
	}
	seen := 0
	for _, key := range keys {
		all := key + " " + s.contents(t, key)
		seen += len(all)
		for _, x := range texts {
			// A reset token's purpose is no password.
			if strings.Contains(strings.ReplaceAll(all, "password-reset", ""), x) {
				t.Errorf("%s has %q: %s", key, x, all)
			}
		}
	}
	if seen < 500 {
		t.Errorf("%d bytes were looked at: what a key holds is not read", seen)
	}
}

// contents is what a key holds, as text.
func (s *running) contents(t *testing.T, key string) string {
	t.Helper()
	do := func(command string, args ...string) string {
		got, err := s.redis.Do(t.Context(), s.redis.B().Arbitrary(command).Keys(s.redis.Namespace()+key).Args(args...).Build()).ToAny()
		if err != nil && !rueidis.IsRedisNil(err) {
			t.Fatalf("%s %s: %v", command, key, err)
		}
		return fmt.Sprint(got)
	}
	switch kind := do("TYPE"); kind { // "none" is one that has just ended
	case "string":
		return do("GET")
	case "hash":
		return do("HGETALL")
	case "set":
		return do("SMEMBERS")
	case "zset":
		return do("ZRANGE", "0", "-1")
	case "list":
		return do("LRANGE", "0", "-1")
	case "none":
		return ""
	default:
		t.Fatal(errors.New("a key of type " + kind + ", which nobody looks into"))
		return ""
	}
}

// Every reply has the headers that keep browsers from doing what nobody meant.
func TestSecurityHeaders(t *testing.T) {
	t.Parallel()
	s := run(t)
	for path, status := range map[string]int{
		"/": 200, "/page/app.js": 200, "/api/recipes": 200, "/api/me": 401, "/api/recipes/9": 404, "/nowhere": 404, "/health/live": 200, "/openapi.json": 200,
	} {
		got := s.do(0, http.MethodGet, path, nil, status)
		for name, want := range map[string]string{
			"X-Content-Type-Options": "nosniff", "X-Frame-Options": "DENY", "Referrer-Policy": "no-referrer", "Cross-Origin-Opener-Policy": "same-origin", "Content-Security-Policy": "frame-ancestors 'none'",
		} {
			if !strings.Contains(got.Header.Get(name), want) {
				t.Errorf("GET %s: %s is %q, want %q in it", path, name, got.Header.Get(name), want)
			}
		}
	}
	s.do(0, http.MethodPost, "/api/recipes", `{}`, http.StatusForbidden, "Origin", "https://evil.example.com")
}

// An address that was there before is no way in, and cannot be taken over with a session that was left open long ago.
func TestChangeOfAddress(t *testing.T) {
	t.Parallel()
	s := run(t)
	s.do(ada, http.MethodPut, "/api/me", `{"email":"ada@example.org"}`, http.StatusOK)
	if _, got := s.login(emails[ada], testPassword, false); got.Status != http.StatusUnauthorized {
		t.Errorf("the old address: status %d", got.Status)
	}
	if cookie, got := s.login("ada@example.org", testPassword, false); cookie == "" {
		t.Errorf("the new address: status %d", got.Status)
	}
}
