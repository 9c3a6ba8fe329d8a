package engine

import (
	"bytes"

	"github.com/redbrick-go/redbrick/engine/internal/num"
)

// scoreRange is a range of scores.
type scoreRange struct {
	min, max     float64
	minEx, maxEx bool // exclusive
}

// scoreRangeArg reads a range of scores, or answers an error.
func (c *call) scoreRangeArg(from, to []byte) (r scoreRange, ok bool) {
	if r.min, r.minEx, ok = scoreBound(from); ok {
		r.max, r.maxEx, ok = scoreBound(to)
	}
	if !ok {
		c.fail("ERR min or max is not a float")
	}
	return r, ok
}

func scoreBound(b []byte) (f float64, exclusive, ok bool) {
	if len(b) > 0 && b[0] == '(' {
		b, exclusive = b[1:], true
	}
	f, ok = num.Loose(b)
	return f, exclusive, ok
}

func (r *scoreRange) below(score float64) bool {
	return score < r.min || r.minEx && score == r.min
}

func (r *scoreRange) above(score float64) bool {
	return score > r.max || r.maxEx && score == r.max
}

// ranks returns the ranks from, from+1, ... up to but not including to, whose members lie in the range.
func (r *scoreRange) ranks(z *zset) (from, to int) {
	from = z.Search(func(_ []byte, score float64) bool { return r.below(score) })
	to = z.Search(func(_ []byte, score float64) bool { return !r.above(score) })
	return from, max(from, to)
}

// lexBound is an end of a range of members, by their bytes.
type lexBound struct {
	infinite  int // -1 before all members, 1 behind all
	text      []byte
	exclusive bool
}

// lexRange is a range of members of the same score.
type lexRange struct{ min, max lexBound }

// lexRangeArg reads a range of members, or answers an error.
func (c *call) lexRangeArg(from, to []byte) (r lexRange, ok bool) {
	if r.min, ok = newLexBound(from); ok {
		r.max, ok = newLexBound(to)
	}
	if !ok {
		c.fail("ERR min or max not valid string range item")
	}
	return r, ok
}

func newLexBound(b []byte) (lexBound, bool) {
	if len(b) == 0 {
		return lexBound{}, false
	}
	whole := len(b) == 1 || b[1] == 0 // as C reads it
	switch {
	case b[0] == '-' && whole:
		return lexBound{infinite: -1, exclusive: true}, true
	case b[0] == '+' && whole:
		return lexBound{infinite: 1, exclusive: true}, true
	case b[0] == '(':
		return lexBound{text: b[1:], exclusive: true}, true
	case b[0] == '[':
		return lexBound{text: b[1:]}, true
	}
	return lexBound{}, false
}

// side says on which side of the bound a member lies: before it -1, behind it 1, on it 0.
func (b *lexBound) side(member []byte) int {
	if b.infinite != 0 {
		return -b.infinite
	}
	return bytes.Compare(member, b.text)
}

func (r *lexRange) below(member []byte) bool {
	side := r.min.side(member)
	return side < 0 || r.min.exclusive && side == 0
}

func (r *lexRange) above(member []byte) bool {
	side := r.max.side(member)
	return side > 0 || r.max.exclusive && side == 0
}

// empty reports that no member can lie in the range.
func (r *lexRange) empty() bool {
	if r.min.infinite != 0 || r.max.infinite != 0 {
		return r.min.infinite > 0 || r.max.infinite < 0
	}
	order := bytes.Compare(r.min.text, r.max.text)
	return order > 0 || order == 0 && (r.min.exclusive || r.max.exclusive)
}

// ranks returns the ranks whose members lie in the range, without the first ones to be skipped from the start, or if
// reverse from the end. Members of different scores make no order of bytes; what Redis then does with a small set is
// what is done here.
func (r *lexRange) ranks(z *zset, reverse bool, skip int) (from, to int) {
	switch {
	case r.empty():
		return 0, 0
	case z.Small():
		return r.smallRanks(z, reverse, skip)
	}
	from = z.Search(func(m []byte, _ float64) bool { return r.below(m) })
	to = z.Search(func(m []byte, _ float64) bool { return !r.above(m) })
	if reverse {
		to = max(from, to-min(skip, to))
	} else {
		from = min(from+skip, to)
	}
	return from, max(from, to)
}

// smallRanks walks from one end: to the first member within that end's bound, on by skip, and from there as long as
// the other bound holds.
func (r *lexRange) smallRanks(z *zset, reverse bool, skip int) (from, to int) {
	members := make([][]byte, 0, z.Len())
	for m := range z.All() {
		members = append(members, m)
	}
	n := len(members)
	if r.below(members[n-1]) || r.above(members[0]) {
		return 0, 0
	}
	if reverse {
		to = n
		for to > 0 && r.above(members[to-1]) {
			to--
		}
		if to == 0 || r.below(members[to-1]) {
			return 0, 0
		}
		to = max(0, to-skip)
		for from = to; from > 0 && !r.below(members[from-1]); {
			from--
		}
		return from, to
	}
	for from < n && r.below(members[from]) {
		from++
	}
	if from == n || r.above(members[from]) {
		return 0, 0
	}
	from = min(n, from+skip)
	for to = from; to < n && !r.above(members[to]); {
		to++
	}
	return from, to
}
