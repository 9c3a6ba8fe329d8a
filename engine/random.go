package engine

import (
	"math"
	"math/rand/v2"

	"github.com/redbrick-go/redbrick/engine/internal/dict"
)

// lottery draws some of many, each as likely as the others, in their order.
type lottery struct{ left, wanted int }

func (l *lottery) draw() bool {
	won := rand.IntN(l.left) < l.wanted
	l.left--
	if won {
		l.wanted--
	}
	return won
}

// fewOf returns that many different nodes of a table which has several times as many.
func fewOf[V any](d *dict.Dict[V], count int) []*dict.Node[V] {
	seen := make(map[*dict.Node[V]]bool, count)
	out := make([]*dict.Node[V], 0, count)
	for len(out) < count {
		if n := d.Random(); !seen[n] {
			seen[n] = true
			out = append(out, n)
		}
	}
	return out
}

// isFew reports whether drawing again what was drawn before is rare enough to draw one by one.
func isFew(count, of int) bool { return count <= of/3 }

// countArg reads how many random parts are wanted; negative: one may come several times.
func (c *call) countArg(b []byte) (int64, bool) {
	count, ok := c.int64Arg(b)
	if ok && count == math.MinInt64 {
		c.fail("ERR value is out of range, value must between -9223372036854775807 and 9223372036854775807")
		return 0, false
	}
	return count, ok
}

// repeat answers what one writes count times: so many replies each time, in one array. A caller may ask for any number:
// an answer that would not get through to the client is refused instead.
func (c *call) repeat(count int64, replies int, one func()) {
	from, limit := len(c.w.Buf), int64(c.e.config.outputLimit(c.cl))
	if limit == 0 {
		limit = math.MaxInt32
	}
	fits := func() bool { return int64(len(c.w.Buf)-from) <= limit }
	least := int64(replies * len("$0\r\n\r\n"))
	if count <= limit/least {
		c.w.Array(int(count) * replies)
		for ; count > 0 && fits(); count-- {
			one()
		}
		if fits() {
			return
		}
		c.w.Buf = clone(c.w.Buf[:from]) // and none of the memory
	}
	c.fail("ERR the reply would be larger than client-output-buffer-limit")
}
