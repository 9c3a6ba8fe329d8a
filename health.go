package redbrick

import (
	"context"
	"fmt"
	"net"
	"strconv"
	"sync"
	"time"

	"github.com/redis/rueidis"
)

// Health is a short examination of the connection.
type Health struct {
	// Healthy is true when every server asked answered the PING in time.
	Healthy bool
	// State is the state of the client.
	State State
	// Latency is the time of the slowest PING.
	Latency time.Duration
	// Server and Version are as in Features.
	Server, Version string
	// Err is why Healthy is false.
	Err error
}

// Health asks every master for a PING within the command timeout.
func (c *Client) Health(ctx context.Context) Health {
	f := c.Features()
	h := Health{State: c.State().State, Server: f.Server, Version: f.Version}
	began := time.Now()
	h.Err = c.Ping(ctx)
	h.Latency = time.Since(began)
	h.Healthy = h.Err == nil
	return h
}

// Ping asks every master once. While the breaker is open it fails at once with the reason.
func (c *Client) Ping(ctx context.Context) error {
	if c.breaker.tripped.Load() > 0 && len(c.breaker.open()) > 0 {
		if last := c.State().Err; last != nil {
			return last
		}
		return errBreakerOpen
	}
	masters, err := c.Masters(ctx)
	if err != nil {
		return err
	}
	errs := make([]error, len(masters))
	var wg sync.WaitGroup
	for i, m := range masters {
		wg.Go(func() { errs[i] = m.Do(ctx, m.B().Ping().Build()).Error() })
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return fmt.Errorf("ping: %w", err)
		}
	}
	return nil
}

// Masters gives a lane to each server that owns slots, for work that visits all keys. On one server it is the client's
// own lane. The lanes are good for the moment: they do not follow a failover.
func (c *Client) Masters(ctx context.Context) ([]*Lane, error) {
	cn := c.conns.Load()
	if cn == nil {
		return nil, errNotConnected
	}
	if !c.cluster {
		return []*Lane{&c.Lane}, nil
	}
	slots, err := c.Do(ctx, c.B().ClusterSlots().Build()).ToArray()
	if err != nil {
		return nil, fmt.Errorf("cluster slots: %w", err)
	}
	nodes := cn.data.Nodes()
	seen := make(map[string]bool)
	var masters []*Lane
	for _, r := range slots {
		addr, err := masterOf(r)
		if err != nil {
			return nil, err
		}
		if seen[addr] {
			continue
		}
		seen[addr] = true
		node, ok := nodes[addr]
		if !ok {
			return nil, fmt.Errorf("%w: master %s is not connected yet", ErrUnavailable, addr)
		}
		masters = append(masters, &Lane{c: c, name: "node", timeout: c.options.CommandTimeout, node: node})
	}
	if len(masters) == 0 {
		return nil, fmt.Errorf("%w: no master is known", ErrUnavailable)
	}
	return masters, nil
}

// masterOf reads the address of the master from one range of CLUSTER SLOTS: start, end, master, replicas.
func masterOf(r rueidis.RedisMessage) (string, error) {
	parts, err := r.ToArray()
	if err != nil || len(parts) < 3 {
		return "", fmt.Errorf("%w: CLUSTER SLOTS gave %v, expected start, end and nodes", ErrUnavailable, r)
	}
	node, err := parts[2].ToArray()
	if err != nil || len(node) < 2 {
		return "", fmt.Errorf("%w: CLUSTER SLOTS gave node %v, expected host and port", ErrUnavailable, parts[2])
	}
	host, err := node[0].ToString()
	if err != nil {
		return "", fmt.Errorf("%w: CLUSTER SLOTS gave no host: %w", ErrUnavailable, err)
	}
	port, err := node[1].AsInt64()
	if err != nil {
		return "", fmt.Errorf("%w: CLUSTER SLOTS gave no port: %w", ErrUnavailable, err)
	}
	return net.JoinHostPort(host, strconv.FormatInt(port, 10)), nil
}
