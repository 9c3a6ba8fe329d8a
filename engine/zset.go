package engine

import (
	"math"

	"github.com/redbrick-go/redbrick/engine/internal/dict"
	"github.com/redbrick-go/redbrick/engine/internal/resp"
	"github.com/redbrick-go/redbrick/engine/internal/sortedset"
)

// zset is the value of a sorted set key. It is never empty.
type zset struct{ sortedset.Set }

func (z *zset) encoding() string {
	if z.Small() {
		return "listpack"
	}
	return "skiplist"
}

func (z *zset) size() int64   { return z.Size() }
func (z *zset) clone() object { return &zset{*z.Clone()} }

func (z *zset) digest(d *digest) {
	for m, score := range z.All() {
		var one digest
		one.mix(m)
		one.mix(resp.AppendDouble(nil, score))
		d.xor(one[:])
	}
}

func (z *zset) rebuild(key []byte, yield func([][]byte) bool) {
	p := newPieces(yield, bZAdd, key)
	for m, score := range z.All() {
		if !p.add(resp.AppendDouble(nil, score), m) {
			return
		}
	}
	p.end()
}

// elements returns the members for SORT, in order. As in Redis the set takes its large form.
func (z *zset) elements() []string {
	z.Enlarge()
	out := make([]string, 0, z.Len())
	for m := range z.All() {
		out = append(out, string(m))
	}
	return out
}

// put adds a member, or gives it another score. The small form knows no -0; here no form does, so that a rebuilt set is
// the same whatever its form.
func (z *zset) put(member []byte, score float64, l sortedset.Limits) {
	if score == 0 {
		score = 0
	}
	z.Put(member, score, l)
}

func asZSet(n *node) *zset { return as[zset](n, kindZSet) }

// noMembers stands for sorted sets that are not there, to those who only read.
var noMembers zset

// readZSet looks up a sorted set for reading. ok is false if another kind lies there: the error is answered.
func (c *call) readZSet(key []byte) (z *zset, ok bool) {
	n, ok := c.readKind(key, kindZSet)
	if n == nil {
		return &noMembers, ok
	}
	return asZSet(n), ok
}

func (c *call) zsetLimits() sortedset.Limits {
	t := &c.e.config.thresholds
	return sortedset.Limits{Members: int(t.zsetMembers), Bytes: int(t.zsetBytes)}
}

// Words of effects.
var (
	bZAdd    = []byte("ZADD")
	bZPopMin = []byte("ZPOPMIN")
	bZPopMax = []byte("ZPOPMAX")
)

// zaddArgs are the options of ZADD.
type zaddArgs struct {
	nx, xx, gt, lt, ch, incr bool
	scores                   []float64
	members, step            int // index of the first member, and from one to the next
}

const errZAddNaN = "ERR resulting score is not a number (NaN)"

// option reads an option that GEOADD has too, or none.
func (a *zaddArgs) option(arg []byte) bool {
	switch {
	case is(arg, "nx"):
		a.nx = true
	case is(arg, "xx"):
		a.xx = true
	case is(arg, "ch"):
		a.ch = true
	default:
		return false
	}
	return true
}

func (a *zaddArgs) ownOption(arg []byte) bool {
	switch {
	case is(arg, "gt"):
		a.gt = true
	case is(arg, "lt"):
		a.lt = true
	case is(arg, "incr"):
		a.incr = true
	default:
		return false
	}
	return true
}

func (c *call) zaddArgs(at int) (a zaddArgs, ok bool) {
	for at < len(c.args) && (a.option(c.args[at]) || a.ownOption(c.args[at])) {
		at++
	}
	left := len(c.args) - at
	switch {
	case left == 0 || left%2 != 0:
		c.fail(errSyntax)
	case a.nx && a.xx:
		c.fail("ERR XX and NX options at the same time are not compatible")
	case a.gt && a.nx || a.lt && a.nx || a.gt && a.lt:
		c.fail("ERR GT, LT, and/or NX options at the same time are not compatible")
	case a.incr && left > 2:
		c.fail("ERR INCR option supports a single increment-element pair")
	default:
		a.members, a.step = at+1, 2
		return a, c.scoreArgs(&a, at)
	}
	return a, false
}

func (c *call) scoreArgs(a *zaddArgs, at int) bool {
	a.scores = make([]float64, 0, 8)
	for ; at < len(c.args); at += 2 {
		f, ok := c.floatArg(c.args[at], errNotFloat)
		if !ok {
			return false
		}
		a.scores = append(a.scores, f)
	}
	return true
}

func cmdZAdd(c *call) {
	if a, ok := c.zaddArgs(2); ok {
		c.zadd(&a)
	}
}

func cmdZIncrBy(c *call) {
	if f, ok := c.floatArg(c.args[2], errNotFloat); ok {
		c.zadd(&zaddArgs{incr: true, scores: []float64{f}, members: 3, step: 1})
	}
}

func (c *call) zadd(a *zaddArgs) {
	n, ok := c.writeKind(c.args[1], kindZSet)
	switch {
	case !ok:
		return
	case n == nil && a.xx && a.incr:
		c.w.Null()
		return
	case n == nil && a.xx:
		c.w.Int(0)
		return
	case n == nil:
		n = c.db.put(c.args[1], kindZSet)
		n.Val.setObject(&zset{})
	}
	added, updated := 0, 0
	var last float64 // the score after an increment
	done := false
	for i, score := range a.scores {
		did, now, ok := c.zaddOne(asZSet(n), a, c.args[a.members+a.step*i], score)
		if !ok {
			c.fail(errZAddNaN)
			return // of an increment: it is the only one
		}
		switch did {
		case zaddAdded:
			added++
		case zaddUpdated:
			updated++
		}
		if did != zaddRefused {
			last, done = now, true
		}
	}
	if added+updated > 0 {
		event := "zadd"
		if a.incr {
			event = "zincr"
		}
		c.changed(eventZSet, event, c.args[1])
	}
	switch {
	case a.incr && !done:
		c.w.Null()
	case a.incr:
		c.w.Double(last)
	case a.ch:
		c.w.Int(int64(added + updated))
	default:
		c.w.Int(int64(added))
	}
}

// zaddResult is what came of one member of ZADD.
type zaddResult int

const (
	zaddRefused zaddResult = iota // the options say so
	zaddSame
	zaddAdded
	zaddUpdated
)

// zaddOne adds or changes one member and returns its score then. ok is false if that is no number.
func (c *call) zaddOne(z *zset, a *zaddArgs, member []byte, score float64) (did zaddResult, now float64, ok bool) {
	old, there := z.Score(member)
	switch {
	case !there && a.xx, there && a.nx:
		return zaddRefused, 0, true
	case !there:
		z.put(member, score, c.zsetLimits())
		return zaddAdded, score, true
	}
	if a.incr {
		if score += old; math.IsNaN(score) {
			return zaddRefused, 0, false
		}
	}
	switch {
	case a.lt && score >= old, a.gt && score <= old:
		return zaddRefused, 0, true
	case score == old:
		return zaddSame, score, true
	}
	z.put(member, score, c.zsetLimits())
	return zaddUpdated, score, true
}

func cmdZRem(c *call) {
	n, ok := c.writeKind(c.args[1], kindZSet)
	if !ok {
		return
	}
	deleted := 0
	if n != nil {
		z := asZSet(n)
		for _, m := range c.args[2:] {
			if z.Remove(m) {
				deleted++
			}
		}
		c.zremoved(n, deleted, "zrem")
	}
	c.w.Int(int64(deleted))
}

// zremoved reports that members were taken out of the sorted set of argument 1.
func (c *call) zremoved(n *node, deleted int, event string) {
	if deleted > 0 {
		c.changed(eventZSet, event, c.args[1])
		c.removeIfEmpty(n, c.args[1], asZSet(n).Len() == 0)
	}
}

func cmdZCard(c *call) {
	if z, ok := c.readZSet(c.args[1]); ok {
		c.w.Int(int64(z.Len()))
	}
}

// score answers the score of a member, or that there is none.
func (c *call) score(z *zset, member []byte) {
	if score, ok := z.Score(member); ok {
		c.w.Double(score)
		return
	}
	c.w.Null()
}

func cmdZScore(c *call) {
	if z, ok := c.readZSet(c.args[1]); ok {
		c.score(z, c.args[2])
	}
}

func cmdZMScore(c *call) {
	z, ok := c.readZSet(c.args[1])
	if !ok {
		return
	}
	c.w.Array(len(c.args) - 2)
	for _, m := range c.args[2:] {
		c.score(z, m)
	}
}

func cmdZRank(c *call)    { c.rank(false) }
func cmdZRevRank(c *call) { c.rank(true) }

func (c *call) rank(reverse bool) {
	scored := len(c.args) == 4
	switch {
	case len(c.args) > 4:
		c.fail("ERR wrong number of arguments for '" + c.cmd.name + "' command")
		return
	case scored && !is(c.args[3], "withscore"):
		c.fail(errSyntax)
		return
	}
	z, ok := c.readZSet(c.args[1])
	if !ok {
		return
	}
	rank, score, found := z.Rank(c.args[2])
	if reverse {
		rank = z.Len() - 1 - rank
	}
	switch {
	case !found && scored:
		c.w.NullArray()
	case !found:
		c.w.Null()
	case scored:
		c.w.Array(2)
		c.w.Int(int64(rank))
		c.w.Double(score)
	default:
		c.w.Int(int64(rank))
	}
}

func cmdZScan(c *call) {
	n, o, ok := c.scanTarget(kindZSet)
	if !ok {
		return
	}
	z := asZSet(n)
	var found []string
	take := func(member string, score []byte) {
		if o.matches(member) {
			found = append(found, member, string(score))
		}
	}
	cursor := uint64(0)
	if z.Small() {
		for m, score := range z.All() {
			take(string(m), smallScore(score))
		}
	} else {
		cursor = scanDict(z.Dict(), &o, func(n *dict.Node[float64]) { take(n.Key(), resp.AppendDouble(nil, n.Val)) })
	}
	c.answerScan(cursor, len(found))
	for _, s := range found {
		c.w.BulkString(s)
	}
}

// smallScore is how ZSCAN shows a score of a small set: Redis holds integers there as such.
func smallScore(score float64) []byte {
	if i := int64(score); math.Abs(score) <= 1<<62 && float64(i) == score {
		return appendInt(i)
	}
	return resp.AppendDouble(nil, score)
}
