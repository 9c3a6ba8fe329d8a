package service

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/ratelimit"
	"github.com/redbrick-go/redbrick/redistest"
)

// limited admits n requests an hour below /api/.
func limited(n int64) func(*Config) {
	return func(c *Config) {
		c.RateLimit = ratelimit.Options{Policies: []ratelimit.Policy{{Limit: n, Window: time.Hour}}, Timeout: longTime}
	}
}

// A client has its requests per hour below /api/, counted in the plain key that Node services share.
func TestRateLimit(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		s := run(t, onRedis(t, rb), limited(5))
		for i := range 5 {
			got := s.do(0, http.MethodGet, []string{"/api/recipes", "/api/nowhere"}[i%2], nil, []int{200, 404}[i%2])
			if left := got.Header.Get("X-RateLimit-Remaining"); left != strconv.Itoa(4-i) {
				t.Errorf("request %d: %q remaining, want %d", i, left, 4-i)
			}
		}
		if got := s.redisDo("GET", "rate_limit:127.0.0.1"); got != "5" {
			t.Errorf("the counter is %q, want 5", got)
		}
		if ttl, err := strconv.Atoi(s.redisDo("TTL", "rate_limit:127.0.0.1")); err != nil || ttl < 3000 || ttl > 3600 {
			t.Errorf("the counter lives %d s, %v; want an hour", ttl, err)
		}
		got := s.do(0, http.MethodGet, "/api/recipes", nil, http.StatusTooManyRequests, "X-Forwarded-For", "192.0.2.9")
		var body struct {
			RetryAfter int `json:"retryAfter"`
		}
		decode(t, got.Body, &body)
		if after := got.Header.Get("Retry-After"); got.Error != "Too many requests" || body.RetryAfter < 3000 || after != strconv.Itoa(body.RetryAfter) || string(got.Data) != "null" {
			t.Errorf("429: Retry-After %q, %s", after, got.Body)
		}
		// The page and the state of the service are no part of it.
		for _, path := range []string{"/", "/health/live", "/openapi.json"} {
			s.do(0, http.MethodGet, path, nil, http.StatusOK)
		}
	})
}

// Clients behind a trusted proxy have a counter each, and what Node counted counts.
func TestRateLimitOfClientsBehindAProxy(t *testing.T) {
	t.Parallel()
	s := run(t, limited(3), func(c *Config) { c.TrustedProxies = []string{"127.0.0.0/8"} })
	s.redisDo("SET", "rate_limit:192.0.2.7", "2") // without a lifetime, as a Node service that died in between leaves it
	for address, want := range map[string]int{"192.0.2.7": 1, "192.0.2.8": 3, "evil, 192.0.2.9": 3} {
		for i := range 4 {
			status := http.StatusOK
			if i >= want {
				status = http.StatusTooManyRequests
			}
			if got := s.do(0, http.MethodGet, "/api/recipes", nil, status, "X-Forwarded-For", address); got.Status != status {
				t.Errorf("%s: request %d: status %d", address, i, got.Status)
			}
		}
	}
	if ttl, err := strconv.Atoi(s.redisDo("TTL", "rate_limit:192.0.2.7")); err != nil || ttl <= 0 {
		t.Errorf("the key without lifetime has %d, %v", ttl, err)
	}
}

// Without Redis the general limit is open; who tries to log in is limited all the same.
func TestLimitsWithoutRedis(t *testing.T) {
	t.Parallel()
	server := redistest.Private(t)
	s := run(t, limited(2), func(c *Config) {
		c.Redis.URL, c.Redis.RetryDelay = server.URL(), 100*time.Millisecond
		c.AuthPerHour = 4
	})
	server.Kill()
	for range 6 {
		s.do(0, http.MethodGet, "/api/recipes", nil, http.StatusOK)
	}
	// Registering asks neither Redis nor the login guard, so that what refuses it is the limit.
	answers := map[int]int{}
	for range 10 {
		got, err := s.ask(0, http.MethodPost, "/api/auth/register", `{}`)
		if err != nil {
			t.Fatal(err)
		}
		answers[got.Status]++
	}
	if answers[http.StatusBadRequest] != 4 || answers[http.StatusTooManyRequests] != 6 {
		t.Errorf("answers %v, want 4 attempts heard and 6 refused", answers)
	}
}

// 200 wrong passwords at once: no more than five reach the password, and the account is then shut for strangers and open
// for a browser that logged in before.
func TestLoginGuard(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		s := run(t, onRedis(t, rb), func(c *Config) { c.TrustedProxies = []string{"127.0.0.0/8"} })
		_, in := s.login(emails[ada], testPassword, false, "X-Forwarded-For", "192.0.2.1")
		mark := ""
		for _, c := range (&http.Response{Header: in.Header}).Cookies() {
			if c.Name == "shop-chop-device" {
				mark = c.Name + "=" + c.Value
			}
		}
		var checked, throttled atomic.Int64
		var wg sync.WaitGroup
		for i := range 200 {
			wg.Go(func() {
				got, err := s.ask(0, http.MethodPost, "/api/auth/login", map[string]any{"email": emails[ada], "password": "wrong"}, "X-Forwarded-For", fmt.Sprintf("198.51.100.%d", i))
				switch {
				case err != nil:
					t.Error(err)
				case got.Status == http.StatusUnauthorized:
					checked.Add(1)
				case got.Status == http.StatusTooManyRequests && got.Error == "Too many failed attempts" && strings.Contains(got.Body, `"retryAfter":`) && got.Header.Get("Retry-After") != "":
					throttled.Add(1)
				default:
					t.Errorf("status %d: %s", got.Status, got.Body)
				}
			})
		}
		wg.Wait()
		if checked.Load() != 5 || throttled.Load() != 195 {
			t.Errorf("%d passwords were checked, %d attempts refused; want 5 and 195", checked.Load(), throttled.Load())
		}
		if _, got := s.login(emails[ada], testPassword, false, "X-Forwarded-For", "192.0.2.2"); got.Status != http.StatusTooManyRequests {
			t.Errorf("a stranger with the right password: status %d, want 429", got.Status)
		}
		if cookie, got := s.login(emails[ada], testPassword, false, "X-Forwarded-For", "192.0.2.2", "Cookie", mark); cookie == "" {
			t.Errorf("the known browser: status %d: %s", got.Status, got.Body)
		}
		s.mails(emails[ada], "Failed attempts", 1)
		if _, got := s.login(emails[bob], testPassword, false, "X-Forwarded-For", "192.0.2.2"); got.Status != http.StatusOK {
			t.Errorf("another account: status %d", got.Status)
		}
	})
}

// An account that does not exist is guarded as one that does.
func TestLoginGuardTellsNothing(t *testing.T) {
	t.Parallel()
	s := run(t, func(c *Config) { c.TrustedProxies = []string{"127.0.0.0/8"} })
	answers := map[string][]string{}
	for i, email := range []string{emails[bob], "nobody@example.com"} {
		for n := range 7 {
			_, got := s.login(email, "wrong", false, "X-Forwarded-For", fmt.Sprintf("198.51.%d.%d", i, n))
			answers[email] = append(answers[email], fmt.Sprint(got.Status, got.Error))
		}
	}
	if a, b := fmt.Sprint(answers[emails[bob]]), fmt.Sprint(answers["nobody@example.com"]); a != b || !strings.Contains(a, "429Too many failed attempts") && !strings.Contains(a, "429 Too many failed attempts") {
		t.Errorf("an account is answered %s\nnone             %s", a, b)
	}
}

// Registering and asking for mails is limited for a client, whatever it says where it comes from.
func TestAuthRoutesAreLimited(t *testing.T) {
	t.Parallel()
	s := run(t, func(c *Config) { c.AuthPerHour = 3 })
	for i := range 5 {
		status := http.StatusOK
		if i >= 3 {
			status = http.StatusTooManyRequests
		}
		s.do(0, http.MethodPost, "/api/auth/password/forgot", `{"email":"ada@example.com"}`, status, "X-Forwarded-For", fmt.Sprintf("192.0.2.%d", i))
	}
	s.do(0, http.MethodPost, "/api/auth/register", `{"name":"x","email":"x@example.com","password":"long enough"}`, http.StatusTooManyRequests)
	s.do(0, http.MethodPost, "/api/auth/login", `{"email":"ada@example.com","password":"x"}`, http.StatusTooManyRequests)
	s.do(0, http.MethodPost, "/api/auth/password/reset", `{"token":"x","password":"long enough"}`, http.StatusTooManyRequests)
	s.do(0, http.MethodPost, "/api/auth/logout", nil, http.StatusOK)
	s.do(0, http.MethodGet, "/api/recipes", nil, http.StatusOK)
	if users, err := s.store.Users(context.Background(), []int64{4}); err != nil || len(users) != 0 {
		t.Errorf("users %v, %v; want none but the three", users, err)
	}
}

// An account is sent so many links an hour, whoever asks from wherever and however it is spelled; an address without an
// account is answered alike.
func TestPasswordResetsAreLimitedPerAccount(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		s := run(t, onRedis(t, rb), func(c *Config) { c.ResetsPerHour, c.TrustedProxies = 3, []string{"127.0.0.0/8"} })
		forgot := func(email string, n, status int) string {
			got := s.do(0, http.MethodPost, "/api/auth/password/forgot", map[string]string{"email": email}, status, "X-Forwarded-For", fmt.Sprintf("192.0.2.%d", n))
			if refused := status == http.StatusTooManyRequests; refused != (got.RetryAfter > 0) || refused && got.Header.Get("Retry-After") != strconv.Itoa(got.RetryAfter) {
				t.Errorf("%s: Retry-After %q: %s", email, got.Header.Get("Retry-After"), got.Body)
			}
			return got.Error
		}
		refusals := map[string]string{}
		for i, spellings := range [][]string{{emails[ada], "ADA@example.com", " ada@Example.com ", emails[ada]}, {"nobody@example.com", "Nobody@example.com", "nobody@example.com", "NOBODY@example.com"}} {
			for n, email := range spellings[:3] {
				forgot(email, 10*i+n, http.StatusOK)
			}
			refusals[spellings[0]] = forgot(spellings[3], 10*i+9, http.StatusTooManyRequests)
		}
		if known, unknown := refusals[emails[ada]], refusals["nobody@example.com"]; known != "Too many requests" || unknown != known {
			t.Errorf("an account is refused with %q, none with %q", known, unknown)
		}
		forgot(emails[bob], 1, http.StatusOK)
		s.mails(emails[ada], "new password", 3)
	})
}
