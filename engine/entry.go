package engine

import (
	"math"
	"unsafe"

	"github.com/redbrick-go/redbrick/engine/internal/dict"
)

// kind is the type of a value, numbered as in Redis.
type kind uint8

const (
	kindString kind = 0
	kindList   kind = 1
	kindSet    kind = 2
	kindZSet   kind = 3
	kindHash   kind = 4
	kindStream kind = 6
)

func (k kind) String() string {
	switch k {
	case kindString:
		return "string"
	case kindList:
		return "list"
	case kindSet:
		return "set"
	case kindZSet:
		return "zset"
	case kindHash:
		return "hash"
	case kindStream:
		return "stream"
	}
	return "none"
}

// entry is what lies under a key. A million of them are held at once: its size counts. With its node it takes 64 bytes.
type entry struct {
	// ref is the first byte of a string, or a *list, *set, *zset, *hash or *stream, as kind says. One pointer for all
	// keeps entries small; the methods below are the only ones that look at it.
	ref          unsafe.Pointer
	expire       int64  // milliseconds since 1970 at which it is gone; 0 for never
	length, room uint32 // of a string: its bytes, and those that are allocated
	used         uint32 // when it was last used, see use
	heap         int32  // index+1 in the database's heap of times; 0 outside
	kind         kind
	form         stringForm
	// snapshot is the number of the last snapshot that has the key as it was, or began before it was made.
	snapshot uint8
	measured measured
}

// text is the value of a string.
func (e *entry) text() []byte { return unsafe.Slice((*byte)(e.ref), e.room)[:e.length] }

// setText keeps s as the value of a string. No string is longer than 2 GiB, as protocol and configuration have it.
func (e *entry) setText(s []byte) {
	e.ref, e.length, e.room = unsafe.Pointer(unsafe.SliceData(s)), uint32(len(s)), uint32(cap(s))
}

// object is the value of any kind but a string, of which it is nil.
func (e *entry) object() object {
	switch e.kind {
	case kindList:
		return (*list)(e.ref)
	case kindSet:
		return (*set)(e.ref)
	case kindZSet:
		return (*zset)(e.ref)
	case kindHash:
		return (*hash)(e.ref)
	case kindStream:
		return (*stream)(e.ref)
	}
	return nil
}

// setObject keeps o, whose kind the entry has.
func (e *entry) setObject(o object) {
	switch o := o.(type) {
	case *list:
		e.ref, e.kind = unsafe.Pointer(o), kindList
	case *set:
		e.ref, e.kind = unsafe.Pointer(o), kindSet
	case *zset:
		e.ref, e.kind = unsafe.Pointer(o), kindZSet
	case *hash:
		e.ref, e.kind = unsafe.Pointer(o), kindHash
	case *stream:
		e.ref, e.kind = unsafe.Pointer(o), kindStream
	}
}

// as is the value under a node that is of kind k, whose type is T; nil if it is of another kind.
func as[T any](n *node, k kind) *T {
	if n.Val.kind != k {
		return nil
	}
	return (*T)(n.Val.ref)
}

// empty makes it an entry of kind k without a value yet.
func (e *entry) empty(k kind) {
	e.ref, e.length, e.room, e.kind, e.form = nil, 0, 0, k, formAny
}

// take makes the value of another entry of the same kind its own.
func (e *entry) take(o entry) {
	e.ref, e.length, e.room, e.form = o.ref, o.length, o.room, o.form
}

// usedUnit is the grain of the times of use: 2^12 microseconds, so that 32 bits last for 200 days.
const usedUnit = 12

// use notes an access at a time in microseconds.
func (e *entry) use(us int64) { e.used = uint32(us >> usedUnit) }

// idle is how many microseconds the last access is ago; up to two units too many, never too few.
func (e *entry) idle(us int64) int64 {
	const hour = 3600 * 1e6 >> usedUnit
	ago := uint32(us>>usedUnit) - e.used
	if ago == 0 || ago > math.MaxUint32-hour { // now, or the clock was put back
		return 0
	}
	return int64(ago+1) << usedUnit
}

// stringForm is how a string came about, which OBJECT ENCODING shows.
type stringForm uint8

const (
	formAny  stringForm = iota // an integer if it looks like one
	formText                   // never an integer
	formRaw                    // changed in place
)

// node is an entry with its key.
type node = dict.Node[entry]

// object is a value that is no string.
type object interface {
	// encoding is what OBJECT ENCODING says: Redis's name for the form a value of this size has there.
	encoding() string
	// size estimates the memory held, in bytes.
	size() int64
	// clone returns a deep copy.
	clone() object
	// digest mixes the content into DEBUG DIGEST.
	digest(d *digest)
	// rebuild yields commands that make this value under key where there is nothing, its lifetime apart, until yield
	// returns false. Each is of bounded size (see pieces), its words are good until the next one. The value may be asked
	// for one command at a time, and is not changed before the last.
	rebuild(key []byte, yield func(words [][]byte) bool)
}

// expiryHeap holds the keys that have a lifetime, earliest end first.
type expiryHeap []*node

func (h expiryHeap) due(ms int64) bool { return len(h) > 0 && h[0].Val.expire < ms }

func (h *expiryHeap) push(n *node) {
	*h = append(*h, n)
	n.Val.heap = int32(len(*h))
	h.up(len(*h) - 1)
}

// fix puts n in order after its time has changed.
func (h expiryHeap) fix(n *node) {
	h.up(int(n.Val.heap) - 1)
	h.down(int(n.Val.heap) - 1)
}

func (h *expiryHeap) remove(n *node) {
	old := *h
	i, last := int(n.Val.heap)-1, len(old)-1
	n.Val.heap = 0
	moved := old[last]
	old[last] = nil
	*h = old[:last]
	if i == last {
		return
	}
	old[i] = moved
	moved.Val.heap = int32(i + 1)
	h.fix(moved)
}

func (h expiryHeap) up(i int) {
	n := h[i]
	for i > 0 {
		parent := (i - 1) / 4
		if h[parent].Val.expire <= n.Val.expire {
			break
		}
		h[i] = h[parent]
		h[i].Val.heap = int32(i + 1)
		i = parent
	}
	h[i] = n
	n.Val.heap = int32(i + 1)
}

func (h expiryHeap) down(i int) {
	n := h[i]
	for {
		least := -1
		for child := 4*i + 1; child <= 4*i+4 && child < len(h); child++ {
			if least < 0 || h[child].Val.expire < h[least].Val.expire {
				least = child
			}
		}
		if least < 0 || n.Val.expire <= h[least].Val.expire {
			break
		}
		h[i] = h[least]
		h[i].Val.heap = int32(i + 1)
		i = least
	}
	h[i] = n
	n.Val.heap = int32(i + 1)
}
