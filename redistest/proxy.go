package redistest

import (
	"net"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick/internal/redisproc"
)

// Direction picks the half of a proxied connection that a fault concerns.
type Direction int

// The directions of a [Proxy]. A fault without a direction concerns both.
const (
	ToServer Direction = iota // what the client sends
	ToClient                  // what the server sends
)

// ProxyStats counts what passed a [Proxy] since it was made.
type ProxyStats struct {
	Accepted int64 // connections taken
	Open     int   // connections there are now
	ToServer int64 // bytes delivered to the server
	ToClient int64 // bytes delivered to the client
	Lost     int64 // bytes swallowed by Blackhole
}

// Proxy is a TCP proxy in the test's own process that stands between a client and a
// server and fails on demand. Its methods may be called from several goroutines; a
// change concerns connections that are open as well as later ones.
type Proxy struct {
	t      testing.TB
	target string
	addr   string
	wg     sync.WaitGroup

	accepted, toServer, toClient, lost atomic.Int64

	mu       sync.Mutex
	listener net.Listener // nil while connections are refused
	links    map[*link]struct{}
	faults   [2]fault // by Direction
	changed  chan struct{}
	closed   bool
}

// fault is what happens to the bytes of one direction.
type fault struct {
	delay   time.Duration
	hold    bool
	swallow bool
}

// NewProxy starts a proxy to target (host:port) on a free loopback port. It
// ends with the test. A target that refuses a connection has the client's one closed.
func NewProxy(t testing.TB, target string) *Proxy {
	t.Helper()
	p := &Proxy{t: t, target: target, links: map[*link]struct{}{}, changed: make(chan struct{})}
	for try := 0; p.listener == nil; try++ {
		port, err := redisproc.FreePort()
		if err == nil {
			p.addr = loopback(port)
			err = p.listen()
		}
		if err != nil && try == 5 {
			t.Fatalf("redistest: proxy: %v", err)
		}
	}
	t.Cleanup(p.close)
	return p
}

// Addr returns the host:port that clients dial.
func (p *Proxy) Addr() string { return p.addr }

// Cut ends every connection and refuses new ones until [Proxy.Heal].
func (p *Proxy) Cut() {
	p.Refuse()
	p.Drop()
}

// Refuse refuses new connections until [Proxy.Heal]; open ones go on.
func (p *Proxy) Refuse() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != nil {
		_ = redisproc.Close(p.listener)
		p.listener = nil
	}
}

// Drop ends every open connection; the client may dial again at once.
func (p *Proxy) Drop() {
	for _, l := range p.open() {
		l.close()
	}
}

// Delay delivers bytes d later than they came, of both directions or of those
// named. Zero ends the delay.
func (p *Proxy) Delay(d time.Duration, only ...Direction) {
	p.set(only, func(f *fault) { f.delay = d })
}

// Hold keeps bytes back while on, and delivers them after: a link that was dead
// for a time which TCP survived.
func (p *Proxy) Hold(on bool, only ...Direction) {
	p.set(only, func(f *fault) { f.hold = on })
}

// Blackhole swallows bytes while on; connections stay open, new ones are taken
// and never answered, and neither side hears that the other has closed. Turned off, it
// ends the connections that lost bytes, for their streams have a gap; the others go on.
func (p *Proxy) Blackhole(on bool, only ...Direction) {
	p.set(only, func(f *fault) { f.swallow = on })
	if on {
		return
	}
	for _, l := range p.open() {
		if l.lossy.Load() {
			l.close()
		}
	}
}

// Heal ends every fault: connections are taken again, nothing is delayed, held
// or swallowed. It fails the test if the port cannot be had back.
func (p *Proxy) Heal() {
	p.t.Helper()
	p.Delay(0)
	p.Hold(false)
	p.Blackhole(false)
	if err := p.listen(); err != nil {
		p.t.Errorf("redistest: proxy: take %s again: %v", p.addr, err)
	}
}

// Stats returns the counters.
func (p *Proxy) Stats() ProxyStats {
	return ProxyStats{
		Accepted: p.accepted.Load(),
		Open:     len(p.open()),
		ToServer: p.toServer.Load(),
		ToClient: p.toClient.Load(),
		Lost:     p.lost.Load(),
	}
}

// listen takes connections on p.addr unless it does already.
func (p *Proxy) listen() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.listener != nil || p.closed {
		return nil
	}
	l, err := net.Listen("tcp", p.addr)
	if err != nil {
		return err
	}
	p.listener = l
	p.wg.Go(func() {
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			p.accepted.Add(1)
			p.wg.Go(func() { p.serve(conn) })
		}
	})
	return nil
}

func (p *Proxy) open() []*link {
	p.mu.Lock()
	defer p.mu.Unlock()
	links := make([]*link, 0, len(p.links))
	for l := range p.links {
		links = append(links, l)
	}
	return links
}

// set changes the faults of the directions, of both if none is named, and
// wakes whoever waits on them.
func (p *Proxy) set(only []Direction, change func(*fault)) {
	if len(only) == 0 {
		only = []Direction{ToServer, ToClient}
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, d := range only {
		change(&p.faults[d])
	}
	close(p.changed)
	p.changed = make(chan struct{})
}

// fault returns what happens to a direction now, and a channel that is closed
// when that changes.
func (p *Proxy) fault(d Direction) (fault, <-chan struct{}) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.faults[d], p.changed
}

func (p *Proxy) close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.Cut()
	p.wg.Wait()
}
