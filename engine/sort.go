package engine

import (
	"cmp"
	"slices"
	"strings"

	"github.com/redbrick-go/redbrick/engine/internal/num"
)

// sortable is a value that SORT takes: lists, sets, sorted sets.
type sortable interface {
	object
	// elements returns all elements in the value's own order, if it has one.
	elements() []string
}

// fielded is a value with fields that patterns of SORT may name: "key_*->field".
type fielded interface {
	object
	field(name string) (value string, ok bool)
}

func (l *list) elements() []string {
	out := make([]string, 0, l.Len())
	for i := range l.Len() {
		out = append(out, l.At(i))
	}
	return out
}

func sortCommands() []command {
	return []command{
		{name: "sort", arity: -2, flags: write | denyOOM | movableKeys, keys: oneKey, find: sortKeys, run: cmdSort, group: "generic", since: "1.0.0", summary: "Sorts the elements in a list, a set, or a sorted set, optionally storing the result."},
		{name: "sort_ro", arity: -2, flags: readonly | movableKeys, keys: oneKey, run: cmdSort, group: "generic", since: "7.0.0", summary: "Returns the sorted elements of a list, a set, or a sorted set."},
	}
}

// sortKeys finds the key and the last of STORE.
func sortKeys(args [][]byte) []int {
	out := []int{1}
	store := 0
	for i := 2; i < len(args); i++ {
		switch {
		case is(args[i], "limit"):
			i += 2
		case is(args[i], "get"), is(args[i], "by"):
			i++
		case is(args[i], "store") && i+1 < len(args):
			i++
			store = i
		}
	}
	if store > 0 {
		out = append(out, store)
	}
	return out
}

// sortArgs are the options of SORT.
type sortArgs struct {
	by            []byte // nil: the elements themselves
	asIs          bool   // BY names nothing: no sorting
	desc, alpha   bool
	offset, count int64
	get           [][]byte
	store         []byte
}

func (c *call) sortArgs() (a sortArgs, ok bool) {
	a.count = -1
	for i := 2; i < len(c.args); i++ {
		arg, left := c.args[i], len(c.args)-i-1
		switch {
		case is(arg, "asc"):
			a.desc = false
		case is(arg, "desc"):
			a.desc = true
		case is(arg, "alpha"):
			a.alpha = true
		case is(arg, "limit") && left >= 2:
			if a.offset, ok = c.int64Arg(c.args[i+1]); !ok {
				return a, false
			}
			if a.count, ok = c.int64Arg(c.args[i+2]); !ok {
				return a, false
			}
			i += 2
		case is(arg, "store") && left >= 1 && !c.cmd.is("sort_ro"):
			i++
			a.store = c.args[i]
		case is(arg, "by") && left >= 1:
			i++
			a.by = c.args[i]
			a.asIs = !strings.Contains(string(a.by), "*")
		case is(arg, "get") && left >= 1:
			i++
			a.get = append(a.get, c.args[i])
		default:
			c.fail(errSyntax)
			return a, false
		}
	}
	return a, true
}

// sortItem is an element with what it is compared by.
type sortItem struct {
	element string
	score   float64
	text    string
	missing bool // nothing lies under the BY pattern
}

func cmdSort(c *call) {
	a, ok := c.sortArgs()
	if !ok {
		return
	}
	n := c.read(c.args[1])
	var elements []string
	if n != nil {
		s, sorts := n.Val.object().(sortable)
		if !sorts {
			c.fail(errWrongType)
			return
		}
		c.db.beforeChange(n) // its form may change
		elements = s.elements()
		if n.Val.kind == kindSet && a.asIs && (a.store != nil || c.cl.script) {
			// A set has no order that would be the same at the next run.
			a.asIs, a.alpha, a.by = false, true, nil
		}
		if n.Val.kind != kindSet && a.asIs && a.desc {
			slices.Reverse(elements)
		}
	}
	if !a.asIs {
		if elements, ok = c.sorted(elements, &a); !ok {
			c.fail("ERR One or more scores can't be converted into double")
			return
		}
	}
	from := min(max(a.offset, 0), int64(len(elements)))
	to := int64(len(elements))
	if a.count >= 0 {
		to = from + min(a.count, to-from)
	}
	elements = elements[from:to]
	if a.store == nil {
		c.answerSorted(elements, a.get)
		return
	}
	c.storeSorted(elements, &a)
}

// sorted puts elements in order; false if one is no number and should be.
func (c *call) sorted(elements []string, a *sortArgs) ([]string, bool) {
	items := make([]sortItem, len(elements))
	for i, e := range elements {
		items[i] = sortItem{element: e, text: e}
		if a.by != nil {
			v, there := c.byPattern(a.by, e)
			items[i].text, items[i].missing = v, !there
		}
		if !a.alpha && !items[i].missing {
			f, ok := sortScore(items[i].text)
			if !ok {
				return nil, false
			}
			items[i].score = f
		}
	}
	slices.SortStableFunc(items, func(x, y sortItem) int {
		order := x.compare(&y, a)
		if a.desc {
			return -order
		}
		return order
	})
	out := make([]string, len(items))
	for i := range items {
		out[i] = items[i].element
	}
	return out, true
}

func (x *sortItem) compare(y *sortItem, a *sortArgs) int {
	switch {
	case !a.alpha:
		return cmp.Or(cmp.Compare(x.score, y.score), cmp.Compare(x.element, y.element))
	case x.missing || y.missing:
		switch {
		case x.missing && y.missing:
			return 0
		case x.missing:
			return -1
		}
		return 1
	}
	return cmp.Compare(x.text, y.text)
}

// sortScore reads a number as C's strtod does: a text ends at a zero byte, and an empty one is zero.
func sortScore(s string) (float64, bool) {
	s, _, _ = strings.Cut(s, "\x00")
	if s == "" {
		return 0, true
	}
	return num.Float([]byte(strings.TrimLeft(s, " \t\n\v\f\r")))
}

// byPattern looks up what a pattern of BY or GET names for an element: # is the element itself, * stands for it in a
// key, -> leads to a field.
func (c *call) byPattern(pattern []byte, element string) (string, bool) {
	p := string(pattern)
	if p == "#" {
		return element, true
	}
	before, after, ok := strings.Cut(p, "*")
	if !ok {
		return "", false
	}
	field := ""
	if at := strings.Index(after, "->"); at >= 0 && at+2 < len(after) {
		after, field = after[:at], after[at+2:]
	}
	n := c.db.live([]byte(before + element + after))
	switch {
	case n == nil:
		return "", false
	case field != "":
		f, ok := n.Val.object().(fielded)
		if !ok {
			return "", false
		}
		return f.field(field)
	case n.Val.kind != kindString:
		return "", false
	}
	return string(n.Val.text()), true
}

func (c *call) answerSorted(elements []string, get [][]byte) {
	if len(get) == 0 {
		c.w.Array(len(elements))
		for _, e := range elements {
			c.w.BulkString(e)
		}
		return
	}
	c.w.Array(len(elements) * len(get))
	for _, e := range elements {
		for _, p := range get {
			if v, ok := c.byPattern(p, e); ok {
				c.w.BulkString(v)
			} else {
				c.w.Null()
			}
		}
	}
}

// storeSorted keeps the result as a list in place of what was there.
func (c *call) storeSorted(elements []string, a *sortArgs) {
	result := &list{}
	for _, e := range elements {
		if len(a.get) == 0 {
			result.push(right, e)
		}
		for _, p := range a.get {
			v, _ := c.byPattern(p, e)
			result.push(right, v)
		}
	}
	c.store(a.store, kindList, result, result.Len(), eventList, "sortstore")
}
