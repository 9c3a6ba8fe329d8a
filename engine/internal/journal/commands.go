package journal

import (
	"encoding/binary"
	"errors"
)

// errUnit is a unit that holds no commands, though its checksum is right.
var errUnit = errors.New("a unit holds no commands")

// appendCommand encodes a command: its database, the number of words, each word behind its length.
func appendCommand(b []byte, db int, args [][]byte) []byte {
	b = binary.AppendUvarint(b, uint64(db))
	b = binary.AppendUvarint(b, uint64(len(args)))
	for _, a := range args {
		b = binary.AppendUvarint(b, uint64(len(a)))
		b = append(b, a...)
	}
	return b
}

// decode gives the commands of a unit to run, whose words lie in the unit and are good during the call.
func decode(unit []byte, words [][]byte, run func(db int, args [][]byte) error) ([][]byte, error) {
	for len(unit) > 0 {
		db, n := binary.Uvarint(unit)
		if n <= 0 || db > 1<<16 {
			return words, errUnit
		}
		unit = unit[n:]
		count, n := binary.Uvarint(unit)
		if n <= 0 || count == 0 || count > uint64(len(unit)) {
			return words, errUnit
		}
		unit = unit[n:]
		words = words[:0]
		for range count {
			size, n := binary.Uvarint(unit)
			if n <= 0 || size > uint64(len(unit)-n) {
				return words, errUnit
			}
			words = append(words, unit[n:n+int(size):n+int(size)])
			unit = unit[n+int(size):]
		}
		if err := run(int(db), words); err != nil {
			return words, err
		}
	}
	return words, nil
}
