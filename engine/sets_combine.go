package engine

import (
	"cmp"
	"iter"
	"math"
	"slices"

	"github.com/redbrick-go/redbrick/engine/internal/num"
)

// setsToRead looks up sets, nil where there is none. ok is false if it answered an error.
func (c *call) setsToRead(keys [][]byte) (list []*set, ok bool) {
	for _, key := range keys {
		n, ok := c.readKind(key, kindSet)
		if !ok {
			return nil, false
		}
		var s *set
		if n != nil {
			s = asSet(n)
		}
		list = append(list, s)
	}
	return list, true
}

// operation combines sets, any of which may be nil. What it yields is good until the next member.
type operation func(list []*set) iter.Seq[[]byte]

func cmdSInter(c *call) { c.combineSets(inter) }
func cmdSUnion(c *call) { c.combineSets(union) }
func cmdSDiff(c *call)  { c.combineSets(diff) }

func cmdSInterStore(c *call) { c.combineInto(inter, "sinterstore") }
func cmdSUnionStore(c *call) { c.combineInto(union, "sunionstore") }
func cmdSDiffStore(c *call)  { c.combineInto(diff, "sdiffstore") }

func (c *call) combineSets(op operation) {
	list, ok := c.setsToRead(c.args[1:])
	if !ok {
		return
	}
	// How many there are is known in the end: the head is put before them then.
	from, members := len(c.w.Buf), 0
	for m := range op(list) {
		c.w.Bulk(m)
		members++
	}
	end := len(c.w.Buf)
	c.w.Set(members)
	head := clone(c.w.Buf[end:])
	copy(c.w.Buf[from+len(head):], c.w.Buf[from:end])
	copy(c.w.Buf[from:], head)
}

func (c *call) combineInto(op operation, event string) {
	list, ok := c.setsToRead(c.args[2:])
	if !ok {
		return
	}
	result, most := newSet(), c.e.config.maxInts()
	for m := range op(list) {
		result.add(m, most)
	}
	c.store(c.args[1], kindSet, result, result.card(), eventSet, event)
}

// inter yields what all sets have. It looks at the members of the smallest.
func inter(list []*set) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		if slices.Contains(list, nil) {
			return
		}
		sorted := slices.Clone(list)
		slices.SortStableFunc(sorted, func(a, b *set) int { return cmp.Compare(a.card(), b.card()) })
		for m := range sorted[0].form.all {
			in := func(s *set) bool { return s == sorted[0] || s.form.has(m) }
			if !slices.ContainsFunc(sorted[1:], func(s *set) bool { return !in(s) }) && !yield(m) {
				return
			}
		}
	}
}

func union(list []*set) iter.Seq[[]byte] {
	result := newSet()
	for _, s := range list {
		if s == nil {
			continue
		}
		for m := range s.form.all {
			result.add(m, rowMembers) // not more: each would move the others
		}
	}
	return result.form.all
}

// diff yields what the first set has and no other. Either each member is looked for in all others, or all others'
// members are taken out of a copy, whichever is less work.
func diff(list []*set) iter.Seq[[]byte] {
	first, others := list[0], list[1:]
	if first == nil || slices.Contains(others, first) {
		return func(func([]byte) bool) {}
	}
	others = slices.DeleteFunc(slices.Clone(others), func(s *set) bool { return s == nil })
	total := first.card()
	for _, s := range others {
		total += s.card()
	}
	if first.card()*(len(others)+1)/2 <= total {
		return func(yield func([]byte) bool) {
			for m := range first.form.all {
				if !slices.ContainsFunc(others, func(s *set) bool { return s.form.has(m) }) && !yield(m) {
					return
				}
			}
		}
	}
	result := first.form.clone()
	for _, s := range others {
		for m := range s.form.all {
			result.remove(m)
		}
	}
	return result.all
}

func cmdSInterCard(c *call) {
	numbered, ok := c.rangeArg(c.args[1], 1, math.MaxInt64, "ERR numkeys should be greater than 0")
	if !ok {
		return
	}
	if numbered > int64(len(c.args)-2) {
		c.fail("ERR Number of keys can't be greater than number of args")
		return
	}
	keys, options := c.args[2:2+numbered], c.args[2+numbered:]
	limit := int64(0)
	for ; len(options) > 0; options = options[2:] {
		if !is(options[0], "limit") || len(options) == 1 {
			c.fail(errSyntax)
			return
		}
		if limit, ok = num.Int(options[1]); !ok || limit < 0 {
			c.fail("ERR LIMIT can't be negative")
			return
		}
	}
	list, ok := c.setsToRead(keys)
	if !ok {
		return
	}
	members := int64(0)
	for range inter(list) {
		if members++; members == limit {
			break
		}
	}
	c.w.Int(members)
}
