package redistest

import (
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

const (
	proxyChunk = 32 << 10 // bytes read at once
	proxyQueue = 256      // chunks a direction keeps while they are delayed or held
)

// link is one proxied connection.
type link struct {
	client, server net.Conn
	once           sync.Once
	done           chan struct{}
	lossy          atomic.Bool // bytes were swallowed: the streams cannot go on
}

// chunk is what one read brought, and when.
type chunk struct {
	bytes []byte
	came  time.Time
}

func loopback(port int) string { return "127.0.0.1:" + strconv.Itoa(port) }

func (l *link) close() {
	l.once.Do(func() {
		close(l.done)
		_ = l.client.Close()
		_ = l.server.Close()
	})
}

// serve proxies one connection to its end.
func (p *Proxy) serve(client net.Conn) {
	server, err := net.Dial("tcp", p.target)
	if err != nil {
		_ = client.Close()
		return
	}
	l := &link{client: client, server: server, done: make(chan struct{})}
	p.mu.Lock()
	p.links[l] = struct{}{}
	// Cut ran while we dialled: it did not see this link.
	cut := p.listener == nil
	p.mu.Unlock()
	if cut {
		l.close()
	}
	var wg sync.WaitGroup
	wg.Go(func() { p.pump(l, ToServer, client, server, &p.toServer) })
	wg.Go(func() { p.pump(l, ToClient, server, client, &p.toClient) })
	wg.Wait()
	p.mu.Lock()
	delete(p.links, l)
	p.mu.Unlock()
}

// pump carries one direction. Reading and delivering are apart, so that a
// delay adds to the latency and takes nothing from the throughput.
func (p *Proxy) pump(l *link, d Direction, from, to net.Conn, count *atomic.Int64) {
	queue := make(chan chunk, proxyQueue)
	var wg sync.WaitGroup
	wg.Go(func() {
		defer l.close()
		for c := range queue {
			if !p.admit(l, d, c.came) {
				p.lost.Add(int64(len(c.bytes)))
				continue
			}
			// Counted first: whoever was answered finds what it sent in the counters.
			count.Add(int64(len(c.bytes)))
			if n, err := to.Write(c.bytes); err != nil {
				count.Add(int64(n - len(c.bytes)))
				return
			}
		}
		// The sender has closed. Whoever cannot be reached does not hear of it.
		p.admitClose(l, d)
	})
	buf := make([]byte, proxyChunk)
	for {
		n, err := from.Read(buf)
		if n > 0 {
			select {
			case queue <- chunk{append([]byte(nil), buf[:n]...), time.Now()}:
			case <-l.done:
			}
		}
		if err != nil {
			break
		}
	}
	close(queue)
	wg.Wait()
}

// admit waits until a chunk that came at the given time may be delivered and reports
// whether it is, or is swallowed.
func (p *Proxy) admit(l *link, d Direction, came time.Time) bool {
	for {
		f, changed := p.verdict(l, d)
		var due <-chan time.Time
		switch wait := time.Until(came.Add(f.delay)); {
		case f.swallow:
			return false
		case f.hold:
		case f.delay > 0 && wait > 0:
			timer := time.NewTimer(wait)
			defer timer.Stop()
			due = timer.C
		default:
			return true
		}
		select {
		case <-due:
		case <-changed:
		case <-l.done:
			return false
		}
	}
}

// verdict returns what happens to a chunk now. A link that loses bytes is marked
// under the lock, so that the end of a black hole finds every one of them.
func (p *Proxy) verdict(l *link, d Direction) (fault, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.faults[d].swallow {
		l.lossy.Store(true)
	}
	return p.faults[d], p.changed
}

// admitClose waits until the end of a stream may be heard.
func (p *Proxy) admitClose(l *link, d Direction) {
	for {
		f, changed := p.fault(d)
		if !f.swallow && !f.hold {
			return
		}
		select {
		case <-changed:
		case <-l.done:
			return
		}
	}
}
