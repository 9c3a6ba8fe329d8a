package engine

import (
	"math"
	"time"

	"github.com/redbrick-go/redbrick/engine/internal/num"
)

// waiter is a command that waits for a key to change.
type waiter struct {
	cl      *client
	db      *database
	cmd     *command
	args    [][]byte // a copy
	keys    []string
	since   time.Time
	limit   *timer
	wait    waitFor
	settled bool
}

// waitFor says how a command waits.
type waitFor struct {
	// try looks again: it answers and returns true, or returns false and the wait goes on. It uses the call it is given,
	// whose args are the command's own.
	try func(*call) bool
	// timedOut answers when the time is over.
	timedOut func(*call)
	// gone asks for a look at keys that were deleted, too.
	gone bool
}

// blocking is what there is to do for commands that wait.
type blocking struct {
	waiters int
	ready   []readyKey // keys that were changed and have waiters, in order
}

type readyKey struct {
	db  *database
	key string
}

// await answers now if try can, and else waits until one of keys changes or the time is over; 0 is for ever. In a
// transaction or a script there is no waiting: the answer is that of a time that is over.
func (c *call) await(keys [][]byte, timeout time.Duration, w waitFor) {
	switch {
	case w.try(c):
	case c.exec || c.cl.script:
		w.timedOut(c)
	default:
		c.park(keys, timeout, w)
	}
}

// park makes the client wait.
func (c *call) park(keys [][]byte, timeout time.Duration, wait waitFor) {
	e, cl := c.e, c.cl
	c.parked = true
	w := &waiter{cl: cl, db: c.db, cmd: c.cmd, args: cloneArgs(c.args), since: e.clock.real, wait: wait}
	cl.blocked = w
	if c.db.waiting == nil {
		c.db.waiting = map[string][]*waiter{}
	}
	for i, key := range keys {
		if firstIndex(keys, key) < i {
			continue // named twice
		}
		w.keys = append(w.keys, string(key))
		c.db.waiting[string(key)] = append(c.db.waiting[string(key)], w)
	}
	e.blocking.waiters++
	if timeout > 0 {
		w.limit = e.after(timeout, func() {
			e.answer(w, wait.timedOut)
		})
	}
}

func firstIndex(list [][]byte, x []byte) int {
	for i := range list {
		if string(list[i]) == string(x) {
			return i
		}
	}
	return -1
}

// answer ends a wait with what reply writes.
func (e *Engine) answer(w *waiter, reply func(*call)) {
	cl := w.cl
	cl.unblock()
	c := e.callOf(w)
	reply(c)
	e.settled(c, w)
}

func (e *Engine) callOf(w *waiter) *call {
	return &call{e: e, cl: w.cl, db: w.db, cmd: w.cmd, args: w.args, w: &w.cl.w, retried: true}
}

// settled sends the answer of a wait and lets the client go on.
func (e *Engine) settled(c *call, w *waiter) {
	e.ran(c, 0)
	if w.cl.reply == replyOff {
		w.cl.w.Buf = w.cl.w.Buf[:0]
	}
	e.replies(w.cl)
	w.cl.wakeUp()
}

// unblock takes the client's wait away without an answer.
func (cl *client) unblock() {
	w := cl.blocked
	if w == nil {
		return
	}
	cl.blocked = nil
	w.settled = true
	cl.e.cancel(w.limit)
	cl.e.blocking.waiters--
	for _, key := range w.keys {
		list := without(w.db.waiting[key], w)
		if len(list) == 0 {
			delete(w.db.waiting, key)
		} else {
			w.db.waiting[key] = list
		}
	}
}

// serveReady looks at the waits for keys that were changed, in the order of the changes; of one key's in the order they
// came. What they do may make other keys ready.
func (e *Engine) serveReady() {
	for len(e.blocking.ready) > 0 {
		r := e.blocking.ready[0]
		e.blocking.ready = e.blocking.ready[1:]
		e.serveKey(r)
	}
	e.blocking.ready = nil
}

func (e *Engine) serveKey(r readyKey) {
	list := r.db.waiting[r.key]
	there := r.db.keys.GetString(r.key) != nil
	for _, w := range list {
		if w.settled || !there && !w.wait.gone {
			continue
		}
		c := e.callOf(w)
		c.ready = r.key
		if w.wait.try(c) {
			w.cl.unblock()
			e.settled(c, w)
			there = r.db.keys.GetString(r.key) != nil
		}
	}
}

// timeoutArg reads the timeout of a blocking command: seconds with a fraction, 0 for none.
func (c *call) timeoutArg(b []byte) (time.Duration, bool) {
	l, ok := num.ParseLong(b)
	if !ok {
		c.fail(errTimeout)
		return 0, false
	}
	f, _ := l.Float64()
	ms := f * 1000
	switch {
	case math.IsInf(f, 0) || ms > math.MaxInt64:
		c.fail("ERR timeout is out of range")
	case f < 0:
		c.fail(errNegTimeout)
	default:
		// What is beyond Go's durations (292 years) is for ever, or nearly.
		return time.Duration(min(math.Ceil(ms), 9e12)) * time.Millisecond, true
	}
	return 0, false
}
