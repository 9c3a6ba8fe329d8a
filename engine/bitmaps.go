package engine

import (
	"encoding/binary"
	"math/bits"

	"github.com/redbrick-go/redbrick/engine/internal/num"
)

func bitmapCommands() []command {
	const g = "bitmap"
	const w = write | denyOOM
	return []command{
		{name: "setbit", arity: 4, flags: w, keys: oneKey, run: cmdSetBit, group: g, since: "2.2.0", summary: "Sets or clears the bit at an offset of a string."},
		{name: "getbit", arity: 3, flags: readonly | fast, keys: oneKey, run: cmdGetBit, group: g, since: "2.2.0", summary: "Returns a bit of a string by its offset."},
		{name: "bitcount", arity: -2, flags: readonly, keys: oneKey, run: cmdBitCount, group: g, since: "2.6.0", summary: "Counts the bits of a string that are set."},
		{name: "bitpos", arity: -3, flags: readonly, keys: oneKey, run: cmdBitPos, group: g, since: "2.8.7", summary: "Finds the first bit of a string that is set, or clear."},
		{name: "bitop", arity: -4, flags: w, keys: keySpec{2, -1, 1}, run: cmdBitOp, group: g, since: "2.6.0", summary: "Combines strings bit by bit and stores the result."},
		{name: "bitfield", arity: -2, flags: w, keys: oneKey, run: cmdBitField, group: g, since: "3.2.0", summary: "Reads and changes integers of any width in a string."},
		{name: "bitfield_ro", arity: -2, flags: readonly | fast, keys: oneKey, run: cmdBitField, group: g, since: "6.0.0", summary: "Reads integers of any width in a string."},
	}
}

// bitOffset reads where a bit is. With a width, "#3" is the third of fields of that width.
func (c *call) bitOffset(b []byte, width int64) (int64, bool) {
	digits, times := b, int64(1)
	if width > 0 && len(b) > 0 && b[0] == '#' {
		digits, times = b[1:], width
	}
	at, ok := num.Int(digits)
	at *= times
	if !ok || at < 0 || at>>3 >= int64(c.e.config.maxBulk) {
		c.fail("ERR bit offset is not an integer or out of range")
		return 0, false
	}
	return at, true
}

// stringForBits looks up the string under the first argument, made so long that it has a bit. It tells whether the
// string was longer before.
func (c *call) stringForBits(bit int64) (n *node, grown, ok bool) {
	n, ok = c.writeKind(c.args[1], kindString)
	if !ok {
		return nil, false, false
	}
	if n == nil {
		n = c.db.put(c.args[1], kindString)
	}
	old := len(n.Val.text())
	c.growString(n, int(bit>>3)+1)
	n.Val.form = formRaw
	return n, len(n.Val.text()) != old, true
}

// bitAt returns a bit; behind the end all are zero.
func bitAt(s []byte, bit int64) uint64 {
	if bit>>3 >= int64(len(s)) {
		return 0
	}
	return uint64(s[bit>>3]>>(7-bit&7)) & 1
}

func putBit(s []byte, bit int64, v uint64) {
	mask := byte(1) << (7 - bit&7)
	s[bit>>3] &^= mask
	if v != 0 {
		s[bit>>3] |= mask
	}
}

func cmdSetBit(c *call) {
	at, ok := c.bitOffset(c.args[2], 0)
	if !ok {
		return
	}
	on, ok := c.rangeArg(c.args[3], 0, 1, "ERR bit is not an integer or out of range")
	if !ok {
		return
	}
	n, grown, ok := c.stringForBits(at)
	if !ok {
		return
	}
	old := bitAt(n.Val.text(), at)
	if grown || old != uint64(on) {
		putBit(n.Val.text(), at, uint64(on))
		c.changed(eventString, "setbit", c.args[1])
	}
	c.w.Int(int64(old))
}

func cmdGetBit(c *call) {
	at, ok := c.bitOffset(c.args[2], 0)
	if !ok {
		return
	}
	if n, ok := c.readKind(c.args[1], kindString); ok {
		c.w.Int(int64(bitAt(str(n), at)))
	}
}

// countBits counts those that are set in a range of bits that lies within s.
func countBits(s []byte, from, to int64) (n int64) {
	for ; from < to && from&7 != 0; from++ {
		n += int64(bitAt(s, from))
	}
	for ; to > from && to&7 != 0; to-- {
		n += int64(bitAt(s, to-1))
	}
	whole := s[from>>3 : to>>3]
	for ; len(whole) >= 8; whole = whole[8:] {
		n += int64(bits.OnesCount64(binary.LittleEndian.Uint64(whole)))
	}
	for _, b := range whole {
		n += int64(bits.OnesCount8(b))
	}
	return n
}

// bitUnit reads BYTE or BIT: how many bits an index counts.
func (c *call) bitUnit(arg []byte) (int64, bool) {
	switch {
	case is(arg, "byte"):
		return 8, true
	case is(arg, "bit"):
		return 1, true
	}
	c.fail(errSyntax)
	return 0, false
}

// bitRange turns indexes in a string of so many units, which may count from the end, into those of bits: from the first
// to behind the last. There is none if from is not below to.
func bitRange(start, end, length, unit int64) (from, to int64) {
	if start < 0 {
		start = max(start+length, 0)
	}
	if end < 0 {
		end = max(end+length, 0)
	}
	end = min(end, length-1)
	if start > end {
		return 0, 0
	}
	return start * unit, (end + 1) * unit
}

func cmdBitCount(c *call) {
	n, ok := c.readKind(c.args[1], kindString)
	if !ok {
		return
	}
	if n == nil {
		c.w.Int(0)
		return
	}
	s, unit := n.Val.text(), int64(8)
	if len(c.args) == 2 {
		c.w.Int(countBits(s, 0, 8*int64(len(s))))
		return
	}
	if len(c.args) < 4 || len(c.args) > 5 {
		c.fail(errSyntax)
		return
	}
	start, end, ok := c.rangeArgs(2)
	if !ok {
		return
	}
	if start < 0 && end < 0 && start > end {
		c.w.Int(0)
		return
	}
	if len(c.args) == 5 {
		if unit, ok = c.bitUnit(c.args[4]); !ok {
			return
		}
	}
	from, to := bitRange(start, end, int64(len(s))*8/unit, unit)
	c.w.Int(countBits(s, from, to))
}

// findBit returns the place of the first bit of that value in a range, or -1.
func findBit(s []byte, bit uint64, from, to int64) int64 {
	skip := byte(0)
	if bit == 0 {
		skip = 0xff
	}
	for from < to {
		if from&7 == 0 && to-from >= 8 && s[from>>3] == skip {
			from += 8
			continue
		}
		if bitAt(s, from) == bit {
			return from
		}
		from++
	}
	return -1
}

func cmdBitPos(c *call) {
	bit, ok := c.int64Arg(c.args[2])
	if !ok {
		return
	}
	if bit != 0 && bit != 1 {
		c.fail("ERR The bit argument must be 1 or 0.")
		return
	}
	n, ok := c.readKind(c.args[1], kindString)
	if !ok {
		return
	}
	if n == nil {
		c.w.Int(-bit)
		return
	}
	s := n.Val.text()
	from, to, ok := c.bitPosRange(s)
	if !ok {
		return
	}
	at := int64(-1)
	if from < to {
		at = findBit(s, uint64(bit), from, to)
		if at < 0 && bit == 0 && len(c.args) < 5 {
			at = to // zeros follow a string that has no end given
		}
	}
	c.w.Int(at)
}

// bitPosRange reads the range of BITPOS, in bits.
func (c *call) bitPosRange(s []byte) (from, to int64, ok bool) {
	length, unit := int64(len(s)), int64(8)
	if len(c.args) == 3 {
		return 0, 8 * length, true
	}
	if len(c.args) > 6 {
		c.fail(errSyntax)
		return 0, 0, false
	}
	start, ok := c.int64Arg(c.args[3])
	if !ok {
		return 0, 0, false
	}
	if len(c.args) == 6 {
		if unit, ok = c.bitUnit(c.args[5]); !ok {
			return 0, 0, false
		}
	}
	end := length - 1
	if len(c.args) >= 5 {
		if end, ok = c.int64Arg(c.args[4]); !ok {
			return 0, 0, false
		}
	}
	from, to = bitRange(start, end, length*8/unit, unit)
	return from, to, true
}

// bitOperation finds what BITOP does to two words; nil for NOT, which takes one.
func bitOperation(name []byte) (combine func(a, b uint64) uint64, ok bool) {
	switch {
	case is(name, "and"):
		return func(a, b uint64) uint64 { return a & b }, true
	case is(name, "or"):
		return func(a, b uint64) uint64 { return a | b }, true
	case is(name, "xor"):
		return func(a, b uint64) uint64 { return a ^ b }, true
	}
	return nil, is(name, "not")
}

// combineBits changes s to what combine makes of it and of t, which is as if it had zeros behind it.
func combineBits(s, t []byte, combine func(a, b uint64) uint64) {
	words := min(len(s), len(t)) &^ 7
	for i := 0; i < words; i += 8 {
		binary.LittleEndian.PutUint64(s[i:], combine(binary.LittleEndian.Uint64(s[i:]), binary.LittleEndian.Uint64(t[i:])))
	}
	for i := words; i < len(s); i++ {
		var b byte
		if i < len(t) {
			b = t[i]
		}
		s[i] = byte(combine(uint64(s[i]), uint64(b)))
	}
}

func cmdBitOp(c *call) {
	combine, ok := bitOperation(c.args[1])
	if !ok {
		c.fail(errSyntax)
		return
	}
	if combine == nil && len(c.args) > 4 {
		c.fail("ERR BITOP NOT must be called with a single source key.")
		return
	}
	var sources [][]byte
	longest := 0
	for _, key := range c.args[3:] {
		n, ok := c.readKind(key, kindString)
		if !ok {
			return
		}
		sources = append(sources, str(n))
		longest = max(longest, len(str(n)))
	}
	result := make([]byte, longest)
	copy(result, sources[0])
	for _, s := range sources[1:] {
		combineBits(result, s, combine)
	}
	if combine == nil {
		combineBits(result, nil, func(a, _ uint64) uint64 { return ^a })
	}
	c.storeBits(result)
}

// storeBits puts a result in place of what lies under the second argument; an empty one deletes it.
func (c *call) storeBits(result []byte) {
	key := c.args[2]
	old := c.write(key)
	switch {
	case len(result) > 0:
		n := c.db.put(key, kindString)
		n.Val.setText(result)
		n.Val.form = formRaw
		c.db.setExpire(n, 0)
		c.changed(eventString, "set", key)
	case old != nil:
		c.remove(old, key)
	}
	c.w.Int(int64(len(result)))
}
