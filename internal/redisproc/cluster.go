package redisproc

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Steady is a line of redis.conf for a cluster in which nobody is to take over. Without it a machine that does not get to
// a node for two seconds makes a replica of its master, and what was written last is lost.
const Steady = "cluster-node-timeout 120000"

const (
	slots        = 16384
	clusterLimit = 60 * time.Second
)

// Cluster is a Redis Cluster of processes on loopback. Make it with [StartCluster].
type Cluster struct {
	nodes []*Server
}

// StartCluster starts a cluster of masters (at least 3), each with the given
// number of replicas, and returns once every node says that the cluster is
// whole and every replica is in step. conf holds further lines of redis.conf.
//
// Nodes are joined by CLUSTER MEET, ADDSLOTSRANGE and REPLICATE instead of
// redis-cli: every step has a deadline, and redis-cli need not be there.
func StartCluster(ctx context.Context, masters, replicas int, conf ...string) (*Cluster, error) {
	if masters < 3 || replicas < 0 {
		return nil, fmt.Errorf("redisproc: cluster of %d masters with %d replicas each, expected at least 3 masters and no negative number", masters, replicas)
	}
	ctx, cancel := context.WithTimeout(ctx, clusterLimit)
	defer cancel()
	conf = append([]string{
		"cluster-enabled yes",
		"cluster-config-file nodes.conf",
		"cluster-node-timeout 2000",
		// At the default of 5 s a master that dies soon after the start leaves
		// replicas that never held its data and so cannot take over.
		"repl-diskless-sync-delay 0",
	}, conf...)
	c := &Cluster{nodes: make([]*Server, masters*(1+replicas))}
	errs := make([]error, len(c.nodes))
	var wg sync.WaitGroup
	for i := range c.nodes {
		wg.Go(func() { c.nodes[i], errs[i] = Start(ctx, Options{Conf: conf}) })
	}
	wg.Wait()
	err := errors.Join(errs...)
	if err == nil {
		err = c.join(ctx, masters)
	}
	if err != nil {
		return nil, errors.Join(err, c.Stop())
	}
	return c, nil
}

// join makes a cluster of the running nodes; the first ones become masters.
func (c *Cluster) join(ctx context.Context, masters int) error {
	for i, n := range c.nodes[:masters] {
		from, to := i*slots/masters, (i+1)*slots/masters-1
		if _, err := n.Do(ctx, "CLUSTER", "ADDSLOTSRANGE", strconv.Itoa(from), strconv.Itoa(to)); err != nil {
			return err
		}
	}
	for i, n := range c.nodes {
		// Distinct epochs at once: equal ones are sorted out by the nodes too, but slowly.
		if _, err := n.Do(ctx, "CLUSTER", "SET-CONFIG-EPOCH", strconv.Itoa(i+1)); err != nil {
			return err
		}
		if i == 0 {
			continue
		}
		if _, err := c.nodes[0].Do(ctx, "CLUSTER", "MEET", "127.0.0.1", strconv.Itoa(n.port)); err != nil {
			return err
		}
	}
	if err := c.await(ctx, "cluster_known_nodes", strconv.Itoa(len(c.nodes))); err != nil {
		return err
	}
	for i, n := range c.nodes[masters:] {
		id, err := c.nodes[i%masters].Do(ctx, "CLUSTER", "MYID")
		if err != nil {
			return err
		}
		// A node may know the number of its peers before it has heard from each of them.
		err = poll(ctx, func() error {
			_, err := n.Do(ctx, "CLUSTER", "REPLICATE", id)
			return err
		})
		if err != nil {
			return err
		}
	}
	if err := c.Ready(ctx); err != nil {
		return err
	}
	// A client asks any node where the replicas are: wait until all agree.
	for _, n := range c.nodes {
		err := poll(ctx, func() error {
			nodes, err := n.Do(ctx, "CLUSTER", "NODES")
			if err != nil {
				return err
			}
			if got, want := strings.Count(nodes, "slave"), len(c.nodes)-masters; got != want {
				return fmt.Errorf("%s knows %d replicas, expected %d", n.Addr(), got, want)
			}
			// What clients ask has only the replicas of which this node has heard how far they are.
			told, err := n.Do(ctx, "CLUSTER", "SLOTS")
			if err != nil {
				return err
			}
			for _, other := range c.nodes {
				if !slices.Contains(strings.Split(told, "\n"), strconv.Itoa(other.port)) {
					return fmt.Errorf("%s does not tell clients of %s", n.Addr(), other.Addr())
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// Ready waits until every running node sees the cluster whole and every
// running replica is in step with its master: after that a master may be killed.
func (c *Cluster) Ready(ctx context.Context) error {
	if err := c.await(ctx, "cluster_state", "ok"); err != nil {
		return err
	}
	for _, n := range c.running() {
		if err := inStep(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

// await polls CLUSTER INFO of every running node until name has the value want.
func (c *Cluster) await(ctx context.Context, name, want string) error {
	for _, n := range c.running() {
		err := poll(ctx, func() error {
			info, err := n.Do(ctx, "CLUSTER", "INFO")
			if err != nil {
				return err
			}
			if got := field(info, name); got != want {
				return fmt.Errorf("%s has %s %q, expected %q", n.Addr(), name, got, want)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *Cluster) running() []*Server {
	var up []*Server
	for _, n := range c.nodes {
		if n.Running() {
			up = append(up, n)
		}
	}
	return up
}

// Nodes returns all nodes, those that began as masters first.
func (c *Cluster) Nodes() []*Server { return c.nodes }

// URL returns redis+cluster://h1,h2,... with every node.
func (c *Cluster) URL() string {
	addrs := make([]string, len(c.nodes))
	for i, n := range c.nodes {
		addrs[i] = n.Addr()
	}
	return "redis+cluster://" + strings.Join(addrs, ",")
}

// Stop ends all nodes and removes their files. Safe to call twice.
func (c *Cluster) Stop() error {
	errs := make([]error, len(c.nodes))
	var wg sync.WaitGroup
	for i, n := range c.nodes {
		if n != nil {
			wg.Go(func() { errs[i] = n.Stop() })
		}
	}
	wg.Wait()
	return errors.Join(errs...)
}
