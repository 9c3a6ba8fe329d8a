package redbrick

import (
	"context"
	"crypto/tls"
	"maps"
	"net"
	"runtime"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/redis/rueidis"
)

// rueidis makes a connection for the caller who first needs it, under that caller's deadline, and lets all others wait for
// it whatever theirs is. So lanes have to know that a connection is being made: their callers then wait beside.
//
// And it forgets those that are being made while a client is closed: they would stay for ever.

// wires are the connections of one rueidis client.
type wires struct {
	mu     sync.Mutex
	open   map[*greeting]struct{}
	closed bool
}

// owned is a rueidis client that leaves no connection behind when it is closed.
type owned struct {
	rueidis.Client

	wires *wires
}

func (o *owned) Close() {
	o.Client.Close()
	o.wires.close()
}

// bare is what is below an owned client: a call on it goes through one method less.
func bare(client rueidis.Client) rueidis.Client {
	if o, ok := client.(*owned); ok {
		return o.Client
	}
	return client
}

func (w *wires) add(g *greeting) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.closed {
		return false
	}
	if w.open == nil {
		w.open = make(map[*greeting]struct{})
	}
	w.open[g] = struct{}{}
	return true
}

func (w *wires) remove(g *greeting) {
	w.mu.Lock()
	defer w.mu.Unlock()
	delete(w.open, g)
}

func (w *wires) close() {
	w.mu.Lock()
	w.closed = true
	left := slices.Collect(maps.Keys(w.open))
	w.mu.Unlock()
	for _, g := range left {
		_ = g.Close()
	}
}

// greet counts the connections that are being made: dialled, and not greeted by the server yet. Such a connection ends
// with the client, and with the context of the caller who needs it: rueidis heeds no more than its deadline there.
func (c *Client) greet(opt *rueidis.ClientOption) *wires {
	dial := opt.DialCtxFn
	switch {
	case dial != nil:
	case opt.DialFn != nil:
		f := opt.DialFn
		dial = func(_ context.Context, addr string, d *net.Dialer, t *tls.Config) (net.Conn, error) {
			return f(addr, d, t)
		}
	default:
		dial = dialTCP
	}
	w := &wires{}
	opt.DialCtxFn = func(ctx context.Context, addr string, d *net.Dialer, t *tls.Config) (net.Conn, error) {
		c.greeting.Add(1)
		keep(ctx)
		dialling, cancel := context.WithCancel(ctx)
		defer cancel()
		stop := context.AfterFunc(c.life, cancel)
		conn, err := dial(dialling, addr, d, t)
		stop()
		if err != nil {
			c.greeting.Add(-1)
			return nil, err
		}
		g := &greeting{Conn: conn, wires: w}
		hangUp := func() { _ = conn.Close() }
		stopLife, stopCaller := context.AfterFunc(c.life, hangUp), context.AfterFunc(ctx, hangUp)
		g.end = sync.OnceFunc(func() {
			stopLife()
			stopCaller()
			g.met.Store(true)
			c.greeting.Add(-1)
		})
		if !w.add(g) {
			_ = g.Close()
			return nil, rueidis.ErrClosing
		}
		return g, nil
	}
	return w
}

func dialTCP(ctx context.Context, addr string, d *net.Dialer, t *tls.Config) (net.Conn, error) {
	if t == nil {
		return d.DialContext(ctx, "tcp", addr)
	}
	return (&tls.Dialer{NetDialer: d, Config: t}).DialContext(ctx, "tcp", addr)
}

// greeting is a connection that tells when the server first speaks, and that gathers commands.
type greeting struct {
	net.Conn

	wires *wires
	met   atomic.Bool
	end   func()
}

func (g *greeting) Read(b []byte) (int, error) {
	n, err := g.Conn.Read(b)
	if !g.met.Load() {
		g.end()
	}
	return n, err
}

// Write sends, and then lets the callers run who are ready to: what they ask for leaves together in the next write. So
// commands are gathered by nothing but the load. Under many callers it saves most system calls, as a pause between writes
// does, and a few callers, whom a pause makes wait for its timer, lose nothing. To let them run twice would gather half as
// much again and gain nothing by it: a server that is busy with scripts waits meanwhile.
func (g *greeting) Write(b []byte) (int, error) {
	n, err := g.Conn.Write(b)
	runtime.Gosched()
	return n, err
}

func (g *greeting) Close() error {
	g.end()
	g.wires.remove(g)
	return g.Conn.Close()
}

// do sends a command; the caller leaves when ctx ends.
func (c *Client) do(ctx context.Context, wire rueidis.Client, cmd rueidis.Completed) rueidis.RedisResult {
	if c.greeting.Load() == 0 {
		return bare(wire).Do(ctx, cmd)
	}
	done := make(chan rueidis.RedisResult, 1)
	if !c.spawn(func() { done <- wire.Do(ctx, cmd) }) {
		return rueidis.NewErrorResult(errClosed)
	}
	select {
	case r := <-done:
		return r
	case <-ctx.Done():
		return rueidis.NewErrorResult(ctx.Err())
	}
}

// doMulti is do for several commands.
func (c *Client) doMulti(ctx context.Context, wire rueidis.Client, cmds []rueidis.Completed) []rueidis.RedisResult {
	if c.greeting.Load() == 0 {
		return bare(wire).DoMulti(ctx, cmds...)
	}
	var err error
	done := make(chan []rueidis.RedisResult, 1)
	if !c.spawn(func() { done <- wire.DoMulti(ctx, cmds...) }) {
		err = errClosed
	} else {
		select {
		case results := <-done:
			return results
		case <-ctx.Done():
			err = ctx.Err()
		}
	}
	results := make([]rueidis.RedisResult, len(cmds))
	for i := range results {
		results[i] = rueidis.NewErrorResult(err)
	}
	return results
}
