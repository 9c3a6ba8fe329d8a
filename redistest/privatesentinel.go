package redistest

import (
	"context"
	"errors"
	"testing"

	"github.com/redbrick-go/redbrick/internal/redisproc"
)

// SentinelServer is a master with one replica, watched by three Sentinels, of a
// test's own. Every method fails the test if it does not succeed.
type SentinelServer struct {
	t    testing.TB
	proc *redisproc.Sentinel
}

// PrivateSentinel starts them for this test alone; they end with the test. conf holds
// lines of redis.conf for the two data servers. The test is skipped if the
// machine has no redis-server.
func PrivateSentinel(t testing.TB, conf ...string) *SentinelServer {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	proc, err := redisproc.StartSentinel(ctx, 1, conf...)
	if errors.Is(err, redisproc.ErrNotFound) {
		Missing(t, "sentinel", err.Error())
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := proc.Stop(); err != nil {
			t.Error(err)
		}
	})
	Ran(t, "sentinel")
	return &SentinelServer{t, proc}
}

// URL returns redis+sentinel://s1,s2,s3/mymaster.
func (s *SentinelServer) URL() string { return s.proc.URL() }

// Master returns the server that is master now; it waits while there is none.
func (s *SentinelServer) Master() *Server {
	s.t.Helper()
	var master *redisproc.Server
	Eventually(s.t, startLimit, func() error {
		ctx, cancel := context.WithTimeout(context.Background(), startLimit)
		defer cancel()
		n, err := s.proc.Master(ctx)
		master = n
		return err
	})
	return &Server{s.t, master}
}

// Failover kills the master and waits until the replica has taken over (two to
// ten seconds). It returns the dead server, which Restart brings back as a replica, and the new master.
func (s *SentinelServer) Failover() (dead, heir *Server) {
	s.t.Helper()
	dead = s.Master()
	dead.Kill()
	return dead, s.Master()
}
