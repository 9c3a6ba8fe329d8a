package journal

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// ErrFormat is wrapped by the errors about folders that were written in a format this version does not know.
var ErrFormat = errors.New("unknown format")

// errDamaged is a record that is not what was written: cut short, or with a wrong checksum.
var errDamaged = errors.New("damaged record")

// reader reads the units of a file.
type reader struct {
	r    *bufio.Reader
	at   int64 // where the next record begins
	unit int64 // where the next unit begins: all before is good
	buf  []byte
	one  []byte
	end  bool // the file says that it is complete
}

// newReader checks the head of a file. A file that is shorter than its head is damaged at 0.
func newReader(r io.Reader, kind byte) (*reader, error) {
	f := &reader{r: bufio.NewReaderSize(r, chunkSize)}
	head := make([]byte, headSize)
	if _, err := io.ReadFull(f.r, head); err != nil {
		return f, short(err)
	}
	if string(head[:len(magic)]) != magic || head[9] != kind {
		return f, fmt.Errorf("%w: it is no file of an engine", ErrFormat)
	}
	if head[8] != format {
		return f, fmt.Errorf("%w: written in format %d, this version reads %d", ErrFormat, head[8], format)
	}
	f.at, f.unit = headSize, headSize
	return f, nil
}

// short turns the end of a file within something into damage.
func short(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return errDamaged
	}
	return err
}

// next returns a unit, which is good until the next call; io.EOF where the file ends between two.
func (f *reader) next() ([]byte, error) {
	f.buf = f.buf[:0]
	for {
		payload, kind, err := f.record()
		if errors.Is(err, io.EOF) && f.at != f.unit {
			err = errDamaged // the unit's last record is missing
		}
		if err != nil {
			return nil, err
		}
		switch {
		case kind == kindEnd && f.at-recordHead == f.unit:
			f.end = true
			f.unit = f.at
			return nil, io.EOF
		case kind == kindMore:
			f.buf = append(f.buf, payload...)
		case kind == kindLast:
			f.unit = f.at
			if len(f.buf) == 0 {
				return payload, nil
			}
			f.buf = append(f.buf, payload...)
			return f.buf, nil
		default:
			return nil, errDamaged
		}
	}
}

// record reads one record.
func (f *reader) record() (payload []byte, kind byte, err error) {
	head, err := f.r.Peek(recordHead)
	switch {
	case len(head) == 0 && errors.Is(err, io.EOF):
		return nil, 0, io.EOF
	case err != nil:
		return nil, 0, short(err)
	}
	size := int(binary.LittleEndian.Uint32(head))
	sum := binary.LittleEndian.Uint32(head[4:])
	if size > maxRecord {
		return nil, 0, errDamaged
	}
	if cap(f.one) < 1+size {
		f.one = make([]byte, max(1+size, 4<<10))
	}
	f.one = f.one[:1+size]
	if _, err := f.r.Discard(recordHead - 1); err != nil {
		return nil, 0, short(err)
	}
	if _, err := io.ReadFull(f.r, f.one); err != nil {
		return nil, 0, short(err)
	}
	if checksum(f.one) != sum {
		return nil, 0, errDamaged
	}
	f.at += recordHead + int64(size)
	return f.one[1:], f.one[0], nil
}

// reset makes the reader read records from r on.
func (f *reader) reset(r io.Reader) { f.r = bufio.NewReader(r) }
