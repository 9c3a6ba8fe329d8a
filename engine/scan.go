package engine

import (
	"strconv"
	"strings"

	"github.com/redbrick-go/redbrick/engine/internal/dict"
	"github.com/redbrick-go/redbrick/engine/internal/glob"
)

// scanOptions are those of SCAN, SSCAN, HSCAN and ZSCAN.
type scanOptions struct {
	cursor  uint64
	count   int64
	pattern []byte // nil for all
	kind    []byte // of TYPE; nil for all
}

// defaultScanCount is how much SCAN looks at unless COUNT says otherwise.
const defaultScanCount = 10

// scanOptions reads the cursor, which is args[at], and the options behind it. ok is false if it answered an error.
func (c *call) scanOptions(at int) (o scanOptions, ok bool) {
	cursor, ok := scanCursor(string(c.args[at]))
	if !ok {
		c.fail(errCursor)
		return o, false
	}
	o = scanOptions{cursor: cursor, count: defaultScanCount}
	for i := at + 1; i < len(c.args); i += 2 {
		arg := c.args[i]
		more := i+1 < len(c.args)
		switch {
		case is(arg, "count") && more:
			if o.count, ok = c.int64Arg(c.args[i+1]); !ok {
				return o, false
			}
			if o.count < 1 {
				c.fail(errSyntax)
				return o, false
			}
		case is(arg, "match") && more:
			o.pattern = c.args[i+1]
			if string(o.pattern) == "*" {
				o.pattern = nil
			}
		case is(arg, "type") && more && at == 1:
			o.kind = c.args[i+1]
		default:
			c.fail(errSyntax)
			return o, false
		}
	}
	return o, true
}

// scanCursor reads a cursor as C's strtoul does, which takes a sign.
func scanCursor(s string) (uint64, bool) {
	negative := strings.HasPrefix(s, "-")
	if negative || strings.HasPrefix(s, "+") {
		s = s[1:]
	}
	n, err := strconv.ParseUint(s, 10, 64)
	if negative {
		n = -n
	}
	return n, err == nil
}

// matches reports whether MATCH lets a name through.
func (o *scanOptions) matches(name string) bool {
	return o.pattern == nil || glob.Match(o.pattern, []byte(name))
}

// scanDict visits about count nodes from the cursor on, and returns the cursor to go on with: the walk that SCAN and
// its kin have in common.
func scanDict[V any](d *dict.Dict[V], o *scanOptions, visit func(*dict.Node[V])) uint64 {
	cursor, seen := o.cursor, int64(0)
	// As in Redis a sparse table is given up after ten times count buckets.
	for buckets := int64(0); buckets < o.count*10 && seen < o.count; buckets++ {
		cursor = d.Scan(cursor, func(n *dict.Node[V]) {
			seen++
			visit(n)
		})
		if cursor == 0 {
			break
		}
	}
	return cursor
}

// answerScan writes a cursor and a list of n items, which follow.
func (c *call) answerScan(cursor uint64, n int) {
	c.w.Array(2)
	c.w.BulkString(strconv.FormatUint(cursor, 10))
	c.w.Array(n)
}

// scanTarget looks up what SSCAN and its kin walk through, and reads their options; there is no need for good ones if
// there is no such key. ok is false if it answered.
func (c *call) scanTarget(k kind) (n *node, o scanOptions, ok bool) {
	if _, ok = scanCursor(string(c.args[2])); !ok {
		c.fail(errCursor)
		return nil, o, false
	}
	if n, ok = c.readKind(c.args[1], k); !ok {
		return nil, o, false
	}
	if n == nil {
		c.answerScan(0, 0)
		return nil, o, false
	}
	o, ok = c.scanOptions(2)
	return n, o, ok
}

func cmdScan(c *call) {
	o, ok := c.scanOptions(1)
	if !ok {
		return
	}
	var found []string
	var over []*node
	cursor := scanDict(&c.db.keys, &o, func(n *node) {
		switch {
		case !o.matches(n.Key()):
		case c.db.over(n):
			over = append(over, n)
		case o.kind != nil && !is(o.kind, n.Val.kind.String()):
		default:
			found = append(found, n.Key())
		}
	})
	for _, n := range over {
		c.db.expire(n)
	}
	c.answerScan(cursor, len(found))
	for _, key := range found {
		c.w.BulkString(key)
	}
}
