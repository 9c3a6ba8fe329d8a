package dict

import (
	"hash/maphash"
	"math/rand/v2"
	"unsafe"
)

const (
	leastBuckets = 4
	// moveBuckets and moveEmpty bound what one change does to bring a new size about: buckets moved, empty ones passed.
	moveBuckets = 2
	moveEmpty   = 32
)

// seed makes the order of keys unknown to those who choose them.
var seed = maphash.MakeSeed()

// Node is one key with its value. It stays at its address until it is deleted.
type Node[V any] struct {
	next *Node[V]
	key  *byte // with size a string in 12 bytes: there may be millions
	// Val is free for the owner to change. It is not the last field, where one without a size would take a word.
	Val  V
	size uint32
	hash uint32
}

// Key returns the node's key.
func (n *Node[V]) Key() string { return unsafe.String(n.key, n.size) }

// Dict maps keys of less than 4 GiB to values. The zero value is empty and ready. It is for one goroutine at a time.
type Dict[V any] struct {
	tables [2][]*Node[V] // the second while the size changes
	used   [2]int
	moved  int // buckets of the first table that were moved already
}

// Len returns the number of keys.
func (d *Dict[V]) Len() int { return d.used[0] + d.used[1] }

// Buckets returns how many buckets there are, for memory figures.
func (d *Dict[V]) Buckets() int { return len(d.tables[0]) + len(d.tables[1]) }

func hashBytes(key []byte) uint32 { return uint32(maphash.Bytes(seed, key)) }

// Get returns the node of a key, or nil.
func (d *Dict[V]) Get(key []byte) *Node[V] {
	if d.used[0]+d.used[1] == 0 {
		return nil
	}
	h := hashBytes(key)
	for i := range d.tables {
		t := d.tables[i]
		if len(t) == 0 {
			continue
		}
		for n := t[h&uint32(len(t)-1)]; n != nil; n = n.next {
			if n.hash == h && n.Key() == string(key) {
				return n
			}
		}
	}
	return nil
}

// GetString is Get for a string.
func (d *Dict[V]) GetString(key string) *Node[V] {
	if d.used[0]+d.used[1] == 0 {
		return nil
	}
	h := uint32(maphash.String(seed, key))
	for i := range d.tables {
		t := d.tables[i]
		if len(t) == 0 {
			continue
		}
		for n := t[h&uint32(len(t)-1)]; n != nil; n = n.next {
			if n.hash == h && n.Key() == key {
				return n
			}
		}
	}
	return nil
}

// Put returns the node of a key, made with a zero value if there was none. The key is copied then.
func (d *Dict[V]) Put(key []byte) (n *Node[V], added bool) {
	if n := d.Get(key); n != nil {
		return n, false
	}
	return d.add(string(key)), true
}

// PutString is Put for a string, which is kept.
func (d *Dict[V]) PutString(key string) (n *Node[V], added bool) {
	if n := d.GetString(key); n != nil {
		return n, false
	}
	return d.add(key), true
}

func (d *Dict[V]) add(key string) *Node[V] {
	d.step()
	d.grow()
	n := &Node[V]{key: unsafe.StringData(key), size: uint32(len(key)), hash: uint32(maphash.String(seed, key))}
	i := 0
	if d.moving() {
		i = 1
	}
	d.link(i, n)
	return n
}

func (d *Dict[V]) link(table int, n *Node[V]) {
	t := d.tables[table]
	b := n.hash & uint32(len(t)-1)
	n.next, t[b] = t[b], n
	d.used[table]++
}

// Delete takes a key out and returns its node, or nil. The node may be read still.
func (d *Dict[V]) Delete(key []byte) *Node[V] {
	n := d.Get(key)
	if n != nil {
		d.Remove(n)
	}
	return n
}

// DeleteString is Delete for a string.
func (d *Dict[V]) DeleteString(key string) *Node[V] {
	n := d.GetString(key)
	if n != nil {
		d.Remove(n)
	}
	return n
}

// Remove takes out a node that is in the table.
func (d *Dict[V]) Remove(n *Node[V]) {
	for i := range d.tables {
		t := d.tables[i]
		if len(t) == 0 {
			continue
		}
		for at := &t[n.hash&uint32(len(t)-1)]; *at != nil; at = &(*at).next {
			if *at == n {
				*at, n.next = n.next, nil
				d.used[i]--
				d.step()
				d.shrink()
				return
			}
		}
	}
}

// Clear drops everything.
func (d *Dict[V]) Clear() { *d = Dict[V]{} }

func (d *Dict[V]) moving() bool { return len(d.tables[1]) > 0 }

func (d *Dict[V]) grow() {
	switch {
	case len(d.tables[0]) == 0:
		d.tables[0] = make([]*Node[V], leastBuckets)
	case !d.moving() && d.used[0] >= len(d.tables[0]):
		d.tables[1] = make([]*Node[V], 2*len(d.tables[0]))
		d.moved = 0
	}
}

// shrink begins a smaller table once an eighth is left. From there to the next growth it is far.
func (d *Dict[V]) shrink() {
	if d.moving() || len(d.tables[0]) <= leastBuckets || d.used[0] > len(d.tables[0])/8 {
		return
	}
	size := leastBuckets
	for size < 2*d.used[0] {
		size *= 2
	}
	d.tables[1] = make([]*Node[V], size)
	d.moved = 0
}

// step brings a change of size on by a few buckets.
func (d *Dict[V]) step() {
	if !d.moving() {
		return
	}
	old := d.tables[0]
	buckets, empty := moveBuckets, moveEmpty
	for buckets > 0 && empty > 0 && d.moved < len(old) {
		n := old[d.moved]
		if n == nil {
			empty--
		} else {
			buckets--
		}
		old[d.moved] = nil
		for n != nil {
			next := n.next
			d.used[0]--
			d.link(1, n)
			n = next
		}
		d.moved++
	}
	if d.moved == len(old) {
		d.tables[0], d.tables[1] = d.tables[1], nil
		d.used[0], d.used[1] = d.used[1], 0
		d.moved = 0
	}
}

// fairChain is how many nodes of a bucket are drawn evenly. Hardly any bucket has more.
const fairChain = 8

// Random returns a node at random, nil if there is none. All are equally likely, except for those beyond the first few
// of a bucket: they share the chance of one.
func (d *Dict[V]) Random() *Node[V] {
	if d.Len() == 0 {
		return nil
	}
	total := d.Buckets()
	for {
		i := d.moved + rand.IntN(total-d.moved)
		t := d.tables[0]
		if i >= len(t) {
			i -= len(t)
			t = d.tables[1]
		}
		// A place that a full bucket would have. If this one has it not, all is drawn again: else nodes with neighbours
		// would be rarer.
		place, n := rand.IntN(fairChain), t[i]
		last := place == fairChain-1
		for ; n != nil && place > 0; place-- {
			n = n.next
		}
		if n == nil {
			continue
		}
		if last {
			rest := 0
			for m := n; m != nil; m = m.next {
				rest++
			}
			for range rand.IntN(rest) {
				n = n.next
			}
		}
		return n
	}
}
