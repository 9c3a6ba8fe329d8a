package engine

import "math"

// rangeBy is what a range of a sorted set is one of.
type rangeBy int

const (
	byOption rangeBy = iota // the arguments say
	byRank
	byScore
	byLex
)

// zrange is a range of a sorted set as ZRANGE and its kin take it.
type zrange struct {
	by            rangeBy
	reverse       bool
	withScores    bool
	start, stop   int64 // of ranks
	score         scoreRange
	lex           lexRange
	offset, limit int64 // limit < 0: all
}

func cmdZRange(c *call)           { c.zrange(zrange{}, true) }
func cmdZRevRange(c *call)        { c.zrange(zrange{by: byRank, reverse: true}, false) }
func cmdZRangeByScore(c *call)    { c.zrange(zrange{by: byScore}, false) }
func cmdZRevRangeByScore(c *call) { c.zrange(zrange{by: byScore, reverse: true}, false) }
func cmdZRangeByLex(c *call)      { c.zrange(zrange{by: byLex}, false) }
func cmdZRevRangeByLex(c *call)   { c.zrange(zrange{by: byLex, reverse: true}, false) }

// zrangeArgs completes r by the arguments from the lower bound on. If free, they may say what it is a range of, and
// its direction.
func (c *call) zrangeArgs(r *zrange, at int, free, store bool) (ok bool) {
	r.limit = -1
	for i := at + 2; i < len(c.args); i++ {
		switch arg, left := c.args[i], len(c.args)-i-1; {
		case !store && is(arg, "withscores"):
			r.withScores = true
		case is(arg, "limit") && left >= 2:
			if r.offset, ok = c.int64Arg(c.args[i+1]); !ok {
				return false
			}
			if r.limit, ok = c.int64Arg(c.args[i+2]); !ok {
				return false
			}
			i += 2
		case free && is(arg, "rev") && !r.reverse:
			r.reverse = true
		case free && is(arg, "bylex") && r.by == byOption:
			r.by = byLex
		case free && is(arg, "byscore") && r.by == byOption:
			r.by = byScore
		default:
			c.fail(errSyntax)
			return false
		}
	}
	if r.by == byOption {
		r.by = byRank
	}
	return c.zrangeBounds(r, c.args[at], c.args[at+1])
}

// zrangeBounds reads the bounds of a range.
func (c *call) zrangeBounds(r *zrange, low, high []byte) (ok bool) {
	switch {
	case r.limit != -1 && r.by == byRank:
		c.fail("ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX")
		return false
	case r.withScores && r.by == byLex:
		c.fail("ERR syntax error, WITHSCORES not supported in combination with BYLEX")
		return false
	case r.reverse && r.by != byRank:
		low, high = high, low
	}
	switch r.by {
	case byScore:
		r.score, ok = c.scoreRangeArg(low, high)
	case byLex:
		r.lex, ok = c.lexRangeArg(low, high)
	default:
		if r.start, ok = c.int64Arg(low); ok {
			r.stop, ok = c.int64Arg(high)
		}
	}
	return ok
}

// ranks returns the ranks from, from+1, ... up to but not including to, of the range's members; from <= to.
func (r *zrange) ranks(z *zset) (from, to int) {
	if r.by == byRank {
		i, j := bounds(r.start, r.stop, z.Len())
		if r.reverse {
			return z.Len() - 1 - j, z.Len() - i
		}
		return i, j + 1
	}
	if r.offset < 0 || z.Len() == 0 {
		return 0, 0
	}
	skip := int(min(r.offset, math.MaxInt32))
	switch {
	case r.by == byLex:
		from, to = r.lex.ranks(z, r.reverse, skip)
	case r.reverse:
		from, to = r.score.ranks(z)
		to = max(from, to-skip)
	default:
		from, to = r.score.ranks(z)
		from = min(from+skip, to)
	}
	if r.limit >= 0 && r.limit < int64(to-from) {
		if r.reverse {
			from = to - int(r.limit)
		} else {
			to = from + int(r.limit)
		}
	}
	return from, to
}

// zrange answers a range of the sorted set of argument 1.
func (c *call) zrange(r zrange, free bool) {
	if !c.zrangeArgs(&r, 2, free, false) {
		return
	}
	z, ok := c.readZSet(c.args[1])
	if !ok {
		return
	}
	from, to := r.ranks(z)
	c.membersHead(to-from, r.withScores)
	for m, score := range z.Range(from, to, r.reverse) {
		c.member(m, score, r.withScores)
	}
}

// membersHead begins a reply of so many members, which follow.
func (c *call) membersHead(n int, scored bool) {
	if scored && !c.w.V3 {
		n *= 2
	}
	c.w.Array(n)
}

// member writes a member of a reply; version 3 of the protocol has a pair of it and its score.
func (c *call) member(m []byte, score float64, scored bool) {
	if scored && c.w.V3 {
		c.w.Array(2)
	}
	c.w.Bulk(m)
	if scored {
		c.w.Double(score)
	}
}

func cmdZRangeStore(c *call) {
	var r zrange
	if !c.zrangeArgs(&r, 3, true, true) {
		return
	}
	z, ok := c.readZSet(c.args[2])
	if !ok {
		return
	}
	result, l := &zset{}, c.zsetLimits()
	from, to := r.ranks(z)
	for m, score := range z.Range(from, to, false) {
		result.put(m, score, l)
	}
	c.storeZSet(c.args[1], result, "zrangestore")
}

func (c *call) storeZSet(key []byte, z *zset, event string) {
	c.store(key, kindZSet, z, z.Len(), eventZSet, event)
}

func cmdZCount(c *call)    { c.zcount(zrange{by: byScore}) }
func cmdZLexCount(c *call) { c.zcount(zrange{by: byLex}) }

func (c *call) zcount(r zrange) {
	if !c.zrangeArgs(&r, 2, false, false) {
		return
	}
	if z, ok := c.readZSet(c.args[1]); ok {
		from, to := r.ranks(z)
		c.w.Int(int64(to - from))
	}
}

func cmdZRemRangeByRank(c *call)  { c.zremRange(zrange{by: byRank}) }
func cmdZRemRangeByScore(c *call) { c.zremRange(zrange{by: byScore}) }
func cmdZRemRangeByLex(c *call)   { c.zremRange(zrange{by: byLex}) }

func (c *call) zremRange(r zrange) {
	if !c.zrangeArgs(&r, 2, false, false) {
		return
	}
	n, ok := c.writeKind(c.args[1], kindZSet)
	if !ok {
		return
	}
	if n == nil {
		c.w.Int(0)
		return
	}
	from, to := r.ranks(asZSet(n))
	asZSet(n).RemoveRange(from, to)
	c.zremoved(n, to-from, c.cmd.name)
	c.w.Int(int64(to - from))
}
