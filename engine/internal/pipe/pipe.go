package pipe

import (
	"io"
	"net"
	"os"
	"runtime"
	"sync"
	"time"
)

const (
	// Limit is how many bytes either side may write ahead of the other's reading before Write waits.
	Limit = 1 << 20
	// keepBuffer is the largest buffer that an idle connection keeps.
	keepBuffer = 256 << 10
)

// New gives the two ends of a connection in memory. Both directions are buffered: with net.Pipe a client that writes a
// thousand commands before it reads the first answer waits for ever.
func New() (client, server *Conn) {
	requests, replies := newStream(), newStream()
	return &Conn{in: replies, out: requests}, &Conn{in: requests, out: replies}
}

// Conn is one end of a pipe, a [net.Conn].
type Conn struct {
	in, out *stream
}

// TryWrite writes what fits without waiting and returns how much that was.
func (c *Conn) TryWrite(p []byte) (n int, err error) { return c.out.write(p, false) }

func (c *Conn) Read(p []byte) (int, error)         { return c.in.read(p) }
func (c *Conn) Write(p []byte) (int, error)        { return c.out.write(p, true) }
func (c *Conn) LocalAddr() net.Addr                { return addr{} }
func (c *Conn) RemoteAddr() net.Addr               { return addr{} }
func (c *Conn) SetReadDeadline(t time.Time) error  { c.in.reader.set(c.in, t); return nil }
func (c *Conn) SetWriteDeadline(t time.Time) error { c.out.writer.set(c.out, t); return nil }

func (c *Conn) SetDeadline(t time.Time) error {
	c.in.reader.set(c.in, t)
	c.out.writer.set(c.out, t)
	return nil
}

// Close ends both directions. The peer may still read what was written before.
func (c *Conn) Close() error {
	c.in.closeRead()
	c.out.closeWrite()
	return nil
}

type addr struct{}

func (addr) Network() string { return "embedded" }
func (addr) String() string  { return "embedded" }

// stream is one direction: bytes from a writer to a reader.
type stream struct {
	mu    sync.Mutex
	moved sync.Cond // bytes came or went, a deadline passed, an end was closed
	buf   []byte
	off   int // buf[off:] is unread

	readClosed, writeClosed bool
	reader, writer          deadline
}

func newStream() *stream {
	s := &stream{}
	s.moved.L = &s.mu
	return s
}

func (s *stream) read(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for {
		switch {
		case s.readClosed:
			return 0, net.ErrClosed
		case s.reader.passed:
			return 0, os.ErrDeadlineExceeded
		case len(p) == 0:
			return 0, nil
		case s.off < len(s.buf):
			n := copy(p, s.buf[s.off:])
			s.off += n
			s.reclaim()
			s.moved.Broadcast()
			return n, nil
		case s.writeClosed:
			return 0, io.EOF
		}
		s.moved.Wait()
		// Who is woken runs next, before those that stand ready to write more: it would take what they have one by one. Let
		// them first; a batch costs little more than one of its parts.
		s.mu.Unlock()
		runtime.Gosched()
		s.mu.Lock()
	}
}

// reclaim starts the buffer anew once it is drained, and lets a large one go.
func (s *stream) reclaim() {
	if s.off < len(s.buf) {
		return
	}
	s.off, s.buf = 0, s.buf[:0]
	if cap(s.buf) > keepBuffer {
		s.buf = nil
	}
}

func (s *stream) write(p []byte, wait bool) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	written := 0
	for {
		room := Limit - (len(s.buf) - s.off)
		switch {
		case s.writeClosed:
			return written, net.ErrClosed
		case s.readClosed:
			return written, io.ErrClosedPipe
		case s.writer.passed:
			return written, os.ErrDeadlineExceeded
		case len(p) == 0:
			return written, nil
		case room > 0:
			n := min(room, len(p))
			s.add(p[:n])
			p, written = p[n:], written+n
			s.moved.Broadcast()
			continue
		case !wait:
			return written, nil
		}
		s.moved.Wait()
	}
}

// add appends, over the bytes already read rather than by growing.
func (s *stream) add(p []byte) {
	if s.off > 0 && len(s.buf)+len(p) > cap(s.buf) {
		s.buf = s.buf[:copy(s.buf, s.buf[s.off:])]
		s.off = 0
	}
	s.buf = append(s.buf, p...)
}

func (s *stream) closeRead() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.readClosed, s.buf, s.off = true, nil, 0
	s.reader.stop()
	s.moved.Broadcast()
}

func (s *stream) closeWrite() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.writeClosed = true
	s.writer.stop()
	s.moved.Broadcast()
}

// deadline is the time limit of one end of a stream, guarded by the stream's lock.
type deadline struct {
	timer  *time.Timer
	passed bool
}

func (d *deadline) stop() {
	if d.timer != nil {
		d.timer.Stop()
		d.timer = nil
	}
}

func (d *deadline) set(s *stream, t time.Time) {
	s.mu.Lock()
	defer s.mu.Unlock()
	d.stop()
	d.passed = !t.IsZero() && !time.Now().Before(t)
	if d.passed {
		s.moved.Broadcast()
	}
	if t.IsZero() || d.passed || s.readClosed || s.writeClosed {
		return
	}
	var timer *time.Timer
	timer = time.AfterFunc(time.Until(t), func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		// A timer that was replaced while it waited for the lock has nothing to say any more.
		if d.timer == timer {
			d.passed = true
			s.moved.Broadcast()
		}
	})
	d.timer = timer
}
