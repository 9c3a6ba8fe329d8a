package redistest

import (
	"context"
	"errors"
	"testing"

	"github.com/redbrick-go/redbrick/internal/redisproc"
)

// ClusterServer is a Redis Cluster of a test's own: three masters with a replica
// each. Every method fails the test if it does not succeed.
type ClusterServer struct {
	t    testing.TB
	proc *redisproc.Cluster
}

// PrivateCluster starts a Redis Cluster for this test alone; it ends with the
// test. conf holds lines of redis.conf for every node. It takes two seconds and six
// processes; the test is skipped if the machine has no redis-server.
func PrivateCluster(t testing.TB, conf ...string) *ClusterServer {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), startLimit)
	defer cancel()
	proc, err := redisproc.StartCluster(ctx, 3, 1, conf...)
	if errors.Is(err, redisproc.ErrNotFound) {
		Missing(t, nameCluster, err.Error())
	}
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := proc.Stop(); err != nil {
			t.Error(err)
		}
	})
	Ran(t, nameCluster)
	return &ClusterServer{t, proc}
}

// URL returns redis+cluster://h1,h2,... with all nodes.
func (c *ClusterServer) URL() string { return c.proc.URL() }

// MasterOf returns the node that owns the key's slot now.
func (c *ClusterServer) MasterOf(key string) *Server {
	c.t.Helper()
	ctx, cancel := c.limit()
	defer cancel()
	slot, err := c.proc.Slot(ctx, key)
	if err != nil {
		c.t.Fatal(err)
	}
	n, err := c.proc.MasterOf(ctx, slot)
	if err != nil {
		c.t.Fatal(err)
	}
	return &Server{c.t, n}
}

// Masters returns the masters that own slots now.
func (c *ClusterServer) Masters() []*Server {
	c.t.Helper()
	ctx, cancel := c.limit()
	defer cancel()
	procs, err := c.proc.Masters(ctx)
	if err != nil {
		c.t.Fatal(err)
	}
	servers := make([]*Server, len(procs))
	for i, p := range procs {
		servers[i] = &Server{c.t, p}
	}
	return servers
}

// MoveSlot hands the key's slot, with all its keys, to another master, and returns
// that. between, if not nil, runs after the move was announced and before the keys go.
func (c *ClusterServer) MoveSlot(key string, between func()) *Server {
	c.t.Helper()
	ctx, cancel := c.limit()
	defer cancel()
	slot, err := c.proc.Slot(ctx, key)
	if err != nil {
		c.t.Fatal(err)
	}
	from, err := c.proc.MasterOf(ctx, slot)
	if err != nil {
		c.t.Fatal(err)
	}
	masters, err := c.proc.Masters(ctx)
	if err != nil {
		c.t.Fatal(err)
	}
	for _, to := range masters {
		if to == from {
			continue
		}
		if err := c.proc.MoveSlot(ctx, slot, to, between); err != nil {
			c.t.Fatal(err)
		}
		return &Server{c.t, to}
	}
	c.t.Fatal("redistest: no second master to move a slot to")
	return nil
}

// Failover kills the master of the key's slot and waits until its replica has
// taken over (five seconds or so). It returns the dead node, which Restart
// brings back as a replica, and the new master.
func (c *ClusterServer) Failover(key string) (dead, heir *Server) {
	c.t.Helper()
	dead = c.MasterOf(key)
	dead.Kill()
	return dead, c.Heir(key)
}

// Heir waits until the key's slot has a master that runs, where that of before was killed, and the cluster is whole.
func (c *ClusterServer) Heir(key string) *Server {
	c.t.Helper()
	ctx, cancel := c.limit()
	defer cancel()
	slot, err := c.proc.Slot(ctx, key)
	if err != nil {
		c.t.Fatal(err)
	}
	var heir *Server
	Eventually(c.t, startLimit, func() error {
		n, err := c.proc.MasterOf(ctx, slot)
		heir = &Server{c.t, n}
		return err
	})
	if err := c.proc.Ready(ctx); err != nil {
		c.t.Fatal(err)
	}
	return heir
}

func (c *ClusterServer) limit() (context.Context, context.CancelFunc) {
	return context.WithTimeout(context.Background(), startLimit)
}
