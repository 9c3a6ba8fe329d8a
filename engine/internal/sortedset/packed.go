package sortedset

import (
	"encoding/binary"
	"math"
)

// packed is a small set: the number of its elements (4 bytes), and then the elements in order, each a score, the length
// of the member and the member. A score that is a whole number is that, in as few bytes as it needs; any other is a byte
// 0 and 8 bytes.
type packed []byte

// head is where the first element begins.
const head = 4

func (p packed) count() int {
	if len(p) == 0 {
		return 0
	}
	return int(binary.LittleEndian.Uint32(p))
}

func (p packed) add(n int) { binary.LittleEndian.PutUint32(p, uint32(p.count()+n)) }

// whole is the largest number of which all integers below are scores.
const whole = 1 << 53

func appendScore(b []byte, score float64) []byte {
	if i := int64(score); float64(i) == score && -whole < i && i < whole {
		return binary.AppendUvarint(b, uint64(i<<1^i>>63)+1)
	}
	return binary.LittleEndian.AppendUint64(append(b, 0), math.Float64bits(score))
}

// element reads the element at an offset, and returns the offset of the one behind it.
func (p packed) element(at int) (member []byte, score float64, next int) {
	if p[at] == 0 {
		score = math.Float64frombits(binary.LittleEndian.Uint64(p[at+1:]))
		at += 9
	} else {
		var u uint64
		u, at = p.uvarint(at)
		u--
		score = float64(int64(u>>1) ^ -int64(u&1))
	}
	n, at := p.uvarint(at)
	next = at + int(n)
	return p[at:next:next], score, next
}

// uvarint reads a number, and returns the offset behind it.
func (p packed) uvarint(at int) (uint64, int) {
	if b := p[at]; b < 0x80 {
		return uint64(b), at + 1
	}
	n, width := binary.Uvarint(p[at:])
	return n, at + width
}

// find returns the rank and the place of a member.
func (p packed) find(member []byte) (rank int, score float64, from, to int, ok bool) {
	for at := head; at < len(p); rank++ {
		m, s, next := p.element(at)
		if string(m) == string(member) {
			return rank, s, at, next, true
		}
		at = next
	}
	return 0, 0, 0, 0, false
}

// search counts the elements before, and returns the offset behind them.
func (p packed) search(before func(member []byte, score float64) bool) (rank, at int) {
	at = head
	for at < len(p) {
		m, s, next := p.element(at)
		if !before(m, s) {
			break
		}
		rank, at = rank+1, next
	}
	return rank, at
}

func (p packed) insert(member []byte, score float64) packed {
	if len(p) == 0 {
		p = make(packed, head, roundUp(head+10+len(member)))
	}
	_, at := p.search(func(m []byte, s float64) bool { return s < score || s == score && string(m) < string(member) })
	var room [9 + binary.MaxVarintLen64]byte
	start := binary.AppendUvarint(appendScore(room[:0], score), uint64(len(member)))
	size := len(start) + len(member)
	if len(p)+size > cap(p) {
		grown := make(packed, len(p), roundUp(len(p)+size+len(p)/8))
		copy(grown, p)
		p = grown
	}
	p = p[:len(p)+size]
	copy(p[at+size:], p[at:])
	copy(p[at:], start)
	copy(p[at+len(start):], member)
	p.add(1)
	return p
}

// remove takes out the n elements of a stretch.
func (p packed) remove(from, to, n int) packed {
	p.add(-n)
	p = append(p[:from], p[to:]...)
	if cap(p) > 64 && cap(p) > 4*len(p) {
		p = append(make(packed, 0, roundUp(len(p)+len(p)/8)), p...)
	}
	return p
}

// offset returns where the element n behind the one at an offset begins.
func (p packed) offset(at, n int) int {
	for range n {
		_, _, at = p.element(at)
	}
	return at
}

func roundUp(n int) int { return (n + 15) &^ 15 }
