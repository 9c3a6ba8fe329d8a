package engine

import (
	"strconv"

	"github.com/redbrick-go/redbrick/engine/internal/deque"
)

// list is the value of a list key. It is never empty.
type list struct {
	deque.Deque[string]
	bytes int64 // of all values
}

func (l *list) encoding() string { return "quicklist" }
func (l *list) size() int64      { return 48 + int64(l.Cap())*16 + l.bytes + 4*int64(l.Len()) }

func (l *list) clone() object { return &list{*l.Clone(), l.bytes} }

func (l *list) digest(d *digest) {
	for i := range l.Len() {
		d.mix([]byte(l.At(i)))
	}
}

func (l *list) rebuild(key []byte, yield func([][]byte) bool) {
	p := newPieces(yield, bRPush, key)
	for i := range l.Len() {
		if !p.add(view(l.At(i))) {
			return
		}
	}
	p.end()
}

// side is an end of a list.
type side bool

const (
	left  side = false
	right side = true
)

func (s side) String() string {
	if s == right {
		return "r"
	}
	return "l"
}

func (l *list) push(s side, v string) {
	l.bytes += int64(len(v))
	if s == right {
		l.PushBack(v)
	} else {
		l.PushFront(v)
	}
}

func (l *list) pop(s side) (v string) {
	if s == right {
		v = l.PopBack()
	} else {
		v = l.PopFront()
	}
	l.bytes -= int64(len(v))
	return v
}

func listCommands() []command {
	const g = "list"
	const w = write | denyOOM
	return []command{
		{name: "lpush", arity: -3, flags: w | fast, keys: oneKey, run: cmdLPush, group: g, since: "1.0.0", summary: "Prepends one or more elements to a list."},
		{name: "rpush", arity: -3, flags: w | fast, keys: oneKey, run: cmdRPush, group: g, since: "1.0.0", summary: "Appends one or more elements to a list."},
		{name: "lpushx", arity: -3, flags: w | fast, keys: oneKey, run: cmdLPushX, group: g, since: "2.2.0", summary: "Prepends one or more elements to a list only when the list exists."},
		{name: "rpushx", arity: -3, flags: w | fast, keys: oneKey, run: cmdRPushX, group: g, since: "2.2.0", summary: "Appends elements to a list only when the list exists."},
		{name: "lpop", arity: -2, flags: write | fast, keys: oneKey, run: cmdLPop, group: g, since: "1.0.0", summary: "Removes and returns the first elements in a list."},
		{name: "rpop", arity: -2, flags: write | fast, keys: oneKey, run: cmdRPop, group: g, since: "1.0.0", summary: "Removes and returns the last elements in a list."},
		{name: "llen", arity: 2, flags: readonly | fast, keys: oneKey, run: cmdLLen, group: g, since: "1.0.0", summary: "Returns the length of a list."},
		{name: "lrange", arity: 4, flags: readonly, keys: oneKey, run: cmdLRange, group: g, since: "1.0.0", summary: "Returns a range of elements from a list."},
		{name: "lindex", arity: 3, flags: readonly, keys: oneKey, run: cmdLIndex, group: g, since: "1.0.0", summary: "Returns an element from a list by its index."},
		{name: "lset", arity: 4, flags: w, keys: oneKey, run: cmdLSet, group: g, since: "1.0.0", summary: "Sets the value of an element in a list by its index."},
		{name: "linsert", arity: 5, flags: w, keys: oneKey, run: cmdLInsert, group: g, since: "2.2.0", summary: "Inserts an element before or after another element in a list."},
		{name: "lrem", arity: 4, flags: write, keys: oneKey, run: cmdLRem, group: g, since: "1.0.0", summary: "Removes elements from a list."},
		{name: "ltrim", arity: 4, flags: write, keys: oneKey, run: cmdLTrim, group: g, since: "1.0.0", summary: "Removes elements from both ends of a list."},
		{name: "lpos", arity: -3, flags: readonly, keys: oneKey, run: cmdLPos, group: g, since: "6.0.6", summary: "Returns the index of matching elements in a list."},
		{name: "lmove", arity: 5, flags: w, keys: twoKeys, run: cmdLMove, group: g, since: "6.2.0", summary: "Returns an element after popping it from one list and pushing it to another."},
		{name: "rpoplpush", arity: 3, flags: w, keys: twoKeys, run: cmdRPopLPush, group: g, since: "1.2.0", summary: "Returns the last element of a list after removing and pushing it to another list."},
		{name: "lmpop", arity: -4, flags: write | movableKeys, find: numberedKeys(1), run: cmdLMPop, group: g, since: "7.0.0", summary: "Returns multiple elements from a list after removing them."},
		{name: "blpop", arity: -3, flags: write | noScript | blockingCmd, keys: keySpec{1, -2, 1}, run: cmdBLPop, group: g, since: "2.0.0", summary: "Removes and returns the first element in a list. Blocks until an element is available otherwise."},
		{name: "brpop", arity: -3, flags: write | noScript | blockingCmd, keys: keySpec{1, -2, 1}, run: cmdBRPop, group: g, since: "2.0.0", summary: "Removes and returns the last element in a list. Blocks until an element is available otherwise."},
		{name: "blmove", arity: 6, flags: w | noScript | blockingCmd, keys: twoKeys, run: cmdBLMove, group: g, since: "6.2.0", summary: "Pops an element from a list, pushes it to another list and returns it. Blocks until an element is available otherwise."},
		{name: "brpoplpush", arity: 4, flags: w | noScript | blockingCmd, keys: twoKeys, run: cmdBRPopLPush, group: g, since: "2.2.0", summary: "Pops an element from a list, pushes it to another list and returns it. Block until an element is available otherwise."},
		{name: "blmpop", arity: -5, flags: write | blockingCmd | movableKeys, find: numberedKeys(2), run: cmdBLMPop, group: g, since: "7.0.0", summary: "Pops the first element from one of multiple lists. Blocks until an element is available otherwise."},
	}
}

// numberedKeys finds keys that follow their number, which is argument at.
func numberedKeys(at int) func([][]byte) []int {
	return func(args [][]byte) (out []int) {
		if len(args) <= at {
			return nil
		}
		n, err := strconv.Atoi(string(args[at]))
		if err != nil || n < 1 || n > len(args)-at-1 {
			return nil
		}
		for i := range n {
			out = append(out, at+1+i)
		}
		return out
	}
}

func asList(n *node) *list { return as[list](n, kindList) }

func cmdLPush(c *call)  { c.push(left, false) }
func cmdRPush(c *call)  { c.push(right, false) }
func cmdLPushX(c *call) { c.push(left, true) }
func cmdRPushX(c *call) { c.push(right, true) }

func (c *call) push(s side, onlyThere bool) {
	n, ok := c.writeKind(c.args[1], kindList)
	if !ok {
		return
	}
	if n == nil && onlyThere {
		c.w.Int(0)
		return
	}
	if n == nil {
		n = c.db.put(c.args[1], kindList)
		n.Val.setObject(&list{})
	}
	l := asList(n)
	for _, v := range c.args[2:] {
		l.push(s, string(v))
	}
	c.changed(eventList, s.String()+"push", c.args[1])
	c.w.Int(int64(l.Len()))
}

func cmdLPop(c *call) { c.pop(left) }
func cmdRPop(c *call) { c.pop(right) }

func (c *call) pop(s side) {
	count, counted := int64(1), len(c.args) == 3
	if len(c.args) > 3 {
		c.fail("ERR wrong number of arguments for '" + c.cmd.name + "' command")
		return
	}
	if counted {
		var ok bool
		if count, ok = c.rangeArg(c.args[2], 0, 1<<63-1, errNotPositive); !ok {
			return
		}
	}
	n, ok := c.writeKind(c.args[1], kindList)
	switch {
	case !ok:
	case n == nil && counted:
		c.w.NullArray()
	case n == nil:
		c.w.Null()
	case count == 0:
		c.w.Array(0)
	case counted:
		c.popMany(n, c.args[1], s, count)
	default:
		c.w.BulkString(c.popOne(n, c.args[1], s))
	}
}

// popOne takes a value off a list.
func (c *call) popOne(n *node, key []byte, s side) string {
	l := asList(n)
	v := l.pop(s)
	c.popped(n, key, s)
	return v
}

func (c *call) popped(n *node, key []byte, s side) {
	c.changed(eventList, s.String()+"pop", key)
	c.removeIfEmpty(n, key, asList(n).Len() == 0)
}

// popMany answers and takes off so many values, or what there is.
func (c *call) popMany(n *node, key []byte, s side, count int64) {
	l := asList(n)
	take := int(min(count, int64(l.Len())))
	c.w.Array(take)
	for range take {
		c.w.BulkString(l.pop(s))
	}
	c.popped(n, key, s)
}

func cmdLLen(c *call) {
	n, ok := c.readKind(c.args[1], kindList)
	switch {
	case !ok:
	case n == nil:
		c.w.Int(0)
	default:
		c.w.Int(int64(asList(n).Len()))
	}
}

// bounds turns a range with negative indexes into one of a sequence of so many; from > to is none.
func bounds(from, to int64, size int) (int, int) {
	n := int64(size)
	if from < 0 {
		from = max(from+n, 0)
	}
	if to < 0 {
		to += n
	}
	to = min(to, n-1)
	if from > to || from >= n {
		return 1, 0
	}
	return int(from), int(to)
}

// rangeArgs reads two indexes, or answers an error.
func (c *call) rangeArgs(at int) (from, to int64, ok bool) {
	if from, ok = c.int64Arg(c.args[at]); !ok {
		return 0, 0, false
	}
	to, ok = c.int64Arg(c.args[at+1])
	return from, to, ok
}

func cmdLRange(c *call) {
	from, to, ok := c.rangeArgs(2)
	if !ok {
		return
	}
	n, ok := c.readKind(c.args[1], kindList)
	if !ok {
		return
	}
	if n == nil {
		c.w.Array(0)
		return
	}
	l := asList(n)
	i, j := bounds(from, to, l.Len())
	c.w.Array(j - i + 1)
	for ; i <= j; i++ {
		c.w.BulkString(l.At(i))
	}
}

func cmdLIndex(c *call) {
	n, ok := c.readKind(c.args[1], kindList)
	if !ok {
		return
	}
	if n == nil {
		c.w.Null()
		return
	}
	i, ok := c.int64Arg(c.args[2])
	if !ok {
		return
	}
	l := asList(n)
	if i < 0 {
		i += int64(l.Len())
	}
	if i < 0 || i >= int64(l.Len()) {
		c.w.Null()
		return
	}
	c.w.BulkString(l.At(int(i)))
}

func cmdLSet(c *call) {
	n, ok := c.writeKind(c.args[1], kindList)
	if !ok {
		return
	}
	if n == nil {
		c.fail(errNoKey)
		return
	}
	i, ok := c.int64Arg(c.args[2])
	if !ok {
		return
	}
	l := asList(n)
	if i < 0 {
		i += int64(l.Len())
	}
	if i < 0 || i >= int64(l.Len()) {
		c.fail(errOutOfRange)
		return
	}
	l.bytes += int64(len(c.args[3]) - len(l.At(int(i))))
	l.Set(int(i), string(c.args[3]))
	c.changed(eventList, "lset", c.args[1])
	c.ok()
}

func cmdLInsert(c *call) {
	after := is(c.args[2], "after")
	if !after && !is(c.args[2], "before") {
		c.fail(errSyntax)
		return
	}
	n, ok := c.writeKind(c.args[1], kindList)
	if !ok {
		return
	}
	if n == nil {
		c.w.Int(0)
		return
	}
	l := asList(n)
	for i := range l.Len() {
		if l.At(i) != string(c.args[3]) {
			continue
		}
		if after {
			i++
		}
		l.Insert(i, string(c.args[4]))
		l.bytes += int64(len(c.args[4]))
		c.changed(eventList, "linsert", c.args[1])
		c.w.Int(int64(l.Len()))
		return
	}
	c.w.Int(-1)
}

func cmdLRem(c *call) {
	count, ok := c.int64Arg(c.args[2])
	if !ok {
		return
	}
	n, ok := c.writeKind(c.args[1], kindList)
	if !ok {
		return
	}
	if n == nil {
		c.w.Int(0)
		return
	}
	l := asList(n)
	most := l.Len()
	if count > 0 {
		most = int(min(count, int64(most)))
	} else if count < 0 && -count > 0 {
		most = int(min(-count, int64(most)))
	}
	deleted := l.DeleteFunc(most, count < 0, func(v string) bool { return v == string(c.args[3]) })
	l.bytes -= int64(deleted * len(c.args[3]))
	if deleted > 0 {
		c.changed(eventList, "lrem", c.args[1])
		c.removeIfEmpty(n, c.args[1], l.Len() == 0)
	}
	c.w.Int(int64(deleted))
}

func cmdLTrim(c *call) {
	from, to, ok := c.rangeArgs(2)
	if !ok {
		return
	}
	n, ok := c.writeKind(c.args[1], kindList)
	if !ok {
		return
	}
	if n != nil {
		l := asList(n)
		i, j := bounds(from, to, l.Len())
		if i > j {
			i, j = 0, -1
		}
		for k := range i {
			l.bytes -= int64(len(l.At(k)))
		}
		for k := j + 1; k < l.Len(); k++ {
			l.bytes -= int64(len(l.At(k)))
		}
		l.Trim(i, j+1)
		c.changed(eventList, "ltrim", c.args[1])
		c.removeIfEmpty(n, c.args[1], l.Len() == 0)
	}
	c.ok()
}
