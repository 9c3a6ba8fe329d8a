package lifecycle

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"
)

// Stack holds what has to be stopped. The zero Stack is empty and silent. It is
// safe for concurrent use.
type Stack struct {
	// Logger hears of what could not be stopped in time. Nil is silent.
	Logger *slog.Logger

	mu    sync.Mutex
	parts []part
}

type part struct {
	name string
	stop func(context.Context) error
}

// Add puts a part on the stack; it is stopped before all that were added earlier.
// stop must heed its context.
func (s *Stack) Add(name string, stop func(context.Context) error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.parts = append(s.parts, part{name, stop})
}

// Stop stops all parts, one after the other, and returns their errors. Each is
// asked to stop even when the deadline has passed, for some only need to be told.
// A second call finds nothing to do.
func (s *Stack) Stop(ctx context.Context) error {
	s.mu.Lock()
	parts := s.parts
	s.parts = nil
	s.mu.Unlock()
	var faults []error
	for _, p := range slices.Backward(parts) {
		began := time.Now()
		err := p.stop(ctx)
		if err != nil {
			faults = append(faults, fmt.Errorf("stop %s: %w", p.name, err))
		}
		if s.Logger != nil {
			s.Logger.DebugContext(ctx, "stopped", "part", p.name, "took", time.Since(began), "error", err)
		}
	}
	return errors.Join(faults...)
}
