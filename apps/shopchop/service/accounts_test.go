package service

import (
	"encoding/json"
	"net/http"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/apps/internal/apitest"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/seed"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
	"github.com/redbrick-go/redbrick/redistest"
)

// login logs in and returns the cookie, or "" and the answer.
func (s *running) login(email, secret string, remember bool, headers ...string) (string, reply) {
	s.t.Helper()
	got, err := s.ask(0, http.MethodPost, "/api/auth/login", map[string]any{"email": email, "password": secret, "rememberMe": remember}, headers...)
	if err != nil {
		s.t.Fatal(err)
	}
	if got.Status != http.StatusOK {
		return "", got
	}
	return cookieOf(got), got
}

// with is do for the bearer of a cookie.
func (s *running) with(cookie, method, path string, body any, status int) reply {
	s.t.Helper()
	return s.do(0, method, path, body, status, "Cookie", cookie)
}

// mails waits for n mails to an address, with a word in the subject, and returns their texts.
func (s *running) mails(to, subject string, n int) []string {
	s.t.Helper()
	return apitest.Mails(s.t, s.config.DataDir, to, subject, n)
}

// tokenIn takes the token out of a mail's link.
func tokenIn(t testing.TB, text string) string {
	t.Helper()
	_, rest, ok := strings.Cut(text, "#/reset?token=")
	if !ok {
		t.Fatalf("no link in %q", text)
	}
	return strings.Fields(rest)[0]
}

func TestRegisterLoginLogout(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *running) {
		const email, secret = "new@example.com", "correct horse battery"
		got := s.do(0, http.MethodPost, "/api/auth/register", map[string]any{"name": "New", "email": " New@Example.com", "password": secret}, http.StatusCreated)
		u := into[shop.User](t, got)
		if u.Email != email || u.Role != shop.RoleUser || u.LastLogin != nil || strings.Contains(got.Body, "assword") || cookieOf(got) != "" {
			t.Errorf("registered %s, cookie %q; want a user who is not logged in yet", got.Body, cookieOf(got))
		}
		s.do(0, http.MethodPost, "/api/auth/register", map[string]any{"name": "New", "email": email, "password": secret}, http.StatusConflict)

		_, wrong := s.login(email, "correct horse", false)
		_, unknown := s.login("nobody@example.com", "correct horse", false)
		if wrong.Status != http.StatusUnauthorized || wrong.Error != "Invalid email or password" || wrong.Body != unknown.Body || unknown.Status != wrong.Status {
			t.Errorf("a wrong password is answered %d %s, an unknown account %d %s; want 401 and the same", wrong.Status, wrong.Body, unknown.Status, unknown.Body)
		}

		cookie, in := s.login("NEW@example.com ", secret, false)
		if cookie == "" {
			t.Fatalf("login: status %d: %s", in.Status, in.Body)
		}
		var body struct{ User, Data shop.User }
		decode(t, in.Body, &body)
		if body.User.ID != u.ID || body.User.LoginCount != 1 || body.User.LastLogin == nil || !cmp.Equal(body.User, body.Data) || in.Header.Get("Cache-Control") != "no-store, private" {
			t.Errorf("login answers %s with Cache-Control %q", in.Body, in.Header.Get("Cache-Control"))
		}
		me := into[shop.User](t, s.with(cookie, http.MethodGet, "/api/me", nil, http.StatusOK))
		if diff := cmp.Diff(body.User, me); diff != "" {
			t.Errorf("profile (-login +me):\n%s", diff)
		}
		recipe := into[shop.Recipe](t, s.with(cookie, http.MethodPost, "/api/recipes", `{"name":"Soup"}`, http.StatusCreated))
		if recipe.UserID != u.ID {
			t.Errorf("the recipe belongs to user %d, want %d", recipe.UserID, u.ID)
		}
		s.do(bob, http.MethodPut, recipePath(recipe.ID), `{"name":"Stew"}`, http.StatusForbidden)
		s.do(root, http.MethodPut, recipePath(recipe.ID), `{"name":"Stew"}`, http.StatusOK)

		out := s.with(cookie, http.MethodPost, "/api/auth/logout", nil, http.StatusOK)
		if cookieOf(out) != cookieName+"=" {
			t.Errorf("logout leaves the cookie %q: %v", cookieOf(out), out.Header)
		}
		if got := s.with(cookie, http.MethodGet, "/api/me", nil, http.StatusUnauthorized); got.Error != "Authentication required" {
			t.Errorf("after the logout: %s", got.Body)
		}
		s.with(cookie, http.MethodPost, "/api/auth/logout", nil, http.StatusOK)
		s.do(0, http.MethodPost, "/api/auth/logout", nil, http.StatusOK)
		s.mails(email, "Welcome", 1)
	})
}

func decode(t testing.TB, text string, v any) {
	t.Helper()
	if err := json.Unmarshal([]byte(text), v); err != nil {
		t.Fatalf("%v: %s", err, text)
	}
}

// What the cookie says to the browser, for a day or for a month, over http and in production.
func TestSessionCookie(t *testing.T) {
	t.Parallel()
	s := run(t)
	// A proxy in front speaks https; production trusts nobody who is not named.
	production := run(t, func(c *Config) {
		c.Production, c.Secrets, c.TrustedProxies = true, []string{strings.Repeat("s", 32)}, []string{"127.0.0.1"}
	})
	day, month := 24*time.Hour, 30*24*time.Hour
	for name, c := range map[string]struct {
		s        *running
		remember bool
		https    bool
		name     string
		life     time.Duration
	}{
		"http":             {s, false, false, cookieName, day},
		"remember":         {s, true, false, cookieName, month},
		"untrusted proxy":  {s, false, true, cookieName, day},
		"production":       {production, false, true, "__Host-" + cookieName, day},
		"production month": {production, true, true, "__Host-" + cookieName, month},
	} {
		headers := []string{}
		if c.https {
			headers = []string{"X-Forwarded-Proto", "https", "X-Forwarded-For", "192.0.2.7"}
		}
		_, got := c.s.login(emails[ada], testPassword, c.remember, headers...)
		cookies := map[string]*http.Cookie{}
		for _, k := range (&http.Response{Header: got.Header}).Cookies() {
			cookies[k.Name] = k
		}
		secure := strings.HasPrefix(name, "production")
		k, mark := cookies[c.name], cookies["shop-chop-device"]
		if k == nil || mark == nil || len(cookies) != 2 {
			t.Errorf("%s: status %d, cookies %v", name, got.Status, cookies)
			continue
		}
		if !mark.HttpOnly || mark.SameSite != http.SameSiteStrictMode || mark.Path != "/api/auth/login" || mark.Secure != secure {
			t.Errorf("%s: the mark of the browser is %v", name, mark)
		}
		if k.Name != c.name || !k.HttpOnly || k.SameSite != http.SameSiteStrictMode || k.Path != "/" || k.Domain != "" || k.Secure != secure {
			t.Errorf("%s: cookie %v, want %s, HttpOnly, Strict, Path /, Secure %t", name, k, c.name, secure)
		}
		if life := time.Duration(k.MaxAge) * time.Second; life > c.life || life < c.life-time.Minute {
			t.Errorf("%s: lives %v, want %v", name, life, c.life)
		}
		if has := got.Header.Get("Strict-Transport-Security") != ""; has != secure {
			t.Errorf("%s: Strict-Transport-Security %t, want %t", name, has, secure)
		}
	}
}

// The address of the client is the connection's, whatever a header says that no trusted proxy sent.
func TestDevicesShowTheTrustedAddress(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{"": "127.0.0.1", "127.0.0.1": "192.0.2.7"} {
		s := run(t, func(c *Config) {
			if name != "" {
				c.TrustedProxies = []string{name}
			}
		})
		cookie, _ := s.login(emails[ada], testPassword, false, "X-Forwarded-For", "192.0.2.7", "User-Agent", "test/1")
		list := s.devices(cookie)
		if len(list) != 1 || list[0].IPAddress != want || list[0].UserAgent != "test/1" {
			t.Errorf("proxies %q: %+v, want %s", name, list, want)
		}
	}
}

func TestRegisterRefuses(t *testing.T) {
	t.Parallel()
	s := run(t)
	for _, c := range []struct{ body, text string }{
		{`{}`, "name: empty"},
		{`{"name":"x","email":"x@example.com"}`, "password: 0 characters, expected at least 8"},
		{`{"name":"x","email":"x@example.com","password":"short"}`, "password: 5 characters"},
		{`{"name":"x","email":"x","password":"short"}`, "email: "},
		{`{"name":"x","email":"x@example.com","password":"x@example.com"}`, "password: is the account's name or address"},
		{`{"name":"x","email":"x@example.com","password":"password123"}`, "password: among the first"},
		{`{"name":"x","email":"x@example.com","password":"` + seed.DemoPassword + `"}`, "password: is known to everybody"},
		{`{"name":"x","email":"x@example.com","password":"` + strings.Repeat("x", 300) + `"}`, "password: 300 bytes"},
		{`{"name":"x","email":"x@example.com","password":"long enough","role":"admin"}`, "role: unknown field"},
		{`{"name":"x","email":"x@example.com","password":"long enough","hash":"x"}`, "hash: unknown field"},
		{`{"name":"x","email":"x@example.com\r\nBcc: y@example.com","password":"long enough"}`, "email: "},
	} {
		got := s.do(0, http.MethodPost, "/api/auth/register", c.body, http.StatusBadRequest)
		if !strings.Contains(got.Error, c.text) {
			t.Errorf("%s: %q, want %q in it", c.body, got.Error, c.text)
		}
	}
	got := s.do(0, http.MethodPost, "/api/auth/register", `{"email":"x","password":"short"}`, http.StatusBadRequest)
	if len(got.Fields) != 3 {
		t.Errorf("fields %+v, want name, email and password", got.Fields)
	}
}

// Logging in on behalf of another site is refused: it would put the visitor into an account of the attacker.
func TestLoginFromAnotherSite(t *testing.T) {
	t.Parallel()
	s := run(t)
	for _, headers := range [][]string{{"Origin", "https://evil.example.com"}, {"Sec-Fetch-Site", "cross-site"}} {
		if cookie, got := s.login(emails[ada], testPassword, false, headers...); got.Status != http.StatusForbidden || cookie != "" {
			t.Errorf("%q: status %d", headers, got.Status)
		}
	}
}

func TestPasswordReset(t *testing.T) {
	t.Parallel()
	each(t, func(t *testing.T, s *running) {
		old, _ := s.login(emails[ada], testPassword, true)
		other, _ := s.login(emails[bob], testPassword, false)
		const path = "/api/auth/password/reset"
		known := s.do(0, http.MethodPost, "/api/auth/password/forgot", map[string]any{"email": "ADA@example.com"}, http.StatusOK, "Host", "evil.example.com", "X-Forwarded-Host", "evil.example.com")
		unknown := s.do(0, http.MethodPost, "/api/auth/password/forgot", map[string]any{"email": "nobody@example.com"}, http.StatusOK)
		if known.Body != unknown.Body {
			t.Errorf("an account is answered %s, none %s", known.Body, unknown.Body)
		}
		text := s.mails(emails[ada], "new password", 1)[0]
		if !strings.Contains(text, s.base+"/#/reset?token=") {
			t.Errorf("the link does not lead to %s: %s", s.base, text)
		}
		s.mails("nobody@example.com", "", 0)
		token := tokenIn(t, text)
		const fresh = "another horse battery"
		for _, wrong := range []string{"", "x", token + "x", token[:len(token)-1], strings.ToUpper(token)} {
			if got := s.do(0, http.MethodPost, path, map[string]any{"token": wrong, "password": fresh}, http.StatusBadRequest); !strings.Contains(got.Error, "token: unknown, used or too old") {
				t.Errorf("token %q: %s", wrong, got.Body)
			}
		}
		// A weak password costs nothing but another try.
		s.do(0, http.MethodPost, path, map[string]any{"token": token, "password": "short"}, http.StatusBadRequest)
		s.with(old, http.MethodGet, "/api/me", nil, http.StatusOK)
		s.do(0, http.MethodPost, path, map[string]any{"token": token, "password": fresh}, http.StatusOK)
		s.do(0, http.MethodPost, path, map[string]any{"token": token, "password": "a third horse battery"}, http.StatusBadRequest)

		s.with(old, http.MethodGet, "/api/me", nil, http.StatusUnauthorized)
		s.with(other, http.MethodGet, "/api/me", nil, http.StatusOK)
		if _, got := s.login(emails[ada], testPassword, false); got.Status != http.StatusUnauthorized {
			t.Errorf("the old password: status %d", got.Status)
		}
		if cookie, got := s.login(emails[ada], fresh, false); cookie == "" {
			t.Errorf("the new password: status %d: %s", got.Status, got.Body)
		}
		s.mails(emails[ada], "was changed", 1)
	})
}

// loggedInAgo sets the clock of a login back: the third line of its record in Redis has the time of the proof third.
func (s *running) loggedInAgo(cookie string, ago time.Duration) {
	s.t.Helper()
	parts := strings.Split(strings.TrimPrefix(cookie, cookieName+"="), ".")
	key := "s:{" + parts[0] + "}:" + parts[1]
	lines := strings.Split(s.redisDo("HGET", key, "m"), "\n")
	if len(lines) < 3 || len(strings.Fields(lines[2])) != 6 {
		s.t.Fatalf("the record of %s is %q", key, lines)
	}
	times := strings.Fields(lines[2])
	now, err := strconv.ParseInt(times[5], 10, 64)
	if err != nil {
		s.t.Fatal(err)
	}
	times[2] = strconv.FormatInt(now-ago.Milliseconds(), 10)
	lines[2] = strings.Join(times, " ")
	s.redisDo("HSET", key, "m", strings.Join(lines, "\n"))
}

// A new password can be sent to the address of an account, so that only a login of the last quarter of an hour changes it.
func TestAddressIsChangedByARecentLogin(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		s := run(t, onRedis(t, rb))
		change := func(cookie, body string, status int) reply {
			t.Helper()
			return s.with(cookie, http.MethodPut, "/api/me", body, status)
		}
		is := func(cookie, email string) {
			t.Helper()
			if me := into[shop.User](t, s.with(cookie, http.MethodGet, "/api/me", nil, http.StatusOK)); me.Email != email {
				t.Errorf("the address is %q, want %q", me.Email, email)
			}
		}
		old, _ := s.login(emails[ada], testPassword, false)
		s.loggedInAgo(old, 10*time.Minute)
		change(old, `{"email":"ada.first@example.com"}`, http.StatusOK)
		is(old, "ada.first@example.com")

		s.loggedInAgo(old, 15*time.Minute+time.Second)
		if got := change(old, `{"name":"Ada","email":"thief@example.com"}`, http.StatusForbidden); !strings.Contains(got.Error, "log in again") {
			t.Errorf("refused with %s", got.Body)
		}
		is(old, "ada.first@example.com")
		change(old, `{"name":"Ada the First"}`, http.StatusOK)
		change(old, `{"email":" ADA.First@example.com"}`, http.StatusOK) // which it is already
		change(old, `{"email":"`+emails[bob]+`"}`, http.StatusForbidden)

		fresh, _ := s.login("ada.first@example.com", testPassword, false)
		change(fresh, `{"email":"`+emails[bob]+`"}`, http.StatusConflict)
		change(fresh, `{"email":"ada.second@example.com"}`, http.StatusOK)
		is(old, "ada.second@example.com")
	})
}

// The people of the seed data have a password where nobody else reaches the service, and that one opens nothing elsewhere.
func TestDemoPasswordIsForThisMachineAlone(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	email := seed.People()[0].Email
	s := run(t, func(c *Config) { c.DataDir, c.Seed = dir, true })
	if cookie, got := s.login(email, seed.DemoPassword, false); cookie == "" {
		t.Fatalf("status %d: %s", got.Status, got.Body)
	}
	s.stopped()
	for name, edit := range map[string]func(*Config){
		"production": func(c *Config) { c.Production, c.Secrets = true, []string{strings.Repeat("s", 32)} },
		"everybody":  func(c *Config) { c.Host = "0.0.0.0" },
	} {
		s := run(t, func(c *Config) { c.DataDir, c.Seed = dir, true }, edit)
		s.base = strings.Replace(s.base, "[::]", "127.0.0.1", 1)
		if _, got := s.login(email, seed.DemoPassword, false); got.Status != http.StatusUnauthorized {
			t.Errorf("%s: status %d, want 401: %s", name, got.Status, got.Body)
		}
		s.stopped()
	}
}

// The first admin can log in with the password that was shown, which is not shown again.
func TestFirstAdmin(t *testing.T) {
	t.Parallel()
	cmd := command(t, []string{"-seed=false"})
	p := launch(t, cmd)
	_, rest, ok := strings.Cut(p.stdout, "The first admin is admin@localhost with the password ")
	if !ok {
		t.Fatalf("printed %q", p.stdout)
	}
	secret := strings.Fields(rest)[0]
	talk := &running{t: t, base: p.url, http: http.DefaultClient}
	cookie, got := talk.login("admin@localhost", secret, false)
	if cookie == "" || !strings.Contains(got.Body, `"role":"admin"`) {
		t.Errorf("status %d: %s", got.Status, got.Body)
	}
	if err := p.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if code := p.end(t); code != 0 {
		t.Errorf("exit code %d", code)
	}
	if strings.Contains(p.stderr.String(), secret) {
		t.Error("the log has the password")
	}
	p = launch(t, command(t, []string{"-seed=false"}, "DATA_DIR="+cmd.Dir, "ADMIN_PASSWORD=another password"))
	if strings.Contains(p.stdout, "admin") {
		t.Errorf("a second start printed %q", p.stdout)
	}
	talk.base = p.url
	if cookie, got := talk.login("admin@localhost", secret, false); cookie == "" {
		t.Errorf("after a restart with another ADMIN_PASSWORD: status %d", got.Status)
	}

	p = launch(t, command(t, nil, "ADMIN_EMAIL=Boss@example.com", "ADMIN_PASSWORD=the boss's own password"))
	if strings.Contains(p.stdout, "boss") {
		t.Errorf("a given password is shown: %q", p.stdout)
	}
	talk.base = p.url
	if cookie, got := talk.login("boss@example.com", "the boss's own password", false); cookie == "" || !strings.Contains(got.Body, `"role":"admin"`) {
		t.Errorf("status %d: %s", got.Status, got.Body)
	}
}
