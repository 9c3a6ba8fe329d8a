package sortedset

import (
	"iter"
	"unsafe"

	"github.com/redbrick-go/redbrick/engine/internal/dict"
)

// Limits say up to when a set is small: its members, and the bytes of each.
type Limits struct{ Members, Bytes int }

// Set is a sorted set. The zero value is empty and ready. It is for one goroutine at a time. Scores are numbers; members
// that it gives out are views, not to be changed, and good until the set is.
type Set struct {
	small packed
	large *both // nil in a small set
}

// both finds members by their bytes and by their order.
type both struct {
	dict  dict.Dict[float64]
	tree  tree
	bytes int64 // of all members
}

// Len returns the number of members.
func (s *Set) Len() int {
	if s.large != nil {
		return s.large.tree.size
	}
	return s.small.count()
}

// Small reports whether the set is within its limits. One that was not once never is again.
func (s *Set) Small() bool { return s.large == nil }

// Dict returns the table of members of a large set, nil of a small one.
func (s *Set) Dict() *dict.Dict[float64] {
	if s.large == nil {
		return nil
	}
	return &s.large.dict
}

// nodeBytes is what a member of a large set costs besides its bytes: a node of the table, a bucket, its part of a page.
const nodeBytes = 32 + 12 + 24

// Size estimates the memory held, in bytes.
func (s *Set) Size() int64 {
	if s.large != nil {
		return 160 + int64(s.Len())*nodeBytes + s.large.bytes
	}
	return 32 + int64(cap(s.small))
}

// Score returns the score of a member.
func (s *Set) Score(member []byte) (float64, bool) {
	if s.large == nil {
		_, score, _, _, ok := s.small.find(member)
		return score, ok
	}
	if n := s.large.dict.Get(member); n != nil {
		return n.Val, true
	}
	return 0, false
}

// Put adds a member, or gives it another score. The member is copied.
func (s *Set) Put(member []byte, score float64, l Limits) {
	if s.large == nil {
		_, _, from, to, there := s.small.find(member)
		switch {
		case there:
			s.small = s.small.remove(from, to, 1)
		case s.small.count()+1 > l.Members || len(member) > l.Bytes:
			s.Enlarge()
			s.large.put(member, score)
			return
		}
		s.small = s.small.insert(member, score)
		return
	}
	s.large.put(member, score)
}

func (b *both) put(member []byte, score float64) {
	n, added := b.dict.Put(member)
	if added {
		b.bytes += int64(roundUp(len(member)))
	} else {
		b.tree.remove(b.rank(n), 1)
	}
	n.Val = score
	b.tree.insert(b.rank(n), item{score, n})
}

// rank returns where a member of the table belongs by its score.
func (b *both) rank(n *dict.Node[float64]) int {
	return b.tree.search(func(it *item) bool { return it.less(n.Val, n.Key()) })
}

// Enlarge makes a small set a large one before its time.
func (s *Set) Enlarge() {
	if s.large != nil {
		return
	}
	s.large = &both{}
	for at := head; at < len(s.small); {
		m, score, next := s.small.element(at)
		s.large.append(m, score)
		at = next
	}
	s.small = nil
}

// append adds a member that comes behind all others.
func (b *both) append(member []byte, score float64) {
	n, _ := b.dict.Put(member)
	n.Val = score
	b.bytes += int64(roundUp(len(member)))
	b.tree.insert(b.tree.size, item{score, n})
}

// Remove takes a member out. False if there is none.
func (s *Set) Remove(member []byte) bool {
	if s.large == nil {
		_, _, from, to, ok := s.small.find(member)
		if ok {
			s.small = s.small.remove(from, to, 1)
		}
		return ok
	}
	n := s.large.dict.Get(member)
	if n == nil {
		return false
	}
	s.large.tree.remove(s.large.rank(n), 1)
	s.large.drop(n)
	return true
}

func (b *both) drop(n *dict.Node[float64]) {
	b.bytes -= int64(roundUp(len(n.Key())))
	b.dict.Remove(n)
}

// RemoveRange takes out the members of the ranks from, from+1, ... up to but not including to.
func (s *Set) RemoveRange(from, to int) {
	if from >= to {
		return
	}
	if s.large == nil {
		at := s.small.offset(head, from)
		s.small = s.small.remove(at, s.small.offset(at, to-from), to-from)
		return
	}
	leaf, i := s.large.tree.leaf(from)
	for range to - from {
		if i == len(leaf.keys) {
			leaf, i = leaf.next, 0
		}
		s.large.drop(leaf.keys[i].node)
		i++
	}
	s.large.tree.remove(from, to-from)
}

// Rank returns how many members stand before one.
func (s *Set) Rank(member []byte) (rank int, score float64, ok bool) {
	if s.large == nil {
		rank, score, _, _, ok = s.small.find(member)
		return rank, score, ok
	}
	n := s.large.dict.Get(member)
	if n == nil {
		return 0, 0, false
	}
	return s.large.rank(n), n.Val, true
}

// Search counts the members before, which are those at the start for which it is true.
func (s *Set) Search(before func(member []byte, score float64) bool) int {
	if s.large == nil {
		rank, _ := s.small.search(before)
		return rank
	}
	return s.large.tree.search(func(it *item) bool { return before(view(it.node.Key()), it.score) })
}

// At returns the member of a rank that is there.
func (s *Set) At(rank int) (member []byte, score float64) {
	if s.large == nil {
		member, score, _ = s.small.element(s.small.offset(head, rank))
		return member, score
	}
	leaf, i := s.large.tree.leaf(rank)
	return view(leaf.keys[i].node.Key()), leaf.keys[i].score
}

// All yields every member in order.
func (s *Set) All() iter.Seq2[[]byte, float64] { return s.Range(0, s.Len(), false) }

// Range yields the members of the ranks from, from+1, ... up to but not including to, or the same the other way round.
// The set must not change meanwhile.
func (s *Set) Range(from, to int, reverse bool) iter.Seq2[[]byte, float64] {
	return func(yield func([]byte, float64) bool) {
		switch {
		case from >= to:
		case s.large == nil:
			s.small.walk(from, to, reverse, yield)
		case reverse:
			s.large.tree.backward(to-1, to-from, yield)
		default:
			s.large.tree.forward(from, to-from, yield)
		}
	}
}

func (p packed) walk(from, to int, reverse bool, yield func([]byte, float64) bool) {
	at := p.offset(head, from)
	if !reverse {
		for range to - from {
			m, score, next := p.element(at)
			if !yield(m, score) {
				return
			}
			at = next
		}
		return
	}
	var room [128]int
	offsets := room[:0]
	for range to - from {
		offsets = append(offsets, at)
		_, _, at = p.element(at)
	}
	for i := len(offsets) - 1; i >= 0; i-- {
		if m, score, _ := p.element(offsets[i]); !yield(m, score) {
			return
		}
	}
}

func (t *tree) forward(rank, n int, yield func([]byte, float64) bool) {
	leaf, i := t.leaf(rank)
	for ; n > 0; n-- {
		if i == len(leaf.keys) {
			leaf, i = leaf.next, 0
		}
		if !yield(view(leaf.keys[i].node.Key()), leaf.keys[i].score) {
			return
		}
		i++
	}
}

func (t *tree) backward(rank, n int, yield func([]byte, float64) bool) {
	leaf, i := t.leaf(rank)
	for ; n > 0; n-- {
		if i < 0 {
			leaf = leaf.prev
			i = len(leaf.keys) - 1
		}
		if !yield(view(leaf.keys[i].node.Key()), leaf.keys[i].score) {
			return
		}
		i--
	}
}

// Clone returns a deep copy.
func (s *Set) Clone() *Set {
	if s.large == nil {
		return &Set{small: append(packed(nil), s.small...)}
	}
	c := &Set{large: &both{}}
	for m, score := range s.All() {
		c.large.append(m, score)
	}
	return c
}

// view shows the bytes of a string without a copy.
func view(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }
