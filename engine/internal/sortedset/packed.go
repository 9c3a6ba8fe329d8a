package sortedset

import (
	"encoding/binary"
	"math"
)

// packed is a small set: its elements in order, each a score (8 bytes), the length of the member and the member.
type packed []byte

// element reads the element at an offset, and returns the offset of the one behind it.
func (p packed) element(at int) (member []byte, score float64, next int) {
	score = math.Float64frombits(binary.LittleEndian.Uint64(p[at:]))
	at += 8
	n, width := int(p[at]), 1
	if n >= 0x80 {
		long, w := binary.Uvarint(p[at:])
		n, width = int(long), w
	}
	at += width
	return p[at : at+n : at+n], score, at + n
}

// find returns the rank and the place of a member.
func (p packed) find(member []byte) (rank int, score float64, from, to int, ok bool) {
	for at := 0; at < len(p); rank++ {
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
	_, at := p.search(func(m []byte, s float64) bool { return s < score || s == score && string(m) < string(member) })
	var head [8 + binary.MaxVarintLen64]byte
	binary.LittleEndian.PutUint64(head[:], math.Float64bits(score))
	n := 8 + binary.PutUvarint(head[8:], uint64(len(member)))
	size := n + len(member)
	if len(p)+size > cap(p) {
		grown := make(packed, len(p), roundUp(len(p)+size+len(p)/8))
		copy(grown, p)
		p = grown
	}
	p = p[:len(p)+size]
	copy(p[at+size:], p[at:])
	copy(p[at:], head[:n])
	copy(p[at+n:], member)
	return p
}

func (p packed) remove(from, to int) packed {
	p = append(p[:from], p[to:]...)
	if cap(p) > 64 && cap(p) > 4*len(p) {
		p = append(make(packed, 0, roundUp(len(p)+len(p)/8)), p...)
	}
	return p
}

// offset returns where the element of a rank begins.
func (p packed) offset(rank int) (at int) {
	for range rank {
		_, _, at = p.element(at)
	}
	return at
}

func roundUp(n int) int { return (n + 15) &^ 15 }
