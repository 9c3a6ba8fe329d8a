package engine

import (
	"net"
	"sync"
)

// keepOutput is the largest buffer that an idle connection keeps, in bytes.
const keepOutput = 64 << 10

// output is what a client is still to receive. Replies are written under the engine's lock into the client's writer,
// handed over here before that lock is let go, and sent by whoever handed them over, as far as this needs no waiting;
// a goroutine that lives as long as it has work sends the rest. So no client, however slow, holds up another, or its
// own reading: one that writes many commands before it reads finds them all run.
type output struct {
	conn net.Conn
	try  tryWriter

	mu      sync.Mutex
	gated   []gated // not to be sent before the disk has come so far
	pending []byte  // to send after what is being sent
	spare   []byte  // a buffer to write into
	rest    int     // bytes being sent
	sending bool
	dead    bool
	idle    sync.Cond // nothing is left to send
}

func (o *output) init(conn net.Conn) {
	o.conn = conn
	o.try = newTryWriter(conn)
	o.idle.L = &o.mu
}

// gated are replies that wait for a position of the log.
type gated struct {
	buf   []byte
	until int64
}

// hand takes over buf and returns an empty buffer for it, and how many bytes wait now. Until is the position of the log
// that the replies have to wait for, 0 for none.
func (o *output) hand(buf []byte, until int64) (empty []byte, waiting int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.dead {
		return buf[:0], 0
	}
	if until > 0 || len(o.gated) > 0 {
		o.gated = append(o.gated, gated{buf, until})
		empty, o.spare = o.spare, nil
		return empty[:0], o.size()
	}
	if len(o.pending) > 0 {
		o.pending = append(o.pending, buf...)
		return buf[:0], o.rest + len(o.pending)
	}
	empty = o.pending
	if empty == nil {
		empty = o.spare
		o.spare = nil
	}
	o.pending = buf
	return empty[:0], o.rest + len(buf)
}

// size is how many bytes wait. The lock is held.
func (o *output) size() int {
	n := o.rest + len(o.pending)
	for _, g := range o.gated {
		n += len(g.buf)
	}
	return n
}

// release lets go of the replies that waited for a position of the log. It reports that others wait for a later one.
func (o *output) release(position int64) (more bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for len(o.gated) > 0 && o.gated[0].until <= position {
		if len(o.pending) == 0 {
			o.pending = o.gated[0].buf
		} else {
			o.pending = append(o.pending, o.gated[0].buf...)
		}
		o.gated[0] = gated{}
		o.gated = o.gated[1:]
	}
	if len(o.gated) == 0 {
		o.gated = nil
	}
	return o.gated != nil
}

// holds reports whether replies wait for the log.
func (o *output) holds() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return len(o.gated) > 0
}

// send sends what waits, without waiting itself. It reports that a goroutine has to run drain.
func (o *output) send() (drain bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for len(o.pending) > 0 && !o.sending && !o.dead {
		buf := o.pending
		o.pending, o.spare = o.spare, nil
		if o.pending != nil {
			o.pending = o.pending[:0]
		}
		o.sending, o.rest = true, len(buf)
		o.mu.Unlock()
		n, err := o.try.tryWrite(buf)
		o.mu.Lock()
		if err != nil {
			o.end()
			return false
		}
		if n < len(buf) {
			// The goroutine takes the rest first, then what came meanwhile.
			left := append(buf[:0], buf[n:]...)
			o.pending = append(left, o.pending...)
			o.rest = 0
			return true
		}
		o.sent(buf)
	}
	return false
}

// sent notes that buf is out. The lock is held.
func (o *output) sent(buf []byte) {
	o.sending, o.rest = false, 0
	if o.spare == nil && cap(buf) <= keepOutput {
		o.spare = buf[:0]
	}
	if len(o.pending) == 0 {
		o.idle.Broadcast()
	}
}

// end marks the connection as broken. The lock is held.
func (o *output) end() {
	o.dead, o.sending, o.rest = true, false, 0
	o.pending, o.spare, o.gated = nil, nil, nil
	o.idle.Broadcast()
}

// drain sends all there is, waiting for the client as long as it takes or until the connection is closed.
func (o *output) drain() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for len(o.pending) > 0 && !o.dead {
		buf := o.pending
		o.pending = nil
		o.rest = len(buf)
		o.mu.Unlock()
		_, err := o.conn.Write(buf)
		o.mu.Lock()
		if err != nil {
			o.end()
			return
		}
	}
	o.sending, o.rest = false, 0
	o.idle.Broadcast()
}

// flush waits until everything is sent or the connection is broken.
func (o *output) flush() {
	o.mu.Lock()
	defer o.mu.Unlock()
	for !o.dead && (o.sending || len(o.pending) > 0 || len(o.gated) > 0) {
		o.idle.Wait()
	}
}

// drop forgets what waits.
func (o *output) drop() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.end()
}

// waiting returns how many bytes are still to be sent.
func (o *output) waiting() int {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.size()
}

// replies notes that something was written for cl.
func (e *Engine) replies(cl *client) {
	if !cl.queued && len(cl.w.Buf) > 0 {
		cl.queued = true
		e.dirty = append(e.dirty, cl)
	}
}

// handOut passes what was written to the clients' outputs and returns those that have something to send. A client
// that is too far behind is cut off. The lock is held.
func (e *Engine) handOut(to []*client) []*client {
	e.broadcasts()
	var until int64
	if e.store != nil && !e.midScript() { // a unit of the log is open, and what is handed out is no answer to it
		until = e.store.commit()
	}
	for _, cl := range e.dirty {
		cl.queued = false
		if cl.gone {
			cl.w.Buf = nil
			continue
		}
		var waiting int
		cl.w.Buf, waiting = cl.out.hand(cl.w.Buf, until)
		if limit := e.config.outputLimit(cl); limit > 0 && waiting > limit {
			e.log.Warn("the engine cut off a client that does not read its replies", "client", cl.id, "addr", cl.addr, "bytes", waiting, "limit", limit)
			e.stats.cutOff++
			e.disconnect(cl)
			continue
		}
		if until > 0 {
			e.store.held.add(cl)
		}
		to = append(to, cl)
	}
	clear(e.dirty)
	e.dirty = e.dirty[:0]
	return to
}

// unlockAndSend ends a stretch of work under the lock.
func (e *Engine) unlockAndSend() {
	to := e.handOut(nil)
	e.mu.Unlock()
	e.sendTo(to)
}

func (e *Engine) sendTo(to []*client) {
	for _, cl := range to {
		if e.store != nil {
			// The log may have come so far before the client stood in the list of those who wait for it.
			cl.out.release(e.store.log.Synced())
		}
		if cl.out.send() {
			// The client is there still, or drain ends at once; its reader is counted in wg.
			e.wg.Go(cl.out.drain)
		}
	}
}
