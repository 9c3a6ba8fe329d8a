package service

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/apps/internal/apitest"
	"github.com/redbrick-go/redbrick/apps/internal/password"
	"github.com/redbrick-go/redbrick/apps/internal/pgtest"
	"github.com/redbrick-go/redbrick/apps/internal/program"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/seed"
	"github.com/redbrick-go/redbrick/apps/shopchop/internal/shop"
	"github.com/redbrick-go/redbrick/ratelimit"
	"github.com/redbrick-go/redbrick/redistest"
)

// commandEnv makes the test binary the program: its arguments are the program's.
const commandEnv = "SHOPCHOP_TEST_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(commandEnv) != "" {
		os.Exit(Command(redistest.Patient(context.Background()), os.Args[1:], os.Stdout, os.Stderr, os.Exit))
	}
	redistest.Main(m)
}

// longTime is ten times what anything here should take.
const longTime = 30 * time.Second

// The users of every test service: two ordinary ones and an admin.
const (
	ada  = 1
	bob  = 2
	root = 3
)

// running is a service that a test talks to over HTTP.
type running struct {
	*Main

	t    testing.TB
	base string // address of the service
	http *http.Client
	logs *apitest.Log

	mu      sync.Mutex
	cookies map[int64]string // of the sessions of users
}

// testPassword is the password of the users of every test service.
const testPassword = "long enough for a test"

// emails are their addresses; a program that was started with the seed data has other people.
var emails = map[int64]string{ada: "ada@example.com", bob: "bob@example.com", root: "root@example.com"}

// run starts a service on a free port, with three users and no recipes unless they
// are there. It is closed at the end of the test.
func run(t testing.TB, edit ...func(*Config)) *running {
	t.Helper()
	logs := &apitest.Log{}
	c := Config{Config: program.Config{
		DataDir:   t.TempDir(),
		Logger:    slog.New(slog.NewTextHandler(logs, &slog.HandlerOptions{Level: slog.LevelInfo})),
		Passwords: password.Options{Memory: 64, Passes: 1, AllowWeak: true, Wait: longTime},
		RateLimit: ratelimit.Options{Disabled: true, Timeout: longTime},
	}, AuthPerHour: 1_000_000}
	patient(&c)
	for _, f := range edit {
		f(&c)
	}
	m, err := Start(redistest.Patient(context.Background()), c)
	if err != nil {
		t.Fatal(err)
	}
	r := &running{Main: m, t: t, base: "http://" + m.Addr(), logs: logs, http: &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 100}, Timeout: longTime}}
	t.Cleanup(func() {
		if err := m.Close(context.Background()); err != nil {
			t.Error(err)
		}
		r.http.CloseIdleConnections()
		if t.Failed() {
			t.Log(logs.String())
		}
	})
	hash, err := m.passwords.Hash(context.Background(), testPassword)
	if err != nil {
		t.Fatal(err)
	}
	for i, role := range []shop.Role{ada - 1: shop.RoleUser, bob - 1: shop.RoleUser, root - 1: shop.RoleAdmin} {
		name := []string{"ada", "bob", "root"}[i]
		if _, err := m.store.User(context.Background(), int64(i+1)); err == nil {
			continue
		}
		if _, err := m.store.CreateUser(context.Background(), shop.UserDraft{Name: name, Email: name + "@example.com", Role: role, Hash: shop.PasswordHash(hash)}); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

// onRedis points a service at a client's place, with time for a loaded machine.
func onRedis(t testing.TB, rb *redbrick.Client) func(*Config) {
	b := redistest.BackendOf(t, rb)
	return func(c *Config) {
		if b.URL != "" {
			c.Redis = redbrick.Options{URL: b.URL, Namespace: rb.Namespace()}
		}
		patient(c)
	}
}

func patient(c *Config) {
	c.Redis.ConnectTimeout, c.Redis.CommandTimeout, c.Redis.HotTimeout = longTime, longTime, longTime
	c.CopyTime = longTime
}

// each runs a test on SQLite with every Redis, and on PostgreSQL with one.
func each(t *testing.T, f func(t *testing.T, s *running)) {
	t.Helper()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		redistest.Ran(t, "sqlite")
		f(t, run(t, onRedis(t, rb)))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		url := pgtest.URL(t)
		f(t, run(t, onRedis(t, redistest.Open(t, "redis")), func(c *Config) { c.DatabaseURL = url }))
	})
}

// reply is an answer of the service.
type reply = apitest.Reply

// ask sends a request of a user (0 is nobody). A body that is no string is sent as JSON.
func (s *running) ask(user int64, method, path string, body any, headers ...string) (reply, error) {
	if user > 0 {
		cookie, err := s.cookie(user)
		if err != nil {
			return reply{}, err
		}
		headers = append([]string{"Cookie", cookie}, headers...)
	}
	return apitest.Ask(s.http, method, s.base+path, body, headers...)
}

// cookie returns that of a user's session, who logs in if there is none yet. One
// whom nobody knows has a cookie that nobody gave out.
func (s *running) cookie(user int64) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.cookies[user]; c != "" {
		return c, nil
	}
	email, secret := emails[user], testPassword
	if s.Main == nil || s.config.Seed && int(user) <= len(seed.People()) {
		email, secret = seed.People()[user-1].Email, seed.DemoPassword
	}
	if email == "" {
		return cookieName + "=aaaaaaaaaaaaa.aaaaaaaaaaaaaaaa.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", nil
	}
	got, err := s.ask(0, http.MethodPost, "/api/auth/login", map[string]any{"email": email, "password": secret})
	if err != nil || got.Status != http.StatusOK {
		return "", fmt.Errorf("login of user %d: status %d, %v: %s", user, got.Status, err, got.Body)
	}
	c := cookieOf(got)
	if c == "" {
		return "", fmt.Errorf("login of user %d: no cookie in %v", user, got.Header)
	}
	if s.cookies == nil {
		s.cookies = map[int64]string{}
	}
	s.cookies[user] = c
	return c, nil
}

// cookieOf returns the session's cookie that an answer sets, as a browser sends it; "" if it sets none.
func cookieOf(a reply) string {
	for _, c := range (&http.Response{Header: a.Header}).Cookies() {
		if strings.HasSuffix(c.Name, cookieName) {
			return c.Name + "=" + c.Value
		}
	}
	return ""
}

// forget makes users log in anew.
func (s *running) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cookies = nil
}

// do is ask that expects a status.
func (s *running) do(user int64, method, path string, body any, status int, headers ...string) reply {
	s.t.Helper()
	a, err := s.ask(user, method, path, body, headers...)
	if err != nil {
		s.t.Fatalf("%s %s: %v", method, path, err)
	}
	if a.Status != status {
		s.t.Fatalf("%s %s: status %d, want %d: %s", method, path, a.Status, status, a.Body)
	}
	return a
}

// into decodes the data of an answer.
func into[V any](t testing.TB, a reply) V {
	t.Helper()
	return apitest.Into[V](t, a)
}

// create writes a recipe of a user through the service.
func (s *running) create(user int64, draft shop.RecipeDraft) shop.Recipe {
	s.t.Helper()
	return into[shop.Recipe](s.t, s.do(user, http.MethodPost, "/api/recipes", draft, http.StatusCreated))
}

// insert writes a recipe into the database alone.
func (s *running) insert(user int64, draft shop.RecipeDraft) shop.Recipe {
	s.t.Helper()
	r, err := s.store.CreateRecipe(context.Background(), user, draft)
	if err != nil {
		s.t.Fatal(err)
	}
	return r
}

// redisDo runs a command on the service's Redis; the first argument is the key.
func (s *running) redisDo(command, key string, args ...string) string {
	s.t.Helper()
	got, err := s.redis.Do(context.Background(), s.redis.B().Arbitrary(command).Keys(s.redis.Namespace()+key).Args(args...).Build()).ToAny()
	if err != nil && err.Error() != "redis nil message" {
		s.t.Fatalf("%s %s: %v", command, key, err)
	}
	if got == nil {
		return ""
	}
	return fmt.Sprint(got)
}

// big is a recipe of more than a kilobyte of JSON.
func big(name string) shop.RecipeDraft {
	d := shop.RecipeDraft{Name: name, Description: "<b>Crème</b> & \"quotes\" \u2028 日本", Servings: 2, PrepTime: 5, CookTime: 40, Difficulty: shop.Hard, Tags: []string{"x", "y"}}
	for i := range 30 {
		d.Ingredients = append(d.Ingredients, shop.Ingredient{Name: fmt.Sprintf("ingredient number %d", i), Quantity: 0.25 * float64(i+1), Unit: "g"})
		d.Instructions = append(d.Instructions, fmt.Sprintf("Step %d: stir slowly and taste.", i))
	}
	return d
}

// sharing runs a second service on the database and Redis of the first.
func (s *running) sharing() *running {
	s.t.Helper()
	return run(s.t, func(c *Config) {
		*c = s.config
		c.Port = 0
		c.Redis.Logger = nil
		c.Redis.OnState = nil
	})
}

func recipePath(id int64, rest ...string) string {
	return "/api/recipes/" + fmt.Sprint(id) + strings.Join(rest, "")
}
