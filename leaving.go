package redbrick

import (
	"context"
	"sync"
	"sync/atomic"
	"time"
)

// leavingTick is how often the calls of callers who may leave are looked at. A caller who left is noticed within it, and
// such a call ends between its timeout and its timeout plus twice this.
const leavingTick = wheelTick / 2

// leaving is the context of one call under a context that may end: of a request, most often. It ends with that one, or
// with the deadline of the lane. One timer looks after all of them, because a timer of its own and a place among the
// children of the caller's context cost a call as much as all the rest of the client's work on a GET. No clock is
// read when a call begins either: its time starts when it is first looked at.
type leaving struct {
	context.Context //nolint:containedctx // the caller's, for as long as the call lasts

	done    chan struct{} // closed when the call is cut short, by the deadline or by the caller
	late    atomic.Bool   // by the deadline
	timeout time.Duration
	ends    time.Duration // since epoch, 0 until the call is first looked at

	at         *leavingShard // the rest is guarded by at.mu
	cut        bool
	kept       bool // somebody may ask it after the call
	prev, next *leaving
}

// leavingKey is the key of a value of all contexts that are made of a leaving: the leaving itself.
type leavingKey struct{}

func (l *leaving) Value(key any) any {
	if key == (leavingKey{}) {
		return l
	}
	return l.Context.Value(key)
}

// keep lets a context go to somebody who may keep it for longer than the call, as a dialer may: it serves no other call.
func keep(ctx context.Context) {
	if l, ok := ctx.Value(leavingKey{}).(*leaving); ok {
		l.at.mu.Lock()
		l.kept = true
		l.at.mu.Unlock()
	}
}

func (l *leaving) Done() <-chan struct{} { return l.done }

func (l *leaving) Err() error {
	if err := l.Context.Err(); err != nil {
		return err
	}
	if l.late.Load() {
		return context.DeadlineExceeded
	}
	return nil
}

// leavings are the calls of one client whose callers may leave.
type leavings struct {
	shards [wheelShards]leavingShard
	awake  atomic.Bool // the next look is due
}

type leavingShard struct {
	mu    sync.Mutex
	first *leaving
	_     [48]byte // a cache line each
}

var leavingPool = sync.Pool{New: func() any { return &leaving{done: make(chan struct{})} }}

// enter gives the context of a call.
func (ls *leavings) enter(caller context.Context, timeout time.Duration) *leaving {
	l, _ := leavingPool.Get().(*leaving) // as New makes it
	s := &ls.shards[shard()]
	l.Context, l.timeout, l.at = caller, timeout, s
	s.mu.Lock()
	if l.next = s.first; l.next != nil {
		l.next.prev = l
	}
	s.first = l
	s.mu.Unlock()
	if !ls.awake.Load() {
		ls.wake()
	}
	return l
}

// exit ends the look-out for a call. The context serves another call after one that nobody can have kept it of.
func (l *leaving) exit(clean bool) {
	s := l.at
	s.mu.Lock()
	if l.prev != nil {
		l.prev.next = l.next
	} else {
		s.first = l.next
	}
	if l.next != nil {
		l.next.prev = l.prev
	}
	l.prev, l.next = nil, nil
	free := clean && !l.cut && !l.kept
	s.mu.Unlock()
	if free {
		l.Context, l.at, l.ends = nil, nil, 0
		leavingPool.Put(l)
	}
}

func (ls *leavings) wake() {
	if ls.awake.CompareAndSwap(false, true) {
		time.AfterFunc(leavingTick, ls.look)
	}
}

// look cuts short what is over, and comes back as long as there are calls.
func (ls *leavings) look() {
	ls.awake.Store(false) // first: whoever comes while we look wakes us, or is seen
	found := false
	for i := range ls.shards {
		found = ls.shards[i].look() || found
	}
	if found {
		ls.wake()
	}
}

// look reports whether there are calls.
func (s *leavingShard) look() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.first == nil {
		return false
	}
	now := time.Since(epoch) // not before the lock: nobody who came since may have less than his time
	for l := s.first; l != nil; l = l.next {
		if l.ends == 0 {
			l.ends = now + l.timeout
		}
		switch {
		case l.cut:
			continue
		case l.Context.Err() != nil:
		case now >= l.ends:
			l.late.Store(true)
		default:
			continue
		}
		l.cut = true
		close(l.done)
	}
	return true
}
