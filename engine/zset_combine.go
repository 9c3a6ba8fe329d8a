package engine

import (
	"bytes"
	"cmp"
	"math"
	"slices"

	"github.com/redbrick-go/redbrick/engine/internal/dict"
)

// weighted is a value that ZUNION and its kin take: a sorted set, or a set, whose members have the score 1. What it
// gives out is a view, good until the value changes.
type weighted interface {
	object
	card() int
	score(member []byte) (float64, bool)
	members(yield func(member []byte, score float64) bool)
}

func (z *zset) card() int                                { return z.Len() }
func (z *zset) score(member []byte) (float64, bool)      { return z.Score(member) }
func (z *zset) members(yield func([]byte, float64) bool) { z.All()(yield) }

// source is an input of a union, an intersection or a difference.
type source struct {
	set    weighted // nil: there is none
	weight float64
}

func (s *source) card() int {
	if s.set == nil {
		return 0
	}
	return s.set.card()
}

// scored is a member of a result.
type scored struct {
	member []byte
	score  float64
}

// combination is what ZUNION and its kin were asked.
type combination struct {
	run        func(*combination) []scored
	sources    []source
	aggregate  func(a, b float64) float64
	weights    bool // WEIGHTS and AGGREGATE are possible
	reply      bool // WITHSCORES is
	withScores bool
	counts     bool // LIMIT is: only the number is asked for
	limit      int64
}

func addScores(a, b float64) float64 {
	if sum := a + b; !math.IsNaN(sum) {
		return sum
	}
	return 0 // infinite ones of either sign
}

// lesser and greater keep a when b is not a number, as Redis does.
func lesser(a, b float64) float64 {
	if b < a {
		return b
	}
	return a
}

func greater(a, b float64) float64 {
	if b > a {
		return b
	}
	return a
}

// weigh is the score of a member in a source, of which it is the first.
func (s *source) weigh(score float64) float64 {
	if f := score * s.weight; !math.IsNaN(f) {
		return f
	}
	return 0
}

// combinationArgs reads the sources and options from the number of keys on.
func (c *call) combinationArgs(m *combination, at int) bool {
	n, ok := c.int64Arg(c.args[at])
	switch {
	case !ok:
		return false
	case n < 1:
		c.fail("ERR at least 1 input key is needed for '" + c.cmd.name + "' command")
		return false
	case n > int64(len(c.args)-at-1):
		c.fail(errSyntax)
		return false
	}
	rest := c.args[at+1+int(n):]
	for _, key := range c.args[at+1 : at+1+int(n)] {
		s := source{weight: 1}
		if n := c.read(key); n != nil {
			if s.set, ok = n.Val.object().(weighted); !ok {
				c.fail(errWrongType)
				return false
			}
		}
		m.sources = append(m.sources, s)
	}
	m.aggregate = addScores
	for len(rest) > 0 {
		n, ok := c.combinationOption(m, rest)
		if !ok {
			return false
		}
		rest = rest[n:]
	}
	return true
}

// combinationOption reads the option at the start of args, and returns of how many words it is.
func (c *call) combinationOption(m *combination, args [][]byte) (n int, ok bool) {
	switch {
	case m.weights && len(args) > len(m.sources) && is(args[0], "weights"):
		for i := range m.sources {
			if m.sources[i].weight, ok = c.floatArg(args[1+i], "ERR weight value is not a float"); !ok {
				return 0, false
			}
		}
		return 1 + len(m.sources), true
	case m.weights && len(args) >= 2 && is(args[0], "aggregate"):
		switch {
		case is(args[1], "sum"):
			m.aggregate = addScores
		case is(args[1], "min"):
			m.aggregate = lesser
		case is(args[1], "max"):
			m.aggregate = greater
		default:
			c.fail(errSyntax)
			return 0, false
		}
		return 2, true
	case m.reply && is(args[0], "withscores"):
		m.withScores = true
		return 1, true
	case m.counts && len(args) >= 2 && is(args[0], "limit"):
		m.limit, ok = c.rangeArg(args[1], 0, math.MaxInt64, "ERR LIMIT can't be negative")
		return 2, ok
	}
	c.fail(errSyntax)
	return 0, false
}

// smallestFirst orders the sources by size, so that the work is that of the smallest. Sums of floats depend on it.
func (m *combination) smallestFirst() {
	slices.SortStableFunc(m.sources, func(a, b source) int { return cmp.Compare(a.card(), b.card()) })
}

func (m *combination) union() (out []scored) {
	m.smallestFirst()
	var all dict.Dict[float64]
	for _, s := range m.sources {
		if s.set == nil {
			continue
		}
		s.set.members(func(member []byte, score float64) bool {
			score = s.weigh(score)
			if n, added := all.Put(member); added {
				n.Val = score
			} else {
				n.Val = m.aggregate(n.Val, score)
			}
			return true
		})
	}
	for n := range all.All {
		out = append(out, scored{view(n.Key()), n.Val})
	}
	return out
}

func (m *combination) inter() (out []scored) {
	m.smallestFirst()
	first := m.sources[0]
	if first.set == nil {
		return nil
	}
	first.set.members(func(member []byte, score float64) bool {
		total := first.weigh(score)
		for _, s := range m.sources[1:] {
			other, ok := s.set.score(member)
			if !ok {
				return true
			}
			total = m.aggregate(total, other*s.weight)
		}
		out = append(out, scored{member, total})
		return m.limit == 0 || int64(len(out)) < m.limit
	})
	return out
}

func (m *combination) diff() (out []scored) {
	first := m.sources[0]
	if first.set == nil {
		return nil
	}
	first.set.members(func(member []byte, score float64) bool {
		for _, s := range m.sources[1:] {
			if s.set == nil {
				continue
			}
			if _, ok := s.set.score(member); ok {
				return true
			}
		}
		out = append(out, scored{member, score})
		return true
	})
	return out
}

// sortScored puts a result into the order of a sorted set.
func sortScored(list []scored) {
	slices.SortFunc(list, func(a, b scored) int {
		switch {
		case a.score < b.score:
			return -1
		case a.score > b.score:
			return 1
		}
		return bytes.Compare(a.member, b.member)
	})
}

func (c *call) combine(m *combination) {
	m.reply = true
	if !c.combinationArgs(m, 1) {
		return
	}
	list := m.run(m)
	sortScored(list)
	c.membersHead(len(list), m.withScores)
	for _, s := range list {
		c.member(s.member, s.score, m.withScores)
	}
}

func (c *call) combineStore(m *combination) {
	if !c.combinationArgs(m, 2) {
		return
	}
	c.storeScored(c.args[1], m.run(m), c.cmd.name)
}

// storeScored keeps a result as a sorted set.
func (c *call) storeScored(key []byte, list []scored, event string) {
	sortScored(list)
	z, l := &zset{}, c.zsetLimits()
	for _, s := range list {
		z.put(s.member, s.score, l)
	}
	c.storeZSet(key, z, event)
}

func cmdZUnion(c *call)      { c.combine(&combination{run: (*combination).union, weights: true}) }
func cmdZInter(c *call)      { c.combine(&combination{run: (*combination).inter, weights: true}) }
func cmdZDiff(c *call)       { c.combine(&combination{run: (*combination).diff}) }
func cmdZUnionStore(c *call) { c.combineStore(&combination{run: (*combination).union, weights: true}) }
func cmdZInterStore(c *call) { c.combineStore(&combination{run: (*combination).inter, weights: true}) }
func cmdZDiffStore(c *call)  { c.combineStore(&combination{run: (*combination).diff}) }

func cmdZInterCard(c *call) {
	m := &combination{counts: true}
	if c.combinationArgs(m, 1) {
		c.w.Int(int64(len(m.inter())))
	}
}
