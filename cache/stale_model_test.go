package cache_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"maps"
	"math/rand/v2"
	"net"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/cache"
	"github.com/redbrick-go/redbrick/redistest"
)

// TestNobodyReadsWhatWasInvalidated plays random interleavings of readers, writers and loads of three clients against
// each other. A write gives a row of a fake database a new version, and then invalidates it in one of all the ways there are;
// loads stop before and after they read the row, readers before they decode what lies in Redis, writers between the two
// steps, a scheduler with a seed decides who goes on, and the connections are slow at random. A read must return a version that is at least the newest one whose invalidation was complete before the read
// began: for the client that did the invalidation always, for all others with cache.Fresh, and without it once everything
// is quiet.
func TestNobodyReadsWhatWasInvalidated(t *testing.T) {
	t.Parallel()
	redistest.Each(t, func(t *testing.T, rb *redbrick.Client) {
		s := newStage(t, rb)
		const together = 250
		for range redistest.Scale(10_000) / together {
			s.playMany(t, together)
		}
	}, redistest.With(slowLinks))
}

const (
	stageClients = 3
	noNear       = 2 // the client without near caches
)

// stage is where interleavings are played: the same caches on three clients of one namespace.
type stage struct {
	caches [stageClients][]*cache.Cache[row]
	plays  sync.Map // by the part of an id before the colon
}

func newStage(t *testing.T, rb *redbrick.Client) *stage {
	s := &stage{}
	tags := func(id string, _ row) []string {
		play, _, _ := strings.Cut(id, ":")
		return []string{"id " + id, "play " + play}
	}
	for i := range stageClients {
		if i > 0 {
			rb = redistest.Another(t, rb, slowLinks)
		}
		// A lost invalidation must not be healed by a short life.
		plain := cache.Options[row]{Load: s.load, Codec: stops{cache.JSON[row](), s}, NearUntracked: time.Hour, NoNear: i == noNear}
		tagged := plain
		tagged.Tags, tagged.LoadMany = tags, s.loadMany
		// Entries are stale at once, so every read begins a refresh; and nobody has the patience to wait for another's load.
		hasty := plain
		hasty.TTL, hasty.StaleFor, hasty.SoftTimeout = 2*time.Millisecond, time.Hour, 2*time.Millisecond
		hastyTagged := hasty
		hastyTagged.Tags, hastyTagged.StaleFor, hastyTagged.KeepBytes = tags, 100*time.Hour, true
		s.caches[i] = []*cache.Cache[row]{
			newCache(t, rb, "plain", plain), newCache(t, rb, "tagged", tagged),
			newCache(t, rb, "hasty", hasty), newCache(t, rb, "hasty-tagged", hastyTagged),
		}
	}
	s.plays.Store("ballast", &play{free: true, rows: map[string]int64{"ballast": 1}})
	return s
}

func (s *stage) of(id string) *play {
	name, _, _ := strings.Cut(id, ":")
	p, ok := s.plays.Load(name)
	if !ok {
		panic("a load of an id that nobody reads: " + id)
	}
	return p.(*play)
}

func (s *stage) load(_ context.Context, id string) (row, error) { return s.of(id).load(id), nil }

func (s *stage) loadMany(_ context.Context, ids []string) (map[string]row, error) {
	rows := make(map[string]row)
	for _, id := range ids {
		rows[id] = s.of(id).load(id)
	}
	return rows, nil
}

// stops is a codec whose decoding waits for the scheduler: between what was read from Redis and what becomes of it.
type stops struct {
	cache.Codec[row]
	s *stage
}

func (c stops) Decode(data []byte) (row, error) {
	r, err := c.Codec.Decode(data)
	if err == nil {
		c.s.of(r.ID).stop(2)
	}
	return r, err
}

// slowLinks delays some of what a client sends and hears by up to 2 ms, each connection by itself: what one says may be
// heard long before what another said.
func slowLinks(o *redbrick.Options) {
	o.HotTimeout, o.CommandTimeout = unhurried, unhurried
	dial := o.Redis.DialCtxFn
	o.Redis.DialCtxFn = func(ctx context.Context, addr string, d *net.Dialer, cfg *tls.Config) (net.Conn, error) {
		if dial == nil {
			c, err := d.DialContext(ctx, "tcp", addr)
			return slowLink{c}, err
		}
		c, err := dial(ctx, addr, d, cfg)
		return slowLink{c}, err
	}
}

type slowLink struct{ net.Conn }

func (c slowLink) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	c.wait()
	return n, err
}

func (c slowLink) Write(b []byte) (int, error) {
	c.wait()
	return c.Conn.Write(b)
}

func (slowLink) wait() {
	if rand.IntN(6) == 0 {
		late := time.NewTimer(time.Duration(rand.IntN(2000)) * time.Microsecond)
		<-late.C
	}
}

// play is one interleaving over two ids.
type play struct {
	t      *testing.T
	seed   uint64
	caches [stageClients]*cache.Cache[row]
	tagged bool
	busy   int // the client that does most
	ids    [2]string
	name   string
	// exclusive writers take turns: what Set writes is in the hand of its caller, so two of them may overtake each other.
	exclusive bool
	writing   sync.Mutex

	mu      sync.Mutex
	rng     *rand.Rand
	rows    map[string]int64
	done    map[string]int64               // newest version whose invalidation is complete
	own     [stageClients]map[string]int64 // the same, done by one client
	stopped []chan struct{}
	free    bool // nobody stops any more
	running int
	events  chan struct{}
	story   strings.Builder
}

// tell notes what happens, for the one who has to find out why.
func (p *play) tell(format string, args ...any) {
	p.mu.Lock()
	defer p.mu.Unlock()
	fmt.Fprintf(&p.story, format+"\n", args...)
}

func (p *play) fail(format string, args ...any) {
	p.t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	p.t.Errorf("seed %d: "+format+"\n%s", append(append([]any{p.seed}, args...), p.story.String())...)
}

// playMany plays so many interleavings side by side, looks at what remains, and clears up.
func (s *stage) playMany(t *testing.T, n int) {
	seeds, played := make(chan uint64), make(chan *play, n)
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			for seed := range seeds {
				played <- s.play(t, seed)
			}
		})
	}
	for range n {
		seeds <- rand.Uint64()
	}
	close(seeds)
	wg.Wait()
	close(played)
	for p := range played {
		p.quiet(t)
		if err := p.caches[0].Delete(t.Context(), p.ids[:]...); err != nil {
			t.Error(err)
		}
	}
}

func (s *stage) play(t *testing.T, seed uint64) *play {
	rng := rand.New(rand.NewPCG(seed, 0))
	kind := [...]int{0, 0, 1, 1, 2, 3}[rng.IntN(6)]
	p := &play{
		t: t, seed: seed, rng: rng, name: fmt.Sprintf("%x", seed), tagged: kind%2 == 1, busy: rng.IntN(stageClients - 1), exclusive: rng.IntN(2) == 0,
		rows: map[string]int64{}, done: map[string]int64{}, events: make(chan struct{}, 1000),
	}
	for i := range p.ids {
		p.ids[i] = fmt.Sprintf("%s:%d", p.name, i)
		p.rows[p.ids[i]] = 1
	}
	for i := range p.caches {
		p.caches[i], p.own[i] = s.caches[i][kind], map[string]int64{}
	}
	s.plays.Store(p.name, p)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	warm := p.rng.IntN(3) > 0
	p.free = warm
	for i, c := range p.caches {
		for range 60 { // keeps the near cache on, which is of no use to those who write as much as they read
			if i == noNear || kind > 1 {
				break
			}
			if _, err := c.Get(ctx, "ballast"); err != nil {
				t.Errorf("seed %d: %v", seed, err)
			}
		}
		for range 2 {
			if !warm {
				break
			}
			if _, err := c.GetMany(ctx, p.ids[:]); err != nil {
				t.Errorf("seed %d: %v", seed, err)
			}
		}
	}
	p.mu.Lock()
	p.free = false
	p.mu.Unlock()
	p.schedule(ctx, 6+rng.IntN(14))
	p.finish(ctx)
	return p
}

// schedule starts the steps one by one, and lets those who stopped go on, in random order.
func (p *play) schedule(ctx context.Context, steps int) {
	for {
		p.mu.Lock()
		running, stopped := p.running, len(p.stopped)
		goOn := stopped > 0 && (steps == 0 || running > 4 || p.rng.IntN(2) == 0)
		start := !goOn && steps > 0 && running <= 4
		var step func()
		switch {
		case goOn:
			i := p.rng.IntN(stopped)
			close(p.stopped[i])
			p.stopped = append(p.stopped[:i], p.stopped[i+1:]...)
		case start:
			steps--
			p.running++
			step = p.step(ctx)
		}
		pause := p.rng.IntN(4) * p.rng.IntN(200)
		p.mu.Unlock()
		switch {
		case start:
			go func() {
				step()
				p.mu.Lock()
				p.running--
				p.mu.Unlock()
				p.events <- struct{}{}
			}()
		case !goOn && steps == 0 && running == 0:
			return
		case !goOn: // everybody is on the way: wait for one to stop or to end
			select {
			case <-p.events:
			case <-ctx.Done():
				p.fail("%d steps hang", running)
				return
			}
			continue
		}
		for range pause {
			runtime.Gosched()
		}
	}
}

// stop makes its caller wait until the scheduler lets it go on, one of so many times not.
func (p *play) stop(share int) {
	p.mu.Lock()
	if p.free || p.rng.IntN(share) == 0 {
		p.mu.Unlock()
		return
	}
	ch := make(chan struct{})
	p.stopped = append(p.stopped, ch)
	p.mu.Unlock()
	p.events <- struct{}{}
	<-ch
}

func (p *play) load(id string) row {
	p.stop(3)
	p.mu.Lock()
	n := p.rows[id]
	p.mu.Unlock()
	p.tell("a load of %s reads version %d", id, n)
	p.stop(3)
	p.tell("a load of %s returns version %d", id, n)
	return row{id, n}
}

// step makes a reader or a writer of a random client.
func (p *play) step(ctx context.Context) func() {
	client, id, kind := p.rng.IntN(stageClients), p.ids[0], p.rng.IntN(100)
	if p.rng.IntN(2) == 0 {
		client = p.busy
	}
	if p.rng.IntN(5) == 0 {
		id = p.ids[1]
	}
	fresh := p.rng.IntN(3) == 0
	if kind < 60 {
		return func() { p.read(ctx, client, id, kind, fresh) }
	}
	return func() { p.write(ctx, client, id, kind) }
}

func (p *play) read(ctx context.Context, client int, id string, kind int, fresh bool) {
	c, known := p.caches[client], p.own[client]
	if fresh {
		ctx, known = cache.Fresh(ctx), p.done
	}
	p.mu.Lock()
	least := maps.Clone(known)
	p.mu.Unlock()
	what := fmt.Sprintf("client %d reads %s (%d, fresh %t, least %v)", client, id, kind, fresh, least)
	p.tell("%s", what)
	got := map[string]row{}
	var err error
	switch {
	case kind < 30:
		got[id], err = c.Get(ctx, id)
	case kind < 40:
		var b []byte
		if b, err = c.GetBytes(ctx, id); err == nil {
			got[id], err = cache.JSON[row]().Decode(b)
		}
	case kind < 50:
		got, err = c.GetMany(ctx, p.ids[:])
	default:
		var ok bool
		if got[id], ok, err = c.Peek(ctx, id); !ok {
			delete(got, id)
		}
	}
	p.tell("%s: %v, %v", what, got, err)
	if err != nil {
		p.fail("%s: %v", what, err)
	}
	for id, r := range got {
		if r.ID != id || r.N < least[id] {
			p.fail("%s: got %v", what, r)
		}
	}
}

func (p *play) write(ctx context.Context, client int, id string, kind int) {
	c := p.caches[client]
	if p.exclusive {
		p.writing.Lock()
		defer p.writing.Unlock()
	}
	store := func() row {
		p.mu.Lock()
		p.rows[id]++
		r := row{id, p.rows[id]}
		p.mu.Unlock()
		p.stop(3)
		return r
	}
	if kind >= 90 {
		var mine row
		got, err := c.WriteThrough(ctx, id, func(context.Context) error { mine = store(); return nil })
		if err != nil || got.N < mine.N {
			p.fail("client %d wrote %v through: got back %v, %v", client, mine, got, err)
		}
		p.completed(client, map[string]int64{id: mine.N})
		p.tell("client %d has written %v through", client, mine)
		return
	}
	what := fmt.Sprintf("client %d writes %s (%d, exclusive %t)", client, id, kind, p.exclusive)
	mine := store()
	p.tell("%s: version %d is in the database", what, mine.N)
	p.mu.Lock()
	all := maps.Clone(p.rows) // what the database has now is invalidated from here on
	p.mu.Unlock()
	versions := map[string]int64{id: all[id]}
	var err error
	switch {
	case p.exclusive && kind < 66:
		err = c.Set(ctx, id, mine)
	case p.exclusive && kind < 70:
		err = c.SetMany(ctx, map[string]row{id: mine})
	case p.tagged && kind < 77:
		err = c.InvalidateTags(ctx, "id "+id)
	case p.tagged && kind < 82:
		err, versions = c.InvalidateTags(ctx, "play "+p.name), all
	case kind < 84:
		_, err = c.DeleteMatch(ctx, p.name+":*")
		versions = all
	default:
		err = c.Delete(ctx, id)
	}
	if err != nil {
		p.fail("%s: %v", what, err)
		return
	}
	p.tell("%s: version %d is invalidated", what, mine.N)
	p.completed(client, versions)
}

// completed notes that a client has invalidated all versions before the given ones.
func (p *play) completed(client int, versions map[string]int64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for id, n := range versions {
		p.done[id] = max(p.done[id], n)
		p.own[client][id] = max(p.own[client][id], n)
	}
}

// finish lets everybody go on, and looks at what lies in Redis.
func (p *play) finish(ctx context.Context) {
	p.mu.Lock()
	p.free = true
	for _, ch := range p.stopped {
		close(ch)
	}
	p.stopped = nil
	p.mu.Unlock()
	for i, c := range p.caches {
		for _, id := range p.ids {
			if r, err := c.Get(cache.Fresh(ctx), id); err != nil || r.N != p.rows[id] {
				p.fail("client %d, in the end, fresh: got %v, %v, want version %d", i, r, err, p.rows[id])
			}
		}
	}
}

// quiet looks at what remains in the processes.
func (p *play) quiet(t *testing.T) {
	for i, c := range p.caches {
		for _, id := range p.ids {
			redistest.Eventually(t, 20*time.Second, func() error {
				if r, err := c.Get(t.Context(), id); err != nil || r.N != p.rows[id] {
					return fmt.Errorf("seed %d: client %d, in the end: got %v, %v, want version %d", p.seed, i, r, err, p.rows[id])
				}
				return nil
			})
		}
	}
}
