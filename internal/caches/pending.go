package caches

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redbrick-go/redbrick/internal/script"
	"github.com/redbrick-go/redbrick/internal/store"
)

// MaxPending bounds what of one cache waits for Redis: so many entries, so many tags, so many leases.
const MaxPending = 100_000

const (
	// pendingBatch is how much of each is repeated at once, pendingLimit the time for it.
	pendingBatch = 256
	pendingLimit = time.Minute
	// The pauses after a repetition that Redis did not take double from the first to the last.
	firstPause = 50 * time.Millisecond
	lastPause  = time.Second
)

// PendingOptions are what a Pending works with. All are required.
type PendingOptions struct {
	Common *Common
	Redis  script.Doer
	Work   *Work
	// Key is the key of an entry by the name that the cache has for it.
	Key func(name string) string
	// Forget takes entries out of the process: their invalidation is done.
	Forget func(names ...string)
}

// Pending are the entries and tags of one cache whose invalidation Redis has not taken, and the leases that could not be
// given back. Until Redis has taken it, this process does not believe what lies there under them. It is safe for
// concurrent use. Make it with NewPending.
type Pending struct {
	o       PendingOptions
	waiting atomic.Int64 // of entries, so that hits need no lock
	mu      sync.Mutex
	last    uint64            // counts what was added: a repetition under way does not stand for what comes during it
	entries map[string]uint64 // the number of the newest invalidation of each
	tags    map[string]uint64
	leases  map[string]store.Token // by key
	running bool
}

// NewPending makes a Pending of which nothing waits.
func NewPending(o PendingOptions) *Pending {
	return &Pending{
		o: o, entries: make(map[string]uint64), tags: make(map[string]uint64), leases: make(map[string]store.Token),
	}
}

// Has reports whether an entry waits to be invalidated.
func (p *Pending) Has(name string) bool {
	if p.waiting.Load() == 0 {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	_, ok := p.entries[name]
	return ok
}

// Add remembers entries; Repeat must follow. It reports false where there is no room for all.
func (p *Pending) Add(names ...string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last++
	n := remember(p.entries, names, p.last)
	p.waiting.Store(int64(len(p.entries)))
	return n == len(names)
}

// AddTags takes tags for invalid in this process, and remembers them; Repeat must follow. It reports false where there is
// no room for all.
func (p *Pending) AddTags(tags ...string) bool {
	p.o.Common.Tags.Pending(tags...) // before a repetition under way can take them for done
	n := p.addTags(tags)
	if n < len(tags) {
		p.o.Common.Tags.Bumped(tags[n:]...) // nobody would ever
	}
	return n == len(tags)
}

// addTags returns how many there was room for.
func (p *Pending) addTags(tags []string) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.last++
	return remember(p.tags, tags, p.last)
}

// remember puts names under a number, and returns how many there was room for.
func remember(all map[string]uint64, names []string, number uint64) int {
	for i, name := range names {
		if _, ok := all[name]; !ok && len(all) >= MaxPending {
			return i
		}
		all[name] = number
	}
	return len(names)
}

// AddLease remembers a lease whose load has ended: whoever asks for it would wait for nothing. Repeat must follow.
func (p *Pending) AddLease(key string, token store.Token) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.leases) < MaxPending { // one more ends by itself
		p.leases[key] = token
	}
}

// round is what one repetition is about, and the number it stands for.
type round struct {
	entries, tags []string
	leases        map[string]store.Token
	upTo          uint64
}

// next returns some of what waits. Where nothing does the repetition has ended.
func (p *Pending) next() (r round, more bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	r = round{entries: some(p.entries), tags: some(p.tags), leases: make(map[string]store.Token), upTo: p.last}
	for key, token := range p.leases {
		if r.leases[key] = token; len(r.leases) == pendingBatch {
			break
		}
	}
	p.running = len(r.entries)+len(r.tags)+len(r.leases) > 0
	return r, p.running
}

func some(all map[string]uint64) (names []string) {
	for name := range all {
		if names = append(names, name); len(names) == pendingBatch {
			break
		}
	}
	return names
}

// done takes out what was repeated, but not what was invalidated anew since.
func (p *Pending) done(r round) {
	p.mu.Lock()
	defer p.mu.Unlock()
	settle(p.entries, r.entries, r.upTo)
	settle(p.tags, r.tags, r.upTo)
	for key, token := range r.leases {
		if p.leases[key] == token {
			delete(p.leases, key)
		}
	}
	p.waiting.Store(int64(len(p.entries)))
}

func settle(all map[string]uint64, names []string, upTo uint64) {
	for _, name := range names {
		if all[name] <= upTo {
			delete(all, name)
		}
	}
}

// Repeat repeats in the background what waits, until Redis has taken all of it.
func (p *Pending) Repeat() {
	p.mu.Lock()
	start := !p.running
	p.running = true
	p.mu.Unlock()
	if start && !p.o.Work.Go(p.repeat) {
		p.mu.Lock()
		p.running = false
		p.mu.Unlock()
	}
}

func (p *Pending) repeat() {
	life := p.o.Work.Life()
	for pause := firstPause; ; {
		r, more := p.next()
		if !more {
			return
		}
		if p.tell(life, r) {
			pause = firstPause
			continue
		}
		timer := time.NewTimer(pause)
		select {
		case <-life.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		pause = min(2*pause, lastPause)
	}
}

// tell tells Redis of one round, and reports whether it took all of it.
func (p *Pending) tell(ctx context.Context, r round) bool {
	ctx, cancel := context.WithTimeout(ctx, pendingLimit)
	defer cancel()
	o, taken := p.o, round{leases: make(map[string]store.Token), upTo: r.upTo}
	// Whoever asks for one of the leases would wait for a load that has ended.
	for key, token := range r.leases {
		if err := o.Common.Store.Abandon(ctx, o.Redis, key, token); err != nil {
			break
		}
		taken.leases[key] = token
	}
	keys := make([]string, len(r.entries))
	for i, name := range r.entries {
		keys[i] = o.Key(name)
	}
	_, errs := o.Common.Store.Drop(ctx, o.Redis, keys...)
	for i, err := range errs {
		if err == nil {
			taken.entries = append(taken.entries, r.entries[i])
		}
	}
	o.Forget(taken.entries...)
	if len(r.tags) > 0 {
		if _, err := o.Common.Store.Bump(ctx, o.Redis, r.tags...); err == nil {
			o.Common.Tags.Bumped(r.tags...)
			taken.tags = r.tags
		}
	}
	p.done(taken)
	return len(taken.leases) == len(r.leases) && len(taken.entries) == len(r.entries) && len(taken.tags) == len(r.tags)
}
