package redbrick

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"

	"github.com/redbrick-go/redbrick/internal/keyspace"
	"github.com/redbrick-go/redbrick/internal/patience"
)

// Client is the toolkit's connection to Redis: every brick is constructed on one. It is safe for concurrent use.
//
// A Client itself is the lane with the deadline Options.CommandTimeout; Hot gives the one for the request path.
type Client struct {
	Lane

	options Options
	target  target
	cluster bool
	log     *slog.Logger

	hot      Lane
	tracked  Lane
	blocking Lane

	conns    atomic.Pointer[conns]
	breaker  *breaker
	leavings leavings
	states   states
	tracker  *tracker
	registry registry
	layouts  layouts
	features atomic.Pointer[Features]
	engine   *sharedEngine

	closing   bool // Close has begun
	closed    atomic.Bool
	probing   atomic.Bool
	redialing atomic.Bool
	doubting  atomic.Bool
	// redialFrom is the Unix time in nanoseconds before which the primary is not looked up again.
	redialFrom atomic.Int64
	silence    time.Duration   // how long a connection that hears of changes may leave a ping unanswered
	patience   time.Duration   // how long a probe waits for its answer
	greeting   atomic.Int32    // connections that are being made
	life       context.Context //nolint:containedctx // the client's own loops end with it
	end        context.CancelFunc
	mu         sync.Mutex // guards work.Add against Close, and parts
	work       sync.WaitGroup
	parts      map[string]any
	closers    []func()
}

// conns is one set of connections; it is replaced as a whole when the primary has to be looked up again.
type conns struct {
	data     rueidis.Client
	blocking blockingClient
}

// Open connects to Redis as the options say. The zero Options start the embedded engine in memory.
//
// Clients that name the same folder share its engine within the process; in memory each client has an engine of its own. A
// folder that another process has open is an error that wraps engine.ErrLocked. The data of a folder are read before Open
// returns, however long that takes.
//
// Open fails on bad options, all of them at once, and on a server that refuses the client for good: wrong password,
// wrong scheme, too old. A server that does not answer within ConnectTimeout is an error only with RequireRedis;
// otherwise the client is returned in StateError, answers every call with ErrUnavailable, and goes on trying.
func Open(ctx context.Context, o Options) (*Client, error) {
	if o.HotTimeout == 0 {
		o.HotTimeout = patience.Of(ctx, 0)
	}
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	t, err := o.resolve()
	if err != nil {
		return nil, err
	}
	c := &Client{options: o, target: t, cluster: t.kind == kindCluster, log: o.Logger}
	if o.Client != nil {
		c.cluster = o.Client.Mode() == rueidis.ClientModeCluster
	}
	c.silence, c.patience = patience.Of(ctx, trackedTimeout), patience.Of(ctx, probeTimeout)
	c.life, c.end = context.WithCancel(context.Background())
	c.states = states{log: c.log, on: o.OnState, current: StateEvent{State: StateConnecting}}
	c.breaker = newBreaker(c.cluster, c.lost)
	c.tracker = newTracker(c)
	c.features.Store(&Features{})
	data := func(_ context.Context, cn *conns) (rueidis.Client, error) { return cn.data, nil }
	c.Lane = Lane{c: c, name: "data", timeout: o.CommandTimeout, pick: data}
	c.hot = Lane{c: c, name: "hot", timeout: o.HotTimeout, gradual: true, pick: data}
	c.tracked = Lane{c: c, name: "tracked", timeout: o.HotTimeout, gradual: true, pick: c.tracker.pick}
	c.blocking = Lane{c: c, name: "blocking", pick: c.pickBlocking}
	if t.kind == kindEmbedded && o.Redis.DialCtxFn == nil { // else the caller has an engine
		if c.engine, err = openEngine(t.engine, c.log); err != nil {
			c.end()
			return nil, err
		}
	}
	limit, cancel := context.WithTimeout(ctx, o.ConnectTimeout)
	err = c.connect(limit)
	cancel()
	switch {
	case err == nil:
		c.states.set(StateEvent{State: StateReady})
	case errors.Is(err, ErrConfig), o.RequireRedis, ctx.Err() != nil:
		return nil, errors.Join(err, c.Close())
	default:
		c.breaker.trip(err)
	}
	return c, nil
}

// connect makes the first connection and learns what the server can do. An error that wraps ErrConfig is final.
func (c *Client) connect(ctx context.Context) error {
	data, err := c.dial(ctx, roleData)
	if err != nil {
		return err
	}
	f, err := c.detect(ctx, data)
	if err == nil {
		err = c.layouts.verify(ctx, data, layoutKey(c.options.Namespace), func() {
			c.features.Store(&f)
			c.conns.Store(&conns{data: data})
		})
	}
	if err != nil {
		c.release(data)
		return err
	}
	c.tracker.renew(ctx)
	return nil
}

// dial makes one rueidis client and gives up when ctx ends.
func (c *Client) dial(ctx context.Context, r role, edit ...func(*rueidis.ClientOption)) (rueidis.Client, error) {
	if c.options.Client != nil {
		return c.options.Client, nil
	}
	opt, err := c.options.clientOption(c.target, r)
	if err != nil {
		return nil, err
	}
	if c.engine != nil {
		opt.DialCtxFn = c.engine.Dial
	}
	for _, f := range edit {
		f(&opt)
	}
	wires := c.greet(&opt)
	type made struct {
		client rueidis.Client
		err    error
	}
	done := make(chan made, 1)
	go func() {
		client, err := rueidis.NewClient(opt)
		if client == nil {
			wires.close()
		} else {
			client = &owned{client, wires}
		}
		done <- made{client, err}
	}()
	limit := time.NewTimer(c.options.ConnectTimeout)
	defer limit.Stop()
	plain := make(chan struct{}) // closed when the silence of a TLS handshake is explained
	if c.target.tls != nil {
		doubt := time.AfterFunc(c.options.ConnectTimeout/2, func() {
			if c.speaksPlain(c.options.ConnectTimeout / 4) {
				close(plain)
			}
		})
		defer doubt.Stop()
	}
	select {
	case m := <-done:
		if m.err != nil {
			if m.client != nil { // rueidis may give both
				m.client.Close()
			}
			return nil, c.refusal(m.err)
		}
		if c.cluster && m.client.Mode() != rueidis.ClientModeCluster {
			m.client.Close()
			return nil, fmt.Errorf("%w: the server at %s is not a Redis Cluster: use redis://", ErrConfig, c.target)
		}
		return m.client, nil
	case <-plain:
		err = fmt.Errorf("%w: the server at %s does not speak TLS: use redis://", ErrConfig, c.target)
	case <-limit.C:
		err = fmt.Errorf("%w: %s did not answer within %v", ErrUnavailable, c.target, c.options.ConnectTimeout)
	case <-ctx.Done():
		err = fmt.Errorf("%w: connecting to %s: %w", ErrUnavailable, c.target, ctx.Err())
	}
	go func() {
		if m := <-done; m.client != nil {
			m.client.Close()
		}
	}()
	return nil, err
}

// release closes a client that dial made; a ready-made one belongs to its owner.
func (c *Client) release(client rueidis.Client) {
	if client != nil && client != c.options.Client {
		client.Close()
	}
}

// lost is called by the breaker when it opens.
func (c *Client) lost(err error) {
	c.states.set(StateEvent{State: StateError, Err: err})
	if c.probing.CompareAndSwap(false, true) {
		if !c.spawn(c.probe) {
			c.probing.Store(false)
		}
	}
}

// probeTimeout is how long a server that is in doubt has for its answer to something small.
const probeTimeout = time.Second

// probe tries until every open cell of the breaker has been answered, then ends.
func (c *Client) probe() {
	defer func() {
		c.probing.Store(false)
		if !c.closed.Load() && len(c.breaker.open()) > 0 {
			c.lost(errBreakerOpen) // a cell opened while the last one was being answered
		}
	}()
	const first = 50 * time.Millisecond
	delay := first
	for attempt := 1; ; attempt++ {
		err := c.probeOnce()
		if err == nil {
			c.states.set(StateEvent{State: StateReady})
			return
		}
		c.states.set(StateEvent{State: StateReconnecting, Attempt: attempt, Delay: delay, Err: err})
		timer := time.NewTimer(delay/2 + rand.N(delay/2)) //nolint:gosec // jitter
		select {
		case <-c.life.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		delay = min(delay*2, c.options.RetryDelay)
	}
}

// probeOnce asks the server of each open cell once; nil means that all of them answered.
func (c *Client) probeOnce() error {
	if c.conns.Load() == nil {
		if err := c.connect(c.life); err != nil {
			return err
		}
	}
	cn := c.conns.Load()
	var failed error
	for _, i := range c.breaker.open() {
		if err := c.ask(cn, i); err != nil {
			failed = err
			continue
		}
		if err := c.pending(cn, i); err != nil {
			failed = err
		}
	}
	return failed
}

// pending recovers a cell after it has checked the layouts that were not checked while its server was away. A client that is
// refused stays away.
func (c *Client) pending(cn *conns, cell int) error {
	key := layoutKey(c.options.Namespace)
	ctx, cancel := context.WithTimeout(c.life, c.patience)
	defer cancel()
	// Before another can ask, who would leave his check to this one.
	err := c.layouts.verify(ctx, cn.data, key, func() { c.breaker.recover(cell) })
	if err != nil && (answered(err) || !errors.Is(err, ErrConfig) && c.breaker.index(keyspace.Slot(key)) != cell) {
		c.breaker.recover(cell) // asking again is no use, or it is a matter of another cell
		return nil
	}
	return err
}

// ask sends the server of a cell something small.
func (c *Client) ask(cn *conns, cell int) error {
	ctx, cancel := context.WithTimeout(c.life, c.patience)
	defer cancel()
	key := probeKey(c.options.Namespace, len(c.breaker.cells), cell)
	_, err := c.judge(c.life, cn, cn.data.Do(ctx, cn.data.B().Exists().Key(key).Build()), 0)
	return err
}

// doubt asks the server of a slot, in the background and one at a time, and opens the breaker there if it does not answer.
func (c *Client) doubt(slot uint16) {
	if !c.doubting.CompareAndSwap(false, true) {
		return
	}
	if !c.spawn(func() {
		defer c.doubting.Store(false)
		if cn := c.conns.Load(); cn != nil {
			if err := c.ask(cn, c.breaker.index(slot)); err != nil {
				c.breaker.blame(slot, err, breakerThreshold)
			}
		}
	}) {
		c.doubting.Store(false)
	}
}

// redial replaces the connections: the server said that it is no longer the primary.
func (c *Client) redial(old *conns) {
	if c.cluster || c.options.Client != nil || c.conns.Load() != old || time.Now().UnixNano() < c.redialFrom.Load() ||
		!c.redialing.CompareAndSwap(false, true) {
		return
	}
	if !c.spawn(func() {
		defer c.redialing.Store(false)
		// The address may lead to the replica for a while yet: every write would dial again.
		defer func() { c.redialFrom.Store(time.Now().Add(c.options.RetryDelay).UnixNano()) }()
		data, err := c.dial(c.life, roleData)
		if err != nil {
			c.log.Warn("looking up the primary", "error", err)
			return
		}
		c.conns.Store(&conns{data: data})
		c.tracker.renew(c.life)
		old.close(c)
	}) {
		c.redialing.Store(false)
	}
}

// spawn runs f as a part of the client: Close waits for it. It reports false when the client is closed.
func (c *Client) spawn(f func()) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.closed.Load() {
		return false
	}
	c.work.Add(1)
	go func() {
		defer c.work.Done()
		f()
	}()
	return true
}

// Part returns what this client has one of for all bricks, made at the first call. made may give a function that Close
// runs before the connections end.
func (c *Client) Part(name string, made func() (part any, closer func(), err error)) (any, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if p, ok := c.parts[name]; ok {
		return p, nil
	}
	p, closer, err := made()
	if err != nil {
		return nil, err
	}
	if c.parts == nil {
		c.parts = make(map[string]any)
	}
	c.parts[name] = p
	if closer != nil {
		c.closers = append(c.closers, closer)
	}
	return p, nil
}

// Close ends all connections. Calls under way end with ErrUnavailable. It is safe to call twice.
func (c *Client) Close() error {
	c.mu.Lock()
	first := !c.closing
	c.closing = true
	closers := c.closers
	c.mu.Unlock()
	if !first {
		return nil
	}
	for _, f := range slices.Backward(closers) {
		f()
	}
	c.mu.Lock()
	c.closed.Store(true)
	c.mu.Unlock()
	c.end()
	c.work.Wait()
	c.tracker.close()
	if cn := c.conns.Swap(nil); cn != nil {
		cn.close(c)
	}
	c.states.set(StateEvent{State: StateClosed})
	if c.engine != nil {
		return c.engine.release()
	}
	return nil
}

// B starts a command.
func (c *Client) B() rueidis.Builder {
	if cn := c.conns.Load(); cn != nil {
		return cn.data.B()
	}
	return offlineBuilder()
}

// Hot is the lane of the request path: its deadline is Options.HotTimeout, and after an outage its calls come back by
// growing shares.
func (c *Client) Hot() *Lane { return &c.hot }

// Tracked is the lane through which near caches read: the connection that reads a key is the one that hears of its
// invalidation. Its deadline is Options.HotTimeout.
func (c *Client) Tracked() *Lane { return &c.tracked }

// Namespace is put before every key (REDIS_KEY_PREFIX).
func (c *Client) Namespace() string { return c.options.Namespace }

// CacheDefaults are the options that caches start from.
func (c *Client) CacheDefaults() CacheOptions { return c.options.Cache }

// CachePrefix is put before the name of every cache, namespace included.
func (c *Client) CachePrefix() string { return c.options.cachePrefix() }

// Logger is never nil.
func (c *Client) Logger() *slog.Logger { return c.log }

// Observer returns the observer of the options.
func (c *Client) Observer() Observer { return c.options.Observer }

// Redis gives the rueidis client that carries the data, for what the toolkit lacks; it has neither breaker nor deadline.
// It is nil while the first connection has not been made.
func (c *Client) Redis() rueidis.Client {
	if cn := c.conns.Load(); cn != nil {
		return cn.data
	}
	return nil
}

// State is the last state event.
func (c *Client) State() StateEvent { return c.states.get() }

// OnState adds a function that hears of every change of state, besides Options.OnState. It must not block.
func (c *Client) OnState(f func(StateEvent)) { c.states.subscribe(f) }

// Features is what the connected server can do; all false before the first connection.
func (c *Client) Features() Features { return *c.features.Load() }

// offlineBuilder starts commands while there is no connection; they are refused unsent. rueidis gives builders only to
// clients, so one is made over a connection that swallows everything.
var offlineBuilder = sync.OnceValue(func() rueidis.Builder {
	client, err := rueidis.NewClient(rueidis.ClientOption{
		InitAddress:       []string{"offline"},
		DialCtxFn:         dialNowhere,
		AlwaysRESP2:       true,
		DisableCache:      true,
		ForceSingleClient: true,
		ClientSetInfo:     []string{},
		PipelineMultiplex: -1,
	})
	if err != nil {
		panic(fmt.Sprintf("redbrick: offline builder: %v", err))
	}
	defer client.Close()
	return client.B()
})

// builtOffline marks the slot of a command whose builder does not know of Cluster.
const builtOffline = 1 << 15
