package engine

import (
	"github.com/redbrick-go/redbrick/engine/internal/dict"
	"github.com/redbrick-go/redbrick/engine/internal/pack"
)

// hash is the value of a hash key. It is never empty.
type hash struct {
	small pack.Row // field, value, field, value ..., as long as table is nil
	table *dict.Dict[string]
	pairs int         // in small
	bytes int64       // of fields and values in table
	times *fieldTimes // nil if no field has a lifetime
}

// hashLimits are how large a hash, its fields and values may get before it becomes a table.
type hashLimits struct{ pairs, bytes int64 }

func (c *config) hashLimits() hashLimits {
	return hashLimits{c.thresholds.hashPairs, c.thresholds.hashBytes}
}

func asHash(n *node) *hash { return as[hash](n, kindHash) }

func (h *hash) len() int {
	if h.table != nil {
		return h.table.Len()
	}
	return h.pairs
}

// get returns the value of a field. It is good until the hash changes, and must not be changed itself.
func (h *hash) get(field []byte) (value []byte, ok bool) {
	if h.table != nil {
		n := h.table.Get(field)
		if n == nil {
			return nil, false
		}
		return view(n.Val), true
	}
	pos := h.small.Find(field, 2)
	if pos < 0 {
		return nil, false
	}
	value, _ = h.small.At(h.small.Skip(pos, 1))
	return value, true
}

// set gives a field a value and leaves its lifetime alone. It reports whether the field is new.
func (h *hash) set(field, value []byte, limits hashLimits) bool {
	if h.table == nil && (int64(len(field)) > limits.bytes || int64(len(value)) > limits.bytes) {
		h.grow()
	}
	added := h.put(field, value)
	if h.table == nil && int64(h.pairs) > limits.pairs {
		h.grow()
	}
	return added
}

func (h *hash) put(field, value []byte) bool {
	if h.table == nil {
		if pos := h.small.Find(field, 2); pos >= 0 {
			h.small.Set(h.small.Skip(pos, 1), value)
			return false
		}
		h.small.Add(field, value)
		h.pairs++
		return true
	}
	n, added := h.table.Put(field)
	if added {
		h.bytes += int64(len(field))
	}
	h.bytes += int64(len(value) - len(n.Val))
	n.Val = string(value)
	return added
}

// grow makes a small hash a table, which it stays.
func (h *hash) grow() {
	old := *h
	h.small, h.pairs, h.table = pack.Row{}, 0, &dict.Dict[string]{}
	for field, value := range old.all {
		h.put(field, value)
	}
}

// remove takes a field out, with its lifetime.
func (h *hash) remove(field []byte) bool {
	if h.times != nil {
		h.times.clear(field)
	}
	if h.table == nil {
		pos := h.small.Find(field, 2)
		if pos < 0 {
			return false
		}
		h.small.Delete(pos, 2)
		h.pairs--
		return true
	}
	n := h.table.Delete(field)
	if n == nil {
		return false
	}
	h.bytes -= int64(len(n.Key()) + len(n.Val))
	return true
}

// all visits every field. What it gives is good until the hash changes, which it must not meanwhile.
func (h *hash) all(yield func(field, value []byte) bool) {
	if h.table != nil {
		for n := range h.table.All {
			if !yield(view(n.Key()), view(n.Val)) {
				return
			}
		}
		return
	}
	for pos := 0; pos < h.small.End(); {
		var field, value []byte
		field, pos = h.small.At(pos)
		value, pos = h.small.At(pos)
		if !yield(field, value) {
			return
		}
	}
}

func (h *hash) encoding() string {
	if h.table != nil {
		return "hashtable"
	}
	return "listpack"
}

// Sizes of what a value of many parts costs besides its bytes.
const (
	hashSize     = 64
	tableSize    = 80
	fieldNode    = 48 + 16 // two strings: half of each allocation's rounding
	memberNode   = 24 + 4
	timeNodeSize = 144
)

func (h *hash) size() int64 {
	size := int64(hashSize)
	if h.table != nil {
		size += tableSize + h.bytes + int64(h.table.Len())*fieldNode + int64(h.table.Buckets())*8
	} else {
		size += int64(h.small.Size())
	}
	if h.times != nil {
		size += int64(len(h.times.order)) * timeNodeSize
	}
	return size
}

func (h *hash) clone() object {
	own := &hash{small: h.small.Clone(), pairs: h.pairs, times: h.times.clone()}
	if h.table != nil {
		own.table = &dict.Dict[string]{}
		for field, value := range h.all {
			own.put(field, value)
		}
	}
	return own
}

func (h *hash) digest(d *digest) {
	for field, value := range h.all {
		var pair digest
		pair.mix(field)
		pair.mix(value)
		if h.times != nil && h.times.at(field) != 0 {
			pair.xor([]byte("!!hexpire!!"))
		}
		d.xor(pair[:])
	}
}

func (h *hash) rebuild(key []byte, yield func([][]byte) bool) {
	p := newPieces(yield, bHSet, key)
	for field, value := range h.all {
		if !p.add(field, value) {
			return
		}
	}
	p.end()
	if h.times == nil || p.over {
		return
	}
	for _, t := range h.times.order {
		if !yield([][]byte{bHPExpireAt, key, appendInt(t.at), bFields, bOne, view(t.field)}) {
			return
		}
	}
}

func (h *hash) field(name string) (string, bool) {
	value, ok := h.get(view(name))
	return string(value), ok
}
