package main

import (
	"context"
	"errors"
	"net/url"
	"os/exec"
	"sync"

	"github.com/redbrick-go/redbrick/internal/pgproc"
	"github.com/redbrick-go/redbrick/internal/redisproc"
)

// backend is one line of the final report.
type backend struct {
	name   string
	detail string // where it came from
	reason string // why it is not there; empty: it is at hand
}

// environment starts the backends, knows their addresses, and stops them.
type environment struct {
	get func(name string) string // the environment given by the user

	mu       sync.Mutex
	vars     []string // name=value, for the command
	backends []backend
	stops    []func() error
}

// start brings up all backends side by side. A backend that does not come up
// is a line in the report, never an error: the rest of the tests can still run.
func (e *environment) start(ctx context.Context) {
	e.backends = []backend{
		{name: "embedded", detail: "in process"},
		{name: "redis"}, {name: "notracking"}, {name: "cluster"},
		{name: "sqlite", detail: "in process"},
		{name: "postgres"}, {name: "chromium"}, {name: "node"},
	}
	var wg sync.WaitGroup
	wg.Go(func() { e.redis(ctx) })
	wg.Go(func() {
		e.offer("cluster", "REDISTEST_CLUSTER_URL", func() (string, string, error) {
			c, err := redisproc.StartCluster(ctx, 3, 1, redisproc.Steady)
			if err != nil {
				return "", "", err
			}
			e.onStop(c.Stop)
			return c.URL(), "three masters, three replicas", nil
		})
	})
	wg.Go(func() {
		e.offer("postgres", "TEST_DATABASE_URL", func() (string, string, error) {
			p, err := pgproc.Start(ctx)
			if err != nil {
				return "", "", err
			}
			e.onStop(p.Stop)
			return p.URL(), p.Version(), nil
		})
	})
	e.offer("chromium", "REDISTEST_CHROMIUM", func() (string, string, error) {
		path, err := findChromium()
		return path, path, err
	})
	e.offer("node", "REDISTEST_NODE", func() (string, string, error) {
		path, err := exec.LookPath("node")
		return path, path, err
	})
	wg.Wait()
}

// redis offers one server under two names.
func (e *environment) redis(ctx context.Context) {
	server := sync.OnceValues(func() (*redisproc.Server, error) {
		s, err := redisproc.Start(ctx, redisproc.Options{})
		if err == nil {
			e.onStop(s.Stop)
		}
		return s, err
	})
	e.offer("redis", "REDISTEST_REDIS_URL", func() (string, string, error) {
		s, err := server()
		if err != nil {
			return "", "", err
		}
		return s.URL(), "redis-server", nil
	})
	e.offer("notracking", "REDISTEST_NOTRACKING_URL", func() (string, string, error) {
		s, err := server()
		if err != nil {
			return "", "", err
		}
		const user, password = "notracking", "notracking"
		_, err = s.Do(ctx, "ACL", "SETUSER", user, "reset", "on", ">"+password, "~*", "&*", "+@all", "-client|tracking")
		if err != nil {
			return "", "", err
		}
		u := url.URL{Scheme: "redis", User: url.UserPassword(user, password), Host: s.Addr()}
		return u.String(), "redis-server, a user without CLIENT TRACKING", nil
	})
}

// offer fills a backend's line: given by the user, or made here.
func (e *environment) offer(name, variable string, start func() (value, detail string, err error)) {
	b := backend{name: name, detail: "given in " + variable}
	if e.get(variable) == "" {
		value, detail, err := start()
		if err != nil {
			b.reason = err.Error()
		} else {
			b.detail = detail
			e.mu.Lock()
			e.vars = append(e.vars, variable+"="+value)
			e.mu.Unlock()
		}
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	for i := range e.backends {
		if e.backends[i].name == name {
			e.backends[i] = b
		}
	}
}

func (e *environment) onStop(f func() error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.stops = append(e.stops, f)
}

// stop ends everything that start began, side by side.
func (e *environment) stop() error {
	e.mu.Lock()
	stops := e.stops
	e.stops = nil
	e.mu.Unlock()
	errs := make([]error, len(stops))
	var wg sync.WaitGroup
	for i, f := range stops {
		wg.Go(func() { errs[i] = f() })
	}
	wg.Wait()
	return errors.Join(errs...)
}
