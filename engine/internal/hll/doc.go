// Package hll counts different elements approximately, in the strings that Redis keeps for it: byte for byte the same,
// so that a value may go from one to the other. The estimate is Otmar Ertl's ("New cardinality estimation algorithms for
// HyperLogLog sketches", 2017).
//
// A string has a header of 16 bytes: "HYLL", the form, three zeros, and the last estimate in 8 bytes, little endian, whose
// highest bit says that it is out of date. Behind it stand 16,384 registers. The dense form has 6 bits for each. The
// sparse one has runs:
//
//	00rrrrrr           r+1 registers are zero
//	01rrrrrr rrrrrrrr  the same for longer runs
//	1vvvvvrr           r+1 registers are v+1
package hll
