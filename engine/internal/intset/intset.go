package intset

import (
	"encoding/binary"
	"math"
	"slices"
	"sort"
)

// Set is a set of integers. The zero value is empty.
type Set struct {
	bytes []byte
	width int // bytes of one: 2, 4 or 8; 0 while nothing was added
}

// Len returns how many there are.
func (s *Set) Len() int {
	if s.width == 0 {
		return 0
	}
	return len(s.bytes) / s.width
}

// Size returns the memory held, in bytes.
func (s *Set) Size() int { return cap(s.bytes) }

// At returns the one of rank i, the smallest first.
func (s *Set) At(i int) int64 {
	switch s.width {
	case 2:
		return int64(int16(binary.LittleEndian.Uint16(s.bytes[2*i:])))
	case 4:
		return int64(int32(binary.LittleEndian.Uint32(s.bytes[4*i:])))
	}
	return int64(binary.LittleEndian.Uint64(s.bytes[8*i:]))
}

func (s *Set) put(i int, v int64) {
	switch s.width {
	case 2:
		binary.LittleEndian.PutUint16(s.bytes[2*i:], uint16(v))
	case 4:
		binary.LittleEndian.PutUint32(s.bytes[4*i:], uint32(v))
	default:
		binary.LittleEndian.PutUint64(s.bytes[8*i:], uint64(v))
	}
}

// find returns where v is or belongs.
func (s *Set) find(v int64) (i int, found bool) {
	return sort.Find(s.Len(), func(i int) int {
		switch at := s.At(i); {
		case v < at:
			return -1
		case v > at:
			return 1
		}
		return 0
	})
}

// Has reports whether v is in the set.
func (s *Set) Has(v int64) bool {
	_, found := s.find(v)
	return found
}

func widthOf(v int64) int {
	switch {
	case v >= math.MinInt16 && v <= math.MaxInt16:
		return 2
	case v >= math.MinInt32 && v <= math.MaxInt32:
		return 4
	}
	return 8
}

// widen makes all as wide as one that is to come.
func (s *Set) widen(width int) {
	wide := Set{make([]byte, s.Len()*width, (s.Len()+1)*width), width}
	for i := range s.Len() {
		wide.put(i, s.At(i))
	}
	*s = wide
}

// Add puts v in; false if it was there.
func (s *Set) Add(v int64) bool {
	if width := widthOf(v); width > s.width {
		s.widen(width)
	}
	i, found := s.find(v)
	if found {
		return false
	}
	if need := len(s.bytes) + s.width; need > cap(s.bytes) {
		s.bytes = append(slices.Grow([]byte(nil), need+need/8), s.bytes...)
	}
	s.bytes = s.bytes[:len(s.bytes)+s.width]
	copy(s.bytes[(i+1)*s.width:], s.bytes[i*s.width:])
	s.put(i, v)
	return true
}

// Remove takes v out; false if it was not there.
func (s *Set) Remove(v int64) bool {
	i, found := s.find(v)
	if found {
		s.bytes = slices.Delete(s.bytes, i*s.width, (i+1)*s.width)
	}
	return found
}

// Clone returns a copy with memory of its own.
func (s *Set) Clone() Set { return Set{slices.Clone(s.bytes), s.width} }
