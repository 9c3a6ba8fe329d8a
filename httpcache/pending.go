package httpcache

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/redbrick-go/redbrick/internal/store"
)

// mostPending bounds the invalidations that wait for Redis: so many URLs, and so many tags.
const mostPending = 100_000

// pending are the roots and tags whose invalidation Redis has not taken. Until it has, this process does not believe what
// lies in Redis under them.
type pending struct {
	waiting atomic.Int64 // of roots, so that hits need no lock
	mu      sync.Mutex
	last    uint64            // counts what was added: a repetition under way does not stand for what comes during it
	roots   map[string]uint64 // the number of the newest invalidation of each
	tags    map[string]uint64
	leases  map[string]store.Token // by key: those of responses that came while Redis was away
	running bool
}

func (p *pending) addLease(key string, token store.Token) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.leases == nil {
		p.leases = make(map[string]store.Token)
	}
	if len(p.leases) < mostPending { // one more ends by itself
		p.leases[key] = token
	}
}

// lease returns one that has to be given back.
func (p *pending) lease() (key string, token store.Token, ok bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for key, token = range p.leases {
		return key, token, true
	}
	return "", "", false
}

func (p *pending) doneLease(key string, token store.Token) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.leases[key] == token {
		delete(p.leases, key)
	}
}

func (p *pending) has(key string) bool {
	if p.waiting.Load() == 0 {
		return false
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	_, ok := p.roots[key]
	return ok
}

// add returns the tags that there is room for; all is false where there is none for some root or tag.
func (p *pending) add(roots, tags []string) (taken []string, all bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.roots == nil {
		p.roots, p.tags = make(map[string]uint64), make(map[string]uint64)
	}
	p.last++
	all = true
	for _, key := range roots {
		if _, ok := p.roots[key]; !ok && len(p.roots) >= mostPending {
			all = false
			break
		}
		p.roots[key] = p.last
	}
	p.waiting.Store(int64(len(p.roots)))
	for i, t := range tags {
		if _, ok := p.tags[t]; !ok && len(p.tags) >= mostPending {
			return tags[:i], false
		}
		p.tags[t] = p.last
	}
	return tags, all
}

// some returns a batch of what waits, and the number it stands for. Where nothing waits the repetition has ended.
func (p *pending) some() (roots, tags []string, upTo uint64, more bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for key := range p.roots {
		if roots = append(roots, key); len(roots) == batch {
			break
		}
	}
	for t := range p.tags {
		if tags = append(tags, t); len(tags) == batch {
			break
		}
	}
	p.running = len(roots)+len(tags)+len(p.leases) > 0
	return roots, tags, p.last, p.running
}

func (p *pending) done(roots, tags []string, upTo uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, key := range roots {
		if p.roots[key] <= upTo {
			delete(p.roots, key)
		}
	}
	for _, t := range tags {
		if p.tags[t] <= upTo {
			delete(p.tags, t)
		}
	}
	p.waiting.Store(int64(len(p.roots)))
}

// undone remembers what Redis has not taken, and repeats it in the background.
func (c *Cache) undone(ctx context.Context, roots, tags []string) {
	c.common.Tags.Pending(tags...) // before a repetition under way can take them for done
	taken, all := c.pending.add(roots, tags)
	if !all {
		c.common.Tags.Bumped(tags[len(taken):]...) // nobody would ever
		c.rb.Logger().ErrorContext(ctx, "httpcache: too many invalidations while redis is away: responses may be stale until they end",
			"cache", c.opt.Name, "limit", mostPending)
	}
	c.flights.detachAll()
	c.repeatPending()
}

// repeatPending repeats in the background what waits for Redis.
func (c *Cache) repeatPending() {
	c.pending.mu.Lock()
	start := !c.pending.running
	c.pending.running = true
	c.pending.mu.Unlock()
	if start && !c.spawn(c.repeatAll) {
		c.pending.mu.Lock()
		c.pending.running = false
		c.pending.mu.Unlock()
	}
}

func (c *Cache) repeatAll() {
	pause := 50 * time.Millisecond
	for {
		roots, tags, upTo, more := c.pending.some()
		if !more {
			return
		}
		if c.repeat(roots, tags, upTo) && c.endLeases() {
			pause = 50 * time.Millisecond
			continue
		}
		timer := time.NewTimer(pause)
		select {
		case <-c.life.Done():
			timer.Stop()
			return
		case <-timer.C:
		}
		pause = min(2*pause, time.Second)
	}
}

// endLeases gives leases back. Whoever asks for one of them would wait for a response that has come.
func (c *Cache) endLeases() bool {
	for {
		key, token, ok := c.pending.lease()
		if !ok {
			return true
		}
		if err := c.store.Abandon(c.life, c.rb, key, token); err != nil {
			return false
		}
		c.pending.doneLease(key, token)
	}
}

func (c *Cache) repeat(roots, tags []string, upTo uint64) bool {
	ctx, cancel := context.WithTimeout(c.life, time.Minute)
	defer cancel()
	var done, doneTags []string
	_, errs := c.store.Drop(ctx, c.rb, roots...)
	for i, err := range errs {
		if err == nil {
			done = append(done, roots[i])
		}
	}
	c.forget(done...)
	if len(tags) > 0 {
		if _, err := c.store.Bump(ctx, c.rb, tags...); err == nil {
			c.common.Tags.Bumped(tags...)
			doneTags = tags
		}
	}
	c.pending.done(done, doneTags, upTo)
	return len(done) == len(roots) && len(doneTags) == len(tags)
}
