package engine

import "github.com/redbrick-go/redbrick/engine/internal/num"

// bitType is the type of an integer within a string: "i5", "u63".
type bitType struct {
	width  int64
	signed bool
}

func (c *call) bitType(b []byte) (t bitType, ok bool) {
	if len(b) > 0 && (b[0] == 'i' || b[0] == 'u') {
		t.signed = b[0] == 'i'
		t.width, ok = num.Int(b[1:])
		if ok && t.width >= 1 && (t.width <= 63 || t.signed && t.width == 64) {
			return t, true
		}
	}
	c.fail("ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is.")
	return t, false
}

// bounds are the least and the greatest of its values.
func (t bitType) bounds() (least, most int64) {
	if t.signed {
		most = 1<<(t.width-1) - 1
		return -most - 1, most
	}
	return 0, 1<<t.width - 1
}

func (t bitType) get(s []byte, at int64) int64 {
	var v uint64
	for i := range t.width {
		v = v<<1 | bitAt(s, at+i)
	}
	return t.cut(v)
}

func (t bitType) put(s []byte, at, v int64) {
	for i := range t.width {
		putBit(s, at+i, uint64(v)>>(t.width-1-i)&1)
	}
}

// cut makes a value of the type out of its lowest bits.
func (t bitType) cut(v uint64) int64 {
	rest := 64 - t.width
	if t.signed {
		return int64(v<<rest) >> rest
	}
	return int64(v << rest >> rest)
}

// overflow is what happens to a result that does not fit.
type overflow uint8

const (
	wrap overflow = iota
	saturate
	refuse
)

// sum adds by to v, which need not fit itself if by is 0. ok is false if the result does not fit: it is what o makes of
// it then.
func (t bitType) sum(v, by int64, o overflow) (sum int64, ok bool) {
	least, most := t.bounds()
	var limit int64
	switch {
	case !t.signed && v < 0, v > most, t.above(v, by, most):
		limit = most // a negative number for an unsigned type is a large one
	case v < least, by < 0 && (v < 0 || t.width < 64) && by < least-v: // else the difference itself might not fit
		limit = least
	default:
		return v + by, true
	}
	if o == saturate {
		return limit, false
	}
	return t.cut(uint64(v) + uint64(by)), false
}

// above reports whether v and by together are more than most. As in Redis the room that is left wraps around for a v far
// below a short signed type: SET with SAT gives the greatest value then.
func (t bitType) above(v, by, most int64) bool {
	return by > most-v && (by > 0 && v >= 0 || t.signed && t.width < 64)
}

// bitStep is one subcommand of BITFIELD.
type bitStep struct {
	kind  byte // g, s, i: GET, SET, INCRBY
	typ   bitType
	at    int64
	value int64
	over  overflow
}

// bitSteps reads the subcommands. last is the last bit that one of them writes, -1 if none does.
func (c *call) bitSteps() (steps []bitStep, last int64, ok bool) {
	over, last := wrap, int64(-1)
	for i := 2; i < len(c.args); {
		arg, left := c.args[i], len(c.args)-i-1
		step := bitStep{over: over}
		switch {
		case is(arg, "get") && left >= 2:
			step.kind = 'g'
		case is(arg, "set") && left >= 3:
			step.kind = 's'
		case is(arg, "incrby") && left >= 3:
			step.kind = 'i'
		case is(arg, "overflow") && left >= 1:
			if over, ok = c.overflow(c.args[i+1]); !ok {
				return nil, 0, false
			}
			i += 2
			continue
		default:
			c.fail(errSyntax)
			return nil, 0, false
		}
		if step.typ, ok = c.bitType(c.args[i+1]); !ok {
			return nil, 0, false
		}
		if step.at, ok = c.bitOffset(c.args[i+2], step.typ.width); !ok {
			return nil, 0, false
		}
		i += 3
		if step.kind != 'g' {
			last = max(last, step.at+step.typ.width-1)
			if step.value, ok = c.int64Arg(c.args[i]); !ok {
				return nil, 0, false
			}
			i++
		}
		steps = append(steps, step)
	}
	return steps, last, true
}

func (c *call) overflow(arg []byte) (overflow, bool) {
	switch {
	case is(arg, "wrap"):
		return wrap, true
	case is(arg, "sat"):
		return saturate, true
	case is(arg, "fail"):
		return refuse, true
	}
	c.fail("ERR Invalid OVERFLOW type specified")
	return 0, false
}

// run answers a step and reports whether it wrote something else than was there.
func (b *bitStep) run(c *call, s []byte, grown bool) bool {
	old := b.typ.get(s, b.at)
	if b.kind == 'g' {
		c.w.Int(old)
		return false
	}
	from, by, reply := old, b.value, int64(0)
	if b.kind == 's' {
		from, by, reply = b.value, 0, old
	}
	v, ok := b.typ.sum(from, by, b.over)
	if !ok && b.over == refuse {
		c.w.Null()
		return false
	}
	if b.kind == 'i' {
		reply = v
	}
	c.w.Int(reply)
	b.typ.put(s, b.at, v)
	return grown || v != old
}

func cmdBitField(c *call) {
	steps, last, ok := c.bitSteps()
	if !ok {
		return
	}
	if last < 0 {
		n, ok := c.readKind(c.args[1], kindString)
		if !ok {
			return
		}
		c.w.Array(len(steps))
		for _, step := range steps {
			c.w.Int(step.typ.get(str(n), step.at))
		}
		return
	}
	if c.cmd.is("bitfield_ro") {
		c.fail("ERR BITFIELD_RO only supports the GET subcommand")
		return
	}
	n, grown, ok := c.stringForBits(last)
	if !ok {
		return
	}
	c.w.Array(len(steps))
	changed := false
	for _, step := range steps {
		changed = step.run(c, n.Val.text(), grown) || changed
	}
	switch {
	case changed:
		c.changed(eventString, "setbit", c.args[1])
	case grown:
		c.effect(c.args...) // all was refused, but the string is longer
	}
}
