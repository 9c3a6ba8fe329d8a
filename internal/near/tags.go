package near

import (
	"context"
	"strings"
	"sync"
	"sync/atomic"
)

// ReadTags reads the floor and the numbers of tags from Redis over the tracked connection.
type ReadTags func(ctx context.Context, tags []string) (floor uint64, numbers []uint64, err error)

// Tags is the table of the tags' numbers that this process knows. It is fed by reads and by its own bumps, and forgets
// what an invalidation names. It is safe for concurrent use.
type Tags struct {
	generation *atomic.Uint64
	read       ReadTags
	prefix     string // of the tags' keys; the key of the floor is the prefix without its last byte

	mu      sync.Mutex
	floor   *Cell
	cells   map[string]*Cell // by escaped tag, as in keys
	pending map[string]bool  // bumps that Redis has not taken yet: nothing under them is valid
	escape  func(string) string
}

// maxCells bounds the table, whose tags the program may make up without end. Past it one tag at random is forgotten for each
// that comes: its number is read again when it is asked for, and near entries that bear it are dead. Which tag is the
// least used would cost a write for each hit to know.
const maxCells = 1 << 16

// NewTags makes a table. floorKey is the key of the floor; a tag's key is floorKey, a colon, and the escaped tag.
func NewTags(generation *atomic.Uint64, floorKey string, escape func(string) string, read ReadTags) *Tags {
	t := &Tags{generation: generation, read: read, prefix: floorKey + ":", escape: escape, pending: make(map[string]bool)}
	t.reset()
	return t
}

func (t *Tags) reset() {
	for _, c := range t.cells {
		c.Store(Unknown)
	}
	if t.floor != nil {
		t.floor.Store(Unknown)
	}
	t.floor = unknown()
	t.cells = make(map[string]*Cell)
}

func unknown() *Cell {
	c := &Cell{}
	c.Store(Unknown)
	return c
}

// Valid reports whether an entry that was stored with seq and tags is valid now. cells are for a near entry: they lead
// to the numbers as they change; the floor is the last of them. fresh reads from Redis whatever is known.
func (t *Tags) Valid(ctx context.Context, seq uint64, tags []string, fresh bool) (valid bool, cells []*Cell, err error) {
	t.mu.Lock()
	generation := t.generation.Load()
	cells = make([]*Cell, len(tags)+1)
	cells[len(tags)] = t.floor
	known := !fresh && generation&1 == 0 && t.floor.Load() != Unknown
	for i, tag := range tags {
		name := t.escape(tag)
		if t.pending[name] {
			t.mu.Unlock()
			return false, nil, nil
		}
		c := t.cells[name]
		if c == nil {
			if len(t.cells) >= maxCells {
				t.forgetOne()
			}
			c = unknown()
			t.cells[name] = c
		}
		cells[i] = c
		known = known && c.Load() != Unknown
	}
	t.mu.Unlock()
	if known {
		return allAtMost(cells, seq), cells, nil
	}
	floor, numbers, err := t.read(ctx, tags)
	if err != nil {
		return false, nil, err
	}
	valid = floor <= seq
	for _, n := range numbers {
		valid = valid && n <= seq
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	// A cell that an invalidation has taken out of the table meanwhile stays unknown for ever: entries on it are dead.
	if t.generation.Load() != generation || generation&1 == 1 {
		return valid, cells, nil
	}
	if t.floor == cells[len(tags)] {
		t.floor.rise(floor)
	}
	for i, tag := range tags {
		if t.cells[t.escape(tag)] == cells[i] {
			cells[i].rise(numbers[i])
		}
	}
	return valid, cells, nil
}

// rise sets a number that was read, unless a later one is known: of two reads under way the first may come back last.
func (c *Cell) rise(n uint64) {
	if old := c.Load(); old == Unknown || old < n {
		c.Store(n)
	}
}

func allAtMost(cells []*Cell, seq uint64) bool {
	for _, c := range cells {
		if c.Load() > seq {
			return false
		}
	}
	return true
}

// Bumped takes note of a bump by this process before it returns to its caller. The new number is not put into the table:
// a later one of another process may have been heard of, and forgotten, already.
func (t *Tags) Bumped(tags ...string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, tag := range tags {
		name := t.escape(tag)
		delete(t.pending, name)
		t.forget(name)
	}
}

// Pending marks tags whose bump has not reached Redis: entries that bear one are invalid until Bumped.
func (t *Tags) Pending(tags ...string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, tag := range tags {
		name := t.escape(tag)
		t.pending[name] = true
		t.forget(name)
	}
}

// forget makes the cell of a tag unknown for ever: entries on it are dead, the next reader makes a new one.
func (t *Tags) forget(name string) {
	if c := t.cells[name]; c != nil {
		c.Store(Unknown)
		delete(t.cells, name)
	}
}

// forgetOne forgets a tag at random, as the order of a map is.
func (t *Tags) forgetOne() {
	for name := range t.cells {
		t.forget(name)
		return
	}
}

// Invalidated is told a key below the tags' prefix that changed.
func (t *Tags) Invalidated(key string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	name, isTag := strings.CutPrefix(key, t.prefix)
	if !isTag {
		t.floor.Store(Unknown)
		t.floor = unknown()
		return
	}
	t.forget(name)
}

// Flush forgets everything.
func (t *Tags) Flush() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.reset()
}
