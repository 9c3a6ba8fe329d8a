package engine

import (
	"iter"
	"time"

	"github.com/redbrick-go/redbrick/engine/internal/dict"
	"github.com/redbrick-go/redbrick/engine/internal/journal"
)

const (
	// walkSlice is how long a snapshot works under the lock at a time.
	walkSlice = 500 * time.Microsecond
	// unitBytes is how much of a snapshot is one unit.
	unitBytes = 32 << 10
	// large is the size from which on a value is written in pieces between which others are served, in bytes.
	large = 64 << 10
)

// snapshot walks over the data and writes down how they were when it began. A key that is changed before the walk has
// come to it is written down first, by beforeChange. Each key carries the number of the last snapshot that has it.
type snapshot struct {
	s        *store
	rotation *journal.Rotation
	out      *journal.Stream
	parts    []*part
	queue    []*node // found and not yet written
	at       int     // part of the queue, and the one that is walked over
	big      largeValue
	began    time.Time
}

// part is a database as it was when the snapshot began.
type part struct {
	id     int
	db     *database // where its keys are now, nil once it was emptied
	keys   *dict.Dict[entry]
	cursor uint64
	over   bool
}

// largeValue is one that is written in pieces.
type largeValue struct {
	n    *node
	next func() ([][]byte, bool)
	stop func()
}

// begun begins a snapshot. The lock is held, no command runs.
func (s *store) begun() {
	e := s.e
	s.wanted, s.saving = false, true
	s.changes = e.stats.changes
	e.snapshots++
	w := &snapshot{s: s, rotation: s.log.Rotate(), out: journal.NewStream(), began: e.clock.real}
	w.out.Begin()
	for _, db := range e.dbs {
		if db.keys.Len() > 0 {
			w.parts = append(w.parts, &part{id: db.id, db: db, keys: &db.keys})
		}
	}
	s.walk = w
	s.backlog.Store(w.out)
	e.wg.Go(w.run)
}

// run writes the snapshot from a goroutine of its own.
func (w *snapshot) run() {
	e := w.s.e
	file, err := w.s.log.NewSnapshot(w.rotation, w.out, e.stop)
	pause := time.NewTimer(0)
	defer pause.Stop()
	for done := false; !done; {
		select {
		case <-e.stop:
			if file != nil {
				file.Abort()
			}
			return
		case <-pause.C:
		}
		began := time.Now()
		e.mu.Lock()
		done = w.slice()
		if done {
			w.s.walk = nil
		}
		w.commit()
		e.mu.Unlock()
		worked := time.Since(began)
		if file == nil {
			w.out.Discard()
		} else {
			err = file.Flush() // once it fails, the walk only goes on to give all keys the same number
		}
		pause.Reset(worked) // others get their turn
	}
	var size int64
	if file != nil {
		err = file.Finish()
		size = file.Size()
	}
	e.fromOutside(func() { w.s.finished(w, size, err) })
}

// slice works for a while and reports that all is written.
func (w *snapshot) slice() (done bool) {
	began := time.Now()
	for n := 0; ; n++ {
		if n%8 == 7 && time.Since(began) > walkSlice {
			return false
		}
		if w.step() {
			return true
		}
	}
}

// step writes a piece of a value, a value, or looks for the next ones. It reports that all is written.
func (w *snapshot) step() (done bool) {
	switch last := len(w.queue) - 1; {
	case w.big.n != nil:
		w.piece()
	case last >= 0:
		found := w.queue[last]
		w.queue[last] = nil
		w.queue = w.queue[:last]
		if found.Val.snapshot != w.s.e.snapshots {
			w.visit(found)
		}
	case w.at == len(w.parts):
		return true
	default:
		w.scan(w.parts[w.at])
	}
	return false
}

func (w *snapshot) scan(p *part) {
	if p.over {
		w.at++
		return
	}
	p.cursor = p.keys.Scan(p.cursor, func(n *node) {
		if n.Val.snapshot != w.s.e.snapshots {
			w.queue = append(w.queue, n)
		}
	})
	p.over = p.cursor == 0 // what is in the queue is still of this part
}

// visit writes a value down, or begins to if it is large.
func (w *snapshot) visit(n *node) {
	if o := n.Val.object(); o == nil && len(n.Val.text()) < large || o != nil && o.size() < large {
		w.write(w.parts[w.at].id, n)
		return
	}
	w.big.n = n
	w.big.next, w.big.stop = iter.Pull(func(yield func([][]byte) bool) { rebuild(n, yield) })
}

// piece writes the next part of a large value.
func (w *snapshot) piece() {
	words, ok := w.big.next()
	if ok {
		w.command(w.parts[w.at].id, words)
		return
	}
	w.big.stop()
	w.big.n.Val.snapshot = w.s.e.snapshots
	w.big = largeValue{}
}

// write writes a whole value down.
func (w *snapshot) write(id int, n *node) {
	rebuild(n, func(words [][]byte) bool {
		w.command(id, words)
		return true
	})
	n.Val.snapshot = w.s.e.snapshots
}

func (w *snapshot) command(id int, words [][]byte) {
	w.out.Command(id, words)
	if w.out.Size() > unitBytes {
		w.out.End()
		w.out.Begin()
	}
}

// commit gives what was written to the goroutine.
func (w *snapshot) commit() {
	w.out.End()
	w.out.Commit()
	w.out.Begin()
}

// beforeChange is called before the value, the lifetime or the presence of a key changes: its size is measured anew
// after the command, and a snapshot that has not come to it writes it down now, which takes as long as the value is
// large.
func (db *database) beforeChange(n *node) {
	if n.Val.measured != changing {
		db.remeasure(n)
	}
	if s := db.e.store; s != nil && s.walk != nil && n.Val.snapshot != db.e.snapshots {
		s.walk.keep(db, n)
	}
}

func (w *snapshot) keep(db *database, n *node) {
	if n == w.big.n {
		for w.big.n != nil {
			w.piece()
		}
		return
	}
	for _, p := range w.parts {
		if p.db == db {
			w.write(p.id, n)
			return
		}
	}
}

// emptied is called before a database forgets its keys: the walk takes them over.
func (w *snapshot) emptied(db *database) {
	for _, p := range w.parts {
		if p.db == db {
			keys := db.keys
			p.keys, p.db = &keys, nil
		}
	}
}

// exchanged is called after two databases have changed their content.
func (w *snapshot) exchanged(a, b *database) {
	for _, p := range w.parts {
		switch p.db {
		case a:
			p.db, p.keys = b, &b.keys
		case b:
			p.db, p.keys = a, &a.keys
		}
	}
}

// finished takes note of the end of a snapshot.
func (s *store) finished(w *snapshot, size int64, err error) {
	e := s.e
	s.backlog.Store(nil)
	s.saving, s.failed = false, err != nil
	s.took = int64(e.clock.real.Sub(w.began).Seconds())
	if err != nil {
		e.log.Error("the engine could not write a snapshot", "dir", s.folder.Dir(), "error", err)
	} else {
		s.saved = e.clock.us / 1e6
		s.rewrites++
		s.base = size
		e.log.Info("the engine has written a snapshot", "dir", s.folder.Dir(), "bytes", size, "took", e.clock.real.Sub(w.began))
		e.stats.changes -= s.changes
	}
	s.planRewrite()
	waiters := s.waiters
	s.waiters = nil
	for _, wait := range waiters {
		if !wait.settled {
			e.answer(wait, func(c *call) { wait.wait.try(c) })
		}
	}
	if s.wanted || err == nil && s.long(s.log.Size()) {
		s.begun()
	}
}
