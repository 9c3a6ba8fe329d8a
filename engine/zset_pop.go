package engine

import (
	"math"
	"math/rand/v2"
)

// Of a sorted set left is the end of the lowest scores, right that of the highest.

// scoreSideArg reads MIN or MAX, or answers an error.
func (c *call) scoreSideArg(b []byte) (side, bool) {
	switch {
	case is(b, "min"):
		return left, true
	case is(b, "max"):
		return right, true
	}
	c.fail(errSyntax)
	return left, false
}

func cmdZPopMin(c *call) { c.zpopCommand(left) }
func cmdZPopMax(c *call) { c.zpopCommand(right) }

func (c *call) zpopCommand(s side) {
	count, counted := int64(1), len(c.args) == 3
	if len(c.args) > 3 {
		c.fail(errSyntax)
		return
	}
	if counted {
		var ok bool
		if count, ok = c.rangeArg(c.args[2], 0, math.MaxInt64, errNotPositive); !ok {
			return
		}
	}
	n, ok := c.writeKind(c.args[1], kindZSet)
	switch {
	case !ok:
	case n == nil || count == 0:
		c.w.Array(0)
	default:
		take := int(min(count, int64(asZSet(n).Len())))
		if counted {
			c.membersHead(take, true)
		} else {
			c.w.Array(2)
		}
		c.zpop(n, c.args[1], s, take, counted && c.w.V3)
	}
}

// zpop takes so many members off an end and writes them, as pairs or flat.
func (c *call) zpop(n *node, key []byte, s side, take int, pairs bool) {
	z := asZSet(n)
	from, to, event := 0, take, "zpopmin"
	if s == right {
		from, to, event = z.Len()-take, z.Len(), "zpopmax"
	}
	for m, score := range z.Range(from, to, s == right) {
		if pairs {
			c.w.Array(2)
		}
		c.w.Bulk(m)
		c.w.Double(score)
	}
	z.RemoveRange(from, to)
	c.changed(eventZSet, event, key)
	c.removeIfEmpty(n, key, z.Len() == 0)
}

// recordZPop says what a pop did of which the key or the moment was open.
func (c *call) recordZPop(key []byte, s side, take int) {
	if c.e.recorder == nil {
		return
	}
	word := bZPopMin
	if s == right {
		word = bZPopMax
	}
	c.effect(word, key, appendInt(int64(take)))
}

// zmpop takes members off the first sorted set that is there, and answers. False if none is and nothing was answered.
func (c *call) zmpop(m mpopArgs) bool {
	return c.firstOf(m.keys, kindZSet, func(c *call, n *node, key []byte) {
		take := int(min(m.count, int64(asZSet(n).Len())))
		c.w.Array(2)
		c.w.Bulk(key)
		c.w.Array(take)
		c.zpop(n, key, m.side, take, true)
		c.recordZPop(key, m.side, take)
	})
}

func cmdZMPop(c *call)  { c.popFrom(1, (*call).scoreSideArg, (*call).zmpop) }
func cmdBZMPop(c *call) { c.blockingPopFrom((*call).scoreSideArg, (*call).zmpop) }

func cmdBZPopMin(c *call) { c.blockingZPop(left) }
func cmdBZPopMax(c *call) { c.blockingZPop(right) }

func (c *call) blockingZPop(s side) {
	c.blockingPopOne(kindZSet, func(c *call, n *node, key []byte) {
		c.w.Array(3)
		c.w.Bulk(key)
		c.zpop(n, key, s, 1, false)
		c.recordZPop(key, s, 1)
	})
}

func cmdZRandMember(c *call) {
	if len(c.args) == 2 {
		z, ok := c.readZSet(c.args[1])
		switch {
		case !ok:
		case z.Len() == 0:
			c.w.Null()
		default:
			m, _ := z.At(rand.IntN(z.Len()))
			c.w.Bulk(m)
		}
		return
	}
	count, ok := c.countArg(c.args[2])
	scored := len(c.args) == 4
	switch {
	case !ok:
	case len(c.args) > 4, scored && !is(c.args[3], "withscores"):
		c.fail(errSyntax)
	case scored && (count < -math.MaxInt64/2 || count > math.MaxInt64/2):
		c.fail("ERR value is out of range")
	default:
		c.randomMembers(count, scored)
	}
}

// randomMembers answers so many members, each at most once; of a negative count so many, with repetition.
func (c *call) randomMembers(count int64, scored bool) {
	z, ok := c.readZSet(c.args[1])
	if !ok {
		return
	}
	size := z.Len()
	switch {
	case size == 0, count == 0:
		c.w.Array(0)
	case count < 0:
		replies := 1
		if scored && !c.w.V3 {
			replies = 2
		}
		c.repeat(-count, replies, func() {
			m, score := z.At(rand.IntN(size))
			c.member(m, score, scored)
		})
	case count >= int64(size):
		c.membersHead(size, scored)
		for m, score := range z.All() {
			c.member(m, score, scored)
		}
	default:
		c.membersHead(int(count), scored)
		for _, rank := range randomRanks(int(count), size) {
			m, score := z.At(rank)
			c.member(m, score, scored)
		}
	}
}

// randomRanks draws count different numbers below n, in random order. (Robert Floyd's way: work by the count alone.)
func randomRanks(count, n int) []int {
	ranks, seen := make([]int, 0, count), make(map[int]bool, count)
	for i := n - count; i < n; i++ {
		r := rand.IntN(i + 1)
		if seen[r] {
			r = i
		}
		seen[r] = true
		ranks = append(ranks, r)
	}
	rand.Shuffle(count, func(i, j int) { ranks[i], ranks[j] = ranks[j], ranks[i] })
	return ranks
}
