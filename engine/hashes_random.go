package engine

import (
	"math"
	"math/rand/v2"
)

func cmdHRandField(c *call) {
	if len(c.args) == 2 {
		h, ok := c.hashToRead()
		switch {
		case !ok:
		case h == nil:
			c.w.Null()
		default:
			field, _ := h.random()
			c.w.Bulk(field)
		}
		return
	}
	count, ok := c.countArg(c.args[2])
	if !ok {
		return
	}
	values := len(c.args) == 4
	switch {
	case len(c.args) > 4 || values && !is(c.args[3], "withvalues"):
		c.fail(errSyntax)
		return
	case values && (count < math.MinInt64/2 || count > math.MaxInt64/2):
		c.fail("ERR value is out of range")
		return
	}
	h, ok := c.hashToRead()
	switch {
	case !ok:
	case h == nil || count == 0:
		c.w.Array(0)
	case count < 0:
		c.fieldsAgain(h, -count, values)
	default:
		c.fieldsOnce(h, int(min(count, int64(h.len()))), values)
	}
}

// random returns a field, each as likely as the others.
func (h *hash) random() (field, value []byte) {
	if h.table != nil {
		n := h.table.Random()
		return view(n.Key()), view(n.Val)
	}
	pos := h.small.Skip(0, 2*rand.IntN(h.pairs))
	field, pos = h.small.At(pos)
	value, _ = h.small.At(pos)
	return field, value
}

// answerPair answers a field, with its value if that is wanted: a pair of its own in version 3.
func (c *call) answerPair(field, value []byte, values bool) {
	if values && c.w.V3 {
		c.w.Array(2)
	}
	c.w.Bulk(field)
	if values {
		c.w.Bulk(value)
	}
}

// fieldsAgain answers count fields, one of them several times maybe.
func (c *call) fieldsAgain(h *hash, count int64, values bool) {
	replies := 1
	if values && !c.w.V3 {
		replies = 2
	}
	c.repeat(count, replies, func() {
		field, value := h.random()
		c.answerPair(field, value, values)
	})
}

// fieldsOnce answers count different fields.
func (c *call) fieldsOnce(h *hash, count int, values bool) {
	if values && !c.w.V3 {
		c.w.Array(2 * count)
	} else {
		c.w.Array(count)
	}
	if h.table != nil && isFew(count, h.table.Len()) {
		for _, n := range fewOf(h.table, count) {
			c.answerPair(view(n.Key()), view(n.Val), values)
		}
		return
	}
	lot := lottery{h.len(), count}
	for field, value := range h.all {
		if lot.draw() {
			c.answerPair(field, value, values)
		}
	}
}
