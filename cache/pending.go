package cache

import (
	"context"
	"sync"
	"time"

	"github.com/redbrick-go/redbrick"
	"github.com/redbrick-go/redbrick/internal/store"
)

// maxPending bounds the invalidations that wait for Redis: so many ids, and so many tags.
const maxPending = 100_000

// pending are the ids and tags whose invalidation Redis has not taken. Until it has, this process does not believe what
// lies in Redis under them.
type pending struct {
	mu      sync.RWMutex
	last    uint64            // counts what was added: a repetition under way does not stand for what comes during it
	ids     map[string]uint64 // the number of the newest invalidation of each
	tags    map[string]uint64
	leases  map[string]store.Token // by key: those of loads that ended while Redis was away
	running bool
}

func (p *pending) addLease(key string, token store.Token) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.leases == nil {
		p.leases = make(map[string]store.Token)
	}
	if len(p.leases) < maxPending { // one more ends by itself
		p.leases[key] = token
	}
}

func (p *pending) someLeases() map[string]store.Token {
	p.mu.RLock()
	defer p.mu.RUnlock()
	some := make(map[string]store.Token)
	for key, token := range p.leases {
		if some[key] = token; len(some) == batch {
			break
		}
	}
	return some
}

func (p *pending) doneLease(key string, token store.Token) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.leases[key] == token {
		delete(p.leases, key)
	}
}

// add reports false where there is no room for all.
func (p *pending) add(ids ...string) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ids == nil {
		p.ids = make(map[string]uint64)
	}
	p.last++
	for _, id := range ids {
		if _, ok := p.ids[id]; !ok && len(p.ids) >= maxPending {
			return false
		}
		p.ids[id] = p.last
	}
	return true
}

// addTags returns those that there is room for.
func (p *pending) addTags(tags ...string) []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.tags == nil {
		p.tags = make(map[string]uint64)
	}
	p.last++
	for i, t := range tags {
		if _, ok := p.tags[t]; !ok && len(p.tags) >= maxPending {
			return tags[:i]
		}
		p.tags[t] = p.last
	}
	return tags
}

func (p *pending) has(id string) bool {
	p.mu.RLock()
	defer p.mu.RUnlock()
	if len(p.ids) == 0 {
		return false
	}
	_, ok := p.ids[id]
	return ok
}

// some returns a batch of what waits, and the number it stands for.
func (p *pending) some() (ids, tags []string, upTo uint64) {
	p.mu.RLock()
	defer p.mu.RUnlock()
	for id := range p.ids {
		if ids = append(ids, id); len(ids) == batch {
			break
		}
	}
	for t := range p.tags {
		if tags = append(tags, t); len(tags) == batch {
			break
		}
	}
	return ids, tags, p.last
}

// done takes out what was repeated, but not what was invalidated anew since.
func (p *pending) done(ids, tags []string, upTo uint64) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, id := range ids {
		if p.ids[id] <= upTo {
			delete(p.ids, id)
		}
	}
	for _, t := range tags {
		if p.tags[t] <= upTo {
			delete(p.tags, t)
		}
	}
}

// replay repeats pending invalidations until all are done.
func (c *Cache[V]) replay() {
	c.pending.mu.Lock()
	start := !c.pending.running
	c.pending.running = true
	c.pending.mu.Unlock()
	if !start {
		return
	}
	if !c.spawn(c.replayAll) {
		c.pending.mu.Lock()
		c.pending.running = false
		c.pending.mu.Unlock()
	}
}

func (c *Cache[V]) replayAll() {
	pause := 50 * time.Millisecond
	for {
		ids, tags, upTo := c.pending.some()
		leases := c.pending.someLeases()
		if len(ids)+len(tags)+len(leases) == 0 {
			c.pending.mu.Lock()
			if len(c.pending.ids)+len(c.pending.tags)+len(c.pending.leases) == 0 {
				c.pending.running = false
				c.pending.mu.Unlock()
				return
			}
			c.pending.mu.Unlock()
			continue
		}
		if c.endLeases(leases) && c.repeat(ids, tags, upTo) {
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

// endLeases gives leases back. Whoever asks for one of them would wait for a load that has ended.
func (c *Cache[V]) endLeases(leases map[string]store.Token) bool {
	for key, token := range leases {
		if err := c.store.Abandon(c.life, c.rb, key, token); err != nil {
			return false
		}
		c.pending.doneLease(key, token)
	}
	return true
}

func (c *Cache[V]) repeat(ids, tags []string, upTo uint64) bool {
	ctx, cancel := context.WithTimeout(c.life, time.Minute)
	defer cancel()
	keys := make([]string, len(ids))
	for i, id := range ids {
		keys[i] = c.Key(id)
	}
	var done []string
	_, errs := c.store.Drop(ctx, c.rb, keys...)
	for i, err := range errs {
		if err == nil {
			done = append(done, ids[i])
		}
	}
	c.forget(done...)
	var doneTags []string
	if len(tags) > 0 {
		if _, err := c.store.Bump(ctx, c.rb, tags...); err == nil {
			c.tags.Bumped(tags...)
			doneTags = tags
		}
	}
	c.pending.done(done, doneTags, upTo)
	return len(done) == len(ids) && len(doneTags) == len(tags)
}

// onState hears of the connection.
func (c *Cache[V]) onState(e redbrick.StateEvent) {
	if e.State == redbrick.StateReady {
		c.flights.landed()
	}
}
