package engine

import (
	"strconv"

	"github.com/redbrick-go/redbrick/engine/internal/num"
	"github.com/redbrick-go/redbrick/engine/internal/resp"
)

// call is one run of a command. A handler reads args, answers on w exactly once, and reports what it changed.
type call struct {
	e    *Engine
	cl   *client // who called; scripts have a client of their own
	db   *database
	cmd  *command
	args [][]byte // the name (of a subcommand: both names) and the arguments; they live as long as the call
	w    *resp.Writer

	changes  int    // reported by changed
	recorded bool   // the handler reported its effects itself
	failed   bool   // answered an error
	exec     bool   // part of a transaction: it must not wait
	retried  bool   // a blocking command is looked at again
	ready    string // the key whose change made it so
	parked   bool   // waits: there is no answer yet
}

// fail answers an error, code first.
func (c *call) fail(text string) {
	c.failed = true
	c.e.stats.countError(text)
	c.w.Error(text)
}

// inner reports that the call is part of a transaction or a script: the time stands still.
func (c *call) inner() bool { return c.exec || c.cl.script }

func (c *call) ok() { c.w.Status("OK") }

// name is what the caller wrote for the command, as messages show it.
func (c *call) name() string {
	return c.cmd.container()
}

// read looks up a key for reading. It counts hits and misses.
func (c *call) read(key []byte) *node {
	n := c.db.live(key)
	if n == nil {
		c.e.stats.misses++
		c.e.notify(c.db, eventMiss, "keymiss", key)
		return nil
	}
	c.e.stats.hits++
	c.use(n)
	return n
}

// readKind is read for one kind of value. ok is false if another kind lies there: the error is answered.
func (c *call) readKind(key []byte, k kind) (n *node, ok bool) {
	return c.typed(c.read(key), k)
}

// write looks up a key to change it. A snapshot that is being written takes its copy here.
func (c *call) write(key []byte) *node {
	n := c.db.live(key)
	if n != nil {
		c.db.beforeChange(n)
		c.use(n)
	}
	return n
}

// writeKind is write for one kind of value. ok is false if another kind lies there: the error is answered.
func (c *call) writeKind(key []byte, k kind) (n *node, ok bool) {
	return c.typed(c.write(key), k)
}

func (c *call) typed(n *node, k kind) (*node, bool) {
	if n != nil && n.Val.kind != k {
		c.fail(errWrongType)
		return nil, false
	}
	return n, true
}

func (c *call) use(n *node) {
	if !c.cl.noTouch || c.cmd.is("touch") {
		n.Val.use(c.e.clock.us)
	}
}

// changed reports that a key was changed by this command: keyspace events, watches, waiting commands, client caches,
// and the log of effects follow from it.
func (c *call) changed(class eventClass, event string, key []byte) {
	c.changes++
	c.db.touched(key, c.cl)
	c.e.notify(c.db, class, event, key)
}

// effect says what goes to the log of effects instead of the command itself: it has to give the same result at any
// time. With no words the command leaves nothing there.
func (c *call) effect(args ...[]byte) {
	c.recorded = true
	if len(args) > 0 {
		c.e.effect(c.db, args...)
	}
}

// remove deletes a key and reports it.
func (c *call) remove(n *node, key []byte) {
	c.db.drop(n)
	c.changed(eventGeneric, "del", key)
}

// removeIfEmpty is called after the last element of a collection went: there are no empty collections. The event of
// the change itself comes first.
func (c *call) removeIfEmpty(n *node, key []byte, empty bool) {
	if empty {
		c.db.drop(n)
		c.e.notify(c.db, eventGeneric, "del", key)
	}
}

// int64Arg reads an integer, or answers an error.
func (c *call) int64Arg(b []byte) (int64, bool) {
	n, ok := num.Int(b)
	if !ok {
		c.fail(errNotInt)
	}
	return n, ok
}

// rangeArg reads an integer within bounds, or answers the error given.
func (c *call) rangeArg(b []byte, least, most int64, text string) (int64, bool) {
	n, ok := num.Int(b)
	if !ok || n < least || n > most {
		c.fail(text)
		return 0, false
	}
	return n, true
}

// floatArg reads a floating point number, or answers the error given.
func (c *call) floatArg(b []byte, text string) (float64, bool) {
	f, ok := num.Float(b)
	if !ok {
		c.fail(text)
	}
	return f, ok
}

// store puts what a command made under a key, in place of what was there; nothing, if it has no elements.
func (c *call) store(key []byte, k kind, o object, elements int, class eventClass, event string) {
	old := c.write(key)
	switch {
	case elements > 0:
		n := c.db.put(key, k)
		n.Val.setObject(o)
		c.db.setExpire(n, 0)
		c.changed(class, event, key)
	case old != nil:
		c.remove(old, key)
	}
	c.w.Int(int64(elements))
}

// is reports whether an argument is a word, whatever its case. The word is in lower case.
func is(arg []byte, word string) bool {
	if len(arg) != len(word) {
		return false
	}
	for i, c := range arg {
		if c >= 'A' && c <= 'Z' {
			c += 'a' - 'A'
		}
		if c != word[i] {
			return false
		}
	}
	return true
}

func appendInt(n int64) []byte { return strconv.AppendInt(nil, n, 10) }

func appendIntTo(b []byte, n int64) []byte { return strconv.AppendInt(b, n, 10) }

// clone copies bytes that belong to a read buffer. The copy is never nil.
func clone(b []byte) []byte {
	own := make([]byte, len(b))
	copy(own, b)
	return own
}

func cloneArgs(args [][]byte) [][]byte {
	size := 0
	for _, a := range args {
		size += len(a)
	}
	own, bytes := make([][]byte, len(args)), make([]byte, 0, size)
	for i, a := range args {
		from := len(bytes)
		bytes = append(bytes, a...)
		own[i] = bytes[from:len(bytes):len(bytes)]
	}
	return own
}
