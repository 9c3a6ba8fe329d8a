package main

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"runtime"
	"strings"
	"time"

	"github.com/alexedwards/scs/redisstore"
	"github.com/alexedwards/scs/v2"
	"github.com/gomodule/redigo/redis"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/session"
)

const (
	sessionGoroutines = 64
	sessionUsers      = 256
)

// sessionSite is one way to keep sessions, with users who are logged in.
type sessionSite struct {
	name     string
	handler  http.Handler
	cookies  []string
	tearDown func()
}

// quietWriter takes an answer and keeps nothing of it.
type quietWriter struct{ header http.Header }

func (w *quietWriter) Header() http.Header         { return w.header }
func (w *quietWriter) Write(b []byte) (int, error) { return len(b), nil }
func (w *quietWriter) WriteHeader(int)             {}

// visit sends one request of a user through the handler.
func (s *sessionSite) visit(user int) error {
	w := &quietWriter{header: make(http.Header, 4)}
	r := &http.Request{
		Method: http.MethodGet, URL: &url.URL{Path: "/"}, Host: "bench.example", RemoteAddr: "192.0.2.1:1234",
		Header: http.Header{"Cookie": {s.cookies[user%len(s.cookies)]}},
	}
	s.handler.ServeHTTP(w, r.WithContext(calls))
	if w.header.Get("X-User") == "" {
		return errors.New("the user is not logged in: " + s.name)
	}
	return nil
}

// logIn fills the site with users. login is a handler that logs in whom X-Login names.
func (s *sessionSite) logIn(ctx context.Context, login http.Handler) error {
	for i := range sessionUsers {
		r := httptest.NewRequestWithContext(ctx, http.MethodPost, "http://bench.example/", nil)
		r.Header.Set("X-Login", fmt.Sprint("user", i))
		w := httptest.NewRecorder()
		login.ServeHTTP(w, r)
		resp := w.Result()
		if resp.StatusCode != http.StatusOK || len(resp.Cookies()) != 1 {
			return fmt.Errorf("%s: the login answers %d with %d cookies", s.name, resp.StatusCode, len(resp.Cookies()))
		}
		c := resp.Cookies()[0]
		s.cookies = append(s.cookies, c.Name+"="+c.Value)
	}
	return nil
}

// tell is what every handler does with the user it found.
func tell(w http.ResponseWriter, user, role string) {
	w.Header()["X-User"] = []string{user + role}
	w.WriteHeader(http.StatusOK)
}

var benchRole = session.NewValue[string]("role")

func ourSessions(ctx context.Context, address string) (*sessionSite, error) {
	rb, err := redbrick.Open(ctx, redbrick.Options{URL: address, Namespace: "bench-session:", RequireRedis: true})
	if err != nil {
		return nil, err
	}
	s := &sessionSite{name: "redbrick", tearDown: func() { _ = rb.Close() }}
	m, err := session.New(rb, session.Options{Secrets: [][]byte{tokenSecret}})
	if err != nil {
		s.tearDown()
		return nil, err
	}
	s.handler = m.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		at := session.From(r.Context())
		role, _, _ := benchRole.Get(at)
		tell(w, at.UserID(), role)
	}))
	return s, s.logIn(ctx, m.Middleware(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		at := session.From(r.Context())
		if errors.Join(at.Login(r.Context(), r.Header.Get("X-Login"), session.Meta{}), benchRole.Set(at, "cook")) != nil {
			w.WriteHeader(http.StatusInternalServerError)
		}
	})))
}

func theirSessions(ctx context.Context, address string) (*sessionSite, error) {
	u, err := url.Parse(address)
	if err != nil {
		return nil, err
	}
	pool := &redis.Pool{MaxIdle: sessionGoroutines, Dial: func() (redis.Conn, error) { return redis.Dial("tcp", u.Host) }}
	s := &sessionSite{name: "scs with its Redis store, rolling idle timeout", tearDown: func() { _ = pool.Close() }}
	m := scs.New()
	m.Store = redisstore.NewWithPrefix(pool, "bench-scs:")
	m.Lifetime, m.IdleTimeout = 7*24*time.Hour, 24*time.Hour
	s.handler = m.LoadAndSave(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tell(w, m.GetString(r.Context(), "user"), m.GetString(r.Context(), "role"))
	}))
	return s, s.logIn(ctx, m.LoadAndSave(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		m.Put(r.Context(), "user", r.Header.Get("X-Login"))
		m.Put(r.Context(), "role", "cook")
	})))
}

// bareHandler does what the others do without a session.
func bareHandler() *sessionSite {
	s := &sessionSite{name: "the handler alone", tearDown: func() {}, cookies: []string{"session=" + base64.RawURLEncoding.EncodeToString(make([]byte, 55))}}
	s.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		tell(w, strings.TrimPrefix(r.Header.Get("Cookie"), "session="), "")
	})
	return s
}

func sessionSites(ctx context.Context, address string) ([]*sessionSite, error) {
	ours, err := ourSessions(ctx, address)
	if err != nil {
		return nil, err
	}
	theirs, err := theirSessions(ctx, address)
	if err != nil {
		ours.tearDown()
		return nil, err
	}
	return []*sessionSite{ours, theirs, bareHandler()}, nil
}

// setUpSession compares a request that reads its session, and touches it where that is due.
func setUpSession(ctx context.Context, address string) ([]contender, func(), error) {
	sites, err := sessionSites(ctx, address)
	if err != nil {
		return nil, nil, err
	}
	var all []contender
	for _, s := range sites {
		all = append(all, contender{s.name, func(_ context.Context, d time.Duration) (int64, time.Duration, error) {
			return drive(sessionGoroutines, d, func(w, n int) error { return s.visit(w*31 + n) })
		}})
	}
	return all, func() {
		for _, s := range sites {
			s.tearDown()
		}
	}, nil
}

// reportSessionAllocations counts what the whole process allocates for a request, the client's readers included.
func reportSessionAllocations(ctx context.Context, out io.Writer, address string, _ int, _ time.Duration) error {
	sites, err := sessionSites(ctx, address)
	if err != nil {
		return err
	}
	const requests = 20_000
	fmt.Fprintf(out, "| | allocations a request | beyond the handler |\n|---|--:|--:|\n")
	counts := make([]float64, len(sites))
	for i, s := range sites {
		defer s.tearDown()
		var before, after runtime.MemStats
		for n := range requests + 1000 {
			if n == 1000 { // after a warm-up
				runtime.ReadMemStats(&before)
			}
			if err := s.visit(n); err != nil {
				return err
			}
		}
		runtime.ReadMemStats(&after)
		counts[i] = float64(after.Mallocs-before.Mallocs) / requests
	}
	for i, s := range sites {
		fmt.Fprintf(out, "| %s | %.1f | %.1f |\n", s.name, counts[i], counts[i]-counts[len(counts)-1])
	}
	return nil
}

// sessionWorkloads measure what a request pays for its session.
var sessionWorkloads = []workload{
	{name: "session", about: fmt.Sprintf("A request through a handler that reads its session, touched where due, %d users, %d goroutines.", sessionUsers, sessionGoroutines), setUp: setUpSession, tolls: true},
	{name: "session-allocations", about: "The same requests, one after the other.", report: reportSessionAllocations},
}
