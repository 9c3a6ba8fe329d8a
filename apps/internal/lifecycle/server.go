package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"sync"
	"sync/atomic"
	"time"
)

// ServerOptions are the options of a [Server].
type ServerOptions struct {
	// Addr is host:port; port 0 is any free one.
	Addr string
	// Handler answers the requests.
	Handler http.Handler
	// Linger is how long the listener stays open after Stop began, while replies
	// ask clients to close their connections: a client that is busy leaves without
	// losing a request. 0 means not at all.
	Linger time.Duration
	// Logger hears of connections that went wrong. Nil is silent.
	Logger *slog.Logger
}

// Server is an HTTP server that loses no request it has taken. Make it with [Listen].
type Server struct {
	http     *http.Server
	listener net.Listener
	linger   time.Duration
	draining atomic.Bool
	done     chan struct{}
	failed   error // valid when done is closed
	stopping sync.Once
	stopped  error
}

// Bounds of one request. The largest body is a megabyte: slower than this is no
// client, or one that means harm.
const (
	headerTime = 5 * time.Second
	bodyTime   = 30 * time.Second
	writeTime  = 60 * time.Second
	idleTime   = 2 * time.Minute
	maxHeader  = 64 << 10
)

// Listen takes the address and serves until Stop.
func Listen(ctx context.Context, o ServerOptions) (*Server, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", o.Addr)
	if err != nil {
		return nil, fmt.Errorf("listen on %s: %w", o.Addr, err)
	}
	s := &Server{listener: listener, linger: o.Linger, done: make(chan struct{})}
	s.http = &http.Server{
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if s.draining.Load() {
				w.Header().Set("Connection", "close")
			}
			o.Handler.ServeHTTP(w, r)
		}),
		ReadHeaderTimeout: headerTime, ReadTimeout: bodyTime, WriteTimeout: writeTime, IdleTimeout: idleTime,
		MaxHeaderBytes: maxHeader,
		ErrorLog:       slog.NewLogLogger(o.Logger.Handler(), slog.LevelDebug),
	}
	go func() {
		defer close(s.done)
		if err := s.http.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
			s.failed = err
		}
	}()
	return s, nil
}

// Addr returns the host:port that is listened on.
func (s *Server) Addr() string { return s.listener.Addr().String() }

// Done is closed when the server no longer serves, asked to or not.
func (s *Server) Done() <-chan struct{} { return s.done }

// Draining reports whether Stop has begun: the service is no longer ready for new work.
func (s *Server) Draining() bool { return s.draining.Load() }

// Stop stops taking connections and waits until every request is answered. At the
// end of ctx what is left is cut off, and that is an error. A second call waits for the first.
func (s *Server) Stop(ctx context.Context) error {
	s.stopping.Do(func() {
		s.draining.Store(true)
		if s.linger > 0 {
			timer := time.NewTimer(s.linger)
			defer timer.Stop()
			select {
			case <-timer.C:
			case <-ctx.Done():
			case <-s.done:
			}
		}
		err := s.http.Shutdown(ctx)
		if err != nil {
			err = errors.Join(fmt.Errorf("requests were cut off: %w", err), s.http.Close())
		}
		<-s.done
		s.stopped = errors.Join(err, s.failed)
	})
	return s.stopped
}
