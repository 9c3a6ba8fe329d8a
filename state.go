package redbrick

import (
	"log/slog"
	"sync"
	"time"
)

// State is the state of the connection to Redis.
type State string

// The states. A client starts in Connecting, is Ready while calls succeed, in Error from the moment the breaker opens,
// Reconnecting while it tries again, and Closed for good after Close.
const (
	StateConnecting   State = "connecting"
	StateReady        State = "ready"
	StateError        State = "error"
	StateReconnecting State = "reconnecting"
	StateClosed       State = "closed"
)

// StateEvent is one change of State.
type StateEvent struct {
	// State is the new state.
	State State
	// Attempt counts the tries of a reconnection from 1; 0 in other states.
	Attempt int
	// Delay is the pause before the next try.
	Delay time.Duration
	// Err is what went wrong, nil in StateReady and StateClosed.
	Err error
}

// states keeps the current state and tells it to the log, the owner of the client, and the bricks.
type states struct {
	mu         sync.Mutex
	current    StateEvent
	waiting    []StateEvent // set, and not told yet
	delivering bool
	log        *slog.Logger
	on         func(StateEvent)
	sinks      []func(StateEvent)
}

func (s *states) set(e StateEvent) {
	s.enqueue(e)
	s.deliver()
}

func (s *states) enqueue(e StateEvent) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.current.State == StateClosed || (s.current.State == e.State && e.State == StateReady) {
		return
	}
	s.current = e
	s.waiting = append(s.waiting, e)
}

// deliver tells what waits, unless another call is at it, or one further up this stack: that one goes on with it.
func (s *states) deliver() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.delivering {
		return
	}
	s.delivering = true
	for len(s.waiting) > 0 {
		e, sinks := s.waiting[0], s.sinks
		s.waiting = s.waiting[1:]
		s.mu.Unlock()
		s.tell(e, sinks)
		s.mu.Lock()
	}
	s.delivering = false
}

func (s *states) tell(e StateEvent, sinks []func(StateEvent)) {
	switch e.State {
	case StateError:
		s.log.Warn("redis is unavailable", "error", e.Err)
	case StateReconnecting:
		s.log.Debug("reconnecting to redis", "attempt", e.Attempt, "delay", e.Delay, "error", e.Err)
	default:
		s.log.Info("redis connection", "state", string(e.State))
	}
	if s.on != nil {
		s.on(e)
	}
	for _, f := range sinks {
		f(e)
	}
}

func (s *states) get() StateEvent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.current
}

func (s *states) subscribe(f func(StateEvent)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sinks = append(s.sinks[:len(s.sinks):len(s.sinks)], f)
}
