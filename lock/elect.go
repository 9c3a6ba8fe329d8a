package lock

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/redbrick-go/redbrick"
)

// Election keeps one leader among all processes that take part in it. It is safe for concurrent use.
type Election struct {
	l    *Locker
	name string
	lead func(ctx context.Context, term int64) error
	o    Options

	mu      sync.Mutex
	started bool
	term    *term
	stop    context.CancelCauseFunc
	done    chan struct{} // closed when the latest part in the election is over
}

// term is one time of leading.
type term struct {
	lease *Lease
	end   context.CancelCauseFunc
}

// Between two times of leading a process stands back for pause, so that another can have its turn; where the lock cannot be
// asked for it tries again after retryFirst, then less and less often, up to retryMost.
const (
	pause      = time.Second
	retryFirst = 50 * time.Millisecond
	retryMost  = 5 * time.Second
)

// Elect makes an election for the leadership called name; Start takes part in it. It uses the lock of the same name.
//
// lead runs while this process leads. term is the fencing token of the leadership: higher than that of every leader before. The
// context of lead ends when the leadership is lost (cause ErrLost), given up (ErrResigned) or the election stopped
// (ErrStopped); lead has to return then. The leadership is held until lead returns, unless it was lost. A lead that returns by
// itself gives it up, and the process stands again after a second. Its error is logged.
//
// Options.Wait has no meaning here.
func (l *Locker) Elect(name string, lead func(ctx context.Context, term int64) error) (*Election, error) {
	switch {
	case name == "":
		return nil, ErrName
	case lead == nil:
		return nil, fmt.Errorf("%w: lead is nil, expected what the leader does", redbrick.ErrConfig)
	}
	o := l.o
	o.Wait = 0
	return &Election{l: l, name: name, lead: lead, o: o}, nil
}

// Start takes part in the election until Stop, or until the client is closed. ctx gives values, not an end. Starting twice
// does nothing. After a Stop that was not waited for it takes part again when lead has returned.
func (e *Election) Start(ctx context.Context) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.started {
		return
	}
	e.started = true
	ctx, e.stop = context.WithCancelCause(context.WithoutCancel(ctx))
	before, done := e.done, make(chan struct{})
	e.done = done
	go func() {
		defer close(done)
		if before != nil {
			<-before
		}
		e.run(ctx)
	}()
}

// Stop ends the part in the election. It waits until lead has returned and the leadership was given back; if ctx ends first,
// that goes on without being waited for. lead itself has to give the context that it was called with, or one made of that: it
// is what is waited for, so Stop returns at once then; with another context it would wait until that ends. After Stop the
// election can be started again.
func (e *Election) Stop(ctx context.Context) error {
	e.mu.Lock()
	stop, done := e.stop, e.done
	e.started = false
	e.mu.Unlock()
	if done == nil {
		return nil
	}
	stop(ErrStopped)
	if ctx.Value(leadOf{}) == e {
		return nil
	}
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("lock: election %q: stopping: %w", e.name, ctx.Err())
	}
}

// leadOf is the key of a value of the context of lead: its election.
type leadOf struct{}

// Resign gives the leadership up, if this process has it, and reports whether it had. The process stands again after a second,
// behind those who wait.
func (e *Election) Resign() bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.term == nil {
		return false
	}
	e.term.end(ErrResigned)
	return true
}

// Leading returns the term if this process leads now, by its own clock.
func (e *Election) Leading() (term int64, leading bool) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.term == nil || e.term.lease.Err() != nil {
		return 0, false
	}
	return e.term.lease.Token(), true
}

// Leader returns who leads; ok is false where nobody does.
func (e *Election) Leader(ctx context.Context) (h Holder, ok bool, err error) {
	return e.l.Holder(ctx, e.name)
}

func (e *Election) run(ctx context.Context) {
	delay := retryFirst
	for ctx.Err() == nil {
		lease, err := e.l.acquire(ctx, e.name, e.o, true)
		switch {
		case errors.Is(err, ErrClosed):
			return
		case err != nil:
			if ctx.Err() == nil {
				e.l.rb.Logger().DebugContext(ctx, "election", "name", e.name, "error", err)
			}
			e.rest(ctx, delay/2+rand.N(delay/2)) //nolint:gosec // jitter
			delay = min(2*delay, retryMost)
		default:
			delay = retryFirst
			if !e.serve(ctx, lease) {
				e.rest(ctx, pause)
			}
		}
	}
}

// serve leads until lead returns, and reports whether the leadership was lost.
func (e *Election) serve(ctx context.Context, lease *Lease) (lost bool) {
	// It leads on after Stop until lead has returned: the lease is its own.
	inner, end := context.WithCancelCause(context.WithValue(ctx, leadOf{}, e))
	defer end(nil)
	defer context.AfterFunc(lease.ctx, func() { end(context.Cause(lease.ctx)) })()
	e.mu.Lock()
	e.term = &term{lease, end}
	e.mu.Unlock()
	defer func() { // where lead panics, too
		e.mu.Lock()
		e.term = nil
		e.mu.Unlock()
		err := lease.Release(ctx)
		lost = errors.Is(err, ErrLost)
		if err != nil {
			e.l.rb.Logger().WarnContext(ctx, "election: giving up the leadership", "name", e.name, "error", err)
		}
	}()
	log := e.l.rb.Logger()
	log.InfoContext(ctx, "election won", "name", e.name, "term", lease.Token())
	if err := e.lead(inner, lease.Token()); err != nil && inner.Err() == nil {
		log.WarnContext(ctx, "leader", "name", e.name, "term", lease.Token(), "error", err)
	}
	return false
}

func (e *Election) rest(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	case <-e.l.shared.life.Done():
	}
}
