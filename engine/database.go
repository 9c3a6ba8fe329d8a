package engine

import "github.com/redbrick-go/redbrick/engine/internal/dict"

// database is one of the numbered key spaces. Every change of one goes through the methods of this file.
type database struct {
	e        *Engine
	id       int
	bytes    int64 // memory of the keys, but for those in Engine.unmeasured
	keys     dict.Dict[entry]
	expiring expiryHeap
	fields   timeHeap[*fieldTimes] // hashes that have fields with lifetimes
	watched  map[string][]*client  // by WATCH
	waiting  map[string][]*waiter  // by blocking commands, first come first
}

// live returns the node of a key, nil if there is none or its time is over; then it is dropped.
func (db *database) live(key []byte) *node {
	n := db.keys.Get(key)
	if n != nil && db.over(n) {
		db.expire(n)
		return nil
	}
	if n != nil && n.Val.kind == kindHash {
		db.endFields(n, allFields)
	}
	return n
}

// over reports that the time of a key, or of the last field of a hash, is over.
func (db *database) over(n *node) bool {
	return (db.ended(n) || n.Val.kind == kindHash && asHash(n).fieldsOver(db.e.clock.ms())) && !db.e.replaying
}

func (db *database) ended(n *node) bool {
	return n.Val.expire != 0 && n.Val.expire < db.e.clock.ms()
}

// expire drops a key whose time is over.
func (db *database) expire(n *node) {
	if !db.ended(n) {
		db.endFields(n, allFields)
		return
	}
	key := []byte(n.Key())
	db.drop(n)
	db.e.stats.expired++
	db.e.effect(db, bDel, key)
	db.touched(key, nil)
	db.e.notify(db, eventExpired, "expired", key)
}

// put makes a key, or empties the one that is there without its lifetime being lost.
func (db *database) put(key []byte, k kind) *node {
	n, added := db.keys.Put(key)
	if !added {
		db.beforeChange(n)
		db.forgetFields(n)
	}
	n.Val.empty(k)
	n.Val.use(db.e.clock.us)
	if added {
		n.Val.snapshot = db.e.snapshots
		db.remeasure(n)
		db.e.notify(db, eventNew, "new", key)
	}
	return n
}

// drop takes a key out and tells nobody.
func (db *database) drop(n *node) {
	db.beforeChange(n)
	n.Val.measured = dropped
	if n.Val.heap != 0 {
		db.expiring.remove(n)
	}
	db.forgetFields(n)
	db.keys.Remove(n)
}

// setExpire gives a key its last moment in milliseconds since 1970, 0 for none.
func (db *database) setExpire(n *node, at int64) {
	db.beforeChange(n)
	switch {
	case at == 0 && n.Val.heap != 0:
		db.expiring.remove(n)
		n.Val.expire = 0
	case at == 0:
	case n.Val.heap != 0:
		n.Val.expire = at
		db.expiring.fix(n)
	default:
		n.Val.expire = at
		db.expiring.push(n)
	}
	if at != 0 && n.Val.heap == 1 {
		db.planned(at)
	}
}

// planned makes the loop look at its plan again if something ends before it would.
func (db *database) planned(at int64) {
	if at < db.e.clock.planned/1000-slice.Milliseconds() {
		db.e.clock.planned = 0 // asked once
		db.e.wake()
	}
}

// touched is called after a key has changed: transactions that watch it fail, commands that wait for it are looked at,
// clients that hold a copy are told. by is the client that did it, nil for the engine itself.
func (db *database) touched(key []byte, by *client) {
	if len(db.watched) > 0 {
		for _, cl := range db.watched[string(key)] {
			cl.watch.broken = true
		}
	}
	if len(db.waiting) > 0 {
		if _, ok := db.waiting[string(key)]; ok {
			db.e.blocking.ready = append(db.e.blocking.ready, readyKey{db, string(key)})
		}
	}
	db.e.invalidate(key, by)
}

// flush drops every key.
func (db *database) flush() (n int) {
	n = db.keys.Len()
	for key, list := range db.watched {
		if db.keys.GetString(key) != nil {
			for _, cl := range list {
				cl.watch.broken = true
			}
		}
	}
	for key := range db.waiting {
		if db.keys.GetString(key) != nil {
			db.e.blocking.ready = append(db.e.blocking.ready, readyKey{db, key})
		}
	}
	if s := db.e.store; s != nil && s.walk != nil {
		s.walk.emptied(db)
	}
	db.e.measure()
	db.e.forgetCandidates()
	db.bytes = 0
	db.keys.Clear()
	db.expiring, db.fields = nil, nil
	return n
}

// exchange swaps the content of two databases; those who watch or wait stay with the number.
func (db *database) exchange(o *database) {
	db.e.measure()
	db.e.forgetCandidates()
	db.bytes, o.bytes = o.bytes, db.bytes
	db.touchSwapped(o)
	o.touchSwapped(db)
	db.keys, o.keys = o.keys, db.keys
	db.expiring, o.expiring = o.expiring, db.expiring
	db.fields, o.fields = o.fields, db.fields
	if s := db.e.store; s != nil && s.walk != nil {
		s.walk.exchanged(db, o)
	}
	for _, d := range []*database{db, o} {
		for key := range d.waiting {
			if db.keys.GetString(key) != nil || o.keys.GetString(key) != nil { // it came or it went
				d.e.blocking.ready = append(d.e.blocking.ready, readyKey{d, key})
			}
		}
	}
}

// touchSwapped breaks the watches on db's keys that are here now or will be after the exchange.
func (db *database) touchSwapped(o *database) {
	for key, list := range db.watched {
		if db.keys.GetString(key) != nil || o.keys.GetString(key) != nil {
			for _, cl := range list {
				cl.watch.broken = true
			}
		}
	}
}
