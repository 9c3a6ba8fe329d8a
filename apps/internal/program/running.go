package program

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/apps/internal/lifecycle"
	"github.com/redbrick-go/redbrick/apps/internal/secret"
	"github.com/redbrick-go/redbrick/engine"
	"github.com/redbrick-go/redbrick/session"
)

// Running is what every service is as it runs: a server, and parts that end in order. A
// service embeds it. Make it with [Spec.Begin].
type Running struct {
	// Parts are ended by Close, the last first.
	Parts lifecycle.Stack

	name   string
	config Config
	server *lifecycle.Server
}

// errDraining is why a service that ends is not ready.
var errDraining = errors.New("program: shutting down")

// Begin makes a service of which nothing runs yet. c is complete.
func (s Spec) Begin(c Config) *Running {
	return &Running{Parts: lifecycle.Stack{Logger: c.Logger}, name: s.Name, config: c}
}

// OpenRedis opens Redis, which need not be there: degraded says in the log what that means.
func (r *Running) OpenRedis(ctx context.Context, degraded string) (*redbrick.Client, error) {
	rb, err := redbrick.Open(ctx, r.config.Redis)
	if errors.Is(err, engine.ErrLocked) {
		return nil, fmt.Errorf("DATA_DIR is %q, expected one that no other %s uses, or a REDIS_URL that both share: %w", r.config.DataDir, r.name, err)
	}
	if err != nil {
		return nil, err
	}
	r.Parts.Add("redis", func(context.Context) error { return rb.Close() })
	if state := rb.State(); state.State != redbrick.StateReady {
		r.config.Logger.WarnContext(ctx, "starting degraded: redis is away, "+degraded, "error", state.Err) //nolint:sloglint // what it means is the service's to say
	}
	return rb, nil
}

// NewSessions makes the sessions as they are set; unavailable answers while none can be read.
func (c Config) NewSessions(rb *redbrick.Client, keys secret.Keys, unavailable func(http.ResponseWriter, *http.Request, error)) (*session.Manager, error) {
	o := c.Session
	o.Secrets, o.Production, o.TrustedProxies, o.Unavailable = keys.Bytes(), c.Production, c.TrustedProxies, unavailable
	return session.New(rb, o)
}

// Listen has requests answered: the last part that begins, and the first that ends.
func (r *Running) Listen(ctx context.Context, handler http.Handler) (err error) {
	c := r.config
	if r.server, err = lifecycle.Listen(ctx, lifecycle.ServerOptions{Addr: c.Addr(), Handler: handler, Linger: c.Linger, Logger: c.Logger}); err != nil {
		return err
	}
	r.Parts.Add("http", r.server.Stop)
	return nil
}

// Ready fails when requests cannot be answered; ping asks the database.
func (r *Running) Ready(ctx context.Context, ping func(context.Context) error) error {
	if r.server.Draining() {
		return errDraining
	}
	return ping(ctx)
}

// Addr returns the host:port that is listened on.
func (r *Running) Addr() string { return r.server.Addr() }

// URL returns the address of the page.
func (r *Running) URL() string { return "http://" + r.Addr() + "/" }

// Done is closed when the service no longer answers, asked to or not.
func (r *Running) Done() <-chan struct{} { return r.server.Done() }

// Close ends the service in order, within ShutdownTimeout and ctx: no new
// connections, requests under way are answered, counters are flushed, Redis and database
// are closed. A second call does nothing.
func (r *Running) Close(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, r.config.ShutdownTimeout)
	defer cancel()
	return r.Parts.Stop(ctx)
}
