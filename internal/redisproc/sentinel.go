package redisproc

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
)

const (
	// masterName is what the Sentinels call the master.
	masterName = "mymaster"
	sentinels  = 3
	quorum     = 2
)

// Sentinel is a master with replicas, watched by three Sentinels. Make it with [StartSentinel].
type Sentinel struct {
	servers []*Server
	watch   []*Server
}

// StartSentinel starts a master with the given number of replicas (at least 1) and
// three Sentinels, and returns once every replica is in step and every Sentinel knows all of it. conf holds further lines
// of redis.conf for the data servers.
func StartSentinel(ctx context.Context, replicas int, conf ...string) (*Sentinel, error) {
	if replicas < 1 {
		return nil, fmt.Errorf("redisproc: sentinel with %d replicas, expected at least 1", replicas)
	}
	ctx, cancel := context.WithTimeout(ctx, clusterLimit)
	defer cancel()
	s := &Sentinel{}
	if err := s.start(ctx, replicas, conf); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

func (s *Sentinel) start(ctx context.Context, replicas int, conf []string) error {
	conf = append([]string{"repl-diskless-sync-delay 0"}, conf...)
	master, err := Start(ctx, Options{Conf: conf})
	if err != nil {
		return err
	}
	s.servers = append(s.servers, master)
	port := strconv.Itoa(master.port)
	replica := append([]string{"replicaof 127.0.0.1 " + port}, conf...)
	for range replicas {
		n, err := Start(ctx, Options{Conf: replica})
		if err != nil {
			return err
		}
		s.servers = append(s.servers, n)
	}
	watch := []string{
		fmt.Sprintf("sentinel monitor %s 127.0.0.1 %s %d", masterName, port, quorum),
		"sentinel down-after-milliseconds " + masterName + " 1500",
		"sentinel failover-timeout " + masterName + " 6000",
	}
	for range sentinels {
		n, err := Start(ctx, Options{Conf: watch, sentinel: true})
		if err != nil {
			return err
		}
		s.watch = append(s.watch, n)
	}
	for _, n := range s.watch {
		err := poll(ctx, func() error {
			info, err := n.Do(ctx, "INFO", "sentinel")
			if err != nil {
				return err
			}
			want := fmt.Sprintf("slaves=%d,sentinels=%d", replicas, sentinels)
			if got := field(info, "master0"); !strings.HasSuffix(got, want) || !strings.Contains(got, "status=ok") {
				return fmt.Errorf("sentinel %s knows %q, expected %s", n.Addr(), got, want)
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	for _, n := range s.servers[1:] {
		if err := inStep(ctx, n); err != nil {
			return err
		}
	}
	return nil
}

// inStep waits until a replica follows its master; a master passes at once.
func inStep(ctx context.Context, n *Server) error {
	return poll(ctx, func() error {
		info, err := n.Do(ctx, "INFO", "replication")
		if err != nil {
			return err
		}
		if field(info, "role") == "slave" && field(info, "master_link_status") != "up" {
			return fmt.Errorf("replica %s is not in step with its master", n.Addr())
		}
		return nil
	})
}

// URL returns redis+sentinel://s1,s2,s3/mymaster.
func (s *Sentinel) URL() string {
	addrs := make([]string, len(s.watch))
	for i, n := range s.watch {
		addrs[i] = n.Addr()
	}
	return "redis+sentinel://" + strings.Join(addrs, ",") + "/" + masterName
}

// Master returns the server that the Sentinels name as master now. While that one
// is dead, the error wraps [ErrNotReady].
func (s *Sentinel) Master(ctx context.Context) (*Server, error) {
	reply, err := s.watch[0].Do(ctx, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", masterName)
	if err != nil {
		return nil, err
	}
	addr := strings.Replace(reply, "\n", ":", 1)
	for _, n := range s.servers {
		if n.Addr() != addr {
			continue
		}
		if !n.Running() {
			return nil, fmt.Errorf("%w: the master %s is down and no replica has taken over yet", ErrNotReady, addr)
		}
		info, err := n.Do(ctx, "INFO", "replication")
		if err != nil {
			return nil, err
		}
		if role := field(info, "role"); role != "master" {
			return nil, fmt.Errorf("%w: %s is to be master and is %s still", ErrNotReady, addr, role)
		}
		return n, nil
	}
	return nil, fmt.Errorf("%w: the Sentinels name %s, which is none of the servers", ErrNotReady, addr)
}

// Servers returns the data servers, the first master first.
func (s *Sentinel) Servers() []*Server { return s.servers }

// Stop ends all processes, the Sentinels first, and removes their files.
func (s *Sentinel) Stop() error {
	var errs []error
	for _, group := range [][]*Server{s.watch, s.servers} {
		ended := make([]error, len(group))
		var wg sync.WaitGroup
		for i, n := range group {
			wg.Go(func() { ended[i] = n.Stop() })
		}
		wg.Wait()
		errs = append(errs, ended...)
	}
	return errors.Join(errs...)
}
