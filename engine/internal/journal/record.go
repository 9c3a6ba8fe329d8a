package journal

import (
	"encoding/binary"
	"hash/crc32"
)

// A record: 4 bytes length of the payload, 4 bytes checksum of what follows, 1 byte kind, the payload. Integers are
// little-endian.
const (
	recordHead = 9
	// chunkSize is the size of a buffer, and so the bound of a record.
	chunkSize = 256 << 10
	maxRecord = chunkSize - recordHead
)

// Kinds of records.
const (
	kindLast = 1 // the unit ends here
	kindMore = 2 // the unit goes on in the next record
	kindEnd  = 3 // the file is complete: the last record of a snapshot
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

func checksum(b []byte) uint32 { return crc32.Checksum(b, castagnoli) }

// seal fills in the checksums of the records in b.
func seal(b []byte) {
	for len(b) > 0 {
		end := recordHead + int(binary.LittleEndian.Uint32(b))
		binary.LittleEndian.PutUint32(b[4:], checksum(b[8:end]))
		b = b[end:]
	}
}

// endRecord is the last one of a snapshot.
func endRecord() []byte {
	b := make([]byte, recordHead)
	b[8] = kindEnd
	seal(b)
	return b
}

// A file begins with 16 bytes: the magic, the version of the format, what it holds, zeros.
const (
	headSize = 16
	magic    = "RBENGINE"
	// format is the version this package writes and the newest it reads.
	format = 1
)

func fileHead(kind byte) []byte {
	b := make([]byte, headSize)
	copy(b, magic)
	b[8], b[9] = format, kind
	return b
}

// What a file holds.
const (
	holdsLog      = 'L'
	holdsSnapshot = 'S'
)
