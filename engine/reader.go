package engine

import (
	"time"

	"github.com/redbrick-go/redbrick/engine/internal/resp"
)

const (
	// batch is how many commands of one client run before others get their turn.
	batch = 128
	// batchReply ends a batch early, in bytes of replies: memory is bounded by what a client reads.
	batchReply = 1 << 20

	leastInput = 16 << 10 // size of a read buffer
	keepInput  = 64 << 10 // largest buffer that an idle connection keeps
	aheadLimit = 1 << 20  // bytes read from a client that waits; more are left in the socket
	aheadPiece = 4 << 10
	// lastWords is how long a client that ends has to take its last replies.
	lastWords = 5 * time.Second
)

// reader is the goroutine of a connection: it reads, parses, runs commands under the lock and sends the replies.
type reader struct {
	cl     *client
	e      *Engine
	parser resp.Parser

	buf  []byte // buf[from:] is read and not yet run
	from int

	args  [][]byte // of all parsed commands, one after the other
	ends  []int    // where each ends in args
	next  int      // the first command that has not run
	to    []*client
	fault error // of the protocol

	ahead   chan ahead // what is read while the client waits
	reading bool       // a read is on its way to ahead
}

type ahead struct {
	p   []byte
	err error
}

// newReader is called with the lock held.
func newReader(cl *client) *reader {
	r := &reader{cl: cl, e: cl.e, buf: make([]byte, 0, leastInput), ahead: make(chan ahead, 1)}
	r.setLimits()
	return r
}

// setLimits takes over what the configuration allows the client. The lock is held.
func (r *reader) setLimits() {
	r.parser.Stranger = !r.cl.authed
	r.parser.MaxBulk = r.e.config.maxBulk
}

func (r *reader) run() {
	defer r.close()
	for {
		r.parse()
		if r.next < len(r.ends) {
			if !r.execute() {
				return
			}
			continue
		}
		if r.fault != nil {
			r.complain()
			return
		}
		if !r.fill() {
			return
		}
	}
}

// parse finds the complete commands in the buffer once those before have run.
func (r *reader) parse() {
	if r.next < len(r.ends) || r.fault != nil {
		return
	}
	clear(r.args)
	r.args, r.ends, r.next = r.args[:0], r.ends[:0], 0
	for len(r.ends) < batch && r.from < len(r.buf) {
		var taken int
		r.args, taken, r.fault = r.parser.Next(r.buf[r.from:], r.args)
		if r.fault != nil || taken == 0 {
			return
		}
		r.from += taken
		if first := r.start(len(r.ends)); len(r.args) > first {
			r.ends = append(r.ends, len(r.args))
		}
	}
}

func (r *reader) start(i int) int {
	if i == 0 {
		return 0
	}
	return r.ends[i-1]
}

// execute runs a batch and sends what came of it; false ends the connection.
func (r *reader) execute() bool {
	e, cl := r.e, r.cl
	e.mu.Lock()
	e.clock.tick()
	for n := 0; n < batch && r.next < len(r.ends) && len(cl.w.Buf) < batchReply; n++ {
		if cl.closing || cl.waits() {
			break
		}
		from, to := r.start(r.next), r.ends[r.next]
		if e.process(cl, r.args[from:to:to]) { // who appends to the words must not write over the next command
			r.next++
		}
	}
	waits, closing := cl.waits(), cl.closing
	cl.queryBytes = len(r.buf) - r.from
	r.setLimits()
	e.replies(cl)
	r.to = e.handOut(r.to[:0])
	e.mu.Unlock()
	e.sendTo(r.to)
	clear(r.to)
	if e.store != nil {
		e.store.throttle()
	}
	switch {
	case closing:
		return false
	case waits:
		return r.wait()
	}
	return true
}

// fill reads more; false ends the connection.
func (r *reader) fill() bool {
	if r.reading {
		return r.take(<-r.ahead)
	}
	r.makeRoom()
	n, err := r.cl.conn.Read(r.buf[len(r.buf):cap(r.buf)])
	r.buf = r.buf[:len(r.buf)+n]
	return err == nil
}

// makeRoom moves what is unread to the front, and grows the buffer if an argument needs it. The growth follows what
// has come, not what was announced.
func (r *reader) makeRoom() {
	if r.from > 0 {
		n := copy(r.buf, r.buf[r.from:])
		r.buf, r.from = r.buf[:n], 0
	}
	switch {
	case len(r.buf) == 0 && cap(r.buf) > keepInput:
		r.buf = make([]byte, 0, leastInput)
	case len(r.buf) == cap(r.buf):
		size := 2 * cap(r.buf)
		if want := r.parser.Want(); want > size && want < 4*size || want > cap(r.buf) && want < size {
			size = want
		}
		bigger := make([]byte, len(r.buf), size)
		copy(bigger, r.buf)
		r.buf = bigger
	}
}

// wait lies in wait until a blocked or paused client may go on. It reads meanwhile, to notice an end of the
// connection. False ends it.
func (r *reader) wait() bool {
	for {
		if !r.reading && len(r.buf)-r.from < aheadLimit {
			r.reading = true
			r.e.wg.Go(r.readAhead)
		}
		select {
		case <-r.cl.resume:
			r.e.mu.Lock()
			waits, gone := r.cl.waits(), r.cl.gone
			r.e.mu.Unlock()
			if gone {
				return false
			}
			if !waits {
				return true
			}
		case piece := <-r.ahead:
			if !r.take(piece) {
				return false
			}
		}
	}
}

func (r *reader) readAhead() {
	p := make([]byte, aheadPiece)
	n, err := r.cl.conn.Read(p)
	r.ahead <- ahead{p[:n], err}
}

// take appends what was read ahead. Commands that were parsed keep their bytes: append moves none within a buffer.
func (r *reader) take(a ahead) bool {
	r.reading = false
	r.buf = append(r.buf, a.p...)
	return a.err == nil
}

// complain answers a breach of the protocol.
func (r *reader) complain() {
	e, cl := r.e, r.cl
	e.mu.Lock()
	if !cl.gone {
		e.clock.tick()
		e.stats.countError("ERR")
		cl.w.Error("ERR " + r.fault.Error())
		e.replies(cl)
	}
	e.unlockAndSend()
}

// close ends the connection; what was answered is sent first if the client takes it.
func (r *reader) close() {
	e, cl := r.e, r.cl
	e.mu.Lock()
	gone := cl.gone
	if !gone {
		e.forget(cl)
	}
	e.mu.Unlock()
	if !gone {
		_ = cl.conn.SetWriteDeadline(time.Now().Add(lastWords))
		cl.out.flush()
		cl.conn.Close()
	}
	if r.reading {
		<-r.ahead
	}
}
