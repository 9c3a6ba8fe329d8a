package engine

import (
	"encoding/binary"
	"slices"

	"github.com/redbrick-go/redbrick/engine/internal/num"
)

// streamBlock holds entries that follow each other. Their names of fields are written once if they are those of the
// first entry. A deleted entry stays, marked, until the block is dropped as a whole. The live ones are in the order of
// their ids; a deleted one may lie in front of lower ids, which XSETID let come again.
//
// data begins with the names: their number, then each with its length. Entries follow: a byte of marks, the length of
// the rest, milliseconds since the first entry's, the number (within the first millisecond: since the first entry's),
// then the values, or the number of fields and both names and values. Numbers are varints. At the end of an entry stands
// the length of what is between it and the first length, a varint to be read backwards.
type streamBlock struct {
	first, last streamID // of the first and the last entry, deleted or not
	live, dead  int
	packed      int // bytes of entries and names in Redis's own form, which say when a block is full
	data        []byte
	body        int // where the first entry is in data
	names       int
	held        int64 // bytes that the stream counts for it
}

const (
	markDeleted    = 1
	markSameFields = 2
)

// newBlock makes a block for an entry with such fields, which has to be added to it.
func newBlock(id streamID, fields [][]byte) *streamBlock {
	b := &streamBlock{first: id, names: len(fields) / 2}
	b.packed = packedInt(int64(b.names)) + packedInt(0)
	size := binary.MaxVarintLen64
	for i := 0; i < len(fields); i += 2 {
		size += len(fields[i]) + len(fields[i+1]) + 4
	}
	b.data = binary.AppendUvarint(make([]byte, 0, size+16), uint64(b.names))
	for i := 0; i < len(fields); i += 2 {
		b.data = appendText(b.data, fields[i])
		b.packed += packedText(fields[i])
	}
	b.body = len(b.data)
	return b
}

func appendText(b, text []byte) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

func uvarintLen(n uint64) (size int) {
	for size = 1; n >= 0x80; n >>= 7 {
		size++
	}
	return size
}

func textLen(text []byte) int { return uvarintLen(uint64(len(text))) + len(text) }

// cutText takes a text off the front.
func cutText(b []byte) (text, rest []byte) {
	n, at := binary.Uvarint(b)
	return b[at : at+int(n)], b[at+int(n):]
}

// sameFields reports whether an entry has the names of the block.
func (b *streamBlock) sameFields(fields [][]byte) bool {
	if len(fields) != 2*b.names {
		return false
	}
	_, at := binary.Uvarint(b.data)
	rest := b.data[at:b.body]
	for i := 0; i < len(fields); i += 2 {
		var name []byte
		name, rest = cutText(rest)
		if string(name) != string(fields[i]) {
			return false
		}
	}
	return true
}

// add puts an entry behind the last.
func (b *streamBlock) add(id streamID, fields [][]byte) {
	same, ms := b.sameFields(fields), id.ms-b.first.ms
	seq := id.seq
	if ms == 0 {
		seq -= b.first.seq
	}
	size, marks, step := uvarintLen(ms)+uvarintLen(seq), byte(markSameFields), 2
	lines := len(fields)/2 + 3
	if !same {
		size += uvarintLen(uint64(len(fields) / 2))
		marks, step = 0, 1
		b.packed += packedInt(int64(len(fields) / 2))
		lines = len(fields) + 4
	}
	b.packed += packedInt(int64(marks)) + packedInt(int64(ms)) + packedInt(int64(id.seq-b.first.seq)) + packedInt(int64(lines))
	for i := step - 1; i < len(fields); i += step {
		size += textLen(fields[i])
		b.packed += packedText(fields[i])
	}
	d := append(b.data, marks)
	d = binary.AppendUvarint(d, uint64(size+uvarintLen(uint64(size))))
	d = binary.AppendUvarint(d, ms)
	d = binary.AppendUvarint(d, seq)
	if !same {
		d = binary.AppendUvarint(d, uint64(len(fields)/2))
	}
	for i := step - 1; i < len(fields); i += step {
		d = appendText(d, fields[i])
	}
	end := len(d)
	d = binary.AppendUvarint(d, uint64(size))
	slices.Reverse(d[end:])
	b.data, b.last = d, id
	b.live++
}

// packedSize is how many bytes Redis needs for the block.
func (b *streamBlock) packedSize() int {
	const head, end = 6, 1
	return head + end + b.packed + packedInt(int64(b.live)) + packedInt(int64(b.dead))
}

// close is called when the block takes no more entries.
func (b *streamBlock) close() {
	if cap(b.data)-len(b.data) > len(b.data)/16 {
		b.data = clone(b.data)
	}
}

// streamEntry is an entry as it lies in its block. It is valid until the block changes.
type streamEntry struct {
	id     streamID
	block  *streamBlock
	at     int    // of its marks
	fields []byte // values, or the number of fields and all of them
}

func (s *streamEntry) deleted() bool { return s.block.data[s.at]&markDeleted != 0 }

// entry reads the entry at an offset, and returns where the next is.
func (b *streamBlock) entry(at int) (e streamEntry, next int) {
	size, n := binary.Uvarint(b.data[at+1:])
	from := at + 1 + n
	next = from + int(size)
	ms, n := binary.Uvarint(b.data[from:next])
	seq, m := binary.Uvarint(b.data[from+n : next])
	if ms == 0 {
		seq += b.first.seq
	}
	return streamEntry{streamID{b.first.ms + ms, seq}, b, at, b.data[from+n+m : next]}, next
}

// before reads the entry that ends where another, or nothing, begins.
func (b *streamBlock) before(end int) streamEntry {
	size, at := 0, end-1
	for shift := 0; ; shift += 7 {
		size |= int(b.data[at]&0x7f) << shift
		if b.data[at] < 0x80 {
			break
		}
		at--
	}
	rest := size + end - at
	e, _ := b.entry(end - rest - uvarintLen(uint64(rest)) - 1)
	return e
}

// size returns how many fields there are.
func (s *streamEntry) size() int {
	if s.block.data[s.at]&markSameFields != 0 {
		return s.block.names
	}
	n, _ := binary.Uvarint(s.fields)
	return int(n)
}

// each calls do with the fields in order.
func (s *streamEntry) each(do func(name, value []byte)) {
	rest := s.fields
	if s.block.data[s.at]&markSameFields != 0 {
		_, at := binary.Uvarint(s.block.data)
		names := s.block.data[at:s.block.body]
		for range s.block.names {
			var name, value []byte
			name, names = cutText(names)
			value, rest = cutText(rest)
			do(name, value)
		}
		return
	}
	n, at := binary.Uvarint(rest)
	rest = rest[at:]
	for range n {
		var name, value []byte
		name, rest = cutText(rest)
		value, rest = cutText(rest)
		do(name, value)
	}
}

// remove marks an entry as deleted.
func (b *streamBlock) remove(e *streamEntry) {
	b.data[e.at] |= markDeleted
	b.live--
	b.dead++
}

// packedInt is how many bytes an integer takes in Redis's listpacks.
func packedInt(n int64) int {
	switch {
	case n >= 0 && n < 1<<7:
		return 1 + 1
	case n >= -1<<12 && n < 1<<12:
		return 2 + 1
	case n >= -1<<15 && n < 1<<15:
		return 3 + 1
	case n >= -1<<23 && n < 1<<23:
		return 4 + 1
	case n >= -1<<31 && n < 1<<31:
		return 5 + 1
	}
	return 9 + 1
}

// packedText is packedInt for a text, which is an integer if it looks like one.
func packedText(b []byte) int {
	if n, ok := num.Int(b); ok {
		return packedInt(n)
	}
	n := len(b)
	switch {
	case n < 1<<6:
		n++
	case n < 1<<12:
		n += 2
	default:
		n += 5
	}
	switch {
	case n < 1<<7:
		return n + 1
	case n < 1<<14-1:
		return n + 2
	case n < 1<<21-1:
		return n + 3
	case n < 1<<28-1:
		return n + 4
	}
	return n + 5
}
