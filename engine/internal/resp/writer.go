package resp

import (
	"math"
	"strconv"
)

// Writer appends replies to a buffer. The zero value writes version 2.
type Writer struct {
	// Buf holds what was written. Its owner may take it, or shorten it to drop replies.
	Buf []byte
	// V3 tells that the client speaks version 3.
	V3 bool
}

func (w *Writer) head(kind byte, n int) {
	w.Buf = append(w.Buf, kind)
	w.Buf = strconv.AppendInt(w.Buf, int64(n), 10)
	w.Buf = append(w.Buf, '\r', '\n')
}

// Raw appends bytes that are protocol already.
func (w *Writer) Raw(b []byte) { w.Buf = append(w.Buf, b...) }

// Status writes a simple string; s holds no line break.
func (w *Writer) Status(s string) {
	w.Buf = append(w.Buf, '+')
	w.Buf = append(w.Buf, s...)
	w.Buf = append(w.Buf, '\r', '\n')
}

// Error writes an error: its code, a space and a text. Line breaks become spaces.
func (w *Writer) Error(s string) {
	w.Buf = append(w.Buf, '-')
	from := len(w.Buf)
	w.Buf = append(w.Buf, s...)
	for i := from; i < len(w.Buf); i++ {
		if c := w.Buf[i]; c == '\r' || c == '\n' {
			w.Buf[i] = ' '
		}
	}
	w.Buf = append(w.Buf, '\r', '\n')
}

// Int writes an integer.
func (w *Writer) Int(n int64) {
	w.Buf = append(w.Buf, ':')
	w.Buf = strconv.AppendInt(w.Buf, n, 10)
	w.Buf = append(w.Buf, '\r', '\n')
}

// Bulk writes a string of any bytes.
func (w *Writer) Bulk(b []byte) {
	w.head('$', len(b))
	w.Buf = append(w.Buf, b...)
	w.Buf = append(w.Buf, '\r', '\n')
}

// BulkString is Bulk for a string.
func (w *Writer) BulkString(s string) {
	w.head('$', len(s))
	w.Buf = append(w.Buf, s...)
	w.Buf = append(w.Buf, '\r', '\n')
}

// BulkInt writes an integer as a string.
func (w *Writer) BulkInt(n int64) {
	var digits [20]byte
	w.Bulk(strconv.AppendInt(digits[:0], n, 10))
}

// Null writes the absence of a value: the null of version 3, the null string of version 2.
func (w *Writer) Null() {
	if w.V3 {
		w.Buf = append(w.Buf, "_\r\n"...)
		return
	}
	w.Buf = append(w.Buf, "$-1\r\n"...)
}

// NullArray is Null where a command answers an array otherwise: version 2 tells the two apart.
func (w *Writer) NullArray() {
	if w.V3 {
		w.Buf = append(w.Buf, "_\r\n"...)
		return
	}
	w.Buf = append(w.Buf, "*-1\r\n"...)
}

// Array begins an array of n replies, which follow.
func (w *Writer) Array(n int) { w.head('*', n) }

// Map begins a map of n pairs, which follow; version 2 has an array of twice the length.
func (w *Writer) Map(n int) {
	if w.V3 {
		w.head('%', n)
		return
	}
	w.head('*', 2*n)
}

// Set begins a set of n replies; version 2 has an array.
func (w *Writer) Set(n int) {
	if w.V3 {
		w.head('~', n)
		return
	}
	w.head('*', n)
}

// Push begins a message of n parts that answers no command; version 2 has an array.
func (w *Writer) Push(n int) {
	if w.V3 {
		w.head('>', n)
		return
	}
	w.head('*', n)
}

// Bool writes a truth value; version 2 has 1 and 0.
func (w *Writer) Bool(b bool) {
	switch {
	case w.V3 && b:
		w.Buf = append(w.Buf, "#t\r\n"...)
	case w.V3:
		w.Buf = append(w.Buf, "#f\r\n"...)
	case b:
		w.Int(1)
	default:
		w.Int(0)
	}
}

// Double writes a floating point number; version 2 has a string.
func (w *Writer) Double(f float64) {
	var text [32]byte
	b := AppendDouble(text[:0], f)
	if !w.V3 {
		w.Bulk(b)
		return
	}
	w.Buf = append(w.Buf, ',')
	w.Buf = append(w.Buf, b...)
	w.Buf = append(w.Buf, '\r', '\n')
}

// BigNumber writes an integer of any size; version 2 has a string.
func (w *Writer) BigNumber(s string) {
	if !w.V3 {
		w.BulkString(s)
		return
	}
	w.Buf = append(w.Buf, '(')
	w.Buf = append(w.Buf, s...)
	w.Buf = append(w.Buf, '\r', '\n')
}

// Verbatim writes text for people, of a format of three letters ("txt"); version 2 has a string.
func (w *Writer) Verbatim(format, text string) {
	if !w.V3 {
		w.BulkString(text)
		return
	}
	w.head('=', len(text)+4)
	w.Buf = append(w.Buf, format...)
	w.Buf = append(w.Buf, ':')
	w.Buf = append(w.Buf, text...)
	w.Buf = append(w.Buf, '\r', '\n')
}

// AppendDouble appends f as Redis 7.0 writes it, which is C's "%.17g": 17 significant digits, zeros at the end left out.
func AppendDouble(b []byte, f float64) []byte {
	switch {
	case math.IsInf(f, 1):
		return append(b, "inf"...)
	case math.IsInf(f, -1):
		return append(b, "-inf"...)
	case math.IsNaN(f):
		return append(b, "nan"...)
	}
	if i := int64(f); float64(i) == f && i > -1e15 && i < 1e15 && (f != 0 || !math.Signbit(f)) {
		return strconv.AppendInt(b, i, 10)
	}
	return appendG17(b, f)
}

// appendG17 is C's "%.17g".
func appendG17(b []byte, f float64) []byte {
	var text [32]byte
	s := strconv.AppendFloat(text[:0], f, 'e', 16, 64) // d.dddddddddddddddde±dd
	e := len(s) - 1
	for s[e] != 'e' {
		e--
	}
	exp, _ := strconv.Atoi(string(s[e+1:]))
	if exp < -4 || exp >= 17 {
		b = append(b, trimZeros(s[:e])...)
		b = append(b, 'e')
		if exp < 0 {
			b, exp = append(b, '-'), -exp
		} else {
			b = append(b, '+')
		}
		if exp < 10 {
			b = append(b, '0')
		}
		return strconv.AppendInt(b, int64(exp), 10)
	}
	from := len(b)
	b = strconv.AppendFloat(b, f, 'f', 16-exp, 64)
	return b[:from+len(trimZeros(b[from:]))]
}

// trimZeros cuts zeros off the end of a fraction, and the point if nothing is left behind it.
func trimZeros(b []byte) []byte {
	point := false
	for _, c := range b {
		point = point || c == '.'
	}
	if !point {
		return b
	}
	for b[len(b)-1] == '0' {
		b = b[:len(b)-1]
	}
	if b[len(b)-1] == '.' {
		b = b[:len(b)-1]
	}
	return b
}
