package hll

import (
	"iter"
	"slices"
)

// Bounds of the runs of the sparse form.
const (
	mostShort  = 64 // zeros in one byte
	mostEqual  = 4  // registers of one value
	mostSparse = 32 // value
)

// run is a part of the sparse form: registers of one value.
type run struct {
	value  uint8
	length int
	size   int // in bytes
}

// runAt reads the run that begins at a position. A byte that is missing at the end counts as zero.
func runAt(b []byte, pos int) run {
	switch c := b[pos]; {
	case c&0x80 != 0:
		return run{c>>2&0x1f + 1, int(c&3) + 1, 1}
	case c&0x40 != 0:
		low := 0
		if pos+1 < len(b) {
			low = int(b[pos+1])
		}
		return run{0, int(c&0x3f)<<8 + low + 1, 2}
	default:
		return run{0, int(c) + 1, 1}
	}
}

// runs yields all runs.
func runs(b []byte) iter.Seq[run] {
	return func(yield func(run) bool) {
		for pos := 0; pos < len(b); {
			r := runAt(b, pos)
			if !yield(r) {
				return
			}
			pos += r.size
		}
	}
}

func appendZeros(b []byte, length int) []byte {
	if length == 0 {
		return b
	}
	if length <= mostShort {
		return append(b, byte(length-1))
	}
	return append(b, 0x40|byte((length-1)>>8), byte(length-1))
}

func appendEqual(b []byte, value uint8, length int) []byte {
	if length == 0 {
		return b
	}
	return append(b, 0x80|(value-1)<<2|byte(length-1))
}

func appendRun(b []byte, value uint8, length int) []byte {
	if value == 0 {
		return appendZeros(b, length)
	}
	return appendEqual(b, value, length)
}

// raiseSparse makes a register of the sparse form at least rank: it splits the run the register lies in, then makes
// neighbours one that have the same value. Which neighbours are looked at decides about the bytes, as in Redis.
func raiseSparse(b []byte, index int, rank uint8, most int) ([]byte, bool, error) {
	if rank > mostSparse {
		return raiseAsDense(b, index, rank)
	}
	pos, before, first := header, header, 0
	var r run
	for ; ; before, pos, first = pos, pos+r.size, first+r.length {
		if pos >= len(b) {
			return b, false, ErrCorrupt
		}
		if r = runAt(b, pos); index < first+r.length {
			break
		}
	}
	if r.value >= rank {
		return b, false, nil
	}
	var room [8]byte
	parts := appendRun(room[:0], r.value, index-first)
	parts = appendEqual(parts, rank, 1)
	parts = appendRun(parts, r.value, first+r.length-index-1)
	grown := len(parts) - r.size
	if grown > 0 && len(b)+grown > most {
		return raiseAsDense(b, index, rank)
	}
	// A run whose second byte is missing counts it all the same.
	size := len(b) + grown
	b = slices.Replace(b, pos, min(pos+r.size, len(b)), parts...)
	b = merge(b[:size], before)
	Outdate(b)
	return b, true, nil
}

func raiseAsDense(b []byte, index int, rank uint8) ([]byte, bool, error) {
	out, err := Dense(b)
	if err != nil {
		return b, false, err
	}
	return out, raiseDense(out[header:], index, rank), nil
}

// merge makes one of neighbouring runs of the same value, from a position on, as far as a change reaches.
func merge(b []byte, pos int) []byte {
	const reach = 5 // the run before, up to three parts of the one that was split, the run behind
	for range reach {
		if pos >= len(b) {
			break
		}
		r := runAt(b, pos)
		if r.value > 0 && pos+1 < len(b) {
			if next := runAt(b, pos+1); next.value == r.value && r.length+next.length <= mostEqual {
				appendEqual(b[:pos], r.value, r.length+next.length)
				b = slices.Delete(b, pos+1, pos+2)
				continue
			}
		}
		pos += r.size
	}
	return b
}
