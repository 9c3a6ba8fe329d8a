package engine

import (
	"math/rand/v2"
	"time"
)

const (
	errOOM = "OOM command not allowed when used memory > 'maxmemory'."
	// evictSlice is how long a command waits at most for others' memory; the loop goes on with it.
	evictSlice = 500 * time.Microsecond
	evictAgain = time.Millisecond
	// candidates is how many keys eviction keeps in mind as the best to go.
	candidates = 16
)

// policies are the eviction policies there are.
var policies = []string{"volatile-lru", "volatile-random", "volatile-ttl", "allkeys-lru", "allkeys-random", "noeviction"}

// eviction deletes keys to keep within maxmemory. Which ones, it decides by a look at a few at random, and at the best
// it has seen before.
type eviction struct {
	full bool        // there is too much, and nothing that may go
	pool []candidate // best last
	next int         // database to take a random key from
	more *timer      // goes on where a command had no more time
}

// candidate is a key that might go: the higher the score the sooner.
type candidate struct {
	db    *database
	n     *node
	score int64
}

// makeRoom deletes keys until no more than maxmemory is used. False if there is too much and nothing may go.
func (e *Engine) makeRoom() bool {
	v := &e.eviction
	if e.midScript() {
		return true // nothing may go while its commands follow each other
	}
	v.full = false
	if e.config.maxMemory == 0 || e.usedMemory() <= e.config.maxMemory {
		return true
	}
	began := time.Now()
	for n := 1; e.usedMemory() > e.config.maxMemory; n++ {
		c, found := e.victim()
		if !found {
			v.full = true
			return false
		}
		e.evict(c.db, c.n)
		if n%16 == 0 && time.Since(began) > evictSlice {
			if v.more == nil {
				v.more = e.after(evictAgain, func() {
					v.more = nil
					e.makeRoom()
				})
			}
			return true
		}
	}
	return true
}

// evict deletes a key because memory is short.
func (e *Engine) evict(db *database, n *node) {
	key := []byte(n.Key())
	db.drop(n)
	e.stats.evicted++
	db.touched(key, nil)
	e.notify(db, eventEvicted, "evicted", key)
	e.effect(db, bDel, key)
}

// victim chooses the next key to go.
func (e *Engine) victim() (c candidate, found bool) {
	switch e.config.policy {
	case "allkeys-random", "volatile-random":
		return e.anyKey()
	case "noeviction":
		return c, false
	}
	v := &e.eviction
	for _, db := range e.dbs {
		for range min(e.config.samples, int64(e.sampled(db))) {
			e.consider(db, e.sample(db))
		}
	}
	for last := len(v.pool) - 1; last >= 0; last-- {
		c = v.pool[last]
		v.pool[last] = candidate{}
		v.pool = v.pool[:last]
		if c.n.Val.measured != dropped {
			return c, true
		}
	}
	return c, false
}

// volatile reports whether only keys with a lifetime may go.
func (c *config) volatile() bool { return c.policy[0] == 'v' }

// sampled is how many keys of a database may go.
func (e *Engine) sampled(db *database) int {
	if e.config.volatile() {
		return len(db.expiring)
	}
	return db.keys.Len()
}

// sample draws a key that may go from a database that has one.
func (e *Engine) sample(db *database) *node {
	if e.config.volatile() {
		return db.expiring[rand.IntN(len(db.expiring))]
	}
	return db.keys.Random()
}

// anyKey draws from one database after the other.
func (e *Engine) anyKey() (candidate, bool) {
	v := &e.eviction
	for range e.dbs {
		db := e.dbs[v.next%databases]
		v.next++
		if e.sampled(db) > 0 {
			return candidate{db: db, n: e.sample(db)}, true
		}
	}
	return candidate{}, false
}

// consider puts a key into the pool if it is a better one to go than the worst there.
func (e *Engine) consider(db *database, n *node) {
	score := n.Val.idle(e.clock.us)
	if e.config.policy == "volatile-ttl" {
		score = -n.Val.expire
	}
	v := &e.eviction
	at := len(v.pool)
	for i := range v.pool {
		if v.pool[i].n == n {
			return
		}
		if at == len(v.pool) && v.pool[i].score >= score {
			at = i
		}
	}
	switch {
	case len(v.pool) < candidates:
		v.pool = append(v.pool, candidate{})
		copy(v.pool[at+1:], v.pool[at:])
		v.pool[at] = candidate{db, n, score}
	case at > 0:
		copy(v.pool, v.pool[1:at])
		v.pool[at-1] = candidate{db, n, score}
	}
}

// forgetCandidates is called when keys go without being dropped one by one, or the policy changes.
func (e *Engine) forgetCandidates() { e.eviction.pool = nil }

// refusesMemory reports that there is no memory for a command.
func (e *Engine) refusesMemory(cl *client, cmd *command) bool {
	if e.makeRoom() {
		return false
	}
	grows := cmd.flags&denyOOM != 0
	if cl.multi != nil {
		// What is queued takes memory too. EXEC runs unless it has commands that are refused.
		switch cmd.name {
		case "exec":
			grows = cl.multi.grows
		case "discard", "quit", "reset":
		default:
			grows = true
		}
	}
	return grows
}
