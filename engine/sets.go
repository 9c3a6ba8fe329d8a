package engine

import (
	"math/rand/v2"

	"github.com/redbrick-go/redbrick/engine/internal/dict"
	"github.com/redbrick-go/redbrick/engine/internal/intset"
	"github.com/redbrick-go/redbrick/engine/internal/num"
	"github.com/redbrick-go/redbrick/engine/internal/pack"
)

// set is the value of a set key. It is never empty. It begins as one of integers; a member that is none makes it a row,
// or a table if it has many, and there is no way back.
type set struct{ form setForm }

// setForm is how a set holds its members.
type setForm interface {
	card() int
	has(m []byte) bool
	// add puts in a member that the form can hold; false if it was there.
	add(m []byte) bool
	remove(m []byte) bool
	// all visits every member. What it gives is good until the next one; the set must not change meanwhile.
	all(yield func(m []byte) bool)
	// random returns a member, each as likely as the others.
	random() []byte
	size() int64
	clone() setForm
}

// Bounds of a row, beyond which a set becomes a table.
const (
	rowMembers = 128
	rowBytes   = 64
)

func newSet() *set { return &set{&intForm{}} }

func asSet(n *node) *set { return as[set](n, kindSet) }

func (s *set) card() int { return s.form.card() }

// add puts a member in; false if it was there. maxInts is how many integers a set may have before it becomes a table.
func (s *set) add(m []byte, maxInts int64) bool {
	switch form := s.form.(type) {
	case *intForm:
		if _, ok := num.Int(m); !ok {
			s.convert(form.card() < rowMembers && len(m) <= rowBytes)
			break
		}
		added := form.add(m)
		if added && int64(form.card()) > maxInts {
			s.convert(form.card() <= rowMembers)
		}
		return added
	case *rowForm:
		if form.members >= rowMembers || len(m) > rowBytes {
			if form.has(m) {
				return false
			}
			s.convert(false)
		}
	}
	return s.form.add(m)
}

// convert makes a set of another form a row or a table.
func (s *set) convert(row bool) {
	old := s.form
	s.form = &tableForm{}
	if row {
		s.form = &rowForm{}
	}
	for m := range old.all {
		s.form.add(m)
	}
}

func (s *set) encoding() string {
	if _, ok := s.form.(*intForm); ok {
		return "intset"
	}
	return "hashtable"
}

func (s *set) size() int64   { return 16 + s.form.size() }
func (s *set) clone() object { return &set{s.form.clone()} }

func (s *set) digest(d *digest) {
	for m := range s.form.all {
		d.xor(m)
	}
}

func (s *set) rebuild(key []byte, yield func([][]byte) bool) {
	p := newPieces(yield, bSAdd, key)
	for m := range s.members {
		if !p.add(m) {
			return
		}
	}
	p.end()
}

// members visits all with the score they have among sorted sets. They are good until the set changes.
func (s *set) members(yield func(m []byte, score float64) bool) {
	_, passing := s.form.(*intForm)
	for m := range s.form.all {
		if passing {
			m = clone(m)
		}
		if !yield(m, 1) {
			return
		}
	}
}

func (s *set) score(m []byte) (float64, bool) { return 1, s.form.has(m) }

func (s *set) elements() []string {
	out := make([]string, 0, s.card())
	for m := range s.form.all {
		out = append(out, string(m))
	}
	return out
}

// scan visits a part of the members, all of a small set, and returns the cursor to go on with.
func (s *set) scan(o *scanOptions, visit func(m []byte)) uint64 {
	if table, ok := s.form.(*tableForm); ok {
		return scanDict(&table.dict, o, func(n *dict.Node[struct{}]) { visit(view(n.Key())) })
	}
	for m := range s.form.all {
		visit(m)
	}
	return 0
}

// draw visits count different members, each choice as likely as the others.
func (s *set) draw(count int, visit func(m []byte)) {
	table, ok := s.form.(*tableForm)
	switch {
	case count == 1:
		visit(s.form.random())
		return
	case ok && isFew(count, s.card()):
		for _, n := range fewOf(&table.dict, count) {
			visit(view(n.Key()))
		}
		return
	}
	lot := lottery{s.card(), count}
	for m := range s.form.all {
		if lot.draw() {
			visit(m)
		}
	}
}

// intForm holds integers alone.
type intForm struct{ intset.Set }

func (f *intForm) card() int { return f.Len() }

func (f *intForm) has(m []byte) bool {
	v, ok := num.Int(m)
	return ok && f.Has(v)
}

func (f *intForm) add(m []byte) bool {
	v, ok := num.Int(m)
	return ok && f.Add(v)
}

func (f *intForm) remove(m []byte) bool {
	v, ok := num.Int(m)
	return ok && f.Remove(v)
}

func (f *intForm) all(yield func(m []byte) bool) {
	var digits []byte
	for i := range f.Len() {
		digits = appendIntTo(digits[:0], f.At(i))
		if !yield(digits) {
			return
		}
	}
}

func (f *intForm) random() []byte { return appendInt(f.At(rand.IntN(f.Len()))) }
func (f *intForm) size() int64    { return 32 + int64(f.Size()) }
func (f *intForm) clone() setForm { return &intForm{f.Clone()} }

// rowForm holds few short members.
type rowForm struct {
	row     pack.Row
	members int
}

func (f *rowForm) card() int         { return f.members }
func (f *rowForm) has(m []byte) bool { return f.row.Find(m, 1) >= 0 }

func (f *rowForm) add(m []byte) bool {
	if f.has(m) {
		return false
	}
	f.row.Add(m)
	f.members++
	return true
}

func (f *rowForm) remove(m []byte) bool {
	pos := f.row.Find(m, 1)
	if pos < 0 {
		return false
	}
	f.row.Delete(pos, 1)
	f.members--
	return true
}

func (f *rowForm) all(yield func(m []byte) bool) {
	for pos := 0; pos < f.row.End(); {
		var m []byte
		if m, pos = f.row.At(pos); !yield(m) {
			return
		}
	}
}

func (f *rowForm) random() []byte {
	m, _ := f.row.At(f.row.Skip(0, rand.IntN(f.members)))
	return m
}

func (f *rowForm) size() int64    { return 32 + int64(f.row.Size()) }
func (f *rowForm) clone() setForm { return &rowForm{f.row.Clone(), f.members} }

// tableForm holds any members.
type tableForm struct {
	dict  dict.Dict[struct{}]
	bytes int64 // of all members
}

func (f *tableForm) card() int         { return f.dict.Len() }
func (f *tableForm) has(m []byte) bool { return f.dict.Get(m) != nil }

func (f *tableForm) add(m []byte) bool {
	_, added := f.dict.Put(m)
	if added {
		f.bytes += int64(len(m))
	}
	return added
}

func (f *tableForm) remove(m []byte) bool {
	n := f.dict.Delete(m)
	if n != nil {
		f.bytes -= int64(len(n.Key()))
	}
	return n != nil
}

func (f *tableForm) all(yield func(m []byte) bool) {
	for n := range f.dict.All {
		if !yield(view(n.Key())) {
			return
		}
	}
}

func (f *tableForm) random() []byte { return view(f.dict.Random().Key()) }

func (f *tableForm) size() int64 {
	return tableSize + f.bytes + int64(f.card())*memberNode + int64(f.dict.Buckets())*8
}

func (f *tableForm) clone() setForm {
	own := &tableForm{}
	for m := range f.all {
		own.add(m)
	}
	return own
}
