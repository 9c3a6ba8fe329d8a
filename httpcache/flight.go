package httpcache

import (
	"sync"
	"time"

	"github.com/redbrick-go/redbrick/internal/clock"
)

// flight is one response that is being fetched in this process.
type flight struct {
	done chan struct{}
	// e is what came, for those who wait; nil where it is not for them. again: nothing came at all, another may try.
	e     *entry
	again bool
}

// flights are those under way, by the key of the variant. The key has the generation of the URL in it, so nobody who asks
// after an invalidation joins a flight from before; tags detach all.
type flights struct {
	mu    sync.Mutex
	byKey map[string]*flight
}

// join returns the flight for a key; first is true for the caller that has to land it.
func (s *flights) join(key string) (f *flight, first bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if f = s.byKey[key]; f != nil {
		return f, false
	}
	if s.byKey == nil {
		s.byKey = make(map[string]*flight)
	}
	f = &flight{done: make(chan struct{})}
	s.byKey[key] = f
	return f, true
}

// land ends a flight; only the first call counts.
func (s *flights) land(key string, f *flight, e *entry, again bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	select {
	case <-f.done:
		return
	default:
	}
	f.e, f.again = e, again
	if s.byKey[key] == f {
		delete(s.byKey, key)
	}
	close(f.done)
}

// detach makes those who come later start anew.
func (s *flights) detachAll() {
	s.mu.Lock()
	defer s.mu.Unlock()
	clear(s.byKey)
}

// passing remembers for a moment which responses turned out not to be stored, so that requests for them do not wait for
// each other.
type passing struct {
	mu    sync.Mutex
	until map[string]time.Duration
}

const (
	passFor     = 2 * time.Second
	mostPassing = 10_000
)

func (p *passing) add(c *clock.Coarse, key string) {
	now := c.Exact()
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.until) >= mostPassing {
		for k, until := range p.until {
			if until <= now || len(p.until) >= mostPassing {
				delete(p.until, k)
			}
		}
	}
	if p.until == nil {
		p.until = make(map[string]time.Duration)
	}
	p.until[key] = now + passFor
}

func (p *passing) has(c *clock.Coarse, key string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	until, ok := p.until[key]
	if ok && until <= c.Exact() {
		delete(p.until, key)
		return false
	}
	return ok
}
