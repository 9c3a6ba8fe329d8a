package engine

import (
	"container/heap"
	"math"
)

// timed is what has an end, in milliseconds since 1970, and a place in a heap of such things.
type timed interface {
	end() int64
	place(index int)
}

// timeHeap is a heap for container/heap, earliest end first.
type timeHeap[T timed] []T

func (h timeHeap[T]) Len() int           { return len(h) }
func (h timeHeap[T]) Less(i, j int) bool { return h[i].end() < h[j].end() }

func (h timeHeap[T]) Swap(i, j int) {
	h[i], h[j] = h[j], h[i]
	h[i].place(i)
	h[j].place(j)
}

// Push is for container/heap.
func (h *timeHeap[T]) Push(x any) {
	t, _ := x.(T)
	t.place(len(*h))
	*h = append(*h, t)
}

// Pop is for container/heap.
func (h *timeHeap[T]) Pop() any {
	old := *h
	t, last := old[len(old)-1], len(old)-1
	clear(old[last:])
	*h = old[:last]
	t.place(outside)
	return t
}

func (h timeHeap[T]) due(ms int64) bool { return len(h) > 0 && h[0].end() < ms }

// outside is the index of what is in no heap.
const outside = -1

// fieldTime is the end of one field.
type fieldTime struct {
	field string
	at    int64
	index int
}

func (t *fieldTime) end() int64      { return t.at }
func (t *fieldTime) place(index int) { t.index = index }

// fieldTimes are the lifetimes of a hash's fields. It stands in the heap of the hash's database.
type fieldTimes struct {
	node  *node
	index int
	order timeHeap[*fieldTime]
	byKey map[string]*fieldTime
}

func (t *fieldTimes) end() int64      { return t.order[0].at }
func (t *fieldTimes) place(index int) { t.index = index }

// at returns the end of a field, 0 for none.
func (t *fieldTimes) at(field []byte) int64 {
	if t != nil {
		if f := t.byKey[string(field)]; f != nil {
			return f.at
		}
	}
	return 0
}

func (t *fieldTimes) set(field []byte, at int64) {
	if f := t.byKey[string(field)]; f != nil {
		f.at = at
		heap.Fix(&t.order, f.index)
		return
	}
	f := &fieldTime{field: string(field), at: at}
	t.byKey[f.field] = f
	heap.Push(&t.order, f)
}

// clear makes a field live as long as its hash.
func (t *fieldTimes) clear(field []byte) {
	if f := t.byKey[string(field)]; f != nil {
		heap.Remove(&t.order, f.index)
		delete(t.byKey, f.field)
	}
}

func (t *fieldTimes) clone() *fieldTimes {
	if t == nil {
		return nil
	}
	own := newFieldTimes()
	for _, f := range t.order { // in order of a heap, which it stays
		mine := *f
		own.order, own.byKey[f.field] = append(own.order, &mine), &mine
	}
	return own
}

func newFieldTimes() *fieldTimes { return &fieldTimes{index: outside, byKey: map[string]*fieldTime{}} }

// planFields puts a hash where the earliest end of its fields belongs. It is called after lifetimes of fields, or the
// place of the hash, have changed.
func (db *database) planFields(n *node) {
	h := asHash(n)
	if h == nil || h.times == nil {
		return
	}
	t := h.times
	t.node = n
	switch {
	case len(t.order) == 0:
		db.forgetFields(n)
		h.times = nil
		return
	case t.index == outside:
		heap.Push(&db.fields, t)
	default:
		heap.Fix(&db.fields, t.index)
	}
	if t.index == 0 {
		db.planned(t.end())
	}
}

// forgetFields takes a value that goes out of the plan.
func (db *database) forgetFields(n *node) {
	if h := asHash(n); h != nil && h.times != nil && h.times.index != outside {
		heap.Remove(&db.fields, h.times.index)
	}
}

// fieldsOver reports that no field of a hash is left: the key is there in memory alone.
func (h *hash) fieldsOver(ms int64) bool {
	if h.times == nil || !h.times.order.due(ms) || len(h.times.order) < h.len() {
		return false
	}
	for _, f := range h.times.order {
		if f.at >= ms {
			return false
		}
	}
	return true
}

// endFields takes out fields whose time is over, the earliest first and so many at most, and the key with the last one.
func (db *database) endFields(n *node, most int) {
	h := asHash(n)
	if h.times == nil || !h.times.order.due(db.e.clock.ms()) || db.e.replaying {
		return
	}
	db.beforeChange(n)
	key := []byte(n.Key())
	gone := newPieces(func(words [][]byte) bool {
		db.e.effect(db, words...)
		return true
	}, bHDel, key)
	for ; most > 0 && h.times.order.due(db.e.clock.ms()); most-- {
		field := view(h.times.order[0].field)
		h.remove(field)
		gone.add(field)
	}
	gone.end()
	db.planFields(n)
	db.touched(key, nil)
	db.e.notify(db, eventHash, "hexpired", key)
	if h.len() == 0 {
		db.drop(n)
		db.e.notify(db, eventGeneric, "del", key)
	}
}

// allFields is how many a look at a hash ends: nobody must see one whose time is over.
const allFields = math.MaxInt

// fieldsPart is how many the loop ends before it looks at the time.
const fieldsPart = 64
