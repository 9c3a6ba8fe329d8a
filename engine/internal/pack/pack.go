package pack

import (
	"encoding/binary"
	"slices"
)

// Row is strings behind each other, each with its length before it. The zero value is empty. A position is where a
// string begins; it is good until the row is changed before it.
type Row struct{ bytes []byte }

// Size returns the memory held, in bytes.
func (r *Row) Size() int { return cap(r.bytes) }

// End is the position behind the last string.
func (r *Row) End() int { return len(r.bytes) }

// At returns the string at a position, which belongs to the row, and the position behind it.
func (r *Row) At(pos int) (s []byte, next int) {
	if n := r.bytes[pos]; n < 0x80 {
		next = pos + 1 + int(n)
		return r.bytes[pos+1 : next : next], next
	}
	n, width := binary.Uvarint(r.bytes[pos:])
	next = pos + width + int(n)
	return r.bytes[pos+width : next : next], next
}

// Skip returns the position n strings after pos.
func (r *Row) Skip(pos, n int) int {
	for range n {
		_, pos = r.At(pos)
	}
	return pos
}

// Find returns the position of s among the first strings of groups of so many, or -1.
func (r *Row) Find(s []byte, group int) int {
	for pos := 0; pos < len(r.bytes); {
		got, next := r.At(pos)
		if string(got) == string(s) {
			return pos
		}
		pos = r.Skip(next, group-1)
	}
	return -1
}

// Add puts strings at the end.
func (r *Row) Add(list ...[]byte) {
	size := 0
	for _, s := range list {
		size += sizeOf(len(s))
	}
	r.Reserve(size)
	for _, s := range list {
		r.bytes = binary.AppendUvarint(r.bytes, uint64(len(s)))
		r.bytes = append(r.bytes, s...)
	}
}

// Reserve makes room for so many bytes more. What is left over is an eighth at most: rows are many.
func (r *Row) Reserve(more int) {
	if need := len(r.bytes) + more; need > cap(r.bytes) {
		r.bytes = append(slices.Grow([]byte(nil), need+need/8), r.bytes...)
	}
}

// Set replaces the string at a position.
func (r *Row) Set(pos int, s []byte) {
	_, next := r.At(pos)
	old, size := next-pos, sizeOf(len(s))
	if grow := size - old; grow > 0 {
		r.Reserve(grow)
		r.bytes = r.bytes[:len(r.bytes)+grow]
		copy(r.bytes[next+grow:], r.bytes[next:len(r.bytes)-grow])
	} else if grow < 0 {
		r.bytes = append(r.bytes[:next+grow], r.bytes[next:]...)
	}
	copy(r.bytes[pos+binary.PutUvarint(r.bytes[pos:], uint64(len(s))):], s)
	r.trim()
}

// Delete takes out n strings from a position on.
func (r *Row) Delete(pos, n int) {
	r.bytes = append(r.bytes[:pos], r.bytes[r.Skip(pos, n):]...)
	r.trim()
}

// trim gives back memory once half of it is free.
func (r *Row) trim() {
	if len(r.bytes) < cap(r.bytes)/2 {
		r.bytes = append(slices.Grow([]byte(nil), len(r.bytes)+len(r.bytes)/8), r.bytes...)
	}
}

// Clone returns a copy with memory of its own.
func (r *Row) Clone() Row { return Row{append([]byte(nil), r.bytes...)} }

// sizeOf is what a string of so many bytes takes.
func sizeOf(n int) int {
	width := 1
	for v := n; v >= 0x80; v >>= 7 {
		width++
	}
	return n + width
}
