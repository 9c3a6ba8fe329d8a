package redistest

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/pgproc"
	"github.com/redbrick-go/redbrick/internal/redisproc"
	"github.com/redbrick-go/redbrick/internal/testreport"
)

const (
	nameEmbedded   = "embedded"
	nameUntracked  = "embedded-notracking"
	nameRedis      = "redis"
	nameNoTracking = "notracking"
	nameCluster    = "cluster"
	nameEnv        = "env"
	namePrivate    = "private" // of OpenURL
)

// startLimit bounds the start of a server or a cluster, on a loaded machine.
const startLimit = 90 * time.Second

// Backend is one Redis that tests run on.
type Backend struct {
	// Name is embedded, embedded-notracking, redis, notracking, cluster, env, or for a client of OpenURL private.
	Name string
	// URL opens it; empty for an embedded engine, which is made anew for each test.
	URL string

	caps []Cap
}

// Has reports whether the backend has an ability.
func (b Backend) Has(c Cap) bool { return slices.Contains(b.caps, c) }

// Backends returns those at hand, embedded first. It starts the shared server if need be.
func Backends(t testing.TB) []Backend {
	t.Helper()
	var found []Backend
	for _, name := range names() {
		if b, err := shared.backend(name); err == nil {
			found = append(found, b)
		}
	}
	return found
}

// names lists the backends a test is to run on, at hand or not.
//
// The variable REDISTEST_BACKENDS, a comma-separated list, leaves the others out: the race detector runs on embedded
// engines alone. The one without tracking runs only there: elsewhere a server without tracking stands for both.
func names() []string {
	all := []string{nameEmbedded, nameRedis, nameNoTracking, nameCluster}
	if only := os.Getenv(onlyVariable); only != "" {
		all = append(all, nameUntracked)
		return slices.DeleteFunc(all, func(name string) bool { return !slices.Contains(strings.Split(only, ","), name) })
	}
	if os.Getenv("REDIS_URL") != "" {
		all = append(all, nameEnv)
	}
	return all
}

const onlyVariable = "REDISTEST_BACKENDS"

// shared holds what all tests of the process use together. [Main] closes it.
var shared pool

// pool starts each thing at most once. Its errors are reasons why a backend is not there.
type pool struct {
	mu       sync.Mutex
	server   func() (*redisproc.Server, error)
	cluster  func() (*redisproc.Cluster, error)
	postgres func() (*pgproc.Server, error)
	admins   map[string]func() (*redbrick.Client, error)
	stops    []func() error
	recorded map[string]bool
}

// backend finds a backend by name, starting it if that is our part.
func (p *pool) backend(name string) (Backend, error) {
	b := Backend{Name: name, caps: capsOf[name]}
	var err error
	switch name {
	case nameEmbedded, nameUntracked:
	case nameRedis:
		b.URL, err = p.urlOf("REDISTEST_REDIS_URL", func() (string, error) {
			s, err := p.ownServer()
			if err != nil {
				return "", err
			}
			return s.URL(), nil
		})
	case nameNoTracking:
		b.URL, err = p.urlOf("REDISTEST_NOTRACKING_URL", func() (string, error) {
			s, err := p.ownServer()
			if err != nil {
				return "", err
			}
			u := url.URL{Scheme: "redis", User: url.UserPassword(nameNoTracking, nameNoTracking), Host: s.Addr()}
			return u.String(), nil
		})
	case nameCluster:
		b.URL, err = p.urlOf("REDISTEST_CLUSTER_URL", func() (string, error) {
			if !testreport.Required(nameCluster) {
				return "", errors.New("REDISTEST_CLUSTER_URL is not set and " + testreport.RequireEnv + " does not ask for a cluster")
			}
			c, err := p.ownCluster()
			if err != nil {
				return "", err
			}
			return c.URL(), nil
		})
	case nameEnv:
		b.URL = os.Getenv("REDIS_URL")
		b.caps, err = p.detect(b.URL)
	default:
		return b, fmt.Errorf("redistest: backend %q, expected one of %v", name, names())
	}
	return b, err
}

func (p *pool) urlOf(variable string, start func() (string, error)) (string, error) {
	if u := os.Getenv(variable); u != "" {
		return u, nil
	}
	return start()
}

// ownServer starts the process's server, with the user of the notracking backend.
func (p *pool) ownServer() (*redisproc.Server, error) {
	p.mu.Lock()
	if p.server == nil {
		p.server = sync.OnceValues(func() (*redisproc.Server, error) {
			ctx, cancel := context.WithTimeout(context.Background(), startLimit)
			defer cancel()
			s, err := redisproc.Start(ctx, redisproc.Options{})
			if err != nil {
				return nil, err
			}
			p.onStop(s.Stop)
			_, err = s.Do(ctx, "ACL", "SETUSER", nameNoTracking, "reset", "on", ">"+nameNoTracking,
				"~*", "&*", "+@all", noTrackingRule)
			return s, err
		})
	}
	start := p.server
	p.mu.Unlock()
	return start()
}

func (p *pool) ownCluster() (*redisproc.Cluster, error) {
	p.mu.Lock()
	if p.cluster == nil {
		p.cluster = sync.OnceValues(func() (*redisproc.Cluster, error) {
			ctx, cancel := context.WithTimeout(context.Background(), startLimit)
			defer cancel()
			c, err := redisproc.StartCluster(ctx, 3, 1, redisproc.Steady)
			if err == nil {
				p.onStop(c.Stop)
			}
			return c, err
		})
	}
	start := p.cluster
	p.mu.Unlock()
	return start()
}

func (p *pool) ownPostgres() (*pgproc.Server, error) {
	p.mu.Lock()
	if p.postgres == nil {
		p.postgres = sync.OnceValues(func() (*pgproc.Server, error) {
			ctx, cancel := context.WithTimeout(context.Background(), startLimit)
			defer cancel()
			s, err := pgproc.Start(ctx)
			if err == nil {
				p.onStop(s.Stop)
			}
			return s, err
		})
	}
	start := p.postgres
	p.mu.Unlock()
	return start()
}

// admin returns the client that cleans up and manages users on a shared
// backend; one for all tests of the process.
func (p *pool) admin(target string) (*redbrick.Client, error) {
	p.mu.Lock()
	if p.admins == nil {
		p.admins = map[string]func() (*redbrick.Client, error){}
	}
	open := p.admins[target]
	if open == nil {
		open = sync.OnceValues(func() (*redbrick.Client, error) {
			ctx, cancel := context.WithTimeout(context.Background(), startLimit)
			defer cancel()
			rb, err := redbrick.Open(ctx, patient(redbrick.Options{URL: target}))
			if err == nil {
				p.onStop(rb.Close)
			}
			return rb, err
		})
		p.admins[target] = open
	}
	p.mu.Unlock()
	return open()
}

// detect finds out what a server that the user named can do.
func (p *pool) detect(target string) ([]Cap, error) {
	rb, err := p.admin(target)
	if err != nil {
		return nil, err
	}
	f := rb.Features()
	caps := []Cap{SubSecondTTL, BigKeyspace, Processes}
	for c, has := range map[Cap]bool{Tracking: f.Tracking, Config: f.Config, Cluster: f.Cluster} {
		if has {
			caps = append(caps, c)
		}
	}
	return caps, nil
}

func (p *pool) onStop(f func() error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stops = append(p.stops, f)
}

// stop ends what was started, the last first: clients before their servers.
func (p *pool) stop() error {
	p.mu.Lock()
	stops := p.stops
	p.stops = nil
	p.mu.Unlock()
	var errs []error
	for _, f := range slices.Backward(stops) {
		errs = append(errs, f())
	}
	return errors.Join(errs...)
}

// once reports whether key is new, so that a line gets into the report once a process.
func (p *pool) once(key string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.recorded == nil {
		p.recorded = map[string]bool{}
	}
	if p.recorded[key] {
		return false
	}
	p.recorded[key] = true
	return true
}
