package service

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/apps/fitness/internal/train"
	"github.com/redbrick-go/redbrick/apps/internal/apitest"
	"github.com/redbrick-go/redbrick/redistest"
)

// Of many wrong passwords at once no more than five are looked at; the others hear when to try again. The
// owner's browser still gets in, and another account at another address is not touched.
func TestLoginIsGuarded(t *testing.T) {
	t.Parallel()
	s := run(t)
	browser, _ := s.member("ada", train.RoleUser)
	var wrong, throttled atomic.Int64
	var all sync.WaitGroup
	for range redistest.Scale(50) {
		all.Go(func() {
			got, err := s.client().Ask(http.MethodPost, base+"/auth/login", `{"email":"Ada@example.com","password":"wrong"}`)
			switch {
			case err != nil:
				t.Error(err)
			case got.Status == http.StatusUnauthorized:
				wrong.Add(1)
			case got.Status == http.StatusTooManyRequests && got.Error == "Too many failed attempts" && got.RetryAfter > 0 && got.Header.Get("Retry-After") != "":
				throttled.Add(1)
			default:
				t.Errorf("status %d: %s", got.Status, got.Body)
			}
		})
	}
	all.Wait()
	if wrong.Load() > 5 || throttled.Load() == 0 {
		t.Errorf("%d passwords were looked at, %d attempts refused; want at most 5", wrong.Load(), throttled.Load())
	}
	right := map[string]string{"email": "ada@example.com", "password": secretWord}
	if got := s.client().Do(http.MethodPost, base+"/auth/login", right, http.StatusTooManyRequests, "Accept-Language", "vi"); got.Error != "Quá nhiều lần thử không thành công" {
		t.Errorf("said %q", got.Error)
	}
	browser.Do(http.MethodPost, base+"/auth/login", right, http.StatusOK)
}

// While Redis is away nobody is taken for a visitor: who shows a cookie or a token is asked to come back. What
// is the same for everybody is answered, and after that everything goes on.
func TestRedisAway(t *testing.T) {
	t.Parallel()
	server := redistest.Private(t)
	s := run(t, func(c *Config) { c.Redis.URL = server.URL() })
	browser, login := s.member("ada", train.RoleUser)
	s.exercise(login.User.ID, "Plank")
	right := map[string]string{"email": "ada@example.com", "password": secretWord}
	// becomes waits for a status: what is under way when the link dies has its deadline.
	becomes := func(c *apitest.Client, method, path string, body any, status int) apitest.Reply {
		t.Helper()
		var got apitest.Reply
		redistest.Eventually(t, apitest.Patience, func() (err error) {
			if got, err = c.Ask(method, base+path, body); err == nil && got.Status != status {
				err = fmt.Errorf("%s %s: status %d, want %d: %s", method, path, got.Status, status, got.Body)
			}
			return err
		})
		return got
	}
	profile(browser, http.StatusOK)
	profile(s.bearer(login.AccessToken), http.StatusOK)
	server.Kill()
	for what, got := range map[string]apitest.Reply{
		"cookie":  becomes(browser, http.MethodGet, "/users/profile", nil, http.StatusServiceUnavailable),
		"token":   becomes(s.bearer(login.AccessToken), http.MethodGet, "/users/profile", nil, http.StatusServiceUnavailable),
		"refresh": becomes(s.client(), http.MethodPost, "/auth/refresh", map[string]string{"refreshToken": login.RefreshToken}, http.StatusServiceUnavailable),
		"login":   becomes(s.client(), http.MethodPost, "/auth/login", right, http.StatusServiceUnavailable),
	} {
		if got.Error != "Temporarily unavailable" || got.RetryAfter < 1 || got.Header.Get("Retry-After") == "" {
			t.Errorf("%s: %s, headers %v", what, got.Body, got.Header)
		}
	}
	s.client().Do(http.MethodGet, base+"/users/profile", nil, http.StatusUnauthorized)
	for _, path := range []string{"/exercises", "/workouts/popular"} {
		browser.Do(http.MethodGet, base+path, nil, http.StatusOK)
	}
	server.Restart() // empty: everybody is logged out
	becomes(browser, http.MethodGet, "/users/profile", nil, http.StatusUnauthorized)
	becomes(browser, http.MethodPost, "/auth/login", right, http.StatusOK)
	becomes(browser, http.MethodGet, "/users/profile", nil, http.StatusOK) // the connections come back one by one
}

// After a full run Redis holds no hash of a password and nothing that opens anything: no cookie, no token.
func TestRedisHoldsNoSecret(t *testing.T) {
	t.Parallel()
	s := run(t)
	_, login := s.member("ada", train.RoleTrainer)
	c := s.client()
	entered := c.Do(http.MethodPost, base+"/auth/login", map[string]any{"email": "ada@example.com", "password": secretWord, "rememberMe": true}, http.StatusOK)
	e := s.exercise(login.User.ID, "Plank")
	c.Do(http.MethodPost, base+"/workouts", fmt.Sprintf(`{"exerciseId":%q,"sets":[{"reps":1}]}`, e.ID), http.StatusCreated)
	for _, path := range []string{"/users/profile", "/workouts", "/exercises", "/exercises/favorites", "/workouts/popular", "/auth/sessions"} {
		c.Do(http.MethodGet, base+path, nil, http.StatusOK)
	}
	credentials, err := s.store.Credentials(t.Context(), "ada@example.com")
	if err != nil {
		t.Fatal(err)
	}
	secrets := []string{secretWord, credentials.Hash.Reveal(), "$argon2id$", login.RefreshToken, login.AccessToken}
	for _, cookie := range entered.Header.Values("Set-Cookie") {
		_, value, _ := strings.Cut(strings.Split(cookie, ";")[0], "=")
		secrets = append(secrets, value, value[strings.LastIndexByte(value, '.')+1:])
	}
	held := dump(t, s.redis)
	if len(held) < 500 || !strings.Contains(held, login.User.ID) {
		t.Fatalf("the dump has %d bytes, and not what was cached", len(held))
	}
	for _, secret := range secrets {
		if len(secret) < 8 {
			t.Fatalf("%q is no secret", secret)
		}
		if strings.Contains(held, secret) {
			t.Errorf("redis holds %q", secret)
		}
		if strings.Contains(s.logs.String(), secret) {
			t.Errorf("the log holds %q", secret)
		}
	}
}

// dump is all that lies in a Redis, as text.
func dump(t *testing.T, rb *redbrick.Client) string {
	t.Helper()
	var b strings.Builder
	keys, err := rb.Do(t.Context(), rb.B().Scan().Cursor(0).Count(10_000).Build()).AsScanEntry()
	if err != nil {
		t.Fatal(err)
	}
	for _, key := range keys.Elements {
		kind, err := rb.Do(t.Context(), rb.B().Type().Key(key).Build()).ToString()
		if err != nil {
			t.Fatal(err)
		}
		read := map[string][]string{
			"string": {"GET"}, "hash": {"HGETALL"}, "zset": {"ZRANGE", "0", "-1"}, "set": {"SMEMBERS"}, "list": {"LRANGE", "0", "-1"},
		}[kind]
		if read == nil {
			t.Fatalf("%s is a %s", key, kind)
		}
		got, err := rb.Do(t.Context(), rb.B().Arbitrary(read[0]).Keys(key).Args(read[1:]...).Build()).ToAny()
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprintln(&b, key, got)
	}
	return b.String()
}

// command prepares the test binary as the program, in a folder of its own and
// with no settings but those given.
func command(t *testing.T, args []string, env ...string) *exec.Cmd {
	t.Helper()
	cmd := exec.CommandContext(context.Background(), os.Args[0], args...)
	cmd.Dir = t.TempDir()
	cmd.Env = append([]string{commandEnv + "=1", "PATH=" + os.Getenv("PATH"), "HOME=" + cmd.Dir, "PORT=0", "DATA_DIR=" + cmd.Dir}, env...)
	return cmd
}

// Bad settings end the program with 2 and a line for each fault, which shows no secret.
func TestBadSettings(t *testing.T) {
	t.Parallel()
	for what, c := range map[string]struct {
		args, env []string
		want      []string
	}{
		"many":       {nil, []string{"PORT=x", "DATABASE_URL=mysql://root:hunter2@db", "SESSION_MAX_AGE=never", "ADMIN_EMAIL=x"}, []string{"PORT is \"x\"", "DATABASE_URL has the scheme \"mysql\"", "SESSION_MAX_AGE", "ADMIN_EMAIL"}},
		"production": {nil, []string{"NODE_ENV=production"}, []string{"SESSION_SECRET"}},
		"short":      {nil, []string{"APP_ENV=production", "SESSION_SECRET=hunter2"}, []string{"SESSION_SECRET"}},
		"argument":   {[]string{"rebuild"}, nil, []string{`argument "rebuild"`}},
		"flag":       {[]string{"-nothing"}, nil, []string{"usage: fitness"}},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			cmd := command(t, c.args, c.env...)
			text, _ := cmd.CombinedOutput()
			if code := cmd.ProcessState.ExitCode(); code != 2 {
				t.Errorf("exit code %d, want 2: %s", code, text)
			}
			for _, want := range c.want {
				if !strings.Contains(string(text), want) {
					t.Errorf("%q is not said: %s", want, text)
				}
			}
			if strings.Contains(string(text), "hunter2") {
				t.Errorf("a secret is shown: %s", text)
			}
		})
	}
}

// The program starts on nothing but a folder, shows the first admin's password once, and ends in order at SIGTERM.
func TestStartAndEnd(t *testing.T) {
	t.Parallel()
	cmd := command(t, []string{"-seed=false"})
	for _, wants := range []string{"The first admin is admin@localhost with the password ", ""} {
		again := command(t, []string{"-seed=false"}, "DATA_DIR="+cmd.Dir)
		var out apitest.Log
		var errs bytes.Buffer
		again.Stdout, again.Stderr = &out, &errs
		if err := again.Start(); err != nil {
			t.Fatal(err)
		}
		redistest.Eventually(t, apitest.Patience, func() error {
			if !strings.Contains(out.String(), "Fitness is at http://127.0.0.1:") {
				return fmt.Errorf("it says %s", out.String())
			}
			return nil
		})
		if err := again.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		if err := again.Wait(); err != nil {
			t.Errorf("it ended with %v: %s", err, errs.String())
		}
		if said := strings.Contains(out.String(), "The first admin is"); said != (wants != "") || !strings.Contains(out.String(), wants) {
			t.Errorf("it said %s", out.String())
		}
	}
}
