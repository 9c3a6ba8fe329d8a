package guard

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"

	"github.com/redbrick-go/redbrick"
)

// startedLists are the lists of a client between Start and Stop. The client knows of no others, so that those which are dropped
// without more are garbage.
type startedLists struct {
	mu     sync.Mutex
	closed bool
	lists  map[*IPList]struct{}
}

func startedOf(rb *redbrick.Client) (*startedLists, error) {
	part, err := rb.Part("iplists", func() (any, func(), error) {
		s := &startedLists{lists: make(map[*IPList]struct{})}
		rb.OnState(func(e redbrick.StateEvent) {
			if e.State == redbrick.StateReady { // what was changed meanwhile was not heard of
				for _, l := range s.all() {
					l.missed()
				}
			}
		})
		return s, s.close, nil
	})
	if err != nil {
		return nil, err
	}
	return part.(*startedLists), nil
}

func (s *startedLists) all() []*IPList {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Collect(maps.Keys(s.lists))
}

func (s *startedLists) add(l *IPList) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return fmt.Errorf("guard: list %q: the client is closed: %w", l.name, redbrick.ErrUnavailable)
	}
	s.lists[l] = struct{}{}
	return nil
}

func (s *startedLists) remove(l *IPList) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.lists, l)
}

// close stops all lists.
func (s *startedLists) close() {
	s.mu.Lock()
	s.closed = true
	s.mu.Unlock()
	for _, l := range s.all() {
		_ = l.Stop(context.Background()) // it ends when the list has stopped
	}
}
