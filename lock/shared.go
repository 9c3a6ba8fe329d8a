package lock

import (
	"context"
	"fmt"
	"sync"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/push"
)

// shared is what all Lockers of one client have in common. It ends with the client.
type shared struct {
	hub     *push.Hub
	channel string
	life    context.Context //nolint:containedctx // waiting ends with the client
	end     context.CancelFunc

	mu     sync.Mutex // guards work.Add against close, and leases
	closed bool
	leases map[*Lease]struct{}
	work   sync.WaitGroup
}

func sharedOf(rb *redbrick.Client) (*shared, error) {
	part, err := rb.Part("locks", func() (any, func(), error) {
		s := &shared{channel: rb.Namespace() + "~lock", leases: make(map[*Lease]struct{})}
		s.hub = push.NewHub(s.channel, rb.Subscribe)
		s.life, s.end = context.WithCancel(context.Background())
		return s, s.close, nil
	})
	if err != nil {
		return nil, err
	}
	s, ok := part.(*shared)
	if !ok {
		return nil, fmt.Errorf("%w: part %q is a %T", redbrick.ErrConfig, "locks", part)
	}
	return s, nil
}

// begin counts work that close waits for; work.Done ends it. It reports false after close.
func (s *shared) begin() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.work.Add(1)
	return true
}

// spawn runs f in the background, or at once after close. Its caller's own work must be counted.
func (s *shared) spawn(f func()) {
	if !s.begin() {
		f()
		return
	}
	go func() {
		defer s.work.Done()
		f()
	}()
}

// add knows a lease; false after close.
func (s *shared) add(le *Lease) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.leases[le] = struct{}{}
	return true
}

func (s *shared) remove(le *Lease) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.leases, le)
}

// close ends all leases and gives them back, so that others need not wait for their TTL.
func (s *shared) close() {
	s.mu.Lock()
	s.closed = true
	var held []*Lease
	for le := range s.leases {
		held = append(held, le)
	}
	s.mu.Unlock()
	s.end()
	var wg sync.WaitGroup
	for _, le := range held {
		wg.Go(func() {
			if err := le.release(context.Background(), ErrClosed); err != nil {
				le.w.l.rb.Logger().Debug("lock: closing", "lock", le.w.name, "error", err)
			}
		})
	}
	wg.Wait()
	s.work.Wait()
	s.hub.Close()
}
