package hll

import (
	"encoding/binary"
	"errors"
	"math/bits"
)

const (
	// Registers is how many there are.
	Registers = 1 << indexBits

	indexBits    = 14
	registerBits = 6
	header       = 16
	denseSize    = header + Registers*registerBits/8
	// mostRank is the largest value of a register: all other bits of a hash are zero.
	mostRank = 64 - indexBits + 1

	formAt, cacheAt = 4, 8
	dense, sparse   = 0, 1
)

// ErrCorrupt is returned for a string whose header is good and whose registers are not.
var ErrCorrupt = errors.New("hll: corrupt registers")

// New returns a string that has seen nothing.
func New() []byte {
	b := make([]byte, header, header+16)
	copy(b, "HYLL")
	b[formAt] = sparse
	return appendZeros(b, Registers)
}

// Valid reports whether b looks like a string of this package or of Redis.
func Valid(b []byte) bool {
	return len(b) >= header && string(b[:4]) == "HYLL" && b[formAt] <= sparse && (b[formAt] != dense || len(b) == denseSize)
}

// IsDense tells the form of a valid string.
func IsDense(b []byte) bool { return b[formAt] == dense }

// Cached returns the last estimate, if it is up to date.
func Cached(b []byte) (n uint64, ok bool) {
	n = binary.LittleEndian.Uint64(b[cacheAt:])
	return n, n>>63 == 0
}

// Cache keeps an estimate.
func Cache(b []byte, n uint64) { binary.LittleEndian.PutUint64(b[cacheAt:], n) }

// Outdate marks the estimate as out of date.
func Outdate(b []byte) { b[cacheAt+7] |= 1 << 7 }

// Add returns b with an element seen, and whether a register has changed. A sparse string that gets longer than most
// bytes becomes dense.
func Add(b, element []byte, most int) (out []byte, changed bool, err error) {
	h := hash(element)
	index := int(h & (Registers - 1))
	// A bit behind the last ends the count of zeros.
	rank := bits.TrailingZeros64(h>>indexBits|1<<(64-indexBits)) + 1
	return raise(b, index, uint8(rank), most)
}

// raise makes a register at least rank.
func raise(b []byte, index int, rank uint8, most int) ([]byte, bool, error) {
	if IsDense(b) {
		return b, raiseDense(b[header:], index, rank), nil
	}
	return raiseSparse(b, index, rank, most)
}

// place tells where a register of the dense form begins: the byte, and the bit within it.
func place(index int) (at int, shift uint) {
	return index * registerBits / 8, uint(index * registerBits % 8)
}

func denseAt(r []byte, index int) uint8 {
	at, shift := place(index)
	v := uint16(r[at])
	if at+1 < len(r) {
		v |= uint16(r[at+1]) << 8
	}
	return uint8(v>>shift) & (1<<registerBits - 1)
}

func raiseDense(r []byte, index int, rank uint8) bool {
	if denseAt(r, index) >= rank {
		return false
	}
	at, shift := place(index)
	mask, v := uint16(1<<registerBits-1)<<shift, uint16(rank)<<shift
	r[at] = r[at]&^byte(mask) | byte(v)
	if mask>>8 != 0 {
		r[at+1] = r[at+1]&^byte(mask>>8) | byte(v>>8)
	}
	return true
}

// Dense returns b in the dense form.
func Dense(b []byte) ([]byte, error) {
	if IsDense(b) {
		return b, nil
	}
	out := make([]byte, denseSize)
	copy(out, b[:header])
	out[formAt] = dense
	index := 0
	for r := range runs(b[header:]) {
		if index+r.length > Registers {
			return nil, ErrCorrupt
		}
		for range r.length {
			if r.value > 0 {
				raiseDense(out[header:], index, r.value)
			}
			index++
		}
	}
	if index != Registers {
		return nil, ErrCorrupt
	}
	return out, nil
}

// hash is MurmurHash64A, with Redis's seed.
func hash(b []byte) uint64 {
	const (
		m    = 0xc6a4a7935bd1e995
		r    = 47
		seed = 0xadc83b19
	)
	h := seed ^ uint64(len(b))*m
	for ; len(b) >= 8; b = b[8:] {
		k := binary.LittleEndian.Uint64(b) * m
		k ^= k >> r
		h = (h ^ k*m) * m
	}
	if len(b) > 0 {
		var rest [8]byte
		copy(rest[:], b)
		h = (h ^ binary.LittleEndian.Uint64(rest[:])) * m
	}
	h = (h ^ h>>r) * m
	return h ^ h>>r
}
