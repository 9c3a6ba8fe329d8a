package service

import (
	"context"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/apps/fitness/internal/train"
	"github.com/redbrick-go/redbrick/apps/fitness/internal/web"
	"github.com/redbrick-go/redbrick/apps/internal/apitest"
	"github.com/redbrick-go/redbrick/apps/internal/password"
	"github.com/redbrick-go/redbrick/apps/internal/pgtest"
	"github.com/redbrick-go/redbrick/apps/internal/program"
	"github.com/redbrick-go/redbrick/ratelimit"
	"github.com/redbrick-go/redbrick/redistest"
)

// commandEnv makes the test binary the program: its arguments are the program's.
const commandEnv = "FITNESS_TEST_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(commandEnv) != "" {
		os.Exit(Command(redistest.Patient(context.Background()), os.Args[1:], os.Stdout, os.Stderr, os.Exit))
	}
	redistest.Main(m)
}

const (
	base       = "/api/v1"
	secretWord = "correct horse battery"
)

// cheap hashes guard nothing, and cost nothing.
var cheap = password.Options{Memory: 64, Passes: 1, AllowWeak: true, Wait: apitest.Patience}

// running is a service that a test talks to over HTTP.
type running struct {
	*Main

	t    testing.TB
	logs *apitest.Log
}

// run starts a service on a free port. It is closed at the end of the test.
func run(t testing.TB, edit ...func(*Config)) *running {
	t.Helper()
	logs := &apitest.Log{}
	c := Config{Config: program.Config{
		DataDir: t.TempDir(), Passwords: cheap, Logger: slog.New(slog.NewTextHandler(logs, &slog.HandlerOptions{Level: slog.LevelInfo})),
	}}
	c.AuthLimit = 100_000
	c.RateLimit.Policies = []ratelimit.Policy{{Limit: 100_000, Window: time.Hour}}
	patient(&c)
	for _, f := range edit {
		f(&c)
	}
	m, err := Start(redistest.Patient(context.Background()), c)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(context.Background()); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Log(logs.String())
		}
	})
	return &running{Main: m, t: t, logs: logs}
}

// patient gives a loaded machine time.
func patient(c *Config) {
	c.Redis.ConnectTimeout, c.Redis.CommandTimeout, c.Redis.HotTimeout = apitest.Patience, apitest.Patience, apitest.Patience
}

// onRedis points a service at a client's place.
func onRedis(t testing.TB, rb *redbrick.Client) func(*Config) {
	b := redistest.BackendOf(t, rb)
	return func(c *Config) {
		if b.URL != "" {
			c.Redis = redbrick.Options{URL: b.URL, Namespace: rb.Namespace()}
		}
		patient(c)
	}
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

// sharing runs a second service on the database and Redis of the first.
func (s *running) sharing() *running {
	s.t.Helper()
	return run(s.t, func(c *Config) {
		*c = s.config
		c.Port = 0
		c.Redis.Logger, c.Redis.OnState = nil, nil
	})
}

// client is a browser that has not been here before.
func (s *running) client() *apitest.Client { return apitest.NewClient(s.t, s.URL()) }

// member makes an account with a role and logs it in.
func (s *running) member(name string, role train.Role) (*apitest.Client, web.Login) {
	s.t.Helper()
	email := name + "@example.com"
	u := apitest.Into[train.User](s.t, s.client().Do(http.MethodPost, base+"/auth/register", map[string]string{"name": name, "email": email, "password": secretWord}, http.StatusCreated))
	if role != train.RoleUser {
		if _, err := s.studio.SetRole(context.Background(), train.User{Role: train.RoleAdmin}, u.ID, role); err != nil {
			s.t.Fatal(err)
		}
	}
	return s.login(email)
}

// login logs an account in from a browser that has not been here before.
func (s *running) login(email string) (*apitest.Client, web.Login) {
	s.t.Helper()
	c := s.client()
	login := apitest.Into[web.Login](s.t, c.Do(http.MethodPost, base+"/auth/login", map[string]string{"email": email, "password": secretWord}, http.StatusOK))
	return c, login
}

// bearer is a program that has an access token and no cookie.
func (s *running) bearer(token string) *apitest.Client {
	c := s.client()
	c.Bearer = token
	return c
}

// exercise writes an exercise into the database alone.
func (s *running) exercise(by, name string) train.Exercise {
	s.t.Helper()
	e, err := s.store.CreateExercise(context.Background(), by, train.ExerciseDraft{Name: name, Muscle: "core"})
	if err != nil {
		s.t.Fatal(err)
	}
	return e
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
