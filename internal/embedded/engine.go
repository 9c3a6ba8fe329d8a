package embedded

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net"
	"sync"
	"sync/atomic"
	"time"

	"github.com/alicebob/miniredis/v2"
	"github.com/alicebob/miniredis/v2/server"
)

const (
	// finestStep is how far the engine's clock lies behind at most while the keyspace is small.
	finestStep = time.Millisecond
	// coarsestStep is the same for a keyspace of any size.
	coarsestStep = time.Second
	// walkShare bounds the time spent on expiry: a step is at least that many times as long as a walk takes.
	walkShare = 10
	// idleStep is how often the clock moves when nobody calls.
	idleStep = 250 * time.Millisecond
	// slowWalk is the cost of a walk from which it is worth counting the keys; crowded is the count that is too many.
	slowWalk = 5 * time.Millisecond
	crowded  = 20_000
	// databases is how many numbered databases are counted.
	databases = 16
)

// Options says how to run an engine. The zero value is good.
type Options struct {
	// Dir is the folder to keep data in, "" for none. Nothing is kept yet, which is logged once.
	Dir string
	// Logger is told of limits that matter to the user. Nil is silent.
	Logger *slog.Logger
}

// Engine is a Redis engine in this process. Its methods may be called from several goroutines.
type Engine struct {
	redis *miniredis.Miniredis
	srv   *server.Server
	log   *slog.Logger

	start time.Time // real, with its monotonic reading

	mu     sync.RWMutex // held for reading while a connection is handed over
	closed bool

	clock  sync.Mutex
	offset time.Duration // set by Advance
	walk   time.Duration // moving average of what a walk over all keys costs
	next   atomic.Int64  // ns since start: the clock moves no earlier
	warned bool

	stop chan struct{}
	done chan struct{}
}

// Open starts an engine with no data. Close ends it.
func Open(o Options) (*Engine, error) {
	if o.Logger == nil {
		o.Logger = slog.New(slog.DiscardHandler)
	}
	if o.Dir != "" {
		o.Logger.Warn("the embedded engine keeps its data in memory only: nothing is written to the folder yet", "dir", o.Dir)
	}
	e := &Engine{redis: miniredis.NewMiniRedis(), log: o.Logger, start: time.Now(), stop: make(chan struct{}), done: make(chan struct{})}
	// The first Dial starts the server without a listener. Its own connection has no buffer, so it is not used.
	c, err := e.redis.Dial()
	if err != nil {
		return nil, fmt.Errorf("embedded: start the engine: %w", err)
	}
	if err := c.Close(); err != nil {
		return nil, fmt.Errorf("embedded: start the engine: %w", err)
	}
	e.srv = e.redis.Server()
	e.redis.SetTime(now())
	e.redis.ClockTTL(true)
	go e.run()
	return e, nil
}

// Dial connects to the engine. It has the shape of rueidis.ClientOption.DialCtxFn; address, dialer and TLS have no
// meaning here. After Close it fails with net.ErrClosed.
func (e *Engine) Dial(ctx context.Context, _ string, _ *net.Dialer, _ *tls.Config) (net.Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	e.mu.RLock()
	defer e.mu.RUnlock()
	if e.closed {
		return nil, fmt.Errorf("embedded: dial: %w", net.ErrClosed)
	}
	client, server := newPipe()
	e.srv.ServeConn(&timedConn{conn: server, engine: e})
	return client, nil
}

// Close cuts all connections and waits for their goroutines; a second call does nothing. A script that never ends
// keeps it waiting. The error is nil as long as nothing is kept on disk.
func (e *Engine) Close() error {
	e.mu.Lock()
	if e.closed {
		e.mu.Unlock()
		return nil
	}
	e.closed = true
	e.mu.Unlock()
	close(e.stop)
	<-e.done
	e.redis.Close()
	return nil
}

// Advance moves the engine's clock forward, for tests: keys whose time is over are gone when it returns, and TIME has
// jumped. Waiting for blocking commands stays real.
func (e *Engine) Advance(d time.Duration) {
	e.clock.Lock()
	defer e.clock.Unlock()
	e.offset += d
	e.move()
}

// timedConn moves the clock before the engine reads commands. That is the only moment when the clock has to be right,
// and within one batch of commands, as within a script, it may stand still.
type timedConn struct {
	*conn
	engine *Engine
}

func (c *timedConn) Read(p []byte) (int, error) {
	n, err := c.conn.Read(p)
	c.engine.tick()
	return n, err
}

// now is the wall clock without its monotonic reading, so that times set by PEXPIREAT and by PEXPIRE agree.
func now() time.Time { return time.Now().Round(0).UTC() }

func (e *Engine) due() bool { return int64(time.Since(e.start)) >= e.next.Load() }

// tick moves the clock if a step has passed.
func (e *Engine) tick() {
	if !e.due() {
		return
	}
	e.clock.Lock()
	defer e.clock.Unlock()
	if e.due() {
		e.move()
	}
}

// move sets the engine's clock, lets it drop what has expired, and plans the next step. The engine counts every TTL
// down by the clock's difference in one walk, under its lock, so PTTL, PEXPIRETIME and TIME agree at any moment.
func (e *Engine) move() {
	e.redis.SetTime(now().Add(e.offset))
	start := time.Now()
	e.redis.DB(0)
	cost := time.Since(start)
	e.walk += (cost - e.walk) / 4
	step := min(max(e.walk*walkShare, finestStep), coarsestStep)
	e.next.Store(int64(time.Since(e.start) + step))
}

// run moves the clock of an idle engine, so that memory is freed and waiters see expiry.
func (e *Engine) run() {
	defer close(e.done)
	step := time.NewTimer(idleStep)
	defer step.Stop()
	for {
		select {
		case <-e.stop:
			return
		case <-step.C:
		}
		e.tick()
		interval := idleStep
		if e.crowded() {
			interval = coarsestStep
		}
		step.Reset(interval)
	}
}

// crowded reports whether the keyspace has outgrown the engine, and says so once.
func (e *Engine) crowded() bool {
	e.clock.Lock()
	defer e.clock.Unlock()
	if e.walk < slowWalk {
		return false
	}
	if e.warned {
		return true
	}
	keys := 0
	for i := range databases {
		keys += len(e.redis.DB(i).Keys())
	}
	if keys <= crowded {
		return false
	}
	e.warned = true
	e.log.Warn("the embedded engine slows down with this many keys: use a Redis server", "keys", keys, "expiry_exact_to", coarsestStep)
	return true
}
