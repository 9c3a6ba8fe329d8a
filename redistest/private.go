package redistest

import (
	"context"
	"errors"
	"testing"

	"github.com/redbrick-go/redbrick/internal/redisproc"
)

// Server is a redis-server of a test's own, to change, pause, kill and restart. Every
// method fails the test if it does not succeed.
type Server struct {
	t    testing.TB
	proc *redisproc.Server
}

// Private starts a redis-server for this test alone; it ends with the test. conf holds
// lines of redis.conf ("maxmemory 10mb", "appendonly yes", "requirepass x"). The test is skipped
// if the machine has no redis-server.
func Private(t testing.TB, conf ...string) *Server {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	proc, err := redisproc.Start(ctx, redisproc.Options{Conf: conf})
	if errors.Is(err, redisproc.ErrNotFound) {
		Missing(t, nameRedis, err.Error())
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := proc.Stop(); err != nil {
			t.Error(err)
		}
	})
	Ran(t, nameRedis)
	return &Server{t, proc}
}

// Addr returns host:port, for a [Proxy].
func (s *Server) Addr() string { return s.proc.Addr() }

// URL returns redis://host:port, with the password of a requirepass line.
func (s *Server) URL() string { return s.proc.URL() }

// Dir returns the folder with the server's files and its log.
func (s *Server) Dir() string { return s.proc.Dir() }

// Do runs one command on a connection of its own, past every client and proxy. The items of an
// array come back on lines of their own, a nil as "".
func (s *Server) Do(args ...string) string {
	s.t.Helper()
	reply, err := s.Try(args...)
	if err != nil {
		s.t.Fatal(err)
	}
	return reply
}

// Try is [Server.Do] for a command that may fail.
func (s *Server) Try(args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	return s.proc.Do(ctx, args...)
}

// Replicated waits until the server's n replicas hold every write that it has answered: a failover loses none of them.
func (s *Server) Replicated(n int) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	s.check(s.proc.Replicated(ctx, n))
}

// Kill ends the server as a crash does.
func (s *Server) Kill() { s.t.Helper(); s.check(s.proc.Kill()) }

// Pause stops the process: connections stay open and nothing is answered.
func (s *Server) Pause() { s.t.Helper(); s.check(s.proc.Pause()) }

// Resume continues a paused server.
func (s *Server) Resume() { s.t.Helper(); s.check(s.proc.Resume()) }

// Restart brings the server back on its port, empty. It ends it first if it runs.
func (s *Server) Restart() { s.t.Helper(); s.restart(false) }

// RestartKeeping brings the server back with its data: those of a running server
// are saved first, of a killed one what an append-only file holds comes back.
func (s *Server) RestartKeeping() { s.t.Helper(); s.restart(true) }

func (s *Server) restart(keep bool) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	s.check(s.proc.Restart(ctx, keep))
}

func (s *Server) check(err error) {
	s.t.Helper()
	if err != nil {
		s.t.Fatal(err)
	}
}
