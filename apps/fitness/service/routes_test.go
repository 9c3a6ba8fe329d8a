package service

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/redbrick-go/redbrick/apps/fitness/internal/train"
	"github.com/redbrick-go/redbrick/apps/internal/apitest"
)

// Every way to ask wrongly has its status and a text that names what is wrong.
func TestRefusals(t *testing.T) {
	t.Parallel()
	s := run(t)
	root, login := s.member("root", train.RoleAdmin)
	e := s.exercise(login.User.ID, "Plank")
	nobody := "01900000-0000-7000-8000-000000000000"
	for _, c := range []struct {
		client       *apitest.Client
		method, path string
		body         any
		status       int
		text         string
	}{
		{s.client(), "POST", "/auth/register", `{"name":"","email":"x","password":"short"}`, 400, "name: empty, expected 1 to 100 characters; email: \"x\", expected an address such as name@example.com; password: 5 characters, expected at least 8"},
		{s.client(), "POST", "/auth/register", `{"name":"x","email":"x@example.com","password":"password123"}`, 400, "password: among the first that anybody tries"},
		{s.client(), "POST", "/auth/register", `{"name":"x","email":"ROOT@example.com","password":"` + secretWord + `"}`, 409, "has an account"},
		{s.client(), "POST", "/auth/register", `{"name":"x","role":"admin"}`, 400, "role: unknown field"},
		{s.client(), "POST", "/auth/login", `{}`, 400, "email: empty"},
		{s.client(), "POST", "/auth/login", `[]`, 400, "body is a JSON array, expected an object"},
		{s.client(), "POST", "/auth/refresh", `{"refreshToken":1}`, 400, "refreshToken: is a JSON number, expected a string"},
		{root, "POST", "/exercises", `{"name":"x","muscle":"ear"}`, 400, `muscle: "ear", expected one of: chest`},
		{root, "POST", "/exercises", `{"name":"x","muscle":"core","colour":"red"}`, 400, "colour: unknown field"},
		{root, "POST", "/exercises", `{"description":"` + strings.Repeat("x", 1<<20) + `"}`, 413, "larger than 1048576 bytes"},
		{root, "PUT", "/exercises/" + nobody, `{"name":"x"}`, 404, "exercise " + nobody + " is not there"},
		{root, "PUT", "/exercises/1", `{"name":"x"}`, 404, "exercise 1 is not there"},
		{root, "DELETE", "/exercises/" + nobody, nil, 404, "is not there"},
		{root, "GET", "/exercises/" + strings.ToUpper(e.ID), nil, 404, "is not there"},
		{root, "PUT", "/exercises/" + nobody + "/favorite", nil, 404, "is not there"},
		{root, "GET", "/exercises?muscle=ear", nil, 400, `muscle: "ear"`},
		{root, "GET", "/exercises?equipment=ear", nil, 400, `equipment: "ear"`},
		{root, "GET", "/exercises?page=0", nil, 400, `page: "0", expected a whole number from 1`},
		{root, "GET", "/exercises?limit=101", nil, 400, `limit: "101"`},
		{root, "GET", "/exercises?q=" + strings.Repeat("x", 201), nil, 400, "q: 201 characters"},
		{root, "GET", "/exercises?q=a%00b", nil, 400, "control character"},
		{root, "GET", "/exercises/favorites?limit=x", nil, 400, "limit"},
		{root, "POST", "/workouts", `{"exerciseId":"` + nobody + `","sets":[{"reps":1}]}`, 400, "expected an exercise that exists"},
		{root, "POST", "/workouts", `{"exerciseId":"` + e.ID + `","sets":[]}`, 400, "sets: empty, expected at least one"},
		{root, "POST", "/workouts", `{"exerciseId":"` + e.ID + `","sets":[{"reps":0,"weightKg":-1}]}`, 400, "sets[0].weightKg: -1, expected 0 to 1000"},
		{root, "POST", "/workouts", `{"exerciseId":"` + e.ID + `","sets":[{"reps":1}],"startedAt":"2999-01-01T00:00:00Z"}`, 400, "startedAt"},
		{root, "PUT", "/users/profile", `{"role":"admin"}`, 400, "role: unknown field"},
		{root, "PUT", "/users/" + nobody + "/follow", nil, 404, "is not there"},
		{root, "PUT", "/users/" + login.User.ID + "/follow", nil, 400, "expected somebody else"},
		{root, "PUT", "/users/" + nobody + "/role", `{"role":"user"}`, 404, "user " + nobody + " is not there"},
		{root, "PATCH", "/workouts", `{}`, 405, "Method PATCH is not allowed, expected GET, HEAD, POST"},
	} {
		got, err := c.client.Ask(c.method, base+c.path, c.body)
		name := fmt.Sprintf("%s %.60s %.60v", c.method, c.path, c.body)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got.Status != c.status || !strings.Contains(got.Error, c.text) {
			t.Errorf("%s: status %d, error %q; want %d, %q", name, got.Status, got.Error, c.status, c.text)
		}
		if got.Success || string(got.Data) != "null" {
			t.Errorf("%s: envelope %s", name, got.Body)
		}
	}
}

// Routes of bricks that are not there yet do not exist.
func TestLaterRoutesAre404(t *testing.T) {
	t.Parallel()
	s := run(t)
	root, _ := s.member("root", train.RoleAdmin)
	for _, route := range []string{
		"PATCH /api/v1/workouts/1/progress", "POST /api/v1/users/avatar", "GET /api/v1/jobs/1", "GET /api/v1/leaderboards/points", "GET /api/v1/users/1/presence",
		"GET /api/v1/notifications", "PUT /api/v1/notifications/read", "GET /api/v1/analytics/summary", "GET /api/v1/ws", "GET /health/redis", "GET /api/v1/", "GET /api/",
	} {
		method, path, _ := strings.Cut(route, " ")
		if got, err := root.Ask(method, path, nil); err != nil || got.Status != http.StatusNotFound || got.Error != "Not found" {
			t.Errorf("%s: status %d, %v: %s", route, got.Status, err, got.Body)
		}
	}
}

// Messages come in the language that is asked for.
func TestMessagesInVietnamese(t *testing.T) {
	t.Parallel()
	s := run(t)
	ada, _ := s.member("ada", train.RoleUser)
	login := map[string]string{"email": "ada@example.com", "password": secretWord}
	for _, c := range []struct {
		client             *apitest.Client
		method, path       string
		body               any
		english, vietnames string
	}{
		{s.client(), "POST", "/auth/login", login, "Logged in", "Đăng nhập thành công"},
		{s.client(), "POST", "/auth/login", `{"email":"x","password":"y"}`, "Invalid email or password", "Email hoặc mật khẩu không đúng"},
		{s.client(), "GET", "/workouts", nil, "Authentication required", "Yêu cầu đăng nhập"},
		{ada, "PUT", "/users/profile", `{"name":""}`, "name: empty, expected 1 to 100 characters", "name: trống, cần từ 1 đến 100 ký tự"},
		{ada, "PUT", "/users/profile", `{"weeklyGoal":"x"}`, "weeklyGoal: is a JSON string, expected a whole number", "weeklyGoal: là JSON string, cần một số nguyên"},
		{ada, "POST", "/exercises", `{}`, "only trainers and admins write exercises", "chỉ huấn luyện viên và quản trị viên được sửa bài tập"},
		{ada, "GET", "/exercises/1", nil, "exercise 1 is not there", "không có bài tập 1"},
		{ada, "GET", "/nowhere", nil, "Not found", "Không tìm thấy"},
	} {
		for accept, want := range map[string]string{"": c.english, "en-GB": c.english, "vi-VN,vi;q=0.9": c.vietnames} {
			got, err := c.client.Ask(c.method, base+c.path, c.body, "Accept-Language", accept)
			if err != nil || got.Message+got.Error != want {
				t.Errorf("%s %s in %q: %q, %v; want %q", c.method, c.path, accept, got.Message+got.Error, err, want)
			}
		}
	}
	if got := ada.Do(http.MethodPost, base+"/auth/logout", nil, http.StatusOK, "Accept-Language", "vi"); got.Message != "Đăng xuất thành công" {
		t.Errorf("logout says %q", got.Message)
	}
}

// A write of another site is refused where a cookie speaks for it, and nowhere else.
func TestOtherSites(t *testing.T) {
	t.Parallel()
	const page = "https://app.example.com"
	s := run(t, func(c *Config) { c.Origins = []string{page} })
	ada, login := s.member("ada", train.RoleUser)
	token := s.bearer(login.AccessToken)
	for _, headers := range [][]string{{"Sec-Fetch-Site", "cross-site"}, {"Sec-Fetch-Site", "same-site"}, {"Origin", "https://evil.example.com"}} {
		ada.Do(http.MethodPut, base+"/users/profile", `{"bio":"evil"}`, http.StatusForbidden, headers...)
		ada.Do(http.MethodGet, base+"/users/profile", nil, http.StatusOK, headers...)
		token.Do(http.MethodPut, base+"/users/profile", `{"bio":"mine"}`, http.StatusOK, headers...)
	}
	s.client().Do(http.MethodPost, base+"/auth/login", `{"email":"ada@example.com","password":"`+secretWord+`"}`, http.StatusForbidden, "Sec-Fetch-Site", "cross-site")
	got := ada.Do(http.MethodPut, base+"/users/profile", `{"bio":"ours"}`, http.StatusOK, "Origin", page, "Sec-Fetch-Site", "cross-site")
	if got.Header.Get("Access-Control-Allow-Origin") != page || got.Header.Get("Access-Control-Allow-Credentials") != "true" {
		t.Errorf("headers for an admitted page: %v", got.Header)
	}
	preflight, err := s.client().Ask(http.MethodOptions, base+"/workouts", nil, "Origin", page, "Access-Control-Request-Method", "POST")
	if err != nil || preflight.Status != http.StatusNoContent || !strings.Contains(preflight.Header.Get("Access-Control-Allow-Headers"), "Authorization") {
		t.Errorf("preflight: status %d, %v, headers %v", preflight.Status, err, preflight.Header)
	}
	if got := s.client().Do(http.MethodGet, base+"/exercises", nil, http.StatusOK, "Origin", "https://evil.example.com"); got.Header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("headers for another page: %v", got.Header)
	}
}

// Every reply carries the security headers; one to a user is for nobody else's cache.
func TestHeaders(t *testing.T) {
	t.Parallel()
	s := run(t)
	ada, _ := s.member("ada", train.RoleUser)
	for path, status := range map[string]int{base + "/exercises": 200, base + "/users/profile": 200, "/health/live": 200, "/health/ready": 200, "/openapi.json": 200, "/api/nowhere": 404} {
		got := ada.Do(http.MethodGet, path, nil, status)
		if got.Header.Get("X-Content-Type-Options") != "nosniff" || !strings.Contains(got.Header.Get("Content-Security-Policy"), "default-src 'none'") {
			t.Errorf("%s: headers %v", path, got.Header)
		}
	}
	if got := profile(ada, http.StatusOK); !strings.Contains(got.Header.Get("Cache-Control"), "private") {
		t.Errorf("profile: Cache-Control %q", got.Header.Get("Cache-Control"))
	}
	got := s.client().Do(http.MethodPost, base+"/auth/login", map[string]string{"email": "ada@example.com", "password": secretWord}, http.StatusOK)
	cookie := strings.Join(got.Header.Values("Set-Cookie"), "\n")
	for _, part := range []string{"fitness-app-session=", "HttpOnly", "SameSite=Strict", "Path=/"} {
		if !strings.Contains(cookie, part) {
			t.Errorf("cookie %q lacks %s", cookie, part)
		}
	}
	if !strings.Contains(got.Header.Get("Cache-Control"), "no-store") {
		t.Errorf("login: Cache-Control %q", got.Header.Get("Cache-Control"))
	}
}

// A user may ask so often, and a client that is not known; accounts less often. Whose limit is used up says nothing
// about anybody else's.
func TestLimits(t *testing.T) {
	t.Parallel()
	s := run(t, func(c *Config) { c.RateLimit.Policies, c.AuthLimit = nil, 5 })
	ada, login := s.member("ada", train.RoleUser) // two of five
	for i := range 100 {
		c := ada
		if i%2 == 1 {
			c = s.bearer(login.AccessToken) // one user, however he comes
		}
		profile(c, http.StatusOK)
	}
	for _, c := range []*apitest.Client{ada, s.bearer(login.AccessToken)} {
		got := profile(c, http.StatusTooManyRequests)
		if got.Error != "Too many requests" || got.RetryAfter < 1 || got.RetryAfter > 900 || got.Header.Get("Retry-After") != fmt.Sprint(got.RetryAfter) {
			t.Errorf("after a hundred: %s, Retry-After %q", got.Body, got.Header.Get("Retry-After"))
		}
	}
	if got := profile(ada, http.StatusTooManyRequests); got.Header.Get("Set-Cookie") != "" {
		t.Errorf("a denial sets the cookie %q", got.Header.Get("Set-Cookie"))
	}
	s.client().Do(http.MethodGet, base+"/exercises", nil, http.StatusOK)
	for range 3 {
		s.client().Do(http.MethodPost, base+"/auth/refresh", `{"refreshToken":"x"}`, http.StatusUnauthorized)
	}
	s.client().Do(http.MethodPost, base+"/auth/refresh", `{"refreshToken":"x"}`, http.StatusTooManyRequests)
	s.client().Do(http.MethodGet, base+"/exercises", nil, http.StatusOK)
}
