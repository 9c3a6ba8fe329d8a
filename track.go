package redbrick

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redis/rueidis"
)

// sink is one brick's interest in the keys below a prefix.
type sink struct {
	prefix      string
	invalidated func(key string)
	flushed     func()
}

// tracker owns the connection on which invalidations arrive and fans them out.
//
// On servers with CLIENT TRACKING it is a client of one connection per node in BCAST mode over the shortest of the
// registered prefixes, through which near caches also read. Elsewhere it is a subscription to the channel `<ns>~inv`.
type tracker struct {
	c          *Client
	generation atomic.Uint64
	client     atomic.Pointer[rueidis.Client] // tracking mode only
	sinks      atomic.Pointer[[]sink]         // longest prefix first
	announce   atomic.Pointer[string]
	behind     atomic.Bool // the last rebuild failed
	mending    atomic.Bool
	rebuilding sync.Mutex
	cancel     func()   // ends the subscription of pub/sub mode, or what the tracked client tells
	covered    []string // the prefixes of the tracked client
}

// trackedPing and trackedTimeout bound how long a dead link goes unnoticed: a reply in the first of two ping intervals
// postpones the ping to the second, so it is 2*trackedPing + trackedTimeout = 1.4 s, and with the timers of a busy machine 1.5 s.
const (
	trackedPing    = 350 * time.Millisecond
	trackedTimeout = 700 * time.Millisecond
)

func newTracker(c *Client) *tracker {
	t := &tracker{c: c}
	t.generation.Store(1) // odd: nothing arrives yet
	t.sinks.Store(&[]sink{})
	none := ""
	t.announce.Store(&none)
	return t
}

// Track makes invalidated hear of every key below prefix (physical, namespace included) that is written, deleted or
// expires, and flushed of every moment at which such news may have been lost; see Generation. Both run on the connection's
// reader: they must not block. A key is told to the longest prefix that fits. Calls belong to the start of the program: each
// may replace the tracked connection, which empties all near caches.
func (c *Client) Track(ctx context.Context, prefix string, invalidated func(key string), flushed func()) error {
	if err := c.tracker.add(sink{prefix, invalidated, flushed}); err != nil {
		return err
	}
	if c.conns.Load() == nil {
		return nil // connect will build the tracked connection
	}
	c.tracker.renew(ctx)
	return nil
}

// Generation is even while invalidations arrive and odd while they do not. It grows whenever some may have been missed:
// what was read under another generation must be neither served nor kept.
func (c *Client) Generation() *atomic.Uint64 { return &c.tracker.generation }

// Announce is the channel on which scripts have to publish the keys below tracked prefixes that they write, because the
// server does not track; empty where it does, or nobody tracks.
func (c *Client) Announce() string { return *c.tracker.announce.Load() }

func (t *tracker) add(s sink) error {
	t.rebuilding.Lock()
	defer t.rebuilding.Unlock()
	old := *t.sinks.Load()
	for _, o := range old {
		if o.prefix == s.prefix {
			return fmt.Errorf("%w: prefix %q is tracked already, expected one owner", ErrConfig, s.prefix)
		}
	}
	all := append(slices.Clone(old), s)
	slices.SortFunc(all, func(a, b sink) int { return len(b.prefix) - len(a.prefix) })
	t.sinks.Store(&all)
	return nil
}

// prefixes are the shortest of overlapping prefixes: Redis refuses overlaps.
func (t *tracker) prefixes() []string {
	var all []string
	for _, s := range slices.Backward(*t.sinks.Load()) {
		if !slices.ContainsFunc(all, func(p string) bool { return strings.HasPrefix(s.prefix, p) }) {
			all = append(all, s.prefix)
		}
	}
	return all
}

func (t *tracker) pick(_ context.Context, cn *conns) (rueidis.Client, error) {
	if p := t.client.Load(); p != nil {
		return *p, nil
	}
	return cn.data, nil
}

// renew rebuilds now, or in the background as soon as that works.
func (t *tracker) renew(ctx context.Context) {
	if err := t.rebuild(ctx); err != nil {
		t.c.log.WarnContext(ctx, "near caches are off for now: no invalidations", "error", err)
		t.mend()
	}
}

// mend rebuilds in the background until that works.
func (t *tracker) mend() {
	if !t.mending.CompareAndSwap(false, true) {
		return
	}
	if !t.c.spawn(func() {
		defer func() {
			t.mending.Store(false)
			if t.behind.Load() && t.c.life.Err() == nil { // the next one failed while we were leaving
				t.mend()
			}
		}()
		for delay := firstRetryDelay; t.behind.Load(); delay = min(2*delay, t.c.options.RetryDelay) {
			timer := time.NewTimer(delay)
			select {
			case <-t.c.life.Done():
				timer.Stop()
				return
			case <-timer.C:
			}
			_ = t.rebuild(t.c.life) // behind says how it went
		}
	}) {
		t.mending.Store(false)
	}
}

// try finds out whether the server lets this client track. It has as much time for its answer as for any other while the
// client is opened: that it is too slow for near caches now says nothing.
func (t *tracker) try(ctx context.Context) error {
	client, err := t.dial(ctx, t.c.options.ConnectTimeout, []string{t.c.options.Namespace + "~probe"}, func([]rueidis.RedisMessage) {})
	if err == nil {
		client.Close()
	}
	return err
}

func (t *tracker) dial(ctx context.Context, timeout time.Duration, prefixes []string, on func([]rueidis.RedisMessage)) (rueidis.Client, error) {
	return t.c.dial(ctx, roleTracked, func(opt *rueidis.ClientOption) {
		opt.DisableCache = false
		opt.ClientTrackingOptions = []string{"BCAST"}
		for _, p := range prefixes {
			opt.ClientTrackingOptions = append(opt.ClientTrackingOptions, "PREFIX", p)
		}
		opt.OnInvalidations = on
		opt.Dialer.KeepAlive = trackedPing
		opt.ConnWriteTimeout = timeout
	})
}

// rebuild makes the connection anew for the present prefixes.
func (t *tracker) rebuild(ctx context.Context) (err error) {
	t.rebuilding.Lock()
	defer t.rebuilding.Unlock()
	defer func() { t.behind.Store(err != nil) }()
	prefixes := t.prefixes()
	if len(prefixes) == 0 {
		return nil
	}
	if !t.c.Features().Tracking {
		return t.subscribe(ctx)
	}
	// Messages of a client that has been replaced are of no interest, its end above all.
	var current atomic.Bool
	current.Store(true)
	client, err := t.dial(ctx, t.c.silence, prefixes, func(keys []rueidis.RedisMessage) {
		if current.Load() {
			t.heard(keys)
		}
	})
	if err != nil {
		t.deafen(prefixes)
		return err
	}
	old := t.client.Swap(&client)
	t.bump(true)
	retire := t.cancel
	t.cancel, t.covered = func() { current.Store(false) }, prefixes
	if retire != nil {
		retire()
	}
	if old != nil {
		(*old).Close()
	}
	return nil
}

// deafen turns the near caches off where the connection that is there, if any, does not hear of all prefixes.
func (t *tracker) deafen(prefixes []string) {
	if slices.Equal(t.covered, prefixes) {
		return
	}
	if t.cancel != nil {
		t.cancel()
	}
	t.cancel, t.covered = nil, nil
	t.bump(false)
}

// heard fans out one push of the server; nil means that anything may have changed.
func (t *tracker) heard(keys []rueidis.RedisMessage) {
	if keys == nil {
		// The connection is dialled again by the next read; what that read fills is heard of from then on.
		t.skip()
		return
	}
	for i := range keys {
		if key, err := keys[i].ToString(); err == nil {
			t.tell(key)
		}
	}
}

func (t *tracker) tell(key string) {
	for _, s := range *t.sinks.Load() {
		if strings.HasPrefix(key, s.prefix) {
			s.invalidated(key)
			return
		}
	}
}

// bump starts a new generation and empties all near caches.
func (t *tracker) bump(live bool) {
	for {
		g := t.generation.Load()
		next := g + 2
		if live != (g&1 == 0) {
			next = g + 1
		}
		if t.generation.CompareAndSwap(g, next) {
			break
		}
	}
	t.flush()
}

// skip starts a new generation and empties all near caches, which stay on or off.
func (t *tracker) skip() {
	t.generation.Add(2)
	t.flush()
}

func (t *tracker) flush() {
	for _, s := range *t.sinks.Load() {
		s.flushed()
	}
}

// subscribe is pub/sub mode: scripts publish the keys they write, and near caches live only while this hears them.
func (t *tracker) subscribe(ctx context.Context) error {
	if t.cancel != nil { // one subscription serves all prefixes
		t.skip()
		return nil
	}
	channel := t.c.options.Namespace + "~inv"
	t.announce.Store(&channel)
	stop, err := t.c.Subscribe(ctx, channel, t.tell, t.bump)
	if err != nil {
		return err
	}
	t.cancel = stop
	return nil
}

func (t *tracker) close() {
	t.rebuilding.Lock()
	defer t.rebuilding.Unlock()
	t.bump(false)
	if t.cancel != nil {
		t.cancel()
	}
	if p := t.client.Swap(nil); p != nil {
		(*p).Close()
	}
}
