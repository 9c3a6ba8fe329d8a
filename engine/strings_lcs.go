package engine

import "math"

// lcsOptions are those of LCS.
type lcsOptions struct {
	length, ranges, withLen bool
	least                   int64
}

func cmdLCS(c *call) {
	a, b := c.read(c.args[1]), c.read(c.args[2])
	if a != nil && a.Val.kind != kindString || b != nil && b.Val.kind != kindString {
		c.fail("ERR The specified keys must contain string values")
		return
	}
	var o lcsOptions
	for i := 3; i < len(c.args); i++ {
		switch arg := c.args[i]; {
		case is(arg, "idx"):
			o.ranges = true
		case is(arg, "len"):
			o.length = true
		case is(arg, "withmatchlen"):
			o.withLen = true
		case is(arg, "minmatchlen") && i+1 < len(c.args):
			i++
			n, ok := c.int64Arg(c.args[i])
			if !ok {
				return
			}
			o.least = max(n, 0)
		default:
			c.fail(errSyntax)
			return
		}
	}
	if o.ranges && o.length {
		c.fail("ERR If you want both the length and indexes, please just use IDX.")
		return
	}
	s, t := str(a), str(b)
	if uint64(len(s)+1)*uint64(len(t)+1) > math.MaxUint32/4 {
		c.fail("ERR Insufficient memory, transient memory for LCS exceeds proto-max-bulk-len")
		return
	}
	c.lcs(s, t, o)
}

// lcs fills the table of lengths and walks it back.
func (c *call) lcs(s, t []byte, o lcsOptions) {
	width := len(t) + 1
	table := make([]uint32, (len(s)+1)*width)
	for i := 1; i <= len(s); i++ {
		for j := 1; j <= len(t); j++ {
			if s[i-1] == t[j-1] {
				table[i*width+j] = table[(i-1)*width+j-1] + 1
			} else {
				table[i*width+j] = max(table[(i-1)*width+j], table[i*width+j-1])
			}
		}
	}
	total := int(table[len(s)*width+len(t)])
	if o.length {
		c.w.Int(int64(total))
		return
	}
	common := make([]byte, total)
	var ranges []lcsRange
	var cur lcsRange
	left := total
	for i, j := len(s), len(t); i > 0 && j > 0; {
		switch {
		case s[i-1] == t[j-1]:
			left--
			common[left] = s[i-1]
			if cur.n > 0 && cur.a == i && cur.b == j {
				cur.a, cur.b, cur.n = i-1, j-1, cur.n+1
			} else {
				ranges = appendRange(ranges, cur, o.least)
				cur = lcsRange{i - 1, j - 1, 1}
			}
			i, j = i-1, j-1
		case table[(i-1)*width+j] > table[i*width+j-1]:
			i--
		default:
			j--
		}
	}
	ranges = appendRange(ranges, cur, o.least)
	if !o.ranges {
		c.w.Bulk(common)
		return
	}
	c.answerLCS(ranges, total, o.withLen)
}

// lcsRange is a stretch both strings have: where it begins in either, and its length.
type lcsRange struct{ a, b, n int }

func appendRange(list []lcsRange, r lcsRange, least int64) []lcsRange {
	if r.n == 0 || int64(r.n) < least {
		return list
	}
	return append(list, r)
}

func (c *call) answerLCS(ranges []lcsRange, total int, withLen bool) {
	c.w.Map(2)
	c.w.BulkString("matches")
	c.w.Array(len(ranges))
	for _, r := range ranges {
		if withLen {
			c.w.Array(3)
		} else {
			c.w.Array(2)
		}
		c.w.Array(2)
		c.w.Int(int64(r.a))
		c.w.Int(int64(r.a + r.n - 1))
		c.w.Array(2)
		c.w.Int(int64(r.b))
		c.w.Int(int64(r.b + r.n - 1))
		if withLen {
			c.w.Int(int64(r.n))
		}
	}
	c.w.BulkString("len")
	c.w.Int(int64(total))
}
